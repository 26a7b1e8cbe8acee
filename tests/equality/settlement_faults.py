"""Ways in which a settlement can be wrong, or hold what is left out."""

import random

from tests.equality.events import FAR, Document, Record, encoded
from tests.equality.poison import (
    ANY_EVENT,
    PERSONAL_NUMBER,
    Spoil,
    changed,
    with_attributes,
    with_data,
    with_key,
)

WAYS: tuple[Spoil, ...] = (
    *ANY_EVENT,
    *(with_data("person", name) for name in ("given_name", "birth_date", "gender", "preferred_language")),
    *(
        with_data("person", "birth_date", value=day)
        for day in ("1990-02-30", "90-01-01", "0001-01-01", FAR, 19900101, "1990-01-01T00:00:00Z")
    ),
    with_data("person", "gender", value="unknown"),
    with_data("person", "given_name", value=""),
    with_data("person", "given_name", value="x" * 201),
    with_data("person", "phone", value="ring"),
    with_data("person", "email", value="nobody"),
    with_data("person", "nickname", value="x"),
    with_data("person"),
    with_data("protection", value="secret"),
    with_data("settled_on", value=FAR),
    with_data("settled_on", value="2016-13-01"),
    with_data("arrived_on", value=FAR),
    with_data("placement", value={"kind": "permanent", "placed_on": FAR, "district": "sentrum"}),
    with_data("placement", value={"kind": "castle", "placed_on": "2016-05-01", "district": "sentrum"}),
    with_data("placement", value={"kind": "permanent"}),
    with_data(
        "placement", value={"kind": "permanent", "placed_on": "2016-05-01", "district": PERSONAL_NUMBER}
    ),
    with_data("languages", value=[{"code": "not a code", "level": "native"}]),
    with_data("languages", value=[{"code": "zzz", "level": "native"}]),
    with_data("languages", value=[{"code": "ti", "level": "good"}]),
    with_data("languages", value=[{"code": "ti", "level": "basic"}] * 21),
    with_data("household", value={"adults": -1, "minors": 0}),
    with_data("household", value={"adults": "1", "minors": 0}),
    with_data("household", value={"reference": "a b", "adults": 1, "minors": 0}),
    with_data("unaccompanied_minor", value="no"),
    with_data("occupation", value=f"x {PERSONAL_NUMBER}"),
    with_data("education", value="some"),
    with_data("interests", value=["Football"]),
    with_data("interests", value=[f"a{PERSONAL_NUMBER}"]),
    with_data("from", value={"municipality": "Oslo", "case": "x"}),
    with_data("from", value={"municipality": "no-0301"}),
    with_attributes(source="/municipalities/no-0301"),
    with_attributes(type="no.kobling.PersonSettled.v9"),
    with_attributes(type="no.kobling.SettlementWithdrawn.v1"),
    with_attributes(type="no.kobling.PersonMoved.v1", data={"to_municipality": "no-0301", "moved_on": FAR}),
    with_attributes(type="no.kobling.PersonMoved.v1", data={"to_municipality": "no-0301"}),
    with_attributes(type="no.kobling.SettlementWithdrawn.v1", data={"reason": "No Code"}),
    with_attributes(subject="Kari Eksempel"),
    with_key(lambda _: PERSONAL_NUMBER.encode()),
)


def _odd_case(subject: str) -> Spoil:
    def spoil(topic: str, document: Document, _: random.Random) -> Record:
        return Record(topic, subject.encode(), encoded(changed(document, subject=subject)))

    return spoil


ODD_CASES: tuple[Spoil, ...] = tuple(
    _odd_case(subject)
    for subject in (
        "2016/4821",
        "Kari Eksempel",
        "x" * 65,
        PERSONAL_NUMBER,
        f"no{PERSONAL_NUMBER}",
        "_tick",
        "é",
    )
)
