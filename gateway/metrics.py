"""What the gateway counts, in Prometheus' text format: by action, status, code, rule and lane, never by delivery or service."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from math import nan

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from domain.delivery.ledger import Left, Receipt
from domain.words.errors import RuleBroken, Unavailable, VigilError
from gateway.health import Health
from gateway.limits import SHARES, Limits

log = logging.getLogger("vigil.metrics")

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds. A receipt takes a hundredth of one on an idle system; 10 s is when a statement is left for a worker to come."""

LOOK_EVERY = 15.0
"""Seconds: as often as a scraper asks."""


class Metrics:
    """One process's counts, since it started."""

    def __init__(self, limits: Limits) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "vigil_gateway_requests", "Requests answered.", ("action", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "vigil_gateway_request_seconds",
            "From the head of a request to its answer; streams are not in it.",
            ("action",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._refused = Counter("vigil_gateway_refusals", "Errors answered.", ("action", "code", "rule"), registry=self.registry)
        self._statements = Counter("vigil_statements", "What became of statements.", ("verdict", "rule"), registry=self.registry)
        self._stranded = self._gauge(
            "vigil_stranded_deliveries",
            "Deliveries that wait for a worker of a build of which none is up; not a number while Temporal is away.",
        )
        self._without_worker = self._gauge("vigil_worker_none", "1 while no worker asks for work; likewise.")
        self._files_away = self._gauge(
            "vigil_attachments_away",
            "1 while the storage of attachments is away; not a number while Temporal is, or where files are not kept.",
        )
        self._archive_away = self._gauge("vigil_archive_away", "1 while the archive does not answer; likewise.")
        self._parts = self._stranded, self._without_worker, self._files_away, self._archive_away
        self._temporal_away = self._gauge("vigil_temporal_away", "1 while Temporal does not answer.")
        self._ahead = self._gauge(
            "vigil_clock_ahead_seconds", "By how much this machine's clock is ahead of Temporal's; less than nothing: behind."
        )
        self._ends = self._gauge(
            "vigil_certificate_ends_seconds", "Until the gateway's own certificate ends; not a number where it shows none."
        )
        under_way = Gauge(
            "vigil_gateway_under_way", "Requests under way; `follow` are streams.", ("lane",), registry=self.registry
        )
        for lane in SHARES:
            under_way.labels(lane).set_function(partial(limits.under_way, lane))

    def _gauge(self, name: str, about: str) -> Gauge:
        """One whose value is not known yet."""
        found = Gauge(name, about, registry=self.registry)
        found.set(nan)
        return found

    def ends(self, left: Callable[[], float]) -> None:
        """How long the certificate lasts is looked up so."""
        self._ends.set_function(left)

    def answered(self, action: str, method: str, answer: web.StreamResponse, seconds: float) -> None:
        """A request has been answered."""
        self._requests.labels(action, method, str(answer.status)).inc()
        if isinstance(answer, web.Response):
            self._seconds.labels(action).observe(seconds)

    def refused(self, action: str, error: VigilError) -> None:
        """A request has been answered with an error."""
        self._refused.labels(action, error.code, error.rule if isinstance(error, RuleBroken) else "").inc()

    def stated(self, answer: Receipt | Left) -> None:
        """A statement has been judged, or left for when a worker is up."""
        if isinstance(answer, Left):
            self._statements.labels("left", "").inc()
        else:
            self._statements.labels(answer.verdict.verdict, answer.verdict.rule or "").inc()

    async def look(self, health: Callable[[], Awaitable[Health]]) -> None:
        """What is counted anew at each look."""
        try:
            found = await health()
        except Unavailable:
            self._temporal_away.set(1)
            for one in self._parts:
                one.set(nan)
            return
        self._temporal_away.set(0)
        self._stranded.set(found.stranded)
        self._without_worker.set(found.worker == "none")
        self._files_away.set({"up": 0, "away": 1}.get(found.attachments, nan))
        self._archive_away.set(found.archive == "away")

    async def go_on_looking(
        self, health: Callable[[], Awaitable[Health]], ahead: Callable[[], Awaitable[float]] | None = None
    ) -> None:
        """One look after another, until it is cancelled. `ahead`: by how much our clock is."""
        while True:
            try:
                await self.look(health)
                self._ahead.set(await ahead() if ahead is not None else nan)
            except Unavailable:
                self._ahead.set(nan)
            except Exception as error:  # noqa: BLE001 - whatever it was, the next look comes: else what was seen last stands for ever
                log.warning("the gateway could not look at itself: %s", type(error).__name__)
                for one in (*self._parts, self._temporal_away, self._ahead):
                    one.set(nan)
            await asyncio.sleep(LOOK_EVERY)

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self.registry)


METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
