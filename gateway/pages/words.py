"""What the pages call things, in the reader's language. The code's own words (kinds, needs, fields) each have a name here.

Every text is English in the code and translated by gettext: `locale/LANGUAGE/LC_MESSAGES/desk.po`, made by `make words`. `mark`
marks what is translated later, when it is known who reads it. What the rules call things (sentences of what they find, titles of
kinds and contingencies) stands beside the rules, and is gathered from there, see `gateway.pages.rules`.
"""

import gettext
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("en", "ru")
"""The first is what the code is written in."""


def mark(text: str) -> str:
    """To be translated."""
    return text


NEEDS: Mapping[str, str] = {
    "authorisation": mark("whether the State authorises it"),
    "extension": mark("a longer authorisation"),
    "permission": mark("a permission of its own"),
    "duty": mark("that a duty is done"),
    "prepared": mark("the record of preparation"),
    "ready": mark("that the team is ready"),
    "dispatched": mark("that it is on its way"),
    "sighting": mark("where it is"),
    "handover_offer": mark("the offer of handover, with its measurement"),
    "handover_acceptance": mark("the acceptance of handover, with a measurement of its own"),
    "movement_decision": mark("a decision whether to go on"),
    "deconfliction": mark("whether the register of live operations may be looked into"),
    "conflict_settlement": mark("whether the conflict is settled"),
    "delivered": mark("whether it was delivered"),
    "arrest": mark("whether an arrest was made"),
    "seizure": mark("what was seized, weighed again"),
    "explanation": mark("an explanation of the difference"),
    "parts": mark("how each part ended"),
    "debrief": mark("that the closing meeting was held"),
    "costs": mark("who bears the costs"),
    "return_of_goods": mark("that the goods were returned"),
    "look_back": mark("what came of it later"),
    "stop_acknowledgement": mark("that the stop is known"),
    "interdiction": mark("that it has been seized"),
}
PHASES: Mapping[str, str] = {
    "planned": mark("planned"),
    "consent": mark("waiting for consent"),
    "preparation": mark("in preparation"),
    "departure": mark("about to depart"),
    "under_way": mark("under way"),
    "arrest": mark("at the arrest"),
    "accounting": mark("accounting for everything"),
    "halted": mark("halted"),
    "ended": mark("ended"),
    "unknown": mark("not known"),
}
STANDINGS: Mapping[str, str] = {
    "asked": mark("asked"),
    "unreachable": mark("not reached yet"),
    "told": mark("told that it waits"),
    "acknowledged": mark("has signed that it received it"),
    "received": mark("has received it"),
    "reached": mark("reached"),
    "answered": mark("has answered"),
}
VERDICTS: Mapping[str, str] = {
    "accepted": mark("accepted"),
    "early": mark("early: kept until its time"),
    "late": mark("late: kept, and changes nothing"),
    "refused": mark("refused"),
}
OUTCOMES: Mapping[str, str] = {
    "delivered_with_arrests": mark("delivered, with arrests"),
    "delivered_without_arrest": mark("delivered, without an arrest"),
    "interdicted_as_planned": mark("interdicted as planned"),
    "interdicted_early": mark("interdicted early"),
    "refused": mark("refused"),
    "expired": mark("expired"),
    "withdrawn": mark("withdrawn"),
    "no_show": mark("nobody came for it"),
    "returned_to_sender": mark("returned to the sender"),
    "lost_or_stolen": mark("lost or stolen"),
    "destroyed": mark("destroyed"),
    "split": mark("split into deliveries of their own"),
    "aborted_for_risk_to_life": mark("stopped because life was at risk"),
}
EVENTS: Mapping[str, str] = {
    "started": mark("Started from its signed plan"),
    "amended": mark("Plan changed by a new signed one"),
    "keys_changed": mark("Keys changed"),
    "stated": mark("Statement"),
    "taken_up": mark("Early statement taken up"),
    "opened": mark("Opened"),
    "asked": mark("Asked"),
    "reminded": mark("Reminded"),
    "escalated": mark("Next on the ladder told"),
    "silence": mark("No answer in time"),
    "closed": mark("Closed"),
    "expiring": mark("Authorisation is about to expire"),
    "expired": mark("Authorisation has expired"),
    "deconflicted": mark("Other operations looked for"),
    "deferred": mark("Register not looked into; asked again later"),
    "look_due": mark("Register may be asked again"),
    "cleared": mark("Cleared to go on"),
    "halted": mark("Halted"),
    "told": mark("Notices sent"),
    "concluded": mark("Outcome"),
    "ended": mark("Ended; the ledger is closed"),
    "came_due": mark("Due time has passed"),
    "asked_once_more": mark("Asked once more, before silence decides"),
    "archive_behind": mark("The archive is behind: only what stops the delivery is taken"),
    "archive_caught_up": mark("The archive has caught up"),
    "diverged": mark("The record was put back: the archive has another history, and people decide how to go on"),
    "released": mark("Taken off the register of live operations"),
}
RESULTS: Mapping[str, str] = {
    "satisfied": mark("everybody has answered"),
    "unanswered": mark("an answer is missing"),
    "withdrawn": mark("nothing is waited for any more"),
}
FIELDS: Mapping[str, str] = {
    "state": mark("State"),
    "reference": mark("Reference of the act"),
    "granted_by_role": mark("Granted by (office, never a name)"),
    "legal_basis": mark("Legal basis"),
    "modalities": mark("Ways of handling that are allowed"),
    "modality": mark("Way of handling"),
    "valid_from": mark("Valid from"),
    "valid_until": mark("Valid until"),
    "provisional": mark("Provisional: a final one follows"),
    "offence": mark("Offence, as your law calls it"),
    "extraditable": mark("Extraditable"),
    "conditions": mark("Conditions"),
    "reason": mark("Reason"),
    "permissions": mark("What is permitted"),
    "gross": mark("Gross weight"),
    "seals": mark("Seals"),
    "kept": mark("Kept in it"),
    "removed": mark("Taken out"),
    "samples": mark("Samples for the laboratory"),
    "units": mark("Units, each weighed"),
    "items": mark("Substitutes and devices"),
    "opened": mark("It was opened"),
    "test": mark("Presumptive test and its result"),
    "broken": mark("Seals broken for it"),
    "pictures": mark("Pictures (SHA-256 of each)"),
    "witnesses": mark("Witnesses (officer codes)"),
    "note": mark("Note"),
    "place": mark("Place"),
    "label": mark("Label"),
    "circumstances": mark("Circumstances"),
    "risk_to_life": mark("Life is at risk"),
    "what": mark("What"),
    "seals_intact": mark("The seals are intact"),
    "not_checked": mark("What could not be checked"),
    "proceed": mark("It may go on"),
    "agreed_with": mark("Agreed with"),
    "agreement": mark("Their signed statement"),
    "how": mark("How"),
    "seen": mark("It was seen"),
    "because": mark("Because"),
    "persons": mark("How many persons"),
    "recovered": mark("Recovered"),
    "finds": mark("Other finds"),
    "parts": mark("Parts"),
    "seized_by": mark("Seized by another authority"),
    "to": mark("To"),
    "text": mark("Text"),
    "source": mark("Reliability of the source"),
    "certainty": mark("Certainty of the information"),
    "statements": mark("Statements"),
    "of": mark("Of"),
    "content": mark("Content"),
    "id": mark("Number of the statement"),
    "delivery": mark("Delivery"),
    "checkpoint": mark("Checkpoint"),
    "service": mark("Service"),
    "on_behalf_of": mark("In the stead of"),
    "officer": mark("Officer"),
    "happened_at": mark("When it happened"),
    "fulfils": mark("Conditions that are met"),
    "handling": mark("Handling code"),
    "code": mark("Code"),
    "caveat": mark("Caveat"),
    "kind": mark("Says"),
    "number": mark("Number"),
    "security": mark("Class"),
    "maker": mark("Maker"),
    "substance": mark("Substance"),
    "net": mark("Net weight"),
    "currency": mark("Currency"),
    "minor": mark("Amount, in minor units"),
    "notes": mark("Notes"),
    "serials": mark("List of serial numbers (SHA-256)"),
    "at": mark("At"),
    "lasts": mark("Lasts"),
    "operation": mark("Operation"),
    "contents": mark("Contents"),
    "outcome": mark("Outcome"),
    "root": mark("Root of its ledger"),
    "cas": mark("CAS number"),
    "count": mark("Count"),
    "value": mark("Value"),
    "payload": mark("Payload"),
    "payloadType": mark("Type"),
    "signatures": mark("Signatures"),
    "keyid": mark("Key id"),
    "sig": mark("Signature"),
    "vigil": mark("Form"),
}
CHOICES: Mapping[str, str] = {
    "intact": mark("intact"),
    "removed": mark("removed"),
    "replaced_in_part": mark("replaced in part"),
    "replaced_in_whole": mark("replaced in whole"),
    "opening": mark("opening"),
    "technical_means": mark("technical means"),
    "accompanying_officers": mark("accompanying officers"),
    "no_show": mark("nobody came"),
    "fictitious_addressee": mark("the addressee does not exist"),
    "dead_addressee": mark("the addressee is dead"),
    "refused_by_addressee": mark("the addressee refused it"),
}
HELP: Mapping[str, str] = {
    "mass": mark("With its unit: 13.9 kg, 250 g, 40 mg."),
    "moment": mark("Date, time and offset: 2026-03-01T14:05:00+05:00."),
    "seals": mark("One on each line, number and class (I, S or H): KZ123456/H"),
    "broken": mark("One on each line, number and class (I, S or H): KZ123456/H"),
    "kept": mark("One on each line: heroin: 1.98 kg, or cash: EUR: 12500.00"),
    "removed": mark("One on each line: heroin: 1.98 kg, or cash: EUR: 12500.00"),
    "samples": mark("One on each line: heroin: 1.98 kg, or cash: EUR: 12500.00"),
    "recovered": mark("One on each line: heroin: 1.98 kg, or cash: EUR: 12500.00"),
    "units": mark("One on each line, label, substance and net weight: A-1: heroin: 1 kg"),
    "items": mark("One on each line. Put in: T-1: tracker: 120 g: 9d. Recovered: T-1"),
    "finds": mark("One on each line, label and what it is: F-1: 197 000 USD in notes"),
    "conditions": mark("One on each line. Where it binds at one checkpoint, that first: airport: photographs"),
    "pictures": mark("One on each line: 64 hexadecimal digits"),
    "witnesses": mark("One code on each line, never a name"),
    "agreement": mark("The file that the other service has signed, pasted as it is"),
    "parts": mark("One on each line: its code name, outcome, root of its ledger, and what was recovered; see docs/statements.md"),
}


@cache
def translations(language: str) -> gettext.NullTranslations:
    """What this language has; the code's own words where it is English."""
    return gettext.translation("desk", LOCALE, [language], fallback=language == LANGUAGES[0])


def speaker(language: str) -> Callable[[str], str]:
    """Says a text in this language."""
    return translations(language).gettext


def chosen(accept: str) -> str:
    """The language of ours that a reader likes best, by `Accept-Language` (RFC 9110, section 12.5.4)."""
    best, liking = LANGUAGES[0], 0.0
    for one in accept.split(","):
        name, _, weight = one.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        try:
            likes = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if language in LANGUAGES and likes > liking:
            best, liking = language, likes
    return best
