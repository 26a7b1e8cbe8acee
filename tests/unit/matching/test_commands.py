"""Commands' specifications: complete, found by themselves, and true about what they bring about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from services.matching import commands, due, wire
from services.matching.app import create_app
from services.matching.commands import proposals
from services.matching.commands.spec import Context, OnPair, OnPool
from services.matching.domain.couple import Surroundings
from services.matching.domain.course import pause
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Fact, Milestone, Pair
from services.matching.domain.waiting import Party, Waits
from services.matching.service import SPECS
from services.matching.settings import Settings
from shared.contracts import topics
from shared.contracts.catalogue import MESSAGES
from shared.contracts.commands import Command
from shared.contracts.intake.commands.people import JoinProgramme
from shared.contracts.matching.commands.pairs import (
    CompletePair,
    EndPair,
    LogMeeting,
    PausePair,
    RecordEvaluation,
    ReplaceGuide,
    ResumePair,
)
from shared.contracts.matching.commands.pools import RunRound
from shared.contracts.matching.commands.proposals import (
    AnswerProposal,
    RecordIntroductionMeeting,
    SignAgreement,
    TakeBackAnswer,
)
from shared.contracts.programmes import ProgrammePack
from shared.messaging.commands.registry import CommandsIncomplete, CommandSpec, Registry, specs_in
from shared.messaging.tables import Programmes
from shared.messaging.wiring import Resources
from shared.programmes import shipped_packs
from tests.unit.matching.lives import LATER, LATER_DAY, NOW, active, paused, proposed
from tests.unit.matching.pools import guide, refugee

ON_PAIRS = [spec for spec in SPECS if isinstance(spec, OnPair)]
ON_POOLS = [spec for spec in SPECS if isinstance(spec, OnPool)]


def asking(pair: Pair) -> Pair:
    """The pair under a pack that asks for more."""
    return replace(pair, pack_version="9.9")


def asking_pack() -> ProgrammePack:
    pack = shipped_packs()["flyktningguide-bergen@1.0"].model_dump(mode="json")
    asked = {"questions": [{"code": "language_progress", "kind": "scale"}], "asks": ["giving"]}
    pack["pairing"] |= {
        "steps": ["introduction_meeting"],
        "milestones": [{"name": "now", "after": "P3M", **asked}],
    }
    return ProgrammePack.model_validate(pack | {"version": "9.9"})


def answers(*given: tuple[str, bool]) -> list[Command]:
    return [
        AnswerProposal(reason="asked", side=side, accept=accept, answered_on=NOW.date())  # type: ignore[arg-type]
        for side, accept in given
    ]


def signatures(*signatories: str) -> list[Command]:
    return [
        SignAgreement(reason="signed", signatory=who, text_version="1", signed_on=NOW.date())
        for who in signatories
    ]


BOTH_ACCEPT = answers(("receiving", True), ("giving", True))
RESUME = ResumePair(reason="back", resumed_on=LATER_DAY)
HISTORIES: dict[type[Command], list[tuple[Pair, list[Command]]]] = {
    AnswerProposal: [
        (proposed(), BOTH_ACCEPT),
        (proposed(), answers(("giving", False))),
        (replace(proposed(), respond_by=NOW), answers(("receiving", True))),
    ],
    SignAgreement: [(proposed(), [*BOTH_ACCEPT, *signatures("refugee", "guide", "red_cross_bergen")])],
    LogMeeting: [(active(), [LogMeeting(reason="told", held_on=LATER_DAY, hours=2)])],
    PausePair: [(active(), [PausePair(reason="abroad", paused_on=LATER_DAY)])],
    ResumePair: [
        (paused(), [RESUME]),
        (pause(paused(), "giving", LATER_DAY, None, LATER)[0], [RESUME]),
    ],
    CompletePair: [(active(), [CompletePair(reason="content", completed_on=LATER_DAY)])],
    RecordIntroductionMeeting: [
        (asking(proposed()), [RecordIntroductionMeeting(reason="met", held_on=LATER_DAY)])
    ],
    TakeBackAnswer: [
        (
            proposed(),
            [*BOTH_ACCEPT, TakeBackAnswer(reason="sorry", side="giving", taken_back_on=LATER_DAY)],
        )
    ],
    RecordEvaluation: [
        (
            asking(replace(active(), milestones=(Milestone("now", LATER_DAY, ("giving",)),))),
            [
                RecordEvaluation.model_validate(
                    {
                        "reason": "told",
                        "side": "giving",
                        "milestone": "now",
                        "on": LATER_DAY,
                        "answers": [{"question": "language_progress", "answer": 4}],
                    }
                )
            ],
        )
    ],
    ReplaceGuide: [
        (
            replace(active(), receiving=refugee().subject),
            [ReplaceGuide(reason="moved", giving=guide().subject, replaced_on=LATER_DAY)],
        )
    ],
    EndPair: [(active(), [EndPair(reason="told", end_reason="other", ended_on=LATER_DAY)])],
}
"""Lives of a pair, from a point of it on, in which a command brings about all that it may."""


def context(organisation: str = "red_cross_bergen", now: datetime = LATER) -> Context:
    programmes = Programmes()
    for key, pack in shipped_packs().items():
        programmes.put(key, pack)
    programmes.put("flyktningguide-bergen@9.9", asking_pack())
    waits = (Waits("flyktningguide-bergen", "1.0", NOW.date()),)
    parties = {somebody.subject: Party("no-4601", somebody, waits) for somebody in (refugee(), guide())}
    return Context(now, organisation, programmes, Surroundings(parties))


def facts_by(model: type[Command], pair: Pair, history: Sequence[Command]) -> list[Fact]:
    """What the commands of this model bring about in a pair's life."""
    found: list[Fact] = []
    for command in history:
        spec = SPECS.of(command)
        assert isinstance(spec, OnPair)
        pair, facts = spec.decide(pair, command, context())
        found += facts if isinstance(command, model) else []
    return found


def kinds_handled() -> set[str]:
    """The kinds of due row that the wired service handles; wiring opens no connection."""
    settings = Settings()
    return set(create_app(settings, Resources.of("matching", settings)).due_handlers)


@pytest.mark.parametrize("spec", [*SPECS], ids=lambda spec: spec.model.__name__)
def test_a_commands_events_are_matchings_in_the_catalogue(spec: CommandSpec[object]) -> None:
    assert all(event in MESSAGES and event.topic in {topics.PAIRS, topics.ROUNDS} for event in spec.events)


@pytest.mark.parametrize("spec", ON_PAIRS, ids=lambda spec: spec.model.__name__)
def test_a_command_on_a_pair_brings_about_its_events_and_no_others(spec: CommandSpec[object]) -> None:
    found = [fact for pair, history in HISTORIES[spec.model] for fact in facts_by(spec.model, pair, history)]
    assert {wire.EVENTS[fact] for fact in found} == set(spec.events)


@pytest.mark.parametrize("spec", ON_POOLS, ids=lambda spec: spec.model.__name__)
def test_a_command_on_a_pool_names_it_and_is_put_off_to_what_is_handled(spec: OnPool) -> None:
    assert {"municipality", "programme"} <= spec.model.model_fields.keys()
    assert spec.subject == "pool"
    assert spec.decide in kinds_handled()


def test_a_command_put_off_to_what_nothing_handles_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    astray = OnPool(model=RunRound, role="coordinator", subject="pool", decide="count_stars")
    monkeypatch.setattr(due, "SPECS", [astray])
    with pytest.raises(LookupError, match="count_stars"):
        kinds_handled()


def test_a_signature_under_a_pack_that_is_gone_is_refused() -> None:
    command = SignAgreement(reason="signed", signatory="guide", text_version="1", signed_on=NOW.date())
    with pytest.raises(DomainError, match="unknown_programme"):
        proposals.SIGN_AGREEMENT.decide(proposed(), command, Context(NOW, "red_cross_bergen", Programmes()))


@pytest.mark.parametrize(
    ("signatory", "organisation", "may"),
    [
        ("red_cross_bergen", "red_cross_bergen", True),
        ("red_cross_bergen", "introduction_programme_bergen", False),
        ("red_cross_bergen", "red_cross_oslo", False),
        ("guide", "red_cross_bergen", True),
        ("guide", "introduction_programme_bergen", True),
        ("refugee", "red_cross_oslo", False),
    ],
)
def test_an_organisation_signs_for_itself_and_records_what_its_people_sign(
    signatory: str, organisation: str, may: bool
) -> None:
    command = SignAgreement(reason="signed", signatory=signatory, text_version="1", signed_on=NOW.date())
    pair = proposed()
    for accept in BOTH_ACCEPT:
        assert isinstance(accept, AnswerProposal)
        pair, _ = proposals.ANSWER_PROPOSAL.decide(pair, accept, context())
    if may:
        signed, _ = proposals.SIGN_AGREEMENT.decide(pair, command, context(organisation))
        assert [signature.signatory for signature in signed.signatures] == [signatory]
        return
    with pytest.raises(DomainError, match="red_cross_bergen") as refused:
        proposals.SIGN_AGREEMENT.decide(pair, command, context(organisation))
    assert (refused.value.code, refused.value.field) == ("signatory_elsewhere", "signatory")


@pytest.mark.parametrize("spec", [*SPECS], ids=lambda spec: spec.model.__name__)
def test_a_catalogued_command_that_nothing_decides_stops_the_start(spec: CommandSpec[object]) -> None:
    with pytest.raises(CommandsIncomplete, match=f"nothing decides {spec.model.__name__};"):
        Registry("matching", [other for other in SPECS if other is not spec])


def test_a_command_that_the_catalogue_doesnt_have_stops_the_start() -> None:
    foreign = replace(next(iter(SPECS)), model=JoinProgramme)
    with pytest.raises(CommandsIncomplete, match="not in the catalogue: JoinProgramme"):
        Registry("matching", [*SPECS, foreign])


def test_a_command_decided_twice_stops_the_start() -> None:
    with pytest.raises(CommandsIncomplete, match="decided twice: 1"):
        Registry("matching", [*SPECS, next(iter(SPECS))])


def test_a_new_module_of_commands_is_found_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "stars.py").write_text(
        "from shared.contracts.intake.commands.people import JoinProgramme\n"
        "from shared.messaging.commands.registry import CommandSpec\n"
        "COUNT = CommandSpec(JoinProgramme, 'coordinator', 'pool', None)\n"
    )
    before = specs_in(commands)
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert [spec.model for spec in specs_in(commands) if spec not in before] == [JoinProgramme]
