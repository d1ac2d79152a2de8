"""A number that nobody keeps, said in a talk in whatever pieces: no more than three digits in a row of it are kept. What is
harmless stays."""

import re
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accounts.learners import check_digit
from bot.pieces import BEFORE
from nlu import phones
from nlu.harmless import is_public
from nlu.pieces import begun, keep, together
from nlu.text import SAID_DIGITS, clean, fold_numbers

LEFT = 3  # digits in a row that may be
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999


def with_check(body: str) -> str:
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def kept_of(said: list[str]) -> list[str]:
    """What is kept of a resident's messages, as a talk goes on."""
    kept: list[str] = []
    for each in said:
        before = kept[-BEFORE:]
        kept[len(kept) - len(before) :] = keep(before, clean(each))
    return kept


def kept_in_talk(said: list[str]) -> list[str]:
    """The same, as it is in a talk: before a number has begun, and behind a whole one, nothing is looked at again."""
    kept: list[str] = []
    since = 0
    for n, each in enumerate(map(clean, said)):
        first = max(since - 1, n - BEFORE) if since else n
        kept[first:] = keep(kept[first:], each)
        since = begun(each, kept[-1], since, n + 1)
    return kept


bank_cards = st.one_of(
    st.from_regex(r"(?:62|4|5)[0-9]{14}", fullmatch=True).map(lambda n: n[:15] + check_digit(n[:15])),
    st.from_regex(r"62[0-9]{16}", fullmatch=True).map(lambda n: n + check_digit(n)),
)
learning_cards = st.from_regex(r"62[0-9]{9}", fullmatch=True).map(lambda n: n + check_digit(n))
identities = st.builds(
    lambda place, born, last: with_check(f"{place}{born:%Y%m%d}{last:03d}"),
    st.sampled_from(["330802", "110105", "320102", "440305", "510104"]),
    st.dates(date(1930, 1, 1), date(2015, 12, 31)), st.integers(1, 999),
)  # fmt: skip
NAMES = {
    "bank": ["", "银行卡号", "银行卡", "卡号", "工行", "我的银行卡号是", "账号："], "learning": ["", "卡号", "学习卡号是", "我的卡", "卡号：", "学习卡"],
    "identity": ["", "身份证号", "身份证", "我的身份证是", "证件号", "身份证号码："],
}  # fmt: skip
LEADS = [
    "",
    "",
    "然后",
    "后面",
    "后面是",
    "还有",
    "最后四位",
    "最后是",
    "接着",
    "再",
    "接下来是",
    "剩下的",
    "最后",
    "下面",
]
ENDS = ["", "", "，对的", "。", "，谢谢", "，没了"]
BETWEEN = ["嗯", "等一下我看看", "好的", "稍等"]


@st.composite
def told(draw: st.DrawFn, kind: str, numbers: st.SearchStrategy[str]) -> tuple[str, list[str]]:
    """A number, and the messages in which it is said."""
    number = draw(numbers)
    ends = draw(st.sets(st.integers(2, len(number) - 2), min_size=1, max_size=7))
    cuts = [0, *sorted(ends), len(number)]
    parts = [number[a:b] for a, b in pairwise(cuts)]
    assume(not any(phones.find(part) or is_public(part) for part in parts))  # that is what it is by itself
    bare = draw(st.booleans())
    said = [draw(st.sampled_from(NAMES[kind])) + parts[0]]
    for part in parts[1:]:
        if not bare and draw(st.integers(0, 5)) == 0:
            said.append(draw(st.sampled_from(BETWEEN)))
        said.append(part if bare else draw(st.sampled_from(LEADS)) + part + draw(st.sampled_from(ENDS)))
    assume(len(said) <= BEFORE + 1)
    return number, said


@given(st.one_of(told("bank", bank_cards), told("learning", learning_cards), told("identity", identities)))
def test_no_more_than_three_digits_in_a_row_are_kept(case: tuple[str, list[str]]) -> None:
    number, said = case
    kept = kept_of(said)
    for each in kept:
        plain = re.sub(r"[\W_]", "", each)
        assert not any(number[n : n + LEFT + 1] in plain for n in range(len(number) - LEFT)), kept


SINGLE = [
    "315700", "邮编315700", "邮编是315712", "postcode 324000", "120和110怎么打", "打110还是打120", "120", "110", "12345", "打12345投诉", "96110", "火警119",
    "我积分有12800", "学分14", "积分1200", "积分200000分", "一共380元", "学费1280元", "8:30", "17:30", "8:30-17:30", "2026-12-15", "2026.12.15",
    "2026年12月15日", "2027年1月1日放假吗", "12月15日", "周六9:00到11:30", "晚上7点30", "八点半", "订单20261129", "我订单20261129", "编号是0315",
    "订单号DH20261128001", "工单1126-84614", "1129-90205", "13800138000", "0570-1234567", "400-820-8820", "我手机是13957012345", "书法班12节课",
    "第1234期", "我住12幢302室", "三年级一班", "二十三个人", "2026", "2026年春季班", "身份证复印件2份", "身份证16周岁可以办吗", "身份证要带2张照片",
    "学习卡多少钱，10元吗", "学习卡65岁以上免费吗", "学习卡办理8:30-11:30", "学习卡5-10天能办好吗", "我的卡2023年办的", "银行卡2-3个工作日到账吗",
    "银行卡扣了300元",
    "我的卡里有1200分", "卡号有12位吗", "身份证18位", "身份证2026年到期", "医保卡咨询电话12345678", "密码忘了", "密码怎么改", "密码是什么", "密码在APP上怎么改",
    "密码错了3次", "my password is wrong", "I forgot my password", "password is not accepted", "密码要8位吗", "会议密码：abc123", "Wi-Fi密码是Yunxi2026",
    "腾讯会议 845-233-617，密码 2468", "验证码没收到", "验证码60秒才来", "编码1024在哪看", "打卡1200次", "刷卡300元", "教室302", "公交12路转3路", "一下一点一起",
    "QQ群123456789", "太极拳24式", "page 2026", "A1班", "4000、5000、6000、7000",
]  # fmt: skip
RUNS = [
    "积分12800|学分14|380|67", "8:30|17:30|2026-12-15", "我订单20261129|编号是0315", "300|500|200", "2025|2026", "138|0013|8000", "周六|9:00|11:30",
    "订单号DH20261128001|2026年11月28日", "邮编315700|2026", "我住12幢|302室", "一共380元|200元|180元", "第12期|第13期", "学习卡多少钱|10元",
    "身份证怎么办|2026年", "我的卡号多少|13800138000", "打120|打110", "卡号在哪里看|2026年1月1日", "积分1200|300分|够不够", "工单1126-84614|1126-84615",
    "书法班|12节课|380元", "我今年65岁|1961年生的", "三年级|十二个人", "密码忘了|2026", "转人工|13800138000|下午3点", "12月15日|8:30-10:30|2楼",
    "电话0570-1234567|8:30", "300元的积分10000|1200|2500", "身份证丢了|12月20日去补办行吗|9点30",
]  # fmt: skip
# After a number that was begun or is whole.
AFTER = [
    "120", "110怎么打", "打120", "13800138000", "电话13957012345", "300元", "我今年65岁", "2026年12月15日", "8:30", "8:30-17:30", "积分1200", "学分14",
    "订单20261129", "工单1126-84614", "邮编315700", "12月15日", "三个人", "第12期", "书法班什么时候开始2026年的那个", "2", "没收到",
    "12345", "96110", "学号20230101", "2026春季班", "看302教室", "3楼302", "A座1203", "room 302",
    "12.15", "1-3", "2026-12", "24式", "80%", "15号",
    "12345打不通怎么办啊",
]  # fmt: skip


@pytest.mark.parametrize("said", SINGLE)
def test_what_is_harmless_stays(said: str) -> None:
    assert kept_of([said]) == [said]


@pytest.mark.parametrize("said", RUNS)
def test_a_run_of_what_is_harmless_stays(said: str) -> None:
    assert "|".join(kept_of(said.split("|"))) == said


@pytest.mark.parametrize("said", AFTER)
def test_what_is_harmless_stays_behind_a_number(said: str) -> None:
    assert kept_of(["卡号620801", said])[1:] == [said]
    assert kept_of(["我的卡号是620801047296", said])[1:] == [said]


@pytest.mark.parametrize("said", [
    "我要报太极班|12|30", "300积分能换什么|500呢|1000呢", "两个人|10个|一百多", "那个班还有几个名额|5|15|2025", "我1958年的|退休了|65",
    "算了|我想报书法班|380|贵了",
    "没有啊|再发一个|60秒|等了5分钟了", "登不上|试了3次|2026",
])  # fmt: skip
def test_what_else_is_spoken_of_behind_a_number_stays(said: str) -> None:
    for number in ("我的卡号是620801047296", "身份证330802195803120427", "密码是Abc123456"):
        assert "|".join(kept_of([number, *said.split("|")])[1:]) == said


def test_what_was_asked_for_may_be_answered_with_digits() -> None:
    assert together(["卡号[学习卡号]", "1200"], answers=True) == ["卡号[学习卡号]", "1200"]


@pytest.mark.parametrize(("said", "left"), [
    ("银行卡622202|2209828949", "银行卡[卡号]|[卡号]"), ("卡号6222|0222|0982|8949", "卡号[学习卡号]|[学习卡号]|[学习卡号]|[学习卡号]"),
    ("6222|0222|0982|8949", "[卡号]|[卡号]|[卡号]|[卡号]"), ("卡号620801|364055，对的", "卡号[学习卡号]|[学习卡号]，对的"),
    ("身份证号330802|然后19611013|最后四位6858", "身份证号[证件号]|然后[证件号]|最后四位[证件号]"),
    ("卡号末四位7296", "卡号末四位7296"), ("银行卡号6222|后面0270|然后32203764", "银行卡号[卡号]|后面[卡号]|然后[卡号]"),
    ("工行6222022209|还有828949", "工行[卡号]|还有[卡号]"), ("我的卡622202477|等一下我看看|1383832", "我的卡[学习卡号]|等一下我看看|[学习卡号]"),
    ("身份证号330802|后面是19730115747X", "身份证号[证件号]|后面是[证件号]"), ("银行卡号6273568|最后047995078278", "银行卡号[卡号]|最后[卡号]"),
    ("卡号6222|我手机13957012345", "卡号[学习卡号]|我手机13957012345"), ("卡号6222|120怎么打|02220982", "卡号[学习卡号]|120怎么打|[学习卡号]"),
    ("6222|022209|828949", "[验证码]|[验证码]|[验证码]"),
    ("我的密码是Lanlan1958!登不上", "我的密码是[验证码]登不上"), ("密码：Lanlan1958", "密码：[验证码]"), ("密码是woaini520", "密码是[验证码]"),
    ("my password is Lanlan1958!", "my password is [验证码]"), ("登录密码 zgl19610312", "登录密码 [验证码]"), ("密码改成Yunxi_2026了", "密码改成[验证码]了"),
    ("口令是abcdef", "口令是[验证码]"), ("Password: sunshine", "Password: [验证码]"), ("码481956", "码[验证码]"), ("手机来的码四八一九五六", "手机来的码[验证码]"),
    ("军官证 军字第2001988号", "军官证 军字第[证件号]号"), ("社保卡号A12345678", "社保卡号[证件号]"), ("三三〇八〇二，六一年十月十三，六八五八", "[证件号]"),
    ("卡号6222 0222 0982 894九", "卡号[卡号]"), ("card number six two two two double zero three eight nine", "card number [学习卡号]"),
    ("身份证后六位136858", "身份证后六位[证件号]"), ("卡号6208", "卡号[学习卡号]"), ("卡号第1段6222，后面是0222", "卡号第1段[学习卡号]，后面是[学习卡号]"),
    ("卡号620801047296 648571", "卡号[学习卡号] [验证码]"),
])  # fmt: skip
def test_what_is_kept(said: str, left: str) -> None:
    assert "|".join(kept_of(said.split("|"))) == left


@pytest.mark.parametrize(("said", "left"), [
    # What stands behind the beginning of a number looks like a mobile's or a landline's.
    ("身份证号320106|19470315221X", "身份证号[证件号]|[证件号]"), ("320106|19470315221X", "[验证码]|[验证码]"),
    ("身份证号320106|19470315221|6", "身份证号[证件号]|[证件号]|6"), ("身份证是3201|06|19470315221X", "身份证是[证件号]|[证件号]|[证件号]"),
    ("六二幺七零零四零|幺四八九七二五幺五五零", "[卡号]|[卡号]"), ("转到那张卡五幺八七|零九七五三七八九八八零二", "转到那张卡[卡号]|[卡号]"),
    ("身份证号320106|回电13912345678", "身份证号[证件号]|回电13912345678"), ("身份证330802195803120427|13912345678", "身份证[证件号]|13912345678"),
    # Few digits are spelled out, or more than a short text has room for.
    ("six|two zero eight zero one zero four seven two nine six", "[学习卡号]|[学习卡号]"), ("six two|0801047296", "[学习卡号]|[学习卡号]"),
    ("银行卡号four zero two six zero|three five one nine zero four seven six seven two nine", "银行卡号[卡号]|[卡号]"),
    ("卡号six two zero eight zero|啊one zero", "卡号[学习卡号]|啊[学习卡号]"), ("one|two people", "one|two people"), ("six|at nine", "six|at nine"),
    # What is said meanwhile has numbers of its own, or none.
    ("62080|我都71了手脚慢|1047296", "[学习卡号]|我都71了手脚慢|[学习卡号]"), ("625|屋里就2个人|9252962185445", "[卡号]|屋里就2个人|[卡号]"),
    ("六二零八零|上次收了150块|幺零四七二九六", "[学习卡号]|上次收了150块|[学习卡号]"),
    ("6208|孙女来了，抱歉|0104|外面好吵啊今天|7296", "[学习卡号]|孙女来了，抱歉|[学习卡号]|外面好吵啊今天|[学习卡号]"),
    ("62284829403006|你们周末开门吗|99100", "[学习卡号]|你们周末开门吗|[学习卡号]"),
    ("太极班480|我都71了|书法班520|便宜点", "太极班480|我都71了|书法班520|便宜点"),
    # A password is asked for, and remembered.
    ("密码|lan1958", "密码|[验证码]"), ("口令是多少来着|是lan1958", "口令是多少来着|是[验证码]"), ("密码是多少来着，啊 lan1958", "密码是多少来着，啊 [验证码]"),
    ("会议密码|abc1234", "会议密码|abc1234"), ("密码怎么改|lan1958@qq.com", "密码怎么改|lan1958@qq.com"),
    # In figures and in numerals, in groups of any size.
    ("62080104 7二96", "[学习卡号]"), ("620８01〇47 二96", "[学习卡号]"), ("62080104 7296", "62080104 7296"), ("存折号 01-234567890", "存折号 [卡号]"),
    ("退费打到这张卡6·2·5·9·2·9·6·5，你慢慢记|4·1·0·6·5·4·8·7", "退费打到这张卡[卡号]，你慢慢记|[卡号]"),
])  # fmt: skip
def test_what_stands_behind_a_beginning_is_its_piece(said: str, left: str) -> None:
    assert "|".join(kept_in_talk(said.split("|"))) == left


@pytest.mark.parametrize("said", [
    # One letter or one word between the groups, in one text.
    "a6222b4087c5727838241", "x5187x7522x4922939707", "6230空0946空77613399137", "6217点5756点862648512点", "6217杠5756杠862648512", "e6217f5756g862648512",
    # Pieces that are numbered, whether their number is called or not.
    "账号我分开发啊，怕弄错。1）621738|2）993659|3）8690", "1、310107|2、194308|3、283686", "① 436763|② 335545|③ 1318",
    "part 1: 330802|part 2: 195603|part 3: 031013",
    "(1/3) 622212|(2/3) 339332|(3/3) 21970", "第一截：6230|第二截：三三三七|第三截：19910372234",
    "卡上一共四排数，头一排 6228|二排 5269|三排 2418|末了一排 8978222",
    "一排 6217|二排 5756|三排 8626|四排 48512", "1：6217|2：5756|3：8626|4：48512", "【1/2】621757|【2/2】5686264 8512", "A：6217|B：57568|C：62648512",
    "一、6217|二、57568|三、62648512",
    "号太长，拆开打。1. 6217|2. 57568|3. 62648512", "1) 6217 2) 57568 3) 62648512", "号太长了我拆开打。(1) 6217005|(2) 926948|(3) 689349",
    # Called by its name, with words before its digits, and between its pieces.
    "身份证号先报一半 330802|另外一半 196802254038", "账号先报一半 330802|另外一半 196802254038", "身份证我记不全，先说一半33080219|等我拿老花镜……好了 4008237311",
    "农行卡我记不全，先说一半622848|等我拿老花镜……好了 4008237311", "存折字小，看得清的是 6217|找到眼镜了 5756862", "学习卡号我慢慢念，头几个是62080|剩下的1047296",
    "one half six two two two two nine eight five|other half seven three four three three five seven four nine",
    # The first piece, where only those behind it were known as such.
    "六个六个发陆贰壹柒陆玖|玖叁捌柒零贰|伍肆叁叁陆叁肆", "身分证还是啥证来着反正是 ６2三0２６|然后 194508", "前头几位是62175，你先记着|686264",
    "打头的是 62084，你先记下|后头 2029584",
    "身分证330802|19680225403", "深份证号33080219680225",
])  # fmt: skip
def test_a_number_is_covered_however_its_pieces_are_told_apart(said: str) -> None:
    kept = "|".join(kept_in_talk(said.split("|")))
    folded = re.sub(r"\W", "", fold_numbers(kept))
    assert not re.search(rf"[\d{SAID_DIGITS}]{{4}}", folded), kept


@pytest.mark.parametrize(("said", "left"), [
    ("mima Laoli8270", "mima [验证码]"), ("mima Mei@5533! 还是进不去", "mima [验证码] 还是进不去"), ("密码|Mei@7819", "密码|[验证码]"),
    ("密码：|Mei@8656!", "密码：|[验证码]"),
    ("登录密码改成了 Laoli8270 帮我看看对不对", "登录密码改成了 [验证码] 帮我看看对不对"), ("密码设的是xiaobao3619", "密码设的是[验证码]"),
    ("密码呢|Mei@7819", "密码呢|[验证码]"),
    ("密码是我名字拼音加生日 Mei@4836 大写开头", "密码是我名字拼音加生日 [验证码] 大写开头"), ("密码忘了，好像是Mei@4471还是啥", "密码忘了，好像是[验证码]还是啥"),
    ("密码就用我小名Laoli4148#a", "密码就用我小名[验证码]"), ("pass word guilan2513", "pass word [验证码]"), ("密马wangwang7567", "密马[验证码]"),
    ("账号密码 Chunhua#77", "账号密码 [验证码]"), ("秘码填的Jianguo_88提示错误", "秘码填的[验证码]提示错误"), ("mi ma shi Guihua1961", "mi ma shi [验证码]"),
    ("the password I typed was Rosie1961!", "the password I typed was [验证码]"), ("密码想起来了|Chunhua@77", "密码想起来了|[验证码]"),
    ("验正码：９０８６４４（还有三分钟就过期了）", "验正码：[验证码]（还有三分钟就过期了）"), ("验正码 718319", "验正码 [验证码]"),
    ("laowang7788是我的密码", "[验证码]是我的密码"), ("Guilan_1953就是我登录密码，进不去", "[验证码]就是我登录密码，进不去"),
    ("hehua66tai是老伴的密 码", "[验证码]是老伴的密 码"),
    ("passwd: Guilan2513", "passwd: [验证码]"), ("密 码 是 hong1234", "密 码 是 [验证码]"), ("密ma是hong1234", "密ma是[验证码]"),
    ("验证ma：718319", "验证ma：[验证码]"),
    ("验 证 码 718319", "验 证 码 [验证码]"),
    ("眼证码是718319", "眼证码是[验证码]"), ("检验码718319", "检验码[验证码]"),
])  # fmt: skip
def test_a_password_and_a_code_are_covered_whatever_they_are_called(said: str, left: str) -> None:
    assert "|".join(kept_in_talk(said.split("|"))) == left


@pytest.mark.parametrize("said", [
    "邮编|310012", "邮编多少|310012", "你们邮政编码呢|324003", "查学分|12月4日|2026", "0571|88001234|是你们电话？", "0570|38012345", "身份证|13912345678",
    "身份证号|回电13912345678",
    "学习卡|one two", "银行卡|one two", "密码错了，我的用户名是|wang1958", "密码忘了怎么办|zhang1958", "密码不对，登录名是|chunhua61",
    "密码怎么重设，我用的iPhone13",
    "课程python3是密码学", "hehua66tai是我的密码本的封面", "hehua66tai是会议室的密码锁", "密 码怎么改", "验证machine2024", "密码忘了，邮箱 chunhua61@163.com",
    "密码改不了，微信号wx6150ab", "1、书法班380|2、太极班520|3、合唱班460", "1）302教室|2）405教室", "① 周一 8:30|② 周三 9:30", "1) 2026|2) 2027",
    "A班 8:30|B班 9:10", "一排12人|二排15人",
    "身份证带了，1958年的", "身份证丢了电话打38012345", "银行卡付了1280，收据没有", "学习卡充了1280", "身份证号码有几位，是18位吗", "卡上余额1280",
    "另外一半退380元吧",
    "400点5000点6000点", "8点30到9点40，10点20", "第一期380元|第二期420元", "小米吗 1280", "密码提示说课程代码ENG1034", "社保卡年审电话0570-3801234",
])  # fmt: skip
def test_what_is_no_piece_and_no_password_stays(said: str) -> None:
    assert "|".join(kept_in_talk(said.split("|"))) == said


def test_a_year_answers_no_question_for_a_card() -> None:
    assert keep(["12月4日"], "2026", asked=True)[-1] == "2026"
    assert keep(["12月4日"], "2208", asked=True)[-1] != "2208"


def test_pieces_that_follow_a_name_alone_are_its_number() -> None:
    assert kept_in_talk(["身份证", "33080219", "68022", "5403"]) == ["身份证", "[证件号]", "[证件号]", "[证件号]"]
