"""Knowledge out of files and into files, for the commands: what is wrong is told with its place, by row."""

import asyncio
import contextlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from daoxue import check
from daoxue.config import Config
from daoxue.preparing import prepare, vault_of
from daoxue.sample import save
from knowledge import files
from knowledge.catalogue import Record
from knowledge.entries import Entry
from knowledge.files import Content, KnowledgeError
from knowledge.library import Library, Partial, keeping
from knowledge.sessions import with_past
from knowledge.standard import standard
from knowledge.topics import Topics
from store import knowledge as rows
from store.database import Database


@dataclass(slots=True)
class FilesRead:
    """What files hold: entries, each with the fields that its file does not speak of; records; how many standard questions
    stand in them without an answer; and what their writers should know, a line each."""

    entries: list[Partial]
    records: list[Record]
    unanswered: int
    told: list[str]


def read(
    paths: Sequence[Path], by: str, today: date, *, partial: bool, topics: Topics | None = None, lang: str = "zh"
) -> FilesRead:
    """All files; `topics` are those that there are, those that come with us where it is not said. With `partial` rows that
    are wrong are told and left out; otherwise they raise `KnowledgeError`. `lang` is the reader's language."""
    yaml = [path for path in paths if path.suffix in (".yml", ".yaml")]
    content = files.read(yaml, today)
    taken = FilesRead([(entry, ()) for entry in content.entries], content.records, 0, [])
    for path in paths:
        if path not in yaml:
            _add_rows(taken, path, partial, (by, today, topics), lang)
    return taken


def topics(config: Config) -> Topics:
    """Those that come with us, and the centre's own."""
    prepare(config)
    with contextlib.closing(Database(config.database.url, vault_of(config))) as database:
        return library_of(database).catalogue.topics


def _add_rows(taken: FilesRead, path: Path, partial: bool, facts: tuple[str, date, Topics | None], lang: str) -> None:
    if not path.is_file():
        raise KnowledgeError([f"{path}: there is no such file"])
    # Reading office files takes libraries of tens of megabytes that no other command should carry.
    report = importlib.import_module("knowledge.importing").read(path, path.name, *facts)
    if report.problem is not None:
        raise KnowledgeError([f"{path.name}: {report.problem.told(lang)}"])
    told = [(f"{path.name}: {row.place(lang)} ({row.id})", row) for row in report.rows]
    problems = [f"{place}: {problem.told(lang)}" for place, row in told for problem in row.problems]
    if problems and not partial:
        raise KnowledgeError(problems)
    notes = [f"{path.name}: {note.told(lang)}" for note in report.notes]
    notes += [f"{place}: {note.told(lang)}" for place, row in told for note in row.notes]
    taken.told += [*problems, *notes]
    taken.entries += [(row.entry, row.keeps) for row in report.rows if row.entry is not None]
    taken.unanswered += report.unanswered


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What was written, as which revision, and what residents ask in vain since, a line each."""

    content: Content
    revision: int
    lacking: list[str]


def take_in(config: Config, taken: FilesRead, by: str, status: str) -> TakenIn:
    """Writes it as one revision. Raises `KnowledgeError` where it does not go with what is there."""
    prepare(config)
    with contextlib.closing(Database(config.database.url, vault_of(config))) as database:
        library, today = library_of(database), datetime.now(config.zone).date()
        placed = library.placed(taken.entries, today)
        records = [with_past(each, library.catalogue, today) for each in taken.records]
        content = Content(database.look(lambda t: keeping(t, placed)), records)
        if problems := check.fits(database, content):
            raise KnowledgeError(problems)
        if not content.entries and not content.records:
            return TakenIn(content, database.look(rows.revision), [])
        revision, before = save(database, content, by, status), _lacking(library, today)
        lacking = [each for each in _lacking(library_of(database), today) if each not in before]
        return TakenIn(content, revision, lacking)


def _lacking(library: Library, today: date) -> list[str]:
    return check.lacking(library.entries.values(), library.catalogue, today)


def write_template(path: Path, answers: Mapping[str, Entry]) -> int:
    """The standard questions as a table, XLSX or CSV by its name; how many there are. A file that is there is left alone:
    somebody may have written in it."""
    # What writes workbooks is tens of megabytes that no other command should carry.
    template = importlib.import_module("knowledge.template")
    writers = {".xlsx": template.as_xlsx, ".csv": template.as_csv}
    if path.suffix.lower() not in writers:
        raise KnowledgeError([f"{path}: 可以写 {'、'.join(writers)}"])
    content = writers[path.suffix.lower()](answers)
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise KnowledgeError([f"{path}: 已经有了，可能有人写过回答；请换个名字"]) from None
    except OSError as error:
        raise KnowledgeError([f"{path}: {error.strerror}"]) from error
    return len(standard().questions)


def on_record(config: Config) -> dict[str, Entry]:
    """What this centre answers to standard questions, by their ids."""
    prepare(config)
    with contextlib.closing(Database(config.database.url, vault_of(config))) as database:
        return library_of(database).on_record(datetime.now(config.zone).date())


def library_of(database: Database) -> Library:
    """What is known, read once."""
    library = Library(database, standard().questions.values())
    asyncio.run(library.refresh())
    return library
