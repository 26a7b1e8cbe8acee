"""The hard rules and the score as loops over people, written apart from the columns: an oracle for them and
the baseline of the benchmark."""

from math import floor

from services.matching.domain.party import Giving, Pool, Receiving

LEVELS = {"basic": 1, "fluent": 2, "native": 3}
STAGES = {
    "none": 0,
    "primary": 1,
    "secondary": 2,
    "vocational": 2,
    "bachelor": 3,
    "master": 4,
    "doctorate": 5,
}


def common_hours(a: Receiving, b: Giving) -> float:
    left, right = a.availability, b.availability
    return (
        min(left.weekday_morning, right.weekday_morning)
        + min(left.weekday_afternoon, right.weekday_afternoon)
        + min(left.weekday_evening, right.weekday_evening)
        + min(left.weekend, right.weekend)
    )


def minimum_hours(pool: Pool) -> float:
    """The hours in common that the pack asks for; 0 where it doesn't ask."""
    return float(pool.rules.rules.get("availability", {"hours": 0})["hours"])


def language_level(a: Receiving, b: Giving) -> int:
    best = 0
    for code, level in a.languages:
        for other, their_level in b.languages:
            if code == other:
                best = max(best, min(LEVELS[level], LEVELS[their_level]))
    return best


def forbidden(pool: Pool, a: Receiving, b: Giving) -> set[str]:
    rules, asked, found = pool.rules, pool.rules.rules, set()
    if a.subject == b.subject or (a.household_ref is not None and a.household_ref == b.household_ref):
        found.add("self")
    if a.municipality != b.municipality:
        found.add("municipality")
    if asked.get("language") == {"strength": "hard"} and language_level(a, b) == 0:
        found.add("language")
    if "gender_wish" in asked:
        if a.wished_gender is not None and a.wished_gender != b.gender:
            found.add("gender_wish")
        if b.wished_gender is not None and b.wished_gender != a.gender:
            found.add("gender_wish")
    for person, minimum in ((a, rules.minimum_receiving_age), (b, max(18, rules.minimum_giving_age or 0))):
        youngest = None if person.birth_year is None else pool.today.year - person.birth_year - 1
        if minimum is not None and (youngest is None or youngest < minimum):
            found.add("age")
    if common_hours(a, b) < minimum_hours(pool):
        found.add("availability")
    if a.minors and "child_certificate" not in b.checks:
        found.add("child_certificate")
    taken = pool.taken.get(b.subject, frozenset())
    if len(taken) >= b.capacity:
        found.add("capacity")
    if (a.subject, b.subject) in pool.excluded:
        found.add("excluded")
    return found


def parts(pool: Pool, a: Receiving, b: Giving) -> dict[str, int]:
    w = pool.rules.criteria
    points = dict.fromkeys(
        ("interests", "age", "life_situation", "occupation", "language", "distance", "availability"), 0
    )
    points["interests"] = floor(w["interests"] * min(3, len(a.interests & b.interests)) / 3)
    if a.birth_year is not None and b.birth_year is not None:
        points["age"] = floor(w["age"] * max(0, 20 - abs(a.birth_year - b.birth_year)) / 20)
    if a.adults and b.adults:
        same = (bool(a.minors) == bool(b.minors)) + ((a.adults > 1) == (b.adults > 1))
        points["life_situation"] = floor(w["life_situation"] * same / 2)
    quarters = 0
    if a.occupation_field and b.occupation_field:
        quarters += 2 * (a.occupation_field.strip().lower() == b.occupation_field.strip().lower())
    if a.education_level and b.education_level:
        quarters += max(0, 2 - abs(STAGES[a.education_level] - STAGES[b.education_level]))
    points["occupation"] = floor(w["occupation"] * quarters / 4)
    if "language" in pool.rules.rules:
        points["language"] = floor(w["language"] * language_level(a, b) / 3)
    points["distance"] = w["distance"] if a.municipality == b.municipality else 0
    spare = common_hours(a, b) - minimum_hours(pool)
    points["availability"] = floor(w["availability"] * min(max(spare, 0), 4) / 4)
    return points
