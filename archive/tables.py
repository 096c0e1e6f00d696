"""The tables. `archive/migrations` makes them; a test holds the two against each other."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s", "ix": "ix_%(column_0_label)s"}
)

_NUMBER = BigInteger().with_variant(Integer, "sqlite")

reads = Table(
    "reads",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
)
"""The log: each record as its canonical bytes, which is what is hashed."""

seen = Table(
    "seen",
    metadata,
    Column("delivery", String(40), primary_key=True),
    Column("number", _NUMBER, ForeignKey(reads.c.number), primary_key=True, autoincrement=False),
)
"""Which records name a delivery. For looking up only: what a record says stands in the record."""

tips = Table(
    "tips",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("envelope", Text),
)
"""One row: the signed tip, null while the log is empty. Whoever appends locks it, so that appends come one after another."""

used_proofs = Table(
    "used_proofs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("until", String(27), nullable=False, index=True),
)
"""Proofs for which something was shown or a link given, and until when they would be valid: none is good twice, anywhere."""


key_changes = Table(
    "key_changes",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("envelope", Text, nullable=False),
)
"""Changes of keys that the installation has entered, each signed by it, numbered from 1 without a gap."""

links = Table(
    "links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("service", String(40), nullable=False),
    Column("officer", String(40), nullable=False),
    Column("key", String(32), nullable=False),
    Column("until", String(27), nullable=False, index=True),
)
"""One-time links that have been given and not used: the SHA-256 of each one's token, and whom it signs in."""

begun = Table(
    "begun",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("until", String(27), nullable=False, index=True),
)
"""Browsers that have gone to an OpenID provider and are not back: the SHA-256 of each one's token."""

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("service", String(40), nullable=False),
    Column("officer", String(40), nullable=False),
    Column("key", String(32)),
    Column("subject", String(64)),
    Column("idle_until", String(27), nullable=False, index=True),
    Column("until", String(27), nullable=False),
)
"""Browsers that are signed in: the SHA-256 of each one's token. `key`: with whose proof the link was asked for. `subject`: where
an OpenID provider proved it instead, the SHA-256 of issuer and subject.
"""
