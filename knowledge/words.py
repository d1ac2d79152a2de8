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
        ("colour", "颜色", "Colour"), ("head_colour", "页头颜色", "Colour of the head"),
        ("hours", "时间", "Hours"), ("opens", "开始", "Opens"), ("closes", "结束", "Closes"),
        ("days", "星期", "Days"), ("seat", "坐席", "Seat"), ("shifts", "班次", "Shifts"), ("closed_on", "休息日", "Closed on"),
        ("open_on", "加班日", "Open on"), ("messages", "居民消息", "Messages"), ("audit", "操作记录", "Audit"),
    )
}  # fmt: skip
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_INDEX = re.compile(r"\[[^\]]*\]")
# How to write what has to be of a form, by its pattern.
_WRITTEN: Mapping[str, Words] = {
    pattern: Words(zh, en)
    for pattern, zh, en in (
        (r"^[a-z0-9][a-z0-9-]{0,63}$", "只能用小写字母、数字和连字符，以字母或数字开头",
         "lower-case letters, digits and hyphens only, the first a letter or a digit"),
        (r"^[a-z0-9][a-z0-9_-]{0,31}$", "只能用小写字母、数字、- 和 _，如 credit", "lower-case letters, digits, - and _ only, e.g. credit"),
        (r"^[a-z0-9_.-]{1,80}$", "要写系统里的编号，如 greeting", "the id of a text is wanted, e.g. greeting"),
        (r"^\S(.*\S)?$", "要写在一行里，前后不留空格", "one line is wanted, without a space before or behind"),
        (r"^\S([^\n]*\S)?$", "要写在一行里，前后不留空格", "one line is wanted, without a space before or behind"),
        (r"^(\S([^\n]*\S)?)?$", "要写在一行里，前后不留空格", "one line is wanted, without a space before or behind"),
        (r"^(#[0-9a-f]{6})?$", "要写成 #0b6e5f 这样：# 和六位 0—9、a—f（小写）", "write it as #0b6e5f: # and six of 0-9 and a-f (small letters)"),
        (r"^([01]\d|2[0-4]):[0-5]\d$", "要写时间，如 08:30", "a time is wanted, e.g. 08:30"),
        (r"^([01]\d|2[0-3]):[0-5]\d$", "要写时间，如 08:30", "a time is wanted, e.g. 08:30"),
        (r"^\w[\w.@-]{0,63}$", "只能用字母、数字、汉字和 . @ - _，中间没有空格，如 wang.li",
         "letters, digits and . @ - _ only, without spaces, e.g. wang.li"),
        (r"^\+?[0-9]{3,16}$", "要写电话号码，如 057188001234 或 +8657188001234", "a telephone number is wanted, e.g. +8657188001234"),
        (r"^1[3-9]\d{9}$", "要写 11 位手机号，如 13800138000", "a mobile number of 11 digits is wanted, e.g. 13800138000"),
        (r"^\d{12}$", "要写 12 位数字", "12 digits are wanted"),
    )
}  # fmt: skip
_REGEX = "Expected `str` matching regex "
_BY_REGEX = {repr(pattern): words for pattern, words in _WRITTEN.items()}
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
        (r"^Expected `(?:int|float)` > ([^\s.]+)", "要大于 {}", "has to be above {}"),
        (r"^Expected `(?:int|float)` < ([^\s.]+)", "要小于 {}", "has to be below {}"),
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
    wrong = what(text[: place.start()] if place else text)
    if (missing := re.match(r"Object missing required field `(\w+)`", text)) is not None:
        field = f"{field}.{missing[1]}".strip(".")
    label = labels.get(field) or labels.get(field.rpartition(".")[2]) or Words(field, field)
    return Words(f"{label.zh}：{wrong.zh}", f"{label.en}: {wrong.en}") if field else wrong


def wanted(text: str) -> Words | None:
    """How to write what is not written as it should be; None where that is not known, or something else is wrong."""
    return _BY_REGEX.get(text.removeprefix(_REGEX))


def what(text: str) -> Words:
    """What is wrong, without where."""
    if text.startswith(_REGEX):
        return wanted(text) or Words("写法不对", "is not written as it should be")
    for pattern, words in _SAID:
        if (match := pattern.search(text)) is not None:
            return Words(words.zh.format(*match.groups()), words.en.format(*match.groups()))
    return Words("格式不对", "has the wrong form")


_LONGEST = 500  # characters of what is wrong that are looked at
# What the catalogue says in English, as people say it.
_OF_CATALOGUE: tuple[tuple[re.Pattern[str], Words], ...] = tuple(
    (re.compile(pattern), Words(zh, en))
    for pattern, zh, en in (
    (r"there is no such text", "没有这个文字编号", "there is no such text"),
    (r"there is no (\S+)", "没有 {}", "there is no {}"),
    (r"leads round in a circle", "一级一级往上，又绕回来了", "leads round in a circle"),
    (r"does not lead up to the college", "一级一级往上，到不了学院", "does not lead up to the college"),
    (r"(?<!\S)(\S+) has one of two times", "{} 只写了开门或关门：两个都写，全天关门的都空着", "{} has one of two times: write both, or neither for a closed day"),
    (r"closes (\S+) before it opens (\S+)", "关门 {} 不晚于开门 {}", "closes {}, which is not after it opens {}"),
    (r"weekday (\d) is open twice from (\S+)", "星期 {} 的两段时间从 {} 起重叠了", "two spans of weekday {} overlap from {} on"),
    (r"(?<!\S)(\S+) degrees, which are (\S+) at most", "{} 度：最多 {} 度，是不是北纬和东经写反了", "{} degrees, {} at most: are they swapped?"),
    (r"(?<!\S)(\S+) is not after starts (\S+)", "{} 不晚于开始时间 {}", "{} is not after the start {}"),
    (r"(?<!\S)(\S+) is less than (\S+)", "{} 小于 {}", "{} is less than {}"),
    (r"(?<!\S)(\S+) is more than there are places, (\S+)", "{} 多于名额 {}", "{} is more than there are places, {}"),
    (r"(?<!\S)(\S+) is before (\S+)", "{} 早于 {}", "{} is before {}"),
    (r"^(.+) is taken by (\S+)", "“{}”已经是 {} 的名字", "“{}” is a name of {} already"),
    (r"it has no value for (.+)", "这句话里没有 {} 可填", "this text has no value for {}"),
    (r"a single \{ or \}", "花括号不成对", "a single { or }"),
    (r"version: stands twice", "同一个版本出现了两次", "one version stands twice"),
    (r"valid_from: stands twice", "两个版本的生效日期相同", "two versions begin on the same day"),
    (r"cap: less than one time earns", "上限比一次得的还少", "the cap is less than one time earns"),
    (r"credits have one decimal at most", "学分最多一位小数", "credits have one decimal at most"),
)
)  # fmt: skip


def in_words(error: str) -> Words:
    """What the types or the catalogue say is wrong."""
    for pattern, said in _OF_CATALOGUE:
        if match := pattern.search(error[:_LONGEST]):
            return Words(said.zh.format(*match.groups()), said.en.format(*match.groups()))
    return what(error.partition(" - at `")[0])
