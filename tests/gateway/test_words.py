"""What others have written is words on every page, in mail, and in Temporal's UI: it makes no mark-up, and hides nothing."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from activities.messenger import Alert, mail
from domain.delivery.requests import Inbox, Request, Stranded
from domain.plan.attachment import Attachment
from domain.views.attachments import FilesOfDelivery, NamedFile
from domain.views.ladders import Ladder, Step
from domain.views.lists import Row, Rows
from domain.views.route_map import RouteMap
from domain.views.situation import Situation, SituationSentence
from domain.views.timeline import ConsentSpan, Timeline, TimelineRow, TimelineSpan
from domain.views.timeline_picture import picture
from domain.views.view import Awaited, Because, DeliveryView, OpenCheckpoint, markdown
from domain.views.weighings import Weighing
from domain.words.text import in_markdown, shown
from gateway.access import CALLER, PROOFS, Proofs, Visitor
from gateway.pages import pages
from gateway.pages.delivery import Called, Climbed, OnePage, Weighed
from gateway.pages.lines import HistoryLine, line
from gateway.pages.maps import Maps
from gateway.pages.story import Chapter, StoryFilter, Tale
from process.in_force import InForce
from tests.client.test_hostile import AT, MARKUP, ROW, asked, entry, finding, is_harmless, shown_view
from tests.domain.test_text import HOSTILE, ORDERS
from tests.support import example_directory

DIRECTORY = example_directory()
ASKED_OF = {"says": ("sighting",), "standing": "asked"}
READER = Visitor(DIRECTORY.get("kz.knb"), "P-1", "key", None)
HTML = (
    "<script>x</script>",
    "<b>",
    "</p>",
    '"',
    "'",
    "&amp;",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "-->",
    "onload=x",
    "javascript:x",
    "%(x)s",
)
SIGNS = (
    "*x*",
    "_x_",
    "`x`",
    "[x](https://evil.example)",
    "![x](y)",
    "# x",
    "> x",
    "- x",
    "<https://evil.example>",
    "1. x",
    "|",
    "\\",
    "~~x~~",
)
hostile = st.lists(st.sampled_from([*HOSTILE, *ORDERS, *MARKUP, *HTML, *SIGNS, "word", " "]), min_size=1, max_size=8).map("".join)


class Structure(HTMLParser):
    """The elements of a page with the names of their attributes; and apart from them its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        self.elements.append((f"/{tag}",))

    def handle_data(self, data: str) -> None:
        """Words stand in it."""
        self.words += data


def page(template: str, **values: Any) -> str:
    """A page of the gateway, as it leaves it."""
    app = web.Application()
    app[PROOFS] = Proofs(InForce(DIRECTORY), "https://vigil.example")
    request = make_mocked_request("GET", "/desk", app=app)
    request[CALLER] = READER
    text = pages.page(request, template, **values).text
    assert text is not None
    return text


def row(words: str) -> Row:
    """A row of a list that says this wherever it can."""
    said = dict.fromkeys(("delivery", "title", "group", "phase", "outcome"), words)
    return Row.model_construct(**ROW | said | {"whole": True, "size": 4, "channel": words, "ended": False})


def line_of(words: str) -> HistoryLine:
    """A line of a ledger that says this wherever it can."""
    known = line(entry(words))
    return HistoryLine(
        known.seq,
        known.leaf,
        AT,
        "stated",
        words,
        words,
        "sighted",
        words,
        AT,
        (words,),
        groups=(("reached", (words,)),),
        finding=known.finding,
    )


def request_of(words: str) -> Request:
    """A request that says this wherever it can."""
    known = asked(words)
    facts = known.facts.model_copy(update={"state": words, "about": (finding(words),), "agree_with": words, "call": words})
    return known.model_copy(update={"delivery": words, "checkpoint": words, "service": words, "facts": facts})


def view_of(words: str) -> DeliveryView:
    """A delivery that has halted for a reason which says this."""
    found = finding(words)
    because = Because.model_construct(halted=found, rule="R8", out_of_sight=AT, discrepancy=(found,), unbalanced=(found,))
    return shown_view(words).model_copy(update={"because": because})


def one_page_of(words: str) -> OnePage:
    """All that its template draws, saying this wherever it can."""
    at, call = datetime(2026, 3, 1, tzinfo=UTC), Called(words, words, "")
    span, end = TimelineSpan(at, at + timedelta(hours=1)), Step("end", "halts", at)
    wait = OpenCheckpoint.model_construct(
        checkpoint=words,
        place=words,
        since=AT,
        due=None,
        overdue=False,
        services=(Awaited.model_construct(**ASKED_OF | {"service": words}),),
    )
    ladder = Ladder(wait, None, (end,), "halts", None, ())
    row = TimelineRow("leg", 0, words, (words,), span, span, goes_on=True, expected=span)
    drawn = Timeline(at, (ConsentSpan(words, words, span, live=True, needed=span),), (row,), timedelta())
    weighed = Weighing(1, AT, words, "prepared", words, 1, (words,), 1, 1)
    stands = Situation("needs_you", "lost", (SituationSentence(words, "act"),), (SituationSentence(words),), ladder)
    line = line_of(words)
    return OnePage(
        view=view_of(words),
        tags=(words,),
        situation=stands,
        way="",
        way_said=words,
        whens={},
        holders={},
        route=RouteMap((), (), (), (), None, (), ()),
        timeline=drawn,
        references={words: words},
        gantt=picture(drawn, str),
        rows=((words, row),),
        waits=(Climbed(ladder, words, ((end, words),), (call,)),),
        call=call,
        weighings=(Weighed(weighed, words, words, words, 1.0),),
        sums=((words, True), (words, False)),
        chapter=Chapter((Tale(line, "said", (words,), words),), None, (words,), ()),
        narrowed=StoryFilter(service=words),
        groups=(),
        earlier="",
        acknowledged=((words, "asked"),),
        correctable=frozenset({1}),
        proposed=words,
        temporal="",
        maps=Maps(says=(words,)),
    )


def files_of(words: str) -> FilesOfDelivery:
    """A file that shows this."""
    file = Attachment.model_construct(digest="0" * 64, size=1, media_type="image/jpeg", shows=words, handling=None)
    said = {"entry": 1, "service": words, "statement": words, "kind": words, "code": "H1", "kept": True, "yours": True}
    named = NamedFile.model_construct(**said, attachment=file)
    return FilesOfDelivery.model_construct(delivery=words, files=(named,), unnamed=())


PAGES = {
    "inbox": lambda words: page(
        "inbox.html", found=Inbox.model_construct(requests=(request_of(words),), unreadable=(words,), next=words)
    ),
    "list": lambda words: page(
        "deliveries.html",
        found=Rows.model_construct(rows=(row(words),), next=words),
        query={"text": words},
        braked=None,
        stranded=(Stranded.model_construct(build=words, count=1, deliveries=(words,)),),
    ),
    "view": lambda words: page(
        "delivery.html",
        view=view_of(words),
        page=one_page_of(words),
        shown={"delivery": words},
        files=files_of(words),
        data={"delivery": words},
        live=None,
        printing=False,
    ),
}


@pytest.mark.parametrize("face", PAGES)
@settings(deadline=None)  # the first page of a kind is made from its template
@given(words=hostile)
def test_the_structure_of_a_page_does_not_depend_on_what_is_written_in_it(face: str, words: str) -> None:
    """The same elements with the same attributes as for a harmless word, and nothing in it that is not seen."""
    found, plain = Structure(PAGES[face](words)), Structure(PAGES[face]("word"))

    assert plain.elements == found.elements
    assert is_harmless(PAGES[face](words))


@pytest.mark.parametrize("face", PAGES)
@settings(deadline=None)  # the first page of a kind is made from its template
@given(words=st.lists(st.sampled_from([*HTML, *SIGNS, *MARKUP, "word"]), min_size=1, max_size=8).map("".join))
def test_what_is_seen_stands_on_a_page_as_it_was_written(face: str, words: str) -> None:
    """Nothing of it is lost, read as a template, or translated."""
    assert words in Structure(PAGES[face](words)).words


@given(words=hostile)
def test_words_in_markdown_are_words(words: str) -> None:
    """A title in Temporal's UI makes no link, picture, heading, list or HTML."""
    tokens = MarkdownIt("commonmark").parse(in_markdown(words))
    inline = [child for one in tokens for child in one.children or ()]

    assert [one.type for one in tokens] in (["paragraph_open", "inline", "paragraph_close"], [])
    assert {"text", "text_special"} >= {one.type for one in inline}
    assert shown(words).strip() == "".join(one.content for one in inline)


@given(words=hostile)
def test_the_summary_in_temporals_ui_has_the_same_structure_whatever_is_written_in_it(words: str) -> None:
    """Its lines are a list, its words are words."""

    def structure(view: DeliveryView) -> list[str]:
        tokens = MarkdownIt("commonmark").parse(markdown(view))
        inner = [child.type for one in tokens for child in one.children or () if child.type not in ("text", "text_special")]
        return [one.type for one in tokens] + inner

    assert structure(shown_view("word")) == structure(shown_view(words))


@given(words=hostile)
def test_a_mail_says_the_same_whatever_a_name_holds(words: str) -> None:
    """It has the headers that it has for a harmless name, each of them once, and its words are seen."""
    told = Alert.model_construct(type="request", delivery=words, service=words, at=AT, number="1")
    found = mail(told, "n", "a@vigil.example", "b@kz.example", "https://vigil.example")
    plain = mail(told.model_copy(update={"delivery": "word"}), "n", "a@vigil.example", "b@kz.example", "https://vigil.example")

    assert plain.keys() == found.keys()
    assert is_harmless(found.get_content())
