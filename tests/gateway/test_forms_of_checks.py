"""The desk asks for what the plan has checked, and for nothing that nobody can measure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from string import Formatter
from typing import Any

import pytest

from domain.delivery.requests import Facts, Request
from domain.delivery.statement import Seen, Statement
from domain.plan.goods import Check
from domain.rules.books import BOOK
from domain.rules.speaking import Correction
from domain.views.asked import inbox
from domain.views.sentences import english
from domain.words.moments import instant
from gateway.pages.answer import asked_of, of_urgency
from gateway.pages.forms import boxes_of
from gateway.pages.words import CHOICES, FIELDS, SENTENCES, WITHIN
from tests.domain.test_duties import DUTY, granted
from tests.domain.test_permissions_that_end import permitted
from tests.domain.test_urgent_permissions import URGENT, permits
from tests.domain.test_urgent_permissions import asked as urgently_asked
from tests.support import Table


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
        ("interdicted", ("sight",), ["gross", "packages", "seals_intact", "place", "seized_by", "held_by", "arrested"]),
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


def test_urgency_is_asked_of_who_permits_in_urgency_and_of_nobody_else() -> None:
    """Who permits in urgency is shown that alone, and must say when; who sanctions it is not asked for what would be refused."""
    table = urgently_asked(URGENT)
    (request,) = inbox(table.delivery, "uz.customs", table.now)
    assert ("permission",) == request.says
    assert ["authorisation", "permission"] == [
        says for one in inbox(table.delivery, "uz.prosecutor", table.now) for says in one.says
    ]
    told = asked_of(table.delivery, request, table.directory.get("uz.customs"), table.now, english)
    assert "in the place of uz.prosecutor, which is then asked to sanction it: following a person" in told.sentences[0]
    boxes = boxes_of("permission_granted", request, table.now)
    assert [True] == [box.required for box in of_urgency(boxes, urgent=True) if box.name == "urgent_at"]
    assert "urgent_at" not in [box.name for box in of_urgency(boxes, urgent=False)]

    permits(table)
    (sanction,) = [one for one in inbox(table.delivery, "uz.prosecutor", table.now) if one.checkpoint.startswith("sanction")]
    told = asked_of(table.delivery, sanction, table.directory.get("uz.prosecutor"), table.now, english)
    assert (
        "You are asked whether you sanction what was permitted in urgency in your place: following a person." == told.sentences[0]
    )
    assert ("If you are silent", "no answer: the permission ends, and so does what is done by it") == told.follows[-1]
    assert dict(told.follows)["If you refuse"].startswith("The measure ends at once, and not the delivery")


def test_what_is_asked_beyond_the_usual_is_said_in_its_own_words() -> None:
    """A permission that runs out, and a duty: in the words of the card, as they are translated."""
    table = permitted(ask_before="3d")
    (renewal,) = [one for one in inbox(table.delivery, "kz.prosecutor", table.now) if one.checkpoint.startswith("renewal")]
    told = asked_of(table.delivery, renewal, table.directory.get("kz.prosecutor"), table.now, english)
    assert "What you have permitted ends then; you are asked to permit it for longer: following a person." == told.sentences[0]
    assert dict(told.follows)["If you refuse"].startswith("The measure ends when its time is over, and not the delivery")
    table = granted()
    (duty,) = [one for one in inbox(table.delivery, "uz.prosecutor", table.now) if one.checkpoint == DUTY]
    told = asked_of(
        table.delivery, duty, table.directory.get("uz.prosecutor"), table.now, lambda text: text.replace("copy", "КОПИЯ")
    )
    assert "You are asked: that a duty is done: a КОПИЯ to the register." == told.sentences[0]


def test_r8_no_answer_is_said_to_be_late_where_time_stands() -> None:
    """It is held when the answer comes due: what is asked there says so of itself, and names no moment that has passed."""
    table = Table().dispatch()
    (offer,) = inbox(table.delivery, "kz.police", table.now)
    table.pass_time(seconds=(instant(offer.due or "") - table.now).total_seconds() - 1800)
    table.say("kz.knb", "hold_requested")
    table.pass_time(hours=1)
    offer = next(one for one in inbox(table.delivery, "kz.police", table.now) if one.checkpoint == offer.checkpoint)
    told = asked_of(table.delivery, offer, table.directory.get("kz.police"), table.now, english)
    assert instant(offer.due or "") < table.now
    assert told.sentences[1] == "No deadline."
    assert told.follows[-1] == ("If you are silent", "until it is decided how it goes on, nobody's silence counts")


SCRIPT = (files("gateway.pages") / "static" / "signing.js").read_text(encoding="utf-8")
BY_CHOICE = frozenset(re.findall(r'"(\w+)"', next(one for one in SCRIPT.splitlines() if one.startswith("const CODES"))))
"""Members whose codes are those of a choice, wherever they stand."""


def members_of(schema: Any, known: Any, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    """Each member within a field, by its name and with its schema."""
    match schema:
        case {"$ref": str(name)} if name not in seen:
            yield from members_of(known[name.rpartition("/")[2]], known, seen | {name})
        case dict():
            for name, one in schema.get("properties", {}).items():
                yield name, one
            inner = [*schema.get("properties", {}).values(), schema.get("items")]
            for one in (*inner, *(one for way in ("anyOf", "oneOf") for one in schema.get(way, ()))):
                yield from members_of(one, known, seen)


def test_whatever_is_signed_is_shown_in_words() -> None:
    """Each member has a name, however deep, and each code within a field its words; a class of seals is a letter everywhere."""
    missing = set[tuple[str, str]]()
    for kind in BOOK.kinds.values():
        schema = kind.model_json_schema()
        for field in schema["properties"].values() if kind is not Correction else ():
            for name, one in members_of(field, schema.get("$defs", {})):
                codes = {code for some in one.get("anyOf", [one]) for code in some.get("enum", ())}
                known = CHOICES if name in BY_CHOICE else WITHIN.get(name, {})
                missing |= {(name, code) for code in codes - known.keys() if name != "security"}
                missing |= {(name, "")} - {(named, "") for named in FIELDS}
    assert not missing


def test_a_sentence_of_what_is_signed_is_of_a_kind_and_names_what_it_says() -> None:
    """No gap of it stays empty because nothing is called so, and none is of a kind that nobody says."""
    for kind, text in SENTENCES.items():
        gaps = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert gaps <= {*BOOK.kinds[kind].model_fields, *Statement.model_fields}, kind
