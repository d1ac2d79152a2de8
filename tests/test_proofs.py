"""A card's number and a one-time code are kept nowhere, however they are typed, asked for or not; and they are understood."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.learners import check_digit
from bot.messages import Inbound
from daoxue.app import App
from daoxue.config import Config
from nlu.masking import mask
from nlu.proofs import Kind, answer, hide, later_answer
from store import queue
from tests import effort
from tests.desk_client import Desk
from tests.talk import Resident, ten_o_clock
from tests.test_masking import SCRIPTS

CARD = "620801839197"
SEPARATED = [["{}"], ["{} {} {}", "{}-{}-{}", "{}/{}/{}", "{}，{}，{}", "{}，然后{}，后面{}"]]
CARD_SAID = ["{}", "卡号{}", "我的卡是{}", "学习卡号：{}，谢谢", "my card is {}", "是{}，您查一下"]
CODE_SAID = ["{}", "验证码 {}", "验证码是{}", "我收到的是{}", "是{}", "{}，对吗", "code {}"]
cards = st.from_regex(r"62[0-9]{9}", fullmatch=True).map(lambda body: body + check_digit(body))
codes = st.from_regex(r"[0-9]{6}", fullmatch=True)


def written(number: str, script: dict[int, int], pattern: str) -> str:
    parts = (
        [number]
        if pattern == "{}"
        else [number[n : n + len(number) // 3] for n in range(0, len(number), len(number) // 3)]
    )
    return pattern.format(*parts).translate(script)


patterns = st.sampled_from([each for some in SEPARATED for each in some])


@given(cards, st.sampled_from(SCRIPTS), patterns, st.sampled_from(CARD_SAID))
def test_a_card_is_taken_out_and_understood(card: str, script: dict[int, int], pattern: str, words: str) -> None:
    said = words.format(written(card, script, pattern))
    assert answer(said, "card") == card
    hidden = hide(said, asked=True, lately=True)
    assert not re.search(r"[\d零一二三四五六七八九壹贰叁肆伍陆柒捌玖洞幺拐勾]{3}", hidden), hidden
    if "然后" not in pattern or "卡" in words or "card" in words:
        assert hide(said).count("[") == hidden.count("["), "asked for or not"


@given(codes, st.sampled_from(SCRIPTS), patterns, st.sampled_from(CODE_SAID))
def test_a_code_is_taken_out_and_understood(code: str, script: dict[int, int], pattern: str, words: str) -> None:
    said = words.format(written(code, script, pattern))
    assert answer(said, "code") == code
    hidden = hide(said, lately=True)
    assert not re.search(r"\d{2}", hidden), hidden
    if re.search("验证码|收到|code", words):
        assert hide(said) == hidden, "asked for or not"


def test_letters_that_look_like_digits_are_some() -> None:
    assert hide("卡号62O8O1126488") == "卡号[学习卡号]"
    assert hide("我的卡6208 0I12 6488") == "我的卡[学习卡号]"
    assert answer("62o8o1126488", "card") == "620801126488"
    assert hide("我的卡号是⑹⑵零⑻零⑴⑴⑵⑹⑷⑻⑻") == "我的卡号是[学习卡号]"


@pytest.mark.parametrize("said", [
    "我手机13800138000", "打0551-62001234转801", "055162001234", "积分有648571分", "2023、2024、2025年", "验证码60秒才来", "我今年65岁",
    "书法班一共12节", "202612081530", "订单1126-84614", "验证码发到13800138000了", "一下一点一起一直一样一边一共", "邮编230001",
])  # fmt: skip
def test_what_is_neither_stays(said: str) -> None:
    assert hide(said) == said


@pytest.mark.parametrize(("said", "kind", "meant"), [
    ("卡号是620801047296，验证码是648571", "code", "648571"), ("卡号是620801047296，验证码是648571", "card", "620801047296"),
    ("不是620801047296，是620801839197", "card", "620801839197"), ("卡号62080104729", "card", "62080104729"),
    ("620801047296", "code", "620801047296"), ("我今年65岁", "card", None), ("电话13800138000", "code", None),
])  # fmt: skip
def test_what_answers(said: str, kind: Kind, meant: str | None) -> None:
    assert answer(said, kind) == meant


@pytest.mark.parametrize(
    ("said", "kind", "lately", "meant"),
    [
        ("620801126488", "card", True, "620801126488"), ("我的卡号是6208 0112 6488", "card", False, "620801126488"),
        ("123456", "code", True, "123456"), ("620801126488", "code", True, "620801126488"), ("123456", "code", False, None),
        ("324000", "card", True, None), ("2026", "card", True, None), ("2026", "code", True, None),
        ("13855512345", "card", True, None), ("13855512345", "code", True, None), ("05701234567", "card", True, None),
        ("62080112648", "card", True, None),
    ],
)  # fmt: skip
def test_what_was_put_aside_is_answered_by_a_card_or_a_code_alone(
    said: str, kind: Kind, lately: bool, meant: str | None
) -> None:
    assert later_answer(said, kind, lately=lately) == meant


@pytest.mark.parametrize("piece", ["1", "1 ", "卡1,", "13800138000 ", "验证码", "六", "一下"])
def test_long_texts_take_time_as_they_are_long(piece: str) -> None:
    said = "卡验证码" + piece * (16_000 // len(piece))
    assert effort.seconds(lambda text: hide(text, lately=True), said) < 1


# -- in the talk


def content(config: Config) -> str:
    """All bytes of the database, as somebody who has copied it sees them."""
    path = Path(config.database.url.removeprefix("sqlite:///"))
    files = (path, Path(f"{path}-wal"))
    return b"".join(each.read_bytes() for each in files if each.exists()).decode("utf-8", "replace")


async def last_code(app: App) -> str:
    return (await app.identity.codes(int(ten_o_clock() * 1000)))[0].code


@pytest.mark.parametrize(("card", "code"), [
    ("卡号{}", "验证码 {}"), ("我的卡是{}", "验证码是{}，对吗"), ("学习卡：{}", "是{}"), ("{}", "收到了，{}"),
])  # fmt: skip
async def test_an_answer_with_words_around_it_proves_and_is_nowhere(
    app: App, config: Config, card: str, code: str
) -> None:
    resident = Resident(app)
    await resident.say("我有多少学分")
    assert "如信息无误" in await resident.say(card.format("6208-0183-9197"))
    number = await last_code(app)
    assert "徐**" in await resident.say(code.format(number))
    kept = content(config)
    for secret in ("6208-0183-9197", CARD, number):
        assert secret not in kept


async def test_read_out_and_in_full_width(app: App, config: Config) -> None:
    resident = Resident(app)
    await resident.say("我有多少学分")
    assert "如信息无误" in await resident.say("我的卡是六二零八零一八三九一九七")
    code = await last_code(app)
    wide = code.translate(SCRIPTS[1])
    assert "徐**" in await resident.say(f"验证码：{wide}")
    for secret in ("六二零八零一八三九一九七", wide, code):
        assert secret not in content(config)


async def test_after_it_did_not_succeed_and_with_a_seat(app: App, config: Config) -> None:
    """Neither in messages, nor in the ticket, what seats are sent, what can be searched, or the queue."""
    resident = Resident(app)
    await resident.say("我有多少学分")
    await resident.say(CARD)
    for _ in range(3):
        await resident.say("000000")
    receipt = await resident.receipt(code := await last_code(app))
    assert receipt.ticket
    assert "没有保存" in receipt.answers[0].message.reply.text
    await resident.say("转人工，我的卡号是6208 0104 7296")
    seat = await Desk(app).person("seat")
    await seat.post(f"/tickets/{receipt.ticket}/take")
    for said in (f"是{code}", "卡号620801047296", "验证码一二三四五六"):
        await resident.say(said)
    await app.desk.search.index([receipt.conversation])
    whole = str(await seat.get(f"/tickets/{receipt.ticket}"))
    for secret in (code, CARD, "620801047296", "6208 0104 7296", "一二三四五六"):
        assert secret not in whole
        assert secret not in content(config)
    assert "[验证码]" in whole
    assert "[学习卡号]" in whole


async def test_unasked_and_put_off(app: App, config: Config) -> None:
    resident = Resident(app)
    assert "没有保存" in await resident.say("卡号620801047296")
    assert "没有保存" in await resident.say("648571")
    await resident.say("我的验证码648572是不是给工作人员")
    at = int(ten_o_clock() * 1000)
    said = Inbound(channel="wechat", address="o1", id="m1", text="我的卡620801047296，验证码 648573", at=at)
    assert await app.inbox.put_off(said, at)
    [row] = await app.database.read(lambda t: queue.due(t, at, 9))
    assert "[学习卡号]，验证码 [验证码]" in row.body.decode()
    for secret in ("620801047296", "648571", "648572", "648573"):
        assert secret not in content(config)


@pytest.mark.parametrize("between", [" ", "，", "/", "\n"])
def test_six_digits_right_behind_a_card_are_its_code(between: str) -> None:
    assert hide(f"你好老师 620801047296{between}341955 谢谢") == f"你好老师 [学习卡号]{between}[验证码] 谢谢"
    assert hide("你好老师 620801047296 200000分够不够") == "你好老师 [学习卡号] 200000分够不够"


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize(("said", "kept"), [
    ("620801126488620801126488", ""), ("卡号620801126488620801126488", "卡号"), ("620801126488620801126488620801126488", ""),
    ("62080112648813912345678", "13912345678"), ("13912345678620801126488", "13912345678"), ("是620801126488648571", "是"),
    ("340104195203144521340104195203144521", ""), ("6208011264886208011264889", ""),
])  # fmt: skip
def test_numbers_that_run_together_are_each_taken_out(said: str, kept: str, asked: bool) -> None:
    assert re.sub(r"\[[^]]+\]", "", hide(mask(said), asked=asked)) == kept


def test_a_card_typed_twice_is_the_card() -> None:
    assert answer("620801126488620801126488", "card") == "620801126488"
