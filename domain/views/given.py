"""In which form a State has consented, in words: a consent that is not written yet is told apart from one that is; and whether it
is to what is planned now.
"""

from domain.delivery.consents import Afresh
from domain.views.names import GIVEN_IN
from domain.views.sentences import Translate, english
from domain.views.view import Consent
from domain.words.moments import instant
from domain.words.text import mark

SINCE = mark("in writing; given before that, at {given}")
DUE = mark("{form}, at {given}; it is to be written by {due}, or it ends")
NOT_DUE = mark("{form}, at {given}")
STANDS = mark("the request has changed since, in nothing that {state} decides on")
AFRESH: dict[Afresh, str] = {
    "asked": mark("{state} is asked afresh: this consent does not carry what is planned now"),
    "decided": mark("{state} has decided afresh since: this consent is to what was planned before"),
}


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


def say_changed(consent: Consent, translate: Translate = english) -> str:
    """What has become of the request that it answered; empty where that is the one of now."""
    said = AFRESH[consent.afresh] if consent.afresh is not None else STANDS if consent.request_has_changed else ""
    return translate(said).format(state=consent.state) if said else ""


def _moment(text: str) -> str:
    return f"{instant(text):%Y-%m-%d %H:%M} UTC"
