"""Why somebody has no proposal, in counts that add up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.matching.domain.proposal import Alternative, Need
from services.matching.domain.unproposed import explain
from services.matching.domain.why import sentences
from tests.unit.matching.lives import RECEIPT
from tests.unit.matching.pools import TODAY, guide, pool, random_pool, refugee, rules


def test_each_guide_counts_once_and_what_would_help_is_one_rule_alone() -> None:
    waiting = refugee(1, wished_gender="male", languages=(("ti", "native"),))
    guides = [
        guide(1, gender="male", languages=(("nb", "native"),)),
        guide(2, gender="female", languages=(("nb", "native"),)),
        guide(3, gender="female", languages=(("ti", "fluent"),)),
        guide(4, gender="male", languages=(("ti", "basic"),), municipality="no-5501"),
    ]
    told = explain(pool([waiting], guides), waiting.subject)
    assert told is not None
    assert dict(told.removed) == {"municipality": 1, "language": 2, "gender_wish": 1}
    assert dict(told.would_help) == {"municipality": 1, "language": 1, "gender_wish": 1}
    assert (told.others, told.candidates, told.reason, told.proposed) == (4, 0, "no_candidate", None)


def test_a_guide_is_told_the_same_of_refugees() -> None:
    told = explain(pool([refugee(1, minors=1), refugee(2)], [guide(1, gender="male")]), guide(1).subject)
    assert told is not None
    assert (dict(told.removed), told.candidates) == ({"child_certificate": 1}, 1)
    assert told.proposed == refugee(2).subject


def test_who_is_outbid_is_told_how_close_they_came() -> None:
    waited, came = refugee(1, ready_since=TODAY - timedelta(days=60)), refugee(2)
    told = explain(pool([waited, came], [guide(1)]), came.subject)
    assert told is not None
    assert (told.reason, told.candidates, dict(told.removed)) == ("outbid", 1, {})
    assert told.alternative is not None
    assert (told.alternative.giving, told.alternative.costs_pool) == (guide(1).subject, 12)


def test_who_is_in_no_pool_is_not_explained_by_it() -> None:
    assert explain(pool([refugee(1)], [guide(1)]), "refugee-of-nowhere") is None


@pytest.mark.parametrize("seed", range(5))
def test_counts_add_up_to_all_on_the_other_side(seed: int) -> None:
    given = random_pool(seed, 40, 30, rules=rules(hours=1.0))
    everybody = [party.subject for party in given.receiving] + [party.subject for party in given.giving]
    for subject in everybody:
        told = explain(given, subject)
        assert told is not None
        assert sum(told.removed.values()) + told.candidates == told.others
        assert (told.proposed is None) == (told.reason is not None)
        assert sum(told.would_help.values()) <= told.others


def test_a_receipt_in_sentences_calls_a_bound_a_bound() -> None:
    need = Need("refugee-h", 1, "male", ("ti",))
    receipt = replace(
        RECEIPT,
        rank=2,
        candidates=11,
        vetoes={"language": 31},
        warnings=("expectations_differ",),
        alternative=Alternative("volunteer-b", 6, 11, exact=False, need=need),
    )
    assert list(sentences(receipt)) == [
        "They score 44: age 44.",
        "Waiting adds 6, apart from how well they suit each other.",
        "Of 11 possible guides this one scores best but 1.",
        "Rules removed guides, each counted under every rule that removed it: language 31.",
        "volunteer-b scores 6 more, but taking volunteer-b costs the pool at least 11 points.",
        "refugee-h, who wishes a guide who is male and shares ti with this one, has no other guide.",
        "What the two expect differs: talk about it before they meet.",
    ]
    exact = replace(receipt, alternative=Alternative("volunteer-b", 6, 5012, exact=True))
    assert "volunteer-b scores 6 more, but taking volunteer-b costs the pool one pair." in sentences(exact)
