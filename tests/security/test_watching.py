"""What `kobling watch` shows of real topics, to whom, and what it says to whom it shows nothing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from kobling.administration import publish
from kobling.errors import AdministrationError
from kobling.watching import Seen, Wish, follow
from shared.cluster import Cluster
from shared.contracts.access import Principal
from shared.contracts.catalogue import BY_NAME
from shared.contracts.example_record import record
from tests.security.guarded import Guarded

ROOT = Path(__file__).parents[2]
OPERATOR = "bergen-redcross-1"
REPLIES, PAIRS, CARDS = f"replies.{OPERATOR}.v1", "pairs.v1", "contact-cards.v1"
SETTLEMENTS = "settlements.no-4601.v1"


def service(name: str) -> Principal:
    return Principal("service", name)


async def write(guarded: Guarded, principal: Principal, topic: str, name: str, **changes: Any) -> str:
    """Writes a message's example; returns its subject."""
    made = {**record(BY_NAME[name]), **changes}
    subject: str = made["subject"]
    await publish(guarded.as_(principal), [(topic, subject, json.dumps(made).encode())])
    return subject


async def told(kafka: Cluster, wish: Wish) -> list[Seen]:
    return [one async for one in follow(kafka, "", wish)]


def all_of(*asked: str, seconds: float = 3) -> Wish:
    return Wish(asked, from_beginning=True, seconds=seconds)


async def test_a_family_is_followed_from_now_on(guarded: Guarded) -> None:
    matching = service("matching")
    before = await write(guarded, matching, PAIRS, "PairProposed", subject="pair-aaaaaaaaaaaaaaaaaaaa")
    kafka = guarded.as_(service("reporting"))
    # It can't be seen from outside when it has begun: records come until one of them is told.
    watch, number = asyncio.create_task(told(kafka, Wish(["pairs"], count=1, seconds=60))), 0
    while not watch.done():
        number += 1
        subject = f"pair-bbbbbbbbbbbbbbbb{number:04d}"
        await write(guarded, matching, PAIRS, "PairProposed", subject=subject)
    (one,) = await watch
    assert (one.topic, one.type, one.revision) == (PAIRS, "PairProposed", 1)
    assert one.subject is not None
    assert one.subject.startswith("pair-bbbb")
    assert before not in [found.subject for found in await told(kafka, Wish(["pairs"], last=1, seconds=2))]
    assert before in [found.subject for found in await told(kafka, all_of("pairs.v1"))]


async def test_an_operator_sees_their_own_topics_alone(guarded: Guarded) -> None:
    matching = service("matching")
    for owner in (OPERATOR, "oslo-redcross-1"):
        await write(guarded, matching, f"replies.{owner}.v1", "CommandAccepted")
    await write(guarded, matching, PAIRS, "PairProposed")
    kafka = guarded.as_(Principal("operator", OPERATOR))
    everything = await told(kafka, all_of())
    assert REPLIES in {one.topic for one in everything}
    assert {one.topic for one in everything} <= {REPLIES, f"notices.{OPERATOR}.v1"}
    with pytest.raises(
        AdministrationError, match=r"pairs: there is none here, or the account \S+ may not see"
    ):
        await told(kafka, all_of("pairs"))
    # The broker lets whoever writes a topic know of it.
    with pytest.raises(AdministrationError, match=r"commands\.matching\S+ may not be read .* for matching"):
        await told(kafka, all_of("commands.matching"))
    with pytest.raises(AdministrationError, match="piars is no topic of Kobling's: there are commands"):
        await told(kafka, all_of("piars"))


async def test_who_may_read_nothing_is_told_what_helps(guarded: Guarded) -> None:
    with pytest.raises(AdministrationError, match="KOBLING_KAFKA_USERNAME"):
        await told(guarded.as_(Principal("monitor", "prometheus")), all_of())


async def test_sealed_things_stay_sealed_and_people_s_data_is_not_shown(guarded: Guarded) -> None:
    await write(guarded, service("intake"), CARDS, "ContactCardSealed")
    (card, *_) = await told(guarded.as_(service("notifications")), all_of("contact-cards"))
    assert card.data is not None
    assert set(card.data["card"]) == {"key_id", "ephemeral", "nonce", "ciphertext"}
    case = await write(guarded, Principal("municipality", "no-4601"), SETTLEMENTS, "PersonSettled")
    for one in await told(guarded.as_(service("intake")), all_of("settlements")):
        assert (one.subject, one.data) == (None, None)
        assert "Ada" not in str(one)
        assert case not in str(one)


async def test_what_can_t_be_read_is_told_by_its_code(guarded: Guarded) -> None:
    kafka = guarded.as_(service("matching"))
    await publish(kafka, [("rounds.v1", "x", b"no json"), (PAIRS, "pair-cccccccccccccccccccc", None)])
    await publish(kafka, [(PAIRS, "_tick-0", None)])
    found = await told(kafka, all_of("rounds", "pairs"))
    assert [(one.type, one.code is None) for one in found if one.topic == "rounds.v1"] == [
        ("Unreadable", False)
    ]
    assert {"Erased", "Tick"} <= {one.type for one in found}


async def groups(guarded: Guarded) -> set[str]:
    admin = AIOKafkaAdminClient(**guarded.addresses.cluster.options)
    await admin.start()
    try:
        return {name for name, *_ in await admin.list_consumer_groups()}
    finally:
        await admin.close()


def variables(guarded: Guarded, principal: Principal) -> dict[str, str]:
    lines = (guarded.secrets.directory / f"{principal.account}.env").read_text().splitlines()
    return {line.partition("=")[0]: line.partition("=")[2].strip("'") for line in lines}


async def first_line(guarded: Guarded, *words: str) -> str:
    """What an operator's process prints first; Ctrl-C must end it with 0 then."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kobling", "watch", *words),
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables(guarded, Principal("operator", OPERATOR))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        process.send_signal(signal.SIGINT)
        _, complaints = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, complaints) == (0, b"")
        return line.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_shell_prints_lines_until_somebody_ends_it(guarded: Guarded) -> None:
    await write(guarded, service("matching"), REPLIES, "CommandAccepted")
    before = await groups(guarded)
    told_of = json.loads(await first_line(guarded, "replies", "--last", "1", "--json"))
    assert (told_of["topic"], told_of["type"], "data" in told_of) == (REPLIES, "CommandAccepted", False)
    line = await first_line(guarded, "replies", "--last", "1", "--data")
    assert f"{REPLIES}/0@" in line
    assert "CommandAccepted" in line
    assert await groups(guarded) == before
