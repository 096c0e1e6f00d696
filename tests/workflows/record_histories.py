"""Record Temporal histories of every terminal path for the replay tests: `make histories` records those that are missing.

Nothing is deployed yet, so they are recorded anew where a format changes; from the first release on, one that is committed
stands for deliveries under way somewhere, and is never deleted or overwritten.
"""

import asyncio
import gzip
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import HttpUrl
from temporalio.client import Client

from domain.plan.directory import Desk, ServiceKey, Webhook
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.plan.plan import Plan
from domain.plan.register import Claim, Register
from domain.plan.selectors import hashes
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, Envelope, sign
from domain.signing.keys import key_id, public_text
from process.serve import leave
from process.temporal import readable
from rehearsal.over_http import SimulatedServices, free_ports
from rehearsal.scenario import Scenario
from rehearsal.services import DECONFLICTION_KEY, private_key_of
from tests.activities.test_messenger import Hook
from tests.installation import BYSTANDERS, Installation, installed, quick, temporal_server, without
from tests.support import SCENARIOS, example_scenario, signed_plan
from workflows import messages
from workflows.messages import Book, register_id

HISTORIES = Path(__file__).parent.parent / "histories"

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
    "conflict-yielded": [{"service": "kz.knb", "at": "conflict", "says": "conflict_yielded"}],
    "no-arrest": [
        {"service": "uz.police", "at": "arrest-tashkent", "says": "no_arrest"},
        {"service": "kz.knb", "at": "arrest-almaty", "says": "no_arrest"},
    ],
}
"""Ends that no example of `examples/` shows, as departures from Almaty - Tashkent. In those named `conflict-...`, another
operation touches the consignment; in `keys-changed` a service adds a key, in `keys-revoked` the end of that key is left by
signal, in `desk-told` the prosecutor is told at a desk that a request waits.
course since activity ids tell no checkpoint.
"""


def paths() -> dict[str, tuple[Plan, Scenario]]:
    """Every path that is recorded, by name."""
    plan, scenario = example_scenario("almaty-tashkent")
    ours = {
        name: (plan, Scenario.model_validate(scenario.model_dump(exclude={"expect", "acts"}) | {"acts": acts}))
        for name, acts in ACTS.items()
    }
    return {name: example_scenario(name) for name in SCENARIOS} | ours


async def compete(at: Installation, plan: Plan) -> None:
    """Another operation has claimed what this plan touches."""
    touched = hashes(DECONFLICTION_KEY, plan.consignment.identifiers, plan.selectors)
    rival = Claim(delivery="another-operation", contact="uz.police", state="UZ", signer="uz.prosecutor", order=2, hashes=touched)
    book = Book(live=Register(number=1, claims=(rival,)))
    await at.client.start_workflow(messages.REGISTER, book, id=register_id(at.task_queue), task_queue=at.task_queue)


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


@asynccontextmanager
async def recorded_with(client: Client, name: str, plan: Plan, scenario: Scenario) -> AsyncIterator[Installation]:
    """An installation whose services are simulated; in `desk-told` the prosecutor sits at a desk and is told by webhook."""
    if name != "desk-told":
        async with installed(client, plan, scenario) as at:
            yield at
        return
    hook = Hook(*free_ports(1))
    reach = {"uz.prosecutor": Desk(notify=(Webhook(url=HttpUrl(hook.url)),))}
    async with hook.listening(), installed(client, plan, scenario, reach=reach) as at:
        others = tuple(one for one in plan.participants() if one not in reach)
        desk = without(at.directory, (*others, *BYSTANDERS))
        async with SimulatedServices(desk, at.url, scenario, 1):
            yield at


async def record() -> None:
    """Run each path that has no history yet and write it down."""
    async with await temporal_server() as environment:
        for name, brought in paths().items():
            file = HISTORIES / f"{name}.json.gz"
            if file.exists():
                continue
            plan, scenario = quick(*brought)
            async with recorded_with(environment.client, name, plan, scenario) as at:
                if name.startswith("conflict-"):
                    await compete(at, plan)
                await at.gateway(plan.initiator).start(signed_plan(plan))
                if name in ("keys-changed", "keys-revoked"):
                    await change_keys(at, plan, revoked=name == "keys-revoked")
                await at.to_the_end(plan)
                await at.handle(plan).result()
                history = await at.handle(plan).fetch_history()
            file.write_bytes(gzip.compress(readable(history, environment.client).encode(), mtime=0))
            sys.stderr.write(f"{file.name}: {len(history.events)} events\n")


if __name__ == "__main__":
    asyncio.run(record())
    leave(0)
