"""Numbers as they are written, and what they count or name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.numbers import quantities
from nlu.numerals import read
from nlu.text import fold
from tests import effort

_SMALL = str.maketrans("0123456789", "零一二三四五六七八九")
_CAPITAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")


def chinese(number: int) -> str:
    """The numerals of a number below a hundred million, as they are spoken."""
    if number == 0:
        return "零"
    upper, lower = divmod(number, 10_000)
    head = group(upper) + "万" if upper else ""
    gap = "零" if upper and 0 < lower < 1000 else ""
    return head + gap + (group(lower) if lower else "")


def group(number: int) -> str:
    written = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            written += str(digit).translate(_SMALL) + name
        elif written and number % unit and not written.endswith("零"):
            written += "零"
    return written.removeprefix("一") if 10 <= number < 20 else written


below = st.integers(0, 99_999_999)


@given(below)
def test_any_number_is_read_as_it_is_written(number: int) -> None:
    written = chinese(number)
    assert read(written) == read(written.translate(_CAPITAL)) == read(str(number)) == str(number)
    assert read(fold(f"{number:,}")) == str(number)


@given(below, st.sampled_from(["个学分", "岁", "块钱", "元"]))
def test_a_number_keeps_its_unit(number: int, unit: str) -> None:
    for written in (str(number), chinese(number)):
        found = quantities(fold(f"要{written}{unit}吗"))
        if 1 < number < 1_000_000:  # 一 may be an article, and a longer number that of a telephone
            assert [(each.value, each.start, each.end) for each in found] == [
                (str(number), 1, len(written) + len(unit) + 1)
            ]


@given(
    st.text(
        alphabet="0123456789零一二两三四五六七八九十百千万亿半多来个岁元块楼号路班年月日点分周初第壹贰拾廿, .-b座"
        + "我今年",
        max_size=60,
    )
)
def test_no_text_breaks_the_reading(text: str) -> None:
    last = 0
    for each in quantities(fold(text)):
        assert last <= each.start < each.end <= len(text)
        assert each.kind
        assert each.value
        last = each.start


@pytest.mark.parametrize(("said", "value"), [
    ("两千五", "2500"), ("一万二", "12000"), ("一千零五", "1005"), ("三百五", "350"), ("廿三", "23"), ("卅", "30"), ("三零二", "302"), ("壹佰贰拾", "120"),
    ("1.5万", "15000"), ("1千2百", "1200"), ("3百5", "350"), ("七八", "7"), ("五六十", "50"), ("十七八", "17"), ("二零二六", "2026"), ("一亿二千万", "120000000"),
    ("两点五", "2.5"), ("007", "7"),
])  # fmt: skip
def test_numerals(said: str, value: str) -> None:
    assert read(said) == value


@pytest.mark.parametrize("said", ["千万", "百", "三三十", "十十", "百姓", "", "一" * 30])
def test_no_numerals(said: str) -> None:
    assert read(said) is None


@pytest.mark.parametrize(("said", "named"), [
    ("我今年七十二", ["age 72"]), ("今年六十八了", ["age 68"]), ("52岁能报吗", ["age 52"]), ("我38，能报吗", ["age 38"]), ("我妈七十多了", ["age 70"]),
    ("年满18", ["age 18"]), ("12周岁", ["age 12"]), ("七八岁的娃", ["age 7"]), ("老汉七十有二", ["age 72"]), ("六十好几了", ["age 60"]), ("年过半百", ["age 50"]),
    ("七旬老人", ["age 70"]), ("八十了，还收吗", ["age 80"]),
    ("78的老太太", ["age 78"]), ("I'm 30 years old", ["age 30"]), ("my mum is 72", ["age 72"]), ("6到12岁", ["age 6", "age 12"]), ("３６岁半", ["age 36"]),
    ("600元", ["money 600"]), ("1，200元", ["money 1200"]), ("三百来块", ["money 300"]), ("三块五", ["money 3.5"]), ("5毛钱", ["money 0.5"]),
    ("两百元两节", ["money 200", "lessons 2"]), ("1.5万元", ["money 15000"]), ("50 yuan", ["money 50"]), ("壹佰贰拾元", ["money 120"]),
    ("200积分", ["points 200"]), ("三百个积分", ["points 300"]), ("80分能换啥", ["points 80"]), ("40学分", ["credits 40"]), ("四十个学分", ["credits 40"]),
    ("3号楼", ["building 3"]), ("五栋怎么走", ["building 5"]), ("B座在哪", ["building b"]), ("3到5号楼", ["building 3", "building 5"]), ("Ａ区", ["building a"]),
    ("三零二教室", ["room 302"]), ("5号教室", ["room 5"]), ("教室302", ["room 302"]), ("room 302", ["room 302"]),
    ("三楼", ["floor 3"]), ("负一楼", ["floor b1"]), ("B1层", ["floor b1"]), ("2号窗口", ["window 2"]), ("3rd floor", ["floor 3"]),
    ("坐三路车", ["line 3"]), ("103路公交", ["line 103"]), ("B1路", ["line b1"]), ("地铁5号线", ["line 5"]), ("3、5路", ["line 3", "line 5"]),
    ("二零二六年", ["year 2026"]), ("2025级", ["year 2025"]), ("26年春季", ["year 2026"]), ("2026课表", ["year 2026"]), ("2026年3月5日", ["year 2026"]),
    ("书法一班", ["class 1"]), ("第2期", ["class 2"]), ("48课时", ["lessons 48"]), ("30小时", ["hours 30"]), ("一个半小时", ["hours 1.5"]),
    ("半小时", ["hours 0.5"]), ("五八年生人", ["year 1958"]), ("九八年我在夜校", ["year 1998"]), ("三十年的老房子", ["number:年 30"]),
    ("小舅子才二十二,在家", ["age 22"]), ("快六十的人了", ["age 60"]), ("奔五十的人", ["age 50"]),
    ("今年七十三咧,还能学", ["age 73"]), ("八十咧还收不", ["age 80"]), ("我妈69呢想学", ["age 69"]),
    ("三个人", ["people 3"]), ("5人", ["people 5"]), ("三年级", ["grade 3"]), ("我上初一", ["grade 7"]),
    ("高二学生", ["grade 11"]), ("初中二年级", ["grade 8"]),
    ("打八折", ["number:折 8"]), ("一周三次", ["number:次 3"]), ("24式太极拳", ["number:式 24"]), ("103", ["number 103"]), ("第三", ["number 3"]),
    ("扣了我99", ["number 99"]),
    ("学分六十了", ["number 60"]), ("百分之九十五", ["percent 95"]),
])  # fmt: skip
def test_numbers_have_their_unit(said: str, named: list[str]) -> None:
    assert [f"{each.kind} {each.value}" for each in quantities(fold(said))] == named


@pytest.mark.parametrize("said", [
    "一下", "一点也不", "第一次来", "万一没赶上", "一定要", "三心二意", "七上八下", "十分感谢", "百姓", "一二三四", "五一放假吗", "周三有课吗", "三八节活动",
    "一月", "12月5号", "25号开门吗", "3号开门吗", "下午三点半", "8:30到10:30", "大年初一", "初二开门吗", "年三十", "13800138000", "0519-86901234",
    "400-123-4567", "6208 0104 7296", "幺三八零零幺三八零零零", "中山三路", "一路走好", "一个班", "同一班", "八段锦", "千万别", "几十块", "2026-11-20", "周一三五",
    "三亚", "一块去", "长三角", "乱七八糟", "五花八门", "十一期间", "多少钱一期", "听了一节课", "返回上一层", "二人转", "下半年", "说了半天", "六位数字", "队伍一年",
    "七七八八", "俺五一想去", "腊月二十三", "大一点的教室",
])  # fmt: skip
def test_what_is_no_quantity(said: str) -> None:
    assert quantities(fold(said)) == ()


@pytest.mark.parametrize("piece", ["1", "一", "十", "1 ", "一十", "1,", "初一", "三点", "周一", "1-", "我今年"])
def test_long_texts_are_read_in_one_pass(piece: str) -> None:
    text = fold(piece * (50_000 // len(piece)))
    assert effort.seconds(quantities, text) < 2
