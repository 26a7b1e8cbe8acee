"""What is arranged in intake before a command is sent."""

from tests.integration.commands.bench import ASKER, BERGEN, TROMSO, operator
from tests.integration.commands.benches import IntakeBench
from tests.integration.intake.asking import named, register
from tests.integration.intake.test_readiness import consent, interview
from tests.integration.intake.world import GUIDE, command, settled

VOLUNTEER = named("a")
NOBODY, NO_REFUGEE = named("z"), "refugee-zzzzzzzzzzzzzzzz"
CASE, PAIR = "BER-2016-1", "pair-aaaaaaaaaaaaaaaa"
CHECKS = ("police_certificate", "confidentiality_declaration", "training")


async def nothing(_: IntakeBench) -> str:
    """Nobody is there."""
    return VOLUNTEER


async def volunteer(bench: IntakeBench) -> str:
    """A volunteer, whom red-1 looks after."""
    return await register(bench.world, "a", "Berit", "Eksempel-Klippe")


async def of_unknown_age(bench: IntakeBench) -> str:
    """A volunteer of whom nobody knows when they were born."""
    return await register(bench.world, "a", "Berit", "Eksempel-Klippe", person={"birth_date": None})


async def joined(bench: IntakeBench) -> str:
    """One who has joined the programme."""
    await volunteer(bench)
    await step(bench, "JoinProgramme", programme=GUIDE, joined_on="2016-06-02")
    return VOLUNTEER


async def approved_by_others(bench: IntakeBench) -> str:
    """One whom the other organisation has approved."""
    await joined(bench)
    await step(bench, "ApproveVolunteer", "bergen-1", programme=GUIDE, decided_on="2016-06-03")
    return VOLUNTEER


async def approved_by_the_asker(bench: IntakeBench) -> str:
    """One whom the asker has approved with an account at the other organisation."""
    await joined(bench)
    account = operator(
        "bergen-2", organisation="introduction_programme_bergen", person=operator(ASKER).person
    )
    bench.world.wiring.resources.operators.put(account.operator, account)
    await step(bench, "ApproveVolunteer", account.operator, programme=GUIDE, decided_on="2016-06-03")
    return VOLUNTEER


async def approved(bench: IntakeBench) -> str:
    """One who is approved by all that the programme asks, and lacks nothing."""
    await approved_by_others(bench)
    steps = [consent(VOLUNTEER, "matching"), consent(VOLUNTEER, "contact"), interview(VOLUNTEER)]
    checks = [command("RecordCheck", VOLUNTEER, kind, kind=kind, seen_on="2016-06-05") for kind in CHECKS]
    await bench.world.send(*[("red-1", one) for one in (*steps, *checks)])
    await step(bench, "ApproveVolunteer", programme=GUIDE, decided_on="2016-06-06")
    return VOLUNTEER


async def away(bench: IntakeBench) -> str:
    """A volunteer who is away."""
    await volunteer(bench)
    await step(bench, "PauseVolunteer", paused_on="2016-06-10")
    return VOLUNTEER


async def consenting(bench: IntakeBench) -> str:
    """A volunteer who may be written to, and agreed to a reference."""
    await volunteer(bench)
    await bench.world.send(("red-1", consent(VOLUNTEER, "contact")))
    agreed = {"pair": PAIR, "referees": ["guide"], "text_version": "1", "given_on": "2016-06-12"}
    await bench.world.send(("red-1", command("RecordReferenceConsent", VOLUNTEER, "agreed", **agreed)))
    return VOLUNTEER


async def withdrawing(bench: IntakeBench) -> str:
    """The same volunteer, once they may be written to no more."""
    await consenting(bench)
    await step(bench, "WithdrawConsent", purpose="contact", withdrawn_on="2016-06-13")
    return VOLUNTEER


async def interviewed(bench: IntakeBench) -> str:
    """One who was interviewed for the programme."""
    await joined(bench)
    await bench.world.send(("red-1", interview(VOLUNTEER)))
    return VOLUNTEER


async def gone(bench: IntakeBench) -> str:
    """A volunteer who has withdrawn."""
    await joined(bench)
    await step(bench, "WithdrawVolunteer", withdrawn_on="2016-06-11")
    return VOLUNTEER


async def refugee(bench: IntakeBench) -> str:
    """A settled refugee, whom nobody looks after yet."""
    await bench.world.settle((BERGEN, settled(CASE, "settled-1", 6)))
    (subject,) = await bench.world.public()
    return subject


async def announced(bench: IntakeBench) -> str:
    """A refugee who has not come yet."""
    days = {"settled_on": None, "expected_arrival_on": "2016-06-20"}
    await bench.world.settle((BERGEN, settled(CASE, "settled-1", 6, **days)))
    (subject,) = await bench.world.public()
    return subject


async def come(bench: IntakeBench) -> str:
    """A refugee of whom the municipality says when they came."""
    await bench.world.settle((BERGEN, settled(CASE, "settled-1", 6, arrived_on="2016-04-20")))
    (subject,) = await bench.world.public()
    return subject


async def refugee_on_the_move(bench: IntakeBench) -> str:
    """A refugee who has moved away."""
    subject = await refugee(bench)
    left = {"to_municipality": TROMSO, "moved_on": "2016-06-14"}
    moved = {**settled(CASE, "moved-1", 7), "type": "no.kobling.PersonMoved.v1", "data": left}
    await bench.world.settle((BERGEN, moved))
    return subject


async def offered(bench: IntakeBench) -> str:
    """Red-1's people, offered to who asks; gives the transfer."""
    await volunteer(bench)
    return await _offer(bench)


async def declined(bench: IntakeBench) -> str:
    """The same, once that was declined."""
    transfer = await offered(bench)
    await step(bench, "DeclineCaseload", subject=transfer)
    return transfer


async def offered_to_another(bench: IntakeBench) -> str:
    """Red-1's people, offered to bergen-1."""
    await volunteer(bench)
    return await _offer(bench, "bergen-1")


async def offered_by_another(bench: IntakeBench) -> str:
    """Bergen-1's people, offered to red-1."""
    await register(bench.world, "a", "Berit", "Eksempel-Klippe", "bergen-1")
    return await _offer(bench, "red-1", "bergen-1")


async def looked_at(bench: IntakeBench) -> str:
    """A volunteer at whom somebody has looked."""
    subject = await volunteer(bench)
    await bench.send("ShowPerson", subject, {}, "look-1")
    return subject


async def step(
    bench: IntakeBench, name: str, by: str = "red-1", subject: str = VOLUNTEER, **data: object
) -> None:
    """A command on somebody, of an operator in the world."""
    await bench.world.send((by, command(name, subject, f"{name}-{by}", **data)))


async def _offer(bench: IntakeBench, to: str = ASKER, by: str = "red-1") -> str:
    data = {"municipality": BERGEN, "from": by, "to": to}
    await step(bench, "TransferCaseload", by, BERGEN, **data)
    reply = await bench.world.reply(by, f"TransferCaseload-{by}")
    transfer: str = reply["result"]["transfer"]
    return transfer
