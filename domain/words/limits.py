"""The most of everything, and why. One table, so that no two places disagree."""

from datetime import timedelta
from typing import Final

KIB: Final = 1024

# One delivery

MOST_SERVICES: Final = 64
"""Services that take part in one delivery, and so those that one checkpoint asks, one notice goes to, one errand names. So many
checkpoints a plan has, too.
"""
MOST_REQUIREMENTS: Final = 256
"""Answers that a plan asks for in all. Each that is open is a question under way and an answer to remember."""
MOST_STATES: Final = 16
"""States on the way."""
MOST_PLANS: Final = 64
"""Plans that one delivery has had: their digests are carried, and each that was signed stands in the ledger."""
MOST_BRANCHES: Final = 16
"""Histories of one delivery beside its first. Put back more often, it waits until somebody has mended the archive."""
PLAN_BYTES: Final = 192 * KIB
DIRECTORY_BYTES: Final = 128 * KIB
"""64 services with seven keys each on average."""
CARDS_BYTES: Final = 256 * KIB
"""16 cards, each of the largest size that its fields come to in Latin letters."""
SHORTEST_CHECK_IN: Final = timedelta(minutes=5)
SHORTEST_REMINDER: Final = timedelta(minutes=5)
"""Each opens a checkpoint or sends a notice, and goes on for as long as a delivery is held."""

# What a service says

LARGEST_STATEMENT: Final = 64 * KIB
"""Bytes of a statement, canonical."""
LARGEST_OF_GOODS: Final = 192 * KIB
"""Of one that names each unit, item or find: what was prepared and what was seized, and corrections of these."""
LARGEST_ACKNOWLEDGEMENT: Final = 2 * KIB
"""Of an acknowledgement of a request. The largest that its fields allow is smaller."""
LARGEST_BRAKE: Final = 8 * KIB
"""Of one that only stops or ends something. The largest that its fields allow is smaller, so none is refused for it."""

SPEAKER_STATEMENTS: Final = 2_000
SPEAKER_BYTES: Final = 24 * KIB * KIB
"""Of a service that is asked or responsible, in one delivery: one a quarter of an hour for three weeks."""
SHARED_STATEMENTS: Final = 20_000
SHARED_BYTES: Final = 10 * SPEAKER_BYTES
"""Of all of these together: where there are more than ten, each has an equal share."""
UNASKED_STATEMENTS: Final = 30
UNASKED_BYTES: Final = 256 * KIB
"""Of a service of which nothing is asked."""
BRAKES: Final = 8
BRAKES_MORE: Final = 24
"""Brakes beyond that, for each service: always, and after decisions to go on, one for each."""
EARLY_BYTES: Final = 4 * KIB
"""Of statements that came before their time, in their envelopes, for each service: they are carried from run to run."""
EARLY_BYTES_OF_ALL: Final = MOST_SERVICES * EARLY_BYTES
MOST_STATEMENTS: Final = SHARED_STATEMENTS + (MOST_SERVICES - 10) * UNASKED_STATEMENTS
"""Of one delivery, brakes and refusals for it not counted: what the budgets of all come to."""
MOST_KNOWN: Final = 24_000
"""Statements that are known by their ids: those, brakes, and one that was refused for its budget, of each service."""

GRANTED_BYTES: Final = 16 * KIB
"""Of the conditions of all authorisations: each has as many as there are authorities that are asked, and so for what follows."""
PREPARED_BYTES: Final = 16 * KIB
"""Of what was kept, removed and sampled, and put in. Units are judged and not held."""
SEIZED_BYTES: Final = 16 * KIB
"""Of what was recovered."""
PARTS_BYTES: Final = 12 * KIB
"""Of the parts that it split into; as much of how they ended."""

# One run of the workflow: it ends long before Temporal's limits, which are 2,000 updates, 51,200 events and 50 MiB of history

RUN_UPDATES: Final = 1_200
RUN_EVENTS: Final = 8_000
RUN_BYTES: Final = 8_000_000
RUN_SECONDS: Final = 7 * 24 * 3600

BATCH_ENTRIES: Final = 200
BATCH_BYTES: Final = 512 * KIB
"""Of what is handed to the archive at once, canonical, unless it is one larger entry."""
MOST_UNKEPT: Final = 768 * KIB
"""Of entries that the archive has not yet, canonical: beyond it only brakes are taken, until it has caught up."""
KNOWN_BYTES: Final = 750 * KIB
"""Of the table of known statements, carried: 24 bytes each, in base64."""
STATE_BYTES: Final = 192 * KIB
"""Of all else that the state holds, owed notices, and the edge of the tree."""
MOST_CARRIED: Final = 1_902 * KIB
"""Of what a run carries to the next, of the 2,048 KiB that Temporal takes as one payload."""
MOST_CARRIED_UNKEPT: Final = 128 * KIB
"""Of entries that the archive has not yet, canonical, when a run ends: they go on to the next. A larger one is waited for."""
