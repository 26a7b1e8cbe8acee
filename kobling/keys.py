"""Keys: made, and used on sealed replies."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.contracts.sealed import Sealed
from shared.sealing import Opener, SealingError, encode, new_key_pair

VARIABLES = {
    "master": "INTAKE_MASTER_KEY",
    "case": "INTAKE_CASE_KEY",
    "card_public": "INTAKE_CARD_PUBLIC_KEY",
    "card_private": "NOTIFICATIONS_CARD_PRIVATE_KEY",
}
"""The services' settings that hold keys."""


def new_keys() -> dict[str, str]:
    """Fresh keys of an installation: intake's two and the pair for contact cards."""
    private, public = new_key_pair()
    return {
        "master": encode(os.urandom(32)),
        "case": encode(os.urandom(32)),
        "card_private": private,
        "card_public": public,
    }


class _Shown(BaseModel):
    about: str
    result: dict[str, Any]


class _Reply(BaseModel):
    data: _Shown


def open_replies(private_key: str, replies: Iterable[str]) -> Iterator[str | None]:
    """What was sealed in those of the replies (each the JSON of one) that hold something sealed: of the one
    whom a reply is about, and of all the people whom it lists.

    None stands for what does not open with the key: an operator may have had another before.
    """
    for reply in replies:
        try:
            shown = _Reply.model_validate_json(reply).data
        except ValidationError:
            continue
        for holder in (shown.result, *shown.result.get("people", ())):
            try:
                sealed = Sealed.model_validate(holder.get("sealed"))
            except ValidationError:
                continue
            try:
                bound_to = holder.get("subject", shown.about)
                yield Opener(sealed.key_id, private_key).open(sealed, bound_to).decode()
            except SealingError:
                yield None
