"""Danger to life: the number that helps comes before everything else, with one thing to do until help is there.

The slot `stage` tells a danger that is certain (none) from one that is only possible (`perhaps`, and `ask` where nothing
else was asked) and one that was told before (`again`, `calm` where help has come or there are thanks, `well` where all is).
"""

import re

from bot.messages import Priority
from bot.turn import Turn
from handlers.emergencies import kind_of

_FIRST = {
    "gas": "119", "smoke": "119", "lift": "119", "shock": "119", "fire": "119", "collapse": "119", "flood": "119",
    "crowd": "110", "ledge": "110", "lost": "110", "stalking": "110", "violence": "110",
}  # fmt: skip
_MEDICAL = "120"
_HURT = {"bleeding", "poison"}  # what somebody has done to themselves already
_OF_ME = re.compile("[我俺][^,，。]{0,6}(?:站|坐|要跳|想死|不想活)")
# 我女儿手腕划了好几道, 我妈说活着没意思: somebody else, in the same breath; not who was left or struck and speaks of themselves.
_OTHERS = (
    "(?:女儿|闺女|姑娘|儿子|孩子|娃|孙[子女]|外孙|老公|老婆|丈夫|妻子|老伴|爱人|对象|[男女]朋友|[爸妈爹娘哥姐弟妹]|爷爷|奶奶|外公|外婆|朋友|同学|同事|邻居|室友"
    "|学[生员]|家里人|[他她](?!们)|(?:son|daughter|child|kid|husband|wife|mother|father|mum|mom|dad|brother|sister|friend))"
)
_LEFT = "走|死了|没了|不在|去世|过世|离婚|不要|打|骂|出轨|病"
_NO_MORE = "不想再?活|活不下去|活够|不如死|死了算|想死|去死"
# What they do or say; and what they are said to want, right behind them: 老公天天喝酒真不想活了 is of who says it.
_OF_ANOTHER = re.compile(
    rf"{_OTHERS}(?:(?!{_LEFT})[^。我俺]){{0,14}}(?:(?:说|讲|觉得|念叨|喊|发|写|哭|闹)[^,，。我俺]{{0,6}}(?:活着|{_NO_MORE})"
    r"|自杀|轻生|想不开|寻短见|跳楼|跳河|割|划|扎自己|留了?[^,，。]{0,3}(?:条子|纸条|字条|信)[^。]{0,4}对不起|遗书|安眠药|自残|自伤|kill|die|suicide|hurt|cut)"
    rf"|{_OTHERS}(?:(?!{_LEFT}|真|实在|太|天天|欠|赌|喝|害|气|吵)[^,，。我俺]){{0,6}}(?:{_NO_MORE})"
)
_OF_ONESELF = re.compile(
    rf"(?:我|俺)(?!的?(?:家|小|大|老|那个?)?{_OTHERS})[^,，。]{{0,5}}(?:不想再?活|自杀|轻生|想不开|跳楼|割腕|手腕|活不下去|活够|想死|去死|陪[他她]|死了算|不如死)"
    r"|\bi (?:want|am going|do not want|don't want)"
)
_BESIDE = "despair_beside"  # what is remembered of somebody else's despair
_UNKNOWN = "emergency"  # what is remembered of a danger whose words tell no kind


async def emergency(turn: Turn) -> None:
    stage = turn.get("stage")
    turn.state.thanked = True  # nobody here is ever asked whether they are content
    if stage in {"perhaps", "ask"}:
        _perhaps_emergency(turn)
    elif stage:
        _emergency_again(turn, stage)
    else:
        kind = kind_of(turn.told)
        turn.say(_said(kind))
        await turn.hand_over("emergency", priority=Priority.DANGER, skill="duty", topic="human_agent")
        turn.in_danger(kind or _UNKNOWN)
    if stage == "ask":
        turn.say("perhaps.ask")
        _offer(turn, "emergency")


async def despair(turn: Turn) -> None:
    stage = turn.get("stage")
    turn.state.thanked = True
    if stage in {"perhaps", "ask"}:
        turn.say("perhaps.despair")
    elif stage == "well":
        turn.say("despair.relief")
    elif stage:
        beside = turn.state.danger is not None and turn.state.danger.kind == _BESIDE
        turn.say("despair.beside_again" if beside else "despair.again", ref=turn.ticket)
    else:
        another = _OF_ANOTHER.search(turn.told) is not None and not _OF_ONESELF.search(turn.told)
        kind = kind_of(turn.told)
        ledge = kind == "ledge" and not _OF_ME.search(turn.told)
        gone = another and kind == "lost"  # nobody can stay with them
        if kind in _HURT and not another:  # the wound first
            turn.say(_said(kind))
        turn.say(_said(kind) if ledge or gone else "despair.beside" if another else "despair")
        await turn.hand_over("despair", priority=Priority.DANGER, skill="care", topic="human_agent")
        turn.in_danger(_BESIDE if another or ledge else "despair")
    if stage == "ask":
        turn.say("perhaps.ask_despair")
        _offer(turn, "despair")


async def no_emergency(turn: Turn) -> None:
    """Chosen, where it was asked."""
    turn.say("no_emergency")


def _said(kind: str | None) -> str:
    return f"emergency.{kind}" if kind else "emergency"


def _perhaps_emergency(turn: Turn) -> None:
    kind = kind_of(turn.told)
    turn.say(f"perhaps.{_FIRST.get(kind, _MEDICAL)}" if kind else "perhaps.emergency")


def _emergency_again(turn: Turn, stage: str) -> None:
    """More is said while help is on its way: never a question whether one is content."""
    danger = turn.state.danger
    kind = danger.kind if danger and danger.kind != _UNKNOWN else None
    if stage in {"well", "calm"}:
        number = _FIRST.get(kind or "", _MEDICAL)
        said = "emergency.relief" if stage == "well" else "emergency.calm"
        turn.say(said, number=number, helpers=turn.line(f"helpers.{number}"))
    else:
        turn.say(_said(kind))
        turn.say("emergency.known", ref=turn.ticket)


def _offer(turn: Turn, danger: str) -> None:
    turn.suggest(danger, detail=turn.heard.text)
    turn.suggest("no_emergency")
