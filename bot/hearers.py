"""Whether what is said to a seat complains of the very seat who hears it, or of who had the talk before them."""

import re
from collections.abc import Callable, Sequence
from enum import Enum, auto

from bot.complaints import (
    BADLY,
    FILES,
    SEAT,
    SUES,
    accuses,
    asks_how_to_complain,
    complains,
    denied,
    denies_it,
    means_somebody_else,
    says,
)  # fmt: skip
from bot.phrases import asks
from bot.waiting import Uttered
from nlu.text import fold

# 我要投诉你, 投诉这个坐席: whoever hears it; not 你好, 你们.
_BEFORE = "(?:[上前](?:一个|一位|个|位)|之前|先前|前面|上次|上回|昨天|前天|上周|前几天)"
_HEARER = "(?:坐席|客服(?!电话|热线)|接线员|接线(?!板)|话务员|人工(?=$|[,，。!！客坐]))"
_TO_THE_SEAT = re.compile(
    rf"(?:{FILES}|[要想]去?告(?=(?:就|是)*[ ]?[你您](?!一?[声件个下])))(?:一下|的|就|是|这?个)*[ ]?[你您侬](?!们|好)"
    rf"|{FILES}(?:一下|的|就|是|现在|这个?|这位|该|本|个|刚才|刚刚|跟我|和我|说话|接我|接的)*(?:{_HEARER}|接待?我的人|(?<=这个)人|(?<=这位)人)"
    rf"|(?:这个?|这位){_HEARER}[^,，。]{{0,8}}(?:{BADLY})(?=[^。]{{0,20}}{FILES})"
    rf"|刚[才刚]?(?:接|跟|和|同)我[^,，。]{{0,5}}人?[^,，。]{{0,2}}(?:{BADLY})[^,，。]{{0,4}}[,，]?[^,，。]{{0,4}}{FILES}"
    "|(?:^|[,，。!！?？])(?:我看)?[你侬](?:是不是|他妈|脑子|真)*有(?:毛病|病)[吧啊吗嘛]*(?:$|[,，。!！?？])|[你侬]算(?:老几|哪根葱|什么东西|个什么)"
    r"|\byou (?:just )?hung up on me|complain\w* (?:about|against) (?:you\b|this (?:agent|operator|person))"
)
_ALSO = re.compile("[,，。;；!！?？ ](?:另外|还有|顺便|对了)")  # what is asked beside it has nothing to do with it
_YOU = re.compile(r"[你您侬倷](?!们)|\byou\b|阁下")
_IT_IS_YOU = re.compile("(?:我?(?:要|想)?(?:投诉|说)的)?(?:就|正|不就|当然)?是[你您](?:本人|自己|呀|啊)*[,，。!！]*")
_OF_WHO_HAD_IT = re.compile(
    rf"(?:{FILES}|反映|{SUES})[^,，。]{{0,4}}{_BEFORE}|{_BEFORE}[^,，。]{{0,6}}(?:{SEAT}|人)[^,，。]{{0,8}}(?:{BADLY})"
)
# 要是有人投诉你: it is none of theirs who speak.
_SOMEBODY_S = re.compile(f"(?:有人|别人|人家|谁|[他她]们?|大家)[^,，。]{{0,4}}(?={FILES}|[要想]去?告)")
_STOPS = re.compile(r"[,，。;；!！?？、:：\n.]")

# What may stand beside a wish to complain that says of nobody: who speaks, how they feel, that it was bad, without saying who.
_NOTHING_MORE = re.compile(
    "(?:[你您]好|喂|老师|同志|不好意思|气死(?:人|我)?|气人|生气|火大|失望|受够|受不了|忍不了|忍无可忍|岂有此理|欺人太甚|不像话"
    "|不满意|没法|无语|没意思|什么意思|信不信|等着瞧?|听[好着]|听我说"
    "|再不(?:处理|解决|回[话复我]?|办|管|理我|给我?办)|不(?:处理|解决)|没(?:人|有人)(?:管|理|回|接)我?|没用|不行|服了|够了|算了"
    "|别说了|不想说了|不跟你说了|没什么好说的?"
    "|一问三不知|听不懂(?:人话)?|不明白|说不清|[啥么]都不(?:知道|懂|会)|等了?|问了?|打了?电话|说了?|讲了?|催了?|半天"
    "|[一二两三四五六七八九十几多\\d]+(?:个?小时|分钟|天|次|遍|趟|回)"
    "|现在|马上|今天|今儿|必须|一定|坚决|真的|必|非|到底|一直|还是|已经"
    f"|(?:什么|这种|这个?)?(?:服务)?态度|(?:{BADLY})|[我俺咱就要想来得去会真太很好再也都还又了的吧啊呀呢哦啦哈嗯行哎唉那这跟只先过你您给和个]|[ 　~…“”\"'-])*+"
)
_FILED = re.compile(
    rf"{FILES}(?:不可|到底|定|一下|个事|一件事|[了的吧啊呀哦哈啦])*+(?P<whom>[他她]|这人|那人|[你您]们)?[了的吧啊]?[ ]*$"
)
_A_NOUN = re.compile(
    "(?:的|处理|撤销?|取消|受理|收到|关于|上次|[那这几两]个?|[条份次件]|登记|欢迎|接受|可以|以后|催|查)$"
)
_IN_LETTERS = re.compile("(?:(?:wo|yao|xiang|jiu|lai|qu) ?)*+(?:tou ?su|ju ?bao)(?: ?ni)?")
_IN_ENGLISH = re.compile(
    "(?:(?:hello|hi|please|sorry|well|so|and|then|now|i|i'd|i'm|we|am|really|just|would|will|like|want|wish|need|going|gonna|wanna|have|to|must|shall) )*+"
    "(?:complain|(?:make|file|lodge|register) a complaint)"
)
# Who asks for another, or for the boss.
_ANOTHER = re.compile(
    "^(?:我?(?:要|想|得|给我|快)*)?(?:换(?:一?个|别)?人|(?:找|叫|让|喊|跟|和|向|见|请|去?找)一?下?(?:[你您侬](?:们)?的?"
    "|个)?(?:领导|上级|上面|头儿?|上司|主管|经理|主任|负责人|老板))(?:来|出来|接|听|说道|说|讲|谈|话|电话|反映|投诉|吧|呢|了|$)*$"
    "|^[你您]们?的?(?:领导|上级|头儿|上司|主管|负责人|老板)(?:呢|在哪|是谁|叫什么|电话)"
    r"|\b(?:want|need|get me|let me|speak to|talk to)\b.{0,12}\b(?:your (?:manager|boss|supervisor)|somebody else|someone else|another (?:agent|person|operator))"
)
_JUST_NOW = re.compile("刚|[接跟和]我")  # who has just spoken: 投诉他 is of them then
# What tells that something else was bad, beside what accuses.
_TROUBLE = re.compile(
    "被[^,，。]{0,6}[打骂撞咬偷骗烫砸推]|有[^,，。]{0,3}(?:虫|老鼠|苍蝇|蟑螂|头发|味道?$)|摔|滑倒|漏[水电]|坏了"
    "|[太很好]?[脏臭吵乱]|噪音|停[电水]|没人[管来修]|反映|拖欠|迟到|打架|受伤|拉肚子|发霉|过期"
)
_OF_OWN = re.compile(
    "^(?:我(?!儿|女儿|妈|爸|孙|孩|老伴|家|们|娃)|俺|本人|帮|请|麻烦|想|要|转|人工|能|给我|查|报名)|^[^一-鿿]*$|^i\\b|^(?:please|can|could)\\b"
)
# Clauses that are harmless whoever hears them, and that so few words make look otherwise: 你太客气了, 你别骗我啊, 你怎么有我电话.
_HARMLESS = re.compile(
    "^[ ]*(?:哎呀|哎哟|呵呵|哈哈|那|谢谢)*(?:[你您侬](?:可|也|人|真|太|好|挺|蛮|够|实在|的|这么|那么)*(?:厉害|客气|能干|细心|耐心"
    "|耐性|辛苦|贴心|热心|周到|体贴|聪明|幽默|可爱|有心|好|逗|棒|行|不容易)(?:[了啦吧呀啊哦的]|死了)*"
    "|[你您侬]?(?:可|莫|千万)?(?:别|莫|不要)(?:骗|哄|逗|吓|急|慌|生气|见怪|介意|往心里去|怪)(?:我|俺)?[了啊哦呀啦哈吧]*"
    "|[你您侬](?:要是|如果)?(?:帮|办|查|弄|做|搞)不[了到成][^,，。]{0,3}(?:就|也)?(?:算了|没关系|不要紧|没事|行)"
    "|(?:刚才|刚刚)?我(?:刚才|刚刚|脾气|一急)*(?:骂|凶|吼|冲)了?(?:你|您|两句|几句)[^,，。]{0,2}(?:别|对不[住起]|不好意思)[^,，。]{0,6}"
    "|[你您侬](?:怎么|咋|凭什么|从哪里?|哪能)(?:会|就)?(?:知道|晓得|有|看到)[^,，。]{0,4}(?:电话|号码?|地址|名字|姓)[^,，。]{0,3}"
    "|[你您侬](?:说的|讲的|教的)?(?:这|那)个?(?:办法|法子|方法|方式|步骤|链接|网址|号码)[^,，。]{0,8}"
    "|[你您侬](?:怎么|咋|为啥|为什么)(?:不|没)(?:说话|出声|吱声|声音|吭声)了?[啊呀呢]?|[你您侬](?:贵姓|姓什么|叫什么)[^,，。]{0,4}"
    "|[你您侬]说话(?:算数|我听不[清见到])[^,，。]{0,3})[ ]*$"
)
_BRIEF = 4  # characters, that tell of nothing: 好的, 谢谢, 书法班


class Hearing(Enum):
    """What a seat hears of itself: nothing; a wish to complain that says of nobody, or for somebody else; that it is likely to be
    they, where nobody is named; that it is."""

    NOTHING = auto()
    OF_NOBODY = auto()
    LIKELY_YOU = auto()
    OF_YOU = auto()


def heard(folded: str, reproaches: Callable[[str], bool]) -> Hearing:
    """投诉你; 我要投诉; and not 食堂的人骂人，我要投诉, 怎么投诉. What no words say for certain is for `reproaches` to say; who does
    not speak to you may go on with what was told before: 骂我老不死."""
    listed = _listed(folded)
    if listed is not Hearing.NOTHING or (complains(folded) and means_somebody_else(folded)):
        return listed
    told = ",".join(
        each for each in _STOPS.split(folded) if each.strip() and not (denies_it(each) or _HARMLESS.search(each))
    )
    if not told or not any(map(reproaches, _ALSO.split(told))):
        return listed
    return Hearing.LIKELY_YOU if _YOU.search(folded) else Hearing.OF_NOBODY


def _listed(folded: str) -> Hearing:
    if complains_of_who_hears_it(folded):
        return Hearing.OF_YOU
    if asks_how_to_complain(folded):
        return Hearing.NOTHING
    clauses = [each for each in (part.strip() for part in _STOPS.split(folded)) if each]
    wishes = [_wishes(each, just_now=_JUST_NOW.search(folded) is not None) for each in clauses]
    told = zip(clauses, wishes, strict=True)
    if any(wishes) and all(wish or _NOTHING_MORE.fullmatch(each) for each, wish in told):
        return Hearing.OF_NOBODY
    return Hearing.NOTHING


def complains_of_who_hears_it(folded: str) -> bool:
    """我要投诉你, to a seat."""
    return says(_TO_THE_SEAT, folded) and not (asks_how_to_complain(folded) or _SOMEBODY_S.search(folded))


def says_it_is_you(folded: str) -> bool:
    """就是你, where it was asked of whom."""
    return _IT_IS_YOU.fullmatch(folded) is not None


def complains_of_who_had_it(folded: str) -> bool:
    """投诉上一个坐席, to another."""
    return says(_OF_WHO_HAD_IT, folded)


def means_who_hears_it(before: Sequence[Uttered], reproaches: Callable[[str], bool]) -> bool:
    """Whether a wish to complain that says of nobody is of the seat: one that has said something, where nothing was told before of
    which it may be as well. `before` is what was said, the last at the end."""
    spoke, theirs, last = False, True, True
    for each in reversed(before):
        if each.author != "resident":
            theirs = theirs and each.author != "bot"  # before it, a seat had another ticket
            spoke = spoke or (theirs and each.author == "seat")
            continue
        said = fold(each.text)
        if heard(said, reproaches) in {Hearing.OF_YOU, Hearing.LIKELY_YOU}:
            break
        if accuses(said) or _TROUBLE.search(said) or (last and _tells(said)):
            return False
        last = False
    return spoke


def _tells(folded: str) -> bool:
    """食堂的菜又涨价: neither a question, nor a word of oneself or of courtesy."""
    return not (len(folded) <= _BRIEF or asks(folded) or _OF_OWN.search(folded) or _NOTHING_MORE.fullmatch(folded))


def _wishes(clause: str, *, just_now: bool) -> bool:
    """Whether a clause wishes to complain, or for another, and says nothing more."""
    if _IN_LETTERS.fullmatch(clause) or _IN_ENGLISH.fullmatch(clause) or _ANOTHER.search(clause):
        return True
    found = _FILED.search(clause)
    if (
        found is None
        or denied(clause, found.start())
        or (found["whom"] in {"他", "她", "这人", "那人"} and not just_now)
    ):
        return False
    before = clause[: found.start()]
    return not _A_NOUN.search(before) and _NOTHING_MORE.fullmatch(before) is not None
