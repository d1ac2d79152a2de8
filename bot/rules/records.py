"""What is on record of a thing that was told, in words: what it says beyond the aspects, and what it does not say."""

import re

from bot import halves, phrases
from bot.aspects import spoken_of
from bot.conversation import Task
from bot.rules.asking import LONG, MOVE, half_sentence
from bot.rules.told import Thing, courses_of, elsewhere, shown, spelt
from bot.running import PEOPLE, Runner
from bot.turn import Turn
from nlu.questions import NO_ANSWER

_SMALL = re.compile(
    "[不要有没能可会的了吗呢啊就还都也在是我你他她这那个一么什怎多少几]|需要|自己|学习|参加|一起|东西|时候"
)  # what says nothing
_WORDS = re.compile("(?=([一-鿿]{3}))")
_OF_BRINGING = re.compile("[啥咋哪带备买拿发用家己个准证料来去上课学报名身份件卡原交]|第一|头一")
_INCLUDES = re.compile("[测查量教讲]不[测查量教讲]|[测查量看][^,，。]{1,4}[吗么没不嘛]$|(?:有没有|包不包括?|含不含)")
_OF_HEALTH = re.compile("药|治|疼|痛|晕|该不该|医院|病情|怎么办|咋办|严重|手术")
# What is asked of a lawyer, a bank or a doctor, and of no record; a lesson may teach it.
_ADVISED = re.compile(
    "官司|离婚|结婚|彩礼|遗产|遗嘱|继承|赡养|抚养|房产|过户|欠[^,，。]{0,2}[钱款债]|借条|贷款|起诉|打赢|告[他她]|赔偿|存款|利息|理财|基金|股票|保险"
    "|血[压糖脂]|胃|咳|发烧|感冒|拉肚|便秘|失眠|睡不着|头昏|发麻|心慌|过敏|长[^,，。]{0,1}[疮痘疹]"
)
_TAUGHT = re.compile("[讲教测查量]")
_KEPT = re.compile("电话|号码|手机|微信|住|地址|学分|积分|报了|报没报|名单|卡")  # of somebody
_WAY_IN_OR_OUT = re.compile("报名|怎么退|咋退|退班|退课|退掉")  # of which there are answers, whatever class was told
_FEW = 8  # characters that hardly name a matter of their own
_KINDS = {"class", "course", "activity", "item", "org"}  # of which there is a record
# What is asked of something, and is no question by itself: 是啥颜色的, 软不软.
_OF_IT = re.compile("(?:那|它|是|都){0,3}(?:啥|什么|么子|哪|几|多)[^,，。]{0,4}|(?P<same>[一-鿿])不(?P=same)[的啊呀]?")


def in_its_words(turn: Turn) -> str | None:
    """健康证要不要先办, after a class for which one needs it: the aspect whose record has the words, where nothing else is
    asked that is ours."""
    heard, best = turn.heard, turn.heard.best
    told = shown(turn)
    unclear = best is None or best.score < heard.lines.likely or best.intent in NO_ANSWER
    if not unclear or len(told) != 1 or not turn.state.just_told or len(heard.folded) > LONG:
        return None
    if told[0][0] == "activity" and heard.first("activity") == told[0][1]:
        return "about"  # 能磨菜刀不
    return next((aspect for aspect, text in records(turn, told[0]) if said_alike(heard.folded, text)), None)


def with_its_word(turn: Turn) -> str | None:
    """健康证那张也得有吗: the aspect whose record has a word of three characters in common, where one thing was told."""
    told, folded = shown(turn), turn.heard.folded
    if len(told) != 1 or not turn.state.just_told or len(folded) > LONG or not phrases.asks(folded):
        return None
    words = [each for each in _WORDS.findall(folded) if not _SMALL.search(each)]
    return next((aspect for aspect, text in records(turn, told[0]) if any(each in text for each in words)), None)


def of_what_was_told(turn: Turn) -> bool:
    """有几节视频课, 糖尿病那节多长, right after something taught was told: half a sentence about that, or one with words of its
    record; nothing else that is taught is described by it."""
    told = [each for each in shown(turn) if each[0] in {"class", "course"}]
    if not told or not turn.state.just_told or len(turn.heard.folded) > LONG:
        return False
    if half_sentence(turn) or halves.of_a_part(turn.heard.folded):
        return True
    likely = turn.heard.move.label.startswith("follow/") and turn.heard.move.probability >= phrases.CERTAIN
    return likely or any(said_alike(turn.heard.folded, text) for text in taught(turn, told[0]))


def asks_of_the_record(turn: Turn, *, sure: bool) -> bool:
    """查血糖么, after a clinic whose record has the word; 拍子要买不, after a class, where it is not sure that advice is asked
    for. What is to be done about one's health is never asked of a record."""
    told, folded = shown(turn), turn.heard.folded
    if len(folded) > LONG or _OF_HEALTH.search(folded):
        return False
    if spoken_of(folded) in {"place", "time"} and turn.heard.first("activity"):
        return True  # 测血糖的地儿在哪
    if _ADVISED.search(folded) and not (_TAUGHT.search(folded) or _INCLUDES.search(folded)):
        return False
    if not sure and turn.state.told and len(folded) <= _FEW:
        return True  # 丢了书赔多少, after how books are lent
    if len(told) != 1 or not turn.state.just_told:
        return False
    if not sure and len(folded) <= phrases.FRAGMENT and told[0][0] in {"class", "course", "activity"}:
        return True
    includes = _INCLUDES.search(folded) is not None
    return includes and any(said_alike(folded, text) for _, text in records(turn, told[0]))


def is_of_what_was_told(turn: Turn) -> bool:
    """陈老师多大岁数, 那收她吧, right after a class: what goes on with that, and nothing of somebody's that is kept."""
    told, heard = [each for each in shown(turn) if each[0] == "class"], turn.heard
    if not told or not turn.state.just_told or len(heard.folded) > LONG or _KEPT.search(heard.folded):
        return False
    follows = heard.move.label.startswith("follow/") and heard.move.probability >= MOVE
    of_papers = spoken_of(heard.folded) == "bring"  # 她身份证要不要
    return follows or of_papers or (spoken_of(heard.folded) == "teacher" and halves.of_people(heard.folded))


def taught(turn: Turn, thing: Thing) -> list[str]:
    """What is said of what is taught there."""
    return [text for aspect, text in records(turn, thing) if aspect == "about"]


def names_what_is_not_there(turn: Turn, thing: Thing) -> bool:
    """要自家带针线不, of a class whose record says nothing of it: what is to be brought is told with what is not on record."""
    folded = turn.heard.folded
    names = any(not _SMALL.search(each) and not _OF_BRINGING.search(each) for each in phrases.PAIRS.findall(folded))
    return names and not any(
        said_alike(folded, text) for aspect, text in records(turn, thing) if aspect in {"bring", "level"}
    )


def said_alike(folded: str, text: str) -> int:
    """How many words that say something a message shares with a text."""
    return sum(each in text for each in {each for each in phrases.PAIRS.findall(folded) if not _SMALL.search(each)})


def records(turn: Turn, thing: Thing) -> list[tuple[str, str]]:
    """What is on record of a thing in words, by the aspect that it is told as."""
    kind, id = thing
    if activity := turn.catalogue.activities.get(id) if kind == "activity" else None:
        return [("about", activity.summary), ("entry", activity.enrol)]
    group = turn.catalogue.classes.get(id) if kind == "class" else None
    course = turn.catalogue.courses.get(group.course if group else id) if kind in {"class", "course"} else None
    if course is None:
        return []
    titles = "，".join(each.title for each in course.lessons)
    own = [("bring", f"{group.materials}。{course.prerequisite}"), ("eligible", group.eligibility)] if group else []
    return [*own, ("level", course.prerequisite), ("exam", course.assessment), ("about", f"{course.summary}{titles}")]


async def not_on_record(run: Runner, turn: Turn) -> bool:
    """垫子厚不厚, after a class: a question that nothing of ours answers, and no other that is likely to be meant. What is on
    record of what was told is said, and whom to ring for the rest."""
    heard = turn.heard
    if run.waiting(turn.state) or turn.ticket or len(heard.folded) > LONG or not phrases.asks(heard.folded):
        return False
    of = _one_told(turn)
    if _WAY_IN_OR_OUT.search(heard.folded) and any(each.score >= heard.lines.ask for each in heard.candidates):
        return False
    if not of or not (_is_unclear(turn) or (of.startswith("entry:") and _is_of_another_matter(turn))):
        return False
    if any(f"{each.kind}:{each.value}" not in turn.state.shown for each in heard.entities):
        return False
    if of.startswith("entry:") and (_ADVISED.search(heard.folded) or _OF_HEALTH.search(heard.folded)):
        return False
    if of.startswith("entry:") and (len(heard.folded) > phrases.FRAGMENT or phrases.names_matter(heard.folded)):
        return False  # of an answer only half a sentence is asked
    if not await run.aside(turn, Task("not_held" if of.startswith("entry:") else "on_record", {"of": of})):
        return False
    turn.unanswered = True
    for each in heard.candidates:
        if each.score >= heard.lines.ask and each.intent not in NO_ANSWER and (label := run.readings.label(turn, each)):
            intent, slots = run.readings.answer(turn, each)
            turn.offer(label, intent, **slots)
            break
    return True


def _one_told(turn: Turn) -> str:
    """The one thing that was told just now, as a state spells it: a class, the course of several, a place, an answer; empty
    where there is none, or more."""
    told, answers = shown(turn), turn.state.told
    if answers and (elsewhere(turn) or not turn.state.just_told or told[0][0] == "org"):
        return f"entry:{answers[0]}" if len(answers) == 1 else ""
    if not turn.state.just_told or told[0][0] not in _KINDS:
        return ""
    if len(told) == 1:
        return spelt(told)
    courses = courses_of(turn)
    return f"course:{courses.pop()}" if len(courses) == 1 else ""


def _is_of_another_matter(turn: Turn) -> bool:
    """要排队吗, after how points are redeemed, which is read as waiting for a person: few words that are likely to be a
    question of some other matter than what was told, and name nothing of it."""
    best, entry = turn.heard.best, turn.library.entries.get(turn.state.told[0])
    if best is None or entry is None or len(turn.heard.folded) > _FEW or best.score >= turn.heard.lines.sure:
        return False
    return best.topic != entry.topic and best.intent not in PEOPLE


def _is_unclear(turn: Turn) -> bool:
    """Whether nothing of ours is likely; classes are not looked for without a word of them."""
    best, lines = turn.heard.best, turn.heard.lines
    if best is None or best.score < lines.likely:
        return True
    if brief_of_it(turn):
        return True
    none = best.intent in NO_ANSWER or (best.intent == "find_class" and not phrases.names_matter(turn.heard.folded))
    return none and best.score < lines.sure


def brief_of_it(turn: Turn) -> bool:
    """啥颜色的, after an umbrella: no question by itself, though it is taken for one of none of ours."""
    heard, best = turn.heard, turn.heard.best
    none = best is not None and best.intent == "unrelated"
    asks = none and _OF_IT.fullmatch(heard.folded.rstrip("?？")) is not None
    return asks and turn.state.just_told and len(shown(turn)) == 1 and not heard.entities
