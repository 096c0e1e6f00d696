"""Metrics for Prometheus, on a port of their own that only who runs the installation reaches: a scraper makes no proofs.

Nothing is served unless `VIGIL_METRICS_PORT` is set. The gateway serves its own counts there, the worker those of Temporal's
SDK: tasks, attempts, their failures and times, what waits for a slot.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from domain.words.errors import Unavailable


@contextmanager
def scraped(registry: CollectorRegistry, host: str, port: int | None) -> Iterator[None]:
    """Serve these counts at `/metrics` while the context is open; nothing without a port. Raises `Unavailable`."""
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise _taken(host, port) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def runtime(host: str, port: int | None) -> Runtime | None:
    """Temporal's runtime that serves its SDK's counts at `/metrics`; None, its default, without a port. Raises `Unavailable`."""
    if port is None:
        return None
    prometheus = PrometheusConfig(
        bind_address=f"{host}:{port}", counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )
    try:
        return Runtime(telemetry=TelemetryConfig(metrics=prometheus))
    except (RuntimeError, ValueError) as error:
        raise _taken(host, port) from error


def _taken(host: str, port: int) -> Unavailable:
    message = f"port {port} on {host}, wanted for metrics, is taken or not allowed"
    return Unavailable(message, hint="stop what uses it, or set VIGIL_METRICS_HOST and VIGIL_METRICS_PORT")
