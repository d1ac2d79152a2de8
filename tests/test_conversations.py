"""Transcripts, played through the composed parts; the state is stored and loaded between every two turns."""

from pathlib import Path

import pytest

from daoxue.app import App
from daoxue.chat import play
from integrations.channels import CHANNELS
from tests.talk import ten_o_clock

FOLDER = Path(__file__).parent / "conversations"
SCRIPTS = {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt"))}


async def differing(app: App, channel: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What differs, of all transcripts. They are played on one app: composing it takes longer than the talks."""
    failed = []
    await app.library.all_read()
    for path, script in SCRIPTS.items():
        status = await play(app, path, script, channel, ten_o_clock)
        told = capsys.readouterr().out
        failed += [told] if status else []
    return "\n".join(failed)


async def test_the_transcripts(either_app: App, capsys: pytest.CaptureFixture[str]) -> None:
    assert await differing(either_app, "webchat", capsys) == ""


@pytest.mark.parametrize("channel", ["sms", "voice"])
async def test_it_is_the_same_talk_on(channel: str, app: App, capsys: pytest.CaptureFixture[str]) -> None:
    assert await differing(app, channel, capsys) == ""


async def test_texts_are_refused_in_the_terminal_as_on_a_telephone(
    app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "> 回T\n< 已退订\n> td。\n< /^$/\n> 积分会过期吗\n< /^$/\n> 恢复\n< 已恢复\n> 积分会过期吗\n< 积分\n"
    assert await play(app, Path("x"), script, "sms") == 0, capsys.readouterr().out


async def test_a_transcript_that_differs_is_told(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    assert await play(app, Path("wrong.txt"), "> 你好\n< 火星\n? 9\nnonsense\n", "webchat") == 1
    told = capsys.readouterr().out
    assert "wrong.txt:2: expected: 火星" in told
    assert "wrong.txt:3: expected: 9 choices" in told
    assert "wrong.txt:4: not understood" in told


@pytest.mark.parametrize("channel", sorted(CHANNELS))
async def test_every_channel_says_something(channel: str, app: App) -> None:
    assert await play(app, Path("x"), "> 最近有什么培训班\n< 班\n> 积分能换什么\n< 积分可以换\n", channel) == 0
