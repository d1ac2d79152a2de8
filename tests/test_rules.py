"""Each rule of the ladder by a talk of its own, in which it answers."""

from pathlib import Path

import pytest

from bot.dialogue import LADDER, Dialogue
from bot.turn import Turn
from daoxue.app import App
from daoxue.chat import play
from tests.talk import ten_o_clock

FOLDER = Path(__file__).parent / "conversations" / "rules"
# What no words of a resident lead to: these have tests of their own beside the channel, the seats, their hours and the secrets.
ELSEWHERE = {"seat", "continued", "secret", "known", "ours", "how_answered", "rated"}
NAMES = [rule.__name__ for rule in LADDER]


def test_every_rule_says_what_it_is_and_has_a_talk() -> None:
    assert all(rule.__doc__ for rule in LADDER)
    assert len(set(NAMES)) == len(NAMES)
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(NAMES) - ELSEWHERE


async def test_the_rules(app: App, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """All on one app: composing it takes longer than the talks."""
    reached: set[str] = set()
    respond = Dialogue.respond

    async def noted(self: Dialogue, turn: Turn) -> None:
        await respond(self, turn)
        reached.update(turn.rules)

    monkeypatch.setattr(Dialogue, "respond", noted)
    failed = []
    await app.library.all_read()
    for name in sorted(set(NAMES) - ELSEWHERE):
        reached.clear()
        path = FOLDER / f"{name}.txt"
        status = await play(app, path, path.read_text(encoding="utf-8"), "webchat", ten_o_clock)
        told = capsys.readouterr().out
        if status:
            failed.append(told)
        elif name not in reached:
            failed.append(f"{path}: {name} did not answer")
    assert not failed, "\n".join(failed)
