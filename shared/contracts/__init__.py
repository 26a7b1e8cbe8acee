"""The public API: what other systems may rely on.

Envelope, topics, one module for each publisher, and the catalogue that lists every message type. The
JSON Schemas and examples beside these modules are generated from the models and committed.
"""
