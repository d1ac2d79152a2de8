"""The composition: the only place that knows every part."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from accounts.accounts import Accounts
from accounts.bank import Bank
from accounts.disputes import Disputes
from accounts.enrolment import Enrolments, Listeners
from accounts.identity import Identity, Proof
from accounts.limits import Limits, networks
from accounts.sharing import Sharing
from accounts.vault import Vault
from bot.channel import Channel, Core, OpenChannel, SettingsError
from bot.comprehension import Comprehension
from bot.dialogue import Dialogue
from bot.hints import Hints
from bot.inbox import Inbox, Mind, nothing_observed
from bot.live import Live
from bot.nightly import Nightly
from bot.notices import Allowed, Notices, NoticeSender, Way
from bot.outbox import AT_ONCE, MessageSender, Outbox
from bot.queue import Done, Follow, Kind, Outcome, Queue, unfollowed
from bot.tellings import Tellings
from bot.texts import Texts
from bot.waiting import RUNG_UP, Ways
from daoxue import model
from daoxue.config import Config, ConfigError, public_url
from daoxue.health import closed, connected, health
from daoxue.hints import hints_of, teller
from daoxue.preparing import vault_of
from daoxue.resolved import centre_of, encoder_of, push_keys, rules_of, texts_of
from daoxue.sharing import sharing_of
from daoxue.watch import Watch
from desk import replies
from desk.arriving import Arriving, Intake
from desk.attempts import Attempts
from desk.broadcasts import Broadcasts
from desk.cards import Cards
from desk.cataloguing import Cataloguing
from desk.dispatch import Dispatch, Terms
from desk.drafting import Drafting
from desk.editing import Editing
from desk.feed import Feed
from desk.hooks import Hooks
from desk.hours import Hours
from desk.learners import Learners
from desk.oidc import Oidc
from desk.parts import Desk, Health
from desk.passwords import Passwords
from desk.people import People
from desk.pushing import PushIdentity, Pushing
from desk.queueing import Queueing
from desk.receivers import Outside
from desk.replies import Replies
from desk.residents import Residents
from desk.retention import Retaining
from desk.search import ConversationSearch, rewrite
from desk.signing import SignIn
from desk.standing import LiveSettings
from desk.tickets import Tickets
from handlers import HANDLERS
from handlers.needs import needed
from integrations.channels import CHANNELS
from integrations.clamd import Clamd
from integrations.platform import Platform
from integrations.rasa import Rasa
from knowledge.called import names_of
from knowledge.held import on_record
from knowledge.library import Library
from nlu import encoder
from store import attachments, codes, deliveries, notices, pushes, remote, summons, webhooks
from store import outbox as messages_owed
from store import replies as held_replies
from store.database import Database
from store.queue import QueueRow

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
    hints: tuple[Hints, ...]
    sharing: Sharing | None
    tickets: Tickets
    desk: Desk
    retaining: Retaining
    texts: Texts
    identity: Identity
    accounts: Accounts
    tellings: Tellings
    nightly: Nightly
    bank: Bank
    watch: Watch
    channels: Mapping[str, OpenChannel]
    platform: Platform | None = None
    rasa: Rasa | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What every part stands on. `clock` (seconds) is the one that platforms' limits are reckoned by."""

    config: Config
    database: Database
    vault: Vault
    texts: Texts
    limits: Limits
    live: Live
    watch: Watch
    vapid: PushIdentity | None
    observe: Callable[[str], None]
    clock: Callable[[], float]
    follow: Follow

    def now(self) -> datetime:
        """The centre's time."""
        return datetime.fromtimestamp(self.clock(), self.config.zone)


@dataclass(frozen=True, slots=True)
class KnowledgeParts:
    """What is known, and how residents are understood."""

    library: Library
    comprehension: Comprehension
    rasa: Rasa | None


@dataclass(frozen=True, slots=True)
class AffairsParts:
    """What residents have and do."""

    identity: Identity
    accounts: Accounts
    bank: Bank
    platform: Platform | None
    notices: Notices
    tellings: Tellings


@dataclass(frozen=True, slots=True)
class TalkParts:
    """What answers them, and when seats are there."""

    inbox: Inbox
    outbox: Outbox
    hours: Hours
    queueing: Queueing


@dataclass(frozen=True, slots=True)
class ChannelParts:
    """All channels that there are, and those that are open."""

    channels: Mapping[str, Channel]
    opened: Mapping[str, OpenChannel]


async def compose(
    config: Config,
    observe: Callable[[str], None] = nothing_observed,
    clock: Callable[[], float] = time.time,
    channels: Mapping[str, Channel] = CHANNELS,
    follow: Follow = unfollowed,
) -> App:
    """Everything that answers; nothing runs yet. The database must have been prepared. Raises `ConfigError`."""
    vault = vault_of(config)
    database = Database(config.database.url, vault, config.database.replica_url)
    limits = Limits(networks(config.server.unlimited), shared=bool(config.redis.url))
    hints = hints_of(config, vault.name)
    live = Live(teller(hints))
    ground = Ground(
        config, database, vault, texts_of(config, channels), limits, live, Watch(), push_keys(), observe, clock, follow
    )
    knowing = await _knowing(ground)
    affairs = await _affairs(ground, knowing.library, channels)
    talk = _talk(ground, knowing, affairs, channels)
    ways = ChannelParts(channels, _opened(_core(ground, knowing, affairs, talk), channels))
    outside = Outside(inside=config.desk.webhooks_inside)
    desk = await _desk(ground, knowing, affairs, talk, ways, Hooks(database, outside, clock))
    pushing = Pushing(database, outside, ground.vapid, observe, clock)
    return App(
        config=config, database=database, watch=ground.watch, library=knowing.library, comprehension=knowing.comprehension,
        inbox=talk.inbox, outbox=talk.outbox, queue=_queue(ground, talk, affairs, ways, desk, pushing), live=live, hints=hints,
        sharing=sharing_of(config, limits, vault),
        tickets=desk.tickets, desk=desk, retaining=Retaining(database, desk.standing, affairs.identity.passing, clock),
        texts=ground.texts, identity=affairs.identity, accounts=affairs.accounts,
        tellings=affairs.tellings, nightly=Nightly(affairs.bank, affairs.tellings, database, config.zone, clock),
        bank=affairs.bank, platform=affairs.platform, channels=ways.opened, rasa=knowing.rasa,
    )  # fmt: skip


async def _knowing(ground: Ground) -> KnowledgeParts:
    settings = ground.config.nlu
    found = await asyncio.to_thread(encoder_of, settings.encoder, settings.encoder_path)
    meaning = encoder.Remembering(found) if found else None
    classifier = await asyncio.to_thread(model.load, Path(settings.folder), meaning, _tell)
    follow, spoken, remote = ground.texts.follow, ground.config.centre.record, ground.config.accounts.platform.base
    library = Library(ground.database, classifier.model.questions, meaning, lambda new: follow(new.centre or spoken), bool(remote))  # fmt: skip
    await library.refresh()
    if library.catalogue.centre is None:
        follow(spoken := await asyncio.to_thread(centre_of, ground.config))
    token = os.environ.get("RASA_TOKEN", "")
    rasa = Rasa(settings.rasa, token, frozenset(classifier.labels)) if settings.engine == "rasa" else None
    return KnowledgeParts(library, Comprehension(classifier, model.topics(), library, settings.budget, rasa), rasa)


async def _affairs(ground: Ground, library: Library, channels: Mapping[str, Channel]) -> AffairsParts:
    config, database, vault, clock = ground.config, ground.database, ground.vault, ground.clock
    platform = _platform(ground)
    passing = [each.name for each in channels.values() if each.proof.passing]
    identity = Identity(database, vault, passing, ground.limits, platform.whose if platform else None)
    fixed = rules_of(config)
    bank, notices = Bank(database, lambda: fixed or library.catalogue.reckoning), Notices(vault)
    tellings = Tellings(notices, ground.texts, library, database, config.zone, clock)
    listeners = Listeners(tellings.tell, platform.report if platform else None)
    enrolments = Enrolments(database, lambda: library.calendar, identity.school, listeners, config.zone, clock)
    await enrolments.refresh()
    accounts = Accounts(identity, platform or bank, enrolments, Disputes(database, vault), _proofs(config, channels))
    return AffairsParts(identity, accounts, bank, platform, notices, tellings)


def _talk(ground: Ground, knowing: KnowledgeParts, affairs: AffairsParts, channels: Mapping[str, Channel]) -> TalkParts:
    config, database = ground.config, ground.database
    hours, looked_at = Hours(config.desk, config.zone), {name for name, each in channels.items() if each.looked_at}
    queueing = Queueing(hours, database, _ways(config, channels), looked_at)
    dialogue = Dialogue(HANDLERS, knowing.comprehension)
    mind = Mind(knowing.library, knowing.comprehension, dialogue, ground.texts, queueing, affairs.accounts, rewrite)
    inbox = Inbox(database, mind, ground.limits, ground.live, config.zone, ground.observe)
    return TalkParts(inbox, Outbox(database, ground.live), hours, queueing)


def _ways(config: Config, channels: Mapping[str, Channel]) -> Ways:
    """How a seat's answer may come to who does not look: whoever has a telephone can be rung up."""
    on = [each for each in channels.values() if each.is_on(config.channels)]
    written = [("text", each.name) for each in on if each.texts] + [("mail", each.name) for each in on if each.mails]
    return {RUNG_UP: RUNG_UP, **dict(written)}


def _core(ground: Ground, knowing: KnowledgeParts, affairs: AffairsParts, talk: TalkParts) -> Core:
    """What channels are opened with."""
    config = ground.config
    return Core(
        stanzas=config.channels, secrets=os.environ, inbox=talk.inbox, outbox=talk.outbox, live=ground.live,
        database=ground.database, texts=ground.texts, identity=affairs.identity, vault=ground.vault, desk=talk.queueing,
        library=knowing.library, limits=ground.limits, zone=config.zone, file_bytes=config.files.largest, public_url=public_url(config), observe=ground.observe,
        clock=ground.clock, push_key=ground.vapid.public if ground.vapid else "",
    )  # fmt: skip


def _queue(
    ground: Ground, talk: TalkParts, affairs: AffairsParts, ways: ChannelParts, desk: Desk, pushing: Pushing
) -> Queue:
    """Whatever leaves or is due, by kind."""
    outlets = {name: each.outlet for name, each in ways.opened.items()}
    kinds = {
        messages_owed.KIND: Kind(MessageSender(ground.database, ground.live, outlets, ground.clock).send, AT_ONCE),
        held_replies.KIND: Kind(desk.replies.leave, replies.AT_ONCE),
        attachments.KIND: _arriving(ground, ways).kind,
        webhooks.KIND: desk.hooks.kind,
        pushes.KIND: pushing.kind,
        deliveries.ANSWER: Kind(talk.inbox.take_up, AT_ONCE, lease=ANSWERED),
        codes.CODE: Kind(_no_texts),
        summons.KIND: Kind(_no_texts),
        notices.KIND: Kind(_notice_sender(ground, affairs, ways).send),
    }
    for each in ways.opened.values():
        kinds |= each.kinds
    if affairs.platform is not None:
        kinds[remote.COMMAND] = affairs.platform.kind
    return Queue(ground.database, kinds, ground.live.ring, ground.clock, ground.follow)


def _arriving(ground: Ground, ways: ChannelParts) -> Arriving:
    """What files of residents go through."""
    config = ground.config
    fetches = {name: each.fetch for name, each in ways.opened.items() if each.fetch is not None}
    intake = Intake(config.files.largest, fetches, Clamd(config.files.clamd) if config.files.clamd else None)
    return Arriving(ground.database, ground.live, ground.texts, intake, ground.clock)


def _notice_sender(ground: Ground, affairs: AffairsParts, ways: ChannelParts) -> NoticeSender:
    told = {
        name: Way(name, _left(each), ways.channels[name].texts)
        for name, each in ways.opened.items()
        if ways.channels[name].notices
    }
    return NoticeSender(ground.database, affairs.notices, affairs.identity, ground.live, told, ground.now)


async def _desk(
    ground: Ground, knowing: KnowledgeParts, affairs: AffairsParts, talk: TalkParts, ways: ChannelParts, hooks: Hooks
) -> Desk:
    config, database, live = ground.config, ground.database, ground.live
    library, hours, identity = knowing.library, talk.hours, affairs.identity
    standing = LiveSettings(database, config.desk, hours, ground.texts.keep)
    await standing.refresh()
    passwords = Passwords(lambda: names_of(library.catalogue, ground.texts.centre))
    attempts = Attempts(ground.limits, ground.vault)
    tickets, loads = Tickets(database, live, ground.texts), {each.name: each.load for each in ways.channels.values()}
    editing, cards = Editing(database, library, needed, on_record), Cards(database, ground.vault, ground.limits)
    return Desk(
        database=database, live=live, library=library, comprehension=knowing.comprehension, hours=hours,
        tickets=tickets, replies=Replies(database, live, ground.clock), people=People(database, passwords),
        signing=SignIn(database, passwords, attempts, config.desk.session_minutes), attempts=attempts,
        oidc=Oidc(config.desk.oidc, os.environ.get("OIDC_CLIENT_SECRET", ""), ground.limits), public_url=public_url(config),
        dispatch=Dispatch(database, live, tickets, Terms(library, hours, standing, loads), ground.clock),
        feed=Feed(database, live, hours, ground.clock), search=ConversationSearch(database, live, _reached(identity, ways), ground.limits),
        editing=editing, drafting=Drafting(database, editing, knowing.comprehension, library, config.zone, ways.channels),
        cataloguing=Cataloguing(database, library, ground.texts, ways.channels, config.zone),
        standing=standing, hooks=hooks, residents=Residents(database, identity, ground.vault, ground.limits, ways.channels),
        learners=Learners(database, affairs.accounts, affairs.bank, library, cards, config.zone),
        broadcasts=Broadcasts(database, live, affairs.notices, identity, ground.clock), inbox=talk.inbox,
        channels=ways.channels, opened=ways.opened, clock=ground.clock,
        health=_health(ground, knowing, affairs, ways),
    )  # fmt: skip


def _health(
    ground: Ground, knowing: KnowledgeParts, affairs: AffairsParts, ways: ChannelParts
) -> Callable[[], Awaitable[Health]]:
    """How what is connected is, whenever somebody asks."""
    looked_at = {name for name, each in ways.channels.items() if each.looked_at}
    found = connected(ways.opened, affairs.platform, knowing.rasa)
    shut = closed(ways.channels, ways.opened, ground.config.channels)
    return lambda: health(ground.database, ground.watch, looked_at, found, shut, int(ground.clock() * 1000))


def _reached(identity: Identity, ways: ChannelParts) -> Callable[[str], list[str]]:
    """Whom tickets know as writing or calling from a number."""
    by_phone = [each.name for each in ways.channels.values() if each.by_phone]
    return lambda number: [identity.reached(channel, number) for channel in by_phone]


async def _no_texts(row: QueueRow) -> Outcome:
    """Nothing carries texts here. Codes of the sample centre are read in the terminal."""
    return Done()


def _tell(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


def _platform(ground: Ground) -> Platform | None:
    settings = ground.config.accounts.platform
    if not settings.base:
        return None
    token = os.environ.get("PLATFORM_TOKEN", "")
    if not token:
        raise ConfigError("accounts.platform: PLATFORM_TOKEN must be set in the environment")
    return Platform(settings, token, ground.database, ground.vault, ground.clock)


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
