"""Answers in a forum against a process that dies: judged by what stands in the topic."""

import asyncio

import pytest

from daoxue.config import Config
from integrations.forum.settings import PATH
from players import forum_api
from players.forum import Forum
from tests.conftest import free_port
from tests.foruming import CATEGORY, environment, on_forum
from tests.messenger import eventually
from tests.official import behind
from tests.service import running

LEASED = 60.0  # seconds: nobody waits for the process that died any more


@pytest.mark.parametrize("step", ["kept", "thought", "committed", "sending", "sent"])
async def test_an_answer_is_posted_once(step: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    forum, api_port = Forum(), free_port()
    forum.remembers = forum.limits = False  # nobody but us keeps it from being there twice
    forum.back_off = 0.2
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    async with behind(forum_api.server(forum), api_port):
        with running(on_forum(config, api_port), step) as service:
            forum.hook = service.url + PATH
            asking = asyncio.create_task(forum.open(forum.member(), "请教", "积分会过期吗", CATEGORY))
            await asyncio.to_thread(service.wait_for_death)
            service.ahead = LEASED
            await asyncio.to_thread(service.start)
            post = await asking
            await eventually(lambda: post.topic.by(forum.assistant))
            later = await forum.open(forum.member(), "请教", "几点开门", CATEGORY)
            await eventually(lambda: later.topic.by(forum.assistant))
            [answer] = post.topic.by(forum.assistant)
            assert answer.raw.startswith("会。积分")
