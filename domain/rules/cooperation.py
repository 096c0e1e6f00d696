"""A person who cooperates, such as a courier after the arrest, and the recorder that they carry (R16, R29).

They have a code and never a name. That they consent is recorded by the officer who heard it; a recorder is handed out and back
by statements (Kazakhstan's Criminal Procedure Code art. 242(4): a device is handed over by a record). It is an exhibit (R30):
the service that handed it out holds it, also while the person carries it, until it is said what became of it.
"""

from typing import Literal

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import LABEL_TAKEN, carried, taken
from domain.delivery.memory import Cooperating, Recorder
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.acts import Act
from domain.plan.directory import MAY_SEIZE, Service
from domain.plan.goods import Label
from domain.plan.vocabulary import CriminalRole, Digest, Reason
from domain.rules.kind import UNDER_WAY, Kind, unasked
from domain.words.identifiers import OfficerCode
from domain.words.moments import Moment, instant

LEADS_NOBODY = refused("R29", "leads_nobody", "{voice} is of a kind that leads nobody who cooperates", voice="name")
CONSENTED_LATER = refused("R16", "consented_in_future", "the consent was given after now")
COOPERATES_ALREADY = refused("R16", "cooperates_already", "{person} cooperates with {voice} already", person="name", voice="name")
COOPERATES_NOT = refused("R16", "cooperates_not", "nobody cooperates with {voice} as {person}", person="name", voice="name")
TOO_MANY = refused("R28", "cooperation_spent", "{most} persons and recorders at once are held on to here", most="count")
NOT_PERMITTED = refused(
    "R16", "recorder_not_permitted", "{state} does not permit {permission} now", state="name", permission="word"
)
ISSUED_ALREADY = refused("R16", "issued_already", "{voice} has handed out a recorder {label} already", voice="name", label="name")
NOT_ISSUED = refused(
    "R16", "not_issued", "{person} carries no recorder {label} of {voice}", person="name", label="name", voice="name"
)
CARRIES_STILL = refused("R16", "carries_still", "{person} carries {labels} still", person="name", labels="names")


class CooperationBegun(Kind):
    """A person has consented to cooperate; no name."""

    kind: Literal["cooperation_begun"] = "cooperation_begun"
    person: Label
    role: CriminalRole
    consented_to: OfficerCode
    """The officer who heard the consent and recorded it."""
    consented_at: Moment
    reference: Act

    declares = unasked("Cooperation begun", rule="R29", counts=UNDER_WAY)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It may seize by its kind."""
        return service.kind in MAY_SEIZE

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`leads_nobody` unless its `voice` may seize by its kind; `consented_in_future` where the consent was given after now;
        `cooperates_already` where this person cooperates with its `voice`; `cooperation_spent` where as many persons and
        recorders are held on to as `most_cooperating`, or half of that of its `voice` alone.
        """
        if (verdict := _leads(delivery, said)) != ACCEPTED:
            return verdict
        if instant(self.consented_at) > said.at:
            return CONSENTED_LATER()
        if _cooperates(delivery.state, said.voice, self.person):
            return COOPERATES_ALREADY(person=self.person, voice=said.voice)
        return _room(delivery, said.voice)

    def apply(self, state: State, said: Said) -> None:
        """This person cooperates with its `voice`."""
        state.cooperating = (*state.cooperating, Cooperating(said.voice, self.person))


class CooperationEnded(Kind):
    """A person cooperates no more."""

    kind: Literal["cooperation_ended"] = "cooperation_ended"
    person: Label
    reason: Reason

    declares = unasked("Cooperation ended", rule="R29")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """Somebody cooperates with it, or with one whose place it has taken."""
        return any(one.service in delivery.plan.stands_for(service.id) for one in delivery.state.cooperating)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`leads_nobody` unless its `voice` may seize by its kind; `cooperates_not` unless this person cooperates with its
        `voice`, or one for which that `stands_for`; `carries_still` where they carry a recorder of the first such: the labels.
        """
        if (verdict := _leads(delivery, said)) != ACCEPTED:
            return verdict
        if (leads := self._with(delivery.state, said)) is None:
            return COOPERATES_NOT(person=self.person, voice=said.voice)
        recorders = carried(delivery.state, leads, self.person)
        return CARRIES_STILL(person=self.person, labels=recorders) if recorders else ACCEPTED

    def _with(self, state: State, said: Said) -> str | None:
        return next((one for one in state.plan.stands_for(said.voice) if _cooperates(state, one, self.person)), None)

    def apply(self, state: State, said: Said) -> None:
        """This person cooperates no more with its `voice`, or where they do not, with the first for which that `stands_for`."""
        leads = self._with(state, said)
        state.cooperating = tuple(one for one in state.cooperating if (one.service, one.person) != (leads, self.person))


class RecorderIssued(Kind):
    """A recorder was handed to a person who cooperates."""

    kind: Literal["recorder_issued"] = "recorder_issued"
    person: Label
    label: Label
    reference: Act
    """Number of the record by which it was handed over."""

    declares = unasked("Recorder handed out", rule="R29", counts=UNDER_WAY)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """Somebody cooperates with it."""
        return any(one.service == service.id for one in delivery.state.cooperating)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`leads_nobody` unless its `voice` may seize by its kind; `cooperates_not` unless this person cooperates with its
        `voice`; `issued_already` where somebody carries a recorder of that label from its `voice`; `label_taken` where another
        exhibit bears the label, or only the rules give it (R30), unless it is a recorder that its `voice` handed out and of which
        nothing was said since it came back; `recorder_not_permitted` where in its State an act must permit `audio_video`, by the
        card or because that does not know, and none has now; `cooperation_spent` where as many persons and recorders are held on
        to as `most_cooperating`, or half of that of its `voice` alone, unless it is one of these.
        """
        if (verdict := _leads(delivery, said)) != ACCEPTED:
            return verdict
        state = delivery.state
        if not _cooperates(state, said.voice, self.person):
            return COOPERATES_NOT(person=self.person, voice=said.voice)
        if self.label in carried(state, said.voice):
            return ISSUED_ALREADY(voice=said.voice, label=self.label)
        own = [label for label, one in state.recorders.items() if one.service == said.voice and label not in state.exhibits]
        if taken(state, (self.label,), own):
            return LABEL_TAKEN(labels=(self.label,))
        lacking = self._not_permitted(delivery, said)
        return lacking or (ACCEPTED if self.label in own else _room(delivery, said.voice))

    def apply(self, state: State, said: Said) -> None:
        """This person carries it."""
        state.recorders[self.label] = Recorder(said.voice, self.person)

    @staticmethod
    def _not_permitted(delivery: Delivery, said: Said) -> Verdict | None:
        voice = delivery.directory.find(said.voice)
        state = (voice.state if voice is not None else None) or ""
        card = delivery.cards.get(state)
        wanted = card is None or card.wants_permitted("audio_video", delivery.plan.case)
        if wanted and not delivery.consents.permitted(state, "audio_video", said.at):
            return NOT_PERMITTED(state=state, permission="audio_video")
        return None


class RecorderReturned(Kind):
    """A recorder was handed back, with what it has recorded."""

    kind: Literal["recorder_returned"] = "recorder_returned"
    person: Label
    label: Label
    reference: Act
    """Number of the record by which it was handed back."""
    recording: Digest | None = None
    """SHA-256 of what it has recorded; none: nothing."""

    declares = unasked("Recorder handed back", rule="R29")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """Somebody carries a recorder of it, or of one whose place it has taken."""
        return any(carried(delivery.state, one) for one in delivery.plan.stands_for(service.id))

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`leads_nobody` unless its `voice` may seize by its kind; `not_issued` unless this person carries it from its
        `voice`, or from one for which that `stands_for`.
        """
        if (verdict := _leads(delivery, said)) != ACCEPTED:
            return verdict
        carries = any(self.label in carried(delivery.state, one, self.person) for one in delivery.plan.stands_for(said.voice))
        return ACCEPTED if carries else NOT_ISSUED(person=self.person, label=self.label, voice=said.voice)

    def apply(self, state: State, said: Said) -> None:
        """Nobody carries it any more, and its `voice` holds it, whatever was said of it meanwhile and corrected."""
        state.exhibits.pop(self.label, None)
        state.recorders[self.label] = Recorder(said.voice, None)


def _leads(delivery: Delivery, said: Said) -> Verdict:
    voice = delivery.directory.find(said.voice)
    return ACCEPTED if voice is not None and voice.kind in MAY_SEIZE else LEADS_NOBODY(voice=said.voice)


def _room(delivery: Delivery, voice: str) -> Verdict:
    """As many as there may be, and of one service half of that, so that none leaves the others without any."""
    state, most = delivery.state, delivery.law.figures.most_cooperating
    held = [*(one.service for one in state.cooperating), *(one.service for one in state.recorders.values())]
    if held.count(voice) >= most // 2:
        return TOO_MANY(most=most // 2)
    return TOO_MANY(most=most) if len(held) >= most else ACCEPTED


def _cooperates(state: State, service: str, person: str) -> bool:
    return Cooperating(service, person) in state.cooperating
