"""How the channels and what else is connected are, for the desk's pages."""

import os
from collections.abc import Awaitable, Callable, Collection, Mapping

from bot.channel import Channel, ChannelHealth, OpenChannel, Stanzas, Wanting
from bot.edge import safely
from bot.outbox import to_be_done
from daoxue.watch import Watch
from desk.parts import Health, WorkerInTrouble
from integrations.platform import Platform
from integrations.rasa import Rasa
from store.database import Database
from store.outages import OutageError
from store.queue import Backlog

Connected = Mapping[str, Callable[[int], Awaitable[ChannelHealth]]]  # each is asked how it is at this moment (ms)


def connected(opened: Mapping[str, OpenChannel], platform: Platform | None, rasa: Rasa | None) -> Connected:
    """The channels at work and what else there is, by name."""
    found = {name: each.health for name, each in opened.items()}
    found |= {"platform": platform.health} if platform else {}
    return found | ({"rasa": rasa.health} if rasa else {})


Closed = dict[str, list[Wanting]]  # what channels that are not at work lack, by name


def closed(channels: Mapping[str, Channel], opened: Collection[str], stanzas: Stanzas) -> Closed:
    """What each that is not at work lacks, by its settings and its secrets."""
    return {name: each.wants(stanzas, os.environ) for name, each in channels.items() if name not in opened}


async def health(
    database: Database, watch: Watch, looked_at: Collection[str], asked: Connected, shut: Closed, now: int
) -> Health:
    """Of the channels `looked_at`, residents look at what is said themselves; `now` in ms."""
    counted = database.read(lambda t: to_be_done(t, now, looked_at))
    owing = await safely("queue not counted", counted, None, OutageError)  # those in trouble are named all the same
    due, dead = Backlog.of(owing)[:2] if owing is not None else (None, None)
    found = {name: await ask(now) for name, ask in asked.items()}
    troubles = [WorkerInTrouble(each.name, each.words) for each in watch.troubles()]
    outage = await database.outage()
    return Health(
        found, shut, due, dead, database.url.partition(":")[0], str(OutageError(outage)) if outage else "", troubles
    )
