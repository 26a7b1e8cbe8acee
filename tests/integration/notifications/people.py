"""Two made-up people, their cards, and what they get."""

import hashlib

from tests.integration.notifications.world import World
from tests.support.cluster import wait_until

AMINA = {
    "given_name": "Zahrabanu",
    "email": "zahrabanu@mail.example",
    "phone": "+47 99988877",
    "preferred_language": "ti",
}
KARI = {"given_name": "Torbjørg", "email": "torbjorg@post.example", "preferred_language": "nb"}
PERSONAL = ("zahrabanu", "torbj", "mail.example", "post.example", "99988877")


def message_id(pair: str, recipient: str) -> str:
    digest = hashlib.sha256(f"{pair}/pair_created/{recipient}".encode()).hexdigest()[:32]
    return f"<{digest}@kobling.example>"


async def both_cards(world: World, receiving: str, giving: str) -> None:
    await world.card(receiving, 1, AMINA)
    await world.card(giving, 1, KARI)


async def mails_arrived(world: World, count: int) -> None:
    async def arrived() -> bool:
        return len(world.sink.mails) >= count

    await wait_until(arrived, f"{count} mails")
