"""What supervisors are told of, who is told, and how far each has been."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables. What has happened so far is nobody's news."""
    op.create_table(
        "notices",
        sa.Column("number", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("at", _sorted(27), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_notices"),
    )
    op.create_index("ix_notices_mark", "notices", ["mark"], unique=True)
    op.create_index("ix_notices_at", "notices", ["at"])
    op.create_table(
        "last_notice",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("change", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_last_notice"),
    )
    op.execute("INSERT INTO last_notice (id, number, change) SELECT 1, 0, number FROM last_change")
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(14), nullable=False),
        sa.Column("service", _sorted(40), nullable=False),
        sa.Column("officer", _sorted(40), nullable=False),
        sa.Column("by", sa.String(10), nullable=False),
        sa.Column("ring_key", sa.String(64), nullable=False),
        sa.Column("wish", sa.LargeBinary, nullable=False),
        sa.Column("since", _sorted(27), nullable=False),
        sa.Column("heard", _NUMBER, nullable=False),
        sa.Column("heard_urgent", _NUMBER, nullable=False),
        sa.Column("next_at", _sorted(27), nullable=False),
        sa.Column("urgent_at", _sorted(27), nullable=False),
        sa.Column("busy_until", _sorted(27), nullable=False),
        sa.Column("tried_at", _sorted(27), nullable=False),
        sa.Column("told_at", _sorted(27)),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("failure", sa.String(20)),
        sa.Column("lost", sa.Integer, nullable=False),
        sa.Column("ended_at", _sorted(27)),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_service", "subscriptions", ["service", "officer"])


def _sorted(length: int) -> sa.types.TypeEngine[str]:
    """Text that PostgreSQL, too, sorts by its bytes."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
