"""Calendar months and years in UTC, written `2016-06` and `2016`; both sort as text."""

from datetime import UTC, date, datetime

DECEMBER = "12"


def month_of(moment: date) -> str:
    """The month of a day, or of a moment in UTC."""
    return f"{moment.year:04}-{moment.month:02}"


def year_of(month: str) -> str:
    """The year that a month belongs to."""
    return month[:4]


def shifted(month: str, months: int) -> str:
    """The month so many months later, or earlier where negative."""
    years, index = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + months, 12)
    return f"{years:04}-{index + 1:02}"


def span(first: str, last: str) -> tuple[str, ...]:
    """All months from `first` to `last`, both included; none where `last` is earlier."""
    months = []
    while first <= last:
        months.append(first)
        first = shifted(first, 1)
    return tuple(months)


def end_of(month: str) -> datetime:
    """The first moment that no longer belongs to the month."""
    following = shifted(month, 1)
    return datetime(int(following[:4]), int(following[5:]), 1, tzinfo=UTC)


def ends_year(month: str) -> bool:
    """Whether the month is its year's last."""
    return month.endswith(DECEMBER)
