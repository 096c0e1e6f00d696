"""The page of one delivery, made from a delivery at a table: what it says, what it leaves out, and how much it weighs."""

import asyncio
import html
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from rich.console import Console

from client.render import panel
from domain.delivery.ledger import Entry, Withheld
from domain.plan.attachment import Attachment
from domain.plan.directory import Service
from domain.views import names
from domain.views.attachments import files_of
from domain.views.glance import glance
from domain.views.sentences import Translate
from domain.views.sight import newest_first, sight
from domain.views.urgency import urgency
from domain.views.view import view
from domain.words.limits import LONGEST_INFORMATION
from gateway.access import CALLER, PROOFS, Proofs, Visitor
from gateway.limits import PAGE_OF_LEDGER
from gateway.pages import pages, story
from gateway.pages.delivery import OnePage, one_page
from gateway.pages.lines import line
from gateway.pages.maps import maps
from gateway.pages.one import Place
from gateway.pages.story import EVENTS, StoryFilter, narrowed_to
from gateway.pages.trees import parts
from papers.outlines import outlines
from process.in_force import InForce
from process.language import speaker
from rehearsal.simulator import World, simulate
from tests.course import PHASES, consenting, dispatched
from tests.domain.test_attached import PHOTOGRAPH
from tests.domain.test_changes import change, changed, elsewhere_with_consent
from tests.support import Table, example_cards, example_directory, example_plan, example_scenario

HEAVIEST = 200_000
"""Bytes that a page weighs at most."""


def made(table: Table, service: str, narrowed: StoryFilter | None = None, before: int | None = None) -> OnePage:
    """What its template draws, for this service."""
    now = max(table.now, table.delivery.state.now)
    reader = table.directory.get(service)
    return drawn(table, reader, now, "en", narrowed or StoryFilter(), before)


def drawn(  # noqa: PLR0917 - what a page is made of
    table: Table, reader: Service, now: datetime, language: str, narrowed: StoryFilter, before: int | None = None
) -> OnePage:
    """It, with its chapter of the ledger."""
    size, speak = len(table.delivery.ledger) if before is None else before, speaker(language)
    entries = newest_first(table.delivery, sight(table.delivery, reader), size)
    with ThreadPoolExecutor(1) as beside:  # a browser's test has an event loop in this thread
        newest = beside.submit(asyncio.run, story.chapter(entries, PAGE_OF_LEDGER, narrowed, speak)).result()
    return one_page(table.delivery, reader, now, speak, narrowed, newest, "http://127.0.0.1:8233/x")


def rendered(
    table: Table,
    service: str,
    language: str = "en",
    key: str | None = "key",
    *,
    printing: bool = False,
    narrowed: StoryFilter | None = None,
) -> str:
    """The page, as it leaves the gateway."""
    app = web.Application()
    app[PROOFS] = Proofs(InForce(table.directory), "https://vigil.example")
    request = make_mocked_request("GET", "/desk", app=app, headers={"Accept-Language": language})
    reader = table.directory.get(service)
    request[CALLER] = Visitor(reader, "P-1", key, None)
    now = max(table.now, table.delivery.state.now)
    speak = speaker(language)
    found = drawn(table, reader, now, language, narrowed or StoryFilter())
    found = replace(found, maps=maps(found.route, found.way_said, speak, outlines()))
    files = files_of(table.delivery, reader, (), ())
    shown = {"delivery": found.view.delivery}
    text = pages.page(
        request,
        "delivery.html",
        view=found.view,
        page=found,
        shown=shown,
        files=files,
        data={},
        now=now,
        live=None,
        printing=printing,
    ).text
    assert text is not None
    return text


def words_of(page: str) -> str:
    """What stands in it, less mark-up."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def told_on(table: Table, service: str) -> str:
    """The sentences on top."""
    found = made(table, service).situation
    return " ".join(one.text for one in (*found.stands, *found.follows))


@pytest.mark.parametrize("phase", PHASES)
def test_the_page_says_in_every_phase_how_it_stands_and_weighs_little(phase: str) -> None:
    """In both languages, for who sees the whole and who sees a part."""
    table = PHASES[phase]()
    table.pass_time(minutes=7)
    for service in (table.plan.initiator, "uz.customs"):
        for language in ("en", "ru"):
            page = rendered(table, service, language)
            assert len(page.encode()) < HEAVIEST
            assert 'id="waits"' in page
            assert 'id="ledger"' in page
        assert told_on(table, service) in words_of(rendered(table, service)).replace("&#39;", "'")


def test_a_weight_that_does_not_fit_is_said_first_and_drawn_outside_the_tolerance() -> None:
    """Who must decide, by when, and what follows; the weighing stands in red with its deviation."""
    table = Table().dispatch()
    table.pass_time(hours=5)
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport", gross=13_700_000)
    found, said = made(table, table.plan.initiator), told_on(table, "kz.knb")

    assert "needs_you" == found.situation.group
    assert "Discrepancy: gross weight is 13.7 kg, expected 13.9 kg within 20 g." in said
    assert "kz.police, kz.prosecutor must answer within 12 h: a decision whether to go on." in said
    assert [True, True, False] == [one.weighing.fits for one in found.weighings]
    assert "−200 g of ±20 g" in words_of(rendered(table, "kz.knb"))


def test_each_substance_is_added_up_and_said_to_close_or_not() -> None:
    """What the plan has, what was made of it, what was recovered: within the tolerance it closes, beyond it does not (R10)."""
    for recovered, sign, says in (
        ("13.2 kg", "=", "It closes."),
        ("13.19 kg", "≈", "That is 10 g less, which the tolerance of the plan lets pass. It closes."),
        ("12 kg", "≠", "It does not close."),
    ):
        table = PHASES["arrested"]()
        before = made(table, "kz.knb").sums
        table.say("uz.customs", "seizure", "accounting", recovered=[{"substance": "mephedrone (4-MMC)", "net": recovered}])
        text = "mephedrone (4-MMC): 13.2 kg by the plan = 13.2 kg kept + 0 mg taken out + 0 mg samples."
        assert ((text, True),) == before
        assert f"{text} 13.2 kg kept {sign} {recovered} recovered. {says}" in words_of(rendered(table, "kz.knb"))


def test_a_part_says_nothing_of_where_it_is_elsewhere() -> None:
    """R11: who has the next leg reads neither where it was seen, nor how late it is, nor when others' legs were planned."""
    table = Table().dispatch()
    table.pass_time(hours=5)
    table.say("kz.police", "sighted", place="Shymkent")
    table.pass_time(hours=10)
    part, whole = made(table, "uz.customs"), made(table, "kz.knb")

    assert "seen 10 h ago at Shymkent, 5 h behind plan" in told_on(table, "kz.knb")
    assert timedelta(hours=5) == whole.timeline.delay
    assert "outside your section of the route" in told_on(table, "uz.customs")
    assert "Shymkent" not in rendered(table, "uz.customs")
    assert timedelta() == part.timeline.delay
    assert [] == [row for row in part.timeline.rows if row.what == "leg"]
    assert {"UZ"} == {one.state for one in part.timeline.consents}
    assert ("left 03-01 06:00 UTC", "") == whole.whens["departure"]
    assert ("about 03-01 21:00 UTC", "late 5 h") == whole.whens["tashkent-airport"]
    assert "kz.police has it: 15 h of 10 h" == whole.holders["departure"]
    assert ["uz.customs"] == [
        text.split(",")[0].removeprefix("then ") for name, text in whole.holders.items() if name != "departure"
    ]
    assert ("EXAMPLE", "intact", "handling H1", "day 1") == whole.tags
    assert ({}, {}, (), ()) == (part.whens, part.holders, part.tags, part.sums)
    assert ("", "http://127.0.0.1:8233/x") == (part.temporal, whole.temporal)


def test_a_consent_that_will_not_last_is_drawn_with_what_is_lacking() -> None:
    """By the plan it would last; so late as it is now it will not, and the bar, the table and its row say by how much."""
    table = dispatched(consenting(uz="2022-03-05T00:00:00Z"))
    late = next(iter(made(table, "kz.knb").timeline.consents))
    assert timedelta() == late.short
    needed = made(table, "kz.knb").timeline.consents[1].needed
    assert needed is not None
    grant = table.delivery.state.grants["uz.prosecutor"]
    grant.valid_until = needed.ends - timedelta(hours=2)
    found = made(table, "kz.knb")

    assert [("UZ", timedelta(hours=2))] == [(one.state, one.short) for one in found.timeline.consents if one.short]
    assert ">2 h short</text>" in found.gantt
    assert '<strong class="late">2 h</strong>' in rendered(table, "kz.knb")


def test_the_ladder_says_what_was_what_comes_and_what_ends_it() -> None:
    """Asked, then reminded; next the reminder that is due; at the end what silence brings, and when."""
    table = Table()
    first = made(table, table.plan.initiator).waits[0]
    assert ["done", "next"] == [step.stage for step, _ in first.steps][:2]
    assert ("end", "no answer: it halts, and does not leave") == (first.steps[-1][0].stage, first.steps[-1][1])
    reminder = first.steps[1][0]
    assert reminder.at is not None
    table.pass_time(seconds=(reminder.at - table.now).total_seconds())
    later = made(table, table.plan.initiator).waits[0]
    assert reminder.at in [step.at for step, _ in later.steps if step.stage == "done"]
    assert len(first.steps) <= len(later.steps) <= len(first.steps) + 1


def test_who_sees_a_part_is_not_told_who_would_be_told_next() -> None:
    """R11: the rungs ahead name nobody of another State."""
    plan = example_plan("destroyed-on-the-road")
    table = Table(plan)
    asked = table.at(plan.at("authorise")[0].id).checkpoint.services()[0]
    own = asked.split(".")[0]
    whole = [step.to for one in made(table, plan.initiator).waits for step, _ in one.steps]
    part = [step for one in made(table, asked).waits for step, _ in one.steps]

    assert any(whole)
    assert "tell_next" in [step.what for step in part]
    assert [] == [step.to for step in part if step.to and not step.to.startswith(f"{own}.")]


def test_the_ledger_is_narrowed_by_its_address() -> None:
    """To what is refused, to a service, to a kind; what is no such thing narrows nothing; and earlier entries have an address."""
    table = Table().dispatch()
    table.say("uz.police", "handover_accepted", "tashkent-airport")
    refused = made(table, "kz.knb", narrowed_to({"show": "refused"})).chapter.tales
    of_one = made(table, "kz.knb", narrowed_to({"service": "uz.prosecutor"})).chapter.tales
    of_kind = made(table, "kz.knb", narrowed_to({"kind": "authorisation_granted"})).chapter.tales

    assert ["handover_accepted"] == [one.line.kind for one in refused]
    assert refused[0].why.startswith("Refused (")
    assert {"uz.prosecutor"} == {one.line.service for one in of_one if one.line.event == "stated"}
    assert ["uz.prosecutor", "kz.prosecutor"] == [one.line.service for one in of_kind]
    assert StoryFilter() == narrowed_to({"show": "nothing", "kind": "nothing"})
    assert 4 == max(one.line.seq for one in made(table, "kz.knb", before=5).chapter.tales)


def named(number: int) -> Attachment:
    """A file."""
    return PHOTOGRAPH.model_copy(update={"digest": f"{number:064x}", "shows": f"file {number}".ljust(60, "Ж")})


def test_no_page_of_a_ledger_has_more_than_fits() -> None:
    """At the bound: as many entries as a page has, the newest; and the address of the rest. Of the longest texts a
    page has fewer, and none is left out by that; of very many files it has the newest, and says how many more there are.
    """
    table = Table().dispatch()
    while len(table.delivery.ledger) <= PAGE_OF_LEDGER:
        table.say("kz.police", "sighted", place="a place")
        table.pass_time(minutes=20)
    found = made(table, "kz.knb")

    assert PAGE_OF_LEDGER == len(found.chapter.tales)
    assert len(table.delivery.ledger) - 1 == found.chapter.tales[0].line.seq
    assert f"?before={found.chapter.tales[-1].line.seq}#ledger" == found.earlier

    for number in range(30):
        text = f"{number} ".ljust(LONGEST_INFORMATION, "Ж")
        table.say("kz.police", "information", text=text, attachments=[named(10 * number + one) for one in range(10)])
        table.pass_time(minutes=1)
    told, before = list[int](), len(table.delivery.ledger)
    while before > 0:
        tales = made(table, "kz.knb", before=before).chapter.tales
        told += [one.line.seq for one in tales]
        before = tales[-1].line.seq
    assert [*range(len(table.delivery.ledger))] == told[::-1]
    page = rendered(table, "kz.knb", "ru")
    assert len(page.encode()) < HEAVIEST
    assert 50 == page.count('<li class="card"')
    assert "250 files" in words_of(rendered(table, "kz.knb"))


def test_beside_each_consent_stands_the_act_that_gives_it() -> None:
    """As it was said last, beside the reader's own alone (R11)."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", reference="7/5 of 2026-03-01")
    table.consent()

    assert "7/5 of 2026-03-01" in rendered(table, "kz.knb")
    assert "7/5 of 2026-03-01" not in rendered(table, "uz.customs")


def test_a_state_that_is_asked_afresh_is_told_beside_its_earlier_consent() -> None:
    """R22: that consent does not carry the new way, on the page and at a terminal; before the change nothing is said of that."""
    table, told = Table().dispatch(), "UZ is asked afresh: this consent does not carry what is planned now"

    def at_a_terminal() -> str:
        shown = Console(width=300, file=io.StringIO(), no_color=True)
        shown.print(panel(view(table.delivery, table.directory.get("kz.knb"), table.now), table.now))
        return cast("io.StringIO", shown.file).getvalue()

    assert told not in rendered(table, "kz.knb") + at_a_terminal()
    change(table, changed(elsewhere_with_consent))
    assert told in rendered(table, "kz.knb")
    assert told in at_a_terminal()


def test_of_a_long_ledger_no_more_is_looked_through_than_is_shown_or_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page reads as many statements as it shows; a search goes on from where it was ended, and finds all by that."""
    table = Table().dispatch()
    for number in range(60):
        table.say("kz.police", "sighted", place=f"place {number}")
        table.pass_time(minutes=20)
    everything = [one.line.seq for one in made(table, "kz.knb", StoryFilter(kind="authorisation_granted")).chapter.tales]
    looked = 0

    def counted(entry: Entry | Withheld, speak: Translate) -> story.Tale:
        nonlocal looked
        looked += 1
        return tale(entry, speak)

    tale = story.tale
    monkeypatch.setattr(story, "tale", counted)
    made(table, "kz.knb")
    assert PAGE_OF_LEDGER + 1 == looked
    monkeypatch.setattr(story, "LOOKED_THROUGH", 20)
    found, before = list[int](), len(table.delivery.ledger)
    while before > 0:
        looked, page = 0, made(table, "kz.knb", StoryFilter(kind="authorisation_granted"), before)
        found += [one.line.seq for one in page.chapter.tales]
        assert looked <= 20
        assert page.chapter.unfinished is bool(page.earlier)
        before = page.chapter.since or 0
    assert everything == found
    assert "may match too" in rendered(table, "kz.knb", narrowed=StoryFilter(kind="authorisation_granted"))


def test_every_event_of_a_ledger_has_a_sentence() -> None:
    """What a ledger can hold, a statement apart, whose sentence is by its verdict."""
    assert set(names.EVENTS) - {"stated"} <= set(EVENTS)


def test_who_has_signed_in_without_a_key_is_told_how_else_to_stop() -> None:
    """It reads, and signs nothing: where others sign, telephone and command stand; it is no dead button."""
    page, signing = (rendered(Table(), "kz.knb", key=key) for key in (None, "key"))

    assert "<form id=" in signing
    for one in ("stop.js", '<form id="form"', "/unasked", "/answer"):
        assert one not in page
    assert 'popovertarget="stop"' in page
    assert f'vigil stop {Table().plan.operation} --as kz.knb --reason "..."' in html.unescape(page)
    assert "By telephone:" in page


@pytest.mark.parametrize("service", ["kz.knb", "uz.customs"])
def test_the_reason_that_is_proposed_says_what_is_wrong_and_nothing_of_others(service: str) -> None:
    """By the rule that it is wrong by, editable; no State, service or place, for others read it (R11). Nothing wrong: nothing."""
    table = Table().dispatch()
    assert "" == made(table, service).proposed
    table.pass_time(hours=5)
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport", gross=13_700_000)

    assert "Discrepancy in weight or seals (R7)" == made(table, service).proposed
    assert ">Discrepancy in weight or seals (R7)</textarea>" in rendered(table, service)


def test_who_has_acknowledged_a_stop_is_named_to_who_sees_the_whole() -> None:
    """Each with a mark of its own; who sees a part is told of itself alone (R11)."""
    table = Table().dispatch()
    table.say("kz.police", "stop_requested", reason="danger")
    table.settle()
    table.say("uz.customs", "stop_acknowledged")
    found = dict(made(table, "kz.knb").acknowledged)

    assert {"answered", "asked"} == set(found.values())
    assert "answered" == found["uz.customs"]
    assert "kz.police" not in found
    assert {"uz.customs": "answered"} == dict(made(table, "uz.customs").acknowledged)
    assert re.search(r"✓ uz\.customs acknowledged", words_of(rendered(table, "kz.knb")))


def test_the_ledger_is_searched_by_what_is_read_of_it() -> None:
    """In sentences, places and numbers, in any case of letters; what a reader may not read is not found; addresses keep it."""
    table = Table().dispatch()
    table.say("kz.police", "sighted", place="Shymkent")
    found = made(table, "kz.knb", narrowed_to({"text": "  shymKENT ", "kind": "sighted"}))
    hidden = made(table, "uz.customs", narrowed_to({"text": "shymkent"}))

    assert ["sighted"] == [one.line.kind for one in found.chapter.tales]
    assert "?show=refused&kind=sighted&text=shymKENT#ledger" in [address for _, _, address in found.groups]
    assert () == hidden.chapter.tales


@pytest.mark.parametrize("service", ["kz.knb", "uz.customs"])
def test_every_part_of_a_page_is_there_to_be_replaced(service: str) -> None:
    """The same parts in every phase, for who sees the whole and a part: a script finds each where it was."""
    wanted = {
        f"l-{name}" for name in ("says", "notices", "where", "plan", "consents", "waits", "mass", "facts", "files", "story")
    }
    for phase in PHASES.values():
        page = rendered(phase(), service)
        live, entries = parts(page, "entry-")
        stopping = {"l-call"} if 'id="stop"' in page else set[str]()
        assert wanted | stopping | {"l-press", "l-printed", "l-tags"} == live.keys()
        assert entries
    says = json.dumps(live["l-says"], ensure_ascii=False)
    assert made(PHASES["arrested"](), service).situation.stands[0].text in says


def test_a_stream_of_a_part_does_not_tell_that_another_operation_was_found() -> None:
    """R15: the page of who takes part, and from where it is followed, are the same whether one was or nobody has looked."""
    found, unlooked = (Table(alone=False) for _ in range(2))
    found.deconflict("ru.police")
    reader = found.directory.get("uz.customs")

    assert Place.of(unlooked.delivery, reader) == Place.of(found.delivery, reader)
    assert rendered(unlooked, reader.id) == rendered(found, reader.id)
    assert Place.of(unlooked.delivery, found.directory.get("kz.knb")) != Place.of(found.delivery, found.directory.get("kz.knb"))


def test_a_place_in_a_ledger_is_read_from_an_address_or_is_none() -> None:
    """Of this branch, so many entries; what is no such thing is none, and then all of a page is sent."""
    assert Place(1, 57) == Place.read(str(Place(1, 57)))
    assert [None] * 6 == [Place.read(one) for one in ("", "7", "1.", "1.-7", "1.7.2", f"1.{'7' * 40}")]


def test_paper_has_no_button_and_ends_a_page_after_the_waits() -> None:
    """What can be pressed is not on it; it says as of when, for whom, and the root."""
    page = rendered(Table().dispatch(), "kz.knb", printing=True)

    assert not re.search(r"<form|popover|stop\.js|delivery\.js", page)
    assert "Printed by P-1, kz.knb" in page
    assert page.index('id="l-waits"') < page.index('id="l-consents"')


@pytest.mark.parametrize("phase", PHASES)
def test_the_sentence_has_the_reason_by_which_lists_are_sorted(phase: str) -> None:
    """One order of what is worst: the page of a delivery and the list that it stands in never disagree."""
    table = PHASES[phase]()
    for hours in (0, 3, 30, 60):
        table.pass_time(hours=hours)
        worst, found = urgency(glance(table.delivery), table.now), made(table, table.plan.initiator).situation
        assert (worst.reason, worst.group) == (found.reason, found.group)


def test_the_ledger_says_by_whom_an_act_was_given_and_how_before_it_was_written() -> None:
    """By word of mouth, on the telephone, and who took it down; later the office that has written it."""
    plan, scenario = example_scenario("leaves-in-an-hour")
    delivery = simulate(World(plan, example_directory(), example_cards(), scenario, 1)).delivery
    said = {one.kind: one.facts for entry in delivery.ledger if (one := line(entry)).service == "lv.police" and one.kind}

    assert ("by word of mouth", "by telephone", "duty officer of the VID") == said["authorisation_granted"][-3:]
    assert any("prosecutor" in one for one in said["authorisation_confirmed"])
