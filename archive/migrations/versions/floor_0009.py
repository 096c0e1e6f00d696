"""Each delivery's row of the watch floor, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make its place. A delivery has its row from its next entry on."""
    op.add_column("deliveries", sa.Column("glance", sa.LargeBinary))
