"""The platform towards an account's webhook: what residents do is delivered, and what comes back appears on their screens."""

import asyncio
import base64
import itertools
import secrets
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from hashlib import sha1
from typing import Literal

import httpx
from wechatpy.crypto import WeChatCrypto

from players.wechat.residents import STRAIGHT, OnScreen, Passage, Posted, Resident, Window

Mode = Literal["plain", "compatible", "secure"]
Json = dict[str, object]
MEDIA_LASTS = 3 * 86_400  # seconds that what residents send can be fetched
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)  # enough to be known as one
MESSAGE, MENU = (5, 48 * 3600), (3, 60)  # customer-service messages, within so many seconds
LONGEST = 2048  # bytes of a text
PATIENCE, DELIVERIES = 5.0, 3  # seconds for a response; how often a message is delivered
OUT_OF_ORDER = "该公众号暂时无法提供服务，请稍后再试"
_numbers = itertools.count(7_300_000_000_000_000_001)


class WechatPlatform:
    """The platform, one account on it, and its residents. `clock` in seconds; `patience` replaces the five seconds, and
    `again` those from a delivery to the next, where that comes sooner."""

    def __init__(
        self, *, app_id: str = "wx0123456789abcdef", secret: str = "", token: str = "", aes_key: str = "", mode: Mode = "secure",
        webhook: str = "", clock: Callable[[], float] = time.time, patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        self.app_id = app_id
        self.secret = secret or secrets.token_hex(16)
        self.token = token or secrets.token_hex(8)
        self.aes_key = aes_key or base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=").replace(
            "+", "A"
        ).replace("/", "B")
        self.mode: Mode = mode
        self.account = "gh_" + secrets.token_hex(6)
        self.webhook = webhook
        self.clock = clock
        self.patience = patience
        self.again = patience
        self.residents: dict[str, Resident] = {}
        self.calls: Counter[str] = Counter()
        self.faults: defaultdict[str, list[object]] = defaultdict(
            list
        )  # by call: an error's code, or html, empty, hang, 502
        self.forbidden: set[str] = set()
        self.daily = 500_000  # calls of a kind in a day
        self.menus_allowed = True
        self.menu: Mapping[str, object] | None = None
        self.visitor: str | None = None  # who opens the pages
        self.virtual = False
        self.tokens: dict[str, float] = {}
        self.codes: dict[str, tuple[str, float]] = {}
        self.scenes: dict[str, tuple[str, float]] = {}
        self.media: set[str] = set()
        self.sent: dict[str, tuple[bytes, float]] = {}  # by residents, and until when it can be fetched
        self.listeners: list[Callable[[Resident, OnScreen], None]] = []

    # -- residents

    def resident(self, openid: str = "") -> Resident:
        openid = openid or "o" + secrets.token_urlsafe(20).replace("-", "x").replace("_", "y")
        return self.residents.setdefault(openid, Resident(openid))

    async def say(self, who: Resident, text: str, way: Passage = STRAIGHT, id: str = "") -> list[OnScreen]:
        """Types something; what appears on the screen because of it. `id` is the message's, where that is to be known."""
        return await self._message(who, "text", f"<Content><![CDATA[{text}]]></Content>", way=way, id=id)

    async def choose(self, who: Resident, content: str, id: str, way: Passage = STRAIGHT) -> list[OnScreen]:
        """Touches a choice in a message's menu: for the quota that is no message."""
        extra = f"<Content><![CDATA[{content}]]></Content><bizmsgmenuid>{id}</bizmsgmenuid>"
        return await self._message(who, "text", extra, counts=False, way=way)

    async def speak(self, who: Resident, recognition: str = "", way: Passage = STRAIGHT) -> list[OnScreen]:
        extra = f"<MediaId><![CDATA[{secrets.token_hex(8)}]]></MediaId><Format><![CDATA[amr]]></Format><Recognition><![CDATA[{recognition}]]></Recognition>"
        return await self._message(who, "voice", extra, way=way)

    async def show_picture(self, who: Resident, way: Passage = STRAIGHT, picture: bytes = JPEG) -> list[OnScreen]:
        media = secrets.token_urlsafe(48)
        self.sent[media] = picture, self.clock() + MEDIA_LASTS
        extra = f"<PicUrl><![CDATA[http://mmbiz.qpic.cn/x]]></PicUrl><MediaId><![CDATA[{media}]]></MediaId>"
        return await self._message(who, "image", extra, way=way)

    async def send_location(self, who: Resident, north: float, east: float, way: Passage = STRAIGHT) -> list[OnScreen]:
        extra = f"<Location_X>{north}</Location_X><Location_Y>{east}</Location_Y><Scale>20</Scale><Label><![CDATA[某处]]></Label>"
        return await self._message(who, "location", extra, way=way)

    async def subscribe(self, who: Resident, scene: str = "", way: Passage = STRAIGHT) -> list[OnScreen]:
        who.follows = True
        who.menu = Window(MENU[0], self.clock() + MENU[1])
        extra = (
            f"<EventKey><![CDATA[qrscene_{scene}]]></EventKey><Ticket><![CDATA[t]]></Ticket>"
            if scene
            else "<EventKey></EventKey>"
        )
        return await self.event(who, "subscribe", extra, way=way)

    async def unsubscribe(self, who: Resident) -> list[OnScreen]:
        who.follows = False
        return await self.event(who, "unsubscribe", "<EventKey></EventKey>")

    async def click(self, who: Resident, key: str, way: Passage = STRAIGHT) -> list[OnScreen]:
        who.menu = Window(MENU[0], self.clock() + MENU[1])
        return await self.event(who, "CLICK", f"<EventKey><![CDATA[{key}]]></EventKey>", way=way)

    async def scan(self, who: Resident, url: str, way: Passage = STRAIGHT) -> list[OnScreen]:
        """Scans a code that the account had made."""
        scene, until = self.scenes[url]
        if self.clock() > until:
            return []
        if not who.follows:
            return await self.subscribe(who, scene, way=way)
        who.menu = Window(MENU[0], self.clock() + MENU[1])
        extra = f"<EventKey><![CDATA[{scene}]]></EventKey><Ticket><![CDATA[t]]></Ticket>"
        return await self.event(who, "SCAN", extra, way=way)

    async def event(self, who: Resident, name: str, extra: str = "", way: Passage = STRAIGHT) -> list[OnScreen]:
        who.touched = self.clock()
        body = f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>{extra}"
        return await self._deliver(who, body, way)

    async def _message(
        self, who: Resident, kind: str, extra: str, *, counts: bool = True, way: Passage = STRAIGHT, id: str = ""
    ) -> list[OnScreen]:
        who.touched = self.clock()
        window = Window(MESSAGE[0], self.clock() + MESSAGE[1]) if counts else Window(MENU[0], self.clock() + MENU[1])
        if counts:
            who.message = window
        else:
            who.menu = window
        body = f"<MsgType><![CDATA[{kind}]]></MsgType>{extra}<MsgId>{id or next(_numbers)}</MsgId>"
        return await self._deliver(who, body, way)

    # -- towards the webhook

    def letter(self, who: Resident, body: str, *, at: float | None = None) -> Posted:
        """A message as it will be delivered, each time the same."""
        at = self.clock() if at is None else at
        xml = (
            f"<xml><ToUserName><![CDATA[{self.account}]]></ToUserName><FromUserName><![CDATA[{who.openid}]]></FromUserName>"
            f"<CreateTime>{int(at)}</CreateTime>{body}</xml>"
        )
        return self.sealed(xml, who.openid, at)

    def sealed(self, xml: str, openid: str, at: float) -> Posted:
        stamp, nonce = str(int(at)), str(secrets.randbelow(10**10))
        query = {"signature": _sign(self.token, stamp, nonce), "timestamp": stamp, "nonce": nonce, "openid": openid}
        if self.mode != "plain":
            crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
            wrapped = ElementTree.fromstring(crypto.encrypt_message(xml, nonce, stamp))  # noqa: S314 - our own
            cipher = wrapped.findtext("Encrypt") or ""
            query |= {"encrypt_type": "aes", "msg_signature": _sign(self.token, stamp, nonce, cipher)}
            plain = xml.removeprefix("<xml>").removesuffix("</xml>") if self.mode == "compatible" else ""
            head = "" if plain else f"<ToUserName><![CDATA[{self.account}]]></ToUserName>"
            xml = f"<xml>{head}{plain}<Encrypt><![CDATA[{cipher}]]></Encrypt></xml>"
        return Posted(f"{self.webhook}?{urllib.parse.urlencode(query)}", xml.encode())

    async def _deliver(self, who: Resident, body: str, way: Passage) -> list[OnScreen]:
        return await self.deliver(who, self.letter(who, body, at=way.at), way)

    async def deliver(self, who: Resident, letter: Posted, way: Passage = STRAIGHT) -> list[OnScreen]:
        """Delivers until there is a response, three times at most; what appears on the screen because of it."""
        before = len(who.seen)
        for number in range(DELIVERIES):
            patience = way.cut if way.cut is not None and number == 0 else self.patience
            began = time.monotonic()
            response = await self._post(letter, patience)
            if response is not None and number >= way.lose:
                self._show(who, letter, response)
                return who.seen[before:]
            pause = min(self.again, self.patience) - (time.monotonic() - began)
            await asyncio.sleep(max(0.0, pause) if number < DELIVERIES - 1 else 0)
        self._appear(who, OnScreen("broken", "text", OUT_OF_ORDER))
        return who.seen[before:]

    async def _post(self, letter: Posted, patience: float) -> httpx.Response | None:
        try:
            async with httpx.AsyncClient(timeout=patience, trust_env=False) as client:
                async with asyncio.timeout(patience):
                    response = await client.post(letter.url, content=letter.body, headers={"content-type": "text/xml"})
        except (httpx.HTTPError, TimeoutError):
            return None
        letter.responses.append(response.text)
        return response

    def _show(self, who: Resident, letter: Posted, response: httpx.Response) -> None:
        """What a response does to the screen."""
        text = response.text
        if response.status_code == 200 and text in ("success", ""):
            return
        try:
            if response.status_code != 200:
                raise ValueError(response.status_code)
            self._appear(who, self.read(text, who.openid))
        except (ValueError, ElementTree.ParseError):
            self._appear(who, OnScreen("broken", "text", OUT_OF_ORDER))

    def read(self, text: str, openid: str) -> OnScreen:
        """A response's message, checked as the platform does. Raises `ValueError` and `ParseError`."""
        root = ElementTree.fromstring(text)  # noqa: S314 - of the account under test
        cipher = root.findtext("Encrypt")
        if self.mode == "secure" and cipher is None:
            raise ValueError("not encrypted")
        if cipher is not None:
            stamp, nonce = root.findtext("TimeStamp") or "", root.findtext("Nonce") or ""
            crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
            root = ElementTree.fromstring(crypto.decrypt_message(text, root.findtext("MsgSignature"), stamp, nonce))  # noqa: S314
        if root.findtext("ToUserName") != openid or root.findtext("FromUserName") != self.account:
            raise ValueError("addresses")
        if not (root.findtext("CreateTime") or "").isdigit():
            raise ValueError("CreateTime")
        kind = root.findtext("MsgType")
        if kind == "text":
            content = root.findtext("Content") or ""
            if not content or len(content.encode()) > LONGEST:
                raise ValueError("Content")
            return OnScreen("passive", "text", content)
        if kind == "news":
            items = root.findall("Articles/item")
            if root.findtext("ArticleCount") != "1" or len(items) != 1:
                raise ValueError("articles")
            title, about = items[0].findtext("Title") or "", items[0].findtext("Description") or ""
            return OnScreen("passive", "news", f"{title}\n{about}", url=items[0].findtext("Url") or "")
        raise ValueError("MsgType")

    def _appear(self, who: Resident, seen: OnScreen) -> None:
        who.seen.append(seen)
        for listener in self.listeners:
            listener(who, seen)

    # -- customer service

    def revoke_tokens(self) -> None:
        """All that were given out are no good any more."""
        self.tokens.clear()

    def custom(self, body: Json) -> Json:
        """A customer-service message, to who may still have one."""
        who = self.residents.get(str(body.get("touser")))
        kind = str(body.get("msgtype"))
        if who is None:
            return code(40003, "invalid openid")
        content = body.get(kind)
        if not isinstance(content, dict):
            return code(40008, "invalid message type")
        if (wrong := self._unsendable(kind, content)) is not None:
            return wrong
        if not who.follows:
            return code(45015, "response out of time limit or subscription is canceled")
        now = self.clock()
        open_windows = [each for each in (who.menu, who.message) if each is not None and each.until >= now]
        if not open_windows:
            return code(45015, "response out of time limit or subscription is canceled")
        window = next((each for each in open_windows if each.left > 0), None)
        if window is None:
            return code(45047, "out of response count limit")
        window.left -= 1
        self._appear(who, _as_seen(kind, content))
        return {}

    def _unsendable(self, kind: str, content: Mapping[str, object]) -> Json | None:
        if kind == "text":
            return (
                code(45002, "content size out of limit")
                if len(str(content.get("content")).encode()) > LONGEST
                else None
            )
        if kind == "news":
            articles = content.get("articles")
            return (
                None if isinstance(articles, list) and len(articles) == 1 else code(45008, "article size out of limit")
            )
        if kind == "msgmenu":
            items = content.get("list")
            if not self.menus_allowed:
                return code(40200, "invalid msgmenu")
            return None if isinstance(items, list) and 0 < len(items) <= 10 else code(45098, "msgmenu too long")
        if kind == "image":
            return None if content.get("media_id") in self.media else code(40007, "invalid media_id")
        return code(40008, "invalid message type")


def _as_seen(kind: str, content: Mapping[str, object]) -> OnScreen:
    if kind == "text":
        return OnScreen("custom", kind, str(content["content"]))
    if kind == "news":
        articles = content["articles"]
        assert isinstance(articles, list)
        return OnScreen(
            "custom", kind, f"{articles[0]['title']}\n{articles[0]['description']}", url=str(articles[0]["url"])
        )
    if kind == "msgmenu":
        items = content["list"]
        assert isinstance(items, list)
        return OnScreen("custom", kind, str(content.get("head_content")), [str(each["content"]) for each in items])
    return OnScreen("custom", kind, f"[{kind}]")


def _sign(*parts: str) -> str:
    return sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - the protocol's


def code(number: int, message: str) -> Json:
    """What a call that is refused is answered."""
    return {"errcode": number, "errmsg": message}
