"""What we hold of a resident as a page to be printed: every heading in words, nothing left out."""

import html
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

WORDS = {
    "tickets": "工单", "conversations": "对话", "messages": "说过的话", "channel": "渠道", "address": "账号", "at": "时间", "author": "谁说的",
    "text": "内容", "ref": "编号", "opened_at": "开始", "topic": "主题", "result": "结果", "stars": "评价", "written": "记录", "handover": "交接",
    "summary": "摘要", "slots": "登记的信息", "reason": "原因", "skill": "技能", "priority": "优先级", "place": "机构", "tried": "答过的依据",
    "data": "记录内容", "note": "备注", "word": "留言", "resident": "居民", "bot": "机器人", "seat": "坐席", "system": "系统",
    "attachment": "文件", "attendance": "听课记录", "binding": "绑定", "body": "内容", "bound_at": "绑定时间", "call": "电话", "class": "班级",
    "closed_at": "结束", "conversation": "对话", "counted": "已折算的学分", "credits": "学分（十分之一）", "day": "日期", "delivered": "已送达",
    "dispute": "核对时的账", "due_at": "该发的时间", "enrolment": "报名", "frozen": "冻结的积分", "id": "编号", "inbound": "消息的外部编号",
    "item": "兑换物编号", "learner": "账户", "ledger": "学分账", "message": "消息", "minor": "未成年", "minutes": "分钟", "name": "名称",
    "notice": "通知", "number": "候补号", "one_time_code": "验证码请求", "points": "积分", "preview": "缩略图", "purpose": "用途", "redemption": "兑换",
    "remote_copy": "平台的答复", "review": "质检", "role": "身份", "rule": "规则版本", "scope": "权限", "sent_text": "短信", "sid": "运营商编号",
    "site": "领取处", "source": "来源", "state": "状态", "status": "状态", "tags": "标签", "ticket": "工单", "ticket_event": "工单记录",
    "type": "类型", "unanswered": "没答上的问题", "until": "到期", "what": "规则", "why": "原因", "drafts": "由此起草的回答", "consents": "同意",
    "push": "浏览器提醒", "correspondent": "对话的地址", "endpoint": "提醒地址",
    "consent": "同意", "version": "版本", "given": "同意与否", "person": "本人", "card": "卡号", "phone": "电话", "school": "学校",
}  # fmt: skip
_TIMES = frozenset({"at", "opened_at", "closed_at", "bound_at", "due_at", "until"})
LONGEST = 20_000  # characters of one value; a longer one is a file


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
            f"<dt>{html.escape(WORDS.get(str(key), str(key)))}</dt><dd>{_shown(each, zone, str(key))}</dd>"
            for key, each in value.items()
        )
        return f"<dl>{rows}</dl>"
    if isinstance(value, list | tuple):
        return "<ol>" + "".join(f"<li>{_shown(each, zone)}</li>" for each in value) + "</ol>" if value else "—"
    if name in _TIMES and isinstance(value, int):
        return f"{datetime.fromtimestamp(value / 1000, zone):%Y-%m-%d %H:%M}"
    if len(str(value)) > LONGEST:
        return "（文件内容，见电子副本）"
    return html.escape("—" if value is None else WORDS.get(str(value), str(value)))
