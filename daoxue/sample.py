"""The sample centre in the database: loaded into an empty one, and kept from growing old.

Its days are counted from the day of loading. At a start on a later day, every record that is still as the sample made
it is counted anew; what somebody has changed stays as it is.
"""

import time
from datetime import date

import msgspec

from knowledge.catalogue import Record, TrainingClass
from knowledge.files import SAMPLE, Content, read, read_sample
from knowledge.library import as_rows
from store import knowledge as rows
from store.database import Database
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
