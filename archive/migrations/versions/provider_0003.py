"""Browsers that sign in through an OpenID provider: those on their way, and in a session whom the provider named."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables. Who was signed in signs in again: SQLite cannot let a column be empty that could not."""
    op.create_table(
        "begun",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_begun"),
    )
    op.create_index("ix_begun_until", "begun", ["until"])
    op.drop_index("ix_sessions_idle_until", "sessions")
    op.drop_table("sessions")
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("officer", sa.String(40), nullable=False),
        sa.Column("key", sa.String(32)),
        sa.Column("subject", sa.String(64)),
        sa.Column("idle_until", sa.String(27), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_index("ix_sessions_idle_until", "sessions", ["idle_until"])
