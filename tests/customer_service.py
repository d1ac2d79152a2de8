"""An account of WeCom customer service as tests have it: the platform played, the service behind a real port, a clock that can
be moved."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import pytest
from msgspec.structs import replace

from daoxue.app import App, compose
from daoxue.config import Config
from daoxue.serve import server
from integrations.wecom.settings import CHANNEL, PATH, WecomSettings
from players.wecom import Corporation, Customer
from store import conversations
from tests.conftest import free_port
from tests.official import Clock, behind, up


@dataclass
class Counter:
    """The platform, and what it is connected to."""

    platform: Corporation
    app: App
    url: str
    clock: Clock = field(default_factory=Clock)

    async def deliver(self) -> None:
        """The queue does what is due now, as long as there is something."""
        for _ in range(40):
            if not await self.app.queue.work():
                return

    async def say(self, who: Customer, text: str) -> list[str]:
        """What appears because of it."""
        before = len(who.seen)
        await self.platform.say(who, text)
        await self.deliver()
        return who.texts[before:]

    async def talk(self, who: Customer) -> list[tuple[str, str]]:
        """Who said what."""
        found = await self.app.database.read(lambda t: conversations.find(t, CHANNEL, who.id))
        if found is None:
            return []
        rows = await self.app.database.read(lambda t: conversations.messages(t, found.id, 1, 1 << 30))
        return [(each.author, msgspec.json.decode(each.body)["reply"]["text"]) for each in rows]


def environment(platform: Corporation) -> dict[str, str]:
    return {
        "WECOM_CORP_ID": platform.corp, "WECOM_SECRET": platform.secret, "WECOM_TOKEN": platform.token,
        "WECOM_AES_KEY": platform.aes_key,
    }  # fmt: skip


def connected(config: Config, platform: Corporation, api_port: int, seat: str = "") -> Config:
    wecom = WecomSettings(enabled=True, account=platform.account, seat=seat, api_base=f"http://127.0.0.1:{api_port}")
    return replace(config, channels=config.channels.having(wecom))


@contextlib.asynccontextmanager
async def counter(config: Config, monkeypatch: pytest.MonkeyPatch, seat: str = "") -> AsyncIterator[Counter]:
    """Everything running in this process, but the workers, which are called by hand."""
    clock, port, api_port = Clock(), free_port(), free_port()
    platform = Corporation(clock=clock)
    for name, value in environment(platform).items():
        monkeypatch.setenv(name, value)
    own = replace(config.server, port=port, public_url=f"http://127.0.0.1:{port}")
    app = await compose(replace(connected(config, platform, api_port, seat), server=own), clock=clock)
    platform.hook = own.public_url + PATH
    web = server(app)
    web.config.lifespan = "off"
    async with behind(platform.app(), api_port):
        try:
            async with up(web):
                yield Counter(platform, app, own.public_url, clock)
        finally:
            await app.channels[CHANNEL].close()
            app.database.close()
