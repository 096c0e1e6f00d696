"""What each entry is of a shift, and the handovers of shifts."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the tables, and the index by which a shift finds what happened in it. An entry says what it is from here on."""
    op.add_column("entries", sa.Column("what", sa.String(20)))
    some = sa.text("what IS NOT NULL")
    op.create_index("ix_entries_what", "entries", ["at", "what"], sqlite_where=some, postgresql_where=some)
    op.create_table(
        "handovers",
        sa.Column("number", _number(), nullable=False, autoincrement=False),
        sa.Column("watch", _sorted(40), nullable=False),
        *(sa.Column(name, _sorted(27), nullable=False) for name in ("since", "at")),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("digest", "heads")),
        sa.Column("open", sa.Integer, nullable=False),
        sa.Column("given", sa.Text, nullable=False),
        sa.Column("given_at", _sorted(27), nullable=False),
        sa.Column("taken", sa.Text),
        sa.Column("taken_at", _sorted(27)),
        sa.Column("sheet", sa.LargeBinary),
        sa.PrimaryKeyConstraint("number", name="pk_handovers"),
    )
    op.create_index("ix_handovers_watch", "handovers", ["watch", "number"])
    op.create_index("ix_handovers_digest", "handovers", ["digest"])
    op.create_table(
        "handover_names",
        sa.Column("number", _number(), nullable=False, autoincrement=False),
        sa.Column("delivery", _sorted(40), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["handovers.number"], name="fk_handover_names_number"),
        sa.PrimaryKeyConstraint("number", "delivery", name="pk_handover_names"),
    )
    op.create_index("ix_handover_names_delivery", "handover_names", ["delivery"])


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _sorted(length: int) -> sa.types.TypeEngine[str]:
    """Text that PostgreSQL, too, sorts by its bytes."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
