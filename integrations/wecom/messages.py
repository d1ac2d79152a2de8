"""What each message and event of the account's is to us.

Types: developer.work.weixin.qq.com/document/path/94670.
"""

from enum import IntEnum

from msgspec import Struct
from msgspec.structs import replace

from bot.messages import Arrived, Inbound
from integrations.wecom.settings import CHANNEL

NAMES = {
    "image": "[图片]", "voice": "[语音]", "video": "[视频]", "file": "[文件]", "link": "[链接]", "business_card": "[名片]",
    "miniprogram": "[小程序]", "channels": "[视频号]", "merged_msg": "[聊天记录]", "note": "[笔记]",
}  # fmt: skip
# Of those what seats get to see: what it is called, and what it means.
_KEPT = {"image": ("微信图片", "sent_file"), "voice": ("微信语音", "cannot_read"), "file": ("微信文件", "sent_file")}


class Origin(IntEnum):
    """Who has sent it."""

    RESIDENT = 3
    COLLEAGUE = 5  # in WeCom


class KfText(Struct, frozen=True):
    content: str = ""


class KfMedia(Struct, frozen=True):
    media_id: str = ""


class KfPlace(Struct, frozen=True):
    latitude: float = 0.0
    longitude: float = 0.0


class KfEvent(Struct, frozen=True):
    """Of each kind what we look at: a code to greet with, why something did not arrive, who has the talk now."""

    event_type: str = ""
    external_userid: str = ""
    welcome_code: str = ""
    fail_type: int = 0
    change_type: int = 0
    new_servicer_userid: str = ""


class KfMessage(Struct, frozen=True):
    """A message as it is fetched. `send_time` is in seconds."""

    msgid: str
    msgtype: str
    external_userid: str = ""
    send_time: int = 0
    origin: int = 0
    text: KfText = KfText()
    image: KfMedia = KfMedia()
    voice: KfMedia = KfMedia()
    file: KfMedia = KfMedia()
    location: KfPlace = KfPlace()
    event: KfEvent = KfEvent()

    @property
    def media(self) -> str:
        """What its file is fetched by; empty where it has none that we fetch."""
        found = {"image": self.image, "voice": self.voice, "file": self.file}.get(self.msgtype)
        return found.media_id if found is not None else ""


def inbound(message: KfMessage, at: int) -> Inbound:
    """What the resident said; at most once, by the platform's id."""
    said = Inbound(channel=CHANNEL, address=message.external_userid, id=message.msgid, text="", at=at, outbox=True)
    if message.msgtype == "text":
        return replace(said, text=message.text.content.strip())
    if message.msgtype == "location":
        place = message.location
        if -90 <= place.latitude <= 90 and -180 <= place.longitude <= 180:
            return replace(said, text="[位置]", intent="nearest_to_me", position=(place.latitude, place.longitude))
    name = NAMES.get(message.msgtype, "[其他消息]")
    if message.media:
        called, intent = _KEPT[message.msgtype]
        files = (Arrived(called, ref=message.media),)
        return replace(said, text=name, intent=intent, slots={"kind": message.msgtype}, files=files)
    return replace(said, text=name, intent="cannot_read", slots={"kind": message.msgtype})


FAILED = {
    1: "账号已停用", 2: "应用没有开启", 4: "会话已过期", 5: "会话已关闭", 6: "超过五条", 8: "主体未验证", 10: "居民拒收",
    11: "企业没有开通", 12: "禁止发送",
}  # fmt: skip
REFUSED = 10  # of those: whoever it was sent to wants nothing
CHANGED = {1: "接待人员接入了会话", 2: "会话转给了另一位接待人员", 3: "接待结束", 4: "接待人员重新接入了会话"}


def told(event: KfEvent) -> str:
    """What of an event seats have to know; empty where nothing."""
    match event.event_type:
        case "msg_send_fail":
            return f"【微信客服】一条消息没有送到（{FAILED.get(event.fail_type, '未知原因')}）"
        case "session_status_change" if event.change_type in CHANGED:
            who = f"：{event.new_servicer_userid}" if event.new_servicer_userid else ""
            return f"【企业微信】{CHANGED[event.change_type]}{who}"
        case "user_recall_msg":
            return "【居民撤回了一条消息】"
    return ""
