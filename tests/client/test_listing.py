"""`vigil list`: the watch floor at a terminal. `vigil directory`: who else takes part, and the key ids to compare."""

import asyncio
import csv
import io
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from client.board import board
from client.listing import USUALLY, Narrowing
from domain.signing.envelope import Envelope
from domain.signing.keys import key_id, private_pem, public_text
from domain.views.standing import Participant
from domain.words.limits import LONGEST_LIST
from domain.words.moments import utc_text
from protocol.gateway import Gateway
from rehearsal.services import private_key_of
from tests.command import VIGIL, Ran, in_conversation, vigil
from tests.floors import night
from tests.gateway.test_floor import ALL, IN_ORDER, NOW, READER, ROWS, Night, keep, made, over
from tests.gateway.test_http import door_of

PART_OF_IT = Participant(service=READER, state="KZ", reach="part")


@pytest.fixture
async def at() -> AsyncIterator[Night]:
    """A night with six open deliveries, and one that has ended."""
    async with over(ROWS) as found:
        await keep(found.reads, [made("novel-7")], phase="ended", ended=True, closed_at=utc_text(NOW), outcome="destroyed")
        yield found


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with the keys of a supervisor and of a service."""
    for service in (ALL, READER):
        (tmp_path / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    return tmp_path


def as_(service: str, at: Night, keys: Path) -> tuple[Any, ...]:
    """Who asks, and where."""
    return "--as", service, "--keys", keys, "--gateway", at.url


def names(ran: Ran) -> list[str]:
    """The deliveries of a document, in its order."""
    assert 0 == ran.code, ran.err
    return [one["delivery"] for one in ran.json]


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ((), ""),
        (("--sort", "due", "--limit", "4"), "?sort=due"),
        (("--sort", "age"), "?sort=age"),
        (("--sort", "name", "--show", "needs_you"), "?sort=name&show=needs_you"),
        (("--in", "KZ", "--concerns", "uz.customs", "--phase", "under_way"), "?in=KZ&service=uz.customs&phase=under_way"),
        (("--text", "AMBER"), "?text=AMBER"),
    ],
    ids=str,
)
async def test_the_list_and_the_page_have_the_same_deliveries_in_the_same_order(
    at: Night, keys: Path, options: tuple[str, ...], address: str
) -> None:
    """Whatever both are narrowed to and sorted by."""
    page = re.findall(r'<tr id="r-([^"]+)"', await (await at.browser()).page(f"/desk/floor{address}"))
    listed = names(await vigil("list", *options, "-o", "json", *as_(ALL, at, keys)))
    assert page[: len(listed)] == listed
    assert len(listed) == (4 if "--limit" in options else len(page)) > 0


async def test_the_list_says_what_the_board_says_in_letters_not_only_in_colours(at: Night, keys: Path) -> None:
    """Reason, way, holder, who is waited for and for what, time left, age, phase; wide the rest; and no worker."""
    at.engine[0] = "no_worker"
    text, wide = [await vigil("list", *more, *as_(ALL, at, keys)) for more in ((), ("-o", "wide"))]
    lines = {line.split()[1]: line for line in text.out.splitlines()[1:6]}
    assert ["S", "O", "H", "c", "t"] == [line.split()[0] for line in lines.values()]
    assert IN_ORDER[:5] == [*lines]
    for words in (
        "[KZ*] UZ",
        "kz.customs",
        "uz.customs · acceptance, own weighing; call them",
        "late 3 h ",
        "1 d",
        "on the road",
    ):
        assert words in lines["amber-2"], words
    assert "until seized" in lines["birch-3"]
    assert "\x1b[" not in text.out
    assert "Cash <b>in a parcel</b>" in wide.out
    assert "No worker is up: nothing advances by itself" in text.err


async def test_what_is_not_on_the_floor_stands_below_or_is_asked_for(at: Night, keys: Path) -> None:
    """What a service sees in part, with what it may know; and what has ended."""
    await keep(at.reads, [made("tulip-4", "due_soon", whole=())], participants=(PART_OF_IT,))
    listed = await vigil("list", "-o", "json", *as_(READER, at, keys))
    ended = await vigil("list", "--closed", *as_(ALL, at, keys))
    both = names(await vigil("list", "--all", "-o", "json", *as_(ALL, at, keys)))
    assert [name for name in IN_ORDER if name != "tulip-4"] + ["tulip-4"] == names(listed)
    assert (False, None, None) == (listed.json[-1]["whole"], listed.json[-1]["floor"], listed.json[-1]["title"])
    assert "overdue" == next(one["floor"]["reason"] for one in listed.json if one["delivery"] == "amber-2")
    assert "novel-7" in ended.out
    assert "amber-2" not in ended.out
    assert {*IN_ORDER, "novel-7"} == {*both}


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--show", "due_son"), "did you mean due_soon?"),
        (("--in", "Kazakh"), "--in Kazakh: there is none"),
        (("--in", "uz"), "did you mean UZ?"),
        (("--state", "uz"), "did you mean UZ?"),
        (("--watch", "-o", "csv"), "-o json writes a line each time"),
        (("--cards", "x"), "vigil list takes no --cards"),
    ],
)
async def test_what_the_floor_does_not_know_is_said_before_anybody_is_asked(
    keys: Path, option: tuple[str, str], said: str
) -> None:
    """With what was meant."""
    ran = await vigil("list", *option, "--as", ALL, "--keys", keys, "--gateway", "http://127.0.0.1:9")
    assert 2 == ran.code
    assert said in ran.err


class Counting(Gateway):
    """Writes down what it asks for."""

    asked: ClassVar[list[str]] = []

    async def _call(self, method: str, path: str, content: Envelope | bytes = b"") -> bytes:
        self.asked.append(path)
        return await super()._call(method, path, content)


@pytest.mark.slow
async def test_a_list_that_is_limited_reads_no_more_than_it_shows(at: Night) -> None:
    """One page of the watch floor and the rows that are shown, of as many as there are; and it shows the first of the whole."""
    await keep(at.reads, [*night(2 * LONGEST_LIST, NOW)])
    door = Counting(at.http, at.url, ALL, private_key_of(ALL), "S-1")
    for more in (
        {},
        {"sort": "name"},
        {"sort": "started"},
        {"phase": "under_way"},
        {"text": "TULIP"},
        {"state": "KZ"},
        {"all": True},
        {"now_in": "KZ"},
    ):
        whole = await board(door, Narrowing(**more))
        door.asked.clear()
        first = await board(door, Narrowing(**more), 3)
        assert (whole.lines[:3], 2, True) == (first.lines, len(door.asked), first.more), (more, door.asked)
    door.asked.clear()
    newest = [
        one.floor.glance.started_at for one in (await board(door, Narrowing(now_in="KZ", sort="started"), 3)).lines if one.floor
    ]
    assert (3, 2, sorted(newest, reverse=True)) == (len(newest), len(door.asked), newest)
    ended = await board(door, Narrowing(open=False), 3)
    assert (["novel-7"], False) == ([one.row.delivery for one in ended.lines], ended.more)


async def test_a_list_is_a_table_for_programs(at: Night, keys: Path) -> None:
    """A line for each, with its heads first; words of others are no formula."""
    await keep(at.reads, [made("tulip-4", "due_soon", title="=1+1", whole=(READER,))])
    lines = [*csv.DictReader(io.StringIO((await vigil("list", "--all", "-o", "csv", *as_(ALL, at, keys))).out))]
    late = next(one for one in lines if one["delivery"] == "amber-2")
    told = ("overdue", "needs_you", "KZ", "KZ UZ", "kz.customs", "uz.customs", "handover_acceptance")
    assert told == tuple(late[name] for name in ("reason", "band", "state", "route", "holder", "waits_for", "needs"))
    assert ["'=1+1"] == [one["title"] for one in lines if one["delivery"] == "tulip-4"]
    assert ["destroyed"] == [one["outcome"] for one in lines if one["delivery"] == "novel-7"]


@pytest.mark.slow
async def test_a_list_that_is_watched_is_shown_again_when_it_has_changed(at: Night, keys: Path) -> None:
    """One document a line for a program, until Ctrl-C; or until nobody reads it, though nothing has changed since."""
    words = ("list", "--watch", "--show", "overdue", "-o", "json", *map(str, as_(ALL, at, keys)))
    watched = await asyncio.create_subprocess_exec(VIGIL, *words, stdout=asyncio.subprocess.PIPE, env={**os.environ})
    assert watched.stdout is not None
    async with asyncio.timeout(60):
        first = json.loads(await watched.stdout.readline())
        await keep(at.reads, [made("cedar-1", "overdue")])
        second = json.loads(await watched.stdout.readline())
        watched.send_signal(signal.SIGINT)
        assert 130 == await watched.wait()
        reading, writing = os.pipe()
        unread = await asyncio.create_subprocess_exec(VIGIL, *words, stdout=writing, env={**os.environ})
        os.close(writing)
        await asyncio.get_running_loop().run_in_executor(None, os.read, reading, 1)
        os.close(reading)
        assert 128 + signal.SIGPIPE == await unread.wait()
    assert (["amber-2"], ["amber-2", "cedar-1"]) == tuple([one["delivery"] for one in found] for found in (first, second))


async def test_a_list_longer_than_the_screen_goes_through_the_pager(at: Night, keys: Path) -> None:
    """At a terminal, with the one that PAGER names; a short one does not."""
    pager = {"PAGER": "sed s/^/paged:/", "TERM": "xterm"}
    short = (await in_conversation([], "list", *as_(ALL, at, keys), environment=pager))[1]
    await keep(at.reads, [*night(110, NOW)])
    long = (await in_conversation([], "list", *as_(ALL, at, keys), environment=pager))[1]
    assert "amber-2" in short
    assert "paged:" not in short
    assert long.count("paged:") > USUALLY


async def test_people_see_the_first_hundred_and_how_many_there_are_and_programs_all(at: Night, keys: Path) -> None:
    """What shows the others is said below, and it shows them."""
    await keep(at.reads, [*night(110, NOW)])
    usual, wide, document = [await vigil("list", *more, *as_(ALL, at, keys)) for more in ((), ("-o", "wide"), ("-o", "json"))]
    count = len(document.json)
    said = f"The first 100. On the watch floor {count} match: --limit {count} shows them."
    more = await vigil("list", "--limit", count, *as_(ALL, at, keys))
    closed = await vigil("list", "--all", "--state", "KZ", "--limit", 5, *as_(ALL, at, keys))
    assert [100, 100, count] == [len(one.out.splitlines()) - 1 for one in (usual, wide, more)]
    assert [1, 1, 0, 0] == [one.err.count(said) for one in (usual, wide, document, more)]
    assert "The first 5. More match: --limit 50 shows more." in closed.err


async def test_a_row_is_a_line_where_there_is_no_terminal(at: Night, keys: Path) -> None:
    """However long what stands in it, so that programs which read lines have each delivery in one."""
    title = ("carpets " * 24).strip()
    long = [one.model_copy(update={"title": title}) for one in night(3, NOW)]
    await keep(at.reads, long)
    wide = (await vigil("list", "-o", "wide", *as_(ALL, at, keys))).out.splitlines()
    document = (await vigil("list", "-o", "json", *as_(ALL, at, keys))).json
    assert len(wide) == 1 + len(document)
    assert 3 == sum(title in line for line in wide)


async def test_ctrl_c_is_the_pagers(at: Night, keys: Path, tmp_path: Path) -> None:
    """It ends by itself, as whoever reads tells it, and puts the terminal back; the command ends well."""
    await keep(at.reads, [*night(60, NOW)])
    script = tmp_path / "pager"
    script.write_text(  # it looks up now and then, else a signal that comes just before it reads would wait for a key
        "trap 'echo again' INT; cat > /dev/null; echo reads; until read -t 1 said; do :; done < /dev/tty; echo left by $said"
    )
    talked = [("reads", b"\x03"), ("again", "q")]
    pager = {"PAGER": f"bash {script}", "TERM": "xterm"}
    code, screen = await in_conversation(talked, "list", *as_(ALL, at, keys), environment=pager)
    assert (0, True) == (code, "left by q" in screen), screen


async def test_the_directory_is_printed_with_key_ids_and_whole_for_a_program(tmp_path: Path) -> None:
    """A line for each service for people; for programs the keys themselves, and nothing of how others are reached."""
    (tmp_path / "kz.knb.pem").write_bytes(private_pem(private_key_of("kz.knb")))
    async with door_of() as door:
        asked = ("directory", "--as", "kz.knb", "--keys", tmp_path, "--gateway", door.url)
        text, document = await vigil(*asked), await vigil(*asked, "-o", "json")

    public = public_text(private_key_of("uz.customs"))
    assert (0, 0) == (text.code, document.code)
    assert key_id(public) in text.out
    found = {one["id"]: one for one in document.json}
    assert public == found["uz.customs"]["keys"][0]["public"]
    assert found["uz.customs"]["contact"] is None
    assert found["kz.knb"]["contact"] is not None
