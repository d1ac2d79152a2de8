"""What a message leans to in a talk on getting into a class: what one lacks, how one is, what is not published yet."""

import re

from bot import about
from bot.comprehension import Candidate, Understanding
from bot.conversation import Conversation
from bot.leanings_to_places import FRESH

OF_LEARNING = {"training_info", "enrolment", "course_faq"}  # topics whose answers are beside the talk about a class
_CLASSES = {"find_class", "class_schedule", "find_course"}
_BRIEF = 16  # characters
_NO_PAPERS = re.compile(
    "(?:身份证|居住证)[^,，。]{0,5}(?:丢|掉了|没带|忘|找不|没了|不见|没有|不在|过期|没办|没下来|还没)"
)
_ISSUED = re.compile("补办|[怎咋]么?补|补一张|重办|办理|挂失|[去在到]哪|哪里|找谁|派出所")
_OLD, _STATUS, _OF_AGE = "age-limit-old", "enrolment_status", 60
_TAKES = re.compile(
    "还?(?:收|要|教)(?:我|俺|她|他|我妈|我爸)?(?:吗|不|么|没|嘛|这样|这种|这么)|(?:能|可以|让)(?:不能)?(?:报|学|来|上|参加)"
)
# Of what is taken or treated a doctor is asked.
_FITNESS = re.compile(
    "^(?!.*(?:药|治|疼|痛|晕|医院|严重|吃|血流|流血|疫苗|打针|\\d))[^。]*(?:血压|心脏|糖尿|血糖|腰|膝盖|关节|腿脚?|颈椎|手术|怀孕|孕妇|哮喘|心梗|支架|身体)"
    "[^。]{0,8}(?:要不要紧|要紧[吗不么]|碍不碍事|碍事[吗不么]|有(?:没有)?影响|没事吧|跟得上|(?:能|可以)(?:不能)?(?:去|来|练|学|上|跳|打|报|参加)|[行成]不[行成]?$|[行成]吗)"
)
_TERM = re.compile(
    "下个?学期|明年(?:的)?(?:春|上半年|开春|下半年|秋|夏)|来年|(?:下一期|下期|春季|秋季)(?:的)?(?:班|课|培训|开)"
)
_HOW_MANY = re.compile("(?:能|可以|最多|让)[^,，。]{0,4}报[^,，。]{0,3}(?:几|[两二三四五\\d])[个门](?:班|课)")


def of_papers(heard: Understanding, state: Conversation) -> Candidate | None:
    """我身份证掉了还没补, in a talk on getting into a class: what does instead, and not where it is issued."""
    lacks = state.topic in OF_LEARNING and _NO_PAPERS.search(heard.folded) and not _ISSUED.search(heard.folded)
    return Candidate(heard.lines.sure, "enrolment", None, None, "enrol-id-none") if lacks else None


def of_health(heard: Understanding, state: Conversation) -> Candidate | None:
    """What is said of health to who asks whether they may come."""
    return Candidate(heard.lines.sure, "enrolment", None, None, "enrol-health") if of_fitness(heard, state) else None


def of_fitness(heard: Understanding, state: Conversation) -> bool:
    """她有高血压要不要紧, in a talk on classes: whether one may come, and no advice on one's health. A class that was told just now
    says itself what it asks for: 孕期请先问医生."""
    if state.just_told and any(each.startswith("class:") for each in state.shown):
        return False
    learning = state.topic in OF_LEARNING or ("course" in state.focus and state.focus_age <= FRESH)
    return learning and len(heard.folded) <= _BRIEF and _FITNESS.search(heard.folded) is not None


def of_a_term(heard: Understanding) -> Candidate | None:
    """下学期有什么班, 明年春天的班都有哪些: what is not published yet; when it will be is."""
    of_any = heard.best is not None and heard.best.intent in _CLASSES and heard.first("course") is None
    asks = of_any and _TERM.search(heard.folded)
    return Candidate(heard.lines.sure, "enrolment", None, None, "enrol-school-time") if asks else None


def of_how_many(heard: Understanding) -> Candidate | None:
    """同一期我能报三个班不: how many one may be in, and no class by that name."""
    return (
        Candidate(heard.lines.sure, "enrolment", None, None, "enrol-limit") if _HOW_MANY.search(heard.folded) else None
    )


def of_an_old_age(heard: Understanding, state: Conversation) -> Candidate | None:
    """我八十一了，还收我吗: whether one is too old for anything, where nothing was told that one might be too old for."""
    if state.shown or heard.first("course") or not _TAKES.search(heard.folded):
        return None
    read = any(each.question == _OLD or each.intent == _STATUS for each in heard.candidates)
    old = any(int(each) >= _OF_AGE for each in heard.values("age") if each.isdecimal())
    return Candidate(heard.lines.sure, "training_info", None, None, _OLD) if read and old else None


def of_who_comes_along(heard: Understanding, state: Conversation) -> Candidate | None:
    """我姑妈她也想来: what the talk is about, were it only told; else a class."""
    if heard.first("course") or not about.comes_along(heard.folded):
        return None
    if state.tasks:  # 邻居也想参加, where one is to help
        return Candidate(heard.lines.sure, state.topic, state.tasks[-1].intent)
    told = state.just_told and bool(state.shown) and all(each.startswith("activity:") for each in state.shown)
    return (
        Candidate(heard.lines.sure, "activity", "find_activity")
        if told
        else Candidate(heard.lines.sure, "enrolment", "enrol")
    )
