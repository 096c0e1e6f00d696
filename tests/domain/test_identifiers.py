"""Identifiers: worked examples of each standard, and refusals that say what would be right."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.words import identifiers as ids
from domain.words.identifiers import ConsignmentIdentifier, Seal

S10_CHECK = "50987654321"
"""Check digit by remainder 0 to 10: written out, so that the test does not repeat the rule."""


def s10_check(serial: str) -> str:
    """Compute the check digit of an S10 serial independently of the module."""
    products = [8, 6, 4, 2, 3, 5, 9, 7]
    return S10_CHECK[sum(int(serial[i]) * products[i] for i in range(8)) % 11]


@pytest.mark.parametrize(
    ("rule", "written", "canonical"),
    [
        (ids.s10_number, "RR473124829GB", "RR473124829GB"),
        (ids.s10_number, " rr 47312482 9 gb ", "RR473124829GB"),
        (ids.s10_number, "RR100000140GB", "RR100000140GB"),
        (ids.s10_number, "RR100000025GB", "RR100000025GB"),
        (ids.awb_number, "020-12345675", "020-12345675"),
        (ids.awb_number, "020 1234 5675", "020-12345675"),
        (ids.container_number, "CSQU3054383", "CSQU3054383"),
        (ids.container_number, "csqu 305438-3", "CSQU3054383"),
        (ids.container_number, "TGHU1000050", "TGHU1000050"),
        (ids.ship_number, "9319466", "9319466"),
        (ids.ship_number, "imo 9319466", "9319466"),
        (ids.tir_number, "xb 12345678", "XB12345678"),
        (ids.imei_number, "49-015420-323751-8", "490154203237518"),
        (ids.cas_number, "108-24-7", "108-24-7"),
        (ids.cas_number, "108247", "108-24-7"),
        (ids.cas_number, "1189805-46-6", "1189805-46-6"),
        (ids.state_code, "KZ", "KZ"),
        (ids.currency_code, "kzt", "KZT"),
        (ids.un_locode, "kz ala", "KZALA"),
        (ids.seal_number, "kz-0048 213", "KZ-0048213"),
        (ids.free_text, "  CMR   17/b ", "CMR 17/b"),
        (ids.free_text, "И\u0306", "Й"),
    ],
)
def test_written_form_becomes_canonical(rule: Callable[[str], str], written: str, canonical: str) -> None:
    """A valid identifier in any common spelling has one canonical form, which is stable."""
    assert rule(written) == canonical
    assert rule(canonical) == canonical


@pytest.mark.parametrize(
    ("rule", "written", "refusal"),
    [
        (
            ids.s10_number,
            "RR473124828GB",
            "UPU S10: check digit is 8, expected 9 (RR473124829GB)",
        ),
        (
            ids.s10_number,
            "RR100000141GB",
            "UPU S10: check digit is 1, expected 0 (RR100000140GB)",
        ),
        (
            ids.s10_number,
            "RR100000020GB",
            "UPU S10: check digit is 0, expected 5 (RR100000025GB)",
        ),
        (ids.awb_number, "020-12345676", "AWB: check digit is 6, expected 5 (020-12345675)"),
        (
            ids.container_number,
            "MSCU6639871",
            "ISO 6346: check digit is 1, expected 0 (MSCU6639870)",
        ),
        (ids.ship_number, "9319467", "IMO: check digit is 7, expected 6 (9319466)"),
        (
            ids.imei_number,
            "490154203237519",
            "IMEI: check digit is 9, expected 8 (490154203237518)",
        ),
        (ids.cas_number, "108-24-8", "CAS RN: check digit is 8, expected 7 (108-24-7)"),
    ],
)
def test_wrong_check_digit_names_the_expected_one(rule: Callable[[str], str], written: str, refusal: str) -> None:
    """A wrong check digit is refused with the rule, the expected digit and the whole number."""
    with pytest.raises(ValueError, match="expected") as caught:
        rule(written)
    assert str(caught.value) == refusal


@pytest.mark.parametrize(
    ("rule", "written", "parts"),
    [
        (ids.s10_number, "RR47312482GB", ("UPU S10", "8 digits")),
        (ids.s10_number, "RR473124829ZZ", ("UPU S10", "country ZZ", "ISO 3166-1")),
        (ids.s10_number, "\u0420R473124829GB", ("CYRILLIC CAPITAL LETTER ER", "Latin")),
        (ids.s10_number, "RR47312482\u0669GB", ("ARABIC-INDIC DIGIT NINE", "Latin")),
        (ids.s10_number, "R" * 5000, ("UPU S10", "...", "8 digits")),
        (ids.awb_number, "20-12345675", ("AWB", "3 airline digits")),
        (ids.container_number, "CSQR3054383", ("ISO 6346", "U, J or Z")),
        (ids.ship_number, "931946", ("IMO", "6 digits")),
        (ids.tir_number, "X12345678", ("TIR carnet", "2 letters and 8 digits")),
        (ids.imei_number, "3568680000414120", ("IMEI", "14 digits and a check digit")),
        (ids.cas_number, "10-824-7", ("CAS RN", "108-24-7")),
        (ids.cas_number, "108--24--7", ("CAS RN", "108-24-7")),
        (ids.cas_number, "0108-24-7", ("CAS RN", "2 to 7 digits")),
        (ids.state_code, "CIS", ("ISO 3166-1", "not a State", "KZ")),
        (ids.state_code, "kz", ("ISO 3166-1", "expected KZ")),
        (ids.state_code, "KAZ", ("ISO 3166-1", "expected KZ")),
        (ids.state_code, "ZZ", ("ISO 3166-1", "upper-case")),
        (ids.currency_code, "XAU", ("ISO 4217", "no minor unit")),
        (ids.currency_code, "RUR", ("ISO 4217", "not a currency code")),
        (ids.un_locode, "KZAL1", ("UN/LOCODE", "digits 2 to 9")),
        (ids.un_locode, "ZZALA", ("UN/LOCODE", "country ZZ")),
        (ids.seal_number, "A1", ("ISO 17712", "3 to 20")),
        (ids.seal_number, "SEAL_1", ("ISO 17712", "hyphens")),
        (ids.free_text, " ", ("Free text", "1 to 40")),
        (ids.free_text, "x" * 41, ("Free text", "41 characters")),
        (ids.free_text, "AB\u202e12", ("Text: character 3", "RIGHT-TO-LEFT OVERRIDE")),
        (ids.free_text, "AB\u202812", ("Text: character 3", "LINE SEPARATOR")),
        (ids.free_text, "AB\n12", ("Text: character 3", "U+000A")),
        (ids.free_text, "AB\u316412", ("Text: character 3", "HANGUL FILLER")),
        (ids.free_text, "\u1112\u1161\u11ab" * 55, ("Free text", "165 characters")),  # composed they would be 55
        (ids.free_text, "a" + "\u0315\u0327" * 200_000, ("Free text", "400001 characters")),  # to compose them takes minutes
    ],
)
def test_refusal_names_rule_and_remedy(rule: Callable[[str], str], written: str, parts: tuple[str, ...]) -> None:
    """Every refusal names the rule broken and what would be right, in a bounded message."""
    with pytest.raises(ValueError, match="expected") as caught:
        rule(written)
    assert all(part in str(caught.value) for part in parts)
    assert len(str(caught.value)) < 200


@given(
    serial=st.from_regex(r"[0-9]{8}", fullmatch=True),
    place=st.integers(0, 8),
    digit=st.sampled_from("0123456789"),
)
def test_single_digit_corruption_of_s10_is_refused(serial: str, place: int, digit: str) -> None:
    """One wrong digit in serial or check is refused, naming the digit that serial requires."""
    valid = serial + s10_check(serial)
    assert ids.s10_number(f"RR{valid}GB") == f"RR{valid}GB"
    corrupt = valid[:place] + digit + valid[place + 1 :]
    expected = s10_check(corrupt[:8])
    if corrupt[8] == expected:  # unchanged, or one of the pairs that share check digit 5
        assert ids.s10_number(f"RR{corrupt}GB") == f"RR{corrupt}GB"
        return
    with pytest.raises(ValueError, match="expected") as caught:
        ids.s10_number(f"RR{corrupt}GB")
    corrected = f"RR{corrupt[:8]}{expected}GB"
    assert f"check digit is {corrupt[8]}, expected {expected} ({corrected})" in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_canonical_or_refused(text: str) -> None:
    """No text makes a validator fail otherwise than by ValueError, and canon is a fixed point."""
    rules = (
        ids.s10_number,
        ids.awb_number,
        ids.container_number,
        ids.ship_number,
        ids.tir_number,
        ids.imei_number,
        ids.cas_number,
        ids.state_code,
        ids.currency_code,
        ids.un_locode,
        ids.seal_number,
        ids.free_text,
    )
    for rule in rules:
        try:
            canonical = rule(text)
        except ValueError:
            continue
        assert rule(canonical) == canonical


def test_locode_belongs_to_its_state() -> None:
    """The country part of a UN/LOCODE is compared with a State, and both must be valid."""
    assert ids.locode_in_state("KZ ALA", "KZ")
    assert not ids.locode_in_state("KZALA", "UZ")
    with pytest.raises(ValueError, match="expected KZ"):
        ids.locode_in_state("KZALA", "kz")


def test_states_of_the_seed_are_known() -> None:
    """Members, observers and neighbours of the seed are States; CIS and EU are not."""
    known = {"AZ", "BY", "KZ", "KG", "RU", "TJ", "UZ", "EE", "LV", "AM", "MD", "TM"}
    assert known <= ids.STATES
    assert not {"CIS", "EU", "UK", "SU"} & ids.STATES


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (ids.ServiceId, ["kz.police", "interpol", "kz.police.air-1"], ["Kz.customs", "kz.", "k"]),
        (ids.ServiceId, ["a." + "b" * 38], ["a." + "b" * 39, "kz.police\n", "кz.customs"]),
        (ids.Slug, ["a", "leg-1", "a" * 40], ["", "1leg", "leg_1", "a" * 41, "leg-1\n"]),
        (ids.OperationCode, ["amber-heron", "abc"], ["ab", "Amber", "a" * 41]),
        (ids.StatementId, ["01J8ZQ4M", "h_-45678", "a" * 64], ["short", "-2345678", "a" * 65]),
        (ids.OfficerCode, ["KZ-117", "a.b_c"], ["", "Ivan Petrov", "a" * 41]),
    ],
)
def test_own_codes(kind: type[str], good: list[str], bad: list[str]) -> None:
    """Our own codes are taken exactly as written, and refused with an example."""
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    assert [adapter.validate_python(text) for text in good] == good
    for text in bad:
        with pytest.raises(ValidationError, match=r"expected .*e\.g\. "):
            adapter.validate_python(text)


def test_own_codes_show_their_form_in_json_schema() -> None:
    """The JSON schema of a code bears its pattern and bound, for readers outside Python."""
    schema = TypeAdapter(ids.Slug).json_schema()
    assert schema == {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$", "maxLength": 40}


def test_seal_is_frozen_and_has_one_of_three_classes() -> None:
    """A seal holds a canonical number and a class of ISO 17712, and cannot be changed."""
    seal = Seal(number="kz-0048213", security="H", maker="Acme")
    assert seal.number == "KZ-0048213"
    with pytest.raises(ValidationError, match="frozen"):
        seal.number = "OTHER"
    with pytest.raises(ValidationError, match="'I', 'S' or 'H'"):
        Seal.model_validate({"number": "KZ-0048213", "security": "X"})


@pytest.mark.parametrize(
    ("scheme", "written", "canonical"),
    [
        ("upu_s10", "rr473124829gb", "RR473124829GB"),
        ("iso_6346", "CSQU 305438 3", "CSQU3054383"),
        ("awb", "02012345675", "020-12345675"),
        ("house_awb", " HAWB 77 ", "HAWB 77"),
        ("imo", "IMO9319466", "9319466"),
        ("tir", "XB12345678", "XB12345678"),
        ("cmr", "17/b", "17/b"),
        ("imei", "490154203237518", "490154203237518"),
        ("plate", "777 ABC 02", "777 ABC 02"),
        ("other", "pallet 3", "pallet 3"),
    ],
)
def test_consignment_identifier_follows_its_scheme(scheme: str, written: str, canonical: str) -> None:
    """The value is canonical for its scheme and survives a JSON round trip."""
    identifier = ConsignmentIdentifier.model_validate({"scheme": scheme, "value": written})
    assert identifier.value == canonical
    assert str(identifier) == f"{scheme} {canonical}"
    assert ConsignmentIdentifier.model_validate_json(identifier.model_dump_json()) == identifier


@pytest.mark.parametrize(
    ("given_fields", "part"),
    [
        ({"scheme": "upu_s10", "value": "RR473124828GB"}, "expected 9"),
        ({"scheme": "iso_6346", "value": "MSCU6639871"}, "expected 0"),
        ({"scheme": "cmr", "value": ""}, "1 to 40"),
        ({"scheme": "sscc", "value": "1"}, "'upu_s10'"),
        ({"scheme": "awb", "value": 2012345675}, "valid string"),
        ({"scheme": "cmr", "value": "17", "note": "x"}, "Extra inputs"),
    ],
)
def test_consignment_identifier_refuses(given_fields: dict[str, object], part: str) -> None:
    """A value that breaks its scheme's rule, an unknown scheme or field is refused."""
    with pytest.raises(ValidationError) as caught:
        ConsignmentIdentifier.model_validate(given_fields)
    assert part in str(caught.value)
