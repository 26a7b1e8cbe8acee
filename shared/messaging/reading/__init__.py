"""From a broker's bytes to a validated record, or to the reason why not."""
