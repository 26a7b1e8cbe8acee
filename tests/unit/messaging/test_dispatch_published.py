"""What dispatch refuses in every service's commands since it would be published."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.service import SPECS as INTAKE
from services.matching.service import SPECS as MATCHING
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.catalogue import commands_of
from shared.contracts.example import OPERATOR, shown
from shared.contracts.message import Message
from shared.messaging.batches.dead_letters import DeadLetters
from shared.messaging.commands.answers import Answer, Rejected, Request
from shared.messaging.commands.desk import DeadLetterDesk
from shared.messaging.commands.dispatch import Commands, Decisions
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Received, Unreadable
from shared.messaging.tables import Operators
from shared.published import published_paths
from tests.unit.messaging.marked import NUMBER, shown_field, with_text
from tests.unit.messaging.records import raw

NOW = datetime(2016, 6, 15, 8, tzinfo=UTC)
SPECS: dict[topics.Service, Any] = {"intake": INTAKE, "matching": MATCHING}
"""The commands of services that have their own."""


async def not_asked(*_: object) -> list[Answer]:
    """Decides nothing: the dispatch refuses before."""
    return []


def commands(service: topics.Service) -> Commands:
    """A service's dispatch, and one operator who may everything."""
    operators = Operators()
    example = shown(Operator)
    roles = ["coordinator", "approver", "administrator", "dead_letters", "auditor"]
    everything = {"roles": roles, "municipalities": ["no-4601", "no-5501"]}
    operators.put(OPERATOR, Operator.model_validate({**example, **everything}))
    decisions = Decisions(SPECS.get(service, ()), not_asked)
    desk = DeadLetterDesk(DeadLetters(topics.DEAD_LETTERS[service], service, None), ())
    return Commands(service, "", operators, decisions, desk)


def received(message: Message, subject: str, id_: str = "one") -> Received:
    document = {
        "specversion": "1.0",
        "id": id_,
        "source": "/operators/red-cross",
        "type": message.type,
        "subject": subject,
        "time": "2016-06-15T07:00:00Z",
        "data": shown(message.model),
    }
    record = Parser(message.topic).parse(raw(document, topic=message.topic.named(OPERATOR), key=subject))
    assert isinstance(record, Received), record
    return record


OF_SERVICES = [(service, message) for service in topics.SERVICES for message in commands_of(service)]


@pytest.mark.parametrize(
    ("service", "message"), OF_SERVICES, ids=lambda value: value.name if isinstance(value, Message) else value
)
def test_dispatch_refuses_in_every_services_commands(service: topics.Service, message: Message) -> None:
    dispatch = commands(service)
    record = received(message, message.full_example().subject or "")
    assert isinstance(dispatch._authorise(record, NOW), Request)
    for path in published_paths(message.model):
        for text, code in ((NUMBER, "personal_number"), ("a\u202eb", "unprintable_character")):
            wrong = record._replace(data=with_text(record.data, path, text))
            answer = dispatch._authorise(wrong, NOW)
            assert isinstance(answer, Rejected)
            assert (answer.code, answer.field) == (code, shown_field(path))
            assert text not in answer.message


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_subject_that_reads_as_a_personal_number_is_refused_and_repeated_by_no_service(
    service: topics.Service,
) -> None:
    dispatch = commands(service)
    record = received(commands_of(service)[-1], NUMBER)
    answer = dispatch._authorise(record, NOW)
    assert isinstance(answer, Rejected)
    assert (answer.code, answer.field) == ("personal_number", "subject")
    assert dispatch._ref(record).about == "withheld"


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_dead_letter_whose_reference_holds_such_a_number_by_chance_is_taken(
    service: topics.Service,
) -> None:
    dispatch = commands(service)
    by_chance = "8ca59966-66ce-4b36-8512-bd1311072231"
    record = received(commands_of(service)[-1], by_chance)
    assert isinstance(dispatch._authorise(record, NOW), Request)
    assert dispatch._ref(record).about == by_chance


@pytest.mark.parametrize("service", topics.SERVICES)
@pytest.mark.parametrize("id_", [NUMBER, "01010750-1600-4000-8000-000000000000", "run 010107-50160"])
def test_an_id_that_is_a_personal_number_is_refused_and_repeated_by_no_service(
    service: topics.Service, id_: str
) -> None:
    dispatch = commands(service)
    message = commands_of(service)[-1]
    record = received(message, message.full_example().subject or "", id_)
    answer = dispatch._authorise(record, NOW)
    assert isinstance(answer, Rejected)
    assert (answer.code, answer.field) == ("personal_number", "id")
    assert answer.place == (record.raw.partition, record.raw.offset)
    ref = dispatch._ref(record)
    assert id_ not in repr(ref)
    assert ref == dispatch._ref(record)
    unread = Unreadable(record.raw, "unknown_field", None, OPERATOR, {"id": id_})
    assert id_ not in repr(dispatch._readable_ref(unread))
