"""The most of everything, and why. One table, so that no two places disagree."""

from typing import Final

MOST_SERVICES: Final = 64
"""Services that take part in one delivery, and so those that one checkpoint asks, one notice goes to, one errand names."""
