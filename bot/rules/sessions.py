"""Whether a class is held on a day, and when its sessions are: of the class that was told, and not of the house it is in."""

import re
from collections.abc import Collection, Sequence

from bot import phrases
from bot.rules.named import NAME
from bot.rules.told import classes_of, elsewhere
from bot.running import Runner
from bot.turn import Turn
from knowledge.catalogue import TrainingClass
from nlu import times
from nlu.times import When

_LONG = 34  # characters of what is asked of a class in passing
_FRESH = 3  # turns for which the class that was talked of is meant
# What the model takes such questions for; any other reading that is sure is what is asked.
_READ_AS = {
    "class_schedule", "class_days", "site_hours", "find_class", "find_activity", "class_detail", "class_places", "course_level", "enrolment_status", "activity_week",
    "other_office", "unrelated", "smalltalk", "advice", "withdraw", "find_course",
    "holiday-general", "how-long-usual", "lesson-length", "seat-hours", "festival", "night-class-open", "class-change-notice",
}  # fmt: skip
_THINGS = {"activity", "item", "org"}
# Of the house, of who answers, of other classes, of getting in and out: none of these asks for a session.
_OTHERS = re.compile(
    "门|开放|营业|馆|服务台|窗口|客服|热线|接电话|电话|报名|报得|能报|截止|名额|(?:哪些|什么|啥|有|的|几个)班|班有|上课?的(?![吧吗呀啊]|$)|别的|其[他她它]|换|改成|退|请假|迟到|补课|缺课|[歇缺少][上来]?几[次节堂回天]还|落了|漏了|耽误"
    "|学分|签到|刷卡|打卡|讲座|活动|一个?(?:礼拜|星期|周)[^,，。]{0,4}(?:几|多少|哪)|微课|线上|网课|网上|在线|办卡|领|带|穿|多少钱|多久|机会|交|考|通知|怎么办|开班|再开|几楼|教室|哪[里儿]|地址|open"
)
_HELD = re.compile(
    "上不上|上的?(?:课|学)?[吗么嘛不没伐啊吧]|(?:还|照)开课|上课|(?:有没有|有|没)得?课|课(?:还|也)?(?:有|上|停|照)|[停歇](?![车电水])"
    "|放不放|放假|休不休|休息|放(?:几|多少)天|调休|调课|[上有]几[次节堂回趟]|影响|都有[吗么嘛不没]|照常|照旧|照样|(?:也|还|都|要|用|得|可)(?:去|来|跑|学)(?=$|[吗么嘛不没伐啊呀哇的,，。?？]|上[课学]|学|听课)|[去来练唱跳画写讲学](?:[吗么嘛不没伐])|[次节堂]课|(?:还|也)[练唱跳画写讲学]|(?![能可是行好会贵远难近早晚多少够用开])([一-鿿])不\\1"
    "|is there (?:a )?(?:class|lesson|session)|have to (?:come|go)|(?:do|must|should) (?:i|we|they) (?:come|go|attend)|\\bheld\\b|class on|any class"
)
_THAT_DAY = re.compile("那[一]?[天日]|当天|that day")
_ONLY_DAYS = re.compile(
    "what ?about|how ?about|and|on|that|喂|嗯|哦|那|呢|咧|哩|嘞|的|呀|啊|吧|几天|期间|前后|[,，。?？!！ ]"
)
_WHICH = "(?:几时|什么时候|啥时候?|哪[一]?天|几号|几月份?|多会儿?)"
_DONE = "(?:上完|学完|教完|讲完|结束|毕业|完结|结业|结课|完|到头)"
_ONCE = "[次节堂回趟讲]"
# What is asked of all of its sessions, in the order in which it is looked for.
_ASKS = (
    (
        "left",
        f"(?:剩|余)[下了]?(?:多少|几){_ONCE}|还(?:要|得|有|差)[上去来跑]?(?:多少|几){_ONCE}(?!前)|到第几{_ONCE}|how many (?:more )?(?:classes|lessons|sessions)",
    ),
    ("count", "(?:多少|几)[次节堂]课(?=$|[啊呀呢吧,，。?？])"),
    (
        "last",
        f"(?:最后|最末|末)[那这]?[一1]?{_ONCE}|{_WHICH}(?:能|才|就|可以)?{_DONE}|[上学练唱跳画写讲教搞]到(?:几时|什么时候|啥时候?|哪[一]?天|几号|几月)"
        f"|到{_WHICH}(?:才|能|就|为止)?{_DONE}|[上学教讲][得不]?[得不]?完[吗么嘛不没伐]|结得了业|last (?:class|lesson|session)",
    ),
    (
        "next",
        f"(?:下|最近的?)[这那]?[一1]?{_ONCE}[^,，。]{{0,5}}(?:{_WHICH}|周几|星期几|礼拜几|几点)|next (?:class|lesson|session)",
    ),
    (
        "all",
        "(?:都|分别)是?在?(?:哪几天|哪些天|哪[一]?天|几号|什么日子)|[每各][次节堂]课?都?是?在?(?:哪[一]?天|几号)|which days",
    ),
    (
        "off",
        "放不放假|放假|停课|[停歇]不[停歇]|[停歇]几[次节堂回天]|(?:为什么|为啥|咋|怎么)(?:就|会)?不[上来去]|补不补|补回来|[顺推]延|往后[推顺挪]",
    ),
    (
        "every",
        "(?:每天|天天|日日|每一天|一天不落)[^,，。]{0,5}(?:[去上来跑学练唱跳画写](?!.{0,3}多)|有课|有[吗么嘛不没伐])|every day|daily",
    ),
    (
        "ends",
        "(?:几点钟?|什么时候|啥时候?|几时)(?:才|能|就|可以)?(?:散|下课|放学)|几点钟?(?:才|能|就|可以)?(?:结束|上完|学完|讲完|完事|完|收|走|回家)|(?:上|学|讲|搞|读|练|教|唱|跳)到(?:上午|下午|晚上|中午|早上|夜里)?几点"
        "|到几点(?:散|下课|放学|结束|完|为止)|赶不赶得[到上及]|赶得[到上及]|what time does (?:it|the class) (?:end|finish)",
    ),
)
_ASKED = tuple((name, re.compile(words)) for name, words in _ASKS)


async def held_on(run: Runner, turn: Turn) -> bool:
    """国画班元旦上不上课, 礼拜天也要上吗, 最后一节课哪天: of a class that is named or was told, read from its calendar."""
    heard, state = turn.heard, turn.state
    named = {*heard.values("course")}
    nothing = not (named or state.shown or "class" in state.focus or heard.first("when"))
    if nothing or run.waiting(state) or turn.ticket or turn.inbound.choice or len(heard.folded) > _LONG:
        return False
    if _OTHERS.search(heard.folded) or not (slots := _on_days(turn) or _of_all(turn)):
        return False
    of_it = _named(turn, named) if named else _told(turn)
    if of_it is None or (_reads_another(turn) and not _is_day_alone(turn)):
        return False
    await run.start(turn, "class_days", {**of_it, **slots})
    return True


def _named(turn: Turn, courses: Collection[str]) -> dict[str, str] | None:
    """The course that is named, with where and by whom it is held."""
    if len(courses) > 1:
        return None
    beside = {kind: value for kind in ("org", "teacher") if (value := turn.heard.first(kind))}
    return {"course": next(iter(courses)), **beside}


def _told(turn: Turn) -> dict[str, str] | None:
    """The class that was told, or the course of several; the one that was talked of lately. Nothing, to be asked for, where it
    can only be some class that is meant."""
    if any(each.kind in _THINGS for each in turn.heard.entities):
        return None
    told, best = [] if elsewhere(turn) else classes_of(turn), turn.heard.best
    if _names_another(turn, told):
        return None
    if len({each.course for each in told}) == 1:
        return {"class": told[0].id} if len(told) == 1 else {"course": told[0].course}
    talked_of = turn.state.focus.get("class")
    if talked_of and turn.state.focus_age <= _FRESH and not turn.state.shown:
        return {"class": talked_of}
    of_one = best is not None and best.intent == "class_schedule" and best.score >= turn.heard.lines.likely
    when = turn.heard.first("when")
    return {} if of_one and when and When.of(when).fixed else None


def _names_another(turn: Turn, told: Sequence[TrainingClass]) -> bool:
    """插花班元旦上课吗: something by name that is not what was told."""
    courses = turn.recorded.courses
    known = {char for each in told if each.course in courses for char in courses[each.course].name + each.name}
    said = [each for each in phrases.described(turn.heard.folded) if NAME.fullmatch(each)]
    return any(not set(each) <= known for each in said)


def _on_days(turn: Turn) -> dict[str, str] | None:
    """The days of which it is asked whether it is held: certain ones to come, or weekdays."""
    folded, when = turn.heard.folded, turn.heard.first("when")
    if when is None:
        return _of_that_day(turn) or _of_new_year(turn)
    asked = When.of(when)
    if not (asked.fixed or asked.weekdays) or asked.last < turn.today:
        return None
    plain = turn.heard.without("course") if asked.fixed else folded  # 明天有太极拳课吗
    alone = (asked.fixed or _asked_of_days(turn)) and _is_day_alone(turn)
    return {"when": when} if _HELD.search(plain) or alone else None


def _of_that_day(turn: Turn) -> dict[str, str] | None:
    """那天班还上吗, after a day on which the house is closed."""
    last = turn.state.last
    asks = _THAT_DAY.search(turn.heard.folded) and _HELD.search(turn.heard.folded)
    when = last.slots.get("when") if last is not None and asks else None
    return {"when": when} if when and When.of(when).fixed else None


def _of_new_year(turn: Turn) -> dict[str, str] | None:
    """初二上课吗; 初二呢, after another day."""
    folded = turn.heard.folded
    alone = _asked_of_days(turn) and not _ONLY_DAYS.sub("", times.NEW_YEAR.sub("", folded))
    when = times.new_year(folded, turn.today) if alone or _HELD.search(folded) else None
    return {"when": when} if when else None


def _asked_of_days(turn: Turn) -> bool:
    return turn.state.last is not None and turn.state.last.intent == "class_days"


def _is_day_alone(turn: Turn) -> bool:
    """那元旦呢, after a class was told, and not which there are: nothing but the day."""
    last = turn.state.last
    listed = last is not None and last.intent == "find_class"
    named = {each.kind for each in turn.heard.entities}
    return (
        turn.state.just_told and not listed and named == {"when"} and not _ONLY_DAYS.sub("", phrases.rest(turn.heard))
    )


def _of_all(turn: Turn) -> dict[str, str] | None:
    asks = next((name for name, words in _ASKED if words.search(turn.heard.folded)), None)
    return {"asks": asks} if asks else None


def _reads_another(turn: Turn) -> bool:
    best = turn.heard.best
    return best is not None and best.score >= turn.heard.lines.sure and (best.intent or best.question) not in _READ_AS
