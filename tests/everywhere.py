"""All the platforms of all channels, played around one service, with a resident on each of them."""

import asyncio
import contextlib
import itertools
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import connect

from integrations.forum import settings as forum_settings
from integrations.wecom import settings as wecom_settings
from players import forum_api, telegram_api
from players.forum import Forum
from players.post_office import PostOffice, hand_on
from players.telegram import TelegramPlatform
from players.twilio import api as twilio_api
from players.twilio.carrier import Carrier
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from players.wecom import Corporation
from tests import customer_service, foruming, messenger, official
from tests.conftest import free_port
from tests.mailing import CENTRE, letter, letterbox, words
from tests.official import behind

WITHIN = 60.0  # seconds for what leaves by the queue, on a machine that others use too
_MARK = re.compile("<!-- .* -->")  # of each post another
_numbers = itertools.count(1)


@dataclass
class Everywhere:
    """The platforms, whose webhooks lead to `port`. Whoever asks is somebody new."""

    port: int
    carrier: Carrier
    account: WechatPlatform
    corporation: Corporation
    bot: TelegramPlatform
    forum: Forum
    office: PostOffice = field(default_factory=PostOffice)
    letterbox: str = field(default_factory=letterbox)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ways(self) -> dict[str, Callable[[str], Awaitable[str]]]:
        """By channel: what is answered to a question."""
        return {
            "webchat": self._on_the_page, "wechat": self._in_wechat, "wecom": self._in_wecom, "telegram": self._in_telegram,
            "sms": self._by_text, "voice": self._by_telephone, "mail": self._by_mail, "forum": self._in_the_forum,
        }  # fmt: skip

    async def ask(self, question: str) -> dict[str, str]:
        """On every channel, one after the other."""
        return {channel: await way(question) for channel, way in self.ways.items()}

    async def _on_the_page(self, question: str) -> str:
        return (await self.on_the_page(question))[1]

    async def on_the_page(self, *said: str, visitor: str = "") -> tuple[str, str]:
        """Who says it, and what is answered to the last."""
        told = ""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=WITHIN) as client:
            for text in said:
                body = {"id": uuid.uuid4().hex, "text": text} | ({"visitor": visitor} if visitor else {})
                answer = (await client.post("/channels/webchat", json=body)).raise_for_status().json()
                visitor, told = answer["visitor"], _joined(answer["messages"])
        return visitor, told

    async def reads(self, visitor: str, words: str) -> str:
        """All that the page shows who opens it again, up to these words."""
        shown = list[str]()
        async with connect(f"ws://127.0.0.1:{self.port}/channels/webchat") as socket, asyncio.timeout(WITHIN):
            await socket.send(json.dumps({"type": "hello", "visitor": visitor, "since": None, "lang": "zh"}))
            while not any(words in each for each in shown):
                shown.append(json.loads(await socket.recv()).get("text", ""))
        return "\n".join(shown)

    async def _in_wechat(self, question: str) -> str:
        who = self.account.resident()
        await self.account.say(who, question)
        return "\n".join(each.text for each in await _come(who.seen))

    async def _in_wecom(self, question: str) -> str:
        who = self.corporation.customer()
        await self.corporation.say(who, question)
        await _come(who.seen)
        return "\n".join(who.texts)

    async def _in_telegram(self, question: str) -> str:
        who = self.bot.person()
        await self.bot.say(who, question)
        return "\n".join(each.text for each in await _come(self.bot.chat(who).seen))

    async def _by_text(self, question: str) -> str:
        return "\n".join(await self.carrier.text(f"+86138{next(_numbers):08}", question))

    async def _by_telephone(self, question: str) -> str:
        call = self.carrier.call(f"+86139{next(_numbers):08}")
        heard = [*await call.answer(), *await call.speak(question)]
        await call.hang_up()
        return "\n".join(heard)

    async def _by_mail(self, question: str) -> str:
        sender = f"resident{next(_numbers)}@home.test"
        await hand_on(self.letterbox, CENTRE, letter(question, sender=sender))
        return words((await self.office.got(sender, seconds=WITHIN))[0])

    async def _in_the_forum(self, question: str) -> str:
        post = await self.forum.open(self.forum.member(), question, question, foruming.CATEGORY)
        topic = post.topic
        await _until(lambda: bool(topic.by(self.forum.assistant)))
        return _MARK.sub("", "\n".join(each.raw for each in topic.by(self.forum.assistant)))


def _joined(messages: Sequence[dict[str, Any]]) -> str:
    return "\n".join(each["text"] for each in messages if each["author"] != "resident")


async def _come(seen: "list[Any]") -> "list[Any]":
    """What is on a screen, as soon as there is something."""
    await _until(lambda: bool(seen))
    return seen


async def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < until
        await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def everywhere(port: int) -> AsyncIterator[tuple[Everywhere, dict[str, str]]]:
    """The platforms, and what the environment of the service says of them: addresses and secrets. Which channels are open
    is said by the centre itself."""
    url, ports = f"http://127.0.0.1:{port}", [free_port() for _ in range(5)]
    found = Everywhere(
        port, Carrier(url), WechatPlatform(webhook=f"{url}/channels/wechat"), Corporation(), TelegramPlatform(), Forum()
    )
    found.corporation.hook = f"{url}{wecom_settings.PATH}"
    found.forum.hook, found.forum.limits = f"{url}{forum_settings.PATH}", False
    found.bot.flood = False
    found.carrier.api = f"http://127.0.0.1:{ports[0]}"
    platforms = (
        twilio_api.server(found.carrier), wechat_api.server(found.account), found.corporation.app(),
        telegram_api.server(found.bot), forum_api.server(found.forum),
    )  # fmt: skip
    async with contextlib.AsyncExitStack() as stack:
        for api, its in zip(platforms, ports, strict=True):
            await stack.enter_async_context(behind(api, its))
        smtp = await found.office.open()
        stack.push_async_callback(found.office.close)
        yield found, {"DAOXUE_SERVER__PORT": str(port), "DAOXUE_SERVER__PUBLIC_URL": url} | _said(found, ports, smtp)


def _said(found: Everywhere, ports: Sequence[int], smtp: int) -> dict[str, str]:
    twilio, wechat, wecom, telegram, forum = (f"http://127.0.0.1:{each}" for each in ports)
    stanzas: dict[str, dict[str, str]] = {
        "TWILIO": {"API_BASE": twilio, "SMS_FROM": found.carrier.number, "VOICE_FROM": found.carrier.number},
        "WECHAT": {"API_BASE": wechat, "OPEN_BASE": wechat},
        "WECOM": {"API_BASE": wecom, "ACCOUNT": found.corporation.account},
        "TELEGRAM": {"API_BASE": telegram},
        "FORUM": {
            "BASE": forum, "USERNAME": found.forum.assistant.username, "CATEGORIES": f"[{foruming.CATEGORY}]", "WAIT": "0"
        },
        "MAIL": {
            "ADDRESS": CENTRE, "LMTP": found.letterbox, "SMTP__HOST": "127.0.0.1", "SMTP__PORT": str(smtp), "SMTP__TLS": "none"
        },
    }  # fmt: skip
    return {
        "TWILIO_ACCOUNT_SID": found.carrier.account, "TWILIO_AUTH_TOKEN": found.carrier.token,
        **official.environment(found.account), **customer_service.environment(found.corporation),
        **messenger.environment(found.bot), **foruming.environment(),
    } | {
        f"DAOXUE_CHANNELS__{name}__{key}": value for name, stanza in stanzas.items() for key, value in stanza.items()
    }  # fmt: skip
