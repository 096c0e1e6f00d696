"""`vigil notices`: an officer subscribes, looks how it goes, tries it out and ends it, at a real gateway."""

from pathlib import Path

import pytest
from aiohttp import web

from domain.signing.keys import private_pem
from rehearsal.services import private_key_of
from tests.activities.test_messenger import hook
from tests.command import Ran, vigil
from tests.gateway.test_floor import ALL
from tests.gateway.test_notices import STOPPED, Served, served


async def run(at: Served, keys: Path, *words: object) -> Ran:
    """A command of the supervisor."""
    (keys / f"{ALL}.pem").write_bytes(private_pem(private_key_of(ALL)))
    return await vigil("notices", *words, "--as", ALL, "--officer", "S-1", "--keys", keys, "--gateway", at.url)


async def test_an_officer_subscribes_looks_tries_and_ends(tmp_path: Path) -> None:
    """Each command says what came of it; what was not taken is said, with why, and a test that was not ends with code 1."""
    async with served() as at, hook().listening() as receiver:
        nothing = await run(at, tmp_path, "list")
        made = await run(
            at,
            tmp_path,
            "subscribe",
            "stop",
            "overdue",
            "--webhook",
            receiver.url,
            "--quiet",
            "22:00-06:00",
            "--zone",
            "Asia/Tashkent",
        )
        name = made.out.strip()
        tried = await run(at, tmp_path, "test", name)
        receiver.answer = lambda _: web.Response(status=500)
        await at.desk.happens(STOPPED)
        listed, as_json = await run(at, tmp_path, "list"), await run(at, tmp_path, "list", "-o", "json")
        again = await run(at, tmp_path, "test", name)
        at.desk.places = ()
        ended = await run(at, tmp_path, "unsubscribe", name)
        gone = await run(at, tmp_path, "unsubscribe", name)

    assert "you have no subscription" in nothing.out
    assert [0, 0, 0, 0] == [one.code for one in (made, tried, listed, ended)], made.err + tried.err + listed.err + ended.err
    assert "it was taken" in tried.out
    text = " ".join(listed.out.split())
    for shown in (name, "stopped or halted, life at risk, overdue", receiver.url, "22:00-06:00 Asia/Tashkent"):
        assert shown in text
    assert "not taken: the webhook does not answer with success; times tried: 1" in text
    assert ("status", 1) == ((one := as_json.json["subscriptions"][0])["failure"], one["waiting"])
    assert 1 == again.code
    assert "was tried out within the last minute" in again.err
    assert 3 == gone.code
    assert f"there is no subscription {name} of yours" in gone.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("weather",), "nobody is told of weather"),
        (("overdeu",), "overdue"),
        (("stop", "--webhook", "https://x.example", "--mail", "a@x.example"), "one subscription goes one way"),
        (("stop", "--quiet", "22:00-06:00"), "quiet hours need a clock"),
        (("stop", "--zone", "UTC"), "quiet hours need a clock"),
        (("stop", "--quiet", "at night", "--zone", "UTC"), "expected hours such as 22:00-06:00"),
        (("stop", "--quiet", "22:00-06:00", "--zone", "Mars/Olympus"), "there is no time zone Mars/Olympus"),
        (("stop", "--webhook", "http://hook.example/x"), "expected https://"),
        (("stop", "--webhook", "https://hook.example/x"), "notices may not go there"),
        (("stop", "--mail", "duty@x.example"), "sends no mail"),
    ],
)
async def test_what_is_no_subscription_is_said_and_changes_nothing(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    """Exit code 2, the place and the rule."""
    async with served() as at:
        done = await run(at, tmp_path, "subscribe", *words)
        left = await run(at, tmp_path, "list", "-o", "json")

    assert (2, []) == (done.code, left.json["subscriptions"]), done.err
    assert says in " ".join(done.err.split())
