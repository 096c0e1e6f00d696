"""The ledgers with their data keys, and the read model of every delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_LEAF = sa.LargeBinary(32)


def upgrade() -> None:
    """Make the tables; there is no delivery."""
    op.create_table(
        "data_keys",
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary),
        sa.Column("ring_key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("delivery", name="pk_data_keys"),
    )
    _deliveries()
    _ledgers()
    _read_model()
    last_change = op.create_table(
        "last_change",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_last_change"),
    )
    op.bulk_insert(last_change, [{"id": 1, "number": 0}])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.Column("branch", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("root", _LEAF, nullable=False),
        sa.Column("change", _NUMBER, nullable=False),
        sa.Column("plan_digest", sa.String(64), nullable=False),
        sa.Column("rules", sa.Integer, nullable=False),
        sa.Column("phase", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(40)),
        sa.Column("group", sa.String(40)),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("next_due", _sorted(27), nullable=False),
        sa.Column("overdue_since", _sorted(27), nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("alarm", sa.String(10)),
        sa.Column("alarm_branch", sa.Integer),
        sa.Column("alarm_seq", sa.Integer),
        sa.Column("seen_seq", sa.Integer),
        sa.Column("started_at", _sorted(27), nullable=False),
        sa.Column("closed_at", _sorted(27)),
        sa.Column("title", sa.LargeBinary),
        sa.PrimaryKeyConstraint("delivery", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_change", "deliveries", ["change"], unique=True)
    op.create_index("ix_deliveries_overdue_since", "deliveries", ["overdue_since", "next_due", "delivery"])
    op.create_index("ix_deliveries_started_at", "deliveries", ["started_at", "delivery"])


def _ledgers() -> None:
    _of_a_delivery(
        "branches",
        sa.Column("branch", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("parent", sa.Integer),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("root", _LEAF, nullable=False),
        sa.Column("peaks", sa.LargeBinary, nullable=False),
        key=("branch",),
    )
    _of_a_delivery(
        "entries",
        sa.Column("branch", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("leaf", _LEAF, nullable=False),
        sa.Column("event", sa.String(40)),
        sa.Column("at", sa.String(32)),
        sa.Column("opening", sa.LargeBinary),
        key=("branch", "seq"),
    )
    _of_a_delivery("snapshots", sa.Column("opening", sa.LargeBinary, nullable=False))
    _of_a_delivery(
        "expunctions",
        sa.Column("at", _sorted(27), nullable=False),
        sa.Column("ordered_by", sa.Text, nullable=False),
        sa.Column("law", sa.Text, nullable=False),
        sa.Column("first", sa.String(81), nullable=False),
        sa.Column("second", sa.String(81), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("root", _LEAF, nullable=False),
    )


def _read_model() -> None:
    _of_a_delivery(
        "participants",
        sa.Column("service", _sorted(40), nullable=False),
        sa.Column("state", sa.String(2)),
        sa.Column("reach", sa.String(5), nullable=False),
        sa.Column("next_due", _sorted(27), nullable=False),
        sa.Column("overdue_since", _sorted(27), nullable=False),
        key=("service",),
    )
    op.create_index("ix_participants_service", "participants", ["service", "overdue_since", "next_due", "delivery"])
    _of_a_delivery("states", sa.Column("state", sa.String(2), nullable=False), key=("state",))
    _of_a_delivery(
        "requests",
        sa.Column("service", _sorted(40), nullable=False),
        sa.Column("id", _sorted(200), nullable=False),
        sa.Column("checkpoint", sa.String(120), nullable=False),
        sa.Column("due", _sorted(27), nullable=False),
        sa.Column("since", _sorted(27), nullable=False),
        sa.Column("until", _sorted(27), nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("read_at", _sorted(27)),
        sa.Column("change", _NUMBER, nullable=False),
        key=("service", "id"),
    )
    op.create_index("ix_requests_service", "requests", ["service", "due", "delivery", "id"])


def _of_a_delivery(name: str, *columns: sa.Column[object], key: tuple[str, ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("delivery", _sorted(40), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.delivery"], name=f"fk_{name}_delivery"),
        sa.PrimaryKeyConstraint("delivery", *key, name=f"pk_{name}"),
    )


def _sorted(length: int) -> sa.types.TypeEngine[str]:
    """Text that PostgreSQL, too, sorts by its bytes."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
