"""The composition: the only place that knows every part."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.comprehension import Comprehension
from bot.dialogue import Dialogue
from bot.inbox import Inbox, nothing_observed
from bot.live import Live
from bot.outbox import Outbox
from bot.texts import Texts
from daoxue import model, sample
from daoxue.config import Config
from daoxue.rendering import RENDERERS
from desk.dispatch import Dispatch
from desk.editing import Editing
from desk.feed import Feed
from desk.hooks import Hooks
from desk.hours import Hours
from desk.oidc import Oidc
from desk.parts import Desk
from desk.people import People
from desk.queueing import Queueing
from desk.residents import Residents
from desk.retention import Retaining
from desk.search import Search
from desk.standing import Standing
from desk.tickets import Tickets
from handlers import HANDLERS
from integrations.webchat import CHANNEL, Webchat
from knowledge.library import Library
from store import conversations
from store.database import Database
from store.migrate import is_current, upgrade


@dataclass(frozen=True, slots=True)
class App:
    """The parts, put together."""

    config: Config
    database: Database
    library: Library
    comprehension: Comprehension
    inbox: Inbox
    outbox: Outbox
    live: Live
    webchat: Webchat
    tickets: Tickets
    desk: Desk
    retaining: Retaining
    texts: Texts


def prepare(config: Config) -> None:
    """Brings the database up to date, and the sample centre into it where that is wanted."""
    if config.database.url.startswith("sqlite:///"):
        Path(config.database.url.removeprefix("sqlite:///")).absolute().parent.mkdir(parents=True, exist_ok=True)
    if not is_current(config.database.url):
        upgrade(config.database.url)
    if config.sample:
        database = Database(config.database.url)
        try:
            sample.load(database, datetime.now(config.zone).date())
        finally:
            database.close()


async def compose(config: Config, observe: Callable[[str], None] = nothing_observed) -> App:
    """Everything that answers; nothing runs yet. The database must have been prepared."""
    database = Database(config.database.url)
    examples = model.read_examples()
    library = Library(database, examples)
    await library.refresh()
    training = model.with_entries(examples, library.entries.values())
    classifier = await asyncio.to_thread(model.load, Path(config.nlu.folder), training)
    comprehension = Comprehension(classifier, model.topics(), library)
    texts, live = Texts(), Live()
    hours = Hours(config.desk, config.zone)
    dialogue = Dialogue(HANDLERS, comprehension)
    inbox = Inbox(
        database, library, comprehension, dialogue, texts, Queueing(hours, database), live, config.zone, observe
    )
    outlets: dict[str, Webchat] = {}
    outbox = Outbox(database, live, outlets)
    webchat = Webchat(inbox, outbox, live, database, observe)
    outlets[CHANNEL] = webchat
    tickets = Tickets(database, live, texts)
    standing = Standing(database, config.desk, hours)
    await standing.refresh()
    desk = Desk(
        database=database, live=live, library=library, comprehension=comprehension, settings=config.desk, hours=hours,
        zone=config.zone, tickets=tickets, people=People(database, config.desk.session_minutes),
        oidc=Oidc(config.desk.oidc, os.environ.get("OIDC_CLIENT_SECRET", "")),
        public_url=config.server.public_url or f"http://{config.server.host}:{config.server.port}",
        dispatch=Dispatch(database, live, library, tickets, hours, config.desk, standing),
        feed=Feed(database, live, hours, config.desk), search=Search(database, live), editing=Editing(database, library),
        standing=standing, hooks=Hooks(database, inside=config.desk.webhooks_inside), residents=Residents(database),
        inbox=inbox, renderers=RENDERERS, health=lambda: health(database, webchat),
        secure=config.server.public_url.startswith("https://"),
    )  # fmt: skip
    return App(
        config,
        database,
        library,
        comprehension,
        inbox,
        outbox,
        live,
        webchat,
        tickets,
        desk,
        Retaining(database, standing),
        texts,
    )


async def health(database: Database, webchat: Webchat) -> dict[str, object]:
    """How the channels are, for the desk's pages."""
    now = int(time.time() * 1000)
    owed, dead = await database.read(lambda t: conversations.owed(t, now))
    channels = [{"name": CHANNEL, "enabled": True, "sockets": len(webchat.sockets)}]
    return {"channels": channels, "undelivered": owed, "given_up": dead, "database": database.url.partition(":")[0]}
