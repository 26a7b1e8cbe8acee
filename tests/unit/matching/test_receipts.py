"""What a round says: why these two, what another guide would cost, why somebody is left."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.matching import receipts
from services.matching.domain import solve
from services.matching.domain.party import Availability, Contact, Expectations, Pool, free_slots
from services.matching.domain.priority import waiting_units
from services.matching.domain.proposal import Alternative, Need, Reason, Unmatched
from services.matching.domain.rounds import RoundResult, run_round
from services.matching.domain.rules import RULES
from shared.contracts.matching.states import ScoreReceipt
from tests.unit.matching import naive
from tests.unit.matching.pools import TODAY, guide, pool, random_pool, refugee, rules


def test_a_receipt_says_why_these_two() -> None:
    waited = refugee(1, ready_since=TODAY - timedelta(days=32), wished_gender="female")
    guides = [guide(1, interests=frozenset()), guide(2), guide(3, gender="male"), guide(4, birth_year=None)]
    result = run_round(pool([waited], guides), "round-7")
    (proposal,) = result.proposals
    receipt = proposal.receipt
    assert (proposal.receiving, proposal.giving, proposal.slot) == (waited.subject, guides[1].subject, 0)
    assert proposal.municipality == waited.municipality
    assert receipt.parts == naive.parts(pool(), waited, guides[1])
    assert receipt.score == sum(receipt.parts.values()) == 44
    assert receipt.waiting_bonus == 6
    assert (receipt.rank, receipt.candidates) == (1, 2)
    assert receipt.vetoes == {"gender_wish": 1, "age": 1}
    assert (receipt.pack_version, receipt.round_id) == ("1.0", "round-7")
    assert result.total == 50


def lost_by(given: Pool, best: RoundResult, receiving: str, giving: str) -> int:
    """Points that the pool loses, 5000 for each pair, where this couple is set and the rest solved again."""
    party = next(party for party in given.receiving if party.subject == receiving)
    chosen = next(party for party in given.giving if party.subject == giving)
    held = given.taken.get(giving, frozenset())
    others = replace(
        given,
        receiving=tuple(other for other in given.receiving if other.subject != receiving),
        taken={**given.taken, giving: held | {free_slots(chosen, held)[0]}},
    )
    rest = run_round(others, "again")
    points = sum(naive.parts(given, party, chosen).values())
    points += waiting_units(given.rules, party.ready_since, given.today)
    pairs_lost = len(best.proposals) - len(rest.proposals) - 1
    return pairs_lost * 5000 + best.total - rest.total - points


def better_guide_needed_elsewhere() -> Pool:
    """The second refugee can only have the first guide, whom the first refugee suits better."""
    first = refugee(1, languages=(("ti", "native"), ("en", "native")))
    second = refugee(2, languages=(("ti", "native"),), birth_year=1960)
    only = guide(1, languages=(("ti", "native"), ("en", "native")))
    other = guide(2, languages=(("en", "basic"),))
    return pool([first, second], [only, other])


def test_a_guide_may_rank_second_because_the_first_is_needed_elsewhere() -> None:
    result = run_round(better_guide_needed_elsewhere(), "round-1")
    given = {
        proposal.receiving: (proposal.giving, proposal.receipt.rank, proposal.receipt.candidates)
        for proposal in result.proposals
    }
    assert given == {
        refugee(1).subject: (guide(2).subject, 2, 2),
        refugee(2).subject: (guide(1).subject, 1, 1),
    }


def test_the_receipt_says_what_the_better_guide_would_cost_the_pool() -> None:
    result = run_round(better_guide_needed_elsewhere(), "round-1")
    first, second = result.proposals
    # The second refugee's whole pair is lost; the first one's better language is won.
    other = first.receipt.alternative
    assert other is not None
    assert (other.giving, other.score_more, other.exact) == (guide(1).subject, 14, True)
    assert other.costs_pool == 5000 + second.receipt.score - 14
    assert second.receipt.alternative is None


@pytest.mark.parametrize(("waiting", "guides"), [(80, 30), (30, 60)])
@pytest.mark.parametrize("exact", [True, False])
def test_a_receipts_costs_are_what_solving_again_finds_or_less(
    exact: bool, waiting: int, guides: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exact:
        monkeypatch.setattr(solve, "EXACT_PAIRS", 0)
    # A whole point a day: what is lost is then a whole number of points.
    given = random_pool(2, waiting, guides, rules=rules(hours=1.0, waiting_points_per_day=1))
    result = run_round(given, "round-1")
    alternatives = [(proposal.receiving, proposal.receipt.alternative) for proposal in result.proposals]
    alternatives += [(somebody.subject, somebody.alternative) for somebody in result.unmatched_receiving]
    checked = [(receiving, other) for receiving, other in alternatives if other]
    assert len(checked) > 5
    for receiving, other in checked:
        assert other.exact == exact
        lost = lost_by(given, result, receiving, other.giving)
        assert other.costs_pool == lost if exact else 0 <= other.costs_pool <= lost


def test_guides_with_the_same_score_share_a_rank() -> None:
    result = run_round(pool([refugee()], [guide(1), guide(2), guide(3)]), "round-1")
    assert result.proposals[0].receipt.rank == 1


@pytest.mark.parametrize(
    ("expects", "offers", "expected"),
    [
        ((2, "in_person"), (2, "in_person"), ()),
        ((2, "in_person"), (3.9, "in_person"), ()),
        ((2, "in_person"), (4, "in_person"), ("expectations_differ",)),
        ((4, "in_person"), (2, "in_person"), ("expectations_differ",)),
        ((2, "in_person"), (2, "phone"), ("expectations_differ",)),
        (None, (9, "phone"), ()),
    ],
)
def test_the_receipt_warns_of_mismatched_expectations(
    expects: tuple[float, Contact] | None, offers: tuple[float, Contact], expected: tuple[str, ...]
) -> None:
    waiting = refugee(expectations=Expectations(*expects) if expects else None)
    result = run_round(pool([waiting], [guide(expectations=Expectations(*offers))]), "round-1")
    assert result.proposals[0].receipt.warnings == expected


@pytest.mark.parametrize(("interpreter_ok", "expected"), [(False, ("no_common_language",)), (True, ())])
def test_the_receipt_warns_where_two_without_a_common_language_may_meet(
    interpreter_ok: bool, expected: tuple[str, ...]
) -> None:
    apart = refugee(languages=(("ti", "native"),), interpreter_ok=interpreter_ok)
    result = run_round(pool([apart], rules=rules(language=None)), "round-1")
    assert result.proposals[0].receipt.warnings == expected


def test_whoever_has_no_candidate_is_told_which_rule_removes_how_many_guides() -> None:
    lonely = refugee(1, wished_gender="male", minors=2, availability=Availability(weekend=4))
    guides = [guide(1), guide(2, municipality="no-5501"), guide(3, gender="male")]
    result = run_round(pool([lonely], guides), "round-1")
    assert result.unmatched_receiving == (
        Unmatched(
            lonely.subject,
            Reason.NO_CANDIDATE,
            {"municipality": 1, "gender_wish": 2, "child_certificate": 3},
        ),
    )
    assert {party.subject: dict(party.vetoes) for party in result.unmatched_giving} == {
        guides[0].subject: {"gender_wish": 1, "child_certificate": 1},
        guides[1].subject: {"municipality": 1, "gender_wish": 1, "child_certificate": 1},
        guides[2].subject: {"child_certificate": 1},
    }
    assert {party.reason for party in result.unmatched_giving} == {Reason.NO_CANDIDATE}


def test_vetoes_are_listed_in_the_order_of_the_rules() -> None:
    lonely = refugee(1, wished_gender="male", minors=2)
    result = run_round(pool([lonely], [guide(municipality="no-5501", capacity=0)]), "round-1")
    vetoes = list(result.unmatched_receiving[0].vetoes)
    assert vetoes == [code for code in RULES if code in vetoes] and len(vetoes) == 4  # noqa: PT018


def test_whoever_waited_longer_outbids_an_equal() -> None:
    waited, came = refugee(1, ready_since=TODAY - timedelta(days=12)), refugee(2)
    by_the_day = rules(waiting_points_per_day=1)
    given = pool([waited, came], [guide(1), guide(2, municipality="no-5501")], rules=by_the_day)
    result = run_round(given, "round-1")
    assert [proposal.receiving for proposal in result.proposals] == [waited.subject]
    (left,) = result.unmatched_receiving
    assert (left.subject, left.reason, dict(left.vetoes)) == (
        came.subject,
        Reason.OUTBID,
        {"municipality": 1},
    )
    assert left.alternative is not None
    assert (left.alternative.giving, left.alternative.costs_pool) == (guide(1).subject, 12)
    assert left.alternative.need is not None
    assert (left.alternative.need.receiving, left.alternative.need.candidates) == (waited.subject, 1)
    assert lost_by(given, result, came.subject, guide(1).subject) == 12


def test_the_closest_guide_of_whoever_is_outbid_is_one_they_may_have() -> None:
    tigrinya, english = (("ti", "native"),), (("en", "native"),)
    waiting = [
        refugee(1, languages=tigrinya, ready_since=TODAY - timedelta(days=60)),
        refugee(2, languages=tigrinya),
        refugee(3, languages=tigrinya + english),
    ]
    guides = [guide(1, languages=tigrinya), guide(2, languages=english), guide(3, languages=english)]
    (left,) = run_round(pool(waiting, guides), "round-1").unmatched_receiving
    assert left.subject == refugee(2).subject
    need = Need(refugee(1).subject, 1, None, ("ti",))
    assert left.alternative == Alternative(guide(1).subject, 0, 12, exact=True, need=need)


def test_an_alternative_says_what_its_guide_is_needed_for() -> None:
    """B is the only male guide who speaks Tigrinya."""
    tigrinya, english = (("ti", "native"),), (("en", "native"),)
    men = refugee(1, gender="male", wished_gender="male", languages=tigrinya)
    either = refugee(2, languages=tigrinya + english, interests=frozenset({"chess"}))
    guides = [
        guide(1, gender="male", languages=tigrinya, interests=frozenset({"chess"})),
        guide(2, gender="female", languages=tigrinya + english, interests=frozenset()),
        guide(3, gender="male", languages=english, interests=frozenset(), municipality="no-5501"),
    ]
    proposals = run_round(pool([men, either], guides), "round-1").proposals
    assert {one.receiving: one.giving for one in proposals}[either.subject] == guide(2).subject
    (other,) = [one.receipt.alternative for one in proposals if one.receiving == either.subject]
    assert other is not None
    assert other.need == Need(men.subject, 1, "male", ("ti",))


def test_a_receipt_comes_back_from_the_state_that_tells_it() -> None:
    for proposal in run_round(random_pool(2, 25, 40, rules=rules(hours=1.0)), "round-1").proposals:
        told = ScoreReceipt.model_validate(receipts.fields(proposal.receipt))
        assert receipts.read(told) == proposal.receipt
