"""What a statement will bring about, as far as its request tells: said to whoever is about to sign it.

The gateway judges by the ledger, which may have gone on meanwhile: this is no verdict.
"""

from collections.abc import Iterator

from domain.delivery.custody import Custody
from domain.delivery.requests import Facts, Request
from domain.delivery.statement import Content
from domain.delivery.verdicts import Finding
from domain.plan.goods import SubstanceMass, Tolerances
from domain.plan.substances import identities
from domain.rules.books import BOOK
from domain.rules.consent import AuthorisationGranted
from domain.rules.custody import InHand
from domain.rules.preparation import Prepared
from domain.views.sentences import Translate, english, say_plainly
from domain.words.moments import instant
from domain.words.text import mark, told, word

UNMET = mark("It will be refused (R19): say that this condition is met: {number} ({text})")
ENDS_EARLY = mark("It ends before {moment}, until when an authorisation is needed: a longer one will be asked for (R5)")
CHECKED_OTHERWISE = mark("It will be refused (R7): the plan has this checked: {asked}; the answer says: {given}")
OTHER = mark("{substance} is not known to be in it: known is {known}. Signed so, it counts as another substance. Meant so?")
NOTHING_KNOWN = mark("nothing")
OPENS = mark("Discrepancy: {differs}. The movement stops, and a fresh decision is asked for at {checkpoint}.decision (R7)")


def foreseen(
    content: Content, request: Request, fulfils: tuple[str, ...] = (), translate: Translate = english
) -> tuple[str, ...]:
    """What will come of it, a sentence each, in the reader's language; nothing where it counts and opens nothing."""
    return tuple(_foreseen(content, request, fulfils, translate))


def _foreseen(content: Content, request: Request, fulfils: tuple[str, ...], translate: Translate) -> Iterator[str]:
    facts = request.facts
    if isinstance(content, Prepared):
        yield from _unknown(content, facts, translate)
    found: object = content  # a kind that is also a check of the consignment
    for one in facts.conditions if BOOK.kinds[content.kind].declares.confirms else ():
        if one.id not in fulfils:
            yield translate(UNMET).format(number=one.id, text=one.text)
    if isinstance(content, AuthorisationGranted) and _earlier(content.valid_until, facts.valid_until):
        yield translate(ENDS_EARLY).format(moment=facts.valid_until)
    if isinstance(found, InHand | Prepared) and set(found.checks()) != set(facts.checked_by):
        asked, given = _listed(facts.checked_by, translate), _listed(found.checks(), translate)
        yield translate(CHECKED_OTHERWISE).format(asked=asked, given=given)
    elif isinstance(found, InHand) and (differing := differences(found, facts)):
        differs = "; ".join(say_plainly(one, translate) for one in differing)
        yield translate(OPENS).format(differs=differs, checkpoint=request.checkpoint)


def _unknown(said: Prepared, facts: Facts, translate: Translate) -> Iterator[str]:
    """Each substance that is said to be in it and is none that was asked about: a name that was mistyped is another substance."""
    known = [one for one in facts.contents if isinstance(one, SubstanceMass)]
    found = [one for one in (*said.kept, *said.removed, *said.samples) if isinstance(one, SubstanceMass)]
    called = identities((one.substance, one.cas) for one in (*known, *found))
    same = {called[one.substance, one.cas] for one in known}
    for one in found:
        if called[one.substance, one.cas] not in same:
            names = ", ".join(other.substance for other in known) or translate(NOTHING_KNOWN)
            yield translate(OTHER).format(substance=one.substance, known=names)


def differences(found: InHand, facts: Facts) -> tuple[Finding, ...]:
    """What does not fit what the request expects: by the checks of the plan, and beyond its tolerance (R7)."""
    expected = Custody(_number(facts.gross), facts.seals, _number(facts.packages), facts.picture)
    tolerances = Tolerances(gross=facts.tolerance or 0, net={})
    intact, in_sight = found.seals_intact is not False, found.in_sight is not False
    return expected.differences(Custody.of(found, 0), facts.checked_by, tolerances, intact=intact, in_sight=in_sight)


def _earlier(one: str, other: str | None) -> bool:
    return other is not None and instant(one) < instant(other)


def _number(quantity: object) -> int | None:
    """What was measured or counted; an estimate is nothing to compare with."""
    return quantity if isinstance(quantity, int) else None


def _listed(checks: tuple[str, ...], translate: Translate) -> str:
    return ", ".join(told(word(one), translate) for one in checks or ("nothing",))
