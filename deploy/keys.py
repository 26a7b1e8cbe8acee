"""Keys: made, taken from the environment, held against what a database holds, and used on sealed replies."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from deploy.local.addresses import StackError
from shared.contracts.sealed import Sealed
from shared.mongo import Database, DatabaseError
from shared.sealing import FieldCipher, Opener, SealingError, decode, encode, new_key_pair

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


def given_keys(environment: Mapping[str, str]) -> dict[str, str] | None:
    """The environment's keys; None without any. Raises StackError, naming variables, where some are missing.

    The services say themselves where one has not the right form.
    """
    missing = [name for name in VARIABLES.values() if not environment.get(name)]
    if len(missing) == len(VARIABLES):
        return None
    if missing:
        raise StackError(f"the keys go together, and are missing in part: set {', '.join(missing)} too")
    return {key: environment[name] for key, name in VARIABLES.items()}


async def check_keys(database: Database, given: Mapping[str, str] | None) -> None:
    """Raises StackError where intake's database holds data that the keys don't open.

    given: None where the keys are new, which open nothing that is there already.
    """
    try:
        handled = await database["positions"].find_one({})
        wrapped = await database["subject_keys"].find_one({})
    except DatabaseError as failure:
        raise StackError(f"intake's database: {type(failure).__name__}") from None
    if given is None:
        if handled is not None or wrapped is not None:
            raise StackError(
                "intake's database holds data already, and new keys would not open it: "
                f"set {', '.join(VARIABLES.values())} to the keys that it was written with, "
                "or name other servers, or drop the services' databases and the topics"
            )
    elif wrapped is not None:
        try:
            FieldCipher(decode(given["master"])).unwrap(wrapped["wrapped"], wrapped["_id"])
        except (SealingError, ValueError):
            raise StackError(
                f"{VARIABLES['master']} is not the key that intake's database was written with: "
                "set the four keys that it was written with"
            ) from None


class _Shown(BaseModel):
    about: str
    result: dict[str, Any]


class _Reply(BaseModel):
    data: _Shown


def open_replies(private_key: str, replies: Iterable[str]) -> Iterator[str | None]:
    """What was sealed in those of the replies (each the JSON of one) that hold something sealed.

    None stands for what does not open with the key: an operator may have had another before.
    """
    for reply in replies:
        try:
            data = _Reply.model_validate_json(reply).data
            sealed = Sealed.model_validate(data.result.get("sealed"))
        except ValidationError:
            continue
        try:
            yield Opener(sealed.key_id, private_key).open(sealed, data.about).decode()
        except SealingError:
            yield None
