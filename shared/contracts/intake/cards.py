"""Sealed contact cards: what intake tells notifications, and nobody else."""

from typing import Annotated

from pydantic import Field

from shared.contracts import topics
from shared.contracts.example import Example, example
from shared.contracts.fields import Contract, Line, Municipality
from shared.contracts.message import event
from shared.contracts.sealed import Sealed


class ContactCard(Contract):
    """How notifications reaches somebody: sealed to the notifications service, bound to the subject.

    The sealed plain text is a `CardDetails`.
    """

    model_config = example({})

    municipality: Municipality
    card: Sealed


class CardDetails(Contract):
    """What is inside a sealed contact card. Never published in the clear."""

    given_name: Line
    email: Annotated[str, Field(max_length=254)] | None = None
    phone: Annotated[str, Field(max_length=30)] | None = None
    preferred_language: Annotated[str, Field(max_length=40)]


class NoContactCard(Contract):
    """That somebody is not to be written to any more: they have left, or took back their consent to it. A
    card with a higher revision holds again.
    """

    model_config = example({})

    municipality: Municipality


CONTACT_CARD_SEALED = event(topics.CONTACT_CARDS, ContactCard, "ContactCardSealed")
CONTACT_CARD_WITHDRAWN = event(
    topics.CONTACT_CARDS, NoContactCard, "ContactCardWithdrawn", Example({}, revision=2)
)
