"""The pages: the resident's chat page with the script that embeds it elsewhere, files as they are; and the desk's,
built by Vite into `desk/dist`."""

import hashlib
import html
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHAT = Path(__file__).parent / "chat"
ACCENT = "#0b6e5f"  # of what is pressed, where the centre has no colour of its own; as chat.css has it
DESK = Path(__file__).parent / "desk" / "dist"
# Nothing from elsewhere, nothing inline. The page may stand in other sites' frames: that is how it is embedded.
HEADERS = [
    (b"content-security-policy", b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
     b" manifest-src 'self'; base-uri 'none'; form-action 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]  # fmt: skip
# The desk stands in nobody's frame; what Vite built has its hash in its name, and never changes.
DESK_HEADERS = [
    (b"content-security-policy", b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
     b" font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]  # fmt: skip


class Sign(NamedTuple):
    """Whose chat page it is; `colours` (#rrggbb) are of what is pressed, of the same in the dark, and of its head; each may be
    empty, and so may the `logo`, a JPEG. `bot`, `hello` and `starters` (one a line) in Chinese and in English. Words are `kept`
    so many days. `push` is the public key of web push, empty where there is none; a file may have so many `megabytes`."""

    name: str
    bot: tuple[str, str]
    hello: tuple[str, str]
    starters: tuple[str, str]
    kept: int
    hotline: str
    colours: tuple[str, str, str]
    logo: bytes
    push: str
    megabytes: int


def pages(sign: Callable[[], Sign]) -> ASGIApp:
    """The chat page at `/` in the centre's name and colour, its parts beside it."""
    index, script = ((CHAT / name).read_text(encoding="utf-8") for name in ("index.html", "widget.js"))

    async def page(_: Request) -> Response:
        named = sign()
        ring = f"您也可以拨打热线 {named.hotline}。" if named.hotline else ""
        (bot, bot_en), (hello, hello_en), (starters, starters_en) = named.bot, named.hello, named.starters
        said = {
            "centre": named.name, "ring": ring, "bot": bot, "bot_en": bot_en, "hello": hello, "hello_en": hello_en,
            "starters": starters, "starters_en": starters_en,
            "kept": str(named.kept), "push": named.push, "megabytes": str(named.megabytes),
        }  # fmt: skip
        return HTMLResponse(_filled(index, said))

    async def colours(_: Request) -> Response:
        accent, in_the_dark, head = sign().colours
        rules = [f":root {{ --head: {head}; --on-head: #fff; }}"] if head else []
        if accent:  # what is for older people is light, also in the dark
            dark = f":root:not(.elder) {{ --accent: {in_the_dark}; --on-accent: #000; }}"
            rules.append(
                f":root, :root.elder {{ --accent: {accent}; }}\n@media (prefers-color-scheme: dark) {{ {dark} }}"
            )
        return Response("".join(f"{rule}\n" for rule in rules), media_type="text/css")

    async def widget(request: Request) -> Response:
        text = _filled(script, {"accent": sign().colours[0] or ACCENT})
        return _tagged(request, text.encode(), "text/javascript")

    async def logo(request: Request) -> Response:
        if not (picture := sign().logo):
            return FileResponse(CHAT / "icon.svg")
        return _tagged(request, picture, "image/jpeg")

    return with_headers(
        Starlette(
            routes=[
                Route("/logo", logo),
                Route("/", page),
                Route("/index.html", page),
                Route("/centre.css", colours),
                Route("/widget.js", widget),
                Mount("/", StaticFiles(directory=CHAT)),
            ]
        )
    )


def _filled(text: str, said: Mapping[str, str]) -> str:
    """A file with what is said in its `{{places}}`."""
    for place, value in said.items():
        text = text.replace(f"{{{{{place}}}}}", html.escape(value))
    return text


def _tagged(request: Request, content: bytes, kind: str) -> Response:
    """Something that changes seldom: whoever has it already is told so."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    known = request.headers.get("if-none-match", "").split(",")
    if tag in (each.strip().removeprefix("W/") for each in known):  # weak, where a balancer has compressed it
        return Response(status_code=304, headers={"etag": tag})
    return Response(content, media_type=kind, headers={"etag": tag})


def desk() -> list[BaseRoute]:
    """The desk's page at `/desk/`; where it was not built, a word on how to."""

    async def page(_: Request) -> Response:
        if not (DESK / "index.html").is_file():
            return PlainTextResponse(
                "坐席台还没有构建：请运行 make serve。The desk's page is not built: run make serve.\n", 503
            )
        return FileResponse(DESK / "index.html", headers={"cache-control": "no-cache"})

    async def slash(_: Request) -> Response:
        return RedirectResponse("/desk/", 308)

    return [
        Route("/desk", slash),
        Mount("/desk/assets", with_headers(_compressed(DESK / "assets"), DESK_HEADERS)),
        Mount("/desk", with_headers(Starlette(routes=[Route("/{path:path}", page)]), DESK_HEADERS)),
    ]


def _compressed(folder: Path) -> ASGIApp:
    return GZipMiddleware(StaticFiles(directory=folder, check_dir=False), minimum_size=1000)


def with_headers(app: ASGIApp, headers: Sequence[tuple[bytes, bytes]] = HEADERS) -> ASGIApp:
    """The application, its responses with the headers that keep pages safe."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await app(scope, receive, sending)

    return wrapped
