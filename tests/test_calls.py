"""Calls and talks in texts, written down and played over the provider."""

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.comprehension import Understanding
from bot.texts import Texts
from daoxue.app import App
from daoxue.config import Config
from handlers import HANDLERS
from integrations import keypad, refusals
from integrations.elders import says_old
from integrations.refusals import RefusalKind
from integrations.voice import CHOICES
from tests.talk import Resident
from tests.telephone import RESIDENT, Transcript, line

HERE = Path(__file__).parent
CALLS = {path.stem: path for path in sorted((HERE / "calls").glob("*.txt"))}
TEXTS = {path.stem: path for path in sorted((HERE / "texts").glob("*.txt"))}


def desk_of(config: Config, script: str) -> Config:
    """Seats answer, unless the script says that they have gone home."""
    closed = script.startswith("# Closed.")
    return replace(config, desk=replace(config.desk, always_open=not closed, hours=() if closed else config.desk.hours))


@pytest.mark.parametrize("name", CALLS)
async def test_call(name: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    script = CALLS[name].read_text(encoding="utf-8")
    async with line(desk_of(config, script), monkeypatch) as running:
        assert not (wrong := await Transcript(running, texts=False).play(script)), "\n".join(wrong)


@pytest.mark.parametrize("name", TEXTS)
async def test_texts(name: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request comes twice, and is answered the same."""
    script = TEXTS[name].read_text(encoding="utf-8")
    async with line(config, monkeypatch, repeat=True) as running:
        assert not (wrong := await Transcript(running, texts=True).play(script)), "\n".join(wrong)


REFUSALS = (
    "TD|td。|ＴＤ|T|t|Ｔ|“TD”|T D|t.d|T退订|t 退订|回T|回复T|回td|回复TD退订|退订|退訂|退订。|退订！|退 订|TD退订|退订回T|退订TD|R|拒收|QX|00000|發送TD"
    "|退订谢谢|我要退订|帮我退订|请退订|退订了|退订吧|退订短信|全部退订|退订所有短信|怎么才能退订短信|取消订阅|取消短信|取消接收|停止|停止发送|停止发短信|请停止发送短信"
    "|拒收短信|拒绝短信|不收短信|不接收短信|我拒绝接收你们的短信|关闭短信通知|把短信停了吧|别再给我发短信|别再给我发短信了|別再給我發簡訊|别发了|不要再发了|不要给我发短信了"
    "|请不要再给我发短信，谢谢|别给我发这些没用的短信|别再往我手机上发信息了|以后别给我发短信|不要再推送了|不要发广告了|勿发短信|请勿再发|别再发了！！！|别发了，烦死了"
    "|你发错人了，别再发了|我不需要这些短信，别发了|短信别发了|短信不要再发了|别再发短信烦我了|能不能别再发短信了|不想再收到你们的短信|我不想收到短信了|别烦我|不要骚扰我|骚扰短信"
    "|再发我就投诉|再发短信就举报你们|STOP|Stop.|stop!|STOPALL|STOP ALL|s t o p|Unsubscribe|CANCEL|END|QUIT|OPTOUT|opt out|REVOKE|Stop texting me"
    "|取消发送|不要再给我发了|别给我发了行不行|短信太多了别发了|烦死了别再发了|td退订谢谢|TD 我要退订|我要求退订"
    "|能退订吗|拒收R|不要你们的短信|短信不要|再发就拉黑|请把我从名单里删除"
    "|unsub|stop it|pls stop|cancel texts|no texts|leave me alone|remove my number|stop all messages|请勿打扰|取消訂閱|退订（所有）"
    "|please stop sending me messages|don't text me again|Do not send me any more texts|no more texts please|remove me from your list"
)
NO_REFUSALS = (
    "退书法班|我要退班|退订书法班|取消报名|取消|算了|不要|不用了|怎么不给我发短信了|为什么没收到短信|我没收到验证码短信|收不到短信怎么办|不退订|T恤|培训结束了吗|停车场"
    "|停止报名了吗|什么时候停止报名|1|N|no|我不想报了|不想上课了|不要短信登录，我要密码登录|短信验证码收不到|可以发短信报名吗|怎么取消预约|给我发短信|把地址发短信给我|不要初级的"
    "|短信多少钱一条|取消活动报名|不要再报名了|不用发地址了，我知道怎么走|别急|退订通知|要不要发短信报名|不用发了，我知道了|不用给我打电话，发短信就行|别忘了给我发短信|停课通知会发短信吗|不发短信怎么知道报上没有|再发一遍|"
    "我不收短信验证码怎么登录|不要发到我老公手机上，发我这个号|cancel my enrolment|stop the class?|The end of the course?|how do I cancel my class|end date of class"
)
RESUMPTIONS = "START|start.|UNSTOP|恢复|恢復|恢复。|恢复短信|我要恢复短信|取消退订|重新订阅"
AUTOMATIC = (
    "我正在开车，稍后回复|[自动回复]|【自动回复】您好，我现在有事不在|[自動回覆]我正在開車|(自动回复)现在忙，晚点联系|自动回复：稍后联系您|我正在开会，稍后联系|正在忙，稍后回复您"
    "|您好，我现在有事不在，一会儿再和您联系。|我现在不方便接电话，稍后给您回电|我现在无法接听，稍后联系|此短信为系统自动发送|【中国移动】您的话费余额不足|限时优惠！拒收请回复R"
    "|我正在驾车，已开启“驾驶时勿扰”功能。我会在到达目的地后查看你的信息。|I'm driving right now. I'll get back to you later.|Auto-reply: out of office"
    "|您好，我现在不在，有事请留言|会议中，稍后回复|我在开会，一会儿回|已收到您的短信，我会尽快回复|本机暂时无法接听|尊敬的客户，您的话费余额不足10元|您的来信已收到，请勿回复本短信"
    "|飞行模式中，落地后回复|驾驶中，稍后回复|Sorry, I can't talk right now.|I am in a meeting, will call you back|限时优惠，退订回T"
)
WORDS = (
    "我正在开车，你们几点关门？|我现在忙，晚点打给我|我正在开会，给我回个电话|稍后我再来报名可以吗|我在上班，晚上有课吗|我在外地，以后再联系你们，积分会过期吗|你是自动回复吗"
    "|学分自动到账吗|【云溪学院】您的积分将清零，这是你们发的吗"
)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [(REFUSALS, RefusalKind.REFUSAL), (NO_REFUSALS, RefusalKind.WORDS), (RESUMPTIONS, RefusalKind.RESUMPTION),
     (AUTOMATIC, RefusalKind.MACHINE), (WORDS, RefusalKind.WORDS)],
    ids=["refusals", "none", "resumptions", "automatic", "people's"],
)  # fmt: skip
def test_what_a_text_is(texts: str, kind: RefusalKind) -> None:
    assert [text for text in texts.split("|") if refusals.kind(text) is not kind] == []


def test_yes_takes_a_refusal_back_and_nothing_else() -> None:
    assert refusals.kind("YES", refused=True) is RefusalKind.RESUMPTION
    assert refusals.kind("YES") is RefusalKind.WORDS


def test_more_ways_to_refuse_and_what_is_none() -> None:
    """Whoever is taken to have refused hears nothing any more: a word in passing must not do that."""
    refused = (
        "停|勿扰|退订退订|不再接收|以后不用发了|莫再发咯|no more texts|no sms|stop the messages|stop contacting me|don't contact me|"
        "Do not message me|I don't want your texts|I do not wish to receive any messages|Don’t send me any more messages"
    )
    not_refused = (
        "there is no contact number on your messages|I don't get your messages|Where does the bus stop? text me|"
        "please take me off the waiting list|I do not have a contact|Never mind, text me the address|no message came|"
        "please remove me from the waiting list of the class|how do I cancel my class by text message|不用发了"
    )
    assert [each for each in refused.split("|") if refusals.kind(each) is not RefusalKind.REFUSAL] == []
    assert [each for each in not_refused.split("|") if refusals.kind(each) is RefusalKind.REFUSAL] == []


def test_whose_numbers_are_no_persons() -> None:
    machines = "10690001 1069012345678 +861069012345678 106575 10086 95588 12345 75533 DAOXUE 008610691234567 anonymous"
    people = "+8613800001370 13800001370 +15005550006 +85298765432 +8675512345678"
    assert [each for each in machines.split() if not refusals.is_machine(each)] == []
    assert [each for each in people.split() if refusals.is_machine(each)] == []


def test_a_mobile_number_is_one_however_it_is_written() -> None:
    ways = ("13800001370", "8613800001370", "+86 138 0000 1370", "008613800001370")
    assert {refusals.international(each) for each in ways} == {RESIDENT}
    assert refusals.international("+15005550006") == "+15005550006"


OLD = (
    "我七十三了，不会按键|年纪大了听不懂|我今年七十三了，不会按键，也听不懂你这个|我今年65岁，想报名|我今年都快八十了|我七十多岁了|我都七十多了|我73岁|我今年六十八，想学书法"
    "|我岁数大了，看不清|我年纪大|我老了，弄不来|老太婆我七十八了|我是老年人，不会弄|我是个老太太，耳朵背|上了年纪，听不清|我七老八十的人了|人老了，记不住|七十岁的人了，搞不懂"
    "|我1950年生的|我是53年的人|我不会按键|一把年纪了，学不会这个|我一个老头子，不会用这个|咱今年七十二啦|俺七十五了|我今年８０岁|我八十一岁了能不能帮我查学分|我年歲大了聽不懂"
    "|我老伴不在家，我七十三了|我今年六十八想学书法|我七十三不会按键|我六十六想学太极拳|小姑娘，我七十六了，不懂这些|我这个年纪不会用这些|岁数大咯，搞不来|我老嘞，不晓得按哪个|我今年是七十五岁哦|俺今年七十三咧|老汉我七十有二了|我今年虚岁八十"
    "|我耳朵不好|我今年72岁了还能报名吗|七十三了，不会按|我今年整七十|我已经六十九岁了|我都是快九十的人了|我年纪比较大|I'm 73 years old|I am old, I can't press keys"
)
NOT_OLD = (
    "我妈七十三了，想学书法|我妈年纪大了，能陪着来吗|我老伴今年七十了|我爸七十了能报吗|老年大学在哪|老年人有优惠吗|有没有老年课程|七十岁能报名吗|60岁以上免费吗|我有七十分"
    "|我的学分是七十|我今年35岁|我今年五十九岁|我家老人不会用手机|多大年纪可以报|岁数大的能参加吗|我孙子6岁|我交了80块|我要报老年智慧生活的课|我报的班七十个人|我的老师年纪大|我年纪不大|我妈耳朵背，能坐前面吗|我妈七十三了，不会按键|我住七十三号|我坐七十路车|今年八十分能换什么|我今年八十学分能换啥|我有六十八学分"
    "|我儿子今年十六|我是志愿者，想教老人用手机|给老人办卡|老年卡怎么办|我六点了才下班|70岁还能参加吗|太极拳班几点"
)


async def test_who_says_that_they_are_old(app: App) -> None:
    def heard(text: str) -> Understanding:
        return app.comprehension.understand(text, date(2026, 11, 26))

    assert [text for text in OLD.split("|") if not says_old(heard(text))] == []
    assert [text for text in NOT_OLD.split("|") if says_old(heard(text))] == []
    assert not says_old(heard("我七十三了"), asked=True), "an answer to what was asked"


def test_every_task_within_three_keys() -> None:
    """Three choices at a time, three presses, all topics, nothing twice."""
    known, leaves = Texts().languages["zh"], []

    def walk(entry: keypad.KeypadItem, depth: int) -> None:
        assert entry.label in known
        assert len(entry.below) <= CHOICES
        assert bool(entry.intent) is not bool(entry.below)
        if entry.intent:
            assert depth <= 3
            leaves.append(entry)
        for each in entry.below:
            walk(each, depth + 1)

    walk(keypad.MENU, 0)
    topics = {handler.topic for handler in HANDLERS.values()} - {"chitchat", "out_of_scope"}
    assert {HANDLERS[each.intent].topic for each in leaves} | {"operation_guide", "human_agent"} >= topics
    assert len({each.label for each in leaves}) == len(leaves) == 27


async def test_every_key_of_the_menu_is_answered(app: App) -> None:
    """Each leaf starts what it says: nothing is unknown to the core."""
    for one in keypad.MENU.below:
        for two in one.below:
            for leaf in two.below:
                who = Resident(app, "voice")
                said = replace(who.message("[按键]"), intent=leaf.intent, slots=dict(leaf.slots))
                receipt = await app.inbox.receive(said)
                told = "".join(each.message.reply.text for each in receipt.answers)
                assert told, leaf
                assert "还没有" not in told or leaf.intent != "not_answered", leaf
