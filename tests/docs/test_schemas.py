"""docs/schemas holds the JSON Schemas of what users bring, as the models generate them now."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from rehearsal.scenario import Scenario

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
MODELS: dict[str, type[BaseModel]] = {"plan": Plan, "directory": Directory, "card": RuleCard, "scenario": Scenario}
FILES = {"plan": "*/plan.yaml", "directory": "directory.yaml", "card": "cards/*.yaml", "scenario": "*/scenario.yaml"}
REGENERATE = (
    """.venv/bin/python -c 'import json, pathlib; from domain.plan.cards import RuleCard; from domain.plan.directory import """
    """Directory; from domain.plan.plan import Plan; from rehearsal.scenario import Scenario; """
    """[pathlib.Path(f"docs/schemas/{name}.schema.json").write_text(json.dumps(model.model_json_schema(mode="validation"), """
    """indent=2, ensure_ascii=False) + "\\n", encoding="utf-8") for name, model in """
    """dict(plan=Plan, directory=Directory, card=RuleCard, scenario=Scenario).items()]'"""
)
EXAMPLES = [(name, path) for name, pattern in FILES.items() for path in sorted((ROOT / "examples").glob(pattern))]


def schema(name: str) -> dict[str, Any]:
    """A committed schema."""
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found


def problems(name: str, document: Any) -> list[str]:
    """What a document breaks in a committed schema."""
    validator = jsonschema.Draft202012Validator(schema(name))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("name", MODELS)
def test_committed_schema_is_what_the_model_generates(name: str) -> None:
    """The schema in docs/schemas is the model's own, byte for byte, and is a valid JSON Schema."""
    generated = json.dumps(MODELS[name].model_json_schema(mode="validation"), indent=2, ensure_ascii=False) + "\n"
    committed = (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")
    assert committed == generated, f"{name}.schema.json is out of date; regenerate all with:\n{REGENERATE}"
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_no_schema_is_left_over() -> None:
    """There is a schema for each kind of file users bring, and no other."""
    assert {path.name for path in SCHEMAS.iterdir()} == {f"{name}.schema.json" for name in MODELS}


@pytest.mark.parametrize(("name", "path"), EXAMPLES, ids=[f"{name}: {path.parent.name}" for name, path in EXAMPLES])
def test_example_fits_its_schema(name: str, path: Path) -> None:
    """Each example file, read as YAML 1.2 as its user wrote it, fits the committed schema."""
    assert problems(name, YAML(typ="safe").load(path)) == []


def test_there_are_examples_of_every_kind() -> None:
    """No kind of file goes without an example."""
    assert {name for name, _ in EXAMPLES} == set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_an_unknown_field_does_not_fit(name: str) -> None:
    """A field the model does not know is refused by the schema as by the model."""
    path = next(path for kind, path in EXAMPLES if kind == name)
    document = YAML(typ="safe").load(path) | {"unknown": 1}
    assert any("unknown" in problem for problem in problems(name, document))
