"""Numbers up to a few hundred, as they stand in expressions of time: 12, 十二, 廿三, 两."""

from nlu.text import digits

DIGITS = "0123456789零〇一二两三四五六七八九十廿卅"
NUMERALS = "0-9" + DIGITS[10:]
# Up to 39, or 99 in digits: hours, days, months. A longer number is none of those; a weekday before it is no part of it.
NUMBER = (
    f"(?:(?<=[周期拜][一二三四五六])|(?<![{NUMERALS}百千万.]))(?:[0-9]{{1,2}}|[二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|卅|[零〇一二两三四五六七八九])"
    f"(?![{NUMERALS}百千万])"
)


def number(text: str) -> int:
    """The value of what `NUMBER` matches."""
    if text.isdigit() and text.isascii():
        return int(text)
    plain = text.replace("廿", "二十").replace("卅", "三十")
    if "十" in plain:
        tens, ones = plain.split("十")
        return (int(digits(tens)) if tens else 1) * 10 + (int(digits(ones)) if ones else 0)
    return int(digits(plain))
