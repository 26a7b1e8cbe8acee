"""Running Kobling: the local stack and what deploys the services."""
