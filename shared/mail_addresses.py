"""E-mail addresses as they are written to. The only module that knows email-validator.

Intake takes an address by the same function by which notifications sends, so what is taken can be sent to.
"""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

_PLAIN = re.compile(r"([a-z0-9_+-]{1,64}(?:\.[a-z0-9_+-]{1,64})*+)@([a-z0-9.-]{1,189})", re.ASCII)
"""What nearly all addresses look like, whose local part can't be wrong or written otherwise: checking it anew
costs a tenth of a millisecond, about as much as all else that becomes of a settlement.
"""
_LONGEST_LOCAL = 64


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
    if email is None or not (written := email.strip()):
        raise Unaddressable("no_email")
    plain = _PLAIN.fullmatch(written)
    if plain is not None and len(plain[1]) <= _LONGEST_LOCAL:
        return f"{plain[1]}@{_domain(plain[2])}"
    return _checked(written)


@lru_cache(maxsize=4096)
def _domain(written: str) -> str:
    return _checked(f"a@{written}").partition("@")[2]


def _checked(written: str) -> str:
    try:
        checked = validate_email(
            written,
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
