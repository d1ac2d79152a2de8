"""The shape of what is said, apart from its meaning: a half sentence, a bare answer, a name and little else."""

import re
import unicodedata
from functools import lru_cache

from bot.commands import bare, number
from bot.comprehension import Understanding
from bot.messages import Reply
from nlu.entities import Entity
from nlu.text import without_fillers

CERTAIN = 0.8  # of a move in a talk
READ = 2_048  # texts whose shape is kept: several rules of a turn ask, and residents ask the same
PAIRS = re.compile(r"(?=([一-鿿]{2}))")  # what two texts may share
# What the model has read often in the place of a name.
_COMMON = {"org": "学校", "course": "书法", "teacher": "王老师", "when": "元旦"}
_COMMON_IN_ENGLISH = {"org": "your centre", "course": "calligraphy", "teacher": "mr wang"}
_YOURS = re.compile(r"\b(?:the )?your centre(?: community)?(?: (?:school|site|college|cent(?:re|er)))?\b")
_HAN = re.compile("[一-鿿]")
_FESTIVAL = re.compile("[一-鿿]{1,3}[年庆会祭]|[一-鿿]{2,3}[节假]")
_DIGITS = re.compile(r"[\d\s+-]+")
_STORY = 40  # characters from which a message is a story, and three times as many letters
FRAGMENT = 10  # characters that a half sentence has at most
_FOLLOWS = re.compile(r"^那(?!个|些|里|边|儿|种)|[呢哩咧嘞]$")
_PRONOUN = re.compile(r"它|这个|那个|这门|那门|该|这所|那所|那里|那边|这里|那儿")
_MATTER = re.compile(r"班|课|培训|活动|地址|电话|名额|开门")
_US = re.compile(r"你们|贵中心|咱们中心")
_QUESTION = re.compile(
    r"[吗么呢没不伐咩?？]$|[^,，。]没有$|什么|怎么|哪|谁(?!知道|都)|几[点号个时块楼]|多少|多久|有没有|能不能|可不可以|是不是|啥|咋|(?P<or>[一-鿿])[^,，。]{0,3}还是[^,，。]{0,3}(?P=or)|(?P<same>[一-鿿])不(?P=same)|^(?:what|where|when|who|why|how|which|is|are|do|does|did)\b"
)
_TAUGHT = re.compile("(?<![小中大同放])学(?!分|习卡|院|校|员)|(?<!请)教(?!室)|[课班讲]")
_LEARN = "(?:(?<![小中大同放])学(?!分|习卡|院|校|员|生|费|期|历|时)|教(?!室|材|练|师|育))"
_LEARNS = re.compile(
    "[想要][一-鿿]{0,2}?(?<!中)(?<!小)(?<!大)学(?!校|生|分|费|院|历|期|时|员|习(?:卡|记|平|地|点|档|证))|想[^,。]{0,4}练|学得?会|(?:[有搞].{0,5}|开.{1,5})[教学讲课班]|教不教|[教学讲课班](?:这个|这些|的)?[吗不没嘛么伐](?![讲上得了会好懂起完来])"
    f"|[哪啥][^,。]{{0,4}}{_LEARN}|报[^,。]{{0,3}}班|{_LEARN}[^,。]{{0,8}}[吗不没嘛么]$|(?:learn|teach|class|course)"
)
_OF_A_CLASS = re.compile("^(?P<what>.{2,}?)的?[那这哪]?一?[个堂门种]?(?:班|课|培训|讲座)")
_UPSET = re.compile(
    r"管不管|(?<!知道)(?<!晓得)(?<!清楚)到底(?![是要能]{0,2}(?:啥|什么|几|多少|怎么|咋|在?哪|谁))|屁用|什么玩意|啥玩意|别跟我来这|别来这套|少来|糊弄|敷衍|忽悠|耍[我人]|气死|火大|太不像话|岂有此理|什么态度|啥态度|(?<!放学)没人[接管理]|混蛋|王八|他妈|滚|垃圾|有病吧"
)
_LONE = re.compile(r"(?:那|还有|有没有|有)?(?P<name>[一-鿿]{2,4}?)(?:呢|班|课|班呢|课呢|有吗|有没有|也?没有吗|也有吗)?")
_LIVES = re.compile(
    "(?:我|俺|咱)?(?:家|人|就|是|们)*(?:住|在)(?:在)?的?(?:这边|那边|这里|附近|这块)?的?[,，]?(?:有没有|有[吗没不])?|(?:离)?(?:我|俺|咱)?(?:家)?近(?:些|点|一点)?的?"
)  # 我在某某街道, 某某街道近: after classes
_NTH_ALONE = re.compile(
    "(?:那|就|看)?第[一二三四五六七八九十\\d]+个(?:班|课)?(?:怎么样|咋样|讲讲|说说|介绍|一下|详细|具体|点|说|是啥|啥情况|[,，]|吧|呢)*"
)
_ASKS_BY = ("不", "没", "吗", "么", "嘛")
_ACCUSES = re.compile(
    r"(?:你们|网上|上面|公告|公众号)[^,，。]{0,6}(?:写|说|登|讲|发|挂)[^。]{0,24}(?:锁|没开|关着|关门|没人|不对|错了?|白跑|不是)"
    r"|(?:我|俺|咱|阿拉)[^。]{0,16}(?:到|去|跑|来)[^。]{0,10}(?:锁|没开门|关着|关门|没人在|(?<![怕别得会不要省])白跑(?!不|[吗么嘛吧]))|(?<![怕别得会不要省])白跑一?趟(?![吗么嘛吧])|(?:锁着|没开门|铁将军)"
    r"|(?:(?<![我俺咱刚才是])(?:写|登)|你们?[^,，。]{0,4}说)错了(?=[,，。！!]|$).{0,12}(?:我|门)|(?:我|俺)[^。]{0,12}去[^。]{0,8}[,，。][^。]{0,6}你们[^。]{0,4}[写登说]错"
)
_REQUEST = re.compile(r"[给告][我诉]|[发帮]我|我[要想]|[查找问]一?下|[报说]一下|please|tell me|i want")
_DECLINES = re.compile(
    "(?:不(?:想|愿意?|方便|便|肯|敢)|能不能不|可不可以不)[^,。]{0,2}(?:留|说|给|报(?!名|班)|填|写|讲|透露)"
    "|(?:电话|号码|名字|姓名)[^,。]{0,3}不(?:想|愿|方便)?(?:留|说|给|填)"
)
_COURTESY = re.compile(r"^请教(?:一下|下|[\s,，。:：])[\s,，。:：]*")
# 我在公交车上呢 says where somebody is; 我在外地能不能报呢 asks.
_STATES = re.compile(
    "^(?!.*(?:(?<![不可功智技才职])能(?!力)|可以|可不可|(?<![银旅步出流进举])行|有没有|(?P<whether>.)不(?P=whether)))(?:我|俺|咱)[^,，。什啥哪几多怎咋谁那]{0,8}(?:在|着|正|没)[^,，。什啥哪几多怎咋谁吗么]*[呢哩咧嘞]$"
)
_HAS_OWN = re.compile(
    "(?:有|攒|存|挣|得|剩|学了|拿)(?:了|着|过|到|起来)?[^,，。]{0,8}(?:分|课)(?:的|了|没用|没换)*$"
    "|(?:积分|学分|[的个]分|记录)[^,，。]{0,6}(?:挺|蛮|好|很|都|快|够|不少|太)[^,，。]*$"
    "|(?:积分|学分)(?:是|有|大概|差不多|都)*[\\d一二三四五六七八九十百千零两多]+(?:分|个)?(?:了|吧)?$"
)
_LOOKS = re.compile(
    "查|看|问|多少|几(?!十|百|千)|什么|啥|告诉|说一?下|余额|明细|没到|少了|不对|没有|没了|错|扣|退|怎|咋|想|要|帮|哪|[吗么不没]$"
)
# 要本人去领吗, 要不要先挂失: whether something has to be, and no wish: 我要挂失行吗.
_WHETHER = re.compile(
    "要不要|用不用|需不需要|该不该|是不是(?:要|得|该|必须)"
    "|(?:要|需要|必须|非得)(?![^,，。]{0,14}(?:行|好|可以|成|中|能)[吗不]$)[^,，。]{1,12}[吗么嘛不]$|(?:do|must|should) i (?:have|need|come|bring|do)"
)
_STOPS = re.compile(r"[,，。;；!！?？\n]+|(?<=[一-龥]) (?=[一-龥])")
_ONE_OF = re.compile(r"那[一]?[个家门种]|这[一]?[个家门种]|的$|one\b")
_ANY = re.compile(
    "什么|神马|么子|啥子|啥|咩|哪些|哪个|几个|多少|你们|最近|近期|这里|现在|本周|适合|报名|[我你她他们能上报给开些]"
)  # 有什么班她能上
_WHAT = re.compile("什么|神马|么子|[啥咩乜哪]")  # 些啥子 is no name
_ANYTHING = "有(?:哪些|什么|啥)(?:课程?|班|培训|活动)"
_OF_ANY = re.compile(f"(?<!还){_ANYTHING}")
_WHAT_THERE = re.compile(r"(?<!还)有(?:什么|啥|些什么|哪些)[呀啊呢]?[?？]?$")  # 某某镇有什么
_ALL = re.compile(rf"{_ANYTHING}|一般|通常|所有|各[个班种]|平时|usually|all")
# How an answer says it.
_STICKER = re.compile(r"\[(?![^\[\]]*[号码]\])[^\[\]]{1,6}\]")  # none of what is masked
_THANKS = re.compile(
    r"\[(?:强|赞|玫瑰|抱拳|OK|握手|合十|鼓掌|爱心|鲜花|谢谢|微笑|愉快)\]|[👍🙏👌🌹💐👏❤🤝🥰😊😄]", re.IGNORECASE
)
_SENTENCE = re.compile(r"[。；\n]")
_ENOUGH = 12  # characters of a sentence that says something
_FREE = re.compile("有哪些|有空|有时间|得空|方便|的话|最好|希望|只有|只能|才|能|都")
_MARK = "*"  # in the place of a name
_SMALL_WORDS = re.compile(
    r"那个|这个|那|的|呢|吗|么|嘛|啊|有没有|有|没有|没|还|要|我|想|想要|改成|换成|换|改|是|应该|说|在|去|看看|看|找|查|一下|就|行|可以"
    r"|不对|不是|错了|也|和|跟|附近|离|近|住|家|到|里|会|用|学|班|课|回头|多少|几|,|，|。|\?|？|!|！|\s"
)


def follows(folded: str) -> bool:
    """那周日呢: it goes on with what was asked before."""
    return _FOLLOWS.search(bare(folded)) is not None and _STATES.search(bare(folded)) is None


def is_story(folded: str) -> bool:
    """Whether it is longer than anybody asks one thing."""
    return len(folded) > (_STORY if _HAN.search(folded) else 3 * _STORY)


def without_following(folded: str) -> str:
    """周日 of 那周日呢."""
    return _FOLLOWS.sub("", bare(folded))


def signs(text: str) -> str | None:
    """What signs alone say, emoji or a sticker's name in brackets: `thanks` or nothing in particular; None where there are words."""
    plain = _STICKER.sub("", text)
    if any(unicodedata.category(char)[0] in "LN" for char in plain):
        return None
    return "thanks" if _THANKS.search(text) else "nothing"


def shorter(reply: Reply) -> str:
    """What was said in fewer words: its short form, or its first sentence."""
    whole = reply.short or reply.spoken or reply.text
    ends = [match.end() for match in _SENTENCE.finditer(whole)]
    return whole[: next((end for end in ends if end >= _ENOUGH), len(whole))]


def answers_only(heard: Understanding) -> bool:
    """Digits alone, or 不知道: to a question that is open it is an answer, and asks nothing else."""
    return _DIGITS.fullmatch(bare(heard.folded)) is not None or (
        heard.move.label == "cmd/dont_know" and heard.move.probability >= CERTAIN
    )


def is_of_a_course(folded: str) -> bool:
    """Whether it speaks of something that is taught at all."""
    return _TAUGHT.search(folded) is not None


@lru_cache(READ)
def wants_to_learn(folded: str) -> bool:
    """想学腌咸菜, 有教修锁的没: it asks for something to be taught."""
    return _LEARNS.search(folded) is not None


def described(folded: str) -> list[str]:
    """What a text and its clauses say that is taught: 网上卖货 of 网上卖货的课谁教."""
    found = [match["what"] for each in (folded, *clauses(folded)) if (match := _OF_A_CLASS.match(each))]
    return [each for each in found if len(_ANY.sub("", _SMALL_WORDS.sub("", each))) > 1]


@lru_cache(READ)
def asks(folded: str) -> bool:
    """Whether it has the form of a question."""
    return _QUESTION.search(folded.strip()) is not None and _STATES.search(bare(folded)) is None


def tells_of_own(folded: str) -> bool:
    """我有三百多个积分, 我学分挺多的: what somebody has on their account, and no wish to look."""
    return _HAS_OWN.search(bare(folded).rstrip("呢啦")) is not None and _LOOKS.search(folded) is None


def asks_whether(folded: str) -> bool:
    """Whether it asks if something has to be done: whoever asks that does it by no means, and agrees to nothing."""
    return _WHETHER.search(folded.rstrip("?？。.!！ ")) is not None


def points_back(folded: str) -> bool:
    """它, 那个: it means what the talk is about."""
    return _PRONOUN.search(folded) is not None


def names_matter(folded: str) -> bool:
    """班, 活动: it says itself what it is about."""
    return _MATTER.search(folded) is not None


def upset(folded: str) -> bool:
    """Whether somebody is angry, whatever about."""
    return _UPSET.search(folded) is not None


def lone_name(folded: str) -> str | None:
    """油画 of 那油画呢: a short word that asks nothing."""
    found = _LONE.fullmatch(bare(folded))
    name = found["name"] if found else ""
    name = "" if name.endswith(_ASKS_BY) else name  # 管饭不
    return name if name and number(name) is None and not (_SMALL_WORDS.search(name) or _WHAT.search(name)) else None


@lru_cache(READ)
def accuses(folded: str) -> bool:
    """你们写的九点开门，我到了门锁着: what we said was found to be wrong."""
    return _ACCUSES.search(folded) is not None


def declines(folded: str) -> bool:
    """电话不想留: whether somebody would rather not say something of themselves."""
    return _DECLINES.search(folded) is not None


def requests(folded: str) -> bool:
    """Whether it has the form of a wish."""
    return _REQUEST.search(folded) is not None


def points_at_one(folded: str) -> bool:
    """便宜那个, 晚上的那个: one of several."""
    return _ONE_OF.search(folded) is not None


def nth_alone(folded: str) -> bool:
    """第三个怎么样，讲讲: one of a list by its place, and nothing of its own."""
    return _NTH_ALONE.fullmatch(bare(folded)) is not None


def of_any(heard: Understanding) -> bool:
    """晚上有啥课: what there is at all, whatever was talked of; and not 那边有啥课, where no place is named."""
    there = heard.first("org") is not None and _WHAT_THERE.search(heard.folded) is not None
    anew = there or _OF_ANY.search(heard.folded) is not None
    return anew and (heard.first("org") is not None or not points_back(heard.folded))


def lives(heard: Understanding) -> bool:
    """我在某某街道, 某某街道近: where somebody is, and nothing else."""
    return _LIVES.fullmatch(heard.without()) is not None


def of_all(folded: str) -> bool:
    """一般, 都: it asks of everything."""
    return _ALL.search(folded) is not None


@lru_cache(READ)
def without_courtesy(folded: str) -> str:
    """量子力学考试什么时候 of 请教一下，量子力学考试什么时候."""
    return _COURTESY.sub("", without_fillers(folded))


@lru_cache(READ)
def clauses(folded: str) -> tuple[str, ...]:
    """The parts of a message between its stops; of courtesies at its beginning nothing."""
    return tuple(each for part in _STOPS.split(without_courtesy(folded)) if len(each := part.strip()) > 1)


def means_us(folded: str) -> bool:
    """你们: the centre, whatever the talk is about."""
    return _US.search(folded) is not None


def commonly(heard: Understanding) -> str:
    """What is heard, with a common name in the place of each of ours; days that everybody knows stay."""
    names = _COMMON if _HAN.search(heard.folded) else _COMMON_IN_ENGLISH

    def common(each: Entity) -> str | None:
        name = heard.folded[each.start : each.end]
        everybodys = each.kind == "when" and not _FESTIVAL.fullmatch(name)
        if each.kind not in names or not each.exact or everybodys:
            return None
        return names[each.kind] + ("班" if each.kind == "course" and name.endswith("班") else "")

    return _YOURS.sub("your centre", heard.renamed(common)).replace("does your centre", "do you")


def named_share(heard: Understanding) -> float:
    """The share of a message that is names and numbers."""
    return (len(heard.folded) - len(heard.without())) / max(1, len(bare(heard.folded)))


def rest(heard: Understanding) -> str:
    """What a message says besides names and small words."""
    return _SMALL_WORDS.sub("", heard.without())


def narrows(heard: Understanding) -> list[str] | None:
    """周末的，平时我上班: the parts that say something else, where one is nothing but what is named, with small words; None where
    none is."""
    parts = _STOPS.split(heard.renamed(lambda each: _MARK))
    alone = [
        each
        for each in parts
        if _MARK in each and len(_SMALL_WORDS.sub("", _FREE.sub("", each.replace(_MARK, "")))) <= 1
    ]
    return [each for each in parts if each not in alone] if alone else None


def without_names(heard: Understanding) -> str:
    """What is said but for the names of courses and activities: 基础 in 面点基础班 asks nothing."""
    return heard.without("course", "activity", exact=True, by="，")
