"""What each delivery adds to the results of a period, and of which operation it is a part."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table, and what results look for. A delivery has its lines from its next entry on."""
    op.add_column("deliveries", sa.Column("operation", sa.String(40)))
    op.execute('UPDATE deliveries SET operation = "group"')
    op.create_index("ix_deliveries_closed_at", "deliveries", ["closed_at", "delivery"])
    op.create_table(
        "tallies",
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.Column("service", _sorted(40), nullable=False),
        sa.Column("measure", sa.String(20), nullable=False),
        *(sa.Column(name, _sorted(80), nullable=False) for name in ("first", "second", "third")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("number", "amount", "longest")),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.delivery"], name="fk_tallies_delivery"),
        sa.PrimaryKeyConstraint("delivery", "service", "measure", "first", "second", "third", name="pk_tallies"),
    )


def _sorted(length: int) -> sa.types.TypeEngine[str]:
    """Text that PostgreSQL, too, sorts by its bytes."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
