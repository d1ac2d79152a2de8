"""The sample centre in the database: loaded into an empty one, and kept from growing old.

Its days are counted from the day of loading. At a start on a later day, every record that is still as the sample made
it is counted anew; what somebody has changed stays as it is.
"""

import time
from datetime import date, timedelta

import msgspec

from accounts import learners
from accounts.identity import Person
from accounts.learners import Learner, LedgerRow
from accounts.rules import TENTHS
from accounts.vault import Vault
from knowledge.catalogue import Record, TrainingClass
from knowledge.files import SAMPLE, Content, dated, load_yaml, read, read_sample
from knowledge.library import as_rows
from store import bank, identity
from store import knowledge as rows
from store.bank import AttendanceRow, NewEntry
from store.database import Database, Transaction
from store.knowledge import EntryRow, RecordRow

ANY_DAY = date(2000, 1, 1)


def load(database: Database, today: date) -> None:
    """Loads the sample into an empty database; brings one that holds it up to today."""
    if database.look(rows.revision) == 0:
        save(database, read_sample(today), "sample")
        return
    stored = {(row.kind, row.id): row.body for row in database.look(rows.records)}
    loaded = _day_of_loading(stored)
    if loaded is None or loaded == today:
        return
    _, then = as_rows([], read_sample(loaded).records, "published")
    _, now = as_rows([], read_sample(today).records, "published")
    untouched = {(row.kind, row.id) for row in then if stored.get((row.kind, row.id)) == row.body}
    moved = [row for row in now if (row.kind, row.id) in untouched and stored[row.kind, row.id] != row.body]
    _write(database, [], moved, "sample")


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


def _day_of_loading(stored: dict[tuple[str, str], bytes]) -> date | None:
    """From a class of the sample: how far its days are from where they would be, counted from a known day."""
    for sample in read([SAMPLE / "classes.yml"], ANY_DAY).records:
        if isinstance(sample, TrainingClass) and (body := stored.get(("class", sample.id))) is not None:
            found = msgspec.json.decode(body, type=Record)
            assert isinstance(found, TrainingClass)
            return ANY_DAY + (found.first_day - sample.first_day)
    return None
