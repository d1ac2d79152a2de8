"""Each handler by a talk of its own, on each channel: the plain question, all said at once, a follow-up, a correction."""

import re
from pathlib import Path

import pytest

from bot.conversation import Task
from bot.running import Runner
from bot.turn import Turn
from daoxue.app import App
from daoxue.chat import play
from handlers import HANDLERS
from tests.talk import ten_o_clock

FOLDER = Path(__file__).parent / "conversations" / "handlers"
# What no words of a resident lead to in the sample centre.
ELSEWHERE = {
    "not_answered": "the sample centre answers every standard question",
    "nearest_to_me": "a position that the channel knows",
    "rate_service": "stars, after a ticket was closed",
    "bound": "an invitation that was scanned",
    "welcome": "a channel tells that somebody has come",
    "cannot_read": "a recording, a film",
    "sent_file": "a picture or a document",
    "texts_stopped": "the channel of texts reads refusals",
    "texts_resumed": "the channel of texts reads refusals",
    "answer_by": "asked when a ticket is opened after hours",
    "cancelled": "a no, where it is asked whether one is to be enrolled",
}
# After these nothing is left to be asked on: a courtesy, a wish on record, a way to prove who one is.
ENDS = {
    "accept_place", "acknowledge", "callback", "goodbye", "no_emergency", "notices_off", "notices_on", "smalltalk",
    "thanks", "village_wish",
}  # fmt: skip
CHOSEN = {"class"}  # a slot that is filled by a choice, and never by words
# A place with anything beside it is another question; what is none of ours stays so, whatever it is.
WITHOUT = {("about_org", "over-answering"), ("unrelated", "correction")}
NAMES = sorted(HANDLERS.keys() - ELSEWHERE.keys())


def sections(text: str) -> list[str]:
    return re.findall(r"^# (plain|over-answering|follow-up|correction)$", text, re.MULTILINE)


def demanded(intent: str) -> set[str]:
    by_words = any(slot.kinds and not slot.proves and slot.name not in CHOSEN for slot in HANDLERS[intent].slots)
    wanted = {"plain"} | ({"over-answering", "correction"} if by_words else set())
    wanted |= set() if intent in ENDS else {"follow-up"}
    return {each for each in wanted if (intent, each) not in WITHOUT}


def test_every_handler_has_its_talk() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(NAMES)
    assert not ELSEWHERE.keys() - HANDLERS.keys()


@pytest.mark.parametrize("intent", NAMES)
def test_a_talk_has_what_its_row_demands(intent: str) -> None:
    text = (FOLDER / f"{intent}.txt").read_text(encoding="utf-8")
    assert demanded(intent) <= set(sections(text))
    assert text.startswith("# plain\n")
    assert text.count("\n@ 60\n# ") == len(sections(text)) - 1, "an hour lies between two sections"


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The intents that were run."""
    ran: set[str] = set()
    run, aside = Runner.run, Runner.aside

    async def noted(self: Runner, turn: Turn, task: Task, *, remind: bool = True) -> None:
        ran.add(task.intent)
        await run(self, turn, task, remind=remind)

    async def noted_aside(self: Runner, turn: Turn, task: Task) -> bool:
        ran.add(task.intent)
        return await aside(self, turn, task)

    monkeypatch.setattr(Runner, "run", noted)
    monkeypatch.setattr(Runner, "aside", noted_aside)
    return ran


@pytest.mark.parametrize("channel", ["webchat", "sms", "voice"])
async def test_the_talks(channel: str, app: App, reached: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    """All on one app: composing it takes longer than the talks."""
    failed = []
    for intent in NAMES:
        reached.clear()
        path = FOLDER / f"{intent}.txt"
        status = await play(app, path, path.read_text(encoding="utf-8"), channel, ten_o_clock)
        told = capsys.readouterr().out
        if status:
            failed.append(told)
        elif intent not in reached:
            failed.append(f"{path}: {intent} was not reached")
    assert not failed, "\n".join(failed)
