"""The tables. `archive/migrations` makes them; a test holds the two against each other."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

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

_NAME = String(40).with_variant(String(40, collation="C"), "postgresql")
"""A code name or service id. Sorted by its bytes, as SQLite sorts and as Python does."""
_MOMENT = String(27).with_variant(String(27, collation="C"), "postgresql")
"""A moment as `utc_text` writes it. It sorts as its instant does."""
_WORD = String(80).with_variant(String(80, collation="C"), "postgresql")
_LEAF = LargeBinary(32)

data_keys = Table(
    "data_keys",
    metadata,
    Column("delivery", _NAME, primary_key=True),
    Column("wrapped", LargeBinary),
    Column("ring_key", String(64), nullable=False),
)
"""The key of each delivery, wrapped by the ring; null once the delivery is expunged. No other table refers to it: its backups are
kept apart, and for the shortest time.
"""

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery", _NAME, primary_key=True),
    Column("branch", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("root", _LEAF, nullable=False),
    Column("change", _NUMBER, nullable=False, index=True, unique=True),
    Column("plan_digest", String(64), nullable=False),
    Column("rules", Integer, nullable=False),
    Column("phase", String(40), nullable=False),
    Column("outcome", String(40)),
    Column("group", String(40)),
    Column("operation", String(40)),
    Column("channel", String(40), nullable=False),
    Column("next_due", _MOMENT, nullable=False),
    Column("overdue_since", _MOMENT, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("alarm", String(10)),
    Column("alarm_branch", Integer),
    Column("alarm_seq", Integer),
    Column("seen_seq", Integer),
    Column("started_at", _MOMENT, nullable=False),
    Column("closed_at", _MOMENT),
    Column("title", LargeBinary),
    Column("glance", LargeBinary),
    Index("ix_deliveries_overdue_since", "overdue_since", "next_due", "delivery"),
    Index("ix_deliveries_started_at", "started_at", "delivery"),
    Index("ix_deliveries_closed_at", "closed_at", "delivery"),
)
"""The read model: one row for each delivery, of its newest branch. `change` is the number of the change, over the
installation, that wrote the row. `operation`: of which other one it is a part, as results count; null: it is one by itself.
`next_due` and `overdue_since` say `NEVER` where there is none, so that one comparison of rows pages through them. `title` and
`glance`, its row of the watch floor, are sealed.
"""

branches = Table(
    "branches",
    metadata,
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("branch", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer),
    Column("since", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("root", _LEAF, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
)
"""The ledgers. Branch 0 is the only one, unless archive and workflow diverged: then another begins at `since`, and shares what is
before with its parent. `peaks`: the tree's frontier, to go on from.
"""

entries = Table(
    "entries",
    metadata,
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("branch", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("leaf", _LEAF, nullable=False),
    Column("event", String(40)),
    Column("at", String(32)),
    Column("what", String(20)),
    Column("opening", LargeBinary),
    Index("ix_entries_what", "at", "what", sqlite_where=text("what IS NOT NULL"), postgresql_where=text("what IS NOT NULL")),
)
"""The entries. `opening`: the canonical bytes, sealed. `what`: what it is of a shift (`domain.views.happenings`), in clear, so
that nobody opens thousands to find ten. Once expunged, the leaf alone is left.
"""

participants = Table(
    "participants",
    metadata,
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("service", _NAME, primary_key=True),
    Column("state", String(2)),
    Column("reach", String(5), nullable=False),
    Column("next_due", _MOMENT, nullable=False),
    Column("overdue_since", _MOMENT, nullable=False),
    Index("ix_participants_service", "service", "overdue_since", "next_due", "delivery"),
)
"""Who takes part. Its due times are the delivery's where it may see the whole, and else those of its own requests only."""

states = Table(
    "states",
    metadata,
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("state", String(2), primary_key=True),
)
"""The States that a delivery touches."""

requests = Table(
    "requests",
    metadata,
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("service", _NAME, primary_key=True),
    Column("id", String(200).with_variant(String(200, collation="C"), "postgresql"), primary_key=True),
    Column("checkpoint", String(120), nullable=False),
    Column("due", _MOMENT, nullable=False),
    Column("since", _MOMENT, nullable=False),
    Column("until", _MOMENT, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("read_at", _MOMENT),
    Column("change", _NUMBER, nullable=False),
    Index("ix_requests_service", "service", "due", "delivery", "id"),
)
"""What is being asked: a row for each service that an open checkpoint waits for, and for each that may answer in its place, from
`since` on and before `until`. A correction that a second officer is to sign has no checkpoint. `due` says `EVER` of what is to be
done at once, whatever is due, and `NEVER` where nothing is. `change`: the batch that wrote the
row.
"""

tallies = Table(
    "tallies",
    metadata,
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("service", _NAME, primary_key=True),
    Column("measure", String(20), primary_key=True),
    Column("first", _WORD, primary_key=True),
    Column("second", _WORD, primary_key=True),
    Column("third", _WORD, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("longest", BigInteger, nullable=False),
)
"""What each delivery adds to results: the lines of `domain.views.tally`, in clear, so that the database adds them up.
`service`: a participant that sees a part; empty: whoever sees the whole.
"""

forecasts = Table(
    "forecasts",
    metadata,
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("measure", String(20), primary_key=True),
    Column("first", _WORD, primary_key=True),
    Column("second", _WORD, primary_key=True),
    Column("third", _WORD, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""What a simulation said of each delivery before it started, in the same words as `tallies`, as if of a thousand runs. None of a
forecast changes once it is kept.
"""

snapshots = Table(
    "snapshots",
    metadata,
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("opening", LargeBinary, nullable=False),
)
"""What each delivery began with, directory and rule cards, sealed: its ledger holds their digests."""

last_change = Table(
    "last_change",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", _NUMBER, nullable=False),
)
"""One row: the newest `change`. Whoever takes the next number holds it until the commit, so numbers become visible in order."""

expunctions = Table(
    "expunctions",
    metadata,
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("at", _MOMENT, nullable=False),
    Column("ordered_by", Text, nullable=False),
    Column("law", Text, nullable=False),
    Column("first", String(81), nullable=False),
    Column("second", String(81), nullable=False),
    Column("size", Integer, nullable=False),
    Column("root", _LEAF, nullable=False),
)
"""Which deliveries were expunged: by whose order, under which law, by which two persons, and what remains provable."""

owed_receipts = Table(
    "owed_receipts",
    metadata,
    Column("service", _NAME, primary_key=True),
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", _MOMENT, nullable=False, index=True),
)
"""Entries with statements of services that are polled, which have not taken their receipts yet: a row goes when one is taken, or
after many tries.
"""

attachments = Table(
    "attachments",
    metadata,
    Column("object", String(32), primary_key=True),
    Column("delivery", _NAME, ForeignKey(deliveries.c.delivery), nullable=False, index=True),
    Column("service", _NAME, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("since", _MOMENT, nullable=False, index=True),
    Column("whole", Boolean, nullable=False),
    Column("named", Boolean, nullable=False),
)
"""Files of deliveries, as the storage has them under `object`, a name that tells nothing. `whole`: all of it has come. `named`:
it was seen that the ledger names it; else that is looked for before it is removed.
"""

notices = Table(
    "notices",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("mark", String(32), nullable=False, index=True, unique=True),
    Column("delivery", _NAME, nullable=False),
    Column("subject", String(20), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("at", _MOMENT, nullable=False, index=True),
)
"""What has come up that supervisors may want to be told of, each once for the installation, in order."""

last_notice = Table(
    "last_notice",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", _NUMBER, nullable=False),
    Column("change", _NUMBER, nullable=False),
)
"""One row: the newest number of `notices`, which whoever takes the next holds until the commit, so that numbers become visible in
order; and the change of `deliveries` up to which everything has been looked at.
"""

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(14), primary_key=True),
    Column("service", _NAME, nullable=False),
    Column("officer", _NAME, nullable=False),
    Column("by", String(10), nullable=False),
    Column("ring_key", String(64), nullable=False),
    Column("wish", LargeBinary, nullable=False),
    Column("since", _MOMENT, nullable=False),
    Column("heard", _NUMBER, nullable=False),
    Column("heard_urgent", _NUMBER, nullable=False),
    Column("next_at", _MOMENT, nullable=False),
    Column("urgent_at", _MOMENT, nullable=False),
    Column("busy_until", _MOMENT, nullable=False),
    Column("tried_at", _MOMENT, nullable=False),
    Column("told_at", _MOMENT),
    Column("tries", Integer, nullable=False),
    Column("failure", String(20)),
    Column("lost", Integer, nullable=False),
    Column("ended_at", _MOMENT),
    Index("ix_subscriptions_service", "service", "officer"),
)
"""Who is told of it, and up to which number each has been: of what waits for no end of quiet hours, `heard_urgent`. `wish`: of
what, where and when, with the key that subscribed, wrapped by the ring: it holds addresses. `busy_until`: a gateway has it.
`ended_at`: since when whoever subscribed may not be told any more.
"""

handovers = Table(
    "handovers",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("watch", _NAME, nullable=False),
    Column("since", _MOMENT, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("heads", String(64), nullable=False),
    Column("open", Integer, nullable=False),
    Column("given", Text, nullable=False),
    Column("given_at", _MOMENT, nullable=False),
    Column("taken", Text),
    Column("taken_at", _MOMENT),
    Column("sheet", LargeBinary),
    Index("ix_handovers_watch", "watch", "number"),
    Index("ix_handovers_digest", "digest"),
)
"""Handovers of shifts. `watch`: the service whose deliveries they are of; empty: all. `digest`: of the sheet's payload, which
both officers signed. `sheet`: it as the installation signed it, sealed under a key that stands in `data_keys` as `shift/NUMBER`;
null once a delivery that it names is expunged.
"""

handover_names = Table(
    "handover_names",
    metadata,
    Column("number", _NUMBER, ForeignKey(handovers.c.number), primary_key=True, autoincrement=False),
    Column("delivery", _NAME, primary_key=True, index=True),
)
"""Which deliveries a sheet names, so that it goes when one of them does."""

chases = Table(
    "chases",
    metadata,
    Column("chased", _NAME, primary_key=True),
    Column("service", _NAME, primary_key=True),
    Column("at", _MOMENT, nullable=False),
    Column("until", _MOMENT, nullable=False, index=True),
    Column("envelope", Text, nullable=False),
)
"""Notes of officers that they chase a silent service: the newest of each service about each. They name no delivery."""

register = Table(
    "register",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", _NUMBER, nullable=False),
    Column("raised", _NUMBER, nullable=False),
    Column("asked_at", _MOMENT),
)
"""One row: of the register of live operations the number of the newest change and of the newest alarm, and the newest moment that
a claim has brought. Whoever claims or releases locks it until the commit, so that of two claims the later finds the earlier.
"""

claims = Table(
    "claims",
    metadata,
    Column("delivery", _NAME, primary_key=True),
    Column("number", _NUMBER, nullable=False),
    Column("contact", _NAME, nullable=False),
    Column("state", String(2), nullable=False),
    Column("signer", _NAME, nullable=False),
    Column("order", Integer, nullable=False),
    Column("touched", Integer, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("released_at", _MOMENT, index=True),
    Column("gone_since", _MOMENT),
    Column("group", String(64)),
)
"""The live operations; and for a day those that are live no more, since `released_at`, so that a late attempt does not enter them
again. `number`: of the change that entered it. `touched`: how many hashes. `gone_since`: when it was first seen that nothing
performs it any more. `group`: the digest of the group that it is a consignment of.
"""

claim_hashes = Table(
    "claim_hashes",
    metadata,
    Column("hash", _LEAF, primary_key=True),
    Column("delivery", _NAME, ForeignKey(claims.c.delivery), primary_key=True, index=True),
)
"""What each touches: hashes under the deconfliction key, which no database holds."""

live_counts = Table(
    "live_counts",
    metadata,
    Column("state", String(2), primary_key=True),
    Column("live", Integer, nullable=False),
    Column("hashes", Integer, nullable=False),
)
"""How many operations of each State are live, and what they touch together: the claims, added up."""

enquiries = Table(
    "enquiries",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("state", String(2), nullable=False),
    Column("delivery", _NAME, nullable=False),
    Column("at", _MOMENT, nullable=False, index=True),
    Column("enquiry", Text, nullable=False),
    Index("ix_enquiries_state", "state", "number"),
)
"""The looks of a day, in their order: `domain.plan.enquiries.Enquiry`."""

enquiry_alarms = Table(
    "enquiry_alarms",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("at", _MOMENT, nullable=False),
    Column("alarm", Text, nullable=False),
    Column("next_at", _MOMENT),
)
"""The newest patterns. `next_at`: when supervisors are to be told of it; null once they have been."""
