"""Whether a paper is the one that a packet makes: it is made anew from the packet, and the two must be the same to the byte."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from itertools import chain, zip_longest

from domain.papers.handed import Identity, identity_of
from domain.papers.making import Made, Wanted, make, offered, purpose_of, raise_unless_it_may_go, record_of
from domain.papers.record import Record
from domain.record.packet import Manifest, Packet
from domain.views.sentences import Translate
from domain.words.errors import NotFound, NotVerified, RuleBroken
from domain.words.text import fill, mark, shown
from papers.file import is_pdf, read
from papers.rendering import render

LONGEST_SHOWN = 120
"""Characters of what differs that are shown."""
BEFORE_IT = 40
"""Characters that are shown of what stands before it, and is the same."""
Speakers = Mapping[str, Translate]


class Confirmed(Identity):
    """Which paper of a packet a file is."""

    newer: str | None = None
    """The code of the one that the packet makes in its place by now, since later entries have changed what it says; empty where
    it makes none any more.
    """


def verified(data: bytes, packet: Packet, manifest: Manifest, speakers: Speakers) -> Confirmed:
    """Which paper of this packet the file is, and whether it is the newest. The packet itself has been verified before.

    Raises `Malformed` for a file that is no paper, and `NotVerified` for one that this packet does not make: what differs.
    """
    told = read(data)
    if told.delivery != manifest.delivery:
        raise NotVerified(
            fill("the paper is of {other}, and the packet of {delivery}", other=told.delivery, delivery=manifest.delivery)
        )
    if told.size > len(packet.ledger):
        message = fill("the paper rests on {size} entries, and the packet has {held}", size=told.size, held=len(packet.ledger))
        raise NotVerified(message, hint=mark("export a newer packet"))
    wanted = Wanted(told.name, told.language, told.purpose)
    record = record_of(packet, manifest.purpose, told.size)
    try:
        made = make(record, replace(wanted, purpose="operation"), dict(speakers))
    except NotFound as error:
        if not is_pdf(data) and record.root not in re.sub(r"\s", "", "".join(_Texts.of(data).words)):
            message = fill(
                "the paper does not bear the root that this packet's ledger has after {size} entries: it rests on another ledger",
                size=told.size,
            )
            raise NotVerified(message, hint=mark("give the packet that it was made from")) from error
        raise NotVerified(fill("this packet makes no paper {name}: {why}", name=told.name, why=error.said)) from error
    anew = render(made, purpose_of(wanted), "pdf" if is_pdf(data) else "html")
    if anew == data:
        now = record_of(packet, manifest.purpose) if told.size < len(packet.ledger) else record
        raise_unless_it_may_go(now, made.paper, purpose_of(wanted))  # it may have been permitted after the newest that it prints
        return Confirmed(**told.model_dump(), newer=_newer(made, now, speakers))
    raise NotVerified(_difference(told, made, data, anew), hint=mark("do not use it; make it anew from the packet"))


def _newer(made: Made, now: Record, speakers: Speakers) -> str | None:
    """The code of what is made in its place by `now`; none where that is the same, and empty where nothing is."""
    try:
        code = make(now, Wanted(made.paper.name, made.paper.language), dict(speakers)).paper.code
    except (NotFound, RuleBroken):  # its authority was replaced, or what came later may not go where its form goes (R23)
        return ""
    return code if code != made.paper.code else None


def _difference(told: Identity, made: Made, data: bytes, anew: bytes) -> str:
    """What of it is otherwise, as far as it can be seen."""
    if not is_pdf(data):
        differing = chain(_apart(*(_Texts.of(one).words for one in (data, anew))), _apart(visible(data), visible(anew)))
        for found, expected in differing:
            if not expected:
                return fill("the paper says “{found}” where this packet makes it say nothing", found=found)
            if not found:
                return fill("the paper says nothing where this packet makes it say “{expected}”", expected=expected)
            return fill("the paper says “{found}” where this packet makes it say “{expected}”", found=found, expected=expected)
    if told.digest != made.paper.digest:
        return fill(
            "the paper bears the digest {told}, and the paper that this packet makes has {made}",
            told=told.digest,
            made=made.paper.digest,
        )
    if is_pdf(data) and _sheets(data) != _sheets(anew):
        return fill(
            "sheets in this paper: {found}; as this packet makes it: {expected}", found=_sheets(data), expected=_sheets(anew)
        )
    return fill(
        "it bears the digest of this paper and is not its file: it was altered, or made by another version of the program"
    )


def _sheets(data: bytes) -> int:
    """How many a PDF says that it has."""
    return max((int(one) for one in re.findall(rb"/Count (\d{1,6})", data)), default=0)


def _apart(theirs: list[str], ours: list[str]) -> Iterator[tuple[str, str]]:
    """The texts that differ, one beside the other, each from a little before where it does: at a cost that no file can raise.

    What was written into a blank, or taken out, has an empty one beside it.
    """
    for place, (one, other) in enumerate(zip_longest(theirs, ours, fillvalue="")):
        if one != other and other in theirs[place + 1 : place + 2]:
            yield shown(one, LONGEST_SHOWN), ""
        elif one != other and one in ours[place + 1 : place + 2]:
            yield "", shown(other, LONGEST_SHOWN)
        elif one != other:
            same = next((place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), 0)
            cut = max(same - BEFORE_IT, 0)
            found, expected = (f"{'…' if cut else ''}{text[cut:]}" for text in (one, other))
            yield shown(found, LONGEST_SHOWN), shown(expected, LONGEST_SHOWN)


class _Texts(HTMLParser):
    """Whatever a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.words: list[str] = []
        self.hidden = False

    @classmethod
    def of(cls, data: bytes) -> "_Texts":
        """Those of a file."""
        parser = cls()
        parser.feed(data.decode("utf-8", "replace"))
        return parser

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Scripts show nothing; styles write into the margins of pages."""
        self.hidden = tag == "script"
        if tag != "script":
            self.texts += [f"{name}={value}" for name, value in attrs if name in ("class", "style", "src", "href", "hidden")]

    def handle_data(self, data: str) -> None:
        """A text between two tags."""
        if not self.hidden and data.strip():
            self.words.append(re.sub(r"\s+", " ", data.strip()))
            self.texts.append(self.words[-1])


def visible(data: bytes) -> list[str]:
    """What a page shows, and how, text by text."""
    return _Texts.of(data).texts


def looked_up(code: str, packet: Packet, manifest: Manifest, speakers: Speakers) -> Confirmed:
    """The paper that bears this check code, among all that the packet makes now. Raises `NotVerified`."""
    record = record_of(packet, manifest.purpose)
    for made, wanted in _all_of(record, speakers):
        if made.paper.code == code:
            return Confirmed(**identity_of(made, purpose_of(wanted)).model_dump())
    message = fill("no paper that this packet makes now bears the code {code}", code=code)
    raise NotVerified(message, hint=mark("it may be of another packet, or of an earlier state of the whole: give its file"))


def _all_of(record: Record, speakers: Speakers) -> Iterator[tuple[Made, Wanted]]:
    for one in offered(record):
        for language in one.languages:
            wanted = Wanted(one.name, language)
            try:
                yield make(record, wanted, dict(speakers)), wanted
            except RuleBroken:  # it may not go where its form goes (R23)
                continue
