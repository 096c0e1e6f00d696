"""The most of everything, and why. One table, so that no two places disagree."""

from typing import Final

KIB: Final = 1024

# One delivery

MOST_SERVICES: Final = 64
"""Services that take part in one delivery, and so those that one checkpoint asks, one notice goes to, one errand names."""

# One run of the workflow: it ends long before Temporal's limits, which are 2,000 updates, 51,200 events and 50 MiB of history

RUN_UPDATES: Final = 1_200
RUN_EVENTS: Final = 8_000
RUN_BYTES: Final = 8_000_000
RUN_SECONDS: Final = 7 * 24 * 3600

MOST_CARRIED_UNKEPT: Final = 128 * KIB
"""Of entries that the archive has not yet, canonical, when a run ends: they go on to the next. A larger one is waited for."""
