"""Record Temporal histories of every terminal path for the replay tests: `make histories` records those that are missing.

Nothing is deployed yet, so they are recorded anew where a format changes; from the first release on, one that is committed
stands for deliveries under way somewhere, and is never deleted or overwritten. Of a delivery that went on as new, each run is a
history of its own, with its number.
"""

import asyncio
import gzip
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import HttpUrl
from temporalio.client import Client, WorkflowHistory

from archive.claims import Claims
from domain.delivery.decided import Opened
from domain.delivery.reported import Asked
from domain.plan.directory import Desk, Poll, Reach, ServiceKey, Webhook
from domain.plan.enquiries import WINDOW
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.plan.plan import Plan
from domain.plan.register import Claim, DatedClaim
from domain.plan.selectors import hashes
from domain.rules.custody import MovementDecision
from domain.rules.handling import Information
from domain.rules.stop import Interdicted
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, Envelope, sign
from domain.signing.keys import key_id, public_text
from domain.words.limits import MOST_LOOKS_FOR_A_SELECTOR
from domain.words.moments import utc_text
from process.serve import leave
from process.temporal import readable
from rehearsal.over_http import SimulatedServices, compressed, free_ports, without
from rehearsal.scenario import Pace, Scenario
from rehearsal.services import DECONFLICTION_KEY, private_key_of
from tests.activities.test_messenger import Hook
from tests.groups import group_plans
from tests.installation import Installation, end_what_runs, installed, quick, said_by, temporal_server
from tests.support import SCENARIOS, example_scenario, signed_plan, with_changes
from tests.workflows.replaying import COMMITTED, HISTORIES
from tests.workflows.test_controlled_delivery import started
from tests.workflows.test_divergence import put_back, tasks_done
from tests.workflows.test_groups import FACTOR, quick_group
from tests.workflows.test_keeping import archive_away, say_much, stop_by_all
from workflows import messages
from workflows.messages import RunLength

ACTS: dict[str, list[dict[str, object]]] = {
    "consent-unanswered": [{"service": "uz.prosecutor", "at": "consent-uz"}],
    "consent-withdrawn": [
        {"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_withdrawn", "after": "12h"},
        {"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_granted", "after": "1h"},
    ],
    "modality-not-allowed": [
        {
            "service": "uz.prosecutor",
            "at": "consent-uz",
            "says": "authorisation_granted",
            "details": {"modalities": ["replaced_in_whole"]},
        }
    ],
    "seal-broken-then-decided": [
        {"service": "uz.customs", "at": "tashkent-airport", "says": "handover_accepted", "details": {"seals_intact": False}}
    ],
    "decided-not-to-go-on": [
        {"service": "uz.customs", "at": "tashkent-airport", "says": "handover_accepted", "details": {"seals_intact": False}},
        {
            "service": "kz.prosecutor",
            "at": "tashkent-airport.decision",
            "says": "movement_decision",
            "details": {"proceed": False},
        },
    ],
    "custody-declined": [{"service": "uz.customs", "at": "tashkent-airport", "says": "handover_declined"}],
    "conflict-settled": [],
    "keys-changed": [],
    "keys-revoked": [],
    "desk-told": [],
    "plan-changed": [],
    "in-many-runs": [],
    "look-deferred": [],
    "asked-once-more": [{"service": "uz.prosecutor", "at": "consent-uz"}],
    "consent-extended": [],
    "consent-expired": [{"service": "uz.prosecutor", "at": "extension.uz.prosecutor"}],
    "archive-away": [{"service": "kz.police", "at": "stop.interdiction"}],
    "put-back": [
        {"service": service, "at": at, "says": "authorisation_granted", "after": "15h"}
        for service, at in (("kz.prosecutor", "consent-kz"), ("uz.prosecutor", "consent-uz"))
    ],
    "conflict-yielded": [{"service": "kz.knb", "at": "conflict", "says": "conflict_yielded"}],
    "no-arrest": [
        {"service": "uz.police", "at": "arrest-tashkent", "says": "no_arrest"},
        {"service": "kz.knb", "at": "arrest-almaty", "says": "no_arrest"},
    ],
}
"""Ends that no example of `examples/` shows, as departures from Almaty - Tashkent; and what else may happen (`begun`)."""

PACES = {"in-many-runs": RunLength(events=150), "archive-away": RunLength(updates=5)}
"""How long a run lasts, where it is not as long as may be."""

OF_A_GROUP = "waits-for-siblings"
"""Of three parcels the first, which hears of the others and waits for one of them (R31)."""

CONSENT_LASTS = timedelta(seconds=5)
"""In `consent-extended` and `consent-expired`, from when the path is asked for: too short to depart."""


def paths() -> dict[str, tuple[Plan, Scenario]]:
    """Every path that is recorded, by name."""
    plan, scenario = example_scenario("almaty-tashkent")
    until = utc_text(datetime.now(UTC) + CONSENT_LASTS)
    granted = {"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_granted", "details": {"valid_until": until}}
    acts = ACTS | {name: [granted, *ACTS[name]] for name in ("consent-extended", "consent-expired")}
    patient = plan.contingencies.model_copy(update={"extension": 2 * plan.contingencies.extension})
    unwarned = with_changes(plan_={"expiry_warnings": (), "contingencies": patient.model_dump()})  # or that would halt it before
    plans = {"consent-expired": unwarned}
    bare = scenario.model_dump(exclude={"expect", "acts"})
    ours = {name: (plans.get(name, plan), Scenario.model_validate(bare | {"acts": done})) for name, done in acts.items()}
    unhurried = Scenario(vigil="scenario/1", pace=Pace.model_validate({"fastest": "10m", "slowest": "30m"}))
    return {name: example_scenario(name) for name in SCENARIOS} | ours | {OF_A_GROUP: (group_plans()[0], unhurried)}


def ready(name: str) -> tuple[Plan, Scenario, tuple[Plan, ...]]:
    """Under code names of their own and compressed: the plan, its scenario, and its siblings where it is one of a group."""
    plan, scenario = paths()[name]
    if name != OF_A_GROUP:
        return *quick(plan, scenario), ()
    first, *siblings = quick_group()
    return first, compressed(scenario, FACTOR), tuple(siblings)


def name_of(history: Path) -> str:
    """The path that a committed history is of; of one that went on as new, it is one run."""
    return history.name.split(".")[0]


async def compete(at: Installation, plan: Plan) -> None:
    """Another operation has claimed what this plan touches."""
    touched = hashes(DECONFLICTION_KEY, plan.consignment.identifiers, plan.selectors)
    rival = Claim(delivery="another-operation", contact="uz.police", state="UZ", signer="uz.prosecutor", order=2, hashes=touched)
    await Claims(at.reads._database).claim(DatedClaim(claim=rival, at=utc_text(datetime.now(UTC))))


async def look_often(at: Installation, plan: Plan) -> None:
    """The initiator has looked for what this plan touches as often as it may within a day, which is over in a moment."""
    touched, register = hashes(DECONFLICTION_KEY, plan.consignment.identifiers, plan.selectors), Claims(at.reads._database)
    then = datetime.now(UTC) - WINDOW + timedelta(seconds=4)
    for number in range(MOST_LOOKS_FOR_A_SELECTOR):
        named = {"delivery": f"another-operation-{number}", "contact": plan.initiator, "state": "KZ", "signer": "kz.prosecutor"}
        await register.claim(DatedClaim(claim=Claim.model_validate(named | {"order": 2, "hashes": touched}), at=utc_text(then)))
        await register.release(named["delivery"], then)


def keys_changed(**says: object) -> Envelope:
    """A change of the keys of the police of Uzbekistan, signed by themselves."""
    change = KeyChange.model_validate(
        {"service": "uz.police", "by": "uz.police", "made_at": datetime.now(UTC).isoformat()} | says
    )
    return sign(canonical(change), KEYS_TYPE, private_key_of("uz.police"))


async def change_keys(at: Installation, plan: Plan, *, revoked: bool) -> None:
    """The police make a spare key; and tell, while it is as if no worker were up, that it is stolen."""
    now, spare = datetime.now(UTC).isoformat(), public_text(private_key_of("spare"))
    await at.gateway("uz.police").change_keys(keys_changed(added=[ServiceKey(public=spare, valid_from=now)]))
    if revoked:
        end = KeyEnd(key=key_id(spare), at=now, revoked=True)
        await at.handle(plan).signal(messages.CHANGE_KEYS, at.handed(keys_changed(ended=[end]), plan))


async def change_plan(at: Installation, plan: Plan) -> None:
    """The initiator gives an arrest more time, while consents are asked."""
    await at.until(plan, lambda entry: isinstance(entry.event, Asked))
    arrest = plan.find("arrest-tashkent")
    assert arrest is not None
    changed = with_changes(plan, arrest_tashkent={"due": arrest.due * 2})
    await at.gateway(plan.initiator).amend(plan.operation, signed_plan(changed))


async def be_put_back(at: Installation, plan: Plan) -> None:
    """What a service has said is put back; it is found out, and two decide to go on."""
    await at.opened(plan, "consent-kz")
    await at.caught_up(plan)
    point = await tasks_done(at, plan) - 1
    said = Information(text="all is well")
    for number in range(3):
        await at.gateway("uz.police").submit(plan.operation, said_by("uz.police", plan, said, f"lost-{number:04}"))
    await at.caught_up(plan)
    await put_back(at, plan, point)
    await at.gateway("kz.knb").submit(plan.operation, said_by("kz.knb", plan, said, "kept-0001"))
    opened = await at.until(plan, lambda entry: getattr(entry.event, "contingency", None) == "divergence")
    assert isinstance(opened.event, Opened)
    decision = MovementDecision(proceed=True, reason="a backup was restored")
    said_there = said_by("supervision", plan, decision, checkpoint=opened.event.checkpoint)
    await at.gateway("supervision").submit(plan.operation, said_there)


async def begun(at: Installation, name: str, plan: Plan) -> None:
    """Start it, with what else happens to it on this path."""
    if name.startswith("conflict-"):
        await compete(at, plan)
    if name == "look-deferred":
        await look_often(at, plan)
    if name == "archive-away":
        with archive_away() as outage:
            await started(at, plan, pace=PACES[name])
            await say_much(at, plan)
            stops = await stop_by_all(at, plan)
            outage.over = True
            await at.kept(plan, stops[-1].size)
        seized = Interdicted(gross=13_900_000, seals_intact=True, place="International mail centre, Almaty")
        await at.gateway("kz.police").submit(plan.operation, said_by("kz.police", plan, seized, checkpoint="stop.interdiction"))
        return
    if name in PACES:
        await started(at, plan, pace=PACES[name])
    else:
        await at.gateway(plan.initiator).start(signed_plan(plan))
    match name:
        case "keys-changed" | "keys-revoked":
            await change_keys(at, plan, revoked=name == "keys-revoked")
        case "plan-changed":
            await change_plan(at, plan)
        case "put-back":
            await be_put_back(at, plan)


@asynccontextmanager
async def recorded_with(client: Client, name: str, plan: Plan, scenario: Scenario) -> AsyncIterator[Installation]:
    """An installation whose services are simulated. In `desk-told` the prosecutor sits at a desk and is told by webhook, in
    `asked-once-more` it is polled.
    """
    ports = free_ports(2)
    hook = Hook(*ports[:1])
    reaches: dict[str, Reach] = {
        "desk-told": Desk(notify=(Webhook(url=HttpUrl(hook.url)),)),
        "asked-once-more": Poll.model_validate({"url": f"http://127.0.0.1:{ports[1]}", "every": "1s"}),
    }
    reach = {"uz.prosecutor": reaches[name]} if name in reaches else {}
    async with hook.listening(), installed(client, plan, scenario, reach=reach) as at:
        others = tuple(one for one in at.directory.services if one.id not in reach and one.kind != "system")
        apart = without(at.directory, tuple(one.id for one in others))
        async with SimulatedServices(apart, at.url, scenario, 1):
            yield at


async def runs(at: Installation, plan: Plan) -> list[WorkflowHistory]:
    """The history of each run, the oldest first."""
    found: list[WorkflowHistory] = []
    run: str | None = None
    while run != "":
        handle = at.client.get_workflow_handle(messages.workflow_id(plan.operation), run_id=run)
        found.insert(0, await handle.fetch_history())
        run = found[0].events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


async def record() -> None:
    """Run each path that has no history yet and write it down."""
    async with await temporal_server() as environment:
        for name in paths():
            if name in map(name_of, COMMITTED):
                continue
            plan, scenario, siblings = ready(name)
            async with recorded_with(environment.client, name, plan, scenario) as at:
                await begun(at, name, plan)
                for sibling in siblings:
                    await at.gateway(sibling.initiator).start(signed_plan(sibling))
                await at.to_the_end(plan)
                await at.handle(plan).result()
                found = await runs(at, plan)
                await end_what_runs(at.client, *(messages.workflow_id(one.operation) for one in siblings))
            for number, history in enumerate(found, start=1):
                file = HISTORIES / f"{name}{f'.{number}' if len(found) > 1 else ''}.json.gz"
                file.write_bytes(gzip.compress(readable(history, environment.client).encode(), mtime=0))
                sys.stderr.write(f"{file.name}: {len(history.events)} events\n")


if __name__ == "__main__":
    asyncio.run(record())
    leave(0)
