"""What each message and event of WeChat's is to us.

Types: developers.weixin.qq.com/doc/service/guide/product/message (messages and events).
"""

import hashlib
from dataclasses import dataclass

from msgspec.structs import replace

from bot.messages import CONTINUE, Arrived, Inbound
from integrations.tencent.envelope import DroppedError
from integrations.wechat.gate import Received
from integrations.wechat.settings import CHANNEL

SCENE = "qrscene_"
# The menu: what an entry's key means, and the words that it stands for in the conversation.
MENU = {"balance": ("balance", "查学分"), "course": ("find_course", "找课程"), "human": ("human", "人工")}
# As WeChat wants it: at most three entries, each name up to 16 bytes in UTF-8.
MENU_ON_SCREEN = {"button": [{"type": "click", "name": words, "key": key} for key, (_, words) in MENU.items()]}
GO_ON = frozenset({"继续", "接着说", "接着讲", "往下说", "go on", "Go on"})
GO_ON_AFTER_A_WAIT = frozenset({"1", "【1】", "[1]", "１"})
_UNREAD = {
    "voice": "[语音]",
    "image": "[图片]",
    "video": "[视频]",
    "shortvideo": "[小视频]",
    "link": "[链接]",
    "file": "[文件]",
}

# Of those what seats get to see: what it is called, and what it means.
_KEPT = {"image": ("微信图片", "sent_file"), "voice": ("微信语音", "cannot_read")}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened and is not said: `kind` in lower case; `scene` what was scanned."""

    kind: str
    scene: str = ""


def event(received: Received) -> Event | None:
    """The event, if it is one."""
    if received.text("MsgType").strip().lower() != "event":
        return None
    kind = received.text("Event").strip().lower()
    key = received.text("EventKey")
    return Event(kind, key.removeprefix(SCENE) if kind in ("subscribe", "scan") else "")


def identity(received: Received) -> str:
    """The same for every delivery of a message, and for no other message of its sender. What does not count as a message
    for the quota has another beginning."""
    number = received.number("MsgId") or received.number("MsgID")
    kind = received.text("MsgType").strip().lower()
    if number and kind != "event":
        return f"{'menu' if received.text('bizmsgmenuid') not in ('', '0') else 'mid'}:{number}"
    parts = (kind, received.text("Event"), received.text("EventKey"), received.text("Ticket"), received.text("Content"))
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return f"evt:{received.number('CreateTime') or 0}:{digest}"


def inbound(received: Received, at: int) -> Inbound | None:
    """What the resident said; None for what has no answer. Raises `DroppedError`."""
    kind = received.text("MsgType").strip().lower()
    message = Inbound(
        channel=CHANNEL, address=received.text("FromUserName"), id=identity(received), text="", at=at, inline=True
    )
    if kind == "text":
        return _with(message, received.text("Content").strip())
    if kind == "voice" and (heard := received.text("Recognition").strip()):
        return _with(message, heard)
    if kind in _KEPT and (media := received.text("MediaId").strip()):
        name, intent = _KEPT[kind]
        return replace(_with(message, _UNREAD[kind], intent, {"kind": kind}), files=(Arrived(name, ref=media),))
    if kind in _UNREAD:
        return _with(message, _UNREAD[kind], "cannot_read", {"kind": kind})
    if kind == "location":
        return _located(message, received)
    happened = event(received)
    return _meant(message, happened, received) if happened is not None else None


def _with(message: Inbound, text: str, intent: str | None = None, slots: dict[str, str] | None = None,
          position: tuple[float, float] | None = None) -> Inbound:  # fmt: skip
    return Inbound(
        channel=message.channel, address=message.address, id=message.id, text=text, at=message.at, intent=intent,
        slots=slots or {}, position=position, inline=True,
    )  # fmt: skip


def going_on(message: Inbound) -> Inbound:
    """The same as a wish to read on."""
    return _with(message, message.text, CONTINUE)


def _located(message: Inbound, received: Received) -> Inbound:
    try:
        north, east = float(received.text("Location_X")), float(received.text("Location_Y"))
    except ValueError as error:
        raise DroppedError("Location") from error
    if not (-90 <= north <= 90 and -180 <= east <= 180):
        raise DroppedError("Location")
    return _with(message, "[位置]", "nearest_to_me", position=(north, east))


def _meant(message: Inbound, happened: Event, received: Received) -> Inbound | None:
    if happened.kind == "click":
        intent, words = MENU.get(received.text("EventKey"), ("menu", "菜单"))
        return _with(message, words, intent)
    if happened.kind == "subscribe":
        return _with(message, "[关注]", "welcome")
    if happened.kind == "scan":
        return _with(message, "[扫码]", "greeting")
    return None
