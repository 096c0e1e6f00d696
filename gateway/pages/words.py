"""What the pages call fields, choices and helps. Names of what is recorded stand in `domain.views.names`."""

from collections.abc import Mapping
from typing import Final, get_args

from domain.plan.goods import CountedIn, Weapon
from domain.plan.quantity import Known, Why
from domain.plan.vocabulary import CriminalRole
from domain.rules.books import BOOK
from domain.views.names import GIVEN_IN, MEASURES, SPOKEN
from domain.words.text import mark, word
from domain.words.total import total

FIELDS: Mapping[str, str] = {
    "members": mark("Consignments of the group, by their numbers"),
    "state": mark("State"),
    "plan": mark("The plan that it is about (SHA-256)"),
    "request": mark("The request that it decides on (SHA-256)"),
    "reference": mark("Reference of the act"),
    "laboratory_report.reference": mark("Number and date of the report"),
    "taken_out.reference": mark("Number and date of the act of sampling"),
    "disposed.reference": mark("Number and date of the act or receipt"),
    "granted_by_role": mark("Granted by (office, never a name)"),
    "legal_basis": mark("Legal basis"),
    "modalities": mark("Ways of handling that are allowed"),
    "modality": mark("Way of handling"),
    "valid_from": mark("Valid from"),
    "valid_until": mark("Valid until"),
    "permits": mark("What this act permits too"),
    "form": mark("How it was given"),
    "urgent_at": mark("Given in urgency, at"),
    "given_at": mark("Given at (where it is not written yet)"),
    "spoken": mark("By what means it was said"),
    "taken_down_by": mark("Taken down by (office, never a name)"),
    "given_by_role": mark("Given by (office, never a name)"),
    "written_by_role": mark("Signed by (office, never a name)"),
    "written_at": mark("Written at"),
    "dated": mark("Its date"),
    "began_at": mark("The work began at"),
    "sealed_before": mark("How its seals were found"),
    "packing": mark("In what it is packed"),
    "sample_seals": mark("Seals of the samples"),
    "stored_at": mark("Where it is held"),
    "scale": mark("The scale"),
    "model": mark("Model"),
    "verified_until": mark("Verified until"),
    "division": mark("Division"),
    "fate": mark("What became of it"),
    "made_of": mark("Made of"),
    "devices": mark("How the devices were found"),
    "works": mark("Whether it works"),
    "paper": mark("Which paper"),
    "addressee": mark("To which body (never a person)"),
    "case_number": mark("Number of the case"),
    "copies": mark("In how many copies"),
    "articles": mark("Articles of the law"),
    "charges": mark("Who is charged with what"),
    "postponed": mark("They are told later"),
    "provisional": mark("Provisional: a final one follows"),
    "offence": mark("Offence, as your law calls it"),
    "extraditable": mark("Extraditable"),
    "conditions": mark("Conditions"),
    "reason": mark("Reason"),
    "permissions": mark("What is permitted"),
    "gross": mark("Gross weight"),
    "seals": mark("Seals"),
    "packages": mark("How many packages"),
    "picture": mark("The picture it looks like (SHA-256)"),
    "in_sight": mark("It was never out of sight"),
    "kept": mark("Kept in it"),
    "removed": mark("Taken out"),
    "samples": mark("Samples for the laboratory"),
    "units": mark("Units, each weighed"),
    "items": mark("Substitutes and devices"),
    "opened": mark("It was opened"),
    "test": mark("Presumptive test and its result"),
    "broken": mark("Seals broken for it"),
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
    "decision": mark("Decision"),
    "agreed_with": mark("Agreed with"),
    "agreement": mark("Their signed statement"),
    "how": mark("How"),
    "seen": mark("It was seen"),
    "because": mark("Because"),
    "persons": mark("Persons (codes, never names)"),
    "person": mark("Person (a code, never a name)"),
    "role": mark("Role in it"),
    "unwitting": mark("Did not know"),
    "intervals": mark("Intervals of the watch"),
    "team": mark("Team"),
    "means": mark("By which means"),
    "begins": mark("From"),
    "ends": mark("Until"),
    "handed_to": mark("Handed over to"),
    "each_bears_its_own": mark("Each bears its own"),
    "borne": mark("Who bears what"),
    "by": mark("Borne by"),
    "amount": mark("Amount"),
    "prosecutions": mark("Who is prosecuted where"),
    "consented_to": mark("Who heard the consent (officer code)"),
    "consented_at": mark("When the consent was given"),
    "recording": mark("What it has recorded (SHA-256)"),
    "recovered": mark("Recovered"),
    "detected_at": mark("Found at"),
    "officers": mark("Found by (officer codes)"),
    "found_by": mark("Of which service or carrier they are"),
    "concealment": mark("How it is hidden"),
    "taken_for": mark("What it is taken for"),
    "sure": mark("How sure that is"),
    "into": mark("Parts"),
    "exhibits": mark("Exhibits"),
    "whole_packages": mark("Whole packages taken out"),
    "exhibit": mark("Exhibit"),
    "giver": mark("Offered by"),
    "intact": mark("Packing and seals are as they were left"),
    "purpose": mark("What for"),
    "assistance": mark("Request for legal assistance, or permission, where it goes into another State"),
    "report": mark("What report"),
    "purity": mark("Purity, in thousandths"),
    "received": mark("Net weight received"),
    "spent": mark("Spent"),
    "left": mark("Left"),
    "finds": mark("Other finds"),
    "parts": mark("Parts"),
    "arrested": mark("Arrested with it (codes, never names)"),
    "seized_by": mark("Seized by another authority"),
    "held_by": mark("Held by"),
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
    "on_behalf_of": mark("On behalf of"),
    "officer": mark("Officer"),
    "happened_at": mark("When it happened"),
    "fulfils": mark("Conditions that are met"),
    "handling": mark("Handling code"),
    "attachments": mark("Files"),
    "shows": mark("What it shows"),
    "digest": mark("SHA-256"),
    "size": mark("Size in bytes"),
    "media_type": mark("Kind of file"),
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
    "at": mark("Where exactly"),
    "lasts": mark("Lasts"),
    "operation": mark("Operation"),
    "contents": mark("Contents"),
    "outcome": mark("Outcome"),
    "root": mark("Root of its ledger"),
    "cas": mark("CAS number"),
    "count": mark("Count"),
    "value": mark("Value"),
    "weapon": mark("Weapon"),
    "instrument": mark("Bearer instrument"),
    "nominal": mark("Nominal value"),
    "hs": mark("HS code"),
    "goods": mark("Goods"),
    "unit": mark("Unit"),
    "about": mark("About"),
    "known": mark("How it is known"),
    "unmeasured": mark("Not measured, because of"),
    "allowed_by": mark("Allowed by"),
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
    "removed_in_part": mark("removed in part"),
    "replaced_in_part": mark("replaced in part"),
    "replaced_in_whole": mark("replaced in whole"),
    **{str(one): said for one, said in (*MEASURES.items(), *GIVEN_IN.items(), *SPOKEN.items())},
    "organiser": mark("organiser"),
    "supplier": mark("supplier"),
    "courier": mark("courier"),
    "distributor": mark("distributor"),
    "recipient": mark("recipient"),
    "not_known": mark("not known"),
    "risk_analysis": mark("by risk analysis"),
    "information": mark("by information"),
    "routine_check": mark("in a routine check"),
    "x_ray": mark("by X-ray"),
    "dog": mark("by a dog"),
    "weighing": mark("by its weight"),
    "search": mark("in a search"),
    "handed_in": mark("it was handed in"),
    "suspected": mark("suspected"),
    "presumptive_test": mark("presumptive test"),
    "laboratory": mark("laboratory"),
    "test_report": mark("test report"),
    "expert_opinion": mark("expert's opinion"),
    "substitute": mark("a substitute"),
    "tracker": mark("a tracker"),
    "opening_alarm": mark("an opening alarm"),
    "marking": mark("a marking"),
    "damaged": mark("damaged"),
    "none": mark("none"),
    "working": mark("working"),
    "silent": mark("silent"),
    "not_checked": mark("not checked"),
    "request": mark("request"),
    "memorandum": mark("memorandum"),
    "order": mark("order to conduct"),
    "measures": mark("plan of measures"),
    "examination": mark("record of examination and weighing"),
    "replacement": mark("record of replacement"),
    "sampling": mark("record of sampling"),
    "handover": mark("handover act"),
    "transfer": mark("act of acceptance and transfer"),
    "surveillance": mark("surveillance report"),
    "seizure": mark("record of seizure"),
    "submission": mark("order on submitting results"),
    "results": mark("report on results"),
    "destruction": mark("destruction act"),
    "destroyed": mark("destroyed"),
    "returned": mark("returned"),
    "handed_to_court": mark("handed to the court"),
    "kept": mark("kept for a proceeding"),
    "lost": mark("lost"),
    "go_on": mark("it goes on"),
    "seize": mark("it is seized"),
    "end": mark("it ends"),
    "no_show": mark("nobody came"),
    "fictitious_addressee": mark("the addressee does not exist"),
    "dead_addressee": mark("the addressee is dead"),
    "refused_by_addressee": mark("the addressee refused it"),
}
ARRESTED: Final = mark("As {service}, officer {officer}, you report who was arrested for {delivery}, in {place}: {persons}.")
URGENT: Final = mark(
    "For {state}, in the place of {on_behalf_of}, as {service}, officer {officer}, you permit in urgency, at {urgent_at}, for "
    "{delivery}: {permissions}; until {valid_until}, by act {reference} of {granted_by_role}, on the basis of {legal_basis}. It "
    "ends where {on_behalf_of} does not sanction it in time."
)
"""What is signed of a permission that could not wait for whose say it is."""
MEANS: Mapping[str, str] = {
    "visual": mark("by eye"),
    "technical": mark("by a device"),
    "both": mark("by eye and by a device"),
}
WITHIN: Mapping[str, Mapping[str, str]] = {
    "role": {one: CHOICES[one] for one in get_args(CriminalRole)},
    "works": {one: CHOICES[one] for one in ("working", "silent", "not_checked")},
    "fate": {"kept": mark("left in the consignment"), "removed": CHOICES["removed"]},
    "means": MEANS,
    "sealed_before": {one: CHOICES[one] for one in ("intact", "damaged", "none")},
    **{
        name: {one: str(word(one)) for one in get_args(codes)}
        for name, codes in (("known", Known), ("unmeasured", Why), ("weapon", Weapon), ("unit", CountedIn))
    },
}
"""What codes within a field say, by what is beside them."""
SENTENCES: Mapping[str, str] = {
    "authorisation_granted": mark(
        "For {state}, as {service}, officer {officer}, you consent that {delivery} travels through your State, handled as "
        "{modalities}, from {valid_from} until {valid_until}, by act {reference} of {granted_by_role}, on the "
        "basis of {legal_basis}."
    ),
    "authorisation_refused": mark("For {state}, as {service}, officer {officer}, you refuse consent to {delivery}."),
    "authorisation_extended": mark(
        "For {state}, as {service}, officer {officer}, you let the consent to {delivery} run until {valid_until}, by decision of "
        "{granted_by_role}, on the basis of {legal_basis}."
    ),
    "authorisation_withdrawn": mark("For {state}, as {service}, officer {officer}, you withdraw the consent to {delivery}."),
    "permission_granted": mark(
        "For {state}, as {service}, officer {officer}, you permit for {delivery}: {permissions}; from {valid_from} until "
        "{valid_until}, by act {reference} of {granted_by_role}, on the basis of {legal_basis}."
    ),
    "permission_refused": mark(
        "For {state}, as {service}, officer {officer}, you refuse what {delivery} needs a permission for: {reason}."
    ),
    "handover_offered": mark(
        "As {service}, officer {officer}, you offer {delivery} at {checkpoint}: gross weight {gross}, seals {seals}."
    ),
    "handover_accepted": mark(
        "As {service}, officer {officer}, you take {delivery} over at {checkpoint}, and answer for it from here: gross weight "
        "{gross}, seals {seals}."
    ),
    "handover_declined": mark("As {service}, officer {officer}, you decline to take {delivery} over at {checkpoint}: {reason}."),
    "prepared": mark("As {service}, officer {officer}, you have prepared {delivery}: gross weight {gross}, seals {seals}."),
    "dispatched": mark("As {service}, officer {officer}, you say that {delivery} is on its way."),
    "delivered": mark("As {service}, officer {officer}, you say that {delivery} was delivered."),
    "interdicted": mark(
        "As {service}, officer {officer}, you say that {delivery} has been seized: {place}, gross weight {gross}. Arrested with "
        "it: {arrested}."
    ),
    "arrest_made": ARRESTED,
    "arrest_reported": ARRESTED,
    "correction": mark(
        "As {service}, officer {officer}, you correct what you have said of {delivery} in statement {of}. Why: {reason}."
    ),
    "hold_decided": mark("As {service}, officer {officer}, you decide on the hold of {delivery}: {decision}. {reason}."),
    "movement_decision": mark(
        "As {service}, officer {officer}, you decide about {delivery}, whether it may go on: {proceed}. {reason}."
    ),
}
"""What is signed of a kind, as one sentence. It is filled in from the bytes that are signed."""
IN_GENERAL: Final = frozenset(
    {
        "detected",
        "agreement_given",
        "agreement_refused",
        "authorisation_confirmed",
        "agreement_confirmed",
        "duty_done",
        "ready",
        "taken_out",
        "sighted",
        "surveillance_lost",
        "surveillance_regained",
        "device_failed",
        "loss_recorded",
        "surveillance_log",
        "stop_requested",
        "stop_acknowledged",
        "destroyed",
        "incident",
        "hold_requested",
        "not_collected",
        "no_arrest",
        "arrestee_released",
        "seizure",
        "difference_explained",
        "split",
        "parts_ended",
        "cooperation_begun",
        "cooperation_ended",
        "recorder_issued",
        "recorder_returned",
        "exhibits_offered",
        "exhibits_accepted",
        "exhibit_divided",
        "laboratory_report",
        "disposed",
        "deconfliction_requested",
        "deconfliction_refused",
        "conflict_settled",
        "conflict_yielded",
        "debriefed",
        "costs_settled",
        "looked_back",
        "jurisdiction_understood",
        "transfer_requested",
        "transfer_accepted",
        "transfer_declined",
        "paper_registered",
        "declassified",
        "results_submitted",
        "case_opened",
        "persons_notified",
        "delegated",
        "information",
        "disclosure_permitted",
    }
)
"""Kinds of which what is signed is said in general, field by field: they have no sentence of their own."""
total(BOOK.kinds, SENTENCES=SENTENCES, IN_GENERAL=IN_GENERAL)
UNWRITTEN: Final[Mapping[str, Mapping[str, str]]] = {
    "authorisation_granted": {
        "oral": mark(
            "For {state}, as {service}, officer {officer}, you say that it was consented by word of mouth ({spoken}) at "
            "{given_at} that {delivery} travels through your State, handled as {modalities}, from {valid_from} until "
            "{valid_until}: by {granted_by_role}, taken down by {taken_down_by}, on the basis of {legal_basis}. The written "
            "act must follow in the time of your State's rule card; without it this consent ends."
        ),
        "reproducible": mark(
            "For {state}, as {service}, officer {officer}, you say that it was consented in a form that can be read again at "
            "{given_at} that {delivery} travels through your State, handled as {modalities}, from {valid_from} until "
            "{valid_until}: by {granted_by_role}, on the basis of {legal_basis}. The written act must follow in the time of "
            "your State's rule card; without it this consent ends."
        ),
    }
}
"""What is signed of a kind where there is no written act yet, by the form in which it was given."""
HELP: Mapping[str, str] = {
    "mass": mark("With its unit: `13.9 kg`, `250 g`, `40 mg`. Not measured: `unmeasured no_means kz.prosecutor`, who allowed it"),
    "weight": mark("With its unit: `13.9 kg`, `250 g`, `40 mg`"),
    "moment": mark("Day, time of 24 hours, and how far clocks are ahead of UTC there."),
    "at": mark("In degrees, longitude first: `69.2797, 41.3111`"),
    "seals": mark("One on each line, number and class (I, S or H): `KZ123456/H`"),
    "broken": mark("One on each line, number and class (I, S or H): `KZ123456/H`"),
    "kept": mark("One on each line: `heroin: 1.98 kg`, cash `EUR: 12500.00`, or counted: `weapon rifle: 12`"),
    "removed": mark("One on each line: `heroin: 1.98 kg`, cash `EUR: 12500.00`, or counted: `weapon rifle: 12`"),
    "samples": mark("One on each line: `heroin: 1.98 kg`, cash `EUR: 12500.00`, or counted: `weapon rifle: 12`"),
    "recovered": mark("One on each line: `heroin: 1.98 kg`, cash `EUR: 12500.00`, or counted: `weapon rifle: 12`"),
    "units": mark(
        "One on each line, label, substance, net, packages, gross, kept or removed: `A-1: heroin: 1 kg: 40: 1.1 kg: kept`"
    ),
    "items": mark(
        "One on each line. Put in: `T-1: tracker: 120 g: 9d: No. 4417`, or `S-1: substitute: 1 kg: gypsum`. Recovered: `T-1`"
    ),
    "reference": mark("Number and date of the act: `7/5 of 2026-03-01`"),
    "assistance": mark("Number and date of the act: `7/5 of 2026-03-01`"),
    "scale": mark("Model, number, verified until, division: `VLT-15: 20447: 2026-12-31: 1 g`"),
    "devices": mark("One on each line: `T-1: working`, `T-2: silent`, or `T-3: not_checked`"),
    "value": mark("Currency and amount: `KZT 12500.00`"),
    "charges": mark("One on each line: `supplier: 228.1, 229.1`, or of one person: `courier: 228.1: P-2`"),
    "articles": mark("One on each line"),
    "statements": mark("One on each line: the number of the statement"),
    "sample_seals": mark("One on each line, number and class (I, S or H): `KZ123456/H`"),
    "finds": mark("One on each line, label and what it is: `F-1: 197 000 USD in notes`"),
    "conditions": mark("One on each line. Where it binds at one checkpoint, that first: `airport: photographs`"),
    "arrested": mark("One on each line: `P-1: supplier`, or `P-2: courier: unwitting`"),
    "information.to": mark("One service on each line: `uz.customs`"),
    "exhibits_offered.to": mark("The service: `uz.customs`"),
    "disposed.to": mark("To which owner, State or court, or for which proceeding it is kept; not where it was destroyed or lost"),
    "disclosure_permitted.to": mark("`court`, or the two letters of a State: `KZ`"),
    "taken_out.label": mark("A label that nothing else bears: `P-1`"),
    "disposed.witnesses": mark("One code on each line, never a name; what is destroyed has witnesses"),
    "laboratory_report.case_number": mark("An expert's opinion is made in a case; a test or a report needs none"),
    "persons": mark("One on each line. Arrested: `P-1: supplier`, or `P-2: courier: unwitting`. Released: `P-1`"),
    "intervals": mark("One on each line: `A: visual: 2026-03-01T10:00:00+05:00/2026-03-01T12:30:00+05:00 > B`"),
    "borne": mark("One on each line: `kz.police: escort to the border: EUR: 1250.00`"),
    "prosecutions": mark("One on each line: `supplier: KZ`, or of one person: `courier: UZ: P-2`"),
    "witnesses": mark("One code on each line, never a name"),
    "officers": mark("One code on each line, never a name"),
    "taken_for": mark("One on each line, without a mass: `mephedrone`"),
    "into": mark("Two or more, label and net weight, on lines of their own or so: `S-1: 5 g; S-2: 5 g`"),
    "exhibits": mark("One label on each line: `samples`, `seized`, `T-1`"),
    "agreement": mark("The file that the other service has signed, pasted as it is"),
    "parts": mark("One on each line: its code name, outcome, root of its ledger, and what was recovered; see docs/statements.md"),
}
"""What a field takes, by its name, by its kind and name where that decides, or by how it is shown. Between backticks stands what
may be typed as it is.
"""


def help_of(kind: str, name: str, shown_as: str) -> str:
    """What a field of a form takes; empty where that goes without saying."""
    own = f"{kind}.{name}"
    if own in HELP or (name in HELP and shown_as in {"text", "line"}):
        return HELP.get(own) or HELP[name]
    return HELP.get(shown_as, "")
