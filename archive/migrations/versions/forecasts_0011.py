"""What a simulation said of each delivery before it started."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table. Deliveries that have started have no forecast."""
    op.create_table(
        "forecasts",
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.Column("measure", sa.String(20), nullable=False),
        *(sa.Column(name, _sorted(80), nullable=False) for name in ("first", "second", "third")),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.delivery"], name="fk_forecasts_delivery"),
        sa.PrimaryKeyConstraint("delivery", "measure", "first", "second", "third", name="pk_forecasts"),
    )


def _sorted(length: int) -> sa.types.TypeEngine[str]:
    """Text that PostgreSQL, too, sorts by its bytes."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
