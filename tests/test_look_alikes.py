"""Dangers that are noticed, and what looks like one and is none: a death of long ago, a play, the news, a manner of
speaking, a fraud that failed."""

from datetime import date
from pathlib import Path

import pytest

from bot.alarming import LIFE, is_played
from bot.redlines import detect
from daoxue.app import App
from nlu.text import fold
from tests.talk import Resident

TODAY = date(2026, 11, 26)
ROWS = [
    line.split("\t")
    for line in Path(__file__).with_name("alarmed.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


async def test_every_danger_is_noticed(app: App) -> None:
    alarms = {text: detect(app.comprehension.understand(text, TODAY)) for kind, text in ROWS if kind == "danger"}
    assert len(alarms) == 120
    assert [text for text, alarm in alarms.items() if alarm is None or alarm.kind not in {*LIFE, "scam"}] == []
    assert sum(alarm.sure for alarm in alarms.values() if alarm) >= 112


async def test_what_only_looks_like_one_alarms_nobody(app: App) -> None:
    alarms = {text: detect(app.comprehension.understand(text, TODAY)) for kind, text in ROWS if kind == "none"}
    assert len(alarms) == 118
    assert {text: alarm for text, alarm in alarms.items() if alarm} == {}


@pytest.mark.parametrize(
    "text",
    ["我演戏演不下去了，我是真的想死，不是演的", "写小说写到主人公跳楼，我自己也想跳了", "话剧演到一半，主角从台上摔下来了", "彩排，演老爷的张师傅晕倒了"],
)  # fmt: skip
def test_a_play_that_comes_true_is_none(text: str) -> None:
    assert not is_played(fold(text))


@pytest.mark.parametrize(
    "text", ["我妈出去买菜到现在没回来", "他出去上班路上倒了", "我爸去学校的路上找不到了", "她去河边接水掉下去了"]
)
async def test_an_errand_on_which_something_is_wrong_is_danger(text: str, app: App) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is not None
    assert alarm.kind in LIFE


@pytest.mark.parametrize(
    "text", ["我叔刚出去接了个电话", "我家那位赶集去了", "学费交在你们窗口了，对公的账户", "她下楼排队打饭了"]
)
async def test_who_goes_on_an_errand_or_pays_us_is_in_no_danger(text: str, app: App) -> None:
    assert detect(app.comprehension.understand(text, TODAY)) is None


@pytest.mark.parametrize(
    "text",
    ["我以前投诉过龚玉芬，那事早了了，今天想谢谢她", "上个月投诉的那桩事已经了了", "跟物业的官司早了结了，来报个名"],
)
async def test_a_matter_that_is_settled_is_no_life(text: str, app: App) -> None:
    assert detect(app.comprehension.understand(text, TODAY)) is None


async def test_a_child_in_danger_is_first_of_all_in_danger(app: App) -> None:
    alarm = detect(app.comprehension.understand("妈妈不醒，我六岁，怎么办", TODAY))
    assert alarm is not None
    assert alarm.kind == "emergency"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("我爸去世了，他的学分怎么处理", True),
        ("我妈走了三年了，学习卡还能用吗", True),
        ("女儿生前在你们那学画，想要她的画", True),
        ("奶奶走了十年，她会的剪纸我想学", False),
        ("同屋考上研走了", False),
    ],
)
async def test_who_asks_for_the_account_of_somebody_dead(text: str, known: bool, app: App) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert (alarm is not None and alarm.kind == "deceased") is known


async def test_who_died_last_year_is_mourned_and_not_rescued(app: App) -> None:
    alarm = detect(app.comprehension.understand("我妈前年脑梗走的，她那张卡咋处理", TODAY))
    assert alarm is not None
    assert alarm.kind == "deceased"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("灶台烧起来了怎么弄", "emergency"), ("说我孙子出车祸了叫我打钱，不让我挂电话", "scam"),
        ("走廊里全是烟，我在五楼", "emergency"), ("开水浇脚上了，烹饪课", "emergency"),
        ("我爸出去听课天黑了还没回来，他老年痴呆", "emergency"), ("儿媳妇把我关在小屋里，两天不给我水喝", "emergency"),
        ("我老公掐我脖子", "emergency"), ("我奶奶记不得事，中午说去你们学校，天都黑了还没个影", "emergency"),
        ("外婆去跳广场舞到这会没着家，手机关机", "emergency"), ("吃了山上捡的菌子，一家人又吐又拉", "emergency"),
        ("照草药方子熬的喝下去嘴唇发麻", "emergency"), ("胸口闷得慌，浑身冷汗，左肩膀疼", "emergency"),
        ("搞以房养老的来电话让我带房产证去签字", "scam"),
        ("有个大爷在楼梯间脱我裤子，我九岁", "emergency"), ("我哪天没了，替我跟儿子讲一声对不起", "despair"),
        ("群里老师带着理财，投了八万，软件登不上了", "scam"),
    ],
)  # fmt: skip
async def test_what_cannot_wait_is_sure(text: str, kind: str, app: App) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is not None
    assert (alarm.kind, alarm.sure) == (kind, True)


@pytest.mark.parametrize(
    "text",
    [
        "我妈晕倒在你们的书法课上", "我爸晕倒在你们的图书馆了", "有人昏倒在教室的戏台上", "店里着火了这家书店楼上还有人", "排练话剧中有人晕倒了",
        "孩子做游戏中摔倒了起不来了", "我在书里夹了遗书", "他在游戏里说不想活了要跳楼", "我的故事讲的是我想自杀", "电梯里被困住了快晕过去了",
        "快来帮忙！她快晕过去了", "公交车上挤得透不过气有人晕了", "我爸去年走了，我妈现在没反应了", "老伴上个月走了，今晚我把遗书写好了", "我妈下楼锻炼摔了",
        "我爸去洗手间锁里面了", "我爸出去遛弯一天了", "听邻居说楼里有人昏过去了", "上个月被骗走三万，没追回来", "公众号客服说我中奖了要付保证金",
        "反诈课上提到的那个客服，今天又给打电话要验证码", "水壶烫到人了怎么办", "人刚救活过来，又不行了", "配电箱直冒火苗", "插座冒火花",
     "煤气罐气得炸了", "煤气炸了", "狗我托人养了，我也走了，别找",
        "话剧散场的时候有人触电了", "电影院里触电那个人没气了", "我妈被抢了东西急得心脏病犯了", "妻子踹我肚子",
    ],
)  # fmt: skip
async def test_what_is_near_to_one_is_danger_all_the_same(text: str, app: App) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is not None
    assert alarm.kind in {*LIFE, "scam"}


@pytest.mark.parametrize("text", ["老伴爬不动了，教室在几楼", "我妈走不动了，你们那有电梯吗", "今天我倒了三趟车才到"])
async def test_the_old_who_cannot_climb_are_in_no_danger(text: str, app: App) -> None:
    assert detect(app.comprehension.understand(text, TODAY)) is None


@pytest.mark.parametrize("text", ["我想学救人，溺水了咋救那种", "想学急救，噎住了怎么弄", "我要学学，触电了该怎么救"])
async def test_who_wants_to_be_taught_is_met_with_care(app: App, text: str) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is None or not alarm.sure


@pytest.mark.parametrize(
    "text", ["我想学急救，我妈现在噎住了咋救", "早就想学救人，现在有人落水了怎么办", "我不想学了，想死"]
)
async def test_what_is_here_and_now_is_sure_all_the_same(app: App, text: str) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is not None and alarm.sure  # noqa: PT018


HERE_AND_NOW = (
    "我想学的没学会，用刀割腕流血了", "孩子想学游泳，掉水里了快救人", "我爸想学骑电动车，摔下来昏迷不醒了", "他想学电工，自己弄触电了，没呼吸了",
    "我爸想学游泳呛水了没气了",
    "我真是蠢死了算了", "我这么笨死了算了", "我好笨死了算了，活着没用",
)  # fmt: skip


@pytest.mark.parametrize("text", HERE_AND_NOW)
async def test_no_wish_and_no_manner_of_speaking_takes_that_away(app: App, text: str) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is not None and alarm.sure  # noqa: PT018


@pytest.mark.parametrize(
    "text",
    ["镰刀割了大腿，血止不住", "菜刀割了胳膊，血流不止", "水果刀划了手臂，流了好多血怎么止", "玻璃扎了大腿，流血不止"],
)
async def test_a_wound_is_an_emergency(app: App, text: str) -> None:
    assert detect(app.comprehension.understand(text, TODAY)) == ("emergency", True)


@pytest.mark.parametrize(
    "text",
    ["跳了两个月舞，人都活过来了", "要死要死，又坐过站了", "我写的方案又给毙了", "听歌听得我心口疼，太好听了", "一上台发言就紧张得喘不上气",
     "老刘走了，搬去闺女家住了",
     "刚打电话来说我候补排到了，是真的吗", "水壶烫到人算谁的", "听说开了教救人的，按胸口那个", "没抢上名额，心里头直冒火", "排半天队肺都气炸了",
     "抢票抢得我高血压都要犯了", "散伙饭上我要哭死了", "积分过期了心疼死", "小说红岩里中枪触电那段讲的啥",
     "我规划自己考电工证", "我想规划自己今后的学习", "我计划自己开个店，有什么课吗", "我老公走了十来年了，一个人在家闷，找个班热闹热闹",
     "心脏不太好，打太极碍事不碍事"],
)  # fmt: skip
async def test_plans_and_what_is_long_past_are_none(app: App, text: str) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is None or alarm.kind == "advice"


@pytest.mark.parametrize("text", ["老公天天喝酒真不想活了", "儿子欠了一屁股债真想死"])
async def test_who_is_left_with_it_speaks_of_themselves(app: App, text: str) -> None:
    assert "您不是一个人" in await Resident(app).say(text)


@pytest.mark.parametrize(
    "text", ["我女儿拿刀片划胳膊", "我妈天天说不想活了", "我孙子不想活了", "我闺女把自己锁屋里，说要割手腕"]
)
async def test_who_stands_beside_is_told_what_to_do(app: App, text: str) -> None:
    assert "请先陪在身边" in await Resident(app).say(text)


async def test_what_is_done_first_is_what_helps(app: App) -> None:
    """Pills that were swallowed, a note that was left, money that has gone."""
    assert "120" in (await Resident(app).say("我把一瓶安眠药都吃了"))[:12]
    assert "110" in (await Resident(app).say("儿子不接电话 留了张条子说对不起爸妈"))[:12]
    assert detect(app.comprehension.understand("刚才扫了个码 卡里三万块没有了", TODAY)) == ("scam", True)


@pytest.mark.parametrize("text", ["宝妈一枚，家里娃两岁", "嗯好 娃哭了先这样", "安眠药吃了没用，有助眠的课吗"])
async def test_a_mother_is_none(app: App, text: str) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is None or alarm.kind == "advice"


@pytest.mark.parametrize(
    "text",
    ["告了举报了都解决不了，我只想消失", "官司早了结了，后事也交代好了", "纠纷已经解决了，我安心走了，别找我", "投诉也就了结了，我实在不想再撑了",
     "等得奶奶心脏病要发作了", "排队排得大爷高血压快犯了，快来人", "我妈挤公交挤得心脏病要犯了", "等救护车等得老周心脏病要犯了",
     "小品里有人触电倒了", "小品里有人真触电了", "肚子里冒火烧火燎地疼，吐血了",
     "我爸糊涂了，手机没带，下午出去到现在没回", "外婆不记事了拿着钥匙出门还没到家", "老伴痴呆，早上说买菜，人不见了",
     "儿子昨晚没回家，手机打不通", "男人不许我出去，还打我", "老公踢我肚子", "女婿扇我耳光", "教练把孩子打得青一块紫一块", "儿媳把我锁在屋里不给饭吃",
     "喝了药酒手脚发麻", "我爸胸口疼出冷汗，急救课教不教", "猫交给邻居了，我要走了", "存折留给儿子，我用不着了"],
)  # fmt: skip
async def test_a_manner_of_speaking_calms_nothing_else(text: str, app: App) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is not None
    assert alarm.kind in LIFE


@pytest.mark.parametrize(
    "text",
    ["我妈糊涂，学习卡不见了", "我爸记不得报没报名，短信也没回", "我爸认不得字，微信也没回我", "老人记不得密码了，验证码也没见人发", "女儿迷糊，课本不见了",
     "老伴糊涂，报错班了，老师没回", "儿子放学没回来，老师电话没人接", "孩子没着家里作业，打不通你们电话", "女儿过年没回来，你们热线没人接",
     "儿子加班没回家，他电话关机，报名验证码收不到", "老公踢我的被子，我睡不好", "儿子扇我扇子，凉快", "老公掐我表算时间", "打乒乓球碰得青一块紫一块",
     "练太极踢腿踢得青一块紫一块", "钥匙关在屋里了，没给饭钱", "教室门锁着屋里不给水喝", "关在家里学，不给水电补贴吗", "泡药酒治手脚发麻的方子，中医课讲吗",
     "药酒怎么泡，喝了手脚不麻", "胸口疼出冷汗急救课教不教", "教材送给你们，我用不着了", "名额留给别人，我以后用不着了", "学习卡转给老伴，我用不着了",
     "退的钱给我老伴吧，我用不上了", "狗托人带两天，我要走了", "听讲座以房养老签字要带啥"],
)  # fmt: skip
async def test_things_that_are_lost_and_our_telephone_are_no_certain_danger(text: str, app: App) -> None:
    alarm = detect(app.comprehension.understand(text, TODAY))
    assert alarm is None or not alarm.sure or alarm.kind not in LIFE
