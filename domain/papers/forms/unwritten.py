"""What was authorised before it was written, on paper: by whom and at which hour, in which form, and what has confirmed it.

A permit that is not written yet is recorded with its giver, day and hour (Estonia CCP § 126-4), and a court asks for the writing.
"""

from domain.papers.forms.parts import act
from domain.papers.paper import Line, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue
from domain.rules.consent import AuthorisationGranted
from domain.rules.urgency import AuthorisationConfirmed
from domain.words.moments import instant
from domain.words.text import mark

ORALLY = mark("{act} (given by word of mouth on {given} UTC; {written})")
READABLY = mark("{act} (given in a form that can be read again on {given} UTC; {written})")
WRITTEN = mark("confirmed in writing by {act}, {role}")
NOT_WRITTEN = mark("not confirmed in writing")


def as_given(tongue: Tongue, record: Record, said: Heard, one: AuthorisationGranted) -> Line:
    """An authorisation by its act; of one that was not written when it was given, when and how that was, and what confirms it."""
    named = act(tongue, one.reference, *said.entries)
    if one.form == "written" or one.given_at is None:
        return named
    words = tongue.words(NOT_WRITTEN)
    written = _written(record, said)
    if written is not None:
        by, its = written
        words = tongue.say(WRITTEN, act=act(tongue, its.reference, *by.entries), role=Value(its.written_by_role, by.entries))
    given = Value(tongue.moment(instant(one.given_at)), said.entries)
    return tongue.say(ORALLY if one.form == "oral" else READABLY, act=named, given=given, written=words)


def _written(record: Record, said: Heard) -> tuple[Heard, AuthorisationConfirmed] | None:
    """What has confirmed it: the first that the same authority has said after it."""
    every = record.said(AuthorisationConfirmed)
    later = (one for one in every if one[0].statement.voice == said.statement.voice and one[0].counted > said.counted)
    return next(later, None)
