"""What notifications publishes."""
