"""In which form a State has consented, in words: a consent that is not written yet is told apart from one that is."""

from domain.views.names import GIVEN_IN
from domain.views.sentences import Translate, english
from domain.views.view import Consent
from domain.words.moments import instant
from domain.words.text import mark

SINCE = mark("in writing; given before that, at {given}")
DUE = mark("{form}, at {given}; it is to be written by {due}, or it ends")
NOT_DUE = mark("{form}, at {given}")


def say_given(consent: Consent, translate: Translate = english) -> str:
    """In which form it was given, and by when the writing follows, where that is awaited."""
    form = translate(GIVEN_IN[consent.form])
    if consent.given_at is None:
        return form
    given = _moment(consent.given_at)
    if consent.form == "written":
        return translate(SINCE).format(given=given)
    if consent.written_by is None:
        return translate(NOT_DUE).format(form=form, given=given)
    return translate(DUE).format(form=form, given=given, due=_moment(consent.written_by))


def _moment(text: str) -> str:
    return f"{instant(text):%Y-%m-%d %H:%M} UTC"
