"""An official account as tests have it: the platform played, the service behind a real port, a clock that can be moved."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import uvicorn
from msgspec.structs import replace
from starlette.types import ASGIApp

from daoxue.app import App, compose
from daoxue.config import Config
from daoxue.serve import server
from integrations.wechat.settings import PATH, WechatSettings
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from players.wechat.residents import OnScreen, Resident
from tests.conftest import free_port


@dataclass
class Clock:
    """Real time, and as far ahead as one likes."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Official:
    """The platform, and what it is connected to."""

    platform: WechatPlatform
    app: App
    clock: Clock = field(default_factory=Clock)

    async def deliver(self) -> None:
        """The outbox does what is due now."""
        for _ in range(20):
            if not await self.app.queue.work():
                return

    def on_screen(self, who: Resident, since: int = 0) -> list[OnScreen]:
        return who.seen[since:]

    @property
    def outlet(self):  # type: ignore[no-untyped-def]
        return self.app.channels["wechat"].outlet

    @property
    def webhook(self):  # type: ignore[no-untyped-def]
        return self.app.channels["wechat"].posts[PATH]


def connected(config: Config, platform: WechatPlatform, port: int, api_port: int, **more: object) -> Config:
    """Settings with the account in them."""
    base = f"http://127.0.0.1:{api_port}"
    wechat = WechatSettings(enabled=True, mode=platform.mode, api_base=base, open_base=base, **more)  # type: ignore[arg-type]
    return replace(config, server=replace(config.server, port=port), channels=config.channels.having(wechat))


@contextlib.asynccontextmanager
async def up(web: uvicorn.Server) -> AsyncIterator[None]:
    """A server that serves meanwhile. It ends when it is told to: uvicorn looks ten times a second whether it was, and then
    waits for a tenth once more, which is more than most tests take."""
    web.config.load()
    web.lifespan = web.config.lifespan_class(web.config)
    await web.startup()
    await web.on_tick(0)  # what stands in the head of each answer
    try:
        yield
    finally:
        await (_let_go(web) if web.config.lifespan == "off" else web.shutdown())  # who has something to close does


async def _let_go(web: uvicorn.Server) -> None:
    """Waits for nobody who does not leave at once."""
    for each in web.servers:
        each.close()
    for connection in list(web.server_state.connections):
        connection.shutdown()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            while web.server_state.connections:  # noqa: ASYNC110 - they tell nobody that they have left
                await asyncio.sleep(0.001)


def behind(api: ASGIApp, port: int) -> contextlib.AbstractAsyncContextManager[None]:
    """The API of a platform that is played, behind a port."""
    return up(uvicorn.Server(uvicorn.Config(api, port=port, log_config=None, access_log=False, lifespan="off")))


def environment(platform: WechatPlatform) -> dict[str, str]:
    return {
        "WECHAT_APP_ID": platform.app_id, "WECHAT_APP_SECRET": platform.secret, "WECHAT_TOKEN": platform.token,
        "WECHAT_AES_KEY": platform.aes_key,
    }  # fmt: skip


@contextlib.asynccontextmanager
async def official(
    config: Config, monkeypatch: pytest.MonkeyPatch, *, mode: str = "secure", working: bool = False, **more: object
) -> AsyncIterator[Official]:
    """Everything running in this process; `working` also the workers, which otherwise are called by hand."""
    clock, port, api_port = Clock(), free_port(), free_port()
    platform = WechatPlatform(mode=mode, webhook=f"http://127.0.0.1:{port}/channels/wechat", clock=clock)  # type: ignore[arg-type]
    for name, value in environment(platform).items():
        monkeypatch.setenv(name, value)
    app = await compose(connected(config, platform, port, api_port, **more), clock=clock)
    web = server(app)
    if not working:
        web.config.lifespan = "off"
    async with behind(wechat_api.server(platform), api_port):
        try:
            async with up(web):
                yield Official(platform, app, clock)
        finally:
            await app.channels["wechat"].close()
            app.database.close()
