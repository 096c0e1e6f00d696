"""How long the papers of a large delivery take: 64 participants, 2,500 packages in a thousand units, several thousand entries.

`python -m bench.papers` lets them speak, runs every rule again as whoever holds the packet does, and makes each paper: its data,
its HTML and its PDF. Then it is found to be the one that the packet makes, as `vigil verify --paper` finds it.
"""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from domain.delivery.ledger import Entry
from domain.papers.making import Wanted, make, offered, purpose_of
from domain.papers.record import Record
from domain.plan.plan import Plan
from domain.record.door import archive_has
from domain.record.packet import seal, unseal
from domain.record.replay import replay
from domain.words.limits import MOST_SERVICES
from papers.rendering import render
from papers.verifying import verified
from process.language import speakers
from rehearsal.services import VIGIL, private_key_of
from tests.support import Table, asks, example_directory, example_plan, with_changes

STATEMENTS, UNITS, PACKAGES = 3_600, 1_000, 2_500
BY_ONE = 140
"""Gaps in the watch: twice as many statements of the service that has it in hand, which may say some 300."""
KEPT_EACH = 50
"""After so many the archive has caught up."""


def large() -> Plan:
    """The example, with so many packages and participants."""
    plan = example_plan()
    known = plan.everybody()
    more = [one.id for one in example_directory().services if one.id not in known and one.state and one.kind != "system"]
    teams = [f"{one} ready" for one in ("uz.customs", "uz.police", *more[: MOST_SERVICES - len(known)])]
    checked = {"packages": PACKAGES, "checked_by": ["weight", "seals", "count"]}
    changed = {"consignment": plan.consignment.model_dump() | checked, "handling_code": "H0"}
    return with_changes(plan, plan_=changed, departure={"requires": asks("kz.police dispatched", *teams)})


def spoken(statements: int) -> tuple[Table, list[Entry]]:
    """The delivery to its accounting, and every entry of it."""
    table, entries = Table(large()), list[Entry]()

    def keep() -> None:
        entries.extend(one for one in table.delivery.ledger.entries if one.seq >= len(entries))
        archive_has(table.delivery, len(table.delivery.ledger), table.now)
        table.settle()

    _leave(table)
    teams = [one for one in table.plan.everybody() if one not in example_plan().everybody()]
    for number in range(statements):
        table.now += timedelta(seconds=20)
        if number % 12 == 0 and number // 12 < BY_ONE:
            table.say("kz.police", "surveillance_lost", reason=f"tunnel {number}")
            table.say("kz.police", "surveillance_regained", place=f"km {number}", reason="behind the tunnel")
        else:
            table.say(teams[number % len(teams)], "information", text=f"note {number}")
        if number % KEPT_EACH == 0:
            keep()
    table.say("kz.police", "handover_offered", "tashkent-airport", packages=PACKAGES)
    table.say("uz.customs", "handover_accepted", "tashkent-airport", packages=PACKAGES)
    table.say("uz.customs", "delivered", "delivery")
    for service, at in (("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty")):
        table.say(service, "arrest_made", at)
    table.say("uz.customs", "seizure", "accounting", packages=PACKAGES)
    keep()
    return table, entries


def _leave(table: Table) -> None:
    """Consented to, weighed unit by unit, and on its way."""
    each = 13_200_000 // UNITS
    unit = {"substance": "mephedrone (4-MMC)", "net": each, "gross": each + 300, "fate": "kept"}
    units = [unit | {"label": f"U-{number:04d}", "packages": 3 if number % 2 else 2} for number in range(UNITS)]
    table.consent()
    table.say("kz.police", "prepared", "preparation", packages=PACKAGES, units=units)
    table.say("kz.knb", "ready", "preparation")
    for one in table.plan.everybody():
        if one in {asked.service for asked in table.at("departure").checkpoint.requires if asked.says == "ready"}:
            table.say(one, "ready", "departure")
    table.say("kz.police", "dispatched", "departure")


def timed(statements: int) -> Iterator[tuple[str, float]]:
    """Seconds of each step."""
    table, entries = spoken(statements)
    began = time.perf_counter()
    delivery = replay(tuple(entries), table.directory, table.cards)
    yield f"run again, {len(entries)} entries", time.perf_counter() - began
    packet, manifest, _ = unseal(seal(delivery, "", private_key_of(VIGIL), table.now))
    record, known = Record.of(delivery), speakers(None)
    for form in ("request.uz.prosecutor", *(one.name for one in offered(record) if not one.name.startswith("request."))):
        wanted = Wanted(form, "ru")
        began = time.perf_counter()
        made = make(record, wanted, known)
        yield f"{form}: made", time.perf_counter() - began
        began = time.perf_counter()
        file = render(made, purpose_of(wanted), "pdf")
        yield f"{form}: PDF", time.perf_counter() - began
    began = time.perf_counter()
    verified(file, packet, manifest, known)
    yield f"{form}: verified", time.perf_counter() - began


def main() -> None:
    """Print the figures."""
    for name, seconds in timed(STATEMENTS):
        sys.stdout.write(f"{seconds:6.1f} s  {name}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
