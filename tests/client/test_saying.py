"""What an officer types becomes one complete statement: each word of a structured field, and who speaks for whom."""

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from client import cli, render
from client.saying import PlanAsSeen, content_of, correction, statement
from client.submitting import kept
from domain.delivery.requests import Bound, Facts, Request
from domain.delivery.statement import Seen, Statement
from domain.plan.request_for_consent import digest_of_request, request_for_consent
from domain.rules.speaking import Correction
from domain.signing.canonical import plain
from domain.signing.keys import private_pem
from domain.words.errors import Malformed
from domain.words.patterns import IN_WORDS
from rehearsal.services import private_key_of
from tests.support import EXAMPLES, example_plan

SHA = "0" * 64
SEEN = Seen(size=7, root=SHA)
OFFLINE = ("--as", "kz.police", "--offline", "--plan", SHA)
PREPARED = ("modality=intact", "gross=13.9 kg", "seals=KZ001/H", "kept=heroin: 1.98 kg", "witnesses=K-7")
GRANTED = ("state=UZ", f"request={SHA}", "reference=1", "granted_by_role=x", "legal_basis=x", "modalities=intact")
OF_TWO = tuple(f"{one}; {SHA}" if one.startswith("request=") else one for one in GRANTED)
WINDOW = ("valid_from=2026-03-02T13:30:00+05:00", "valid_until=2026-04-02T13:30:00+05:00")
TWO = ("parts=saxaul-22-1: heroin: 6 kg; saxaul-22-2: heroin: 7.2 kg; saxaul-22-1: EUR: 500.00", "reason=two couriers")
ENDED = f"parts=saxaul-22-1: no_show: {SHA}: heroin: 6 kg; saxaul-22-2: lost_or_stolen: {SHA}; saxaul-22-1: EUR: 500.00"
SEIZED = ("recovered=heroin: 1.98 kg", "gross=2.1 kg")


def request(**facts: Any) -> Request:
    """A request for consent and a permission in UZ."""
    known: dict[str, Any] = {
        "place": "Tashkent", "state": "UZ", "modality": "intact", "expected_at": None,
        "valid_until": "2099-04-01T00:00:00.000000Z", "gross": 1, "tolerance": 1, "seals": (), "contents": (),
        "request": request_for_consent(example_plan(), "UZ"), "request_digest": digest_of_request(example_plan(), "UZ"),
    }  # fmt: skip
    return Request(
        id="x", delivery="saxaul-22", checkpoint="consent-uz", plan=SHA, seen=SEEN,
        service="uz.court", says=("permission",), officers=2,
        asked_at="2026-03-02T08:30:00.000000Z", due=None, facts=Facts(**known | facts),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "words", "field", "expected"),
    [
        ("authorisation_granted", (*GRANTED, *WINDOW, "conditions=two officers; tashkent-airport: photographs; Note: x"),
         "conditions", [{"text": "two officers", "at": None}, {"text": "photographs", "at": "tashkent-airport"},
                        {"text": "Note: x", "at": None}]),
        ("authorisation_granted", (*GRANTED, *WINDOW), "request", SHA),
        ("authorisation_granted", (*OF_TWO, *WINDOW), "request", [SHA, SHA]),
        ("prepared", (*PREPARED, "samples=heroin: 2 g; EUR: 12500.00; JPY: 500; USD: 10: " + SHA), "samples",
         [{"substance": "heroin", "net": 2000, "cas": None},
          {"currency": "EUR", "minor": 1_250_000, "notes": [], "serials": None},
          {"currency": "JPY", "minor": 500, "notes": [], "serials": None},
          {"currency": "USD", "minor": 1000, "notes": [], "serials": SHA}]),
        ("prepared", (*PREPARED, "units=A-1: heroin: 1 kg; A-2: heroin: 980 g: 40: 1 kg: removed"), "units",
         [{"label": "A-1", "substance": "heroin", "net": 1_000_000, "packages": 1, "gross": None, "fate": None},
          {"label": "A-2", "substance": "heroin", "net": 980_000, "packages": 40, "gross": 1_000_000, "fate": "removed"}]),
        ("prepared", (*PREPARED, "items=T-1: tracker: 120 g: 9d: No. 4417; S-1: substitute: 13 kg: gypsum"), "items",
         [{"label": "T-1", "what": "tracker", "gross": 120_000, "lasts": "P9D", "made_of": None, "number": "No. 4417"},
          {"label": "S-1", "what": "substitute", "gross": 13_000_000, "lasts": None, "made_of": "gypsum", "number": None}]),
        ("handover_offered", ("gross=1 kg", "scale=VLT-15: 20447: 2026-12-31: 1 g"), "scale",
         {"model": "VLT-15", "number": "20447", "verified_until": "2026-12-31", "division": 1_000}),
        ("handover_offered", ("gross=1 kg", "devices=T-1: working; T-2: silent"), "devices",
         [{"label": "T-1", "works": "working"}, {"label": "T-2", "works": "silent"}]),
        ("seizure", (*SEIZED, "value=KZT 12500.00"), "value", {"currency": "KZT", "minor": 1_250_000}),
        ("case_opened", ("reference=7 of 2026-03-01", "articles=297", "charges=courier: 297, 286: P-2"), "charges",
         [{"role": "courier", "person": "P-2", "articles": ["297", "286"]}]),
        ("prepared", (*PREPARED, "broken=KZ002/S"), "broken", [{"number": "KZ002", "security": "S", "maker": None}]),
        ("seizure", (*SEIZED, "items=T-1; S-1"), "items", ["T-1", "S-1"]),
        ("seizure", (*SEIZED, "finds=F-1: 197 000 USD in notes"), "finds", [{"label": "F-1", "what": "197 000 USD in notes"}]),
        ("destroyed", ("circumstances=burnt", "witnesses=K-7; K-12"), "witnesses", ["K-7", "K-12"]),
        ("split", TWO, "parts",
         [{"operation": "saxaul-22-1", "contents": [{"substance": "heroin", "net": 6_000_000, "cas": None},
                                                    {"currency": "EUR", "minor": 50_000, "notes": [], "serials": None}]},
          {"operation": "saxaul-22-2", "contents": [{"substance": "heroin", "net": 7_200_000, "cas": None}]}]),
        ("parts_ended", (ENDED,), "parts",
         [{"operation": "saxaul-22-1", "outcome": "no_show", "root": SHA,
           "recovered": [{"substance": "heroin", "net": 6_000_000, "cas": None},
                         {"currency": "EUR", "minor": 50_000, "notes": [], "serials": None}]},
          {"operation": "saxaul-22-2", "outcome": "lost_or_stolen", "root": SHA, "recovered": []}]),
    ],
)  # fmt: skip
def test_a_structured_field_is_typed_as_words(kind: str, words: tuple[str, ...], field: str, expected: object) -> None:
    """One word holds all of a structured field, and means exactly this."""
    assert expected == plain(content_of(kind, words, None))[field]


@pytest.mark.parametrize(
    ("kind", "words", "place"),
    [
        ("prepared", (*PREPARED, "samples=EUR: 12,50"), "samples"),
        ("prepared", (*PREPARED, "samples=EUR: 12.5"), "samples"),
        ("prepared", (*PREPARED, "samples=EUR"), "samples"),
        ("prepared", (*PREPARED, "samples=heroin: 2"), "samples.0.net"),
        ("prepared", (*PREPARED, "items=T-1"), "items.0"),
        ("prepared", (*PREPARED, "items=T-1: tracker: 120 g: soon"), "items.0.lasts"),
        ("prepared", (*PREPARED, "scale=VLT-15: 20447: soon: 1 g"), "scale.verified_until"),
        ("prepared", (*PREPARED, "units=A-1: heroin"), "units.0.net"),
        ("seizure", (*SEIZED, "finds=F-1"), "finds.0.what"),
        ("split", ("parts=saxaul-22-1: heroin: 6 kg", "reason=x"), "parts"),
        ("split", ("parts=saxaul-22-1: heroin: 6; saxaul-22-2: heroin: 7 kg", "reason=x"), "parts.0.contents.0.net"),
        ("parts_ended", (f"parts=saxaul-22-1: no_show: 77; saxaul-22-2: no_show: {SHA}",), "parts.0.root"),
        ("parts_ended", (f"parts=saxaul-22-1; saxaul-22-2: no_show: {SHA}",), "parts.0.outcome parts.0.root"),
    ],
)
def test_a_word_that_is_not_right_is_named(kind: str, words: tuple[str, ...], place: str) -> None:
    """What is missing or too much is refused at its place; nothing that was typed is left out in silence."""
    with pytest.raises(Malformed) as told:
        content_of(kind, words, None)

    assert place.split() == [fault.place for fault in told.value.faults]


def test_whoever_puts_commas_between_several_is_told_what_stands_there() -> None:
    """The place, and how several are written; a digest, which nobody has by heart, is told in words and not as a pattern."""
    with pytest.raises(Malformed) as commas:
        content_of("prepared", (*PREPARED[:-1], "witnesses=K-7, K-12"), None)
    with pytest.raises(Malformed) as digest:
        content_of("prepared", (*PREPARED, "picture=12ab"), None)

    assert ("witnesses.0", 'several have a semicolon between them: witnesses="A; B"') == (
        commas.value.faults[0].place,
        commas.value.hint,
    )
    assert ["expected a digest: 64 hexadecimal digits"] == [fault.problem for fault in digest.value.faults]


def test_every_form_that_is_told_in_words_is_one_of_a_model() -> None:
    """A pattern that is changed is not told in the words of the one before."""
    models = "".join(path.read_text() for path in (EXAMPLES.parent / "domain").rglob("*.py") if path.name != "patterns.py")

    assert [] == [pattern for pattern in IN_WORDS if f'pattern=r"{pattern}"' not in models]


def test_a_correction_keeps_what_was_right() -> None:
    """R18: it says the whole, its officer only what was wrong; one that changes nothing, or is of another kind, is refused."""
    before = statement("saxaul-22", "uz.customs", "duty", content_of("seizure", SEIZED, None), PlanAsSeen())
    said = correction(before.id, "seizure", ["gross=2.2 kg"], "a digit was wrong", None, before)
    again = correction(said.of, "seizure", ["gross=2.3 kg"], "wrong again", None, before.model_copy(update={"content": said}))
    with pytest.raises(Malformed, match="says that already"):
        correction(before.id, "seizure", ["gross=2.1 kg"], "x", None, before)
    with pytest.raises(Malformed, match="not complete"):
        correction(before.id, "prepared", ["gross=2.2 kg"], "x", None, before)

    assert content_of("seizure", (SEIZED[0], "gross=2.2 kg"), None) == said.content
    assert content_of("seizure", (SEIZED[0], "gross=2.3 kg"), None) == again.content


def test_what_was_merely_asked_is_filled_in_and_may_be_overruled() -> None:
    """State, permissions and the end of the window come from the request; reference and legal basis never do."""
    asked = request(permissions=("opening", "device"))
    own = ("reference=1", "granted_by_role=judge", "legal_basis=x")
    granted = plain(content_of("permission_granted", own, asked))
    narrower = plain(content_of("permission_granted", (*own, "permissions=opening"), asked))
    with pytest.raises(Malformed) as told:
        content_of("permission_granted", (), asked)

    assert ("UZ", ["opening", "device"]) == (granted["state"], granted["permissions"])
    assert digest_of_request(example_plan(), "UZ") == granted["request"]
    assert "2099-04-01T00:00:00.000000Z" == granted["valid_until"]
    assert ["opening"] == narrower["permissions"]
    assert ["reference", "granted_by_role", "legal_basis"] == [fault.place for fault in told.value.faults]


def test_the_inbox_shows_what_must_be_confirmed() -> None:
    """An officer reads what is to be permitted, that two must sign, and the number of each condition that binds."""
    shown = Console(width=200)
    asked = request(permissions=("opening",), conditions=(Bound(id="uz.prosecutor/1", text="photographs"),))
    with shown.capture() as captured:
        shown.print(render.requests((asked,)))

    assert "permission (opening); 2 officers sign the same" in captured.get()
    assert "condition uz.prosecutor/1: photographs" in captured.get()

    narrow = Console(width=60)
    with narrow.capture() as captured:
        narrow.print(render.requests((asked,)))
    lines = captured.get().splitlines()
    assert [line for line in lines if asked.delivery in line and asked.checkpoint not in line]
    assert [line for line in lines if asked.checkpoint in line]

    duty = asked.model_copy(
        update={"says": ("duty",), "facts": asked.facts.model_copy(update={"duty": "a copy to the register", "permissions": ()})}
    )
    with shown.capture() as captured:
        shown.print(render.requests((duty,)))
    assert "duty: a copy to the register; 2 officers" in captured.get()


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one key, in which files are written."""
    (tmp_path / "kz.police.pem").write_bytes(private_pem(private_key_of("kz.police")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def signed(keys: Path, *words: str) -> Statement:
    """What a command signs into a file."""
    result = CliRunner().invoke(cli.app, [*words, *OFFLINE, "--keys", str(keys), "-o", "json"])
    assert 0 == result.exit_code, (result.output, result.exception)
    return kept(keys / json.loads(result.stdout)["statement"])[1]


def test_an_officer_says_which_conditions_are_met_and_for_whom(keys: Path) -> None:
    """R19, R21: `--fulfils` as often as needed, and `--for` the service whose say it is."""
    conditions = ("--fulfils", "uz.prosecutor/1", "--fulfils", "kz.prosecutor/2")
    said = signed(keys, "confirm", "saxaul-22", "departure", "--kind", "dispatched", *conditions, "--for", "kz.knb")
    refused = signed(
        keys,
        "refuse",
        "saxaul-22",
        "delivery",
        "because=no_show",
        "--kind",
        "not_collected",
        "--reason",
        "nobody",
        "--for",
        "kz.post",
    )

    assert SHA == said.plan
    assert (("uz.prosecutor/1", "kz.prosecutor/2"), "kz.knb") == (said.fulfils, said.on_behalf_of)
    assert ("not_collected", "kz.post") == (refused.kind, refused.voice)


def test_an_officer_corrects_a_statement(keys: Path) -> None:
    """R18: the whole of what it should have said, the earlier one by its id, and why."""
    said = signed(keys, "correct", "saxaul-22", "seizure-0001", "seizure", *SEIZED, "--reason", "a digit was left out")

    assert isinstance(said.content, Correction)
    assert ("seizure-0001", "seizure", "a digit was left out") == (
        said.content.of,
        said.content.content.kind,
        said.content.reason,
    )


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("correct", "saxaul-22", "sighting-0001", "sighted", "place=Almaty", "--reason", "x"), "cannot be corrected"),
        (("correct", "saxaul-22", "short", "seizure", *SEIZED, "--reason", "x"), "cannot be corrected"),
        (("confirm", "saxaul-22", "departure", "--kind", "dispatched", "--fulfils", "the first"), "nothing was signed"),
        (("confirm", "saxaul-22", "departure", "--kind", "dispatched", "--for", "Customs"), "nothing was signed"),
    ],
)
def test_what_cannot_be_signed_is_bad_input(keys: Path, words: tuple[str, ...], part: str) -> None:
    """A kind that is not corrected, a condition or a service that is none: nothing is signed, and it is said why."""
    result = CliRunner().invoke(cli.app, [*words, *OFFLINE, "--keys", str(keys)])

    assert isinstance(result.exception, Malformed)
    assert part in str(result.exception)
    assert [] == list(keys.glob("*.json"))


def test_a_word_that_is_no_brake_names_its_plan(keys: Path) -> None:
    """R18: without a network and without a request nobody knows the plan, so nothing is signed; a stop is signed all the same."""
    words = ("--as", "kz.police", "--keys", str(keys), "--offline", "-o", "json")
    told = CliRunner().invoke(cli.app, ["inform", "saxaul-22", "a tip", *words])
    stop = CliRunner().invoke(cli.app, ["stop", "saxaul-22", "--reason", "leak", *words])

    assert isinstance(told.exception, Malformed)
    assert "which plan of saxaul-22 is in force" in str(told.exception)
    assert kept(keys / json.loads(stop.stdout)["statement"])[1].plan is None
