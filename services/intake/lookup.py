"""What people are found by: kept in their documents beside the file, and made anew with it."""

import contextlib
from collections.abc import Callable

from services.intake import names
from services.intake.domain import outlook
from services.intake.domain.errors import DomainError
from services.intake.domain.outlook import Due
from services.intake.domain.person import Person
from services.intake.names import Digest
from services.intake.packs import Packs
from shared.mongo import Document

FoundBy = Callable[[Person], Document]
"""A person → the fields of their document that they are found by."""


def found_by(digest: Digest, packs: Packs) -> FoundBy:
    """Digests of their names, and what is due about them; a field without anything is left out, which keeps
    them out of its index.
    """

    def fields(who: Person) -> Document:
        found: Document = {}
        if digests := names.stored(who.details, digest):
            found["names"] = digests
        if items := [_item(one) for one in due(who, packs)]:
            found["tasks"] = items
        return found

    return fields


def due(who: Person, packs: Packs) -> list[Due]:
    """What is to be done about somebody in all programmes. Of a pack that was removed nobody can say."""
    items: list[Due] = []
    for part in who.participations:
        with contextlib.suppress(DomainError):
            items += outlook.due(who, part, packs.asked(who, part.programme))
    return items


def _item(one: Due) -> Document:
    """Days as text, which MongoDB sorts as they follow each other."""
    return {
        "kind": one.kind,
        "programme": one.programme,
        "codes": list(one.codes),
        "on": one.on.isoformat(),
        "shown_from": one.shown_from.isoformat(),
    }
