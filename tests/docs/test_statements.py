"""docs/statements.md names every kind of statement, every field, need and rule, and its command lines work."""

import asyncio
import re
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel
from typer.testing import CliRunner

from client import cli
from client.caller import CallerOptions
from domain.delivery.ledger import Entry, Ledger, Receipt
from domain.delivery.persons import Arrestee, Prosecution
from domain.delivery.reported import Stated
from domain.delivery.requests import Bound, Facts, Inbox, Request
from domain.delivery.statement import Seen, Statement, sign_statement
from domain.delivery.verdicts import ACCEPTED
from domain.delivery.vocabulary import Outcome
from domain.delivery.watching import Interval
from domain.plan.acts import NamedAct
from domain.plan.attachment import Attachment
from domain.plan.cards import Form, Measure, Modality
from domain.plan.directory import Service
from domain.plan.goods import Cash, Counted, DeviceFound, Find, Instruments, Item, Part, Scale, SubstanceMass, Unit, Weapons
from domain.plan.plan import STEP_NEEDS, Consignment, Plan
from domain.plan.quantity import Estimate, Unmeasured
from domain.plan.request_for_consent import digest_of_request, request_for_consent
from domain.plan.vocabulary import Condition, Spoken
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt, signed
from domain.rules import books
from domain.rules.acts import Charge, PaperRegistered
from domain.rules.arrival import NotCollected
from domain.rules.balance import PartEnded
from domain.rules.books import BOOK
from domain.rules.closing import Cost
from domain.rules.conflict import ConflictSettled
from domain.rules.detection import Detected
from domain.rules.disposing import Disposed
from domain.rules.examining import DividedPart, LaboratoryReport
from domain.rules.kind import CONCLUDED, HALTED
from domain.rules.preparation import Ready
from domain.signing.canonical import Frozen
from domain.signing.envelope import Envelope
from domain.words.identifiers import Seal
from tests.support import example_directory, example_plan

TEXT = (Path(__file__).parents[2] / "docs" / "statements.md").read_text(encoding="utf-8")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
CONTENTS = BOOK.kinds
ANSWERS = BOOK.answers
SECTIONS = dict(re.findall(r"^### `([a-z_]+)`\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
PARTS: tuple[type[BaseModel], ...] = (
    Seal, SubstanceMass, Cash, Instruments, Weapons, Counted, Estimate, Unmeasured, Condition, Unit, Item, Find, Part, PartEnded,
    Arrestee, Interval, Cost, Prosecution, Attachment, NamedAct, Scale, DeviceFound, Charge, DividedPart,
)  # fmt: skip
CHOICES: tuple[tuple[type[BaseModel], str], ...] = (
    (Item, "what"),
    (NotCollected, "because"),
    (Arrestee, "role"),
    (Interval, "means"),
    (Detected, "how"),
    (Detected, "sure"),
    (LaboratoryReport, "report"),
    (Disposed, "how"),
    (DeviceFound, "works"),
    (PaperRegistered, "paper"),
)
COMMANDS = [(kind, line) for kind, body in SECTIONS.items() for line in re.findall(r"^vigil .*$", body, re.MULTILINE)]


COMMANDS += re.findall(r"^<!-- (?!carried)([a-z_]+) -->\n```sh\n(.*)$", TEXT, re.MULTILINE)
CARRIED = re.findall(r"^<!-- carried -->\n```sh\n(.*)\n(.*)\n```$", TEXT, re.MULTILINE)


def rows(text: str) -> list[str]:
    """First column of a section's table of fields."""
    return re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)


def test_every_kind_has_a_section_and_no_other_has() -> None:
    """The document has one section for each kind of statement and none for a kind that does not exist."""
    headings = re.findall(r"^### `(.*)`$", TEXT, re.MULTILINE)
    assert sorted(headings) == sorted(CONTENTS)
    assert f"There are {len(CONTENTS)} kinds." in TEXT


@pytest.mark.parametrize("kind", CONTENTS)
def test_every_field_of_a_kind_is_named(kind: str) -> None:
    """A section's table names the fields of its kind, all of them and in their order, and no others."""
    assert rows(SECTIONS[kind]) == [name for name in CONTENTS[kind].model_fields if name != "kind"]


def test_every_common_field_is_named() -> None:
    """The fields of every statement, and of what several kinds have, are named."""
    common = TEXT.partition("## Which statement answers which need")[0]
    assert rows(common) == list(Statement.model_fields)
    for model in PARTS:
        for name in model.model_fields:
            assert f"`{name}`" in common, name


def test_every_need_is_shown_with_its_answers_and_steps() -> None:
    """The table of needs is that of the code: which kinds answer a need, and which steps ask for it."""
    found = re.findall(
        r"^\| `([a-z_]+)` \| (.*) \| (.*) \|$", TEXT.partition("What every")[2].partition("## Rules")[0], re.MULTILINE
    )
    table = {need: (quoted(kinds), asked) for need, kinds, asked in found if need in ANSWERS}
    assert {need: kinds for need, (kinds, _) in table.items()} == {need: list(kinds) for need, kinds in ANSWERS.items()}
    for need, (_, asked) in table.items():
        steps = [step for step, needs in STEP_NEEDS.items() if need in needs]
        assert quoted(asked) == steps if steps else asked.startswith("unforeseen: "), need


def quoted(text: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`\n]+)`", text)


def test_what_each_kind_answers_is_said_in_its_section() -> None:
    """Each section says which need its kind answers, or that it answers none."""
    for kind, body in SECTIONS.items():
        need = BOOK.need_of(kind)
        assert (f"Answers `{need}`" if need is not None else "Answers no need") in body, kind


def test_what_may_be_said_after_a_halt_is_that_of_the_rules() -> None:
    """The kinds that R8 still accepts after a halt are the ones the document lists."""
    (line,) = re.findall(r"\*\*R8\*\*: after a halt only (.*?) are accepted", TEXT, re.DOTALL)
    assert sorted(quoted(line)) == sorted(name for name, kind in CONTENTS.items() if kind.declares.counts & HALTED)


def test_what_may_be_said_after_the_outcome_is_that_of_the_rules() -> None:
    """The kinds that R12 does not call late are the ones the document lists."""
    (line,) = re.findall(r"\*\*R12\*\*: once the delivery has its outcome, everything but (.*?) is late", TEXT, re.DOTALL)
    assert sorted(quoted(line)) == sorted(name for name, kind in CONTENTS.items() if kind.declares.counts & CONCLUDED)


def test_every_rule_named_exists() -> None:
    """Each rule number in the document is one of the rules."""
    known = set(re.findall(r"^(R\d+) ", books.__doc__ or "", re.MULTILINE))
    assert known >= set(re.findall(r"\bR\d+\b", TEXT))


def test_no_unknown_name_stands_in_backquotes() -> None:
    """Every compound name in backquotes is a kind, need, field, step or modality that exists."""
    fields = {name for model in (*CONTENTS.values(), Statement, *PARTS) for name in model.model_fields}
    words = {word for model, name in CHOICES for word in get_args(model.model_fields[name].annotation)}
    known = {
        *CONTENTS,
        *ANSWERS,
        *fields,
        *STEP_NEEDS,
        *get_args(Modality),
        *get_args(Measure),
        *get_args(Form),
        *get_args(Spoken),
        *Plan.model_fields,
        *Consignment.model_fields,
        *get_args(Outcome),
        *words,
    }
    assert words <= set(quoted(TEXT))
    assert {name for name in quoted(TEXT) if re.fullmatch(r"[a-z]+(_[a-z]+)+", name)} <= known


class Door:
    """A gateway that asks for one need and keeps what is handed in."""

    def __init__(self, need: str | None, words: list[str]) -> None:
        self.need, self.words = need, words
        self.service = words[words.index("--as") + 1]
        self.asked = words[words.index("--for") + 1] if "--for" in words else self.service
        self.came: list[Statement] = []

    async def inbox(self) -> Inbox:
        """The request the command answers, if its kind answers one."""
        if self.need is None:
            return Inbox(requests=())
        facts = Facts(
            place="Tashkent", state="UZ", modality="intact", expected_at=None, valid_until="2099-04-01T00:00:00.000000Z",
            gross=13_900_000, tolerance=20_000, seals=(), contents=(), permissions=("opening",),
            request=request_for_consent(example_plan(), "UZ"), request_digest=digest_of_request(example_plan(), "UZ"),
            conditions=(Bound(id="uz.prosecutor/1", text="the seal is kept"),),
        )  # fmt: skip
        asked = {
            "id": "x",
            "says": (self.need,),
            "asked_at": "2026-03-02T08:30:00.000000Z",
            "due": None,
            "facts": facts,
            "plan": "0" * 64,
            "seen": Seen(size=1, root="0" * 64),
        }
        request = Request(delivery=self.words[0], checkpoint=self.words[1], service=self.asked, **asked)
        return Inbox(requests=(request,))

    async def view(self, _delivery: str) -> SimpleNamespace:
        """What says which plan is in force, how far the ledger has come, and which checkpoint there is."""
        none = dict.fromkeys(("may_say", "corrected_by_one"), ())
        return SimpleNamespace(plan="0" * 64, entries=1, root="0" * 64, checkpoints=tuple(self.words[1:2]), **none)

    async def directory(self) -> tuple[Service, ...]:
        """The services of the examples."""
        return example_directory().services

    async def ledger(self, delivery: str) -> tuple[Entry, ...]:
        """What the command corrects, as its service said it."""
        said = Statement(
            id=self.words[1],
            delivery=delivery,
            service=self.service,
            officer="K-1",
            happened_at="2026-03-02T13:25:00+05:00",
            content=Ready(),
        )
        ledger = Ledger(bytes(32))
        ledger.append(ledger.next(Stated(envelope=sign_statement(said, KEY), verdict=ACCEPTED), "2026-03-02T08:30:00.000000Z"))
        return ledger.entries

    async def submit(self, _delivery: str, envelope: Envelope) -> SignedReceipt:
        """Keep it."""
        self.came.append(read_statement(envelope))
        ledger = Ledger(bytes(32))
        ledger.append(ledger.next(Stated(envelope=envelope, verdict=ACCEPTED), "2026-03-02T08:30:00.000000Z"))
        receipt = Receipt(
            delivery=self.came[-1].delivery,
            plan="0" * 64,
            statement=self.came[-1].id,
            fingerprint=envelope.fingerprint(),
            entry=ledger.entries[0],
            size=1,
            root=ledger.root,
            proof=ledger.proof_at(0),
        )
        return SignedReceipt(signed(receipt, KEY), receipt)


@pytest.mark.parametrize(("kind", "line"), COMMANDS, ids=[f"{kind}: {line.split()[1]}" for kind, line in COMMANDS])
def test_every_command_line_makes_the_statement_it_stands_for(
    kind: str, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A command line of the document, run as it stands, hands in one complete statement of its section's kind."""
    monkeypatch.chdir(tmp_path)
    theirs = Statement(
        id="the-other-sides-word",
        delivery="saxaul-22",
        service="kz.afm",
        officer="K-1",
        happened_at="2026-03-02T13:25:00+05:00",
        content=ConflictSettled(agreed_with="kz.knb", reference=NamedAct(number="7/2026"), reason="one arrest for both"),
    )
    signed = sign_statement(theirs, Ed25519PrivateKey.generate())
    Path("kz.afm.statement.json").write_text(signed.model_dump_json(), encoding="utf-8")
    words = shlex.split(line)
    door = Door(BOOK.need_of(kind), words[2:])
    stand_in(door, monkeypatch)
    result = CliRunner().invoke(cli.app, words[1:])
    assert result.exit_code == 0, (result.output, result.exception)
    (statement,) = door.came
    assert (statement.kind, statement.delivery, statement.service) == (kind, "saxaul-22", door.service)


def stand_in(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every command find this gateway, and a key."""

    def call(_caller: CallerOptions, work: Callable[[Door], Awaitable[Any]]) -> Any:
        async def connected() -> Any:
            return await work(door)

        return asyncio.run(connected())

    monkeypatch.setattr(CallerOptions, "call", call)
    monkeypatch.setattr(CallerOptions, "key", lambda _: KEY)


def test_a_statement_is_carried_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first command line signs into a file and hands in nothing; the second hands in that file, as another service."""
    ((signing, handing_in),) = CARRIED
    signed, handed = (shlex.split(line)[1:] for line in (signing, handing_in))
    door = Door(None, handed)
    stand_in(door, monkeypatch)
    monkeypatch.chdir(tmp_path)
    first = CliRunner().invoke(cli.app, signed)
    (file,) = tmp_path.iterdir()
    so_far = list(door.came)
    second = CliRunner().invoke(cli.app, [file.name if word.endswith(".json") else word for word in handed])
    (statement,) = door.came

    assert (0, 0) == (first.exit_code, second.exit_code), (first.output, second.output)
    assert [] == so_far
    assert (statement.kind, statement.service) == ("delivered", "uz.customs")
    assert file.name.replace(statement.id, "9f0c1c6e5d3b4a7f8e2d1c0b9a887766") == handed[1]


def test_every_kind_has_a_command_line() -> None:
    """Each section shows a command line."""
    assert {kind for kind, _ in COMMANDS} == set(CONTENTS)
    assert all(issubclass(model, Frozen) for model in CONTENTS.values())
