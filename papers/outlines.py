"""Outlines of States: Natural Earth 1:50m, which is in the public domain, as the package `mapcraft` brings it. Only its file of
data is read; nothing of its code runs, and nothing is fetched.
"""

import gzip
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import pycountry

from domain.views.outlines import Outlines, decoded

PACKAGE: Final = "mapcraft"
FILE: Final = "mapcraft/packs/world-countries-2024.json.gz"


@cache
def outlines() -> Outlines | None:
    """They, once they were read; none where they are not installed, or are not what they were: then maps are drawn without."""
    try:
        return read(Path(str(distribution(PACKAGE).locate_file(FILE))))
    except (PackageNotFoundError, OSError, EOFError, ValueError, LookupError, TypeError):
        return None


def read(path: Path) -> Outlines:
    """The outlines in this file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return decoded(json.load(file)["topology"], code_of)


def code_of(numeric: str) -> str:
    """The alpha-2 code of a State by its numeric one (ISO 3166-1); empty for what has none."""
    known = pycountry.countries.get(numeric=numeric) if numeric else None
    return str(known.alpha_2) if known is not None else ""
