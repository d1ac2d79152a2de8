"""Sets aside what a mail quotes and how it is signed: by lines, from the top, each looked at once.

The forms are those of QQ Mail, 163 and NetEase Mail Master, Foxmail, Outlook (both languages), Gmail, Apple Mail, Sina and of
telephones.
"""

import re
from typing import NamedTuple

LINE = 400  # characters of a line that are looked at
CLOSING = 8  # lines at the end among which a closing formula stands
_RULE = re.compile(
    r"[\s>]*-{2,}\s{0,20}(?:原始邮件|原邮件|原始信件|邮件原件|转发邮件|转发的邮件|转发信息|回复的原邮件|回复的邮件|original(?: message)?|"
    r"forwarded message|repl(?:y|ied) message)\s{0,20}-*\s{0,20}",
    re.IGNORECASE,
)
_WROTE = re.compile(r".{0,300}(?:写道|寫道|wrote|写于)\s{0,20}[:：]\s{0,20}", re.IGNORECASE)
_WHEN = re.compile(
    r"(?:^|[\s>])(?:在|于|on\s|at\s).{0,40}\d|\d{4}\s{0,20}[年/.-]\s{0,20}\d{1,2}|<[^<>\s]+@[^<>\s]+>", re.IGNORECASE
)
_FROM = re.compile(r"[\s>|*]{0,20}(?:发件人|发信人|寄件者|from)\s{0,20}\**\s{0,20}[:：|]", re.IGNORECASE)
_FIELD = re.compile(
    r"[\s>|*]*(?:发送时间|发件时间|发送日期|寄件日期|日期|时间|收件人|收信人|收件者|主题|主旨|抄送|sent(?: time)?|date|to|subject|cc)"
    r"\s{0,20}\**\s{0,20}[:：|]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\s{0,20}[^\s@]+@[^\s@]+\s{0,20}")
_ASKS = re.compile(r"？|\?(?![A-Za-z0-9=&/%_])")  # and no address of a page
_NAME = re.compile(r"\s{0,20}[^\s。，,？?！!：:][^。，,？?！!：:]{0,19}")  # above an address, as QQ Mail signs
_SEPARATOR = re.compile(r"\s{0,20}[_=]{20,}\s{0,20}|\s{0,20}-{30,}\s{0,20}")
_TITLE = re.compile(r"\s*(?:原始邮件|original(?: message)?)\s*", re.IGNORECASE)  # without a rule, as QQ Mail has it
_DELIMITER = re.compile(r"--\s?|—{2,}\s{0,20}|\|\s{1,9}\|\s{0,20}")  # NetEase draws a card
_DEVICE = r"(?:我的|新浪|网易|qq|foxmail|outlook|windows|mac|iphone|ipad|android|小米|华为|huawei|honor|vivo|oppo|三星|荣耀|手机|移动|139)"
_SENT_FROM = re.compile(
    rf"\s{{0,20}}(?:(?:发自|发送自|发至)\s{{0,20}}{_DEVICE}[^。，,？?！!]{{0,40}}|"
    rf"(?:来自|从)\s{{0,20}}{_DEVICE}[^。，,？?！!]{{0,40}}(?:手机|iphone|ipad|客户端|邮箱|邮件|发送|发出)\s{{0,20}}|"
    r"签名由.{0,20}定制|(?:下载|获取)\s{0,20}outlook.{0,60}|sent from (?:my|outlook|yahoo|mail for).{0,60}|get outlook for.{0,60})",
    re.IGNORECASE,
)
_FORMULA = re.compile(
    r"\s{0,20}(?:此致(?:[,，]?\s{0,20}敬礼)?|敬礼|祝好|顺祝.{0,8}|顺颂.{0,8}|祝您.{0,10}|祝工作.{0,8}|(?:best|kind|warm|with)?\s{0,20}regards|best wishes|"
    r"sincerely(?: yours)?|yours \w+|cheers|many thanks)\s{0,20}[,，.。!！~]*\s{0,20}",
    re.IGNORECASE,
)


class Body(NamedTuple):
    """`words` are what is new in it; `signed` and `quoted` what was set aside."""

    words: str
    signed: str
    quoted: str


def parted(text: str) -> Body:
    """Of what has nothing new but quotes, everything is words: who writes between the lines, or only forwards."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [f"> {line}" if _leads_to_marked(lines, at) else line for at, line in enumerate(lines)]
    end = next((at for at in range(len(lines)) if _quotes_from(lines, at)), len(lines))
    if end < len(lines):
        names = _FROM.match(lines[end][:LINE]) is not None
        while end and _belongs_below(lines, end - 1, names=names):
            end -= 1
    new = [line for line in lines[:end] if not line.startswith(">")]
    quoted = [line for line in lines[:end] if line.startswith(">")] + lines[end:]
    cut = _signed_from(new)
    words = "\n".join(new[:cut]).strip()
    if not words:
        return Body("\n".join(lines).strip(), "", "")
    return Body(words, "\n".join(new[cut:]).strip(), "\n".join(quoted).strip())


def _leads_to_marked(lines: list[str], at: int) -> bool:
    """Whether a line says who wrote what is marked beneath: what is new may stand after that, or between."""
    if lines[at].startswith(">") or not _WROTE.fullmatch(lines[at][:LINE]):
        return False
    return next((line for line in lines[at + 1 : at + 4] if line.strip()), "").startswith(">")


def _quotes_from(lines: list[str], at: int) -> bool:
    """Whether everything from this line on was written before."""
    line = lines[at][:LINE]
    if line.startswith(">"):  # marked by itself
        return False
    following = [each[:LINE] for each in lines[at + 1 : at + 7]]
    if _RULE.fullmatch(line):
        return True
    if _FROM.match(line):
        return any(_FIELD.match(each) for each in following)
    if _SEPARATOR.fullmatch(line):
        return any(_FROM.match(each) for each in following[:3])
    if _WROTE.fullmatch(line):
        return _WHEN.search(line) is not None or _WHEN.search(lines[at - 1][:LINE] if at else "") is not None
    if _WHEN.search(line) and not line.rstrip().endswith(("?", "？", "。")):
        # A long line of Gmail's or Apple's is broken in two.
        return bool(following) and len(following[0]) < 80 and bool(_WROTE.fullmatch(following[0]))
    return False


def _belongs_below(lines: list[str], at: int, *, names: bool) -> bool:
    """Whether a line above what is quoted is no words: a rule, a title; and where that `names` whose it was, the address alone that
    Foxmail puts above."""
    line = lines[at][:LINE]
    if not line.strip() or _SEPARATOR.fullmatch(line) or _TITLE.fullmatch(line):
        return True
    return names and at > 0 and _ADDRESS.fullmatch(line) is not None and not lines[at - 1].strip()


def _signed_from(lines: list[str]) -> int:
    """The line with which the signature begins, behind all that asks; their number where there is none."""
    last = max((at for at, line in enumerate(lines) if line.strip()), default=-1)
    asked = max((at for at, line in enumerate(lines) if _ASKS.search(line[:LINE])), default=-1)
    for at, line in enumerate(lines[: last + 1]):
        line = line[:LINE]
        if _SENT_FROM.fullmatch(line):
            return at
        if at > asked and (_DELIMITER.fullmatch(line) or (_FORMULA.fullmatch(line) and last - at < CLOSING)):
            return at
    named = lines[max(0, last - 2) : last + 1]
    is_card = (
        len(named) == 3 and not named[0].strip() and _NAME.fullmatch(named[1]) and _ADDRESS.fullmatch(named[2][:LINE])
    )
    return last - 1 if is_card else len(lines)
