"""Logs: structlog as the formatter of the standard library's loggers, so that Temporal's replay-quiet ones work unchanged.

Only an allow-list of fields is written. The log is for operators; the audit is the ledger.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict

from domain.words.legible import legible
from domain.words.text import shown

ALLOWED = (
    "event", "level", "timestamp", "logger", "exception", "code", "delivery", "checkpoint", "service", "attempt",
    "method", "path", "status", "milliseconds", "address", "namespace", "task_queue", "port", "seq", "verdict", "rule",
    "build", "count", "action",
)  # fmt: skip


def only_allowed(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Drop every field that is not on the list: payloads and names must not reach a log by accident."""
    return {key: value for key, value in event.items() if key in ALLOWED or key.startswith("_")}


def of_temporal(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Say which delivery a line of the SDK is about."""
    for key in ("temporal_workflow", "temporal_activity"):
        about: dict[str, Any] = event.pop(key, None) or {}
        if "workflow_id" in about:
            event["delivery"] = str(about["workflow_id"]).removeprefix("delivery/")
        if "attempt" in about and key == "temporal_activity":
            event["attempt"] = about["attempt"]
    return event


def made_legible(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What is not seen is written out, lest an error that quotes a stranger steers the terminal; a traceback keeps its lines."""
    found: dict[str, Any] = legible(event)
    if "exception" in event:
        found["exception"] = "\n".join(map(shown, event["exception"].split("\n")))
    return found


def configure(log_format: str, level: str) -> None:
    """Set up the root logger, once per process."""
    shared: list[Any] = [
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        of_temporal,
    ]
    console = (made_legible, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    last = (structlog.processors.JSONRenderer(),) if log_format == "json" else console  # JSON escapes by itself
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.processors.format_exc_info,
            only_allowed,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *last,
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiohttp.access").setLevel("WARNING")
