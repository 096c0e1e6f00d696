"""The doors of the gateway, as one participant with valid keys knocks at all of them: made from the gateway's own routes.

A route is in a door of its own, and those that take statements in several, unless `LEFT_OUT` says why it is in none. Where a part
of an address, or what is sent to a route, is not known here, there is no table at all: a new route comes with its door.
"""

import json
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import chain, count
from typing import Final

from aiohttp import web

from domain.delivery.chasing import CHASE_TYPE, Chase
from domain.plan.access import MAY, ROLES
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.handover import SHEET_TYPE, SHIFT_TYPE, Handed, HandingOver
from domain.rules.handling import Information
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, PLAN_TYPE, Envelope, sign
from domain.signing.keys import key_id, public_text
from domain.views.shift import SheetSource, Shift, sheet_of
from domain.views.statistics import Forecast, ForetoldLine
from domain.words.moments import utc_text
from gateway import api
from gateway.pages import provider
from gateway.pages.entrance import ACTIONS, ROOT
from rehearsal.services import private_key_of, second
from tests.installation import renamed, said_by, stop_by

ROUTES: Final[Mapping[str, web.RouteDef]] = {
    route.kwargs["name"]: route for route in chain(api.routes, *api.PAGES, provider.routes) if isinstance(route, web.RouteDef)
}
"""Each route of the gateway, by its name."""
LEFT_OUT: Final[Mapping[str, str]] = {
    "desk.leave": "it ends the session in which all other pages are asked for",
    "desk.go": "it is there only where people sign in through an OpenID provider",
    "desk.back": "it is there only where people sign in through an OpenID provider",
}
"""Routes at which nobody knocks, and why."""
PARTICIPANTS: Final = ("operations", "service", "prosecutor")
"""The roles of who takes part in a delivery."""
AT_ONCE: Final[Mapping[str, int]] = {
    "view": 5,
    "ledger": 5,
    "packet": 3,
    "inbox": 3,
    "list": 3,
    "changes": 16,
    "floor-changes": 4,
    "attach": 3,
    "enter": 3,
    "desk.home": 5,
}
"""How often a route is asked at once; of all others, once."""
OFFICER: Final = "officer-1"
NONSENSE: Final = b"[" * 1_000_000
FILE_BYTES: Final = 64 * 1024
YEARS: Final = timedelta(days=3650)


@dataclass(frozen=True)
class Sent:
    """What is sent once, and where."""

    path: str
    body: bytes = b""
    file: str = ""
    """The digest of a body that is a file: its proof is over that."""


@dataclass(frozen=True)
class Door:
    """One thing that is asked again and again, so many at once."""

    name: str
    route: str
    at_once: int
    method: str
    make: Callable[[], Sent]
    """What is sent: made anew each time."""

    @property
    def is_page(self) -> bool:
        """Whether a browser that is signed in asks, and no proof is sent."""
        return ROUTES[self.route].path.startswith(ROOT)


def forbidden(name: str) -> bool:
    """Whether no participant may use this route: who knocks all the same is turned away before what it sends is read."""
    action = ACTIONS.get(name) if name in ACTIONS else name
    reaches = MAY.get(action) if action is not None else None
    return reaches is not None and all(reaches[ROLES.index(role)] == "-" for role in PARTICIPANTS)


@dataclass(frozen=True)
class Participant:
    """Who knocks, of which delivery, and in whose name it says what it must not."""

    plan: Plan
    name: str
    other: str
    _numbers: Iterator[int] = field(default_factory=count)

    def doors(self) -> tuple[Door, ...]:
        """Every way in; the one by which it is polled is with the simulated services. Raises `LookupError` for a route of which
        nothing is known here.
        """
        others = (self._door(name, route) for name, route in ROUTES.items() if name not in LEFT_OUT and name != "submit")
        return (*self._for_statements(), *others)

    def _for_statements(self) -> Iterator[Door]:
        path = self._path("submit")
        once = said_by(self.name, self.plan, Information(text="once more"))
        forged = stop_by(self.other, self.plan).model_copy(update={"signatures": once.signatures})
        changed = self.plan.model_copy(update={"title": "another plan"})
        said: Mapping[str, tuple[int, Callable[[], bytes]]] = {
            "news": (30, lambda: _bytes(said_by(self.name, self.plan, Information(text="news")))),
            "the same once more": (20, lambda: _bytes(once)),
            "stops of another plan": (20, lambda: _bytes(stop_by(self.name, changed))),
            "stops in another's name": (10, lambda: _bytes(forged)),
            "nonsense": (10, lambda: NONSENSE),
        }
        for name, (at_once, body) in said.items():
            yield Door(name, "submit", at_once, ROUTES["submit"].method, partial(_sent, path, body))

    def _door(self, name: str, route: web.RouteDef) -> Door:
        path, at_once = self._path(name), AT_ONCE.get(name, 1)
        if name == "attach":
            return Door(name, name, at_once, route.method, self._file)
        return Door(name, name, at_once, route.method, partial(_sent, path, self._body(name, route)))

    def _body(self, name: str, route: web.RouteDef) -> Callable[[], bytes]:
        if route.method in ("GET", "HEAD", "DELETE"):
            return bytes
        return _anything if forbidden(name) else self._bodies()[name]

    def _path(self, name: str) -> str:
        """The address of a route, with what it is asked for."""
        filled = {
            "delivery": self.plan.operation,
            "digest": "0" * 64,
            "name": "desk.css" if name == "desk.file" else "request.uz.prosecutor",
            "number": "1",
            "upto": "0",
            "subscription": "n-000000000000",
            "form": "csv",
        }
        asked = {
            "list": "?limit=200",
            "paper": "?format=pdf",
            "desk.paper": "?format=pdf",
            "desk.answer": "?checkpoint=consent-uz",
            "desk.correct": "?entry=1",
        }
        return re.sub(r"\{(\w+)[^}]*\}", lambda gap: filled[gap[1]], ROUTES[name].path) + asked.get(name, "")

    def _file(self) -> Sent:
        """A file that nothing names yet."""
        body = b"%PDF-1.7\n" + os.urandom(FILE_BYTES)
        digest = sha256(body).hexdigest()
        path = self._path("attach").replace("0" * 64, digest)
        return Sent(f"{path}?media_type=application/pdf", body, digest)

    def _bodies(self) -> Mapping[str, Callable[[], bytes]]:
        """What is sent to each route that takes something and is not for others alone."""
        return {
            "start": self._another_plan,
            "amend": lambda: _bytes(self._signed(self.plan.model_copy(update={"title": uuid.uuid4().hex}), PLAN_TYPE)),
            "forecast": _a_forecast,
            "keys": self._an_end_of_a_key,
            "chase": self._a_chase,
            "hand-over": self._a_handover,
            "take-over": lambda: _bytes(self._handed("takes_over", "0" * 64)),
            "enter": bytes,
            "desk.enter": lambda: json.dumps({"token": uuid.uuid4().hex}).encode(),
            "desk.say": _a_form,
            "desk.second": lambda: canonical(read_statement(said_by(self.name, self.plan, Information(text="news")))),
        }

    def _signed(self, what: object, payload_type: str) -> Envelope:
        return sign(canonical(what), payload_type, private_key_of(self.name))

    def _another_plan(self) -> bytes:
        """A delivery of its own, whose consignment nobody else has: the plan is gone through whole."""
        other = renamed(self.plan)
        own = other.consignment.identifiers[0].model_copy(update={"scheme": "other", "value": other.operation})
        consignment = other.consignment.model_copy(update={"identifiers": (own,)})
        return _bytes(self._signed(other.model_copy(update={"initiator": self.name, "consignment": consignment}), PLAN_TYPE))

    def _an_end_of_a_key(self) -> bytes:
        """Of the key of its second officer, years ahead and each time a second sooner: each changes something."""
        now, key = datetime.now(UTC), key_id(public_text(private_key_of(second(self.name))))
        at = datetime(now.year, 1, 1, tzinfo=UTC) + YEARS - timedelta(seconds=next(self._numbers))
        end = KeyEnd(key=key, at=at.isoformat())
        return _bytes(self._signed(KeyChange(service=self.name, by=self.name, made_at=now.isoformat(), ended=(end,)), KEYS_TYPE))

    def _a_chase(self) -> bytes:
        now = datetime.now(UTC)
        until = utc_text(now + timedelta(hours=1))
        note = Chase(chased=self.other, service=self.name, officer=OFFICER, at=utc_text(now), until=until)
        return _bytes(self._signed(note, CHASE_TYPE))

    def _a_handover(self) -> bytes:
        """Of a sheet that the installation has not made."""
        now = datetime.now(UTC)
        shift = Shift(self.name, now - timedelta(hours=8), now, now + timedelta(hours=8), None)
        made = sheet_of(shift, SheetSource(rows=(), heads=(), counts={}, happened=(), then={}))
        sheet = self._signed(made, SHEET_TYPE)
        return HandingOver(sheet=sheet, signed=self._handed("hands_over", sheet.fingerprint())).model_dump_json().encode()

    def _handed(self, part: str, sheet: str) -> Envelope:
        said = {"part": part, "sheet": sheet, "service": self.name, "officer": OFFICER, "at": utc_text(datetime.now(UTC))}
        return self._signed(Handed.model_validate(said), SHIFT_TYPE)


def _sent(path: str, body: Callable[[], bytes]) -> Sent:
    return Sent(path, body())


def _bytes(envelope: Envelope) -> bytes:
    return envelope.model_dump_json().encode()


def _anything() -> bytes:
    return b"{}"


def _a_forecast() -> bytes:
    line = ForetoldLine(measure="lasted", of="delivered_with_arrests", how="00060", count=1)
    return Forecast(runs=1, lines=(line,)).model_dump_json().encode()


def _a_form() -> bytes:
    """Of a stop: its bytes are made, and nothing is said by that."""
    now = datetime.now(UTC).isoformat()
    return json.dumps({"kind": "stop_requested", "happened_at": now, "fields": {"reason": "danger"}}).encode()
