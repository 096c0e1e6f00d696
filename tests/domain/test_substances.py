"""The catalogue of substances: one substance under each of its names and numbers, and none under two."""

import pytest

from domain.plan.substances import CATALOGUE, NAMES, NUMBERS, called, contradiction, identities, identity
from domain.words.identifiers import cas_number


def test_each_number_of_the_catalogue_is_well_copied() -> None:
    """Every CAS number has its check digit and its one form, and is of one substance."""
    numbers = [cas for one in CATALOGUE for cas in one.cas]
    assert [cas_number(cas) for cas in numbers] == numbers
    assert len(numbers) == len(NUMBERS)


def test_each_substance_has_its_names_and_its_table() -> None:
    """In English and in Russian, and a table of a convention; it is found under each."""
    tables = {"1961/I", "1961/II", "1971/I", "1971/II", "1971/III", "1971/IV", "1988/I", "1988/II"}
    assert {one.table for one in CATALOGUE} == tables
    assert all(one.english and one.russian for one in CATALOGUE)
    assert {NAMES[one.key] for one in CATALOGUE} == set(CATALOGUE)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("героин", "heroin"),
        ("ГЕРОИН", "heroin"),
        ("diacetylmorphine", "heroin"),
        ("4 MMC", "mephedrone"),
        ("mephedrone (4-MMC)", "mephedrone"),
        ("гашиш", "cannabis resin"),
        ("уксусный ангидрид", "acetic anhydride"),
        ("α-PVP", "alpha-PVP"),
        ("hеroin", "heroin"),  # its second letter is Cyrillic
        ("герoин", "heroin"),  # its fourth is Latin
        ("brown powder", None),
        ("heroin (cocaine)", None),
        ("mephedrone (something)", None),
    ],
)
def test_substance_is_found_by_any_of_its_names(name: str, expected: str | None) -> None:
    """Capitals, hyphens and language make no difference; two names in one are found where they are one substance."""
    found = called(name)
    assert (found.english if found is not None else None) == expected


@pytest.mark.parametrize(
    ("name", "cas", "expected"),
    [
        ("heroin", "561-27-3", None),
        ("heroin", "1502-95-0", None),
        ("heroin", "50-36-2", ("heroin", "cocaine")),
        ("brown powder", "561-27-3", None),
        ("heroin", "1000000-00-9", None),
        ("heroin", None, None),
    ],
)
def test_name_and_number_of_two_substances_contradict(name: str, cas: str | None, expected: tuple[str, str] | None) -> None:
    """A salt does not, and what the catalogue does not know does not either."""
    found = contradiction(name, cas)
    assert (tuple(one.english for one in found) if found is not None else None) == expected


def test_number_goes_before_the_name() -> None:
    """What bears the number of heroin is heroin, whatever it is called beside what else."""
    same = identities([("powder", "561-27-3"), ("heroin", None), ("powder", None)])
    assert set(same.values()) == {identity("heroin")}
