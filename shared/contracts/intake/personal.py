"""What a sealed answer about somebody holds."""

from shared.contracts.example import VOLUNTEER, example
from shared.contracts.fields import Contract, Line, Subject


class PersonalDetails(Contract):
    """What `sealed` in the answer to `ShowPerson` holds, and of it the names alone in those to `FindPerson`:
    JSON, sealed to the operator's key. What isn't known is left out.
    """

    model_config = example(
        {
            "subject": VOLUNTEER,
            "given_name": "Berit",
            "family_name": "Eksempel-Klippe",
            "birth_date": "1971-07-15",
            "phone": "+4790000042",
            "email": "volunteer-42@example.org",
            "preferred_language": "nb",
        }
    )

    subject: Subject
    given_name: Line | None = None
    family_name: Line | None = None
    birth_date: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    preferred_language: str | None = None
    occupation: Line | None = None
