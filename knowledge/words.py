"""What is told to whoever writes knowledge, in both languages, and what is wrong with a value in words instead of in those
of the program."""

import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct


class Words(Struct, frozen=True):
    """Something told; each reader gets it in their language."""

    zh: str
    en: str

    def told(self, language: str) -> str:
        return self.en if language == "en" else self.zh


Labels = Mapping[str, Words]
# The fields of forms as the desk calls them.
LABELS: Labels = {
    name: Words(zh, en)
    for name, zh, en in (
        ("id", "编号", "Id"), ("topic", "主题", "Topic"), ("kind", "类型", "Kind"), ("standard", "标准问题", "Standard question"),
        ("questions", "问法", "Ways to ask"), ("answer", "回答", "Answer"), ("spoken", "口语", "Spoken"), ("sms", "短信", "SMS"),
        ("steps", "步骤", "Steps"), ("audience", "对象", "Audience"), ("district", "地区", "District"), ("source", "来源", "Source"),
        ("owner", "负责人", "Owner"), ("valid_from", "生效", "From"), ("valid_until", "有效至", "Until"),
        ("en", "英文", "English"), ("en.answer", "英文回答", "Answer in English"), ("en.steps", "英文步骤", "Steps in English"),
        ("en.question", "英文问题", "Question in English"),
        ("source_en", "来源的英文名", "Source in English"), ("person", "转人工", "To a person"), ("zh", "中文名", "Chinese name"), ("skill", "技能", "Skill"),
        ("colour", "颜色", "Colour"), ("hours", "时间", "Hours"), ("opens", "开始", "Opens"), ("closes", "结束", "Closes"),
        ("days", "星期", "Days"), ("seat", "坐席", "Seat"), ("shifts", "班次", "Shifts"), ("closed_on", "休息日", "Closed on"),
        ("open_on", "加班日", "Open on"), ("messages", "居民消息", "Messages"), ("audit", "操作记录", "Audit"),
    )
}  # fmt: skip
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_INDEX = re.compile(r"\[[^\]]*\]")
_ID = Words(
    "只能用小写字母、数字和连字符，以字母或数字开头",
    "lower-case letters, digits and hyphens only, the first a letter or a digit",
)
_SAID = tuple(
    (re.compile(pattern), Words(zh, en))
    for pattern, zh, en in (
        (r"^Expected `str` of length >= 1$", "不能空着", "must not be empty"),
        (r"^Expected `str` of length <= (\d+)", "最多 {} 字", "at most {} characters"),
        (r"^Expected `str` of length >= (\d+)", "至少 {} 字", "at least {} characters"),
        (r"^Expected `array` of length <= (\d+)", "最多 {} 项", "at most {} of them"),
        (r"^Expected `array` of length >= (\d+)", "至少 {} 项", "at least {} of them"),
        (r"^Expected `(?:int|float)` >= (\S+)", "不能小于 {}", "not below {}"),
        (r"^Expected `(?:int|float)` <= (\S+)", "不能大于 {}", "not above {}"),
        (r"^Invalid RFC3339 encoded date", "不是日期，请写成 2026-12-31 这样", "is no day; write it as 2026-12-31"),
        (r"^Invalid enum value '?(.{0,40}?)'?$", "没有“{}”这一项", "there is no “{}”"),
        (r"^Object missing required field `(\w+)`", "没有填", "is missing"),
        (r"^Object contains unknown field `(.{0,40})`", "不认识“{}”", "“{}” is not known"),
        (r"^Expected `bool`", "要写 是 或 否", "是 (yes) or 否 (no) is wanted"),
        (r"^Expected `[^`]*`, got `[^`]*`", "内容不对", "is not what is asked for"),
        (r"^(?:JSON is malformed|Input data was truncated)", "内容不完整，请再试一次", "is incomplete; please try again"),
    )
)  # fmt: skip


def said(error: msgspec.DecodeError | UnicodeDecodeError, labels: Labels = LABELS) -> Words:
    """What is wrong, beginning with the field that it is about where there is one."""
    text = str(error)
    place = _AT.search(text)
    field = _INDEX.sub("", place[1]).strip(".") if place else ""
    wrong = what(text[: place.start()] if place else text, field)
    if (missing := re.match(r"Object missing required field `(\w+)`", text)) is not None:
        field = f"{field}.{missing[1]}".strip(".")
    label = labels.get(field) or labels.get(field.rpartition(".")[2]) or Words(field, field)
    return Words(f"{label.zh}：{wrong.zh}", f"{label.en}: {wrong.en}") if field else wrong


def what(text: str, field: str = "") -> Words:
    """What is wrong, without where; `field` is the one that it is about."""
    if text.startswith("Expected `str` matching regex"):
        name = field.rpartition(".")[2]
        return (
            _ID if name in ("id", "topic", "standard", "skill") else Words("写法不对", "is not written as it should be")
        )
    for pattern, words in _SAID:
        if (match := pattern.search(text)) is not None:
            return Words(words.zh.format(*match.groups()), words.en.format(*match.groups()))
    return Words("格式不对", "has the wrong form")
