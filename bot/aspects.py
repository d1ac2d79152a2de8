"""What may be asked about a thing that was told: its price, its place, its teacher. One row each.

The model reads a follow-up (`follow/price`), and also what it would ask if it stood alone (`class_fee`, `faq/teacher-who`):
both speak for the same aspect, and so do its words.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from nlu.text import syllables

_ENGLISH_ENDS = ".;!"
_ENDS = re.compile(rf"(?<=[。；！])|(?<=[{_ENGLISH_ENDS}]) ")
_PARTS = re.compile("(?:（[^（）]*+）|[^，；。])++[，；。]?")  # what stands in brackets stays with what it belongs to
_STEP = re.compile(r"^(?:[一两二三四五\d]步：)?\d）")  # 三步：1）
_COMMAS = re.compile("[，,。；！;!]")
_SAYS = 2  # characters that are no clause yet
_BRIEF = 40  # characters of what is said whole


@dataclass(frozen=True, slots=True)
class Aspect:
    """`words` name it in a question, and `heard` is how its commonest words sound, with spaces around, for what was typed or
    recognised wrongly. `moves`, `standards` and `intents` are what the model reads where it is asked; `said` is what a sentence has
    that answers it."""

    words: re.Pattern[str]
    heard: tuple[str, ...]
    moves: tuple[str, ...] = ()
    standards: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    said: re.Pattern[str] | None = None


def _sounds(text: str) -> str:
    return f" {' '.join(syllables(text))} "


def _aspect(
    words: str, moves: str = "", standards: str = "", intents: str = "", heard: str = "", said: str | None = None
) -> Aspect:
    sounds = tuple(map(_sounds, heard.split()))
    return Aspect(
        re.compile(words), sounds, tuple(moves.split()), tuple(standards.split()), tuple(intents.split()),
        re.compile(said) if said else None,
    )  # fmt: skip


ASPECTS = {
    "teacher": _aspect(
        r"(?:老师|师傅|教练)(?![,，]?(?:我|俺|请问|问|麻烦|想问)|[^,，。]{0,2}(?:什么时候|啥时候?|几点|几时|哪[一]?天|几号))"
        r"|[教讲](?:课|我们)?的人(?:是|叫)"
        r"|谁[来在主]?(?:教(?!材)|[讲上带])"
        r"|谁[^,，。谁]{1,2}教(?![材室务育])|哪[个位][^,，。]{1,4}授课|哪[个位]来[教讲上带]"
        r"|哪[个位](?!班|课|村|镇|乡|街|社区|学校|地|教室|点|站|天|月)[^,，。]{1,3}[讲教带]|[教讲]课的|teacher|who teaches",
        "teacher", "teacher-who", heard="老师",
    ),
    "bring": _aspect(
        r"[拿带要][^,，。考]{0,3}证|证要不要|要不要[^,，。]{0,4}证|[带揣捎拎](?:什么|啥|哪些|点|东西|身份证|不|吗|么)|背(?:什么|啥|哪些)|自备|自己[带买背拿]|准备(?:什么|啥)|发不发|管不管|(?:提供|[统给]一?发)[^,，。]{0,6}[吗么不没嘛]|bring",
        "bring", "enrol-first-day",
        said=r"带|凭|\bbring",
    ),
    "price": _aspect(
        r"收(?:多少|几)(?![个位名户家人])|[交掏花给]多少(?![个位名户家人]|时间|天|课时|作业|[积学]?分)|收门?票|另外?[收算交]|一共多少|钱(?!一[把支台本架件套])|铜钿|费|押金|保证金|免费|几块|多少块|收不收[钱费]"
        r"|^(?:那|这个?|请问)?收不收[啊呀呢的]?$|价|多贵|cost|price|fee|how much|free",
        "price", "fee-general fee-standard activity-fee", "class_fee",
        said=r"免费|收费|\d元|不收|不要钱|\bfree\b|\d yuan|no fee",
    ),
    "duration": _aspect(
        r"多长|多久|几[次节回趟堂](?!微课)|几[个]?月|几周|几天(?!内?能?(?:到|退|领|答|回|通))|多少[次节回趟堂](?!微课)|多少时间|几时能|how long",
        "duration", "how-long-usual",
        said=r"\d+个?(?:分钟|小时|天|周|月|年|工作日|学时|次)|当天|当场|[一二三两半]个?(?:天|周|月|年|工作日|小时)"
        r"|\d+ (?:working )?(?:minute|hour|day|week|month|year|time)s?\b|same day|on the spot",
    ),
    "until": _aspect(
        r"截止|为止|报名到|最晚|最迟|来得及|几号前|deadline", "until", "enrol-deadline",
        said=r"\d+个?(?:天|周|月|年|工作日)内|前|截止|过期|within \d|\bbefore\b|expire|lapse",
    ),
    "places": _aspect(
        r"名额|还有(?:几|多少)[个份件盒把张套条瓶袋桶双本支](?![班课人月])|报满|排[了着的]?(?:队|几)|候补|位子|位置|空位|几个位|满(?![\d一二三四五六七八九十周岁年月])|还能报|还[有剩]多少|剩[了下]?[多几]|多少份|货|库存|换得[到了]"
        r"|多少人|几个人|收(?:多少|几)[个位名户家人]|限[不人多几]个?[家户]?|places left|full",
        "places_left", "class-size queue-how", "class_places", "名额",
        said=r"限\d+|最多[^，。；]{0,6}[\d一二三四五六七八九十两]|\d+人|名额|limit|at most",
    ),
    "phone": _aspect(
        r"电话|号码|手机号|phone", "phone", "", "site_phone", "电话 号码",
        said=r"\d{3,4}-?\d{4}|热线|\d{5}|hotline",
    ),
    "way": _aspect(
        r"怎么[走去坐到]|坐哪|哪[趟路班]车|[什啥]么?车|咋[走去个]|几路|坐[什么]*车|公交|地铁|路线|how (?:do|can) i get", "parking_access", "", "site_address"
    ),
    "place": _aspect(
        r"哪(?!(?<=[天个次节块钱人了点分]哪)(?:$|[，,。？?])|天|时|位|年|一年|[一二两三几][天日]|[几一]?[首张款类届科门]|家(?!学校|的?课|上|教|开|办)|个(?:牌|品牌|出版|大学|剧|团|厂|公司|国|型|版|作)|一?个(?:人|老师|$|[呀啊呢来教])|一?[部本首出集]|[个种些样]?证|个来|个老|个师|个近|个便|个好|些|怕|能|吒|有)"
        r"|[啥什][么子]?地方|地址|地点|地方|教室|[几哪]楼|where|which room|address",
        "place", "", "site_address class_schedule",
        said=r"学院|学校|认证点|站点|服务台|兑换点|公众号|平台|college|school|\bpoint\b|\bdesk|platform",
    ),
    "time": _aspect(
        r"几点|几时|什么时候|啥时|啥辰光|时间|周几|星期几|礼拜几|哪[一二两三几]?[天日]|几号|when|what time", "time", "", "class_schedule",
        said=r"\d[:：]\d\d|\d点|工作日|每周|每月|\d月|working day|every (?:week|month)",
    ),
    "level": _aspect(
        r"基础|学历|文凭|要会|会(?:点|些)?(?:啥|什么)|先[学会办]|文化|初中|高中|小学|毕业|跟[得不]上|难|初学|听[得不]懂|level|beginner",
        "level", "course-basic", "course_level",
    ),
    "eligible": _aspect(
        r"[能可][以]?[不]?[能可]?[以]?[报去来参上学]|谁(?:才)?[能可]以?|(?:的|人|[是我她他][^,，。]{1,8}[,，]?)收不收$|[收要]不[收要][我俺她他]|够不够格|够格|资格|什么人|哪些人|(?:满|[不没未]到)(?:\d{2}|[二三四五六七八九]?十[一二三四五六七八九]?)(?![个号日点节次元块天周分人])|条件|要求|年龄|多大|岁数|岁",
        "eligible for_other", "enrol-age-min age-limit-old",
        said=r"\d+周?岁|年满|\byears\b|\baged?\b",
    ),
    "online": _aspect(
        r"网上|线上|在线|直播|录像|微课|online", "online", "online-class-have course-offline-only",
        said=r"网上|线上|公众号|平台|online|platform",
    ),
    "about": _aspect(
        r"[讲学教干做办放演][些点]?(?:什么|啥|么子|哪些)|[查测量]什么|内容"
        r"|^(?:都|里面|里头|具体|那)?有(?:些|点)?(?:什么|啥)(?:好[看玩听]的?|节目|内容|名堂)?(?:呀|啊)?$|what is it about",
        "about", "farmer-training-what what-can-do volunteer-what", "find_course"
    ),
    "entry": _aspect(
        r"报名|预约|先约|要约|约不约|打招呼|先说一声|[拿取]号|(?:找|跟|向|问)(?:谁|哪个|哪位|什么人)报|登记|[领要门]?票|凭什么进|ticket|sign up",
        "", "enrol-online-need enrol-how fee-invoice activity-fee",
    ),
    "exam": _aspect(
        r"考试|(?:考|拿|发|有)[^,，。]{0,2}(?:什么|啥|哪[个种些样]?)证"
        r"|考核|结业|考不考|[有留交布置]作业|作业[多难吗么要交]|exam", "exam", "course-exam"),
}  # fmt: skip
# What each kind of thing has on record.
HAS = {
    "class": set(ASPECTS) - {"entry"},
    "course": set(ASPECTS) - {"entry"},
    "activity": {
        "price",
        "place",
        "way",
        "time",
        "phone",
        "eligible",
        "until",
        "about",
        "entry",
        "places",
        "bring",
        "duration",
    },
    "item": {"price", "places", "time", "place"},
    "org": {"place", "way", "phone", "time"},
}

_HEARD = tuple((sound, name) for name, aspect in ASPECTS.items() for sound in aspect.heard)


@lru_cache(2048)
def spoken(folded: str) -> tuple[str, ...]:
    """The aspects whose words a text holds, or sounds as if it did, in the order of the table."""
    sounds = _sounds(folded)
    heard = {name for sound, name in _HEARD if sound in sounds}
    return tuple(name for name, aspect in ASPECTS.items() if name in heard or aspect.words.search(folded))


def spoken_of(folded: str) -> str | None:
    """The first of them."""
    return next(iter(spoken(folded)), None)


def sentence_on(aspect: str, *answer: str) -> str:
    """The sentences of an answer that say something on an aspect; empty where none does."""
    words = ASPECTS[aspect].said
    if words is None:
        return ""
    found = [each for each in sentences(*answer) if words.search(each)]
    if found and found[0][-1] in _ENGLISH_ENDS:
        return " ".join(found)
    if len("".join(found)) > _BRIEF:
        found = [_STEP.sub("", part) for each in found for part in _PARTS.findall(each) if words.search(part)]
    said = "".join(found).rstrip("，；。")
    return f"{said}。" if said else ""


def sentences(*answer: str) -> list[str]:
    """The sentences of an answer, each with its end."""
    return [each.strip() for text in answer for each in _ENDS.split(text) if each.strip()]


def by_itself(part: str) -> str:
    """A part of an answer as a sentence of its own: without the number of its step, and with an end."""
    part = _STEP.sub("", part)
    return f"{part[:-1]}。" if part.endswith(("，", "；", "、")) else part


def clauses(sentence: str) -> list[str]:
    """Its parts that say something."""
    return [each for each in _COMMAS.split(sentence) if len(each) > _SAYS]
