"""The activity `heed`: a delivery of a group hears what is new of its siblings (R31), from their ledgers in the archive.

Who wants to know asks; a sibling tells nobody. So it does not matter whether that has not begun, goes on in another run, or has
ended long ago, and none waits for another.
"""

import logging
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.relay import Relay
from archive.cached_deliveries import FoldedDeliveries
from domain.delivery.reported import SiblingHeard
from domain.record.siblings import STOPS, Heeded, Heeding, expunged, heard
from domain.rules.siblings import is_news
from domain.words.errors import NotFound, NotVerified, RuleBroken, Unavailable
from workflows import messages

log = logging.getLogger("vigil.siblings")

PACE = timedelta(seconds=1)
"""Between two looks, and for each sibling so much more: who has many is not in more of a hurry than the archive."""
EACH = timedelta(milliseconds=200)


class SiblingWatch:
    """The activity, with the archive, and the key that vouches for what it has found there."""

    def __init__(self, folded: FoldedDeliveries, key: Ed25519PrivateKey, relay: Relay) -> None:
        self._folded = folded
        self._key = key
        self._relay = relay

    @activity.defn(name=messages.HEED)
    async def heed(self, wanted: Heeding) -> None:
        """Look at each sibling, and report what is new of it: what stops first, so that nothing opens by what else is new. Raises
        `ApplicationError` while nothing is, and looks again.
        """
        found, told = [fact for one in wanted.siblings for fact in await self._news(wanted.group, one)], False
        for fact in sorted(found, key=lambda one: one.says not in STOPS):
            if fact.says != "reached" or await self._is_proved(wanted.delivery, fact):
                await self._relay.report(wanted.delivery, fact)
                told = True
        if not told:
            pause = PACE + EACH * len(wanted.siblings)
            message = "nothing is new of a sibling"
            raise ApplicationError(message, type="NothingNew", category=ApplicationErrorCategory.BENIGN, next_retry_delay=pause)

    async def _is_proved(self, listener: str, fact: SiblingHeard) -> bool:
        """Whether who listens would take it, by what the archive has of that: what proves nothing there is not reported again and
        again. Raises `Unavailable`.
        """
        try:
            known = await self._folded.newest(listener)
            return is_news(known, fact, known.state.now)
        except (NotFound, NotVerified):
            return True  # the archive does not have it yet, or not as it was: it judges for itself
        except RuleBroken:
            return False

    async def _news(self, group: str, known: Heeded) -> tuple[SiblingHeard, ...]:
        """Nothing of one that has not begun, or whose ledger cannot be trusted or read: then who waits for it decides in the end,
        and the others are heard. Raises `Unavailable`.
        """
        try:
            return tuple(heard(await self._folded.newest(known.delivery), group, known, self._key))
        except NotFound:
            gone = known.standing != "ended" and await self._folded.is_expunged(known.delivery)
            return (expunged(known.delivery, group, self._key),) if gone else ()
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one ledger, danger is heard of the others
            log.warning("the ledger of a sibling cannot be read", extra={"code": type(error).__name__})
            return ()
