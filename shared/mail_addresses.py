"""E-mail addresses as they are written to. The only module that knows email-validator.

Intake takes an address by the same function by which notifications sends, so what is taken can be sent to.
"""

from email_validator import EmailNotValidError, validate_email


class Unaddressable(ValueError):
    """Nothing can be sent to this recipient: `code` says why and quotes nothing."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def wire_form(email: str | None) -> str:
    """The address as SMTP takes it, its domain in ASCII as IDNA 2008 writes it; raises Unaddressable.

    A local part beyond ASCII stays as it is: a mail server takes it with SMTPUTF8 (RFC 6531). Refused: quoted
    local parts, IP addresses, names that no mail server is reached by (RFC 6761: `.local`, `.invalid`). The
    form of a form is itself.
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
    return f"{checked.local_part}@{checked.ascii_domain}"
