"""The desk asks for what the plan has checked, and for nothing that nobody can measure."""

from datetime import UTC, datetime
from string import Formatter

import pytest

from domain.delivery.requests import Facts, Request
from domain.delivery.statement import Seen, Statement
from domain.plan.goods import Check
from domain.rules.books import BOOK
from gateway.pages.forms import boxes_of
from gateway.pages.words import SENTENCES


def asked(*by: Check, items: tuple[str, ...] = ()) -> Request:
    """Somebody is asked about a consignment that is checked by these."""
    facts = Facts(place="border", state="KZ", modality="intact", expected_at=None, valid_until=None, checked_by=by, items=items)
    return Request(
        id="saxaul-22/border/kz.police",
        delivery="saxaul-22",
        checkpoint="border",
        plan="0" * 64,
        seen=Seen(size=1, root="0" * 64),
        service="kz.police",
        says=("handover_offer",),
        asked_at="2026-03-02T08:30:00.000000Z",
        due=None,
        facts=facts,
    )


@pytest.mark.parametrize(
    ("kind", "by", "expected"),
    [
        ("handover_offered", ("weight", "seals"), ["gross", "seals", "scale", "seals_intact"]),
        ("handover_offered", ("sight",), ["in_sight"]),
        ("handover_accepted", ("seals", "count"), ["seals", "packages", "seals_intact", "not_checked"]),
        ("handover_accepted", ("picture",), ["picture", "not_checked"]),
        ("interdicted", ("sight",), ["gross", "packages", "seals_intact", "place", "seized_by", "arrested"]),
    ],
)
def test_a_form_has_the_fields_of_what_is_checked(kind: str, by: tuple[Check, ...], expected: list[str]) -> None:
    """All of them must be filled in but what is said beside a check; a brake has every field, and none must be."""
    boxes = boxes_of(kind, asked(*by), datetime(2026, 3, 2, tzinfo=UTC))
    beside = {"scale", "not_checked", *(("seals_intact",) if kind == "handover_offered" else ())}
    assert [box.name for box in boxes] == expected
    assert [box.name for box in boxes if box.required] == (
        ["place"] if kind == "interdicted" else [name for name in expected if name not in beside]
    )


def test_a_form_asks_how_devices_are_where_some_were_put_in() -> None:
    """They need not be looked at."""
    boxes = boxes_of("handover_accepted", asked("picture", items=("T-1",)), datetime(2026, 3, 2, tzinfo=UTC))
    assert [(box.name, box.required) for box in boxes] == [("picture", True), ("devices", False), ("not_checked", False)]


def test_a_sentence_of_what_is_signed_is_of_a_kind_and_names_what_it_says() -> None:
    """No gap of it stays empty because nothing is called so, and none is of a kind that nobody says."""
    for kind, text in SENTENCES.items():
        gaps = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert gaps <= {*BOOK.kinds[kind].model_fields, *Statement.model_fields}, kind
