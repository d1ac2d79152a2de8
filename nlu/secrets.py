"""What is called a card's number, a paper's or an account's, and is a piece of it at least; and passwords with letters."""

import re
from collections.abc import Iterable, Iterator, Sequence

from nlu import harmless
from nlu.masking import BANK, IDENTITY, DigitGroup, Span, parts, runs
from nlu.text import SAID_DIGITS

CARD, CODE = "[学习卡号]", "[验证码]"  # what stands for a learning card's number, and for a code
LABELS = (CARD, CODE, IDENTITY, BANK)
LABEL = re.compile("|".join(map(re.escape, LABELS)))
_BY_NAME = {"bank": BANK, "identity": IDENTITY, "code": CODE, "card": CARD}
_NAMES = (
    r"(?P<bank>(?:银行|储蓄|信用|借记|工资)卡|存折|[打退转汇存][进到给]?[这那]张卡|[工农建中交招]行卡?|[账帐][号户]"
    r"|bank (?:account|card)|account number|credit card)"
    r"|(?P<identity>身份证|证件|二代证|证号|(?:社保|医保|残疾人?)[卡证]|\bid(?= (?:number|card|no)))"
    r"|(?P<code>(?:验证|校验|动态)码|密码|口令)|(?P<card>学习卡|卡[上片]?的?号码?|我的?卡|[这那]张卡|(?<![a-z])card(?![a-z]))"
)
# Words that lead from the name of a number to it, and from one piece of it to the next.
SMALL = (
    r"(?:[^\w。！？!?；;]|_|然后|接着|接下来|下一?[面来段个部]|另外|就这些|完了?|没了?|麻烦|还差|随后|往后|[后前]半?[面来边段截]|最[前后末]|末尾|结尾|开头|中间|尾[号数]|剩下|剩余|余下|还有|再来?|继续|补充"
    r"|第[一二两三四五六七八几1-9][段组部位节]?|[前中后末]?(?:[几一两三四五六七八十]|(?<!\d)[4-9])位(?:数字?)?|数字|(?<![卡账帐证])号码?|号|慢+来?|跟着|不?就?是|为|的|对|好|嗯|哦|啊|呢|吧|了|这|那"
    r"|我|你|您|他|她|来|老师|谢谢|请|发|报|给|念|说|记|一下|看|查|哈|呀|得|and|then|next|last|first|rest|is|it|my|the|of|are|number|no|digits?|four|five|six|eight|ok|yes|sure|thanks?)"
)
_CALLED = re.compile(rf"(?:{_NAMES})(?:号码?)?(?:{SMALL})*+$")
_ENDS = re.compile(rf"(?:{_NAMES})(?:号码?)?(?:{SMALL})*+(?:$|(?=[\d{SAID_DIGITS}]))")
_ASKS = re.compile(r"吗|什么|怎么|哪|多少|如何|几|忘|丢|办|补|\?|what|how|where|lost|forg")
_NAME, _LITTLE = re.compile(_NAMES), re.compile(SMALL)
_NEAR = 30  # characters between the name of a number and its end, both included
_PIECE = 4  # digits of a number that tell something of it
_TAIL = re.compile(r"(?:[末后]四位|尾号)(?:是|为|[^\w])*$")  # by its last four one tells which card it is, and no more
_WORD = re.compile(r"[^\W_]")
_FIGURES = re.compile(rf"\d\D{{0,14}}\d|[\d{SAID_DIGITS}]{{4}}")
PASSWORD = re.compile(
    r"(?:(?:密码|口令)(?:(?:就?是|为|[改设][成为]|[:=])[ :\"'“”]{0,3}| ?(?=[!-~]*\d))|(?:password|passcode|pwd)(?:[:=][ \"'“”]{0,3}| (?:is )?[\"'“”]?(?=[!-~]*\d)))"
    r"(?!https?:)(?P<word>(?=[!-~]*[a-z])[!-~]{3,})"
)

# 密码是多少来着，哦 …: whoever asks for it, and remembers it.
_RECALLED = re.compile(
    rf"(?:密码|口令)(?:什么|多少|来着|哪个|想|起|[?？。]|{SMALL})*+(?P<word>(?=[!-~]*[a-z])(?=[!-~]*\d)[!-~]{{6,}})"
)
_OF_PASSWORD = re.compile(r"密码|口令|(?<![a-z])(?:password|passcode|pwd)(?![a-z])")
_A_WORD = re.compile(r"^(?P<lead>[^!-~]{0,8}+)(?P<word>(?=[!-~]{0,40}[a-z])(?=[!-~]{0,40}\d)[!-~]{6,40}+)[\W_]{0,8}+$")


def passwords(folded: str) -> Iterator[Span]:
    """Words with letters that are called a password."""
    for match in (*PASSWORD.finditer(folded), *_RECALLED.finditer(folded)):
        if not harmless.OF_A_MEETING.search(folded, max(0, match.start() - _NEAR), match.start("word")):
            yield *match.span("word"), CODE


def may_have_password(folded: str) -> bool:
    return "密码" in folded or "口令" in folded or "pass" in folded or "pwd" in folded


def password_behind(texts: Sequence[str]) -> Iterator[Span]:
    """The word with letters and figures that is all of the last text, where the one before speaks of a password."""
    *before, last = texts
    if not before or _OF_PASSWORD.search(before[-1]) is None or harmless.OF_A_MEETING.search(before[-1]):
        return
    if (match := _A_WORD.match(last)) and "@" not in last and not little(match["lead"]).strip():
        yield *match.span("word"), CODE


def called(folded: str, taken: Sequence[Span]) -> Iterator[Span]:
    """Pieces of numbers right behind the name of the number, but for what is `taken`."""
    if _FIGURES.search(folded) is None or _NAME.search(folded) is None:
        return
    last: Span | None = None
    for group, label in _groups(without(folded, harmless.spans(folded))):
        if any(start < group.end and group.start < end for start, end, _ in taken):
            continue
        if last and last[2] == label and not _WORD.search(folded, last[1], group.start):
            last = last[0], group.end, label
            continue
        if last:
            yield last
        last = group.start, group.end, label
    if last:
        yield last


def _groups(blank: str) -> Iterator[tuple[DigitGroup, str]]:
    for run in runs(blank):
        for part in parts(run):
            found = _CALLED.search(blank, max(0, part[0].start - _NEAR), part[0].start)
            digits = sum(len(each.digits) for each in part)
            told = digits == _PIECE and _TAIL.search(blank, max(0, part[0].start - _NEAR), part[0].start)
            if found and digits >= _PIECE and not told:
                yield from ((each, _BY_NAME[str(found.lastgroup)]) for each in part)


def opened(folded: str) -> str | None:
    """The label of the number that a text begins to say: pieces of it may follow."""
    if labels := LABEL.findall(folded):
        return str(labels[-1])
    found = None if _ASKS.search(folded) else _ENDS.search(folded)
    return _BY_NAME[str(found.lastgroup)] if found else None


def without(text: str, spans: Iterable[tuple[int, int]], sign: str = "某") -> str:
    """The text with another sign for these, which is no digit; of the same length."""
    for start, end in spans:
        text = f"{text[:start]}{sign * (end - start)}{text[end:]}"
    return text


def little(folded: str) -> str:
    """The text with blanks for small words."""
    return _LITTLE.sub(_blank, folded)


def named(folded: str) -> str:
    """The text with blanks for the names of numbers."""
    return _NAME.sub(_blank, folded)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
