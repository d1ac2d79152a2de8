"""What nobody should keep does not survive, however it is written; what is needed does."""

import re
import sys
from datetime import date
from itertools import pairwise
from types import FrameType

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from accounts.learners import check_digit
from nlu.masking import mask
from nlu.numerals import has_check_digit
from tests import effort

SCRIPTS = [
    str.maketrans("0123456789", digits)
    for digits in (
        "0123456789",
        "０１２３４５６７８９",
        "零一二三四五六七八九",
        "洞幺两三四五六拐八勾",
        "零壹贰叁肆伍陆柒捌玖",
        "〇一二三四五六七八九",
        "⓪⑴⑵⑶⑷⑸⑹⑺⑻⑼",
        "⓪①②③④⑤⑥⑦⑧⑨",
        "⓪⒈⒉⒊⒋⒌⒍⒎⒏⒐",
    )
]
ASCII = str.maketrans(
    "零〇洞一幺二两三四五六七拐八九勾壹贰叁肆伍陆柒捌玖０１２３４５６７８９⓪①②③④⑤⑥⑦⑧⑨⑴⑵⑶⑷⑸⑹⑺⑻⑼⒈⒉⒊⒋⒌⒍⒎⒏⒐",
    "00011223456778991234567890123456789" + "0123456789" + "123456789" + "123456789",
)
SEPARATORS = ["", " ", "   ", "-", "/", ".", "*", "：", "，", "、", "→", " - ", "_", "|", "…"]


@st.composite
def written(
    draw: st.DrawFn, numbers: st.SearchStrategy[str], separators: list[str] = SEPARATORS, shortest: int = 1
) -> str:
    """A number in some script, in some groups, with something between them."""
    number, script, between = draw(numbers), draw(st.sampled_from(SCRIPTS)), draw(st.sampled_from(separators))
    cuts = [0, *sorted(draw(st.sets(st.integers(1, len(number) - 1), max_size=6))), len(number)]
    cuts = [cut for n, cut in enumerate(cuts) if n in {0, len(cuts) - 1} or shortest == 1 or cut % shortest == 0]
    return between.join(number[a:b] for a, b in pairwise(cuts)).translate(script)


places = st.sampled_from(["11", "23", "32", "34", "45", "54", "65", "83"])
identities = st.builds(
    lambda place, rest, born, last: f"{place}{rest:04d}{born:%Y%m%d}{last}",
    places, st.integers(0, 9999), st.dates(min_value=date(1910, 1, 1), max_value=date(2029, 12, 31)),
    st.from_regex(r"[0-9]{3}[0-9X]", fullmatch=True),
)  # fmt: skip
bank_cards = st.from_regex(r"6[2-5][0-9]{13,16}", fullmatch=True).map(lambda body: body + check_digit(body))
around = st.sampled_from(["", "我的号是", "收到请回复，", "谢谢。", "一共两张，", "电话13800138000，"])


def left_of(number: str, text: str) -> bool:
    """Whether twelve digits in a row of the number are left, whatever stands between them."""
    digits, plain = re.sub(r"\D", "", text.translate(ASCII)), re.sub(r"\D", "", number.translate(ASCII))
    return any(plain[n : n + 12] in digits for n in range(len(plain) - 11))


@given(written(identities), around, around)
def test_no_identity_number_survives(number: str, before: str, after: str) -> None:
    assert mask(before + number + after) == f"{before}[证件号]{after}"


@given(written(bank_cards), around, around)
@example("6591 1567 7984 0000", "", "")
@example("659115677984 0000", "", "")  # which begins as a learning card does
def test_no_bank_card_survives(number: str, before: str, after: str) -> None:
    plain = re.sub(r"\D", "", number.translate(ASCII))
    assume(len(plain) != 18 or not has_check_digit(plain[:12]))  # that may be a learning card, and a code behind it
    assert not left_of(number, mask(f"{before}{number}。{after}"))


@pytest.mark.parametrize("number", ["370279924053269", "3702 799240 53269", "3702-799240-53269"])
def test_cards_of_fifteen_digits_are_cards_where_their_digit_proves_it(number: str) -> None:
    assert mask(f"我付的 {number} 那张") == "我付的 [卡号] 那张"
    assert mask(f"我付的 {number[:-1]}8 那张") == f"我付的 {number[:-1]}8 那张"


def test_a_learning_card_with_its_code_is_no_bank_card() -> None:
    for code in range(100_000, 100_050):
        assert mask(f"620801047296 {code}") == f"620801047296 {code}"


@given(
    written(identities, ["然后是", "，后面", " 再 ", "接着，"], 2), st.sampled_from(["身份证号", "我证件号是", "号码"])
)
def test_words_between_hide_nothing(number: str, before: str) -> None:
    masked = mask(before + number)
    assert not left_of(number, masked)
    assert re.sub(r"\[证件号\]", "", masked).replace("X", "") == re.sub(
        f"[0-9X{''.join(map(chr, ASCII))}]", "", before + number
    )


mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
learning_cards = st.from_regex(r"62[0-9]{9}", fullmatch=True).map(lambda body: body + check_digit(body))
kept = st.one_of(
    mobiles, mobiles.map(lambda n: f"{n[:3]} {n[3:7]} {n[7:]}"), mobiles.map(lambda n: f"{n[:3]}-{n[3:7]}-{n[7:]}"), mobiles.map("+86{}".format),
    learning_cards, st.from_regex(r"05[0-9]{2}-8[0-9]{7}(转[0-9]{3})?", fullmatch=True), st.dates().map(lambda day: f"{day:%Y}年{day.month}月{day.day}日"),
    st.from_regex(r"20[0-9]{2}-(0[1-9]|1[0-2])-[0-2][0-9]", fullmatch=True), st.integers(0, 99_999).map("{}元".format), st.integers(0, 20).map("第{}期".format),
    st.from_regex(r"(0[89]|1[0-9]):[0-5]0-2[0-3]:[0-5]0", fullmatch=True), st.just("一下"),
)  # fmt: skip


@example(["620000000005", "620000000005", "1776年1月1日"], " ")
@example(["130 0000 1100", "13190001100", "130 0000 1100"], " ")
@example(["620380103114", "132 7197 0000"], "和")
@example(["0500-80000000转492", "+8618000000000"], " ")
@example(["0500-80000000转342", "13312243332", "0510-80000000"], " ")
@given(st.lists(kept, min_size=1, max_size=5), st.sampled_from([" ", "，", "；", "和", "、", "，或者打"]))
def test_what_is_needed_stays(numbers: list[str], between: str) -> None:
    assert mask(between.join(numbers)) == between.join(numbers)


@given(st.text(max_size=200))
def test_nothing_else_is_touched(text: str) -> None:
    masked = mask(text)
    kept = re.split(r"\[证件号\]|\[卡号\]", masked)
    assert masked == text or all(part in text for part in kept)


@pytest.mark.parametrize(("said", "left"), [
    ("我的身份证34010419500101123X，谢谢", "我的身份证[证件号]，谢谢"), ("340104500101123", "[证件号]"), ("身份证是320102194913011234", "身份证是[证件号]"),
    ("3201 0219 5514 3300 1X", "[证件号]"), ("老身份证 320102491399001", "老身份证 [证件号]"), ("340102后面是199001011234", "[证件号]后面是[证件号]"),
    ("身份证号 3201021949 0101 123 最后一位是X", "身份证号 [证件号] 最后一位是X"), ("护照 E12345678", "护照 [证件号]"), ("护照号是EA1234567", "护照号是[证件号]"),
    ("港澳通行证C12345678", "港澳通行证[证件号]"), ("回乡证M1234567890", "回乡证[证件号]"), ("台胞证 12345678", "台胞证 [证件号]"),
    ("永居证USA110101900101", "永居证[证件号]"), ("passport number is 123456789", "passport number is [证件号]"), ("6222/0212/3456/7890", "[卡号]"),
    ("银行卡6222，然后0212，再3456，7890", "银行卡[卡号]，然后[卡号]，再[卡号]"), ("3" * 100, "[卡号]"), ("320102194901011234" * 6, "[证件号]"),
    ("320102194901011234 13800138000", "[证件号] 13800138000"), ("320102194901011234一共", "[证件号]一共"),
])  # fmt: skip
def test_masking(said: str, left: str) -> None:
    assert mask(said) == left


@pytest.mark.parametrize("said", [
    "2023、2024、2025、2026年", "100、200、300、400、500、600", "8:30-10:30 14:00-16:00", "1380013800013912345678", "008613800138000", "护照在哪里办，电话12345678",
    "D1234567890", "1126-84614", "一下一点一起一直一样一边一共一切一定一会一般一些", "身份证有18位，我手机13800138000，卡号620801047296", "3000 4000 5000 6000",
])  # fmt: skip
def test_what_only_looks_like_it_stays(said: str) -> None:
    assert mask(said) == said


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "一",
        "一下",
        "320102 ",
        "身份证1字",
        "12345678901 ",
        "护照a 1",
        "138-",
        "+86 ",
        "转1",
        "(",
        " ",
        "0-0 ",
    ],
)
def test_long_texts_take_time_as_they_are_long(piece: str) -> None:
    assert effort.seconds(mask, piece * (100_000 // len(piece))) < 4


@pytest.mark.parametrize("piece", ["0-0 ", "1 ", "12 34 ", "身份证1字", "银行6 "])
def test_a_run_of_many_groups_is_little_work(piece: str) -> None:
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    text = piece * (4000 // len(piece))
    sys.setprofile(count)
    try:
        mask(text)
    finally:
        sys.setprofile(None)
    assert calls < 130 * len(text)
