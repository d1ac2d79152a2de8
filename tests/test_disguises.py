"""Numbers that are made hard to find are found as well; what only looks like one stays. Each disguise is tried by itself and
in sentences."""

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise

import pytest

from bot.keeping import kept
from desk import masking

NUMBERS = {"学习卡号": "620801047296", "证件号": "330802195803120427", "卡号": "6591156779840000", "验证码": "648571"}
SENTENCES = {
    "学习卡号": ["{}", "我的卡{}", "学习卡号{}谢谢", "我叫张三卡号{}手机13812345678", "请查{}，谢谢"],
    "证件号": ["{}", "身份证{}", "我叫张三身份证号{}手机13812345678", "请查{}，谢谢"],
    "卡号": ["{}", "银行卡{}", "我叫张三银行卡{}手机13812345678", "请退到{}，谢谢"],
    "验证码": ["验证码{}", "验证码是{}", "我的验证码：{}，对吗", "收到的验证码{}，手机13812345678", "密码 {}"],
}
SAID = ["零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "洞幺两三四五六拐八勾"]
BETWEEN = [
    "+", " + ", "_", "|", "*", "=", "~", "=>", "…", "·", "然后", "，然后", "再", "接着", "后面是", "最后", "空格", " 空格 ", "横杠", "和",
    "<b>", "</b><b>", "<br/>", "</span> <span>", "</strong><strong>", "&nbsp;",
]  # fmt: skip
OTHERS: dict[int, list[tuple[int, ...]]] = {18: [(6, 8, 4)], 12: [(6, 6)], 6: [(2, 2, 2)]}  # sizes of groups
LIKE = [str.maketrans("01", "Ol"), str.maketrans("01", "oI")]


def pieces(number: str) -> Iterator[list[str]]:
    for sizes in [(4,) * 5, (3,) * 6, (1,) * 18, *OTHERS.get(len(number), [])]:
        ends = accumulate(sizes, initial=0)
        yield [part for start, end in pairwise(ends) if (part := number[start:end])]


def disguised(number: str) -> Iterator[str]:
    for said in SAID:
        for nth, of in ((0, 2), (1, 2), (0, 3), (2, 4)):
            yield "".join(said[int(digit)] if n % of == nth else digit for n, digit in enumerate(number))
    yield from (number.translate(each) for each in LIKE)
    yield "".join(digit.translate(LIKE[0]) if n % 2 else digit for n, digit in enumerate(number))
    for parts in pieces(number):
        yield from (between.join(parts) for between in BETWEEN)
        yield from ("".join(f"<{tag}>{part}</{tag}>" for part in parts) for tag in ("b", "em"))


@pytest.mark.parametrize("label", NUMBERS)
def test_no_disguise_hides_a_number(label: str) -> None:
    left = {}
    for disguise in disguised(NUMBERS[label]):
        for sentence in SENTENCES[label]:
            said = sentence.format(disguise)
            words = re.split(rf"\[{label}\]", kept(said))
            rest = "".join(words).replace("张三", "").replace("13812345678", "")
            if len(words) < 2 or re.search(r"[0-9零洞一二两三四五六七拐八九勾壹贰叁肆伍陆柒捌玖]", rest):
                left[said] = kept(said)
    assert left == {}


@pytest.mark.parametrize(("said", "left"), [
    ("学习卡号6二0八0一0四7二9六", "学习卡号[学习卡号]"), ("身份证3三0八0二1九五八0三1二0四2七", "身份证[证件号]"),
    ("6222+0202+0011+2233", "[卡号]"), ("银行卡6222+0202+0011+2233", "银行卡[卡号]"), ("验证码6485+71", "验证码[验证码]"),
    ("验证码a648571b", "验证码[验证码]"), ("验证码6485 71，手机13812345678", "验证码[验证码]，手机13812345678"),
    ("我叫张三卡号6208然后0104然后7296手机13812345678", "我叫张三卡号[学习卡号]然后[学习卡号]然后[学习卡号]手机13812345678"),
    ("卡号參參零捌壹零肆柒贰玖陆", "卡号[学习卡号]"), ("身份证參參零捌零貳壹玖伍捌零參壹貳零肆貳柒", "身份证[证件号]"),
    ("卡号62零8零么047296", "卡号[学习卡号]"), ("卡号&#54;&#50;0801&#x30;&#52;7296", "卡号[学习卡号]"),
    ("my card is six two zero eight zero one oh four seven two nine six, thanks", "my card is [学习卡号], thanks"),
    ("卡号liu er ling ba ling yao ling si qi er jiu liu谢谢", "卡号[学习卡号]谢谢"), ("卡号Liuerlingbalingyaolingsiqierjiuliu", "卡号[学习卡号]"),
    ("six five nine one one five six seven seven nine eight four zero zero zero zero", "[卡号]"),
    ("code six four eight five seven one ok", "code [验证码] ok"), ("登陆码 648571", "登陆码 [验证码]"), ("取件码648571", "取件码[验证码]"),
    ("激活码是 6485", "激活码是 [验证码]"), ("开会时收到动态密码 648571", "开会时收到动态密码 [验证码]"), ("会议 验证码 648571", "会议 验证码 [验证码]"),
    ("6222O2O2OOII2233", "[卡号]"), ("卡号六 2 零 8 零 1 零 4 七 2 九 6", "卡号[学习卡号]"), ("二O八", "二O八"),
])  # fmt: skip
def test_disguises(said: str, left: str) -> None:
    assert kept(said) == left


@pytest.mark.parametrize("said", [
    "课程120元", "从2026-03-12到2026-09-30", "我1958年3月12日生的", "热线0570-1234567", "请打12345", "拨打96110", "010-62345678转8001", "400-820-8820",
    "第3期第12班第5课", "工单1126-84614", "验证码没收到，工单1126-84614", "订单号DH20261128001，凭学习卡领取", "学习卡办好了，订单号 202611280012",
    "积分1200+300+500一共2000", "4000、5000、6000、7000", "1000然后2000然后3000", "2020然后2022然后2024", "2023年2024年2025年2026年都报过",
    "周一8:30-10:30，周三14:00-15:30", "周六9:00到11:30，周日14:00", "我手机是138 1234 5678", "二零二六年三月", "二O二六年三月", "每周一三五晚上七点", "8一10点",
    "验证码收不到", "验证码要等1000秒", "验证码6位数字", "验证码5分钟有效", "登录要验证码吗，打0570-1234567", "验证码没收到，2026年11月28日发的",
    "验证码没收到，手机13812345678",
    "验证码 2026-11-28 没收到", "验证码2026-11-28发的", "收到短信 2026-11-28 14:30:25", "验证码 14:30:25 到的", "登录码收不到", "取件吗12345",
    "腾讯会议：845 2336 1177，密码：2468", "会议号 845-233-617 密码 246810", "会议密码：123456",
    "教室的Wi-Fi密码：12345678", "无线网密码是 20262026", "zoom meeting 845 2336 1177, passcode: 246810",
    "我要参加一二三期", "第一二参加的", "什么一二三四", "there are one two three four classes", "wo yao er ba si wu", "one to one, two to two",
    "O2O课程", "lol 1001", "邮编324000，收到后告诉您", "QQ群648571，收到请回复", "第1-16周", "A班30人，B班25人，C班28人，D班31人", "先交300然后交200最后交100",
    "6月1日然后7月1日", "三〇二教室", "<b>2026</b>年<b>11</b>月", "转492 +8618000000000",
])  # fmt: skip
def test_what_only_looks_like_a_number_stays(said: str) -> None:
    assert kept(said) == said


@pytest.mark.parametrize(
    "said",
    ["138<b>1234</b>5678", "1三8一2三4五6七8", "138OOO13800 是我的", "yao san ba ling ling yi san ba ling ling ling"],
)
def test_telephone_numbers_are_found_in_the_same_disguises(said: str) -> None:
    shown = masking.mask(said)
    assert shown.startswith("138****")
    assert not re.search(r"[a-z]{2}", shown)
