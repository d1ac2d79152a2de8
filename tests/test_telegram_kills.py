"""Answers on Telegram against a process that dies: judged by what is on the resident's screen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from daoxue.config import Config
from integrations.telegram.settings import PATH, Mode, TelegramSettings
from players import telegram_api
from players.telegram import TelegramPlatform, TelegramUser
from tests.conftest import free_port
from tests.messenger import SECRET, environment, eventually
from tests.official import behind
from tests.service import Service, running

LEASED = 60.0  # seconds: nobody waits for the process that died any more


@contextlib.asynccontextmanager
async def dying(
    config: Config, monkeypatch: pytest.MonkeyPatch, mode: Mode, step: str
) -> AsyncIterator[tuple[TelegramPlatform, Service]]:
    """A service that dies at a step of its first turn."""
    platform, api_port = TelegramPlatform(), free_port()
    for name, value in environment(platform).items():
        monkeypatch.setenv(name, value)
    telegram = TelegramSettings(enabled=True, mode=mode, api_base=f"http://127.0.0.1:{api_port}")
    async with behind(telegram_api.server(platform), api_port):
        with running(replace(config, channels=config.channels.having(telegram)), step) as service:
            if mode == "webhook":
                platform.webhook = {"url": service.url + PATH, "secret_token": SECRET}
            yield platform, service


async def raised(service: Service) -> None:
    """Once more, a while later."""
    await asyncio.to_thread(service.wait_for_death)
    service.ahead = LEASED
    await asyncio.to_thread(service.start)


@pytest.mark.parametrize(
    ("mode", "step"),
    [("webhook", "thought"), ("webhook", "committed"), ("webhook", "sending"), ("polling", "committed")],
)
async def test_an_answer_arrives_once(mode: Mode, step: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with dying(config, monkeypatch, mode, step) as (platform, service):
        who = platform.person()
        saying = asyncio.create_task(platform.say(who, "积分会过期吗"))
        await raised(service)
        await saying
        await eventually(lambda: platform.chat(who).seen)
        await second(platform, who)
        assert texts(platform, who)[0].startswith("会。积分")
        assert len(texts(platform, who)) == 2, "the answer, and the next one"


async def test_what_the_platform_had_when_we_died_is_read_twice_and_never_lost(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dying(config, monkeypatch, "webhook", "never") as (platform, service):
        who = platform.person()
        platform.faults["sendMessage"] = ["lost"]
        await platform.say(who, "积分会过期吗")
        await eventually(lambda: platform.lost)
        service.kill()
        await raised(service)
        await eventually(lambda: len(platform.chat(who).seen) > 1)
        await second(platform, who)
        first, again, _ = texts(platform, who)
        assert first == again


async def second(platform: TelegramPlatform, who: TelegramUser) -> None:
    """What comes next comes after it."""
    before = len(platform.chat(who).seen)
    await platform.say(who, "几点开门")
    await eventually(lambda: len(platform.chat(who).seen) > before)


def texts(platform: TelegramPlatform, who: TelegramUser) -> list[str]:
    return [each.text for each in platform.chat(who).seen]
