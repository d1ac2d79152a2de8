"""WeCom customer service against a process that dies: judged by what is on the resident's screen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from daoxue.config import Config
from integrations.wecom.settings import PATH
from players.wecom import COLLEAGUE, Corporation
from tests.conftest import free_port
from tests.customer_service import connected, environment
from tests.messenger import eventually
from tests.official import behind
from tests.service import Service, running

LEASED = 60.0  # seconds: nobody waits for the process that died any more


@contextlib.asynccontextmanager
async def dying(
    config: Config, monkeypatch: pytest.MonkeyPatch, step: str, seat: str = ""
) -> AsyncIterator[tuple[Corporation, Service]]:
    """A service that dies at a step of its first turn."""
    platform, api_port = Corporation(), free_port()
    for name, value in environment(platform).items():
        monkeypatch.setenv(name, value)
    async with behind(platform.app(), api_port):
        with running(connected(config, platform, api_port, seat), step) as service:
            platform.hook = service.url + PATH
            yield platform, service


async def raised(platform: Corporation, service: Service) -> None:
    """Once more, a while later."""
    await asyncio.to_thread(service.wait_for_death)
    service.ahead = LEASED
    await asyncio.to_thread(service.start)


@pytest.mark.parametrize("step", ["kept", "thought", "committed", "sending", "sent"])
async def test_an_answer_arrives_once(step: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with dying(config, monkeypatch, step) as (platform, service):
        who = platform.customer()
        saying = asyncio.create_task(platform.say(who, "积分会过期吗"))
        await raised(platform, service)
        await saying
        await eventually(lambda: who.seen)
        await platform.say(who, "几点开门")
        await eventually(lambda: len(who.seen) > 1)
        assert who.texts[0].startswith("会。积分")
        assert len(who.seen) == 2, who.texts


@pytest.mark.parametrize("fault", ["lost", "silent"])
async def test_what_the_platform_had_when_we_died_is_not_sent_twice(
    fault: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dying(config, monkeypatch, "never") as (platform, service):
        who = platform.customer()
        platform.faults["kf/send_msg"] = [fault]
        await platform.say(who, "积分会过期吗")
        await eventually(lambda: platform.lost)
        service.kill()
        await raised(platform, service)
        await eventually(lambda: platform.calls["kf/send_msg"] > 1)
        assert len(who.seen) == 1


async def test_a_talk_goes_to_a_colleague_though_we_die_in_between(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dying(config, monkeypatch, "sending", "zhangsan") as (platform, service):
        who = platform.customer()
        await platform.say(who, "我要找工作人员")
        await raised(platform, service)
        await eventually(lambda: who.state == COLLEAGUE)
        assert len(who.seen) == 1, "told first, and once"
