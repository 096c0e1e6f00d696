"""What our own words are called: phases, outcomes, events and the like, each by a name in English for people.

Every text is English in the code, and other languages have it in the catalogue (`process.language`). `mark` marks a text that is
translated later, when it is known who reads it; a test finds a word without a name, and a name without its translation.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from domain.delivery.verdicts import Cause
from domain.delivery.vocabulary import AnyNotice, SiblingNews
from domain.plan.cards import Form, Measure
from domain.plan.enquiries import Pattern
from domain.plan.plan import Step
from domain.plan.vocabulary import CriminalRole, Need, Spoken
from domain.words.text import mark
from domain.words.total import total

TRADE_ROLES: Mapping[str, str] = {
    "consignor": mark("consignor"),
    "consignee": mark("consignee"),
    "carrier": mark("carrier"),
    "forwarder": mark("forwarder"),
    "declarant": mark("declarant"),
    "notify_party": mark("party to be notified"),
}
"""Who the papers of a consignment name."""
WHO_TRADES: Mapping[str, str] = {
    "firm": mark("the firm"),
    "private_person": mark("a private person, named in an annex alone"),
    "not_known": mark("not known"),
}
GIVEN_IN: Mapping[Form, str] = {
    "written": mark("in writing"),
    "oral": mark("by word of mouth"),
    "reproducible": mark("in a form that can be read again"),
}
"""In which form something was given."""
SPOKEN: Mapping[Spoken, str] = {
    "in_person": mark("face to face"),
    "telephone": mark("by telephone"),
    "radio": mark("by radio"),
    "video": mark("by video link"),
}
"""By what means something was said by word of mouth."""
NEEDS: Mapping[str, str] = {
    "detection": mark("what was found, and who holds it"),
    "authorisation": mark("whether the State authorises it"),
    "agreement": mark("whether it agrees"),
    "confirmation": mark("the written act"),
    "written_agreement": mark("the agreement in writing"),
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
    "hold_decision": mark("whether what is held goes on, is seized or ends"),
    "deconfliction": mark("whether the register of live operations may be looked into"),
    "conflict_settlement": mark("whether the conflict is settled"),
    "delivered": mark("whether it was delivered"),
    "arrest": mark("whether an arrest was made"),
    "seizure": mark("what was seized, weighed again"),
    "explanation": mark("an explanation of the difference"),
    "parts": mark("how each part ended"),
    "debrief": mark("that the closing meeting was held"),
    "costs": mark("who bears the costs"),
    "jurisdiction": mark("which State prosecutes whom"),
    "examination": mark("what the laboratory found"),
    "disposal": mark("what became of the exhibits"),
    "takeover": mark("whether the State takes over the proceedings"),
    "exhibit_offer": mark("that what was found is offered to who carries it on"),
    "exhibit_acceptance": mark("that the exhibits were received"),
    "look_back": mark("what came of it later"),
    "stop_acknowledgement": mark("that the stop is known"),
    "interdiction": mark("that it has been seized"),
}
QUESTIONS: Mapping[str, str] = {
    "detection": mark("What was found, and who holds it?"),
    "authorisation": mark("Authorise this delivery?"),
    "agreement": mark("Agree to this delivery?"),
    "confirmation": mark("Send the written act."),
    "written_agreement": mark("Send the agreement in writing."),
    "extension": mark("Extend your authorisation?"),
    "permission": mark("Give your permission?"),
    "duty": mark("Is the duty done?"),
    "prepared": mark("Record the preparation."),
    "ready": mark("Is your team ready?"),
    "dispatched": mark("Has it left?"),
    "sighting": mark("Where is it?"),
    "handover_offer": mark("Offer the handover, with your measurement."),
    "handover_acceptance": mark("Accept the handover? Measure it yourself."),
    "movement_decision": mark("Does it go on?"),
    "hold_decision": mark("Go on, seize or end?"),
    "deconfliction": mark("Allow the conflict check?"),
    "conflict_settlement": mark("Is the conflict settled?"),
    "delivered": mark("Was it delivered?"),
    "arrest": mark("Was an arrest made?"),
    "seizure": mark("What was seized? Weigh it again."),
    "explanation": mark("Explain the difference."),
    "parts": mark("How did each part end?"),
    "debrief": mark("Was the closing meeting held?"),
    "costs": mark("Who bears the costs?"),
    "jurisdiction": mark("Which State prosecutes whom?"),
    "examination": mark("What did the laboratory find?"),
    "disposal": mark("What became of the exhibits?"),
    "takeover": mark("Take over the proceedings?"),
    "exhibit_offer": mark("Hand on what was found."),
    "exhibit_acceptance": mark("Were the exhibits received?"),
    "look_back": mark("What came of it later?"),
    "stop_acknowledgement": mark("Acknowledge the stop."),
    "interdiction": mark("Has it been seized?"),
}
"""What a service is asked, as it reads it."""
total(get_args(Need), NEEDS=NEEDS)
total(get_args(Need), QUESTIONS=QUESTIONS)
PHASES: Mapping[str, str] = {
    "planned": mark("planned"),
    "consent": mark("waiting for consent"),
    "preparation": mark("in preparation"),
    "departure": mark("about to depart"),
    "under_way": mark("under way"),
    "arrest": mark("at the arrest"),
    "accounting": mark("accounting for everything"),
    "held": mark("held until it is decided whether it goes on"),
    "halted": mark("halted"),
    "ended": mark("ended"),
    "unknown": mark("not known"),
}
STANDINGS: Mapping[str, str] = {
    "asked": mark("asked"),
    "unreachable": mark("not reached yet"),
    "told": mark("told that it waits"),
    "acknowledged": mark("has signed that it received it"),
    "received": mark("delivered, not answered"),
    "reached": mark("reached"),
    "answered": mark("has answered"),
}
VERDICTS: Mapping[str, str] = {
    "accepted": mark("accepted"),
    "early": mark("early: kept until its time"),
    "late": mark("late: kept, and changes nothing"),
    "refused": mark("refused"),
}
MEASURES: Mapping[Measure, str] = {
    "post": mark("examining the post"),
    "opening": mark("opening"),
    "following_person": mark("following a person"),
    "watching_thing": mark("watching a thing"),
    "device": mark("technical means"),
    "vehicle_entry": mark("entering a vehicle"),
    "audio_video": mark("sound and pictures"),
    "foreign_officers": mark("accompanying officers"),
}
"""What is done beside letting a consignment go on."""
OUTCOMES: Mapping[str, str] = {
    "delivered_with_arrests": mark("delivered, with arrests"),
    "delivered_without_arrest": mark("delivered, without an arrest"),
    "interdicted_as_planned": mark("interdicted as planned"),
    "interdicted_early": mark("interdicted early"),
    "refused": mark("refused"),
    "expired": mark("expired"),
    "withdrawn": mark("withdrawn"),
    "stopped_before_departure": mark("stopped before departure"),
    "no_show": mark("nobody came for it"),
    "returned_to_sender": mark("returned to the sender"),
    "lost_or_stolen": mark("lost or stolen"),
    "destroyed": mark("destroyed"),
    "split": mark("split into deliveries of their own"),
    "aborted_for_risk_to_life": mark("stopped because life was at risk"),
    "held_back": mark("held back as planned, and kept as evidence"),
}
CRIMINAL_ROLES: Mapping[CriminalRole, str] = {
    "organiser": mark("organisers"),
    "supplier": mark("suppliers"),
    "courier": mark("couriers"),
    "distributor": mark("distributors"),
    "recipient": mark("recipients"),
    "not_known": mark("role not known"),
}
"""Roles of persons in the offence, as they are counted."""
STEPS: Mapping[Step, str] = {
    "authorise": mark("consent"),
    "prepare": mark("preparation"),
    "dispatch": mark("departure"),
    "hand_over": mark("handover"),
    "deliver": mark("delivery to the recipient"),
    "muster": mark("muster"),
    "arrest": mark("arrest"),
    "account": mark("accounting"),
    "close": mark("closing"),
}
"""What the checkpoints of each step are called."""
WhenOverdue = Literal["halts", "seized", "closes", "waits", "stays"]

OVERDUE: Mapping[WhenOverdue, str] = {
    "halts": mark("halts"),
    "seized": mark("is seized"),
    "closes": mark("silence is recorded"),
    "waits": mark("it is waited for"),
    "stays": mark("waits, under control"),
}
"""What follows by a plan where a checkpoint of it has no answer in time."""
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
    "deconflicted": mark("Conflict check"),
    "deferred": mark("Register not looked into; asked again later"),
    "look_due": mark("Register may be asked again"),
    "waits": mark("Waits for siblings"),
    "sibling_heard": mark("Heard of a sibling"),
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
EXHIBITS: Mapping[str, str] = {
    "consignment": mark("the consignment"),
    "removed": mark("what was taken out"),
    "samples": mark("samples"),
    "seized": mark("what was seized"),
    "find": mark("a new find"),
    "substitute": mark("a substitute"),
    "tracker": mark("a tracker"),
    "opening_alarm": mark("an opening alarm"),
    "marking": mark("a marking"),
    "recorder": mark("a recorder"),
    "part": mark("a part of a lot"),
}
"""What an exhibit is (R30)."""
FATES: Mapping[str, str] = {
    "destroyed": mark("destroyed"),
    "returned": mark("returned"),
    "handed_to_court": mark("handed to the court"),
    "kept": mark("kept for a proceeding"),
    "lost": mark("lost"),
    "divided": mark("divided into parts"),
    "parted": mark("gone on in deliveries of its parts"),
    "delivered": mark("with its recipient, under watch"),
    "not_recovered": mark("not recovered"),
    "with_another": mark("held by an authority that takes no part"),
}
"""What became of one."""
RESULTS: Mapping[str, str] = {
    "satisfied": mark("everybody has answered"),
    "unanswered": mark("an answer is missing"),
    "withdrawn": mark("request withdrawn"),
    "refused": mark("the measure is not permitted any more"),
}
IN_GENERAL: Mapping[Cause, str] = {
    "stop": mark("a stop was ordered"),
    "refused": mark("a consent or permission that is needed was refused"),
    "withdrawn": mark("a consent was withdrawn"),
    "expired": mark("a consent has run out"),
    "silence": mark("an answer that is needed did not come"),
    "undecided": mark("a hold was not decided on in time"),
    "declined": mark("a handover was declined"),
    "decision": mark("it was decided not to go on"),
    "modality": mark("the States do not agree on the way of handling"),
    "permission": mark("a permission that is needed is missing"),
    "lost": mark("the consignment is out of sight"),
    "no_show": mark("it could not be delivered"),
    "destroyed": mark("the consignment was destroyed"),
    "risk_to_life": mark("there is a risk to life"),
    "conflict": mark("it was decided not to go on"),
}
"""Why nothing advances, for those whose word it was not: no State, service, person or place; and not that there is another
operation, which only the two initiators are told (R15)."""
AHEAD, BEHIND = mark("it is said to happen later than it was recorded"), mark("recorded {span} after it happened")
"""Remarks on when something happened."""
PATTERNS: Mapping[Pattern, str] = {
    "many_selectors": mark("it looks for many different numbers, persons or things"),
    "many_misses": mark("many of its operations touch no other"),
    "neighbouring_numbers": mark("it looks for numbers that follow on one another"),
    "over_quota": mark("it looks for more than it may"),
    "crowded": mark("many operations touch the same thing"),
    "full": mark("the register has no room"),
}
NOTICES: Mapping[AnyNotice, str] = {
    "reminder": mark("an answer is still waited for at {checkpoint}"),
    "escalation": mark("no answer yet at {checkpoint} from {services}"),
    "silence": mark("no answer in time at {checkpoint} from {services}"),
    "withdrawn": mark("{checkpoint} has closed: request withdrawn"),
    "keys": mark("keys of a service were changed; the ledger says whose"),
    "archive": mark("the archive is behind: only what stops the delivery is taken"),
    "diverged": mark("its record was put back: the archive has another history of it. Compare your receipts; stops are taken"),
    "amended": mark("the plan was changed for what is still ahead"),
    "held": mark("{call} ordered a hold: nothing moves until it is decided whether it goes on"),
    "resumed": mark("the hold is over: it goes on"),
    "sibling": mark("another consignment of the same operation was held or stopped"),
    "outcome": mark("it has its outcome: {outcome}"),
    "alarm": mark("out of sight in {state}"),
    "conflict": mark("another operation touches this one; call {call}: {contact}"),
    "enquiries": mark("enquiries of {service} ({state}), signed by {signers}: {pattern} ({count} within a day)"),
    "stranded": mark("no worker of build {build} is up, and deliveries wait for one: {count}; nothing is judged in them"),
}
"""What a notice says, to a service that is called."""
SIBLINGS: Mapping[SiblingNews, str] = {
    "reached": mark("has come so far"),
    "held": mark("held"),
    "stopped": mark("stopped"),
    "danger": mark("life is at risk"),
    "ended": mark("ended"),
}
"""What is heard of another consignment of the same operation."""
CAUGHT_UP = mark("the archive has caught up: everybody is heard")
"""In place of what is said of an archive that is behind."""
SEE_ENTRY = mark("see entry {entry} of the ledger")
ALERTS: Mapping[Literal["request", AnyNotice], str] = {
    "request": mark("something is asked of you"),
    "reminder": mark("an answer is still waited for"),
    "escalation": mark("others have not answered, and you are next"),
    "silence": mark("an answer has not come in time"),
    "withdrawn": mark("request withdrawn"),
    "amended": mark("the plan was changed"),
    "held": mark("it is held: nothing moves"),
    "resumed": mark("the hold is over"),
    "sibling": mark("another consignment was held or stopped"),
    "outcome": mark("it has an outcome"),
    "keys": mark("keys of a service were changed"),
    "alarm": mark("there is an alarm"),
    "archive": mark("its archive is behind, or has caught up"),
    "diverged": mark("its record was put back"),
    "conflict": mark("there is somebody to call"),
    "enquiries": mark("there is a pattern of enquiries"),
    "stranded": mark("deliveries wait for a worker, and none is up"),
}
"""What people at a desk are told of each kind: that it is there, and never what."""
