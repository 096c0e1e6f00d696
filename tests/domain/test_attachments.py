"""Files that belong to what is said: named by digest, size and type, and taken for what they are only."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.plan.attachment import SUFFIXES, Attachment, begins_as, media_type_of
from domain.signing.canonical import canonical, plain
from domain.words.limits import ATTACHMENTS_BYTES, MOST_ATTACHMENTS
from tests.course import became, code
from tests.support import PHOTOGRAPH, Table, with_changes

BY_TWO = {"requires": [{"service": "kz.police", "says": "prepared", "officers": 2}, {"service": "kz.knb", "says": "ready"}]}


def numbered(count: int, **more: Any) -> tuple[Attachment, ...]:
    """So many photographs of one parcel."""
    return tuple(PHOTOGRAPH.model_copy(update={"digest": f"{number:064x}", **more}) for number in range(count))


def test_any_statement_may_have_attachments_and_a_stranger_reads_them() -> None:
    """They stand in the signed bytes, in the order in which they were given; without any there is no word of them."""
    table = Table()
    found = table.say("kz.knb", "information", to=["uz.customs"], text="as seen", attachments=numbered(2))
    said = table.delivery.law.read(found.entry.event.envelope)

    assert became(found) == ("accepted", None)
    assert list(said.attachments) == list(numbered(2))
    assert b"attachments" not in canonical(table.statement("kz.knb", "information", text="nothing to see"))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"digest": "AB" * 32}, "digest"),
        ({"size": 0}, "size"),
        ({"media_type": "text/html"}, "media_type"),
        ({"media_type": "image/svg+xml"}, "media_type"),
        ({"shows": ""}, "shows"),
        ({"handling": "H4"}, "handling"),
        ({"path": "../../etc/passwd"}, "path"),
    ],
)
def test_what_is_no_file_that_can_be_attached_is_refused(changed: dict[str, Any], problem: str) -> None:
    """A page that runs something, a size of nothing, a code that there is not, a path: each by its field."""
    with pytest.raises(ValidationError, match=problem):
        Attachment.model_validate(plain(PHOTOGRAPH) | changed)


def test_r28_a_statement_names_a_file_once_and_no_more_than_there_is_room_for() -> None:
    """A hundred are taken, one more is not, nor one that is named twice, nor more words on them than the bound."""
    table = Table()

    def say(attached: tuple[Attachment, ...]) -> str | None:
        statement = table.statement("kz.knb", "information", text="x", attachments=attached)
        return became(table.hand_in(statement))[0]

    assert say(numbered(MOST_ATTACHMENTS, shows="x")) == "accepted"
    for wrong, problem in (
        (numbered(MOST_ATTACHMENTS + 1, shows="x"), f"at most {MOST_ATTACHMENTS} items"),
        (numbered(1) * 2, "attached once"),
        (numbered(50, shows="ы" * 120), f"{ATTACHMENTS_BYTES} bytes"),
    ):
        with pytest.raises(ValidationError, match=problem):
            say(wrong)


def test_r20_two_officers_sign_the_same_attachments() -> None:
    """The second, who says the same and attaches another photograph, is refused; with the same it counts."""
    table = Table(with_changes(preparation=BY_TWO))
    table.consent()
    table.say("kz.police", "prepared", "preparation", attachments=numbered(1))
    other = table.say("kz.police", "prepared", "preparation", officer="officer-2", attachments=numbered(2))
    same = table.say("kz.police", "prepared", "preparation", officer="officer-2", attachments=numbered(1))

    assert (code(other), became(same)) == ("says_otherwise", ("accepted", None))


@pytest.mark.parametrize(
    ("media_type", "head", "expected"),
    [
        ("image/jpeg", b"\xff\xd8\xff\xe0", True),
        ("image/jpeg", b"<html><script>", False),
        ("image/png", b"\x89PNG\r\n\x1a\n", True),
        ("image/tiff", b"MM\0*", True),
        ("application/pdf", b"%PDF-1.7", True),
        ("application/pdf", b"MZ\x90\0", False),
        ("application/dicom", b"\0" * 128 + b"DICM", True),
        ("audio/wav", b"RIFF\0\0\0\0WAVE", True),
        ("audio/wav", b"RIFF\0\0\0\0AVI ", False),
        ("video/mp4", b"\0\0\0\x18ftypmp42", True),
        ("video/mp4", b"", False),
        ("text/plain", "Протокол".encode(), True),
        ("text/plain", b"MZ\x90\0", False),
    ],
)
def test_a_file_begins_as_its_type_does(media_type: Any, head: bytes, expected: bool) -> None:  # noqa: FBT001 - a table
    """A page that calls itself a photograph is found out by its first bytes, and so is a program that calls itself text."""
    assert begins_as(media_type, head) is expected


def test_a_file_is_known_by_its_ending_and_called_by_its_digest() -> None:
    """In capitals too; what is not taken has no type. What a file is called comes from nobody's words."""
    assert (media_type_of("IMG_0001.JPG"), media_type_of("act.html"), media_type_of("jpg")) == ("image/jpeg", None, None)
    for media_type in SUFFIXES.values():
        name = PHOTOGRAPH.model_copy(update={"media_type": media_type}).name
        assert (name.partition(".")[0], media_type_of(name)) == (PHOTOGRAPH.digest, media_type)
