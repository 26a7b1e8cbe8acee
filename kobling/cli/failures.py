"""What is said of an error that ends a command, and the number that it ends with."""

from aiokafka.errors import KafkaError

from kobling.cli.output import MISUSED, REFUSED, UNREACHABLE
from kobling.errors import AdministrationError
from shared.mongo import DatabaseError
from shared.servers import broker_cause


def told(failure: Exception) -> tuple[int, str] | None:
    """How to end, and the reason; None of what is an error of our own."""
    match failure:
        case AdministrationError():
            return REFUSED, str(failure)
        case KafkaError():
            return UNREACHABLE, broker_cause(failure, "")
        case DatabaseError():
            # Its text may quote a document.
            return UNREACHABLE, f"database: {type(failure).__name__}"
        case OSError():
            # Of a file: a server that can't be reached is one of the errors above.
            remedy = "KOBLING_RUN must name a directory, and FILE a file, that can be read"
            return MISUSED, f"{failure}: {remedy}"
        case _:
            return None
