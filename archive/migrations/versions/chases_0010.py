"""Who chases which silent service."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_NAME = sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql")
_MOMENT = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table; nobody is chased."""
    op.create_table(
        "chases",
        sa.Column("chased", _NAME, nullable=False),
        sa.Column("service", _NAME, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("chased", "service", name="pk_chases"),
    )
    op.create_index("ix_chases_until", "chases", ["until"])
