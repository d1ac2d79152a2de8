"""What editors do: entries and their versions, review, imports, the test box."""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from fastapi import Depends, Query, Request, UploadFile
from msgspec import Struct
from msgspec.structs import asdict
from pydantic import BaseModel, Field

from bot.channel import Channel
from bot.messages import Inbound, Reply
from desk import children, drafts
from desk.api.answers import Answering
from desk.api.given import Moment, Now, TheChannels, TheDatabase, TheEditing, TheInbox, TheLibrary, Today
from desk.api.guard import LARGEST_FILE, Language, Number, may
from desk.api.session import Handwritten, Strict, Written
from desk.api.shown import written_down
from desk.editing import Kept, check_texts, checked
from desk.errors import TicketError
from desk.people import Seat
from knowledge.conversion import SUFFIXES, ImportReport
from knowledge.entries import FORMS, Entry, Form
from knowledge.library import Library
from knowledge.topics import Topic
from store import usage
from store.database import Database
from store.knowledge import VersionRow

router = Answering(tags=["知识 knowledge"])
Reader = Annotated[Seat, Depends(may("knowledge.read"))]
Drafter = Annotated[Seat, Depends(may("knowledge.draft"))]
Reviewer = Annotated[Seat, Depends(may("knowledge.review"))]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
USED_DAYS = 30


class Why(Strict):
    why: Annotated[str, Handwritten] = Field("", max_length=500)


class Trial(Strict):
    text: Annotated[str, Written] = Field(min_length=1, max_length=2000)
    channel: str = Field("webchat", max_length=64)
    lang: Literal["zh", "en"] = "zh"


class EntryLine(Struct, frozen=True, kw_only=True):
    """An entry in a list. `live`: a version of it is said; `valid`: today; `stale`: forms written for an earlier answer."""

    id: str
    title: str
    standard: str | None
    topic: str
    kind: str
    status: str
    revision: int
    by: str
    at: int
    valid_until: str
    stale: tuple[Form, ...]
    live: bool
    valid: bool
    owner: str
    source: str


class EntryUsed(EntryLine, frozen=True, kw_only=True):
    """How often it answered in thirty days, was thanked for, and was not enough."""

    said: int
    helped: int
    failed: int


class Entries(Struct, frozen=True):
    entries: list[EntryUsed]


class Version(Struct, frozen=True):
    revision: int
    status: str
    by: str
    at: int
    entry: Entry


class WholeEntry(EntryLine, frozen=True, kw_only=True):
    """`preview` is what leaves on each channel."""

    entry: Entry
    preview: dict[str, list[str]]
    versions: list[Version]


class EntryPreview(Struct, frozen=True):
    preview: dict[str, list[str]]


class Revision(Struct, frozen=True):
    """`lacking`: what residents will ask in vain, in the reader's language; empty where that is nothing."""

    revision: int
    lacking: str = ""


class ImportRow(Struct, frozen=True):
    """A row by its number in its sheet; a file of text has no sheets."""

    sheet: str
    number: int
    id: str
    problems: list[str]
    notes: list[str]


class Imported(Struct, frozen=True):
    """Rows that can be taken in, that cannot, that were, and that have no answer; those first that something is said of.
    `notes` are about the file."""

    good: int
    bad: int
    taken: int
    unanswered: int
    notes: list[str]
    rows: list[ImportRow]


class TrialReply(Struct, frozen=True):
    text: str
    source: str | None
    options: list[str]


class TrialCandidate(Struct, frozen=True):
    score: float
    topic: str
    intent: str | None
    entry: str | None
    title: str | None


class TrialEntity(Struct, frozen=True):
    kind: str
    value: str
    text: str


class TrialShown(Struct, frozen=True):
    """What would be answered, and why; `inside` is how surely it is the centre's business."""

    topic: str | None
    inside: float
    handover: str | None
    replies: list[TrialReply]
    rendered: list[str]
    candidates: list[TrialCandidate]
    entities: list[TrialEntity]


def _line(library: Library, each: Kept, today: date) -> EntryLine:
    entry = each.entry
    question = library.asks(entry)
    return EntryLine(
        id=entry.id, title=library.title(entry), standard=question.id if question else None, topic=entry.topic,
        kind=entry.kind, status=each.status, revision=each.revision, by=each.by, at=each.at,
        valid_until=str(entry.valid_until), stale=entry.stale, live=each.live, valid=entry.is_valid(today), owner=entry.owner,
        source=entry.source,
    )  # fmt: skip


class _Telling:
    """Says beside a revision what residents will ask in vain, since entries go and end."""

    def __init__(self, editing: TheEditing, language: Language, today: Today) -> None:
        self.editing, self._language, self._today = editing, language, today

    async def of(self, id: str, revision: int) -> Revision:
        said = await self.editing.lacking(id, self._today)
        return Revision(revision, said.told(self._language) if said else "")


Telling = Annotated[_Telling, Depends(_Telling)]


@router.get("/knowledge/entries")
async def entries(
    seat: Reader, editing: TheEditing, library: TheLibrary, database: TheDatabase, today: Today, now: Now
) -> Entries:
    """Every entry, what waits for somebody first; with how often it answered in thirty days, and how that was taken."""
    since = str(today - timedelta(days=USED_DAYS))
    used = await database.read(lambda t: usage.since(t, since))
    found = []
    kept = await editing.all()
    await _looked_into(database, kept, seat, now)
    for each in kept:
        said, helped, failed = used.get(each.entry.id, (0, 0, 0))
        found.append(EntryUsed(**asdict(_line(library, each, today)), said=said, helped=helped, failed=failed))
    return Entries(found)


async def _found(
    id: str, seat: Reader, editing: TheEditing, database: TheDatabase, now: Now
) -> tuple[Kept, Sequence[VersionRow]]:
    """The newest version and all before, looked into."""
    kept, versions = await editing.get(id)
    await _looked_into(database, [kept], seat, now)
    return kept, versions


@router.get("/knowledge/entries/{id}")
async def entry(
    found: Annotated[tuple[Kept, Sequence[VersionRow]], Depends(_found)],
    seat: Reader,
    library: TheLibrary,
    channels: TheChannels,
    today: Today,
) -> WholeEntry:
    """The newest version in full, with how each channel would say it, and all versions before."""
    kept, versions = found
    before = [
        Version(each.revision, each.status, each.by, each.at, msgspec.json.decode(each.body, type=Entry))
        for each in versions
    ]
    line = asdict(_line(library, kept, today))
    return WholeEntry(**line, entry=kept.entry, preview=preview(channels, kept.entry), versions=before)


async def _looked_into(database: Database, shown: Sequence[Kept], seat: Seat, now: int) -> None:
    """Drafts that somebody else has made of a ticket hold a resident's sentence until an editor has published them: the look
    is written down."""
    theirs = [each.entry.id for each in shown if each.status in ("draft", "in_review") and each.by != seat.name]
    if refs := [ref for id in theirs if (ref := drafts.ticket_of(id)) is not None]:
        await written_down(database, seat, now, "drafts", " ".join(refs))


def preview(channels: Mapping[str, Channel], entry: Entry) -> dict[str, list[str]]:
    """What leaves on each channel."""
    said = entry.said("zh")
    replies = [Reply(text=said.answer, spoken=said.spoken, short=said.sms, source=said.source)]
    replies += [Reply(text=step) for step in entry.steps[:1]]
    return {name: each.render(replies) for name, each in channels.items()}


@router.post("/knowledge/preview")
async def try_preview(request: Annotated[Request, Entry], seat: Drafter, channels: TheChannels) -> EntryPreview:
    """The same of what is not saved yet; also says what is wrong with it."""
    return EntryPreview(preview(channels, checked(await request.body())))


class Basis(BaseModel):
    """What an editor had before them."""

    read: Number | None = None
    looked: list[Form] = Field([], max_length=len(FORMS))


@router.put("/knowledge/entries/{id}")
async def save(
    id: str,
    request: Annotated[Request, Entry],
    seat: Drafter,
    telling: Telling,
    basis: Annotated[Basis, Query()],
    now: Now,
) -> Revision:
    """A new draft. `read` is the revision that was edited; without it a new entry. `looked` are the forms of the answer that
    were looked at and still say the same; others that were written for an earlier answer are marked in `stale`."""
    raw = await request.body()
    entry = checked(raw)
    if entry.id != id:
        raise TicketError("invalid", "编号和地址不一致", "The id is not that of the address")
    check_texts(entry)
    return await telling.of(id, await telling.editing.save(raw, seat.name, now, basis.read, basis.looked))


@router.post("/knowledge/entries/{id}/submit")
async def submit(id: str, seat: Drafter, editing: TheEditing, now: Now, telling: Telling) -> Revision:
    """Asks for review."""
    return await telling.of(id, await editing.submit(id, seat.name, now))


@router.post("/knowledge/entries/{id}/publish")
async def publish(id: str, seat: Reviewer, editing: TheEditing, today: Today, now: Now, telling: Telling) -> Revision:
    """By a second person; said from the next question on."""
    return await telling.of(id, await editing.publish(id, seat.name, now, today))


@router.post("/knowledge/entries/{id}/send-back")
async def send_back(id: str, body: Why, seat: Reviewer, editing: TheEditing, now: Now) -> Revision:
    return Revision(await editing.send_back(id, seat.name, now, body.why))


@router.post("/knowledge/entries/{id}/expire")
async def expire(id: str, seat: Reviewer, editing: TheEditing, now: Now, telling: Telling) -> Revision:
    """Not said any more."""
    return await telling.of(id, await editing.expire(id, seat.name, now))


@router.post("/knowledge/entries/{id}/restore/{revision}")
async def restore(id: str, revision: Number, seat: Drafter, editing: TheEditing, now: Now) -> Revision:
    """An older version as the new draft."""
    return Revision(await editing.restore(id, revision, seat.name, now))


@router.post("/knowledge/topics")
async def add_topic(request: Annotated[Request, Topic], seat: Reviewer, editing: TheEditing, now: Now) -> Revision:
    """A topic of the centre's own, for entries of its own: `id`, `zh`, `en`, and `skill` and `colour` where it has some."""
    return Revision(await editing.add_topic(await request.body(), seat.name, now))


async def _report(file: UploadFile, seat: Reviewer, library: TheLibrary, today: Today) -> ImportReport:
    """What stands in a file, read by a process of its own under the name and the suffix that it came with."""
    name = Path(file.filename or "").name[-100:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{Path(name).suffix if Path(name).suffix.lower() in SUFFIXES else ''}"
        path.write_bytes(await file.read())
        try:
            topics = msgspec.json.encode(library.catalogue.topics).decode()
            out = await children.run("knowledge.importing", str(path), name, seat.name, str(today), topics)
        except children.CrowdedError as error:
            raise TicketError(
                "busy", "正在读别的文件，请稍后再试", "Other files are being read; try again soon"
            ) from error
        except children.ChildError as error:
            raise TicketError(
                "invalid", "读不了这个文件：太大，或者格式不对", "The file cannot be read: it is too large or damaged"
            ) from error
    found = msgspec.json.decode(out, type=ImportReport)
    if found.problem is not None:
        raise TicketError.of(found.problem)
    return found


class TakingIn(BaseModel):
    """Whether what was read comes in, and whether without what is wrong."""

    commit: bool = False
    partial: bool = False


@router.post("/knowledge/import", max_body_size=LARGEST_FILE)
async def take_in(
    found: Annotated[ImportReport, Depends(_report)], seat: Reviewer, editing: TheEditing, moment: Moment, language: Language,
    how: Annotated[TakingIn, Query()],
) -> Imported:  # fmt: skip
    """A CSV, XLSX, Markdown or DOCX file, also the answered table of standard questions: first only a report by row, in the
    language that `accept-language` names; with `commit` its entries come in for review, all or nothing unless `partial`."""
    good = [(row.entry, row.keeps) for row in found.rows if row.entry is not None]
    taken = how.commit and good and (how.partial or not found.bad)
    if taken:
        await editing.take_in(good, seat.name, int(moment.timestamp() * 1000), moment.date())
    told = sorted(found.rows, key=lambda row: (not row.problems, not row.notes))
    telling = sum(bool(row.problems or row.notes) for row in told)
    rows = [
        ImportRow(
            row.sheet, row.number, row.id, [each.told(language) for each in row.problems],
            [each.told(language) for each in row.notes],
        )
        for row in told[: min(telling, 500) or 50]
    ]  # fmt: skip
    notes = [each.told(language) for each in found.notes]
    return Imported(len(good), found.bad, len(good) if taken else 0, found.unanswered, notes, rows)


@router.post("/knowledge/ask")
async def ask(
    body: Trial, seat: Reader, inbox: TheInbox, library: TheLibrary, channels: TheChannels, now: Now
) -> TrialShown:
    """The test box: what would be answered, and why. Nothing is kept."""
    channel = channels.get(body.channel)
    if channel is None:
        raise TicketError("invalid", f"没有这个渠道；可以是 {'、'.join(channels)}")
    inbound = Inbound(channel=channel.name, address="try", id="try", text=body.text, at=now, lang=body.lang)
    turn = await inbox.try_out(inbound)
    heard, entries = turn.heard, library.entries
    return TrialShown(
        topic=turn.state.topic,
        inside=round(heard.inside, 3),
        handover=turn.handover.reason if turn.handover else None,
        replies=[TrialReply(each.text, each.source, [option.label for option in each.options]) for each in turn.said],
        rendered=channel.render(turn.said),
        candidates=[
            TrialCandidate(
                round(each.score, 3), each.topic, each.intent, each.entry,
                library.title(entries[each.entry]) if each.entry in entries else None,
            )
            for each in heard.candidates[:6]
        ],
        entities=[TrialEntity(each.kind, each.value, heard.text[each.start : each.end]) for each in heard.entities],
    )  # fmt: skip
