"""What is given before it is written: in which form, by what means, who took it down, and by when the writing follows (R1).

What is said by word of mouth bears no number. Who gave it, by what means, at which hour and who took it down stand in its place
(Estonia CCP § 126-4(4): the giver, the day and the hour; SCO agreement on customs assistance of 2 November 2007, art. 11: by word
of mouth in exceptional cases, at once confirmed in writing). The words for means are ours: no text that was read lists them.
"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.statement import Said
from domain.delivery.verdicts import Verdict, refused
from domain.plan.acts import Act, NamedAct
from domain.plan.cards import Form, RuleCard, Unwritable, Urgent
from domain.plan.vocabulary import Spoken
from domain.rules.requested import WRITING_OVERDUE
from domain.words.limits import LONGEST_NAME
from domain.words.moments import Moment as MomentText
from domain.words.moments import instant, utc_text
from domain.words.text import mark

NO_SUCH_FORM = refused(
    "R1",
    "no_such_form",
    "nothing is known that lets {state} authorise in {form} form: a written act is needed",
    state="name",
    form="word",
)
NOT_AGREED_IN_FORM = refused(
    "R1",
    "no_such_form_of_agreement",
    "nothing is known that lets a service of {state} agree in {form} form: a written act is needed",
    state="name",
    form="word",
)
GIVEN_LATER = refused("R1", "given_in_future", "it was given after now")

Given = tuple[str, Form, MomentText | None]
"""Of which State it is, in which form it was given, and when, where it was not written then."""
MaybeNumbered = Annotated[Act | None, Field(exclude_if=lambda act: act is None)]
"""The act, which nothing has that was said by word of mouth."""
MaybeSpoken = Annotated[Spoken | None, Field(exclude_if=lambda means: means is None)]
"""By what means it was said."""
MaybeTakenDown = Annotated[
    Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] | None, Field(exclude_if=lambda post: post is None)
]
"""The post of who took down what was said; never a name."""


def check_form(form: Form, act: NamedAct | None, given_at: MomentText | None, spoken: Spoken | None, by: str | None) -> None:
    """Raises `ValueError` unless it has what one of its form has, and nothing else: a written one its act; one that is not, when
    it was given; and one by word of mouth no number, but by what means it was said and who took it down.
    """
    if form != "written" and given_at is None:
        message = mark("one that is not written says when it was given: given_at")
        raise ValueError(message)
    if form == "written" and act is None:
        message = mark("one that is written names its act: reference")
        raise ValueError(message)
    if form == "oral" and (spoken is None or by is None):
        message = mark("one by word of mouth says by what means, and by which post it was taken down: spoken, taken_down_by")
        raise ValueError(message)
    if form == "oral" and act is not None:
        message = mark("what is said by word of mouth bears no number: leave out reference; the written act has one")
        raise ValueError(message)
    if form != "oral" and (spoken is not None or by is not None):
        message = mark("only one by word of mouth is taken down: leave out spoken and taken_down_by, or say form oral")
        raise ValueError(message)


def given_wrongly(what: Unwritable, given: Given, delivery: Delivery, said: Said) -> Verdict | None:
    """What is wrong with giving it before it is written: `no_such_form` or `no_such_form_of_agreement` where no card knows
    anything that lets it be so, `given_in_future` where that was after now, and `writing_overdue` where the time in which the
    card has it written, counted from when it was given, is over.
    """
    state, form, given_at = given
    if form == "written" or given_at is None:
        return None
    urgent, at = lets(delivery.cards.get(state), what, form, delivery), instant(given_at)
    if urgent is None:
        wrong = NO_SUCH_FORM if what == "authorisation" else NOT_AGREED_IN_FORM
        return wrong(state=state, form=form)
    if at > said.at:
        return GIVEN_LATER()
    due = at + urgent.written_within
    return WRITING_OVERDUE(given=utc_text(at), state=state, due=utc_text(due)) if due <= said.at else None


def lets(card: RuleCard | None, what: Unwritable, form: Form, delivery: Delivery) -> Urgent | None:
    """What of a State's card lets it be given in this form; none where nothing is known to."""
    return card.urgent_for(form, delivery.plan.case, what) if card is not None else None


def to_be_written(what: Unwritable, form: Form, given_at: datetime | None, state: str, delivery: Delivery) -> datetime | None:
    """By when it is to be written, counted from when it was given; none where it was written then, or no card knows its form."""
    urgent = lets(delivery.cards.get(state), what, form, delivery)
    return given_at + urgent.written_within if urgent is not None and given_at is not None else None
