"""docs/schemas holds the JSON Schemas of what people write and of what is sent, as the models generate them now."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.docs import vectors
from tests.docs.published import WRITTEN, schemas

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
FILES = {"plan": "*/plan.yaml", "directory": "directory.yaml", "card": "cards/*.yaml", "scenario": "*/scenario.yaml"}
EXAMPLES = [(name, path) for name, pattern in FILES.items() for path in sorted((ROOT / "examples").glob(pattern))]


def schema(name: str) -> dict[str, Any]:
    """A committed schema."""
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found


def problems(name: str, document: Any) -> list[str]:
    """What a document breaks in a committed schema."""
    validator = jsonschema.Draft202012Validator(schema(name))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("path", schemas(), ids=lambda path: path.name)
def test_committed_schema_is_what_the_model_generates(path: Path) -> None:
    """The schema in docs/schemas is the model's own, byte for byte, and is a valid JSON Schema."""
    committed = path.read_text(encoding="utf-8")
    assert committed == schemas()[path], "out of date: `make schemas`"
    jsonschema.Draft202012Validator.check_schema(json.loads(committed))


def test_no_schema_is_left_over() -> None:
    """There is a schema for each kind of what people write and of what is sent, and no other."""
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
