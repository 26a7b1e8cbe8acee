"""Identifiers: time-ordered ones for records, random ones for subjects."""

import base64
import secrets

import uuid_utils

SUBJECT_BYTES = 15
"""120 random bits: past the 80 that contracts promise, and 24 characters without padding."""


def new_event_id() -> str:
    """A UUID version 7: unique, and in rough order of time for whoever reads a log."""
    return str(uuid_utils.uuid7())


def new_subject(prefix: str) -> str:
    """A random reference such as `refugee-mfzwizltoq2gk3tnnz2gs5dt`, derived from nothing."""
    return f"{prefix}-{base64.b32encode(secrets.token_bytes(SUBJECT_BYTES)).decode().lower()}"
