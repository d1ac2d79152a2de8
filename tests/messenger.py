"""A bot as tests have it: the platform played, the service behind a real port, a clock that can be moved."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from daoxue.app import App, compose
from daoxue.config import Config
from daoxue.serve import server
from integrations.telegram.settings import PATH, Mode, TelegramSettings
from players import telegram_api
from players.telegram import Chat, Shown, TelegramPlatform, TelegramUser
from tests.conftest import free_port
from tests.official import Clock, behind, up

SECRET = "played_secret-0123456789"


@dataclass
class Messenger:
    """The platform, and what it is connected to."""

    platform: TelegramPlatform
    app: App
    url: str
    clock: Clock = field(default_factory=Clock)

    async def deliver(self) -> None:
        """The queue does what is due now, as long as there is something."""
        await self.settled()
        while await self.app.queue.work():
            await self.settled()

    async def settled(self) -> None:
        """What leaves at once has left."""
        channel = self.app.channels["telegram"].posts.get(PATH)
        under_way: set[asyncio.Task[None]] = getattr(channel, "_under_way", set())
        while under_way:
            await asyncio.wait(set(under_way))

    async def say(self, who: TelegramUser, text: str, chat: Chat | None = None, **more: Any) -> list[Shown]:
        """What appears because of it."""
        chat = chat or self.platform.chat(who)
        before = len(chat.seen)
        await self.platform.say(who, text, chat, **more)
        await self.settled()
        return chat.seen[before:]

    async def send(self, who: TelegramUser, chat: Chat | None = None, **content: Any) -> list[Shown]:
        chat = chat or self.platform.chat(who)
        before = len(chat.seen)
        await self.platform.send(who, chat, **content)
        await self.settled()
        return chat.seen[before:]

    async def press(self, who: TelegramUser, shown: Shown, label: str, chat: Chat | None = None) -> list[Shown]:
        chat = chat or self.platform.chat(who)
        before = len(chat.seen)
        await self.platform.press(who, shown, label, chat)
        await self.settled()
        return chat.seen[before:]

    async def post(self, body: bytes, secret: str | None = SECRET) -> int:
        """Somebody calls the webhook; the status."""
        headers = {"x-telegram-bot-api-secret-token": secret} if secret is not None else {}
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.post(self.url + PATH, content=body, headers=headers)).status_code


def environment(platform: TelegramPlatform) -> dict[str, str]:
    return {"TELEGRAM_BOT_TOKEN": platform.token, "TELEGRAM_WEBHOOK_SECRET": SECRET}


@contextlib.asynccontextmanager
async def messenger(
    config: Config, monkeypatch: pytest.MonkeyPatch, *, mode: Mode = "webhook", working: bool = False
) -> AsyncIterator[Messenger]:
    """Everything running in this process; `working` also the workers, which otherwise are called by hand."""
    clock, port, api_port = Clock(), free_port(), free_port()
    platform = TelegramPlatform(clock=clock)
    url = f"http://127.0.0.1:{port}"
    for name, value in environment(platform).items():
        monkeypatch.setenv(name, value)
    stanza = TelegramSettings(enabled=True, mode=mode, api_base=f"http://127.0.0.1:{api_port}")
    own = replace(config.server, port=port, public_url=url)
    app = await compose(replace(config, server=own, channels=config.channels.having(stanza)), clock=clock)
    web = server(app)
    if not working:
        web.config.lifespan = "off"
        platform.webhook = {"url": url + PATH, "secret_token": SECRET} if mode == "webhook" else {}
    async with behind(telegram_api.server(platform), api_port):
        try:
            async with up(web):
                yield Messenger(platform, app, url, clock)
        finally:
            if not working:
                await app.channels["telegram"].close()
                app.database.close()


async def eventually(true: Any, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        await asyncio.sleep(0.02)
