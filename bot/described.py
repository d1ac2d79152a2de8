"""Courses that are not called so here, and may be meant, by what they teach: 直播卖货, 石桥镇讲防火的那堂课."""

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from bot import about, phrases
from bot.aspects import ASPECTS
from bot.comprehension import Candidate, Understanding
from bot.leanings import OF_CLASSES, OF_FEE
from bot.turn import CHOICES, Turn
from knowledge.everyday import Said
from nlu.entities import Entity
from nlu.questions import NO_ANSWER

# The odds that the strongest course is meant (their logarithm): of its strength, of its lead over the next, of words that
# speak of something taught; learnt with the weights of `knowledge.taught`.
STRENGTH, LEAD, TAUGHT, BIAS = 0.43, 0.31, 1.32, -6.11
MEANT = 0.85  # from which it is taken to be meant: right in six of seven
_MEANT_OF = 0.0  # the same, of whoever surely wants to learn something, or names the place where it is taught
# Of a subject that is described, from which it is meant, where something is to be learnt and where that is not said; from which it
# is asked about: right in three of four.
_SURELY, _SURELY_ALONE, _PERHAPS = 0.8, 0.97, 0.5
_LIKELY = 0.1  # the same, from which its courses are offered before others
_MAY, _MAY_OF = -1.5, -4.0  # from which it is offered with the next; where somebody surely wants to learn something
_HELP = "course_help"  # what the model takes 拉筋劈叉、垫子上练的那种 for
_OF_ONE = OF_CLASSES | {"class_fee"}
_OF_ANY = OF_FEE | {each for aspect in ASPECTS.values() for each in aspect.standards}  # asked of classes in general
_WANTING = re.compile(
    "有没有|最近|近期|现在|可以|培训|时候|开[课班]|有[吗没么不]|什么|神马|么子|啥|咩|哪些|[教学讲课班想要能会报上我你他们的了吗呢吧啊有没不还别其他都些的，。？?！!]"
)
# 我记得有个周日上午, 听人讲有: what comes before it; 叫什么来着, 是不是真的: and behind.
_HEARD_OF = re.compile(
    "^[^,，。]{0,8}?(?:记得|听[^,，。有]{0,4}[说讲])(?:[^,，。有]{0,4}有)?(?:一?个|一?门)?(?:周[一二三四五六日天末]|星期.|礼拜.|[上下]午|晚上|早上|白天)*"
    "|[,，](?:叫|是)(?:什么|啥|哪)[^,，。]{0,4}$|[,，]是不是真[^,，。]{0,3}$|[,，]对不对$"
)
_OF_CREDITS = re.compile("学分|(?<!微)积分|学习卡|credit|points")  # 网上听课给学分不
_OF_ANYTHING = ("duration", "online")
OURS = frozenset(("course", "activity", "item"))  # of which a message asks something, where it names one
_LONG = 60  # characters of a message that asks for something to be taught, and tells little else
_SAYS, _SAYS_SURELY, _SAYS_ALONE = 3, 4, 6  # characters
_OF_TRAINING = re.compile("培训|手艺|本事")
_OF_TEACHING = re.compile("老师|一期|学费")
# 画水墨的收不收, 翻身喂饭的培训: asks for something, whatever it is, that may be taught.
_ASKS_FOR = re.compile("(?:有没有?|有[吗么不没]|的[,， ]?还?[收招][不吗][收招]?|培训|手艺|本事)[^,，。]{0,4}$")
# 拉弦子，两根弦那个: says what is done, and nothing of anybody or of what has come of it.
_TELLS = re.compile(
    "[昨今明刚祝满坏丢捡借骗|我俺咱你您他她谁了没不吗么呢咋哪几]|怎|什么|啥|多少|有|要|能|在|是|快乐|恭喜|结婚|年审"
)
_BRIEF, _WHAT = 16, re.compile("什么|[啥咩]|哪|神马|么子|推荐|适合")  # characters of a question for one thing; for any
_POINTS = re.compile("的?(?:[那这][个种类])?的?[班课]?$")
_BRIEF_WORD = 4  # characters
_AROUND = re.compile("^学(?=..)|(?<=..)[班课]$")  # 插花 of 插花班
_OF_A_FIELD = re.compile("沾边|[有相]关|方面|之类|一类|类的")  # 跟农业沾边的课: of many subjects
_ONE_OF = re.compile(
    "^(?:那|还是|哎|我|俺|就|改)*+(?:[报学上](?P<joins>[一-鿿]{2,4}?)(?:吧|算了|得了)|(?P<that>[一-鿿]{2,4}?)那个)"
)
_LEARNING = re.compile("[学练做打上会用跳唱拉弹吹耍画写教班课]")
# Who learns, and that it is something.
_GENERAL = re.compile(
    "老人家?|老年人|年纪|娃儿?|[孩孙]子|小孩|我[妈爸]|老[头太伴]|大家|东西|技术|手艺|本事|知识|老师|师傅|课程|报名|地方|好的?|那[个种]|这[个种]|一下|怎么|咋|今年|岁|[去来个种门样]"
)
WISHES = ("when", "org", "theme", "audience", "teacher")


class Strongest(Struct, frozen=True):
    """Courses, the strongest first, with the odds that the first is meant."""

    courses: list[str]
    odds: float


def hear(turn: Turn, named: Sequence[Entity]) -> None:
    """What a message names, of which some was set aside, with the courses that it calls by an everyday name."""
    turn.heard = called(turn, turn.heard, named)
    courses = [each.value for each in turn.heard.entities if each.kind == "course" and each not in named]
    turn.described = courses[0] if len(courses) == 1 else None


def hear_word(turn: Turn) -> None:
    """那做包子那个呢, after a class: the course of the only subject of which so much is said."""
    heard, shown = turn.heard, turn.state.shown
    of_classes = turn.state.just_told and any(each.startswith(("class:", "course:")) for each in shown)
    if heard.entities or not of_classes or (word := _word(heard.folded)) is None:
        return
    subject = of_a_word(turn, word)
    if subject is not None and (courses := turn.library.everyday.courses(subject)):
        turn.heard = replace(heard, entities=tuple(Entity("course", id, 0, len(heard.folded)) for id in courses))


def _word(folded: str) -> str | None:
    """做包子 of 那做包子那个呢, 直播 of 直播那个难不难 and of 那我报直播吧."""
    if phrases.follows(folded):
        return phrases.without_following(folded)
    found = _ONE_OF.match(folded)
    return (found["joins"] or found["that"]) if found else None


def of_a_word(turn: Turn, folded: str) -> str | None:
    """做包子那个, 蛋糕那种: the subject that a word means by itself."""
    word = _POINTS.sub("", folded)
    return turn.library.everyday.of_a_word(word) if 1 < len(word) <= _BRIEF_WORD else None


def called(turn: Turn, heard: Understanding, named: Sequence[Entity]) -> Understanding:
    """修电路的班: to what a message names adds the courses that teach what it calls by an everyday name, or the subject that none
    does; where it speaks of learning, and names nothing of ours, or in it alone: 太极扇 is no 太极."""
    best = heard.best
    classes = best is not None and best.intent in OF_CLASSES and best.score >= heard.lines.likely
    learning = classes or phrases.wants_to_learn(heard.folded) or phrases.is_of_a_course(heard.folded)
    learning = learning or _OF_TEACHING.search(heard.folded) is not None or phrases.follows(heard.folded)
    found = turn.library.everyday.said(heard.folded) if learning and len(heard.folded) <= _LONG else []
    courses = [each for each in heard.entities if each.kind == "course"]
    parts = [each for each in courses if any(_is_part(each, said, heard.folded) for said in found)]
    others = [each for each in heard.entities if each.kind in OURS and (each not in parts or each not in named)]
    if not found or any(not heard.denies(each) for each in others):
        return replace(heard, entities=tuple(named))
    taught = [Entity("course", id, each.start, each.end) for each in found for id in each.courses]
    said = [(_AROUND.sub("", heard.folded[each.start : each.end]), each) for each in found]
    untaught = [Entity("subject", text, each.start, each.end) for text, each in said]
    kept = (each for each in named if each not in parts)
    return replace(heard, entities=(*kept, *(taught or untaught)))


def _is_part(course: Entity, said: Said, folded: str) -> bool:
    """太极 in 太极扇, where titles say so; and not 画画 in 学画画, nor 大棚 in 大棚咋管."""
    inside = said.start <= course.start and course.end <= said.end and (said.is_title or bool(said.courses))
    return inside and _LEARNING.sub("", folded[said.start : course.start] + folded[course.end : said.end]) != ""


def unclear(turn: Turn) -> bool:
    """Whether nothing but what is taught can be what a message is about."""
    heard, best = turn.heard, turn.heard.best
    if best is None or best.score < heard.lines.likely or is_of_classes(best):
        return True
    learns = phrases.wants_to_learn(heard.folded)
    alone = asks_for(heard.folded) or says_what_alone(heard.folded)
    return (best.intent in {"unrelated", _HELP} and alone) or (best.intent in NO_ANSWER and learns)


def is_of_classes(meant: Candidate) -> bool:
    """Whether it is asked of classes, of one or of any."""
    return meant.intent in _OF_ONE or meant.question in _OF_ANY


def _likely_of_one(heard: Understanding) -> bool:
    """想听听骗子都有哪些花样: whether it is likely to ask for something that is taught."""
    best = heard.best
    return best is not None and best.intent in _OF_ONE and best.score >= heard.lines.likely


def guess(turn: Turn) -> None:
    """Adds the course that a message describes, where it names none and is not clear otherwise."""
    heard = turn.heard
    alone = not turn.state.just_told and says_what_alone(heard.folded)
    asks = asks_for(heard.folded) or phrases.is_of_a_course(heard.folded) or alone or _likely_of_one(heard)
    if not (asks and unclear(turn)) or turn.ticket or about.comes_along(heard.folded):
        return
    if len(content(heard)) < _SAYS:  # of no course more than of any other, or a name that is none of ours: 骑马课
        return
    theme = any(each.kind == "theme" and heard.folded[each.start : each.end] == each.value for each in heard.entities)
    if theme or heard.first("course") or heard.first("item") or heard.names("activity") or heard.first("subject"):
        return
    if (course := _meant(turn)) is None:
        return
    turn.described = course
    best = heard.best
    other = best is not None and best.intent in NO_ANSWER | {_HELP}
    classes = [Candidate(heard.lines.sure, "training_info", "find_class")] if alone or other else heard.candidates
    described = Entity("course", course, 0, 0, exact=False)
    turn.heard = replace(heard, entities=(*heard.entities, described), candidates=tuple(classes))


def tell(turn: Turn) -> None:
    """Where what is said is of the course that was taken to be meant, says that first, so that whoever meant another one sees
    it at once; the next likeliest is one key away."""
    course, courses = turn.described, turn.catalogue.courses
    spoken_of = {turn.heard.first("course"), turn.state.focus.get("course")}
    if course is None or course not in spoken_of or not turn.said or turn.told_of or turn.heard.names("course"):
        return
    turn.say("described", course=courses[course].name)
    turn.said.insert(0, turn.said.pop())
    for other in [each for each in may_be_meant(turn) if each != course][:1]:
        turn.offer(courses[other].name, "find_class", course=other)


def says_what(folded: str) -> bool:
    """想学写大字的: whether it says what is to be taught, and not only that something is."""
    return len(_WANTING.sub("", folded)) >= _SAYS


def may_be_meant(turn: Turn) -> list[str]:
    """The few that may be, the likeliest first; none where nothing that is taught is spoken of, for all we can see. Where it
    is clear that classes are looked for (最近有神马课), no unlikely one."""
    heard = turn.heard
    if len(content(heard)) < _SAYS:  # of no course more than of any other, or a name that is none of ours: 骑马课
        return []
    clear = heard.best is not None and is_of_classes(heard.best) and heard.best.score >= heard.lines.likely
    least = _MAY_OF if phrases.wants_to_learn(heard.folded) and not clear else _MAY
    if courses := _likely(turn):
        return [*dict.fromkeys(courses)][:CHOICES]
    found = _described(turn)
    return found.courses[:CHOICES] if found.odds >= least else []


def perhaps_untaught(turn: Turn) -> list[str]:
    """The subject that is likelier described than any other, where none of our courses teaches it."""
    likely = _subjects(turn)[:1]
    return [name for name, odds in likely if odds >= _PERHAPS and not turn.library.everyday.courses(name)]


def is_likely(turn: Turn) -> bool:
    """Whether one subject is likelier described than all others, or the records of a course are surely near."""
    subjects = _subjects(turn)
    return bool(subjects and subjects[0][1] >= _PERHAPS) or _described(turn).odds >= MEANT


def offer(turn: Turn, intent: str | None = None) -> None:
    """Offers those, to start an intent with or to fill what was asked for."""
    _offer(turn, may_be_meant(turn), intent)


def offer_beside(turn: Turn, subject: str) -> None:
    """Of what none of our courses teaches those whose names stand in it, and those on what is near to it; where we know nothing
    of it, those that may be meant."""
    known = turn.recorded.courses.values()
    within = [each.id for each in known if any(name in subject for name in (each.name, *each.aliases) if len(name) > 1)]
    names = _subjects_in(turn, subject)
    near = (other for name in names for other in turn.library.alike.beside(name))
    courses = [id for other in near for id in turn.library.everyday.courses(other)] if names else may_be_meant(turn)
    taught = in_a_lesson(turn, subject)
    _offer(turn, [*dict.fromkeys((*taught, *within, *courses))][:CHOICES], "find_class")


def in_a_lesson(turn: Turn, subject: str) -> list[str]:
    """The courses on something else that have a lesson on it."""
    everyday = turn.library.everyday
    return [*dict.fromkeys(id for name in _subjects_in(turn, subject) for id in everyday.in_a_lesson(name))]


def _subjects_in(turn: Turn, subject: str) -> list[str]:
    said = turn.library.everyday.said
    return [each.subject for each in said(subject) or said(f"学{subject}")]


def _offer(turn: Turn, courses: Iterable[str], intent: str | None) -> None:
    for id in courses:
        turn.offer(turn.catalogue.courses[id].name, intent, course=id)


def _meant(turn: Turn) -> str | None:
    """The one that is meant, by its subject, or by what it teaches itself. Where a place is named, of what is taught there."""
    subjects = _subjects(turn)
    courses = _shares(subjects, turn.library.everyday.courses)
    folded = turn.heard.folded
    surely = phrases.wants_to_learn(folded) or phrases.is_of_a_course(folded) or _OF_TRAINING.search(folded) is not None
    surely = surely or _likely_of_one(turn.heard)
    if courses and max(courses.values()) >= (_SURELY if surely else _SURELY_ALONE):
        return max(courses, key=courses.__getitem__)
    if subjects and subjects[0][1] >= _PERHAPS:
        return None
    org, catalogue = turn.heard.first("org"), turn.catalogue
    there = {each.course for each in catalogue.classes.values() if org and catalogue.is_within(each.organisation, org)}
    found = _described(turn, there)
    asks = there or phrases.wants_to_learn(folded) or phrases.described(folded)
    return found.courses[0] if found.odds >= (_MEANT_OF if asks else MEANT) else None


def _subjects(turn: Turn) -> Sequence[tuple[str, float]]:
    """The subjects that may be described where somebody surely wants to learn something, and says what; the likeliest first."""
    said, folded = _without_places(turn), turn.heard.folded
    surely = asks_for(folded) or phrases.described(folded) or says_what_alone(folded) or _likely_of_one(turn.heard)
    if not surely or _OF_A_FIELD.search(folded) or len(_GENERAL.sub("", _WANTING.sub("", said))) < _SAYS_SURELY:
        return []
    return turn.library.alike.ranked(said, parts_of(said))


def _shares(subjects: Sequence[tuple[str, float]], teaching: Callable[[str], Iterable[str]]) -> dict[str, float]:
    """The courses that teach one of some subjects, with the probability of those together."""
    found: dict[str, float] = {}
    for name, probability in subjects:
        for id in teaching(name):
            found[id] = found.get(id, 0) + probability
    return found


def _likely(turn: Turn) -> list[str]:
    """The courses that teach what is likely to be described, and then those that teach what is near to it."""
    likely = [each for each in _subjects(turn) if each[1] >= _LIKELY]
    near = [(other, chance) for name, chance in likely for other in turn.library.alike.beside(name)]
    everyday = turn.library.everyday
    teaching = everyday.courses, everyday.in_a_lesson
    found = *(_shares(likely, each) for each in teaching), _shares(near, everyday.courses)
    return [id for shares in found for id in sorted(shares, key=lambda id: -shares[id])]


def _described(turn: Turn, among: set[str] | None = None) -> Strongest:
    said = _without_places(turn)
    strengths = turn.library.courses_described(said, parts_of(said))
    known = [(id, each) for id, each in strengths.items() if id in turn.catalogue.courses]
    ranked = sorted((each for each in known if not among or each[0] in among), key=lambda each: -each[1])
    if not ranked or _OF_CREDITS.search(said):
        return Strongest([], float("-inf"))
    lead = ranked[0][1] - (ranked[1][1] if len(ranked) > 1 else 0.0)
    odds = STRENGTH * ranked[0][1] + LEAD * lead + TAUGHT * phrases.is_of_a_course(said) + BIAS
    return Strongest([id for id, _ in ranked], odds)


def content(heard: Understanding) -> str:
    """What a message says of what is to be taught; next to nothing of 你们教什么, 老人能学什么, 周末有什么班, 家政课有哪些."""

    def aside(each: Entity) -> str | None:
        whole = each.kind != "theme" or heard.folded[each.start : each.end] == each.value
        return "" if each.exact and each.kind in {"org", "when", "theme"} and whole else None

    return _GENERAL.sub("", _WANTING.sub("", _without_aspects(heard.renamed(aside))))


def says_what_alone(folded: str) -> bool:
    """拉弦子，两根弦那个: whether it may be all that somebody has to say of what they want to be taught."""
    return len(folded) >= _SAYS_ALONE and not _TELLS.search(folded)


def asks_for(folded: str) -> bool:
    """画水墨的收不收: whether it asks for something that may be taught."""
    return phrases.wants_to_learn(folded) or _ASKS_FOR.search(folded) is not None


def names_what(heard: Understanding) -> bool:
    """有教修空调的吗: whether few words ask for something by name, that nothing of ours was found by."""
    brief = len(heard.folded) <= _BRIEF and _WHAT.search(heard.folded) is None
    return brief and phrases.wants_to_learn(heard.folded) and len(content(heard)) > 1


def parts_of(folded: str) -> list[str]:
    """What of a text may describe a course by itself."""
    return [*dict.fromkeys([*phrases.clauses(folded), *phrases.described(folded)])]


def _without_aspects(folded: str) -> str:
    """What is said beside how often it is, and whether online: of anything that is taught."""
    for name in _OF_ANYTHING:
        folded = ASPECTS[name].words.sub("", folded)
    return folded


def _without_places(turn: Turn) -> str:
    """What is heard but for courtesies (请教), how it was heard of (我记得有个) and our places, whose names may be like those of
    courses: 电工 and 机电工程系."""
    said = turn.heard.folded
    for each in sorted(turn.heard.entities, key=lambda each: -each.start):
        if each.kind == "org" and each.exact:
            said = said[: each.start] + said[each.end :]
    return _HEARD_OF.sub("", phrases.without_courtesy(said))
