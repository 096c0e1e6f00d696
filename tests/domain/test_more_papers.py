"""Plans of measures, acts of replacement, sampling and destruction, records of surveillance and seizure: what they print."""

from functools import cache
from typing import Any

import pytest

from client.staging import staged_by
from domain.delivery.delivery import Delivery
from domain.papers.forms import FORMS
from domain.papers.forms.parts import in_turn
from domain.papers.making import Made, Wanted, make, offered
from domain.papers.paper import Bars, Block, Line, Sentence, Source, Value, Words, in_groups, pieces_of
from domain.papers.paper import Table as TableBlock
from domain.papers.record import Record
from domain.papers.tongue import Tongue
from domain.plan.directory import Service
from domain.words.errors import NotAllowed, NotFound
from domain.words.moments import instant
from process.language import speakers
from rehearsal.groups import simulate_group
from rehearsal.simulator import World, simulate
from tests.domain.test_changes import change, changed, elsewhere_with_consent
from tests.support import EXAMPLES, MEPHEDRONE, Table, example_cards, example_directory, example_scenario, with_changes

SPEAKERS = speakers(None)
MINE = ("measures", "replacement", "sampling", "surveillance", "seizure", "submission", "destruction")


@cache
def delivered(name: str = "partial-replacement") -> Delivery:
    """An example, to its end."""
    plan, scenario = example_scenario(name)
    return simulate(World(plan, example_directory(), example_cards(), scenario, 1)).delivery


def names(record: Record) -> list[str]:
    """Every paper of these forms that there is."""
    return [f"{name}.{one}" if one else name for name in MINE for one in FORMS[name].subjects(record)]


def made(record: Record, name: str, language: str = "en", reader: Service | None = None) -> Made:
    """A paper of it."""
    return make(record, Wanted(name, language), SPEAKERS, reader)


def for_the_court(table: Table) -> Made:
    """The report for the court, which everybody has permitted."""
    for service in (*table.plan.participants(), "kz.knb"):
        table.say(service, "disclosure_permitted")
    return make(Record.of(table.delivery), Wanted("court", "en", "court"), SPEAKERS)


def text(paper: Made) -> str:
    """All that it prints, without marks."""
    return "".join(one.text if isinstance(one, Words | Value) else "____" for one in paper.paper.pieces)


def said_in(paper: Made, value: str) -> tuple[Any, ...]:
    """Where a value that it prints comes from."""
    return next(one.sources for one in paper.paper.pieces if isinstance(one, Value) and one.text == value)


def entry(record: Record, kind: str, service: str) -> int:
    """The entry in which a service has first said something of a kind."""
    return next(one.seq for one in record.heard if (one.statement.kind, one.service) == (kind, service))


RECORD = Record.of(delivered())
NAMES = names(RECORD)
CORRECTED = entry(RECORD, "correction", "kg.security")


def test_each_form_has_its_papers() -> None:
    """One for each preparation, leg, seizure, State and destruction, by a name that says which."""
    assert [
        "measures",
        "measures.KG",
        "measures.KZ",
        "measures.RU",
        "replacement.preparation",
        "sampling.preparation",
        "surveillance.to-kazakhstan",
        "surveillance.transit",
        "surveillance.to-rubtsovsk",
        "seizure.preparation",
        "seizure.accounting",
        "submission.KG",
        "submission.RU",
        "submission.KZ",
        "destruction.kg.security",
    ] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_paper_is_whole_in_both_languages_and_stays_what_it_was(name: str) -> None:
    """With blanks to fill, the same blanks and entries in both, and the same from the ledger as far as it went then."""
    english, russian = (made(RECORD, name, language).paper for language in ("en", "ru"))

    assert english.entries == russian.entries
    assert english.blanks == russian.blanks > 0
    assert english.digest == made(RECORD.until(english.size - 1), name).paper.digest
    assert english.digest != russian.digest


VALUES = [
    ("replacement.preparation", "4,294\u202fg", "prepared", "kg.security", "computed"),
    ("replacement.preparation", "gypsum and starch", "prepared", "kg.security", None),
    ("sampling.preparation", "KG0048215/S", "prepared", "kg.security", None),
    ("surveillance.transit", "“dust storm on the road”", "surveillance_lost", "kz.knb", None),
    ("surveillance.transit", "B", "surveillance_log", "kz.knb", None),
    ("seizure.preparation", "4,230\u202fg", "prepared", "kg.security", None),
    ("submission.KG", "heroin 4,230\u202fg", "prepared", "kg.security", None),
    ("results.KG", "heroin 4,230\u202fg", "prepared", "kg.security", None),
    ("seizure.accounting", "1,055\u202fg", "seizure", "ru.fsb", None),
    ("seizure.accounting", "3,165,000.00\u202fRUB", "seizure", "ru.fsb", None),
    ("submission.RU", "12201/44", "results_submitted", "ru.fsb", None),
    ("submission.RU", "P-2 (distributor)", "arrest_made", "ru.fsb", None),
    ("destruction.kg.security", "4,230\u202fg", "prepared", "kg.security", None),
    ("destruction.kg.security", "“burnt”", "disposed", "kg.security", CORRECTED),
]


@pytest.mark.parametrize(("name", "value", "kind", "service", "how"), VALUES)
def test_a_value_comes_from_the_statement_that_said_it(
    name: str, value: str, kind: str, service: str, how: Source | None
) -> None:
    """Its source is the entry of that statement; where it was summed up that too, and where it was corrected that entry."""
    sources = (entry(RECORD, kind, service), *([how] if how else []))

    assert sources == said_in(made(RECORD, name), value)


def test_gaps_between_intervals_are_computed_and_say_between_which_entries() -> None:
    """Between the second and the third team nobody watched for seventeen minutes."""
    paper = made(RECORD, "surveillance.transit")

    assert "Nobody's interval covers 02.03.2022 07:30 to 02.03.2022 07:47 (17\u202fmin)." in text(paper)
    assert ("computed",) == said_in(paper, "19\u202fh 28\u202fmin")


def test_what_nobody_has_said_is_a_blank_and_no_value() -> None:
    """Without a scale, units, places of storage and numbers the same forms have lines to write on."""
    plan, scenario = example_scenario("partial-replacement")
    bare = [act for act in scenario.acts if act.says not in ("seizure", "results_submitted")]
    given = ("scale", "units", "stored_at", "test")
    less = tuple(
        act.model_copy(update={"details": {name: one for name, one in act.details.items() if name not in given}})
        if act.says == "prepared"
        else act
        for act in bare
    )
    world = World(plan, example_directory(), example_cards(), scenario.model_copy(update={"acts": less}), 1)
    other = Record.of(simulate(world).delivery)
    for name in ("replacement.preparation", "sampling.preparation", "submission.RU"):
        assert made(other, name).paper.blanks > made(RECORD, name).paper.blanks


def test_there_is_no_act_of_what_was_not_done() -> None:
    """Nothing was replaced, sampled or destroyed: the refusal names what can be made of that form now."""
    record = Record.of(delivered("almaty-tashkent"))
    for name in ("replacement.preparation", "sampling.preparation", "destruction.kz.police"):
        with pytest.raises(NotFound, match=f"there is no paper {name} yet"):
            made(record, name)
    assert "seizure.accounting" in names(record)


def test_a_paper_of_what_is_still_to_come_is_refused() -> None:
    """Before anything was seized there is no record of it; the plan of measures is there from the beginning."""
    before = RECORD.until(entry(RECORD, "dispatched", "kg.security"))

    assert [*NAMES[:6], "seizure.preparation", "submission.KG"] == names(before)
    with pytest.raises(NotFound, match=r"seizure\.accounting yet"):
        made(before, "seizure.accounting")


READERS = [
    ("measures", "kz.knb", True),
    ("measures", "ru.fsb", False),
    ("measures.KZ", "ru.fsb", False),
    ("measures.RU", "ru.fsb", True),
    ("measures.RU", "ru.customs", False),
    ("measures.KZ", "kz.prosecutor", True),
    ("replacement.preparation", "kg.security", True),
    ("replacement.preparation", "ru.fsb", False),
    ("sampling.preparation", "kg.prosecutor", True),
    ("sampling.preparation", "ru.customs", False),
    ("surveillance.to-kazakhstan", "kg.security", True),
    ("surveillance.to-kazakhstan", "ru.fsb", False),
    ("surveillance.to-kazakhstan", "kz.prosecutor", False),
    ("seizure.accounting", "ru.fsb", True),
    ("seizure.accounting", "kg.security", False),
    ("seizure.preparation", "kg.prosecutor", True),
    ("seizure.preparation", "ru.fsb", False),
    ("submission.RU", "ru.customs", True),
    ("submission.RU", "kg.prosecutor", False),
    ("destruction.kg.security", "kg.prosecutor", True),
    ("destruction.kg.security", "ru.fsb", False),
]


@pytest.mark.parametrize(("name", "reader", "may"), READERS)
def test_r11_who_may_have_which(name: str, reader: str, may: bool) -> None:  # noqa: FBT001
    """Services of the State whose paper it is, and who sees the whole; nobody else."""
    known = RECORD.directory.get(reader)
    if may:
        assert made(RECORD, name, reader=known).paper.code
        return
    with pytest.raises(NotAllowed, match="R11"):
        made(RECORD, name, reader=known)


def test_r11_the_plan_of_one_state_tells_nothing_of_the_request_and_other_legs() -> None:
    """What is known of the offence and the persons is for who decides; each has its own leg and the handovers beside it."""
    whole, own = text(made(RECORD, "measures")), text(made(RECORD, "measures.RU"))
    request = RECORD.plan.request

    assert request.facts in whole
    assert request.facts not in own
    assert request.aim not in own
    assert "Bishkek" not in own
    assert "Crossing Kazakhstan-Russia" in own


def test_responsibility_passes_as_the_plan_says() -> None:
    """By the entry or by the signatures, and the plan of measures says which."""
    assert "passes when the act is signed" in text(made(RECORD, "measures"))
    assert "passes when the acceptance is recorded" in text(made(Record.of(delivered("almaty-tashkent")), "measures"))


def test_what_the_laboratory_left_is_what_is_destroyed() -> None:
    """The mass of an exhibit is that of the newest report, and of the preparation where there is none."""
    table = Table(with_changes(plan_={"modality": "removed_in_part"}))
    half = {"substance": "mephedrone (4-MMC)", "net": "6.6 kg"}
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", modalities=["removed_in_part"])
    table.say("kz.police", "prepared", "preparation", modality="removed_in_part", kept=[half], removed=[half])
    report = {"exhibit": "removed", "report": "test_report", "substance": "mephedrone", "reference": "1 of 2022-03-01"}
    table.say("kz.police", "laboratory_report", **report, received="6.6 kg", spent="1 g", left="6599 g")
    act = {"how": "destroyed", "reference": "2 of 2022-03-01", "witnesses": ["K-1"]}
    table.say("kz.police", "disposed", exhibits=["removed"], **act)
    paper = made(Record.of(table.delivery), "destruction.kz.police")

    assert "6,599\u202fg after the examination" in text(paper)


def test_what_was_found_passes_by_an_act_of_giver_and_taker() -> None:
    """It says what each found, from which minute on the taker holds it, and in which entries that stands; services of another
    State do not have it. What is recorded later changes nothing of it.
    """
    table = Table(with_changes(plan_={"found_by": "kz.customs"})).consent()
    seal = {"number": "KGD-1", "security": "I"}
    given = {"exhibits": ["consignment"], "to": "kz.police", "purpose": "carried on", "gross": "13.9 kg", "seals": [seal]}
    table.say("kz.customs", "exhibits_offered", **given)
    assert "transfer.kz.police" not in [one.name for one in offered(Record.of(table.delivery))]
    taken = {"exhibits": ["consignment"], "giver": "kz.customs", "intact": False, "note": "a seal scratched", "gross": "13.91 kg"}
    table.say("kz.police", "exhibits_accepted", **taken)
    record = Record.of(table.delivery)
    paper = made(record, "transfer.kz.police", reader=table.directory.get("kz.customs"))
    printed = text(paper)
    for said in (
        "KGD-1/I",
        "13,900\u202fg",
        "13,910\u202fg",
        "“a seal scratched”",
        "“carried on”",
        "Until then the giver held",
    ):
        assert said in printed
    assert (entry(record, "exhibits_offered", "kz.customs"),) == said_in(paper, "KGD-1/I")
    assert (entry(record, "exhibits_accepted", "kz.police"),) == said_in(paper, "13,910\u202fg")
    with pytest.raises(NotAllowed):
        made(record, "transfer.kz.police", reader=table.directory.get("uz.customs"))
    table.dispatch()
    assert text(made(Record.of(table.delivery), "transfer.kz.police")) == printed


def test_a_part_of_a_lot_is_told_by_what_it_is_of_and_by_its_mass() -> None:
    """No blank stands where the record knows what was handed over."""
    printed = text(made(Record.of(delivered("sydney-perth")), "transfer.au.federal-police"))
    assert "METH-1a part of what was taken out: methamphetamine100\u202fg" in printed


def test_a_declassified_paper_bears_the_act_in_the_place_of_its_mark() -> None:
    """Once acts have opened all that it prints and the plan; it replaces the paper that bore the mark."""
    table = Table().dispatch()
    record = Record.of(table.delivery)
    before = made(record, "order.UZ").paper
    table.say("uz.police", "declassified", reference="5 of 2022-03-05")
    assert before.digest == made(Record.of(table.delivery), "order.UZ").paper.digest
    table.say("kz.knb", "declassified", reference="6 of 2022-03-06")
    after = made(Record.of(table.delivery), "order.UZ")

    assert record.plan.request.marking == before.marking
    assert "Declassified: act No. 5 of 05.03.2022, entry" in after.paper.marking
    assert "No. 6 of 06.03.2022" in after.paper.marking
    assert any(in_groups(before.code) in note for note in after.frame.notes)
    assert after.paper.digest == made(Record.of(table.delivery).until(after.paper.size - 1), "order.UZ").paper.digest


def test_r22_a_paper_of_the_plan_before_stays_declassified() -> None:
    """A changed plan, which it does not print and no act has opened, does not make it secret again; what prints it is."""
    table = Table().dispatch()
    table.say("uz.police", "declassified", reference="5 of 2022-03-05")
    table.say("kz.knb", "declassified", reference="6 of 2022-03-06")
    before = made(Record.of(table.delivery), "order.UZ").paper
    change(table, changed(elsewhere_with_consent))
    record = Record.of(table.delivery)

    assert "Declassified" in before.marking
    assert before.digest == made(record, "order.UZ").paper.digest
    assert not any("Declassified" in made(record, name).paper.marking for name in ("measures", "results"))


def test_what_comes_later_renames_no_paper() -> None:
    """The first keeps its name, and each further one of the same name has a number behind it."""
    found = in_turn([("kz", 1), ("kz.knb", 2), ("kz", 3), ("kz.knb", 4), ("kz", 5)])

    assert {"kz": 1, "kz.knb": 2, "kz.2": 3, "kz.knb.2": 4, "kz.3": 5} == found


@cache
def parcels() -> tuple[Delivery, ...]:
    """The deliveries of the example of several consignments, to their ends."""
    scenario = EXAMPLES / "omsk-taraz-parcels" / "scenario.yaml"
    worlds = [one.world(1) for one in staged_by(scenario, None, None)]
    return tuple(done.delivery for done in simulate_group(worlds))


def test_r31_each_paper_says_which_consignment_of_which_operation_it_is() -> None:
    """By its number, in both languages; of the whole it says how many there are and names the others, a part does not (R11)."""
    kinds = set[str]()
    for number, delivery in enumerate(parcels(), 1):
        record = Record.of(delivery)
        others = [f"motor-oil-{one}" for one in {1, 2, 3} - {number}]
        for one in offered(record):
            name, _, subject = one.name.partition(".")
            kinds.add(name)
            for language, said in (("en", "consignment No. {} of{} the operation"), ("ru", "партия груза № {}{} в операции")):
                count = "" if subject else {"en": " 3 of", "ru": " из 3"}[language]
                blocks = FORMS[name].blocks(record, subject, Tongue(language, SPEAKERS[language]))
                printed = "".join(getattr(piece, "text", "") for piece in pieces_of(blocks))

                assert said.format(number, count) in printed, one.name
                assert [not subject] * 2 == [other in printed for other in others], one.name
    assert set(FORMS) - {"memorandum", "replacement", "sampling", "transfer", "surveillance", "destruction"} == kinds
    assert "operation “" not in text(made(RECORD, "measures"))


def test_r31_papers_of_what_is_held_back_say_that_it_stays() -> None:
    """Who is asked, who orders and who plans reads that it does not leave, and of no step or arrest that never comes."""
    record = Record.of(parcels()[2])
    printed = {name: text(made(record, name)) for name in ("request.ru.customs", "order.RU", "measures", "results")}

    assert "is held back by the plan" in printed["request.ru.customs"]
    assert "Arrests in your State" not in printed["request.ru.customs"]
    assert "Its way" not in printed["order.RU"]
    assert "after: departure" not in printed["order.RU"]
    assert "after: departure" in text(made(Record.of(parcels()[0]), "order.RU"))
    assert not any(said in printed["measures"] for said in ("At a handover", "does not move", "would end on the way"))
    assert "on the territory of the Russian Federation: Post office, Omsk." in printed["order.RU"]
    assert "It is not let go on." in printed["order.RU"]
    assert "hand it over" not in printed["measures"]
    assert "it has not left" in printed["results"]
    assert "nothing was recorded" in text(made(record, "results.KZ"))
    assert "measures.KZ" not in names(record)
    assert "held back" not in text(made(Record.of(parcels()[0]), "request.ru.customs"))


def test_who_did_not_know_is_told_apart_in_every_paper() -> None:
    """An unwitting courier is no courier like another: not where persons are named by role, counted or submitted."""
    record = Record.of(delivered("joint-plan"))
    planned = Record.of(delivered("innocent-consignee"))

    assert "couriers: 1, couriers who do not know of it: 1" in text(made(record, "results"))
    assert "P-3 (courier, used without knowing of it)" in text(made(record, "submission.KZ"))
    assert "Released again: P-3; “knew nothing of it”." in text(made(record, "submission.KZ"))
    assert "recipients who do not know of it: 1" in text(made(planned, "request.pl.prosecutor"))
    assert "recipients who do not know of it: 1" in text(made(planned, "measures"))


def test_papers_say_what_became_of_exhibits_and_of_a_corrected_act_what_is_right() -> None:
    """Returned and to whom, before which court, in another State by an act of transfer; the commission of a destruction as it was
    corrected; and of a consignment that was destroyed whole, what it was.
    """
    record = Record.of(delivered("joint-plan"))
    results, transfer = text(made(record, "results")), text(made(record, "transfer.kz.knb"))
    destroyed = text(made(RECORD, "destruction.kg.security"))

    for said in (
        "CAR-1: returned, to whom: “Firm B, Tashkent (example)”",
        "LOT-1, SAMPLE-1: handed to the court: “Criminal court",
    ):
        assert said in results
    gone = Record.of(delivered("destroyed-on-the-road"))
    assert "the consignmentthe consignment: acetic anhydride400" in text(made(gone, "destruction.tj.customs"))
    assert "6\u202fh 30\u202fminon the way" in text(made(gone, "results"))
    assert "SAMPLE-2" in transfer
    assert "UZ0071/S" in transfer
    assert ("K-9" in destroyed, "K-12" in destroyed) == (True, False)


def test_a_hold_is_said_with_what_was_decided_and_a_service_with_its_name() -> None:
    """That it was held is half of it: a court reads that it went on. An id in a finding has its name beside it."""
    table = Table().dispatch()
    table.say("uz.customs", "hold_requested", reason="the driver waits")
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "hold_decided", "hold.1", decision="go_on", reason="a puncture")
    table.say("uz.police", "seizure", "accounting")
    court, results = text(for_the_court(table)), text(made(Record.of(table.delivery), "results"))
    russian = text(made(Record.of(table.delivery), "results", "ru"))

    assert all("decision on the hold: it goes on, “a puncture”" in said for said in (court, results))
    assert "uz.police (Ministry of Internal Affairs of Uzbekistan)" in results
    assert "uz.police (МВД Узбекистана)" in russian


def test_a_time_between_two_moments_is_the_one_between_those_that_are_printed() -> None:
    """Seconds are not printed, so they are not counted: whoever subtracts what stands there finds what stands there."""
    tongue = Tongue("en", SPEAKERS["en"])
    begins, ends = (instant(f"2022-03-01T{one}Z") for one in ("17:46:40", "18:21:10"))

    assert ("01.03.2022 17:46", "01.03.2022 18:21") == (tongue.moment(begins), tongue.moment(ends))
    assert "35\u202fmin" == tongue.between(begins, ends)


def test_an_order_on_a_request_of_its_own_names_none() -> None:
    """Who asks others does not ask itself."""
    assert "the request of" not in text(made(RECORD, "order.KZ"))
    assert "the request of the National Security Committee of Kazakhstan" in text(made(RECORD, "order.KG"))


def test_a_step_of_many_services_stands_in_several_rows() -> None:
    """Of 60 services eight stand in a row, each of them once; so no cell of the table is as long as a page."""
    services = [one.id for one in example_directory().services][:60]
    plan = with_changes(departure={"requires": [{"service": one, "says": "ready"} for one in services]})
    (steps,) = (one for one in made(Record.of(Table(plan).delivery), "measures").paper.blocks if _is_of_steps(one))
    rows = [one.cells for one in steps.rows if one.cells[3] and one.cells[0] == steps.rows[3].cells[0]]

    assert 60 == len(services)
    assert 8 == len(rows)
    assert ["let it leave", *["continued"] * 7] == [row[1][0].text for row in rows]
    assert 8 == max(sum(one.sources == ("directory",) for one in row[3] if isinstance(one, Value)) for row in rows)
    assert 60 == sum(one.sources == ("directory",) for row in rows for one in row[3] if isinstance(one, Value))


def _is_of_steps(block: Block) -> bool:
    return isinstance(block, TableBlock) and len(block.columns) == 6 and block.small


APPROXIMATE = MEPHEDRONE | {"net": "approximate 5 kg"}
UNMEASURED = MEPHEDRONE | {"net": "unmeasured cover uz.prosecutor"}
SEVEN = MEPHEDRONE | {"net": "7 kg"}
HALF_A_KILO = {"substance": "heroin", "net": "500 g"}


def recovered(*amounts: dict[str, Any]) -> Table:
    """An example in which this is recovered at the end."""
    table = Table(with_changes(plan_={"handling_code": "H0"})).deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert "accepted" == table.say("uz.customs", "seizure", "accounting", gross="13.9 kg", recovered=amounts).verdict.verdict
    return table


def text_of(line: Line) -> str:
    """What a line prints."""
    return "".join(getattr(one, "text", "") for one in line)


def masses_in(court: Made) -> dict[str, list[str]]:
    """The bars of masses, by the names of their rows."""
    bars = next(one for one in court.paper.blocks if isinstance(one, Bars) and text_of(one.rows[-1].name) in BAR_ROWS)
    return {text_of(row.name): [text_of(one.label) for one in row.bars] for row in bars.rows}


BAR_ROWS = ("by the plan", "prepared", "on the way", "at the end")


def balance_in(court: Made) -> list[str]:
    """The sentences on the balance."""
    return [text_of(one.line) for one in court.paper.blocks if isinstance(one, Sentence) and one.number.startswith("5.")]


@pytest.mark.parametrize("amounts", [(UNMEASURED,), (APPROXIMATE, SEVEN), (MEPHEDRONE | {"net": "suspected 13 kg"},)])
def test_what_nobody_measured_has_no_bar(amounts: tuple[dict[str, Any], ...]) -> None:
    """Neither as nothing nor as the part of it that was measured; a sentence says which bar is not there, and why."""
    court = for_the_court(recovered(*amounts))

    assert {"by the plan": ["13,200\u202fg"], "prepared": ["kept 13,200\u202fg"]} == masses_in(court)
    assert "Without a bar, since not all of it was measured: mephedrone (4-MMC), seized." == balance_in(court)[0]


def test_a_bar_of_one_substance_has_its_mass() -> None:
    """Whatever is named first in the seizure; that there is more than this substance is said."""
    court = for_the_court(recovered(HALF_A_KILO, MEPHEDRONE))

    assert ["seized 13,200\u202fg"] == masses_in(court)["at the end"]
    assert "The bars are of mephedrone (4-MMC) alone." == balance_in(court)[0]


def test_a_sample_that_was_estimated_is_not_left_out_in_silence() -> None:
    """The bars of the preparation have what was measured, and a sentence names the one that is not there."""
    table = Table(with_changes(plan_={"handling_code": "H0"})).consent()
    kept, sample = MEPHEDRONE | {"net": "13 kg"}, MEPHEDRONE | {"net": "approximate 200 g"}
    table.say("kz.police", "prepared", "preparation", kept=[kept], samples=[sample])
    court = for_the_court(table)

    assert ["kept 13,000\u202fg"] == masses_in(court)["prepared"]
    assert "Without a bar, since not all of it was measured: mephedrone (4-MMC), samples." == balance_in(court)[0]


def test_a_sum_of_units_or_substitutes_says_what_of_it_is_estimated() -> None:
    """Beside the units that were weighed; and what was not weighed differs by no exact figure from what it stands in for."""
    table = Table(with_changes(plan_={"modality": "replaced_in_part"}))
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", modalities=["replaced_in_part"])
    units = [
        {"label": one, "substance": MEPHEDRONE["substance"], "net": net}
        for one, net in (("A", "6 kg"), ("B", "approximate 7.2 kg"))
    ]
    put_in = {"label": "S-1", "what": "substitute", "gross": "approximate 7.2 kg"}
    lots = {"kept": [MEPHEDRONE | {"net": "6 kg"}], "removed": [MEPHEDRONE | {"net": "7.2 kg"}], "items": [put_in]}
    table.say("kz.police", "prepared", "preparation", modality="replaced_in_part", units=units, **lots)
    record = Record.of(table.delivery)

    assert "Together: 2––13,200\u202fg, of which 7,200\u202fg only estimated" in text(made(record, "examination.preparation"))
    printed = text(made(record, "replacement.preparation"))
    assert "Together–7,200\u202fg, only estimated" in printed
    assert "put in 7,200\u202fg, only estimated; difference ____, tolerance" in printed


def test_a_sum_says_what_of_it_is_estimated() -> None:
    """Of what does not balance, in the report for the court and in that on results."""
    table = recovered(APPROXIMATE, SEVEN)
    said = "mephedrone (4-MMC), recovered: 12,000\u202fg, of which 5,000\u202fg only estimated; expected: 13,200\u202fg"

    assert f"It does not balance: {said}." in balance_in(for_the_court(table))
    assert f"Does not balance: {said}. " in text(made(Record.of(table.delivery), "results"))


def test_what_was_not_measured_cannot_be_balanced() -> None:
    """It is said so, and of what: nothing else is known to be wrong with it."""
    table = recovered(UNMEASURED)
    said = "annot be balanced, since not all was measured: mephedrone (4-MMC), recovered: not measured"
    court = for_the_court(table)

    assert f"It c{said}." in balance_in(court)
    assert f"C{said}. Reason: " in text(made(Record.of(table.delivery), "results"))
    assert "not balance" not in text(court)


def test_what_does_not_balance_is_named() -> None:
    """A substance, goods, cash and bearer instruments by what they are, and not by a number that stands nowhere else."""
    cigarettes = {"hs": "240220", "unit": "carton", "goods": "cigarettes", "count": 500}
    cheques = {"instrument": "cheque", "nominal": {"currency": "EUR", "minor": 100000}, "count": 3}
    table = recovered(MEPHEDRONE, HALF_A_KILO, cigarettes, {"currency": "EUR", "minor": 1250}, cheques)

    assert [
        f"It does not balance: {one}; expected: nothing."
        for one in (
            "heroin, recovered: 500\u202fg",
            "cigarettes (240220), recovered: 500\u202fcarton",
            "cash EUR, recovered: 12.50\u202fEUR",
            "cheque 1,000.00\u202fEUR, recovered: 3",
        )
    ] == [one for one in balance_in(for_the_court(table)) if "not balance" in one]


def test_what_was_taken_out_unmeasured_is_named() -> None:
    """Each amount that was removed, sampled or taken out on the way is counted by itself."""
    table = Table(with_changes(plan_={"handling_code": "H0"})).consent()
    parts = [MEPHEDRONE | {"net": "1 kg"}, MEPHEDRONE | {"net": "approximate 2 kg"}]
    table.say("kz.police", "prepared", "preparation", kept=[MEPHEDRONE | {"net": "10.2 kg"}], samples=parts)
    table.say("kz.knb", "ready", "preparation")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    court = for_the_court(table)

    assert [
        "It cannot be balanced, since not all was measured: mephedrone (4-MMC), taken out: 2,000\u202fg, only estimated."
    ] == [one for one in balance_in(court) if "balanced" in one]


def test_what_is_no_substance_stands_by_name_and_count() -> None:
    """In a record of seizure its name is what it is, and its count or sum is how much; in Russian with one decimal sign."""
    things: tuple[dict[str, Any], ...] = (
        {"hs": "240220", "unit": "carton", "goods": "cigarettes", "count": 500},
        {"currency": "EUR", "minor": 1250},
        {"instrument": "cheque", "nominal": {"currency": "EUR", "minor": 100000}, "count": 3},
        {"weapon": "rifle", "count": 2},
    )
    record = Record.of(recovered(*things).delivery)

    def rows(language: str) -> list[list[str]]:
        (found,) = (one for one in made(record, "seizure.accounting", language).paper.blocks if isinstance(one, TableBlock))
        return [[text_of(cell) for cell in one.cells[1:3]] for one in found.rows]

    assert [
        ["cigarettes (240220)", "500\u202fcarton"],
        ["cash EUR", "12.50\u202fEUR"],
        ["cheque 1,000.00\u202fEUR", "3"],
        ["rifle", "2"],
    ] == rows("en")
    assert ["12,50\u202fEUR", "cheque 1\u202f000,00\u202fEUR"] == [rows("ru")[1][1], rows("ru")[2][0]]
