"""Numerals as people write them: 105, 1,200, 一百零五, 两千五, 三零二, 1.5万, 廿三, 壹佰贰拾, 七八十."""

import re
from decimal import Decimal

CAPITAL = "壹贰叁肆伍陆柒捌玖拾佰仟"
DIGITS = "零〇一二两三四五六七八九幺"
CHINESE = DIGITS + "十百千万亿廿卅卌" + CAPITAL
_PLAIN = str.maketrans(
    {**dict(zip(CAPITAL, "一二三四五六七八九十百千", strict=True)), "廿": "二十", "卅": "三十", "卌": "四十"}
)
_DIGIT = {**{digit: value for value, digit in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2, "幺": 1}
_UNIT = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_TOKEN = re.compile(r"\d+(?:\.\d+)?|.")
_READ_OUT = re.compile(f"[{DIGITS}]+")
# 七八, 五六十, 三十七八: two neighbours stand for one of them, and the lower is meant at least.
_ABOUT = re.compile(
    r"(?:一(?=二)|[二两](?=三)|三(?=[四五])|四(?=五)|五(?=六)|六(?=七)|七(?=八)|八(?=九)).(?=[十百千万]|$)"
)
_MIXED = re.compile(f"[{CAPITAL}][{DIGITS[2:]}十百千]|[{DIGITS[2:]}十百千][{CAPITAL}]")  # 队伍一年
_DOUBLED = str.maketrans("0123456789", "0246813579")  # with the digits of two added up
_LONGEST = 20  # characters; what is longer is no number that anybody means


def read(text: str, *, read_out: bool = False) -> str | None:
    """The number that a folded text writes, in digits (105, 1.5); None where it writes none.

    Digits one after the other are the digits of a number (三零二). Two neighbours (七八) are about that many, unless
    `read_out` says that the number is a name.
    """
    if not text or len(text) > _LONGEST or _MIXED.search(text):
        return None
    text = text.translate(_PLAIN).replace(",", "")
    if text.isdecimal():
        return text.lstrip("0") or "0"
    if not read_out and len(text) < 3:
        text = _about(text)
    if _READ_OUT.fullmatch(text):
        return "".join(str(_DIGIT[char]) for char in text).lstrip("0") or "0"
    if "点" in text:
        return _decimal(text)
    value = _grouped(_about(text))
    return None if value is None else written(value)


def _about(text: str) -> str:
    return _ABOUT.sub(lambda match: match[0][0], text, count=1)


def _decimal(text: str) -> str | None:
    """一点五, 十二点五."""
    whole, point, rest = text.partition("点")
    before, after = _grouped(whole), _READ_OUT.fullmatch(rest)
    if not point or before is None or after is None:
        return None
    return written(Decimal(f"{before}.{''.join(str(_DIGIT[char]) for char in rest)}"))


def written(value: Decimal) -> str:
    """A number in digits, without needless zeros."""
    return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def _grouped(text: str) -> Decimal | None:
    """Reads units of falling size, in groups of ten thousand."""
    total = group = Decimal(0)
    number: Decimal | None = None
    last, limit, gap = 1, 10_000, False  # the last unit; what the next within the group stays below; a 零 came
    for part in _TOKEN.findall(text):
        if part in _UNIT and (unit := _UNIT[part]) < 10_000:
            if unit >= limit or (number is None and unit > 10):
                return None
            group, number, last, limit, gap = group + (1 if number is None else number) * unit, None, unit, unit, False
        elif part in _UNIT:
            group += number or 0
            if not group or (total and unit > 10_000):
                return None
            total, group, number, last, limit, gap = total + group * unit, Decimal(0), None, unit, 10_000, False
        elif part in "零〇":
            gap = gap or number is None
        elif number is not None or (value := _coefficient(part)) is None:
            return None
        else:
            number = value
    if number is not None:  # 两千五 is two thousand and five hundred, 两千零五 is not
        group += number * last / 10 if last > 10 and not gap and number < 10 else number
    return total + group


def _coefficient(part: str) -> Decimal | None:
    return Decimal(_DIGIT[part]) if part in _DIGIT else Decimal(part) if part[0].isdecimal() else None


def has_check_digit(number: str) -> bool:
    """Luhn's test (ISO/IEC 7812-1 annex B), which the last digit of a learning card makes true."""
    single, doubled = number[::-2], number[-2::-2].translate(_DOUBLED)
    return sum(map(int, single + doubled)) % 10 == 0
