"""WeChat's impatience against a service that dies; and an hour in which everything is counted."""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from daoxue.config import Config
from daoxue.play_wechat import _settings
from daoxue.preparing import vault_of
from integrations.wechat.settings import WechatSettings
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from players.wechat.residents import Resident
from store import conversations, queue
from store.database import Database
from store.transaction import Transaction
from tests.conftest import free_port
from tests.crashing import Streams
from tests.desk_client import Desk, Person
from tests.official import Official, behind, environment, official
from tests.pages import is_ready
from tests.service import ROOT, Command, Service, ran, running

TALK = ("最近有什么培训班", "第二个还有名额吗", "积分会过期吗")


def on_wechat(config: Config, platform: WechatPlatform, api_port: int, monkeypatch: pytest.MonkeyPatch) -> Config:
    for name, value in environment(platform).items():
        monkeypatch.setenv(name, value)
    wechat = WechatSettings(enabled=True, api_base=f"http://127.0.0.1:{api_port}")
    return replace(config, channels=config.channels.having(wechat))


async def raised_again(service: Service) -> None:
    """Whoever looks after the machine: starts the service when it has died."""
    while True:
        await asyncio.sleep(0.05)
        if service.is_dead:
            await asyncio.to_thread(service.start)


async def said(config: Config, openid: str) -> list[str]:
    database = Database(config.database.url, vault_of(config))
    read = database.look(lambda t: conversations.find(t, "wechat", openid))
    assert read is not None
    rows = database.look(lambda t: conversations.messages(t, read.id, 1, 1 << 30))
    database.close()
    return [row.author for row in rows]


@pytest.mark.parametrize("step", ["accepted", "committed", "delivered"])
async def test_killed_at_a_step(step: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message is answered once on the resident's screen, and once in what we keep."""
    await _killed(step, config, monkeypatch)


@pytest.mark.parametrize("step", ["thought", "delivering"])
async def test_killed_at_a_step_on_either_database(
    step: str, either_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _killed(step, either_config, monkeypatch)


async def _killed(step: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, api_port = WechatPlatform(patience=2.5), free_port()
    connected = on_wechat(config, platform, api_port, monkeypatch)
    async with behind(wechat_api.server(platform), api_port):
        with running(connected, step, 2) as service:
            platform.webhook = f"{service.url}/channels/wechat"
            guard = asyncio.create_task(raised_again(service))
            who = platform.resident()
            for text in TALK:
                seen = await platform.say(who, text)
                assert [each.way for each in seen] == ["passive"], (text, seen)
            guard.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await guard
    assert await said(config, who.openid) == ["resident", "bot"] * 3


async def test_a_seats_words_outlive_the_process(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while it sends: what the seat wrote arrives once the process is back."""
    platform, api_port = WechatPlatform(patience=2.5), free_port()
    connected = on_wechat(config, platform, api_port, monkeypatch)
    async with behind(wechat_api.server(platform), api_port):
        with running(connected, "sending", 1) as service:
            platform.webhook = f"{service.url}/channels/wechat"
            who = platform.resident()
            await platform.subscribe(who)
            database = Database(config.database.url, vault_of(config))
            read = database.look(lambda t: conversations.find(t, "wechat", who.openid))
            assert read is not None
            from bot.inbox import encode
            from bot.messages import Message, Reply

            body = encode(Message(reply=Reply(text="坐席的话")))
            database.now(lambda t: conversations.say(t, read, [("seat", body)], int(platform.clock() * 1000)))
            await asyncio.to_thread(service.wait_for_death)
            assert platform.calls["message/custom/send"] == 0
            database.now(_end_the_lease)  # its lease is over
            database.close()
            service.start()
            for _ in range(100):
                await asyncio.sleep(0.05)
                if who.seen[-1].way == "custom":
                    break
            assert [each.text for each in who.seen[1:]] == ["坐席的话"]


def _end_the_lease(transaction: Transaction) -> None:
    [row] = queue.due(transaction, 1 << 59, 10)
    queue.put_back(transaction, row)


async def test_an_hour_with_everything_counted(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty residents and two seats: the platform never has to refuse anything, one token is enough, responses get lost,
    and in the end everybody has heard everything that was said to them, in order, once."""
    chance = random.Random(7)
    async with official(config, monkeypatch) as account:
        platform = account.platform
        platform.again = 0.06
        residents = [platform.resident() for _ in range(30)]
        desk = Desk(account.app)
        seats = [await desk.person("seat", capacity=100) for _ in range(2)]
        for who in residents:
            await platform.subscribe(who)
        holding: dict[str, tuple[Person, str]] = {}
        written: dict[str, list[str]] = {}
        refused = _refusals(platform)
        for minute in range(60):
            account.clock.ahead += 60
            for who in chance.sample(residents, 6):
                await _speaks(account, who, chance)
            for ref in [row.ref for row in await account.app.tickets.in_state("waiting")]:
                seat = chance.choice(seats)
                await seat.post(f"/tickets/{ref}/take")
                openid = await _openid(account, ref)
                holding[openid] = seat, ref
                written.setdefault(openid, [])
            for openid, (seat, ref) in chance.sample(sorted(holding.items()), min(4, len(holding))):
                text = f"坐席第{minute}-{len(written[openid])}句"
                await seat.post(f"/tickets/{ref}/messages", {"id": f"{minute}-{openid[:8]}", "text": text})
                written[openid].append(text)
            await account.deliver()
        for _ in range(3):
            account.clock.ahead += 30
            for who in residents:
                await platform.say(who, "还在吗")
            await account.deliver()
        assert platform.calls["stable_token"] == 1
        assert refused == {}, refused
        assert sum(map(len, written.values())) > 100
        for openid, texts in written.items():
            screen = "\n".join(each.text for each in platform.residents[openid].seen)
            places = [screen.find(text) for text in texts]
            assert -1 not in places
            assert places == sorted(places)
            assert all(screen.count(text) == 1 for text in texts)
        assert not [each for who in residents for each in who.seen if each.way == "broken"]


async def _speaks(account: Official, who: Resident, chance: random.Random) -> None:
    from players.wechat.residents import Passage

    way = Passage(lose=chance.choice((0, 0, 0, 1, 2)))
    what = chance.randrange(8)
    if what == 0:
        await account.platform.say(who, "转人工", way=way)
    elif what == 1:
        await account.platform.click(who, chance.choice(("balance", "course", "human")), way=way)
    elif what == 2:
        await account.platform.speak(who, way=way)
    else:
        await account.platform.say(who, chance.choice(TALK), way=way)


async def _openid(account: Official, ref: str) -> str:
    opened = await account.app.tickets.show(ref)
    read = await account.app.database.read(lambda t: conversations.get(t, opened.ticket.conversation))
    assert read is not None
    return read.address


def _refusals(platform: WechatPlatform) -> Counter[int]:
    """What the platform refuses from now on, by code."""
    found: Counter[int] = Counter()
    custom = platform.custom

    def counted(body: dict[str, object]) -> dict[str, object]:
        answer = custom(body)
        if answer.get("errcode"):
            found[int(str(answer["errcode"]))] += 1
        return answer

    platform.custom = counted  # type: ignore[method-assign]
    return found


async def test_the_command_itself_with_a_seat_in_the_terminal(
    config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`daoxue serve`, a resident on WeChat, and `daoxue desk` beside it."""
    platform, api_port, port = WechatPlatform(patience=2.5), free_port(), free_port()
    settings = _settings(platform, port, api_port, str(tmp_path)) | {
        "DAOXUE_DATABASE__URL": config.database.url, "DAOXUE_ACCOUNTS__KEY_FILE": "var/data.key",
        "DAOXUE_NLU__FOLDER": config.nlu.folder,
    }  # fmt: skip
    platform.webhook = f"http://127.0.0.1:{port}/channels/wechat"

    environment = {**os.environ, **settings}
    streams = Streams(Path(os.devnull), tmp_path / "said", tmp_path / "log")
    async with behind(wechat_api.server(platform), api_port):
        service = Command(["serve"], ROOT, environment, streams)
        try:
            assert await asyncio.to_thread(is_ready, f"http://127.0.0.1:{port}")
            who = platform.resident()
            await platform.subscribe(who)
            [handed] = await platform.say(who, "转人工")
            ref = handed.text.split("工单号 ")[1][:10]
            for words in (("take", ref), ("reply", ref, "坐席的话")):
                done = await asyncio.to_thread(ran, ["desk", *words], ROOT, environment)
                assert done.returncode == 0, done.stderr
            for _ in range(600):
                if "坐席的话" in who.seen[-1].text:
                    break
                await asyncio.sleep(0.05)
            taken = f"坐席接上了，工单 {ref}。请说。"
            assert who.seen[-1].text in ("坐席的话", f"{taken}\n\n坐席的话"), (
                "alone, or behind the word that it has taken over"
            )
        finally:
            service.send_signal(signal.SIGTERM)
            await asyncio.to_thread(service.wait, 60)
        assert '"level": "error"' not in streams.log.read_text("utf-8")
