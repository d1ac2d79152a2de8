"""徐阿姨 begins by mail, goes on in the web chat, and ends in Telegram: what she reads, and what the desk sees of her.

All of it through the wires: LMTP and SMTP, a page's socket, the Bot API as it is played. What `>` says is said there, and
what `<` says is somewhere in the answer; where nothing follows, nobody answers.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from daoxue.app import App
from daoxue.config import Config
from players.post_office import PostOffice, hand_on
from players.telegram import TelegramUser
from tests.desk_client import Desk, Person
from tests.mailing import CENTRE, letter, letterbox, on_mail, read, words
from tests.messenger import Messenger, eventually, messenger
from tests.service import Page, Service
from tests.test_mine import CARD
from tests.test_one_person import waiting

XU = "xu@home.test"


@dataclass
class OneResident:
    """She, with a mailbox, a browser and a telephone. `told` is what stands for a word in braces."""

    app: App
    office: PostOffice
    letterbox: str
    page: Page
    bot: Messenger
    user: TelegramUser
    told: dict[str, str] = field(default_factory=lambda: {"card": CARD})

    async def by_mail(self, text: str) -> str:
        before = len(self.office.boxes[XU])
        await hand_on(self.letterbox, CENTRE, letter(text, sender=XU))
        got = (await self.office.got(XU, before + 1))[-1]
        return f"{read(got)['Subject']}\n{words(got)}"

    async def on_the_web(self, text: str) -> str:
        id = f"w{len(self.page.heard)}"
        await self.page.send({"type": "message", "id": id, "text": text})
        while (frame := await self.page.receive())["type"] != "ack":
            pass
        while frame["speaker"] != "seat" and not self.page.answers_to(id):
            await self.page.receive()
        return "\n".join(f"{each['text']} {each.get('options')}" for each in self.page.answers_to(id))

    async def in_telegram(self, text: str) -> str:
        chat = self.bot.platform.chat(self.user)
        before = len(chat.seen)
        await self.bot.platform.say(self.user, text, chat)
        await self.bot.settled()
        return "\n".join(each.text for each in chat.seen[before:])

    async def plays(self, transcript: str) -> None:
        """Says what `>` has, and finds in the answer what `<` has."""
        ways: dict[str, Callable[[str], Awaitable[str]]] = {
            "邮件": self.by_mail, "网页": self.on_the_web, "Telegram": self.in_telegram,
        }  # fmt: skip
        way, answer = ways["邮件"], ""
        for line in filter(None, map(str.strip, transcript.splitlines())):
            if line in ways:
                way = ways[line]
            elif line.startswith("> "):
                answer = await way(await self._filled(line[2:]))
            else:
                assert line.startswith("< "), line
                wanted = await self._filled(line[2:])
                assert wanted in answer, f"{wanted} in {answer}"

    async def _filled(self, line: str) -> str:
        """A code is the one that came to the telephone on file last."""
        if "{code}" in line:
            [code, *_] = await self.app.identity.codes(int(self.bot.clock() * 1000))
            self.told["code"] = code.code
        return line.format_map(self.told)


def listening(config: Config) -> Service:
    """Where a page finds what runs in this process."""
    service = Service(config)
    service.config = config
    return service


@pytest.fixture
async def xu(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OneResident]:
    office, at = PostOffice(), letterbox()
    port = await office.open()
    async with messenger(on_mail(config, at, port), monkeypatch, working=True) as bot:
        await eventually(lambda: bot.platform.webhook.get("url"))
        page = Page(listening(bot.app.config))
        await page.open()
        yield OneResident(bot.app, office, at, page, bot, bot.platform.person())
        await page.close()
    await office.close()


async def told(seat: Person, ref: str) -> list[tuple[str, str]]:
    """What a seat reads of a ticket: where it goes on, and elsewhere; each with what the resident said last there."""
    whole = await seat.get(f"/tickets/{ref}")
    talks: list[dict[str, Any]] = [
        {"channel": whole["ticket"]["channel"], "messages": whole["messages"]},
        *whole["elsewhere"],
    ]
    return [
        (talk["channel"], [each["text"] for each in talk["messages"] if each["author"] == "resident"][-1])
        for talk in talks
    ]


async def test_her_way(xu: OneResident) -> None:
    seat = await Desk(xu.app).person()
    group = next(each for each in xu.app.library.catalogue.classes.values() if each.name == "书法班（学院）")
    await xu.plays("""
        邮件
        > 积分会过期吗？
        < 满两年没用的
        > 我有多少学分？
        < 要先核验身份
        > {card}
        < 没有保存。这里核验不了身份
        > 转人工，我报书法班的事
        < 工单号
    """)
    [by_mail] = await waiting(seat)
    await xu.plays("""
        网页
        > 我有多少学分
        < 12位学习卡号
        > {card}
        < 6位验证码
        > {code}
        < 徐**：学分 20 分
        > 有书法班吗
        < 书法班（学院）
        > 第一个
        < 我要报名
        > 给我报名
        < 帮您登记报名书法班（学院）
        > 是的
        < 徐**报上书法班（学院）了
        > 转人工
        < 已为您转人工
    """)
    [ticket] = [each for each in await waiting(seat) if each["ref"] != by_mail["ref"]]
    ref = xu.told["ref"] = ticket["ref"]
    await xu.plays("""
        Telegram
        > 我报的班录取了没有
        < 12位学习卡号
        > {card}
        < 6位验证码
        > {code}
        < 书法班（学院）：已录取
        > 我要报书法班
        < 您问的是哪一个
        > 书法班（学院）
        < 还有 4 个名额
        > 给我报名
        < 不用再报
        > 转人工
        < 在别的渠道上已经在人工队列里了，工单号 {ref}
    """)
    assert xu.app.accounts.enrolments.seen[group.id].taken == group.enrolled + 1, "one place in the class"
    assert [(each["ref"], each["channel"]) for each in await waiting(seat)] == [
        (by_mail["ref"], "mail"),
        (ref, "telegram"),
    ]
    await seat.post(f"/tickets/{ref}/take")
    assert await told(seat, ref) == [("telegram", "转人工"), ("webchat", "转人工")], (
        "one history; here is where they are"
    )
    chat = xu.bot.platform.chat(xu.user)
    await seat.post(f"/tickets/{ref}/messages", {"id": "1", "text": "您好，请讲"})
    await eventually(lambda: "您好，请讲" in chat.seen[-1].text)
    await xu.plays("""
        Telegram
        > 材料费什么时候交
        网页
        > 我在电脑上
    """)
    assert await told(seat, ref) == [("webchat", "我在电脑上"), ("telegram", "材料费什么时候交")]
    await seat.post(f"/tickets/{ref}/messages", {"id": "2", "text": "第一次课交"})
    while (frame := await xu.page.receive()).get("author") != "seat":
        pass
    assert (frame["text"], "第一次课交" in chat.seen[-1].text) == ("第一次课交", False), "once, and where she is"


async def test_what_mail_cannot_prove_stays_apart(xu: OneResident) -> None:
    """Whoever knows an address can write from it, so a mail is not hers until she has said so where she is known: its ticket
    is answered by mail, and nobody reads her talks through it."""
    seat = await Desk(xu.app).person()
    await xu.plays("""
        邮件
        > 转人工
        < 工单号
        网页
        > 我有多少学分
        > {card}
        > {code}
        < 徐**
        > 转人工，我也发过邮件
        < 工单号
    """)
    by_mail, here = await waiting(seat)
    assert by_mail["person"] != here["person"]
    await seat.post(f"/tickets/{by_mail['ref']}/take")
    assert await told(seat, by_mail["ref"]) == [("mail", "转人工")]
    await seat.post(f"/tickets/{by_mail['ref']}/messages", {"id": "1", "text": "请在网页上接着说"})
    assert "请在网页上接着说" in words((await xu.office.got(XU, 3))[-1])
