"""What the gateway counts, in Prometheus' text format: by action, status, code, rule and lane, never by delivery or service."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from math import nan

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from domain.delivery.ledger import Left, Receipt
from domain.words.errors import RuleBroken, Unavailable, VigilError
from gateway.health import Health
from gateway.limits import SHARES, Limits

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
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
        self._stranded = Gauge(
            "vigil_stranded_deliveries",
            "Deliveries that wait for a worker of a build of which none is up; not a number while Temporal is away.",
            registry=self.registry,
        )
        self._stranded.set(nan)
        self._files_away = Gauge(
            "vigil_attachments_away",
            "1 while the storage of attachments is away; not a number while Temporal is, or where files are not kept.",
            registry=self.registry,
        )
        self._files_away.set(nan)
        under_way = Gauge(
            "vigil_gateway_under_way", "Requests under way; `follow` are streams.", ("lane",), registry=self.registry
        )
        for lane in SHARES:
            under_way.labels(lane).set_function(partial(limits.under_way, lane))

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
            self._stranded.set(found.stranded)
            self._files_away.set({"up": 0, "away": 1}.get(found.attachments, nan))
        except Unavailable:
            self._stranded.set(nan)
            self._files_away.set(nan)

    async def go_on_looking(self, health: Callable[[], Awaitable[Health]]) -> None:
        """One look after another, until it is cancelled."""
        while True:
            await self.look(health)
            await asyncio.sleep(LOOK_EVERY)

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self.registry)


METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
