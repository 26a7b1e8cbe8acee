"""What reporting publishes."""
