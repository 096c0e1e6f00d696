"""Files that belong to what is said, as the storage has them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table; nothing is kept."""
    op.create_table(
        "attachments",
        sa.Column("object", sa.String(32), nullable=False),
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.Column("service", _sorted(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("since", _sorted(27), nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.delivery"], name="fk_attachments_delivery"),
        sa.PrimaryKeyConstraint("object", name="pk_attachments"),
    )
    for column in ("delivery", "since"):
        op.create_index(f"ix_attachments_{column}", "attachments", [column])


def _sorted(length: int) -> sa.types.TypeEngine[str]:
    """Text that PostgreSQL, too, sorts by its bytes."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
