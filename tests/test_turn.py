"""Races and redeliveries: the same message is one message, and two messages are two turns, one after the other."""

import asyncio
import dataclasses
import re
from itertools import pairwise

import psycopg
import pytest
from msgspec.structs import replace

from bot import phrases
from bot.commands import CORRECTION, commands
from bot.dialogue import Dialogue
from bot.handler import Handler
from bot.inbox import Receipt
from bot.turn import Turn
from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings
from handlers import HANDLERS
from store import conversations
from store.database import Database
from store.transaction import Transaction
from tests import effort
from tests.talk import Resident


def texts(receipt: Receipt) -> list[str]:
    return [answer.message.reply.text for answer in receipt.answers]


async def everything(app: App, receipt: Receipt) -> list[tuple[int, str]]:
    rows = await app.database.read(lambda t: conversations.messages(t, receipt.conversation, 1, 1 << 30))
    return [(row.seq, row.author) for row in rows]


async def test_twenty_deliveries_of_one_message(either_config: Config) -> None:
    """Ten each to two processes: one answer, told to all."""
    apps = [await compose(either_config) for _ in range(2)]
    resident = Resident(apps[0])
    message = resident.message("转人工", "same")
    receipts = await asyncio.gather(*(apps[number % 2].inbox.receive(message) for number in range(20)))
    assert len({(receipt.seq, *texts(receipt)) for receipt in receipts}) == 1
    assert len({receipt.ticket for receipt in receipts}) == 1
    assert await everything(apps[0], receipts[0]) == [(1, "resident"), (2, "bot")]
    assert len(await apps[0].tickets.in_state("waiting")) == 1
    for app in apps:
        app.database.close()


async def test_two_messages_of_one_resident_in_two_processes(either_config: Config) -> None:
    apps = [await compose(either_config) for _ in range(2)]
    resident = Resident(apps[0])
    messages = [resident.message(text) for text in ("我想登记候补书法班", "临江街道", "13800138000", "几点开门")]
    receipts = await asyncio.gather(*(apps[n % 2].inbox.receive(message) for n, message in enumerate(messages)))
    said = await everything(apps[0], receipts[0])
    assert [seq for seq, _ in said] == list(range(1, len(said) + 1))
    assert [author for _, author in said].count("resident") == len(messages)
    spans = sorted((receipt.seq, receipt.last_seq) for receipt in receipts)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(spans))
    for app in apps:
        app.database.close()


async def test_a_redelivery_after_a_restart_gets_the_stored_answer(either_config: Config) -> None:
    first = await compose(either_config)
    resident = Resident(first)
    message = resident.message("我要投诉，老师老是迟到")
    answer = await first.inbox.receive(message)
    first.database.close()
    second = await compose(either_config)
    again = await second.inbox.receive(message)
    assert again.again
    assert texts(again) == texts(answer)
    assert again.ticket == answer.ticket
    second.database.close()


async def test_a_talk_goes_on_after_a_restart(config: Config) -> None:
    first = await compose(config)
    resident = Resident(first)
    assert "联系电话" in await resident.say("登记候补临江街道的太极班")
    first.database.close()
    resident.app = await compose(config)
    assert "太极拳，临江街道社区学校" in await resident.say("13800138000")
    resident.app.database.close()


async def test_a_failing_write_takes_nobody_with_it(either_app: App) -> None:
    database: Database = either_app.database

    def fails(transaction: Transaction) -> None:
        raise ValueError("no")

    resident = Resident(either_app)
    outcomes = await asyncio.gather(
        *(database.write(fails) for _ in range(3)),
        resident.receipt("你好"),
        Resident(either_app).receipt("你好"),
        return_exceptions=True,
    )
    assert [type(outcome).__name__ for outcome in outcomes] == ["ValueError"] * 3 + ["Receipt"] * 2


async def test_what_identifies_is_gone_before_it_is_stored(app: App) -> None:
    resident = Resident(app)
    receipt = await resident.receipt("我的身份证号是３４０１０４ 19500101 123X，帮我查学分")
    rows = await app.database.read(lambda t: conversations.messages(t, receipt.conversation, 1, 10))
    stored = b"".join(row.body for row in rows).decode()
    assert "[证件号]" in stored
    assert "123X" not in stored
    found = await app.database.read(lambda t: conversations.get(t, receipt.conversation))
    assert found is not None
    assert b"123" not in re.sub(rb'"at":\d+', b"", found.state)  # the moment may have any digits


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u200b\u202e", "😀😀", "<script>alert(1)</script>", "'; DROP TABLE ticket; --", "书" * 20_000, "\ud800"],
)
async def test_bad_input_is_answered_kindly(text: str, app: App) -> None:
    receipt = await Resident(app).receipt(text)
    assert texts(receipt)
    assert all("Traceback" not in said for said in texts(receipt))


async def test_a_handler_that_fails_leaves_nobody_without_an_answer(app: App, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(turn: Turn) -> None:
        turn.say("menu")
        raise KeyError("the resident's own words")

    table = {**HANDLERS, "balance": Handler(broken, "credit_lookup")}
    app.inbox._mind = dataclasses.replace(app.inbox._mind, dialogue=Dialogue(table, app.comprehension))
    receipt = await Resident(app).receipt("我有多少学分")
    assert "出了点问题" in texts(receipt)[0]
    assert receipt.ticket
    assert "handler failed" in caplog.text
    assert "KeyError" not in "".join(texts(receipt))


async def test_words_that_mean_nothing_without_an_offer(app: App) -> None:
    resident = Resident(app)
    assert "还没有列出" in await resident.say("第二个")
    assert "还有什么想问的" in await resident.say("好的")


async def test_a_lost_connection_loses_nothing(postgres: str, sample_in_postgres: str, config: Config) -> None:
    """The server ends our connections between two messages: the next one is answered all the same, once."""
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE lost TEMPLATE {sample_in_postgres}")
        app = await compose(replace(config, database=DatabaseSettings(f"{postgres}/lost")))
        resident = Resident(app)
        assert await resident.say("你好")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'")
        receipt = await resident.receipt("积分会过期吗")
        assert "学分不过期" in texts(receipt)[0]
        assert [seq for seq, _ in await everything(app, receipt)] == [1, 2, 3, 4]
        app.database.close()


def test_laughing_takes_no_longer_than_speaking() -> None:
    """What is read with patterns is read in linear time: 1 000 characters of laughter, of hesitation, of commas."""
    looks = (CORRECTION.match, commands, phrases.accuses, phrases.requests, phrases.lone_name)
    sayings = ("哈" * 1000, "嗯" * 15 + "x", "啊，" * 500, "等等" * 500, "哎呀" * 500)
    assert all(CORRECTION.match(said) is None for said in sayings)
    assert sum(effort.seconds(look, said) for said in sayings for look in looks) < 2


@pytest.mark.parametrize(("said", "asks"), [
    ("我在外地能不能报名呢", True), ("我没有退休证可不可以报呢", True), ("我没带身份证能进呢", True), ("我在外地有没有网课呢", True),
    ("我在公交车上呢", False), ("我在银行呢", False), ("我在外地不能来呢", False), ("我在智能手机班呢", False),
])  # fmt: skip
def test_who_says_where_they_are_and_asks_something_asks(said: str, asks: bool) -> None:
    assert phrases.asks(said) == asks


async def test_a_question_for_the_card_is_not_all_that_is_said_to_a_question(app: App) -> None:
    resident = Resident(app)
    await resident.say("查一下我的学分")
    assert not (await resident.say("我没带卡能不能用手机号呢")).startswith("请输入")


async def test_what_was_corrected_can_be_spelt(app: App) -> None:
    resident = Resident(app)
    await resident.say("有没有太极拳班")
    assert "太极拳晚间班" in await resident.say("不对，是何健老师的")


async def test_a_class_is_taken_up_again_after_a_day(app: App) -> None:
    resident = Resident(app)
    await resident.say("剪纸班在哪个街道")
    await resident.say("帮我报这个")
    resident.ahead = 24 * 3_600_000
    assert "电话" in await resident.say("我又来了，昨天那个接着弄")


async def test_what_a_handler_asks_no_more_is_let_go(app: App) -> None:
    resident = Resident(app)
    receipt = await resident.receipt("查一下我的学分")
    receipt.state.tasks[-1].asked = "no such slot"
    assert app.inbox._mind.dialogue.asks_for(receipt.state) is None
    assert receipt.state.tasks == []


async def test_an_answer_on_something_else_ends_the_talk_about_a_class(app: App) -> None:
    resident = Resident(app)
    await resident.say("瑜伽班学费多少")
    await resident.say("学习卡在哪里办")
    assert "瑜伽" not in await resident.say("要钱不")


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ("学院的书法班什么时候上", {
            "一堂课多长": "14:00", "老师多大年纪了": "没写到的没有登记", "还有几个名额": "名额", "元旦上不上课": "", "一共上几次课": "次",
            "怎么坐车去": "路", "男同志收不收": "", "砚台多少钱一方": "", "要带什么": "带", "比桂花的哪个便宜": "",
        }),
        ("家庭营养课", {"总共几节": "4节微课", "糖尿病那节多长": "13分钟", "在哪个社区能上": ""}),
        ("北门电工班多少钱", {"太贵了，能不能少点": "免学费", "别的地方还有没有": "", "工作服要买不，多少钱": ""}),
        ("毛巾几分", {"到哪里去领": "兑换点", "那伞呢": "100", "哪个便宜": "毛巾"}),
        ("棠堤社区教学站点在哪", {"能换东西不": "不办积分兑换", "有没有棋牌室": "", "几点开门": ""}),
    ],
)  # fmt: skip
async def test_what_was_told_is_gone_on_with(app: App, said: str, then: dict[str, str]) -> None:
    resident = Resident(app)
    await resident.say(said)
    for words, told in then.items():
        assert told in await resident.say(words), words
