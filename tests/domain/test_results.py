"""The results of a period: what one delivery adds for whom, and what many add up to (R11, docs/results.md)."""

import csv
import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from client.staging import staged_by
from domain.delivery.delivery import Delivery
from domain.delivery.reported import Stated
from domain.plan.plan import Plan
from domain.plan.substances import CATALOGUE
from domain.rules.arrival import ArrestMade
from domain.rules.balance import Seizure
from domain.views import results_in_words as words
from domain.views.canvas import room
from domain.views.results import Adding, Period, Results, Total, counts_at, period_of
from domain.views.results_picture import IN_PAGE, panels, picture
from domain.views.returns import NOT_KNOWN, WITHHELD, harmless, incidents, of_incidents, of_period
from domain.views.sight import sight, whole
from domain.views.standing import standing
from domain.views.statistics import Narrowed, of_deliveries
from domain.views.tally import JUDGED, OTHER, Line, Measure, bounded, tally
from domain.views.weighings import weighings
from domain.words.errors import Malformed
from domain.words.limits import MOST_TALLIED
from domain.words.quantities import MAX_WHOLE
from process.language import speaker
from rehearsal.groups import simulate_group
from tests.course import arrested
from tests.goldens import GOLDEN, read, replayed
from tests.groups import BOTH, OIL, group_plans
from tests.support import COURIER, EXAMPLES, MEPHEDRONE, RECIPIENT, SEAL, Table, card_of, example_plan, with_changes

BY_HAND = Path(__file__).parent / "results_by_hand.md"
"""Counted by eye."""


@cache
def golden(name: str) -> Delivery:
    """The delivery of an example; of a parcel of the group, as its scenario has it."""
    if name.startswith("motor-oil"):
        return {one.plan.operation: one for one in parcels()}[name]
    return replayed(read(GOLDEN / "1" / f"example-{name}.json.gz"))


@cache
def parcels() -> tuple[Delivery, ...]:
    """The group of the examples, to its end."""
    scenario = EXAMPLES / "omsk-taraz-parcels" / "scenario.yaml"
    return tuple(one.delivery for one in simulate_group([staged.world(1) for staged in staged_by(scenario, None, None)]))


def rows(number: int = 0) -> list[dict[str, str]]:
    """One of the tables that were made by hand."""
    table = re.findall(r"(?:^\|.*\n)+", BY_HAND.read_text(), re.MULTILINE)[number]
    head, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


def listed(text: str) -> set[str]:
    """What stands in one cell, with commas between."""
    return set(filter(None, text.split(", ")))


def added(*deliveries: Delivery, **more: Any) -> Results:
    """The results of these."""
    adding = Adding()
    for one in deliveries:
        adding.add(one)
    given = {"counted_by": "started", "period": period_of("2022/2026"), "as_of": "2026-01-01T00:00:00.000000Z", "whole": True}
    return Results(**(given | more), totals=tuple(adding.totals()))


def of(table: Table, reader: str | None = None) -> dict[tuple[str, str, str, str], Line]:
    """The lines of a table: of this reader, or of who sees the whole."""
    delivery = table.delivery
    seen = whole(delivery) if reader is None else sight(delivery, table.directory.get(reader))
    return {one.key: one for one in tally(delivery, seen)}


# Against a count by hand


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["ledger"])
def test_each_delivery_adds_what_was_counted_by_hand(row: dict[str, str]) -> None:
    """Legs and parcels, how it ended, State by State, channel, what was taken out and seized, and who was arrested by role."""
    found = added(golden(row["ledger"]))
    wide = {f"{one.by}{one.count}" for one in found.of("counted", "state")}
    amounts = {measure: {f"{one.by} {one.amount}" for one in found.of(measure)} for measure in ("removed", "seized")}
    gross = {"not weighed" if one.of == "not_weighed" else str(one.amount) for one in found.of("interdicted")}
    people = {
        " ".join(
            filter(None, ("unwitting" * (one.by == "unwitting"), one.of, str(one.count), "released" * (one.how == "released")))
        )
        for one in found.of("arrested")
    }

    assert (1, int(row["legs"]), int(row["parcels"])) == (found.all.consignments, found.all.count, found.all.amount)
    assert set(row["states"].split()) == wide
    assert [row["channel"]] == [one.by for one in found.of("counted", "channel")]
    assert [row["ended"]] == [one.by for one in found.of("counted", "end")]
    assert (listed(row["taken out"]), listed(row["seized"])) == (amounts["removed"], amounts["seized"])
    assert listed(row["on the way"]) == gross
    assert listed(row["arrested"]) == people


def test_results_add_up() -> None:
    """Of all examples together: operations, consignments, legs, parcels, persons by role and substances are what was
    added up by hand from that table; and each dimension adds up to all of it. Refusals, silences and answers are as many as
    statistics have, one by one.
    """
    table, (total,), (seized,) = rows(), rows(1), rows(2)
    found = added(*(golden(row["ledger"]) for row in table))
    people = {role: sum(one.count for one in found.of("arrested", role)) for role in list(total)[4:]}

    assert {f"example-{row['ledger']}.json.gz" for row in table} >= {one.name for one in (GOLDEN / "1").glob("example-*")}
    counted = (found.all.operations, found.all.consignments, found.all.count, found.all.amount, *people.values())
    assert tuple(map(int, total.values())) == counted
    assert {name: int(amount) for name, amount in seized.items()} == {one.by: one.amount for one in found.of("seized")}
    for dimension in ("end", "channel"):
        parts = found.of("counted", dimension)
        assert (found.all.consignments, found.all.count) == (sum(p.consignments for p in parts), sum(p.count for p in parts))
    assert found.all.count == sum(one.count for one in found.of("counted", "state"))
    how = of_deliveries((golden(row["ledger"]) for row in table), found.period, "started", Narrowed(), found.as_of)
    answers, refused = found.of("answered")[0], found.of("refused")[0]
    assert sum(one.count for one in how.refused) == refused.count
    assert sum(one.answers for one in how.kinds) == answers.count
    assert max(one.longest_s for one in how.kinds) == answers.most
    asked = {one.how: one.count for one in found.of("asked")}
    assert {name: sum(getattr(one, name) for one in how.kinds) for name in JUDGED} == {"late": 0} | asked


@pytest.mark.parametrize("path", sorted((GOLDEN / "1").glob("example-*.json.gz"))[::4], ids=lambda path: path.name)
def test_seizures_and_arrests_are_those_of_the_statements(path: Path) -> None:
    """Counted once more from the statements themselves, which no example corrects: persons, and milligrams as measured."""
    delivery = replayed(read(path))
    said = [delivery.law.read(one.event.envelope).content for one in delivery.ledger.entries if _counts(one.event)]
    found = added(delivery)
    net = sum(
        amount.quantity
        for one in said
        if isinstance(one, Seizure)
        for amount in one.recovered
        if hasattr(amount, "net") and isinstance(amount.quantity, int)
    )

    assert sum(len(one.persons) for one in said if isinstance(one, ArrestMade)) == sum(one.count for one in found.of("arrested"))
    assert net == sum(one.amount for one in found.of("seized", "mass") if one.how == "measured")


def _counts(event: Any) -> bool:
    return isinstance(event, Stated) and event.verdict.verdict == "accepted"


# Whose results they are


BABBLE = [path.name.removesuffix(".json.gz") for path in sorted((GOLDEN / "1").glob("babble-*"))]
PARTS = ("example-almaty-tashkent", "example-moscow-vector", "example-back-to-sender", "seed-207", "seed-226", *BABBLE[:1])


@pytest.mark.parametrize("name", PARTS)
def test_r11_a_part_is_of_the_readers_own(name: str) -> None:
    """Answers and silences are of the reader alone, States those of its legs, parcels for who has a leg; channel, goods and what
    was found are nobody's part; and no number of a part is above that of the whole.
    """
    delivery = replayed(read(GOLDEN / "1" / f"{name}.json.gz"))
    everything = {one.key: one for one in tally(delivery, whole(delivery))}
    parts = 0
    for service in delivery.state.participants:
        seen = sight(delivery, delivery.directory.get(service))
        if seen.whole:
            continue
        parts += 1
        lines = tally(delivery, seen)
        assert {one.by for one in lines if one.measure in ("answered", "asked", "refused")} <= {service}
        assert "lasted" not in {one.measure for one in lines}
        assert {one.of for one in lines if one.measure == "counted"} <= {"all", "end", "state"}
        assert {one.by for one in lines if one.of == "state"} <= {delivery.plan.legs[number].state for number in seen.legs}
        assert not [one for one in lines if one.measure == "found"]
        assert seen.legs or not any(one.amount for one in lines if one.measure == "counted")
        assert all(one.count <= everything[one.key].count and one.amount <= everything[one.key].amount for one in lines)
    assert parts


def test_r11_what_another_state_says_changes_no_line_of_a_part() -> None:
    """An arrest, a refusal and an answer in Kazakhstan leave what Uzbekistan's police is shown as it was, to the digit."""
    table = Table().deliver()
    before, everything = of(table, "uz.police"), of(table)
    table.say("kz.knb", "arrest_made", "arrest-almaty", persons=[{"code": "P-9", "role": "supplier"}])
    table.say("kz.police", "sighted")

    assert before == of(table, "uz.police")
    changed = of(table).keys() - everything.keys()
    assert ("arrested", "supplier", "knowing", "held") in changed
    assert ("asked", "arrest", "kz.knb", "in_time") in changed


def test_r11_what_was_seized_and_taken_out_is_of_those_who_may_read_it() -> None:
    """The customs of Uzbekistan seized it, so its services have the line, and Kazakhstan's police has none; it took samples out,
    so its own have that, and Uzbekistan has not.
    """
    sample = {"substance": "mephedrone (4-MMC)", "net": 5}
    table = Table(with_changes(plan_={"handling_code": "H0"}), other_cards=card_of("KZ", separate=[])).consent()
    less = {"substance": "mephedrone (4-MMC)", "net": 13_199_995}
    table.say("kz.police", "prepared", "preparation", kept=[less], samples=[sample], opened=True)
    assert 5 == of(table, "kz.police")["sampled", "mass", "mephedrone", "measured"].amount
    assert not [key for key in of(table, "uz.police") if key[0] == "sampled"]

    customs, police = (_of_delivery(golden("almaty-tashkent"), one) for one in ("uz.customs", "kz.police"))
    assert 13_200_000 == sum(one.amount for one in customs if one.measure == "seized")
    assert not [one for one in police if one.measure == "seized"]


def _of_delivery(delivery: Delivery, reader: str) -> tuple[Line, ...]:
    return tally(delivery, sight(delivery, delivery.directory.get(reader)))


def test_r11_a_refusal_is_counted_for_who_was_refused() -> None:
    """By its rule; for the other participants it is none."""
    table = Table()
    table.say("uz.customs", "sighted")
    counts = {
        reader: of(table, reader).get(("refused", "R4", "uz.customs", ""))
        for reader in (None, "uz.customs", "uz.police", "kz.police")
    }

    assert {None: 1, "uz.customs": 1, "uz.police": 0, "kz.police": 0} == {
        reader: line.count if line is not None else 0 for reader, line in counts.items()
    }


# What is counted, and how


def test_a_consignment_without_a_count_is_one_parcel() -> None:
    """With one, it is as many as the plan counts, of whatever else it may be."""
    consignment = example_plan().consignment.model_dump() | {"packages": 40}
    counted = Table(with_changes(plan_={"consignment": consignment}))
    assert (1, 40) == tuple(of(one)["counted", "all", "", ""].amount for one in (Table(), counted))


def test_counted_goods_stand_by_what_the_plan_counts_them_in() -> None:
    """Cartons and packs are two lines; the table, and the file for programs, say which is which."""
    goods = [{"hs": "2402200000", "goods": "cigarettes", "count": n, "unit": unit} for n, unit in ((480, "carton"), (9, "pack"))]
    consignment = example_plan().consignment.model_dump() | {"contents": goods, "goods": ["tobacco"]}
    found = added(Table(with_changes(plan_={"consignment": consignment, "tolerances": {"gross": 0, "net": {}}})).delivery)
    table = next(one for one in words.in_tables(found, speaker("en"), "en") if one.title == "Found, as the plans have it")

    assert [("goods of HS 240220, carton", "480"), ("goods of HS 240220, pack", "9")] == [
        (row.cells[0], row.cells[2]) for row in table.rows
    ]
    rows = [line.split(",") for line in words.in_csv(found).splitlines() if line.startswith("found,")]
    assert [["240220 carton", "480", "carton"], ["240220 pack", "9", "pack"]] == [[row[2], row[8], row[9]] for row in rows]


def test_a_leg_counts_once_it_has_begun() -> None:
    """Before departure there is none; after it the first, in its State and no other."""
    assert 0 == of(Table())["counted", "all", "", ""].count
    begun = of(Table().deliver())
    assert (2, 1, 1) == tuple(begun["counted", *key, ""].count for key in (("all", ""), ("state", "KZ"), ("state", "UZ")))


def test_what_is_corrected_counts_as_corrected() -> None:
    """A second person, and less of the substance: each stands in the place of what was said before."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent", id="the-arrest", persons=[RECIPIENT])
    right = {"kind": "arrest_made", "persons": [RECIPIENT, COURIER], "place": "Tashkent"}
    table.say("uz.police", "correction", of="the-arrest", reason="a slip", content=right)
    lines = of(table)

    assert 1 == lines["arrested", "recipient", "knowing", "held"].count
    assert 1 == lines["arrested", "courier", "knowing", "held"].count


def test_who_was_released_is_counted_apart() -> None:
    """And neither reaches the supplier nor the distributor."""
    table = Table().deliver()
    supplier = {"code": "P-3", "role": "supplier"}
    table.say("uz.police", "arrest_made", "arrest-tashkent", persons=[supplier])
    assert ("reached", "supplier", "", "") in of(table)
    table.say("uz.police", "arrestee_released", persons=["P-3"])

    assert ("reached", "supplier", "", "") not in of(table)
    assert 1 == of(table)["arrested", "supplier", "knowing", "released"].count


def test_what_is_suspected_is_no_measurement() -> None:
    """The same substance stands in two lines, by how each amount of it is known; another name of it changes nothing."""
    amounts = [{"substance": "diacetylmorphine", "net": 5}, {"substance": "героин", "net": {"about": 7, "known": "suspected"}}]
    consignment = example_plan().consignment.model_dump() | {"contents": amounts}
    lines = of(Table(with_changes(plan_={"consignment": consignment, "tolerances": {"gross": 0, "net": {}}})))

    assert (5, 7) == tuple(lines["found", "mass", "heroin", how].amount for how in ("measured", "suspected"))


@pytest.mark.parametrize("name", ["Ivan Petrov's powder", "<script>alert(1)</script>", "=1+1", "x" * 60])
def test_no_word_that_somebody_wrote_is_in_a_line(name: str) -> None:
    """A substance that the catalogue does not have is `other`, whatever it is called."""
    consignment = example_plan().consignment.model_dump() | {"contents": [{"substance": name, "net": 5}]}
    lines = of(Table(with_changes(plan_={"consignment": consignment, "tolerances": {"gross": 0, "net": {}}})))

    assert 5 == lines["found", "mass", OTHER, "measured"].amount
    assert not any(name in word for key in lines for word in key)


def test_every_substance_of_the_catalogue_can_be_a_line() -> None:
    """Its name holds nothing that a line may not hold."""
    assert all(Line(measure="seized", of="mass", by=one.english, how="measured").by == one.english for one in CATALOGUE)


def test_a_hold_and_what_became_of_it() -> None:
    """While it is not decided it is open; a stop has its cause, in words that are everybody's."""
    table = Table().deliver()
    table.say("uz.police", "hold_requested", reason="a stranger near it")
    assert ("held", "open", "", "") in of(table, "uz.police")
    table.say("uz.police", "stop_requested", reason="burnt")
    assert ("stopped", "stop", "", "") in of(table, "uz.customs")
    assert {("held", "ended", "", ""): 1} == {key: one.count for key, one in of(table).items() if key[0] == "held"}


def test_a_hold_that_was_asked_about_afresh_is_one() -> None:
    """Who had decided before it was held once more decides anew: the question that was withdrawn is no hold that ended."""
    table = Table().dispatch()
    table.say("kz.knb", "hold_requested")
    table.pass_time(minutes=1)
    table.say("kz.police", "hold_decided", "hold.1")
    table.say("uz.police", "hold_requested")
    table.pass_time(minutes=1)
    for one in table.at("hold.2").checkpoint.services():
        table.say(one, "hold_decided", "hold.2", decision="go_on")
    assert table.delivery.state.hold is None
    assert {("held", "went_on", "", ""): 1} == {key: one.count for key, one in of(table).items() if key[0] == "held"}


def test_silence_is_counted_by_what_was_asked_and_who_was_silent() -> None:
    """Nobody in Uzbekistan answers: one silence, and an end."""
    table = Table()
    table.pass_time(days=30)
    silent = ("asked", "authorise/destination", "uz.prosecutor", "silent")
    assert 1 == of(table)[silent].count
    assert silent not in of(table, "kz.police")


def test_the_last_lines_of_too_many_are_added_up_as_other() -> None:
    """So many lines and no more, at the bound and beyond it; no number is lost."""
    lines = [
        Line(measure="seized", of="counted", by=f"{number:06d}", how="measured", amount=2) for number in range(MOST_TALLIED + 5)
    ]
    full, beyond = bounded(lines[:MOST_TALLIED]), bounded(lines)

    assert (MOST_TALLIED, MOST_TALLIED) == (len(full), len(beyond))
    assert [6] == [one.count for one in beyond if one.by == OTHER]
    assert sum(one.amount for one in lines) == sum(one.amount for one in beyond)


def test_no_line_holds_a_larger_number_than_a_mass_may_be() -> None:
    """Three of the largest masses are as much as one: the database's numbers bear ten thousand of them."""
    line = Line(measure="seized", of="mass", by="heroin", how="measured", amount=MAX_WHOLE)
    assert [MAX_WHOLE] == [one.amount for one in bounded([line, line, line])]


def test_the_archive_is_given_the_lines_of_each_reader() -> None:
    """One set for who sees the whole, one for each that sees a part, none for who has no part."""
    stands = standing(arrested().delivery)
    part = [one.service for one in stands.participants if one.reach == "part"]

    assert [None, *part] == [one.service for one in stands.tallies]
    assert all(one.lines for one in stands.tallies)


def test_consignments_of_a_group_are_one_operation() -> None:
    """And a part is of what it was split from, and with it of that one's group; a circle has an end."""
    parts = {"c-0": OIL, "d-0": "e-0", "e-0": "d-0"}
    plans = (with_changes(plan_={"operation": name, "parent": parent}) for name, parent in parts.items())
    parcels = [one for one in group_plans() if one.operation in BOTH]
    deliveries = [Table(one).delivery for one in (*parcels, *plans)]
    assert (2, 5) == (added(*deliveries).all.operations, added(*deliveries).all.consignments)


# Periods


@pytest.mark.parametrize(
    ("text", "zone", "since", "until"),
    [
        ("2026", "UTC", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2026-Q4", "+05:00", "2026-10-01T00:00:00+05:00", "2027-01-01T00:00:00+05:00"),
        ("2026-02", "-03:30", "2026-02-01T00:00:00-03:30", "2026-03-01T00:00:00-03:30"),
        ("2024-02-29", "UTC", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2025/2026-Q1", "UTC", "2025-01-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        (
            "2026-01-01T00:00:00+02:00/2026-07-01T00:00:00+03:00",
            "UTC",
            "2026-01-01T00:00:00+02:00",
            "2026-07-01T00:00:00+03:00",
        ),
    ],
)
def test_a_period_is_whole_days_of_a_zone(text: str, zone: str, since: str, until: str) -> None:
    """A year, quarter, month or day is whole, its last day too; two moments are as they are written."""
    assert Period(since=since, until=until) == period_of(text, zone)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        *(
            (text, "UTC")
            for text in ("", "2026-13", "2026-02-30", "2026-Q5", "2027/2026", "9999", "0000", "2026-01-01T00:00:00Z")
        ),
        *((text, "UTC") for text in ("yesterday", "２０２６", "2026/2027/2028", "2026-01-01T00:00:00/2027", "1" * 10_000)),
        *(("2026", zone) for zone in ("", "Asia/Almaty", "+5", "+25:00", "+05:60", "05:00", "+05:00\n")),
    ],
)
def test_what_is_no_period_is_refused(text: str, zone: str) -> None:
    """With what would be right; also what ends before it begins, or beyond the calendar."""
    with pytest.raises(Malformed) as refused:
        period_of(text, zone)
    assert refused.value.faults[0].place in ("period", "zone")


def test_the_first_moment_is_in_it_and_the_last_is_not() -> None:
    """Whichever offset they are written with."""
    june = period_of("2026-06", "+05:00")
    moments = ("2026-05-31T18:59:59Z", "2026-05-31T19:00:00Z", "2026-06-30T18:59:59.999999Z", "2026-06-30T19:00:00Z")
    assert [False, True, True, False] == [june.holds(one) for one in moments]


def test_what_is_under_way_has_started_and_not_ended() -> None:
    """So it counts by the one moment, and not by the other."""
    running, over = Table().delivery, golden("back-to-sender")
    assert counts_at(running, "started") is not None
    assert counts_at(running, "ended") is None
    assert counts_at(over, "ended") == over.ledger.entries[-1].at


# As people and programs read them


def test_an_empty_period_says_so() -> None:
    """In words, in noughts, and in a picture."""
    empty = added()
    assert ["0", "0", "0", "0"] == [count for _, count in words.headline(empty, str, "en")]
    assert () == words.in_tables(empty, str, "en")
    assert words.NOTHING in picture(empty, str, "en")
    assert 1 == len(words.in_csv(empty).splitlines())


def test_every_number_is_in_the_table_for_programs() -> None:
    """A line each, with its unit, the period and by which moment it is counted; so a file stands alone."""
    found = added(golden("cash-by-bus"), golden("moscow-vector"))
    lines = list(csv.DictReader(io.StringIO(words.in_csv(found))))
    cash = next(line for line in lines if (line["measure"], line["by"]) == ("seized", "EUR"))

    assert len(found.totals) == len(lines)
    assert ("25000000", "minor units", "started") == (cash["amount"], cash["amount_in"], cash["counted_by"])
    assert {found.period.since} == {line["since"] for line in lines}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_tables_and_picture_say_it_in_the_readers_language(language: str) -> None:
    """Substances by the catalogue; money and mass with their units; no text is wider than the picture."""
    found = added(golden("cash-by-bus"), golden("moscow-vector"), golden("back-to-sender"))
    shown = {one.title: one for one in words.in_tables(found, speaker(language), language)}
    cells = {cell for one in shown.values() for row in one.rows for cell in row.cells}

    assert {"heroin", "MDMA", "118 kg"} <= cells if language == "en" else {"героин", "МДМА", "118 кг"} <= cells
    assert ("250,000.00 EUR" if language == "en" else "250\u202f000.00 EUR") in cells
    assert "1,234.000056 kg, 1,000" == words.thousands_apart("1234.000056 kg, 1000", "en")
    assert picture(found, speaker(language), language).startswith("<svg")
    drawn = list(panels(found, speaker(language), language))
    assert len(drawn) > 5
    assert not any("…" in one.svg for one in drawn), "names are broken, never cut: how it is known stands at their end"
    for one in drawn:
        title, by = (re.findall(rf"<text [^>]*{mark}[^>]*>([^<]*)<", one.svg) for mark in ('font-weight="bold"', "--quiet"))
        assert room(title[0], 15, bold=True) + room(by[0], 12) <= IN_PAGE, "a title is not under what it counts"


def test_samples_are_not_said_to_be_of_the_preparation_alone() -> None:
    """What was taken out on the way stands among them, so their table names no occasion."""
    table = Table().dispatch()
    out = {"label": "S-1", "samples": [MEPHEDRONE | {"net": "10 g"}], "purpose": "is it still that", "reference": "7/9"}
    out |= {"opened": True, "broken": [SEAL], "seals": [SEAL | {"number": "KZ000009"}], "gross": "13.89 kg"}
    table.say("kz.police", "taken_out", place="customs yard", witnesses=["witness-1"], **out)
    shown = {one.title: one for one in words.in_tables(added(table.delivery), speaker("en"), "en")}

    assert ["10 g"] == [one.cells[2] for one in shown["Samples taken"].rows]


def test_totals_are_whole_numbers() -> None:
    """Less than nothing is no result."""
    with pytest.raises(ValidationError):
        Total(measure="counted", of="all", by="", how="", operations=-1, consignments=0, count=0, amount=0, most=0)


# Returns


def test_form_d_is_of_the_tables_of_1988_alone() -> None:
    """Acetic anhydride is in it by its mass as measured, heroin is not; what the record has nothing of is not known."""
    found = added(replayed(read(GOLDEN / "1" / "example-kyrgyzstan-kazakhstan-russia.json.gz")), golden("moscow-vector"))
    form = of_period["incb-form-d"](found)
    rows_ = [dict(zip(form.head, row, strict=True)) for row in form.rows]
    precursors = {one.english for one in CATALOGUE if one.table.startswith("1988")}

    assert {row["substance"] for row in rows_[:-1]} <= precursors
    assert ("other chemicals", NOT_KNOWN) == (rows_[-1]["substance"], rows_[-1]["quantity_kg"])
    assert {NOT_KNOWN} >= {row["thefts"] for row in rows_}


def test_the_questionnaire_has_substances_and_roles() -> None:
    """Kilograms as measured, persons by role; origin and destination are in no number."""
    form = of_period["unodc-arq"](added(golden("moscow-vector")))
    rows_ = [dict(zip(form.head, row, strict=True)) for row in form.rows]

    assert ("118", NOT_KNOWN) == next((one["quantity_kg"], one["origin"]) for one in rows_ if one["substance"] == "heroin")
    assert {"distributor": "1", "recipient": "2"} == {one["role"]: one["persons"] for one in rows_ if one["part"] == "persons"}


def test_the_questionnaire_tells_who_did_not_know_and_who_was_released_apart() -> None:
    """Of two couriers one knew nothing and was released again: both stand beside how many there were, and of no other role."""
    form = of_period["unodc-arq"](added(golden("joint-plan")))
    rows_ = [dict(zip(form.head, row, strict=True)) for row in form.rows]
    names = ("persons", "of_which_unwitting", "of_which_released", "sex")

    assert {"courier": ("2", "1", "1", NOT_KNOWN), **dict.fromkeys(("supplier", "distributor"), ("1", "0", "0", NOT_KNOWN))} == {
        one["role"]: tuple(one[name] for name in names) for one in rows_ if one["part"] == "persons"
    }
    assert {("", "", "", "")} == {tuple(one[name] for name in names) for one in rows_ if one["part"] == "seizures"}


def seized(by: str, how: str, consignments: int, milligrams: int, measure: Measure = "seized") -> Total:
    """So much of a substance in so many consignments, each an operation."""
    counts = {"operations": consignments, "consignments": consignments, "count": consignments, "amount": milligrams, "most": 0}
    return Total(measure=measure, of="mass", by=by, how=how, **counts)


def test_a_return_counts_no_seizure_twice_and_leaves_none_out() -> None:
    """Two measured and one estimated are two or three consignments; what the catalogue does not have is `other` in the
    questionnaire, and Form D has what is of its tables, and other chemicals as not known. What was removed at the preparation
    is a seizure of its own, also of what never came to its end; a sample is none, and stands apart.
    """
    lines = (
        seized("heroin", "measured", 2, 3_000_000),
        seized("heroin", "approximate", 1, 1_000_000),
        seized("acetic anhydride", "measured", 1, 5_500_000),
        seized("acetic anhydride", "measured", 2, 30_000_000, "removed"),
        seized("acetic anhydride", "measured", 4, 20_000, "sampled"),
        seized(OTHER, "measured", 3, 9_250_000),
        seized("ephedrine", "approximate", 1, 2_000_000, "removed"),
    )
    found = added().model_copy(update={"totals": lines})
    arq, form_d = of_period["unodc-arq"](found), of_period["incb-form-d"](found)

    assert [
        ("heroin", "2-3", "3", "1", "0", "0"),
        ("acetic anhydride", "3", "35.5", "0", "30", "0.02"),
        (OTHER, "3", "9.25", "0", "0", "0"),
        ("ephedrine", "1", "0", "2", "2", "0"),
    ] == [row[1:7] for row in arq.rows]
    assert [
        ("acetic anhydride", "1988/I", "3", "35.5", "0", "30", "0.02"),
        ("ephedrine", "1988/I", "1", "0", "2", "2", "0"),
    ] == [row[:7] for row in form_d.rows[:-1]]


def test_an_incident_is_filled_in_from_the_record() -> None:
    """Where, what and how much; place type is not known, the way withheld, for the plan has H2. Another State has no line."""
    (heroin, opium) = filled("wco-cen", golden("moscow-vector"), "RU")

    assert ("RU", "118", "kg", "measured", WITHHELD) == tuple(
        heroin[name] for name in ("state", "quantity", "unit", "known", "direction")
    )
    assert ("27", NOT_KNOWN) == (opium["quantity"], opium["place_type"])
    assert [] == filled("incb-pics", golden("moscow-vector"), "RU") == filled("wco-cen", golden("moscow-vector"), "KZ")


def test_what_was_removed_is_an_incident_of_the_state_that_removed_it() -> None:
    """At the preparation, by who prepared it, and nobody was arrested with it; no other State has the line, and the rest is
    seized where the way ends.
    """
    delivery = golden("partial-replacement")
    removed, *others = filled("unodc-ids", delivery, "KG")
    recovered = [one for state in delivery.plan.states() if state != "KG" for one in filled("unodc-ids", delivery, state)]

    assert ("removed", "heroin", "4.23", "kg", "0") == tuple(
        removed[name] for name in ("act", "substance", "quantity", "unit", "persons")
    )
    assert delivery.plan.at("prepare")[0].place == removed["place"]
    assert "removed" not in {one["act"] for one in (*others, *recovered)}
    assert recovered


def test_what_came_early_and_was_taken_up_is_in_returns_and_among_weighings() -> None:
    """It counts from its time on as if it had been said then."""
    table = Table().dispatch()
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    before = [one.kind for one in weighings(table.delivery, whole(table.delivery))]
    table.say("kz.police", "handover_offered", "tashkent-airport")
    weighed = [one.kind for one in weighings(table.delivery, whole(table.delivery))]
    table.say("uz.customs", "seizure", "accounting")
    table.say("uz.customs", "delivered", "delivery")
    assert not list(incidents(table.delivery, "UZ"))
    for service, at in (("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty")):
        table.say(service, "arrest_made", at)

    assert before == ["prepared"]
    assert weighed == ["prepared", "handover_offered", "handover_accepted"]
    assert [one.act for one in incidents(table.delivery, "UZ")] == ["seized"]


def test_r23_what_another_state_keeps_from_third_ones_is_in_no_return() -> None:
    """The plan is of Kazakhstan and has H2: of the way and the concealment Uzbekistan's return says nothing; its own seizure is
    its own. With H0 it says them.
    """
    codes = {code: filled("unodc-ids", with_code(code), "UZ")[0] for code in ("H2", "H0")}
    kept = ("origin", "via", "destination", "means", "concealment")

    assert {WITHHELD} == {codes["H2"][name] for name in kept}
    assert WITHHELD not in codes["H0"].values()
    assert ("13.2", "Tashkent") == (codes["H2"]["quantity"], codes["H2"]["place"])


def with_code(code: str) -> Delivery:
    """A delivery to its end under this handling code."""
    return _seized(with_changes(plan_={"handling_code": code}, accounting={"place": "Tashkent"}))


def _seized(plan: Plan, **said: Any) -> Delivery:
    table = Table(plan).deliver()
    for service, at in (("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty")):
        table.say(service, "arrest_made", at)
    table.say("uz.customs", "seizure", "accounting", **said)
    return table.delivery


OF_EVERY_KIND: list[dict[str, Any]] = [
    {"currency": "EUR", "minor": 25_000_000},
    {"substance": "mephedrone (4-MMC)", "net": "10 kg"},
    {"hs": "240220", "unit": "carton", "goods": "cigarettes", "count": 500},
    {"currency": "JPY", "minor": "approximate 90000"},
    {"instrument": "cheque", "nominal": {"currency": "EUR", "minor": 100_000}, "count": 3},
    {"instrument": "cheque", "nominal": {"currency": "EUR", "minor": 500}, "count": 7},
    {"weapon": "rifle", "count": 2},
    {"substance": "heroin", "net": "suspected 1 kg"},
]


def test_a_return_of_drug_seizures_has_substances_alone() -> None:
    """Cash, cigarettes, cheques and rifles are no drugs, and whoever was arrested stands with the first substance."""
    shown = filled("unodc-ids", _seized(example_plan(), recovered=OF_EVERY_KIND), "UZ")

    assert [("mephedrone (4-MMC)", "10", "1"), ("heroin", "1", "")] == [
        (one["substance"], one["quantity"], one["persons"]) for one in shown
    ]


def test_a_return_of_goods_says_of_what_each_number_is() -> None:
    """Cash in its currency and never in minor units, with as many decimals as it has; cheques of two nominal values apart."""
    shown = filled("wco-cen", _seized(example_plan(), recovered=OF_EVERY_KIND), "UZ")

    assert [
        ("EUR", "250000.00", "EUR", "measured"),
        ("mephedrone (4-MMC)", "10", "kg", "measured"),
        ("cigarettes", "500", "carton", "measured"),
        ("JPY", "90000", "JPY", "approximate"),
        ("cheque 1000.00 EUR", "3", "pieces", "measured"),
        ("cheque 5.00 EUR", "7", "pieces", "measured"),
        ("rifle", "2", "pieces", "measured"),
        ("heroin", "1", "kg", "suspected"),
    ] == [tuple(one[name] for name in ("substance", "quantity", "unit", "known")) for one in shown]


@pytest.mark.parametrize("form", ["unodc-ids", "wco-cen"])
def test_a_return_names_the_persons_of_a_delivery_once(form: str) -> None:
    """Heroin and opium were seized with the same two: they stand on the first line, and the column adds up to two."""
    assert ["2", ""] == [one["persons"] for one in filled(form, golden("moscow-vector"), "RU")]


def test_r18_a_return_has_the_corrected_place_of_an_interdiction() -> None:
    """Where it was seized on the way is where its service says last; a correction that was refused changes nothing."""
    table = Table().dispatch()
    table.say("kz.police", "interdicted", id="the-seizure", place="a slip of the pen")
    right = {"kind": "interdicted", "place": "km 412 of the road"}
    table.say("kz.police", "correction", of="the-seizure", reason="a slip", content=right)
    table.say("uz.customs", "correction", of="the-seizure", reason="a slip", content=right | {"place": "elsewhere"})

    for form in ("wco-cen", "unodc-ids"):
        (line,) = filled(form, table.delivery, "KZ")
        assert ("interdicted", "km 412 of the road", NOT_KNOWN) == (line["act"], line["place"], line["quantity"])


def filled(form: Any, delivery: Delivery, state: str) -> list[dict[str, str]]:
    """The lines of a return of this State."""
    made = of_incidents[form]([delivery], state)
    return [dict(zip(made.head, row, strict=True)) for row in made.rows]


def test_words_of_others_are_no_formula_in_a_spreadsheet() -> None:
    """A place that begins with a sign of equality is written as text, and what is not seen in a row is written out."""
    delivery = _seized(with_changes(accounting={"place": "=HYPERLINK(1)"}))

    (line,) = csv.DictReader(io.StringIO(of_incidents["unodc-ids"]([delivery], "UZ").csv()))
    assert ("'=HYPERLINK(1)", "13.2") == (line["place"], line["quantity"])
    assert ["km 4\\x1b[2J", r"'=a\u202eb", "-"] == harmless(("km 4\x1b[2J", "=a\u202eb", "-"))
