"""An installation's keys: taken from the environment, and held against what a database holds."""

from collections.abc import Mapping

from deploy.local.addresses import StackError
from kobling.keys import VARIABLES
from shared.mongo import Database, DatabaseError
from shared.sealing import FieldCipher, SealingError, decode


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
