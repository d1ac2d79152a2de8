"""Which language a resident talks. Pure: text in, language out.

It follows whole sentences, what is asked for in so many words, and the page's own switch when that is moved. A single
word of the other language switches nothing: AED and WiFi in a Chinese talk, the name of a course in an English one.
"""

import re
from functools import lru_cache

from bot.commands import bare
from bot.comprehension import Understanding
from bot.conversation import Conversation
from bot.messages import Inbound
from nlu.entities import Entity

_HAN = re.compile(r"[一-鿿]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
# Words that make English a sentence, without those that are syllables of pinyin (you, me, can).
_FUNCTION = frozenset(
    {
        "the", "is", "are", "am", "was", "were", "do", "does", "did", "what", "what's", "when", "where", "where's", "which",
        "who", "how", "how's", "why", "my", "our", "your", "i", "i'm", "i'd", "i've", "it", "it's", "its", "this", "that",
        "there", "for", "to", "of", "in", "on", "at", "with", "and", "or", "not", "want", "need", "would", "could", "should",
        "have", "has", "any", "if", "help", "about", "tell", "like", "from", "much", "many",
    }
)  # fmt: skip
# Words for what is asked about here, of which no syllable is one of pinyin: nearest study point, enrol me.
_MATTERS = frozenset(
    {
        "enrol", "enroll", "enrolment", "enrollment", "register", "registration", "nearest", "closest", "opening", "closing", "hours",
        "parking", "price", "prices", "fees", "credits", "points", "classes", "courses", "class", "course", "schedule", "timetable",
        "certificate", "gift", "gifts", "cancel", "withdraw", "refund", "complaint", "human", "agent", "operator", "address", "phone",
        "forgot", "password", "lost", "card",
    }
)  # fmt: skip
_ASKS = frozenset({"what", "what's", "when", "where", "where's", "which", "who", "how", "how's", "why", "is", "are", "do", "does"})  # fmt: skip
_COURTESY = frozenset(
    {
        "ok", "okay", "thank", "thanks", "you", "very", "much", "hello", "hi", "hey", "bye", "goodbye", "good", "morning",
        "afternoon", "evening", "night", "yes", "no", "sorry", "please",
    }
)  # fmt: skip
# Characters that make Chinese a sentence.
_PARTICLES = re.compile(r"[吗呢吧了的是我你您他她在有没不怎什么哪几多少要想能会可以请给谁啥咋]")
_CHINESE_COURTESY = re.compile(r"你好|您好|谢谢你?您?|再见|拜拜|好的|早上好|晚上好")
_NEVER_ALONE = re.compile(r"培训班|社区学校|教学站点|班级|课程|街道|老师|班|课|村|镇")
_LEAST = 2  # characters of Chinese, or words of English, that a sentence has at least
_WORDS = 3  # of English where nothing is asked


def _request(english: str, chinese: str, spoken: str) -> re.Pattern[str]:
    """A language asked for, by its names."""
    asks = "(?:please |can you |could you |do you |i only |i )*(?:speak|use|talk|answer|reply)(?: to me)?(?: in)? "
    verbs = "(?:请|能不能|可以|能|你|您|会|还是)*(?:用|说|讲|换成|换回|切换到?|改成|转成?)"
    return re.compile(
        rf"(?:(?:hello|hi|sorry)[,. ]+)?(?:in |{asks})?(?:{english})(?: please)?"
        rf"|(?:{verbs})?(?:{chinese})版?|{verbs}(?:{chinese}|{spoken})(?:回答|回复|服务)?(?:版|吗|吧|好吗)*"
    )


LONGEST = 60  # characters in which somebody asks for a language, and nothing else
_WANTED = {"en": _request("english", "英文", "英语"), "zh": _request("chinese|mandarin", "中文|汉语", "普通话")}


@lru_cache(2048)
def wanted(folded: str) -> str | None:
    """The language that the whole message asks for."""
    text = bare(folded)
    if len(text) > LONGEST:
        return None
    return next((language for language, words in _WANTED.items() if words.fullmatch(text)), None)


def written(heard: Understanding) -> str | None:
    """The language of a message that is a whole sentence of it; None where it is none, or mixed."""
    if _HAN.search(heard.folded):
        return "zh" if _is_chinese(heard.folded, heard.entities) else None
    return "en" if _is_english(heard.folded) else None


def _is_english(folded: str) -> bool:
    words = _WORD.findall(folded)
    telling = [word for word in words if word not in _COURTESY]
    if len(telling) >= _LEAST and _MATTERS & set(telling):
        return True
    if not _FUNCTION & set(telling):
        return False
    return len(words) >= _WORDS or (len(words) >= _LEAST and bool(_ASKS & set(telling)))


@lru_cache(2048)
def _is_chinese(folded: str, entities: tuple[Entity, ...]) -> bool:
    if _is_english(_HAN.sub(" ", folded)):
        return False
    named = {position for each in entities if each.kind != "when" for position in range(each.start, each.end)}
    rest = "".join(char for position, char in enumerate(folded) if position not in named)
    rest = _NEVER_ALONE.sub("", _CHINESE_COURTESY.sub("", rest))
    return len(_HAN.findall(rest)) >= _LEAST and _PARTICLES.search(rest) is not None


def follow(state: Conversation, inbound: Inbound, heard: Understanding) -> None:
    """Brings the talk's language up to what the page says and to what the resident writes; what is chosen was written by us."""
    if inbound.lang and inbound.lang != state.page:
        state.page = state.lang = inbound.lang
    if inbound.choice is None and inbound.intent is None:
        state.lang = wanted(heard.folded) or written(heard) or state.lang


_BRACKETED = re.compile(r"\([^()]*\)")
_PASSAGE = re.compile(r"[一-鿿，。；：、]{4}")


def is_left_chinese(text: str) -> bool:
    """Whether an English text has Chinese outside its brackets: more than a name that a resident wrote."""
    return _PASSAGE.search(_BRACKETED.sub("", text)) is not None
