"""Whoever carries texts: refuses, is slow, and takes some without our hearing of it."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace

from bot.channel import Channel, ChannelSettings, Core, OpenChannel, Stanza
from bot.queue import Kind
from integrations.carriers import SMS
from integrations.texting import TextError, Texting, TextRefusal
from store import summons
from store.codes import CODE
from tests.simulation.process import KilledError, Process, current
from tests.simulation.world import World

WAITS = 10.0  # seconds after which we stop listening


class SimulatedTexts(ChannelSettings, frozen=True):
    enabled: bool = True


@dataclass(eq=False, slots=True)
class Attempt:
    """A text that was given to the carrier by a process; `is_heard` where that process was told that it is taken."""

    id: str
    body: str
    process: Process
    is_heard: bool = False

    @property
    def is_known(self) -> bool:
        """Whether anybody could know that it has left: who was told, and lived to write it down, does."""
        return self.is_heard and self.process.is_alive


class Carrier:
    """`knows` says that it sends what has the same id once. `taken` is what arrived at each number, in its order."""

    names_seats = False
    alarm = None

    def __init__(self, world: World, *, knows: bool) -> None:
        self.world = world
        self.knows = knows
        self.taken: defaultdict[str, list[Attempt]] = defaultdict(list)

    def can_say(self, body: str) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is open."""

    async def text(self, to: str, body: str, id: str) -> str:
        """Raises `TextError`."""
        world, process = self.world, current()
        if not process.is_alive:
            raise KilledError
        await asyncio.sleep(world.moment())
        if world.happens(world.rates.refused):
            world.note("carrier", f"refuses {id}")
            raise TextError(TextRefusal.UNREACHABLE, "refused", "simulated")
        attempt = Attempt(id, body, process)
        if not (self.knows and any(each.id == id for each in self.taken[to])):
            self.taken[to].append(attempt)
            world.note("carrier", f"takes {id} of {process.name}")
        if world.happens(world.rates.unheard):
            world.note("carrier", f"is not heard about {id}")
            await asyncio.sleep(WAITS)
            raise TextError(TextRefusal.UNREACHABLE, "no answer", "simulated")
        await asyncio.sleep(world.moment())
        attempt.is_heard = True
        return f"sid-{id}-{len(self.taken[to])}"


def texts_over(carrier: Carrier) -> Channel:
    """The channel of texts as it is, over this carrier."""

    def opened(core: Core) -> OpenChannel:
        texting = Texting(core, carrier)
        return OpenChannel(outlet=texting, kinds={CODE: Kind(texting.send_code), summons.KIND: Kind(texting.summon)})

    return replace(SMS, stanzas=(Stanza("texts", SimulatedTexts),), open=opened)
