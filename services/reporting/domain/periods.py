"""Calendar months and years by the local clock, written `2016-06` and `2016`; both sort as text."""

from datetime import date

DECEMBER = "12"


def month_of(moment: date) -> str:
    """The month of a day."""
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


def first_day(month: str) -> date:
    """The day on which the month begins."""
    return date(int(month[:4]), int(month[5:]), 1)


def ends_year(month: str) -> bool:
    """Whether the month is its year's last."""
    return month.endswith(DECEMBER)
