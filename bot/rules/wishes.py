"""What somebody wants to be taught: named, called otherwise, or only described."""

from msgspec.structs import replace

from bot import about, described, phrases
from bot.aspects import spoken
from bot.leanings import OF_CLASSES
from bot.rules.named import activity_meant, names_meant
from bot.rules.records import of_what_was_told
from bot.running import Runner
from bot.turn import CHOICES, Turn

_NOT_OURS = {"other_office", "unrelated"}  # what a name is taken for that nobody knows


async def ours(run: Runner, turn: Turn) -> bool:
    """Who names what we teach, or describes it, asks about that."""
    described.hear(turn, names_meant(turn))
    described.hear_word(turn)
    if not phrases.is_story(turn.heard.folded) and not of_what_was_told(turn):
        described.guess(turn)
    if turn.described is None and (activity := activity_meant(run, turn)):
        turn.heard = replace(turn.heard, hinted=activity)
    turn.heard = run.lean(turn, turn.heard)
    return False


async def wanted(run: Runner, turn: Turn) -> bool:
    """跟孙辈咋相处，有讲的没: who wants to be taught something that is only described, in however many parts."""
    heard, best = turn.heard, turn.heard.best
    asks = phrases.wants_to_learn if turn.state.just_told or turn.state.told else described.asks_for
    if not asks(heard.folded) or about.comes_along(heard.folded) or run.waiting(turn.state) or _of_something_else(turn):
        return False
    if of_what_was_told(turn) or _asks_of_it(turn):
        return False
    if best is not None and best.score >= heard.lines.likely and best.intent not in _NOT_OURS:
        if best.question and not described.is_likely(turn):  # 我是残疾人，上课能免费不: a rule on all of them
            return False
        wished = heard.says_also or any(heard.first(each) for each in described.WISHES)
        # 想学写大字的, after a class of something else, is no question about that class.
        anew = turn.state.just_told and described.says_what(heard.folded) and not spoken(heard.folded)
        untaught = described.is_of_classes(best) and bool(described.perhaps_untaught(turn))
        if wished or not (anew or untaught or len(phrases.clauses(heard.folded)) > 1):
            return False
    return _ask_which_course(run, turn, "find_class")


def _asks_of_it(turn: Turn) -> bool:
    """哪位老师教跳, 文化上有啥讲究, right after something that is taught: few words with one on an aspect of it, or
    such as point back: 某某街道有没有这个班."""
    folded, told = turn.heard.folded, any(each.startswith(("class:", "course:")) for each in turn.state.shown)
    few = len(folded) <= phrases.FRAGMENT and bool(spoken(folded))
    return told and turn.state.just_told and (few or phrases.points_back(folded))


async def taught(run: Runner, turn: Turn) -> bool:
    """直播卖货的课谁教: a course that is not called so here, and may be meant."""
    best = turn.heard.best
    if not phrases.is_of_a_course(turn.heard.folded) or turn.state.just_told or _of_something_else(turn):
        return False
    if not (described.asks_for(turn.heard.folded) or described.is_likely(turn)):  # 旷了课会怎么样
        return False
    return _ask_which_course(run, turn, best.intent if best and best.intent in OF_CLASSES else "about_course")


def _of_something_else(turn: Turn) -> bool:
    """Whether what is meant is named, or is likely to be none of what is taught."""
    heard, best = turn.heard, turn.heard.best
    likely = best is not None and best.score >= heard.lines.likely
    other = best is not None and likely and best.intent not in _NOT_OURS and not described.is_of_classes(best)
    return other or bool(turn.ticket) or any(map(heard.first, described.OURS))


def _ask_which_course(run: Runner, turn: Turn, intent: str) -> bool:
    values, near = run.readings.values(run.handlers[intent], turn), described.may_be_meant(turn)
    courses = [(turn.catalogue.courses[id].name, intent, {**values, "course": id}) for id in near]
    untaught = [(name, "find_class", {"subject": name}) for name in described.perhaps_untaught(turn)]
    asked = run.ask_if(turn, [*untaught, *courses][:CHOICES])
    if near:  # who goes on as if it had been answered means the likeliest
        turn.show("course", near[0])
        turn.focus("course", near[0])
    return asked
