"""Web push: who has closed the page is told by their browser that there is a reply, and no word of it."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from daoxue import check
from daoxue.app import App, compose
from daoxue.config import Config
from daoxue.serve import server
from desk.pushing import VapidError, _wait
from desk.vapid import encrypted, new_key, unpadded, vapid_of
from players.push_service import PushService, Subscribed
from store import conversations, pushes, queue
from store.pushes import PushKeys
from store.queue import QueueState
from tests.conftest import free_port
from tests.desk_client import Desk, Person
from tests.official import Clock, behind, up

KEY, SUBJECT = new_key(), "mailto:desk@daoxue.test"
VISITOR = "v" * 32
# What no reply could be said to: its commit takes the address apart.
UNREADABLE: tuple[dict[str, str], ...] = (
    {"endpoint": "https://[x"},
    {"endpoint": "https://a]b/"},
    {"endpoint": "https://:1/"},
)
# RFC 8291, appendix A
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
OWN, AUTH, SALT = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cV"
    "PTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)  # fmt: skip


def test_a_push_is_what_the_standard_says() -> None:
    raw = urlsafe_b64decode(OWN + "=")
    own = ec.derive_private_key(int.from_bytes(raw), ec.SECP256R1())
    said = b"When I grow up, I want to be a watermelon"
    assert unpadded(encrypted(PushKeys(THEIRS, AUTH), said, own, urlsafe_b64decode(SALT + "=="))) == SEALED


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"VAPID_PRIVATE_KEY": KEY}, "VAPID_SUBJECT is not set"),
        ({"VAPID_SUBJECT": SUBJECT}, "VAPID_PRIVATE_KEY is not set"),
        ({"VAPID_PRIVATE_KEY": KEY[:-4], "VAPID_SUBJECT": SUBJECT}, "32 bytes"),
        ({"VAPID_PRIVATE_KEY": KEY, "VAPID_SUBJECT": "desk@daoxue.test"}, "mailto:"),
    ],
)
def test_half_of_the_keys_is_told(given: dict[str, str], told: str) -> None:
    with pytest.raises(VapidError, match=told):
        vapid_of(given)


def test_the_check_names_what_lacks(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAPID_PRIVATE_KEY", KEY)
    assert [each for each in check.problems(config) if "VAPID" in each] == [
        "web push: VAPID_SUBJECT is not set in the environment"
    ]


@dataclass
class Away:
    """A resident who has asked for a person, is to be told by a browser, and has closed the page."""

    app: App
    url: str
    service: PushService
    clock: Clock
    seat: Person
    ref: str
    endpoint: str
    browser: Subscribed

    async def reply(self, text: str) -> None:
        await self.seat.post(f"/tickets/{self.ref}/messages", {"text": text, "id": text})

    async def later(self, seconds: float = pushes.AFTER / 1000) -> None:
        """So much later the queue has done what is due."""
        self.clock.ahead += seconds
        while await self.app.queue.work():
            pass

    async def owed(self) -> list[queue.QueueRow]:
        lanes = [f"{pushes.KIND}:{number}" for number in range(pushes.LANES)]
        return await self.app.database.read(lambda t: [row for lane in lanes for row in queue.of_lane(t, lane, 9)])

    async def subscriptions(self) -> list[pushes.PushRow]:
        talk = await self.app.database.read(lambda t: conversations.get(t, 1))
        assert talk is not None
        return await self.app.database.read(lambda t: pushes.of_conversation(t, talk.id))


async def subscribe(url: str, **body: str) -> int:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/channels/webchat/push", json={"visitor": VISITOR, **body})
    return answer.status_code


@pytest.fixture
async def away(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Away]:
    monkeypatch.setenv("VAPID_PRIVATE_KEY", KEY)
    monkeypatch.setenv("VAPID_SUBJECT", SUBJECT)
    clock, port, push_port = Clock(), free_port(), free_port()
    service = PushService(f"http://127.0.0.1:{push_port}", clock)
    desk = replace(config.desk, always_open=True, recall_seconds=0, webhooks_inside=True)
    app = await compose(replace(config, server=replace(config.server, port=port), desk=desk), clock=clock)
    web = server(app)
    web.config.lifespan = "off"
    url = f"http://127.0.0.1:{port}"
    async with behind(service.app(), push_port), up(web):
        async with httpx.AsyncClient() as client:
            said = {"visitor": VISITOR, "id": "a", "text": "转人工"}
            assert (await client.post(f"{url}/channels/webchat", json=said)).status_code == 200
            page = (await client.get(url)).text
        vapid = vapid_of({"VAPID_PRIVATE_KEY": KEY, "VAPID_SUBJECT": SUBJECT})
        assert f'data-push="{vapid.public}"' in page
        endpoint, browser = service.subscribe(vapid.public)
        assert await subscribe(url, endpoint=endpoint, **browser.keys) == 204
        seat = await Desk(app).person("seat")
        ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
        await seat.post(f"/tickets/{ref}/take")
        yield Away(app, url, service, clock, seat, ref, endpoint, browser)
    app.database.close()


async def test_who_is_away_is_told_once_and_no_word_of_it(away: Away) -> None:
    await away.reply("您的卡号是秘密")
    await away.later(1)
    assert away.browser.shown == []  # an open page would have it by then
    await away.later()
    await away.later(60)
    assert away.browser.shown == ["有新回复"]
    assert away.service.calls == 1


async def test_who_has_the_page_open_is_not_told(away: Away) -> None:
    await away.reply("您好")
    talk = await away.app.database.read(lambda t: conversations.get(t, 1))
    assert talk is not None
    away.app.outbox.taken(talk.id, talk.seq)
    await away.app.outbox.flush()
    await away.later()
    assert away.service.calls == 0


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten(away: Away, status: int) -> None:
    away.service.faults = [(status, "")]
    await away.reply("您好")
    await away.later()
    assert await away.subscriptions() == []
    await away.reply("还在吗")
    await away.later()
    assert away.service.calls == 1


async def test_a_service_that_asks_to_wait_is_obeyed(away: Away) -> None:
    away.service.faults = [(429, "120"), (503, "Thu, 01 Jan 1970 00:00:00 GMT"), (500, "")]
    await away.reply("您好")
    await away.later()
    await away.later(110)
    assert away.service.calls == 1
    await away.later(11)
    assert away.service.calls == 2
    await away.later(2)  # a time that is over
    await away.later(5)
    assert away.browser.shown == ["有新回复"]
    assert away.service.calls == 4


async def test_another_key_is_refused_and_seen_by_people(away: Away) -> None:
    away.browser.owner = "somebody else"
    await away.reply("您好")
    await away.later()
    assert [(row.state, row.outcome) for row in await away.owed()] == [(QueueState.GIVEN_UP, "HTTP 403")]
    assert away.browser.shown == []


async def test_a_service_that_is_away_is_asked_again_and_a_stale_push_is_dropped(away: Away) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}/push/x"
    assert await subscribe(away.url, endpoint=endpoint, **away.browser.keys) == 204
    await away.reply("您好")
    await away.later()
    assert [row.outcome for row in await away.owed()] == ["ConnectError"]
    await away.later(86_400)
    assert await away.owed() == []


async def test_addresses_inside_and_in_clear_are_not_called(away: Away) -> None:
    for endpoint in ("https://10.0.0.1/push/x", "http://1.1.1.1/push/x"):
        assert await subscribe(away.url, endpoint=endpoint, **away.browser.keys) == 204
    assert await subscribe(away.url, endpoint=away.endpoint) == 204  # that one ends
    strict = replace(away.app.config, desk=replace(away.app.config.desk, webhooks_inside=False))
    outside = await compose(strict, clock=away.clock)
    await away.reply("您好")
    away.clock.ahead += 6
    while await outside.queue.work():
        pass
    outside.database.close()
    assert await away.subscriptions() == []
    assert away.service.calls == 0


async def test_what_is_no_subscription_is_not_kept(away: Away) -> None:
    sound: dict[str, Any] = {"endpoint": away.endpoint, **away.browser.keys}
    for wrong in (
        {"endpoint": "ftp://x"},
        {"p256dh": "short"},
        {"auth": "x"},
        {"endpoint": "https://a b/"},
        *UNREADABLE,
    ):
        assert await subscribe(away.url, **sound | wrong) == 400
    assert await subscribe(away.url, **sound | {"visitor": "w" * 32}) == 404
    async with httpx.AsyncClient() as client:
        at = f"{away.url}/channels/webchat/push"
        foreign = await client.post(at, json={"visitor": VISITOR, **sound}, headers={"origin": "https://evil.test"})
        assert foreign.status_code == 403
        assert (await client.post(at, content=b"{" * 5000)).status_code == 413
    assert len(await away.subscriptions()) == 1


async def test_of_many_browsers_the_newest_are_told(away: Away) -> None:
    for number in range(pushes.MOST + 2):
        assert await subscribe(away.url, endpoint=f"{away.service.url}/push/{number}", **away.browser.keys) == 204
    found = await away.subscriptions()
    assert [each.endpoint.rpartition("/")[2] for each in found] == [str(number) for number in range(2, pushes.MOST + 2)]


async def test_it_is_sealed_copied_and_erased(away: Away) -> None:
    admin = await Desk(away.app).person("administrator")
    kept = await asyncio.to_thread(Path(away.app.config.database.embedded).read_bytes)
    assert away.endpoint.encode() not in kept
    copy = await admin.post(f"/residents/{away.ref}/export")
    assert away.endpoint in json.dumps(copy)
    assert away.browser.keys["auth"] not in json.dumps(copy)
    await away.seat.post(f"/tickets/{away.ref}/close", {"result": "answered", "note": ""})
    await admin.post(f"/residents/{away.ref}/erase", {"why": "own_wish"})
    assert await away.subscriptions() == []


def test_what_no_date_can_be_is_no_time_to_wait() -> None:
    assert _wait("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", 0) is None
