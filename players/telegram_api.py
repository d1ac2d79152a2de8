"""The Bot API's methods, as the platform answers them."""

import asyncio
import contextlib
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from players.telegram import Chat, Json, RefusalError, Shown, TelegramPlatform

LONGEST, CAPTION, NOTICE, DATA = 4_096, 1_024, 200, 64
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
TAGS = {
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "a",
    "code",
    "pre",
    "blockquote",
    "tg-spoiler",
    "span",
}
GIVEN = 20_000_000  # bytes of a file that bots get
CAUGHT = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def server(platform: TelegramPlatform) -> Starlette:
    """The Bot API behind a port."""
    api = BotApiPlayed(platform)
    both = ["GET", "POST"]
    return Starlette(
        routes=[
            Route("/bot{token}/{method}", api.call, methods=both),
            Route("/file/bot{token}/{path:path}", api.download),
            Route("/{rest:path}", _not_found, methods=both),
        ]
    )


async def _not_found(request: Request) -> Response:
    return _no(RefusalError(404, "Not Found"))


def _no(refusal: RefusalError) -> Response:
    body: Json = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return JSONResponse(body, refusal.code)


@dataclass(frozen=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


class Markup(HTMLParser):
    """HTML as the platform reads it: its own tags, closed in order, and nothing else. Raises `RefusalError`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.plain = ""
        self.open: list[str] = []

    @staticmethod
    def read(text: str) -> str:
        bare = re.sub(r"<(/?[a-z-]+)(?: [^<>]*)?>|&(?:lt|gt|amp|quot|#\d+|#x[0-9a-f]+);", "", text)
        if "<" in bare or re.search(r"&(?=[a-z#]+;)", bare):
            raise RefusalError(400, "Bad Request: can't parse entities: Unsupported start tag at byte offset 1")
        parser = Markup()
        parser.feed(text)
        parser.close()
        if parser.open:
            raise RefusalError(400, "Bad Request: can't parse entities: Can't find end tag")
        return parser.plain

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise RefusalError(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise RefusalError(400, "Bad Request: can't parse entities: Unexpected end tag")

    def handle_data(self, data: str) -> None:
        self.plain += data

    def handle_entityref(self, name: str) -> None:
        self.plain += html.unescape(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.plain += html.unescape(f"&#{name};")


class BotApiPlayed:
    """Each method takes the parameters and gives the result, or raises `RefusalError`."""

    def __init__(self, platform: TelegramPlatform) -> None:
        self._platform = platform
        self._methods: dict[str, Callable[[Json], object]] = {
            "getme": lambda _: platform.me, "sendmessage": self.send_message, "sendphoto": self.send_file,
            "senddocument": self.send_file, "sendchataction": self.chat_action, "answercallbackquery": self.answer_query,
            "editmessagereplymarkup": self.edit_markup, "setwebhook": self.set_webhook, "deletewebhook": self.delete_webhook,
            "getwebhookinfo": self.webhook_info, "setmycommands": self.set_commands, "getfile": self.get_file,
        }  # fmt: skip

    async def call(self, request: Request) -> Response:
        platform, method = self._platform, str(request.path_params["method"])
        if request.path_params["token"] != platform.token:
            known = re.fullmatch(r"[0-9]+:[\w-]+", request.path_params["token"])
            return _no(RefusalError(401, "Unauthorized") if known else RefusalError(404, "Not Found"))
        platform.calls[method] += 1
        fault = platform.faults[method].pop(0) if platform.faults[method] else None
        if isinstance(fault, float):
            await asyncio.sleep(fault)
        elif fault is not None and fault != "lost":
            return await _failing(fault)
        try:
            parameters = await _parameters(request)
            if method.lower() == "getupdates":
                result: object = await self.get_updates(parameters)
            elif (work := self._methods.get(method.lower())) is not None:
                result = work(parameters)
            else:
                raise RefusalError(404, "Not Found: method not found")
        except RefusalError as refusal:
            return _no(refusal)
        if fault == "lost":
            platform.lost.append(next(reversed(self._chat(parameters).seen)))
            return await _failing("hang")
        return JSONResponse({"ok": True, "result": result})

    # -- files

    def get_file(self, parameters: Json) -> Json:
        id = str(parameters.get("file_id", ""))
        content = self._platform.files.get(id)
        if content is None:
            raise RefusalError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(content) > GIVEN:
            raise RefusalError(400, "Bad Request: file is too big")
        return {"file_id": id, "file_unique_id": id[:8], "file_size": len(content), "file_path": f"photos/{id}.jpg"}

    async def download(self, request: Request) -> Response:
        id = str(request.path_params["path"]).removeprefix("photos/").removesuffix(".jpg")
        content = self._platform.files.get(id)
        if request.path_params["token"] != self._platform.token or content is None:
            return _no(RefusalError(404, "Not Found"))
        return Response(content, media_type="application/octet-stream")

    # -- messages

    def _chat(self, parameters: Json, *, counted: bool = False) -> Chat:
        chat = self._platform.chats.get(_number(parameters, "chat_id"))
        if chat is None:
            raise RefusalError(400, "Bad Request: chat not found")
        if chat.moved_to:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise RefusalError(400, words, migrate_to_chat_id=chat.moved_to)
        if chat.blocked:
            raise RefusalError(403, "Forbidden: bot was blocked by the user")
        if not chat.begun:
            raise RefusalError(403, "Forbidden: bot can't initiate conversation with a user")
        if counted:
            self._platform.count(chat)
        return chat

    def send_message(self, parameters: Json) -> Json:
        text = str(parameters.get("text", ""))
        plain = Markup.read(text) if parameters.get("parse_mode") == "HTML" else text
        if not plain.strip():
            raise RefusalError(400, "Bad Request: message text is empty")
        if _units(plain) > LONGEST:
            raise RefusalError(400, "Bad Request: message is too long")
        return self._shown(parameters, Shown(0, plain.strip(), html=text))

    def send_file(self, parameters: Json) -> Json:
        file = parameters.get("photo") or parameters.get("document")
        if not isinstance(file, Upload) or not file.content:
            raise RefusalError(400, "Bad Request: there is no document in the request")
        return self._shown(parameters, Shown(0, file.name, "photo" if "photo" in parameters else "document"))

    def _shown(self, parameters: Json, shown: Shown) -> Json:
        markup = _object(parameters, "reply_markup") or {}
        shown.buttons, shown.keyboard = markup.get("inline_keyboard", []), markup.get("keyboard", [])
        for button in (each for row in shown.buttons for each in row):
            if not button.get("text"):
                raise RefusalError(400, "Bad Request: inline keyboard button text is empty")
            if "url" not in button and not 1 <= len(button.get("callback_data", "").encode()) <= DATA:
                raise RefusalError(400, "Bad Request: BUTTON_DATA_INVALID")
        shown.to = (_object(parameters, "reply_parameters") or {}).get("message_id")
        chat = self._chat(parameters, counted=True)
        shown.id = self._platform.next_message()
        self._platform.show(chat, shown)
        about = {"id": chat.id, "type": chat.type, "title": "g", "first_name": "r"}
        return {
            "message_id": shown.id, "from": self._platform.me, "chat": about, "date": int(self._platform.clock()),
            "text": shown.text,
        }  # fmt: skip

    def chat_action(self, parameters: Json) -> bool:
        self._chat(parameters).typing += 1
        return True

    def edit_markup(self, parameters: Json) -> object:
        chat, id = self._chat(parameters), _number(parameters, "message_id")
        shown = next((each for each in chat.seen if each.id == id), None)
        if shown is None:
            raise RefusalError(400, "Bad Request: message to edit not found")
        if not shown.buttons and not parameters.get("reply_markup"):
            raise RefusalError(
                400, "Bad Request: message is not modified: specified new message content is exactly the same"
            )
        shown.buttons = []
        return {"message_id": id, "chat": {"id": chat.id, "type": chat.type}, "date": 1, "text": shown.text}

    def answer_query(self, parameters: Json) -> bool:
        who = self._platform.queries.pop(str(parameters.get("callback_query_id", "")), None)
        if who is None:
            raise RefusalError(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        text = parameters.get("text")
        if text is not None and len(text) > NOTICE:
            raise RefusalError(400, "Bad Request: MESSAGE_TOO_LONG")
        who.notices.append(text)
        return True

    # -- how updates come

    async def get_updates(self, parameters: Json) -> list[Json]:
        platform = self._platform
        if platform.webhook.get("url"):
            words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            raise RefusalError(409, words)
        platform.asking += 1
        mine, offset = platform.asking, _number(parameters, "offset", 0)
        limit, seconds = _number(parameters, "limit", 100), _number(parameters, "timeout", 0)
        async with platform.news:
            platform.news.notify_all()  # who asked before is told
            if offset:
                platform.pending = [each for each in platform.pending if each.get("update_id", 0) >= offset]
            try:
                async with asyncio.timeout(seconds):
                    await platform.news.wait_for(lambda: platform.pending or platform.asking != mine)
            except (TimeoutError, asyncio.CancelledError):  # nothing came, or the server ends
                return []
            if platform.asking != mine:
                raise RefusalError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
            return platform.pending[:limit]

    def set_webhook(self, parameters: Json) -> bool:
        url, secret = str(parameters.get("url", "")), str(parameters.get("secret_token", ""))
        if url and not url.startswith("https://") and not self._platform.local:
            raise RefusalError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not SECRET.fullmatch(secret):
            raise RefusalError(400, "Bad Request: secret token contains unallowed characters")
        allowed = _object(parameters, "allowed_updates") or []
        self._platform.webhook = {"url": url, "secret_token": secret, "allowed_updates": allowed}
        return True

    def delete_webhook(self, parameters: Json) -> bool:
        self._platform.webhook = {}
        return True

    def webhook_info(self, parameters: Json) -> Json:
        pending = len(self._platform.pending)
        return {
            "url": self._platform.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": pending,
        }

    def set_commands(self, parameters: Json) -> bool:
        commands = _object(parameters, "commands") or []
        if len(commands) > 100 or not all(re.fullmatch(r"[a-z0-9_]{1,32}", each["command"]) for each in commands):
            raise RefusalError(400, "Bad Request: BOT_COMMAND_INVALID")
        self._platform.commands[str(parameters.get("language_code", ""))] = commands
        return True


async def _failing(fault: object) -> Response:
    if isinstance(fault, RefusalError):
        return _no(fault)
    if isinstance(fault, int):
        return HTMLResponse(CAUGHT, fault)
    if fault == "hang":
        with contextlib.suppress(asyncio.CancelledError):  # the server ends
            await asyncio.sleep(60)
    return HTMLResponse("" if fault == "empty" else CAUGHT, 200)


async def _parameters(request: Request) -> Json:
    """From the query, a form or JSON, as the platform takes them."""
    found: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        return {**found, **await request.json()}
    async with request.form() as form:
        for name, value in form.items():
            found[name] = Upload(value.filename or "", await value.read()) if isinstance(value, UploadFile) else value
    return found


def _object(parameters: Json, name: str) -> Any:
    """What may be JSON in a text."""
    value = parameters.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise RefusalError(400, f"Bad Request: can't parse {name} JSON object") from error


def _number(parameters: Json, name: str, otherwise: int | None = None) -> int:
    value = parameters.get(name, otherwise)
    try:
        return int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise RefusalError(
            400, f"Bad Request: {name} is invalid" if name != "chat_id" else "Bad Request: chat_id is empty"
        ) from error


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
