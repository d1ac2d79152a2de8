"""The sample centre in the database: loaded into an empty one, and kept from growing old.

Its days are counted from the day of loading. At a start on a later day, or with a newer sample, all that the sample
made is made anew; what somebody has changed stays as it is.
"""

import time
from datetime import date, timedelta

import msgspec

from accounts import learners
from accounts.learners import Learner, LedgerRow
from accounts.registering import Person
from accounts.rules import TENTHS
from accounts.vault import Vault
from knowledge.files import SAMPLE, Content, dated, load_yaml, read_sample
from knowledge.library import as_rows
from store import bank, identity
from store import knowledge as rows
from store.bank import AttendanceRow, NewEntry
from store.database import Database
from store.knowledge import EntryRow, RecordRow
from store.transaction import Transaction

ANY_DAY = date(2000, 1, 1)
BY = "sample"  # who wrote what


def load(database: Database, today: date) -> None:
    """Brings the sample into an empty database; where it is, what it made there up to today and to this version of it.

    Into what somebody else has filled nothing comes: what the sample centre answers is not true of theirs.
    """
    last = {entry.id: version for entry, version in database.look(rows.with_last)}
    authors = database.look(rows.authors)
    if (last or authors) and BY not in {*authors.values(), *(version.by for version in last.values())}:
        return
    content = read_sample(today)
    entries, records = as_rows(content.entries, content.records, "published")
    stored = {(row.kind, row.id): row.body for row in database.look(rows.records)}
    entries = [row for row in entries if (was := last.get(row.id)) is None or (was.by == BY and was.body != row.body)]
    records = [
        row for row in records if authors.get(key := (row.kind, row.id), BY) == BY and stored.get(key) != row.body
    ]
    if entries or records:
        _write(database, entries, records, BY)


def sample_learners(today: date = ANY_DAY) -> list[Learner]:
    """The learners of the sample centre."""
    found, problems = learners.read(dated(load_yaml(SAMPLE / "learners.yml"), today))
    assert not problems, problems
    return found


def load_learners(database: Database, vault: Vault, today: date) -> None:
    """Loads the sample's learners where there are none: they are nobody, and their cards check."""
    if database.look(identity.count):
        return
    found = sample_learners(today)

    def work(transaction: Transaction) -> None:
        for each in found:
            person = msgspec.json.encode(Person(each.card, each.name, each.phone, each.school))
            id = identity.add(
                transaction, vault.digest("card", each.card), vault.digest("phone", each.phone), each.status, each.minor,
                vault.close(person),
            )  # fmt: skip
            for line in each.ledger:
                _enter(transaction, id, line)
            if each.status == "active":
                lesson = AttendanceRow(
                    (today - timedelta(days=20)).isoformat(), "attend", 90, "防诈骗专题讲座", f"att-late-{id}"
                )
                bank.attend(transaction, id, lesson)

    database.now(work)


def _enter(transaction: Transaction, learner: int, line: LedgerRow) -> None:
    """A line of the sample's ledger, and that somebody was there where it was earned."""
    counted = line.points if line.type == "convert" else 0
    bank.enter(
        transaction,
        NewEntry(
            learner, line.day.isoformat(), line.type, line.source, line.note, line.rule, credits=line.credits * TENTHS,
            points=line.points, counted=counted,
        ),
    )  # fmt: skip
    if line.type == "earn":
        bank.attend(transaction, learner, AttendanceRow(line.day.isoformat(), "attend", 90, line.note, line.source))


def save(database: Database, content: Content, by: str, status: str = "published") -> int:
    """Writes files' content as one new revision of what we know."""
    return _write(database, *as_rows(content.entries, content.records, status), by)


def _write(database: Database, entries: list[EntryRow], records: list[RecordRow], by: str) -> int:
    return database.now(lambda t: rows.save(t, entries, records, by, int(time.time() * 1000)))
