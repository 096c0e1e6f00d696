"""What a statement will bring about, as far as its request tells: said to whoever is about to sign it.

The gateway judges by the ledger, which may have gone on meanwhile: this is no verdict.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from domain.delivery.custody import Custody
from domain.delivery.requests import Facts, Request
from domain.delivery.statement import Content
from domain.delivery.verdicts import Finding, Verdict
from domain.delivery.watching import Interval
from domain.plan.goods import SMALLEST_SHARE, SubstanceMass, Tolerances, least_mass
from domain.plan.quantity import bounds
from domain.plan.substances import identities
from domain.rules.books import BOOK
from domain.rules.consent import OTHER_STATE, AuthorisationExtended, AuthorisationGranted, AuthorisationRefused
from domain.rules.custody import InHand
from domain.rules.measuring import MORE_THAN_GROSS
from domain.rules.permission import PermissionGranted
from domain.rules.preparation import OTHERWISE, Prepared
from domain.rules.speaking import Correction
from domain.views.forms import masses_of
from domain.views.sentences import Translate, english, say_plainly, say_verdict
from domain.words.errors import Fault
from domain.words.moments import instant
from domain.words.text import fill, mark, told, word

UNMET = mark("It will be refused (R19): say that this condition is met: {number} ({text})")
ENDS_EARLY = mark("It ends before {moment}, until when an authorisation is needed: a longer one will be asked for (R5)")
CHECKED_OTHERWISE = mark("It will be refused (R7): the plan has this checked: {asked}; the answer says: {given}")
OTHER = mark("{substance} is not known to be in it: known is {known}. Signed so, it counts as another substance. Meant so?")
NOTHING_KNOWN = mark("nothing")
REFUSED = mark("It will be refused ({rule}): {why}")
WEIGHS_NOTHING = mark("{field} says that it weighs nothing. Meant so?")
IS_AHEAD = mark("{moment} is in the future; expected when it happened")
IS_OVER = mark("{moment} has passed")
WHEN_DONE = ("detected_at", "began_at", "given_at", "urgent_at", "written_at", "consented_at", "ends")
"""Fields that say when something was done, in whichever statement they stand."""
ACTS = (AuthorisationGranted, AuthorisationExtended, PermissionGranted)
"""What lasts until a moment, and is refused once that has passed."""
DECIDED = (AuthorisationGranted, AuthorisationRefused)
"""What a State is asked to decide, and says for that State alone."""
A_MOMENT = timedelta(seconds=1)
"""The time at which it is signed is written without its fraction."""
OPENS = mark("Discrepancy: {differs}. The movement stops, and a fresh decision is asked for at {checkpoint}.decision (R7)")


def foreseen(
    content: Content, request: Request, fulfils: tuple[str, ...] = (), translate: Translate = english
) -> tuple[str, ...]:
    """What will come of it, a sentence each, in the reader's language; nothing where it counts and opens nothing."""
    return tuple(_foreseen(content, request, fulfils, translate))


def mistimed(content: Content, now: datetime) -> tuple[Fault, ...]:
    """Moments at which something was done, and that are after now; a fault each, by its field: such a statement is not signed at
    all. `now`: of the clock by which it is signed.
    """
    said = content.content if isinstance(content, Correction) else content
    return tuple(_ahead(((name, getattr(said, name)) for name in type(said).model_fields), now))


def _ahead(places: Iterable[tuple[str, object]], now: datetime) -> Iterator[Fault]:
    for name, value in places:
        if isinstance(value, tuple):
            parts = enumerate(one for one in value if isinstance(one, Interval))
            yield from _ahead(((f"{name}.{number}.ends", one.ends) for number, one in parts), now)
        elif isinstance(value, str) and name.rpartition(".")[2] in WHEN_DONE and instant(value) >= now + A_MOMENT:
            yield Fault(place=name, problem=fill(IS_AHEAD, moment=value))


def over(content: Content, now: datetime, translate: Translate = english) -> tuple[str, ...]:
    """That an act lasts until a moment that has passed, and will be refused for it."""
    if not isinstance(content, ACTS) or instant(content.valid_until) > now:
        return ()
    why = translate(IS_OVER).format(moment=content.valid_until)
    return (translate(REFUSED).format(rule=content.declares.rule, why=why),)


def _foreseen(content: Content, request: Request, fulfils: tuple[str, ...], translate: Translate) -> Iterator[str]:
    facts = request.facts
    for name in sorted(masses_of(content.kind)):
        if getattr(content, name) == 0:
            yield translate(WEIGHS_NOTHING).format(field=name)
    if isinstance(content, DECIDED) and content.state != facts.state:
        verdict = OTHER_STATE(checkpoint=request.checkpoint, asked=facts.state, given=content.state)
        yield _refused(verdict, translate)
    if isinstance(content, Prepared):
        yield from _as_prepared(content, facts, translate)
        yield from _unknown(content, facts, translate)
    found: object = content  # a kind that is also a check of the consignment
    for one in facts.conditions if BOOK.kinds[content.kind].declares.confirms else ():
        if one.id not in fulfils:
            yield translate(UNMET).format(number=one.id, text=one.text)
    if isinstance(content, AuthorisationGranted) and _earlier(content.valid_until, facts.valid_until):
        yield translate(ENDS_EARLY).format(moment=f"{instant(facts.valid_until):%Y-%m-%d %H:%M:%S} UTC")
    if isinstance(found, InHand | Prepared) and set(found.checks()) != set(facts.checked_by):
        asked, given = _listed(facts.checked_by, translate), _listed(found.checks(), translate)
        yield translate(CHECKED_OTHERWISE).format(asked=asked, given=given)
    elif isinstance(found, InHand) and (differing := differences(found, facts)):
        differs = "; ".join(say_plainly(one, translate) for one in differing)
        yield translate(OPENS).format(differs=differs, checkpoint=request.checkpoint)


def _as_prepared(said: Prepared, facts: Facts, translate: Translate) -> Iterator[str]:
    """That it was prepared otherwise than asked, or holds more than it weighs, as far as the request tells."""
    if said.modality != facts.modality:
        yield _refused(OTHERWISE(given=said.modality, asked=facts.modality), translate)
    most = bounds(said.gross).most if said.gross is not None else None
    inside = least_mass(said.kept) + sum(bounds(one.gross).least for one in said.items)
    if most is not None and inside > most + (most // SMALLEST_SHARE if facts.tolerance is None else facts.tolerance):
        yield _refused(MORE_THAN_GROSS(inside=inside, gross=most), translate)


def _refused(verdict: Verdict, translate: Translate) -> str:
    return translate(REFUSED).format(rule=verdict.rule, why=say_verdict(verdict, translate))


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
