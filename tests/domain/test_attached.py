"""Who is told of a file and may have it: whoever reads what names it (R11), as far as its code lets (R23)."""

from typing import Any

import pytest

from domain.delivery.reported import Amended
from domain.delivery.statement import Handling
from domain.plan.attachment import Attachment
from domain.plan.vocabulary import HandlingCode
from domain.rules.handling import named
from domain.views.attachments import files_of
from tests.support import PHOTOGRAPH, Table, asks, signed_plan, with_changes

REPORT = Attachment(digest="cd" * 32, size=48_213, media_type="application/pdf", shows="laboratory report 12/3")


def told(table: Table, service: str) -> dict[str, bool]:
    """The digests of which a service is told, and whether it may have the file."""
    found = files_of(table.delivery, table.directory.get(service), (), ())
    return {one.attachment.digest: one.yours for one in found.files}


def with_code(code: HandlingCode) -> Attachment:
    """A photograph with a code of its own."""
    return PHOTOGRAPH.model_copy(update={"handling": code})


def test_r11_a_file_is_for_those_who_read_what_names_it() -> None:
    """What is prepared in Kazakhstan is for its services there and for who runs the operation, and Uzbekistan is not told."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation", attachments=(PHOTOGRAPH,))

    assert {PHOTOGRAPH.digest: True} == told(table, "kz.police") == told(table, "kz.knb") == told(table, "kz.prosecutor")
    assert {} == told(table, "uz.customs") == told(table, "uz.prosecutor")


def test_r11_an_annex_is_for_those_who_decide_on_the_request() -> None:
    """The authorities that are asked to consent, and who runs the operation; not who merely escorts."""
    plan = with_changes(plan_={"request": with_changes().request.model_dump() | {"annexes": [REPORT.model_dump()]}})
    table = Table(plan)

    assert {REPORT.digest: True} == told(table, "uz.prosecutor") == told(table, "kz.knb")
    assert {} == told(table, "uz.police")
    assert [(0, None)] == [(one.seq, one.statement) for one in named(table.delivery)]


def test_r11_an_annex_of_the_plan_before_is_not_for_those_whom_a_changed_plan_asks() -> None:
    """They decide on a request without it; whom the plan before has asked reads it on."""
    request = with_changes().request.model_dump()
    table = Table(with_changes(plan_={"request": request | {"annexes": [REPORT.model_dump()]}}))
    fresh = asks("uz.prosecutor authorisation", "uz.customs agreement")
    other = with_changes(consent_uz={"requires": fresh}, plan_={"request": request | {"annexes": [PHOTOGRAPH.model_dump()]}})
    table.delivery.append(Amended(plan=signed_plan(other)), table.now)

    assert {PHOTOGRAPH.digest: True} == told(table, "uz.customs")
    assert {REPORT.digest: True, PHOTOGRAPH.digest: True} == told(table, "uz.prosecutor") == told(table, "kz.knb")


@pytest.mark.parametrize(("own", "expected"), [(None, True), ("H0", True), ("H1", True), ("H2", False), ("H3", False)])
def test_r23_a_files_own_code_keeps_it_from_a_third_state(own: HandlingCode | None, expected: bool) -> None:  # noqa: FBT001
    """Kazakhstan, who runs it, has it always; of another State's file Uzbekistan reads the name, and has the file by its code."""
    table = Table()
    photograph = with_code(own) if own is not None else PHOTOGRAPH
    table.say("kz.police", "information", to=["uz.customs"], text="as seen", attachments=(photograph,))

    assert {photograph.digest: expected} == told(table, "uz.customs")
    assert {photograph.digest: True} == told(table, "kz.knb")


def test_r23_its_service_lets_a_file_go() -> None:
    """Once it has permitted that what it said goes to that State, the file goes too."""
    table = Table()
    found = table.say("kz.police", "information", to=["uz.customs"], text="x", attachments=(with_code("H2"),))
    table.say("kz.police", "disclosure_permitted", to="UZ", statements=[found.statement])

    assert {PHOTOGRAPH.digest: True} == told(table, "uz.customs")


@pytest.mark.parametrize(
    ("of_statement", "own", "code", "court", "uz"),
    [
        ("H0", None, "H0", True, True),
        ("H0", "H1", "H1", False, True),
        ("H1", "H0", "H1", False, True),
        ("H1", "H2", "H2", False, False),
        ("H0", "H3", "H3", False, False),
    ],
)
def test_r23_the_stricter_of_two_codes_decides_where_a_file_goes(
    of_statement: HandlingCode,
    own: Any,
    code: str,
    court: bool,  # noqa: FBT001 - a table
    uz: bool,  # noqa: FBT001
) -> None:
    """Before a court or to another State; within the operation it goes always."""
    table = Table()
    attached = with_code(own) if own is not None else PHOTOGRAPH
    table.say("kz.police", "information", text="x", handling=Handling(code=of_statement), attachments=(attached,))
    (one,) = named(table.delivery)

    assert one.code(table.delivery) == code
    assert [one.may_go(table.delivery, to) for to in ("operation", "court", "UZ", "KZ")] == [True, court, uz, True]


def test_what_is_refused_names_its_files_too() -> None:
    """The attempt is evidence, and so is what came with it; what nothing names yet is told to who handed it in."""
    table = Table()
    table.say("uz.customs", "handover_accepted", "tashkent-airport", attachments=(PHOTOGRAPH,))
    found = files_of(table.delivery, table.directory.get("uz.customs"), {PHOTOGRAPH.digest}, ("ef" * 32, PHOTOGRAPH.digest))

    assert [(one.kind, one.kept) for one in found.files] == [("handover_accepted", True)]
    assert found.unnamed == ("ef" * 32,)
