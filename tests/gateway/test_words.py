"""What others have written is words on every page, in mail, and in Temporal's UI: it makes no mark-up, and hides nothing."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from activities.messenger import Alert, mail
from domain.delivery.chasing import Chase
from domain.delivery.requests import Inbox, OfGroup, Request, Stranded
from domain.papers.making import Offered
from domain.plan.attachment import Attachment
from domain.plan.directory import Email
from domain.record.handover import Handover, Handovers, Person
from domain.rules.stop import Incident
from domain.views.attachments import FilesOfDelivery, NamedFile
from domain.views.canvas import Canvas
from domain.views.correcting import ToCorrect
from domain.views.floor import Facets, Floor, FloorQuestion, FloorRow, ReasonCount
from domain.views.happenings import WHATS, Happened
from domain.views.ladders import Ladder, Step
from domain.views.law import ExplainedCard, LawLine
from domain.views.lists import Row, Rows
from domain.views.overdue import Missing, Next, Overdue, OverdueQuestion, Silent
from domain.views.results import Results
from domain.views.results_in_words import ResultsRow, ShownTable
from domain.views.route_map import RouteMap
from domain.views.second import OWN_FINDING
from domain.views.shift import Before, Moved, Running, Sheet, Waiting
from domain.views.situation import Situation, SituationSentence
from domain.views.statistics_picture import StatisticsPanel
from domain.views.subscriptions import FAILURES, SUBJECTS_IN_WORDS, WAYS_IN_WORDS, Quiet, Subscription, Subscriptions, Wish
from domain.views.timeline import ConsentSpan, Timeline, TimelineRow, TimelineSpan
from domain.views.timeline_picture import picture
from domain.views.view import Awaited, Because, DeliveryView, OpenCheckpoint, markdown
from domain.views.weighings import Weighing
from domain.words.moments import utc_text
from domain.words.text import in_markdown, shown
from gateway.access import CALLER, PROOFS, Proofs, Visitor
from gateway.floor import FloorBeat, FloorChanged, FloorEvent, FloorGone
from gateway.notices import Unseen
from gateway.pages import floor, one, overdue, pages, shift
from gateway.pages.answer import ToldOf
from gateway.pages.delivery import Called, Climbed, OnePage, Weighed
from gateway.pages.forms import FormField
from gateway.pages.lines import HistoryLine, line
from gateway.pages.maps import Maps
from gateway.pages.story import Chapter, StoryFilter, Tale
from gateway.problems import Problem
from process.in_force import InForce
from tests.client.test_hostile import AT, MARKUP, ROW, asked, entry, finding, is_harmless, shown_view
from tests.domain.test_text import HOSTILE, ORDERS
from tests.floors import glance_of, trouble
from tests.support import example_directory

DIRECTORY = example_directory()
ASKED_OF = {"says": ("sighting",), "standing": "asked"}
NOW = datetime.now(UTC).replace(microsecond=0)
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


def asked_by(path: str = "/desk") -> web.Request:
    """A request of the reader."""
    app = web.Application()
    app[PROOFS] = Proofs(InForce(DIRECTORY), "https://vigil.example")
    request = make_mocked_request("GET", path, app=app)
    request[CALLER] = READER
    return request


def page(template: str, **values: Any) -> str:
    """A page of the gateway, as it leaves it."""
    text = pages.page(asked_by(), template, **values).text
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


def counted_of(words: str) -> dict[str, Any]:
    """What was counted over a period, in a table and a picture that say this."""
    canvas = Canvas(100, 100)
    canvas.text(0, 0, words)
    return {
        "found": Results.model_construct(totals=(), as_of=AT),
        "query": {"zone": words, "by": "ended", "kind": "", "service": words, "state": words, "channel": ""},
        "days": (words, words),
        "title": words,
        "period": words,
        "remarks": (words,),
        "panels": (StatisticsPanel(words, canvas.svg(words), wide=True),),
        "tables": (ShownTable(words, (words, words), (ResultsRow((words, words)),)),),
        "zones": {words: None},
        "usual": ((words, "?period=2026"),),
        "take": dict.fromkeys(("csv", "json", "svg"), words),
    }


def files_of(words: str) -> FilesOfDelivery:
    """A file that shows this."""
    file = Attachment.model_construct(digest="0" * 64, size=1, media_type="image/jpeg", shows=words, handling=None)
    said = {"entry": 1, "service": words, "statement": words, "kind": words, "code": "H1", "kept": True, "yours": True}
    named = NamedFile.model_construct(**said, attachment=file)
    return FilesOfDelivery.model_construct(delivery=words, files=(named,), unnamed=())


def row_of(words: str) -> FloorRow:
    """A row of the watch floor that says this wherever it can."""
    known = glance_of("tulip-4", NOW, **trouble("consent", NOW))
    way = tuple(one.model_copy(update={"state": words, "responsible": words}) for one in known.way)
    waits = tuple(one.model_copy(update={"checkpoint": words, "services": (words, words)}) for one in known.waits)
    assert known.shortest is not None
    short = known.shortest.model_copy(update={"service": words})
    said = {"delivery": words, "title": words, "holder": words, "way": way, "waits": waits, "shortest": short}
    known = known.model_copy(update=said | {"differs": (finding(words),)})
    return FloorRow.model_construct(
        reason="differs", group="needs_you", until=known.waits[0].due, also=(), state=words, glance=known
    )


def chase_of(words: str) -> Chase:
    """Somebody of this name chases a service of this name."""
    return Chase.model_construct(chased=words, service=words, officer=words, at=AT, until=AT)


def floor_of(words: str) -> str:
    """The watch floor with such a row, and everything around it that is somebody's words."""
    worst, request = ReasonCount.model_construct(reason="differs", count=1, delivery=words, until=AT), asked_by()
    found = Floor.model_construct(
        at=utc_text(NOW),
        counters=(worst,),
        facets=Facets.model_construct(show={}, state={words: 1}, service={words: 1}, phase={}),
        rows=(row_of(words),),
        page=1,
        pages=1,
        matching=1,
        open=1,
        due_within_an_hour=0,
        beyond=0,
        unreadable=(words,),
        unknown=(words,),
        engine="up",
        version="1.1",
        chases=(chase_of(words),),
    )
    values = floor._values(request, found, FloorQuestion.model_construct(text=words))
    return page("floor.html", **values, bands=[("needs_you", [written_row(words)])], roomy=False)


def written_row(words: str) -> str:
    """A row, as it stands on the watch floor."""
    return floor._macro("en")(floor._row(row_of(words), NOW, "en"), "Needs you", 1)


def overdue_of(words: str) -> str:
    """The call list with a service of which all that is known is this."""
    missing = Missing.model_construct(
        delivery=words,
        title=words,
        state=words,
        checkpoint=words,
        needs="authorisation",
        late="late",
        since=AT,
        due=AT,
        climbed=1,
        rungs=1,
        next=Next.model_construct(what="tell", at=AT, to=words),
        then="halts",
        unreachable=False,
    )
    said = {"service": words, "names": {"en": words}, "state": words, "contact": words, "telephone": "+7 701", "zone": words}
    silent = Silent.model_construct(
        **said,
        since=AT,
        late=1,
        soon=0,
        missing=(missing,),
        more=1,
        hours=None,
        local=words,
        on_duty=True,
        until=words,
        chase=chase_of(words),
    )
    found = Overdue.model_construct(
        at=utc_text(NOW), late=1, services=1, silent=(silent,), matching=1, page=1, pages=1, beyond=0, unknown=(words,)
    )
    return page("overdue.html", **overdue._values(asked_by(), found, OverdueQuestion()))


def handover_of(words: str) -> Handover:
    """A handover between officers of this name."""
    who = Person.model_construct(service=words, officer=words)
    said = {"watch": words, "sheet": words, "heads": words, "given_by": who, "taken_by": who}
    return Handover.model_construct(**said, number=1, since=AT, at=AT, open=1, given_at=AT, taken_at=AT)


def shift_of(words: str) -> str:
    """The sheet of a shift in which this happened."""
    waiting = Waiting.model_construct(
        delivery=words,
        reason="differs",
        until=utc_text(NOW + timedelta(hours=1)),
        also=(),
        state=words,
        holder=words,
        who=(words,),
        more=1,
        need="authorisation",
        since=AT,
        due=utc_text(NOW + timedelta(hours=1)),
        then="halts",
        climbed=1,
        told=words,
    )
    ends = utc_text(NOW + timedelta(hours=1))
    runs = Running.model_construct(delivery=words, state=words, service=words, valid_until=ends, needed_until=ends)
    happened = Happened.model_construct(
        at=AT, delivery=words, seq=1, what=WHATS[0], by=words, officer=words, services=(words,), finding=finding(words)
    )
    moved = Moved.model_construct(delivery=words, was="under_way", now="differs")
    counted = dict.fromkeys(("open", "on_the_road", "needing", "not_compared", "beyond"), 1)
    more = dict.fromkeys(("more_waiting", "more_consents", "more_happened", "more_worse", "more_better"), 0)
    sheet = Sheet.model_construct(
        **counted | more,
        watch=words,
        since=AT,
        at=utc_text(NOW),
        until=utc_text(NOW + timedelta(hours=8)),
        before=Before.model_construct(number=1, sheet=words, heads=words, at=AT),
        heads=words,
        counts={},
        waiting=(waiting,),
        consents=(runs,),
        happened=(happened,),
        worse=(moved,),
        better=(moved,),
        unreadable=(words,),
    )
    values = shift._values(asked_by(), sheet, words)
    return page("shift.html", **values, handover=handover_of(words), data={"part": "takes_over", "sheet": words})


def answer_of(words: str) -> str:
    """The form of an answer, filled with this, to a request that says it, with others that are asked beside it."""
    known = request_of(words)
    said = dict.fromkeys(("duty", "giver", "taker"), words) | dict.fromkeys(("items", "exhibits", "checked_by"), (words,))
    said |= {"modality": "replaced_in_whole", "expected_at": AT, "valid_until": AT, "group": OfGroup.model_construct(code=words)}
    asked = known.model_copy(update={"facts": known.facts.model_copy(update=said)})
    return page(
        "answer.html",
        asked=asked,
        kinds=("authorisation_granted", "authorisation_refused"),
        kind="authorisation_granted",
        delivery=words,
        voice=words,
        zones=(words,),
        told_of=ToldOf((words,), ((words, words),)),
        alike=(asked,),
        others=(asked,),
        gone=(words,),
        first=None,
        mine=False,
        second=None,
        own=OWN_FINDING,
        boxes=form_of(words),
        data={"types": {}, "delivery": words},
    )


def you_of(words: str) -> str:
    """The page of an officer who is told of what comes up, at an address like this."""
    wish = Wish.model_construct(
        subjects=("needs_you",), way=Email.model_construct(to=words), quiet=Quiet.model_construct(zone=words, spans=())
    )
    told = {"since": AT, "waiting": 1, "quiet_now": True, "told_at": AT, "tries": 1, "failure": None, "lost": 1}
    found = Subscription.model_construct(id=words, wish=wish, state="good", **told)
    return page(
        "me.html",
        data={"delivery": words},
        tried=words,
        told={
            "subjects": SUBJECTS_IN_WORDS,
            "ways": WAYS_IN_WORDS,
            "failures": FAILURES,
            "found": Subscriptions.model_construct(subscriptions=(found,), may_go_to=(words,)),
            "waiting": Unseen(count=1, upto=1),
        },
    )


def form_of(words: str) -> tuple[FormField, ...]:
    """Fields of every form that hold this."""
    fixed = FormField("state", "fixed", required=True, value=words)
    return (fixed, *(FormField("reason", one, required=False, value=words) for one in ("line", "text", "moment")))


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
    "floor": floor_of,
    "overdue": overdue_of,
    "shift": shift_of,
    "handovers": lambda words: page(
        "handovers.html", found=Handovers.model_construct(handovers=(handover_of(words),), waiting=None, next=None)
    ),
    "sheet that is gone": lambda words: page("handover_gone.html", handover=handover_of(words)),
    "papers": lambda words: page(
        "papers.html",
        delivery=words,
        papers=((Offered.model_construct(name=words, title=words, of=words, languages=(words,)), words),),
        formats=("html",),
    ),
    "law": lambda words: page(
        "law.html",
        delivery=words,
        states=(
            ExplainedCard(
                *(words,) * 4,
                (LawLine(words, words, wrong=True, sure=words, mark=words, where=words, source=words),),
                words,
                words,
                as_written=True,
            ),
        ),
        marks={"T": words},
        called={"not_known": words, "not_so": words, "note": words},
    ),
    "answer": answer_of,
    "unasked": lambda words: page(
        "unasked.html",
        delivery=words,
        kinds=("incident",),
        kind="incident",
        zones=(words,),
        boxes=form_of(words),
        data={"types": {}, "delivery": words},
    ),
    "correction": lambda words: page(
        "correct.html",
        delivery=words,
        kind="incident",
        corrects=ToCorrect(1, words, Incident.model_construct(), 2, None, words),
        boxes=form_of(words),
        kept=[words],
        own=OWN_FINDING,
        zones=(words,),
        second=None,
        data={"types": {}, "delivery": words},
    ),
    "you": you_of,
    "stop": lambda words: page("stop.html", delivery=words, data={"delivery": words}),
    "refused": lambda words: page(
        "refused.html",
        problem=Problem.model_construct(status=422, detail=words, code="malformed", hint=words),
        english=True,
    ),
    "results": lambda words: page("results.html", nothing=words, numbers=((words, words),), **counted_of(words)),
    "statistics": lambda words: page(
        "statistics.html",
        kinds={"prepared": words},
        channels={"post": words},
        sentences=(words,),
        numbers=((words, words, words),),
        **counted_of(words),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("face", PAGES)
@settings(deadline=None, max_examples=40)  # the first page of a kind is made from its template
@example(words="".join((*HOSTILE, *ORDERS)))
@given(words=hostile)
def test_the_structure_of_a_page_does_not_depend_on_what_is_written_in_it(face: str, words: str) -> None:
    """The same elements with the same attributes as for a harmless word, and nothing in it that is not seen."""
    found, plain = Structure(PAGES[face](words)), Structure(PAGES[face]("w" * len(words)))

    assert plain.elements == found.elements
    assert is_harmless(PAGES[face](words))


@pytest.mark.parametrize("face", PAGES)
@settings(deadline=None, max_examples=20)  # the first page of a kind is made from its template
@example(words="".join((*HOSTILE, *ORDERS)))
@given(words=hostile)
def test_what_scripts_of_a_page_are_given_can_be_read(face: str, words: str) -> None:
    """It is JSON, and of the same words: by a form whose script cannot read what it is given, nobody can stop anything."""
    given = [
        json.loads(text)
        for text in re.findall('<script type="application/json"[^>]*>(.*?)</script>', PAGES[face](words), re.DOTALL)
    ]

    assert {words} >= {one["delivery"] for one in given if isinstance(one, dict) and "delivery" in one}


@pytest.mark.slow
@pytest.mark.parametrize("face", PAGES)
@settings(deadline=None, max_examples=40)  # the first page of a kind is made from its template
@given(words=st.lists(st.sampled_from([*HTML, *SIGNS, *MARKUP, "word"]), min_size=1, max_size=8).map("".join))
def test_what_is_seen_stands_on_a_page_as_it_was_written(face: str, words: str) -> None:
    """Nothing of it is lost, read as a template, or translated."""
    assert words in Structure(PAGES[face](words)).words


@given(words=hostile)
def test_a_row_that_changes_is_built_of_the_same_elements_and_shows_what_is_not_seen(words: str) -> None:
    """What goes to the script of the watch floor, event by event, is what its page would have."""
    (row, *events), (plain, *_) = ([floor._said(one, "en") for one in events_of(said)] for said in (words, "w" * len(words)))

    assert elements(plain["tree"]) == elements(row["tree"])
    assert all(map(is_harmless, texts_of([row, *events])))


def events_of(words: str) -> tuple[FloorEvent, ...]:
    """What a stream of the watch floor says, of deliveries and services of this name."""
    counter = ReasonCount.model_construct(reason="differs", count=1, delivery=words, until=AT)
    stands = {"archive": "up", "engine": "up", "matching": 1, "open": 1, "due_within_an_hour": 0}
    beat = FloorBeat.model_construct(**stands, at=AT, counters=(counter,), chases=(chase_of(words),))
    return FloorChanged.model_construct(row=row_of(words)), FloorGone.model_construct(delivery=words), beat


def elements(tree: list[Any]) -> list[Any]:
    """Of a tree: the names of elements and attributes."""
    name, attributes, children = tree
    return [name, [*attributes], [elements(one) for one in children if not isinstance(one, str)]]


def texts_of(data: Any) -> Iterator[str]:
    """Every text in it."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        yield from (text for one in (data.values() if isinstance(data, dict) else data) for text in texts_of(one))


@given(words=hostile)
def test_what_somebody_must_act_on_is_called_out_as_it_is_seen(words: str) -> None:
    """The script of a delivery's page says it by itself, as it comes."""
    assert one._loud(one_page_of(words)) == shown(words)


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
