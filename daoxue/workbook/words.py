"""What is told to whoever filled in a sheet, in both languages."""

import os
import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from knowledge.words import Words, what

Lang = Literal["zh", "en"]


class CellError(Exception):
    """What stands in a cell cannot be meant. No number or name of a person is in what is said."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh)
        self.said = Words(zh, en)


def language(environment: Mapping[str, str] = os.environ) -> Lang:
    """Of whoever sits at the terminal: English where it says so, else Chinese."""
    set_to = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return "en" if set_to.lower().startswith("en") else "zh"


LONGEST = 500  # characters of what is wrong that are looked at
# What the catalogue says in English, as people say it.
_PATTERNS: tuple[tuple[re.Pattern[str], Words], ...] = tuple(
    (re.compile(pattern), Words(zh, en))
    for pattern, zh, en in (
    (r"Expected `str` matching regex", "写法不对，请看说明里的样子", "not written as the explanation says"),
    (r"there is no such text", "没有这个文字编号", "there is no such text"),
    (r"there is no (\S+)", "没有 {}", "there is no {}"),
    (r"leads round in a circle", "一级一级往上，又绕回来了", "leads round in a circle"),
    (r"does not lead up to the college", "一级一级往上，到不了学院", "does not lead up to the college"),
    (r"closes (\S+) before it opens (\S+)", "关门 {} 不晚于开门 {}", "closes {}, which is not after it opens {}"),
    (r"weekday (\d) is open twice from (\S+)", "星期 {} 的两段时间从 {} 起重叠了", "two spans of weekday {} overlap from {} on"),
    (r"(\S+) is not after starts (\S+)", "{} 不晚于开始时间 {}", "{} is not after the start {}"),
    (r"(\S+) is less than (\S+)", "{} 小于 {}", "{} is less than {}"),
    (r"(\S+) is more than there are places, (\S+)", "{} 多于名额 {}", "{} is more than there are places, {}"),
    (r"(\S+) is before (\S+)", "{} 早于 {}", "{} is before {}"),
    (r"(.+) is taken by (\S+)", "“{}”已经是 {} 的名字", "“{}” is a name of {} already"),
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
    for pattern, said in _PATTERNS:
        if match := pattern.search(error[:LONGEST]):
            return Words(said.zh.format(*match.groups()), said.en.format(*match.groups()))
    return what(error.partition(" - at `")[0])


def of_type(error: msgspec.ValidationError) -> Words:
    """What a type says, without what was in the cell: that may be somebody's number."""
    return in_words(str(error))
