"""What docs publishes, made anew: `make schemas`, and `make vectors`, which also renews what docs/protocol.md computes."""

import json
import sys
from functools import cache
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
from domain.plan.group import BESIDE, GroupFile
from domain.plan.key_changes import KeyChange
from domain.plan.plan import Plan
from domain.record.expunction import Approval
from domain.record.packet import Manifest, Packet
from domain.rules.books import BOOK
from domain.signing.envelope import Envelope
from gateway.problems import Problem
from rehearsal.scenario import GroupScenario, Scenario
from tests.docs.protocol_page import TEXT, renewed
from tests.docs.vectors import VECTORS

DOCS = Path(__file__).parents[2] / "docs"
WRITTEN: dict[str, type[BaseModel]] = {
    "plan": Plan,
    "directory": Directory,
    "card": RuleCard,
    "group": GroupFile,
    "scenario": Scenario,
    "group-scenario": GroupScenario,
}
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


IN_A_GROUP = {"PartOfPlan": (), "PlannedCheckpoint": ("id",), "Leg": ("id",), "Wait": ("delivery", "checkpoint")}
"""What must be said of a plan and of its parts where a group file says only how one consignment differs."""


def of_a_group() -> JsonSchemaValue:
    """The schema of a group file: `shared` and `differs` hold what a plan does, as far as it is said there."""
    found, plan = (one.model_json_schema(mode="validation") for one in (GroupFile, Plan))
    parts = found["$defs"] | plan.pop("$defs") | {"PartOfPlan": plan}
    for name, said in IN_A_GROUP.items():
        parts[name] = parts[name] | {"required": list(said)}
    plan = parts["PartOfPlan"]
    fields = {name: one for name, one in plan["properties"].items() if name not in BESIDE}
    parts["PartOfPlan"] = plan | {"properties": fields}
    for owner, name in ((found, "shared"), (parts["Member"], "differs")):
        owner["properties"][name] = {"$ref": "#/$defs/PartOfPlan"}
    return found | {"$defs": parts}


@cache
def schemas() -> dict[Path, str]:
    """Each file of docs/schemas, and what it holds."""
    written = {name: model.model_json_schema(mode="validation") for name, model in WRITTEN.items()} | {"group": of_a_group()}
    sent = {name: model.model_json_schema(mode="validation", schema_generator=AsSent) for name, model in SENT.items()}
    recorded = {name: TypeAdapter(model).json_schema(schema_generator=AsRecorded) for name, model in RECORDED.items()}
    return {DOCS / "schemas" / f"{name}.schema.json": text(schema) for name, schema in (written | sent | recorded).items()}


@cache
def vectors() -> dict[Path, str]:
    """Each file of docs/vectors, and what it holds."""
    return {DOCS / "vectors" / f"{name}.json": text(made()) for name, made in VECTORS.items()}


def protocol() -> dict[Path, str]:
    """The page of the protocol, and what it holds."""
    return {DOCS / "protocol.md": renewed(TEXT)}


def text(document: Any) -> str:
    """As it stands in the file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


PUBLISHED = {"schemas": schemas, "vectors": vectors, "protocol": protocol}


def main(what: str) -> None:
    """Write the files, and remove what is left over in a folder of them."""
    made = PUBLISHED[what]()
    for path in {*(DOCS / what).glob("*")} - set(made):
        path.unlink()
    for path, content in made.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
