"""The forum in the terminal: every command is something that happens, and the settings are those of the channel."""

import pytest

from daoxue import play_forum
from daoxue.config import SETTINGS, Config, read
from integrations.forum.settings import ForumSettings
from tests.foruming import foruming


async def test_in_the_terminal_every_command_is_something_that_happens(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with foruming(config, monkeypatch) as talk:
        page, forum = play_forum.Browser(talk.forum), talk.forum
        for line in ("积分会过期吗", "/topic 请教 几点开门？", "书法晚间班几点上课"):
            await page._do(line)
            await talk.deliver()
        for line in ("/other 我也想知道", "/staff 晚上七点", "/rename 书法班", "/edit 书法晚间班在哪里上课", "/raw"):
            await page._do(line)
            await talk.deliver()
        topic = list(forum.topics.values())[-1]
        assert [topic.title, topic.posts[-1].by.staff, len(forum.topics)] == ["书法班", True, 2]
        for line in ("/delete", "/close", "/flood", "/lose", "/html"):
            await page._do(line)
        assert topic.closed
        assert [len(forum.faults[kind]) for kind in ("reply", "topic")] == [2, 1]
        shown = capsys.readouterr().out
        assert "daoxue\x1b[0m（积分会过期吗 #2）\n  会。积分" in shown
        assert "<!-- dx:" in shown


async def test_what_is_played_is_what_the_channel_is_set_to(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with foruming(config, monkeypatch) as talk:
        settings = play_forum._settings(talk.forum, 1, 2, "/tmp")
    found = read(SETTINGS, {name: value for name, value in settings.items() if name.startswith("DAOXUE_")})
    assert found.channels.of(ForumSettings) == ForumSettings(
        enabled=True,
        base="http://127.0.0.1:2",
        username="daoxue",
        categories=(play_forum.CATEGORY,),
        wait=play_forum.WAIT,
    )


async def test_there_is_nothing_to_change_before_something_is_written(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with foruming(config, monkeypatch) as talk:
        for line in ("/edit 改", "/delete", "/other 我也是", "/nothing"):
            with pytest.raises((ValueError, KeyError)):
                await play_forum.Browser(talk.forum)._do(line)
