"""When somebody was born, as far as it is known."""

from calendar import monthrange
from datetime import date
from functools import lru_cache

ADULT_AGE = 18


# Bounded: senders write them. Each settlement asks thrice.
@lru_cache(maxsize=4096)
def born_between(birth_date: str) -> tuple[date, date]:
    """The first and the last day on which somebody may be born, by what is known of their birth date."""
    if len(birth_date) == len("1994-03-09"):
        born = date.fromisoformat(birth_date)
        return born, born
    match [int(part) for part in birth_date.split("-")]:
        case [year, month]:
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
        case [year]:
            return date(year, 1, 1), date(year, 12, 31)
        case _:
            raise ValueError("no date of birth")


def is_of_age(birth_date: str | None, today: date) -> bool | None:
    """Whether somebody is an adult; None where what is known of their birth date leaves both open."""
    if birth_date is None:
        return None
    # The birthday as a number, so that who was born on 29 February comes of age on 1 March.
    adults_are_born_by = (today.year - ADULT_AGE, today.month, today.day)
    earliest, latest = born_between(birth_date)
    may_be = (earliest.year, earliest.month, earliest.day) <= adults_are_born_by
    must_be = (latest.year, latest.month, latest.day) <= adults_are_born_by
    return may_be if may_be == must_be else None
