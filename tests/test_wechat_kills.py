"""A seat's accepted words against lost responses and a process that dies: judged by what is on the resident's screen."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from daoxue.app import compose
from daoxue.config import Config
from desk.people import Profile
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from players.wechat.residents import Passage, Resident
from tests.conftest import free_port
from tests.desk_client import PASSWORD
from tests.official import behind
from tests.service import Service, running
from tests.test_wechat_storm import on_wechat, raised_again, said

SEND = "message/custom/send"
AGAIN = 3.0  # seconds from a delivery to the next: by then a service that died is up again
SOON = 0.5  # where none dies


async def eventually(true: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


async def seat(config: Config) -> httpx.AsyncClient:
    """Who works at the desk of the service that is to come."""
    app = await compose(config)
    first = await app.desk.people.add("li", "seat", 1, "test", Profile(capacity=50))
    await app.desk.signing.set_password("li", first, PASSWORD, 1)
    token = await app.desk.signing.sign_in("li", PASSWORD, "", int(time.time() * 1000))
    app.database.close()
    return httpx.AsyncClient(timeout=20, headers={"authorization": f"Bearer {token}"})


async def held_back(service: Service, desk: httpx.AsyncClient, platform: WechatPlatform, who: Resident) -> str:
    """A ticket whose seat has written two things: the platform would not take the first, and both wait for the resident."""
    await platform.subscribe(who)
    await platform.say(who, "转人工")
    api = f"{service.url}/api/tickets"
    ref: str = (await desk.get(api, params={"state": "waiting"})).json()["tickets"][0]["ref"]
    (await desk.post(f"{api}/{ref}/take", json={})).raise_for_status()
    await eventually(lambda: who.seen[-1].way == "custom")
    platform.faults[SEND] = [45047]
    for number, words in enumerate(("坐席的第一句", "坐席的第二句"), 1):
        (await desk.post(f"{api}/{ref}/messages", json={"id": f"w{number}", "text": words})).raise_for_status()
        await eventually(lambda: not platform.faults[SEND])
    return ref


@contextlib.asynccontextmanager
async def guarded(service: Service) -> AsyncIterator[None]:
    guard = asyncio.create_task(raised_again(service))
    yield
    guard.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await guard


@pytest.mark.parametrize(
    ("step", "lose"),
    [
        ("committed", 0),
        ("delivering", 0),
        ("delivered", 0),
        ("delivered", 1),
        ("never", 2),
        ("never", 3),
        ("delivering", 3),
    ],
)
async def test_a_seats_words_arrive_once(step: str, lose: int, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, api_port = WechatPlatform(), free_port()
    connected = on_wechat(config, platform, api_port, monkeypatch)
    desk = await seat(config)
    async with behind(wechat_api.server(platform), api_port), desk:
        with running(connected) as service:
            platform.webhook = f"{service.url}/channels/wechat"
            platform.again = SOON if step == "never" else AGAIN
            who = platform.resident()
            ref = await held_back(service, desk, platform, who)
            before = len(who.seen)
            await asyncio.to_thread(service.stop)
            await asyncio.to_thread(service.start, step)
            async with guarded(service):
                await platform.say(who, "在吗", Passage(lose=lose))
                await eventually(lambda: "坐席的第二句" in who.seen[-1].text)
                await nothing_is_owed(service, desk, ref)
            screen = "\n".join(each.text for each in who.seen[before:])
            assert [screen.count(words) for words in ("坐席的第一句", "坐席的第二句")] == [1, 1]
            assert screen.index("坐席的第一句") < screen.index("坐席的第二句")
            service.stop()
    assert (await said(config, who.openid)).count("resident") == 3, "the subscription, and what was typed, each once"


async def nothing_is_owed(service: Service, desk: httpx.AsyncClient, ref: str) -> None:
    for _ in range(600):
        with contextlib.suppress(httpx.HTTPError):
            shown = (await desk.get(f"{service.url}/api/tickets/{ref}")).json()
            if shown["waiting_from"] is None:
                return
        await asyncio.sleep(0.1)
    raise AssertionError("it never left")
