"""The delivery core's benchmark: one stage, all four services, a surge, latency and replicas."""
