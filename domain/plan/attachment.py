"""A file that belongs to what is said: a photograph, a laboratory report, a scanned act, a video; by digest, size and type.

What is signed names the file and never holds it: who has the file at hand can prove that it is the one, and who has not knows
that there is one. The file itself is kept elsewhere, or handed over otherwise.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, Field

from domain.plan.vocabulary import Digest, HandlingCode
from domain.signing.canonical import Sent, canonical, plain
from domain.words.limits import ATTACHMENTS_BYTES, LARGEST_NAMED, LONGEST_PLACE, MOST_ATTACHMENTS

MediaType = Literal[
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/heic",
    "application/dicom",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.oasis.opendocument.text",
    "text/plain",
    "text/csv",
    "audio/mpeg",
    "audio/mp4",
    "audio/wav",
    "video/mp4",
    "video/quicktime",
    "video/x-matroska",
]
"""What officers, laboratories and X-ray machines make (RFC 6838). None of them is a page or a program: nothing in them runs."""

SUFFIXES: Final[Mapping[str, MediaType]] = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "heic": "image/heic",
    "dcm": "application/dicom",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
    "txt": "text/plain",
    "csv": "text/csv",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
}
"""How the name of such a file ends. The first of each type is how a file is called that has none."""

_ZIP, _ISO_MEDIA = ((0, b"PK\x03\x04"),), ((4, b"ftyp"),)
_BEGINS: Final[Mapping[MediaType, tuple[tuple[tuple[int, bytes], ...], ...]]] = {
    "image/jpeg": (((0, b"\xff\xd8\xff"),),),
    "image/png": (((0, b"\x89PNG\r\n\x1a\n"),),),
    "image/tiff": (((0, b"II*\0"),), ((0, b"MM\0*"),)),
    "image/heic": (_ISO_MEDIA,),
    "application/dicom": (((128, b"DICM"),),),
    "application/pdf": (((0, b"%PDF-"),),),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (_ZIP,),
    "application/vnd.oasis.opendocument.text": (_ZIP,),
    "audio/mpeg": (((0, b"ID3"),), ((0, b"\xff\xfb"),), ((0, b"\xff\xf3"),), ((0, b"\xff\xf2"),)),
    "audio/mp4": (_ISO_MEDIA,),
    "audio/wav": (((0, b"RIFF"), (8, b"WAVE")),),
    "video/mp4": (_ISO_MEDIA,),
    "video/quicktime": (_ISO_MEDIA, ((4, b"moov"),), ((4, b"mdat"),), ((4, b"wide"),)),
    "video/x-matroska": (((0, b"\x1a\x45\xdf\xa3"),),),
}
"""With which bytes, and where, a file of a type begins: one of these ways. Text begins with anything."""
HEAD: Final = 512
"""Bytes of a file from which it is seen whether it is of its type."""


class File(Sent):
    """What is known of a file before anybody has it."""

    digest: Digest
    """SHA-256 of the file."""
    size: Annotated[int, Field(ge=1, le=LARGEST_NAMED)]
    """In bytes."""
    media_type: MediaType

    @property
    def name(self) -> str:
        """How it is called: the digest, and the ending of its type. Nobody's words are in it, so it leads nowhere."""
        return f"{self.digest}.{next(suffix for suffix, one in SUFFIXES.items() if one == self.media_type)}"


class Attachment(File):
    """A file that is named. Its handling code stands beside that of what names it: the stricter of the two holds."""

    shows: Annotated[str, Field(min_length=1, max_length=LONGEST_PLACE)]
    """What is to be seen in it, or its title."""
    handling: Annotated[HandlingCode | None, Field(exclude_if=lambda code: code is None)] = None
    """A code of its own (R23); none: that of what names it. What the caveat of an H3 is, what names it says."""

    @property
    def is_recording(self) -> bool:
        """Whether it shows or sounds what happened, as a photograph and a video do."""
        return self.media_type.partition("/")[0] in ("image", "audio", "video")


def _bounded(given: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    digests = [one.digest for one in given]
    if len(digests) != len(dict.fromkeys(digests)):
        raise ValueError("each file is attached once")
    if given and len(canonical([plain(one) for one in given])) > ATTACHMENTS_BYTES:
        raise ValueError(f"R28: what is said of attachments has {ATTACHMENTS_BYTES} bytes at most")
    return given


Attachments = Annotated[tuple[Attachment, ...], Field(max_length=MOST_ATTACHMENTS), AfterValidator(_bounded)]


def media_type_of(name: str) -> MediaType | None:
    """The type of a file, by how its name ends; none where no such file is taken."""
    return SUFFIXES.get(name.rpartition(".")[2].lower()) if "." in name else None


def begins_as(media_type: MediaType, head: bytes) -> bool:
    """Whether a file that begins with these bytes, `HEAD` of them or all there are, may be of the type that it is said to be."""
    ways = _BEGINS.get(media_type)
    if ways is None:
        return b"\0" not in head
    return any(all(head[at : at + len(sign)] == sign for at, sign in way) for way in ways)


def each_once(named: Iterable[Attachment]) -> dict[str, Attachment]:
    """Files by their digests, each as it was named first."""
    found: dict[str, Attachment] = {}
    for one in named:
        found.setdefault(one.digest, one)
    return found


assert all(one in SUFFIXES.values() for one in get_args(MediaType))  # noqa: S101 - a type without an ending has no file name
