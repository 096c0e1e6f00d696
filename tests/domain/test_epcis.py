"""Exchange of custody as GS1 EPCIS 2.0 (docs/epcis.md): what is told of things, and what is kept back (R23)."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from domain.delivery.ledger import Entry
from domain.delivery.statement import Handling
from domain.record.epcis import Exchange, exchange
from domain.record.epcis_events import KINDS
from domain.record.packet import Packet, unseal
from domain.rules.books import BOOK
from domain.signing.canonical import canonical
from domain.words.errors import NotAllowed
from tests.goldens import GOLDEN, read
from tests.support import SEAL, WORDS, Table, example_plan, with_changes

OFFICIAL = "VIGIL_EPCIS_SCHEMA"
"""Where GS1's own JSON Schema is, which is under GS1's own terms and no part of this project."""
OPEN_EXAMPLES = ("calcutta-chicago", "anticipatory-warrant", "delegated-say", "leaves-in-an-hour")
"""Their plans have H0."""
STEPS = {
    *("accepting", "arriving", "collecting", "departing", "destroying", "inspecting", "installing", "other", "replacing"),
    *("sampling", "shipping", "storing", "transporting", "unpacking", "void_shipping"),
}
DISPOSITIONS = {
    *("conformant", "container_closed", "container_open", "destroyed", "in_progress", "in_transit", "mismatch_quantity"),
    *("non_conformant", "reserved", "returned", "unavailable", "unknown"),
}
"""Words of the Core Business Vocabulary 2.0 that are used here."""
COMMON = {
    "type",
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "eventID",
    "errorDeclaration",
    "bizStep",
    "disposition",
    "readPoint",
}
OWN = {
    "ObjectEvent": {"action", "epcList", "quantityList", "sensorElementList", "sourceList", "destinationList"},
    "AssociationEvent": {"action", "parentID", "childEPCs"},
    "AggregationEvent": {"action", "parentID", "childEPCs"},
    "TransformationEvent": {"inputEPCList", "outputEPCList"},
}
EVERY_KIND: list[dict[str, Any]] = [
    {"hs": "240220", "unit": "carton", "goods": "cigarettes", "count": 500},
    {"hs": "240220", "unit": "pack", "goods": "cigarettes", "count": 30},
    {"currency": "EUR", "minor": 25_000_000},
    {"currency": "JPY", "minor": "approximate 90000"},
    {"instrument": "cheque", "nominal": {"currency": "EUR", "minor": 100_000}, "count": 3},
    {"instrument": "cheque", "nominal": {"currency": "EUR", "minor": 500}, "count": 7},
    {"weapon": "rifle", "count": 2},
]
"""Amounts that are no mass."""
URI = re.compile(r"[a-z]+:[A-Za-z0-9._~:%-]+")


@cache
def golden(name: str) -> Exchange:
    """The exchange of an example."""
    found = read(GOLDEN / "1" / f"example-{name}.json.gz")
    given = {"directory": found.directory, "cards": found.cards, "ledger": found.entries}
    return exchange(Packet(**given), found.entries[-1].at)


def opened(**changed: Any) -> Table:
    """The usual course under a plan with H0."""
    return Table(with_changes(plan_={"handling_code": "H0", **changed}))


def of(table: Table) -> Exchange:
    """The exchange of its packet."""
    packet, manifest, _ = unseal(table.packet())
    return exchange(packet, manifest.exported_at)


def events(found: Exchange, kind: str | None = None) -> list[dict[str, Any]]:
    """Its events, or those of one kind of statement."""
    listed: list[dict[str, Any]] = found.document["epcisBody"]["eventList"]
    return [one for one in listed if kind in (None, one["vigil:kind"])]


def accounted(**recovered: Any) -> Table:
    """To the seizure at the end, of what was planned or of what is named here."""
    table = opened().deliver()
    for service, at in (("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty")):
        table.say(service, "arrest_made", at)
    table.say("uz.customs", "seizure", "accounting", id="the-seizure", gross="13.9 kg", **recovered)
    return table


@pytest.mark.parametrize("found", [*OPEN_EXAMPLES, "table"])
def test_each_event_has_what_epcis_demands_and_nothing_it_does_not_know(found: str) -> None:
    """Its type and time with an offset, words of the vocabulary, identifiers that are URIs; whatever else is an extension."""
    shown = of(accounted()) if found == "table" else golden(found)
    document = shown.document

    assert ("EPCISDocument", "2.0") == (document["type"], document["schemaVersion"])
    assert document["@context"][0].startswith("https://ref.gs1.org/standards/epcis/2.0")
    assert events(shown)
    for one in events(shown):
        known = COMMON | OWN[one["type"]]
        assert all(name in known or name.startswith("vigil:") for name in one)
        assert {"eventTime", "eventTimeZoneOffset", "eventID", "recordTime"} <= one.keys()
        assert re.fullmatch(r"[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00", one["eventTimeZoneOffset"])
        assert (one["bizStep"] in STEPS, one["disposition"] in DISPOSITIONS) == (True, True)
        assert one.get("action", "OBSERVE") in ("OBSERVE", "ADD", "DELETE")
        assert all(URI.fullmatch(thing) for name in ("epcList", "childEPCs", "inputEPCList") for thing in one.get(name, ()))
        assert all(URI.fullmatch(part["epcClass"]) for part in one.get("quantityList", ()))
        assert all({*part} <= {"epcClass", "quantity", "uom"} for part in one.get("quantityList", ()))
    assert len(events(shown)) == len({one["eventID"] for one in events(shown)})


if OFFICIAL in os.environ:  # GS1's JSON Schema is not ours to keep here: where it is at hand, name it

    def test_it_is_valid_by_the_official_schema() -> None:
        """Each example whose plan has H0, one to its end, and one with amounts of every other kind, an estimate too."""
        schema = json.loads(Path(os.environ[OFFICIAL]).read_text(encoding="utf-8"))
        valid = Draft7Validator(schema, format_checker=FormatChecker())
        for found in (*map(golden, OPEN_EXAMPLES), of(accounted()), of(accounted(recovered=EVERY_KIND))):
            assert [] == [error.message for error in valid.iter_errors(json.loads(json.dumps(found.document)))]


def test_the_same_packet_gives_the_same_document() -> None:
    """To the byte: ids come from the leaves of entries, and the time is that of the export."""
    data = accounted().packet()
    made = [exchange(unseal(data)[0], unseal(data)[1].exported_at) for _ in range(2)]
    assert canonical(made[0].document) == canonical(made[1].document)


def test_each_event_names_the_entry_that_it_is_of() -> None:
    """By its number and its leaf: whoever holds the packet finds what was signed."""
    table = accounted()
    for one in events(of(table)):
        entry = table.delivery.ledger[one["vigil:entry"]]
        assert isinstance(entry, Entry)
        assert one["eventID"].startswith(f"urn:vigil:entry:{entry.leaf()}:")
        assert one["recordTime"] == entry.at


@pytest.mark.parametrize("code", ["H1", "H2"])
def test_r23_what_a_plan_restricts_is_refused(code: str) -> None:
    """Every statement has the plan's code, so nothing is left to tell."""
    with pytest.raises(NotAllowed, match="handling codes"):
        of(Table(with_changes(plan_={"handling_code": code})).deliver())


def test_r23_a_restricted_statement_is_left_out_and_said_to_be() -> None:
    """By the number of its entry; neither its words nor its place are anywhere in the document."""
    table = opened().dispatch()
    table.say("kz.police", "sighted", place="a place that is told")
    kept = table.say("kz.police", "sighted", place="SECRET", handling={"code": "H1"})
    found = of(table)

    assert (kept.entry.seq,) == found.restricted
    assert "SECRET" not in json.dumps(found.document)
    assert 1 == len(events(found, "sighted"))


def test_what_is_no_custody_is_no_event() -> None:
    """Consents, arrests and decisions are of no thing; a refused statement is of none either."""
    table = accounted()
    table.say("uz.customs", "dispatched", "departure")
    assert {one["vigil:kind"] for one in events(of(table))} <= set(KINDS)
    assert not {"authorisation_granted", "arrest_made"} & set(KINDS)
    assert 1 == len(events(of(table), "dispatched"))


def test_every_kind_of_the_table_is_one_of_the_rules() -> None:
    """Nothing is mapped that nobody can say."""
    assert set(KINDS) <= BOOK.kinds.keys()


def test_a_handover_says_who_had_it_and_who_has_it() -> None:
    """From giver to taker, with the taker's own weight as a sensor report in whole milligrams."""
    (taken,) = events(of(accounted()), "handover_accepted")

    assert [{"type": "possessing_party", "source": "urn:vigil:service:kz.police"}] == taken["sourceList"]
    assert [{"type": "possessing_party", "destination": "urn:vigil:service:uz.customs"}] == taken["destinationList"]
    assert [{"type": "Mass", "value": 13_900_000, "uom": "MGM"}] == taken["sensorElementList"][0]["sensorReport"]
    assert ("accepting", "conformant") == (taken["bizStep"], taken["disposition"])


def test_what_does_not_fit_is_not_conformant() -> None:
    """A taker that weighs less says so in its event, and the entry that found it is named."""
    table = opened().dispatch()
    at = table.plan.legs[0].end
    table.say("kz.police", "handover_offered", at)
    table.say("uz.customs", "handover_accepted", at, gross="13 kg")
    (taken,) = events(of(table), "handover_accepted")

    assert ("accepting", "non_conformant") == (taken["bizStep"], taken["disposition"])


def test_preparation_is_several_events() -> None:
    """What was weighed, and the seals that were put on; each of the same entry, by ids of their own."""
    made = events(of(accounted()), "prepared")

    assert ["inspecting", "installing"] == [one["bizStep"] for one in made]
    assert [f"urn:vigil:seal:{SEAL['number']}"] == made[1]["childEPCs"]
    assert "urn:vigil:cas:1189805-46-6" == made[0]["quantityList"][0]["epcClass"]


def test_a_correction_declares_the_first_events_wrong() -> None:
    """They stay, with when they were found wrong and which events are right; the new ones have ids of their own."""
    table = opened().consent()
    table.say("kz.police", "prepared", "preparation", id="the-record")
    right = WORDS["prepared"] | {"kind": "prepared", "gross": "13.8 kg"}
    corrected = table.say("kz.police", "correction", of="the-record", reason="a slip", content=right)
    first, _, second, _ = made = events(of(table), "prepared")

    assert [one["eventID"] for one in made[2:]] == first["errorDeclaration"]["correctiveEventIDs"]
    assert ("incorrect_data", corrected.entry.at) == tuple(
        first["errorDeclaration"][name] for name in ("reason", "declarationTime")
    )
    assert (13_900_000, 13_800_000) == tuple(one["sensorElementList"][0]["sensorReport"][0]["value"] for one in (first, second))
    assert "errorDeclaration" not in second


def test_r23_what_a_restricted_correction_corrects_is_declared_wrong_all_the_same() -> None:
    """Nobody takes it for right; what is right instead is not told."""
    table = opened().consent()
    table.say("kz.police", "prepared", "preparation", id="the-record")
    right = WORDS["prepared"] | {"kind": "prepared", "gross": "13.8 kg"}
    closed = Handling(code="H1")
    corrected = table.say("kz.police", "correction", of="the-record", reason="a slip", content=right, handling=closed)
    made, found = events(of(table), "prepared"), of(table)

    assert corrected.entry.seq in found.restricted
    assert [{"declarationTime": corrected.entry.at, "reason": "incorrect_data"}] * 2 == [one["errorDeclaration"] for one in made]
    assert "13800000" not in json.dumps(found.document)


def test_an_offset_that_epcis_has_not_is_told_in_utc() -> None:
    """RFC 3339 has offsets up to 23:59, EPCIS up to 14:00: the moment is the same."""
    table = opened().dispatch()
    for moment in ("2022-03-02T00:00:00+23:00", "2022-03-01T06:00:00+05:00"):
        table.hand_in(table.statement("kz.police", "sighted").model_copy(update={"happened_at": moment}))
    far, near = events(of(table), "sighted")

    assert ("2022-03-01T01:00:00.000000Z", "+00:00") == (far["eventTime"], far["eventTimeZoneOffset"])
    assert ("2022-03-01T06:00:00+05:00", "+05:00") == (near["eventTime"], near["eventTimeZoneOffset"])


def test_what_was_not_measured_is_no_measurement() -> None:
    """An estimate is told under an extension, with how it is known, and is no quantity and no sensor report."""
    about = {"about": 13_200_000, "known": "approximate"}
    consignment = example_plan().consignment.model_dump() | {"contents": [{"substance": "mephedrone (4-MMC)", "net": about}]}
    table = opened(consignment=consignment).consent()
    table.say("kz.police", "prepared", "preparation", kept=[{"substance": "mephedrone (4-MMC)", "net": about}])
    made = events(of(table), "prepared")[0]

    assert [{"epcClass": "urn:vigil:cas:1189805-46-6"}] == made["quantityList"]
    assert [{"epcClass": "urn:vigil:cas:1189805-46-6", **about, "uom": "MGM"}] == made["vigil:known"]


def recovered(*amounts: dict[str, Any]) -> dict[str, Any]:
    """The event of a seizure at the end at which these were recovered."""
    return events(of(accounted(recovered=list(amounts))), "seizure")[0]


def test_every_amount_that_was_not_measured_is_told() -> None:
    """Of two of one substance both are, whether estimated or unmeasured; an estimate of a mass with its unit."""
    heroin = "urn:vigil:cas:561-27-3"
    made = recovered(
        {"substance": "heroin", "net": "approximate 2 kg"},
        {"substance": "heroin", "net": "suspected 1 kg"},
        {"substance": "heroin", "net": "unmeasured cover uz.prosecutor"},
    )

    assert [{"epcClass": heroin}] * 3 == made["quantityList"]
    assert [
        {"epcClass": heroin, "known": "approximate", "about": 2_000_000, "uom": "MGM"},
        {"epcClass": heroin, "known": "suspected", "about": 1_000_000, "uom": "MGM"},
        {"epcClass": heroin, "known": "unmeasured", "why": "cover"},
    ] == made["vigil:known"]


def test_a_class_says_what_one_of_it_is() -> None:
    """A carton is no pack and a cheque of 1,000 none of 5; cash is so many of its minor unit, be it a hundredth or a whole."""
    made = recovered(*EVERY_KIND)

    assert [
        {"epcClass": "urn:vigil:hs:240220:carton", "quantity": 500},
        {"epcClass": "urn:vigil:hs:240220:pack", "quantity": 30},
        {"epcClass": "urn:vigil:currency:EUR:0.01", "quantity": 25_000_000},
        {"epcClass": "urn:vigil:currency:JPY:1"},
        {"epcClass": "urn:vigil:instrument:cheque:EUR:1000.00", "quantity": 3},
        {"epcClass": "urn:vigil:instrument:cheque:EUR:5.00", "quantity": 7},
        {"epcClass": "urn:vigil:weapon:rifle", "quantity": 2},
    ] == made["quantityList"]
    assert [{"epcClass": "urn:vigil:currency:JPY:1", "known": "approximate", "about": 90_000}] == made["vigil:known"]
