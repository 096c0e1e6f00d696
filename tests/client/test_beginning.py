"""`vigil plan new` and `vigil init`, by options and in conversation: what they write, whole or not at all."""

import shutil
from pathlib import Path

import pytest

from domain.plan.casting import PARTS
from domain.plan.documents import Document
from domain.plan.gaps import gaps_in
from domain.plan.plan import Plan
from domain.words.limits import LONGEST_QUOTED
from process.configuration import directory_in
from rehearsal.scenario import Scenario
from tests.command import in_conversation, vigil
from tests.support import EXAMPLES

ROUTE = ("--route", "KZ Almaty, UZ Tashkent")
SAID = (*ROUTE, "--channel", "mail", "--goods", "heroin 5.3 kg")


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with the examples' directory and cards, and no plan."""
    shutil.copy(EXAMPLES / "directory.yaml", tmp_path)
    shutil.copytree(EXAMPLES / "cards", tmp_path / "cards")
    return tmp_path


def plan_in(folder: Path) -> Plan:
    """The plan there."""
    return Document((folder / "plan.yaml").read_text(), "plan.yaml").read(Plan)


def left(office: Path) -> set[str]:
    """What is in the folder beside directory and cards, hidden files too."""
    return {path.name for path in office.iterdir()} - {"directory.yaml", "cards"}


async def test_a_plan_is_begun_by_options_checked_and_tried(office: Path) -> None:
    """Plan and scenario are written; the check names each gap at its line and no fault; the scenario goes as it expects."""
    made = await vigil("plan", "new", "amber-heron", *SAID, cwd=office)
    checked = await vigil("plan", "check", "amber-heron/plan.yaml", cwd=office)
    tried = await vigil("plan", "test", "amber-heron/scenario.yaml", cwd=office)

    assert (0, 0, 0) == (made.code, checked.code, tried.code), (made.err, checked.err, tried.out)
    assert "vigil plan check amber-heron/plan.yaml" in made.out
    assert "no faults" in checked.err
    for gap in gaps_in(plan_in(office / "amber-heron")):
        assert f"{gap.place}: {gap.problem}" in checked.err
    assert {"amber-heron"} == left(office)


async def test_programs_are_told_what_was_chosen_and_what_is_missing(office: Path) -> None:
    """One document: files, gaps, who has which part and who could have it, who answers for the law."""
    made = await vigil("plan", "new", "amber-heron", *SAID, "-o", "json", cwd=office)
    checked = await vigil("plan", "check", "amber-heron/plan.yaml", "-o", "json", cwd=office)

    assert ["operation", "plan", "scenario", "gaps", "choices", "answers_for_law"] == list(made.json)
    assert {one["part"] for one in made.json["choices"]} <= set(PARTS)
    assert {"KZ": "kz.prosecutor", "UZ": "uz.prosecutor"} == made.json["answers_for_law"]
    assert len(made.json["gaps"]) == len(checked.json["gaps"]) > 0


async def test_who_found_it_may_be_named_and_hands_it_on(office: Path) -> None:
    """By its option: the plan says so unless that is who is in charge first, and the scenario goes with one more handing on. Who
    may not hold it, is of another State or is not known: refused, and nothing is written.
    """
    for found, told in (
        ("kz.post", "found_by: R29: a postal operator does not hold what was found"),
        ("uz.customs", "found_by: R30: uz.customs is of UZ, and the way of what it found begins in KZ"),
        ("kz.custom", "found_by: service kz.custom is not in the directory"),
        ("KZ customs", "--found-by: "),
    ):
        refused = await vigil("plan", "new", "amber-heron", *SAID, "--found-by", found, cwd=office)
        assert (2, True, set()) == (refused.code, told in refused.err, left(office)), refused.err
    in_charge = ("--in-charge", "KZ=kz.knb")
    made = await vigil("plan", "new", "amber-heron", *SAID, *in_charge, "--found-by", "kz.customs", "-o", "json", cwd=office)
    plain = await vigil("plan", "new", "plain-heron", *SAID, *in_charge, "--found-by", "kz.knb", cwd=office)
    tried = await vigil("plan", "test", "amber-heron/scenario.yaml", cwd=office)

    assert (0, 0, 0) == (made.code, plain.code, tried.code), (made.err, plain.err, tried.out)
    assert ["kz.customs"] == [one["chosen"] for one in made.json["choices"] if one["part"] == "found_by"]
    assert ("kz.customs", None) == (plan_in(office / "amber-heron").found_by, plan_in(office / "plain-heron").found_by)


async def test_nothing_is_ever_overwritten(office: Path) -> None:
    """A second plan of the same code name is refused, and the first stays as it is."""
    await vigil("plan", "new", "amber-heron", *SAID, cwd=office)
    before = (office / "amber-heron" / "plan.yaml").read_bytes()
    again = await vigil("plan", "new", "amber-heron", *SAID, "--gross", "9 kg", cwd=office)

    assert 2 == again.code
    assert "never overwritten" in again.err
    assert before == (office / "amber-heron" / "plan.yaml").read_bytes()
    assert {"amber-heron"} == left(office)


async def test_a_plan_with_gaps_is_signed_by_nobody(office: Path) -> None:
    """Neither started, nor countersigned, nor used to amend: every gap is named, and no key is asked for."""
    await vigil("plan", "new", "amber-heron", *SAID, cwd=office)
    for command in (("start",), ("amend",), ("countersign", "--as", "kz.police")):
        ran = await vigil(*command, "amber-heron/plan.yaml", cwd=office)

        assert 2 == ran.code, command
        assert "amber-heron/plan.yaml has gaps" in ran.err
        assert "request.facts: what was found" in ran.err


async def test_without_anybody_to_ask_what_is_missing_is_named(office: Path) -> None:
    """Each answer that must be given, at once; and nothing is written."""
    ran = await vigil("plan", "new", *ROUTE, cwd=office)

    assert 2 == ran.code
    for name in ("CODE_NAME", "--channel", "--goods"):
        assert f"  {name}: this must be said" in ran.err
    assert "--route:" not in ran.err
    assert set() == left(office)


async def test_wrong_answers_are_refused_together_with_what_would_be_right(office: Path) -> None:
    """Route, goods, number and service: each fault under the option that has it."""
    wrong = ("--route", "Almaty", "--channel", "mail", "--goods", "heroin 5,3 kg", "--number", "upu_s10 CP1", "--in-charge", "KZ")
    ran = await vigil("plan", "new", "amber-heron", *wrong, "--gross", "19,5 kg", "--use", "opening,device", cwd=office)

    assert 2 == ran.code
    for told in (
        "--gross: Mass: '19,5 kg' has a comma",
        "--route: Almaty is no stop",
        "--goods: heroin 5,3 kg: write",
        "--number: ",
        "--use: each measure has an option of its own: --use opening --use device",
        "--in-charge: KZ: write a State, = and what is said of it, such as KZ=kz.border+kz.knb",
    ):
        assert told in ran.err
    assert set() == left(office)


async def test_what_has_no_form_hides_no_answer_that_is_wrong_otherwise(office: Path) -> None:
    """An option that cannot be read, an article without its State, a bare time and a bad code name: all at once, each by its
    option; of what is too long only the beginning is repeated.
    """
    wrong = (
        "--route",
        "KZ " + "x" * 5000,
        "--channel",
        "mail",
        "--goods",
        "heroin 5.3 kg",
        "--article",
        "art. 297",
        "--takes",
        "5",
    )
    ran = await vigil("plan", "new", "Amber Heron", *wrong, cwd=office)

    assert 2 == ran.code
    assert ["--route", "--article", "CODE_NAME", "--takes"] == [
        one.strip().partition(":")[0] for one in ran.err.splitlines() if one.startswith("  ")
    ]
    assert "art. 297: write a State, = and what is said of it, such as KZ=Criminal Code art. 297" in ran.err
    assert "x" * LONGEST_QUOTED not in ran.err
    assert "x" * (LONGEST_QUOTED - 4) in ran.err


async def test_what_the_law_lacks_is_said_in_words(office: Path) -> None:
    """Estonia bars that everything is removed: the rule, the State and whom to ask; nothing is written."""
    said = ("--route", "EE Tallinn, KZ Almaty", "--channel", "truck", "--goods", "heroin", "--handling", "removed")
    ran = await vigil("plan", "new", "amber-heron", *said, "--article", "EE=KarS § 184", cwd=office)

    assert 2 == ran.code
    assert "R3: by the rule card of EE such a delivery does not go removed" in ran.err
    assert "ask the authorities" in ran.err
    assert set() == left(office)


CONVERSATION: list[tuple[str, str | bytes]] = [
    ("Code name", "Amber Heron"),
    ("malformed, expected 3 to 40", "amber-heron"),
    ("Route", "KZ Almaty, JP Tokyo"),
    ("there is no rule card for JP", "EE Tallinn, KZ Almaty"),
    ("How it travels", "ship"),
    ("ship is not one of these: mail", "mail"),
    ("What travels", "heroin 5,3 kg"),
    ("write the quantity as 5.3 kg", "heroin 5.3 kg; opium"),
    ("Way of handling", "removed"),
    ("allowed: intact, replaced_in_part, replaced_in_whole", "replaced_in_part"),
    ("Who begins it", "ee.police"),
    ("Who is in charge in EE", ""),
    ("Who is in charge in KZ", "kz.knb"),
    ("Who found it and holds it first", "kz.customs"),
    ("kz.customs is not one of these: ee.customs", "ee.customs"),
    ("Where somebody is arrested", "Almaty"),
    ("there is no rule card for Almaty", "KZ=kz.police, EE"),
    ("The offence in EE", "murder"),
    ("murder is not one of these", "KarS § 184"),
]


async def test_a_conversation_makes_a_plan_and_asks_again_where_an_answer_is_wrong(office: Path) -> None:
    """Each wrong answer is told with what would be right, and asked for again; Enter takes what stands in brackets."""
    code, screen = await in_conversation(CONVERSATION, "plan", "new", cwd=office, environment={"VIGIL_LANG": "en"})

    assert 0 == code, screen
    plan = plan_in(office / "amber-heron")
    assert ("ee.police", "ee.customs") == (plan.initiator, plan.found_by)
    assert ("replaced_in_part", ()) == (plan.modality, plan.uses)
    assert "opening" in plan.measures(plan.legs[0].state)
    assert ["ee.police", "kz.knb"] == [leg.responsible for leg in plan.legs]
    assert [("kz.police",), ("ee.police",)] == [one.services() for one in plan.at("arrest")]
    assert 0 == (await vigil("plan", "check", "amber-heron/plan.yaml", cwd=office)).code


async def test_the_conversation_is_in_russian_too(office: Path) -> None:
    """Questions, what is wrong with an answer, gaps and comments; what the texts of the plan ask for is asked for in Russian."""
    script: list[tuple[str, str | bytes]] = [
        ("Кодовое название", "amber-heron"),
        ("Маршрут", "KZ Алматы, UZ Ташкент"),
        ("Чем перемещается", "корабль"),
        ("корабль: такого варианта нет", "truck"),
        ("Что перемещается", "героин 5.3 kg"),
        ("Способ проведения", ""),
        ("Кто инициатор", ""),
        ("Кто отвечает в KZ", ""),
        ("Кто отвечает в UZ", ""),
        ("Кто обнаружил", ""),
        ("Где задерживают", ""),
    ]
    code, screen = await in_conversation(script, "plan", "new", cwd=office, environment={"VIGIL_LANG": "ru"})

    assert 0 == code, screen
    text = (office / "amber-heron" / "plan.yaml").read_text()
    assert "found_by" not in text  # who is in charge first has found it
    assert "facts: <что обнаружено" in text
    assert "# Начат командой" in text
    checked = await vigil("--lang", "ru", "plan", "check", "amber-heron/plan.yaml", cwd=office)
    assert (0, True) == (checked.code, "request.facts: что обнаружено" in checked.err)


async def test_an_option_that_is_not_right_ends_the_conversation_before_it_begins(office: Path) -> None:
    """A route that cannot be read, and one through a State without a card: in words, with nothing asked and nothing written."""
    for route, told in (("Almaty", "Almaty is no stop"), ("JP Tokyo", "there is no rule card for JP")):
        code, screen = await in_conversation([], "plan", "new", "--route", route, cwd=office, environment={"VIGIL_LANG": "en"})

        assert (2, True) == (code, told in screen), screen
    assert set() == left(office)


@pytest.mark.parametrize("after", [0, 3, 11])
async def test_a_conversation_that_is_broken_off_leaves_nothing(office: Path, after: int) -> None:
    """Ctrl-C at the first question, in the middle and near the end: no file, no folder, nothing half done."""
    right = [one for one in CONVERSATION if one[0] not in ("malformed, expected 3 to 40", "there is no rule card for JP")]
    right = [("Code name", "amber-heron"), ("Route", "EE Tallinn, KZ Almaty"), *right[2:]]
    script: list[tuple[str, str | bytes]] = [*right[:after], (right[after][0], b"\x03")]
    code, screen = await in_conversation(script, "plan", "new", cwd=office, environment={"VIGIL_LANG": "en"})

    assert 0 != code, screen
    assert set() == left(office)


async def test_an_empty_folder_becomes_an_installation_with_a_first_plan(tmp_path: Path) -> None:
    """Directory, cards, keys of all who take part, plan and scenario; the plan is right by them, and nobody lacks a key."""
    made = await vigil("init", "here", "amber-heron", "--plain", *SAID, cwd=tmp_path)
    here = tmp_path / "here"
    checked = await vigil("plan", "check", "amber-heron/plan.yaml", cwd=here)
    tried = await vigil("plan", "test", "amber-heron/scenario.yaml", cwd=here)

    assert (0, 0, 0) == (made.code, checked.code, tried.code), (made.err, checked.err, tried.out)
    assert "still need keys" not in checked.err
    assert {"directory.yaml", "cards", "keys", "amber-heron"} == {path.name for path in here.iterdir()}
    assert {"KZ.yaml", "UZ.yaml"} == {path.name for path in (here / "cards").iterdir()}
    plan, directory = plan_in(here / "amber-heron"), directory_in(here / "directory.yaml")
    assert {"vigil", *plan.everybody()} == {path.stem for path in (here / "keys").iterdir()}
    assert {"KZ", "UZ", None} == {one.state for one in directory.services}
    assert directory.system() is not None
    scenario = Document((here / "amber-heron" / "scenario.yaml").read_text(), "scenario.yaml").read(Scenario)
    assert scenario.expect is not None


async def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """It is refused, and holds what it held; a folder that cannot be finished is not begun."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "note.txt").write_text("mine")
    taken = await vigil("init", "here", "amber-heron", "--plain", *SAID, cwd=tmp_path)
    nobody = await vigil("init", "there", "amber-heron", *SAID, cwd=tmp_path)

    assert (2, 2) == (taken.code, nobody.code)
    assert "choose a new folder, or an empty one" in taken.err
    assert "a passphrase is needed, and there is nobody to ask" in nobody.err
    assert {"here"} == left(tmp_path)
    assert ["note.txt"] == sorted(left(tmp_path / "here"))


async def test_an_empty_folder_that_is_there_is_filled_and_stays_the_same(office: Path) -> None:
    """A shell that stands in it still stands in it, its mode is kept, and what cannot be finished leaves it empty."""
    for command in (("init", ".", "amber-heron", "--plain"), ("plan", "new", "amber-heron", "--in", ".")):
        here = office / command[0]
        here.mkdir(mode=0o700)
        if command[0] == "plan":
            command += ("--directory", "../directory.yaml", "--cards", "../cards")  # noqa: PLW2901
        before = here.stat()
        made = await vigil(*command, *SAID, cwd=here)
        after = here.stat()

        assert 0 == made.code, made.err
        assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
        assert list(here.rglob("plan.yaml"))
        assert [] == list(here.glob(".*"))
    (office / "empty").mkdir()
    nobody = await vigil("init", ".", "amber-heron", *SAID, cwd=office / "empty")
    assert (2, set()) == (nobody.code, left(office / "empty"))


LONG = "x" * 81


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("--goods", "heroin 999999999999 t"), "--goods: 999999999999 t is more than can be written down: 1000000 t at most"),
        (("--goods", f"240220 {LONG} 3 carton"), "a name has 80 characters at most"),
        (("--gross", "999999999999 t"), "--gross: 999999999999 t is more than can be written down: 1000000 t at most"),
        (
            ("--begun-by", "caricc"),
            "--begun-by: caricc is of no State, and a service of a State begins a plan, such as: kz.police",
        ),
        (("--begun-by", "supervision"), "--begun-by: supervision is of no State"),
        (("--takes", "3660d", "--takes", "3660d"), "--takes: the whole way takes too long: all together lasts 3660 d at most"),
        (("--takes", "1h", "--takes", "1h", "--takes", "1h"), "--takes: 3 times are named, and its way has legs: 2"),
        (("--in-charge", "RU=ru.customs"), "--in-charge: it does not go through RU, so nobody is in charge there"),
        (("--authority", "RU=ru.prosecutor"), "--authority: RU is not asked"),
        (("--authority", "KZ=kz.court", "--authority", "KZ=kz.prosecutor"), "--authority: KZ is named twice"),
        (("--arrest", "KZ=kz.knb", "--arrest", "KZ"), "--arrest: KZ is named twice"),
        (("--goods", "EUR"), "--goods: EUR is a currency: say how much, such as EUR 12500"),
        (("--seize-at-end", "--recipient", "X"), "--recipient: what is seized at its end is passed on to nobody"),
    ],
)
async def test_an_answer_that_no_plan_could_hold_is_refused_at_its_option(
    office: Path, wrong: tuple[str, ...], told: str
) -> None:
    """In words, for people as for programs, which get one document; never dropped, never a traceback, and nothing is written."""
    ran = await vigil("plan", "new", "amber-heron", *SAID, *wrong, "-o", "json", cwd=office)

    assert (2, set()) == (ran.code, left(office)), ran.err
    assert any(told in f"{one['place']}: {one['problem']}" for one in ran.json["error"]["faults"])


async def test_a_plan_that_takes_longer_than_a_time_may_be_is_refused_by_its_check(office: Path) -> None:
    """By hand as well, a way is as long as what is said of it can be: the check names it, and ends in words."""
    await vigil("plan", "new", "amber-heron", *SAID, "--takes", "3000d", cwd=office)
    plan = office / "amber-heron" / "plan.yaml"
    plan.write_text(plan.read_text().replace("takes: 24h", "takes: 3000d"))
    ran = await vigil("plan", "check", "amber-heron/plan.yaml", "-o", "json", cwd=office)

    assert 2 == ran.code, ran.err
    assert "the whole way takes too long: all together lasts 3660 d at most" in ran.err


async def test_a_conversation_asks_again_for_what_no_plan_could_hold(office: Path) -> None:
    """Goods that are too much, a currency without a sum, a missing stop, an unknown service: at once, and no answer is lost."""
    script: list[tuple[str, str | bytes]] = [
        ("Code name", "amber-heron"),
        ("Route", "KZ Almaty,, UZ Tashkent"),
        ("a stop is missing", "KZ Almaty, UZ Tashkent"),
        ("How it travels", "truck"),
        ("What travels", "heroin 999999999999 t"),
        ("is more than can be written down", f"{LONG} 5 kg"),
        ("a name has 80 characters at most", "EUR"),
        ("EUR is a currency", "; ".join(f"rifle {number}" for number in range(1, 99))),
        ("at most", "heroin 5.3 kg"),
        ("Way of handling", ""),
        ("Who begins it", ""),
        ("Who is in charge in KZ", ""),
        ("Who is in charge in UZ", ""),
        ("Who found it", ""),
        ("Where somebody is arrested", "KZ=kz.nobody"),
        ("kz.nobody is not in the directory", "KZ=Police"),
        ("Police", "KG, UZ"),
    ]
    code, screen = await in_conversation(script, "plan", "new", cwd=office, environment={"VIGIL_LANG": "en"})

    assert 0 == code, screen
    assert "KG" in plan_in(office / "amber-heron").offence.extraditable


@pytest.mark.parametrize("name", ["cards", "keys", "home"])
async def test_no_plan_is_called_as_what_lies_beside_it(tmp_path: Path, name: str) -> None:
    """In an installation's folder that would put it among cards, private keys or what the installation keeps: refused."""
    ran = await vigil("init", "here", name, "--plain", *SAID, cwd=tmp_path)

    assert 2 == ran.code
    assert "CODE_NAME: no plan is called so here, where such files lie: cards, keys, home" in ran.err
    assert set() == left(tmp_path)


async def test_the_directory_says_where_its_keys_come_from(tmp_path: Path) -> None:
    """The keys are in it: no comment says that there are none, and one says that each service makes its own."""
    await vigil("init", "here", "amber-heron", "--plain", *SAID, cwd=tmp_path)
    text = (tmp_path / "here" / "directory.yaml").read_text()

    assert "none here" not in text
    assert "vigil keys new" not in text
    assert "# Keys: made by `vigil init`" in text
