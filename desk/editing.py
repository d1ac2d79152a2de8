"""Knowledge in the hands of editors: draft → review by a second person → published → expired, every version kept.

Only what is published and valid is ever said. Nobody publishes what he wrote last himself.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from desk.errors import TicketError
from desk.forms import read
from desk.once_gone import AS_BEFORE, Named, once_gone
from knowledge.catalogue import Catalogue, Record
from knowledge.entries import Entry, Form, changed, no_text, too_long_for_sms
from knowledge.gaps import about, gap
from knowledge.library import Library, Partial, as_rows, keeping
from knowledge.standard import IN_DANGER, unknown
from knowledge.topics import Topic, problems
from knowledge.words import Words
from store import conversations
from store import knowledge as rows
from store.database import Database
from store.knowledge import EntryRow, VersionRow
from store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest version of an entry, with who wrote it and when. `live` says that some version is being said."""

    entry: Entry
    status: str
    revision: int
    by: str
    at: int
    live: bool


class Editing:
    """All methods raise `TicketError` with words for the editor. `now` is in ms. `needed` names the standard questions that
    residents are told the answers of, whether somebody has written one or not; `recorded` those that the records answer."""

    def __init__(self, database: Database, library: Library, needed: Named, recorded: Named) -> None:
        self._needed, self._recorded = needed, recorded
        self._database = database
        self._library = library

    async def all(self) -> list[Kept]:
        """Every entry, whatever its status; those that wait for somebody first."""
        found = await self._database.read(lambda t: [_kept(row, last) for row, last in rows.with_last(t)])
        order = {"in_review": 0, "withdrawing": 0, "draft": 1, "published": 2, "expired": 3}
        return sorted(found, key=lambda each: (order[each.status], -each.at, each.entry.id))

    async def get(self, id: str) -> tuple[Kept, Sequence[VersionRow]]:
        """The entry and its versions, the newest first."""
        return await self._database.read(lambda t: (_get(t, id), rows.versions(t, id)))

    async def lacking(self, id: str, today: date) -> Words | None:
        """What residents will ask in vain once the newest version of an entry is as it is meant to be: said, or not any
        more."""
        kept, _ = await self.get(id)
        question = self._library.asks(kept.entry)
        if question is None or question.id not in self._needed(self._library.catalogue, today):
            return None
        answers = [each for each in self._library.answers(question.id) if each.id != id]
        if kept.status not in ("expired", "withdrawing"):
            answers.append(kept.entry)
        found = gap(answers, today)
        return None if found is None else about(question.id, Words(question.zh, question.en), found)

    async def once_gone(self, id: str, said: int, today: date) -> list[Words]:
        """What residents hear once it is taken out; `said` is how often it answered lately."""
        kept, _ = await self.get(id)
        if not kept.live:
            return [AS_BEFORE]
        return once_gone(self._library, kept.entry, said, today, (self._needed, self._recorded))

    async def save(self, raw: bytes, by: str, now: int, read: int | None, looked: Collection[Form] = ()) -> int:
        """A new draft of it. `read` is the revision that the editor saw: somebody else's change is not overwritten. `looked`
        are the forms that still say the same as the answer, though it was changed."""
        entry = checked(raw)
        if entry.standard is not None and entry.standard not in self._library.questions:
            raise TicketError.of(unknown(entry.standard, self._library.questions))
        if entry.topic not in self._library.catalogue.topics:
            raise TicketError("invalid", f"没有主题 {entry.topic}", f"There is no topic {entry.topic}")

        def work(transaction: Transaction) -> int:
            known = next(iter(rows.versions(transaction, entry.id)), None)
            if known is not None and read is not None and known.revision != read:
                raise TicketError("outdated", "这条知识刚被别人改过，请先看看新的内容")
            if known is None and read is not None:
                raise TicketError("not_found", f"没有知识 {entry.id}")
            if known is not None and read is None:
                zh = f"编号 {entry.id} 已经有了；要改它，先读再改，带上读到的版本：?read={known.revision}"
                raise TicketError(
                    "taken",
                    zh,
                    f"There is an entry {entry.id}: to change it, say which revision you read, ?read={known.revision}",
                )
            before = msgspec.json.decode(known.body, type=Entry) if known else None
            body = msgspec.json.encode(changed(entry, before, looked))
            return rows.put(transaction, EntryRow(entry.id, 0, "draft", body), by, now)

        return await self._change(work)

    async def submit(self, id: str, by: str, now: int) -> int:
        """Asks for the second pair of eyes."""
        return await self._move(id, ("draft", "expired"), "in_review", by, now)

    async def send_back(self, id: str, by: str, now: int, why: str) -> int:
        """What was submitted is a draft again; what was to be taken out stays."""

        def work(transaction: Transaction) -> int:
            kept = _get(transaction, id)
            before = {"in_review": "draft", "withdrawing": "published"}.get(kept.status)
            if before is None:
                raise _moved_on()
            return _put(transaction, kept, before, by, now, why)

        return await self._change(work)

    async def publish(self, id: str, by: str, now: int, today: date) -> int:
        """From here on it is said; the next question sees it."""

        def work(transaction: Transaction) -> int:
            kept = _get(transaction, id)
            if kept.status != "in_review":
                raise TicketError("invalid", "先提交审核，再发布")
            if rows.author(transaction, id) == by:
                raise TicketError("invalid", "自己写的要由另一个人审核发布")
            if kept.entry.valid_until < today:
                raise TicketError("invalid", f"有效期到 {kept.entry.valid_until} 已经过了，请先改有效期")
            return _put(transaction, kept, "published", by, now, "")

        return await self._change(work)

    async def expire(self, id: str, by: str, now: int) -> int:
        """It is not said any more; what people in danger hear, only when a second person agrees."""

        def work(transaction: Transaction) -> int:
            kept = _get(transaction, id)
            if kept.status not in ("published", "in_review", "draft", "withdrawing"):
                raise _moved_on()
            question = self._library.asks(kept.entry)
            if not kept.live or question is None or question.id not in IN_DANGER:
                return _put(transaction, kept, "expired", by, now, "")
            if kept.status != "withdrawing":
                return _put(transaction, kept, "withdrawing", by, now, "")
            if kept.by == by:
                raise TicketError("invalid", "这条在居民遇到危险时要说，要由另一个人同意才能下线")
            return _put(transaction, kept, "expired", by, now, "")

        return await self._change(work)

    async def restore(self, id: str, revision: int, by: str, now: int) -> int:
        """An older version becomes the new draft."""

        def work(transaction: Transaction) -> int:
            old = next((each for each in rows.versions(transaction, id) if each.revision == revision), None)
            if old is None:
                raise TicketError("not_found", f"没有版本 {revision}")
            return rows.put(transaction, EntryRow(id, 0, "draft", old.body), by, now)

        return await self._change(work)

    async def add_topic(self, raw: bytes, by: str, now: int) -> int:
        """A topic of the centre's own, for its own entries. None has its id or one of its names."""
        topic = read(raw, Topic)

        def work(transaction: Transaction) -> int:
            known = [msgspec.json.decode(each.body, type=Record) for each in rows.records(transaction)]
            if taken := problems(topic, Catalogue.of(known).topics.values()):
                raise TicketError("taken", "；".join(taken))
            conversations.audited(transaction, by, "knowledge.topic", topic.id, topic.zh, now)
            return rows.save(transaction, [], as_rows([], [topic], "")[1], by, now)

        return await self._change(work)

    async def take_in(self, entries: Sequence[Partial], by: str, now: int, today: date) -> int:
        """Many at once, as drafts that wait for review; each with the names of the fields that stay as they are."""
        await self._library.refresh()
        placed = self._library.placed(entries, today)
        # Residents' turns wait for what is written: what is kept is read before, and again only where it has changed.
        seen, whole = await self._database.aside(lambda t: (rows.newest(t), keeping(t, placed)))

        def work(transaction: Transaction) -> int:
            kept = whole if rows.newest(transaction) == seen else keeping(transaction, placed)
            fresh = [EntryRow(entry.id, 0, "in_review", msgspec.json.encode(entry)) for entry in kept]
            return rows.put_all(transaction, fresh, by, now)

        return await self._change(work)

    async def _move(self, id: str, before: Sequence[str], after: str, by: str, now: int, why: str = "") -> int:
        def work(transaction: Transaction) -> int:
            kept = _get(transaction, id)
            if kept.status not in before:
                raise _moved_on()
            if after == "in_review":
                check_texts(kept.entry)
            return _put(transaction, kept, after, by, now, why)

        return await self._change(work)

    async def _change(self, work: "rows.Change") -> int:
        revision = await self._database.write(work)
        await self._library.refresh()
        return revision


def _moved_on() -> TicketError:
    return TicketError("invalid", "这条知识现在的状态不能这样做，请刷新", "Not in its present state; please reload")


def checked(raw: bytes) -> Entry:
    """An entry from JSON. Raises `TicketError` with the field that is wrong."""
    entry = read(raw, Entry)
    if problems := entry.problems():
        together = Words("；".join(each.zh for each in problems), "; ".join(each.en for each in problems))
        raise TicketError.of(together)
    return entry


def check_texts(entry: Entry) -> None:
    """Refuses an answer that no text message can begin with."""
    if (length := too_long_for_sms(entry)) is not None:
        raise TicketError.of(no_text(length))


def _get(transaction: Transaction, id: str) -> Kept:
    found = rows.get(transaction, id)
    if found is None:
        raise TicketError("not_found", f"没有知识 {id}")
    last = rows.versions(transaction, id)[0]
    return _kept(found, last)


def _kept(row: EntryRow, last: VersionRow) -> Kept:
    live = row.status == "published"
    return Kept(msgspec.json.decode(last.body, type=Entry), last.status, last.revision, last.by, last.at, live)


def _put(transaction: Transaction, kept: Kept, status: str, by: str, now: int, why: str) -> int:
    conversations.audited(transaction, by, f"knowledge.{status}", kept.entry.id, why, now)
    return rows.put(transaction, EntryRow(kept.entry.id, 0, status, msgspec.json.encode(kept.entry)), by, now)


def as_json(entry: Entry) -> dict[str, object]:
    """As pages get it."""
    whole: dict[str, object] = json.loads(msgspec.json.encode(entry))
    return whole
