"""The bill of materials of a bundle, as CycloneDX 1.6 has it: each package with version, licence and the digest of its file.

The same bundle has the same bill to the byte: its serial number is made of what it lists, and its time is that of the commit.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import ExpressionError, Licensing, get_spdx_licensing


@dataclass(frozen=True)
class Part:
    """One package of a bundle."""

    version: str
    digest: str
    """SHA-256 of its wheel, hexadecimal."""
    licence: str
    needs: frozenset[str] = frozenset()
    """Names of the packages that it needs itself."""


def bill(name: str, parts: Mapping[str, Part], made_at: int) -> bytes:
    """The bill of all parts, of which the one of this name is what the rest is for. Raises `ValueError` if it breaks its schema.

    `made_at` in seconds since 1970.
    """
    components = {each: _component(each, part) for each, part in sorted(parts.items())}
    top = components.pop(name) | {"type": "application"}
    listed = {
        "metadata": {"timestamp": f"{datetime.fromtimestamp(made_at, UTC):%Y-%m-%dT%H:%M:%SZ}", "component": top},
        "components": list(components.values()),
        "dependencies": [{"ref": each, "dependsOn": sorted(part.needs)} for each, part in sorted(parts.items())],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(listed, sort_keys=True))
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
    }
    text = json.dumps(head | listed, indent=1, ensure_ascii=False) + "\n"
    for fault in faults(text):
        raise ValueError(f"the bill of materials is none: {fault}")
    return text.encode()


def faults(text: str) -> Iterator[str]:
    """What breaks the schema of CycloneDX 1.6, which comes with the library: nothing is fetched."""
    for fault in _schema().validate_str(text, all_errors=True) or ():
        yield str(fault)[:200]


@cache
def _schema() -> JsonStrictValidator:
    return JsonStrictValidator(SchemaVersion.V1_6)


@cache
def _licences() -> Licensing:
    """Those that SPDX lists."""
    return get_spdx_licensing()


def _component(name: str, part: Part) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": part.version,
        "hashes": [{"alg": "SHA-256", "content": part.digest}],
        "licenses": [_licence(part.licence)],
    }


def _licence(said: str) -> dict[str, Any]:
    """An expression of SPDX where it is one; else the words of the package."""
    try:
        known = _licences().parse(said, validate=True, strict=True)
    except ExpressionError:
        known = None
    return {"expression": str(known)} if known is not None else {"license": {"name": said.splitlines()[0][:80] if said else "-"}}
