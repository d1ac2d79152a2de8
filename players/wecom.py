"""WeCom's customer service (微信客服), played: its callbacks, encrypted as the platform does, and the API that an application
calls, with its tokens, limits, states and error codes; residents in WeChat, and colleagues in WeCom.

Built from developer.work.weixin.qq.com (94670, 94677, 94669, 95122, 90313), not from our adapter; encryption and signatures
are wechatpy's. Whatever can go wrong out there can be asked for: notices that are lost, answers that are HTML or never come.
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
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from wechatpy.enterprise.crypto import WeChatCrypto

Json = dict[str, Any]  # whatever JSON holds
TOKEN_LASTS, NOTICE_LASTS = 7200, 600  # seconds
MESSAGES, OPENS = 5, 48 * 3600  # after the resident's last, within so many seconds
GREETS = 20  # seconds that a code to greet with is good for
KEPT = 3 * 86_400  # seconds that messages and files can be fetched
LONGEST = 2048  # bytes of a text
ENTRIES = 10  # of a menu
DELIVERIES = 3  # of a notice that is not taken
OURS, POOL, COLLEAGUE, ENDED = 1, 2, 3, 4
_TRANSITIONS = {0: {1, 2, 3}, 1: {2, 3}, 2: {3}, 3: {2, 3, 4}, 4: set[int]()}


class WecomRefusedError(Exception):
    """The API says no."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass
class Customer:
    """A resident in WeChat, with what is on the screen."""

    id: str
    seen: list[Json] = field(default_factory=list)
    state: int = ENDED
    colleague: str = ""
    left: int = 0
    until: float = 0.0
    code: tuple[str, float] | None = None

    @property
    def texts(self) -> list[str]:
        """What can be read there."""
        return [
            each.get("text", {}).get("content") or each.get("msgmenu", {}).get("head_content", "") for each in self.seen
        ]


class Corporation:
    """The platform, one corporation with one account. `clock` in seconds. `faults` are what the next calls of a kind meet: html,
    502, hang, `lost` (done, and the answer lost), `silent` (done, and never answered), or an error's code. `mute`: notices are lost."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.corp = "ww0123456789abcdef"
        self.secret = secrets.token_urlsafe(32)
        self.token = secrets.token_hex(8)
        self.aes_key = (
            base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=").replace("+", "A").replace("/", "B")
        )
        self.account = "wk" + secrets.token_hex(8)
        self.hook = ""
        self.mute = False
        self.page = 1000  # messages that are given at once, at most
        self.colleagues = {"zhangsan"}
        self.customers: dict[str, Customer] = {}
        self.calls: Counter[str] = Counter()
        self.faults: defaultdict[str, list[object]] = defaultdict(list)
        self.lost: list[str] = []  # what was sent, and never answered
        self.statuses: list[int] = []
        self.listeners: list[Callable[[Customer, Json], None]] = []  # are told what appears on a screen
        self._log: list[tuple[float, Json]] = []
        self._access: dict[str, float] = {}
        self._notices: dict[str, float] = {}
        self._files: dict[str, tuple[bytes, float]] = {}
        self._sent: set[str] = set()
        self._numbers = itertools.count(1)

    # -- residents and colleagues

    def customer(self, id: str = "") -> Customer:
        id = id or "wm" + secrets.token_hex(12)
        return self.customers.setdefault(id, Customer(id))

    async def say(self, who: Customer, text: str, **more: Any) -> str:
        return await self.send(who, "text", text={"content": text, **more})

    async def send(self, who: Customer, kind: str, id: str = "", **content: Any) -> str:
        """Sends something; the id of the message."""
        if who.state == ENDED:
            who.state = 0
        who.left, who.until = MESSAGES, self.clock() + OPENS
        return await self._write(who, 3, kind, id, **content)

    async def show(self, who: Customer, kind: str, content: bytes) -> str:
        """Sends a picture, a voice or a file."""
        return await self.send(who, kind, "", **{kind: {"media_id": self.keep(content)}})

    def keep(self, content: bytes) -> str:
        id = secrets.token_urlsafe(48)
        self._files[id] = content, self.clock() + KEPT
        return id

    async def enter(self, who: Customer) -> None:
        """Opens the talk; a code to greet with goes to who has not written for two days."""
        event: Json = {
            "event_type": "enter_session",
            "open_kfid": self.account,
            "external_userid": who.id,
            "scene": "1",
        }
        if self.clock() > who.until:
            who.code = secrets.token_urlsafe(16), self.clock() + GREETS
            event["welcome_code"] = who.code[0]
        await self._write(who, 4, "event", event=event)

    async def answer(self, who: Customer, words: str, colleague: str = "zhangsan") -> None:
        """A colleague in WeCom says something."""
        self._appear(who, {"msgtype": "text", "text": {"content": words}, "by": colleague})
        await self._write(who, 5, "text", text={"content": words}, servicer_userid=colleague)

    async def end(self, who: Customer) -> None:
        """A colleague ends the talk."""
        who.state, old, who.colleague = ENDED, who.colleague, ""
        event = {
            "event_type": "session_status_change", "open_kfid": self.account, "external_userid": who.id, "change_type": 3,
            "old_servicer_userid": old, "new_servicer_userid": "", "msg_code": secrets.token_urlsafe(16),
        }  # fmt: skip
        await self._write(who, 4, "event", event=event)

    async def fail(self, who: Customer, why: int) -> None:
        """A message of ours did not arrive."""
        event = {
            "event_type": "msg_send_fail", "open_kfid": self.account, "external_userid": who.id, "fail_msgid": "m", "fail_type": why,
        }  # fmt: skip
        await self._write(who, 4, "event", event=event)

    def _appear(self, who: Customer, what: Json) -> None:
        who.seen.append(what)
        for listener in self.listeners:
            listener(who, what)

    async def _write(self, who: Customer, origin: int, kind: str, id: str = "", **content: Any) -> str:
        id = id or f"m{next(self._numbers)}{secrets.token_hex(6)}"
        message = {"msgid": id, "send_time": int(self.clock()), "origin": origin, "msgtype": kind, **content}
        if kind != "event":
            message |= {"open_kfid": self.account, "external_userid": who.id}
        self._log.append((self.clock(), message))
        await self.notify()
        return id

    # -- towards the callback

    def notice(self, *, corp: str = "", account: str = "", event: str = "kf_msg_or_event") -> tuple[str, bytes]:
        """Address and body of a callback."""
        token, stamp, nonce = "ENC" + secrets.token_hex(20), str(int(self.clock())), str(secrets.randbelow(10**10))
        self._notices[token] = self.clock() + NOTICE_LASTS
        xml = (
            f"<xml><ToUserName><![CDATA[{self.corp}]]></ToUserName><CreateTime>{stamp}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
            f"<Event><![CDATA[{event}]]></Event><Token><![CDATA[{token}]]></Token>"
            f"<OpenKfId><![CDATA[{account or self.account}]]></OpenKfId></xml>"
        )
        crypto = WeChatCrypto(self.token, self.aes_key, corp or self.corp)
        body = str(crypto.encrypt_message(xml, nonce, stamp))
        signature = ElementTree.fromstring(body).findtext("MsgSignature") or ""  # noqa: S314 - our own
        query = urllib.parse.urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": nonce})
        return f"{self.hook}?{query}", body.encode()

    async def notify(self) -> None:
        if not self.hook or self.mute:
            return
        url, body = self.notice()
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            for _ in range(DELIVERIES):
                try:
                    status = (await client.post(url, content=body)).status_code
                except httpx.HTTPError:
                    status = 0
                self.statuses.append(status)
                if status == 200:
                    return
                await asyncio.sleep(0.05)

    def echo(self, words: str) -> str:
        """The address with which the platform tries a callback out."""
        crypto = WeChatCrypto(self.token, self.aes_key, self.corp)
        stamp, nonce = str(int(self.clock())), "n1"
        wrapped = ElementTree.fromstring(str(crypto.encrypt_message(words, nonce, stamp)))  # noqa: S314 - our own
        given = {"msg_signature": wrapped.findtext("MsgSignature") or "", "timestamp": stamp, "nonce": nonce}
        return f"{self.hook}?{urllib.parse.urlencode({**given, 'echostr': wrapped.findtext('Encrypt') or ''})}"

    # -- the API

    def app(self) -> Starlette:
        works: dict[str, Callable[[Json], Json]] = {
            "kf/sync_msg": self._sync, "kf/send_msg": self._send, "kf/send_msg_on_event": self._greet,
            "kf/service_state/get": self._state, "kf/service_state/trans": self._trans,
            "kf/account/list": lambda _: {"account_list": [{"open_kfid": self.account, "name": "学习中心"}]},
        }  # fmt: skip
        routes = [
            Route(f"/cgi-bin/{name}", self._endpoint(name, work), methods=["POST"]) for name, work in works.items()
        ]
        return Starlette(
            routes=[
                *routes,
                Route("/cgi-bin/gettoken", self._gettoken),
                Route("/cgi-bin/media/get", self._media),
                Route("/cgi-bin/media/upload", self._upload, methods=["POST"]),
            ]
        )

    def expire(self) -> None:
        """All access tokens are no good from now on."""
        self._access.clear()

    async def _gettoken(self, request: Request) -> Response:
        self.calls["gettoken"] += 1
        given = request.query_params
        if given.get("corpid") != self.corp or given.get("corpsecret") != self.secret:
            return JSONResponse({"errcode": 40001, "errmsg": "invalid credential"})
        good = next((each for each, until in self._access.items() if until > self.clock() + 300), None)
        token = good or secrets.token_urlsafe(64)
        until = self._access.setdefault(token, self.clock() + TOKEN_LASTS)
        lasts = int(until - self.clock())
        return JSONResponse({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": lasts})

    def _let_in(self, request: Request) -> Response | None:
        if self._access.get(request.query_params.get("access_token", ""), 0) <= self.clock():
            return JSONResponse({"errcode": 40014, "errmsg": "invalid access_token"})
        return None

    def _endpoint(self, name: str, work: Callable[[Json], Json]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            self.calls[name] += 1
            fault = self.faults[name].pop(0) if self.faults[name] else None
            if fault in ("html", "502"):
                return HTMLResponse("<html>Bad Gateway</html>", 502 if fault == "502" else 200)
            if fault == "hang":
                await asyncio.Event().wait()
            if (no := self._let_in(request)) is not None:
                return no
            if isinstance(fault, int):
                return JSONResponse({"errcode": fault, "errmsg": "played"})
            try:
                found = work(json.loads(await request.body()))
            except WecomRefusedError as error:
                return JSONResponse({"errcode": error.code, "errmsg": str(error)})
            if fault in ("lost", "silent"):
                self.lost.append(name)
                if fault == "silent":
                    await asyncio.Event().wait()
                return PlainTextResponse("", 504)
            return JSONResponse({"errcode": 0, "errmsg": "ok", **found})

        return endpoint

    def _sync(self, given: Json) -> Json:
        if given.get("open_kfid") != self.account:
            raise WecomRefusedError(95004, "open_kfid not exist")
        if (token := given.get("token")) and self._notices.get(token, 0) <= self.clock():
            raise WecomRefusedError(95007, "invalid msg token")
        oldest = next((at for at, (when, _) in enumerate(self._log) if when > self.clock() - KEPT), len(self._log))
        begins = int(given["cursor"].removeprefix("c")) if given.get("cursor") else oldest
        most = min(int(given.get("limit", 1000)), self.page)
        some = [message for _, message in self._log[begins : begins + most]]
        ends = begins + len(some)
        return {"next_cursor": f"c{ends}", "has_more": int(ends < len(self._log)), "msg_list": some}

    def _send(self, given: Json) -> Json:
        who = self._who(given["touser"], given["open_kfid"])
        if who.state not in (0, OURS):
            raise WecomRefusedError(95018, "send msg session status invalid")
        id = given.get("msgid") or secrets.token_hex(16)
        if len(id) > 32 or id in self._sent:
            raise WecomRefusedError(40058, "msgid already exist")
        if self.clock() > who.until:
            raise WecomRefusedError(95002, "send msg time limit")
        if not who.left:
            raise WecomRefusedError(95001, "send msg count limit")
        self._check(given)
        self._sent.add(id)
        who.left, who.state = who.left - 1, OURS
        self._appear(who, given)
        return {"msgid": id}

    def _check(self, given: Json) -> None:
        match given["msgtype"]:
            case "text":
                if not 0 < len(given["text"]["content"].encode()) <= LONGEST:
                    raise WecomRefusedError(40058, "content size invalid")
            case "msgmenu":
                if not 0 < len(given["msgmenu"]["list"]) <= ENTRIES:
                    raise WecomRefusedError(95008, "menu item count")
            case "image":
                if given["image"]["media_id"] not in self._files:
                    raise WecomRefusedError(40007, "invalid media_id")
            case _:
                raise WecomRefusedError(40008, "invalid msgtype")

    def _greet(self, given: Json) -> Json:
        who = next((each for each in self.customers.values() if each.code and each.code[0] == given["code"]), None)
        if who is None or who.code is None or who.code[1] < self.clock():
            raise WecomRefusedError(95023, "invalid code")
        self._check(given)
        who.code = None
        self._appear(who, given)
        return {"msgid": secrets.token_hex(16)}

    def _state(self, given: Json) -> Json:
        who = self._who(given["external_userid"], given["open_kfid"])
        return {"service_state": who.state, "servicer_userid": who.colleague}

    def _trans(self, given: Json) -> Json:
        who, to = self._who(given["external_userid"], given["open_kfid"]), given["service_state"]
        if to not in _TRANSITIONS[who.state]:
            raise WecomRefusedError(95013 if who.state == ENDED else 95016, "not allowed")
        if to == COLLEAGUE and given.get("servicer_userid") not in self.colleagues:
            raise WecomRefusedError(95014, "not a servicer")
        who.state, who.colleague = to, given.get("servicer_userid", "") if to == COLLEAGUE else ""
        return {"msg_code": secrets.token_urlsafe(16)}

    def _who(self, id: str, account: str) -> Customer:
        if account != self.account:
            raise WecomRefusedError(95004, "open_kfid not exist")
        if id not in self.customers:
            raise WecomRefusedError(40096, "invalid external_userid")
        return self.customers[id]

    async def _media(self, request: Request) -> Response:
        self.calls["media/get"] += 1
        if (no := self._let_in(request)) is not None:
            return no
        content, until = self._files.get(request.query_params.get("media_id", ""), (b"", 0.0))
        if until <= self.clock():
            return JSONResponse({"errcode": 40007, "errmsg": "invalid media_id"})
        return Response(content, media_type="application/octet-stream")

    async def _upload(self, request: Request) -> Response:
        self.calls["media/upload"] += 1
        if (no := self._let_in(request)) is not None:
            return no
        async with request.form() as form:
            file = form.get("media")
            if file is None or isinstance(file, str):
                return JSONResponse({"errcode": 41005, "errmsg": "no media"})
            return JSONResponse(
                {"errcode": 0, "errmsg": "ok", "type": "image", "media_id": self.keep(await file.read())}
            )
