"""Who may be in what was told, by what is told of them."""

import re

from bot import about
from bot.conversation import Task
from bot.rules.another import LESS
from bot.rules.told import shown
from bot.running import Runner
from bot.turn import Turn

# Whether somebody of whom something is told may come.
_MAY = re.compile(
    "(?:也|还|就)?(?:想|要)(?:来|去|学|报|参加|上)(?:个|一个)?(?=[,，])|[,，]?(?:能不能|可不可以|能|可以|够不够|收不)?(?:去|来|学|报名?|参加|上|收|够)?(?:行不行|行|成不成|成|中不中|中|可以|要得)?[吗么嘛不没]?[呀啊呢]?[?？]?$"
)


_ASKS_WHETHER = re.compile("能|可以|收|行|成|够")


async def suits(run: Runner, turn: Turn) -> bool:
    """我才四十, after a class and no question of who asks: whether they may be in it, and what it costs them."""
    if len(turn.state.shown) != 1:
        return False
    folded = turn.heard.folded
    pays = about.names_grounds(folded)  # 低保户呢
    less = pays and LESS.search(folded) is not None  # 我是退伍军人能便宜不
    who = _MAY.sub("", folded)  # 我老公也想来，他有工作的 of 我老公也想来，他有工作的，行不
    if not (less or about.comes_along(folded) or about.tells_only(who, turn.heard.entities)):
        return False
    kind, id = shown(turn)[0]
    last = run.row(turn.state.last)
    if (
        kind not in {"class", "course"}
        or run.waiting(turn.state)
        or (last is not None and last.by_whom and who == folded and not (less or pays))
    ):
        return False
    if turn.state.facts.grounds and (less or not _ASKS_WHETHER.search(folded)):  # which is what they say it for
        return await run.aside(turn, Task("class_fee", {kind: id}))
    return await run.aside(turn, Task("fact", {"aspect": "eligible", "of": f"{kind}:{id}"}))
