"""What a mail asks, one thing after the other. Every word that is not a greeting stays in one of the parts."""

import re

MOST = 8  # questions that are answered one by one; what comes after them is for a person
_GREETING = re.compile(
    r"\s{0,20}(?:尊敬的.{0,20}|敬爱的.{0,12}|(?:.{0,10}?(?:老师|领导|同志|工作人员|中心|学院))?\s{0,20}(?:您好|你好|早上好|上午好|下午好|晚上好)(?:吗)?|"
    r"hello|hi|dear .{0,40}|good (?:morning|afternoon|evening)|hi there|to whom it may concern)\s{0,20}[,，.。!！:：~]*\s{0,20}",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"\s{0,20}(?:[（(]?(?:\d{1,2}|[一二三四五六七八九十]{1,2})[)）]|(?:\d{1,2}|[一二三四五六七八九十]{1,2})[.、．:：](?!\d)|"
    r"(?:问题|第)\s{0,20}(?:\d{1,2}|[一二三四五六七八九十])\s{0,20}(?:个问题)?[，,、:：.]|[①②③④⑤⑥⑦⑧⑨⑩])\s{0,20}(?=\S)"
)
_MARK = re.compile(r"(?:[？]|\?(?![A-Za-z0-9=&/%_]))+[”’」）)]*")
SHORT = 30  # characters of a line that somebody ends where the thought ends, and not where the page does
_ASKS = re.compile(
    "[吗么呢没不]$|什么|啥|多少|几[点时号月天次个]|怎[么样]|咋|如何|哪|有没有|能不能"
    "|可不可以|是不是|要不要|我[要想](?:找|报|退|投诉|查)|找(?:个)?人|人工|what|when|where|how |can i|i want",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\s{0,20}(?:(?:先|非常|十分|多|万分)?(?:谢谢|感谢|辛苦|麻烦|打扰)(?:了|您|你们|老师|您了)?|盼复|期待.{0,6}回复|请回复|望回复|"
    r"thanks?(?: you)?(?: very much| a lot| in advance)?|looking forward to .{0,30})\s{0,20}[,，.。!！~]*\s{0,20}",
    re.IGNORECASE,
)


def asked(words: str) -> list[str]:
    """The parts, in their order; at least one, where there are words."""
    lines = [line for line in words.split("\n") if not _GREETING.fullmatch(line) and not _THANKS.fullmatch(line)]
    text = "\n".join(lines).strip() or words.strip()
    if not text:
        return []
    parts = _items(text.split("\n")) or _sentences(text)
    return parts if len(parts) <= MOST else [*parts[:MOST], "\n".join(parts[MOST:])]


def _items(lines: list[str]) -> list[str]:
    """Those of a list of at least two; what stands before it belongs to the first."""
    parts: list[list[str]] = []
    before: list[str] = []
    for line in lines:
        if item := _ITEM.match(line):
            parts.append([*(before if not parts else ()), line[item.end() :].strip()])
        elif line.strip():
            (parts[-1] if parts else before).append(line.strip())
    return ["\n".join(part) for part in parts] if len(parts) > 1 else []


def _sentences(text: str) -> list[str]:
    """Each up to its question mark, with what leads to it; what follows the last belongs to the last."""
    found, last = [], 0
    for match in _MARK.finditer(text):
        if part := text[last : match.end()].strip():
            found.append(part)
        last = match.end()
    rest = text[last:].strip()
    if rest and not _THANKS.fullmatch(rest):
        parts = _lines(rest)
        if not found or (len(parts) > 1 or _ASKS.search(rest)):
            return [*found, *parts]
        found[-1] += f"\n{rest}"
    return found or [rest]


def _lines(text: str) -> list[str]:
    """Each short line that asks or wants something, with those that lead to it; what follows the last belongs to it."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if any(len(line) > SHORT for line in lines):
        return [text]
    parts, lead = list[str](), list[str]()
    for line in lines:
        lead.append(line)
        if _ASKS.search(line):
            parts.append("\n".join(lead))
            lead = []
    if parts and lead:
        parts[-1] += "\n" + "\n".join(lead)
    return parts or [text]
