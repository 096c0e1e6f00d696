"""Simulated services: what each says when it is asked, from one seed. The same ones act in virtual time and over HTTP.

These are fakes and say so: every reference they give starts with `SIMULATED`. Their keys are made from the seed and are
worth nothing outside a rehearsal.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from domain.delivery.requests import Acknowledgement, Facts, Request, SignedAcknowledgement, sign_acknowledgement
from domain.delivery.statement import Content, Statement, sign_statement
from domain.plan.attachment import Attachment
from domain.plan.directory import Desk, Directory, Reach, Service, ServiceKey
from domain.plan.goods import AnyAmount, Part, say_amount
from domain.plan.quantity import Estimate, number_of
from domain.plan.vocabulary import Need
from domain.rules.books import BOOK
from domain.rules.conflict import ConflictSettled
from domain.signing.canonical import digest, plain
from domain.signing.envelope import Envelope
from domain.signing.keys import public_text
from domain.views.forms import OF_CHECKS
from domain.words.errors import Fault, Malformed, faults_of
from domain.words.identifiers import Seal
from domain.words.limits import LONGEST_NAME, LONGEST_PLACE, MOST_TAKEN_FOR
from domain.words.moments import instant, utc_text
from domain.words.quantities import MAX_WHOLE
from domain.words.text import fill
from rehearsal.scenario import WHOLE, Act, Scenario, base_name

ALWAYS = 100
"""Percent."""

DECONFLICTION_KEY = hashlib.sha256(b"SIMULATED deconfliction").digest()
"""Known to everyone, for rehearsals only."""

EPOCH = datetime(2022, 3, 1, 6, 0, tzinfo=UTC)
"""Where virtual time begins."""

VIGIL = "vigil"
"""Id of the installation itself in a rehearsal's directory."""


SECOND = "officer-2"
"""Code of the second officer of each service (R20), who has a key of their own: that of `SERVICE second`."""


@cache
def private_key_of(service: str) -> Ed25519PrivateKey:
    """A simulated service's key: known to everyone, for rehearsals only."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"SIMULATED {service}".encode()).digest())


@cache
def _service_key(whose: str, officer: str | None = None) -> ServiceKey:
    return ServiceKey(public=public_text(private_key_of(whose)), officer=officer, valid_from="2000-01-01T00:00:00Z")


def second(service: str) -> str:
    """Whose key the second officer of a simulated service signs with (R20), see `private_key_of`."""
    return f"{service} {SECOND}"


def cast(directory: Directory, participants: tuple[str, ...], reach: dict[str, Reach] | None = None) -> Directory:
    """The directory with simulated keys (and addresses) for the participants, and an installation to rehearse on. It is an
    example, whatever it is made of.
    """

    def simulated(service: Service) -> Service:
        keys = (_service_key(service.id), _service_key(second(service.id), SECOND))
        return service.model_copy(update={"keys": keys, "reach": (reach or {}).get(service.id, Desk())})

    system = Service(id=VIGIL, kind="system", names={"en": "Vigil (rehearsal)"})
    kept = [*directory.snapshot(participants).services, *([] if directory.system() else [system])]
    return directory.model_copy(update={"services": tuple(simulated(service) for service in kept), "example": True})


class Unsayable(Malformed):
    """What an act has a service say is no statement, once it stands beside what the service says by itself. Each fault has its
    place in the scenario of this delivery.
    """

    def __init__(self, message: str, faults: Sequence[Fault] = (), delivery: str = "") -> None:
        super().__init__(message, faults)
        self.delivery = delivery


def _unsayable(delivery: str, scenario: Scenario, act: Act, part: str, error: ValidationError) -> Unsayable:
    place = f"acts.{scenario.acts.index(act)}.{part}"
    faults = [
        Fault(place=place if one.place == WHOLE else f"{place}.{one.place}", problem=one.problem) for one in faults_of(error)
    ]
    words = {"service": act.service, "kind": act.says, "checkpoint": act.at}
    return Unsayable(fill("{service} cannot say {kind} at {checkpoint} as the scenario has it", **words), faults, delivery)


@dataclass(frozen=True)
class Cue:
    """Something a service will say, and when."""

    at: datetime
    statement: Statement
    answers: bool
    """Whether it answers the request: then it is not said once the request is withdrawn."""

    @cached_property
    def envelope(self) -> Envelope:
        """The same, signed."""
        return sign_statement(self.statement, key_of(self.statement))


def lines(request: Request, scenario: Scenario, seed: int, now: datetime) -> tuple[Cue, ...]:
    """Everything this service will say on being asked, in order of time. The same request and seed give the same lines."""
    return tuple(sorted(_lines(request, scenario, seed, now), key=lambda line: (line.at, line.statement.id)))


def _lines(request: Request, scenario: Scenario, seed: int, now: datetime) -> Iterator[Cue]:
    dice = random.Random(f"{seed}/{request.id}")  # noqa: S311 - a rehearsal must be repeatable
    acts = [
        act
        for number, act in enumerate(scenario.acts_of(request.service, base_name(request.checkpoint)))
        if _happens(act, f"{seed}/{request.id}/{number}")
    ]
    officers = _officers(random.Random(f"{seed}/{request.id}/officers"))  # noqa: S311 - repeatable
    replaced = {BOOK.need_of(act.says) for act in acts} - {None}
    silent = any(act.says is None for act in acts)
    for need in request.says:
        if need not in replaced and not silent:
            at = _delay(request, scenario, need, None, dice, now)
            if need == "handover_acceptance":  # a taker accepts what has been offered: it lets the giver speak first
                at += scenario.slowest("handover_offer")
            said = _line(request, _expected(request, need, dice), at, dice, next(officers))
            yield said
            if request.officers > 1:
                yield _seconded(said, scenario.pace_of(request.service, need).fastest, dice)
    spoken: list[Need] = []
    for act in acts:
        if act.says is not None:
            answered = BOOK.need_of(act.says)
            at = _delay(request, scenario, answered, act, dice, now)
            again = request.officers > 1 and answered in spoken
            spoken += [answered] if answered is not None else []
            said = _line(request, _acted(request, scenario, act, dice), at, dice, SECOND if again else next(officers), by=act.by)
            yield _set(said, scenario, act)


def _officers(dice: random.Random) -> Iterator[int]:
    """Numbers of officers in any order, each once."""
    left = list(range(1, 100))
    while left:
        number = dice.randrange(len(left))
        left[number], left[-1] = left[-1], left[number]
        yield left.pop()


def _happens(act: Act, throw: str) -> bool:
    """Whether chance brings it; dice of its own, so that it moves nothing else."""
    return act.chance == ALWAYS or random.Random(throw).randint(1, ALWAYS) <= act.chance  # noqa: S311 - repeatable


def _delay(  # noqa: PLR0913, PLR0917 - who says what, in which scenario, from when
    request: Request, scenario: Scenario, need: Need | None, act: Act | None, dice: random.Random, now: datetime
) -> datetime:
    """When it is said: after the expected arrival where the request names one, else after being asked."""
    pace = scenario.pace_of(request.service, need)
    fastest, slowest = pace.fastest, pace.slowest
    pause = act.after if act is not None and act.after is not None else None
    if pause is None:
        pause = fastest + timedelta(milliseconds=dice.randint(0, int((slowest - fastest).total_seconds() * 1000)))
    arrival = request.facts.expected_at
    start = now if arrival is None or (act is not None and BOOK.need_of(act.says) is None) else max(now, instant(arrival))
    return start + pause


def _line(  # noqa: PLR0913, PLR0917 - the parts of one statement
    request: Request, content: Content, at: datetime, dice: random.Random, officer: int | str, by: str | None = None
) -> Cue:
    """Signed by the officer of this number, or code: where two must say the same (R20), they are two."""
    signer = by or request.service
    statement = Statement(
        id=f"{dice.getrandbits(128):032x}",
        delivery=request.delivery,
        checkpoint=request.checkpoint,
        plan=request.plan,
        seen=request.seen,
        service=signer,
        on_behalf_of=request.service if signer != request.service else None,
        officer=officer if isinstance(officer, str) else f"{signer.split('.')[-1]}-{officer:02d}",
        happened_at=at.isoformat(timespec="milliseconds"),
        fulfils=tuple(one.id for one in request.facts.conditions),
        attachments=(A_SHOT,) if getattr(content, "opened", False) else (),
        content=content,
    )
    answers = BOOK.need_of(content.kind) in request.says
    return Cue(at, statement, answers)


def _set(line: Cue, scenario: Scenario, act: Act) -> Cue:
    """The line with what the act sets of its statement. What is said at another checkpoint, or at none, answers nothing here."""
    if not act.statement:
        return line
    fields = {name: getattr(line.statement, name) for name in Statement.model_fields}
    try:
        statement = Statement(**fields | act.statement)
    except ValidationError as error:
        raise _unsayable(line.statement.delivery, scenario, act, "statement", error) from error
    return replace(line, statement=statement, answers=line.answers and statement.checkpoint == line.statement.checkpoint)


def acknowledgement(request: Request, at: datetime) -> SignedAcknowledgement:
    """What a service's system signs when it has received a request."""
    said = Acknowledgement(
        request=request.id,
        delivery=request.delivery,
        checkpoint=request.checkpoint,
        service=request.service,
        digest=digest(request),
        received_at=utc_text(at),
    )
    return sign_acknowledgement(said, private_key_of(request.service))


def stand_in(request: Request, backup: str, scenario: Scenario, seed: int, now: datetime) -> tuple[Cue, ...]:
    """What a backup says in place of who does not answer this request (R21): what that one would say by itself."""
    plain_course = scenario.model_copy(update={"acts": ()})

    def said(line: Cue) -> Cue:
        instead = {"id": f"backup-{line.statement.id}", "service": backup, "on_behalf_of": request.service}
        return replace(line, statement=line.statement.model_copy(update=instead))

    return tuple(said(line) for line in lines(request, plain_course, seed, now))


def _seconded(line: Cue, pause: timedelta, dice: random.Random) -> Cue:
    """The same, signed by a second officer (R20)."""
    statement = line.statement.model_copy(update={"id": f"{dice.getrandbits(128):032x}", "officer": SECOND})
    return Cue(line.at + pause, statement, line.answers)


def key_of(statement: Statement) -> Ed25519PrivateKey:
    """The service's own key vouches for any of its officers; the second has one."""
    return private_key_of(second(statement.service) if statement.officer == SECOND else statement.service)


def _acted(request: Request, scenario: Scenario, act: Act, dice: random.Random) -> Content:
    """The content of an act: what the service would say by itself, with the scenario's details instead."""
    own = _own_words(request, act.says or "", dice)
    try:
        return BOOK.content({"kind": act.says} | own | act.details)
    except ValidationError as error:
        raise _unsayable(request.delivery, scenario, act, "details", error) from error


def _expected(request: Request, need: Need, dice: random.Random) -> Content:
    kind = BOOK.confirming(need)
    return BOOK.content({"kind": kind} | _own_words(request, kind, dice))


NOT_ASKED = "0" * 64
"""In place of the digest of a request for consent, of who was asked none."""


def _own_words(request: Request, kind: str, dice: random.Random) -> dict[str, Any]:
    """What a well-behaved service says, from what the request tells it."""
    facts = request.facts
    asked = instant(request.asked_at)
    until = instant(facts.valid_until) if facts.valid_until else asked + timedelta(days=30)
    gross = number_of(facts.gross) if facts.gross is not None else 0
    inside = [_weighed(one) for one in facts.contents]
    handled = _handled(facts.modality, inside)
    window = {"valid_from": asked.isoformat(), "valid_until": until.isoformat()}
    decided = {"request": facts.request_digest or NOT_ASKED}
    day = asked.date().isoformat()
    act = {"reference": f"SIMULATED-{digest(request.id)[:4]} of {day}"}  # the same, whichever officer says it
    words: dict[str, dict[str, Any]] = {
        "detected": {
            "place": facts.place,
            "detected_at": asked.isoformat(),
            "how": "routine_check",
            "officers": [f"finder-{dice.randint(1, 99):02d}"],
            "concealment": "SIMULATED: in the packing",
            "taken_for": [say_amount(one)[:LONGEST_NAME] for one in facts.contents][:MOST_TAKEN_FOR],
            "sure": "presumptive_test",
        },
        "exhibit_divided": {
            "exhibit": next(iter(facts.exhibits), "samples"),
            "into": [{"label": f"SIMULATED-{number}"} for number in (1, 2)],
        },
        "exhibits_offered": {
            "exhibits": list(facts.exhibits) or ["samples"],
            "to": facts.taker or request.service,
            "purpose": "SIMULATED: carried on",
        },
        "exhibits_accepted": {"exhibits": list(facts.exhibits), "giver": facts.giver, "intact": True},
        "laboratory_report": {"exhibit": next(iter(facts.exhibits), "samples"), "report": "test_report", "substance": "SIMULATED"}
        | act,
        "disposed": {"exhibits": list(facts.exhibits) or ["removed"], "how": "kept", "to": "SIMULATED proceeding"} | act,
        "authorisation_granted": {
            "state": facts.state,
            **decided,
            "reference": f"SIMULATED-{facts.state}-{dice.randint(1000, 9999)} of {day}",
            "granted_by_role": "SIMULATED prosecutor",
            "legal_basis": "SIMULATED decision",
            "modalities": [facts.modality],
            "permits": list(facts.permissions),
            **window,
        },
        "authorisation_refused": {"state": facts.state},
        "authorisation_extended": {
            "state": facts.state,
            "valid_until": until.isoformat(),
            "granted_by_role": "SIMULATED prosecutor",
            "legal_basis": "SIMULATED decision",
        },
        "authorisation_withdrawn": {"state": facts.state},
        "authorisation_confirmed": {
            "state": facts.state,
            "reference": f"SIMULATED-{facts.state}-{dice.randint(1000, 9999)} of {day}",
            "written_by_role": "SIMULATED prosecutor",
            "legal_basis": "SIMULATED decision",
            "written_at": asked.isoformat(),
        },
        "agreement_given": {
            "state": facts.state,
            **decided,
            "reference": f"SIMULATED-{facts.state}-{dice.randint(1000, 9999)} of {day}",
            "given_by_role": "SIMULATED head",
        },
        "agreement_refused": {"state": facts.state},
        "agreement_confirmed": {
            "state": facts.state,
            "reference": f"SIMULATED-{facts.state}-{dice.randint(1000, 9999)} of {day}",
            "written_by_role": "SIMULATED head",
            "written_at": asked.isoformat(),
        },
        "prepared": {
            "modality": facts.modality,
            "witnesses": [f"witness-{dice.randint(1, 99):02d}"],
            "began_at": asked.isoformat(),
            "place": facts.place[:LONGEST_PLACE],
            "sealed_before": "intact",
            "packing": "SIMULATED: cardboard boxes",
            "concealment": "SIMULATED: beneath what was declared",
            "stored_at": "SIMULATED: store of exhibits",
            **_sealed(facts, min(max(gross, _weight(handled)), MAX_WHOLE) or SCALES_SHOW, dice),
            **handled,
        },
        "sighted": {"place": facts.place},
        "taken_out": {
            "label": f"SIMULATED-S{dice.randint(1, 3)}",
            "samples": [{"substance": "SIMULATED", "net": 1}],
            "purpose": "SIMULATED: what is it",
            "reference": f"SIMULATED-{dice.randint(1000, 9999)}",
            "place": "SIMULATED: lay-by",
            "opened": True,
            "witnesses": [f"witness-{dice.randint(1, 99):02d}"],
            **{name: one for name, one in _checked(facts, gross, dice).items() if name != "in_sight"},
        },
        "surveillance_lost": {"reason": "SIMULATED: lost in traffic"},
        "surveillance_regained": {"place": facts.place, "reason": "SIMULATED: found again"},
        "device_failed": {"label": "SIMULATED-T", "reason": "SIMULATED: battery"},
        "loss_recorded": {"circumstances": "SIMULATED: not found"},
        "incident": {"risk_to_life": True, "what": "SIMULATED: danger"},
        "handover_offered": _checked(facts, gross, dice),
        "handover_accepted": _checked(facts, gross, dice) | ({"seals_intact": True} if "seals" in facts.checked_by else {}),
        "handover_declined": {"reason": "SIMULATED: cannot take custody"},
        "movement_decision": {"proceed": True, "reason": "SIMULATED: explained and recounted"},
        "hold_requested": {"reason": "SIMULATED: nobody is behind it"},
        "hold_decided": {"decision": "go_on", "reason": "SIMULATED: it is in sight again"},
        "deconfliction_requested": {
            "reference": f"SIMULATED-{dice.randint(1000, 9999)} of {day}",
            "reason": "SIMULATED: before anybody is asked",
        },
        "deconfliction_refused": {"reason": "SIMULATED: not called for"},
        "conflict_settled": {
            "agreed_with": facts.agree_with or request.service,
            "reference": f"SIMULATED-{dice.randint(1000, 9999)} of {day}",
            "reason": "SIMULATED: both may go on",
            "agreement": _agreement(request),
        },
        "conflict_yielded": {"reason": "SIMULATED: the other was first"},
        "delivered": {"how": "SIMULATED: by the ordinary operator"},
        "arrest_reported": {"persons": [{"code": "B-1", "role": "courier"}], "place": "SIMULATED: road"},
        "arrest_made": {"persons": _persons(request.checkpoint, dice), "place": facts.place} | act,
        "no_arrest": {"reason": "SIMULATED: nobody came"},
        "not_collected": {"because": "no_show", "reason": "SIMULATED: nobody came"},
        "seizure": {
            "recovered": inside,
            "items": list(facts.items),
            "stored_at": "SIMULATED: store of exhibits",
            **_counted(facts),
        }
        | act,
        "parts_ended": {"parts": [_ended(part) for part in facts.parts]},
        "difference_explained": {"reason": "SIMULATED: laboratory scale"},
        "permission_granted": {
            "state": facts.state,
            **decided,
            "permissions": list(facts.permissions) or ["watching_thing"],  # a changed plan may ask for one that it does not need
            "reference": f"SIMULATED-{facts.state}-{dice.randint(1000, 9999)} of {day}",
            "granted_by_role": "SIMULATED judge",
            "legal_basis": "SIMULATED decision",
            **window,
        },
        "permission_refused": {"state": facts.state},
        "duty_done": {"reference": f"SIMULATED-{dice.randint(1000, 9999)} of {day}"},
        "costs_settled": {"each_bears_its_own": True, "note": "SIMULATED: settled on the telephone"},
        "surveillance_log": {"intervals": _watched(asked)} | act,
        "jurisdiction_understood": {"prosecutions": [{"role": "supplier", "state": facts.state}]},
        "transfer_requested": {
            "to": facts.state,
            "prosecutions": [{"role": "courier", "state": facts.state}],
            "reference": f"SIMULATED record of {day}",
            "legal_basis": "SIMULATED treaty",
        },
        "transfer_accepted": {"of": facts.transfer or "none-was-asked", "reference": "SIMULATED record"},
        "transfer_declined": {"of": facts.transfer or "none-was-asked", "reason": "SIMULATED: no such offence here"},
        "cooperation_begun": {
            "person": "P-1",
            "role": "courier",
            "consented_to": "officer-7",
            "consented_at": asked.isoformat(),
            "reference": f"SIMULATED record of {day}",
        },
        "cooperation_ended": {"person": "P-1", "reason": "SIMULATED: over"},
        "recorder_issued": {"person": "P-1", "label": "R-1", "reference": f"SIMULATED record of {day}"},
        "recorder_returned": {"person": "P-1", "label": "R-1", "reference": f"SIMULATED record of {day}"},
        "paper_registered": {"paper": "order", "code": "000000000000"} | act,
        "declassified": act,
        "results_submitted": {"addressee": "SIMULATED investigator"} | act,
        "case_opened": {"articles": ["SIMULATED article"], "charges": [{"role": "courier", "articles": ["SIMULATED article"]}]}
        | act,
        "persons_notified": {"persons": ["P-1"]} | act,
        "looked_back": {"note": "SIMULATED: before the court"},
        "destroyed": {"circumstances": "SIMULATED: burnt", "witnesses": [f"witness-{dice.randint(1, 99):02d}"]},
        "stop_requested": {"reason": "SIMULATED: stop"},
        "interdicted": {"place": facts.place, **_counted(facts), **({"gross": gross} if "weight" in facts.checked_by else {})},
    }
    mark = "CONSENT" if kind.startswith(("authorisation_", "permission_")) else "SIMULATED"
    return {name: _marked(value, f"{mark} by {request.service}") for name, value in words.get(kind, {}).items()}


def _marked(value: Any, mark: str) -> Any:
    """A text with the name of whose words it is, so that they are known again wherever they turn up (R11)."""
    if not isinstance(value, str) or not value.startswith("SIMULATED"):
        return value
    rest = value.removeprefix("SIMULATED")
    return f"{mark}{rest}" if rest.startswith(":") else f"{mark},{rest}"


def person_at(checkpoint: str, number: int) -> str:
    """The code of a person whom a simulated service arrests there: each of its own, whatever else that service has to do."""
    return f"P-{digest(checkpoint)[:8]}-{number}"


def _persons(checkpoint: str, dice: random.Random) -> list[dict[str, Any]]:
    """One to three: whoever received it, and others."""
    roles = ("recipient", "distributor", "supplier")
    return [{"code": person_at(checkpoint, number), "role": roles[number]} for number in range(dice.randint(1, 3))]


def _watched(asked: datetime) -> list[dict[str, Any]]:
    """Two teams, one after the other with a gap."""
    minutes = [(asked + timedelta(seconds=seconds)).isoformat() for seconds in (0, 10, 20, 30)]
    first = {"team": "A", "means": "visual", "begins": minutes[0], "ends": minutes[1], "handed_to": "B"}
    return [first, {"team": "B", "means": "both", "begins": minutes[2], "ends": minutes[3]}]


SCALES_SHOW = 1_000_000
"""Milligrams that scales show of a consignment of which nobody has said what it weighs."""

SIZES = ("net", "minor", "count")
"""Fields that say how much there is of something."""
A_SCALE = {"model": "SIMULATED scale", "number": "0001", "verified_until": "2022-12-31", "division": 1_000}
A_SHOT = Attachment(digest="0" * 64, size=2_400_000, media_type="image/jpeg", shows="SIMULATED: the parcel, opened")
"""Of an opening, since the law of some States wants it recorded."""
A_PICTURE = hashlib.sha256(b"SIMULATED picture").hexdigest()


def _weighed(one: AnyAmount) -> dict[str, Any]:
    """What the request says there is of it, as if it had been weighed or counted; what cannot be stays as it is."""
    size = one.quantity.about if isinstance(one.quantity, Estimate) else plain(one.quantity)
    said = {name: value for name, value in plain(one).items() if name not in ("cas", *SIZES)}
    return said | {next(name for name in SIZES if hasattr(one, name)): size}


def _sealed(facts: Facts, gross: int, dice: random.Random) -> dict[str, Any]:
    """What is found of it from outside when it has been prepared, by what it is checked by."""
    found = {
        "gross": gross,
        "scale": A_SCALE,
        "seals": [_new_seal(facts.state, dice)],
        "picture": A_PICTURE,
        "packages": dice.randint(1, 2_500),
    }
    if facts.packages is not None:
        found["packages"] = number_of(facts.packages)
    return _by_checks(facts, found)


def _checked(facts: Facts, gross: int, dice: random.Random) -> dict[str, Any]:
    """What is found of it from outside when it is handed over: what it should be, the weight as scales are."""
    tolerance = facts.tolerance or 0
    weight = min(max(gross + dice.randint(-tolerance, tolerance) // 4, 0), MAX_WHOLE)
    found: dict[str, Any] = {"gross": weight, "scale": A_SCALE, "packages": facts.packages}
    found["seals"] = [seal.model_dump() for seal in facts.seals] or [_new_seal(facts.state, dice)]
    return _by_checks(facts, found | {"picture": facts.picture or A_PICTURE, "in_sight": True})


def _counted(facts: Facts) -> dict[str, Any]:
    return {"packages": facts.packages} if "count" in facts.checked_by and isinstance(facts.packages, int) else {}


def _by_checks(facts: Facts, found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if OF_CHECKS[name] in facts.checked_by}


def _weight(handled: dict[str, Any]) -> int:
    """What is in it weighs at least so much, with what was put in."""
    kept: list[int] = [one["net"] for one in handled["kept"] if isinstance(one.get("net"), int)]
    put_in: list[int] = [item["gross"] for item in handled.get("items", ()) if isinstance(item["gross"], int)]
    return sum(kept) + sum(put_in)


def _handled(modality: str, inside: list[dict[str, Any]]) -> dict[str, Any]:
    """What is kept, removed and put in, as the way of handling says; of a part that is taken out, a hundredth travels on."""
    if modality == "intact":
        return {"kept": inside}
    kept: list[dict[str, Any]] = []
    removed = inside
    if modality.endswith("_in_part"):
        inside = [{name: value for name, value in one.items() if name != "notes"} for one in inside]
        size = [next(key for key in SIZES if key in one) for one in inside]
        kept = [one | {key: _share(one[key])[0]} for one, key in zip(inside, size, strict=True)]
        removed = [one | {key: _share(one[key])[1]} for one, key in zip(inside, size, strict=True)]
    stands_in = sum(one["net"] for one in removed if isinstance(one.get("net"), int))
    substitute = {"items": [{"label": "SIMULATED-1", "what": "substitute", "gross": min(stands_in, MAX_WHOLE) or 1}]}
    return {"kept": kept, "removed": removed, "opened": True, **(substitute if modality.startswith("replaced") else {})}


def _share(size: Any) -> tuple[Any, Any]:
    """What travels on and what is taken out; of what was not measured, neither was."""
    return (size // 100 + 1, size - size // 100 - 1) if isinstance(size, int) else (size, size)


def _ended(part: Part) -> dict[str, Any]:
    """A part that ended well."""
    return {
        "operation": part.operation,
        "outcome": "delivered_with_arrests",
        "recovered": plain(part)["contents"],
        "root": "0" * 64,
    }


def _agreement(request: Request) -> Envelope | None:
    """What the officer on the other side of a conflict signs on the telephone; none where there is no conflict."""
    if request.facts.agree_with is None:
        return None
    said = Statement(
        id=f"agreed-{request.checkpoint.removeprefix('conflict.')}",
        delivery=request.delivery,
        checkpoint=request.checkpoint,
        plan=request.plan,
        service=request.facts.agree_with,
        officer="other-01",
        happened_at=request.asked_at,
        content=ConflictSettled(agreed_with=request.service, reference="SIMULATED", reason="SIMULATED: both may go on"),
    )
    return sign_statement(said, private_key_of(said.service))


def _new_seal(state: str, dice: random.Random) -> dict[str, Any]:
    return Seal(number=f"{state}{dice.randint(0, 999_999):06d}", security="H").model_dump()
