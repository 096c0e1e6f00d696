"""Where a place is: longitude and latitude in degrees of WGS 84, as text with four decimals at most, some ten metres.

What is checked, in the order of the code (ISO 6709, annex A, in decimal degrees):

1. Text, for a float is not exact and would be signed and hashed otherwise by another program.
2. Digits with a point, a minus for west and south, at most four decimals.
3. The world: longitude from -180 to 180, latitude from -90 to 90. Longitude stands first, as in GeoJSON (RFC 7946).
"""

import re
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from domain.words.text import fill, mark, shown

Axis = Literal["longitude", "latitude"]
ENDS: Final[dict[Axis, int]] = {"longitude": 180, "latitude": 90}
AXES: Final[dict[Axis, str]] = {"longitude": mark("longitude"), "latitude": mark("latitude")}
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,4})?")
_LONGEST: Final = 9
_SHOWN: Final = 20


def longitude(raw: object) -> str:
    """The text, if it is degrees from -180 to 180. Raises `ValueError`."""
    return _degrees("longitude", raw)


def latitude(raw: object) -> str:
    """The text, if it is degrees from -90 to 90. Raises `ValueError`."""
    return _degrees("latitude", raw)


def _degrees(axis: Axis, raw: object) -> str:
    text = shown(str(raw), _SHOWN)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raise ValueError(fill('{axis}: degrees stand in quotes, e.g. "{degrees}"', axis=fill(AXES[axis]), degrees=text))  # noqa: TRY004
    if not isinstance(raw, str) or len(raw) > _LONGEST or _DEGREES.fullmatch(raw) is None:
        raise ValueError(
            fill(
                '{axis}: {text} is no text of degrees with at most four decimals, e.g. "69.2797"',
                axis=fill(AXES[axis]),
                text=text,
            )
        )
    if abs(Decimal(raw)) > ENDS[axis]:
        end = ENDS[axis]
        raise ValueError(
            fill(
                "{axis}: {text} is outside the world, expected -{end} to {end}; longitude stands first",
                axis=fill(AXES[axis]),
                text=text,
                end=end,
            )
        )
    return raw


_SCHEMA: Final = WithJsonSchema({"type": "string", "pattern": f"^{_DEGREES.pattern}$", "maxLength": _LONGEST})
Longitude = Annotated[str, BeforeValidator(longitude), _SCHEMA]
Latitude = Annotated[str, BeforeValidator(latitude), _SCHEMA]
At = tuple[Longitude, Latitude]
"""Longitude, then latitude."""
MaybeAt = Annotated[At | None, Field(exclude_if=lambda at: at is None)]
"""The same, where it may be left out: then it stands nowhere in what is signed."""


def point(at: At) -> tuple[float, float]:
    """The same as numbers, for a picture; nothing is decided by them."""
    return float(at[0]), float(at[1])
