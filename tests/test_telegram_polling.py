"""Asking for updates: each is done with when it is committed, and not before."""

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.admission import BusyError
from bot.channel import SettingsError
from bot.inbox import Inbox
from daoxue import play_telegram
from daoxue.app import App
from daoxue.commands import telegram
from daoxue.config import SETTINGS, Config, ConfigError, read
from daoxue.logs import JsonLines
from integrations.telegram import api, polling
from integrations.telegram.polling import NAME
from integrations.telegram.settings import TelegramSecrets, TelegramSettings
from players import telegram_api
from players.telegram import TelegramPlatform
from store import deliveries
from tests.conftest import free_port
from tests.messenger import Messenger, environment, eventually, messenger
from tests.official import behind


@pytest.fixture
async def asking(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Messenger]:
    monkeypatch.setattr(polling, "AGAIN", 0.01)
    async with messenger(config, monkeypatch, mode="polling") as connected:
        yield connected


async def ask(app: App) -> None:
    """One round."""
    worker = next(each for each in app.channels["telegram"].work if each.name == "telegram-updates")
    await worker.work()


async def arrived(asking: Messenger, count: int) -> None:
    """So many answers have: what one of the same resident's waits for is the queue's."""
    for _ in range(500):
        if len(sent(asking.platform)) >= count:
            break
        await asking.app.queue.work()
        await asyncio.sleep(0.02)
    assert len(sent(asking.platform)) == count


def sent(platform: TelegramPlatform) -> list[str]:
    return [each.text for chat in platform.chats.values() for each in chat.seen]


async def test_what_is_asked_for_is_answered_and_then_done_with(asking: Messenger) -> None:
    who, other = asking.platform.person(), asking.platform.person()
    for text in ("积分会过期吗", "几点开门"):
        await asking.platform.say(who, text)
    await asking.platform.say(other, "积分会过期吗")
    await ask(asking.app)
    assert len(asking.platform.pending) == 3, "not done with before they are asked after"
    await arrived(asking, 3)
    round_ = asyncio.create_task(ask(asking.app))
    await eventually(lambda: not asking.platform.pending)
    await asking.platform.say(who, "谢谢")
    await round_
    await arrived(asking, 4)


async def test_what_was_not_accepted_is_asked_for_again(asking: Messenger, monkeypatch: pytest.MonkeyPatch) -> None:
    who, receive, times = asking.platform.person(), Inbox.receive, 0

    async def busy(self: Inbox, said: object) -> object:
        nonlocal times
        times += 1
        if times == 1:
            raise BusyError
        return await receive(self, said)  # type: ignore[arg-type]

    monkeypatch.setattr(Inbox, "receive", busy)
    await asking.platform.say(who, "积分会过期吗")
    await asking.platform.say(who, "几点开门")
    await ask(asking.app)
    assert times == 1, "what comes after it waits"
    assert sent(asking.platform) == []
    await ask(asking.app)
    await arrived(asking, 2)
    assert sent(asking.platform)[0].startswith("会。积分")


async def test_what_always_fails_keeps_nobody_waiting(
    asking: Messenger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    receive = Inbox.receive

    async def broken(self: Inbox, said: object) -> object:
        if getattr(said, "text", "") == "坏":
            raise RuntimeError
        return await receive(self, said)  # type: ignore[arg-type]

    monkeypatch.setattr(Inbox, "receive", broken)
    who = asking.platform.person()
    await asking.platform.say(who, "坏")
    await asking.platform.say(who, "积分会过期吗")
    for _ in range(3):
        await ask(asking.app)
    await arrived(asking, 1)
    assert "dropped an update" in caplog.text


async def test_a_busy_database_is_no_fault_of_the_message(asking: Messenger, monkeypatch: pytest.MonkeyPatch) -> None:
    receive, busy = Inbox.receive, True

    async def full(self: Inbox, said: object) -> object:
        if busy:
            raise BusyError
        return await receive(self, said)  # type: ignore[arg-type]

    monkeypatch.setattr(Inbox, "receive", full)
    await asking.platform.say(asking.platform.person(), "积分会过期吗")
    for _ in range(5):
        await ask(asking.app)
    assert len(asking.platform.pending) == 1
    busy = False
    await ask(asking.app)
    await arrived(asking, 1)


@pytest.mark.parametrize("odd", [
    {"gift": {"gift": {"id": "1"}}}, {"from": {"id": 63}}, {"entities": [{"type": "bold", "offset": 0}]},
    {"reply_to_message": {"message_id": 1, "chat": {"id": 63, "type": "private"}}}, {"chat": None},
])  # fmt: skip
async def test_what_cannot_be_read_keeps_nobody_waiting_and_is_in_no_log(
    odd: dict[str, object], asking: Messenger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Beside it somebody is in danger."""
    monkeypatch.setattr(api, "HELD", 0)
    caplog.set_level("DEBUG")
    who = asking.platform.person()
    await asking.platform.say(who, "积分会过期吗")
    message = {
        "message_id": 203, "date": 1, "chat": {"id": 63, "type": "private"}, "text": "我的身份证号11010519491231002X",
        "from": {"id": 63, "is_bot": False, "first_name": "x"},
    }  # fmt: skip
    asking.platform.pending.insert(0, {"update_id": 1, "message": message | odd})
    asking.platform.pending.insert(0, {"no": "update"})
    await asking.platform.say(asking.platform.person(), "我老伴晕倒了")
    for _ in range(4):
        await ask(asking.app)
    await arrived(asking, 2)
    assert any("120" in each for each in sent(asking.platform))
    formed = [JsonLines().format(each) for each in caplog.records]
    assert not any("11010519491231002X" in each or "积分会过期" in each for each in formed)


async def test_only_one_process_asks(asking: Messenger, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    await asking.platform.say(asking.platform.person(), "积分会过期吗")
    await ask(asking.app)
    before = asking.platform.calls["getUpdates"]
    polling = next(each for each in asking.app.channels["telegram"].work if each.name == "telegram-updates")
    other = getattr(polling.work, "__self__")  # noqa: B009 - a second process would begin as this does
    monkeypatch.setattr(other, "_held", 0)
    monkeypatch.setattr("integrations.telegram.polling.REST", 0)
    await ask(asking.app)
    assert asking.platform.calls["getUpdates"] == before
    asking.clock.ahead += 60
    await asking.platform.say(asking.platform.person(), "几点开门")
    await ask(asking.app)
    assert asking.platform.calls["getUpdates"] == before + 1


async def test_who_comes_after_us_need_not_wait(asking: Messenger, monkeypatch: pytest.MonkeyPatch) -> None:
    await asking.platform.say(asking.platform.person(), "积分会过期吗")
    await ask(asking.app)
    row = await asking.app.database.read(lambda t: deliveries.get_shared(t, NAME))
    assert row is not None
    assert row.lease > asking.clock() * 1000
    await asking.app.channels["telegram"].close()
    row = await asking.app.database.read(lambda t: deliveries.get_shared(t, NAME))
    assert row is not None
    assert row.lease == 0


async def test_a_webhook_that_is_set_is_taken_away_and_the_menu_is_put_up(asking: Messenger) -> None:
    asking.platform.webhook = {"url": "https://old.example/hook"}
    standing = next(each for each in asking.app.channels["telegram"].work if each.name == "telegram")
    await standing.work()
    assert asking.platform.webhook == {}
    assert [each["command"] for each in asking.platform.commands["zh"]] == ["course", "balance", "human", "help"]
    assert set(asking.platform.commands) == {"", "zh", "en"}


async def test_the_webhook_is_set_with_its_secret_and_what_fails_is_seen_at_the_desk(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with messenger(config, monkeypatch) as talk:
        standing = next(each for each in talk.app.channels["telegram"].work if each.name == "telegram")
        talk.platform.webhook = {}
        talk.platform.faults["getWebhookInfo"] = ["html"]
        await standing.work()
        assert talk.platform.webhook == {}
        assert (await talk.app.channels["telegram"].health(0)).alarm
        await standing.work()
        assert talk.platform.webhook["url"] == talk.url + "/channels/telegram"
        assert talk.platform.webhook["allowed_updates"] == ["message", "callback_query", "my_chat_member"]
        assert talk.platform.webhook["secret_token"]
        assert (await talk.app.channels["telegram"].health(0)).alarm is None


async def test_in_the_terminal_every_command_is_something_that_happens(config: Config) -> None:
    platform = TelegramPlatform()
    app = play_telegram.Handset(platform)
    for line in ("/start", "几点开门", "/voice", "/picture 这是什么", "/sticker 👍", "/location 31.8 117.2", "/contact",
                 "/group @daoxue_bot 你好", "/block", "/unblock"):  # fmt: skip
        await app._do(line)
    assert len(platform.pending) == 10
    for line in ("/flood", "/lose", "/html"):
        await app._do(line)
    assert len(platform.faults["sendMessage"]) == 3
    settings = play_telegram._settings(platform, 1, 2, "/tmp", "polling")
    found = read(SETTINGS, {name: value for name, value in settings.items() if name.startswith("DAOXUE_")})
    assert found.channels.of(TelegramSettings) == TelegramSettings(
        enabled=True, mode="polling", api_base="http://127.0.0.1:2"
    )


async def test_the_platform_is_asked_who_we_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    platform, port, file = TelegramPlatform(), free_port(), tmp_path / "config.yml"
    file.write_text(f"channels: {{telegram: {{enabled: true, api_base: 'http://127.0.0.1:{port}'}}}}", encoding="utf-8")
    for name, value in environment(platform).items():
        monkeypatch.setenv(name, value)
    asked = Namespace(config=file, json=False)
    async with behind(telegram_api.server(platform), port):
        assert await asyncio.to_thread(telegram.check, asked) == 0
        assert "@daoxue_bot" in capsys.readouterr().out
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:wrong")
        with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN"):
            await asyncio.to_thread(telegram.check, asked)


@pytest.mark.parametrize(
    ("name", "value"),
    [("TELEGRAM_BOT_TOKEN", ""), ("TELEGRAM_BOT_TOKEN", "no token"), ("TELEGRAM_WEBHOOK_SECRET", ""), ("TELEGRAM_WEBHOOK_SECRET", "ä b")],
)  # fmt: skip
def test_a_secret_that_cannot_be_one_stops_the_start(name: str, value: str) -> None:
    secrets = {**environment(TelegramPlatform()), name: value}
    with pytest.raises(SettingsError, match=name):
        TelegramSecrets.read(secrets, TelegramSettings(enabled=True))
