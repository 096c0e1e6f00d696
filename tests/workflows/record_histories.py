"""Record Temporal histories of every terminal path for the replay tests: `make histories`.

A history that is committed is never deleted or overwritten: it stands for deliveries under way somewhere, and code that
cannot replay it would break them.
"""

import asyncio
import gzip
import sys
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

from temporalio.common import SearchAttributeKey
from temporalio.testing import WorkflowEnvironment

from domain.canonical import canonical
from domain.deconfliction import Claim, Register, hashes
from domain.directory import ServiceKey
from domain.envelope import KEYS_TYPE, public_text, sign
from domain.keys import KeyChange
from domain.plan import Plan
from process.codec import converter
from process.serve import leave
from process.temporal import IDENTITY, readable
from rehearsal.scenario import Scenario
from rehearsal.services import DECONFLICTION_KEY, private_key_of
from tests.installation import PAYLOAD_KEYS, Installation, installed, quick
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
    "conflict-yielded": [{"service": "kz.knb", "at": "conflict", "says": "conflict_yielded"}],
    "untelling-ids": [],
    "no-arrest": [
        {"service": "uz.police", "at": "arrest-tashkent", "says": "no_arrest"},
        {"service": "kz.knb", "at": "arrest-almaty", "says": "no_arrest"},
    ],
}
"""Ends that no example of `examples/` shows, as departures from Almaty - Tashkent. In those named `conflict-...`, another
operation touches the consignment; in the one named `keys-changed`, a service changes its keys. `untelling-ids` is the usual
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
    rival = Claim(delivery="another-operation", contact="uz.police", hashes=touched)
    book = Book(live=Register(number=1, claims=(rival,)))
    await at.client.start_workflow(messages.REGISTER, book, id=register_id(at.task_queue), task_queue=at.task_queue)


async def change_keys(at: Installation) -> None:
    """The police of Uzbekistan make a spare key."""
    now = datetime.now(UTC).isoformat()
    spare = ServiceKey(public=public_text(private_key_of("spare")), valid_from=now)
    change = KeyChange(service="uz.police", by="uz.police", made_at=now, added=(spare,))
    envelope = sign(canonical(change), KEYS_TYPE, private_key_of("uz.police"))
    await at.gateway("uz.police").change_keys(envelope)


async def record() -> None:
    """Run each path that has no history yet and write it down."""
    server = Path(sysconfig.get_path("scripts")) / "temporal"
    attributes = [
        SearchAttributeKey.for_keyword_list(messages.PARTICIPANTS),
        SearchAttributeKey.for_keyword(messages.PHASE),
    ]
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(server),
        data_converter=converter(PAYLOAD_KEYS),
        search_attributes=attributes,
        identity=IDENTITY,
    ) as environment:
        for name, brought in paths().items():
            file = HISTORIES / f"{name}.json.gz"
            if file.exists():
                continue
            plan, scenario = quick(*brought)
            async with installed(environment.client, plan, scenario) as at:
                if name.startswith("conflict-"):
                    await compete(at, plan)
                await at.gateway(plan.initiator).start(signed_plan(plan))
                if name == "keys-changed":
                    await change_keys(at)
                await at.to_the_end(plan)
                await at.handle(plan).result()
                history = await at.handle(plan).fetch_history()
            file.write_bytes(gzip.compress(readable(history, environment.client).encode(), mtime=0))
            sys.stderr.write(f"{file.name}: {len(history.events)} events\n")


if __name__ == "__main__":
    asyncio.run(record())
    leave(0)
