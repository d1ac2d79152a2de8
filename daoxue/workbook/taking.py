"""A workbook beside the database: what there is read for it, and what it changes written, all or nothing."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from accounts import registering
from accounts.vault import Vault
from daoxue.config import Config
from daoxue.files import library_of
from daoxue.resolved import centre_of
from daoxue.workbook import questions, records
from daoxue.workbook.cells import Cell
from daoxue.workbook.plan import Plan, State
from daoxue.workbook.records import THE_CENTRE, named
from daoxue.workbook.rows import Key, written
from daoxue.workbook.sheets import LEARNERS, QUESTIONS, SEATS
from desk import staff
from desk.passwords import Passwords, one_time
from knowledge.catalogue import Catalogue, Record
from knowledge.centre import Centre
from knowledge.entries import Entry
from knowledge.files import KnowledgeError
from knowledge.library import Partial, as_rows, keeping
from store import conversations
from store import knowledge as stored
from store.database import Database
from store.transaction import Transaction


def state_of(config: Config, database: Database, vault: Vault) -> State:
    """What there is now."""
    revision = database.look(stored.revision)
    found: dict[Key, Record] = {
        (row.kind, row.id): msgspec.json.decode(row.body, type=Record) for row in database.look(stored.records)
    }
    centre = found.get(THE_CENTRE)
    library, today = library_of(database), datetime.now(config.zone).date()

    def kept(answers: Sequence[Partial]) -> list[Entry]:
        placed = library.placed(answers, today)
        return database.look(lambda t: keeping(t, placed))

    seats = database.look(staff.known)
    authors: dict[Key, str] = {**database.look(stored.authors)}
    authors |= {("entry", entry.id): version.by for entry, version in database.look(stored.with_last)}
    return State(
        found, centre if isinstance(centre, Centre) else centre_of(config), library.entries.values(),
        library.on_record(today),
        {each.id: each for each in library.entries.values() if library.asks(each) is None}, seats,
        database.look(lambda t: registering.known(t, vault)), revision, kept,
        {key: by for key, by in authors.items() if by in seats},
    )  # fmt: skip


def write(database: Database, vault: Vault, plan: Plan, by: str) -> dict[str, str]:
    """Writes what was planned, as one change; the one-time passwords of new accounts, by name. Raises `KnowledgeError`
    where somebody has changed what we know since."""
    now = int(time.time() * 1000)
    secrets = asyncio.run(_passwords([account.name for account, new in plan.staff if new]))
    entries, changed = as_rows(plan.entries, plan.records, "published")
    expired, _ = as_rows(plan.expired, [], "expired")

    def work(transaction: Transaction) -> None:
        if stored.revision(transaction) != plan.revision:
            raise KnowledgeError(
                ["别人刚改过知识或目录，请再导入一次。 What we know has just been changed: once more."]
            )
        if entries or expired or changed:
            stored.save(transaction, [*entries, *expired], changed, by, now)
        if plan.dropped:
            stored.drop(transaction, plan.dropped, by, now)
        staff.put(
            transaction, [(each, secrets[each.name][1] if new else "") for each, new in plan.staff], by, now
        )  # fmt: skip
        for learner, id in plan.learners:
            registering.put(transaction, vault, learner, id)
        conversations.audited(transaction, by, "workbook.import", "", _summary(plan), now)

    database.now(work)
    return {name: password for name, (password, _) in secrets.items()}


async def _passwords(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """One-time passwords, each with what is kept of it."""
    passwords, found = Passwords(), dict[str, tuple[str, str]]()
    for name in names:
        password = one_time()
        found[name] = password, await passwords.hash(password)
    return found


def _summary(plan: Plan) -> str:
    return (
        f"{len(plan.records)} records, {len(plan.dropped)} dropped, {len(plan.entries)} entries, {len(plan.expired)} expired,"
        f" {len(plan.staff)} accounts, {len(plan.learners)} learners"
    )


def shown(state: State) -> Mapping[str, list[dict[str, Cell]]]:
    """The rows of every sheet, but the standard questions'."""
    names = named(state.records)
    return {
        **records.shown(state.records, state.centre),
        QUESTIONS.key: questions.shown(state.own.values(), Catalogue.of(state.records.values()).topics),
        SEATS.key: [written(SEATS, each, names) for each in state.staff.values()],
        LEARNERS.key: [written(LEARNERS, each.learner, names) for each in state.learners.values()],
    }


def exported(database: Database, by: str, what: str) -> None:
    """Writes down that somebody took a copy of what names people."""
    now = int(time.time() * 1000)
    database.now(lambda t: conversations.audited(t, by, "workbook.export", "", what, now))


def today_of(config: Config) -> date:
    """The day where the centre is."""
    return datetime.now(config.zone).date()
