"""What was said, as it is typed: the words of each field that read back as the same, for who corrects what they have said."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from domain.delivery.persons import Arrestee
from domain.delivery.statement import Content
from domain.plan.acts import NamedAct
from domain.plan.goods import Cash, Counted, Find, Instruments, Item, Scale, SubstanceMass, Unit, Weapons
from domain.plan.quantity import Unmeasured
from domain.views.forms import PARTS, content_of, masses_of
from domain.views.second import fields_of
from domain.words.errors import Malformed
from domain.words.identifiers import Seal
from domain.words.quantities import Money, say_mass, say_minor, say_span

YES_OR_NO: Final[Mapping[bool, str]] = {True: "yes", False: "no"}


def as_typed(content: Content) -> Mapping[str, str]:
    """By field. What cannot be typed so that it reads back as the same, such as the notes of an amount of cash, is not there;
    what nothing was said of is empty.
    """
    said = {name: getattr(content, name) for name in fields_of(content)}
    masses = masses_of(content.kind)
    words = {name: _words(value, mass=name in masses) for name, value in said.items()}
    return {name: text for name, text in words.items() if text == "" or _reads_back(content, said, name, text)}


def _reads_back(content: Content, said: Mapping[str, Any], name: str, text: str) -> bool:
    try:
        return bool(content_of(content.kind, {name: text}, said, PARTS) == content)
    except Malformed:
        return False


def _words(value: Any, *, mass: bool = False) -> str:
    match value:
        case None:
            return ""
        case bool():
            return YES_OR_NO[value]
        case int():
            return str(say_mass(value)) if mass else str(value)
        case tuple():
            return "\n".join(map(_words, value))
        case Money(currency=currency, minor=minor):
            return f"{currency} {say_minor(currency, minor)}"
        case NamedAct():
            return value.say()
        case Unmeasured(unmeasured=why, allowed_by=by):
            return f"unmeasured {why} {by}"
        case _:
            return _of_parts(value) or str(value)


def _of_parts(value: Any) -> str:
    """What has parts, with a colon between them; empty for what has none."""
    match value:
        case Seal():
            return f"{value.number}/{value.security}"
        case SubstanceMass():
            return _in_a_row(value.substance, _mass(value.net))
        case Cash(minor=int(minor)):
            return _in_a_row(value.currency, say_minor(value.currency, minor), value.serials)
        case Instruments():
            nominal = say_minor(value.nominal.currency, value.nominal.minor)
            return _in_a_row(f"bearer {value.instrument} {nominal} {value.nominal.currency}", value.count, value.serials)
        case Weapons():
            return _in_a_row(f"weapon {value.weapon}", value.count, value.serials)
        case Counted():
            return _in_a_row(f"hs {value.hs} {value.unit} {value.goods}", value.count)
        case Unit():
            return _in_a_row(value.label, value.substance, _mass(value.net), value.packages, _mass(value.gross), value.fate)
        case Item():
            more = value.made_of if value.what == "substitute" else value.lasts
            return _in_a_row(value.label, value.what, _mass(value.gross), more, value.number)
        case Find():
            return _in_a_row(value.label, value.what)
        case Scale():
            return _in_a_row(value.model, value.number, value.verified_until, _mass(value.division))
        case Arrestee():
            return _in_a_row(value.code, value.role, "unwitting" if value.unwitting else None)
        case _:
            return ""


def _mass(value: Any) -> str | None:
    return None if value is None else _words(value, mass=True)


def _in_a_row(*parts: Any) -> str:
    """As far as there are parts."""
    said = [say_span(one) if isinstance(one, timedelta) else str(one) for one in parts if one is not None]
    return ": ".join(said)
