"""How answers of which a plan is drafted are read: from words of an option or a reply, or refused with what would be right."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter

from client.asking import one_of
from client.language import _, speak
from domain.plan.answers import Answers, Stop, read_route
from domain.plan.cards import Case, Modality, RuleCard
from domain.plan.casting import PARTS, Casting, Part
from domain.words.identifiers import OperationCode
from domain.words.limits import LONGEST_QUOTED
from domain.words.text import shown, told, word

Said = TypeVar("Said")
_CODE: TypeAdapter[str] = TypeAdapter(OperationCode)


def code_beside(taken: Sequence[str]) -> Callable[[str], str]:
    """Reads a code name that is none of these."""

    def read(text: str) -> str:
        if text in taken:
            raise ValueError(taken_already(taken))
        return _CODE.validate_python(text)

    return read


def taken_already(taken: Sequence[str]) -> str:
    """What is said of a code name that is one of these."""
    names = ", ".join(taken)
    return _(
        "no plan is called so here, where such files lie: {names}; choose another code name, such as amber-heron", names=names
    )


def as_answered(name: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Reads an answer, and refuses at once what all answers together would not take: nobody answers everything for nothing."""
    form: TypeAdapter[Any] = TypeAdapter(Answers.model_fields[name].rebuild_annotation())
    return lambda text: form.validate_python(read(text))


def route_in(cards: Mapping[str, RuleCard]) -> Callable[[str], tuple[Stop, ...]]:
    """Reads a route through States whose law is known here."""

    def read(text: str) -> tuple[Stop, ...]:
        route = read_route(text)
        for one in route:
            if one.state not in cards:
                raise ValueError(without_card(one.state, cards))
        return route

    return read


def arrests_in(casting: Casting, way: Sequence[str]) -> Callable[[str], dict[str, str | None]]:
    """Reads where arrests are, in States whose law is known here, by services that are; off the way somebody authorises, too."""
    cards = casting.cards

    def read(text: str) -> dict[str, str | None]:
        found = arrests(text.split(","))
        for state, service in found.items():
            if state not in cards:
                raise ValueError(without_card(state, cards))
            if service is not None and casting.directory.find(service) is None:
                raise ValueError(told(casting.directory.unknown(service), speak))
            wanted: tuple[Part, ...] = ("authority",) if service is not None else ("authority", "arrest")
            for part in wanted if state not in way else ():
                if not casting.fitting(part, state):
                    named = _(PARTS[part])
                    raise ValueError(_("the directory has no service of {state} for this part: {part}", state=state, part=named))
        return found

    return read


def allowed(cards: Mapping[str, RuleCard], states: tuple[str, ...], case: Case) -> Callable[[str], str]:
    """Reads a way of handling that the card of no State on the way bars."""

    def read(text: str) -> str:
        one_of(get_args(Modality))(text)
        barring = [state for state in states if cards[state].allows(text, case) is False]  # type: ignore[arg-type]
        if barring:
            right = [one for one in get_args(Modality) if all(cards[state].allows(one, case) is not False for state in states)]
            raise ValueError(
                _(
                    "by the rule card of {state} such a delivery does not go {modality}; allowed: {right}",
                    state=", ".join(barring),
                    modality=speak(word(text)),
                    right=", ".join(right) or _("none"),
                )
            )
        return text

    return read


def without_card(state: str, cards: Mapping[str, RuleCard]) -> str:
    """What is said of a State whose law is not known here."""
    return _("there is no rule card for {state}; there are cards for: {states}", state=state, states=", ".join(cards))


def authorities(given: Iterable[str]) -> dict[str, str]:
    """`KZ=kz.prosecutor`, each."""
    return _each_once(_pair(one, "KZ=kz.prosecutor") for one in given)


def charges(given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """`KZ=kz.border+kz.knb`, each: one after another."""
    pairs = (_pair(one, "KZ=kz.border+kz.knb") for one in given)
    return _each_once((state, tuple(map(str.strip, services.split("+")))) for state, services in pairs)


def arrests(given: Iterable[str]) -> dict[str, str | None]:
    """`UZ`, or `UZ=uz.police`, each."""
    pairs = (one.strip().partition("=") for one in given)
    return _each_once((state.strip(), service.strip() or None) for state, _equals, service in pairs)


def articles(given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """`KZ=Criminal Code art. 297`, each; several of one State are told apart."""
    found: dict[str, tuple[str, ...]] = {}
    for one in given:
        state, article = _pair(one, "KZ=Criminal Code art. 297")
        found[state] = (*found.get(state, ()), article)
    return found


def _pair(one: str, right: str) -> tuple[str, str]:
    """A State and what is said of it; `right`: such as would be right."""
    state, equals, said = (part.strip() for part in one.partition("="))
    if not (state and equals and said):
        raise ValueError(
            _("{what}: write a State, = and what is said of it, such as {right}", what=shown(one, LONGEST_QUOTED), right=right)
        )
    return state, said


def _each_once(pairs: Iterable[tuple[str, Said]]) -> dict[str, Said]:
    """What is said of each State. Of one that is named twice, which of the two holds cannot be known."""
    found: dict[str, Said] = {}
    for state, said in pairs:
        if state in found:
            raise ValueError(_("{state} is named twice: name each State once", state=state))
        found[state] = said
    return found
