"""The telephone network as tests have it: the provider played, the service behind a real port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import uvicorn
from msgspec.structs import replace

from daoxue.app import App, TwilioParts, compose
from daoxue.config import Config
from daoxue.serve import server
from integrations.texting import Texting
from tests.conftest import free_port
from tests.official import Clock, started
from tools.twilio import Carrier

RESIDENT, OTHER, SEAT = "+8613800001370", "+8613800001371", "+8655162001111"


@dataclass
class Line:
    """The provider, and what it is connected to."""

    carrier: Carrier
    app: App
    clock: Clock

    @property
    def parts(self) -> TwilioParts:
        assert self.app.twilio is not None
        return self.app.twilio

    @property
    def texting(self) -> Texting:
        assert self.app.texting is not None
        return self.app.texting

    async def deliver(self) -> None:
        """The outbox does what is due now."""
        for _ in range(20):
            if not await self.app.outbox.work(int(self.clock() * 1000)):
                return


@contextlib.asynccontextmanager
async def line(
    config: Config, monkeypatch: pytest.MonkeyPatch, *, repeat: bool = False, **more: object
) -> AsyncIterator[Line]:
    """Everything running in this process; the workers are called by hand."""
    clock, port, api_port = Clock(), free_port(), free_port()
    carrier = Carrier(f"http://127.0.0.1:{port}", repeat=repeat)
    carrier.api = f"http://127.0.0.1:{api_port}"
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", carrier.account)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", carrier.token)
    twilio = replace(
        config.channels.twilio,
        enabled=True,
        api_base=carrier.api,
        sms_from=carrier.number,
        voice_from=carrier.number,
        **more,
    )
    own = replace(
        config,
        server=replace(config.server, port=port, public_url=carrier.url),
        channels=replace(config.channels, twilio=twilio),
    )
    app = await compose(own, clock=clock)
    api = uvicorn.Server(
        uvicorn.Config(carrier.app(), port=api_port, log_config=None, access_log=False, lifespan="off")
    )
    web = server(app)
    web.config.lifespan = "off"
    tasks = [asyncio.create_task(each.serve()) for each in (api, web)]
    await started(api)
    await started(web)
    try:
        yield Line(carrier, app, clock)
    finally:
        for each in (web, api):
            each.should_exit = each.force_exit = True
        await asyncio.gather(*tasks)
        assert app.twilio is not None
        await app.twilio.api.close()
        app.database.close()
