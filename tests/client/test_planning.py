"""The `vigil plan` commands as people and programs run them."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from client import cli
from client.drawing import plan_svg
from domain.plan.selectors import Selector, selector
from domain.views.canvas import room
from domain.words.errors import Malformed
from process.configuration import deconfliction_key_in
from tests.client.test_cli import PLAN
from tests.command import vigil
from tests.support import EXAMPLE_PLANS, EXAMPLES, example_plan

SCENARIOS = [EXAMPLES / name / "scenario.yaml" for name in ("almaty-tashkent", "cash-by-bus", "destination-refuses")]
REFUSES = EXAMPLES / "destination-refuses" / "scenario.yaml"


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A copy of the examples that a test may change."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))


async def test_every_example_scenario_goes_as_it_expects() -> None:
    """Exit 0, one line each; one JSON document with stable names for programs."""
    text, document = await vigil("plan", "test", *SCENARIOS), await vigil("plan", "test", *SCENARIOS, "-o", "json")

    assert (0, 0) == (text.code, document.code)
    assert len(SCENARIOS) == text.out.count("ok  ")
    names = [
        "scenario",
        "operation",
        "group",
        "stage",
        "seed",
        "ok",
        "expected",
        "outcome",
        "trail",
        "missing",
        "nearest",
        "earlier_than",
        "counted_as",
        "refusals",
        "problem",
    ]
    assert [names] * len(SCENARIOS) == [list(one) for one in document.json]


async def test_what_goes_otherwise_than_expected_is_told_beside_what_was_found(examples: Path) -> None:
    """Exit 1; the outcome found, the first item of the trail that is missing, and the others still run."""
    wrong, late = examples / "wrong.yaml", examples / "late.yaml"
    text = REFUSES.read_text().replace("../almaty-tashkent", "almaty-tashkent")
    wrong.write_text(text.replace("outcome: refused\n", "outcome: expired\n", 1))
    late.write_text(text.replace("verdict: accepted}\n", "verdict: late}\n", 1))
    ran = await vigil("plan", "test", wrong, late, REFUSES)
    document = await vigil("plan", "test", late, "-o", "json")

    assert (1, 1) == (ran.code, document.code)
    assert f"FAILED  {wrong}: expected expired, found refused\n" in ran.out
    assert f"FAILED  {late}: trail item 1 of 5 is missing: {{service: kz.prosecutor, says: authorisation_granted" in ran.out
    assert f"ok      {REFUSES}: refused, trail of 5 found" in ran.out
    assert "2 of 3 scenarios" in ran.err
    assert 1 == document.json[0]["missing"]["number"]
    assert "late" == document.json[0]["missing"]["item"]["verdict"]


async def test_a_scenario_that_never_ends_fails_and_does_not_hang(examples: Path) -> None:
    """Who is waited for is named; the exit code is that of a failed scenario."""
    scenario = examples / "destination-refuses" / "scenario.yaml"
    endless = "acts:\n  - {service: kz.police, at: stop.interdiction}\n"
    scenario.write_text(scenario.read_text().replace("acts:\n", endless))
    ran = await vigil("plan", "test", scenario)

    assert 1 == ran.code
    assert "stop.interdiction waits for kz.police" in ran.out


async def test_scenarios_that_cannot_be_tests_are_bad_input(examples: Path) -> None:
    """2 where it expects nothing, names strangers or a faulty plan; 3 where a file is missing; nothing is run before."""
    scenario = examples / "destination-refuses" / "scenario.yaml"
    text = scenario.read_text()
    scenario.write_text(text.partition("expect:")[0])
    nothing = await vigil("plan", "test", SCENARIOS[0], scenario)
    scenario.write_text(text.replace("at: consent-uz", "at: consent-uzb").replace("rule: R1", "colour: red"))
    form = await vigil("plan", "test", scenario)
    scenario.write_text(text.replace("at: consent-uz", "at: consent-uzb"))
    strangers = await vigil("plan", "test", scenario)
    scenario.write_text(text.replace("almaty-tashkent", "almaty"))
    planless = await vigil("plan", "test", scenario)
    scenario.write_text(text)
    plan = examples / "almaty-tashkent" / "plan.yaml"
    plan.write_text(plan.read_text().replace("modality: intact", "modality: sunk"))
    faulty = await vigil("plan", "test", scenario)

    assert [2, 2, 2, 3, 2] == [ran.code for ran in (nothing, form, strangers, planless, faulty)]
    assert "" == nothing.out
    assert "expects nothing" in nothing.err
    assert "expect.trail.2" in form.err
    assert "scenario.yaml:8: acts.0.at: no checkpoint consent-uzb" in strangers.err
    assert "plan.yaml:15: modality" in faulty.err
    assert "Traceback" not in form.err + strangers.err + planless.err + faulty.err


@pytest.mark.slow
async def test_a_scenario_is_tested_for_real() -> None:
    """The same scenario and trail on Temporal, over HTTP: the packet says the same."""
    ran = await vigil("plan", "test", REFUSES, "--on", "temporal", "-o", "json")

    assert 0 == ran.code, ran.err
    assert ("temporal", "refused", True) == tuple(ran.json[0][name] for name in ("stage", "outcome", "ok"))


async def test_a_rehearsal_refuses_a_scenario_for_another_plan() -> None:
    """A scenario that speaks of services which this plan does not know would only seem to be rehearsed."""
    ran = await vigil("rehearse", EXAMPLES / "omsk-taraz" / "plan.yaml", "--scenario", REFUSES)

    assert 2 == ran.code
    assert "uz.prosecutor has no part in motor-oil-22" in ran.err
    assert PLAN.exists()


async def test_a_forecast_for_people_for_programs_and_as_a_picture(tmp_path: Path) -> None:
    """Durations, waits, bottleneck, consents, failures; the same seeds give the same figures; the picture is XML."""
    picture = tmp_path / "forecast.svg"
    options = (PLAN, "--scenario", PLAN.parent / "outlook.yaml", "--runs", 12, "--seed", 5)
    text = await vigil("plan", "simulate", *options, "--picture", picture)
    first, second = (
        await vigil("plan", "simulate", *options, "-o", "json"),
        await vigil("plan", "simulate", *options, "-o", "json"),
    )

    assert [0, 0, 0] == [ran.code for ran in (text, first, second)]
    assert first.out == second.out
    assert (12, 5) == (first.json["runs"], first.json["seed"])
    assert 12 == sum(one["runs"] for one in first.json["outcomes"])
    assert {
        "operation",
        "duration",
        "delivered_duration",
        "histogram",
        "checkpoints",
        "bottlenecks",
        "consents",
        "failures",
    } <= set(first.json)
    assert ["consent-kz", "consent-uz", "preparation"] == [one["checkpoint"] for one in first.json["checkpoints"]][:3]
    for words in ("until the outcome", "who alone was waited for", "must be extended", "where it halts", "uz.prosecutor"):
        assert words in text.out
    assert "consent-uz" in "".join(ET.parse(picture).getroot().itertext())  # noqa: S314 - our own picture
    assert f"picture: {picture}" in text.err


async def test_a_forecast_says_when_nothing_goes_wrong_in_it() -> None:
    """A scenario without troubles forecasts none, and that is said rather than praised."""
    ran = await vigil("plan", "simulate", PLAN, "--runs", 2)

    assert 0 == ran.code
    assert "in no run" in ran.out
    assert "--trouble" in ran.err


async def test_what_cannot_be_simulated_is_refused(tmp_path: Path) -> None:
    """2 for no runs, too much trouble or another plan's scenario; 3 for a missing file; 1 where the picture cannot be written."""
    none = await vigil("plan", "simulate", PLAN, "--runs", 0)
    much = await vigil("plan", "simulate", PLAN, "--trouble", 101)
    other = await vigil("plan", "simulate", EXAMPLES / "omsk-taraz" / "plan.yaml", "--scenario", REFUSES)
    missing = await vigil("plan", "simulate", PLAN, "--scenario", tmp_path / "no.yaml")
    nowhere = await vigil("plan", "simulate", PLAN, "--runs", 1, "--picture", tmp_path / "no" / "picture.svg")

    assert [2, 2, 2, 3, 1] == [ran.code for ran in (none, much, other, missing, nowhere)]
    assert "picture.svg cannot be read or written: No such file or directory" in nowhere.err


@pytest.mark.parametrize("name", EXAMPLE_PLANS)
async def test_a_plan_is_drawn_as_text_and_as_a_picture(name: str, tmp_path: Path) -> None:
    """Every checkpoint, every service with what it must say, every leg with its authority; nothing leaves the picture."""
    picture, plan = tmp_path / "plan.svg", example_plan(name)
    ran = await vigil("plan", "draw", EXAMPLES / name / "plan.yaml", "--picture", picture)
    root = ET.parse(picture).getroot()  # noqa: S314 - our own picture
    shown = " ".join(root.itertext())

    assert 0 == ran.code
    for text in (ran.out, shown):
        for checkpoint in plan.checkpoints:
            assert checkpoint.id in text
            for need in checkpoint.requires:
                assert f"{need.service}: " in text
        for leg in plan.legs:
            assert f"responsible: {leg.responsible}" in text
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for text_ in root.iter("{http://www.w3.org/2000/svg}text"):
        wide = room(text_.text or "", float(text_.attrib["font-size"]), bold="font-weight" in text_.attrib)
        assert float(text_.attrib["x"]) + wide <= width, text_.text
        assert float(text_.attrib["y"]) < height, text_.text


def test_no_box_of_a_picture_lies_over_another() -> None:
    """Checkpoints and legs keep clear of each other, with long words, many services and several checkpoints in one State too."""
    plan = example_plan("omsk-taraz")
    place = "An exceedingly long place name, with Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch in it & <tags>"
    many = tuple(one.model_copy(update={"place": place}) for one in plan.checkpoints)
    more = many[0].model_copy(update={"id": "consent-ru-again", "need": 1})
    picture = plan_svg(plan.model_copy(update={"checkpoints": (*many, more)}))
    boxes = [
        tuple(float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        for box in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}rect")  # noqa: S314 - our own picture
        if box.attrib.get("rx") == "6"
    ]

    assert len(plan.checkpoints) + 1 + len(plan.legs) == len(boxes)
    for number, (x, y, width, height) in enumerate(boxes):
        for left, top, wide, high in boxes[number + 1 :]:
            assert x + width <= left or left + wide <= x or y + height <= top or top + high <= y


async def test_a_faulty_plan_is_not_drawn(examples: Path) -> None:
    """Exit 2 with the faults, and no picture."""
    plan = examples / "almaty-tashkent" / "plan.yaml"
    plan.write_text(plan.read_text().replace("responsible: uz.customs", "responsible: kz.knb"))
    ran = await vigil("plan", "draw", plan, "--picture", examples / "plan.svg")

    assert (2, "", False) == (ran.code, ran.out, (examples / "plan.svg").exists())


LAW = "law: {mark: T, text: ord, article: art. 1}"


async def test_the_check_explains_what_each_card_demands(examples: Path) -> None:
    """What is known is held against the plan, with where it stands and how sure that is; what is not known is said plainly, with
    who answers for it; and that the card is an example.
    """
    card = examples / "cards" / "KZ.yaml"
    known = f"""handling: [{{modalities: [intact], are: allowed, {LAW}}}]
terms: [{{longest: 2d, {LAW}}}]
deciders: [{{by: [prosecutor, court], role: the chief, {LAW}}}]
"""
    card.write_text(card.read_text() + known)
    ran = await vigil("plan", "check", examples / "almaty-tashkent" / "plan.yaml")
    document = await vigil("plan", "check", examples / "almaty-tashkent" / "plan.yaml", "-o", "json")

    assert (0, 0) == (ran.code, document.code)
    kz, uz = ran.out.partition("what KZ demands")[2].split("what UZ demands")
    assert "AN EXAMPLE, not the law" in kz
    assert "For the law of KZ it is: export" in kz
    assert "allowed: intact; this plan goes intact (R3) [T: the text was read: Law of Kazakhstan 154-XIII" in kz
    assert "prosecutor, court decides: the chief; this plan asks kz.prosecutor (R1)" in kz
    assert "an authorisation lasts 2 d at most" in kz
    assert "from being asked (R5) - NOT SO" in kz
    assert "not known whether it may go intact (R3) [N: looked for, not found]" in uz
    assert "how long an authorisation lasts: uz.prosecutor answers for it (R1)" in uz
    assert "[K: believed, not read: check it: Law of Uzbekistan ZRU-344" in uz
    assert [["records", "afterwards"], ["decider", "handling", "term"]] == [one["not_known"] for one in document.json["demands"]]


async def test_no_line_that_is_read_by_a_program_is_filled_up_with_blanks(examples: Path) -> None:
    """Where the output is no terminal, lines end where their text does."""
    ran = await vigil("plan", "check", examples / "almaty-tashkent" / "plan.yaml")

    assert 0 == ran.code
    assert "what KZ demands" in ran.out
    assert [] == [line for line in (ran.out + ran.err).splitlines() if line != line.rstrip()]


async def test_a_mistyped_service_checkpoint_or_field_is_answered_with_the_one_that_was_meant(examples: Path) -> None:
    """Whatever is named in a plan: who is asked, where a leg ends, and a field at any depth; of another nothing is guessed."""
    plan = examples / "almaty-tashkent" / "plan.yaml"
    written = plan.read_text()
    plan.write_text(written.replace("uz.customs", "uz.custom", 1).replace("end: tashkent-airport", "end: tashkent-airpot", 1))
    names = await vigil("plan", "check", plan)
    wrong = written.replace("title:", "titel:", 1).replace("requires:", "require:", 1).replace("aim:", "zzzz: x\n  aim:", 1)
    plan.write_text(wrong)
    fields = await vigil("plan", "check", plan)

    assert (2, 2) == (names.code, fields.code)
    assert "service uz.custom is not in the directory; did you mean uz.customs" in names.err
    assert "there is no checkpoint tashkent-airpot; did you mean tashkent-airport?" in names.err
    assert "titel: there is no such field; did you mean title?" in fields.err
    assert "require: there is no such field; did you mean requires?" in fields.err
    assert "request.zzzz: there is no such field\n" in fields.err


async def test_the_check_of_a_plan_that_replaces_somebody_says_that_none_is_started_by_it(examples: Path) -> None:
    """R22: it is for `vigil amend`, and so is what is lacking; a plan without `replaced` is told what it lacks to be started."""
    plan = examples / "almaty-tashkent" / "plan.yaml"
    before = await vigil("plan", "check", plan)
    gone = "replaced: [{service: kz.border, by: kz.police, reason: busy}]\nrequest:\n"
    plan.write_text(
        plan.read_text().replace("request:\n", gone, 1).replace("Duty officer of the KNB, Almaty (example)", "<whom to call>", 1)
    )
    after = await vigil("plan", "check", plan)

    assert (0, 0) == (before.code, after.code), after.err
    assert "to start it, these still need keys" in before.err
    assert "amend" not in before.err
    assert "`vigil amend` takes it, `vigil start` never does" in after.err
    assert "for `vigil amend`, these still need keys in the directory" in after.err
    assert "for `vigil amend`, these gaps are still to be filled" in after.err
    assert "to start it" not in after.err


async def test_the_check_explains_permissions_notice_duties_and_languages(examples: Path) -> None:
    """R16: what wants an act of its own, and whom the plan asks; and what else the card wants."""
    card, plan = examples / "cards" / "KZ.yaml", examples / "almaty-tashkent" / "plan.yaml"
    known = f"""notice: [{{time: 24h, {LAW}}}]
languages: [{{codes: [kk, ru], {LAW}}}]
"""
    duty = f"duties:\n  - {{id: register, what: a copy to the register, within: 24h, {LAW}}}\n"
    own = f"measures:\n  - {{measures: [opening], needs: own_act, by: [prosecutor], {LAW}}}\n"
    card.write_text(card.read_text().replace("measures:\n", own, 1).replace("duties:\n", duty, 1) + known)
    plan.write_text(plan.read_text().replace("modality: intact", "modality: intact\nuses: [opening]", 1))
    unasked = await vigil("plan", "check", plan)
    asked = "requires: [{service: kz.prosecutor, says: authorisation}, {service: kz.prosecutor, says: permission, officers: 2}]"
    plan.write_text(plan.read_text().replace("requires: [{service: kz.prosecutor, says: authorisation}]", asked, 1))
    ran = await vigil("plan", "check", plan)

    assert 2 == unasked.code
    assert "R16: in KZ opening needs a permission of prosecutor, and nobody there is asked who could give it" in unasked.err
    assert 0 == ran.code, ran.err
    assert "kz.prosecutor: permission by two officers" in ran.out
    kz, uz = ran.out.partition("what KZ demands")[2].split("what UZ demands")
    assert "opening: permitted by an act of its own (R16)" in kz
    assert "at least 1 d to answer; this plan gives 2 d" in kz
    assert "a copy to the register, within 1 d of: authorisation" in kz
    assert "a request is written in: kk, ru" in kz
    assert "opening" not in uz


@pytest.fixture
def deconfliction_key(tmp_path: Path) -> Path:
    """A key as `vigil keys deconfliction` makes it."""
    made = CliRunner().invoke(cli.app, ["keys", "deconfliction", "--keys", str(tmp_path)])
    assert 0 == made.exit_code
    return Path(made.stdout.strip())


def test_a_deconfliction_key_is_its_owners_and_never_overwritten(deconfliction_key: Path) -> None:
    """32 random bytes, for one user; making it again is refused and leaves it as it was."""
    before = deconfliction_key.read_text()
    again = CliRunner().invoke(cli.app, ["keys", "deconfliction", "--keys", str(deconfliction_key.parent)])

    assert 32 == len(deconfliction_key_in(deconfliction_key))
    assert 0o600 == deconfliction_key.stat().st_mode & 0o777
    assert isinstance(again.exception, Malformed)
    assert before == deconfliction_key.read_text()


def test_a_hash_for_a_plan_is_the_same_typed_or_given(deconfliction_key: Path) -> None:
    """Typed on standard input it does not stand in the shell's history; the line that is printed is a selector."""
    key = ["--key", str(deconfliction_key)]
    typed = CliRunner().invoke(cli.app, ["plan", "hash", "phone", *key], input="+998 71 200-00-00\n")
    given = CliRunner().invoke(cli.app, ["plan", "hash", "phone", "00998712000000", *key, "-o", "json"])

    assert 0 == typed.exit_code == given.exit_code
    assert YAML(typ="safe").load(typed.stdout) == json.loads(given.stdout)
    assert selector(deconfliction_key_in(deconfliction_key), "phone", "+998712000000") == Selector.model_validate_json(
        given.stdout
    )


def test_what_could_never_match_is_not_hashed(deconfliction_key: Path) -> None:
    """A number without its country is refused, and says how to write it."""
    refused = CliRunner().invoke(cli.app, ["plan", "hash", "phone", "2000000", "--key", str(deconfliction_key)])

    assert isinstance(refused.exception, Malformed)
    assert "+998" in refused.exception.message
    assert "" == refused.stdout


@pytest.mark.parametrize("text", ["", "secret", "ab" * 31, "AB" * 32])
def test_what_is_no_deconfliction_key_is_refused(tmp_path: Path, text: str) -> None:
    """Hashes made with half a key would match with nobody's."""
    file = tmp_path / "deconfliction.key"
    file.write_text(text)

    with pytest.raises(Malformed, match="64 hexadecimal digits"):
        deconfliction_key_in(file)


def test_a_worker_without_a_deconfliction_key_says_so() -> None:
    """The setting is named, and how to make a key."""
    with pytest.raises(Malformed, match="VIGIL_DECONFLICTION_KEY") as refused:
        deconfliction_key_in(None)

    assert "vigil keys deconfliction" in refused.value.hint
