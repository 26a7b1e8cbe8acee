"""What the domain refuses."""


class DomainError(Exception):
    """An operation that may not happen.

    `code` is for machines, `message` says what would help, `field` names the command's field at fault.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(code, message, field)
        self.code = code
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
