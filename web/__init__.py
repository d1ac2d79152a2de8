"""The pages: files as they are, no build. The resident's chat page and the script that embeds it elsewhere."""

from pathlib import Path

from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHAT = Path(__file__).parent / "chat"
# Nothing from elsewhere, nothing inline. The page may stand in other sites' frames: that is how it is embedded.
HEADERS = [
    (b"content-security-policy", b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
     b" manifest-src 'self'; base-uri 'none'; form-action 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]  # fmt: skip


def pages() -> ASGIApp:
    """The chat page at `/`, its parts beside it."""
    return with_headers(StaticFiles(directory=CHAT, html=True))


def with_headers(app: ASGIApp) -> ASGIApp:
    """The application, its responses with the headers that keep pages safe."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        await app(scope, receive, sending)

    return wrapped
