"""Every table, once: migrations are checked against it, and every query is written with it.

Times are integers, milliseconds since 1970 UTC. Documents (state, replies, entries) are JSON bytes that only
their owner decodes. Nothing here is specific to a database.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

from store.personal import (
    PLAIN,
    SECRET,
    End,
    Lasting,
    Sealed,
    Shut,
    Sort,
    StoredAs,
    of_learner,
    of_resident,
    of_seat,
)

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
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("channel", Text, nullable=False, info=PLAIN),
    Column(
        "address", Sealed, nullable=False, info=of_resident(Sort.ADDRESS, End.BLANK)
    ),  # openid, number, or the visitor's token: never shown, never logged
    Column("version", Integer, nullable=False, info=PLAIN),
    Column("seq", Integer, nullable=False, info=PLAIN),  # number of the last message
    Column("state", Shut, nullable=False, info=of_resident(Sort.WORDS, End.BLANK)),  # bot.conversation.Conversation
    Column("ticket", Text, info=PLAIN),  # reference of the open ticket
    Column("seat", Text, info=of_seat()),  # who holds that ticket; while set, the bot is silent
    Column("updated_at", BigInteger, nullable=False, info=PLAIN),
)
Index("ix_conversation_updated_at", conversation.c.updated_at)  # the hourly sweep finds by it what is old

# Whose conversation is which: each has one. Apart from the conversations, so that those spread over machines by their
# numbers and this by addresses (`deploy/citus.sql`).
correspondent = Table(
    "correspondent",
    metadata,
    Column("channel", Text, primary_key=True, info=PLAIN),
    Column("address", Sealed, primary_key=True, info=of_resident(Sort.ADDRESS)),
    Column("conversation", BigInteger, nullable=False, index=True, info=PLAIN),
    sqlite_with_rowid=False,
)

# What was accepted: the channel's own id of each message, so that the same one again is recognised.
inbound = Table(
    "inbound",
    metadata,
    Column("conversation", BigInteger, primary_key=True, autoincrement=False, info=PLAIN),
    Column("id", Text, primary_key=True, info=of_resident(Sort.TRACE)),
    Column("seq", Integer, nullable=False, info=PLAIN),  # the resident's message
    Column("last_seq", Integer, nullable=False, info=PLAIN),  # the last message that answers it
    sqlite_with_rowid=False,
)

# Everything said, numbered without gaps within its conversation.
message = Table(
    "message",
    metadata,
    Column("conversation", BigInteger, primary_key=True, autoincrement=False, info=PLAIN),
    Column("seq", Integer, primary_key=True, autoincrement=False, info=PLAIN),
    Column("author", Text, nullable=False, info=PLAIN),  # resident, bot, seat, system
    Column("body", LargeBinary, nullable=False, info=of_resident(Sort.WORDS, End.BLANK)),  # bot.messages.Reply
    Column("at", BigInteger, nullable=False, info=PLAIN),
    sqlite_with_rowid=False,
)

# Whatever leaves or is due, of every kind (`store/queue.py`): one place for order, leases, attempts and what was given up.
queue = Table(
    "queue",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("kind", Text, nullable=False, info=PLAIN),  # which function works it
    Column("key", Text, nullable=False, unique=True, info=PLAIN),  # the same key is never done twice
    Column("lane", Text, nullable=False, info=PLAIN),  # the channel or the receiver: each is bounded by itself
    Column(
        "order_key", Text, info=PLAIN
    ),  # of its rows one at a time leaves, in the order of `number`; null: in any order
    Column("number", BigInteger, nullable=False, info=PLAIN),
    Column("body", Shut, nullable=False, info=of_resident(Sort.WORDS)),  # of the kind
    Column("due_at", BigInteger, nullable=False, info=PLAIN),
    Column("attempts", Integer, nullable=False, info=PLAIN),
    Column("leased_until", BigInteger, nullable=False, info=PLAIN),  # until then somebody is at work on it
    Column("state", Text, nullable=False, info=PLAIN),  # store.queue.QueueState
    Column("outcome", Text, nullable=False, info=PLAIN),  # of the last attempt
)
Index("ix_queue_due", queue.c.state, queue.c.lane, queue.c.due_at, queue.c.attempts)
Index("ix_queue_order", queue.c.order_key, queue.c.number)

# Browsers that are told by web push of a new reply: by consent, until it is taken back or the browser is no more.
push = Table(
    "push",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("conversation", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("endpoint", Sealed, nullable=False, unique=True, info=of_resident(Sort.ADDRESS)),
    Column("secret", Shut, nullable=False, info=of_resident(Sort.SECRET)),  # store.pushes.PushKeys
    Column("at", BigInteger, nullable=False, info=PLAIN),
)

# How messages left on a channel that neither numbers them nor takes them in order by itself: those sent by the outbox
# (they are counted against the channel's quota), and those answers in a response that were not simply the turn's own.
delivered = Table(
    "delivered",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("conversation", BigInteger, nullable=False, info=PLAIN),
    Column(
        "inbound", Text, info=of_resident(Sort.TRACE)
    ),  # the message in whose response it left; null when sent by the outbox
    Column("first_seq", Integer, nullable=False, info=PLAIN),
    Column("last_seq", Integer, nullable=False, info=PLAIN),
    Column("body", Shut, info=of_resident(Sort.WORDS)),  # the answer in a response, to be given again
    Column("at", BigInteger, nullable=False, info=PLAIN),
    UniqueConstraint("conversation", "inbound"),
)
Index("ix_delivered_at", delivered.c.at)

# What a channel sent and we could not use, as it came (encrypted), for whoever looks into it; gone after a week.
dropped = Table(
    "dropped",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("channel", Text, nullable=False, info=PLAIN),
    Column("why", Text, nullable=False, info=PLAIN),
    Column("body", Shut, nullable=False, info=of_resident(Sort.WORDS, End.STAYS, Lasting.WEEK)),
    Column("at", BigInteger, nullable=False, index=True, info=PLAIN),
)

# Who cannot be written to any more: left the account, or is not known to it.
unreachable = Table(
    "unreachable",
    metadata,
    Column("channel", Text, primary_key=True, info=PLAIN),
    Column("address", Sealed, primary_key=True, info=of_resident(Sort.ADDRESS, End.STAYS, Lasting.UNTIL_CHANGED)),
    Column("at", BigInteger, nullable=False, info=PLAIN),
)

# What all processes use together and one of them fetches: access tokens of platforms.
shared = Table(
    "shared",
    metadata,
    Column("name", Text, primary_key=True, info=PLAIN),
    Column("value", Shut, nullable=False, info=SECRET),
    Column("until", BigInteger, nullable=False, info=PLAIN),
    Column("fetched_at", BigInteger, nullable=False, info=PLAIN),
    Column("lease", BigInteger, nullable=False, info=PLAIN),  # somebody is fetching it until then
)

# Texts that left, by the provider's id: how they fared, and what they cost.
sent_text = Table(
    "sent_text",
    metadata,
    Column("sid", Text, primary_key=True, info=of_resident(Sort.TRACE)),
    Column("conversation", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("seq", Integer, nullable=False, info=PLAIN),  # the last message in it
    Column("status", Text, nullable=False, info=PLAIN),
    Column("segments", Integer, nullable=False, info=PLAIN),
    Column("error", Text, nullable=False, info=PLAIN),
    Column("at", BigInteger, nullable=False, index=True, info=PLAIN),
)

# Calls, from the first ring to the last word.
call = Table(
    "call",
    metadata,
    Column("sid", Text, primary_key=True, info=of_resident(Sort.TRACE)),
    Column("address", Sealed, nullable=False, info=of_resident(Sort.ADDRESS)),  # the caller's number: it proves nothing
    Column("conversation", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("version", Integer, nullable=False, info=PLAIN),
    Column("stage", Text, nullable=False, info=PLAIN),  # talk, queue, ringing, bridged, voicemail, ended
    Column("ticket", Text, index=True, info=PLAIN),
    Column("body", Shut, nullable=False, info=of_resident(Sort.WORDS)),  # integrations.twilio.calls.State
    Column("started_at", BigInteger, nullable=False, info=PLAIN),
    Column("updated_at", BigInteger, nullable=False, info=PLAIN),
)
Index("ix_call_stage", call.c.stage, call.c.updated_at)
Index("ix_call_address", call.c.address, call.c.started_at)

# Learners of the embedded platform. What names a person is encrypted; `card` and `phone` are keyed digests to look up by.
learner = Table(
    "learner",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column(
        "card",
        Text,
        nullable=False,
        unique=True,
        info=of_learner(Sort.NAME, End.BLANK, Lasting.ACCOUNT, StoredAs.DIGEST),
    ),
    Column(
        "phone",
        Text,
        nullable=False,
        index=True,
        info=of_learner(Sort.ADDRESS, End.BLANK, Lasting.ACCOUNT, StoredAs.DIGEST),
    ),
    Column(
        "status", Text, nullable=False, info=of_learner(Sort.FACT, End.BLANK, Lasting.ACCOUNT)
    ),  # active, lost, void
    Column("minor", Integer, nullable=False, info=of_learner(Sort.FACT)),
    Column(
        "body", LargeBinary, nullable=False, info=of_learner(Sort.NAME, End.BLANK, Lasting.ACCOUNT, StoredAs.CLOSED)
    ),  # accounts.learners.Person, encrypted
)

# Credits and points, appended only: a balance is the sum of its lines.
ledger = Table(
    "ledger",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("learner", BigInteger, nullable=False, info=PLAIN),
    Column("day", Text, nullable=False, info=of_learner(Sort.FACT)),
    Column("type", Text, nullable=False, info=of_learner(Sort.FACT)),  # earn, convert, redeem, freeze, expire, reverse
    Column("credits", Integer, nullable=False, info=of_learner(Sort.FACT)),  # tenths
    Column("points", Integer, nullable=False, info=of_learner(Sort.FACT)),  # that can be spent
    Column(
        "frozen", Integer, nullable=False, server_default="0", info=of_learner(Sort.FACT)
    ),  # points set aside for an order
    Column(
        "counted", Integer, nullable=False, server_default="0", info=of_learner(Sort.FACT)
    ),  # tenths of credits that became points
    Column("source", Text, nullable=False, info=of_learner(Sort.FACT)),
    Column("note", Text, nullable=False, info=of_learner(Sort.FACT)),
    Column("rule", Text, nullable=False, info=of_learner(Sort.FACT)),  # version of the rules
    Column("what", Text, nullable=False, server_default="", info=of_learner(Sort.FACT)),  # the rule
    Column("by", Text, nullable=False, server_default="", info=of_seat()),
    Column("second", Text, nullable=False, server_default="", info=of_seat()),  # who approved what is done by hand
    Column("at", BigInteger, nullable=False, server_default="0", info=of_learner(Sort.FACT)),
)
# A balance is read from this index alone.
Index("ix_ledger_balance", ledger.c.learner, ledger.c.day, ledger.c.credits, ledger.c.points, ledger.c.frozen)

# What the ledger has a line for, whatever month that is in: who reports a lesson again a year later changes nothing.
ledger_source = Table(
    "ledger_source",
    metadata,
    Column("source", Text, primary_key=True, info=of_learner(Sort.FACT)),
    Column("type", Text, primary_key=True, info=of_learner(Sort.FACT)),
    Column("entry", BigInteger, nullable=False, info=PLAIN),  # number of the line,
    Column("at", BigInteger, nullable=False, info=of_learner(Sort.FACT)),  # and when it was entered
    sqlite_with_rowid=False,
)

# Points against things. `reserved` has them frozen; `collected` deducted; the others gave them back.
redemption = Table(
    "redemption",
    metadata,
    Column("ref", Text, primary_key=True, info=PLAIN),
    Column("learner", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("item", Text, nullable=False, info=of_learner(Sort.FACT)),
    Column("name", Text, nullable=False, info=of_learner(Sort.FACT)),
    Column("points", Integer, nullable=False, info=of_learner(Sort.FACT)),
    Column("state", Text, nullable=False, info=of_learner(Sort.FACT)),  # reserved, collected, cancelled, expired
    Column("site", Text, nullable=False, info=of_learner(Sort.FACT)),  # where it is handed out
    Column("key", Text, nullable=False, unique=True, info=PLAIN),  # of the request: asked again, it is the same order
    Column("at", BigInteger, nullable=False, info=of_learner(Sort.FACT)),
    Column("until", BigInteger, nullable=False, info=of_learner(Sort.FACT)),
    Column("by", Text, nullable=False, info=of_seat()),
)
Index("ix_redemption_item", redemption.c.item, redemption.c.state)
Index("ix_redemption_until", redemption.c.state, redemption.c.until)

# What a ledger looked like when it was disputed: for the seat and the resident alike.
dispute = Table(
    "dispute",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("ticket", Text, nullable=False, index=True, info=of_learner(Sort.FACT, End.GONE, Lasting.ACCOUNT)),
    Column("learner", BigInteger, nullable=False, index=True, info=PLAIN),
    Column(
        "body", LargeBinary, nullable=False, info=of_learner(Sort.FACT, End.GONE, Lasting.ACCOUNT, StoredAs.CLOSED)
    ),  # accounts.bank.Extract, encrypted
    Column("at", BigInteger, nullable=False, info=PLAIN),
)

# What somebody wants taken back, until a second person says yes or no.
reversal = Table(
    "reversal",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("entry", BigInteger, nullable=False, info=PLAIN),
    Column("note", Text, nullable=False, info=of_seat(Sort.WORDS)),
    Column("by", Text, nullable=False, info=of_seat()),
    Column("second", Text, info=of_seat()),
    Column("state", Text, nullable=False, index=True, info=PLAIN),  # asked, done, refused
    Column("at", BigInteger, nullable=False, info=PLAIN),
)

# That somebody was at a lesson or learnt online: what credits are earned for, and looked up by when they are missing.
attendance = Table(
    "attendance",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("learner", BigInteger, nullable=False, info=PLAIN),
    Column("day", Text, nullable=False, info=of_learner(Sort.FACT)),
    Column("what", Text, nullable=False, info=of_learner(Sort.FACT)),  # the rule that it counts by
    Column("minutes", Integer, nullable=False, info=of_learner(Sort.FACT)),
    Column("note", Text, nullable=False, info=of_learner(Sort.FACT)),
    Column("source", Text, nullable=False, unique=True, info=of_learner(Sort.FACT)),
)
Index("ix_attendance_learner", attendance.c.learner, attendance.c.day)

# How many places of a class are taken, and the last number that was given out for its waiting list. Taking one is an
# update under the condition that there is one left.
class_places = Table(
    "class_places",
    metadata,
    Column("class", Text, primary_key=True, info=PLAIN),
    Column("taken", Integer, nullable=False, info=PLAIN),
    Column("queue", Integer, nullable=False, info=PLAIN),
    Column("drawn", Integer, nullable=False, server_default="0", info=PLAIN),  # 1 after the ballot
    Column(
        "told", Text, nullable=False, server_default="", info=PLAIN
    ),  # its times and place as enrolled learners know them
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("class", Text, nullable=False, info=of_learner(Sort.FACT)),
    Column("learner", BigInteger, nullable=False, index=True, info=PLAIN),
    Column(
        "state", Text, nullable=False, info=of_learner(Sort.FACT)
    ),  # pending, admitted, waiting, offered, unlucky, withdrawn, lapsed
    Column("number", Integer, nullable=False, info=of_learner(Sort.FACT)),  # on the waiting list
    Column("key", Text, nullable=False, info=PLAIN),  # of the request that led to this state
    Column("by", Text, nullable=False, info=of_seat()),
    Column("at", BigInteger, nullable=False, info=of_learner(Sort.FACT)),
    Column("until", BigInteger, info=PLAIN),  # an offered place has to be taken by then
    UniqueConstraint("class", "learner"),
)
Index("ix_enrolment_class", enrolment.c["class"], enrolment.c.state, enrolment.c.number)
Index("ix_enrolment_until", enrolment.c.state, enrolment.c.until)

# What somebody is told without having asked: once, by consent, at a decent hour.
notice = Table(
    "notice",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("key", Text, nullable=False, unique=True, info=PLAIN),
    Column("learner", BigInteger, nullable=False, info=PLAIN),
    Column(
        "purpose", Text, nullable=False, info=of_learner(Sort.FACT, End.GONE, Lasting.YEAR)
    ),  # enrolment, class, points, news
    Column(
        "body", LargeBinary, nullable=False, info=of_learner(Sort.WORDS, End.GONE, Lasting.YEAR, StoredAs.CLOSED)
    ),  # bot.messages.Reply, encrypted
    Column("until", BigInteger, nullable=False, info=PLAIN),  # after that it is worth nothing
    Column("state", Text, nullable=False, info=of_learner(Sort.FACT, End.GONE, Lasting.YEAR)),  # due, sent, dropped
    Column(
        "why", Text, nullable=False, info=of_learner(Sort.FACT, End.GONE, Lasting.YEAR)
    ),  # it was dropped; the channel where it was sent
    Column("broadcast", BigInteger, index=True, info=PLAIN),
    Column("at", BigInteger, nullable=False, info=PLAIN),
)
Index("ix_notice_learner", notice.c.learner, notice.c.at)

# What a learning platform elsewhere answered last, encrypted, and when: said only with its date.
remote_copy = Table(
    "remote_copy",
    metadata,
    Column("learner", BigInteger, primary_key=True, autoincrement=False, info=PLAIN),
    Column("what", Text, primary_key=True, info=of_learner(Sort.FACT, End.GONE, Lasting.DAY)),
    Column("body", LargeBinary, nullable=False, info=of_learner(Sort.FACT, End.GONE, Lasting.DAY, StoredAs.CLOSED)),
    Column("as_of", BigInteger, nullable=False, info=PLAIN),
)

broadcast = Table(
    "broadcast",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("title", Text, nullable=False, info=PLAIN),
    Column("text", Text, nullable=False, info=PLAIN),
    Column("audience", Text, nullable=False, info=PLAIN),  # JSON: desk.broadcasts.Audience
    Column("state", Text, nullable=False, info=PLAIN),  # draft, review, running, paused, done, refused
    Column("reached", BigInteger, nullable=False, info=PLAIN),  # the last learner for whom its notice was written
    Column("by", Text, nullable=False, info=of_seat()),
    Column("approved_by", Text, info=of_seat()),
    Column("at", BigInteger, nullable=False, info=PLAIN),
    Column("changed_at", BigInteger, nullable=False, info=PLAIN),
)

# Which learners a resident on a channel has proven to be. `person` is a keyed digest of the address.
binding = Table(
    "binding",
    metadata,
    Column("channel", Text, primary_key=True, info=of_learner(Sort.FACT, End.GONE, Lasting.ACCOUNT)),
    Column("person", Text, primary_key=True, info=of_learner(Sort.ADDRESS, End.GONE, Lasting.ACCOUNT, StoredAs.DIGEST)),
    Column("learner", BigInteger, primary_key=True, autoincrement=False, info=PLAIN),
    Column("bound_at", BigInteger, nullable=False, info=of_learner(Sort.FACT, End.GONE, Lasting.ACCOUNT)),
    Column("by", Text, nullable=False, info=of_seat()),  # code, or who checked at the counter
    Column("dormant", Integer, nullable=False, info=PLAIN),  # 1 after leaving the account
    Column(
        "role", Text, nullable=False, server_default="self", info=of_learner(Sort.FACT, End.GONE, Lasting.ACCOUNT)
    ),  # self, proxy (代办人), guardian
    Column(
        "scope", Text, nullable=False, server_default="all", info=of_learner(Sort.FACT, End.GONE, Lasting.ACCOUNT)
    ),  # what a proxy may: read, or all
    Column("until", BigInteger, info=of_learner(Sort.FACT, End.GONE, Lasting.ACCOUNT)),  # a proxy's end
    Column(
        "address", Sealed, nullable=False, server_default="", info=of_learner(Sort.ADDRESS, End.GONE, Lasting.ACCOUNT)
    ),  # sealed: where notices go
    Column(
        "digest", Text, nullable=False, server_default="", index=True,
        info=of_learner(Sort.ADDRESS, End.GONE, Lasting.ACCOUNT, StoredAs.DIGEST),
    ),  # keyed, of the learner, as tickets have it; empty where a process of the version before wrote the row
)  # fmt: skip

Index("ix_binding_learner", binding.c.learner)  # where somebody is reached, and what talks are theirs

# What residents agreed to, appended only: the last line of a purpose counts.
consent = Table(
    "consent",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("channel", Text, nullable=False, info=PLAIN),
    Column(
        "person",
        Text,
        nullable=False,
        index=True,
        info=of_resident(Sort.ADDRESS, End.STAYS, Lasting.RECORDS, StoredAs.DIGEST),
    ),
    Column("purpose", Text, nullable=False, info=of_resident(Sort.FACT, End.STAYS, Lasting.RECORDS)),
    Column("version", Text, nullable=False, info=of_resident(Sort.FACT, End.STAYS, Lasting.RECORDS)),
    Column("digest", Text, nullable=False, info=PLAIN),  # of the words that were shown
    Column("given", Integer, nullable=False, info=of_resident(Sort.FACT, End.STAYS, Lasting.RECORDS)),
    Column("at", BigInteger, nullable=False, info=of_resident(Sort.FACT, End.STAYS, Lasting.RECORDS)),
)

# Requests for a one-time code, also those that could not lead to one: the limits count them all.
one_time_code = Table(
    "one_time_code",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("channel", Text, nullable=False, info=PLAIN),
    Column("person", Text, nullable=False, info=of_resident(Sort.ADDRESS, End.STAYS, Lasting.DAY, StoredAs.DIGEST)),
    Column(
        "card", Text, nullable=False, info=of_learner(Sort.NAME, End.GONE, Lasting.DAY, StoredAs.DIGEST)
    ),  # keyed digest
    Column(
        "phone", Text, nullable=False, info=of_learner(Sort.ADDRESS, End.GONE, Lasting.DAY, StoredAs.DIGEST)
    ),  # of the number that it went to; of the card where none did
    Column("learner", BigInteger, info=PLAIN),
    Column("digest", Text, nullable=False, info=of_learner(Sort.SECRET, End.GONE, Lasting.DAY, StoredAs.DIGEST)),
    Column(
        "body", LargeBinary, nullable=False, info=of_learner(Sort.SECRET, End.GONE, Lasting.DAY, StoredAs.CLOSED)
    ),  # accounts.identity.Code, encrypted
    Column("tries", Integer, nullable=False, info=PLAIN),
    Column("at", BigInteger, nullable=False, info=PLAIN),
    Column("used", Integer, nullable=False, info=PLAIN),
)
Index("ix_one_time_code_person", one_time_code.c.person, one_time_code.c.at)
Index("ix_one_time_code_phone", one_time_code.c.phone, one_time_code.c.at)

# A counter's invitation to bind: whoever scans it within five minutes is that learner.
invitation = Table(
    "invitation",
    metadata,
    Column(
        "scene", Text, primary_key=True, info=of_learner(Sort.SECRET, End.GONE, Lasting.DAY, StoredAs.DIGEST)
    ),  # digest
    Column("learner", BigInteger, nullable=False, info=PLAIN),
    Column("by", Text, nullable=False, info=of_seat(kept=Lasting.DAY)),
    Column("until", BigInteger, nullable=False, info=PLAIN),
    Column("person", Text, info=of_learner(Sort.ADDRESS, End.GONE, Lasting.DAY, StoredAs.DIGEST)),  # who took it
    Column("role", Text, nullable=False, server_default="self", info=PLAIN),
    Column("scope", Text, nullable=False, server_default="all", info=PLAIN),
    Column("ends", BigInteger, info=PLAIN),  # of what is bound by it
)

# One row for each ticket: what its events come to (`store.ticket_events.after`), kept for lists and the queue.
ticket = Table(
    "ticket",
    metadata,
    Column("ref", Text, primary_key=True, info=PLAIN),
    Column("conversation", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("version", Integer, nullable=False, info=PLAIN),  # the number of its events
    Column("state", Text, nullable=False, info=PLAIN),  # waiting, open, snoozed, closed
    Column("owner", Text, info=of_seat()),
    Column("offered_to", Text, info=of_seat()),
    Column("offered_until", BigInteger, info=PLAIN),
    Column("passed", Text, nullable=False, info=of_seat()),  # JSON: seats that let an offer pass
    Column(
        "barred", Text, nullable=False, server_default="[]", info=of_seat()
    ),  # JSON: seats complained of, which never get it
    Column("last_seat", Text, info=of_seat()),
    Column("topic", Text, nullable=False, info=of_resident(Sort.FACT, End.STAYS, Lasting.RECORDS)),
    Column("skill", Text, nullable=False, info=PLAIN),
    Column("place", Text, info=PLAIN),  # organisation; the one above it after an escalation
    Column("level", Integer, nullable=False, info=PLAIN),  # how often it was escalated
    Column("channel", Text, nullable=False, info=PLAIN),
    Column("lang", Text, nullable=False, info=PLAIN),
    Column(
        "person", Text, nullable=False, info=of_resident(Sort.ADDRESS, End.BLANK, form=StoredAs.DIGEST)
    ),  # keyed digest: of the learner proven, else of the address
    Column("priority", Integer, nullable=False, info=PLAIN),  # of `store.ticket_rows.Priority`
    Column("rank", BigInteger, nullable=False, info=PLAIN),  # place in the queue, lowest first; ages by itself
    Column("opened_at", BigInteger, nullable=False, info=of_resident(Sort.FACT, End.STAYS, Lasting.RECORDS)),
    Column("taken_at", BigInteger, info=PLAIN),
    Column("answered_at", BigInteger, info=PLAIN),
    Column("closed_at", BigInteger, info=of_resident(Sort.FACT, End.STAYS, Lasting.RECORDS)),
    Column("updated_at", BigInteger, nullable=False, info=PLAIN),
    Column("unanswered_since", BigInteger, info=PLAIN),  # the resident's first message that no seat has answered
    Column("snoozed_until", BigInteger, info=PLAIN),
    Column("seq", Integer, nullable=False, info=PLAIN),  # number of the conversation's last message
    Column("result", Text, info=of_resident(Sort.FACT, End.STAYS, Lasting.RECORDS)),
    Column(
        "stars", Integer, info=of_resident(Sort.FACT, End.STAYS, Lasting.RECORDS)
    ),  # what the resident thought of it, 1 to 5
    Column("survey", Integer, nullable=False, info=PLAIN),  # 1 while the question for the stars is to be asked
    Column("tags", Text, nullable=False, info=of_resident(Sort.WORDS, End.BLANK)),  # JSON
    Column("merged_into", Text, info=PLAIN),
    Column("call_since", BigInteger, info=PLAIN),  # since when the resident is owed a call
    Column("attempts", Integer, nullable=False, server_default="0", info=PLAIN),  # calls made to the resident
    Column("body", Shut, nullable=False, info=of_resident(Sort.WORDS, End.BLANK)),  # bot.messages.Handover
    Column("alarmed_at", BigInteger, info=PLAIN),  # danger to life that nobody has: since when all who may are called
    Column("unheeded_at", BigInteger, info=PLAIN),  # and since when the supervisors are
)
Index("ix_ticket_queue", ticket.c.state, ticket.c.rank, ticket.c.person)  # places are counted from it alone
Index("ix_ticket_recent", ticket.c.state, ticket.c.updated_at)
Index("ix_ticket_owner", ticket.c.owner, ticket.c.state)
Index("ix_ticket_person", ticket.c.person, ticket.c.opened_at)
Index("ix_ticket_opened", ticket.c.opened_at)
Index("ix_ticket_survey", ticket.c.survey, ticket.c.closed_at)

# The talks that a ticket has gone on in, where they are several: one person's on several channels. None where it is one.
ticket_talk = Table(
    "ticket_talk",
    metadata,
    Column("ticket", Text, primary_key=True, info=PLAIN),
    Column("conversation", BigInteger, primary_key=True, autoincrement=False, index=True, info=PLAIN),
    sqlite_with_rowid=False,
)

# All that ever happened to tickets, appended only; `id` is also the number of the desk's live events. Numbers are
# given in the order of commits, so a reader that has seen one has seen all below it.
ticket_event = Table(
    "ticket_event",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("ticket", Text, nullable=False, index=True, info=PLAIN),
    Column("kind", Text, nullable=False, info=PLAIN),  # of `store.ticket_events.KINDS`
    Column("actor", Text, nullable=False, info=of_seat()),
    Column("body", Shut, nullable=False, info=of_resident(Sort.WORDS, End.BLANK)),
    Column("at", BigInteger, nullable=False, info=PLAIN),
)

# People at the desk.
seat = Table(
    "seat",
    metadata,
    Column("name", Text, primary_key=True, info=of_seat()),
    Column("shown", Text, nullable=False, info=of_seat()),  # the name that colleagues and residents see
    Column("role", Text, nullable=False, info=PLAIN),  # seat, supervisor, editor, administrator, auditor
    Column("password", Text, nullable=False, info=of_seat(Sort.SECRET, Lasting.ACCOUNT, StoredAs.HASH)),  # argon2id
    Column(
        "one_time", BigInteger, nullable=False, info=PLAIN
    ),  # until when a one-time password is good; 0: it is their own
    Column("totp", Sealed, info=of_seat(Sort.SECRET, Lasting.ACCOUNT)),  # secret of the second factor
    Column(
        "totp_step", BigInteger, nullable=False, info=PLAIN
    ),  # of the last code of it that was taken: none is taken twice
    Column("subject", Text, unique=True, info=of_seat(kept=Lasting.ACCOUNT)),  # who this is to the identity provider
    Column("skills", Text, nullable=False, info=of_seat(Sort.FACT, Lasting.ACCOUNT)),  # JSON
    Column("langs", Text, nullable=False, info=of_seat(Sort.FACT, Lasting.ACCOUNT)),  # JSON: zh, en, and dialects
    Column("capacity", Integer, nullable=False, info=PLAIN),
    Column("place", Text, info=PLAIN),  # organisation
    Column("phone", Sealed, info=of_seat(Sort.ADDRESS, Lasting.ACCOUNT)),  # where calls are put through
    Column("active", Integer, nullable=False, info=PLAIN),
)

# Whom the identity provider vouched for, and who has no account: an administrator may link them.
vouched = Table(
    "vouched",
    metadata,
    Column("subject", Text, primary_key=True, info=of_seat(kept=Lasting.UNTIL_CHANGED)),
    Column(
        "name", Text, nullable=False, info=of_seat(kept=Lasting.UNTIL_CHANGED)
    ),  # as its people choose it: for the eye alone
    Column("at", BigInteger, nullable=False, info=PLAIN),
)

# Who is signed in, and which systems may call; only the digest of a token is kept.
session = Table(
    "session",
    metadata,
    Column("digest", Text, primary_key=True, info=of_seat(Sort.SECRET, Lasting.ACCOUNT, StoredAs.HASH)),
    Column("seat", Text, nullable=False, index=True, info=of_seat(kept=Lasting.ACCOUNT)),
    Column("kind", Text, nullable=False, info=PLAIN),  # page, token
    Column("label", Text, nullable=False, info=PLAIN),
    Column("created_at", BigInteger, nullable=False, info=PLAIN),
    Column("used_at", BigInteger, nullable=False, info=of_seat(Sort.FACT, Lasting.ACCOUNT)),
    Column("expires_at", BigInteger, nullable=False, info=PLAIN),
)

# Open pages of seats: a lease each, so that a process that died holds nobody present.
presence = Table(
    "presence",
    metadata,
    Column("page", Text, primary_key=True, info=PLAIN),
    Column("seat", Text, nullable=False, info=of_seat(kept=Lasting.UNTIL_CHANGED)),
    Column("ready", Integer, nullable=False, info=PLAIN),  # 0: there, but takes no offers
    Column("until", BigInteger, nullable=False, info=PLAIN),
)

# Texts that seats use again and again.
canned = Table(
    "canned",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("title", Text, nullable=False, info=PLAIN),
    Column("text", Text, nullable=False, info=PLAIN),
    Column("by", Text, nullable=False, info=of_seat()),
)

# A supervisor's review of how a ticket was handled.
review = Table(
    "review",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("ticket", Text, nullable=False, index=True, info=PLAIN),
    Column("seat", Text, nullable=False, info=of_seat()),
    Column("by", Text, nullable=False, info=of_seat()),
    Column("body", Shut, nullable=False, info=of_resident(Sort.WORDS, End.BLANK)),  # desk.quality.Scores
    Column("at", BigInteger, nullable=False, info=PLAIN),
)

# What other systems want to be told.
webhook = Table(
    "webhook",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("url", Text, nullable=False, info=PLAIN),
    Column("secret", Sealed, nullable=False, info=SECRET),
    Column("kinds", Text, nullable=False, info=PLAIN),  # JSON: kinds of ticket events; empty is all
    Column("seen", BigInteger, nullable=False, info=PLAIN),  # events up to here have their deliveries
)

# Files that a seat sends with an answer, or a resident with a question.
attachment = Table(
    "attachment",
    metadata,
    Column("id", Text, primary_key=True, info=of_resident(Sort.SECRET)),  # random: who knows a seat's may fetch it
    Column("conversation", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("name", Sealed, nullable=False, info=of_resident(Sort.WORDS)),
    Column("type", Text, nullable=False, info=PLAIN),
    Column("body", Shut, nullable=False, info=of_resident(Sort.WORDS)),
    Column("by", Text, nullable=False, info=of_seat(kept=Lasting.TALK)),
    Column("at", BigInteger, nullable=False, info=PLAIN),
    Column("state", Text, nullable=False, server_default="sent", info=PLAIN),  # of store.attachments.FileState
    Column("why", Text, nullable=False, server_default="", info=PLAIN),  # it was refused
    Column("preview", Shut, info=of_resident(Sort.WORDS)),  # a small picture of it
)

# Stretches of conversations that can be searched; the words themselves are in the database's own full-text index.
passage = Table(
    "passage",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("conversation", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("first_seq", Integer, nullable=False, info=PLAIN),
    Column("last_seq", Integer, nullable=False, info=PLAIN),
)

# Questions that were not answered, for editors; `text` is masked.
unanswered = Table(
    "unanswered",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("text", Text, nullable=False, info=of_resident(Sort.WORDS)),
    Column("topic", Text, nullable=False, info=PLAIN),
    Column("conversation", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("at", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("done", Integer, nullable=False, info=PLAIN),
)

# How often an entry answered on a day, and how that was taken.
usage = Table(
    "usage",
    metadata,
    Column("entry", Text, primary_key=True, info=PLAIN),
    Column("day", Text, primary_key=True, info=PLAIN),
    Column("said", Integer, nullable=False, info=PLAIN),
    Column("helped", Integer, nullable=False, info=PLAIN),
    Column("failed", Integer, nullable=False, info=PLAIN),
)

# Settings that people at the desk change while it runs: opening hours, shifts, retention. One document a name.
setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True, info=PLAIN),
    Column("body", LargeBinary, nullable=False, info=of_seat(kept=Lasting.UNTIL_CHANGED)),
    Column("by", Text, nullable=False, info=of_seat()),
    Column("at", BigInteger, nullable=False, info=PLAIN),
)

# What we know. `revision` is one counter over both tables: a reader that has seen revision n asks for the rows
# above it, and so sees an edit at the next question.
entry = Table(
    "entry",
    metadata,
    Column("id", Text, primary_key=True, info=PLAIN),
    Column("revision", Integer, nullable=False, index=True, info=PLAIN),
    Column(
        "status", Text, nullable=False, info=PLAIN
    ),  # draft, in_review, published, expired; of a version also withdrawing
    Column("body", LargeBinary, nullable=False, info=of_resident(Sort.WORDS, End.BLANK)),  # knowledge.entries.Entry
)

entry_version = Table(
    "entry_version",
    metadata,
    Column("id", Text, primary_key=True, info=PLAIN),
    Column("revision", Integer, primary_key=True, autoincrement=False, info=PLAIN),
    Column("status", Text, nullable=False, info=PLAIN),
    Column("body", LargeBinary, nullable=False, info=of_resident(Sort.WORDS, End.BLANK)),
    Column("by", Text, nullable=False, info=of_seat()),
    Column("at", BigInteger, nullable=False, info=PLAIN),
)

record = Table(
    "record",
    metadata,
    Column("kind", Text, primary_key=True, info=PLAIN),  # organisation, course, class, activity, rule, item, office
    Column("id", Text, primary_key=True, info=PLAIN),
    Column("revision", Integer, nullable=False, index=True, info=PLAIN),
    Column("body", LargeBinary, nullable=False, info=PLAIN),
    Column("by", Text, nullable=False, server_default="", info=of_seat()),
)

# What must never be lost sight of: refused look-ups, data-subject requests, looks at a resident's record.
audit = Table(
    "audit",
    metadata,
    Column("id", Identity, primary_key=True, info=PLAIN),
    Column("at", BigInteger, nullable=False, index=True, info=PLAIN),
    Column("actor", Text, nullable=False, info=of_seat(kept=Lasting.AUDIT)),
    Column("action", Text, nullable=False, info=PLAIN),
    Column("subject", Text, nullable=False, info=of_resident(Sort.FACT, End.STAYS, Lasting.AUDIT)),
    Column("detail", Text, nullable=False, server_default="", info=of_resident(Sort.WORDS, End.STAYS, Lasting.AUDIT)),
)
