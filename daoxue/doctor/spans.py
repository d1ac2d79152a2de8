"""How long something took or is old, as people say it."""

from bot.examining import Phrase

_UNITS = ((86_400, "天", "d"), (3_600, "小时", "h"), (60, "分钟", "min"), (1, "秒", "s"))


def span(seconds: float) -> Phrase:
    """In its largest unit that it has two of, rounded down."""
    size, zh, en = next((each for each in _UNITS if seconds >= 2 * each[0]), _UNITS[-1])
    return Phrase(f"{int(seconds // size)} {zh}", f"{int(seconds // size)} {en}")
