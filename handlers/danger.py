"""Danger to life: the number that helps comes before everything else, with one thing to do until help is there.

The slot `stage` tells a danger that is certain (none) from one that is only possible (`perhaps`, and `ask` where nothing
else was asked) and one that was told before (`again`, `calm` where help has come or there are thanks, `well` where all is).
"""

import re

from bot.messages import Priority
from bot.turn import Turn
from handlers.emergencies import kind_of

_FIRST = {
    "gas": "119", "smoke": "119", "lift": "119", "shock": "119", "fire": "119", "collapse": "119",
    "crowd": "110", "ledge": "110", "lost": "110", "stalking": "110", "violence": "110",
}  # fmt: skip
_MEDICAL = "120"
_OF_ME = re.compile("[我俺][^,，。]{0,6}(?:站|坐|要跳|想死|不想活)")
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
        turn.say("despair.again", ref=turn.ticket)
    else:
        turn.say("emergency.ledge" if kind_of(turn.told) == "ledge" and not _OF_ME.search(turn.told) else "despair")
        await turn.hand_over("despair", priority=Priority.DANGER, skill="care", topic="human_agent")
        turn.in_danger("despair")
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
