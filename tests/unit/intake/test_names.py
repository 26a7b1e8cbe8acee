"""Spellings of one name sound alike, other names don't, and what is stored tells nothing without the key."""

import pytest

from services.intake import names
from services.intake.domain.person import Details

DIGEST = names.digest_of(b"a" * 32)
ALIKE = [
    ["Muhammad", "Mohamed", "Mohammed", "Mahamed", "Mehmet", "محمد", "Мухаммед", "ሙሐመድ"],
    ["Tekle", "Tekla", "Teklu", "ተክለ"],
    ["Øystein", "Oystein", "Oeystein", "ØYSTEIN", "O\u0308ystein"],
    ["Aagaard", "Ågård", "A\u030aga\u030ard"],
    ["Bjørn", "Bjorn", "Bjoern"],
    ["Kjær", "Kjaer", "Kjær"],
    ["Yusuf", "Youssef", "Josef", "Yosief", "يوسف"],
    ["Khadija", "Hadija", "Khadidja", "خديجة"],
    ["Tsegay", "Tzegay", "Segay", "ፀጋይ"],
    ["Gebremedhin", "Ghebremedhin", "ገብረመድህን"],
    ["Hussein", "Husayn", "Hossein", "حسين"],
    ["Yuliya", "Julia", "Юлия"],
    ["Kristian", "Christian"],
    ["Wilhelm", "Vilhelm"],
    ["Qasim", "Kassem", "Cassim"],
    ["Shaban", "Chaban", "Šabán", "شعبان"],
    ["Fatima", "Fatimah", "Fadma", "فاطمة"],
]
APART = [("Fatima", "Ahmed"), ("Tekle", "Abebe"), ("Ali", "Ola Nordmann"), ("Kari", "Marit")]
MISTYPED = [
    ("Tekle", "Tekel"),
    ("Katarzyna", "Katazryna"),
    ("Ingeborg", "Ingebrog"),
    ("Selam", "Selan"),
    ("Abebe", "Abede"),
]


def details(given: str | None, family: str | None = None) -> Details:
    return Details(given, family, None, None, "nb")


def is_found(asked: str, who: Details) -> bool:
    exact, near = names.wanted(asked, DIGEST)
    return (
        bool({*exact, *near} & set(names.stored(who, DIGEST))) and names.closeness(asked, who) >= names.CLOSE
    )


@pytest.mark.parametrize("spellings", ALIKE, ids=lambda spellings: spellings[0])
def test_all_spellings_of_a_name_sound_the_same(spellings: list[str]) -> None:
    sounds = {name: [names.sound(word) for word in names.words(name)] for name in spellings}
    assert len({tuple(found) for found in sounds.values()}) == 1, sounds
    for asked in spellings:
        for known in spellings:
            assert is_found(asked, details(known)), (asked, known)


@pytest.mark.parametrize(("one", "other"), APART)
def test_another_name_is_not_found(one: str, other: str) -> None:
    assert not is_found(one, details(other))
    assert not is_found(other, details(one))


@pytest.mark.parametrize(("name", "typed"), MISTYPED)
def test_a_typing_error_is_forgiven(name: str, typed: str) -> None:
    assert is_found(typed, details(name, "Eksempel"))
    assert is_found(f"{typed} Eksempel", details(name, "Eksempel"))


def test_names_are_found_in_either_order_and_together_or_apart() -> None:
    who = details("Tekle Haimanot", "Eksempel-Nord")
    for asked in ("Eksempel-Nord, Tekle Haimanot", "teklehaimanot", "Nord Tekle", "Eksempelnord"):
        assert is_found(asked, who), asked
    assert is_found("Tekle Haimanot", details("Teklehaimanot"))


def test_the_same_name_is_closest_and_a_name_that_shares_one_word_is_not_close() -> None:
    known = details("Mohamed", "Eksempel")
    same, alike, mistyped = (names.closeness(asked, known) for asked in ("Mohamed", "Muhammad", "Mohanad"))
    assert same == 1 > alike > names.CLOSE
    assert mistyped < same
    assert names.closeness("Mohamed Annenmann", known) < names.CLOSE
    assert names.closeness("Mohamed Eksempel", details("Mohamed")) == 1


def test_a_name_of_vowels_or_of_one_consonant_is_found_as_it_is_heard() -> None:
    assert is_found("Aia", details("Aïa"))
    assert is_found("Ali", details("علي"))
    assert not is_found("Aia", details("Ali"))


@pytest.mark.parametrize("asked", ["", "?", "۱۲۳", "🙂", "-"])
def test_what_is_no_name_finds_nobody(asked: str) -> None:
    assert names.wanted(asked, DIGEST) == ([], [])
    assert names.closeness(asked, details("Ali")) == 0


def test_what_is_stored_is_told_by_nobody_without_the_key() -> None:
    stored = names.stored(details("Mohamed", "Eksempel"), DIGEST)
    assert len(stored) == 2
    assert {len(one) for one in stored} == {names.DIGEST_BYTES}
    assert not set(stored) & set(names.stored(details("Mohamed", "Eksempel"), names.digest_of(b"b" * 32)))
    assert names.stored(None, DIGEST) == []


def test_a_long_name_costs_no_more_than_a_few_words() -> None:
    endless = " ".join(f"navn{letter}" for letter in "abcdefghijklmnop" * 3)
    assert len(names.stored(details(endless, endless), DIGEST)) <= 4 * names.MOST_WORDS
    assert len(names.words(endless)) == names.MOST_WORDS
