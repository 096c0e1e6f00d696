"""The command line as people use it: mistakes are answered with what was meant, nothing is signed blind, and lines fit."""

import io
import json
import re
import stat
from asyncio.subprocess import PIPE, create_subprocess_exec
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live
from ruamel.yaml import YAML

from client import console, contexts
from client.console import WatchScreen
from client.saying import content_of
from domain.delivery.requests import Bound, Facts, Request
from domain.delivery.statement import Seen
from domain.plan.goods import Check, SubstanceMass
from domain.views.foreseen import foreseen, mistimed, over
from domain.views.rulebook import explained, rules
from domain.views.view import view
from domain.words.errors import Malformed
from domain.words.identifiers import Seal
from domain.words.limits import MOST_CONTEXTS
from tests.client.conftest import Desk
from tests.command import VIGIL, in_conversation, vigil
from tests.installation import end_what_runs
from tests.support import EXAMPLES, Table
from workflows.messages import workflow_id

CONSENT = ("consent-kz", "reference=KZ-17", "granted_by_role=prosecutor", "legal_basis=art. 1")
ORALLY = ("consent-kz", *CONSENT[2:], "form=oral", "spoken=telephone", "taken_down_by=duty officer")
PREPARED = ("prepared", "gross=13.9 kg", "seals=KZ001/H", "modality=intact", "witnesses=recorded_by_video", "kept=heroin: 13 kg")
SHA = "0" * 64


async def test_a_mistyped_name_is_answered_with_the_one_that_was_meant(desk: Desk) -> None:
    """Checkpoint, service, delivery, kind, field and option; what is known and asks nothing is not taken for mistyped."""
    name = desk.plan.operation
    checkpoint = await desk.run("confirm", name, "consent-kzz", service="kz.prosecutor")
    other = await desk.run("confirm", name, "departure", service="kz.prosecutor")
    service = await desk.run("inbox", service="kz.prosecuter")
    delivery = await desk.run("show", name[:-1], service="kz.knb")
    kind = await desk.run("say", name, "informaton", "text=x", service="kz.knb")
    field = await desk.run("confirm", name, "consent-kz", "refrence=1", service="kz.prosecutor")
    option = await desk.run("list", "--overdu", service="kz.knb")
    phase = await desk.run("list", "--phase", "underway", service="kz.knb")
    left_out = [await desk.run("confirm", *some, "reference=1", service="kz.prosecutor") for some in ((), (name,))]
    other_kind = await desk.run("say", name, "consignment_xyz", service="kz.knb")
    not_asked_for = await desk.run("confirm", name, "consent-kz", "--kind", "dispatched", service="kz.prosecutor")

    assert [3, 3, 3, 3, 2, 2, 2, 2] == [one.code for one in (checkpoint, other, service, delivery, kind, field, option, phase)]
    assert ["the delivery is missing", "the checkpoint is missing"] == [one.err[7:].partition(" before")[0] for one in left_out]
    assert [(2, True), (2, True)] == [(one.code, len(one.err) < 200) for one in (other_kind, not_asked_for)]
    assert "consent-kz does not ask kz.prosecutor for dispatched" in not_asked_for.err
    assert "did you mean consent-kz" in checkpoint.err
    assert "no open request for kz.prosecutor at departure" in other.err
    assert f"{name} asks you at consent-kz" in other.err
    assert "did you mean kz.prosecutor" in service.err
    assert f"did you mean {name}?" in delivery.err
    assert "did you mean information" in kind.err
    assert "did you mean reference?" in field.err
    assert "did you mean --overdue" in option.err
    assert "did you mean under_way?" in phase.err


async def test_nothing_is_recorded_of_a_name_that_is_mistyped(desk: Desk) -> None:
    """Whom one speaks for or tells, which condition is met, which statement was wrong: no attempt stands in the ledger."""
    name = desk.plan.operation

    async def recorded() -> list[str]:
        ran = await desk.run("history", name, "-o", "json", service="kz.knb")
        return [one["event"] for one in ran.json if "verdict" in one.get("event", ())]

    before = await recorded()
    said = (
        await desk.run("confirm", name, "consent-kz", "--for", "uz.nobody", service="kz.prosecutor"),
        await desk.run("confirm", name, "consent-kz", "--fulfils", "kz.nobody/1", service="kz.prosecutor"),
        await desk.run("correct", name, "f" * 32, *PREPARED, "--reason", "x", service="kz.knb"),
        await desk.run("inform", name, "x", "--to", "uz.custom", service="kz.knb"),
        await desk.run("list", "--concerns", "kz.polcie", service="kz.knb"),
        await desk.run("inbox", "nosuch", service="kz.knb"),
        await desk.run("stop", name[:-1], "--reason", "x", service="kz.knb"),
        await desk.run("inform", name, "x", "--handling", "H9", service="kz.knb"),
        await desk.run("confirm", name, "departur", "--kind", "dispatched", service="kz.knb"),
        await desk.run("confirm", name, *ORALLY, "given_at=tomorrow 10:00", service="kz.prosecutor"),
        await vigil("start", EXAMPLES / "almaty-tashkent" / "plan.yaml", "--as", "kz.police", "--keys", desk.keys),
    )
    told = (
        "nobody whom you answer for is asked there", "no condition binds here", "`vigil history", "did you mean uz.customs",
        "did you mean kz.police", "`vigil list` shows yours", f"did you mean {name}?",
        "--handling: expected one of", "did you mean departure?", "given_at: ", "kz.police does not initiate saxaul-22",
    )  # fmt: skip

    assert [3, 2, 3, 3, 3, 3, 3, 2, 3, 2, 5] == [one.code for one in said], said
    assert all(right in one.err for right, one in zip(told, said, strict=True)), said
    assert before == await recorded()


def test_a_substance_that_nobody_asked_about_is_told_before_it_is_signed() -> None:
    """A name that was mistyped is another substance; the same in Russian, or with more words, is not."""

    def said(kept: str) -> tuple[str, ...]:
        words = ("gross=13.9 kg", "seals=KZ001/H", "modality=intact", "witnesses=recorded_by_video", f"kept={kept}")
        asked = handover("weight", "seals")
        inside = (SubstanceMass(substance="heroin", net=13_000_000),)
        request = asked.model_copy(update={"facts": asked.facts.model_copy(update={"contents": inside})})
        return foreseen(content_of("prepared", words, None), request)

    assert () == said("героин: 13 kg") == said("heroin: 13 kg")
    assert ["heroine is not known to be in it: known is heroin"] == [one.partition(". ")[0] for one in said("heroine: 13 kg")]


def test_what_cannot_have_been_is_no_field_of_a_statement() -> None:
    """Found, begun or watched after now: by its field; what has just been is none. Of an act that is over it is said."""
    now = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    detected = ("place=Almaty", "how=x_ray", "officers=K-7", "concealment=x", "taken_for=heroin", "sure=suspected")
    watched = (
        "intervals=A: visual: 2026-03-02T08:00:00Z/2026-03-02T08:10:00Z; A: visual: 2026-03-02T08:20:00Z/2026-03-02T09:00:00Z"
    )

    def wrong(kind: str, *words: str) -> list[str]:
        return [one.place for one in mistimed(content_of(kind, words, None), now)]

    assert [] == wrong("detected", *detected, "detected_at=2026-03-02T08:30:00.9Z")
    assert ["detected_at"] == wrong("detected", *detected, "detected_at=2026-03-02T14:00:00+05:00")
    assert ["began_at"] == wrong(*PREPARED, "began_at=2026-03-02T09:00:00Z")
    assert ["intervals.1.ends"] == wrong("surveillance_log", watched)
    whose = ("state=UZ", "granted_by_role=prosecutor", "legal_basis=test")
    until = [(*whose, f"valid_until=2026-03-02T08:30:{second}Z") for second in ("01", "00")]
    ending = [content_of("authorisation_extended", one, None) for one in until]
    assert [(), ("It will be refused (R1): 2026-03-02T08:30:00Z has passed",)] == [over(one, now) for one in ending]


def test_a_preparation_that_cannot_be_is_told_before_it_is_signed() -> None:
    """Nothing weighs 0; it holds no more than it weighs, whatever the tolerance; it is prepared as consented to."""

    def said(gross: str, modality: str = "intact") -> list[str]:
        words = (f"gross={gross}", "seals=KZ001/H", f"modality={modality}", "witnesses=recorded_by_video", "kept=heroin: 13 kg")
        asked = handover("weight", "seals")
        inside = (SubstanceMass(substance="heroin", net=13_000_000),)
        request = asked.model_copy(update={"facts": asked.facts.model_copy(update={"contents": inside})})
        return [*foreseen(content_of("prepared", words, None), request)]

    assert [] == said("12.95 kg") == said("13.9 kg")
    nothing, refused = said("0 kg")
    assert "gross says that it weighs nothing. Meant so?" == nothing
    assert refused.startswith("It will be refused (R10): what is in it weighs 13 kg")
    assert ["It will be refused (R3): prepared as removed in part; consent was asked for intact"] == said(
        "13.9 kg", "removed_in_part"
    )


def test_a_consent_that_ends_early_and_a_condition_unmet_are_told_before_it_is_signed() -> None:
    """R5: until when it is needed; R19: which condition; R1: of another State. Nothing where it is long enough and met."""
    needed, bound = "2026-03-09T08:30:00.000000Z", Bound(id="kz.prosecutor/1", text="photographs")
    asked = handover()
    facts = asked.facts.model_copy(update={"valid_until": needed, "conditions": (bound,)})
    request = asked.model_copy(update={"facts": facts})

    def said(until: str, *met: str, state: str = "UZ") -> tuple[str, ...]:
        words = (
            f"state={state}", f"request={SHA}", "modalities=intact", "reference=1", "granted_by_role=prosecutor", "legal_basis=x",
            "valid_from=2026-03-02T08:30:00Z", f"valid_until={until}",
        )  # fmt: skip
        return foreseen(content_of("authorisation_granted", words, None), request, met)

    assert () == said("2026-03-09T13:30:00+05:00", "kz.prosecutor/1")
    unmet, early = said("2026-03-09T08:29:59Z")
    (other,) = said("2026-03-09T13:30:00+05:00", "kz.prosecutor/1", state="KZ")
    assert "It will be refused (R19): say that this condition is met: kz.prosecutor/1 (photographs)" == unmet
    assert early.startswith("It ends before 2026-03-09 08:30:00 UTC")
    assert early.endswith("(R5)")
    assert "It will be refused (R1): tashkent-airport asks for the consent of UZ, not of KZ" == other


async def test_a_folder_or_a_directory_of_services_is_no_plan() -> None:
    """One sentence says what it is and what is wanted, not a list of faults."""
    folder = await vigil("plan", "check", EXAMPLES / "almaty-tashkent")
    directory = await vigil("plan", "check", EXAMPLES / "directory.yaml")

    assert (2, 2) == (folder.code, directory.code)
    assert "is a folder" in folder.err
    assert "plan.yaml" in folder.err
    assert "this is a directory of services, and a plan is wanted here" in directory.err


def test_a_mass_without_its_substance_says_what_is_expected() -> None:
    """`kept="2 kg"` names the field and gives an example."""
    with pytest.raises(Malformed) as told:
        content_of("prepared", ("modality=intact", "gross=13.9 kg", "seals=KZ001/H", "kept=2 kg", "witnesses=K-7"), None)

    assert [("kept", '2 kg: expected what and how much of it, e.g. "heroin: 2 kg"')] == [
        (one.place, one.problem) for one in told.value.faults
    ]


async def test_a_refusal_says_why_or_says_that_it_owes_no_reason(desk: Desk) -> None:
    """Without a reason nothing is signed; --no-reason is said on purpose."""
    without = await desk.run("refuse", desk.plan.operation, "consent-uz", service="uz.prosecutor")
    words = ("refuse", desk.plan.operation, "consent-uz", "--no-reason")
    both = await desk.run(*words, "--reason", "danger", service="uz.prosecutor")
    owed = await desk.run(*words, service="uz.prosecutor")

    assert (2, 2, 0) == (without.code, both.code, owed.code)
    assert "--reason" in without.err
    assert "leave one of the two out" in both.err


async def test_whoever_signs_at_a_terminal_is_shown_what_and_asked(desk: Desk) -> None:
    """No: nothing is signed. Yes: it is, and its id is printed and stands in the history."""
    words = ("confirm", desk.plan.operation, *CONSENT)
    options = ("--as", "kz.prosecutor", "--keys", desk.keys, "--gateway", desk.installation.url)
    code, screen = await in_conversation([("(yes/no)", "no")], *words, *options)
    still = await desk.run("inbox", "-o", "json", service="kz.prosecutor")
    signed, answered = await in_conversation([("(yes/no)", "yes")], *words, *options)
    history = await desk.run("history", desk.plan.operation, service="kz.prosecutor")

    assert 1 == code
    assert "nothing was signed" in screen
    assert "Authorisation granted" in screen
    assert "KZ-17" in screen
    assert ["consent-kz"] == [one["checkpoint"] for one in still.json["requests"] if one["delivery"] == desk.plan.operation]
    assert 0 == signed
    found = re.search(r"statement ([0-9a-f]{32})", answered)
    assert found is not None
    assert found[1] in history.out


async def test_a_dry_run_shows_the_statement_and_hands_nothing_in(desk: Desk) -> None:
    """As data for a program; the time as people say it is RFC 3339 in it, by the clock of the service's State."""
    given = ("given_at=yesterday 14:00", "--dry-run", "-o", "json")
    ran = await desk.run("confirm", desk.plan.operation, *ORALLY, *given, service="kz.prosecutor")
    stopped = await desk.run("stop", desk.plan.operation, "--reason", "leak", "--dry-run", service="caricc")
    plan = await vigil("start", EXAMPLES / "almaty-tashkent" / "plan.yaml", "--keys", desk.keys, "--dry-run", "-o", "json")
    asked = await desk.run("inbox", "-o", "json", service="kz.prosecutor")
    entries = await desk.run("history", desk.plan.operation, service="kz.knb")

    assert (0, 0) == (ran.code, stopped.code)
    assert ran.json["dry_run"]
    assert ran.json["statement"]["content"]["given_at"].endswith("T14:00:00+05:00")
    assert "leak" in stopped.out
    assert ("kz.knb", "saxaul-22") == (plan.json["service"], plan.json["operation"])
    assert [desk.plan.operation] == [one["delivery"] for one in asked.json["requests"] if one["delivery"] == desk.plan.operation]
    assert "leak" not in entries.out


def handover(*checked_by: Check) -> Request:
    """A taker is asked at an airport, where the parcel should weigh 13.95 kg within 50 g."""
    facts = Facts(
        place="Tashkent", state="UZ", modality="intact", expected_at=None, valid_until=None, checked_by=checked_by,
        gross=13_950_000, tolerance=50_000, seals=(Seal(number="KZ001", security="H"),),
    )  # fmt: skip
    return Request(
        id="x", delivery="saxaul-22", checkpoint="tashkent-airport", plan=SHA, seen=Seen(size=7, root=SHA),
        service="uz.customs", says=("handover_acceptance",), asked_at="2026-03-02T08:30:00.000000Z", due=None, facts=facts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("gross=13.9 kg", "seals=KZ001/H", "seals_intact=yes"), ()),
        (("gross=14.2 kg", "seals=KZ001/H", "seals_intact=yes"),
         ("gross weight is 14.2 kg, expected 13.95 kg within 50 g", "tashkent-airport.decision")),
        (("gross=13.95 kg", "seals=KZ002/H", "seals_intact=yes"), ("seals are KZ002, expected KZ001",)),
        (("gross=13.95 kg", "seals=KZ001/H", "seals_intact=no"), ("a seal is reported broken",)),
        (("gross=13.95 kg",), ("refused (R7)", "weight, seals")),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_before_it_is_signed(words: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """A weight outside the tolerance names what it will open; one inside says nothing."""
    content = content_of("handover_accepted", words, None)
    said = foreseen(content, handover("weight", "seals"))

    assert bool(expected) == bool(said)
    assert all(one in said[0] for one in expected)


async def test_a_context_stands_in_for_options_and_holds_no_secret(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gateway, service and keys come from it; the file is its owner's alone, and one that others may change is not followed."""
    file = tmp_path / "of" / "contexts.json"
    monkeypatch.setenv("VIGIL_CONTEXTS", str(file))
    where = ("--gateway", desk.installation.url, "--keys", desk.keys)
    dry = await vigil("context", "add", "almaty", "--dry-run", *where)
    written = file.exists()
    added = await vigil("context", "add", "almaty", "--as", "kz.knb", *where)
    secret = await vigil("context", "add", "other", "--gateway", "https://me:secret@vigil.example")
    await vigil("context", "add", "tashkent", "--as", "uz.police", *where)
    first = await vigil("list", "-o", "json")
    named = await vigil("--context", "tashkent", "show", desk.plan.operation, "-o", "json")
    used = await vigil("context", "use", "tashkent", "-o", "json")
    mistyped = await vigil("context", "use", "taskent")
    again = await vigil("context", "add", "almaty")
    mode = stat.S_IMODE(file.stat().st_mode)
    file.chmod(0o660)
    others = await vigil("list")
    file.chmod(0o600)
    gone = await vigil("context", "remove", "tashkent")

    assert (0, 2, 0, 0, 0, 3, 2, 2, 0) == (
        added.code, secret.code, first.code, named.code, used.code, mistyped.code, again.code, others.code, gone.code,
    )  # fmt: skip
    assert (0, False, 0o600) == (dry.code, written, mode)
    assert "secret" not in file.read_text()
    assert [True] == [row["whole"] for row in first.json if row["delivery"] == desk.plan.operation]
    assert not named.json["whole"]
    assert "tashkent" == used.json["current"]
    assert "did you mean tashkent?" in mistyped.err
    assert "chmod 600" in others.err


def test_contexts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the limit says, and not one more."""
    monkeypatch.setenv("VIGIL_CONTEXTS", str(tmp_path / "contexts.json"))
    many = {f"c{number}": contexts.Context() for number in range(MOST_CONTEXTS)}
    contexts.written(contexts.Contexts(contexts=many))

    assert MOST_CONTEXTS == len(contexts.kept().contexts)
    with pytest.raises(Malformed):
        contexts.with_new("one-more", {})


async def test_a_shell_is_offered_names_from_the_gateway(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries, checkpoints, fields, services and keys; where no gateway answers, nothing, without a word."""
    name = desk.plan.operation
    for variable, value in (("VIGIL_KEYS", str(desk.keys)), ("VIGIL_GATEWAY", desk.installation.url)):
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("VIGIL_AS", "kz.prosecutor")
    monkeypatch.setenv("_VIGIL_COMPLETE", "complete_bash")

    async def offered(words: str) -> list[str]:
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        ran = await vigil()
        assert "" == ran.err
        return ran.out.split()

    deliveries = await offered(f"vigil show {name[:-2]}")
    checkpoints = await offered(f"vigil confirm {name} ")
    fields = await offered(f"vigil confirm {name} consent-kz re")
    listed = await offered("vigil list --participant uz.")
    explained = await offered("vigil explain handover_o")
    keys = await offered("vigil inbox --as caric")
    monkeypatch.setenv("VIGIL_GATEWAY", "http://127.0.0.1:9")
    nothing = await offered("vigil show ")

    monkeypatch.delenv("_VIGIL_COMPLETE")
    # It is made for the shell that asks, and tests may be run from none, or another.
    shell = await create_subprocess_exec("bash", "-c", f"'{VIGIL}' --show-completion; :", stdout=PIPE)
    script, _ = await shell.communicate()

    assert "== *= ]] && compopt -o nospace" in script.decode()  # behind `field=` its value is typed
    assert [name] == deliveries
    assert ["consent-kz"] == checkpoints
    assert "reference=" in fields
    assert {"uz.customs", "uz.police", "uz.prosecutor"} <= set(listed)
    assert {"handover_offered", "handover_offer"} == set(explained)
    assert ["caricc"] == keys
    assert [] == nothing


async def test_a_list_is_limited_and_read_by_people_and_programs(desk: Desk) -> None:
    """YAML and JSON say the same; wide shows more; a limit is kept; a time as people say it narrows it down."""
    rows = await desk.run("list", "-o", "json", "--limit", 1, service="kz.knb")
    same = await desk.run("list", "-o", "yaml", "--limit", 1, service="kz.knb")
    wide = await desk.run("list", "-o", "wide", "--text", desk.plan.operation, service="kz.knb")
    due = await desk.run("list", "--due-before", "yesterday 14:00", "-o", "json", "--text", desk.plan.operation, service="kz.knb")
    wrong = await desk.run("list", "--due-before", "soon", service="kz.knb")

    assert 1 == len(rows.json)
    assert rows.json == json.loads(json.dumps(YAML(typ="safe").load(same.out)))
    assert str(desk.plan.title)[:20] in wide.out
    assert [] == due.json
    assert (2, "due-before" in wrong.err) == (wrong.code, True)


async def test_what_the_rules_call_things_is_explained_without_a_network() -> None:
    """A rule, a code, a kind and a part of a name; a mistyped one is answered with what was meant; every word is documented."""
    rule, code = await vigil("explain", "R11"), await vigil("explain", "seals_differ", "-o", "json")
    checkpoint = await vigil("explain", "border.decision.1")
    foreseen_by = {name: explained(name, str) for name in rules()}
    kind, part = await vigil("explain", "prepared"), await vigil("explain", "handover")
    none = [await vigil("explain", number) for number in ("R25", "r99")]
    in_russian = [(await vigil("--lang", "ru", "explain", name)).out for name in ("R11", "prepared", "decision")]
    mistyped, version = await vigil("explain", "prepard"), await vigil("--version")

    assert "A participant reads only what it needs" in rule.out
    assert [("code", "seals are {found}, expected {expected}")] == [(one["what"], one["says"]) for one in code.json]
    assert "gross, seals" in kind.out
    assert "checkpoint that no plan holds" in checkpoint.out
    assert {"R1", "R5", "R19", "R31"} <= foreseen_by.keys()
    assert all(one and one[0].says for one in foreseen_by.values())
    assert "handover_declined" in part.out
    assert (3, "did you mean prepared" in mistyped.err) == (mistyped.code, True)
    for said, words in zip(
        in_russian, ("Участник читает только", "Запись о подготовке", "заново решают о расхождении"), strict=True
    ):
        assert words in said
    assert [(3, True, True)] * 2 == [(one.code, "there is no rule R" in one.err, "R1 - R24, R28 - R" in one.err) for one in none]
    assert re.fullmatch(r"vigil \d+\.\d+\.\d+, rules \d+, Python 3\.\d+\.\d+\n", version.out)


async def test_a_history_fits_eighty_columns_and_has_no_colour_where_none_is_wanted(desk: Desk) -> None:
    """At a terminal each line ends within it, and what goes on does so below its own words."""
    options = ("--as", "kz.knb", "--keys", desk.keys, "--gateway", desk.installation.url)
    narrow = {"COLUMNS": "80", "PAGER": "cat", "NO_COLOR": "1", "TERM": "xterm"}
    code, screen = await in_conversation([], "history", desk.plan.operation, *options, environment=narrow)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in screen.replace("\r", "").split("\n")]

    assert 0 == code
    assert [] == [line for line in lines if len(line.rstrip()) > 80]
    assert "delivery started from its signed plan" in screen
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", screen)


def test_the_last_frame_of_a_live_screen_stands_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the end it is printed whole, below what was cleared."""
    screen = io.StringIO()
    monkeypatch.setattr(console, "talk", Console(file=screen, force_terminal=True, width=80, height=12))
    table = Table().consent()
    shown = view(table.delivery, table.directory.get("kz.knb"), table.now)
    with WatchScreen(live=True) as watched:
        assert isinstance(watched._live, Live)
        for entry in table.delivery.ledger:
            watched.see(entry, shown)
        before = screen.tell()
    ended = screen.getvalue()[before:]

    assert 1 == ended.count(f"{shown.delivery}: ")
    assert all(len(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)) <= 80 for line in ended.replace("\r", "").split("\n"))


async def test_a_forecast_goes_with_what_is_started(desk: Desk, tmp_path: Path) -> None:
    """Measured as the delivery is, so that who was asked in the simulations stands beside what it will do. A scenario that does
    not fit keeps nothing from starting, and that is said; without simulations nothing is.
    """
    example, name = EXAMPLES / "almaty-tashkent" / "plan.yaml", f"{desk.plan.operation}-b"
    (tmp_path / "plan.yaml").write_text(example.read_text(encoding="utf-8").replace("saxaul-22", name), encoding="utf-8")
    at = ("--keys", desk.keys, "--gateway", desk.installation.url, "-o", "json")
    given = (tmp_path / "plan.yaml", "--directory", EXAMPLES / "directory.yaml", "--cards", EXAMPLES / "cards", *at)
    started = await vigil("start", *given, "--simulate", 2)
    found = await desk.run("statistics", "--period", "2000/2100", "--by", "started", "-o", "json", service="kz.knb")
    unfitting = await vigil("start", *given, "--scenario", EXAMPLES / "moscow-vector" / "scenario.yaml")
    without = await vigil("start", *given, "--simulate", 0)
    await end_what_runs(desk.installation.client, workflow_id(name))

    assert (0, {"delivery": name, "forecast": True}) == (started.code, started.json), started.err
    assert (2, 1) == (found.json["deliveries"], found.json["simulated"])
    assert [True] == [one["simulated"] is not None for one in found.json["kinds"] if one["kind"] == "authorise/origin"]
    assert (4, 4) == (unfitting.code, without.code)  # it has been started already
    assert [True, False] == ["no forecast is kept" in one.err for one in (unfitting, without)]
