"""What no record of ours says: places that are none of ours, years that are over or far, what we are and earn ourselves."""

import re

from bot import phrases, unheld
from bot.comprehension import Candidate
from bot.conversation import Task
from bot.leanings import hires
from bot.rules.told import shown, spelt
from bot.running import Runner
from bot.turn import Turn
from knowledge.called import names_unknown_place
from nlu.questions import NO_ANSWER
from nlu.times import When

# 2028年的, 去年的活动周; not 2024年办的卡, which is somebody's own.
_YEAR = re.compile(
    r"(?:20\d\d|二[零〇][一二三四五六七八九零〇]{2})年(?:的|度|版)?(?!.{0,2}(?:[办拿报考买发生入退学]|参加|毕业|结业|登记|开始|起))"
    "|(?:去|前|大前)年(?=(?:的|你们)?[^,，。过了]{0,6}(?:活动|周|班|讲座|之星|春联|电影|开幕|集市|义诊|演出)(?!.*(?:今年|现在|还|过)))"
)
_ONES_OWN = re.compile(r"我(?!们这)|俺|咱|\bmy\b|\bi\b")
_WHOLE_YEAR = 300  # days, at least
_OF_ITS_TIME = {"activity", "training_info"}  # topics whose records are those of now
_OF_US = re.compile(
    "学院|中心|(?<!小)(?<!中)(?<!大)学校|老师|师傅|教室|(?<![上下末早晚加值夜中])班(?!车|主任)|[上那]课|你们|咱们这|活动|讲座|食堂|报告厅|停车场|学员|阅览室|图书室|上学期|结业|志愿者|大厅|课堂|晚会|电影|义诊|公众号|学习卡"
)
_OF_RECORDS = {"find_activity", "redemption_items"}
_MEAL = re.compile("吃(?:什么|啥)|(?:什么|啥)菜")  # asks for no ticket to it
# 合唱班唱什么, 书法班是在学院还是在街道: what a record of a class does tell.
_TOLD = re.compile("[班课](?:都|是|要|里)*[唱画学教讲做跳拉弹写练](?:些|的)?(?:什么|啥)|是[在去到][^,，。]{1,6}还是")
_OF_A_PLACE = re.compile("有(?:什么|啥|哪些)|[远近]")  # that is asked of a place, and is on record
_SMALL = {"chitchat", "human_agent", "complaint"}  # topics that tell of nothing on record
_LONG_ENOUGH = 24  # characters that may say more than one sees
_LONG = 40  # characters of a question that is about the place that it names
# What one earns, who learns here and how many, how they did.
_NOT_RECORDED = re.compile(
    "(?:[挣赚](?:到|得)?|工资|薪水|薪资|月薪|月入|收入|经费|预算|拨款)[^,，。]{0,6}(?:多少(?!积?学?分)|几[千万百]|多不多|高不高|多吗|高吗)|赚得?多|多少钱?的?(?:工资|薪)|老师[^,，。]{0,10}(?:课时费|工资|薪)"
    "|(?:多少|几)[个名位]?[男女](?:学员|同学|生|的)|[男女](?:学员|同学|生)[^,，。]{0,3}(?:多少|几个)|(?:学员|同学)们?(?:都|大多|一般)[^,，。]{0,3}(?:哪里人|哪儿人|多大|什么人|干什么)"
    "|男的?多还是女|女的?多还是男|通过率|合格率|就业率|退[学课]率|(?:去|前)年[^,，。]{0,10}(?:多少|几)[个名位]?人"
    "|how much do (?:you|teachers) earn"
)
_OURSELVES = re.compile(
    "(?<![叫让找喊请区村])(?:院长|校长|书记|(?<!班)主任|所长)的?(?:手机|电话|微信|办公室电话)?(?:号码?)?(?:是?多少|叫什么|叫啥|姓什么|姓啥|是谁|是哪位|贵姓|在几楼)"
    "|(?<![叫让找喊请区村])(?:院长|校长|书记|(?<!班)主任|所长)的?(?:办公室)?(?:电话|名字)[啊呢]?$"
    "|你们[^,，。]{0,6}(?:多少|几)[个名位]?(?:员工|职工|工作人员|人上班)|你们(?:中心|学院)?(?:一共|总共|有)+(?:多少|几)[个名位]?(?:老师|教师)"
    "|how many (?:staff|employees)"
)


def is_on_earnings(folded: str) -> bool:
    """一个月能挣多少: whether it asks what one earns, or who learns here."""
    return _NOT_RECORDED.search(folded) is not None


async def kept_nowhere(run: Runner, turn: Turn) -> bool:
    """月嫂班出来能挣多少, 你们有多少员工: what one earns, who we are, who learns here, and no fee, class or number of somebody's."""
    best = turn.heard.best
    answered = best is not None and (best.entry or best.question) and best.score >= turn.heard.lines.sure
    told = turn.state.just_told and bool(turn.state.shown) and not turn.heard.entities  # of that something is on record
    if answered or told or run.waiting(turn.state) or turn.ticket:
        return False
    ours = best is not None and best.intent not in NO_ANSWER and best.topic not in _SMALL
    if not _OURSELVES.search(turn.heard.folded) and not (ours and _NOT_RECORDED.search(turn.heard.folded)):
        return False
    turn.unanswered = True
    turn.say("kept_nowhere")
    turn.suggest("human")
    turn.suggest("site_phone")
    return True


async def not_held(run: Runner, turn: Turn) -> bool:
    """古筝班的琴是什么牌子, 学院是哪年盖的: what is asked for stands on no record, whatever else the words are read as; of what it is
    asked, and whom to ring, is said."""
    heard, best = turn.heard, turn.heard.best
    beyond = unheld.asks_for(heard.folded)
    asks = beyond or "几" in heard.folded or phrases.asks(heard.folded)  # 一学期能绣几幅
    if run.waiting(turn.state) or turn.ticket or not asks or (_TOLD.search(heard.folded) and not beyond):
        return False
    small = best is not None and best.topic in _SMALL and best.score >= heard.lines.likely
    if phrases.upset(heard.folded) or (small and not beyond):
        return False
    of = _asked_of(turn)
    surely = unheld.surely(heard.folded)
    other = best is not None and best.intent in NO_ANSWER and best.score >= heard.lines.likely  # 附近哪家饭馆好吃
    if not (of or _OF_US.search(heard.folded) or (surely and not other)):
        return False
    clear = heard.lines.likely if surely else heard.lines.sure
    if best is not None and best.score >= clear and best.intent not in NO_ANSWER:
        return surely and await _answer_in_part(run, turn, best, of)
    none = best is not None and best.intent == "unrelated" and of.startswith(("course", "item", "activity"))
    none = none and not hires(heard)  # 请个护工多少钱一天
    if not beyond and not none and not _nothing_tells(turn, named=bool(of)):
        return False
    return await _say_not_held(run, turn, of)


async def _answer_in_part(run: Runner, turn: Turn, best: Candidate, of: str) -> bool:
    """停车位明天还有空吗: what is written on that, and that the rest is not."""
    if best.intent in _OF_RECORDS:
        return False  # which say so themselves
    if best.question is None:
        return await _say_not_held(run, turn, of)
    await run.answer(turn, best)
    if (college := turn.catalogue.college) is not None and college.phone:
        turn.say("fact.no_more", phone=college.phone)
    return True


def _asked_of(turn: Turn) -> str:
    """What of ours a message asks about, as a state spells it: what is named, else what was told just now."""
    heard = turn.heard
    named = [(kind, heard.first(kind)) for kind in ("activity", "item", "course", "org") if heard.names(kind)]
    for kind, id in (*named, ("activity", heard.hinted or heard.first("activity")), ("org", heard.first("org"))):
        if id and not (kind == "item" and _MEAL.search(heard.folded)):
            return f"{kind}:{id}"
    return spelt(shown(turn)[:1]) if turn.state.just_told and len(heard.folded) <= phrases.FRAGMENT else ""


def _nothing_tells(turn: Turn, *, named: bool) -> bool:
    """陶艺班烧一窑要多少度: whether all that it may be read as tells something else than what is asked for."""
    heard = turn.heard
    best = heard.best
    described = not named and phrases.is_of_a_course(heard.folded)  # 把泥巴烧成花瓶的班讲什么
    if named and heard.first("org") and _OF_A_PLACE.search(heard.folded):
        return False  # 石桥镇有啥, 学院很远吗
    if described or heard.first("when") or len(phrases.clauses(heard.folded)) > 1 or len(heard.folded) > _LONG_ENOUGH:
        return False
    if best is None or best.score < heard.lines.ask:
        return named
    if best.score >= heard.lines.likely and best.intent in NO_ANSWER:
        return False
    near = [each for each in heard.candidates if each.score >= heard.lines.ask]
    return not any(each.intent is None or unheld.tells(each.intent, heard.folded) for each in near)


async def _say_not_held(run: Runner, turn: Turn, of: str) -> bool:
    """Of what was told just now also what is on record is said."""
    told, best = of in turn.state.shown and not turn.heard.entities, turn.heard.best
    beside = {"beside": "yes"} if best is not None and best.intent in NO_ANSWER else {}
    if not await run.aside(turn, Task("on_record" if told else "not_held", {"of": of, **beside})):
        return False
    turn.unanswered = True
    for each in turn.heard.candidates:
        tells = each.score >= turn.heard.lines.ask and (not each.intent or unheld.tells(each.intent, turn.heard.folded))
        if tells and (label := run.readings.label(turn, each)):
            intent, slots = run.readings.answer(turn, each)
            turn.offer(label, intent, **slots)
            break
    return True


async def unknown_place(run: Runner, turn: Turn) -> bool:
    """海棠街道有书法班吗, where no street is called so: that is said first, and what is told is told of others."""
    heard, best = turn.heard, turn.heard.best
    if best is None or heard.first("org") or run.waiting(turn.state) or turn.ticket:
        return False
    if best.topic in _SMALL or len(heard.folded) > _LONG or not names_unknown_place(heard.folded, turn.recorded):
        return False
    of_a_place = (
        each.intent for each in heard.candidates if each.topic == "site_hours" and each.score >= heard.lines.ask
    )
    intent = next(of_a_place, None)
    if intent and (best.intent in {intent, *NO_ANSWER}):
        turn.state.focus.pop("org", None)
        await run.start(turn, intent, {})
        return True
    if best.score >= heard.lines.likely and best.intent not in NO_ANSWER:
        turn.say("unknown_place")
    return False


async def another_year(run: Runner, turn: Turn) -> bool:
    """2028年的活动周什么时候: what we know is of now, and that is said before it."""
    heard, best = turn.heard, turn.heard.best
    year = _YEAR.search(heard.folded)
    if year is None or best is None or best.score < heard.lines.likely or best.intent in NO_ANSWER:
        return False
    if _ONES_OWN.search(heard.folded) or run.waiting(turn.state) or turn.ticket:
        return False
    if best.intent and run.handlers[best.intent].personal:
        return False
    when = next((When.of(each) for each in heard.values("when")), None)
    if when is None and best.topic not in _OF_ITS_TIME:
        return False
    if when is not None and not _is_another(turn, when, best.topic):
        return False
    turn.say("another_year", year=year[0].rstrip("的度版"))
    return False


def _is_another(turn: Turn, when: When, topic: str) -> bool:
    """Whether it is a year of which nothing is on record: a past one, one far ahead, the next of what is once a year."""
    if (when.last - when.first).days < _WHOLE_YEAR:
        return False
    ahead = when.first.year - turn.today.year
    return ahead < 0 or ahead > 1 or (ahead == 1 and topic == "activity")
