"""docs/schemas holds the JSON Schemas of what people write, what is sent and what is recorded, as the models make them now."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from domain.delivery.events import EVENTS
from domain.delivery.requests import Acknowledgement
from domain.delivery.statement import Handling
from domain.record.door import archive_has, change_keys
from domain.rules.books import BOOK
from domain.signing.canonical import plain
from rehearsal.simulator import World, simulate
from tests.docs import vectors
from tests.docs.published import WRITTEN, schemas
from tests.domain.test_archive_behind import left_alone
from tests.domain.test_divergence import packet_of, put_back
from tests.domain.test_expunction import ONE
from tests.domain.test_handling import packet_for, under
from tests.domain.test_keys import rotation
from tests.goldens import GOLDEN, read
from tests.groups import BOTH, CHEMICALS, OIL, Parcels
from tests.support import Table, example_cards, example_directory, example_scenario, with_changes

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
FILES = ("*/plan.yaml", "*/group.yaml", "directory.yaml", "cards/*.yaml", "*/scenario.yaml")
MOST = 30
"""Records of one kind that are looked at; what differs among them the models have looked at already."""
KIND = re.compile(r"^vigil: ([a-z-]+)/", re.MULTILINE)
"""Of a file. To read all of it takes a hundred times as long, which each process would do that runs tests, whichever it runs."""
PATHS = [path for one in FILES for path in sorted((ROOT / "examples").glob(one))]
EXAMPLES = [(found[1], path) for path in PATHS if (found := KIND.search(path.read_text()))]


def schema(name: str) -> dict[str, Any]:
    """A committed schema."""
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """Of a committed schema."""
    return jsonschema.Draft202012Validator(schema(name))


def problems(name: str, document: Any) -> list[str]:
    """What a document breaks in a committed schema."""
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(document)]


@pytest.mark.parametrize("path", sorted(SCHEMAS.iterdir()), ids=lambda path: path.name)
def test_committed_schema_is_what_the_model_generates(path: Path) -> None:
    """The schema in docs/schemas is the model's own, byte for byte, and is a valid JSON Schema."""
    committed = path.read_text(encoding="utf-8")
    assert committed == schemas()[path], "out of date: `make schemas`"
    jsonschema.Draft202012Validator.check_schema(json.loads(committed))


def test_no_schema_is_left_over() -> None:
    """There is a schema for each kind of what people write, of what is sent and of what is recorded, and no other."""
    assert set(SCHEMAS.iterdir()) == set(schemas())


@pytest.mark.parametrize(("name", "path"), EXAMPLES, ids=[f"{name}: {path.parent.name}" for name, path in EXAMPLES])
def test_example_fits_its_schema(name: str, path: Path) -> None:
    """Each example file, read as YAML 1.2 as its user wrote it, fits the committed schema."""
    assert problems(name, YAML(typ="safe").load(path)) == []


def test_there_are_examples_of_every_kind() -> None:
    """No kind of file goes without an example."""
    assert {name for name, _ in EXAMPLES} == set(WRITTEN)


@pytest.mark.parametrize("name", WRITTEN)
def test_an_unknown_field_does_not_fit(name: str) -> None:
    """A field the model does not know is refused by the schema as by the model."""
    path = next(path for kind, path in EXAMPLES if kind == name)
    document = YAML(typ="safe").load(path) | {"unknown": 1}
    assert any("unknown" in problem for problem in problems(name, document))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("shared", {"operation": "x"}),
        ("shared", {"checkpoints": [{"step": "arrest"}]}),
        ("differs", {"tolerances": {"gros": "1 g"}}),
    ],
)
def test_a_group_file_says_of_a_plan_what_a_plan_may_say(place: str, words: dict[str, Any]) -> None:
    """A name of its own, a checkpoint that nobody can tell and a field mistyped do not fit, shared or of one consignment."""
    group = YAML(typ="safe").load(ROOT / "examples" / "omsk-taraz-parcels" / "group.yaml")
    (group if place == "shared" else group["consignments"][0])[place] |= words
    assert problems("group", group)


def test_what_is_sent_fits_its_schema() -> None:
    """A statement of the vectors, its envelope and its receipt fit their schemas."""
    envelopes, receipts = vectors.envelopes(), vectors.receipts()
    assert problems("statement", json.loads(envelopes["payload"])) == []
    assert problems("envelope", envelopes["vectors"][0]["envelope"]) == []
    assert problems("envelope", receipts["vectors"][0]["envelope"]) == []
    assert problems("receipt", json.loads(b64decode(receipts["vectors"][0]["envelope"]["payload"]))) == []


def test_a_signed_mass_has_no_unit() -> None:
    """By the schema as by the model, a statement says whole milligrams, and a plan that a person writes may say kilograms."""
    content = {"kind": "handover_offered", "gross": "13.95 kg", "seals": [{"number": "KZ0048213", "security": "H"}]}
    statement = vectors.STATEMENT | {"content": content}
    assert problems("statement", statement | {"content": content | {"gross": 13_950_000}}) == []
    assert problems("statement", statement) != []


# What is recorded


def payload(envelope: Any) -> Any:
    """The JSON in an envelope."""
    return json.loads(b64decode(envelope["payload"]))


def unusual() -> Iterator[Table]:
    """Tables at which happens what no golden ledger has."""
    runs_out = {"valid_until": "2022-03-04T00:00:00Z"}
    expires = Table(with_changes(plan_={"expiry_warnings": []}))
    expires.say("kz.prosecutor", "authorisation_granted", "consent-kz", **runs_out)
    expires.say("uz.prosecutor", "authorisation_granted", "consent-uz", **runs_out)
    expires.pass_time(days=4)
    yield expires
    rotated = Table()
    change_keys(rotated.delivery, rotation(rotated.now), rotated.now)
    rotated.say("uz.police", "looked_back", "debrief", note="in court")
    yield rotated
    parcels = Parcels()
    parcels.consent(*BOTH)
    for name in BOTH:
        parcels.deliver(name)
    parcels.muster(OIL)
    parcels.muster(CHEMICALS)
    parcels.hear(OIL)
    yield parcels[OIL]
    behind = left_alone()
    archive_has(behind.delivery, len(behind.delivery.ledger), behind.now)
    yield behind


@cache
def recorded() -> dict[str, list[Any]]:
    """Events that have been recorded, by name: of the golden ledgers, and of what none of them has."""
    found: dict[str, list[Any]] = {name: [] for name in EVENTS}
    ledgers = [read(path).entries for path in sorted(GOLDEN.glob("*/*.json.gz"))]
    for entries in (*ledgers, *(table.delivery.ledger.entries for table in unusual())):
        for entry in entries:
            found[entry.event.event].append(plain(entry.event))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", EVENTS)
def test_each_recorded_event_fits_its_schema(name: str) -> None:
    """What was recorded of it fits, and nothing without one of its fields, or with another."""
    events = recorded()[name][:MOST]
    first = events[0]

    assert [] == [problem for event in events for problem in problems("event", event)]
    assert [] == [one for one in first if not problems("event", without(first, one))]
    assert problems("event", first | {"unknown": 1})


@cache
def said() -> dict[str, list[Any]]:
    """Statements that have been recorded, by their kind."""
    found: dict[str, list[Any]] = {kind: [] for kind in BOOK.kinds}
    for event in recorded()["stated"]:
        statement = payload(event["envelope"])
        found[statement["content"]["kind"]].append(statement)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOOK.kinds)
def test_each_recorded_statement_fits_its_schema(kind: str) -> None:
    """What was said of it fits; nothing that says something else beside, or is of no kind."""
    statements = said()[kind][:MOST]
    first = statements[0]

    assert [] == [problem for statement in statements for problem in problems("statement", statement)]
    assert problems("statement", first | {"content": first["content"] | {"unknown": 1}})
    assert problems("statement", first | {"content": first["content"] | {"kind": "unknown"}})


@cache
def packets() -> dict[str, Any]:
    """Packets of many sorts: of a whole delivery, with two histories, and for a court, with something left out."""
    plan, scenario = example_scenario("almaty-tashkent")
    run = simulate(World(plan, example_directory(), example_cards(), scenario, 1))
    old, new = put_back()
    for_court = Table(under("H0"))
    for_court.say("uz.police", "information", text="a tip", handling=Handling(code="H1"))
    made = {"whole": run.packet, "put back": packet_of(new, old), "court": packet_for(for_court, "court")}
    return {name: json.loads(data) for name, data in made.items()}


@pytest.mark.parametrize("name", ["whole", "put back", "court"])
def test_a_packet_fits_its_schemas(name: str) -> None:
    """The packet, the manifest of its seal, and what the envelopes in it hold; neither of the first without one of its fields."""
    file = packets()[name]
    packet, manifest = file["packet"], payload(file["seal"])
    asked = [one["event"] for one in packet["ledger"] if one.get("event", {}).get("event") == "asked"]
    acknowledged = [payload(one) for event in asked for one in event["acknowledgements"]]

    assert [] == problems("packet", packet) + problems("manifest", manifest) + problems("envelope", file["seal"])
    assert [] == problems("plan", payload(packet["ledger"][0]["event"]["plan"]))
    assert [] == problems("directory", packet["directory"])
    assert [] == [problem for card in packet["cards"].values() for problem in problems("card", card)]
    assert [] == [problem for one in acknowledged for problem in problems("acknowledgement", one)]
    for kind, whole in (("packet", packet), ("manifest", manifest)):
        assert [] == [one for one in whole if not problems(kind, without(whole, one))]


def test_the_packets_have_all_that_a_packet_may_have() -> None:
    """So that the test above looks at each: an entry left out, another history, an acknowledgement."""
    whole, put, court = (packets()[name]["packet"] for name in ("whole", "put back", "court"))
    left_out = [one for one in court["ledger"] if "leaf" in one]

    assert 1 == len(left_out) == len(put["others"])
    assert [] == [one for one in left_out[0] if not problems("packet", court | {"ledger": [without(left_out[0], one)]})]
    assert any(one["event"].get("acknowledgements") for one in whole["ledger"])


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The same without one of its fields."""
    return {key: value for key, value in document.items() if key != name}


def test_an_acknowledgement_has_all_its_fields() -> None:
    """One without a field is no acknowledgement in its one canonical form, and fits no schema."""
    (first, *_) = [payload(envelope) for event in recorded()["asked"] for envelope in event["acknowledgements"]]

    assert set(Acknowledgement.model_fields) == set(first)
    assert [] == [one for one in first if not problems("acknowledgement", without(first, one))]


def test_what_two_persons_sign_fits_its_schema() -> None:
    """A change of keys and an approval that a delivery is expunged fit, and none that says something else beside."""
    change = payload(recorded()["keys_changed"][0]["change"])
    approval = payload(plain(ONE))

    assert [] == problems("keys", change) + problems("expunge", approval)
    assert problems("keys", change | {"unknown": 1})
    assert problems("expunge", without(approval, "law"))
