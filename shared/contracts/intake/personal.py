"""What a sealed answer about somebody holds."""

from shared.contracts.example import example
from shared.contracts.fields import Contract, Line


class PersonalDetails(Contract):
    """What `personal` in the answer to `ShowPerson` holds, and of it the names alone in the one to
    `FindPerson`'s `name`: JSON, sealed to the operator's key. What isn't known is left out.
    """

    model_config = example(
        {
            "given_name": "Berit",
            "family_name": "Eksempel-Klippe",
            "birth_date": "1971-07-15",
            "phone": "+4790000042",
            "email": "volunteer-42@example.org",
            "preferred_language": "nb",
        }
    )

    given_name: Line | None = None
    family_name: Line | None = None
    birth_date: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    preferred_language: str | None = None
    occupation: Line | None = None
