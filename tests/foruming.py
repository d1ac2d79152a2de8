"""A forum as tests have it: Discourse played, the service behind a real port, a clock that can be moved."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from daoxue.app import App, compose
from daoxue.config import Config
from daoxue.serve import server
from integrations.forum.settings import PATH, ForumSettings
from players import forum_api
from players.forum import KEY, SECRET, Discussion, Forum, Member, Written
from tests.conftest import free_port
from tests.official import Clock, behind, up

CATEGORY = 5
BETWEEN = 6.0  # seconds after which the forum takes the next post of the same account


@dataclass
class Foruming:
    """The forum, and what it is connected to."""

    forum: Forum
    app: App
    url: str
    clock: Clock = field(default_factory=Clock)

    async def deliver(self) -> None:
        """The queue does what is due, now and as soon as the forum takes one more."""
        for _ in range(3):
            while await self.app.queue.work():
                pass
            self.clock.ahead += BETWEEN

    async def ask(self, title: str, raw: str = "", who: Member | None = None) -> tuple[Written, list[str]]:
        """A topic, and what is posted in it."""
        post = await self.forum.open(who or self.forum.member(), title, raw or title, CATEGORY)
        await self.deliver()
        return post, self.said(post.topic)

    async def reply(self, who: Member, topic: Discussion, raw: str, to: Written | None = None) -> list[str]:
        before = len(self.said(topic))
        await self.forum.write(who, topic, raw, to)
        await self.deliver()
        return self.said(topic)[before:]

    def said(self, topic: Discussion) -> list[str]:
        return [each.raw for each in topic.by(self.forum.assistant)]


def environment() -> dict[str, str]:
    return {"FORUM_API_KEY": KEY, "FORUM_WEBHOOK_SECRET": SECRET}


def on_forum(config: Config, api_port: int, port: int = 0, **more: object) -> Config:
    """With a forum switched on."""
    stanza = ForumSettings(
        enabled=True, base=f"http://127.0.0.1:{api_port}", username="daoxue", categories=(CATEGORY,), wait=0
    )
    url = f"http://127.0.0.1:{port}" if port else config.server.public_url
    own = replace(config.server, port=port or config.server.port, public_url=url)
    return replace(config, server=own, channels=config.channels.having(replace(stanza, **more)))


@contextlib.asynccontextmanager
async def foruming(config: Config, monkeypatch: pytest.MonkeyPatch, **more: object) -> AsyncIterator[Foruming]:
    """Everything running in this process, but for the workers, which are called by hand."""
    clock, port, api_port = Clock(), free_port(), free_port()
    forum = Forum(clock=clock)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    app = await compose(on_forum(config, api_port, port, **more), clock=clock)
    web = server(app)
    web.config.lifespan = "off"
    forum.hook = f"http://127.0.0.1:{port}{PATH}"
    async with behind(forum_api.server(forum), api_port):
        try:
            async with up(web):
                yield Foruming(forum, app, f"http://127.0.0.1:{port}", clock)
        finally:
            await app.channels["forum"].close()
            app.database.close()
