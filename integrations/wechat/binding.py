"""How a resident on WeChat proves which learner they are: on a page, with a card and a code; or at a counter, by scanning.

The page keeps no session of its own on our side: what it knows stands in a cookie that only we can read or make. WeChat
says who the visitor is (snsapi_base: without asking anything of them); a virtual account that WeChat makes up for
visitors in a preview is nobody, and is never bound.

Sign-in: developers.weixin.qq.com/doc/service/guide/h5/auth.html.
"""

import html
import math
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import segno
from msgspec import Struct
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from accounts.identity import INVITATION_LASTS, FullError, LockedError, TooOftenError, is_card
from accounts.vault import VaultError
from bot.channel import Core
from bot.hints import DeskHint
from integrations.wechat.api import Wechat
from integrations.wechat.faults import WechatError
from integrations.wechat.messages import Event
from integrations.wechat.settings import BIND, CHANNEL, WechatSettings
from store import deliveries
from store.identity import Grant

PAGE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
COOKIE = "daoxue_bind"
LASTS = 600  # seconds
LARGEST = 4_096  # bytes of a form
VERSION = "1"  # of the words that residents agree to
AGREED = "我同意用学习卡号核验身份，把这个微信和我的学习档案绑定，只用于查询和办理我自己的学习事项；随时可以解除。"
_SCENE = re.compile(r"[0-9a-f]{32}")


class Visit(Struct, frozen=True, omit_defaults=True):
    """What the cookie holds. `state` before the sign-in, `openid` after it; `form` is in every form of this visit."""

    at: float
    state: str = ""
    openid: str = ""
    form: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class BindingCode:
    """A code to scan, as a picture; `id` tells later whether it was."""

    id: str
    svg: str
    until: int


class Binding:
    """The pages, and what follows from events."""

    def __init__(self, core: Core, api: Wechat) -> None:
        self._core = core
        self._api = api
        self._open_base = core.stanzas.of(WechatSettings).open_base

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route(BIND, self.begin, methods=["GET"]),
            Route(f"{BIND}/back", self.back, methods=["GET"]),
            Route(f"{BIND}/card", self.card, methods=["GET", "POST"]),
            Route(f"{BIND}/code", self.code, methods=["POST"]),
        ]

    # -- at the counter

    async def invite(self, card: str, by: str, now: int, grant: Grant) -> BindingCode | None:
        """A code for somebody whom staff have checked in person; None where there is no such card. Raises
        `ConnectionError` when the platform makes none."""
        found = await self._core.identity.invite(card, by, now, grant)
        if found is None:
            return None
        scene, id = found
        try:
            code = await self._api.invite(scene, INVITATION_LASTS // 1000)
        except WechatError as error:
            raise ConnectionError(str(error)) from error
        svg = segno.make(code.url, error="m").svg_inline(scale=6, border=3)
        return BindingCode(id, svg, now + INVITATION_LASTS)

    async def is_taken(self, id: str) -> bool:
        return await self._core.identity.is_accepted(id)

    # -- events

    async def happened(self, openid: str, event: Event, now: int) -> dict[str, str]:
        """Does what an event means for who somebody is. For an invitation that was scanned: what came of it."""
        match event.kind:
            case "subscribe":
                await self._core.database.write(lambda t: deliveries.find_again(t, CHANNEL, openid))
                await self._core.identity.sleep(CHANNEL, openid, asleep=False)
            case "unsubscribe":
                await self._core.database.write(lambda t: deliveries.lose(t, CHANNEL, openid, now))
                await self._core.identity.sleep(CHANNEL, openid, asleep=True)
            case "user_authorization_revoke":
                await self._core.identity.unbind(CHANNEL, openid, "consent.revoked", now)
            case _:
                pass
        if not _SCENE.fullmatch(event.scene):
            return {}
        try:
            bound = await self._core.identity.accept(event.scene, CHANNEL, openid, now, (VERSION, AGREED))
        except FullError:
            return {"result": "full"}
        if bound is None:
            return {"result": "late"}
        self._core.live.desk(DeskHint("invitations"))  # whoever shows the code sees that it was scanned
        return {"result": "ok", "name": bound.name}

    # -- pages

    async def begin(self, request: Request) -> Response:
        """To WeChat, to learn who this is."""
        visit = Visit(self._core.clock(), state=secrets.token_hex(16))
        asked = urlencode(
            {
                "appid": self._api.app_id, "redirect_uri": f"{self._core.public_url}{BIND}/back", "response_type": "code",
                "scope": "snsapi_base", "state": visit.state,
            },
            quote_via=quote,
        )  # fmt: skip
        there = f"{self._open_base}/connect/oauth2/authorize?{asked}#wechat_redirect"
        return self._with(request, RedirectResponse(there, 302, {"cache-control": "no-store"}), visit)

    async def back(self, request: Request) -> Response:
        """From WeChat, with a code that is good once and a state that is ours and this browser's."""
        visit = self._visit(request)
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        if (
            visit is None
            or not visit.state
            or not secrets.compare_digest(visit.state.encode(), state.encode())
            or not 1 <= len(code) <= 128
        ):
            return self._again()
        try:
            session = await self._api.session(code)
        except WechatError:
            return self._again()
        if session.virtual:
            return self._page("还差一步", "<p>请点右下角的“使用完整服务”，再打开这一页。</p>", 403)
        known = Visit(self._core.clock(), openid=session.openid, form=secrets.token_hex(16))
        return self._with(request, RedirectResponse(f"{BIND}/card", 303, {"cache-control": "no-store"}), known)

    async def card(self, request: Request) -> Response:
        """Asks for the card; sends a code to the telephone on file if it is one, and says the same if not."""
        visit = self._visit(request)
        if visit is None or not visit.openid:
            return self._again()
        if request.method == "GET":
            return self._ask_card(visit)
        form = await _form(request)
        if form is None or not self._ours(form, visit):
            return self._again()
        number = re.sub(r"\s|-", "", str(form.get("card", "")))
        if form.get("agree") != "on":
            return self._ask_card(visit, "请先勾选同意，再往下。")
        if not is_card(number):
            return self._ask_card(visit, "学习卡号是卡面上的12位数字，请再看一看。")
        try:
            origin = request.client.host if request.client else ""
            await self._core.identity.request_code(CHANNEL, visit.openid, number, self._core.now(), origin)
        except TooOftenError as error:
            page = self._page("请稍后再试", "<p>试得太频繁了，请一小时后再试，或者在公众号里说“人工”。</p>", 429)
            page.headers["retry-after"] = str(math.ceil(error.seconds))
            return page
        except LockedError:
            return self._locked()
        asked = msgspec.structs.replace(visit, at=self._core.clock(), asked=True)
        return self._with(request, self._ask_code(asked), asked)

    async def code(self, request: Request) -> Response:
        """Takes the code, and binds."""
        visit = self._visit(request)
        form = await _form(request)
        if visit is None or not visit.asked or form is None or not self._ours(form, visit):
            return self._again()
        given = re.sub(r"\s", "", str(form.get("code", "")))
        if not re.fullmatch(r"[0-9]{6}", given):
            return self._ask_code(visit, "验证码是短信里的6位数字。")
        try:
            bound = await self._core.identity.confirm(CHANNEL, visit.openid, given, self._core.now(), (VERSION, AGREED))
        except LockedError:
            return self._locked()
        except FullError:
            return self._page("没有绑定", f"<p>{html.escape(self._core.texts.line('zh', 'bound.full'))}</p>", 409)
        if bound is None:
            return self._ask_code(visit, "验证码不对，或者已经过期。可以再输一次，或者重新填卡号。")
        said = html.escape(self._core.texts.line("zh", "bound.ok", name=bound.name))
        done = self._page(
            "绑定好了",
            f'<p>{said}</p><p>现在可以关掉这一页，回到公众号。</p><p class="en">Done. You may close this page.</p>',
        )
        done.delete_cookie(COOKIE, path=BIND)
        return done

    # -- parts of pages

    def _ask_card(self, visit: Visit, wrong: str = "") -> HTMLResponse:
        return self._page(
            "绑定学习卡",
            f"""<p>绑定后，在公众号里点“查学分”就能看到自己的学分和积分。</p>
<p class="en">Bind your learning card to see your credits here.</p>{_wrong(wrong)}
<form method="post" action="{BIND}/card" autocomplete="off"><input type="hidden" name="form" value="{visit.form}">
<label for="card">学习卡号（卡面12位数字）</label>
<input type="text" id="card" name="card" inputmode="numeric" maxlength="20" required>
<label class="agree"><input type="checkbox" name="agree"><span>{html.escape(AGREED)}</span></label>
<button>发送验证码</button></form>
<p class="en">没有卡、换了手机号，或者不方便操作：请到任何一个服务台，工作人员核对后让您扫一下码就好。</p>""",
            200 if not wrong else 422,
        )

    def _ask_code(self, visit: Visit, wrong: str = "") -> HTMLResponse:
        return self._page(
            "输入验证码",
            f"""<p>如信息无误，验证码已发送到您登记的手机，5分钟内有效。</p>
<p>请不要把验证码告诉任何人，工作人员也不会问您要。</p>
<p class="en">If the details are right, a code has been sent to the phone on file. Never tell it to anyone.</p>{_wrong(wrong)}
<form method="post" action="{BIND}/code" autocomplete="off"><input type="hidden" name="form" value="{visit.form}">
<label for="code">验证码（6位数字）</label>
<input type="text" id="code" name="code" inputmode="numeric" maxlength="8" autocomplete="one-time-code" required>
<button>绑定</button></form>
<form method="get" action="{BIND}/card"><button class="plain">重新填卡号</button></form>""",
            200 if not wrong else 422,
        )

    def _locked(self) -> HTMLResponse:
        text = "<p>今天试得太多了，为了您的安全先停一停。请在公众号里说“人工”，或者到服务台办理。</p>"
        return self._page("请找工作人员办理", text, 429)

    def _again(self) -> HTMLResponse:
        text = '<p>这一页已经过期。请回到公众号，重新点“查学分”。</p><p class="en">This page has expired. Please start again from the official account.</p>'
        return self._page("请重新打开", text, 403)

    def _page(self, title: str, body: str, status: int = 200) -> HTMLResponse:
        nonce = secrets.token_urlsafe(12)
        return HTMLResponse(
            PAGE.substitute(title=html.escape(title), body=body, nonce=nonce), status,
            {
                "content-security-policy": f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
                "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff",
            },
        )  # fmt: skip

    # -- the cookie

    def _with(self, request: Request, response: Response, visit: Visit) -> Response:
        closed = self._core.vault.close(msgspec.json.encode(visit)).hex()
        # As a trusted proxy says, or we.
        secure = "https" in (request.url.scheme, urlsplit(self._core.public_url).scheme)
        response.set_cookie(COOKIE, closed, max_age=LASTS, path=BIND, secure=secure, httponly=True, samesite="lax")
        return response

    def _visit(self, request: Request) -> Visit | None:
        try:
            visit = msgspec.json.decode(
                self._core.vault.open(bytes.fromhex(request.cookies.get(COOKIE, ""))), type=Visit
            )
        except (ValueError, VaultError):
            return None
        return visit if 0 <= self._core.clock() - visit.at < LASTS else None

    def _ours(self, form: FormData, visit: Visit) -> bool:
        return secrets.compare_digest(str(form.get("form", "")).encode(), visit.form.encode())


def _wrong(text: str) -> str:
    return f'\n<p class="wrong" role="alert">{html.escape(text)}</p>' if text else ""


async def _form(request: Request) -> FormData | None:
    """What was filled in; None for what no form of ours sends."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > LARGEST:
        return None
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        return None
    return await request.form(max_files=0, max_fields=8)
