"""What was given before it was written, on paper: by whom and at which hour, in which form, and what has confirmed it.

A permit that is not written yet is recorded with its giver, day and hour (Estonia CCP § 126-4), and a court asks for the writing.
What was said by word of mouth has no number: by what means it was said, and who took it down, stand in its place.
"""

from domain.papers.forms.parts import act
from domain.papers.paper import Blank, Line, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue
from domain.rules.agreement import AgreementGiven
from domain.rules.consent import AuthorisationGranted
from domain.rules.urgency import AgreementConfirmed, AuthorisationConfirmed
from domain.views.names import SPOKEN
from domain.words.moments import instant
from domain.words.text import mark

ORALLY = mark("given by word of mouth, {means}, on {given} UTC; taken down by: {taker}; {written}")
READABLY = mark("{act} (given in a form that can be read again on {given} UTC; {written})")
WRITTEN = mark("confirmed in writing by {act}, {role}")
NOT_WRITTEN = mark("not confirmed in writing")

Given = AuthorisationGranted | AgreementGiven


def as_given(tongue: Tongue, record: Record, said: Heard, one: Given) -> Line:
    """It by its act; of one that was not written when it was given, when and how that was, and what confirms it."""
    named = act(tongue, one.reference, *said.entries) if one.reference is not None else (Blank(2),)
    if one.form == "written" or one.given_at is None:
        return named
    words = tongue.words(NOT_WRITTEN)
    written = confirming(record, said, one)
    if written is not None:
        by, its = written
        words = tongue.say(WRITTEN, act=act(tongue, its.reference, *by.entries), role=Value(its.written_by_role, by.entries))
    given = Value(tongue.moment(instant(one.given_at)), said.entries)
    if one.spoken is None:
        return tongue.say(READABLY, act=named, given=given, written=words)
    means = Value(tongue.translate(SPOKEN[one.spoken]), said.entries)
    return tongue.say(ORALLY, means=means, given=given, taker=Value(one.taken_down_by or "", said.entries), written=words)


def confirming(record: Record, said: Heard, one: Given) -> tuple[Heard, AuthorisationConfirmed | AgreementConfirmed] | None:
    """What has confirmed it: the first that the same service, or its successor, has said of it after it."""
    every = record.said(AuthorisationConfirmed) if isinstance(one, AuthorisationGranted) else record.said(AgreementConfirmed)
    given = [by.service for by, _ in record.said(type(one))]
    later = (by for by in every if record.giver(by[0], given) == said.service and by[0].counted > said.counted)
    return next(later, None)
