"""What the service must not forget, in one SQLite file: every call is on disk before it is acknowledged.

The server and the operator's commands may use the file at the same time.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TABLES = """
create table if not exists proofs (jti text primary key, until integer not null);
create table if not exists requests (
    id text primary key, delivery text not null, checkpoint text not null, payload text not null,
    withdrawn integer not null default 0
);
create table if not exists notices (
    id text not null, kind text not null, checkpoint text not null, payload text not null,
    primary key (id, kind, checkpoint)
);
create table if not exists statements (
    number integer primary key autoincrement, id text not null unique, request text not null, delivery text not null,
    envelope text not null, receipt text, problem text
);
create table if not exists compared (delivery text primary key, size integer not null, peaks text not null);
create table if not exists alarms (delivery text not null, what text not null, primary key (delivery, what));
"""


class Store:
    """The file. Each method is one transaction."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, timeout=10, check_same_thread=False)
        self._base.row_factory = sqlite3.Row
        self._base.execute("pragma journal_mode = wal")
        self._base.execute("pragma synchronous = full")
        self._lock = threading.Lock()
        with self._open() as base:
            base.executescript(TABLES)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._base:
            yield self._base

    def close(self) -> None:
        """Nothing is kept or read after this."""
        self._base.close()

    def first_use(self, jti: str, now: int, until: int) -> bool:
        """Whether this proof has not been used before; those that are stale by now are forgotten."""
        with self._open() as base:
            base.execute("delete from proofs where until < ?", (now,))
            return base.execute("insert or ignore into proofs values (?, ?)", (jti, until)).rowcount == 1

    def keep_request(self, request: dict[str, Any]) -> None:
        """Keep it; the same one again changes nothing."""
        where = (request["delivery"], request["checkpoint"])
        gone = "select 1 from notices where kind = 'withdrawn' and payload ->> 'delivery' = ? and checkpoint = ?"
        with self._open() as base:
            withdrawn = base.execute(gone, where).fetchone() is not None  # the notice may overtake its request
            row = (request["id"], *where, json.dumps(request), withdrawn)
            base.execute("insert or ignore into requests values (?, ?, ?, ?, ?)", row)

    def keep_notice(self, notice: dict[str, Any]) -> None:
        """Keep it; the same one again changes nothing. A request that is not waited for any more leaves the desk."""
        where = notice.get("checkpoint") or ""
        with self._open() as base:
            row = (notice["id"], notice["kind"], where, json.dumps(notice))
            base.execute("insert or ignore into notices values (?, ?, ?, ?)", row)
            if notice["kind"] == "withdrawn":
                gone = (notice["delivery"], where)
                base.execute("update requests set withdrawn = 1 where delivery = ? and checkpoint = ?", gone)

    def request(self, number: str) -> dict[str, Any] | None:
        """A request by its id."""
        with self._open() as base:
            row = base.execute("select payload from requests where id = ?", (number,)).fetchone()
        return json.loads(row["payload"]) if row is not None else None

    def unanswered(self) -> list[dict[str, Any]]:
        """Requests on the desk, the oldest first."""
        query = (
            "select payload from requests where not withdrawn"
            " and id not in (select request from statements) order by requests.rowid"
        )
        with self._open() as base:
            return [json.loads(row["payload"]) for row in base.execute(query)]

    def notices(self) -> list[dict[str, Any]]:
        """Every notice, the oldest first."""
        with self._open() as base:
            return [json.loads(row["payload"]) for row in base.execute("select payload from notices order by rowid")]

    def keep_statements(self, request: dict[str, Any], said: list[tuple[str, dict[str, Any]]]) -> None:
        """Keep what was signed (id and envelope of each), all or none, before anybody else sees it."""
        with self._open() as base:
            for number, envelope in said:
                row = (number, request["id"], request["delivery"], json.dumps(envelope))
                base.execute("insert into statements (id, request, delivery, envelope) values (?, ?, ?, ?)", row)

    def said_to(self, request: str, after: int, most: int) -> list[dict[str, Any]]:
        """The answers to a request in the order in which they were made, without the first `after`."""
        query = "select envelope from statements where request = ? order by number limit ? offset ?"
        with self._open() as base:
            return [json.loads(row["envelope"]) for row in base.execute(query, (request, most, after))]

    def without_receipt(self) -> list[sqlite3.Row]:
        """Statements to hand in: those without a receipt, in order, less those that were turned away for good."""
        with self._open() as base:
            return base.execute("select * from statements where receipt is null and problem is null order by number").fetchall()

    def statements(self) -> list[sqlite3.Row]:
        """All of them, with what came of each."""
        with self._open() as base:
            return base.execute("select * from statements order by number").fetchall()

    def keep_receipt(self, statement: str, receipt: str) -> sqlite3.Row | None:
        """Keep what proves that it was recorded, unless there is such already; the row of the statement, where there is one."""
        with self._open() as base:
            base.execute("update statements set receipt = ? where id = ? and receipt is null", (receipt, statement))
            found: sqlite3.Row | None = base.execute("select * from statements where id = ?", (statement,)).fetchone()
        return found

    def receipts(self, delivery: str) -> list[str]:
        """All that are kept of a delivery, in the order of what they are for."""
        query = "select receipt from statements where delivery = ? and receipt is not null order by number"
        with self._open() as base:
            return [row["receipt"] for row in base.execute(query, (delivery,))]

    def compared(self, delivery: str) -> tuple[int, list[str]] | None:
        """How far its ledger was compared with our receipts: size and peaks of the tree."""
        with self._open() as base:
            row = base.execute("select size, peaks from compared where delivery = ?", (delivery,)).fetchone()
        return (row["size"], json.loads(row["peaks"])) if row is not None else None

    def keep_compared(self, delivery: str, size: int, peaks: list[str]) -> None:
        """It was compared so far."""
        with self._open() as base:
            base.execute("insert or replace into compared values (?, ?, ?)", (delivery, size, json.dumps(peaks)))

    def alarm(self, delivery: str, what: str) -> None:
        """Something was shown or given that cannot be right: the operator must look, and tell the other services."""
        with self._open() as base:
            base.execute("insert or ignore into alarms values (?, ?)", (delivery, what))

    def alarms(self) -> list[sqlite3.Row]:
        """All of them, the oldest first."""
        with self._open() as base:
            return base.execute("select * from alarms order by rowid").fetchall()

    def keep_problem(self, statement: str, problem: str) -> None:
        """It was turned away; the operator must look."""
        with self._open() as base:
            base.execute("update statements set problem = ? where id = ?", (problem, statement))
