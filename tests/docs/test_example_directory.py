"""examples/directory.yaml: the bodies are called what they are called, and who coordinates has no power."""

import pytest

from domain.plan.directory import MAY_SEIZE
from domain.words.limits import MOST_LISTED_SERVICES
from tests.support import example_directory

OWN = {"KZ": "kk", "UZ": "uz", "KG": "ky", "TJ": "tg", "AZ": "az", "BY": "be", "EE": "et", "LV": "lv"}
BODIES = {
    "RU": ("ФТС", "ФСБ", "ФСО", "МВД", "Следственный комитет", "Генеральная прокуратура", "Пограничная служба"),
    "BY": ("ГТК", "КГБ", "Госпогранкомитет", "МВД", "Следственный комитет", "Генеральная прокуратура"),
    "KZ": ("КГД", "АФМ", "КНБ", "Пограничная служба", "МВД", "Генеральная прокуратура"),
    "KG": ("ГТС", "СБНОН", "ГКНБ", "Пограничная служба", "МВД", "Генеральная прокуратура"),
    "TJ": ("Таможенная служба", "АКН", "ГКНБ", "Пограничные войска", "МВД", "Генеральная прокуратура"),
    "UZ": ("Таможенный комитет", "СГБ", "НИАЦ", "МВД", "Генеральная прокуратура"),
    "AZ": ("Gömrük", "DTX", "Sərhəd", "DİN", "Baş Prokurorluq"),
    "EE": ("MTA", "PPA", "KAPO", "Prokuratuur"),
    "LV": ("VID", "NMP", "Valsts policija", "VDD", "Valsts robežsardze", "Prokuratūra"),
}
GENERAL = ("postal_operator", "court")
"""Kinds of which the directory has a general name only."""
INVENTED = ("kg.traffic-police", "tj.contact-point", "by.prosecutor-on-duty")
"""Services that an example needs, and that are called by no name of their own."""
COORDINATORS = {
    "kgpp": "КГПП",
    "atc": "АТЦ",
    "bkbop": "БКБОП",
    "ks-skpv": "КС СКПВ",
    "caricc": "ЦАРИКЦ",
    "rilo-moscow": "РИЛО-Москва",
}
DIRECTORY = example_directory()


@pytest.mark.parametrize("state", BODIES)
def test_the_bodies_of_a_state_stand_in_it_by_their_names(state: str) -> None:
    """Each of them, in English and Russian too, and in the State's own language."""
    services = [one for one in DIRECTORY.services if one.state == state]
    said = [name for one in services for name in one.names.values()]

    assert [] == [body for body in BODIES[state] if not any(body in name for name in said)]
    assert all({"en", "ru"} <= one.names.keys() for one in services)
    assert all(any(one.kind == kind for one in services) for kind in ("customs", "police", "security", "prosecutor"))
    if state in OWN:
        bodies = [one for one in services if one.kind not in GENERAL and one.id not in INVENTED]
        assert [] == [one.id for one in bodies if OWN[state] not in one.names]


def test_a_name_in_tajik_stands_by_itself() -> None:
    """Its last word bears no izafet, which would want another behind it."""
    names = [one.names["tg"] for one in DIRECTORY.services if "tg" in one.names]

    assert len(names) > 5
    assert [] == [name for name in names if name.endswith("ии")]


@pytest.mark.parametrize("body", COORDINATORS)
def test_a_coordinating_body_has_no_power(body: str) -> None:
    """It is of no State, consents for none, and is no authority that may seize or be responsible."""
    service = DIRECTORY.get(body)

    assert COORDINATORS[body] in service.names["ru"]
    assert ("coordinator", None, False) == (service.kind, service.state, service.may_seize)
    assert "coordinator" not in MAY_SEIZE


def test_the_example_is_within_the_bound_of_a_directory() -> None:
    """Whoever begins from it has room for services of their own."""
    assert len(DIRECTORY.services) < MOST_LISTED_SERVICES // 2
