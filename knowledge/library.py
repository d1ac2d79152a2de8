"""What we know at this moment, in memory: published entries with their index, and the catalogue.

The database is the truth. Every turn commits under the condition that what it knew is still its newest revision; where
it is not, `refresh` reads what changed and the turn is thought again. So an edit shows at the next question in every
process, and no question pays for looking.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from knowledge.catalogue import KIND_OF, Catalogue, Record
from knowledge.entries import Entry
from knowledge.search import Hit, Index, by_sound, by_variants
from nlu.features import Reading, read
from nlu.questions import Question
from store import knowledge as rows
from store.database import Database, Transaction
from store.knowledge import VersionRow

SOUNDS_LIKE = 0.45  # below this likeness of the best hit, the question is also searched by its sound


class Library:
    """`revision` changes with whatever we know. `questions` are the standard ones, by id: what an entry answers by
    standard question alone is titled as that is worded."""

    def __init__(self, database: Database, questions: Iterable[Question] = ()) -> None:
        self._database = database
        self.questions = {question.id: question for question in questions}
        self.revision = -1
        self._records_revision = -1
        self.catalogue = Catalogue()
        self.entries: dict[str, Entry] = {}
        self._answers: dict[str, list[str]] = {}
        self._index = Index([])
        self._by_sound = Index([], by_sound)

    async def refresh(self) -> None:
        """Brings what is in memory up to what is in the database."""
        if (revision := await self._database.read(rows.revision)) == self.revision:
            return
        changed = await self._database.read(lambda t: rows.entries_since(t, self.revision))
        said = [row for row in changed if row.status == "published" or row.id in self.entries]
        for row in said:
            self.entries.pop(row.id, None)
            if row.status == "published":
                self.entries[row.id] = msgspec.json.decode(row.body, type=Entry)
        if said:
            self._index_entries()
        if (records_revision := await self._database.read(rows.records_revision)) != self._records_revision:
            stored = await self._database.read(rows.records)
            self.catalogue = Catalogue.of(msgspec.json.decode(row.body, type=Record) for row in stored)
            self._records_revision = records_revision
        self.revision = revision

    def _index_entries(self) -> None:
        texts = by_variants((entry.id, entry.questions) for entry in self.entries.values())
        self._index, self._by_sound = Index(texts), Index(texts, by_sound)
        self._answers = {}
        for entry in self.entries.values():
            if (standard := self.asks(entry)) in self.questions:
                self._answers.setdefault(standard, []).append(entry.id)

    def title(self, entry: Entry) -> str:
        """What it is asked as."""
        question = self.questions.get(entry.standard or "")
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

    def asks(self, entry: Entry) -> str | None:
        """The standard question that an entry answers. One from before there were such bears the name of its own."""
        return entry.standard or (entry.id if entry.id in self.questions else None)

    def search(self, text: str, today: date, most: int = 8) -> list[Hit]:
        """The entries that are valid today and nearest by their own questions, best first."""
        return self.search_all([read(text)], today, most)[0]

    def search_all(self, readings: Sequence[Reading], today: date, most: int = 8) -> list[list[Hit]]:
        """`search` for what is asked at the same moment."""
        found = self._index.search(readings, most * 2)
        unsure = [n for n, hits in enumerate(found) if not hits or hits[0].score < SOUNDS_LIKE]
        for n, heard in zip(unsure, self._by_sound.search([readings[n] for n in unsure], most), strict=True):
            if heard and heard[0].score > (found[n][0].score if found[n] else 0) + 0.1:
                found[n] = heard
        return [[hit for hit in hits if self.entries[hit.id].is_valid(today)][:most] for hits in found]


def keeping(transaction: Transaction, found: Iterable[tuple[Entry, Sequence[str]]]) -> list[Entry]:
    """Entries, each with the fields that are named as its newest version has them, where there is one."""
    return [_keeping(entry, names, rows.versions(transaction, entry.id)) for entry, names in found]


def _keeping(entry: Entry, names: Sequence[str], versions: Sequence[VersionRow]) -> Entry:
    if not names or not versions:
        return entry
    old = msgspec.json.decode(versions[0].body, type=Entry)
    return msgspec.structs.replace(entry, **{name: getattr(old, name) for name in names})


def as_rows(
    entries: Sequence[Entry], records: Sequence[Record], status: str
) -> tuple[list[rows.EntryRow], list[rows.RecordRow]]:
    """Entries and records as the store keeps them."""
    return (
        [rows.EntryRow(entry.id, 0, status, msgspec.json.encode(entry)) for entry in entries],
        [rows.RecordRow(KIND_OF[type(record)], record.id, msgspec.json.encode(record)) for record in records],
    )
