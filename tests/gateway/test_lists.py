"""Lists and inboxes over HTTP: every filter, every order, page after page, and what is refused."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from archive.reads import Reads
from archive.sessions import Sessions
from domain.delivery.requests import Facts, Request
from domain.delivery.statement import Seen
from domain.signing.canonical import canonical
from domain.views.standing import OpenRequest, Participant, Standing
from domain.words.errors import Malformed, Unavailable
from domain.words.limits import LONGEST_INBOX, LONGEST_LIST, MOST_ASKED_BY_NAME, MOST_PAGES
from domain.words.moments import utc_text
from gateway.access import Proofs
from gateway.api import application
from gateway.connections import serving
from gateway.reception import Reception
from process.in_force import InForce
from process.ring import Wrapping
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.archive.samples import put, standing
from tests.gateway.test_api import signed
from tests.gateway.test_http import DIRECTORY, NOBODY
from tests.installation import PAYLOAD_KEYS, log_of_reads, reading_of

READER, PART, ALL = "kz.knb", "uz.customs", "supervision"
NOW = datetime.now(UTC)
MANY = 10_000


def at(hours: float) -> str:
    """A moment, so many hours from now."""
    return utc_text(NOW + timedelta(hours=hours))


def asked(name: str, service: str, due: str | None = None, **more: Any) -> OpenRequest:
    """What a service is asked there."""
    number = f"{name}/consent/{service}"
    facts = Facts(place="", state="UZ", modality="intact", expected_at=None, valid_until=None)
    request = Request(
        id=number,
        delivery=name,
        checkpoint="consent",
        plan="0" * 64,
        seen=Seen(size=1, root="0" * 64),
        service=service,
        says=("authorisation",),
        asked_at=at(-9),
        due=due,
        facts=facts,
    )
    return OpenRequest(id=number, service=service, checkpoint="consent", due=due, request=canonical(request), **more)


def made(name: str, number: int, **changed: Any) -> tuple[str, Standing]:
    """A delivery: `kz.knb` sees the whole of it, `uz.customs` its part."""
    return name, standing(**{"at": at(0), "started_at": at(number - 100), "title": f"Case {number}"} | changed)


ALONE = {"participants": (Participant(service=READER, state="KZ", reach="whole"),), "states": ("KZ",)}
DELIVERIES = dict(
    [
        made("amber-1", 1, next_due=at(5), requests=(asked("amber-1", READER, at(5)),)),
        made("amber-2", 2, overdue_since=at(-3), channel="post", requests=(asked("amber-2", PART, at(-3)),)),
        made("birch-3", 3, phase="under_way", next_due=at(2), group="twins", **ALONE),
        made("birch-4", 4, phase="closed", ended=True, outcome="refused", closed_at=at(-1), group="twins"),
        made("cedar-5", 5, overdue_since=at(-6), next_due=at(9), title="Cash in a PARCEL"),
        made("cedar-6", 6, next_due=at(30), requests=(asked("cedar-6", READER, at(30), since=at(20)),)),
    ]
)
EVERY = sorted(DELIVERIES)


@dataclass
class Lists:
    """A gateway over an archive."""

    url: str
    http: aiohttp.ClientSession
    reads: Reads
    """Its log of reads."""

    def door(self, service: str) -> Gateway:
        """The gateway, as this service calls it."""
        return Gateway(self.http, self.url, service, private_key_of(service))

    async def names(self, reader: str, /, **query: str) -> list[str]:
        """Code names of a whole list, in its order."""
        return [one.delivery for one in await self.door(reader).deliveries(query)]

    async def raw(self, query: str, service: str = READER) -> tuple[int, Any]:
        """Status and document of one answer."""
        target = f"{self.url}/v1/deliveries?{query}"
        async with self.http.get(target, headers=signed(service, "GET", target)) as answer:
            return answer.status, json.loads(await answer.text())


async def over(deliveries: dict[str, Standing]) -> AsyncIterator[Lists]:
    """A gateway over an archive of these, with no Temporal behind it: it is never asked."""
    port = free_ports(1)[0]
    url, known = f"http://127.0.0.1:{port}", InForce(DIRECTORY)
    async with aiohttp.ClientSession() as http, log_of_reads(DIRECTORY) as reads:
        await put(reads._database, Wrapping(PAYLOAD_KEYS), deliveries)
        reception = Reception(NOBODY, "none", known, {}, private_key_of(VIGIL), reading_of(reads._database))
        reception._acknowledgements.report = nothing  # type: ignore[method-assign]
        async with serving(
            application(reception, Proofs(known, url), reads, Sessions(reads._database, Wrapping(PAYLOAD_KEYS))),
            "127.0.0.1",
            port,
            grace=1,
        ):
            yield Lists(url, http, reads)


async def nothing(*_given: Any) -> None:
    """What is read is reported to nobody."""


@pytest.fixture(scope="module")
async def lists() -> AsyncIterator[Lists]:
    """One for the whole module."""
    async for one in over(DELIVERIES):
        yield one


@pytest.mark.parametrize(
    ("query", "whole", "part"),
    [
        ({}, EVERY, ["amber-1", "amber-2", "birch-4", "cedar-5", "cedar-6"]),
        ({"state": "UZ"}, ["amber-1", "amber-2", "birch-4", "cedar-5", "cedar-6"], "as without"),
        ({"state": "KZ"}, EVERY, []),
        ({"state": "RU"}, [], []),
        ({"service": PART}, ["amber-1", "amber-2", "birch-4", "cedar-5", "cedar-6"], "as without"),
        ({"service": READER}, EVERY, []),
        ({"phase": "under_way"}, ["birch-3"], []),
        ({"phase": "closed"}, ["birch-4"], ["birch-4"]),
        ({"channel": "post"}, ["amber-2"], []),
        ({"channel": "road"}, ["amber-1", "birch-3", "birch-4", "cedar-5", "cedar-6"], []),
        ({"group": "twins"}, ["birch-3", "birch-4"], ["birch-4"]),
        ({"overdue": "yes"}, ["amber-2", "cedar-5"], ["amber-2"]),
        ({"overdue": "no"}, ["amber-1", "birch-3", "birch-4", "cedar-6"], ["amber-1", "birch-4", "cedar-5", "cedar-6"]),
        ({"due_before": at(6)}, ["amber-1", "amber-2", "birch-3", "cedar-5"], ["amber-2"]),
        ({"due_before": at(-4)}, ["cedar-5"], []),
        ({"mine": "yes"}, ["amber-1"], ["amber-2"]),
        ({"open": "yes"}, ["amber-1", "amber-2", "birch-3", "cedar-5", "cedar-6"], ["amber-1", "amber-2", "cedar-5", "cedar-6"]),
        ({"open": "no"}, ["birch-4"], ["birch-4"]),
        ({"text": "CEDAR"}, ["cedar-5", "cedar-6"], ["cedar-5", "cedar-6"]),
        ({"text": "parcel"}, ["cedar-5"], []),
        ({"deliveries": "birch-3,cedar-5,none-such"}, ["birch-3", "cedar-5"], ["cedar-5"]),
        ({"text": "cedar", "overdue": "yes", "state": "UZ", "open": "yes"}, ["cedar-5"], []),
    ],
    ids=lambda given: "+".join(given) if isinstance(given, dict) else "",
)
async def test_a_list_is_narrowed_down_by_each_filter(
    lists: Lists, query: dict[str, str], whole: list[str], part: list[str] | str
) -> None:
    """Who sees the whole finds what is like that; who sees a part finds by what it may see alone, and a supervisor finds all."""
    expected = ["amber-1", "amber-2", "birch-4", "cedar-5", "cedar-6"] if part == "as without" else part

    assert whole == await lists.names(READER, **query, sort="name")
    assert expected == await lists.names(PART, **query, sort="name")
    assert ([] if "mine" in query else whole) == await lists.names(ALL, **query, sort="name")


async def test_a_list_has_three_orders(lists: Lists) -> None:
    """Overdue first and then the nearest deadline, also where none is named; the newest first; by code name."""
    due = ["cedar-5", "amber-2", "birch-3", "amber-1", "cedar-6", "birch-4"]

    assert due == await lists.names(READER) == await lists.names(READER, sort="due")
    assert EVERY == await lists.names(READER, sort="name")
    assert EVERY[::-1] == await lists.names(READER, sort="started")
    assert ["amber-2", "amber-1", "birch-4", "cedar-5", "cedar-6"] == await lists.names(PART)


@pytest.mark.parametrize("limit", [1, 2, 3, 6])
@pytest.mark.parametrize("sort", ["due", "started", "name"])
async def test_pages_add_up_to_the_list_and_the_last_gives_no_next(lists: Lists, sort: str, limit: int) -> None:
    """However many rows a page has: each row once, in order, and no page is empty."""
    found: list[str] = []
    cursor, pages = "", 0
    while pages == 0 or cursor:
        status, page = await lists.raw(f"sort={sort}&limit={limit}{cursor and f'&cursor={cursor}'}")
        assert (200, True) == (status, 0 < len(page["rows"]) <= limit)
        found += [one["delivery"] for one in page["rows"]]
        cursor, pages = page["next"] or "", pages + 1

    assert await lists.names(READER, sort=sort) == found
    assert len(EVERY) // limit == pages


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "state=Uzbekistan",
        "service=UZ+customs",
        "phase=a+b",
        "channel=%00",
        "group=Two+Words",
        "overdue=perhaps",
        "due_before=tomorrow",
        "due_before=2026-03-01",
        "mine=2",
        "open=half",
        f"text={'x' * 101}",
        "deliveries=two+words",
        f"deliveries={','.join(['amber-1'] * (MOST_ASKED_BY_NAME + 1))}",
        "sort=size",
        "limit=0",
        "limit=201",
        "limit=many",
        "cursor=x",
        f"cursor={'x' * 1001}",
    ],
)
async def test_what_a_list_cannot_be_asked_for_is_refused_by_name(lists: Lists, query: str) -> None:
    """422, with the parameter in the answer; nothing is shown."""
    status, problem = await lists.raw(query)

    assert (422, "malformed") == (status, problem["code"])
    assert query.partition("=")[0] in json.dumps(problem)


async def test_a_cursor_of_one_list_is_refused_by_another(lists: Lists) -> None:
    """By another order, another filter and another reader."""
    _, page = await lists.raw("limit=1")
    for query, reader in (("sort=name", READER), ("open=yes", READER), ("", PART)):
        status, problem = await lists.raw(f"{query}&limit=1&cursor={page['next']}", reader)
        assert (422, True) == (status, "no cursor of this list" in problem["detail"])


async def test_a_client_that_is_given_no_end_says_so(lists: Lists, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cuts nothing off silently: after as many pages as ten thousand open deliveries can have it raises, and says how many."""
    assert MOST_PAGES * LONGEST_INBOX >= 5 * MANY
    assert MOST_PAGES * LONGEST_LIST >= 20 * MANY
    monkeypatch.setattr("protocol.gateway.MOST_PAGES", 3)
    with pytest.raises(Unavailable, match="there is more after 3 pages"):
        await lists.door(READER).deliveries({"limit": "1"})
    with pytest.raises(Malformed):
        await lists.door(READER).deliveries({"limit": "1000"})
    assert EVERY == await lists.names(READER, sort="name", limit="2")


@pytest.mark.slow
async def test_a_client_is_given_all_of_ten_thousand_open_deliveries() -> None:
    """List and inbox, each delivery once, page after page over HTTP."""
    names = [f"case-{number:05}" for number in range(MANY)]
    many = dict(made(name, 1, requests=(asked(name, READER, at(1 + number % 7)),)) for number, name in enumerate(names))
    async for lists in over(many):
        began = time.monotonic()
        listed = await lists.names(READER, sort="name")
        between = time.monotonic()
        inbox = await lists.door(READER).inbox()
        print(f"list {between - began:.1f} s, inbox {time.monotonic() - between:.1f} s")  # noqa: T201 - a figure

    assert names == listed
    assert names == sorted(one.delivery for one in inbox.requests)
