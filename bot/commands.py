"""Whole messages that steer the talk, and choices among what was offered. Pure: text in, meaning out."""

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz

from bot.conversation import Offer
from nlu.text import digits, fold

LONGEST = 16  # characters of a command or a choice; what is longer is not looked at
_EDGE = " \t\n\r\u3000,，。.!！?？、;；:：~～…·-—\"'“”"  # what stands around what is said
_LEAD = "(?:那|就|嗯|哦|啊|好的?|请|麻烦|我想|我要|我|给我|帮我|你|您|再)*"
_TAIL = "(?:吧|了|啊|呀|呢|哈|嘛|一下|行吗|好吗|可以吗|谢谢)*"
_SAID = _TAIL.replace("行吗|好吗|可以吗|", "嘞|咧|哩|")
_COMMANDS: tuple[tuple[str, str], ...] = (
    (
        "human",
        r"(?:转|接|转接|接通|找|要|换|叫|喊|来|去|打给|连)?(?:一下|下)?(?:个|一个|到|你们)?(?:人工|真人|活人|坐席|客服人员|人工客服|人工坐席|人工服务|工作人员|人工台)(?:服务|客服|坐席)?|找?客服|找个?人|0|(?:再)?催(?:一催|一?下|催)?(?:他们)?|human|agent|operator",
    ),
    ("cancel", r"取消|算了|不用了?|不要|不办|不弄|不填|不登记|不报|退出|先不(?:弄|办|说|报|填|登记)(?:这个)?|放弃|停|停止|cancel|stop|quit"),
    (
        "not_now",
        r"(?:唉|哎|算了|等等|等一?下)?[,， ]?(?:我?(?:想想|想了想))?[,， ]?(?:还是|就)?(?:都|先)?不(?:退|报|学|办|查|换|买|去|弄|参加)[一-鿿]?了?"
        r"[,， ]?(?:我?再(?:想想|考虑(?:一下|考虑)?|说|看看|琢磨琢磨|商量商量))?"
        r"|(?:好|行|那)?[,， ]?我?(?:先|再|要|得)?(?:跟|和|同|问问?)[^,，。]{1,6}(?:商量|合计|说说|问问)(?:商量|合计)?(?:一下|下|再说)?"
        r"|(?:[哦噢嗯好行唉哎]|算了吧?)?[,， ]?(?:那)?(?:我)?(?:先|再|回头再?|回去再?)?"
        r"(?:考虑|想|琢磨|商量)(?:一?下|哈|考虑|想|想想|琢磨|商量)(?:再说)?"
        r"|(?:算了吧?[,， ]?)(?:下次|改天|以后|回头|过两天|有空)(?:再[说来弄报办查])?"
        r"|(?:下次|改天|以后|回头|过两天|有空|晚点|待会儿?|等会儿?|等下|一会儿?)(?:再[说来弄报办查]|吧)",
    ),
    ("back", r"返回|上一步|后退|回上一步|退回(?:上一步)?|上一个|回去|back|previous"),
    ("restart", r"重来|重新(?:开始|来)|从头(?:来|开始)|从头再来|重头来|重新来过|restart"),
    (
        "repeat",
        r"再?(?:说|讲|念|发|来)一(?:遍|次|下)|重复(?:一遍|一下|一次)?|没听清楚?|听不清楚?|没听见|什么|你说(?:的)?什么|刚才说(?:的)?(?:什么|啥)|没看清|\*|repeat|again|pardon",
    ),
    ("slower", r"慢一?点(?:说|讲)?|(?:说|讲)慢一?点(?:儿)?|太快|慢慢说|slower"),
    ("louder", r"大声一?点(?:儿)?|声音大一?点|听不见|太小声|louder"),
    ("next", r"下一步|然后|接着|接下来|下一个|继续|往下|往下说|弄好|做好|做完|完成|搞定|可以|next|continue|done"),
    (
        "more",
        r"更多|还有(?:吗|没有|没|(?:别的|其他|其它)(?!的?活动)|哪些|什么)?(?:的|吗|呢)?(?:班|课|活动)?(?:吗)?"
        r"|下一页|再来几个|其他(?:的|呢)?|别的(?:呢)?|换一批|全部(?:的)?(?:呢)?|全列出来|都列出来|more",
    ),
    ("resume", r"(?:接着|继续)(?:刚才|前面|上面)?(?:说|讲|办|弄|填|登记)(?:刚才|前面|上面)?(?:的|那个)?[一-鿿]{0,4}(?:的?(?:事|话|那个))?"),
    ("menu", r"(?:回到?|返回|看看?|给我看看?)?(?:主?菜单|首页)|帮助|怎么用|使用说明|目录|help|menu"),
    ("yes", r"是的?|对的?|要的?|没错|确定|确认|当然|需要|yes|sure"),
    ("fine", r"好[的滴哒]?|行|可以|嗯+|哦+|ok|fine|明白了?|知道了?|晓得了?"),
    ("no", r"不是?|不要|不用|不需要|不行|否|不对|没有|no"),
    ("none", r"(?:[一二三四两这那]?(?:个|些)?)都不(?:是|对|要|行)|没有(?:我要的|一个对|对的)|哪个都不是|以上都不是|none"),
)  # fmt: skip
_AGREES = {"yes", "fine"}  # 取消行吗 is a wish, 要行吗 no yes
_PATTERNS = [
    (name, re.compile(f"{_LEAD}(?:{words}){_SAID if name in _AGREES else _TAIL}")) for name, words in _COMMANDS
]
_NUMBER = re.compile(
    r"(?:那|就|我|还是|看|选|按|要|报|第)*(?P<number>\d{1,2})(?:个|号|项|条|步|种|班|门|家|所)?(?:吧|呢|啊|的)*"
)
_NTH = re.compile(
    r"第(?P<number>\d{1,2})(?:个|项|条|种|门|家|所)|(?P<last>最后[一1]?个|最后那个|最下面那?个)|(?P<first>头[一1]个|最上面那?个|最前面那?个)"
)
_PLACES = {"first": 1, "second": 2, "third": 3}
_ENGLISH = re.compile(r"(?:the )?(first|second|third)(?: one)?")
CORRECTION = re.compile(
    r"^(?![,，。、 ])(?:[哎呀啊哦呃嗯哈唉哟,，。、 ]|不好意思|等等|那个(?=不好意思|我))*(?:我?刚才?)?"
    r"(?:不对|不是(?![吗么])|错了|[我是]?(?:说|搞|弄|写|打|发|讲|记|听)错了?(?:[字话]了?)?|口误"
    r"|改成|改为|换成|改到|改一下|应该是|我说的是|我是说|我(?:要|问)的是|更正|哦不|不不|sorry|i mean(?:t)?|no,)[,，。、 ]*(?:是|我说的是|应该是|改成|我要|要|换成)?"
)


def bare(folded: str) -> str:
    """The text without punctuation around it."""
    return folded.strip(_EDGE)


def commands(folded: str) -> frozenset[str]:
    """The commands that the whole message can be; some words are several, and what was asked decides."""
    text = bare(folded)
    return _commands(text) if 0 < len(text) <= LONGEST else frozenset()


@lru_cache(4096)
def _commands(text: str) -> frozenset[str]:
    return frozenset(name for name, pattern in _PATTERNS if pattern.fullmatch(text))


@lru_cache(4096)
def number(folded: str) -> int | None:
    """2, 第二个, 那就二号: the number that is the whole message."""
    text = bare(folded)
    match = _NUMBER.fullmatch(_english(digits(text))) if len(text) <= LONGEST else None
    return int(match["number"]) if match else None


def chosen(folded: str, offers: Sequence[Offer]) -> Offer | None:
    """The offer that the whole message chooses: by key, ordinal, or label, misspelt or in part."""
    text = bare(folded)
    if not text or not offers:
        return None
    if (place := number(folded)) is not None:
        return _by_key(place, offers)
    plain = _english(digits(text))
    if (match := _NTH.match(plain)) and len(plain) - match.end() <= 2:
        return _of_match(match, offers)
    return _by_label(text, offers)


def labelled(folded: str, offers: Sequence[Offer]) -> Offer | None:
    """The offer whose label is the whole message to the letter: whatever else that might mean, this is what it does."""
    text = bare(folded)
    return next((offer for offer in offers if fold(offer.label) == text), None)


@lru_cache(4096)
def _english(text: str) -> str:
    """The second one -> 第2个."""
    return _ENGLISH.sub(lambda match: f"第{_PLACES[match[1]]}个", text)


def pointed_at(folded: str, offers: Sequence[Offer]) -> Offer | None:
    """The offer that a longer message names by its place: 第二个还有名额吗."""
    match = _NTH.search(_english(digits(folded))) if offers else None
    return _of_match(match, offers) if match else None


def _of_match(match: re.Match[str], offers: Sequence[Offer]) -> Offer | None:
    if match["number"]:
        return _by_key(int(match["number"]), offers)
    shown = [offer for offer in offers if offer.shown]
    return shown[-1 if match["last"] else 0] if shown else None


def _by_key(place: int, offers: Sequence[Offer]) -> Offer | None:
    return next((offer for offer in offers if offer.key == str(place)), None)


def _by_label(text: str, offers: Sequence[Offer]) -> Offer | None:
    if len(text) < 2 or len(text) > 20:
        return None
    core = re.sub(r"^(?:选|要|就|那个|那|我要|我选)+|(?:的|那个|这个|吧|呢)+$", "", text)
    if len(core) < 2:
        return None
    labels = [(fold(offer.label), offer) for offer in offers if offer.shown]
    holding = [(label, offer) for label, offer in labels if core in label]
    if len(holding) == 1 and len(core) * 2 >= min(len(holding[0][0]), 6):
        return holding[0][1]
    scored = sorted(((fuzz.ratio(core, label), offer) for label, offer in labels), key=lambda pair: -pair[0])
    if scored[0][0] >= 78 and (len(scored) == 1 or scored[0][0] - scored[1][0] >= 8):
        return scored[0][1]
    return None
