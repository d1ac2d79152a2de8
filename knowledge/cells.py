"""The values of a spreadsheet as the sheet shows them: by their number formats."""

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

EXACT = 15  # digits that a spreadsheet keeps of a number
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]|_.|\*.')
_CORE = re.compile(r"[#0?][#0?,]*(?:\.[#0?]+)?")
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[[^\]]*\]|[_*].|(?P<half>AM/PM|上午/下午|A/P)'
    r"|(?P<part>y+|m+|d+|h+|s+(?:\.0+)?|a{3,4})|(?P<other>.)",
    re.IGNORECASE,
)
_WEEK = "一二三四五六日"
_RUN = re.compile(r"'*[=+\-@\t\r＝＋－＠].", re.DOTALL)  # what a spreadsheet may take for a formula, in a CSV


def inert(text: str) -> str:
    """As a cell of a CSV: words are words, also where they begin as a formula does. `meant` takes the mark off again."""
    return f"'{text}" if _RUN.match(text) else text


def meant(text: str) -> str:
    """What was written into a cell of a CSV."""
    return text[1:] if text[:1] == "'" and _RUN.match(text) else text


def shown(value: object, layout: str) -> str:
    """A value under a number format (`layout`)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(Decimal(repr(value)), layout.split(";")[0])
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    if isinstance(value, datetime | date | time):
        return _moment(value, layout.split(";")[0])
    return str(value).replace("\r\n", "\n")


def day_of(value: object) -> str:
    """The day of a date, in ISO 8601, however little of it is shown."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else ""


def is_inexact(value: object) -> bool:
    """Whether a number is longer than a spreadsheet keeps: its last digits are gone."""
    whole = isinstance(value, int | float) and not isinstance(value, bool)
    return whole and abs(Decimal(repr(value))) >= 10**EXACT


def _number(value: Decimal, layout: str) -> str:
    plain = _LITERAL.sub(lambda match: match[1] or match[2] or match[3] or "", layout)
    core = _CORE.search(plain)
    if not value.is_finite() or core is None or "/" in plain or "E+" in plain.upper():
        return _plain(value)
    percent = "%" in plain
    whole, _, decimals = core[0].partition(".")
    scaled = (value * 100 if percent else value).quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    text = f"{abs(scaled):{',' if ',' in whole else ''}f}"
    if "#" in decimals:
        needed = len(decimals.rstrip("#"))
        text = text[: len(text) - len(decimals) + needed] + text[len(text) - len(decimals) + needed :].rstrip("0")
        text = text.rstrip(".")
    head, dot, tail = text.partition(".")
    text = head.zfill(whole.count("0")) + dot + tail
    sign = "-" if scaled < 0 else ""
    return f"{plain[: core.start()].strip()}{sign}{text}{plain[core.end() :].strip()}"


def _plain(value: Decimal) -> str:
    """All its digits, without an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(value: datetime | date | time, layout: str) -> str:
    parts = list(_TOKEN.finditer(layout))
    kinds = [(match["part"] or " ")[0].lower() for match in parts]
    if not set(kinds) & set("ymdhsa"):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    half = any(match["half"] for match in parts)
    out = []
    for at, match in enumerate(parts):
        near = (
            [kind for kind in reversed(kinds[:at]) if kind != " "][:1],
            [kind for kind in kinds[at + 1 :] if kind != " "][:1],
        )
        minute = kinds[at] == "m" and (near[0] == ["h"] or near[1] == ["s"])
        if match["part"]:
            out.append(_part(value, match["part"].lower(), minute, half))
        elif match["half"]:
            out.append(_half(value, match["half"]))
        else:
            out.append(match["quoted"] or match["escaped"] or match["other"] or "")
    return "".join(out).strip()


def _half(value: datetime | date | time, words: str) -> str:
    first, last = words.split("/")
    return first if getattr(value, "hour", 0) < 12 else last


def _part(value: datetime | date | time, token: str, minute: bool, half: bool) -> str:
    clock = value if isinstance(value, datetime | time) else time()
    number = {"h": clock.hour, "s": clock.second, "m": clock.minute if minute else 0}
    kind = token[0]
    if isinstance(value, date) and not minute:
        number |= {"y": value.year, "d": value.day, "m": value.month}
        if kind == "a" or token in ("ddd", "dddd"):
            return ("星期" if len(token) == 4 else "周") + _WEEK[value.weekday()]
        if token in ("y", "yy"):
            return f"{value.year % 100:02d}"
    if kind == "h" and half:
        number["h"] = number["h"] % 12 or 12
    found = number.get(kind)
    return "" if found is None else f"{found:02d}" if len(token.split(".")[0]) == 2 else str(found)
