"""The page of one delivery, made from a delivery at a table: what it says, what it leaves out, and how much it weighs."""

import re
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from domain.signing.canonical import plain
from domain.views.attachments import FilesOfDelivery
from domain.views.sight import sight
from gateway.access import CALLER, PROOFS, Proofs, Visitor
from gateway.pages import pages
from gateway.pages.delivery import OnePage, one_page
from gateway.pages.story import EVENTS, Narrowed, narrowed_to
from process.in_force import InForce
from process.language import speaker
from tests.course import PHASES, dispatched
from tests.support import Table

HEAVIEST = 200_000
"""Bytes that a page weighs at most."""


def made(table: Table, service: str, narrowed: Narrowed | None = None, before: int | None = None) -> OnePage:
    """What its template draws, for this service."""
    now = max(table.now, table.delivery.state.now)
    reader = table.directory.get(service)
    return one_page(table.delivery, reader, now, speaker("en"), narrowed or Narrowed(), before, "http://127.0.0.1:8233/x")


def rendered(table: Table, service: str, language: str = "en", key: str | None = "key") -> str:
    """The page, as it leaves the gateway."""
    app = web.Application()
    app[PROOFS] = Proofs(InForce(table.directory), "https://vigil.example")
    request = make_mocked_request("GET", "/desk", app=app, headers={"Accept-Language": language})
    reader = table.directory.get(service)
    request[CALLER] = Visitor(reader, "P-1", key, None)
    now = max(table.now, table.delivery.state.now)
    found = one_page(table.delivery, reader, now, speaker(language), Narrowed(), None, "http://127.0.0.1:8233/x")
    files = FilesOfDelivery(delivery=found.view.delivery, files=(), unnamed=())
    shown = {"delivery": found.view.delivery}
    text = pages.page(request, "delivery.html", view=found.view, page=found, shown=shown, files=files, data={}, now=now).text
    assert text is not None
    return text


def words_of(page: str) -> str:
    """What stands in it, less mark-up."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
