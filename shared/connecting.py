"""Why a client of aiokafka got no connection.

It logs what it was refused with, tries the next server, and raises an error in the end that says only that
none was left. A wrong password looks then as a broker that is down.
"""

import logging
import ssl
import time
from datetime import timedelta

from aiokafka.errors import (
    IllegalSaslStateError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

LATELY = timedelta(seconds=60)
"""A client that waits tries again more often than this."""
_ACCOUNT = (SaslAuthenticationFailed, IllegalSaslStateError)


class Refusals(logging.Handler):
    """Keeps the last refusal that aiokafka logged: of the account, of its way to log in, or under TLS."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._last: tuple[float, Exception] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Looks for the exception among what is logged."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        for argument in arguments:
            if isinstance(argument, (*_ACCOUNT, UnsupportedSaslMechanismError, ssl.SSLError)):
                self._last = time.monotonic(), argument

    def lately(self) -> str | None:
        """What helps against a refusal of the last minute; None where there was none."""
        if self._last is None or time.monotonic() - self._last[0] > LATELY.total_seconds():
            return None
        error = self._last[1]
        return f"{type(error).__name__}: {_remedy(error)}"


def _remedy(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            # A constant of OpenSSL's, such as `self-signed certificate in certificate chain`.
            return f"{error.verify_message}; look at the broker's certificate and at KAFKA_CA_FILE"
        case ssl.SSLError():
            return f"{error.reason}; look at KAFKA_SECURITY_PROTOCOL and at the client's certificate"
        case UnsupportedSaslMechanismError():
            return "look at KAFKA_SASL_MECHANISM"
        case _:
            return "look at KAFKA_USERNAME and its password"


REFUSALS = Refusals()
logging.getLogger("aiokafka").addHandler(REFUSALS)
