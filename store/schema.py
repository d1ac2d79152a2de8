"""Every table, once: migrations are checked against it, and every query is written with it.

Times are integers, milliseconds since 1970 UTC. Documents (state, replies, entries) are JSON bytes that only
their owner decodes. Nothing here is specific to a database.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(column_0_label)s",
    }
)


class Sealed(TypeDecorator[str]):
    """Text that is closed on its way into the database and opened on its way out (`store.database.Sealer`). The same text
    is always closed the same, so that it can be looked up."""

    impl = Text
    cache_ok = True


# SQLite numbers rows by itself only where the key is an INTEGER.
Identity = BigInteger().with_variant(Integer, "sqlite")

# One row for each resident on each channel. Every change of it counts `version` up, and is refused when the
# version is no longer the one that was read: that is all the locking there is.
conversation = Table(
    "conversation",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("address", Sealed, nullable=False),  # openid, number, or the visitor's token: never shown, never logged
    Column("version", Integer, nullable=False),
    Column("seq", Integer, nullable=False),  # number of the last message
    Column("state", LargeBinary, nullable=False),  # bot.conversation.Conversation
    Column("ticket", Text),  # reference of the open ticket
    Column("seat", Text),  # who holds that ticket; while set, the bot is silent
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("channel", "address"),
)
Index("ix_conversation_updated_at", conversation.c.updated_at)  # the hourly sweep finds by it what is old

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

# Whatever leaves or is due, of every kind (`store/queue.py`): one place for order, leases, attempts and what was given up.
queue = Table(
    "queue",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("kind", Text, nullable=False),  # which function works it
    Column("key", Text, nullable=False, unique=True),  # the same key is never done twice
    Column("lane", Text, nullable=False),  # the channel or the receiver: each is bounded by itself
    Column("order_key", Text),  # of its rows one at a time leaves, in the order of `number`; null: in any order
    Column("number", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # of the kind; closed where it is about a person
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("leased_until", BigInteger, nullable=False),  # until then somebody is at work on it
    Column("state", Text, nullable=False),  # store.queue.QueueState
    Column("outcome", Text, nullable=False),  # of the last attempt
)
Index("ix_queue_due", queue.c.state, queue.c.lane, queue.c.due_at, queue.c.attempts)
Index("ix_queue_order", queue.c.order_key, queue.c.number)

# How messages left on a channel that neither numbers them nor takes them in order by itself: those sent by the outbox
# (they are counted against the channel's quota), and those answers in a response that were not simply the turn's own.
delivered = Table(
    "delivered",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("conversation", BigInteger, nullable=False),
    Column("inbound", Text),  # the message in whose response it left; null when sent by the outbox
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("body", LargeBinary),  # the answer in a response, to be given again
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("conversation", "inbound"),
)
Index("ix_delivered_at", delivered.c.at)

# What a channel sent and we could not use, as it came (encrypted), for whoever looks into it; gone after a week.
dropped = Table(
    "dropped",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

# Who cannot be written to any more: left the account, or is not known to it.
unreachable = Table(
    "unreachable",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("address", Sealed, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# What all processes use together and one of them fetches: access tokens of platforms.
shared = Table(
    "shared",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("fetched_at", BigInteger, nullable=False),
    Column("lease", BigInteger, nullable=False),  # somebody is fetching it until then
)

# Texts that left, by the provider's id: how they fared, and what they cost.
sent_text = Table(
    "sent_text",
    metadata,
    Column("sid", Text, primary_key=True),
    Column("conversation", BigInteger, nullable=False, index=True),
    Column("seq", Integer, nullable=False),  # the last message in it
    Column("status", Text, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

# Calls, from the first ring to the last word.
call = Table(
    "call",
    metadata,
    Column("sid", Text, primary_key=True),
    Column("address", Sealed, nullable=False),  # the caller's number: it proves nothing
    Column("conversation", BigInteger, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("stage", Text, nullable=False),  # talk, queue, ringing, bridged, voicemail, ended
    Column("ticket", Text, index=True),
    Column("body", LargeBinary, nullable=False),  # integrations.twilio.calls.State
    Column("started_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
Index("ix_call_stage", call.c.stage, call.c.updated_at)
Index("ix_call_address", call.c.address, call.c.started_at)

# Learners of the embedded platform. What names a person is encrypted; `card` and `phone` are keyed digests to look up by.
learner = Table(
    "learner",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("card", Text, nullable=False, unique=True),
    Column("phone", Text, nullable=False, index=True),
    Column("status", Text, nullable=False),  # active, lost, void
    Column("minor", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # accounts.learners.Person, encrypted
)

# Credits and points, appended only: a balance is the sum of its lines.
ledger = Table(
    "ledger",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("learner", BigInteger, nullable=False),
    Column("day", Text, nullable=False),
    Column("type", Text, nullable=False),  # earn, convert, redeem, freeze, expire, reverse
    Column("credits", Integer, nullable=False),  # tenths
    Column("points", Integer, nullable=False),  # that can be spent
    Column("frozen", Integer, nullable=False, server_default="0"),  # points set aside for an order
    Column("counted", Integer, nullable=False, server_default="0"),  # tenths of credits that became points
    Column("source", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("rule", Text, nullable=False),  # version of the rules
    Column("what", Text, nullable=False, server_default=""),  # the rule
    Column("by", Text, nullable=False, server_default=""),
    Column("second", Text, nullable=False, server_default=""),  # who approved what is done by hand
    Column("at", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("source", "type"),
)
# A balance is read from this index alone.
Index("ix_ledger_balance", ledger.c.learner, ledger.c.day, ledger.c.credits, ledger.c.points, ledger.c.frozen)

# Points against things. `reserved` has them frozen; `collected` deducted; the others gave them back.
redemption = Table(
    "redemption",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("learner", BigInteger, nullable=False, index=True),
    Column("item", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("state", Text, nullable=False),  # reserved, collected, cancelled, expired
    Column("site", Text, nullable=False),  # where it is handed out
    Column("key", Text, nullable=False, unique=True),  # of the request: asked again, it is the same order
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
)
Index("ix_redemption_item", redemption.c.item, redemption.c.state)
Index("ix_redemption_until", redemption.c.state, redemption.c.until)

# What a ledger looked like when it was disputed: for the seat and the resident alike.
dispute = Table(
    "dispute",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("ticket", Text, nullable=False, index=True),
    Column("learner", BigInteger, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),  # accounts.bank.Extract, encrypted
    Column("at", BigInteger, nullable=False),
)

# What somebody wants taken back, until a second person says yes or no.
reversal = Table(
    "reversal",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("entry", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("second", Text),
    Column("state", Text, nullable=False, index=True),  # asked, done, refused
    Column("at", BigInteger, nullable=False),
)

# That somebody was at a lesson or learnt online: what credits are earned for, and looked up by when they are missing.
attendance = Table(
    "attendance",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("learner", BigInteger, nullable=False),
    Column("day", Text, nullable=False),
    Column("what", Text, nullable=False),  # the rule that it counts by
    Column("minutes", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("source", Text, nullable=False, unique=True),
)
Index("ix_attendance_learner", attendance.c.learner, attendance.c.day)

# How many places of a class are taken, and the last number that was given out for its waiting list. Taking one is an
# update under the condition that there is one left.
class_places = Table(
    "class_places",
    metadata,
    Column("class", Text, primary_key=True),
    Column("taken", Integer, nullable=False),
    Column("queue", Integer, nullable=False),
    Column("drawn", Integer, nullable=False, server_default="0"),  # 1 after the ballot
    Column("told", Text, nullable=False, server_default=""),  # its times and place as enrolled learners know them
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("class", Text, nullable=False),
    Column("learner", BigInteger, nullable=False, index=True),
    Column("state", Text, nullable=False),  # pending, admitted, waiting, offered, unlucky, withdrawn, lapsed
    Column("number", Integer, nullable=False),  # on the waiting list
    Column("key", Text, nullable=False),  # of the request that led to this state
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger),  # an offered place has to be taken by then
    UniqueConstraint("class", "learner"),
)
Index("ix_enrolment_class", enrolment.c["class"], enrolment.c.state, enrolment.c.number)
Index("ix_enrolment_until", enrolment.c.state, enrolment.c.until)

# What somebody is told without having asked: once, by consent, at a decent hour.
notice = Table(
    "notice",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("learner", BigInteger, nullable=False),
    Column("purpose", Text, nullable=False),  # enrolment, class, points, news
    Column("body", LargeBinary, nullable=False),  # bot.messages.Reply, encrypted
    Column("due_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),  # after that it is worth nothing
    Column("state", Text, nullable=False),  # due, sent, dropped
    Column("why", Text, nullable=False),  # it was dropped; the channel where it was sent
    Column("broadcast", BigInteger, index=True),
    Column("at", BigInteger, nullable=False),
)
Index("ix_notice_due", notice.c.state, notice.c.due_at)
Index("ix_notice_learner", notice.c.learner, notice.c.at)

# What a learning platform elsewhere answered last, encrypted, and when: said only with its date.
remote_copy = Table(
    "remote_copy",
    metadata,
    Column("learner", BigInteger, primary_key=True, autoincrement=False),
    Column("what", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("as_of", BigInteger, nullable=False),
)

broadcast = Table(
    "broadcast",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("audience", Text, nullable=False),  # JSON: desk.broadcasts.Audience
    Column("state", Text, nullable=False),  # draft, review, running, paused, done, refused
    Column("reached", BigInteger, nullable=False),  # the last learner for whom its notice was written
    Column("by", Text, nullable=False),
    Column("approved_by", Text),
    Column("at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

# Which learners a resident on a channel has proven to be. `person` is a keyed digest of the address.
binding = Table(
    "binding",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("learner", BigInteger, primary_key=True, autoincrement=False),
    Column("bound_at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),  # code, or who checked at the counter
    Column("dormant", Integer, nullable=False),  # 1 after leaving the account
    Column("role", Text, nullable=False, server_default="self"),  # self, proxy (代办人), guardian
    Column("scope", Text, nullable=False, server_default="all"),  # what a proxy may: read, or all
    Column("until", BigInteger),  # a proxy's end
    Column("address", Sealed, nullable=False, server_default=""),  # sealed: where notices go
)

# What residents agreed to, appended only: the last line of a purpose counts.
consent = Table(
    "consent",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("person", Text, nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the words that were shown
    Column("given", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Requests for a one-time code, also those that could not lead to one: the limits count them all.
one_time_code = Table(
    "one_time_code",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("card", Text, nullable=False),  # keyed digest
    Column("phone", Text, nullable=False),  # keyed digest of the number that it went to; of the card where none did
    Column("learner", BigInteger),
    Column("digest", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # accounts.identity.Code, encrypted
    Column("tries", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("used", Integer, nullable=False),
)
Index("ix_one_time_code_person", one_time_code.c.person, one_time_code.c.at)
Index("ix_one_time_code_phone", one_time_code.c.phone, one_time_code.c.at)

# A counter's invitation to bind: whoever scans it within five minutes is that learner.
invitation = Table(
    "invitation",
    metadata,
    Column("scene", Text, primary_key=True),  # digest
    Column("learner", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("person", Text),  # who took it
    Column("role", Text, nullable=False, server_default="self"),
    Column("scope", Text, nullable=False, server_default="all"),
    Column("ends", BigInteger),  # of what is bound by it
)

# One row for each ticket: what its events come to (`store.ticket_events.after`), kept for lists and the queue.
ticket = Table(
    "ticket",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("conversation", BigInteger, nullable=False, index=True),
    Column("version", Integer, nullable=False),  # the number of its events
    Column("state", Text, nullable=False),  # waiting, open, snoozed, closed
    Column("owner", Text),
    Column("offered_to", Text),
    Column("offered_until", BigInteger),
    Column("passed", Text, nullable=False),  # JSON: seats that let an offer pass
    Column("barred", Text, nullable=False, server_default="[]"),  # JSON: seats complained of, which never get it
    Column("last_seat", Text),
    Column("topic", Text, nullable=False),
    Column("skill", Text, nullable=False),
    Column("place", Text),  # organisation; the one above it after an escalation
    Column("level", Integer, nullable=False),  # how often it was escalated
    Column("channel", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("person", Text, nullable=False),  # digest of what the resident is reached by, on whatever channel
    Column("priority", Integer, nullable=False),  # 0 is a danger to life, 3 is ordinary
    Column("rank", BigInteger, nullable=False),  # place in the queue, lowest first; ages by itself
    Column("opened_at", BigInteger, nullable=False),
    Column("taken_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
    Column("unanswered_since", BigInteger),  # the resident's first message that no seat has answered
    Column("snoozed_until", BigInteger),
    Column("seq", Integer, nullable=False),  # number of the conversation's last message
    Column("result", Text),
    Column("stars", Integer),  # what the resident thought of it, 1 to 5
    Column("survey", Integer, nullable=False),  # 1 while the question for the stars is to be asked
    Column("tags", Text, nullable=False),  # JSON
    Column("merged_into", Text),
    Column("call_since", BigInteger),  # since when the resident is owed a call
    Column("attempts", Integer, nullable=False, server_default="0"),  # calls made to the resident
    Column("body", LargeBinary, nullable=False),  # bot.messages.Handover
    Column("alarmed_at", BigInteger),  # danger to life that nobody has: since when all who may are called
    Column("unheeded_at", BigInteger),  # and since when the supervisors are
)
Index("ix_ticket_queue", ticket.c.state, ticket.c.rank, ticket.c.person)  # places are counted from it alone
Index("ix_ticket_recent", ticket.c.state, ticket.c.updated_at)
Index("ix_ticket_owner", ticket.c.owner, ticket.c.state)
Index("ix_ticket_person", ticket.c.person, ticket.c.opened_at)
Index("ix_ticket_opened", ticket.c.opened_at)
Index("ix_ticket_survey", ticket.c.survey, ticket.c.closed_at)

# All that ever happened to tickets, appended only; `id` is also the number of the desk's live events. Numbers are
# given in the order of commits, so a reader that has seen one has seen all below it.
ticket_event = Table(
    "ticket_event",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("ticket", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),  # of `store.ticket_events.KINDS`
    Column("actor", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# People at the desk.
seat = Table(
    "seat",
    metadata,
    Column("name", Text, primary_key=True),
    Column("shown", Text, nullable=False),  # the name that colleagues and residents see
    Column("role", Text, nullable=False),  # seat, supervisor, editor, administrator, auditor
    Column("password", Text, nullable=False),  # argon2id
    Column(
        "one_time", BigInteger, nullable=False
    ),  # until when a one-time password is good; 0: the password is their own
    Column("totp", Text),  # secret of the second factor
    Column("totp_step", BigInteger, nullable=False),  # of the last code of it that was taken: none is taken twice
    Column("subject", Text, unique=True),  # who this is to the identity provider
    Column("skills", Text, nullable=False),  # JSON
    Column("langs", Text, nullable=False),  # JSON: zh, en, and dialects
    Column("capacity", Integer, nullable=False),
    Column("place", Text),  # organisation
    Column("phone", Text),  # where calls are put through
    Column("active", Integer, nullable=False),
)

# Whom the identity provider vouched for, and who has no account: an administrator may link them.
vouched = Table(
    "vouched",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("name", Text, nullable=False),  # as its people choose it: for the eye alone
    Column("at", BigInteger, nullable=False),
)

# Who is signed in, and which systems may call; only the digest of a token is kept.
session = Table(
    "session",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("seat", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),  # page, token
    Column("label", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

# Open pages of seats: a lease each, so that a process that died holds nobody present.
presence = Table(
    "presence",
    metadata,
    Column("page", Text, primary_key=True),
    Column("seat", Text, nullable=False),
    Column("ready", Integer, nullable=False),  # 0: there, but takes no offers
    Column("until", BigInteger, nullable=False),
)

# Texts that seats use again and again.
canned = Table(
    "canned",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),
)

# A supervisor's review of how a ticket was handled.
review = Table(
    "review",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("ticket", Text, nullable=False, index=True),
    Column("seat", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # desk.quality.Scores
    Column("at", BigInteger, nullable=False),
)

# What other systems want to be told.
webhook = Table(
    "webhook",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("kinds", Text, nullable=False),  # JSON: kinds of ticket events; empty is all
    Column("seen", BigInteger, nullable=False),  # events up to here have their deliveries
)

# Files that a seat sends with an answer, or a resident with a question.
attachment = Table(
    "attachment",
    metadata,
    Column("id", Text, primary_key=True),  # random: who knows it may fetch it
    Column("conversation", BigInteger, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Stretches of conversations that can be searched; the words themselves are in the database's own full-text index.
passage = Table(
    "passage",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("conversation", BigInteger, nullable=False, index=True),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
)

# Questions that were not answered, for editors; `text` is masked.
unanswered = Table(
    "unanswered",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("text", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("conversation", BigInteger, nullable=False, index=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("done", Integer, nullable=False),
)

# How often an entry answered on a day, and how that was taken.
usage = Table(
    "usage",
    metadata,
    Column("entry", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("said", Integer, nullable=False),
    Column("helped", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
)

# Settings that people at the desk change while it runs: opening hours, shifts, retention. One document a name.
setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# What we know. `revision` is one counter over both tables: a reader that has seen revision n asks for the rows
# above it, and so sees an edit at the next question.
entry = Table(
    "entry",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False, index=True),
    Column("status", Text, nullable=False),  # draft, in_review, published, expired; of a version also withdrawing
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
    Column("by", Text, nullable=False, server_default=""),
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
    Column("detail", Text, nullable=False, server_default=""),
)
