"""What operators send to matching, and what it publishes."""
