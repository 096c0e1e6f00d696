"""Identifiers of consignments, seals, places, States and the people who act on them.

What is checked, in the order of the code, and the standard it comes from:

 1. UPU S10 postal item: form, check digit, country (UPU standard S10).
 2. Air waybill: form and modulo-7 check digit (IATA Resolution 600a).
 3. Freight container: form and check digit (ISO 6346, by stdnum).
 4. Ship: form and check digit (IMO Resolution A.1117(30), by stdnum).
 5. TIR carnet: form only (TIR Convention 1975; we found no source for its check letters).
 6. Mobile equipment, such as a tracker: form and Luhn digit (3GPP TS 23.003, by stdnum).
 7. Substance: CAS Registry Number, form and check digit (CAS, by stdnum).
 8. State: assigned alpha-2 code (ISO 3166-1, table of pycountry).
 9. Currency: code that has a minor unit (ISO 4217, table of iso4217).
10. Place: UN/LOCODE form and country part (UN/ECE Recommendation 16).
11. Seal: number and security class (ISO 17712).
12. Free text where no form exists: CMR note, house air waybill, plate.
13. Our own codes: service, slug, operation, statement, officer.

A check digit proves that a number was well copied, never that the thing exists. Every
validator takes text as people write it, returns the one canonical form, and refuses with
a `ValueError` that names the rule and what would be right. Letters that only look Latin
are refused, because a Cyrillic letter in a number defeats every later comparison.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import iso4217
import pycountry
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, core_schema
from stdnum import casrn, imei, imo, iso6346, luhn

from domain.words.text import checked, fill, mark

_ALPHA_2_BY_ALPHA_3: Final[dict[str, str]] = {country.alpha_3: country.alpha_2 for country in pycountry.countries}
STATES: Final[frozenset[str]] = frozenset(_ALPHA_2_BY_ALPHA_3.values())
"""Assigned ISO 3166-1 alpha-2 codes."""

_CURRENCY_DIGITS: Final[dict[str, str]] = {code: str(row["CcyMnrUnts"]) for code, row in iso4217.raw_table.items() if code}
MINOR_UNITS: Final[dict[str, int]] = {code: int(digits) for code, digits in _CURRENCY_DIGITS.items() if digits.isdecimal()}
"""ISO 4217 currency code to the number of its decimal digits, e.g. EUR to 2."""


@dataclass(frozen=True)
class _Form:
    """The form of a whole string; as pydantic metadata it also shows in the JSON schema."""

    rule: str
    pattern: str
    right: str
    longest: int = 64

    @cached_property
    def _fullmatch(self) -> Callable[[str], re.Match[str] | None]:
        return re.compile(self.pattern).fullmatch

    def check(self, text: str) -> str:
        """Return `text` unchanged, or refuse it naming the rule and the right form."""
        if len(text) > self.longest or not self._fullmatch(text):
            parts = {"rule": fill(self.rule), "text": _quote(text), "right": fill(self.right)}
            raise ValueError(fill("{rule}: {text} is malformed, expected {right}", **parts))
        return text

    def tidy(self, raw: str, drop: str = " -") -> str:
        """Return `raw` in upper case without the separators in `drop`, checked against the form."""
        text = "".join(char for char in raw.strip() if char not in drop)
        for char in text:
            if not char.isascii():
                name = unicodedata.name(char, "an unnamed character")
                parts = {"rule": fill(self.rule), "char": repr(char), "name": name}
                raise ValueError(fill("{rule}: {char} is {name}, expected Latin letters and digits only", **parts))
        return self.check(text.upper())

    def same_digit(self, given: str, expected: str, corrected: str) -> None:
        """Refuse a check digit other than the expected one, showing the corrected number."""
        if given != expected:
            parts = {"rule": fill(self.rule), "given": given, "expected": expected, "corrected": corrected}
            raise ValueError(fill("{rule}: check digit is {given}, expected {expected} ({corrected})", **parts))

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern, "maxLength": self.longest}


def _quote(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")


_S10_ITEM = mark("2 letters, 8 digits, check digit, 2 country letters, e.g. RR473124829GB")
_S10 = _Form("UPU S10", "[A-Z]{2}[0-9]{9}[A-Z]{2}", _S10_ITEM)
_AWB = _Form("AWB", "[0-9]{11}", mark("3 airline digits, 7 digits, check digit, e.g. 020-12345675"))
_BOX = mark("3 owner letters, then U, J or Z, 6 digits, check digit, e.g. CSQU3054383")
_CONTAINER = _Form("ISO 6346", "[A-Z]{3}[UJZ][0-9]{7}", _BOX)
_IMO = _Form("IMO", "(IMO)?[0-9]{7}", mark("6 digits and a check digit, e.g. 9319466"))
_TIR = _Form("TIR carnet", "[A-Z]{2}[0-9]{8}", mark("2 letters and 8 digits, e.g. XB12345678"))
_IMEI = _Form("IMEI", "[0-9]{15}", mark("14 digits and a check digit, e.g. 490154203237518"))
_SUBSTANCE = mark("2 to 7 digits, 2 digits, check digit, e.g. 108-24-7")
_CAS = _Form("CAS RN", "[1-9][0-9]{1,6}(-?)[0-9]{2}\\1[0-9]", _SUBSTANCE)
_PLACE = mark("2 country letters, then 3 letters or digits 2 to 9, e.g. KZALA")
_LOCODE = _Form("UN/LOCODE", "[A-Z]{2}[A-Z2-9]{3}", _PLACE)
_STAMPED = mark("3 to 20 letters, digits or hyphens, e.g. KZ-0048213")
_SEAL = _Form("ISO 17712", "[A-Z0-9][A-Z0-9-]{2,19}", _STAMPED)


def s10_number(raw: str) -> str:
    """Return a postal item number as 13 characters, e.g. ``RR473124829GB``.

    Refuses a wrong form, a wrong check digit and a country that ISO 3166-1 does not assign.
    The number may be used again after about a year: identify an item by number and date.
    """
    text = _S10.tidy(raw)
    serial, given, country = text[2:10], text[10], text[11:]
    weights = (8, 6, 4, 2, 3, 5, 9, 7)
    rest = 11 - sum(int(d) * w for d, w in zip(serial, weights, strict=True)) % 11
    expected = str({10: 0, 11: 5}.get(rest, rest))
    _S10.same_digit(given, expected, text[:10] + expected + country)
    _assigned(_S10, country)
    return text


def awb_number(raw: str) -> str:
    """Return an air waybill number as ``020-12345675``; refuses a wrong form or check digit."""
    text = _AWB.tidy(raw)
    prefix, serial, given = text[:3], text[3:10], text[10]
    expected = str(int(serial) % 7)
    _AWB.same_digit(given, expected, f"{prefix}-{serial}{expected}")
    return f"{prefix}-{serial}{given}"


def container_number(raw: str) -> str:
    """Return a freight container number as 11 characters, e.g. ``CSQU3054383``.

    Refuses a wrong form or check digit. Numbers whose remainder is 10 (check digit 0) are
    accepted: ISO advises owners against them, yet such containers travel.
    """
    text = _CONTAINER.tidy(raw)
    expected = iso6346.calc_check_digit(text[:-1])
    _CONTAINER.same_digit(text[-1], expected, text[:-1] + expected)
    return text


def ship_number(raw: str) -> str:
    """Return an IMO ship number as 7 digits, no prefix; refuses a wrong form or check digit."""
    text = _IMO.tidy(raw).removeprefix("IMO")
    expected = imo.calc_check_digit(text[:-1])
    _IMO.same_digit(text[-1], expected, text[:-1] + expected)
    return text


def tir_number(raw: str) -> str:
    """Return a TIR carnet number as ``XB12345678``; refuses a wrong form only."""
    return _TIR.tidy(raw)


def imei_number(raw: str) -> str:
    """Return an IMEI as 15 digits; refuses a wrong form or check digit.

    The 16-digit IMEISV carries no check digit and names a software version, so it is refused.
    """
    text = _IMEI.tidy(raw)
    expected = luhn.calc_check_digit(text[:-1])
    _IMEI.same_digit(text[-1], expected, text[:-1] + expected)
    return imei.validate(text)


def cas_number(raw: str) -> str:
    """Return a CAS Registry Number as ``108-24-7``; hyphens may lack but not stand elsewhere.

    Refuses a wrong form or check digit. It does not know which substance the number names.
    """
    text = _CAS.tidy(raw, drop=" ").replace("-", "")
    body, expected = f"{text[:-3]}-{text[-3:-1]}-", casrn.calc_check_digit(text[:-1])
    _CAS.same_digit(text[-1], expected, body + expected)
    return body + expected


def state_code(raw: str) -> str:
    """Return `raw` if it is an assigned ISO 3166-1 alpha-2 code; upper case is required."""
    if raw in STATES:
        return raw
    wanted = raw.strip().upper()
    if wanted == "CIS":
        why = "CIS is a commonwealth, not a State, expected one of its States such as KZ"
        raise ValueError(f"ISO 3166-1: {why}")
    known = wanted if wanted in STATES else _ALPHA_2_BY_ALPHA_3.get(wanted)
    text = _quote(raw)
    if known:
        raise ValueError(fill("ISO 3166-1: {text} is not a State code, expected {right}", text=text, right=known))
    raise ValueError(
        fill("ISO 3166-1: {text} is not a State code, expected 2 upper-case letters of an assigned code such as KZ", text=text)
    )


def _assigned(form: _Form, country: str) -> None:
    if country not in STATES:
        why = f"country {country} is not assigned, expected an ISO 3166-1 code such as KZ"
        raise ValueError(f"{form.rule}: {why}")


def currency_code(raw: str) -> str:
    """Return an ISO 4217 code in upper case; refuses codes without a minor unit (gold, SDR)."""
    code = raw.strip().upper() if raw.isascii() else raw
    if code in MINOR_UNITS:
        return code
    why = "has no minor unit" if code in _CURRENCY_DIGITS else "is not a currency code"
    raise ValueError(f"ISO 4217: {_quote(raw)} {why}, expected 3 letters such as EUR")


def un_locode(raw: str) -> str:
    """Return a UN/LOCODE as 5 characters, e.g. ``KZALA``; refuses a wrong form or country.

    Whether the place itself is listed is not known here.
    """
    text = _LOCODE.tidy(raw, drop=" ")
    _assigned(_LOCODE, text[:2])
    return text


def locode_in_state(locode: str, state: str) -> bool:
    """Tell whether the country part of a UN/LOCODE equals the State; both must be valid."""
    return un_locode(locode)[:2] == state_code(state)


def seal_number(raw: str) -> str:
    """Return a seal number in upper case without spaces; hyphens are part of the number."""
    return _SEAL.tidy(raw, drop=" ")


def free_text(raw: str) -> str:
    """Return text of 1 to 40 characters (`domain.words.text`), composed (NFC) and with single spaces.

    Refuses empty, longer and invisible text. What is more than four times as long is refused before it is composed, which takes
    time by the square of the marks on one letter; no letter is composed of more than four characters.
    """
    if len(raw) <= 4 * 40:
        raw = " ".join(unicodedata.normalize("NFC", checked(raw.strip())).split())
    if not 1 <= len(raw) <= 40:
        raise ValueError(fill("Free text: it has {count} characters, expected 1 to 40", count=len(raw)))
    return raw


State = Annotated[str, AfterValidator(state_code)]
Currency = Annotated[str, AfterValidator(currency_code)]
CasNumber = Annotated[str, AfterValidator(cas_number)]
UnLocode = Annotated[str, AfterValidator(un_locode)]

_SERVICE = "^[a-z][a-z0-9]*(\\.[a-z][a-z0-9-]*)+$|^[a-z][a-z0-9-]{1,30}$"
_DOTTED = mark("at most 40 characters, lower-case words joined by dots, e.g. kz.police")
_SHORT = mark("1 to 40 of a-z, 0-9, -, a letter first, e.g. leg-1")
_CHECKPOINT = mark("lower-case letters, digits, - and ., e.g. border-post or stop.interdiction")
_CODE_NAME = mark("3 to 40 of a-z, 0-9, -, a letter first, e.g. amber-heron")
_STATEMENT = "^[0-9a-zA-Z][0-9a-zA-Z_-]{7,63}$"
_OFFICER = mark("a service's own code, never a name, 1 to 40 characters, e.g. KZ-117")

ServiceId = Annotated[str, _Form(mark("Service id"), _SERVICE, _DOTTED, 40)]
Slug = Annotated[str, _Form(mark("Slug"), "^[a-z][a-z0-9-]{0,39}$", _SHORT, 40)]
CheckpointId = Annotated[str, _Form(mark("Checkpoint id"), "^[a-z][a-z0-9.-]{0,119}$", _CHECKPOINT, 120)]
OperationCode = Annotated[str, _Form(mark("Operation code"), "^[a-z][a-z0-9-]{2,39}$", _CODE_NAME, 40)]
StatementId = Annotated[str, _Form(mark("Statement id"), _STATEMENT, mark("8 to 64 letters, digits, _, -, e.g. handover-0001"))]
OfficerCode = Annotated[str, _Form(mark("Officer code"), "^[A-Za-z0-9._-]{1,40}$", _OFFICER, 40)]

SealClass = Literal["I", "S", "H"]
"""Indicative, security, high security (ISO 17712)."""


class Seal(BaseModel):
    """A mechanical seal by ISO 17712: number as stamped, class I, S or H, maker if legible."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[str, AfterValidator(seal_number)]
    security: SealClass
    maker: Annotated[str, AfterValidator(free_text)] | None = None


Scheme = Literal["upu_s10", "iso_6346", "awb", "house_awb", "imo", "tir", "cmr", "imei", "plate", "other"]
_RULES: Final[dict[str, Callable[[str], str]]] = {
    "upu_s10": s10_number,
    "iso_6346": container_number,
    "awb": awb_number,
    "imo": ship_number,
    "tir": tir_number,
    "imei": imei_number,
}


class ConsignmentIdentifier(BaseModel):
    """A number some party uses for the consignment; `value` is canonical for its `scheme`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheme: Scheme
    value: str

    @field_validator("value")
    @classmethod
    def _by_scheme(cls, value: str, info: ValidationInfo) -> str:
        return _RULES.get(info.data.get("scheme", ""), free_text)(value)

    def __str__(self) -> str:
        return f"{self.scheme} {self.value}"
