"""Papers as files: HTML and PDF show what the data have, nothing hostile gets through, and a changed paper is found."""

import json
from dataclasses import replace
from functools import cache

import pytest

from domain.papers.handed import Format
from domain.papers.making import Wanted, make, purpose_of
from domain.papers.paper import Paragraph, Value, Words
from domain.papers.record import Record
from domain.record.packet import Manifest, Packet, unseal
from domain.words.errors import Malformed, NotVerified
from papers import html, pdf
from papers.file import read
from papers.rendering import packed, render
from papers.typeset import typeset
from papers.verifying import looked_up, verified, visible
from process.language import speakers
from rehearsal.simulator import World, simulate
from tests.support import example_cards, example_directory, example_scenario

SPEAKERS = speakers(None)
HANDOVER = "handover.tashkent-airport"
HOSTILE = '#eval("1+1") ]$ \\u{41} </script><b>bold</b> {{ 7*7 }} "; } @import url(//x); *b* _c_ `d` @ref <label>'


@cache
def packet_of(seed: int = 1) -> tuple[Packet, Manifest]:
    """The packet of an example, and what seals it."""
    plan, scenario = example_scenario("almaty-tashkent")
    packet, manifest, _ = unseal(simulate(World(plan, example_directory(), example_cards(), scenario, seed)).packet)
    return packet, manifest


@cache
def record_of(seed: int = 1) -> Record:
    """Its record, as it ran."""
    plan, scenario = example_scenario("almaty-tashkent")
    return Record.of(simulate(World(plan, example_directory(), example_cards(), scenario, seed)).delivery)


def paper(form: Format = "html", name: str = HANDOVER, language: str = "en") -> bytes:
    """A paper of it as a file."""
    wanted = Wanted(name, language)
    return render(make(record_of(), wanted, SPEAKERS), purpose_of(wanted), form)


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_a_paper_is_the_one_that_its_packet_makes(form: Format) -> None:
    """Made online from the archive, a paper is found to be that of the packet, offline."""
    packet, manifest = packet_of()

    assert HANDOVER == verified(paper(form), packet, manifest, SPEAKERS).name


def test_a_changed_figure_is_said() -> None:
    """A paper with one figure changed is refused, with the figure and what it should be."""
    packet, manifest = packet_of()
    changed = paper().replace(b"13,900", b"13,400", 1)

    with pytest.raises(NotVerified, match=r"13,400.*13,900"):
        verified(changed, packet, manifest, SPEAKERS)


def test_a_changed_pdf_is_said() -> None:
    """A PDF of which one byte was changed is refused."""
    packet, manifest = packet_of()
    data = bytearray(paper("pdf"))
    data[len(data) // 2] ^= 1

    with pytest.raises(NotVerified, match="altered"):
        verified(bytes(data), packet, manifest, SPEAKERS)


def test_a_style_that_hides_something_is_said() -> None:
    """A paper whose text is as it was, and which shows less of it, is refused."""
    packet, manifest = packet_of()

    with pytest.raises(NotVerified):
        verified(paper().replace(b"<h1>", b'<h1 style="display: none">', 1), packet, manifest, SPEAKERS)


def test_a_paper_of_another_packet_is_said() -> None:
    """A paper of the same plan that went otherwise is not this packet's."""
    with pytest.raises(NotVerified, match="says"):
        verified(paper(), *packet_of(2), SPEAKERS)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"<html>", b'<script type="application/json" id="vigil-paper">{}</script>'])
def test_what_is_no_paper_is_refused(data: bytes) -> None:
    """A file that does not say which paper it is, is none."""
    with pytest.raises(Malformed, match="none that Vigil has made"):
        read(data)


def test_a_code_is_looked_up() -> None:
    """Twelve digits read aloud are enough to find the paper; other digits are no paper's."""
    packet, manifest = packet_of()
    code = make(record_of(), Wanted(HANDOVER, "ru-en"), SPEAKERS).paper.code

    assert ("ru-en", HANDOVER) == ((found := looked_up(code, packet, manifest, SPEAKERS)).language, found.name)
    with pytest.raises(NotVerified, match="no paper"):
        looked_up("000000000000", packet, manifest, SPEAKERS)


def test_hostile_words_are_words() -> None:
    """Whatever somebody writes is shown as written: neither markup, script nor style of either file begins with it."""
    made = make(record_of(), Wanted(HANDOVER, "en"), SPEAKERS)
    hostile = Paragraph((Words(HOSTILE), Value(HOSTILE, ("plan",)), Value(HOSTILE, ("plan",), strong=True)))
    wrong = replace(made, paper=replace(made.paper, blocks=(*made.paper.blocks, hostile)))
    page = html.render(wrong)

    assert any(HOSTILE in text for text in visible(page))
    assert b"<b>bold</b>" not in page
    assert b"%PDF-" == typeset(pdf.given(wrong))[:5]


def test_what_is_handed_over_is_the_file() -> None:
    """The gateway hands over the bytes that are verified, with the identity that stands in them."""
    wanted = Wanted(HANDOVER, "en")
    given = packed(make(record_of(), wanted, SPEAKERS), purpose_of(wanted), "html")

    assert read(given.content()) == given.paper
    assert json.loads(given.model_dump_json())["paper"]["code"] == given.paper.code
