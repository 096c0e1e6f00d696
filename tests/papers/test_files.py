"""Papers as files: HTML and PDF show what the data have, nothing hostile gets through, and a changed paper is found."""

import json
import re
import shutil
import struct
import zlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typst
from playwright.async_api import async_playwright

from domain.papers.frame import Frame
from domain.papers.handed import Format
from domain.papers.making import Made, Wanted, make, offered, purpose_of
from domain.papers.making import record_of as papers_record
from domain.papers.paper import (
    BarRow,
    Bars,
    Block,
    Break,
    Column,
    Columns,
    Dated,
    Fields,
    Items,
    Located,
    Map,
    Paragraph,
    Sentence,
    Table,
    TableRow,
    TimeBar,
    Value,
    Words,
)
from domain.papers.record import Record
from domain.record.packet import Manifest, Packet, unseal
from domain.views.map_picture import SHIELD
from domain.words.errors import Malformed, NotVerified, RuleBroken, Unavailable
from domain.words.text import shown
from papers import html, pdf
from papers.file import read
from papers.maps import picture
from papers.outlines import outlines
from papers.rendering import packed, render
from papers.typeset import TEMPLATE, typeset
from papers.verifying import LONGEST_SHOWN, looked_up, verified, visible
from process.language import speakers
from rehearsal.simulator import World, simulate
from tests.client.test_hostile import is_harmless
from tests.domain.test_changes import change
from tests.domain.test_successors import BESIDE, instead
from tests.domain.test_text import HOSTILE as HIDDEN
from tests.domain.test_text import ORDERS
from tests.support import Table as Table_
from tests.support import asks, card_of, example_cards, example_directory, example_plan, example_scenario, with_changes

SPEAKERS = speakers(None)
HANDOVER = "handover.tashkent-airport"
SPLIT = "handover.kazakh-russian-border"
REQUEST = "request.uz.prosecutor"
HOSTILE = '#eval("1+1") ]$ \\u{41} </script><b>bold</b> {{ 7*7 }} "; } @import url(//x); *b* _c_ `d` @ref <label>'
UNSEEN = " ".join(("before", *HIDDEN, *ORDERS, "after"))


@cache
def packet_of(seed: int = 1) -> tuple[Packet, Manifest]:
    """The packet of an example, and what seals it."""
    plan, scenario = example_scenario("almaty-tashkent")
    packet, manifest, _ = unseal(simulate(World(plan, example_directory(), example_cards(), scenario, seed)).packet)
    return packet, manifest


@cache
def record_of(seed: int = 1, name: str = "almaty-tashkent") -> Record:
    """The record of an example, as it ran."""
    plan, scenario = example_scenario(name)
    return Record.of(simulate(World(plan, example_directory(), example_cards(), scenario, seed)).delivery)


def paper(form: Format = "html", name: str = HANDOVER, language: str = "en") -> bytes:
    """A paper of it as a file."""
    wanted = Wanted(name, language)
    return render(make(record_of(), wanted, SPEAKERS), purpose_of(wanted), form)


def test_the_map_of_a_paper_is_drawn_from_its_data() -> None:
    """In grey, in a file by itself, the same each time; with no outlines the places stand there all the same."""
    plan, scenario = example_scenario("partial-replacement")
    record = Record.of(simulate(World(plan, example_directory(), example_cards(), scenario, 1)).delivery)
    made = make(record, Wanted("court", "ru"), SPEAKERS)
    (block,) = (one for one in made.paper.data["blocks"] if one["block"] == "map")
    drawn, bare = picture(block, outlines()), picture(block, None)

    assert drawn in html.render(made).decode()
    assert drawn in json.loads(pdf.given(made))["paper"]["blocks"][made.paper.blocks.index(_map(made))]["picture"]
    assert "КАЗАХСТАН" in drawn
    assert 'class="land"' not in bare
    for one in (drawn, bare):
        assert ["1", "2", "3", "4"] == re.findall(r'<text class="nr"[^>]*>(\d)</text>', one)
        assert {"class", "viewBox", "role", "aria-label", "xmlns"} == set(re.findall(r'([\w-]+)="', one.split(">")[0]))
    post = {**block["located"][1], "post": "Border post"}
    drawn = picture({**block, "located": [block["located"][0], post, *block["located"][2:]]}, outlines())
    assert 1 == drawn.count('class="post"') == drawn.count(SHIELD)
    assert "" == picture({**block, "located": block["located"][:1]}, outlines())


def _map(made: Made) -> Block:
    return next(one for one in made.paper.blocks if isinstance(one, Map))


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_a_paper_is_the_one_that_its_packet_makes(form: Format) -> None:
    """Made online from the archive, a paper is found to be that of the packet, offline."""
    packet, manifest = packet_of()

    assert HANDOVER == verified(paper(form), packet, manifest, SPEAKERS).name


def test_a_changed_figure_is_said() -> None:
    """A paper with one figure changed is refused with the figure and what it should be; with a part cut out, with its words; with
    something typed into a blank, with what that is.
    """
    packet, manifest = packet_of()
    changed = paper().replace(b"13,900", b"13,400", 1)
    cut = re.sub(rb"<table.*</table>", b"", paper(), count=1, flags=re.DOTALL)

    written = re.sub(rb'(<span class="blank w\d">)', rb"\g<1>17/05", paper(), count=1)

    with pytest.raises(NotVerified, match="“17/05” where this packet makes it say nothing"):
        verified(written, packet, manifest, SPEAKERS)
    with pytest.raises(NotVerified, match=r"13,400.*13,900"):
        verified(changed, packet, manifest, SPEAKERS)
    with pytest.raises(NotVerified, match="where this packet makes it say “What”"):
        verified(cut, packet, manifest, SPEAKERS)


def test_a_changed_pdf_is_said() -> None:
    """A PDF of which one byte was changed is refused, and one from which a sheet was taken with how many there were."""
    packet, manifest = packet_of()
    data = bytearray(paper("pdf"))
    data[len(data) // 2] ^= 1
    whole = paper("pdf", "results")
    less = re.sub(rb"/Count (\d)", lambda found: b"/Count %d" % (int(found[1]) - 1), whole, count=1)

    with pytest.raises(NotVerified, match="altered"):
        verified(bytes(data), packet, manifest, SPEAKERS)
    with pytest.raises(NotVerified, match="sheets in this paper: 1; as this packet makes it: 2"):
        verified(less, packet, manifest, SPEAKERS)


def test_a_style_that_hides_something_is_said() -> None:
    """A paper whose text is as it was, and which shows less of it, is refused."""
    packet, manifest = packet_of()

    with pytest.raises(NotVerified):
        verified(paper().replace(b"<h1>", b'<h1 style="display: none">', 1), packet, manifest, SPEAKERS)


def test_a_paper_of_another_packet_is_said() -> None:
    """A paper of the same plan that went otherwise is not this packet's."""
    with pytest.raises(NotVerified, match="says"):
        verified(paper(), *packet_of(2), SPEAKERS)


def test_a_paper_of_another_ledger_is_said_to_be_of_one() -> None:
    """Where another run of the same operation has no such paper, it is not said that there is none yet."""
    table = Table_().dispatch()
    table.say("kz.police", "stop_requested")
    table.say("kz.police", "interdicted", "stop.interdiction", place="the yard", gross="13.9 kg")
    other = html.render(make(Record.of(table.delivery), Wanted("seizure.stop.interdiction", "en"), SPEAKERS))
    packet, manifest = packet_of()

    with pytest.raises(NotVerified, match="it rests on another ledger"):
        verified(other, packet, manifest, SPEAKERS)
    with pytest.raises(NotVerified, match="makes no paper"):
        verified(paper().replace(b'"handover.tashkent-airport"', b'"handover.nowhere"'), packet, manifest, SPEAKERS)


def test_a_paper_that_was_replaced_is_said_to_be() -> None:
    """A report as of an earlier entry is one of this packet, and the one that the packet makes by now is named: nobody can show
    the older one as if nothing had come after it.
    """
    packet, manifest = packet_of()
    wanted = Wanted("results", "en")
    earlier = make(papers_record(packet, manifest.purpose, len(packet.ledger) - 12), wanted, SPEAKERS)
    now = make(record_of(), wanted, SPEAKERS)

    assert now.paper.code == verified(html.render(earlier), packet, manifest, SPEAKERS).newer
    assert verified(html.render(now), packet, manifest, SPEAKERS).newer is None


def test_r23_a_paper_that_was_permitted_after_its_newest_entry_is_its_packets() -> None:
    """What its providers permitted to go before a court once it had all been said is no less the paper; what they have not is
    none that may be shown there.
    """
    table = Table_(example_plan().model_copy(update={"handling_code": "H1"})).dispatch().hand_over()
    act = make(Record.of(table.delivery), Wanted(HANDOVER, "en"), SPEAKERS)
    shown = html.render(act, "court")
    with pytest.raises(RuleBroken, match="has not permitted"):
        verified(shown, *unseal(table.packet())[:2], SPEAKERS)
    for service in ("kz.knb", "kz.police", "uz.customs"):
        table.say(service, "disclosure_permitted", to="court")

    assert act.paper.code == verified(shown, *unseal(table.packet())[:2], SPEAKERS).code


def test_r22_a_paper_to_an_authority_that_was_replaced_is_its_packets() -> None:
    """It was asked so, whoever is asked now; and nobody is told that the paper is the newest."""
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation")})
    table = Table_(plan, other_cards=card_of("KZ", **BESIDE))
    asked = html.render(make(Record.of(table.delivery), Wanted("request.kz.prosecutor", "en"), SPEAKERS))
    assert verified(asked, *unseal(table.packet())[:2], SPEAKERS).newer is None
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court", passed=()))

    assert not any(one.name == "request.kz.prosecutor" for one in offered(Record.of(table.delivery)))
    assert verified(asked, *unseal(table.packet())[:2], SPEAKERS).newer == ""


def test_what_differs_is_shown_where_it_does() -> None:
    """Of a long text with one figure changed far inside, the figure is shown, and not only how the text begins."""
    packet, manifest = packet_of()
    texts = [one.text for one in make(record_of(), Wanted(REQUEST, "en"), SPEAKERS).paper.pieces if isinstance(one, Value)]
    longest, data = max(texts, key=len), paper(name=REQUEST)
    deep = next(one for one in reversed(longest.split(" ")) if one.isalpha() and data.count(one.encode()) == 1)

    assert longest.index(deep) > LONGEST_SHOWN
    with pytest.raises(NotVerified, match="CHANGED"):
        verified(data.replace(deep.encode(), b"CHANGED", 1), packet, manifest, SPEAKERS)


def test_a_file_full_of_repetitions_is_refused() -> None:
    """A large file that resembles the paper a hundred thousand times is refused like any other."""
    packet, manifest = packet_of()
    data = paper().replace(b"</body>", b'<td class="figures">1</td>' * 100_000 + b"</body>")

    with pytest.raises(NotVerified, match="says"):
        verified(data, packet, manifest, SPEAKERS)


def test_no_letter_is_printed_as_a_box() -> None:
    """A PDF shows each letter of the States that take part; where its fonts have none, it is refused, and HTML is offered."""
    made = make(record_of(), Wanted(HANDOVER, "en"), SPEAKERS)
    known = "Қазақстан, Ўзбекистон, Тоҷикистон, Azərbaycan, Հայաստան, საქართველო, Latvija ģķļņ"

    def with_text(text: str) -> Made:
        return replace(made, paper=replace(made.paper, blocks=(Paragraph((Value(text, ("plan",)),)),)))

    assert pdf.render(with_text(known)).startswith(b"%PDF-")
    with pytest.raises(Unavailable, match="no letter 中") as refused:
        pdf.render(with_text("中文"))
    assert "HTML" in refused.value.hint
    assert "中文" in visible(html.render(with_text("中文")))


def test_a_box_stays_with_its_word() -> None:
    """In a browser no line ends between a box and the word behind it."""
    file = paper().decode()

    assert '<span class="kept"><span class="box"></span> none</span>' in file
    assert file.count('<span class="kept"><span class="box') == file.count('<span class="box') == 4


def test_words_from_right_to_left_stand_apart() -> None:
    """What somebody wrote in Hebrew or Arabic is isolated, so that the figures beside it stay where they are."""
    made = make(record_of(), Wanted(HANDOVER, "en"), SPEAKERS)
    line = (Words("declared as "), Value("אבג", ("plan",)), Words(" 5 kg"))
    page = html.render(replace(made, paper=replace(made.paper, blocks=(Paragraph(line),))))

    assert "<bdi>אבג</bdi>".encode() in page


def wide_blocks() -> tuple[Block, ...]:
    """A word as long as a text may be, wherever one may stand."""
    word = (Value("W" * 200, ("plan",)),)
    cells = Table((Column(word), Column(word), Column(word)), (TableRow((word, word, word)),))
    lines = (Paragraph(word), Paragraph(word, "left"), Sentence("1", word), Items((word,)), Dated(word, word, word))
    blocks = (*lines, Fields(((word, (word,)),), numbered=True), cells)
    return (*blocks, Columns(blocks, blocks, ruled=True), Break(), *blocks)


@pytest.mark.slow
def test_no_word_leaves_its_room() -> None:
    """A word as long as a text may be stands over nothing else: in PDF it breaks, and the margin stays white."""
    made = make(record_of(), Wanted(HANDOVER, "en"), SPEAKERS)
    wrong = replace(made, paper=replace(made.paper, blocks=wide_blocks()))
    given = {"given": pdf.given(wrong).decode()}
    pages = typst.compile(TEMPLATE.read_bytes(), format="png", ppi=40, ignore_system_fonts=True, sys_inputs=given)

    assert isinstance(pages, list)
    for page in pages:
        width, rows = pixels(page)
        right = width * 199 // 210
        assert not any(min(row[4 * right :]) < 255 for row in rows)
        assert any(min(row[: 4 * right]) < 255 for row in rows)


def test_a_paper_in_two_languages_says_the_whole_command_in_both() -> None:
    """How it is checked: in each with its code, which no line parts from its option."""
    page = html.render(make(record_of(), Wanted(HANDOVER, "ru-en"), SPEAKERS)).decode()

    assert 2 == len(re.findall(r'vigil verify \w+ <span class="whole">--paper [0-9]{12}</span>', page))


def test_the_whole_name_of_a_row_of_bars_stands_beside_them() -> None:
    """However long an act's number is: in HTML it is broken before the bars, in PDF the row is as high as it; nothing is cut."""
    name, made = "Russian Federation, No. " + "7/12-34 " * 20, make(record_of(), Wanted(HANDOVER, "en"), SPEAKERS)
    bars = [Bars((BarRow((Words(one),), (TimeBar(0, 1000, "light"),)),) * 2, ()) for one in (name, "Russian Federation")]
    long, short = (replace(made, paper=replace(made.paper, blocks=(one,))) for one in bars)
    lines = re.findall(r'<text x="0" y="([0-9]+)">([^<]*)</text>', html.render(long).decode())
    dark = []
    for one in (long, short):
        given = {"given": pdf.given(one).decode()}
        pages = typst.compile(TEMPLATE.read_bytes(), format="png", ppi=40, ignore_system_fonts=True, sys_inputs=given)
        assert pages is not None
        width, rows = pixels(pages if isinstance(pages, bytes) else pages[0])
        dark.append(sum(min(row[4 * (width * 30 // 210) : 4 * (width * 60 // 210)]) < 200 for row in rows))

    assert [name.strip()] * 2 == [
        " ".join(text for _, text in half) for half in (lines[: len(lines) // 2], lines[len(lines) // 2 :])
    ]
    assert len({at for at, _ in lines}) == len(lines) >= 2 * 5
    assert max(len(text) for _, text in lines) < 32
    assert dark[0] > dark[1] + 2 * 5 * 2  # at least five lines more for each, of two rows of pixels


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "language"),
    [("handover.kazakh-russian-border", "ru-en"), ("request.ru.customs", "ru"), ("submission.KG", "en"), ("court", "ru")],
)
def test_no_sheet_has_the_box_alone(name: str, language: str) -> None:
    """The box that says how to check a paper, which begins with a line across the page, stands on no sheet alone: with it go the
    signatures and what is read before them, or the last rows of the annex.
    """
    made = make(record_of(name="partial-replacement"), Wanted(name, language), SPEAKERS)
    given = {"given": pdf.given(made).decode()}
    pages = typst.compile(TEMPLATE.read_bytes(), format="png", ppi=48, ignore_system_fonts=True, sys_inputs=given)

    assert isinstance(pages, list)
    width, rows = pixels(pages[-1])
    left, right = 4 * (width * 30 // 210), 4 * (width * 190 // 210)
    first = next(row for row in rows[len(rows) * 17 // 297 :] if min(row[left:right]) < 160)
    assert max(first[left:right:4]) > 160


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = (390, 653, 1440)
"""Pixels: of a telephone, of what is printed of an A4 sheet, of a screen."""
OUTSIDE = """[...document.querySelectorAll("svg")].flatMap(picture => [...picture.querySelectorAll("text")].filter(text =>
  text.getBoundingClientRect().right > picture.getBoundingClientRect().right + 0.5).map(text => text.textContent))"""
"""Words of a picture that it cuts."""


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")
async def test_no_word_leaves_the_page(tmp_path: Path) -> None:
    """A word as long as a text may be breaks in HTML, and so does a blank: the page is never wider than a telephone, a sheet or a
    screen, so that nothing is cut; nor does a picture cut what is said of a bar at its end.
    """
    made, both = (make(record_of(), Wanted(*one), SPEAKERS) for one in (("results", "en"), (HANDOVER, "ru-en")))
    bars = Bars((BarRow((Words("at the end"),), (TimeBar(1000, 1000, "dark", (Words("seized 0 g"),)),)),), ())
    files = tmp_path / "paper.html", tmp_path / "wide.html", tmp_path / "both.html"
    files[0].write_bytes(html.render(made))
    files[2].write_bytes(html.render(both))
    files[1].write_bytes(html.render(replace(made, paper=replace(made.paper, blocks=(*wide_blocks(), bars)))))
    found = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        for file in files:
            await page.goto(file.as_uri())
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 900})
                wide = await page.evaluate("document.documentElement.scrollWidth")
                found.append((file.name, width, wide > width, await page.evaluate(OUTSIDE)))
        await browser.close()

    assert [(file.name, width, False, []) for file in files for width in WIDTHS] == found


def pixels(png: bytes) -> tuple[int, list[bytes]]:
    """The width of a picture of eight bits for each of four colours, and its rows."""
    width, height = struct.unpack(">II", png[16:24])
    place, parts = 8, []
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            parts.append(png[place + 8 : place + 8 + size])
        place += size + 12
    data, step = zlib.decompress(b"".join(parts)), 4 * width + 1
    rows, above = [], bytes(4 * width)
    for number in range(height):
        above = _unfiltered(data[number * step], bytearray(data[number * step + 1 : (number + 1) * step]), above)
        rows.append(above)
    return width, rows


def _unfiltered(kind: int, row: bytearray, above: bytes) -> bytes:
    """One row, as the filters of PNG have it (RFC 2083, section 6)."""
    for place in range(len(row)) if kind else ():
        left = row[place - 4] if place >= 4 else 0
        corner = above[place - 4] if place >= 4 else 0
        nearest = min((abs(above[place] - corner), 0, left), (abs(left - corner), 1, above[place]))
        nearest = min(nearest, (abs(left + above[place] - 2 * corner), 2, corner))
        row[place] = (row[place] + (0, left, above[place], (left + above[place]) // 2, nearest[2])[kind]) & 255
    return bytes(row)


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


def saying(words: str, part: Any) -> Any:
    """The same part of a paper, every text of which says this: of a piece, of a post, of what stands around it."""
    if isinstance(part, Words | Value):
        return replace(part, text=words)
    if isinstance(part, Located):
        return replace(part, post=words)
    if isinstance(part, Frame):
        return replace(part, title=words, handling=words, top=words, foot=words, made_from=words, command=words)
    if isinstance(part, tuple):
        return tuple(saying(words, one) for one in part)
    if not is_dataclass(part) or isinstance(part, type):
        return part
    return replace(part, **{one.name: saying(words, getattr(part, one.name)) for one in fields(part)})


@pytest.mark.parametrize("wanted", [Wanted("court", "ru"), Wanted("results", "en"), Wanted(SPLIT, "ru-en")])
def test_nothing_hidden_stands_in_a_paper(wanted: Wanted) -> None:
    """In no block of it, nor around it, as HTML or as PDF: what turns, hides or ends what is beside it is written out."""
    made = make(record_of(name="partial-replacement"), wanted, SPEAKERS)
    wrong = replace(made, paper=replace(made.paper, blocks=saying(UNSEEN, made.paper.blocks)), frame=saying(UNSEEN, made.frame))
    page, texts = html.render(wrong), [*texts_of(json.loads(pdf.given(wrong)))]

    assert is_harmless(page.decode())
    assert any(shown(UNSEEN) in text for text in visible(page))
    assert all(map(is_harmless, texts))
    assert shown(UNSEEN) in texts


def texts_of(data: Any) -> Iterator[str]:
    """Every text in it."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        yield from (text for one in (data.values() if isinstance(data, dict) else data) for text in texts_of(one))


def test_a_pdf_says_what_is_not_seen() -> None:
    """It is made all the same, and refused for no letter that it does not print."""
    made = make(record_of(), Wanted(HANDOVER, "en"), SPEAKERS)
    wrong = replace(made, paper=replace(made.paper, blocks=saying(UNSEEN, (Paragraph((Words(""),)),))))

    assert pdf.render(wrong).startswith(b"%PDF-")


def test_what_is_handed_over_is_the_file() -> None:
    """The gateway hands over the bytes that are verified, with the identity that stands in them."""
    wanted = Wanted(HANDOVER, "en")
    given = packed(make(record_of(), wanted, SPEAKERS), purpose_of(wanted), "html")

    assert read(given.content()) == given.paper
    assert json.loads(given.model_dump_json())["paper"]["code"] == given.paper.code
