"""The product with the sample centre, played in this process; what is judged is what a resident sees."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bot.keeping import kept
from daoxue import sample
from daoxue.app import App, compose
from daoxue.chat import Talk, as_json, parsed
from daoxue.config import AccountsSettings, Config, DatabaseSettings, Nlu
from daoxue.preparing import prepare, vault_of
from nlu.questions import FAQ
from store.database import Database

# The sets were written for it: a Thursday, and seats answer. Always the same, so that figures of two days compare.
NOW = datetime(2026, 11, 26, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = NOW.date()


class Option(Struct, frozen=True):
    key: str
    label: str


class Card(Struct, frozen=True):
    title: str
    lines: tuple[str, ...]


class Reply(Struct, frozen=True):
    text: str = ""
    options: tuple[Option, ...] = ()
    cards: tuple[Card, ...] = ()


class Told(Struct, frozen=True):
    """What a turn was answered, as `daoxue chat --json` writes it."""

    replies: tuple[Reply, ...]
    awaiting: str | None = None
    ticket: str | None = None
    sources: tuple[str, ...] = ()

    @property
    def options(self) -> list[Option]:
        return [option for reply in self.replies for option in reply.options]

    @property
    def said(self) -> str:
        """All that can be read but for the options."""
        return "\n".join(line for reply in self.replies for line in (reply.text, *_lines(reply.cards)))

    @property
    def words(self) -> str:
        """All that can be read."""
        return "\n".join([self.said, *(option.label for option in self.options)])


def _lines(cards: tuple[Card, ...]) -> list[str]:
    return [line for card in cards for line in (card.title, *card.lines)]


class Entity(Struct, frozen=True):
    kind: str
    value: str


class Heard(Struct, frozen=True):
    """What one text was understood as, as `daoxue nlu parse` writes it."""

    topic: str
    topic_confidence: float
    intent: str | None
    confidence: float
    entities: tuple[Entity, ...]


class Stage:
    """Residents, each of whom is new, before the composed parts."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._talk = Talk(app, NOW.timestamp)
        self._numbers = itertools.count(1)

    def resident(self) -> "Resident":
        return Resident(self._talk, f"judge-{next(self._numbers)}")

    async def ask(self, text: str) -> Told:
        """What somebody is told who says nothing else."""
        return await self.resident().say(text)

    def parse(self, text: str, today: date = TODAY) -> Heard:
        return msgspec.convert(parsed(self._app.comprehension.understand(kept(text), today)), Heard)

    def answer(self, intent: str) -> str | None:
        """What the entry says that answers what was understood; None where no entry does."""
        library, entry = self._app.library, None
        if intent.startswith(FAQ):
            entry = library.answer(intent.removeprefix(FAQ), TODAY)
        elif intent.startswith("entry:"):
            entry = library.entries[intent.removeprefix("entry:")]
        return "\n".join([entry.answer, *entry.steps]) if entry else None


class Resident:
    """Somebody in the web chat, with a conversation of their own."""

    def __init__(self, talk: Talk, name: str) -> None:
        self._talk = talk
        self._name = name

    async def say(self, text: str, after_minutes: float = 0) -> Told:
        receipt = await self._talk.say(text, sender=self._name, after_minutes=after_minutes)
        return msgspec.convert(as_json(receipt), Told)


@asynccontextmanager
async def stage(folder: Path, models: Path) -> AsyncIterator[Stage]:
    """The embedded default on a database of its own in `folder`, the sample centre loaded on the day `TODAY`; the
    model is kept in `models`."""
    url = f"sqlite:///{folder / 'judge.db'}"
    accounts = AccountsSettings(key_file=str(folder / "data.key"))
    config = Config(database=DatabaseSettings(url), nlu=Nlu(str(models)), accounts=accounts)
    prepare(replace(config, sample=False))
    _load_sample(config)
    app = await compose(config, clock=NOW.timestamp)
    try:
        await app.library.all_read()
        yield Stage(app)
    finally:
        app.database.close()


def _load_sample(config: Config) -> None:
    vault = vault_of(config)
    database = Database(config.database.url, vault)
    try:
        sample.load(database, TODAY)
        sample.load_learners(database, vault, TODAY)
    finally:
        database.close()
