"""What a message is to an open task, and to the question before it."""

import re

from msgspec.structs import replace

from bot import about, described, phrases
from bot.commands import CORRECTION, commands
from bot.comprehension import Candidate, Understanding
from bot.conversation import Task
from bot.leanings import OF_CLASSES
from bot.readings import plainly, spell
from bot.rules.told import courses_of, wish_of
from bot.running import PEOPLE, Runner
from bot.slots import Slot
from bot.turn import Turn
from bot.wish import NOT, SOUGHT, narrowed
from nlu.questions import NO_ANSWER

_THINGS = {"course", "activity", "item"}
_SUBJECTS = {"course", "theme"}  # naming one of them takes the place of the other
_ALL = 0.9
_ELSEWHERE = 0.5  # the probability from which 临江的还有没 leaves the day behind
_AGE = re.compile(r"[,，是]*(?P<age>\d{2}|[二三四五六七八九]?十[一二三四五六七八九]?)(?:岁|了|的|呢|。)*")
_LEVEL = re.compile("零基础|初级|中级|高级|提高|入门")
_INSTEAD = 8  # characters of a name that is put right
_CORRECTS, _LIKELY = {"cmd/correct", "cmd/change_mind"}, 0.45
_BRIEF = 8  # characters of a question that is none in form: 开放时间, 我想留言
_MOSTLY = 0.6  # of a message that is an answer
_COURTESIES = {"thanks", "goodbye", "acknowledge"}
_ONESELF = re.compile(
    "要带(?:孙|孩|娃|小)|有空|没空|得空|[有没]时间|上班|加班|倒班|夜班|干活|很忙|[太挺]忙|(?:我|俺|咱)(?:人|现在|还|正|就)*(?:在|是|住|家|今年|没|老了)|离得远|腿脚|身体"
)
_GIVES = re.compile("教|帮|做|会|可以|能(?!不)|修|讲|愿意|陪|打扫|引导")
_OH_NO = re.compile(
    "(?<![,，.。… ])[,，.。… ]++(?:[哎呃嗯]|不好意思)*+[,，]?(?:[哦噢啊]不|[哦噢啊]?(?:不对|不是|错了|说错了))[,，. ]++(?:是|应该是|我要|我说的是)?"
)
_REGISTERS = re.compile("(?:那|好|行|嗯|我|先|就|帮|给|来|[,，])*登记(?:一下|下|吧|上|了)*")
_LACKS = re.compile("丢|掉了|不见|没带|找不[到着]|忘|没有卡|没卡|lost|forgot|no card|not with me")
_NODS = {"acknowledge", "smalltalk"}  # said to a question, these are no other question


async def open_task(run: Runner, turn: Turn) -> bool:
    """The answer to what was asked, or a correction of what was said before; another question is a digression."""
    task = run.waiting(turn.state)
    if task is None:
        return False
    handler, slot = run.handlers[task.intent], run.slot(task)
    values = run.readings.values(handler, turn)
    best, asks = _meant_beside(turn, slot), phrases.asks(turn.heard.folded)
    another = _is_another(turn, task, slot, best)
    if slot.free and not values and _tells_of_oneself(turn, slot):
        turn.say("about.noted")  # 我今年68 is no service that one would give
        if run.is_tried(task):
            run.put_aside(turn, task)
        run.remind(turn)
        return True
    if values and (not another or (slot.name in values and phrases.named_share(turn.heard) >= 0.5)):
        await _fill(run, turn, task, values)
        return True
    # 上周三晚上的电脑课: what happened, and no question of its own, unless it is as short as one.
    tells = slot.free and not (asks or slot.kinds or phrases.requests(turn.heard.folded))
    certain = best is not None and best.score >= turn.heard.lines.sure
    if tells and best is not None:
        ours = best.intent == task.intent or best.topic != handler.topic  # 想学养蜂, asked what is to be learnt
        certain = certain and ours and len(turn.heard.folded) <= _BRIEF
    # Words of one's own may be the answer.
    words = slot.free and not (asks and slot.kinds) and not phrases.asks_whether(turn.heard.folded)
    if another and (asks or certain or not slot.free):
        return False
    if words and not certain:  # 我想当志愿者, said once more, is no answer to what service
        await _fill(run, turn, task, {slot.name: turn.heard.text})
        return True
    if asks and not words and not values:
        return False
    await run.ask_again(turn, task)
    return True


def _tells_of_oneself(turn: Turn, slot: Slot) -> bool:
    """我在工地上班, 晚上才有空, asked for one of several things that have names."""
    folded = turn.heard.folded
    own = bool(slot.kinds) and _ONESELF.search(folded) is not None and not _GIVES.search(folded)
    return own or about.tells_only(folded, turn.heard.entities)


async def put_aside(run: Runner, turn: Turn) -> bool:
    """好嘞, 再见, 麻烦你了, to what was asked: it is put aside, and goes on when the answer comes."""
    task, folded, best = run.waiting(turn.state), turn.heard.folded, plainly(turn.heard)
    if task is None or turn.inbound.choice is not None or phrases.asks(folded):
        return False
    if run.readings.values(run.handlers[task.intent], turn):
        return False
    courtesy = best.intent if best and best.intent in _COURTESIES and best.score >= turn.heard.lines.sure else None
    done = turn.heard.move.label == "cmd/done" and turn.heard.move.probability >= _LIKELY
    nods = "fine" in commands(folded) or courtesy == "acknowledge" or done
    if not courtesy and not nods:
        return False
    if nods and turn.inbound.session is not None:
        return False  # who calls says so and keys it in
    if courtesy != "goodbye":
        turn.say(courtesy or "acknowledge")
    run.put_aside(turn, task)
    if courtesy == "goodbye":
        turn.say("goodbye")
    return True


async def taken_up(run: Runner, turn: Turn) -> bool:
    """The answer to what was put aside: that goes on."""
    task = run.aside_of(turn.state)
    if task is None or phrases.asks(turn.heard.folded) or phrases.named_share(turn.heard) < _MOSTLY:
        return False
    values = run.readings.values(run.handlers[task.intent], turn)
    if task.asked not in values:
        return False
    run.take_up(turn.state)
    await _fill(run, turn, task, values)
    return True


async def tells_of_own(run: Runner, turn: Turn) -> bool:
    """我有三百多个积分: what they have, and no wish to look: no card is asked for; what that gets, and how to look."""
    best = plainly(turn.heard)
    row = run.handlers.get(best.intent) if best and best.intent else None
    if (
        best is None
        or best.intent is None
        or row is None
        or not any(slot.proves for slot in row.slots)
        or run.waiting(turn.state)
    ):
        return False
    if turn.ticket or not phrases.tells_of_own(turn.heard.folded):
        return False
    points = turn.heard.first("points")
    if points and turn.catalogue.items:
        await run.start(turn, "redemption_items", {"points": points})
    else:
        turn.say("about.own")
        turn.suggest("redemption_items")
    turn.suggest(best.intent if run.readings.label(turn, best) else "balance")
    return True


def _meant_beside(turn: Turn, slot: Slot) -> Candidate | None:
    """What a message would mean if nothing had been asked."""
    best = turn.heard.best
    if best and slot.free and not slot.kinds and best.intent in NO_ANSWER:
        return None  # what happened, or was not understood in a lesson, is hardly ever ours
    return best


def _is_another(turn: Turn, task: Task, slot: Slot, best: Candidate | None) -> bool:
    """Whether it is likely enough that something else is asked."""
    called = best is not None and best.intent in PEOPLE  # 我要找你们领导 asks nothing
    lacks = slot.proves is not None and _LACKS.search(turn.heard.folded) is not None  # I lost my card
    enough = turn.heard.lines.likely if called or lacks or phrases.asks(turn.heard.folded) else turn.heard.lines.sure
    if best is None or best.intent in {task.intent, *_NODS} or best.score < enough:
        return False
    if _REGISTERS.fullmatch(turn.heard.folded):  # what was begun, whatever else one registers for
        return False
    return not corrects(turn) and not phrases.answers_only(turn.heard)


async def _fill(run: Runner, turn: Turn, task: Task, values: dict[str, str]) -> None:
    """Goes on with what was said; a value that takes another's place is said."""
    changed = [name for name, value in values.items() if task.slots.get(name, value) != value]
    task.slots.update(values)
    task.tries = 0
    if changed:
        turn.say("corrected", value=spell(turn, changed[0], values[changed[0]]))
    await run.run(turn, task)


async def told(run: Runner, turn: Turn) -> bool:
    """我三十八: something of somebody and no question; the last one is answered for them, where that makes a difference."""
    if run.waiting(turn.state):
        return False
    if (age := _age_put_right(turn)) is not None:
        turn.heard = run.hear(turn, f"我{turn.state.person}{age}岁")
        turn.listen()
    if not about.tells_only(turn.heard.folded, turn.heard.entities):
        return False
    last = turn.state.last
    handler = run.row(last)
    if last is not None and handler is not None and handler.by_whom:
        await run.start(turn, last.intent, dict(last.slots))
    else:
        await run.start(turn, "about_somebody", {})
    return True


def _age_put_right(turn: Turn) -> str | None:
    """说错了，是五十二, of somebody whose age was said; what stands in a list is chosen by such a number."""
    match = CORRECTION.match(turn.heard.folded)
    facts = turn.state.people.get(turn.state.person)
    if match is None or facts is None or facts.age is None:
        return None
    age = _AGE.fullmatch(turn.heard.folded[match.end() :])
    return age["age"] if age else None


async def dropped(run: Runner, turn: Turn) -> bool:
    """先不查分了，茶艺有没有: what is open is let go first; the rest is what is asked."""
    parts = phrases.clauses(turn.heard.folded)
    if len(parts) < 2 or not run.waiting(turn.state) or not commands(parts[0]) & {"cancel", "not_now"}:
        return False
    turn.state.tasks.pop()
    turn.state.offers = []
    turn.say("cancelled.first")
    turn.heard = run.hear(turn, "，".join(parts[1:]))
    return False


async def goes_on(run: Runner, turn: Turn) -> bool:
    """那周日呢: the last question again, with what is named now, before an open task takes it for its answer."""
    return phrases.follows(turn.heard.folded) and await refined(run, turn)


async def refined(run: Runner, turn: Turn) -> bool:
    """晚上的, 那某某街道的, 不对是下周三: the last question again, with what is named now."""
    last, heard = turn.state.last, turn.heard
    handler = run.row(last)
    if last is None or handler is None or phrases.of_any(turn.heard):
        return False
    values = run.readings.values(handler, turn)
    wished = [name for name in values if not name.startswith(NOT)]
    if values and not wished:
        return False
    corrected = corrects(turn)
    level = at_level(turn) if not values and (corrected or _names_level(heard.folded)) else None
    if level:
        values = {"course": level}
    there = last.intent in OF_CLASSES | SOUGHT and phrases.lives(heard)
    if not values or not (corrected or level or there or len(phrases.rest(heard)) <= 1):
        return False
    best = heard.best
    another = best is not None and best.intent != last.intent and not corrected
    own = phrases.names_matter(heard.folded) and not phrases.follows(heard.folded)
    of_more = {each.kind for each in heard.entities} & _THINGS - {
        slot.name for slot in handler.slots
    }  # a class, after hours
    another = another and (bool(of_more) or phrases.named_share(heard) < _ALL)  # 大后天: nothing but what is named
    another = another and not there
    line = heard.lines.ask if own else heard.lines.sure
    if another and best is not None and best.score >= line and not phrases.follows(heard.folded):
        return False
    if corrected:
        name = (wished or [*values])[0]
        turn.say("corrected", value=spell(turn, name, values[name]))
    elsewhere = heard.move.label == "follow/other_place" and heard.move.probability >= _ELSEWHERE and "org" in values
    anew = {"teacher"} if "course" in values else set[str]()  # who teaches the one may not teach the other
    gone = {
        "class",
        *anew,
        *(_SUBJECTS if _SUBJECTS & set(values) else ()),
        *({"when", "teacher"} if elsewhere else ()),
    }
    wish = wish_of(turn) if last.intent in SOUGHT else None
    before = wish.slots if wish is not None and wish.intent == last.intent else last.slots
    kept = {name: value for name, value in before.items() if name not in gone}
    if last.intent in SOUGHT:
        kept = narrowed(kept, values, instead=corrected or phrases.follows(heard.folded))
    await run.start(turn, last.intent, {**kept, **values} if last.intent not in SOUGHT else kept)
    return True


async def misspoke(run: Runner, turn: Turn) -> bool:
    """哎呀我说错了，我想问插花班在哪上课: what is asked instead, where nothing is open that it would correct. A name that is put
    right, 说错了，是育婴的, is not a question by itself: those who read corrections see it as it is."""
    folded = turn.heard.folded
    turn.heard = _put_right(turn.heard)
    said = _instead(folded)
    wrong = len(said) > _INSTEAD and "错" in folded.removesuffix(said)  # 不是本地的 puts nothing right
    if wrong and not (phrases.accuses(folded) or run.waiting(turn.state) or turn.ticket):
        turn.heard = run.hear(turn, said)
    return False


def _put_right(heard: Understanding) -> Understanding:
    """我要学国画……哦不，是刺绣: without what was named before it was put right."""
    found = _OH_NO.search(heard.folded)
    if found is None:
        return heard
    after = {each.kind for each in heard.entities if each.start >= found.end()}
    kept = tuple(each for each in heard.entities if each.start >= found.end() or each.kind not in after)
    return replace(heard, entities=kept)


def _instead(folded: str) -> str:
    """我想问太极拳多少钱 of 哎呀不对，刚才说错了，我想问太极拳多少钱; empty where nothing is put right."""
    said = folded
    while match := CORRECTION.match(said):
        said = said[match.end() :].lstrip("，,。. ")
    return said if said != folded else ""


async def taken_back(run: Runner, turn: Turn) -> bool:
    """说错了，是育婴的: no complaint about us. What is named instead is what is asked; where nothing is, it is asked for."""
    instead = _instead(turn.heard.folded).rstrip("，,。. ")
    if not turn.state.said or not 0 < len(instead) <= _INSTEAD or phrases.accuses(turn.heard.folded):
        return False
    heard, best = run.hear(turn, instead), turn.heard.best
    meant = plainly(heard)
    if heard.entities or (meant and meant.score >= heard.lines.sure and meant.intent not in NO_ANSWER):
        turn.heard = heard
        return False
    subject = described.of_a_word(turn, instead) if courses_of(turn) else None
    if subject is not None:  # 我说的是蛋糕那种
        courses = turn.library.everyday.courses(subject)
        await run.start(turn, "find_class", {"course": courses[0]} if courses else {"subject": subject})
        return True
    if best is None or best.intent != "wrong_info":
        return False
    turn.say("taken_back")
    turn.keeps = True
    return True


def _names_level(folded: str) -> bool:
    """那中级呢, and nothing else."""
    return _LEVEL.fullmatch(phrases.without_following(folded).removesuffix("班").removesuffix("的")) is not None


def at_level(turn: Turn) -> str | None:
    """我要的是中级: the course of another level, beside the one that is talked of."""
    courses, level = turn.recorded.courses, _LEVEL.search(turn.heard.folded)
    course = courses.get(turn.state.focus.get("course", ""))
    if course is None or level is None:
        return None
    stem = _LEVEL.sub("", course.name)
    others = (each for each in courses.values() if each.id != course.id and level[0] in each.name)
    return next((each.id for each in others if each.name.replace(level[0], "") == stem), None)


def corrects(turn: Turn) -> bool:
    """Whether it takes back what was said before: by its words, or as the model reads it. What was found wrong on the spot
    is a complaint about us."""
    move = turn.heard.move
    if phrases.accuses(turn.heard.folded):
        return False
    return CORRECTION.match(turn.heard.folded) is not None or (move.label in _CORRECTS and move.probability >= _LIKELY)
