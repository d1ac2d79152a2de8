"""The composition: the only place that knows every part."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from starlette.types import ASGIApp

from accounts import rules
from accounts import vault as vaults
from accounts.accounts import Accounts
from accounts.bank import Bank
from accounts.disputes import Disputes
from accounts.enrolment import Enrolments
from accounts.identity import Identity
from accounts.rules import Rules
from accounts.vault import Vault, VaultError, is_marked
from bot.comprehension import Comprehension
from bot.dialogue import Dialogue
from bot.inbox import Inbox, nothing_observed
from bot.live import Live
from bot.nightly import Nightly
from bot.notices import Notices, Way
from bot.outbox import AT_ONCE, Outbox, Outlet
from bot.queue import Kind, Lost, Outcome, Queue
from bot.tellings import Tellings
from bot.texts import Texts
from daoxue import model, sample
from daoxue.config import Config, ConfigError
from daoxue.rendering import RENDERERS
from desk import files
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
from desk.search import Search
from desk.standing import Standing
from desk.tickets import Tickets
from handlers import HANDLERS
from integrations import texting as texting_channel
from integrations import webchat as web
from integrations.gateway import Gateway, GatewayHooks
from integrations.platform import Platform
from integrations.rasa import Rasa
from integrations.texting import Texting
from integrations.twilio import settings as twilio_settings
from integrations.twilio.api import Twilio
from integrations.twilio.calls import CallChannel
from integrations.twilio.seats import SeatSide
from integrations.twilio.signing import Verifier
from integrations.twilio.switchboard import CHANNEL as VOICE
from integrations.twilio.switchboard import Switchboard
from integrations.twilio.texts import Sender, TextHooks
from integrations.webchat import Webchat
from integrations.wechat import binding, messages
from integrations.wechat.api import Wechat
from integrations.wechat.binding import Binding
from integrations.wechat.channel import WechatChannel
from integrations.wechat.gate import Gate, KeyProblem, Keys, keys_of
from integrations.wechat.settings import MissingSecret, Secrets
from knowledge.files import SAMPLE, KnowledgeError, load_yaml
from knowledge.library import Library
from nlu import encoder
from store import attachments, calls, deliveries, remote, webhooks
from store import identity as identity_rows
from store import outbox as messages_owed
from store import queue as owed
from store.database import Database
from store.migrate import is_current, upgrade
from store.queue import QueueRow
from store.sealing import keep_key_name, key_name, reseal

DAY = 86_400_000  # ms
ANSWERED = 60_000  # ms within which a message that was put off is answered


@dataclass(frozen=True, slots=True)
class App:
    """The parts, put together."""

    config: Config
    database: Database
    library: Library
    comprehension: Comprehension
    inbox: Inbox
    outbox: Outbox
    queue: Queue
    live: Live
    webchat: Webchat
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
    platform: Platform | None = None
    wechat: "WechatParts | None" = None
    twilio: "TwilioParts | None" = None
    texting: Texting | None = None
    rasa: Rasa | None = None
    hooks: Mapping[str, ASGIApp] = field(default_factory=dict)  # what platforms call, by path


@dataclass(frozen=True, slots=True)
class WechatParts:
    """The official account, where one is connected."""

    channel: WechatChannel
    binding: Binding
    api: Wechat


@dataclass(frozen=True, slots=True)
class TwilioParts:
    """Calls, where they are connected."""

    calls: CallChannel
    seats: SeatSide
    api: Twilio


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
    config: Config, observe: Callable[[str], None] = nothing_observed, clock: Callable[[], float] = time.time
) -> App:
    """Everything that answers; nothing runs yet. The database must have been prepared. `clock` (seconds) is the one that
    platforms' limits are reckoned by."""
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
    texts, live = Texts(), Live()
    hours = Hours(config.desk, config.zone)
    dialogue = Dialogue(HANDLERS, comprehension)
    identity = Identity(database, vault)
    keyed = frozenset({VOICE}) if config.channels.twilio.enabled else frozenset()
    ways = {messages.CHANNEL: binding.BIND} if config.channels.wechat.enabled else {}
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
    typed = (
        frozenset({web.CHANNEL})
        if config.sample or config.channels.twilio.enabled or config.channels.gateway.enabled
        else frozenset()
    )
    accounts = Accounts(identity, platform or bank, enrolments, Disputes(database, vault), ways, keyed, typed)
    inbox = Inbox(
        database, library, comprehension, dialogue, texts, queueing,
        accounts, live, config.zone, observe,
    )  # fmt: skip
    outlets: dict[str, Outlet] = {}
    outbox = Outbox(database, live, outlets, clock)
    webchat = Webchat(inbox, outbox, live, database, observe)
    outlets[web.CHANNEL] = webchat
    wechat = _wechat(config, inbox, live, database, texts, identity, vault, observe, clock)
    if wechat is not None:
        outlets[messages.CHANNEL] = wechat.channel
    verifier = _verifier(config)
    twilio = _twilio(config, verifier, inbox, live, database, texts, queueing, library, identity, observe, clock)
    texting, text_hooks = _texting(config, verifier, twilio, inbox, live, database, texts, identity, observe, clock)
    if wechat is not None:
        ways_out[messages.CHANNEL] = Way(messages.CHANNEL, wechat.channel.still_takes)
    if texting is not None:
        outlets[texting_channel.CHANNEL] = texting
        ways_out[texting_channel.CHANNEL] = Way(texting_channel.CHANNEL)
    if twilio is not None:
        outlets[VOICE] = twilio.calls
    paths: dict[str, ASGIApp] = {**text_hooks, **(twilio.calls.hooks if twilio else {})}
    if wechat is not None:
        paths[f"/channels/{messages.CHANNEL}"] = wechat.channel
    tickets = Tickets(database, live, texts)
    hooks = Hooks(database, inside=config.desk.webhooks_inside, clock=clock)
    kinds = {messages_owed.KIND: Kind(outbox.send, AT_ONCE), webhooks.KIND: hooks.kind}
    kinds[deliveries.ANSWER] = Kind(inbox.take_up, lease=ANSWERED)
    kinds[identity_rows.CODE] = Kind(texting.send_code if texting is not None else _no_texts)
    if platform is not None:
        kinds[remote.COMMAND] = platform.kind
    queue = Queue(database, kinds, live.ring, clock)
    standing = Standing(database, config.desk, hours)
    await standing.refresh()
    desk = Desk(
        database=database, live=live, library=library, comprehension=comprehension, settings=config.desk, hours=hours,
        zone=config.zone, tickets=tickets, people=People(database, config.desk.session_minutes),
        oidc=Oidc(config.desk.oidc, os.environ.get("OIDC_CLIENT_SECRET", "")),
        public_url=public_url(config),
        dispatch=Dispatch(database, live, library, tickets, hours, config.desk, standing),
        feed=Feed(database, live, hours, config.desk), search=Search(database, live, identity.reached), editing=Editing(database, library),
        standing=standing, hooks=hooks, residents=Residents(database, identity, vault),
        learners=Learners(database, accounts, bank, library, vault, config.zone), broadcasts=Broadcasts(database, notices, identity, clock),
        inbox=inbox, renderers=RENDERERS, health=lambda: health(database, webchat, wechat, twilio, texting, platform, rasa),
        secure=config.server.public_url.startswith("https://"), inviting=wechat.binding if wechat else None, calling=twilio.seats if twilio else None,
        quotas={messages.CHANNEL: wechat.channel.allowance} if wechat else {},
    )  # fmt: skip
    retaining = Retaining(database, standing)
    nightly = Nightly(bank, tellings, database, config.zone, clock)
    return App(
        config=config, database=database, library=library, comprehension=comprehension, inbox=inbox, outbox=outbox, queue=queue, live=live,
        webchat=webchat, tickets=tickets, desk=desk, retaining=retaining, texts=texts, identity=identity, accounts=accounts,
        notices=notices, tellings=tellings, nightly=nightly, bank=bank, platform=platform, wechat=wechat, twilio=twilio, texting=texting, rasa=rasa, hooks=paths,
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


def _wechat(
    config: Config, inbox: Inbox, live: Live, database: Database, texts: Texts, identity: Identity, vault: Vault,
    observe: Callable[[str], None], clock: Callable[[], float],
) -> WechatParts | None:  # fmt: skip
    settings = config.channels.wechat
    if not settings.enabled:
        return None
    api, gate = wechat_api(config, database, clock), Gate(settings.mode, _secrets(config).app_id, _keys(config))
    pages = Binding(api, identity, vault, database, texts, public_url(config), settings.open_base)

    async def file(path: str) -> tuple[str, str, bytes] | None:
        return await database.read(lambda t: attachments.get(t, path.rsplit("/", 1)[-1]))

    channel = WechatChannel(
        settings, gate, api, inbox, live, database, texts, public_url(config), pages.happened, file, observe, clock
    )
    return WechatParts(channel, pages, api)


def _verifier(config: Config) -> Verifier | None:
    if not config.channels.twilio.enabled:
        return None
    secrets = _twilio_secrets()
    return Verifier(secrets.account, secrets.token, public_url(config))


def _twilio_secrets() -> twilio_settings.Secrets:
    try:
        return twilio_settings.Secrets.read(os.environ)
    except twilio_settings.MissingSecret as error:
        raise ConfigError(str(error)) from error


def _twilio(
    config: Config, verifier: Verifier | None, inbox: Inbox, live: Live, database: Database, texts: Texts, queueing: Queueing,
    library: Library, identity: Identity, observe: Callable[[str], None], clock: Callable[[], float],
) -> TwilioParts | None:  # fmt: skip
    if verifier is None:
        return None
    settings, secrets = config.channels.twilio, _twilio_secrets()
    api = Twilio(secrets.account, secrets.token, settings.api_base)

    def hints() -> list[str]:
        places = [each.name for each in library.catalogue.organisations.values() if each.level != "site"]
        return [*(each.name for each in library.catalogue.courses.values()), *places, "转人工", "学分", "积分", "报名"]

    async def keep(conversation: int, audio: bytes, now: int) -> str:
        kept = await database.write(
            lambda t: files.keep(t, conversation, "留言.mp3", "audio/mpeg", audio, "resident", now)
        )
        return kept.path

    board = Switchboard(settings, api, live, database, texts, public_url(config), clock)
    seats = SeatSide(board)
    calling = CallChannel(
        board, seats, verifier, inbox, queueing, config.zone, hints, identity, keep, observe
    )  # fmt: skip
    return TwilioParts(calling, seats, api)


def _texting(
    config: Config, verifier: Verifier | None, twilio: TwilioParts | None, inbox: Inbox, live: Live, database: Database,
    texts: Texts, identity: Identity, observe: Callable[[str], None], clock: Callable[[], float],
) -> tuple[Texting | None, Mapping[str, ASGIApp]]:  # fmt: skip
    """Texts, over the gateway where there is one."""
    gateway = config.channels.gateway
    if gateway.enabled:
        key, secret = os.environ.get("GATEWAY_KEY", ""), os.environ.get("GATEWAY_SECRET", "")
        if not (key and secret and gateway.api_base and gateway.sign):
            raise ConfigError("channels.gateway: api_base, sign, GATEWAY_KEY and GATEWAY_SECRET are needed")
        try:
            provider = Gateway(gateway, key, secret)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        texting = Texting(provider, inbox, live, database, texts, identity, observe, clock)
        return texting, GatewayHooks(texting, secret, clock).hooks
    if verifier is None or twilio is None:
        return None, {}
    url = public_url(config)
    sender = Sender(twilio.api, config.channels.twilio.sms_from, url)
    own = (config.channels.twilio.sms_from, config.channels.twilio.voice_from)
    texting = Texting(sender, inbox, live, database, texts, identity, observe, clock, own)
    return texting, TextHooks(verifier, texting, url, observe).hooks


def wechat_api(config: Config, database: Database, clock: Callable[[], float] = time.time) -> Wechat:
    """WeChat's API for this account. Raises `ConfigError`."""
    secrets = _secrets(config)
    return Wechat(secrets.app_id, secrets.app_secret, config.channels.wechat.api_base, database, clock)


def _secrets(config: Config) -> Secrets:
    try:
        return Secrets.read(os.environ, config.channels.wechat.mode)
    except MissingSecret as error:
        raise ConfigError(str(error)) from error


def _keys(config: Config) -> tuple[Keys, ...]:
    try:
        return keys_of(_secrets(config))
    except KeyProblem as error:
        raise ConfigError(str(error)) from error


async def health(
    database: Database,
    webchat: Webchat,
    wechat: WechatParts | None,
    twilio: TwilioParts | None,
    texting: Texting | None,
    platform: Platform | None,
    rasa: Rasa | None,
) -> dict[str, object]:
    """How the channels are, for the desk's pages."""
    now = int(time.time() * 1000)
    due, dead = await database.read(lambda t: owed.counts(t, now))
    channels: list[dict[str, object]] = [{"name": web.CHANNEL, "enabled": True, "sockets": len(webchat.sockets)}]
    if wechat is not None:
        may_push = wechat.channel.may_push
        channels.append({"name": messages.CHANNEL, "enabled": True, "may_push": may_push, "alarm": wechat.api.alarm})
    if texting is not None:
        texts, parts = await database.read(lambda t: calls.cost(t, now - DAY))
        alarm = texting.provider.alarm
        channels.append(
            {"name": texting_channel.CHANNEL, "enabled": True, "alarm": alarm, "texts": texts, "segments": parts}
        )
    if twilio is not None:
        channels.append({"name": VOICE, "enabled": True, "alarm": twilio.api.alarm})
    if platform is not None:
        channels.append({"name": "platform", "enabled": True, "alarm": platform.alarm})
    if rasa is not None:
        channels.append(await rasa.health())
    return {"channels": channels, "undelivered": due, "given_up": dead, "database": database.url.partition(":")[0]}
