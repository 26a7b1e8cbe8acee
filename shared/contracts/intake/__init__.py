"""What operators send to intake, and what it publishes."""
