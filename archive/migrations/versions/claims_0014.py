"""The register of live operations: what each touches, who has looked for how much, and what supervisors are told of it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables. No operation is live yet, and nobody has looked for anything."""
    op.create_table(
        "register",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("raised", _NUMBER, nullable=False),
        sa.Column("asked_at", _sorted(27)),
        sa.PrimaryKeyConstraint("id", name="pk_register"),
    )
    op.execute("INSERT INTO register (id, number, raised) VALUES (1, 0, 0)")
    op.create_table(
        "claims",
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("contact", _sorted(40), nullable=False),
        sa.Column("state", sa.String(2), nullable=False),
        sa.Column("signer", _sorted(40), nullable=False),
        sa.Column("order", sa.Integer, nullable=False),
        sa.Column("touched", sa.Integer, nullable=False),
        sa.Column("at", _sorted(27), nullable=False),
        sa.Column("released_at", _sorted(27)),
        sa.Column("gone_since", _sorted(27)),
        sa.PrimaryKeyConstraint("delivery", name="pk_claims"),
    )
    op.create_index("ix_claims_released_at", "claims", ["released_at"])
    op.create_table(
        "claim_hashes",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["claims.delivery"], name="fk_claim_hashes_delivery"),
        sa.PrimaryKeyConstraint("hash", "delivery", name="pk_claim_hashes"),
    )
    op.create_index("ix_claim_hashes_delivery", "claim_hashes", ["delivery"])
    op.create_table(
        "live_counts",
        sa.Column("state", sa.String(2), nullable=False),
        sa.Column("live", sa.Integer, nullable=False),
        sa.Column("hashes", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("state", name="pk_live_counts"),
    )
    op.create_table(
        "enquiries",
        sa.Column("number", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("state", sa.String(2), nullable=False),
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.Column("at", _sorted(27), nullable=False),
        sa.Column("enquiry", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_enquiries"),
    )
    op.create_index("ix_enquiries_at", "enquiries", ["at"])
    op.create_index("ix_enquiries_state", "enquiries", ["state", "number"])
    op.create_table(
        "enquiry_alarms",
        sa.Column("number", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", _sorted(27), nullable=False),
        sa.Column("alarm", sa.Text, nullable=False),
        sa.Column("next_at", _sorted(27)),
        sa.PrimaryKeyConstraint("number", name="pk_enquiry_alarms"),
    )


def _sorted(length: int) -> sa.types.TypeEngine[str]:
    """Text that PostgreSQL, too, sorts by its bytes."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
