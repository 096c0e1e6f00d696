"""Links to sign in with, and browsers that are signed in."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables; nobody is signed in."""
    for table, *ends in (("links", "until"), ("sessions", "idle_until", "until")):
        op.create_table(
            table,
            sa.Column("digest", sa.String(64), nullable=False),
            sa.Column("service", sa.String(40), nullable=False),
            sa.Column("officer", sa.String(40), nullable=False),
            sa.Column("key", sa.String(32), nullable=False),
            *(sa.Column(end, sa.String(27), nullable=False) for end in ends),
            sa.PrimaryKeyConstraint("digest", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_{ends[0]}", table, [ends[0]])
