"""`kill -9` at every step of a turn. Seen from outside, everything accepted is answered exactly once and in order."""

import asyncio
import signal

import pytest

from daoxue.app import compose
from daoxue.config import Config
from store import queue
from tests.service import Page, running

STEPS = ("accepted", "understood", "thought", "committed", "delivering", "delivered")
TALK = ("最近有什么培训班", "第二个还有名额吗", "积分会过期吗")


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_a_step(step: str, nth: int, either_config: Config) -> None:
    with running(either_config, step, nth) as service:
        page = Page(service)
        for number, text in enumerate(TALK):
            assert await page.say(text, f"turn-{number}")
        await page.close()
        fresh = Page(service)  # what the server has is what the page has heard
        fresh.visitor = page.visitor
        await fresh.open()
        while fresh.seen < page.seen:
            await fresh.receive()
        await fresh.close()
    assert [frame["text"] for frame in fresh.heard] == [frame["text"] for frame in page.heard]
    said = [frame["id"] for frame in fresh.heard if frame["author"] == "resident"]
    assert said == [f"turn-{number}" for number in range(len(TALK))]
    order = [frame.get("id") or frame["re"] for frame in fresh.heard]
    assert order == sorted(order)
    for id in said:
        assert len([frame for frame in fresh.heard if frame["re"] == id and frame["author"] == "bot"]) == 1


@pytest.mark.parametrize("step", ["thought", "committed", "delivering"])
async def test_killed_while_many_speak(step: str, config: Config) -> None:
    """A batch of residents in one group commit; the process dies in the middle of them."""
    with running(config, step, 7) as service:
        pages = [Page(service) for _ in range(12)]
        lock = asyncio.Lock()

        async def talk(page: Page) -> None:
            for number in range(2):
                while True:
                    try:
                        if page.connection is None:
                            await page.open()
                        await asyncio.wait_for(_once(page, f"n{number}"), 15)
                        break
                    except Exception:  # noqa: BLE001 - however the connection ended
                        page.connection = None
                        async with lock:
                            if service.is_dead:
                                service.start()

        await asyncio.gather(*(talk(page) for page in pages))
        for page in pages:
            answers = [frame["re"] for frame in page.heard if frame["author"] == "bot"]
            assert answers == ["n0", "n1"]
            await page.close()


async def _once(page: Page, id: str) -> None:
    await page.send({"type": "message", "id": id, "text": "积分会过期吗"})
    while not page.answers_to(id):
        await page.receive()


async def test_the_outbox_is_empty_when_all_was_delivered(config: Config) -> None:
    with running(config) as service:
        page = Page(service)
        await page.say("你好")
        await page.close()
        assert service.stop() in {0, -signal.SIGTERM}  # the server gives the signal on after its orderly end
    app = await compose(config)
    assert app.database.look(lambda t: queue.due(t, 1 << 60, 10)) == []
    app.database.close()
