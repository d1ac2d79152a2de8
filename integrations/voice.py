"""The hotline: what is said is spoken, choices are keys, nothing needs eyes."""

import re
from collections.abc import Sequence

from bot.messages import Reply

CHOICES = 3  # a caller keeps no more in mind
LONGEST = 400  # characters: well over a minute of speech
_DIGITS = str.maketrans("0123456789", "零幺二三四五六七八九")
_PHONE = re.compile(
    r"(?<!\d)(?:0\d{2,3}-)?\d{4} ?\d{4}(?!\d)|(?<!\d)1\d{10}(?!\d)|(?<!\d)(?:1[12]\d|12\d{3}|96110|95598)(?!\d)|\d{3}\*{4}\d{4}|(?<!\d)\d{4}-\d{5}(?!\d)"
)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})")
_LINK = re.compile(r"https?://\S+")


def render(replies: Sequence[Reply]) -> list[str]:
    """What is spoken, then what may be keyed in."""
    lines = [speech(reply.spoken or reply.text) for reply in replies]
    if replies and replies[-1].options:
        lines.append(
            "，".join(f"{speech(option.label)}请按{option.key}" for option in replies[-1].options[:CHOICES])
            + "，找人请按0。"
        )
    return lines


def speech(text: str) -> str:
    """The text as a voice should read it: numbers to ring digit by digit, clock times in words, no signs."""
    text = _LINK.sub("", text)
    text = _PHONE.sub(lambda match: re.sub(r"[-* ]+", "，", match[0]).translate(_DIGITS), text)
    text = _CLOCK.sub(
        lambda match: (
            f"{int(match[1])}点" + ("" if match[2] == "00" else "半" if match[2] == "30" else f"{int(match[2])}分")
        ),
        text,
    )
    text = text.replace("—", "到").replace("→", "，").replace("·", "")
    text = re.sub(r"[“”《》「」【】（）()]", "，", text)
    text = re.sub(r"\s*\n\s*", "。", text)
    text = re.sub(r"(\d+)\. ", r"第\1，", text)
    return re.sub(r"[，、；]*([。！？：])[，。]*|，{2,}", lambda match: match[1] or "，", text).strip("，")


def problems(replies: Sequence[Reply]) -> list[str]:
    """What cannot be said on the phone."""
    found = []
    for reply in replies:
        if len(reply.options) > CHOICES:
            found.append(f"电话上一次最多 {CHOICES} 个选项")
        if len(speech(reply.spoken or reply.text)) > LONGEST:
            found.append(f"电话上要念 {len(reply.spoken or reply.text)} 个字，太长，请给 spoken 写短一点")
    return found
