"""A real Kafka and a real MongoDB for local runs and tests; see `deploy.local.stack`."""
