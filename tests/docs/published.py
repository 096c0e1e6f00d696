"""What docs/schemas and docs/vectors publish, made anew: `make schemas` and `make vectors`."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from domain.delivery.events import AnyEvent
from domain.delivery.ledger import Left, Receipt
from domain.delivery.requests import Acknowledgement, Inbox, Notice, Request
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.key_changes import KeyChange
from domain.plan.plan import Plan
from domain.record.expunction import Approval
from domain.record.packet import Manifest, Packet
from domain.rules.books import BOOK
from domain.signing.envelope import Envelope
from gateway.problems import Problem
from rehearsal.scenario import Scenario
from tests.docs.vectors import VECTORS

DOCS = Path(__file__).parents[2] / "docs"
WRITTEN: dict[str, type[BaseModel]] = {"plan": Plan, "directory": Directory, "card": RuleCard, "scenario": Scenario}
"""What people write as YAML, where a mass may have its unit."""
SENT: dict[str, type[BaseModel]] = {
    "statement": BOOK.statement,
    "request": Request,
    "notice": Notice,
    "envelope": Envelope,
    "receipt": Receipt,
    "left": Left,
    "inbox": Inbox,
    "keys": KeyChange,
    "expunge": Approval,
    "problem": Problem,
}
"""What goes over HTTP as JSON, in an envelope or as it is."""
RECORDED: dict[str, Any] = {"acknowledgement": Acknowledgement, "event": AnyEvent, "manifest": Manifest, "packet": Packet}
"""What has one canonical form alone: every field stands in it, also one that says nothing."""


class AsSent(GenerateJsonSchema):
    """The schema of what is sent: a quantity has there one form only, and what may be left out may."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """What comes out of the reading of words."""
        return self.generate_inner(schema["schema"])


class AsRecorded(AsSent):
    """The schema of what has one canonical form: a field is only left out where it always is when it says nothing."""

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ARG002, FBT001 - pydantic's own signature
        """Whether it must be there."""
        return "serialization_exclude_if" not in field


def schemas() -> dict[Path, str]:
    """Each file of docs/schemas, and what it holds."""
    written = {name: model.model_json_schema(mode="validation") for name, model in WRITTEN.items()}
    sent = {name: model.model_json_schema(mode="validation", schema_generator=AsSent) for name, model in SENT.items()}
    recorded = {name: TypeAdapter(model).json_schema(schema_generator=AsRecorded) for name, model in RECORDED.items()}
    return {DOCS / "schemas" / f"{name}.schema.json": text(schema) for name, schema in (written | sent | recorded).items()}


def vectors() -> dict[Path, str]:
    """Each file of docs/vectors, and what it holds."""
    return {DOCS / "vectors" / f"{name}.json": text(made()) for name, made in VECTORS.items()}


def text(document: Any) -> str:
    """As it stands in the file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


PUBLISHED = {"schemas": schemas, "vectors": vectors}


def main(what: str) -> None:
    """Write the files of one folder, and remove what is left over."""
    made = PUBLISHED[what]()
    folder = DOCS / what
    folder.mkdir(exist_ok=True)
    for path in set(folder.iterdir()) - set(made):
        path.unlink()
    for path, content in made.items():
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
