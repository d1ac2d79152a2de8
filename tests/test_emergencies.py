"""What an emergency is, by its words: a wrong one is told the wrong thing to do."""

import pytest

from bot.texts import Texts
from handlers.emergencies import _KINDS, kind_of
from nlu.questions import read
from nlu.text import clean, fold

# Of the examples that are learnt from, by the kind that is right for them.
EXAMPLES = {
    "fumes": [
        "屋里烧炭炉一家人都头疼恶心", "关着门烤火人叫不醒", "漂白水和洁厕灵倒一起了喘不上来", "教室里一股煤气味，几个人头晕想吐",
    ],
    "gas": ["煤气泄漏了", "进门就一股臭鸡蛋味", "smell gas in the kitchen classroom", "聞到好大陣煤氣味"],
    "shock": ["机房漏电，有人被打了一下倒在地上", "小朋友拿钥匙捅插座手都黑了", "他摸电线被吸住了甩不开", "插座冒火星，他手粘在上头了"],
    "fire": ["二楼冒黑烟了，人还在里头", "there is a fire in the kitchen", "点心教室油锅烧到墙上去了", "门把手烫手，出不去", "樓下火燭啊快啲"],
    "smoke": ["走廊都是烟看不见路", "楼道黑烟滚滚，我们下不去", "楼道冒黑烟，里头还有人"],
    "ledge": ["有人要跳，五楼窗台上", "楼上有人要跳"],
    "lift": ["电梯困人了", "lift坏咗，困住咗四个人，好焗", "电梯里关了三个老人，有一个昏过去了"],
    "flood": ["俺这儿水到窗台了，屋里还有个瘫子"],
    "drowning": ["门口河里有人在扑腾", "阿婆落河里去哉", "捞上来了没呼吸了", "有个娃掉池塘里了"],
    "collapse": ["墙要倒了里面还有人上课", "书架倒了压住一个孩子", "房梁要掉了", "脚手架垮了，工人埋在底下"],
    "crowd": ["人太多往前挤，有人被踩在下面"],
    "allergy": ["吃了花生酱嘴巴肿起来喘不上来", "被马蜂蜇了脸肿得睁不开眼", "allergic reaction throat closing"],
    "choking": ["老人噎住了喘不过气", "孩子把扣子吞下去了，脸都紫了", "阿婆食鱼骨鲠亲，透唔到气啊", "他卡住了我拍背没用接下来怎么办"],
    "poison": ["我妈喝了敌敌畏快来", "误喝了除草剂", "小孩把我的降压药吃了半板", "i took too many pills help"],
    "heat": ["有人中暑昏迷了", "太阳底下站久了，他不出汗了身上滚烫"],
    "violence": [
        "我老公又打我了我躲在厕所", "有人揸刀斬人呀", "there's a guy with a knife in the lobby", "有人往楼道泼汽油", "撞我家门呢",
        "我后爸拿皮带抽我现在躲柜子里",
    ],
    "seizure": ["一个学员在地上打挺，牙咬得嘎嘎响", "佢成個人抽筋口吐白泡", "亲子课上小宝发着高烧突然翻白眼全身绷直"],
    "lifeless": ["他没有呼吸了", "有冇人識急救㗎有人心臟停咗", "我在按胸口了还没醒", "AED在几楼急用！！"],
    "illness": [
        "班主任你好，刚才课间老周吐了一地血", "我怀孕五个月，下面出血了", "我爸突然说话大舌头，一只眼睛看不见了", "氧气瓶没气了老伴喘",
        "我们班长去接水半天没回，刚发现他躺在开水间",
    ],
    "lost": ["my kid is missing", "個細路唔見咗啊我搵唔到佢", "接孩子的人说孩子被别人领走了", "我去上个厕所回来孩子没影了"],
    "stalking": ["有个男人一直跟着我", "有人跟踪我到你们二楼了我怕"],
    "bleeding": ["流血止不住", "手指头被缝纫机扎穿了", "被狗咬了口子好深", "help she is bleeding a lot"],
    "burn": ["开水泼了一身", "烘焙课上手按到烤盘，全是泡，疼得她直叫", "硫酸还是啥洗厕所的溅脸上了，火烧一样"],
    "fall": ["奶奶从楼梯滚下来了", "我婆婆绊倒了，起不来咯，快点来人", "old man fell down the stairs not moving"],
}  # fmt: skip
# Words that stand in another sense, or in another word.
OTHERWISE = [
    ("孙子在河边耍，掉下去了，看不见人", "drowning"),
    ("娃把花生米呛嗓子里了，脸都紫了", "choking"),
    ("老人在厨房晕倒了", "illness"),
    ("病房里有人昏倒", "illness"),
    ("有人在顶楼晕倒", "illness"),
    ("有人在房间里摔倒了", "fall"),
    ("厨房门口滑倒了", "fall"),
    ("他血压量到两百二，家里没别人，头疼", "illness"),
    ("我用布压住伤口了血还在流", "bleeding"),
    ("我84岁的老伴晕倒了", "illness"),
    ("我妈晕倒了，电话13584840084", "illness"),
    ("孩子喝了84消毒液", "poison"),
    ("there is a problem, my dad collapsed", "illness"),
    ("水涨进屋里了，到腰了，我们娘俩出不去", "flood"),
    ("山洪下来了，院子都灌了，老人还在里头", "flood"),
    ("孩子掉河里了，水没过脖子了", "drowning"),
    ("学校发大水，有孩子在扑腾", "drowning"),
    ("有个男的跟着我进楼道了，我不敢开门", "stalking"),
    ("外头有人在撬我家门，我一个人", "stalking"),
    ("he is probably having a stroke", "illness"),
    ("my heart stopped beating", "lifeless"),
    ("he was interesting, then passed out", "illness"),
    ("stabbing pain in my chest", "illness"),
    ("she cut her hand with a knife", "bleeding"),
    ("he can't lift his arm, it hurts", "illness"),
    ("我正打120，他晕过去了", "illness"),
    ("我在打120打不通，人昏迷了", "illness"),
    ("被打了，满脸是血", "violence"),
    ("我拿刀切菜切到手指流好多血", "bleeding"),
    ("掐他人中也没醒", "lifeless"),
    ("救护车堵在路上，我妈昏迷了", "illness"),
    ("我爸摔倒在水房门口", "fall"),
    ("有人摔倒在临江街道学校", "fall"),
    ("电梯口有人晕倒了不动了", "illness"),
    ("人太多，闷得晕倒了", "illness"),
    ("我妈晕倒了，她的包不见了", "illness"),
    ("浑身没力气，喘不上来", "illness"),
    ("跟着我上课的大爷晕倒了", "illness"),
    ("在开水间晕倒了", "illness"),
    ("我吃了一瓶安眠药", "poison"),
    ("我同学在厕所割手腕，流了好多血", "bleeding"),
]


@pytest.mark.parametrize(("kind", "said"), [(kind, said) for kind, all_ in EXAMPLES.items() for said in all_])
def test_an_example_is_of_its_kind(kind: str, said: str) -> None:
    assert kind_of(fold(said)) == kind


@pytest.mark.parametrize(("said", "kind"), OTHERWISE, ids=[said for said, _ in OTHERWISE])
def test_a_word_in_another_sense_is_no_kind(said: str, kind: str) -> None:
    assert kind_of(fold(said)) == kind


def test_every_kind_is_told_in_every_language() -> None:
    kinds = {kind for kind, _ in _KINDS}
    assert kinds == EXAMPLES.keys()
    for texts in Texts().languages.values():
        assert {f"emergency.{kind}" for kind in kinds} <= texts.keys()


def test_most_examples_have_a_kind() -> None:
    said = [text for label, text in read().all if label == "emergency"]
    assert {text for all_ in EXAMPLES.values() for text in all_} <= set(said)
    assert sum(kind_of(fold(clean(text))) is None for text in said) < len(said) / 8
