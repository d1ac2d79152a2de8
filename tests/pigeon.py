"""A channel as a newcomer would add it, in this one file: letters by carrier pigeon. Post brings them to a webhook, that is
answered in the response; what comes by itself flies out, three letters a resident."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from bot.admission import BusyError
from bot.channel import Channel, ChannelHealth, ChannelSettings, Core, OpenChannel, SettingsError, Stanza
from bot.inbox import numbered
from bot.messages import Inbound, Reply
from bot.queue import Done, Outcome
from bot.worker import Worker
from store import conversations
from store.outbox import DueRow

NAME, PATH = "pigeon", "/channels/pigeon"
LONGEST = 2_000  # characters that a pigeon carries
LARGEST = 16_384  # bytes of a letter
LETTERS = 3


class PigeonSettings(ChannelSettings, frozen=True, forbid_unknown_fields=True):
    """Its secret comes from the environment: `PIGEON_RING`."""

    loft: Annotated[str, Meta(max_length=40)] = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        return ("PIGEON_RING",)


class Letter(msgspec.Struct):
    id: str
    sender: str
    text: str


@dataclass
class Left:
    """Of a conversation: letters that may still be sent, until the end of days."""

    left: int
    until: int = 1 << 50


class Loft:
    """The webhook and the outlet."""

    pulls = False

    def __init__(self, core: Core) -> None:
        self.settings = core.stanzas.of(PigeonSettings)
        self.ring = core.secrets.get("PIGEON_RING", "")
        if not self.ring:
            raise SettingsError("channels.pigeon: PIGEON_RING must be set in the environment")
        self.core = core
        self.flown: list[tuple[str, str]] = []
        self.fed = asyncio.Event()
        self.closed = False

    async def post(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.headers.get("ring") != self.ring:
            return await JSONResponse({}, 403)(scope, receive, send)
        body = await request.body()
        if len(body) > LARGEST:
            return await JSONResponse({}, 413)(scope, receive, send)
        try:
            letter = msgspec.json.decode(body, type=Letter)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return await JSONResponse({}, 400)(scope, receive, send)
        at = int(self.core.clock() * 1000)
        said = Inbound(channel=NAME, address=letter.sender, id=letter.id, text=letter.text, at=at, inline=True)
        try:
            receipt = await self.core.inbox.receive(said)
        except BusyError:
            return await JSONResponse({}, 503)(scope, receive, send)  # it is brought again
        answer = render([each.message.reply for each in receipt.answers])
        await JSONResponse({"letters": answer, "ticket": receipt.ticket})(scope, receive, send)

    async def send(self, row: DueRow, now: int) -> Outcome:
        database = self.core.database
        rows = await database.read(lambda t: conversations.messages(t, row.conversation, row.first_seq, row.last_seq))
        self.flown += [(row.address, numbered(each).message.reply.text) for each in rows if each.author != "resident"]
        await self.core.outbox.settle(row.conversation, row.last_seq)
        return Done()

    async def quota(self, conversation: int) -> Left:
        return Left(LETTERS - len(self.flown))

    async def health(self, now: int) -> ChannelHealth:
        return ChannelHealth("hungry" if not self.fed.is_set() else None)

    async def close(self) -> None:
        self.closed = True

    async def feed(self) -> None:
        self.fed.set()


def render(replies: Sequence[Reply]) -> list[str]:
    """One letter a reply."""
    return [f"咕咕：{reply.text}" for reply in replies]


def problems(replies: Sequence[Reply]) -> list[str]:
    return [f"信鸽带不动 {len(each.text)} 字" for each in replies if len(each.text) > LONGEST]


def _open(core: Core) -> OpenChannel:
    loft = Loft(core)
    return OpenChannel(
        outlet=loft,
        posts={PATH: loft.post},
        work=[Worker("pigeon", "喂鸽子", 60.0, loft.feed)],
        health=loft.health,
        close=loft.close,
        quota=loft.quota,
    )


PIGEON = Channel(
    name=NAME,
    zh="信鸽",
    en="Pigeon",
    colour="#5b4a8a",
    stanzas=(Stanza("pigeon", PigeonSettings),),
    open=_open,
    render=render,
    problems=problems,
    load=3,
    files=False,
)
