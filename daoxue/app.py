"""The composition: the only place that knows every part."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from accounts import rules
from accounts import vault as vaults
from accounts.accounts import Accounts
from accounts.bank import Bank
from accounts.disputes import Disputes
from accounts.enrolment import Enrolments
from accounts.identity import Identity, Proof
from accounts.rules import Rules
from accounts.vault import Vault, VaultError, is_marked
from bot.channel import Channel, Core, OpenChannel, SettingsError
from bot.comprehension import Comprehension
from bot.dialogue import Dialogue
from bot.inbox import Inbox, nothing_observed
from bot.live import Live
from bot.nightly import Nightly
from bot.notices import Allowed, Notices, Way
from bot.outbox import AT_ONCE, Outbox, Outlet
from bot.queue import Kind, Lost, Outcome, Queue
from bot.tellings import Tellings
from bot.texts import Texts
from daoxue import model, sample
from daoxue.config import Config, ConfigError
from daoxue.watch import Watch
from desk.broadcasts import Broadcasts
from desk.dispatch import Dispatch
from desk.editing import Editing
from desk.feed import Feed
from desk.hooks import Hooks
from desk.hours import Hours
from desk.learners import Learners
from desk.oidc import Oidc
from desk.parts import Desk
from desk.people import People
from desk.queueing import Queueing
from desk.residents import Residents
from desk.retention import Retaining
from desk.search import ConversationSearch
from desk.standing import LiveSettings
from desk.tickets import Tickets
from handlers import HANDLERS
from integrations.channels import CHANNELS
from integrations.platform import Platform
from integrations.rasa import Rasa
from knowledge.files import SAMPLE, KnowledgeError, load_yaml
from knowledge.library import Library
from nlu import encoder
from store import deliveries, remote, webhooks
from store import identity as identity_rows
from store import outbox as messages_owed
from store import queue as owed
from store.database import Database
from store.migrate import is_current, upgrade
from store.queue import QueueRow
from store.sealing import keep_key_name, key_name, reseal

ANSWERED = 60_000  # ms within which a message that was put off is answered


@dataclass(frozen=True, slots=True)
class App:
    """The parts, put together. `channels` are those that are open, by name."""

    config: Config
    database: Database
    library: Library
    comprehension: Comprehension
    inbox: Inbox
    outbox: Outbox
    queue: Queue
    live: Live
    tickets: Tickets
    desk: Desk
    retaining: Retaining
    texts: Texts
    identity: Identity
    accounts: Accounts
    notices: Notices
    tellings: Tellings
    nightly: Nightly
    bank: Bank
    watch: Watch
    channels: Mapping[str, OpenChannel]
    platform: Platform | None = None
    rasa: Rasa | None = None


def prepare(config: Config) -> None:
    """Brings the database up to date, and the sample centre into it where that is wanted."""
    if config.database.url.startswith("sqlite:///"):
        Path(config.database.url.removeprefix("sqlite:///")).absolute().parent.mkdir(parents=True, exist_ok=True)
    if not is_current(config.database.url):
        upgrade(config.database.url)
        _seal(config)
    _check_key(config)
    if config.sample:
        vault = vault_of(config)
        database = Database(config.database.url, vault)
        try:
            today = datetime.now(config.zone).date()
            sample.load(database, today)
            sample.load_learners(database, vault, today)
        finally:
            database.close()


def _check_key(config: Config) -> None:
    """Another key than the one that closed what is there finds nobody again: better not to start."""
    vault = vault_of(config)
    database = Database(config.database.url, vault)
    try:
        known = database.look(key_name)
        if known is None:
            database.now(lambda t: keep_key_name(t, vault.name, int(time.time() * 1000)))
        elif known != vault.name:
            raise VaultError(
                f"DATA_KEY or {config.accounts.key_file}: this is not the key that closed what is in the database"
            )
    finally:
        database.close()


def _seal(config: Config) -> None:
    """Seals what a database from before sealing holds."""
    vault = vault_of(config)
    database = Database(config.database.url, vault)
    try:
        database.now(lambda t: reseal(t, lambda text: text if is_marked(text) else vault.seal(text)))
    finally:
        database.close()


def vault_of(config: Config) -> Vault:
    """What closes and opens personal data."""
    return vaults.load(Path(config.accounts.key_file))


def rules_of(config: Config) -> Rules:
    """How the credit bank reckons. Raises `ConfigError`."""
    path = Path(config.accounts.rules) if config.accounts.rules else SAMPLE / "bank.yml"
    try:
        return rules.read(load_yaml(path))
    except (rules.RuleError, OSError, KnowledgeError) as error:
        raise ConfigError(f"accounts.rules: {error}") from error


def encoder_of(kind: str, folder: str) -> encoder.Encoder | None:
    """What reads meaning. Raises `ConfigError`."""
    try:
        return encoder.load(kind, folder)
    except encoder.EncoderError as error:
        raise ConfigError(f"nlu.encoder: {error}") from error


async def compose(
    config: Config,
    observe: Callable[[str], None] = nothing_observed,
    clock: Callable[[], float] = time.time,
    channels: Mapping[str, Channel] = CHANNELS,
) -> App:
    """Everything that answers; nothing runs yet. The database must have been prepared. `clock` (seconds) is the one that
    platforms' limits are reckoned by. Raises `ConfigError`."""
    found = await asyncio.to_thread(encoder_of, config.nlu.encoder, config.nlu.encoder_path)
    meaning = encoder.Remembering(found) if found else None
    classifier = await asyncio.to_thread(model.load, Path(config.nlu.folder), meaning, _tell)
    vault = vault_of(config)
    database = Database(config.database.url, vault)
    library = Library(database, classifier.model.questions, meaning)
    await library.refresh()
    known = frozenset(classifier.labels)
    rasa = Rasa(config.nlu.rasa, os.environ.get("RASA_TOKEN", ""), known) if config.nlu.engine == "rasa" else None
    comprehension = Comprehension(classifier, model.topics(), library, config.nlu.budget, rasa)
    texts, live, watch = Texts(), Live(), Watch()
    hours = Hours(config.desk, config.zone)
    dialogue = Dialogue(HANDLERS, comprehension)
    identity = Identity(database, vault, [each.name for each in channels.values() if each.proof.passing])
    queueing = Queueing(hours, database)
    reckoning = rules_of(config)
    bank = Bank(database, lambda: reckoning)
    ways_out: dict[str, Way] = {}
    notices = Notices(database, vault, identity, texts, live, config.zone, ways_out, clock)
    tellings = Tellings(notices, texts, library, database, config.zone, bank.lapsing_now, clock)
    platform = _platform(config, database, vault, identity, clock)
    enrolments = Enrolments(
        database,
        lambda: library.catalogue.classes,
        identity.school,
        tellings.tell,
        config.zone,
        clock,
        platform.report if platform else None,
    )
    await enrolments.refresh()
    accounts = Accounts(identity, platform or bank, enrolments, Disputes(database, vault), _proofs(config, channels))
    inbox = Inbox(
        database, library, comprehension, dialogue, texts, queueing,
        accounts, live, config.zone, observe,
    )  # fmt: skip
    outlets: dict[str, Outlet] = {}
    outbox = Outbox(database, live, outlets, clock)
    core = Core(
        stanzas=config.channels, secrets=os.environ, inbox=inbox, outbox=outbox, live=live, database=database, texts=texts,
        identity=identity, vault=vault, desk=queueing, library=library, zone=config.zone,
        public_url=public_url(config).rstrip("/"), observe=observe, clock=clock,
    )  # fmt: skip
    opened = _opened(core, channels)
    for name, each in opened.items():
        outlets[name] = each.outlet
        if channels[name].notices:
            ways_out[name] = Way(name, _left(each), channels[name].texts)
    tickets = Tickets(database, live, texts)
    hooks = Hooks(database, inside=config.desk.webhooks_inside, clock=clock)
    kinds = {messages_owed.KIND: Kind(outbox.send, AT_ONCE), webhooks.KIND: hooks.kind}
    kinds[deliveries.ANSWER] = Kind(inbox.take_up, lease=ANSWERED)
    kinds[identity_rows.CODE] = Kind(_no_texts)
    for each in opened.values():
        kinds |= each.kinds
    if platform is not None:
        kinds[remote.COMMAND] = platform.kind
    queue = Queue(database, kinds, live.ring, clock)
    standing = LiveSettings(database, config.desk, hours)
    await standing.refresh()
    desk = Desk(
        database=database, live=live, library=library, comprehension=comprehension, settings=config.desk, hours=hours,
        zone=config.zone, tickets=tickets, people=People(database, config.desk.session_minutes),
        oidc=Oidc(config.desk.oidc, os.environ.get("OIDC_CLIENT_SECRET", "")),
        public_url=public_url(config),
        dispatch=Dispatch(database, live, library, tickets, hours, config.desk, standing, {each.name: each.load for each in channels.values()}),
        feed=Feed(database, live, hours, config.desk), search=ConversationSearch(database, live, identity.reached), editing=Editing(database, library),
        standing=standing, hooks=hooks, residents=Residents(database, identity, vault),
        learners=Learners(database, accounts, bank, library, vault, config.zone), broadcasts=Broadcasts(database, notices, identity, clock),
        inbox=inbox, channels=channels, opened=opened, health=lambda: health(database, watch, opened, platform, rasa),
        secure=config.server.public_url.startswith("https://"),
    )  # fmt: skip
    retaining = Retaining(database, standing, identity.passing)
    nightly = Nightly(bank, tellings, database, config.zone, clock)
    return App(
        config=config, database=database, watch=watch, library=library, comprehension=comprehension, inbox=inbox, outbox=outbox, queue=queue,
        live=live, tickets=tickets, desk=desk, retaining=retaining, texts=texts, identity=identity, accounts=accounts,
        notices=notices, tellings=tellings, nightly=nightly, bank=bank, platform=platform, channels=opened, rasa=rasa,
    )  # fmt: skip


async def _no_texts(row: QueueRow) -> Outcome:
    return Lost("no channel for texts")


def _tell(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


def public_url(config: Config) -> str:
    """How residents and platforms reach us."""
    return config.server.public_url or f"http://{config.server.host}:{config.server.port}"


def _platform(
    config: Config, database: Database, vault: Vault, identity: Identity, clock: Callable[[], float]
) -> Platform | None:
    settings = config.accounts.platform
    if not settings.base:
        return None
    token = os.environ.get("PLATFORM_TOKEN", "")
    if not token:
        raise ConfigError("accounts.platform: PLATFORM_TOKEN must be set in the environment")
    return Platform(settings, token, database, vault, identity.card, clock)


def _proofs(config: Config, channels: Mapping[str, Channel]) -> dict[str, Proof]:
    """The ways that are open to prove who one is: a code can be asked for where one can be sent, or read in the sample."""
    stanzas = config.channels
    sends = config.sample or any(each.texts and each.is_on(stanzas) for each in channels.values())
    return {
        each.name: replace(each.proof, typed=each.proof.typed and sends)
        if each.is_on(stanzas)
        else Proof(passing=each.proof.passing, of_phone=each.proof.of_phone)
        for each in channels.values()
    }


def _opened(core: Core, channels: Mapping[str, Channel]) -> dict[str, OpenChannel]:
    """What is switched on. Raises `ConfigError`."""
    try:
        return {name: each.open(core) for name, each in channels.items() if each.is_on(core.stanzas)}
    except SettingsError as error:
        raise ConfigError(str(error)) from error


def _left(channel: OpenChannel) -> Allowed | None:
    """How many messages a conversation still takes; None where nobody counts."""
    quota = channel.quota
    if quota is None:
        return None

    async def left(conversation: int) -> int:
        return (await quota(conversation)).left

    return left


async def health(
    database: Database, watch: Watch, opened: Mapping[str, OpenChannel], platform: Platform | None, rasa: Rasa | None
) -> dict[str, object]:
    """How the channels and what else is connected are, for the desk's pages."""
    now = int(time.time() * 1000)
    due, dead = await database.read(lambda t: owed.counts(t, now))
    connected = [{"name": name, "enabled": True, **await each.health(now)} for name, each in opened.items()]
    if platform is not None:
        connected.append({"name": "platform", "enabled": True, "alarm": platform.alarm})
    if rasa is not None:
        connected.append(await rasa.health())
    return {
        "channels": connected, "undelivered": due, "given_up": dead, "database": database.url.partition(":")[0],
        "workers": [{"name": each.name, "words": each.words} for each in watch.troubles()],
    }  # fmt: skip
