"""What is asked of the seats: how their answer is to come, when they ring, and when anybody is there."""

import re
from collections.abc import Collection

from bot import phrases
from bot.alarming import LIFE
from bot.commands import commands
from bot.comprehension import Understanding
from bot.running import Runner, fresh
from bot.turn import Turn
from bot.waiting import ANSWER, STAYS


async def how_answered(run: Runner, turn: Turn) -> bool:
    """发短信到138…, 不用了: how the answer of a seat is to come, in words of one's own, right after it was asked."""
    ways = {each.slots["way"] for each in fresh(turn.state) if each.intent == ANSWER}
    alarm = turn.alarm
    if not ways or turn.inbound.choice is not None or (alarm and (alarm.sure or alarm.kind in LIFE)):
        return False
    way = _way(run, turn, ways)
    if way is None:
        return False
    told = {kind: value for kind in ("phone", "mail") if (value := turn.heard.first(kind))}
    await run.start(turn, ANSWER, {"way": way, **told}, remind=False)
    return True


def _way(run: Runner, turn: Turn, ways: Collection[str]) -> str | None:
    """One of these that is named, or that the page is enough; None where it is something else, or not clear."""
    folded = turn.heard.folded
    if len(folded) > _WITH_A_NUMBER or phrases.asks(folded):
        return None
    parts = phrases.clauses(folded)
    named = {(way, bool(_NOT_SO.search(part))) for part in parts for way in ways if _WAYS[way].search(part)}
    wanted = [way for way, refused in named if not refused]
    if len(wanted) == 1:
        return wanted[0]
    first = run.hear(turn, parts[0]) if len(parts) > 1 and not named else turn.heard  # 不麻烦了，我自己上网看
    return STAYS if not wanted and (named or _stays(turn.heard) or _stays(first)) else None


def _stays(heard: Understanding) -> bool:
    """No, thanks: by its words or as the model reads it."""
    read = heard.move.label in _STAYING and heard.move.probability >= _LIKELY
    return read or bool(commands(heard.folded) & _STAYS)


_WAYS = {
    "phone": re.compile("电话|打给我|回电|致电|打过来|call|phone|ring"), "text": re.compile("短信|text|sms"),
    "mail": re.compile("邮件|邮箱|电邮|e-?mail|@"), STAYS: re.compile("就在这|在这里|在这儿|这里就|这儿就|网页|here"),
}  # fmt: skip
_NOT_SO = re.compile("不要|不用|不需|不必|别|不想|没有|no |not |don't")
_WITH_A_NUMBER, _LIKELY = 100, 0.45  # characters of a way and a number; of a move
_STAYS = {"no", "none", "cancel", "not_now"}
_STAYING = {f"cmd/{name}" for name in ("no", "none_of_these", "cancel", "done", "thanks_but", "wait")}
