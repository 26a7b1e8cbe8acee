"""Traces: the spans that a service records of the records and due rows that it handles."""
