"""The command line speaks the language of whoever reads it: the ledger, receipts and refusals too."""

import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.main import get_command

from client import helping, render
from client.cli import app
from client.entries import line, receipt
from domain.delivery.decided import Expired, Waits
from domain.delivery.events import AnyEvent
from domain.delivery.ledger import Entry
from domain.delivery.reported import ArchiveCaughtUp, KeysChanged, Stated
from domain.record.siblings import expunged
from domain.views.view import view
from domain.words.errors import Unavailable
from domain.words.text import fill
from process.language import speaker
from rehearsal.services import VIGIL, private_key_of
from tests.activities.test_checkpoint import revocation_of
from tests.command import vigil
from tests.domain.test_names import EVENTS
from tests.goldens import GOLDEN, read
from tests.support import Table

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
RULE = re.compile(r"\bR[0-9]+\b")
RECORDED = sorted(GOLDEN.glob("*/*.json.gz"))


@pytest.fixture(scope="module")
def entries() -> dict[str, list[Entry]]:
    """Of each kind, and of each verdict, one: from the golden ledgers, or made where none of them has it."""
    found: dict[str, dict[str, Entry]] = {name: {} for name in EVENTS}
    for path in RECORDED:
        for entry in read(path).entries:
            found[entry.event.event].setdefault(entry.event.verdict.verdict if isinstance(entry.event, Stated) else "", entry)
    made: tuple[AnyEvent, ...] = (
        ArchiveCaughtUp(kept=3),
        Expired(service="kz.prosecutor"),
        KeysChanged(change=revocation_of("uz.police")),
        Waits(checkpoint="arrest", until="2026-03-05T08:30:00.000000Z"),
        expunged("saxaul-2", "0" * 64, private_key_of(VIGIL)),
    )
    for event in made:
        found[event.event].setdefault("", Entry(seq=7, at="2026-03-02T08:30:00.000000Z", salt="0" * 64, event=event))
    return {name: list(some.values()) for name, some in found.items()}


@pytest.fixture
def in_russian(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads it reads Russian."""
    monkeypatch.setenv("VIGIL_LANG", "ru")


@pytest.mark.usefixtures("in_russian")
@pytest.mark.parametrize("event", sorted(EVENTS))
def test_each_kind_of_entry_is_said_in_russian(
    event: str, entries: dict[str, list[Entry]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same number, time and rules as in English, and in other words."""
    said = [line(one).plain for one in entries[event]]
    monkeypatch.setenv("VIGIL_LANG", "en")
    english = [line(one).plain for one in entries[event]]

    assert said
    assert all(CYRILLIC.search(one) for one in said), said
    assert not any(CYRILLIC.search(one) for one in english)
    assert [one[:31] for one in english] == [one[:31] for one in said]
    assert [sorted(RULE.findall(one)) for one in english] == [sorted(RULE.findall(one)) for one in said]


@pytest.mark.usefixtures("in_russian")
def test_a_refusal_is_said_in_russian() -> None:
    """The verdict and its reason, from the code; the rule by its number."""
    refused = Table().say("uz.police", "dispatched")
    assert re.search(r"ОТКЛОНЕНО \[R[0-9]+\] .*[а-я]", receipt(refused).plain)


@pytest.mark.usefixtures("in_russian")
def test_a_delivery_is_shown_in_russian() -> None:
    """Why it halted too, whatever language the gateway speaks."""
    table = Table().consent()
    table.say("uz.police", "stop_requested", reason="leak")
    shown = Console(width=160)
    with shown.capture() as captured:
        shown.print(render.panel(view(table.delivery, table.directory.get("kz.knb"), table.now), table.now))

    for words in ("остановлено", "R8: uz.police", "ожидаются ответы", "записей: "):
        assert words in captured.get()
    assert "ordered a stop" not in captured.get()


def helps(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Of each command: its name, and what it prints where it is asked for help."""
    yield " ".join(path), command.get_help(typer.Context(command, info_name=" ".join(("vigil", *path))))
    for name, one in getattr(command, "commands", {}).items():
        yield from helps(one, (*path, name))


@pytest.mark.usefixtures("in_russian")
def test_every_command_explains_itself_in_russian() -> None:
    """Itself, and each of its options: nothing of what is said of it stands in English."""
    english = [text for text in helping.texts(get_command(app)) if CYRILLIC.search(text)]
    command = get_command(app)
    helping.in_language(command)
    said = dict(helps(command))

    assert [] == english
    assert {
        "",
        "start",
        "plan check",
        "show",
        "history",
        "inbox",
        "confirm",
        "refuse",
        "stop",
        "export",
        "verify",
        "keys new",
    } <= said.keys()
    assert [] == [text for text in helping.texts(command) if not CYRILLIC.search(text)]
    assert all(CYRILLIC.search(text) for text in said.values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--lang ru confirm saxaul-22 consent-uz --as uz.prosecutor --keys NONE", "закрытого ключа uz.prosecutor нет в NONE"),
        ("--lang=ru confirm", "не указано: delivery"),
        ("--lang ru inbox --none", "параметра --none нет"),
        ("--lang ru none", "у vigil нет команды none"),
        ("--lang ru inbox --as kz.knb --encrypt-for uz.police", "--encrypt-for указывается вместе с --file"),
        ("--lang ru verify NONE --directory NONE", "нет файла NONE"),
        ("--lang ru plan check NONE", "нет файла NONE"),
        ("--lang en confirm", "delivery is missing"),
        ("--lang en paper results none.json --lang ru", "say which service you act for"),
        ("--lang kk inbox --as kz.knb", "--lang is not right: expected one of en, ru"),
    ],
)
async def test_an_error_is_said_in_the_language_that_is_asked_for(words: str, said: str) -> None:
    """`--lang` before the command; what has no translation is no language of ours."""
    ran = await vigil(*words.split())

    assert said in ran.err
    assert ran.code in (2, 3)


def test_what_is_filled_into_an_error_is_kept_and_its_words_are_said_again() -> None:
    """Wherever it was raised: the English stays the message, for programs and logs; what is no text of ours stays as it is."""
    inner = fill("no gateway answers at {url}", url="http://x.example")
    error = Unavailable(fill("the gateway at {url} says: {what}", url="http://y.example", what=inner), hint="{not} ours")

    assert "the gateway at http://y.example says: no gateway answers at http://x.example" == error.message
    assert error.told_in(speaker("ru")) == (
        "сервер по адресу http://y.example сообщает: сервер по адресу http://x.example не отвечает",
        "{not} ours",
    )
    assert pickle.loads(pickle.dumps(inner)).template == inner.template  # noqa: S301 - our own
