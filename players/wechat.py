"""WeChat, played: its servers towards an account's webhook and the API that an account calls, with the platform's
signatures, limits, lifetimes and error codes; and residents with a telephone in hand.

Built from the platform's documentation and from what was observed of it (developers.weixin.qq.com/doc/service), not from
our adapter: encryption and signatures are wechatpy's. Whatever can go wrong out there can be asked for: slow or cut
connections, deliveries that come again, answers that are HTML, empty, or never come.
"""

import asyncio
import base64
import itertools
import json
import secrets
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Literal

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from wechatpy.crypto import WeChatCrypto

Mode = Literal["plain", "compatible", "secure"]
TOKEN_LASTS, OVERLAP = 7200, 300  # seconds
MEDIA_LASTS = 3 * 86_400  # seconds that what residents send can be fetched
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)  # enough to be known as one
MESSAGE, MENU = (5, 48 * 3600), (3, 60)  # customer-service messages, within so many seconds
LONGEST = 2048  # bytes of a text
PATIENCE, DELIVERIES = 5.0, 3  # seconds for a response; how often a message is delivered
OUT_OF_ORDER = "该公众号暂时无法提供服务，请稍后再试"
CALLBACK_ADDRESSES = ["101.226.103.0/25", "140.207.54.0/25"]
_numbers = itertools.count(7_300_000_000_000_000_001)


@dataclass
class OnScreen:
    """Something on a resident's screen. `way`: passive, custom, or broken where the account failed them."""

    way: str
    kind: str
    text: str
    options: list[str] = field(default_factory=list)
    url: str = ""


@dataclass
class Window:
    """So many messages, until then (seconds)."""

    left: int
    until: float


@dataclass
class Resident:
    """A follower with what is on their screen."""

    openid: str
    follows: bool = False
    seen: list[OnScreen] = field(default_factory=list)
    message: Window | None = None
    menu: Window | None = None
    typing_until: float = 0.0
    touched: float = 0.0


@dataclass(frozen=True)
class Passage:
    """What happens between the platform and the account: so many responses do not arrive; the first connection is cut
    after so many seconds; the platform's clock says something else."""

    lose: int = 0
    cut: float | None = None
    at: float | None = None


STRAIGHT = Passage()


@dataclass
class Posted:
    """One message on its way to the account: what is sent is the same each time."""

    url: str
    body: bytes
    responses: list[str] = field(default_factory=list)


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
        self._tokens: dict[str, float] = {}
        self._codes: dict[str, tuple[str, float]] = {}
        self._scenes: dict[str, tuple[str, float]] = {}
        self._media: set[str] = set()
        self._sent: dict[str, tuple[bytes, float]] = {}  # by residents, and until when it can be fetched
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
        self._sent[media] = picture, self.clock() + MEDIA_LASTS
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
        scene, until = self._scenes[url]
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

    # -- the API

    def app(self) -> Starlette:
        """The API, and the page on which one signs in."""
        calls: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
            "message/custom/send": lambda body: self._custom(body), "message/custom/typing": self._typing,
            "menu/create": self._create_menu, "qrcode/create": self._qrcode, "getcallbackip": lambda _: {"ip_list": CALLBACK_ADDRESSES},
            "openapi/quota/get": self._quota,
        }  # fmt: skip
        routes = [
            Route(f"/cgi-bin/{name}", self._endpoint(name, work), methods=["GET", "POST"])
            for name, work in calls.items()
        ]
        return Starlette(
            routes=[
                *routes,
                Route("/cgi-bin/stable_token", self._stable_token, methods=["POST"]),
                Route("/cgi-bin/media/get", self._get_media),
                Route("/cgi-bin/media/upload", self._upload, methods=["POST"]),
                Route("/sns/oauth2/access_token", self._session),
                Route("/connect/oauth2/authorize", self._authorize),
            ]
        )

    def _endpoint(
        self, name: str, work: Callable[[dict[str, object]], dict[str, object]]
    ) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            if (fault := await self._fault(name)) is not None:
                return fault
            if (refused := self._unauthorised(request)) is not None:
                return refused
            if name in self.forbidden:
                return _error(48001, "api unauthorized")
            body: dict[str, object] = {}
            if request.method == "POST":
                try:
                    body = json.loads(await request.body())
                except ValueError:
                    return _error(47001, "data format error")
            return JSONResponse({"errcode": 0, "errmsg": "ok", **work(body)})

        return answer

    async def _fault(self, name: str) -> Response | None:
        self.calls[name] += 1
        if not self.faults[name]:
            return None
        fault = self.faults[name].pop(0)
        if fault == "html":
            return HTMLResponse("<html><body>系统繁忙</body></html>")
        if fault == "empty":
            return PlainTextResponse("")
        if fault == "502":
            return PlainTextResponse("bad gateway", 502)
        if fault == "hang":
            await asyncio.sleep(60)
        return _error(int(str(fault)) if str(fault).lstrip("-").isdigit() else -1, "as asked")

    def _unauthorised(self, request: Request) -> Response | None:
        token = request.query_params.get("access_token")
        if token is None:
            return _error(41001, "access_token missing")
        until = self._tokens.get(token)
        if until is None:
            return _error(40001, "invalid credential, access_token is invalid or not latest")
        return _error(42001, "access_token expired") if self.clock() > until else None

    async def _stable_token(self, request: Request) -> Response:
        if (fault := await self._fault("stable_token")) is not None:
            return fault
        body = json.loads(await request.body())
        if body.get("grant_type") != "client_credential" or body.get("appid") != self.app_id:
            return _error(40013, "invalid appid")
        if body.get("secret") != self.secret:
            return _error(40125, "invalid appsecret")
        now = self.clock()
        good = {token: until for token, until in self._tokens.items() if until - OVERLAP > now}
        if not good or body.get("force_refresh"):
            if body.get("force_refresh"):
                self._tokens.clear()
            good = {secrets.token_hex(32): now + TOKEN_LASTS}
            self._tokens |= good
        token, until = next(iter(good.items()))
        return JSONResponse({"access_token": token, "expires_in": int(until - now)})

    def _quota(self, body: dict[str, object]) -> dict[str, object]:
        path = str(body.get("cgi_path"))
        if not path.startswith("/cgi-bin/"):
            return _code(76003, "cgi_path not found, please check")
        used = min(self.calls[path.removeprefix("/cgi-bin/")], self.daily)
        return {"quota": {"daily_limit": self.daily, "used": used, "remain": self.daily - used}}

    def revoke_tokens(self) -> None:
        """All that were given out are no good any more."""
        self._tokens.clear()

    def _custom(self, body: dict[str, object]) -> dict[str, object]:
        who = self.residents.get(str(body.get("touser")))
        kind = str(body.get("msgtype"))
        if who is None:
            return _code(40003, "invalid openid")
        content = body.get(kind)
        if not isinstance(content, dict):
            return _code(40008, "invalid message type")
        if (wrong := self._unsendable(kind, content)) is not None:
            return wrong
        if not who.follows:
            return _code(45015, "response out of time limit or subscription is canceled")
        now = self.clock()
        open_windows = [each for each in (who.menu, who.message) if each is not None and each.until >= now]
        if not open_windows:
            return _code(45015, "response out of time limit or subscription is canceled")
        window = next((each for each in open_windows if each.left > 0), None)
        if window is None:
            return _code(45047, "out of response count limit")
        window.left -= 1
        self._appear(who, _as_seen(kind, content))
        return {}

    def _unsendable(self, kind: str, content: Mapping[str, object]) -> dict[str, object] | None:
        if kind == "text":
            return (
                _code(45002, "content size out of limit")
                if len(str(content.get("content")).encode()) > LONGEST
                else None
            )
        if kind == "news":
            articles = content.get("articles")
            return (
                None if isinstance(articles, list) and len(articles) == 1 else _code(45008, "article size out of limit")
            )
        if kind == "msgmenu":
            items = content.get("list")
            if not self.menus_allowed:
                return _code(40200, "invalid msgmenu")
            return None if isinstance(items, list) and 0 < len(items) <= 10 else _code(45098, "msgmenu too long")
        if kind == "image":
            return None if content.get("media_id") in self._media else _code(40007, "invalid media_id")
        return _code(40008, "invalid message type")

    def _typing(self, body: dict[str, object]) -> dict[str, object]:
        who, now = self.residents.get(str(body.get("touser"))), self.clock()
        if who is None:
            return _code(40003, "invalid openid")
        if now - who.touched > 30:
            return _code(45080, "client msg required within 30s")
        if body.get("command") == "Typing":
            if who.typing_until > now:
                return _code(45081, "already typing")
            who.typing_until = now + 15
        else:
            who.typing_until = 0
        return {}

    def _create_menu(self, body: dict[str, object]) -> dict[str, object]:
        buttons = body.get("button")
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
            return _code(40016, "invalid button size")
        for button in buttons:
            if len(str(button.get("name")).encode()) > 16 or not button.get("name"):
                return _code(40018, "invalid button name size")
            if button.get("type") == "click" and not 0 < len(str(button.get("key", "")).encode()) <= 128:
                return _code(40019, "invalid button key size")
        self.menu = body
        return {}

    def _qrcode(self, body: dict[str, object]) -> dict[str, object]:
        info = body.get("action_info")
        scene = str(info["scene"]["scene_str"]) if isinstance(info, dict) else ""
        seconds = int(str(body.get("expire_seconds", 60)))
        if body.get("action_name") != "QR_STR_SCENE" or not 1 <= len(scene) <= 64 or not 1 <= seconds <= 2_592_000:
            return _code(40053, "invalid action info")
        url = f"http://weixin.qq.com/q/{secrets.token_urlsafe(16)}"
        self._scenes[url] = scene, self.clock() + seconds
        return {"ticket": secrets.token_urlsafe(48), "expire_seconds": seconds, "url": url}

    async def _upload(self, request: Request) -> Response:
        if (fault := await self._fault("media/upload")) is not None:
            return fault
        if (refused := self._unauthorised(request)) is not None:
            return refused
        async with request.form() as form:
            media = form.get("media")
            if request.query_params.get("type") != "image" or media is None or isinstance(media, str):
                return _error(40004, "invalid media type")
            if len(await media.read()) > 10 << 20:
                return _error(40009, "invalid image size")
        id = secrets.token_urlsafe(32)
        self._media.add(id)
        return JSONResponse({"type": "image", "media_id": id, "created_at": int(self.clock())})

    async def _get_media(self, request: Request) -> Response:
        if (fault := await self._fault("media/get")) is not None:
            return fault
        if (refused := self._unauthorised(request)) is not None:
            return refused
        content, until = self._sent.get(request.query_params.get("media_id", ""), (b"", 0.0))
        if self.clock() > until:
            return _error(40007, "invalid media_id")
        headers = {"content-disposition": 'attachment; filename="MEDIA_ID.jpg"'}
        return Response(content, media_type="image/jpeg", headers=headers)

    async def _authorize(self, request: Request) -> Response:
        """The page that knows, on the resident's telephone, who they are."""
        asked = request.query_params
        if asked.get("appid") != self.app_id or asked.get("response_type") != "code" or self.visitor is None:
            return PlainTextResponse("参数错误", 400)
        code = secrets.token_hex(16)
        self._codes[code] = self.visitor, self.clock() + 300
        there = asked["redirect_uri"]
        mark = "&" if "?" in there else "?"
        return RedirectResponse(
            f"{there}{mark}{urllib.parse.urlencode({'code': code, 'state': asked.get('state', '')})}", 302
        )

    async def _session(self, request: Request) -> Response:
        if (fault := await self._fault("sns/oauth2")) is not None:
            return fault
        asked = request.query_params
        if asked.get("appid") != self.app_id or asked.get("secret") != self.secret:
            return _error(40125, "invalid appsecret")
        openid, until = self._codes.pop(asked.get("code", ""), ("", 0.0))
        if not openid or self.clock() > until:
            return _error(40029, "invalid code")
        found: dict[str, object] = {
            "access_token": secrets.token_hex(16),
            "expires_in": 7200,
            "openid": openid,
            "scope": "snsapi_base",
        }
        return JSONResponse(found | ({"is_snapshotuser": 1} if self.virtual else {}))


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


def _code(code: int, message: str) -> dict[str, object]:
    return {"errcode": code, "errmsg": message}


def _error(code: int, message: str) -> JSONResponse:
    return JSONResponse(_code(code, message))
