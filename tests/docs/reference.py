"""docs/reference, made from the code: `make reference`. Every command, every call of the API, every field of plan and packet."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Any

import typer
from pydantic import TypeAdapter
from typer.main import get_command

from client.cli import ORDER, app
from domain.delivery.vocabulary import UtcText
from domain.plan.access import OPEN
from domain.plan.vocabulary import Digest
from domain.words.identifiers import CheckpointId, OperationCode, ServiceId
from gateway import openapi
from gateway.api import routes
from tests.docs.published import schemas
from tests.docs.replay import table

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
EXAMPLE = "https://vigil.example"
MADE = "Made from the code by `make reference`; do not edit it by hand."
TYPED = re.compile(r"(?P<name>.+?)(?: <(?P<type>.*)>)?")
"""How the library shows an option: its names, then what it takes."""
NAMED: Mapping[str, str] = {
    TypeAdapter(kind).json_schema()["pattern"]: name
    for kind, name in (
        (ServiceId, "[service id](../plans.md#types)"),
        (OperationCode, "code name"),
        (CheckpointId, "name of a checkpoint"),
        (Digest, "64 hexadecimal digits"),
        (UtcText, "moment in UTC, with six digits of a second"),
    )
}
"""By their pattern, what texts are called."""


@cache
def pages() -> dict[Path, str]:
    """Each page, and what it holds."""
    made = {"command-line": command_line(), "api": api(), "plan": of_schema("plan"), "packet": of_schema("packet")}
    return {FOLDER / f"{name}.md": "\n".join([*lines, ""]) for name, lines in made.items()}


def _prose(text: str) -> list[str]:
    return wrap(" ".join(text.split()), 130, break_long_words=False, break_on_hyphens=False)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# The command line


def command_line() -> Iterator[str]:
    """Every command with its arguments and options, in the order of its help."""
    yield from ("# Every command", "", *_prose(f"{MADE} It is what `--help` says: what a command does, then what it takes."), "")
    yield from (*_prose("How they are used stands in [the command line for officers](../officer.md)."), "")
    whole: Any = get_command(app)
    yield from _command(whole, typer.Context(whole, info_name=whole.name))


def _command(command: Any, context: typer.Context) -> Iterator[str]:
    depth = context.command_path.count(" ") + 2
    yield from (f"{'#' * min(depth, 4)} {context.command_path}", "")
    for paragraph in (command.help or "").split("\n\n"):
        yield from (*_prose(_unmarked(paragraph)), "")
    usage = " ".join(command.get_usage(context).split()).removeprefix("Usage: ")
    yield from ("```text", usage, "```", "")
    records = [one for param in command.params if (one := param.get_help_record(context)) is not None]
    if records:
        yield from table(["takes", "as", "meaning"], *(_taken(name, means) for name, means in records))
        yield ""
    below = getattr(command, "commands", {})
    for name in ORDER if context.parent is None else below:
        yield from _command(below[name], typer.Context(below[name], info_name=name, parent=context))


def _taken(said: str, means: str) -> list[str]:
    found = TYPED.fullmatch(said)
    assert found is not None
    form = f"`{_cell(found['type'])}`" if found["type"] else ""
    return [f"`{_cell(found['name'])}`", form, _unmarked(_cell(means.replace(str(Path.home()), "~")))]


def _unmarked(text: str) -> str:
    """Text of the code, in which neither a star nor an angle bracket means anything outside backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(one if one.startswith("`") else re.sub(r"([*<])", r"\\\1", one) for one in parts)


# The API


def api() -> Iterator[str]:
    """Every call, with what it takes and what it answers, and every record in one."""
    document = openapi.document(routes, EXAMPLE)
    yield from ("# Every call of the API", "")
    yield from _prose(
        f"{MADE} A gateway serves the same as an OpenAPI 3.1 document at `/v1/openapi.json`. How to sign, what counts and when "
        "stands in [the protocol](../protocol.md). Where nothing else is said a call needs a proof, and may also be "
        f"answered with {', '.join(f'`{one}`' for one in sorted(openapi._ANY))}."
    )
    yield from ("", "## Calls", "")
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            yield from _call(path, method, said)
    yield from ("## Records", "")
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _record(name, schema, 3)


def _call(path: str, method: str, said: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"### {method.upper()} {path}", "", *_prose(_unmarked(said["description"])), "")
    if said["operationId"] in OPEN and "Needs no proof" not in said["description"]:
        yield from ("It needs no proof.", "")
    if asked := said.get("parameters"):
        rows = ([f"`{one['name']}`", one["in"], _form(one["schema"]), _cell(one.get("description", ""))] for one in asked)
        yield from (*table(["parameter", "in", "as", "meaning"], *rows), "")
    if body := said.get("requestBody"):
        yield from (f"Body: {_body(body)}", "")
    usual = set() if said["operationId"] in OPEN else {str(one) for one in openapi._ANY}
    answers = ((status, one) for status, one in sorted(said["responses"].items()) if status not in usual)
    rows = ([f"`{status}`", _content(one.get("content", {})), _cell(one["description"])] for status, one in answers)
    yield from (*table(["answer", "holds", "meaning"], *rows), "")


def _body(body: Mapping[str, Any]) -> str:
    return f"{_content(body['content'])}. {body.get('description', '')}".strip()


def _content(content: Mapping[str, Any]) -> str:
    return " or ".join(f"`{media}`" + (f": {_form(one['schema'])}" if "schema" in one else "") for media, one in content.items())


# Records


def of_schema(name: str) -> Iterator[str]:
    """Every record of what is written or recorded in one file, the file itself first."""
    schema = json.loads(next(text for path, text in schemas().items() if path.name == f"{name}.schema.json"))
    other = {
        "plan": ("[Plans](../plans.md)", "what each field means"),
        "packet": ("[The packet](../packet.md)", "how it is checked"),
    }
    where, what = other[name]
    yield from (f"# Every field of a {name}", "")
    yield from _prose(
        f"{MADE} {where} says {what}; the same as a JSON Schema is [{name}.schema.json](../schemas/{name}.schema.json)."
    )
    yield ""
    parts = schema.pop("$defs")
    for title, one in ((schema["title"], schema), *sorted(parts.items())):
        yield from _record(title, one)


def _record(name: str, schema: Mapping[str, Any], depth: int = 2) -> Iterator[str]:
    yield from (f"{'#' * depth} {name}", "", *_prose(_unmarked(schema.get("description", ""))), "")
    fields = schema.get("properties")
    if not fields:
        yield from (f"{_form({key: value for key, value in schema.items() if key != 'description'})}.", "")
        return
    must = schema.get("required", ())
    rows = ([f"`{one}`", _form(said), "must be there" if one in must else _else(said)] for one, said in fields.items())
    yield from (*table(["field", "as", "if left out"], *rows), "")


def _else(said: Mapping[str, Any]) -> str:
    value = said.get("default")
    if value in (None, "", [], {}):
        return "nothing" if value is None else "empty"
    return f"`{_cell(json.dumps(value, ensure_ascii=False))}`"


def _form(schema: Any) -> str:
    """What a value is, in words. Raises `LookupError` for a schema that this does not know to say."""
    match schema:
        case {"$ref": where}:
            name = where.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"const": value}:
            return f"`{value}`"
        case {"enum": values}:
            return ", ".join(f"`{one}`" for one in values)
        case {"anyOf": several} | {"oneOf": several}:
            return " or ".join(_form(one) for one in several if one != {"type": "null"})
        case {"prefixItems": parts}:
            return f"list: {'; '.join(_form(one) for one in parts)}"
        case {"type": "array"}:
            return f"list{_bounds(schema, 'minItems', 'maxItems')} of {_form(schema.get('items', {}))}"
        case {"type": "object"}:
            inner = schema.get("additionalProperties")
            return f"object, by name: {_form(inner)}" if isinstance(inner, Mapping) else "object"
        case {"type": "string"}:
            return _text(schema)
        case {"type": "integer" | "number" as kind}:
            return f"{kind}{_bounds(schema, 'minimum', 'maximum')}"
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "null"}:
            return "null"
        case {} if not set(schema) - {"title", "description", "default"}:
            return "anything"
    message = f"the reference does not know how to say {schema}"
    raise LookupError(message)


def _text(schema: Mapping[str, Any]) -> str:
    if (name := NAMED.get(schema.get("pattern", ""))) is not None:
        return name
    said = "text"
    if "format" in schema:
        said += f" ({schema['format']})"
    if "contentMediaType" in schema:
        said += f" ({schema['contentMediaType']})"
    if "minLength" in schema or "maxLength" in schema:
        said += f" of{_bounds(schema, 'minLength', 'maxLength')} characters"
    if "pattern" not in schema:
        return said
    ticks = "``" if "`" in schema["pattern"] else "`"
    return f"{said}, as {ticks}{_cell(schema['pattern'])}{ticks}"


def _bounds(schema: Mapping[str, Any], lowest: str, highest: str) -> str:
    low, high = schema.get(lowest), schema.get(highest)
    if low is None and high is None:
        return ""
    if high is None:
        return f" from {low:,}"
    if low == high:
        return f" {low:,}"
    return f" up to {high:,}" if low is None else f" {low:,} to {high:,}"


def main() -> None:
    """Write the pages, and remove what is left over beside them."""
    made = pages()
    FOLDER.mkdir(exist_ok=True)
    for path in {*FOLDER.glob("*")} - set(made):
        path.unlink()
    for path, content in made.items():
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
