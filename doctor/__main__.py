"""Looks at everything, and writes what it finds as one JSON document, in the language of whoever reads it (`vigil doctor`).

Exit code 0 where nothing is wrong, 1 where something is.
"""

import asyncio
import gc
import json
import logging
import os
import sys
from collections.abc import AsyncGenerator, Callable

if __name__ == "__main__":
    gc.disable()  # while modules are loaded nothing is let go of: to look for it took a quarter of the time of a start

from doctor import archive, files, installed, reach, temporal
from doctor.findings import Diagnosis, Part, because, gathered, unknown
from doctor.given import Setup, as_processes_have_it, given
from domain.words.errors import VigilError
from domain.words.text import in_json, mark, shown, told
from process.language import of, speaker
from process.serve import leave

HERE: tuple[tuple[Part, Callable[[Setup], AsyncGenerator[Diagnosis]]], ...] = (
    ("versions", files.versions),
    ("versions", installed.side_by_side),
    ("keys", files.own_key),
    ("keys", files.ring),
    ("keys", files.shared_secret),
    ("keys", files.passwords),
    ("certificates", files.own_certificate),
    ("certificates", files.certificates),
    ("directory", files.directory),
    ("directory", files.closed),
    ("disk", files.disk),
    ("temporal", reach.front_end),
    ("gateway", reach.gateway),
    ("services", reach.services),
    ("services", reach.mail),
    ("archive", archive.migrations),
    ("attachments", archive.attachments),
)
"""What needs no Temporal, side by side."""


async def looked() -> tuple[Diagnosis, ...]:
    """Everything there is to find."""
    known, found = given()
    here = await asyncio.gather(*(gathered(part, look(known)) for part, look in HERE))
    findings = [*found, *(one for some in here for one in some)]
    kept = not any(one.part == "archive" and one.state == "wrong" for one in findings)
    if kept:
        findings += await gathered("keys", archive.own_key(known))
        findings += await gathered("ledgers", archive.alarms(known))
    else:
        findings.append(unknown("ledgers", mark("while the archive is not as it must be, its alarms are not to be read")))
    return (*findings, *await _of_temporal(known, kept=kept))


async def _of_temporal(known: Setup, *, kept: bool) -> tuple[Diagnosis, ...]:
    """`kept`: whether the archive can be held against the workflows."""
    try:
        client = await temporal.connection(known)
    except VigilError as error:
        return because("temporal", error), unknown("worker", mark("without Temporal nobody knows which workers are up"))
    looks: list[tuple[Part, AsyncGenerator[Diagnosis]]] = [
        ("temporal", temporal.server(client)),
        ("clock", temporal.clock(client)),
        ("worker", temporal.workers(client, known)),
    ]
    found = [one for part, look in looks for one in await gathered(part, look)]
    if kept and any(one.part == "worker" and one.state == "fine" for one in found):
        found += await gathered("ledgers", archive.compared(client, known))
    else:
        found.append(unknown("ledgers", mark("without archive and workers, ledgers and workflows cannot be compared")))
    return tuple(found)


def main() -> None:
    """Write the document, and end with the code."""
    gc.freeze()
    gc.enable()
    logging.disable(logging.CRITICAL)  # what there is to say is a finding
    as_processes_have_it()
    speak = speaker(of(os.environ))
    found = asyncio.run(looked())
    rows = [
        {"part": one.part, "state": one.state, "what": shown(told(one.what, speak)), "then": shown(told(one.then, speak))}
        for one in found
    ]
    bad = any(one.state == "wrong" for one in found)
    sys.stdout.write(in_json(json.dumps({"healthy": not bad, "findings": rows}, ensure_ascii=False)) + "\n")
    leave(1 if bad else 0)


if __name__ == "__main__":
    main()
