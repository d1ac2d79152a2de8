"""How the channels and what else is connected are, for the desk's pages."""

import time
from collections.abc import Mapping

from bot.channel import Channel, ChannelHealth, OpenChannel
from bot.edge import safely
from bot.outbox import to_be_done
from daoxue.watch import Watch
from desk.parts import Health, WorkerInTrouble
from integrations.platform import Platform
from integrations.rasa import Rasa
from store.database import Database
from store.outages import OutageError
from store.queue import Backlog


async def health(
    database: Database, watch: Watch, channels: Mapping[str, Channel], opened: Mapping[str, OpenChannel],
    platform: Platform | None, rasa: Rasa | None,
) -> Health:  # fmt: skip
    """`channels` are all that there are, `opened` those that are on."""
    now = int(time.time() * 1000)
    looked_at = {name for name, each in channels.items() if each.looked_at}
    counted = database.read(lambda t: to_be_done(t, now, looked_at))
    owing = await safely("queue not counted", counted, None, OutageError)  # those in trouble are named all the same
    due, dead = Backlog.of(owing)[:2] if owing is not None else (None, None)
    connected = {name: await each.health(now) for name, each in opened.items()}
    if platform is not None:
        connected["platform"] = ChannelHealth(platform.alarm)
    if rasa is not None:
        connected["rasa"] = await rasa.health()
    troubles = [WorkerInTrouble(each.name, each.words) for each in watch.troubles()]
    outage = await database.outage()
    return Health(
        connected, due, dead, database.url.partition(":")[0], str(OutageError(outage)) if outage else "", troubles
    )
