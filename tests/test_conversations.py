"""Transcripts, played through the composed parts; the state is stored and loaded between every two turns."""

from pathlib import Path

import pytest

from daoxue.app import App
from daoxue.chat import play
from integrations.channels import CHANNELS
from tests.talk import ten_o_clock

FOLDER = Path(__file__).parent / "conversations"
SCRIPTS = {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt"))}


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
async def test_transcript(path: Path, either_app: App, capsys: pytest.CaptureFixture[str]) -> None:
    status = await play(either_app, path, SCRIPTS[path], "webchat", ten_o_clock)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("channel", ["sms", "voice"])
@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
async def test_it_is_the_same_talk_on(channel: str, path: Path, app: App, capsys: pytest.CaptureFixture[str]) -> None:
    status = await play(app, path, SCRIPTS[path], channel, ten_o_clock)
    assert status == 0, capsys.readouterr().out


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
    assert await play(app, Path("x"), "> 最近有什么培训班\n< 班\n> 积分能换什么\n< /.+/\n", channel) == 0
