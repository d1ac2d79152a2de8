"""What is called a card's number, a paper's or an account's, and is a piece of it at least; and passwords with letters."""

import re
from collections.abc import Iterable, Iterator, Sequence

from nlu import harmless, phones
from nlu.groups import DigitGroup, parts, runs
from nlu.masking import BANK, IDENTITY, Span
from nlu.text import SAID_DIGITS, syllables

CARD, CODE = "[学习卡号]", "[验证码]"  # what stands for a learning card's number, and for a code
LABELS = (CARD, CODE, IDENTITY, BANK)
LABEL = re.compile("|".join(map(re.escape, LABELS)))
_BY_NAME = {"bank": BANK, "identity": IDENTITY, "code": CODE, "card": CARD}
_NAMES = (
    r"(?P<bank>(?:银行|储蓄|信用|借记|工资)卡|存折|[打退转汇存][进到给]?[这那]张卡|[工农建中交招]行卡?|[账帐][号户]"
    r"|bank (?:account|card)|account number|credit card)"
    r"|(?P<identity>身份证|证件|二代证|证号|(?:社保|医保|残疾人?)[卡证]|\bid(?= (?:number|card|no)))"
    r"|(?P<code>(?:验 {0,2}证|校验|动态)(?: {0,2}码| ?ma(?![a-z]))|密 {0,3}码|口令)|(?P<card>学习卡|卡[上片]?的?号码?|我的?卡|[这那]张卡|(?<![a-z])card(?![a-z]))"
)
# Words that lead from the name of a number to it, and from one piece of it to the next.
SMALL = (
    r"(?:[^\w。！？!?；;]|_|然后|接着|接下来|下一?[面来段个部]|另外|就这些|完了?|没了?|麻烦|还差|随后|往后|[后前]半?[面来边段截]|最[前后末]|末尾|结尾|开头|中间|打头|收尾|尾[号数]|剩下|剩余|余下|还有|再来?|继续|补充"
    r"|(?:第[一二两三四五六七八几1-9]|末[了尾]?|头)一?[段组部位节截排行块串批]?|[一二两三四五六七八九][截排串](?!\d*[元块])|[前中后末]?(?:[几一两三四五六七八十]|(?<!\d)[4-9])位(?:数字?)?|数字|(?<![卡账帐证])号码?|号|慢+来?|跟着|不?就?是|为|的|对|好|嗯|哦|啊|呢|吧|了|这|那"
    r"|先|等(?:等|会儿?|一下|下)?|稍|[拿戴找]|(?:老花|眼)镜|[另其]外?一?半|一半|part(?: (?:one|two|three|four|\d))?|(?:(?:one|an?other|other|first|second) )?half"
    r"|我|你|您|他|她|来|老师|谢谢|请|发|报|给|念|说|记|一下|看|查|哈|呀|得|and|then|next|last|first|rest|is|it|my|the|of|are|number|no|digits?|four|five|six|eight|ok|yes|sure|thanks?)"
)
_CALLED = re.compile(rf"(?:{_NAMES})(?:号码?)?(?:{SMALL})*+$")
_ENDS = re.compile(rf"(?:{_NAMES})(?:号码?)?(?:{SMALL})*+(?:$|(?=[\d{SAID_DIGITS}]))")
_ASKS = re.compile(r"吗|什么|怎么|哪|多少|如何|几|忘|丢|办|补|\?|what|how|where|lost|forg")
_NAME, _LITTLE = re.compile(_NAMES), re.compile(SMALL)
_NEAR = 30  # characters between the name of a number and its end, both included
# What is said between them where it is a question, or of something else that has a number.
_ELSE = re.compile(
    r"[?!;]|某{3}|吗|么|怎|多少|如何|何时|哪|几[点号楼个天]|[付扣交刷充退收存取汇转]|花[了掉]|款|钱|费|价|余额|电话|手机|座机|[打拨]|热线|客服|联系|短信|年|岁|生日|地址|[路街]|微信|群|qq|期"
    r"|有效|[楼室]|教室|课|班|学员|编|邮|积|分数|学分|(?<![证卡账帐户这那个的])号(?!码)|what|how|where|lost|forg|pay|paid|cost|phone|call|mobile|room|year"
)
_YEAR_OR_SUM = re.compile(r"(?:19|20)\d\d|\d{1,3}00")
_PIECE = 4  # digits of a number that tell something of it
_TAIL = re.compile(r"(?:[末后]四位|尾号)(?:是|为|[^\w])*$")  # by its last four one tells which card it is, and no more
_WORD = re.compile(r"[^\W_]")
_FIGURES = re.compile(rf"\d\D{{0,14}}\d|[\d{SAID_DIGITS}]{{4}}")
_CALLED_SO = r"(?:密 {0,3}码|(?<![保加机])密(?:[马玛吗妈嘛]| ?ma(?![a-z]))|[秘蜜]码|口令|(?<![a-z])(?:mi ?ma|pass ?(?:word|code|wd)|pwd)(?![a-z]))"
_OF_PASSWORD = re.compile(_CALLED_SO)
PASSWORD = re.compile(
    rf"{_CALLED_SO}(?:(?:就?是|为|[改设][成为]|[:=])[ :=\"'“”]{{0,3}}| ?(?:is )?[\"'“”]?(?=[!-~]*\d))"
    r"(?!https?:)(?P<word>(?=[!-~]*[a-z])[!-~]{3,})"
)
_TOKEN = re.compile(r"[!-~]++")
# laowang7788是我的密码: what stands before its name, as `_quoted` writes that.
_IS_ITS_NAME = re.compile(
    "[ \"'”]{0,3}(?:这个?)?(?:就?是|为|=)(?:[我俺咱他她]们?|[爸妈]|老伴)?[的家]?"
    "(?:登[录陆]|学习卡|平台|[账帐][号户]|网站|手机|现在|以前|[新旧老原的])*密 {0,3}[密码](?![锁学本])"
)
_LONGEST = 40  # characters of a password, and between its name and it
# What is no password by its shape: an address, a machine, a version, what a program is called.
_KNOWN = re.compile(
    r"https?:|www\.|[^@]+@[a-z0-9-]+\.[a-z.]{2,}[!-/]?$|(?:iphone|ipad|android|windows|win|chrome|ios|edge|huawei|mate|office|app|v)[-_]?[\d.]+$"
)
# And what is called something else: by which name one comes in, which course, room, model.
_OTHER_NAME = re.compile(
    r"(?:用户名?|[账帐][号户]|登录名|昵称|名字?[是叫]|邮箱|微信|qq|课程|班级?|代码|编号|教室|房间|工单|订单|型号|手机|电脑|版本|系统|链接|网址|网站"
    r"|user ?(?:name|id)?|account|log ?in|(?<![a-z])id|e-?mail|wi-?fi|room|class|course|version|phone|model)[^!-~密码口]{0,4}(?:(?:is|was)[^\w]{0,2})?$"
)
_HOW = re.compile(r"怎么?样?[办改弄搞找设取换重修]|如何|哪[里儿]|how|where")
_A_WORD = re.compile(r"^(?P<lead>[^!-~]{0,8}+)(?P<word>(?=[!-~]{0,40}[a-z])(?=[!-~]{0,40}\d)[!-~]{6,40}+)[\W_]{0,8}+$")


def passwords(folded: str) -> Iterator[Span]:
    """Words with letters that are called a password, and words with letters and figures where one is spoken of."""
    for match in PASSWORD.finditer(folded):
        if not _is_else(folded, match.start("word")):
            yield *match.span("word"), CODE
    plain = _OF_PASSWORD.sub(_quoted, folded)
    for match in _TOKEN.finditer(plain):
        start, word = match.start(), match[0].lstrip(":=\"'")
        near = max(0, start - _LONGEST)
        called = _OF_PASSWORD.search(folded, near, start) or _IS_ITS_NAME.match(plain, match.end())
        if _is_word(word) and called and not _is_else(folded, start):
            yield match.end() - len(word), match.end(), CODE


def _quoted(match: re.Match[str]) -> str:
    """Of the same length, and no word: 密码 where it is written in Latin letters."""
    return "密" * len(match[0])


def _is_word(word: str) -> bool:
    return (
        6 <= len(word) <= _LONGEST
        and not word.isalpha()
        and any(map(str.isdecimal, word))
        and any(map(str.isalpha, word))
        and _KNOWN.match(word) is None
    )


def _is_else(folded: str, start: int) -> bool:
    """Whether what begins there is called something else, or a password that many know."""
    return any(each.search(folded, max(0, start - _LONGEST), start) for each in (harmless.OF_A_MEETING, _OTHER_NAME))


def may_have_password(folded: str) -> bool:
    return _OF_PASSWORD.search(folded) is not None


def password_behind(texts: Sequence[str]) -> Iterator[Span]:
    """The word with letters and figures that is all of the last text, where the one before speaks of a password, and does not
    ask what to do."""
    *before, last = texts
    if (
        not before
        or not may_have_password(before[-1])
        or _HOW.search(before[-1])
        or _is_else(before[-1], len(before[-1]))
    ):
        return
    if (match := _A_WORD.match(last)) and _is_word(match["word"]) and not little(match["lead"]).strip():
        yield *match.span("word"), CODE


_NAMES_SAID = {
    tuple(syllables(name)): name
    for name in ("身份证", "验证码", "校验码", "检验码", "动态码", "银行卡", "证件号", "学习卡", "信用卡")
}
_LAST_SAID = {name[-1] for name in _NAMES_SAID}


def named_right(folded: str) -> str:
    """The text with the names of such numbers as they are written, where they are written as they sound (身分证, 验正码)."""
    sounds = syllables(folded)
    if _LAST_SAID.isdisjoint(sounds):  # as in most that is said
        return folded
    for n in range(len(sounds) - 2):
        name = _NAMES_SAID.get((sounds[n], sounds[n + 1], sounds[n + 2]))
        if name and folded[n : n + 3] != name:
            folded = folded[:n] + name + folded[n + 3 :]
    return folded


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
            near, start = max(0, part[0].start - _NEAR), part[0].start
            number = "".join(each.digits for each in part)
            found = _CALLED.search(blank, near, start) or _named(blank, near, start, number)
            told = len(number) == _PIECE and _TAIL.search(blank, near, start)
            if found and len(number) >= _PIECE and not told:
                yield from ((each, _BY_NAME[str(found.lastgroup)]) for each in part)


def _named(blank: str, near: int, start: int, number: str) -> re.Match[str] | None:
    """The name of a number where other words stand between that and its digits."""
    found = next(reversed([*_NAME.finditer(blank, near, start)]), None)
    if found is None or found["code"] or _ELSE.search(blank, found.end(), start):
        return None
    return None if _YEAR_OR_SUM.fullmatch(number) or phones.find(number) else found


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
