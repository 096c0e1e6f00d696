"""The numbers of the table of limits that are law: they decide what counts, so each version of the rules has its own.

What else stands in that table bounds a format or a run, whatever the rules; and how large each kind of statement may be is
declared by the kind.
"""

from dataclasses import dataclass
from datetime import timedelta

from domain.words import limits


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Those of one version, the newest where nothing is given. `domain.words.limits` says what each is, and why so many."""

    most_at_once: int = 1_000
    """Entries that one moment may bring; more is a fault of ours."""

    # How much may be said

    speaker_statements: int = limits.SPEAKER_STATEMENTS
    speaker_bytes: int = limits.SPEAKER_BYTES
    shared_statements: int = limits.SHARED_STATEMENTS
    shared_bytes: int = limits.SHARED_BYTES
    unasked_statements: int = limits.UNASKED_STATEMENTS
    unasked_bytes: int = limits.UNASKED_BYTES
    brakes: int = limits.BRAKES
    brakes_more: int = limits.BRAKES_MORE
    early_bytes: int = limits.EARLY_BYTES
    early_bytes_of_all: int = limits.EARLY_BYTES_OF_ALL
    most_statements: int = limits.MOST_STATEMENTS
    most_brakes_known: int = limits.MOST_BRAKES_KNOWN

    # How much of it is held on to

    granted_bytes: int = limits.GRANTED_BYTES
    prepared_bytes: int = limits.PREPARED_BYTES
    seized_bytes: int = limits.SEIZED_BYTES
    arrested_bytes: int = limits.ARRESTED_BYTES
    exhibits_bytes: int = limits.EXHIBITS_BYTES
    parts_bytes: int = limits.PARTS_BYTES
    most_intervals_in_all: int = limits.MOST_INTERVALS_IN_ALL
    most_teams: int = limits.MOST_TEAMS
    most_transfers: int = limits.MOST_TRANSFERS
    most_cooperating: int = limits.MOST_COOPERATING
    owed_bytes: int = limits.OWED_BYTES

    # How large a plan may be, with what it brings, and how often all of it may change

    plan_bytes: int = limits.PLAN_BYTES
    directory_bytes: int = limits.DIRECTORY_BYTES
    cards_bytes: int = limits.CARDS_BYTES
    contents_bytes: int = limits.CONTENTS_BYTES
    request_for_consent_bytes: int = limits.REQUEST_FOR_CONSENT_BYTES
    most_known_services: int = limits.MOST_KNOWN_SERVICES
    most_states: int = limits.MOST_STATES
    most_requirements: int = limits.MOST_REQUIREMENTS
    most_consents: int = limits.MOST_CONSENTS
    most_correctable: int = limits.MOST_CORRECTABLE
    most_by_two: int = limits.MOST_BY_TWO
    most_duties: int = limits.MOST_DUTIES
    most_selectors_in_all: int = limits.MOST_SELECTORS_IN_ALL
    most_plans: int = limits.MOST_PLANS
    most_key_changes: int = limits.MOST_KEY_CHANGES
    shortest_check_in: timedelta = limits.SHORTEST_CHECK_IN
    shortest_reminder: timedelta = limits.SHORTEST_REMINDER
    shortest_renewal: timedelta = limits.SHORTEST_RENEWAL
    reminders_at_pace: int = limits.REMINDERS_AT_PACE
    rarely: timedelta = limits.RARELY
    most_reminders: int = limits.MOST_REMINDERS
    away_for: timedelta = limits.AWAY_FOR
    correctable_for: timedelta = limits.CORRECTABLE_FOR

    def share(self, speakers: int, before: int = 0) -> int:
        """How many statements each of so many services may make of which something is asked: together no more than all may, of
        which so many were made `before`.
        """
        return min(self.speaker_statements, max(self.shared_statements - before, 0) // speakers)

    def share_of_bytes(self, speakers: int, before: int = 0) -> int:
        """How many bytes of statements, likewise."""
        return min(self.speaker_bytes, max(self.shared_bytes - before, 0) // speakers)


FIGURES = Figures()
"""As the law is."""
