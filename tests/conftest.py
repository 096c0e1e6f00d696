import gc
import os
import signal
from collections.abc import AsyncIterator, Generator

import pytest
from temporalio.client import Client

from tests.installation import temporal_server

IN_CI = "VIGIL_CI" in os.environ
"""There everything is installed, so that a test which is left out proves nothing and says nothing."""


os.environ["VIGIL_LANG"] = "en"
"""Tests read English, wherever they run."""

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # a shell's background job is deaf to it, and so would be all that tests start
    signal.signal(signal.SIGINT, signal.default_int_handler)

gc.disable()  # until the tests are collected: nothing of that is ever let go of


SERVERS = {"temporal", "postgresql"}
"""The fixtures that are servers of their own. Most tests that want one wait for it most of their time."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """What wants a server is slow, but for what is marked as the core. The core comes first, in one process: one server is
    started, and nobody waits for it at the end.
    """
    for item in items:
        if SERVERS & {*item.fixturenames} and not item.get_closest_marker("core"):
            item.add_marker("slow")
    items.sort(key=lambda item: item.get_closest_marker("core") is None)


def pytest_collection_finish() -> None:
    """From here on the collector looks at what tests make, and not at thousands of tests and modules again and again."""
    gc.enable()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test has failed, with its reason."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome, report.longrepr = "failed", f"VIGIL_CI is set, and this test was left out: {reason}"
    return report


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[Client]:
    """A client of one real Temporal server for the whole session."""
    async with await temporal_server() as environment:
        yield environment.client
