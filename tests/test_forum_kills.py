"""Answers in a forum against a process that dies: judged by what stands in the topic."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from daoxue.config import Config
from integrations.forum.settings import PATH
from players import forum_api
from players.forum import Forum
from tests.conftest import free_port
from tests.foruming import CATEGORY, environment, on_forum
from tests.messenger import eventually
from tests.official import behind
from tests.service import Service, running

LEASED = 60.0  # seconds: nobody waits for the process that died any more


@contextlib.asynccontextmanager
async def dying(
    config: Config, monkeypatch: pytest.MonkeyPatch, step: str = "never"
) -> AsyncIterator[tuple[Forum, Service]]:
    """A service that dies at a step of its first turn."""
    forum, api_port = Forum(), free_port()
    forum.remembers = forum.limits = False  # nobody but us keeps it from being there twice
    forum.back_off = 0.2
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    async with behind(forum_api.server(forum), api_port):
        with running(on_forum(config, api_port), step) as service:
            forum.hook = service.url + PATH
            yield forum, service


async def raised(forum: Forum, service: Service, ahead: float = LEASED) -> None:
    """Once more, a while later; it has done what was left when it has answered somebody else."""
    await asyncio.to_thread(service.wait_for_death)
    service.ahead = ahead
    await asyncio.to_thread(service.start)
    later = await forum.open(forum.member(), "请教", "几点开门", CATEGORY)
    await eventually(lambda: later.topic.by(forum.assistant))


@pytest.mark.parametrize("step", ["kept", "thought", "committed", "sending", "sent"])
async def test_an_answer_is_posted_once(step: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with dying(config, monkeypatch, step) as (forum, service):
        asking = asyncio.create_task(forum.open(forum.member(), "请教", "积分会过期吗", CATEGORY))
        await raised(forum, service)
        post = await asking
        await eventually(lambda: post.topic.by(forum.assistant))
        [answer] = post.topic.by(forum.assistant)
        assert answer.raw.startswith("会。积分")


async def test_what_the_forum_had_when_we_died_is_not_posted_twice(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has taken the post and never says so, and we are killed while we wait; two more deaths change nothing."""
    async with dying(config, monkeypatch) as (forum, service):
        forum.faults["reply"] = ["silent"]
        post = await forum.open(forum.member(), "请教", "积分会过期吗", CATEGORY)
        await eventually(lambda: forum.lost)
        for number in range(1, 4):
            service.kill()
            await raised(forum, service, number * LEASED)
        assert forum.lost == post.topic.by(forum.assistant)
