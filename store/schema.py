"""Every table, once: migrations are checked against it, and every query is written with it.

Times are integers, milliseconds since 1970 UTC. Documents (state, replies, entries) are JSON bytes that only
their owner decodes. Nothing here is specific to a database.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(column_0_label)s",
    }
)

# SQLite numbers rows by itself only where the key is an INTEGER.
Identity = BigInteger().with_variant(Integer, "sqlite")

# One row for each resident on each channel. Every change of it counts `version` up, and is refused when the
# version is no longer the one that was read: that is all the locking there is.
conversation = Table(
    "conversation",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),  # openid, number, or the visitor's token: never shown, never logged
    Column("version", Integer, nullable=False),
    Column("seq", Integer, nullable=False),  # number of the last message
    Column("state", LargeBinary, nullable=False),  # bot.conversation.Conversation
    Column("ticket", Text),  # reference of the open ticket
    Column("seat", Text),  # who holds that ticket; while set, the bot is silent
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("channel", "address"),
)

# What was accepted: the channel's own id of each message, so that the same one again is recognised.
inbound = Table(
    "inbound",
    metadata,
    Column("conversation", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),  # the resident's message
    Column("last_seq", Integer, nullable=False),  # the last message that answers it
    sqlite_with_rowid=False,
)

# Everything said, numbered without gaps within its conversation.
message = Table(
    "message",
    metadata,
    Column("conversation", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("author", Text, nullable=False),  # resident, bot, seat, system
    Column("body", LargeBinary, nullable=False),  # bot.messages.Reply
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What has still to leave. A row goes when its channel has taken the message.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the same key is never sent twice
    Column("conversation", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # also the end of a lease: whoever works a row moves this on
    Column("attempts", Integer, nullable=False),
    Column("dead", Integer, nullable=False),  # 1 when given up: shown at the desk
)
Index("ix_outbox_due", outbox.c.dead, outbox.c.due_at)
Index("ix_outbox_conversation", outbox.c.conversation)

ticket = Table(
    "ticket",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("conversation", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # waiting, open, closed; follows from the events
    Column("owner", Text),
    Column("topic", Text, nullable=False),
    Column("priority", Integer, nullable=False),  # 0 is a danger to life, 3 is ordinary
    Column("opened_at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # bot.messages.Handover
)
Index("ix_ticket_queue", ticket.c.state, ticket.c.priority, ticket.c.opened_at)

ticket_event = Table(
    "ticket_event",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("ticket", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),  # opened, raised, taken, replied, noted, closed
    Column("actor", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# What we know. `revision` is one counter over both tables: a reader that has seen revision n asks for the rows
# above it, and so sees an edit at the next question.
entry = Table(
    "entry",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False, index=True),
    Column("status", Text, nullable=False),  # draft, in_review, published, expired
    Column("body", LargeBinary, nullable=False),  # knowledge.entries.Entry
)

entry_version = Table(
    "entry_version",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("kind", Text, primary_key=True),  # organisation, course, class, activity, rule, item, office
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)

# What must never be lost sight of: refused look-ups, data-subject requests, looks at a resident's record.
audit = Table(
    "audit",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
)
