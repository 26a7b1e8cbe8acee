"""Reporting: what is published of how the programmes do, in figures that point at nobody."""
