"""How the directory is shown: services, and the keys to compare and keep."""

from collections.abc import Iterable
from datetime import UTC, datetime

from rich.table import Table

from domain.plan.directory import Listed, ServiceKey
from domain.signing.keys import key_id


def table_of(services: Iterable[Listed]) -> Table:
    """A line for each key, with whether it counts now."""
    table = Table(box=None, padding=(0, 2))
    for heading in ("service", "kind", "State", "name", "key id", "counts"):
        table.add_column(heading, overflow="fold")
    for one in services:
        name = one.names.get("en", next(iter(one.names.values())))
        for number, key in enumerate(one.keys or (None,)):
            who = (one.id, one.kind, one.state or "", name) if number == 0 else ("", "", "", "")
            table.add_row(*who, *((key_id(key.public), _counts(key)) if key is not None else ("no key", "")))
    return table


def _counts(key: ServiceKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at}"
    if key.valid_at(datetime.now(UTC)):
        return f"until {key.valid_until}" if key.valid_until is not None else "yes"
    return f"from {key.valid_from}" + (f" until {key.valid_until}" if key.valid_until is not None else "")
