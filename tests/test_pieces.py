"""A number that comes in several messages: the last is covered as it comes, and what was kept of the others then."""

import contextlib
import json
import re
import sqlite3
import time
from collections.abc import Iterator

import pytest

from accounts.closing import ErasureReason
from daoxue.app import App
from nlu import pieces
from store import conversations, tickets, unanswered
from store.transaction import Transaction
from tests.desk_client import Desk
from tests.talk import Resident, ten_o_clock
from tests.test_one_person import asked, at_both
from tests.test_privacy import holds


@pytest.mark.parametrize(("said", "left"), [
    ("卡号是6208|0104|7296", "卡号是[学习卡号]|[学习卡号]|[学习卡号]"), ("6208|0104|7296", "[学习卡号]|[学习卡号]|[学习卡号]"),
    ("卡号六二零八|零一零四七二九六", "卡号[学习卡号]|[学习卡号]"), ("身份证330802|19580312|0427", "身份证[证件号]|[证件号]|[证件号]"),
    ("银行卡6591|1567|7984|0000 谢谢", "银行卡[卡号]|[卡号]|[卡号]|[卡号] 谢谢"), ("验证码648|571", "验证码[验证码]|[验证码]"),
    ("6208|01047296", "[学习卡号]|[学习卡号]"), ("62080104|7296", "[学习卡号]|[学习卡号]"), ("62|0801|04 72|96", "[学习卡号]|[学习卡号]|[学习卡号]|[学习卡号]"),
    ("身份证前六位110105|然后出生19491231|最后002X", "身份证前六位[证件号]|然后出生[证件号]|最后[证件号]"),
    ("卡号先是6208|接着0104|最后7296", "卡号先是[学习卡号]|接着[学习卡号]|最后[学习卡号]"),
])  # fmt: skip
def test_pieces_of_a_number(said: str, left: str) -> None:
    *_, last = texts = said.split("|")
    assert pieces.may_go_on(last)
    assert "|".join(pieces.together(texts)) == left


@pytest.mark.parametrize("said", [
    "手机138|0013|8000", "300|500", "10|11|12", "2026|1128|1430", "学习卡能用吗 2026|1128", "我的卡号多少|13800138000", "打13800138000|620801",
    "工单1126-00001|1126-00002", "订单D12345|67890", "周六9:00|14:30", "卡里有1200分|300分", "积分1200|500|300", "三年级|十二个人", "验证码|没收到",
    "卡号620801|多少钱|120元", "6208|01047295", "62080104|7296 120", "20261128|1430",
])  # fmt: skip
def test_what_only_follows_stays(said: str) -> None:
    assert "|".join(pieces.together(said.split("|"))) == said


def test_long_texts_are_read_at_their_ends_alone() -> None:
    long = "12 six six " * 1400
    begun = time.thread_time()
    assert pieces.together([long, long, long, "12 3"]) == [long, long, long, "12 3"]
    assert pieces.together([long, long + "，卡号6208", "0104", "7296，" + "谢谢" * 7000])[1:] == [
        long + "，卡号[学习卡号]", "[学习卡号]", "[学习卡号]，" + "谢谢" * 7000,
    ]  # fmt: skip
    assert time.thread_time() - begun < 0.3


async def test_what_was_kept_of_the_first_is_covered_with_the_last(either_app: App) -> None:
    app = either_app
    desk, resident = Desk(app), Resident(app)
    seat = await desk.person()
    ref = str((await resident.receipt("转人工")).ticket)
    await seat.post(f"/tickets/{ref}/take")
    for said in ("我报给您6208", "0104"):
        id = (await resident.receipt(said)).conversation
        await app.desk.search.index([id])
    assert (await seat.get("/search?q=6208"))["found"]
    await resident.say("7296，请查一下")
    whole = await seat.get(f"/tickets/{ref}")
    theirs = [each["text"] for each in whole["messages"] if each["author"] == "resident"]
    assert theirs == ["转人工", "我报给您[学习卡号]", "[学习卡号]", "[学习卡号]，请查一下"]
    await app.desk.search.index([id])
    assert (await seat.get("/search?q=6208"))["found"] == []
    assert (await seat.get("/search?q=请查"))["found"]
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    await app.desk.residents.erase(ref, "test", ErasureReason.OWN_WISH, 1)
    assert (await seat.get("/search?q=请查"))["found"] == []


@pytest.mark.parametrize(
    "begun", ["转人工，我报给您6208", "我要投诉你们的老师骂人，我报给您6208", "转人工|请转告老师，我报给您6208"]
)
async def test_nothing_of_it_stands_in_a_ticket(either_app: App, begun: str) -> None:
    app = either_app
    resident = Resident(app)
    for said in (begun, "0104", "7296"):
        receipt = await resident.receipt(said)
    ref = receipt.ticket or str((await resident.receipt("转人工")).ticket)

    def kept(transaction: Transaction) -> str:
        row = tickets.get(transaction, ref)
        return str((row and row.body, [each.body for each in tickets.events(transaction, ref)]))

    assert "6208" not in await app.database.read(kept)
    assert "[学习卡号]" in str(await (await Desk(app).person("supervisor")).get(f"/tickets/{ref}"))


async def test_nothing_of_it_stands_where_the_ticket_went_on_elsewhere_meanwhile(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat)
    await asked(browser)
    await seat.post(f"/tickets/{ref}/take")
    await wechat.say("我报给您6208")
    await wechat.say("0104")
    await browser.say("我在网页上")
    id = (await wechat.receipt("7296")).conversation
    rows = await either_app.database.read(lambda t: conversations.messages(t, id, 1, 99))
    theirs = [json.loads(each.body)["reply"]["text"] for each in rows if each.author == "resident"]
    assert theirs[-3:] == ["我报给您[学习卡号]", "[学习卡号]", "[学习卡号]"]


async def test_nothing_of_it_stands_in_clear_where_the_bot_answers(app: App) -> None:
    resident = Resident(app)
    await resident.say("左边右边上边下边6208")
    await resident.say("0104")
    assert "卡" in await resident.say("7296")
    asked = await app.database.read(lambda t: unanswered.newest(t, 0, 10))
    assert "6208" not in str(asked)
    await app.database.scrub()
    assert holds(app.config, "下边6208") == []


async def test_nothing_of_it_stands_in_the_files_either(app: App) -> None:
    """Not in the log, and not in the words that are searched, though it could be found before its last piece came."""
    resident = Resident(app)
    await resident.say("转人工")
    await resident.say("左边6222022209")
    await app.desk.search.work()
    assert holds(app.config, "6222022209")
    await resident.say("还有828949")
    await app.desk.search.work()
    await app.inbox.empty_log()
    assert holds(app.config, "6222022209", "222022209", "828949") == []


async def test_digits_are_found_when_no_piece_can_come_any_more(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    resident = Resident(app)
    await resident.say("转人工")
    await resident.say("我的订单是20267788")
    await app.desk.search.work()
    assert await app.desk.search.find("20267788", "somebody") == []
    monkeypatch.setattr("desk.search.QUIET", -1.0)
    monkeypatch.setattr("desk.search.QUIET_AFTER_DIGITS", -1.0)
    await app.desk.search.work()
    assert await app.desk.search.find("20267788", "somebody")


@pytest.mark.parametrize("said", [
    "银行卡622202|2209828949", "6222|0222|0982|8949", "身份证号330802|然后19611013|最后四位6858", "左边6222|022209|828949", "转人工|工行6222022209|还有828949",
    "我的卡622202477|等一下我看看|1383832",
])  # fmt: skip
async def test_no_piece_stands_anywhere(app: App, said: str) -> None:
    resident = Resident(app)
    for each in said.split("|"):
        receipt = await resident.receipt(each)
    ref = receipt.ticket or str((await resident.receipt("转人工")).ticket)
    whole = [*texts(await (await Desk(app).person("supervisor")).get(f"/tickets/{ref}"))]
    whole += [each.text for each in await app.database.read(lambda t: unanswered.newest(t, 0, 10))]
    rows = await app.database.read(lambda t: conversations.messages(t, receipt.conversation, 1, 99))
    whole += [json.loads(each.body)["reply"]["text"] for each in rows]
    for piece in re.findall(r"\d{4,}", said):
        assert not [each for each in whole if piece in each]


def texts(data: object) -> Iterator[str]:
    """What was said, of a document of the desk: no times and no digests."""
    if isinstance(data, dict | list):
        for each in data.values() if isinstance(data, dict) else data:
            yield from texts(each)
    elif isinstance(data, str) and (data.isdecimal() or not data.isascii()):
        yield data


@pytest.mark.parametrize("said", ["120和110怎么打", "2027年1月1日放假吗", "8:30", "2026-12-15"])
async def test_what_is_no_answer_stays_while_a_card_is_asked_for(app: App, said: str) -> None:
    resident = Resident(app)
    await resident.say("我有多少学分")
    answered = await resident.receipt(said)
    rows = await app.database.read(lambda t: conversations.messages(t, answered.conversation, 1, 99))
    assert [each for each in rows if each.author == "resident"][-1].body.decode().count(said) == 1


async def test_behind_a_proof_a_number_is_a_number(app: App) -> None:
    resident = Resident(app)
    await resident.say("我有多少学分")
    await resident.say("620801839197")
    [sent] = await app.identity.codes(int(ten_o_clock() * 1000))
    assert "徐**" in await resident.say(sent.code)
    receipt = await resident.receipt("2026")
    await resident.say("1200")
    rows = await app.database.read(lambda t: conversations.messages(t, receipt.conversation, 1, 99))
    theirs = [json.loads(each.body)["reply"]["text"] for each in rows if each.author == "resident"]
    assert theirs[1:] == ["[学习卡号]", "[验证码]", "2026", "1200"]


async def test_behind_a_whole_number_a_number_is_a_number(app: App) -> None:
    resident = Resident(app)
    await resident.say("身份证330802195803120427")
    await resident.say("65")
    receipt = await resident.receipt("380")
    rows = await app.database.read(lambda t: conversations.messages(t, receipt.conversation, 1, 99))
    theirs = [json.loads(each.body)["reply"]["text"] for each in rows if each.author == "resident"]
    assert theirs == ["身份证[证件号]", "65", "380"]


async def test_who_reads_keeps_nobody_from_writing(app: App) -> None:
    """The log is emptied when they have read; meanwhile nobody waits for it."""
    resident = Resident(app)
    await resident.say("左边6222022209")
    path = app.config.database.url.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM message").fetchall()
        await resident.say("还有828949")
        began = time.monotonic()
        await app.inbox.empty_log()
        assert time.monotonic() - began < 5, "it does not wait for them"
        await resident.say("在吗")
        assert holds(app.config, "6222022209")
    await app.inbox.empty_log()
    assert holds(app.config, "6222022209") == []


async def test_what_has_gone_on_meanwhile_is_not_indexed_yet(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    resident = Resident(app)
    await resident.say("转人工")
    await resident.say("我的订单是20267788")
    await app.desk.search.work()
    await resident.say("左边330106")
    monkeypatch.setattr("desk.search.QUIET_AFTER_DIGITS", -1.0)
    await app.desk.search.work()
    assert await app.desk.search.find("330106", "somebody") == []
