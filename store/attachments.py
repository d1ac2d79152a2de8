"""Files that were sent to residents, or by them. What is of a resident is seen by seats alone, once it was looked through."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple, cast

from msgspec import Struct, json
from sqlalchemy import bindparam, delete, select, update

from store import queue
from store.engine import Value
from store.queue import NewRow, QueueRow
from store.schema import attachment
from store.transaction import Statement, Transaction, adding

KIND = "file"  # of the queue: a resident's file is to be fetched and looked through


class FileState(StrEnum):
    """What has become of a file."""

    SENT = "sent"  # a seat's: whoever has its address may fetch it
    COMING = "coming"  # a resident's: to be fetched, or to be looked through; nobody gets it
    KEPT = "kept"  # looked through: for seats
    REFUSED = "refused"  # nothing of it is kept but its name


_FILE = attachment.c.id == bindparam("id")
_SENT = attachment.c.state == FileState.SENT.value
_IS_COMING = attachment.c.state == FileState.COMING.value
_IS_KEPT = attachment.c.state == FileState.KEPT.value
_ADD = Statement(adding(attachment))
_GET = Statement(select(attachment.c.name, attachment.c.type, attachment.c.body).where(_FILE, _SENT))
_DROP = Statement(delete(attachment).where(_FILE))
_OF_TALK = Statement(
    select(attachment.c.id, attachment.c.name, attachment.c.type, attachment.c.state, attachment.c.why,
           attachment.c.preview.is_not(None))
    .where(attachment.c.conversation == bindparam("conversation"), ~_SENT)
    .order_by(attachment.c.at, attachment.c.id)
)  # fmt: skip
_KEPT = Statement(
    select(attachment.c.conversation, attachment.c.name, attachment.c.type, attachment.c.body).where(_FILE, _IS_KEPT)
)
_PREVIEW = Statement(select(attachment.c.conversation, attachment.c.preview).where(_FILE, _IS_KEPT))
_COMING = Statement(select(attachment.c.conversation, attachment.c.name, attachment.c.body).where(_FILE, _IS_COMING))
# A change cannot have the name of its own column for what is looked for.
_STILL_COMING = update(attachment).where(attachment.c.id == bindparam("which"), _IS_COMING)
_SETTLE = Statement(
    _STILL_COMING.values(
        name=bindparam("new_name"), type=bindparam("new_type"), body=bindparam("new_body"),
        state=bindparam("new_state"), why=bindparam("new_why"), preview=bindparam("new_preview"),
    )
)  # fmt: skip
_FETCHED = Statement(_STILL_COMING.values(body=bindparam("new_body")))


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """`id` is part of its address, and cannot be guessed; `type` is the media type, `by` who sent it."""

    id: str
    conversation: int
    name: str
    type: str
    body: bytes
    by: str
    at: int
    state: str = FileState.SENT
    why: str = ""
    preview: bytes | None = None


class NewFile(Struct, frozen=True):
    """A resident's, as it is when its message is committed: with its content, or with `ref`, by which its channel fetches
    it. `why` says that it is refused at once."""

    id: str
    name: str
    type: str
    body: bytes
    ref: str
    why: str = ""


class ResidentFileRow(NamedTuple):
    """What has become of a resident's file, without its content."""

    id: str
    name: str
    type: str
    state: str
    why: str
    is_pictured: bool


class ComingRow(NamedTuple):
    """A resident's file that nobody has looked through; `body` is empty where it has to be fetched."""

    conversation: int
    name: str
    body: bytes


class Work(Struct, frozen=True):
    """What the queue is asked to do: with a file of which channel, and how that fetches it."""

    id: str
    channel: str
    ref: str


class Settled(NamedTuple):
    """What a file was found to be. Nothing is kept of one that is refused: `body` is empty then, and `why` says it."""

    name: str
    type: str
    body: bytes = b""
    why: str = ""
    preview: bytes | None = None


def add(transaction: Transaction, new: AttachmentRow) -> None:
    transaction.run(_ADD, **asdict(new))


def get(transaction: Transaction, id: str) -> tuple[str, str, bytes] | None:
    """Name, type, content of what was sent to a resident; of nothing that a resident sent."""
    return cast(tuple[str, str, bytes] | None, transaction.one(_GET, id=id))


def drop(transaction: Transaction, id: str) -> None:
    transaction.run(_DROP, id=id)


# -- of residents


def arrive(transaction: Transaction, conversation: int, channel: str, new: NewFile, now: int) -> None:
    """Adds a resident's file with its message, and asks the queue to see to it."""
    state = FileState.REFUSED if new.why else FileState.COMING
    values: dict[str, Value] = {
        "id": new.id, "conversation": conversation, "name": new.name, "type": new.type, "body": new.body,
        "by": "resident", "at": now, "state": state.value, "why": new.why, "preview": None,
    }  # fmt: skip
    transaction.add(_ADD, **values)
    if state is FileState.COMING:
        work = json.encode(Work(new.id, channel, new.ref))
        queue.add(transaction, NewRow(KIND, f"{KIND}:{new.id}", f"{KIND} {channel}", work, now))


def work_of(row: QueueRow) -> Work:
    return json.decode(row.body, type=Work)


def coming(transaction: Transaction, id: str) -> ComingRow | None:
    """None where it was seen to, or has gone with its talk."""
    row = transaction.one(_COMING, id=id)
    return ComingRow(*cast(tuple[int, str, bytes], row)) if row else None


def fetched(transaction: Transaction, id: str, body: bytes) -> None:
    """Keeps what its platform gave of one that still has to be looked through."""
    transaction.run(_FETCHED, which=id, new_body=body)


def settle(transaction: Transaction, id: str, found: Settled) -> bool:
    """Writes what it was found to be; False where that was done before."""
    state = FileState.REFUSED if found.why else FileState.KEPT
    return transaction.run(
        _SETTLE, which=id, new_name=found.name, new_type=found.type, new_body=found.body, new_state=state.value,
        new_why=found.why, new_preview=found.preview,
    ) > 0  # fmt: skip


def of_talk(transaction: Transaction, conversation: int) -> list[ResidentFileRow]:
    """All that a resident has sent in a talk."""
    rows = transaction.all(_OF_TALK, conversation=conversation)
    return [ResidentFileRow(*cast(tuple[str, str, str, str, str], row[:5]), bool(row[5])) for row in rows]


def kept(transaction: Transaction, id: str) -> tuple[int, str, str, bytes] | None:
    """Conversation, name, type, content of a resident's file that was looked through."""
    return cast(tuple[int, str, str, bytes] | None, transaction.one(_KEPT, id=id))


def preview(transaction: Transaction, id: str) -> tuple[int, bytes | None] | None:
    """Conversation, and a JPEG where it is a picture."""
    return cast(tuple[int, bytes | None] | None, transaction.one(_PREVIEW, id=id))
