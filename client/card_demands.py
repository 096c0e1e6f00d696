"""What each State's rule card demands of a plan, in words."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from domain.plan.cards import Modality, Permission
from domain.plan.demands import Demand
from domain.words.quantities import say_span

UNKNOWN = "not known: the State's own authorisation decides"


def demands_in_words(found: Sequence[Demand], modality: Modality) -> RenderableType:
    """One block for each State."""
    parts: list[RenderableType] = []
    for one in found:
        about = ", AN EXAMPLE, not the law: check it before any real use" if one.example else ""
        parts.append(Text(f"what {one.state} demands (rule card {one.version}{about})", "bold"))
        table = Table.grid(padding=(0, 2))
        for name, words in _rows(one, modality):
            table.add_row(f"  {name}", Text(words))
        parts += [table, Text()]
    return Group(*parts[:-1])


def _rows(one: Demand, modality: Modality) -> Iterator[tuple[str, str]]:
    goes = modality.replace("_", " ")
    if one.modalities == "not known":
        yield "handling", f"{UNKNOWN} whether it may go {goes} (R3)"
    else:
        allowed = ", ".join(way.replace("_", " ") for way in one.modalities)
        yield "handling", f"{allowed}; this plan goes {goes}: " + ("allowed (R3)" if one.modality_allowed else "NOT allowed (R3)")
    asked = ", ".join(one.asked)
    if one.granted_by == "not known":
        yield "may grant", f"{UNKNOWN}; this plan asks {asked} (R1)"
    else:
        yield "may grant", f"{' or '.join(kind.replace('_', ' ') for kind in one.granted_by)}; this plan asks {asked} (R1)"
    yield "permission", _permission(one)
    least = "not known" if one.notice == "not known" else f"at least {say_span(one.notice)} to answer"
    yield "notice", f"{least}; this plan gives {say_span(one.answer_within)}"
    need = f"this plan needs up to {say_span(one.needed)} from being asked (R5)"
    if one.longest == "not known":
        yield "longest", f"not known; {need}"
    else:
        fits = "it must be extended on the way" if one.extension_likely else "one authorisation is enough"
        yield "longest", f"{say_span(one.longest)}; {need}: {fits}"
    for number, duty in enumerate(one.duties):
        yield "" if number else "duties", f"{duty.what}, within {say_span(duty.within)} of authorising; {asked} must confirm it"
    yield "languages", "not known: ask before you write" if one.languages == "not known" else ", ".join(one.languages)
    for number, source in enumerate(one.sources):
        yield "" if number else "source", source
    if one.notes:
        yield "note", one.notes


def _permission(one: Demand) -> str:
    """What needs a permission of its own there, and what that means for this plan (R16)."""
    if one.separate == "not known":
        return "not known: the authorisation covers what this plan does (R16)"
    apart = f"of its own for {_said(one.separate)}" if one.separate else "of its own for nothing"
    if not one.permissions:
        return f"{apart}; this plan needs none (R16)"
    return f"{apart}; this plan needs it for {_said(one.permissions)} and asks {', '.join(one.permission_asked)} (R16)"


def _said(permissions: Sequence[Permission]) -> str:
    return " and ".join(permissions).replace("_", " ")
