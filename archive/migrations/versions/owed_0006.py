"""Receipts that services which are polled have still to take."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table; nothing is owed."""
    op.create_table(
        "owed_receipts",
        sa.Column("service", _sorted(40), nullable=False),
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.Column("seq", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", _sorted(27), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.delivery"], name="fk_owed_receipts_delivery"),
        sa.PrimaryKeyConstraint("service", "delivery", "seq", name="pk_owed_receipts"),
    )
    op.create_index("ix_owed_receipts_next_at", "owed_receipts", ["next_at"])


def _sorted(length: int) -> sa.types.TypeEngine[str]:
    """Text that PostgreSQL, too, sorts by its bytes."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
