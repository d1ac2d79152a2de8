"""`daoxue forum play`: a forum of our own, with a resident who writes in it in the terminal, and others beside."""

import argparse
from pathlib import Path

from daoxue.config import read
from daoxue.play import Command, beside, common, done, free, typed, until_left
from integrations.forum.settings import PATH
from players import forum_api
from players.forum import Forum, Member, Written, flood

CATEGORY = 5
WAIT = 2  # seconds, instead of thirty: long enough to mend a slip, and nobody falls asleep
HELP = """直接打字就是居民在话题里跟帖；还没有话题时，就用这句话开一个。也可以：
  /topic 标题 正文 开新话题   /edit 文字 改自己最后一帖   /delete 删自己最后一帖   /rename 标题 改话题的标题
  /other 文字 另一位居民接话   /staff 文字 版主答了   /close 话题关闭   /raw 看我们最后一帖的原文
  /flood 下一帖被限流 5 秒   /lose 下一帖的回执丢在路上   /html 接口回一次网页   /help   /quit"""


def play(arguments: argparse.Namespace) -> int:
    """Until the resident leaves."""
    return until_left(_play(arguments.config))


async def _play(path: Path) -> int:
    read(path)
    port, forum = free(), Forum()
    forum.hook = f"http://127.0.0.1:{port}{PATH}"

    async def use(url: str, folder: str) -> None:
        print(HELP)
        await Browser(forum).talk()

    return await beside(
        path, forum_api.server(forum), port, lambda folder, api_port: _settings(forum, port, api_port, folder), use
    )


def _settings(forum: Forum, port: int, api_port: int, folder: str) -> dict[str, str]:
    """A service of its own, with a database that goes with it."""
    prefix = "DAOXUE_CHANNELS__FORUM__"
    return {
        **common(port, folder), "FORUM_API_KEY": forum.key, "FORUM_WEBHOOK_SECRET": forum.secret, f"{prefix}ENABLED": "true",
        f"{prefix}BASE": f"http://127.0.0.1:{api_port}", f"{prefix}USERNAME": forum.assistant.username,
        f"{prefix}CATEGORIES": f"[{CATEGORY}]", f"{prefix}WAIT": str(WAIT),
    }  # fmt: skip


class Browser:
    """What one resident sees of a topic, and writes into it."""

    def __init__(self, forum: Forum) -> None:
        self._forum = forum
        self._me, self._other, self._staff = forum.member(), forum.member(), forum.member("moderator", staff=True)
        self._mine: Written | None = None  # the last post
        self._answer = ""  # as we wrote it
        forum.listeners.append(self._show)

    async def talk(self) -> None:
        await typed(self._do, HELP)

    async def _do(self, line: str) -> None:
        """Raises `ValueError`, `KeyError`, `IndexError` for what is not understood."""
        await done(line, self._say, self._commands())

    def _commands(self) -> dict[str, Command]:
        forum = self._forum

        async def fails(kind: str, fault: object) -> None:
            forum.faults[kind].append(fault)

        async def close() -> None:
            self._last().topic.closed = True

        async def raw() -> None:
            print(self._answer)

        async def help() -> None:
            print(HELP)

        return {
            "topic": lambda rest: self._open(rest[0], " ".join(rest[1:]) or rest[0]),
            "edit": lambda rest: forum.edit(self._last(), " ".join(rest)), "delete": lambda _: forum.delete(self._last()),
            "rename": lambda rest: forum.rename(self._last().topic, " ".join(rest)),
            "other": lambda rest: self._beside(self._other, " ".join(rest)),
            "staff": lambda rest: self._beside(self._staff, " ".join(rest)),
            "close": lambda _: close(), "raw": lambda _: raw(), "flood": lambda _: fails("reply", flood(5)),
            "lose": lambda _: fails("reply", "lost"), "html": lambda _: fails("topic", "html"), "help": lambda _: help(),
        }  # fmt: skip

    async def _say(self, text: str) -> None:
        if self._mine is None or self._mine.topic.deleted:
            return await self._open(text, text)
        self._mine = await self._forum.write(self._me, self._mine.topic, text)

    async def _open(self, title: str, raw: str) -> None:
        self._mine = await self._forum.open(self._me, title, raw, CATEGORY)

    async def _beside(self, who: Member, text: str) -> None:
        """Somebody else answers the resident."""
        mine = self._last()
        await self._forum.write(who, mine.topic, text, mine)

    def _last(self) -> Written:
        """Raises `ValueError` where nothing was written yet."""
        if self._mine is None:
            raise ValueError("there is no topic yet")
        return self._mine

    def _show(self, post: Written) -> None:
        """What appears in the topic."""
        self._answer = post.raw
        to = f" 答 #{post.to}" if post.to else ""
        print(
            f"\n\033[33m{post.by.username}\033[0m（{post.topic.title} #{post.number}{to}）\n  "
            + post.raw.replace("\n", "\n  ")
        )
