"""Of which group each live operation is a consignment: siblings are in no conflict."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make its place. What is live already is told of by its next look."""
    op.add_column("claims", sa.Column("group", sa.String(64)))
