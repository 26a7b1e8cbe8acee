"""Questions about municipalities' cases."""

from services.intake.commands.spec import Question
from services.intake.domain.errors import DomainError
from services.intake.domain.refugee import Refugee
from services.intake.store import File
from shared.contracts.intake.commands.cases import FindPerson
from shared.messaging.commands.answers import Accepted, UnknownSubject
from shared.personal_numbers import reads_as_personal_number


def case_of(command: FindPerson) -> tuple[str, str]:
    """The case that is asked for; raises `personal_number`."""
    if reads_as_personal_number(command.case):
        raise DomainError(
            "personal_number", "Ask by the case's reference, never by a personal number.", "case"
        )
    return command.municipality, command.case


def subject_of(file: File[Refugee] | None) -> Accepted | UnknownSubject:
    """Whose case it is, where that is known outside.

    A case that was withdrawn before it was heard of has a file, and nothing was published of it.
    """
    if file is None or not file.person.is_public or not file.state.number:
        return UnknownSubject()
    subject = file.person.subject
    return Accepted({"subject": subject, "revision": file.state.number}, subject)


FIND_PERSON = Question(model=FindPerson, role="coordinator", subject="case", decide=subject_of, case=case_of)
