"""What we know at this moment, in memory: published entries with their index, and the catalogue.

The database is the truth. Every turn commits under the condition that what it knew is still its newest revision; where
it is not, `refresh` reads what changed and the turn is thought again. So an edit shows at the next question in every
process, and no question pays for looking.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import date

import msgspec
import numpy as np
from msgspec.structs import replace

from knowledge.alike import Alike
from knowledge.catalogue import KIND_OF, Catalogue, Record
from knowledge.entries import Entry, changed
from knowledge.everyday import Everyday
from knowledge.meaning import MeaningIndex
from knowledge.numbered import Mask
from knowledge.search import Hit, KnowledgeIndex, by_variants
from knowledge.sessions import Calendar
from knowledge.taught import Taught
from nlu.encoder import Encoder
from nlu.features import Reading, read
from nlu.questions import Question
from store import knowledge as rows
from store.database import Database
from store.transaction import Transaction

log = logging.getLogger(__name__)
Partial = tuple[Entry, Sequence[str]]  # an entry, with the names of the fields that stay as they are


class Library:
    """`revision` changes with whatever we know. `questions` are the standard ones, by id: what an entry answers by
    standard question alone is titled as that is worded. With an `encoder`, an entry's own questions and what courses teach
    are also found by what they mean: a few new ones at once, many as soon as they have been read. `changed` is told of
    every new catalogue. `credits_elsewhere` says that another platform keeps the credits."""

    def __init__(
        self,
        database: Database,
        questions: Iterable[Question] = (),
        encoder: Encoder | None = None,
        changed: Callable[[Catalogue], None] = lambda _: None,
        credits_elsewhere: bool = False,
    ) -> None:
        self._database = database
        self._changed = changed
        self.credits_elsewhere = credits_elsewhere
        self._encoder = encoder
        self.questions = {question.id: question for question in questions}
        self.revision = -1
        self._records_revision = -1
        self.calendar = Calendar(Catalogue())  # with its catalogue, so that who looks sees both of one moment
        self.entries: dict[str, Entry] = {}
        self._answers: dict[str, list[str]] = {}
        self._search = KnowledgeIndex([])
        self._taught: Taught | None = None
        self.everyday = Everyday(Catalogue())
        self.alike = Alike(encoder)
        self._expired: tuple[date, Mask] | None = None
        self._changing = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    @property
    def catalogue(self) -> Catalogue:
        return self.calendar.catalogue

    @property
    def state(self) -> tuple[int, bool]:
        """What an answer depends on: the revision, and whether all has been read."""
        meaning = self._search.meaning
        return self.revision, meaning is None or meaning.complete

    @property
    def has_questions(self) -> bool:
        """Whether there are questions of the centre's own."""
        return len(self._search) > 0

    async def refresh(self) -> None:
        """Brings what is in memory up to what is in the database."""
        if await self._database.read(rows.revision) == self.revision:
            return
        async with self._changing:
            await self._refresh()

    async def _refresh(self) -> None:
        if (revision := await self._database.read(rows.revision)) == self.revision:
            return
        changed = await self._database.read(lambda t: rows.entries_since(t, self.revision))
        said = [row for row in changed if row.status == "published" or row.id in self.entries]
        entries = dict(self.entries)
        for row in said:
            entries.pop(row.id, None)
            if row.status == "published":
                entries[row.id] = msgspec.json.decode(row.body, type=Entry)
        search = self._search
        texts = by_variants((entry.id, entry.questions) for entry in entries.values())
        if said and (texts or len(search)):
            search = await asyncio.to_thread(self._indexed, texts)
        if (records_revision := await self._database.read(rows.records_revision)) != self._records_revision:
            stored = await self._database.read(rows.records)
            self.calendar = Calendar(Catalogue.of(msgspec.json.decode(row.body, type=Record) for row in stored))
            self._records_revision = records_revision
            self._changed(self.catalogue)
            self.everyday = Everyday(self.catalogue, self.alike.ranked)
            if self._encoder is not None:
                self._taught = Taught(self.catalogue.courses.values(), self._encoder, self._taught)
        self.entries, self._search, self._expired = entries, search, None
        self._answers = self._answered()
        self.revision = revision
        if self._unread() is not None and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._read())

    async def all_read(self) -> None:
        """Returns when the meaning of all texts has been read: what is understood before that may be less."""
        if self._reading is not None:
            await self._reading

    def _indexed(self, texts: Sequence[tuple[str, str]]) -> KnowledgeIndex:
        search = KnowledgeIndex(texts, self._encoder, self._search)
        if search.meaning is not None and not _reads(search.meaning):
            search.meaning = None
        return search

    def _unread(self) -> MeaningIndex | None:
        """What still has texts whose meaning is not known."""
        return next(
            (
                each
                for each in (self._search.meaning, self._taught and self._taught.meaning)
                if each and not each.complete
            ),
            None,
        )

    async def _read(self) -> None:
        """Reads what is there by then, until nothing is left; in a thread, a little at a time. Where the encoder cannot, words
        alone decide until there are other texts."""
        while (unread := self._unread()) is not None:
            if await asyncio.to_thread(_reads, unread):
                continue
            if unread is self._search.meaning:
                self._search.meaning = None
            else:
                self._taught = None

    def _answered(self) -> dict[str, list[str]]:
        """The entries that answer each standard question."""
        found: dict[str, list[str]] = {}
        for entry in self.entries.values():
            if (question := self.asks(entry)) is not None:
                found.setdefault(question.id, []).append(entry.id)
        return found

    def title(self, entry: Entry) -> str:
        """What it is asked as."""
        question = self.asks(entry)
        return entry.title if entry.questions or question is None else question.zh

    def answer(self, standard: str, today: date) -> Entry | None:
        """What this centre answers to a standard question today; None where it has no answer, or none any more."""
        valid = [entry for entry in self.answers(standard) if entry.is_valid(today)]
        return valid[-1] if valid else None

    def answers(self, standard: str) -> list[Entry]:
        """What is published on it, valid or not, the newest last."""
        return [self.entries[id] for id in self._answers.get(standard, ())]

    def on_record(self, today: date) -> dict[str, Entry]:
        """By standard question: what is answered today, else what was last."""
        return {id: self.answer(id, today) or self.answers(id)[-1] for id in self.questions if id in self._answers}

    def placed(self, found: Iterable[Partial], today: date) -> list[Partial]:
        """Those that keep their id become what answers their standard question, where something does."""
        answering = self.on_record(today)
        return [
            (replace(entry, id=old.id), names)
            if "id" in names and (old := answering.get(entry.standard or "")) is not None
            else (entry, names)
            for entry, names in found
        ]

    def asks(self, entry: Entry) -> Question | None:
        """The standard question that an entry answers. One from before there were such bears the name of its own."""
        return self.questions.get(entry.standard or entry.id)

    def search(self, text: str, today: date, most: int = 8) -> list[Hit]:
        """The entries that are valid today and nearest by their own questions, best first."""
        return self.search_all([read(text)], today, most)[0]

    def search_all(self, readings: Sequence[Reading], today: date, most: int = 8) -> list[list[Hit]]:
        """`search` for what is asked at the same moment."""
        if not self.has_questions:
            return [[] for _ in readings]
        points = None
        if self._encoder is not None and self._search.meaning is not None:
            points = self._encoder.encode([reading.text for reading in readings])
        return self._search.search(readings, most, points, self._barred(today))

    def courses_described(self, folded: str, parts: Sequence[str]) -> dict[str, float]:
        """How much speaks for each course that a text or one of its parts describes it. None where no encoder reads them, or it
        has not read them all: the first that it reads would be the likeliest of whatever is said."""
        if self._taught is None or not self._taught.meaning.complete:
            return {}
        return dict(zip(self._taught.ids, self._taught.strengths(folded, parts).tolist(), strict=True))

    def _barred(self, today: date) -> Mask:
        """The texts of entries that do not hold today."""
        if self._expired is None or self._expired[0] != today:
            valid = (self.entries[id].is_valid(today) for id in self._search.ids)
            self._expired = today, ~np.fromiter(valid, bool, len(self._search))
        return self._expired[1]


def _reads(meaning: MeaningIndex) -> bool:
    """Reads the next texts; whether the encoder could."""
    try:
        meaning.read()
    except Exception:  # whatever is wrong with an encoder of the operator's own
        log.exception("encoder failed")
        return False
    return True


def keeping(transaction: Transaction, found: Sequence[Partial]) -> list[Entry]:
    """Entries, each with the fields that are named as its newest version has them, where there is one; and with what was
    written for an earlier answer marked."""
    newest = rows.newest_bodies(transaction)
    return [_keeping(entry, names, newest.get(entry.id)) for entry, names in found]


def _keeping(entry: Entry, names: Sequence[str], newest: bytes | None) -> Entry:
    if newest is None:
        return changed(entry, None)
    old = msgspec.json.decode(newest, type=Entry)
    kept = replace(entry, **{name: getattr(old, name) for name in names})
    if kept.en is not None and old.en is not None and kept.en.answer == old.en.answer:
        question = kept.en.question or old.en.question
        kept = replace(
            kept, en=replace(old.en, steps=kept.en.steps, question=question)
        )  # its other forms still say the same
    return changed(kept, old)


def as_rows(
    entries: Sequence[Entry], records: Sequence[Record], status: str
) -> tuple[list[rows.EntryRow], list[rows.RecordRow]]:
    """Entries and records as the store keeps them."""
    return (
        [rows.EntryRow(entry.id, 0, status, msgspec.json.encode(entry)) for entry in entries],
        [rows.RecordRow(KIND_OF[type(record)], record.id, msgspec.json.encode(record)) for record in records],
    )
