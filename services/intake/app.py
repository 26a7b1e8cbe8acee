"""Intake's composition root."""

from functools import partial

from services.intake import names
from services.intake.codes import Codes
from services.intake.consumers import subscriptions
from services.intake.domain.refugee import Refugee
from services.intake.domain.volunteer import Volunteer
from services.intake.due import Due
from services.intake.handover import Handover
from services.intake.indexes import INDEXES
from services.intake.lookup import found_by
from services.intake.packs import Packs
from services.intake.publish import Publisher
from services.intake.service import SPECS, Intake
from services.intake.settings import Settings
from services.intake.settlements import Settlements
from services.intake.store import Files, People
from services.intake.warnings import Warnings
from services.intake.wire import case_digest, subject_of
from shared.contracts import topics
from shared.messaging.at_rest import RecordCipher
from shared.messaging.commands.dispatch import Decisions
from shared.messaging.renaming import Renaming
from shared.messaging.restored import Published
from shared.messaging.wiring import Resources, Wiring
from shared.sealing import FieldCipher, Sealer, decode

PUBLISHED = (
    Published(topics.REFUGEES, ("refugees",), "state"),
    Published(topics.VOLUNTEERS, ("volunteers",), "state"),
    Published(topics.CONTACT_CARDS, ("refugees", "volunteers"), "card"),
)
"""Where a restored database goes on from: it alone is not built anew from topics."""


def create_app(settings: Settings, resources: Resources) -> Wiring:
    """Wires intake; nothing is opened and nothing runs yet."""
    database = resources.database
    cipher = FieldCipher(decode(settings.master_key.get_secret_value()))
    secret = decode(settings.case_key.get_secret_value())
    case_key = case_digest(secret)
    sealer = Sealer(settings.card_key_id, settings.card_public_key)
    publisher = Publisher(sealer, resources.operators, resources.floors)
    packs = Packs(resources.programmes)
    digest = names.digest_of(secret)
    found = found_by(digest, packs)
    people = People(Files(database, Refugee, cipher, found), Files(database, Volunteer, cipher, found))
    at_rest = RecordCipher(
        lambda content, context: cipher.encrypt(cipher.master, content, context),
        lambda content, context: cipher.decrypt(cipher.master, content, context),
    )
    warnings = Warnings(packs, resources.operators)
    codes = Codes(resources.programmes, case_key, subject_of(secret), publisher)
    renaming = Renaming(
        database,
        resources.clock,
        resources.programmes,
        (partial(codes.bring, people.refugees), partial(codes.bring, people.volunteers)),
    )
    intake = Intake(people, publisher, packs, warnings, resources.operators, codes, digest)
    settlements = Settlements(people, publisher, codes, packs.vocabulary)
    return Wiring(
        resources,
        subscriptions(settlements),
        due_handlers={
            **Due(people, publisher, packs, warnings, at_rest).handlers,
            **Handover(people, publisher, resources.operators, codes).handlers,
            **renaming.handlers,
        },
        decisions=Decisions(SPECS, intake.decide),
        indexes=INDEXES,
        cipher=at_rest,
        published=PUBLISHED,
        on_programmes=[renaming.schedule],
    )
