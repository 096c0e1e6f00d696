"""A plan or scenario as a person writes it: short YAML with comments, a line for each checkpoint and leg, read back as the same.

Layout is the whole of it: what stands there is decided elsewhere.
"""

import io
from collections.abc import Mapping
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from client.language import speak
from domain.words.text import Filled, told

LINE: Final = 120
"""Columns that a map may take in one line, where it could stand in several."""
ENDLESS: Final = 100_000
"""No line is broken where people did not break it."""
TOP: Final = 1
"""Depth of what stands under a name at the margin."""


def in_yaml(tree: Mapping[str, Any], head: str, notes: Mapping[str, str]) -> str:
    """The text: `head` above it, and before each name at the margin what `notes` say of it, each line a comment."""
    laid = _laid(tree, 0)
    for name, note in notes.items():
        if note and name in laid:
            laid.yaml_set_comment_before_after_key(name, before=note)
    yaml, text = YAML(), io.StringIO()
    yaml.width, yaml.allow_unicode = ENDLESS, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(laid, text)
    return "".join(f"# {line}\n" for line in head.splitlines()) + text.getvalue()


def _laid(value: Any, depth: int) -> Any:
    """The value with its layout, in the reader's language where it is a text of ours."""
    if isinstance(value, Filled):
        return told(value, speak)
    if isinstance(value, Mapping):
        node: CommentedMap | CommentedSeq = CommentedMap((name, _laid(part, depth + 1)) for name, part in value.items())
        flat = not any(isinstance(part, Mapping | list) for part in value.values())
        one_line = depth > TOP + 1 or (depth > TOP and not _of_maps(value)) or (depth == TOP and flat and _short(value))
    elif isinstance(value, list):
        node = CommentedSeq(_laid(part, max(depth + 1, TOP + 2)) for part in value)
        one_line = depth > TOP + 1 or not any(isinstance(part, Mapping) for part in value) or (depth > TOP and len(value) == 1)
    else:
        return value
    (node.fa.set_flow_style if one_line and depth else node.fa.set_block_style)()
    return node


def _of_maps(value: Mapping[str, Any]) -> bool:
    return any(isinstance(part, Mapping) for part in value.values())


def _short(value: Mapping[str, Any]) -> bool:
    return sum(len(f"{name}: {told(str(part), speak)}, ") for name, part in value.items()) < LINE
