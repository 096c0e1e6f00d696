"""Rule cards: what one State's law demands, as versioned data. Each value says in which text it stands and how sure that is.

A card says only what is known. What it says nothing of is *not known*: then it is asked, and whoever authorises for that State
answers for it (R1, R16). The cards shipped under `examples/` are examples and say so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator

from domain.plan.directory import ServiceKind
from domain.plan.powers import PUBLIC_AUTHORITIES
from domain.signing.canonical import Frozen, canonical
from domain.words.identifiers import Slug, State
from domain.words.limits import (
    LONGEST_LINE,
    LONGEST_NOTES,
    LONGEST_SOURCE,
    LONGEST_VERSION,
    MOST_DUTIES_OF_A_CARD,
    MOST_KINDS,
    MOST_LANGUAGES,
    MOST_OFFENCES,
    MOST_PROVISIONS,
    MOST_SOURCES,
)
from domain.words.quantities import Span
from domain.words.terms import LegalTerm

Modality = Literal["intact", "removed", "removed_in_part", "replaced_in_part", "replaced_in_whole"]
"""The way of handling the consignment (UN 1988 Convention art. 11(3))."""

Channel = Literal["mail", "express", "air_cargo", "container", "truck", "rail", "passenger", "cash", "goods"]
"""How a consignment travels, as far as laws tell it apart."""

POSTAL: tuple[Channel, ...] = ("mail", "express")
"""Items of post."""

GoodsClass = Literal["drugs", "psychotropics", "precursors", "cash", "weapons", "tobacco", "wildlife", "goods"]
"""What travels, as far as laws and treaties tell it apart (UN 1988 Convention art. 1; UNTOC 20; UNCAC 50)."""

Stage = Literal["operational", "criminal_case"]
"""Before a criminal case is opened, under the law on operational-search activity; or in one, under the code of procedure."""

Movement = Literal["export", "transit", "import", "domestic"]
"""How it goes through a State: it leaves it, it goes through it, it comes from abroad and stays there, or it never leaves it."""

Measure = Literal[
    "post",
    "opening",
    "following_person",
    "watching_thing",
    "device",
    "vehicle_entry",
    "audio_video",
    "foreign_officers",
]
"""What is done beside letting a consignment go on, and may need a permission of its own (R16). `post`: an item of post is held
back and examined; `opening`: the consignment is opened; `device`: a tracker or another technical means is put in;
`foreign_officers`: officers of another State travel along."""

Mark = Literal["T", "E", "K"]
"""How sure a value is. T: the text of the provision was read. E: an excerpt of it was. K: it is believed, and was not read."""

Form = Literal["written", "oral", "reproducible"]
Unwritable = Literal["authorisation", "agreement"]
"""What may be given before it is written, where the law of a State knows that."""
"""How an authorisation is given: as a written act; by word of mouth; or in a form that can be read again, such as an e-mail."""

Recorded = Literal["opening", "search", "seizure"]
"""An act that a law may want recorded."""

DutyEvent = Literal[
    "authorisation",
    "detection",
    "opening",
    "preparation",
    "departure",
    "delivery",
    "arrest",
    "seizure",
    "end_of_authorisation",
    "outcome",
    "disposal",
    "end_of_permission",
]
"""What a duty runs from: an authorisation ends when it runs out, is withdrawn, or the delivery has its outcome; a disposal is the
first exhibit of which it is said what became of it; what one service has permitted ends with the last of it, or with the outcome.
"""

Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Kinds = Annotated[tuple[ServiceKind, ...], Field(max_length=MOST_KINDS)]
SomeKinds = Annotated[tuple[ServiceKind, ...], Field(min_length=1, max_length=MOST_KINDS)]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]


class LawText(Frozen):
    """A law, treaty or decision on which a card rests."""

    id: Slug
    title: Annotated[str, Field(min_length=1, max_length=LONGEST_SOURCE)]
    edition: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    """As of when it was read, or which edition; empty where that is not known."""
    address: Annotated[str, Field(max_length=LONGEST_SOURCE)] = ""


class LawSource(Frozen):
    """Where a value stands."""

    mark: Mark
    text: Slug
    """One of the card's `texts`."""
    article: Annotated[str, Field(max_length=LONGEST_LINE)] = ""


class Provision(Frozen):
    """One value of a card, and where it stands. It is about deliveries of these channels, goods, stage and movements; of all, if
    it names none.
    """

    law: LawSource
    channels: Annotated[tuple[Channel, ...], Field(max_length=9)] = ()
    goods: Annotated[tuple[GoodsClass, ...], Field(max_length=8)] = ()
    stage: Stage | None = None
    movements: Annotated[tuple[Movement, ...], Field(max_length=4, exclude_if=lambda movements: not movements)] = ()

    def is_about(self, case: "Case", state: str) -> bool:
        """Whether it is about such a delivery in this State. Of several goods, one is enough. What is said of movements is about
        no State through which it does not go.
        """
        return (
            (not self.channels or case.channel in self.channels)
            and (not self.goods or any(one in self.goods for one in case.goods))
            and self.stage in (None, case.stage)
            and (not self.movements or case.movement_in(state) in self.movements)
        )


class Case(Frozen):
    """What kind of delivery a law is asked about."""

    channel: Channel
    goods: tuple[GoodsClass, ...]
    stage: Stage
    way: tuple[State, ...] = ()
    """The States that it goes through, in order, from where it begins to where it ends."""
    imported: bool = False
    """Whether it had come from abroad into the State where it begins (Russia 289-FZ art. 390: goods that were imported move
    inside Russia).
    """

    def movement_in(self, state: str) -> Movement | None:
        """How it goes through a State; none where it does not. What comes back to where it began leaves it. What was imported
        into the State where it begins stays there, or goes through.
        """
        if state not in self.way:
            return None
        if all(one == state for one in self.way):
            return "import" if self.imported else "domestic"
        if state == self.way[0]:
            return "transit" if self.imported else "export"
        return "import" if state == self.way[-1] else "transit"

    @property
    def of_each(self) -> tuple["Case", ...]:
        """The same of each of its goods alone: what a law says of drugs says nothing of the cash beside them."""
        return (self,) if len(self.goods) == 1 else self._of_each

    @cached_property
    def _of_each(self) -> tuple["Case", ...]:
        return tuple(self.model_copy(update={"goods": (one,)}) for one in self.goods)


P = TypeVar("P", bound=Provision)


class Decider(Provision):
    """Who decides on the controlled delivery itself (R1)."""

    by: SomeKinds
    role: Words
    """Who of that service, in words."""
    alone: bool = False
    """Whether the service that carries it out may decide itself. Then its superior is the second voice (R7, R13)."""


class Agreement(Provision):
    """Who must agree, as an act of its own, to what another service begins (R1; Russia 289-FZ art. 390) or decides (Latvia,
    Operational Activities Law s. 15-1: a prosecutor accepts it). Who agrees is a second voice (R7, R13).
    """

    of: SomeKinds
    begun_by: Kinds = ()
    decided_by: Annotated[Kinds, Field(exclude_if=lambda kinds: not kinds)] = ()

    @model_validator(mode="after")
    def _to_something(self) -> "Agreement":
        if not self.begun_by and not self.decided_by:
            message = "say to what they must agree: begun_by or decided_by which services"
            raise ValueError(message)
        return self

    def wanted(self, begun_by: Collection[ServiceKind], decided_by: Collection[ServiceKind]) -> bool:
        """Whether they must agree to what services of these kinds begin there, and those decide."""
        return any(one in self.begun_by for one in begun_by) or any(one in self.decided_by for one in decided_by)


class Exclusion(Provision):
    """Services that may not decide on one, or not carry one out; they may still detect, weigh and let pass."""

    kinds: SomeKinds
    may_not: Annotated[tuple[Literal["decide", "run"], ...], Field(min_length=1, max_length=2)]


class MeasureRule(Provision):
    """Which measures need a permission, by whom, and for how long (R16)."""

    measures: Annotated[tuple[Measure, ...], Field(min_length=1, max_length=8)]
    needs: Literal["nothing", "permission", "own_act"]
    """`nothing`: whoever decides on the delivery has decided on it. `permission`: one of `by` permits it, in the authorisation if
    that is its own, or in another act. `own_act`: in another act (Spain LECrim 263 bis: opening mail is a separate procedure).
    """
    by: Kinds = ()
    """Who may permit it; any public authority that the State says, if none is named."""
    longest: LegalTerm | None = None
    """Of one permission."""
    extension: LegalTerm | None = None
    """By how much it is extended at a time; where that is not known, not beyond the `longest`."""
    ask_before: Annotated[Span | None, Field(exclude_if=lambda span: span is None)] = None
    """How long before the end an extension is asked for at the latest."""
    contacts: Annotated[Span | None, Field(exclude_if=lambda span: span is None)] = None
    """For how long others are followed whom a person that is followed meets."""

    @model_validator(mode="after")
    def _says_something(self) -> "MeasureRule":
        if self.needs == "nothing" and (self.by or self.longest or self.extension or self.ask_before):
            message = "what needs nothing is permitted by nobody and for no time"
            raise ValueError(message)
        if self.contacts is not None and self.measures != ("following_person",):
            message = "contacts are of a person who is followed: give following_person a rule of its own"
            raise ValueError(message)
        return self


class Term(Provision):
    """How long an authorisation lasts (R5)."""

    longest: LegalTerm | None = None
    """From its beginning."""
    extension: LegalTerm | None = None
    """By how much it may be extended at a time."""
    ceiling: LegalTerm | None = None
    """From its beginning to the end of its last extension."""
    ask_before: Span | None = None
    """How long before the end an extension is asked for at the latest."""


class Urgent(Provision):
    """What may be authorised or agreed to before it is written, and by when the writing follows; else it ends (R1)."""

    forms: Annotated[tuple[Literal["oral", "reproducible"], ...], Field(min_length=1, max_length=2)]
    written_within: Span
    of: Annotated[tuple[Unwritable, ...], Field(min_length=1, max_length=2, exclude_if=lambda of: of == ("authorisation",))] = (
        "authorisation",
    )
    """What: an authorisation, or the agreement of another service."""


class UrgentMeasures(Provision):
    """Who permits which measures where whoever else must permit them cannot be waited for, and by when that one sanctions it;
    else the permission ends (R16; Kazakhstan, law on operational-search activity art. 12(7); Latvia, Operational Activities Law
    s. 7).
    """

    measures: Annotated[tuple[Measure, ...], Field(min_length=1, max_length=8)]
    by: SomeKinds
    sanctioned_within: Span


class HandlingRule(Provision):
    """Which ways of handling are allowed, demanded or barred (R3)."""

    modalities: Annotated[tuple[Modality, ...], Field(min_length=1, max_length=5)]
    are: Literal["allowed", "demanded", "barred"]


class Bar(Provision):
    """What forbids a delivery, or ends it."""

    what: Words


class Offences(Provision):
    """For which offences alone it may be done, as they are called there."""

    articles: Annotated[tuple[Words, ...], Field(min_length=1, max_length=MOST_OFFENCES)]


class Duty(Provision):
    """What whoever authorises must also do, and within what time of which event, or how long before it. After the
    `end_of_permission` whoever carries it out tells the result to whoever permitted it (Kazakhstan, law on operational-search
    activity art. 12(8)).
    """

    id: Slug
    what: Words
    after: DutyEvent = "authorisation"
    within: LegalTerm | None = None
    """From that event on. None: the law gives no number, such as "at once": a plan names a time, or the `usual` one counts."""
    usual: Annotated[Span | None, Field(exclude_if=lambda span: span is None)] = None
    """What is usual where the law gives no number: an example, and no law. A plan may name another time."""
    before: Annotated[Span | None, Field(exclude_if=lambda span: span is None)] = None
    """How long before the `end_of_authorisation` at the latest."""

    @model_validator(mode="after")
    def _one_time(self) -> "Duty":
        if self.before is not None and (self.within is not None or self.after != "end_of_authorisation"):
            message = "before is said of the end_of_authorisation alone, in the place of within"
            raise ValueError(message)
        if self.usual is not None and not self.untimed:
            message = "usual is said where the law gives no time: leave out within and before, or it"
            raise ValueError(message)
        return self

    @property
    def untimed(self) -> bool:
        """Whether the law gives no time for it, so that the plan does."""
        return self.within is None and self.before is None


class ReportingDuty(Provision):
    """What is reported while it runs, and how often at the least. No record shows it, so somebody answers for it (R1)."""

    what: Words
    every: Span


class Afterwards(Provision):
    """What is due when all is over, such as notice before material is destroyed. This record has ended by then, so somebody
    answers for it (R1).
    """

    what: Words


class RecordRule(Provision):
    """How an act is recorded: before attesting witnesses, by a recording, by either, or by neither."""

    acts: Annotated[tuple[Recorded, ...], Field(min_length=1, max_length=3)]
    by: Literal["witnesses", "recording", "either", "neither"]


class AnswerTime(Provision):
    """The least time the State must be given to answer a request."""

    time: Span


class Languages(Provision):
    """In which a request may be written (ISO 639-1)."""

    codes: Annotated[tuple[Language, ...], Field(min_length=1, max_length=MOST_LANGUAGES)]


class RuleCard(Frozen):
    """One State's card."""

    vigil: Literal["card/1"]
    state: State
    version: Annotated[str, Field(min_length=1, max_length=LONGEST_VERSION)]
    example: bool
    texts: Annotated[tuple[LawText, ...], Field(min_length=1, max_length=MOST_SOURCES)]
    deciders: Annotated[tuple[Decider, ...], Field(max_length=MOST_PROVISIONS)] = ()
    agreements: Annotated[tuple[Agreement, ...], Field(max_length=MOST_PROVISIONS)] = ()
    exclusions: Annotated[tuple[Exclusion, ...], Field(max_length=MOST_PROVISIONS)] = ()
    handling: Annotated[tuple[HandlingRule, ...], Field(max_length=MOST_PROVISIONS)] = ()
    measures: Annotated[tuple[MeasureRule, ...], Field(max_length=MOST_PROVISIONS)] = ()
    terms: Annotated[tuple[Term, ...], Field(max_length=MOST_PROVISIONS)] = ()
    urgent: Annotated[tuple[Urgent, ...], Field(max_length=MOST_PROVISIONS)] = ()
    urgent_measures: Annotated[
        tuple[UrgentMeasures, ...], Field(max_length=MOST_PROVISIONS, exclude_if=lambda urgent: not urgent)
    ] = ()
    bars: Annotated[tuple[Bar, ...], Field(max_length=MOST_PROVISIONS)] = ()
    offences: Annotated[tuple[Offences, ...], Field(max_length=MOST_PROVISIONS)] = ()
    duties: Annotated[tuple[Duty, ...], Field(max_length=MOST_DUTIES_OF_A_CARD)] = ()
    reports: Annotated[tuple[ReportingDuty, ...], Field(max_length=MOST_PROVISIONS, exclude_if=lambda said: not said)] = ()
    afterwards: Annotated[tuple[Afterwards, ...], Field(max_length=MOST_PROVISIONS, exclude_if=lambda said: not said)] = ()
    records: Annotated[tuple[RecordRule, ...], Field(max_length=MOST_PROVISIONS)] = ()
    notice: Annotated[tuple[AnswerTime, ...], Field(max_length=MOST_PROVISIONS)] = ()
    languages: Annotated[tuple[Languages, ...], Field(max_length=MOST_PROVISIONS)] = ()
    notes: Annotated[str, Field(max_length=LONGEST_NOTES)] = ""

    @model_validator(mode="after")
    def _each_text_stands(self) -> "RuleCard":
        known = [one.id for one in self.texts]
        for name, one in self.provisions():
            if one.law.text not in known:
                message = f"{name} rests on {one.law.text}, and there is no such text among {', '.join(known)}"
                raise ValueError(message)
        return self

    @cached_property
    def _canonical(self) -> bytes:
        return canonical(self)

    def provisions(self) -> Iterator[tuple[str, Provision]]:
        """Every value, with the name of what it is about, in the order of the card."""
        for name in type(self).model_fields:
            values = getattr(self, name)
            for one in values if isinstance(values, tuple) else ():
                if isinstance(one, Provision):
                    yield name, one

    def about(self, values: Iterable[P], case: Case) -> tuple[P, ...]:
        """Those of its values that are about such a delivery."""
        return tuple(one for one in values if one.is_about(case, self.state))

    def deciders_of(self, case: Case) -> tuple[Decider, ...]:
        """Who may decide on such a delivery; none where that is not known (R1)."""
        return tuple(one for one in self.deciders if one.is_about(case, self.state))

    def lets_grant(self, kind: ServiceKind, case: Case) -> bool:
        """Whether such a service may authorise it: it is one of the deciders, or where it is not known who decides, of the public
        authorities, which are `customs`, `border_guard`, `police`, `security`, `investigator`, `prosecutor` and `court`; and it
        is not excluded from deciding (R1).
        """
        deciders = self.deciders_of(case)
        named = any(kind in one.by for one in deciders) if deciders else kind in PUBLIC_AUTHORITIES
        return named and not self.excludes(kind, "decide", case)

    def lets_agree(self, kind: ServiceKind, case: Case, instead_of: Collection[ServiceKind] = ()) -> bool:
        """Whether such a service may agree: it is one of those that must, or of the public authorities and does not say it in
        the place of one of those that must (R1).
        """
        must = [kind for one in self.about(self.agreements, case) for kind in one.of]
        return kind in must or (kind in PUBLIC_AUTHORITIES and not any(one in must for one in instead_of))

    def lets_permit(self, kind: ServiceKind, measure: Measure, case: Case) -> bool:
        """Whether such a service may permit this measure: the card names it for that, or names nobody, and it is one of the
        public authorities and not excluded from deciding (R16).
        """
        rule = self.rule_of(measure, case)
        if rule is not None and rule.by:
            return kind in rule.by
        return kind in PUBLIC_AUTHORITIES and not self.excludes(kind, "decide", case)

    def lets_decide_alone(self, kind: ServiceKind, case: Case) -> bool:
        """Whether such a service may decide on what it carries out itself, so that its superior is the second voice (R7, R13)."""
        return any(one.alone and kind in one.by for one in self.deciders_of(case))

    def excludes(self, kind: ServiceKind, what: Literal["decide", "run"], case: Case) -> bool:
        """Whether such a service may not decide on one, or not carry one out."""
        return any(kind in one.kinds and what in one.may_not for one in self.exclusions if one.is_about(case, self.state))

    def allows(self, modality: Modality, case: Case) -> bool | None:
        """Whether it may go so; none where that is not known and the authorisation decides (R3). What is barred may not, however
        it is allowed; where something is demanded, nothing else is allowed. Of several goods, each must be allowed.
        """
        said = [self._allows_alone(modality, one) for one in case.of_each]
        return False if False in said else None if None in said else True

    def _allows_alone(self, modality: Modality, case: Case) -> bool | None:
        """The same of one kind of goods."""
        about = [one for one in self.handling if one.is_about(case, self.state)]
        if any(one.are == "barred" and modality in one.modalities for one in about):
            return False
        said = [one for one in about if one.are == "demanded"] or [one for one in about if one.are == "allowed"]
        return any(modality in one.modalities for one in said) if said else None

    def rule_of(self, measure: Measure, case: Case) -> MeasureRule | None:
        """What the law says of this measure, in such a delivery: the first that is about it; none where that is not known."""
        return next((one for one in self.measures if measure in one.measures and one.is_about(case, self.state)), None)

    def wants_permitted(self, measure: Measure, case: Case) -> bool:
        """Whether an act must permit it: where the law says so of any of its goods, and where what it says is not known (R16)."""
        rules = (self.rule_of(measure, one) for one in case.of_each)
        return any(rule is None or rule.needs != "nothing" for rule in rules)

    def records_of(self, act: Recorded, case: Case) -> RecordRule | None:
        """How such an act is recorded; none where that is not known."""
        return next((one for one in self.records if act in one.acts and one.is_about(case, self.state)), None)

    def term_of(self, case: Case) -> Term | None:
        """How long an authorisation of such a delivery lasts; none where that is not known."""
        return next((one for one in self.terms if one.is_about(case, self.state)), None)

    def urgent_for(self, form: Form, case: Case, what: Unwritable = "authorisation") -> Urgent | None:
        """What lets one be given in this form; none where nothing is known to."""
        about = (one for one in self.urgent if what in one.of and form in one.forms)
        return next((one for one in about if one.is_about(case, self.state)), None)

    def urgent_for_measure(self, measure: Measure, kind: ServiceKind, case: Case) -> UrgentMeasures | None:
        """What lets such a service permit this measure where it is urgent; none where nothing is known to."""
        about = (one for one in self.urgent_measures if one.is_about(case, self.state))
        return next((one for one in about if measure in one.measures and kind in one.by), None)

    def notice_of(self, case: Case) -> AnswerTime | None:
        """The least time to answer; none where that is not known."""
        return next((one for one in self.notice if one.is_about(case, self.state)), None)

    def duties_of(self, case: Case) -> tuple[Duty, ...]:
        """What whoever authorises must also do."""
        return tuple(one for one in self.duties if one.is_about(case, self.state))


def canonical_cards(cards: Mapping[str, RuleCard]) -> bytes:
    """Canonical bytes of cards by State; those of each card are made once."""
    each = (b'"%b":%b' % (state.encode(), card._canonical) for state, card in sorted(cards.items()))  # noqa: SLF001 - of this module
    return b"{%b}" % b",".join(each)
