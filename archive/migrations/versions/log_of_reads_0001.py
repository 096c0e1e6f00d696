"""The log of reads, and the proofs that have been used."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables; the log is empty."""
    op.create_table(
        "reads",
        sa.Column("number", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_reads"),
    )
    op.create_table(
        "seen",
        sa.Column("delivery", sa.String(40), nullable=False),
        sa.Column("number", _NUMBER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["reads.number"], name="fk_seen_number"),
        sa.PrimaryKeyConstraint("delivery", "number", name="pk_seen"),
    )
    tips = op.create_table(
        "tips",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("envelope", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_tips"),
    )
    op.create_table(
        "used_proofs",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_proofs"),
    )
    op.create_index("ix_used_proofs_until", "used_proofs", ["until"])
    op.bulk_insert(tips, [{"id": 1, "envelope": None}])
