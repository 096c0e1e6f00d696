"""Changes of keys, for every gateway and worker."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table; no key has been changed."""
    op.create_table(
        "key_changes",
        sa.Column("seq", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_key_changes"),
    )
