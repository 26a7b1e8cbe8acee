"""Faults as receipts and replies tell them: a sentence for people beside each code.

What each code means, at more length, is in docs/codes.md.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from shared.contracts.faults import MOST_FAULTS
from shared.contracts.topics import MUNICIPALITY_FORM
from shared.messaging.reading.outcome import Fault

LONGEST = 400
"""Characters of a sentence, as the contract has it."""

_TAKEN_BACK = (
    "nothing of them is public any more, and a pair that they had has ended. A settlement that is accepted "
    'with protection "none" opens them anew.'
)

SENTENCES = {
    "address_invalid": "This is no postal address in one text of up to 200 characters.",
    "age_unsure": (
        "Nobody can tell whether the person is of age. Who may be a minor is not matched where a programme "
        "asks for an age: send the date of birth, or its year."
    ),
    "base64_not_read": "data_base64 is not read here: send the data as a JSON object in data.",
    "batch_not_read": "CloudEvents' batch format is not read here: send each event as a record of its own.",
    "case_invalid": "A case reference has 1 to 64 of A-Z, a-z, 0-9 and . _ : / - such as 2026/4821.",
    "content_type_unknown": (
        "The content type is not read here: send application/cloudevents+json, or binary mode with "
        "application/json."
    ),
    "date_in_future": "The day lies ahead, and only what has happened may be sent.",
    "date_invalid": "This is no day, or one that does not exist: write it as 2026-11-22.",
    "date_missing": "One of expected_arrival_on, arrived_on and settled_on is needed.",
    "date_out_of_range": "Years lie between 1900 and 2200; a placeholder such as 9999 is left out.",
    "duplicate_header": "Two headers give this attribute and differ: send one.",
    "duplicate_key": "An object names a field twice: send it once.",
    "district_unlisted": (
        "There is no district, or one that no programme of the municipality lists, which is kept nowhere. "
        "Send one that is listed."
    ),
    "email_invalid": "No mail could be sent to this address: send one such as name@example.org.",
    "empty_value": "The record has no value: send the event as its value.",
    "field_invalid": "The value has not the form that the schema gives.",
    "field_missing": "The schema asks for this field.",
    "given_and_cleared": "A field is either given or cleared.",
    "header_not_utf8": "The header is not UTF-8.",
    "header_of_http": "The headers begin with ce-, as over HTTP: on Kafka they begin with ce_.",
    "header_quoted": "The header's value stands in quotes: send it without.",
    "id_collision": (
        "Another record of yours has this id and says something else. This one was not carried out."
    ),
    "integer_too_large": "A number is beyond 64 bits: send it as a text.",
    "interest_unlisted": (
        "Some interests are left out: none but those that the municipality's programmes list are published."
    ),
    "key_mismatch": "The record's key must be the same as its subject.",
    "key_missing": "The record has no key: set it to the subject.",
    "key_not_utf8": "The record's key is not UTF-8.",
    "language_unknown": "The tag names no registered language: send a BCP 47 tag such as nb, ti or ar-SY.",
    "lone_surrogate": "A text or a name holds half of a surrogate pair, which is no character.",
    "municipality_invalid": (
        "This names no municipality: send its country and official number, such as no-4601 or dk-751."
    ),
    "municipality_mismatch": "The source names another municipality than the topic.",
    "municipality_says": (
        "Of a refugee the municipality says this: have it send a correction. RecordBirthDate records when "
        "somebody was born."
    ),
    "municipality_unknown": f"The topic is no municipality's: {MUNICIPALITY_FORM}.",
    "minor_in_doubt": (
        "The record says of somebody that they are an unaccompanied minor, or leaves it open. Until a record "
        f"that can be read says otherwise, this person counts as one: {_TAKEN_BACK}"
    ),
    "name_missing": "Who somebody is takes one name at least: given_name or family_name.",
    "not_an_object": "The value is JSON and no object: send the event as an object.",
    "not_json": "The value is no JSON, is cut short, or holds several documents.",
    "not_listed": "No programme of the municipality knows it.",
    "not_utf8": "The value is not UTF-8.",
    "nul_in_key": "The name of a field holds a NUL character.",
    "null_value": "The value is null, and nothing can be erased on this topic.",
    "number_not_finite": "A number is NaN or infinite.",
    "outgoing_too_large": "What would follow from this record is too large to send.",
    "person_missing": "A settlement with protection none says in person who it is about.",
    "personal_number": "There is a personal number, or what could pass for one: send a reference instead.",
    "phone_invalid": (
        "No number can be made out: send one, with its country's code, such as +47 900 00 042."
    ),
    "protected_in_doubt": (
        "The record says of somebody that they are protected, or leaves it open. Until a record that can be "
        f"read says otherwise, this person counts as protected: {_TAKEN_BACK}"
    ),
    "protection_unstated": (
        f"protection is not stated, so the person counts as strictly confidential: {_TAKEN_BACK}"
    ),
    "time_in_future": "The time is more than five minutes ahead of the broker's: look at the sender's clock.",
    "time_invalid": "This is no moment, or one that does not exist: write it as 2026-11-22T09:00:00Z.",
    "time_without_zone": "The moment has no zone: add Z or an offset such as +01:00.",
    "too_deep": "Objects and lists lie in each other more than 20 levels deep.",
    "too_large": "The value is over 256 KiB.",
    "too_many_keys": "The value has more than 500 fields, or, of commands, 10,000.",
    "unhandled_exception": "The service failed on this record; it is kept and can be run again.",
    "unknown_field": "There is no such field here: leave it out, or spell it as the schema does.",
    "unknown_type": "This topic carries no such type.",
    "unknown_version": "The type is known in another version.",
    "unprintable_character": "A published text holds a line break or another sign that can't be printed.",
    "withdrawn_in_doubt": (
        "The record withdraws a case. Until a record that can be read says otherwise, whoever it is about "
        f"has left: {_TAKEN_BACK}"
    ),
}
_OTHER = "The record can't be read."


def sentence(fault: Fault) -> str:
    """What is wrong and what would help, in one or two sentences; nothing of the record."""
    said = SENTENCES.get(fault.code, _OTHER)
    if fault.detail is not None:
        said = f"{said} {fault.detail[0].upper()}{fault.detail[1:].removesuffix('.')}."
    meant = f" Did you mean {fault.nearest}?" if fault.nearest is not None else ""
    return _cut(said, LONGEST - len(meant)) + meant


def _cut(text: str, most: int) -> str:
    """No more than so many characters, of whole words."""
    return text if len(text) <= most else f"{text[: most - 1].rpartition(' ')[0]}…"


def told(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """The JSON of the contract's faults; their objects are shared and not to be changed."""
    return [_told(fault) for fault in faults[:MOST_FAULTS]]


# Most notes and faults are those of a few fields.
@lru_cache(maxsize=1024)
def _told(fault: Fault) -> dict[str, Any]:
    document = {
        "code": fault.code,
        "where": fault.where,
        "field": fault.field,
        "message": sentence(fault),
        "allowed": list(fault.allowed) or None,
        "nearest": fault.nearest,
    }
    return {name: value for name, value in document.items() if value is not None}
