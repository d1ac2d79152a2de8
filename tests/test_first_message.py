"""A new visitor's first message, cut before it is committed or before that is told: one conversation, answered once."""

import asyncio
import contextlib
import json
import secrets

import httpx
import pytest
from msgspec import structs
from sqlalchemy import func, select

from daoxue.config import Config, Server
from daoxue.preparing import vault_of
from store.database import Database
from store.schema import conversation, message
from store.transaction import Statement
from tests.service import Page, Service, running

VISITORS = 20
STEPS = ("accepted", "thought", "committed", "delivering")
_TALKS = Statement(select(func.count()).select_from(conversation))
_SAID = Statement(select(message.c.author).order_by(message.c.conversation, message.c.seq))


def kept(config: Config) -> tuple[int, list[str]]:
    """How many conversations there are, and who said something in them."""
    database = Database(config.database.url, vault_of(config))
    talks = database.look(lambda t: t.one(_TALKS))
    said = [str(row[0]) for row in database.look(lambda t: t.all(_SAID))]
    database.close()
    assert talks is not None
    return int(str(talks[0])), said


async def cut_on_a_socket(service: Service) -> None:
    """The line goes when the message has left; the page is back at once and says it again."""
    page = Page(service)
    await page.open()
    assert page.connection is not None
    await page.send({"type": "message", "id": "first", "text": "转人工"})
    page.connection.transport.abort()
    page.connection = None
    await page.say("转人工", "first")
    await page.close()


def body() -> bytes:
    said = {"id": "first", "text": "转人工", "visitor": secrets.token_urlsafe(24)}
    return json.dumps(said, ensure_ascii=False).encode()


async def cut_over_http(service: Service) -> None:
    said = body()
    _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    head = f"POST /channels/webchat HTTP/1.1\r\nHost: x\r\nContent-Length: {len(said)}\r\n\r\n"
    writer.write(head.encode() + said)
    await writer.drain()
    writer.transport.abort()
    async with httpx.AsyncClient(timeout=10) as client:
        answer = await client.post(f"{service.url}/channels/webchat", content=said)
    assert answer.status_code == 200


@pytest.mark.parametrize("cut", [cut_on_a_socket, cut_over_http])
async def test_cut_before_it_is_acknowledged(cut, either_config: Config) -> None:  # type: ignore[no-untyped-def]
    # From one address come more new visitors than any household has.
    with running(structs.replace(either_config, server=Server(unlimited=("127.0.0.1",)))) as service:
        for _ in range(VISITORS):
            await cut(service)
        service.stop()
    talks, said = kept(either_config)
    assert talks == VISITORS
    assert said.count("resident") == VISITORS
    assert said[0::2] == ["resident"] * VISITORS, "each followed by its one answer"


@pytest.mark.parametrize("step", STEPS)
async def test_killed_under_a_first_message(step: str, config: Config) -> None:
    with running(config, step) as service:
        page = Page(service)
        assert "工单" in await page.say("转人工", "first")
        await page.close()
        service.stop()
    assert kept(config) == (1, ["resident", "bot"])


@pytest.mark.parametrize("step", STEPS)
async def test_killed_under_a_first_message_over_http(step: str, config: Config) -> None:
    said = body()
    with running(config, step) as service:
        async with httpx.AsyncClient(timeout=10) as client:
            with contextlib.suppress(httpx.HTTPError):
                await client.post(f"{service.url}/channels/webchat", content=said)
            service.wait_for_death()
            service.start()
            answer = await client.post(f"{service.url}/channels/webchat", content=said)
        assert "工单" in answer.json()["messages"][0]["text"]
        service.stop()
    assert kept(config) == (1, ["resident", "bot"])
