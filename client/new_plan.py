"""The answers of which a plan is drafted: as options, or asked for at a terminal where route, channel or goods are not said."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args

import typer
from pydantic import ValidationError

from client.asking import ask, one_of, why
from client.console import talk
from client.language import _
from client.plan_answers import (
    allowed,
    arrests,
    arrests_in,
    articles,
    as_answered,
    authorities,
    charges,
    code_beside,
    route_in,
    taken_already,
    without_card,
)
from domain.plan.answers import Answers, Goods, posted_abroad, read_goods, read_number, read_route
from domain.plan.cards import Case, Channel, GoodsClass, Modality, RuleCard, Stage
from domain.plan.casting import Casting
from domain.plan.directory import Directory
from domain.plan.draft_cast import Cast
from domain.plan.draft_left_out import left_out
from domain.plan.plan import Used
from domain.plan.request import Means
from domain.plan.vocabulary import HandlingCode
from domain.words.errors import Fault, Malformed, faults_of
from domain.words.limits import LONGEST_QUOTED
from domain.words.text import fill, shown

CodeName = Annotated[
    str | None, typer.Argument(help="its code name: never secret, no names, places or goods in it", show_default=False)
]

OPTIONS: Mapping[str, str] = {
    "operation": "CODE_NAME",
    "initiator": "--begun-by",
    "authorities": "--authority",
    "arrests": "--arrest",
    "articles": "--article",
    "recipients": "--recipient",
    "uses": "--use",
    "modality": "--handling",
    "handling_code": "--code",
    "means": "--reach",
}
"""Answers whose option is not called as they are."""


@dataclass(frozen=True)
class AnswerOptions:
    """The answers, as options name them."""

    route: Annotated[
        str | None, typer.Option(help="its way, such as: KZ Mail centre, Almaty, UZ Tashkent", show_default=False)
    ] = None
    channel: Annotated[Channel | None, typer.Option(help="how it travels", show_default=False)] = None
    goods: Annotated[
        list[str] | None,
        typer.Option(help="what travels: heroin 5.3 kg; EUR 12500; rifle 10; 240220 cigarettes 2500 carton", show_default=False),
    ] = None
    goods_class: Annotated[GoodsClass | None, typer.Option("--class", help="what laws call the goods; else by their name")] = None
    gross: Annotated[str | None, typer.Option(help="gross weight as found; else not weighed yet", show_default=False)] = None
    number: Annotated[str | None, typer.Option(help="its number: upu_s10 CP220322019KZ", show_default=False)] = None
    imported: Annotated[bool, typer.Option("--imported", help="it came from abroad into the State where it is now")] = False
    handling: Annotated[Modality, typer.Option(help="the way of handling")] = "intact"
    use: Annotated[list[str] | None, typer.Option(help=f"measures: {', '.join(get_args(Used))}", show_default=False)] = None
    stage: Annotated[Stage, typer.Option(help="whether a criminal case is open")] = "operational"
    begun_by: Annotated[
        str | None, typer.Option(help="the service that starts it; else the one that fits", show_default=False)
    ] = None
    found_by: Annotated[
        str | None, typer.Option(help="who found it and holds it first; else who is in charge first", show_default=False)
    ] = None
    authority: Annotated[list[str] | None, typer.Option(help="who authorises: KZ=kz.prosecutor", show_default=False)] = None
    in_charge: Annotated[
        list[str] | None,
        typer.Option(help="KZ=kz.knb, or one after another: KZ=kz.border+kz.knb", show_default=False),
    ] = None
    coordinator: Annotated[str | None, typer.Option(help="who coordinates, and holds the debrief", show_default=False)] = None
    reach: Annotated[Means | None, typer.Option(help="how the request reaches other States; else direct", show_default=False)] = (
        None
    )
    arrest: Annotated[
        list[str] | None, typer.Option(help="where somebody is arrested, and by whom: UZ, or UZ=uz.police", show_default=False)
    ] = None
    one_after_another: Annotated[bool, typer.Option("--one-after-another", help="each arrest waits for the one before it")] = (
        False
    )
    seize_at_end: Annotated[bool, typer.Option("--seize-at-end", help="it is seized at its end, and not delivered")] = False
    recipient: Annotated[
        list[str] | None, typer.Option(help="where it is passed on to, behind the route", show_default=False)
    ] = None
    article: Annotated[list[str] | None, typer.Option(help="of the offence: KZ=Criminal Code art. 297", show_default=False)] = (
        None
    )
    takes: Annotated[list[str] | None, typer.Option(help="how long each leg takes; else as usual", show_default=False)] = None
    check_in: Annotated[str | None, typer.Option(help="how often it is heard of on its way; else never", show_default=False)] = (
        None
    )
    code: Annotated[HandlingCode, typer.Option(help="the handling code")] = "H1"
    title: Annotated[str | None, typer.Option(help="what people see above it", show_default=False)] = None
    example: Annotated[bool, typer.Option("--example", help="mark it as an example")] = False


def answers(
    operation: str | None,
    said: AnswerOptions,
    known: tuple[Directory, Mapping[str, RuleCard]],
    taken: Sequence[str] = (),
) -> Answers:
    """What was said, and at a terminal what was asked; `taken`: names that are no code name here. Raises `Malformed` with every
    answer that is missing or not right.
    """
    missing = [
        name
        for name, given in (
            ("CODE_NAME", operation),
            ("--route", said.route),
            ("--channel", said.channel),
            ("--goods", said.goods),
        )
        if not given
    ]
    if missing and not sys.stdin.isatty():
        problem = _("this must be said, since there is nobody to ask")
        raise Malformed(_("no plan can be begun"), [Fault(place=name, problem=problem) for name in missing])
    given, faults = _options(said)
    code = code_beside(taken)
    if operation in taken:
        faults.append(Fault(place="CODE_NAME", problem=taken_already(taken)))
    if missing and faults:
        raise Malformed(_("no plan can be begun"), faults)
    more = {"operation": operation} if not missing else _asked(operation, said, given, known, code)
    made = _made(given | more, faults)
    apart = [Fault(place=option_of(one.place), problem=one.problem) for one in left_out(Cast(made, *known))]
    if apart:
        raise Malformed(_("no plan can be begun"), apart)
    return made


def _made(given: dict[str, Any], unread: Sequence[Fault]) -> Answers:
    """The answers, each in its form. Raises `Malformed` with all that was `unread`, and every other fault, by its option."""
    faults, known = list(unread), {one.place for one in unread}
    try:
        made = Answers.model_validate(given)
    except ValidationError as error:
        found = (Fault(place=option_of(one.place), problem=one.problem) for one in faults_of(error))
        faults += (one for one in found if one.place not in known)
    if faults:
        raise Malformed(_("no plan can be begun"), faults)
    return made


def option_of(place: str) -> str:
    """As the option of an answer is called, of which `place` is a part."""
    name = place.partition(".")[0]
    return OPTIONS.get(name, f"--{name.replace('_', '-')}")


def _options(said: AnswerOptions) -> tuple[dict[str, Any], list[Fault]]:
    """What the options say, and of every one that cannot be read what would be right."""
    faults: list[Fault] = []

    def read(option: str, reader: Callable[[Any], Any], given: Any) -> Any:
        try:
            return reader(given) if given is not None else None
        except (ValueError, Malformed) as error:
            faults.append(Fault(place=option, problem=why(error)))
            return None

    goods = [read("--goods", lambda text: read_goods(text, said.goods_class), one) for one in said.goods or ()]
    given: dict[str, Any] = {
        "title": said.title,
        "route": read("--route", read_route, said.route),
        "recipients": tuple(said.recipient or ()),
        "channel": said.channel,
        "goods": tuple(goods),
        "gross": said.gross,
        "number": read("--number", read_number, said.number),
        "imported": said.imported,
        "modality": said.handling,
        "uses": read("--use", _uses, said.use) or (),
        "stage": said.stage,
        "handling_code": said.code,
        "initiator": said.begun_by,
        "found_by": said.found_by,
        "authorities": read("--authority", authorities, said.authority) or {},
        "in_charge": read("--in-charge", charges, said.in_charge) or {},
        "coordinator": said.coordinator,
        "means": said.reach,
        "arrests": read("--arrest", arrests, said.arrest) or {},
        "one_after_another": said.one_after_another,
        "ends": "seizure" if said.seize_at_end else "delivery",
        "articles": read("--article", articles, said.article) or {},
        "takes": tuple(said.takes or ()),
        "check_in": said.check_in,
        "example": said.example,
    }
    return given, faults


def _uses(given: Sequence[str]) -> tuple[str, ...]:
    """Each measure that is named. Several in one option are no measure."""
    together = next((one for one in given if "," in one), None)
    if together is not None:
        right = " ".join(f"--use {shown(one.strip(), LONGEST_QUOTED)}" for one in together.split(",") if one.strip())
        raise ValueError(fill("each measure has an option of its own: {right}", right=right))
    return tuple(given)


def _asked(
    operation: str | None,
    said: AnswerOptions,
    given: dict[str, Any],
    known: tuple[Directory, Mapping[str, RuleCard]],
    code: Callable[[str], str],
) -> dict[str, Any]:
    """The handful of questions, those that are answered already left out; a State without a card is none to ask about."""
    directory, cards = known
    for one in given["route"] or ():
        if one.state not in cards:
            raise Malformed(without_card(one.state, cards))
    _stop_if_of_no_state(said.begun_by, directory)
    talk.print(_("Ctrl-C ends this, and nothing is written. Enter takes what stands in brackets."), style="dim")
    operation = operation or ask(_("Code name (never secret, such as amber-heron)"), code)
    route = given["route"] or ask(_("Route, such as: KZ Mail centre, Almaty, UZ Tashkent"), as_answered("route", route_in(cards)))
    kinds: tuple[Channel, ...] = get_args(Channel)
    channel = said.channel or ask(_("How it travels ({words})", words=", ".join(kinds)), one_of(kinds))
    goods: tuple[Goods, ...] = given["goods"] or _goods(said)
    case = Case(
        channel=channel,
        goods=tuple(dict.fromkeys(one.goods for one in goods)),
        stage=said.stage,
        way=tuple(one.state for one in route),
        imported=said.imported or posted_abroad(given["number"], route[0].state),
    )
    states = tuple(dict.fromkeys(one.state for one in route))
    handling = ask(
        _("Way of handling ({words})", words=", ".join(get_args(Modality))), allowed(cards, states, case), said.handling
    )
    more: dict[str, Any] = {"operation": operation, "route": route, "channel": channel, "goods": goods, "modality": handling}
    casting = Casting(directory, cards, case)
    fits = [one.id for state in states for one in casting.fitting("initiator", state)]
    more["initiator"] = said.begun_by or (
        ask(_("Who begins it ({words})", words=", ".join(fits)), one_of(fits), fits[0]) if fits else None
    )
    more["in_charge"] = given["in_charge"] | _in_charge(casting, states, more["initiator"], given["in_charge"])
    more["found_by"] = said.found_by or _finder(casting, states[0], more["in_charge"])
    if not said.arrest:
        question = _("Where somebody is arrested, and if wanted by whom, such as: UZ=uz.police, KZ")
        more["arrests"] = ask(question, as_answered("arrests", arrests_in(casting, states)), states[-1])
    asked = tuple(dict.fromkeys((*states, *more.get("arrests", given["arrests"]))))
    more["articles"] = given["articles"] | _listed(cards, asked, case, given["articles"])
    return more


def _goods(said: AnswerOptions) -> tuple[Goods, ...]:
    """What travels, several things with a semicolon between."""
    question = _("What travels, such as: heroin 5.3 kg, or EUR 12500, or rifle 10; several with ; between")
    read = as_answered("goods", lambda text: tuple(read_goods(one, said.goods_class) for one in text.split(";")))
    return ask(question, read)


def _stop_if_of_no_state(begun_by: str | None, directory: Directory) -> None:
    """Raises `Malformed`, before anything is asked, for who is of no State and can begin nothing."""
    beginner = directory.find(begun_by or "")
    if beginner is not None and beginner.state is None:
        problem = _("{service} is of no State, and a service of a State begins a plan", service=beginner.id)
        raise Malformed(_("no plan can be begun"), [Fault(place="--begun-by", problem=problem)])


def _in_charge(
    casting: Casting, states: tuple[str, ...], initiator: str | None, named: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    """Who is in charge, where several could be and nobody was named."""
    found: dict[str, tuple[str, ...]] = {}
    for state in states:
        fits = [one.id for one in casting.fitting("in_charge", state)]
        if len(fits) > 1 and state not in named:
            usual = initiator if initiator in fits else fits[0]
            question = _("Who is in charge in {state} ({words})", state=state, words=", ".join(fits))
            found[state] = (ask(question, one_of(fits), usual),)
    return found


def _finder(casting: Casting, state: str, in_charge: Mapping[str, Sequence[str]]) -> str | None:
    """Who found it, where that could be somebody else than who is in charge first; else nobody is asked."""
    fits = [one.id for one in casting.fitting("found_by", state)]
    first = next(iter(in_charge.get(state, [one.id for one in casting.fitting("in_charge", state)])), None)
    if first is None or {*fits} <= {first}:
        return None
    question = _("Who found it and holds it first ({words})", words=", ".join(fits))
    return ask(question, one_of(fits), first if first in fits else fits[0])


def _listed(
    cards: Mapping[str, RuleCard], states: tuple[str, ...], case: Case, named: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    """The article of each State whose law lists those for which alone it may be done."""
    found: dict[str, tuple[str, ...]] = {}
    for state in states:
        lists = [one.articles for one in cards[state].about(cards[state].offences, case)]
        if lists and state not in named:
            known = [article for listed in lists for article in listed]
            question = _("The offence in {state}, one of these: {words}", state=state, words=", ".join(known))
            found[state] = (ask(question, one_of(known)),)
    return found
