"""Text as a voice should read it: the hour as people say it, numbers to ring digit by digit, nothing that needs eyes."""

import re

_LINK = re.compile(r"https?://\S+")
_DIGITS = str.maketrans("0123456789", "零幺二三四五六七八九")
_SHORT = r"(?:1[12]\d|12\d{3}|96110|95598)(?![\d.]|\s*[元分个人节名位岁天年次台米块小点份张本%]|\s*(?:积分|学分))"  # 120, 12345: but not 120元
_PHONE = re.compile(
    rf"(?<!\d)(?:0\d{{2,3}}-\d{{3,4}} ?\d{{4}}|\d{{4}} ?\d{{4}}|[48]00-?\d{{3}}-?\d{{4}}|[48]00-\d{{4}}-\d{{3}})(?!\d)(?:转 ?\d{{1,6}}(?!\d))?"
    rf"|(?<!\d)1\d{{10}}(?!\d)|(?<!\d){_SHORT}|\d{{3}}\*{{4}}\d{{4}}|(?<!\d)\d{{4}}-\d{{5}}(?!\d)"
)
_DATE = re.compile(r"(?<!\d)(20\d\d)-(\d{1,2})-(\d{1,2})(?!\d)")
_TIME = r"(\d{1,2}):(\d{2})(?!\d)"
_SPAN = re.compile(rf"(?<!\d){_TIME}\s*[—–~至到-]\s*{_TIME}")
_CLOCK = re.compile(rf"(?<!\d){_TIME}")
_OCLOCK = re.compile(r"(?<![\d第])(1[3-9]|2[0-4])点(?!数|击)")
_DAYTIME = re.compile(r"(上午|下午|晚上|早上|中午|凌晨)\s*$")
_ITEM = re.compile(r"(?:^|\n)([1-9])\. ")
_ORDINALS = "一二三四五六七八九"
_PAIR = re.compile(r"(?<![\d.])2(?=个|节|次|位|小时|天|门|份|张|本|人|种|家|所|遍)")
_IN_BRACKETS = re.compile(r" ?\([^()]*[\u4e00-\u9fff][^()]*\)")
_HAN = r"[\u4e00-\u9fff，。；：、？！]"


def in_english(text: str) -> str:
    """An English text to be read aloud: without the Chinese in its brackets, numbers to ring digit by digit."""
    text = without_chinese(_LINK.sub("", text))
    text = _PHONE.sub(lambda m: " ".join(re.sub(r"\D", "", m[0])), text)
    text = re.sub(r"(?<=\d)\s*[—–]\s*(?=\d)", " to ", text).replace("→", ",").replace("·", "")
    text = _ITEM.sub(lambda m: f"\nNumber {m[1]}: ", text)
    text = re.sub(r"[“”*]", "", text)
    text = re.sub(r"(?<=[.:!?])\s*\n\s*", " ", text.strip())
    text = re.sub(r"\s*\n\s*", ". ", text)
    return text if not text or text[-1] in ".!?" else f"{text}."


def without_chinese(text: str) -> str:
    """An English text without what stands in brackets for signs and for those whom one asks."""
    return _IN_BRACKETS.sub("", text)


def speech(text: str) -> str:
    """The text to be read aloud."""
    text = _LINK.sub("", text)
    text = _DATE.sub(lambda m: f"{m[1]}年{int(m[2])}月{int(m[3])}日", text)
    text = _PHONE.sub(lambda m: re.sub(r"[-* ]+", "，", m[0]).translate(_DIGITS), text)
    text = _SPAN.sub(_span, text)
    text = _CLOCK.sub(lambda m: _clock(int(m[1]), m[2], "" if _DAYTIME.search(text[: m.start()]) else None), text)
    text = _OCLOCK.sub(lambda m: _clock(int(m[1]), "00", "" if _DAYTIME.search(text[: m.start()]) else None), text)
    text = _ITEM.sub(lambda m: f"\n第{_ORDINALS[int(m[1]) - 1]}，", text)
    text = re.sub(r"(\d+)%", r"百分之\1", text)
    text = re.sub(r"(?<=\d)[—–~-](?=\d)", "到", text)
    text = _PAIR.sub("两", text.replace("—", "到").replace("→", "，").replace("·", ""))
    text = re.sub(r"[“”《》「」*]", "", re.sub(r"（(周[一二三四五六日])）", r"\1", text))
    text = re.sub(r"[【】（）()]", "，", text)
    text = re.sub(r"\s*\n\s*", "。", text.strip())
    text = re.sub(rf"(?<={_HAN})\s+|\s+(?={_HAN})", "", text)
    text = re.sub(r"[，、；]*([。！？：])[，。]*", r"\1", text)
    text = re.sub(r"，*([、；])，*|，+", lambda m: m[1] or "，", text).strip("，")
    return text if not text or text[-1] in "。？！" else f"{text.rstrip('；、：')}。"


def part(text: str) -> str:
    """The same within a sentence."""
    return speech(text).rstrip("。")


def _span(match: re.Match[str]) -> str:
    first = _clock(int(match[1]), match[2], "" if _DAYTIME.search(match.string[: match.start()]) else None)
    same = _daytime(int(match[1])) == _daytime(int(match[3]))
    return f"{first}到{_clock(int(match[3]), match[4], '' if same else None)}"


def _clock(hour: int, minutes: str, daytime: str | None) -> str:
    """`daytime` is None to be said, empty where it has been."""
    if hour > 24 or int(minutes) > 59:
        return f"{hour}比{minutes}"
    said = _daytime(hour) if daytime is None else daytime
    of_twelve = hour - 12 if hour > 12 else hour
    return f"{said}{of_twelve}点" + ("" if minutes == "00" else "半" if minutes == "30" else f"{int(minutes)}分")


def _daytime(hour: int) -> str:
    return "凌晨" if hour < 6 else "上午" if hour < 12 else "中午" if hour == 12 else "下午" if hour < 18 else "晚上"
