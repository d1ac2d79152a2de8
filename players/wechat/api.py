"""The platform's API behind a port, and the page on which residents sign in."""

import asyncio
import json
import secrets
import urllib.parse
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from players.wechat.platform import Json, WechatPlatform, code

TOKEN_LASTS, OVERLAP = 7200, 300  # seconds
CALLBACK_ADDRESSES = ["101.226.103.0/25", "140.207.54.0/25"]
Work = Callable[[Json], Json]


def server(platform: WechatPlatform) -> Starlette:
    """The API, and the page on which one signs in."""
    api = WechatApiPlayed(platform)
    calls: dict[str, Work] = {
        "message/custom/send": lambda body: platform.custom(body), "message/custom/typing": api.typing, "menu/create": api.create_menu,
        "qrcode/create": api.qrcode, "getcallbackip": lambda _: {"ip_list": CALLBACK_ADDRESSES}, "openapi/quota/get": api.quota,
    }  # fmt: skip
    return Starlette(
        routes=[
            *(
                Route(f"/cgi-bin/{name}", api.answering(name, work), methods=["GET", "POST"])
                for name, work in calls.items()
            ),
            Route("/cgi-bin/stable_token", api.stable_token, methods=["POST"]),
            Route("/cgi-bin/media/get", api.get_media),
            Route("/cgi-bin/media/upload", api.upload, methods=["POST"]),
            Route("/sns/oauth2/access_token", api.session),
            Route("/connect/oauth2/authorize", api.authorize),
        ]
    )


class WechatApiPlayed:
    """Each call that has a body of JSON takes it and gives the result; the others answer themselves."""

    def __init__(self, platform: WechatPlatform) -> None:
        self._platform = platform

    def answering(self, name: str, work: Work) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            if (fault := await self._fault(name)) is not None:
                return fault
            if (refused := self._unauthorised(request)) is not None:
                return refused
            if name in self._platform.forbidden:
                return _error(48001, "api unauthorized")
            body: Json = {}
            if request.method == "POST":
                try:
                    body = json.loads(await request.body())
                except ValueError:
                    return _error(47001, "data format error")
            return JSONResponse({"errcode": 0, "errmsg": "ok", **work(body)})

        return answer

    async def _fault(self, name: str) -> Response | None:
        self._platform.calls[name] += 1
        if not self._platform.faults[name]:
            return None
        fault = self._platform.faults[name].pop(0)
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
        until = self._platform.tokens.get(token)
        if until is None:
            return _error(40001, "invalid credential, access_token is invalid or not latest")
        return _error(42001, "access_token expired") if self._platform.clock() > until else None

    async def stable_token(self, request: Request) -> Response:
        if (fault := await self._fault("stable_token")) is not None:
            return fault
        body = json.loads(await request.body())
        if body.get("grant_type") != "client_credential" or body.get("appid") != self._platform.app_id:
            return _error(40013, "invalid appid")
        if body.get("secret") != self._platform.secret:
            return _error(40125, "invalid appsecret")
        now = self._platform.clock()
        good = {token: until for token, until in self._platform.tokens.items() if until - OVERLAP > now}
        if not good or body.get("force_refresh"):
            if body.get("force_refresh"):
                self._platform.tokens.clear()
            good = {secrets.token_hex(32): now + TOKEN_LASTS}
            self._platform.tokens |= good
        token, until = next(iter(good.items()))
        return JSONResponse({"access_token": token, "expires_in": int(until - now)})

    def quota(self, body: Json) -> Json:
        path = str(body.get("cgi_path"))
        if not path.startswith("/cgi-bin/"):
            return code(76003, "cgi_path not found, please check")
        used = min(self._platform.calls[path.removeprefix("/cgi-bin/")], self._platform.daily)
        return {"quota": {"daily_limit": self._platform.daily, "used": used, "remain": self._platform.daily - used}}

    def typing(self, body: Json) -> Json:
        who, now = self._platform.residents.get(str(body.get("touser"))), self._platform.clock()
        if who is None:
            return code(40003, "invalid openid")
        if now - who.touched > 30:
            return code(45080, "client msg required within 30s")
        if body.get("command") == "Typing":
            if who.typing_until > now:
                return code(45081, "already typing")
            who.typing_until = now + 15
        else:
            who.typing_until = 0
        return {}

    def create_menu(self, body: Json) -> Json:
        buttons = body.get("button")
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
            return code(40016, "invalid button size")
        for button in buttons:
            if len(str(button.get("name")).encode()) > 16 or not button.get("name"):
                return code(40018, "invalid button name size")
            if button.get("type") == "click" and not 0 < len(str(button.get("key", "")).encode()) <= 128:
                return code(40019, "invalid button key size")
        self._platform.menu = body
        return {}

    def qrcode(self, body: Json) -> Json:
        info = body.get("action_info")
        scene = str(info["scene"]["scene_str"]) if isinstance(info, dict) else ""
        seconds = int(str(body.get("expire_seconds", 60)))
        if body.get("action_name") != "QR_STR_SCENE" or not 1 <= len(scene) <= 64 or not 1 <= seconds <= 2_592_000:
            return code(40053, "invalid action info")
        url = f"http://weixin.qq.com/q/{secrets.token_urlsafe(16)}"
        self._platform.scenes[url] = scene, self._platform.clock() + seconds
        return {"ticket": secrets.token_urlsafe(48), "expire_seconds": seconds, "url": url}

    async def upload(self, request: Request) -> Response:
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
        self._platform.media.add(id)
        return JSONResponse({"type": "image", "media_id": id, "created_at": int(self._platform.clock())})

    async def get_media(self, request: Request) -> Response:
        if (fault := await self._fault("media/get")) is not None:
            return fault
        if (refused := self._unauthorised(request)) is not None:
            return refused
        content, until = self._platform.sent.get(request.query_params.get("media_id", ""), (b"", 0.0))
        if self._platform.clock() > until:
            return _error(40007, "invalid media_id")
        headers = {"content-disposition": 'attachment; filename="MEDIA_ID.jpg"'}
        return Response(content, media_type="image/jpeg", headers=headers)

    async def authorize(self, request: Request) -> Response:
        """The page that knows, on the resident's telephone, who they are."""
        asked = request.query_params
        if (
            asked.get("appid") != self._platform.app_id
            or asked.get("response_type") != "code"
            or self._platform.visitor is None
        ):
            return PlainTextResponse("参数错误", 400)
        given = secrets.token_hex(16)
        self._platform.codes[given] = self._platform.visitor, self._platform.clock() + 300
        there = asked["redirect_uri"]
        mark = "&" if "?" in there else "?"
        return RedirectResponse(
            f"{there}{mark}{urllib.parse.urlencode({'code': given, 'state': asked.get('state', '')})}", 302
        )

    async def session(self, request: Request) -> Response:
        if (fault := await self._fault("sns/oauth2")) is not None:
            return fault
        asked = request.query_params
        if asked.get("appid") != self._platform.app_id or asked.get("secret") != self._platform.secret:
            return _error(40125, "invalid appsecret")
        openid, until = self._platform.codes.pop(asked.get("code", ""), ("", 0.0))
        if not openid or self._platform.clock() > until:
            return _error(40029, "invalid code")
        found: Json = {
            "access_token": secrets.token_hex(16),
            "expires_in": 7200,
            "openid": openid,
            "scope": "snsapi_base",
        }
        return JSONResponse(found | ({"is_snapshotuser": 1} if self._platform.virtual else {}))


def _error(number: int, message: str) -> JSONResponse:
    return JSONResponse(code(number, message))
