"""E-mail addresses as a mail server takes them. The only module that knows email-validator."""

from email_validator import EmailNotValidError, validate_email


class Unaddressable(ValueError):
    """Nothing can be sent to this recipient: `code` says why and quotes nothing."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def wire_form(email: str | None) -> str:
    """The address in ASCII, its domain as IDNA 2008 writes it; raises Unaddressable.

    Refused: quoted or international local parts, IP addresses, names that no mail server is reached by
    (RFC 6761: `.local`, `.invalid`).
    """
    if email is None or not email.strip():
        raise Unaddressable("no_email")
    try:
        checked = validate_email(
            email.strip(),
            # A look-up would tell a name server whom Kobling writes to.
            check_deliverability=False,
            # The mail server may know names without a dot.
            globally_deliverable=False,
            strict=True,
        )
    except EmailNotValidError:
        # The error quotes the address.
        raise Unaddressable("email_invalid") from None
    if checked.ascii_email is None:
        # Not every server on the way takes a local part beyond ASCII.
        raise Unaddressable("email_invalid")
    return checked.ascii_email
