"""Notices for who watches over deliveries: what they are told of, when that comes up in a row of the watch floor, and the hours
in which it waits until later. A notice says that something waits, and of how many deliveries; never what. Nothing here decides.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from domain.delivery import unforeseen
from domain.delivery.verdicts import Cause
from domain.delivery.vocabulary import UtcText
from domain.plan.addresses import protected
from domain.plan.directory import Email, Webhook
from domain.signing.canonical import Frozen, digest
from domain.views.glance import Glance
from domain.views.urgency import GROUPS, overdue, unreached, urgencies
from domain.words.limits import LONGEST_ADDRESS, MOST_OCCASIONS, MOST_QUIET, MOST_SUBSCRIPTIONS
from domain.words.text import mark

Subject = Literal["needs_you", "stop", "hold", "overdue", "refusal", "expiry", "unreachable"]
SUBJECTS: Final[tuple[Subject, ...]] = get_args(Subject)
SUBJECTS_IN_WORDS: Final[Mapping[Subject, str]] = {
    "needs_you": mark("whatever needs you"),
    "stop": mark("stopped or halted, life at risk"),
    "hold": mark("held"),
    "overdue": mark("overdue"),
    "refusal": mark("something was refused"),
    "expiry": mark("a consent runs out too early"),
    "unreachable": mark("a service is not reached"),
}
WAYS_IN_WORDS: Final[Mapping[str, str]] = {"page": mark("page"), "webhook": mark("webhook"), "email": mark("mail")}

REFUSED: Final[frozenset[Cause]] = frozenset({"refused", "declined", "permission"})
"""Causes of a halt that are somebody's no."""

Failure = Literal["status", "away", "late", "mail", "not_set_up", "not_allowed"]
FAILURES: Final[Mapping[Failure, str]] = {
    "status": mark("the webhook does not answer with success"),
    "away": mark("the webhook cannot be reached"),
    "late": mark("it is not taken in time"),
    "mail": mark("the mail server does not take it"),
    "not_set_up": mark("this installation sends no mail"),
    "not_allowed": mark("notices may not go there any more"),
}
"""Why a notice was not taken: a closed list, so that nobody learns what answered there."""


def _in_the_database(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"there is no time zone {name}; expected one such as Asia/Tashkent"
        raise ValueError(message) from error
    return name


Zone = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_+-]{1,30}(/[A-Za-z0-9_+-]{1,30}){0,2}$"),
    AfterValidator(_in_the_database),
]
"""A time zone by its name in the IANA database."""
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class DayPart(Frozen):
    """A part of each day, over midnight where it ends before it starts. `until` is no part of it any more."""

    since: Clock
    until: Clock

    @model_validator(mode="after")
    def _is_a_part(self) -> "DayPart":
        if self.since == self.until:
            message = "quiet hours end at another time than they begin: never to be told, unsubscribe"
            raise ValueError(message)
        return self

    def has(self, now: time) -> bool:
        """Whether this time of day is in it."""
        since, until = time.fromisoformat(self.since), time.fromisoformat(self.until)
        return since <= now < until if since < until else now >= since or now < until


class Quiet(Frozen):
    """When notices wait, by the officer's own clock. Never what `Occasion.urgent` says of."""

    zone: Zone
    spans: Annotated[tuple[DayPart, ...], Field(min_length=1, max_length=MOST_QUIET)]

    def at(self, moment: datetime) -> bool:
        """Whether it is quiet then."""
        local = moment.astimezone(ZoneInfo(self.zone)).time()
        return any(one.has(local) for one in self.spans)


class Page(Frozen):
    """The desk itself says so, while it is open in a browser."""

    by: Literal["page"] = "page"


class Wish(Frozen):
    """Of what an officer wants to be told, and how."""

    subjects: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=len(SUBJECTS))]
    way: Annotated[Page | Webhook | Email, Field(discriminator="by")]
    quiet: Quiet | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        """Before an address is looked into."""
        url = given.get("way", {}).get("url", "") if isinstance(given, dict) and isinstance(given.get("way"), dict) else ""
        if len(str(url)) > LONGEST_ADDRESS:
            message = f"the address of a webhook has at most {LONGEST_ADDRESS} characters"
            raise ValueError(message)
        return given

    @model_validator(mode="after")
    def _is_one(self) -> "Wish":
        if len(set(self.subjects)) < len(self.subjects):
            message = "each subject stands once"
            raise ValueError(message)
        if isinstance(self.way, Webhook):
            url = self.way.url
            if not protected(url.scheme, url.host or ""):
                message = "expected https://; http:// is for a receiver on this very machine alone"
                raise ValueError(message)
            if url.username or url.password:
                message = "an address holds no password: each notice is signed by the installation"
                raise ValueError(message)
        return self


SubscriptionId = Annotated[str, Field(pattern=r"^n-[0-9a-f]{12}$")]
State = Literal["good", "failing", "ended"]
"""`failing`: the newest was not taken. `ended`: whoever subscribed may not be told any more."""


class Subscription(Frozen):
    """One of an officer's own, and how it goes. `waiting`: of how many deliveries something came up that has not been told, or at
    the desk not been seen. `lost`: of how many it was given up.
    """

    id: SubscriptionId
    wish: Wish
    since: UtcText
    state: State
    waiting: Annotated[int, Field(ge=0)]
    quiet_now: bool
    told_at: UtcText | None
    tries: Annotated[int, Field(ge=0)]
    failure: Failure | None
    lost: Annotated[int, Field(ge=0)]


class Subscriptions(Frozen):
    """All of one officer. `may_go_to`: where the installation lets notices go, hosts of webhooks and domains of mail."""

    subscriptions: Annotated[tuple[Subscription, ...], Field(max_length=MOST_SUBSCRIPTIONS)]
    may_go_to: tuple[str, ...]


class Tried(Frozen):
    """What came of a notice that was sent to try it out: taken, unless it says why not."""

    failure: Failure | None


class Occasion(NamedTuple):
    """That something came up in a delivery. `mark`: the same for the same thing, however often a row is looked at. `urgent`: it
    waits for no end of quiet hours.
    """

    delivery: str
    subject: Subject
    mark: str
    urgent: bool


def occasions(seen: Glance, now: datetime) -> tuple[Occasion, ...]:
    """All that there is to tell of a row at this moment."""
    found = {one.mark: one for one in _occasions(seen, now)}
    return tuple(found.values())[:MOST_OCCASIONS]


def _occasions(seen: Glance, now: datetime) -> Iterator[Occasion]:
    def one(subject: Subject, *of: object, urgent: bool = False) -> Occasion:
        return Occasion(seen.delivery, subject, digest([seen.delivery, subject, *of])[:32], urgent)

    if seen.halted is not None or seen.outcome == "stopped_before_departure":
        yield one("stop", seen.at_risk, urgent=True)
    reasons = [each.reason for each in urgencies(seen, now)]
    if "to_seize" in reasons:
        yield one("needs_you", "to_seize", urgent=True)
    holds = [each.checkpoint for each in seen.waits if each.contingency == unforeseen.HOLD]
    if seen.held:
        yield one("hold", seen.held_by, *holds)
    late = [(each.checkpoint, each.due) for each in overdue(seen, now)]
    yield from (one("overdue", *each) for each in late)
    if seen.refused:
        yield one("refusal", seen.refused)
    if seen.halted in REFUSED or seen.outcome == "refused":
        yield one("refusal", "of it")
    if "consent" in reasons and seen.shortest is not None:
        yield one("expiry", seen.shortest.service, seen.shortest.valid_until)
    yield from (one("unreachable", each.checkpoint, each.since) for each in unreached(seen, now))
    about = {"lost": (seen.lost_since,), "overdue": late, "held": (seen.held_by, *holds)}
    decisions = [each.checkpoint for each in seen.waits if each.contingency == unforeseen.DECISION]
    for reason in dict.fromkeys(reasons):
        if GROUPS[reason] == "needs_you" and reason != "to_seize":
            yield one("needs_you", reason, *about.get(reason, decisions), urgent=seen.at_risk)
