"""What may not happen."""


class DomainError(Exception):
    """An operation that the rules forbid: `code` for machines, `message` for people, `field` for both."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.field = field
