"""What we hold of a resident as a page to be printed: every heading in words, nothing left out."""

import html
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

_WORDS = {
    "tickets": "工单", "conversations": "对话", "messages": "说过的话", "channel": "渠道", "address": "账号", "at": "时间", "author": "谁说的",
    "text": "内容", "ref": "编号", "opened_at": "开始", "topic": "主题", "result": "结果", "stars": "评价", "written": "记录", "handover": "交接",
    "summary": "摘要", "slots": "登记的信息", "reason": "原因", "skill": "技能", "priority": "优先级", "place": "机构", "tried": "答过的依据",
    "data": "记录内容", "note": "备注", "word": "留言", "resident": "居民", "bot": "机器人", "seat": "坐席", "system": "系统",
}  # fmt: skip
_TIMES = frozenset({"at", "opened_at", "until"})


def copy_page(ref: str, copy: Mapping[str, object], zone: ZoneInfo) -> str:
    """A whole HTML document."""
    title = f"个人信息副本 · 工单 {html.escape(ref)}"
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>{_shown(copy, zone)}</body></html>"
    )


def _shown(value: object, zone: ZoneInfo, name: str = "") -> str:
    if isinstance(value, Mapping):
        rows = "".join(
            f"<dt>{html.escape(_WORDS.get(str(key), str(key)))}</dt><dd>{_shown(each, zone, str(key))}</dd>"
            for key, each in value.items()
        )
        return f"<dl>{rows}</dl>"
    if isinstance(value, list | tuple):
        return "<ol>" + "".join(f"<li>{_shown(each, zone)}</li>" for each in value) + "</ol>" if value else "—"
    if name in _TIMES and isinstance(value, int):
        return f"{datetime.fromtimestamp(value / 1000, zone):%Y-%m-%d %H:%M}"
    return html.escape("—" if value is None else _WORDS.get(str(value), str(value)))
