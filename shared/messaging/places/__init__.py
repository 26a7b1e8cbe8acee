"""Where in each partition a service stands, held against its group's offsets and the log."""
