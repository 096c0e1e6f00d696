"""R11, watched while a delivery runs: a reader who looks at everything that its own doors show, and finds another's words.

Nothing here calls `domain.views.sight` to decide what is allowed: who may hear whom is worked out anew, from the plan alone.
"""

import re
from collections.abc import Iterator

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.delivery.requests import Request
from domain.delivery.vocabulary import NoticeKind
from domain.plan.access import role_of
from domain.plan.directory import Service
from domain.plan.plan import Leg, Plan
from domain.record.door import read_statement
from domain.rules.proceedings import TransferAccepted, TransferDeclined
from domain.views.asked import inbox
from domain.views.notices import facts_of
from domain.views.sight import page
from domain.views.view import view
from rehearsal.invariants import BrokenInvariantError
from rehearsal.oracle import passed_in

NOTICES: tuple[NoticeKind, ...] = ("amended", "outcome", "alarm")
"""Notices that go to every participant."""

ABOUT_THE_WAY = (
    "sighted",
    "surveillance_lost",
    "surveillance_regained",
    "device_failed",
    "loss_recorded",
    "destroyed",
    "taken_out",
    "incident",
    "hold_requested",
)
"""Kinds of what anybody may say of the consignment: whoever it is with then must hear it."""

OFTEN = 3
"""At every so many entries it also looks at the summary, its inbox and its notices."""

_WORDS = re.compile(r"SIMULATED by ([a-z.-]+)[,:]")
_CONSENT = re.compile(r"CONSENT by ([a-z.-]+)[,:]")
_REQUEST = re.compile(r"REQUEST to ([A-Z]{2})")
_INFORMATION = re.compile(r"INFORMATION by ([a-z.-]+) for ([a-z.+-]*)")


class Reader:
    """One service without the whole in view; `watch` looks through its eyes at every entry that is recorded."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._since = 0
        self._seen: tuple[Delivery | None, int] = None, 0
        """What it last looked at, and how many entries that had."""

    def watch(self, delivery: Delivery, entry: Entry) -> None:
        """Raises `BrokenInvariantError` if something is shown that is not this service's to know."""
        plan = delivery.plan
        if self._service.id not in plan.participants() or role_of(self._service, plan) == "operations":
            return  # after a change of plan it may see nothing, or the whole
        if delivery is not self._seen[0]:  # the record may have been put back
            self._since = min(self._since, entry.seq)
        stands = delivery, len(delivery.ledger)
        if stands == self._seen:
            return
        self._seen = stands
        for door, text in self._shown(delivery):
            for problem in self.not_to_be_known(delivery, text):
                message = f"R11: entry {entry.seq}: {self._service.id} reads {problem} ({door})"
                raise BrokenInvariantError(message)

    def _shown(self, delivery: Delivery) -> Iterator[tuple[str, str]]:
        """Everything this service can get to see, and by which door."""
        for found in page(delivery, self._service, self._since):
            self._since = found.seq + 1
            yield "ledger", found.model_dump_json()
            if isinstance(found, Entry):
                yield from (("ledger", text) for text in self.said_by_others(delivery, found))
        if not delivery.state.progress or self._since % OFTEN:
            return
        now = max(progress.opened for progress in delivery.state.progress.values())
        yield "view", view(delivery, self._service, now).model_dump_json()
        for asked in inbox(delivery, self._service.id, now):
            yield "inbox", without_request(asked).model_dump_json()
            if asked.facts.request is not None and not self._decides(delivery.plan, asked):
                yield "inbox", asked.facts.request.model_dump_json()
        for kind in NOTICES:
            yield "notice", facts_of(delivery, kind, None, self._service.id).model_dump_json()

    def said_by_others(self, delivery: Delivery, entry: Entry) -> Iterator[str]:
        """The statement in an entry that it reads, where it must look for what is not its own."""
        if not isinstance(entry.event, Stated):
            return
        said, text = read_statement(entry.event.envelope), entry.event.envelope.body().decode()
        if self._service.id in (said.service, said.on_behalf_of):  # its own, and what anybody says in its name
            return
        if said.kind == "transfer_requested" and f'"to":"{self._service.state}"' in text:
            return  # it is asked of its State
        if isinstance(said.content, TransferAccepted | TransferDeclined) and self._asked_for(delivery, said.content.of):
            return  # it answers its State
        words = {*_WORDS.findall(text), *_CONSENT.findall(text)}
        theirs = words <= {said.voice} and not self._of_its_state(delivery, said.service)  # and no impostor's
        if theirs and not (said.content.kind in ABOUT_THE_WAY and self._on_its_leg(delivery, entry.seq)):
            yield text

    def _asked_for(self, delivery: Delivery, transfer: str) -> bool:
        """Whether its State asked for this transfer of proceedings."""
        asked = delivery.state.transfers.get(transfer)
        return asked is not None and asked.state == self._service.state

    def not_to_be_known(self, delivery: Delivery, text: str) -> Iterator[str]:
        """What in a text is not this service's to know."""
        plan = delivery.plan
        said = plan.request
        asked = [said.facts, said.grounds, said.aim, said.necessity, said.concealment, said.on_loss, said.contact, said.marking]
        asked += [one.asks for one in said.to.values() if one.asks]
        secrets = (plan.title, plan.offence.description, *asked, *(one.value for one in plan.consignment.identifiers))
        shown = {at.place for at in plan.checkpoints}  # a change may give both the same text
        yield from (f"what the plan keeps: {secret}" for secret in secrets if secret in text and secret not in shown)
        for state in _REQUEST.findall(text):
            if state != self._service.state:
                yield f"what {state} is asked"
        for speaker in _CONSENT.findall(text):
            if not self._of_its_state(delivery, speaker):
                yield f"the consent of {speaker}"
        for speaker in _WORDS.findall(text):
            known = self._of_its_state(delivery, speaker) or self._over(plan, speaker)
            if not known and not neighbours(plan, speaker, self._service.id):
                yield f"the words of {speaker}"
        for speaker, readers in _INFORMATION.findall(text):
            if self._service.id not in (speaker, *readers.split("+")):
                yield f"information of {speaker} for {readers or 'nobody'}"

    def _decides(self, plan: Plan, asked: Request) -> bool:
        """Whether the plan asks it of a service of its State, or of one that this service has replaced, and it is to that State:
        of itself, or of who it speaks for.
        """
        deciding = [
            plan.successor_of(one.service)
            for at in plan.checkpoints
            if at.step == "authorise" and at.state == self._service.state
            for one in at.requires
            if one.says in ("authorisation", "agreement", "permission")
        ]
        told = asked.facts.request
        others = [] if told is None else [state for state in plan.request.to if state != told.state]
        texts = "" if told is None else told.model_dump_json()
        alone = all(plan.request.to[state].asks not in texts or not plan.request.to[state].asks for state in others)
        return asked.service in deciding and told is not None and told.state == self._service.state and alone

    def _over(self, plan: Plan, speaker: str) -> bool:
        """Whether it watches over the law on a leg at an end of which the speaker is asked, or which is the speaker's."""
        if self._service.kind not in ("prosecutor", "court"):
            return False
        legs = [leg for leg in plan.legs if self._service.state in passed_in(leg)]
        asked = [service for leg in legs for at in plan.checkpoints if at.id in (leg.start, leg.end) for service in at.services()]
        return speaker in (*asked, *(service for leg in legs for service in _on(plan, leg)))

    def _on_its_leg(self, delivery: Delivery, seq: int) -> bool:
        """Whether it travels, answers or watches over the law where the consignment was then."""
        leg = delivery.plan.legs[delivery.state.leg_at(seq)]
        over_it = self._service.kind in ("prosecutor", "court") and self._service.state in passed_in(leg)
        return over_it or self._service.id in (leg.responsible, *leg.accompanied_by)

    def _of_its_state(self, delivery: Delivery, service: str) -> bool:
        known = delivery.directory.find(service)
        return known is not None and known.state == self._service.state


def without_request(asked: Request) -> Request:
    """The same without the request for consent, which is looked at apart."""
    return asked.model_copy(update={"facts": asked.facts.model_copy(update={"request": None, "request_digest": None})})


def neighbours(plan: Plan, one: str, other: str) -> bool:
    """Whether the plan brings the two together: at a checkpoint, on a leg, or where a leg of one ends at a checkpoint of the
    other.
    """
    at_legs = {
        service: [name for leg in plan.legs if service in _on(plan, leg) for name in (leg.start, leg.end)]
        for service in (one, other)
    }
    travels = any({one, other} <= {*_on(plan, leg)} for leg in plan.legs)
    asked = {
        service: [
            checkpoint.id
            for checkpoint in plan.checkpoints
            if service in (*checkpoint.services(), *(rung.to for rung in checkpoint.escalate))
        ]
        for service in (one, other)
    }
    met = {service: {*at_legs[service], *asked[service]} for service in (one, other)}
    return travels or bool(met[one] & met[other])


def _on(plan: Plan, leg: Leg) -> tuple[str, ...]:
    """Who is responsible for a leg or travels with it; of the first, who found it too."""
    return (leg.responsible, *leg.accompanied_by, *((plan.finder,) if leg == plan.legs[0] else ()))
