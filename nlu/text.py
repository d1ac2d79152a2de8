"""Make text comparable: clean what nobody typed on purpose, fold what means the same, cut into words and syllables.

`clean` may shorten a text and is applied once, where a message enters. `fold` never changes the length, so
that positions found in a folded text are positions in the cleaned one.
"""

import html
import os
import re
import unicodedata
from functools import cache

# Single characters are read here, never phrases: without those the library keeps 40 MB less. It looks at import time.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")

import rjieba
from pypinyin.constants import PINYIN_DICT
from zhconv import zhconv

SPACES = re.compile(r"\s+")
# What a speaker says while thinking, or a writer out of courtesy: it carries no part of the question.
FILLERS = re.compile(
    r"^(?:嗯+|呃+|啊+|哦+|喂+|诶+|哎+|额+|那个|这个|就是说?|请问一下|请问|麻烦问一下|麻烦问下|麻烦您|麻烦你|麻烦|想问一下|想问下|问一下|问下"
    r"|打扰一下|打扰了|打扰|不好意思|您好|你好|同志|师傅|姑娘|小姑娘|小伙子|大姐|老师您好|我想问一下|我想问下|我想问|我想咨询一下|我想咨询|咨询一下"
    r"|帮我看一下|帮我看看|hi|hello|please|excuse me|[\s,，。.!！?？、:：…~～-])+"
)


class _Clean(dict[int, str | None]):
    """Drops control, format (zero-width, bidirectional), private-use and lone surrogate characters; keeps spaces."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        if char in "\n\t\r\u2028\u2029\x0b\x0c\x85":
            kept: str | None = " "
        elif unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"} or 0xFE00 <= code <= 0xFE0F:
            kept = None
        else:
            kept = char
        self[code] = kept
        return kept


def _simplified() -> dict[str, str]:
    zhconv.loaddict()
    table = {old: new for old, new in zhconv.zhcdicts["zh2Hans"].items() if len(old) == len(new) == 1}
    zhconv.zhcdicts.clear()  # 10 MB of phrase tables that nothing else needs
    return table


class _Fold(dict[int, str]):
    """One character to one character: full width to half, upper case to lower, traditional to simplified."""

    def __init__(self) -> None:
        super().__init__({ord(old): new for old, new in _simplified().items()})

    def __missing__(self, code: int) -> str:
        char = chr(code)
        digit = unicodedata.digit(char, None)  # of any script, in a circle, in brackets, with a full stop
        narrow = unicodedata.normalize("NFKC", char).lower() if digit is None else str(digit)
        folded = narrow if len(narrow) == 1 and not narrow.isspace() else (" " if char.isspace() else char)
        folded = self[ord(folded)] if folded != char else folded
        self[code] = folded
        return folded


_CLEAN = _Clean()
_FOLD = _Fold()


def clean(text: str) -> str:
    """The text without what is invisible or not a character, its white space collapsed."""
    return SPACES.sub(" ", _typed(text).translate(_CLEAN)).strip()


def visible(text: str) -> str:
    """The text without what is invisible or not a character, its lines and blanks as they are."""
    return "\n".join(line.translate(_CLEAN) for line in _typed(text).splitlines())


def _typed(text: str) -> str:
    """With the digits that a page writes by their numbers (&#54;) as whoever reads the page sees them."""
    return _WRITTEN.sub(lambda match: html.unescape(match[0]), text) if "&#" in text else text


def fold(text: str) -> str:
    """The text as it is compared; of the same length."""
    return text.translate(_FOLD)


SAID_DIGITS = "零〇洞一幺二两三四五六七拐八九勾壹贰叁肆伍陆柒捌玖"  # how people say a digit, in figures or read out
_DIGIT = re.compile(rf"[\d{SAID_DIGITS}]")
_LOOKS = str.maketrans("oil参么", "011叁幺")
_AMONG_DIGITS = re.compile(
    rf"(?<=[\d{SAID_DIGITS}])[oil]{{1,6}}(?=[\d{SAID_DIGITS}])|(?<=\d{{5}})[oil]{{1,3}}(?![a-z])"
    r"|(?<![a-z0-9])(?=[oil]*\d)[0-9oil]{4,}(?![a-z0-9])|(?<=\d[\W_])[oil]{1,4}(?=[\W_]\d)"
)
# 參 is what 叁 looks like, and what takes part; 么 is written for 幺, and ends a question.
_AMONG_NUMERALS = re.compile(
    rf"(?<=[\d{SAID_DIGITS}])么(?=[\d{SAID_DIGITS}])|参(?=[\d{SAID_DIGITS}参]{{2}})|(?<=[\d{SAID_DIGITS}参]{{2}})参(?![加与观考照谋赛数选])"
)
SPELLED = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ling": "0", "dong": "0", "yao": "1", "yi": "1", "er": "2", "liang": "2", "san": "3", "si": "4", "wu": "5", "liu": "6",
    "qi": "7", "guai": "7", "ba": "8", "jiu": "9", "gou": "9",
}  # fmt: skip
_SPELLED = "|".join(sorted(SPELLED, key=len, reverse=True))
_TIMES = {"double": 2, "triple": 3}
_SAID = rf"(?:(?:double|triple) )?(?>{_SPELLED})|\d++"
SPELLED_OUT = re.compile(rf"(?<![a-z0-9])(?>{_SAID})(?:[\s,.、-]{{0,3}}+(?>{_SAID})){{3,}}+")
# So few that they are words by themselves, and all that is said but for what leads on to them.
SPELLED_FEW = re.compile(
    rf"^(?:(?:and|then|next|last|rest|is|it)(?![a-z])|[^a-z0-9])*+(?>{_SAID})(?:[\s,.、-]{{0,3}}+(?>{_SAID})){{0,2}}+(?: ?x)?+[^a-z0-9]*+$"
)
SPELLED_DIGIT = re.compile(rf"(?:(?P<times>double|triple) )?(?P<digit>{_SPELLED}|\d)")
_WRITTEN = re.compile("&#(?:x3[0-9]|4[89]|5[0-7]);", re.IGNORECASE)
_MARKUP = re.compile(rf"</?[a-z][^<>\d{SAID_DIGITS}]{{0,30}}>|&[a-z]{{2,6}};")


def fold_numbers(text: str) -> str:
    """The same, with letters in a number that look like digits as those (62O8 is 6208), and blanks for the marks of a page
    that show nothing (6208<b>0104</b>). What is spelled out (six two, liu er) begins with its digit, and is blank behind it:
    `up_to` tells where the word ends."""
    bare = fold(text)
    if "<" in bare or "&" in bare:
        bare = _MARKUP.sub(lambda match: " " * len(match[0]), bare)
    # Most that is said holds none of these, and looking where they stand costs more than all the rest.
    if "o" in bare or "i" in bare or "l" in bare:
        bare = _AMONG_DIGITS.sub(lambda match: match[0].translate(_LOOKS), bare)
    if "参" in bare or "么" in bare:
        bare = _AMONG_NUMERALS.sub(lambda match: match[0].translate(_LOOKS), bare)
    if "e" in bare or "i" in bare:  # as most of them have, and what is written in Chinese has not
        bare = SPELLED_OUT.sub(figures, bare)
    return bare


def figures(run: re.Match[str]) -> str:
    return SPELLED_DIGIT.sub(_figure, run[0])


def digits_said(text: str) -> int:
    """How many digits are in it, in figures, read out or spelled."""
    return len(_DIGIT.findall(fold_numbers(text)))


def _figure(said: re.Match[str]) -> str:
    digit = SPELLED.get(said["digit"], said["digit"])
    before = digit * (_TIMES.get(said["times"], 1) - 1)
    return before.ljust(said.start("digit") - said.start()) + digit.ljust(len(said["digit"]))


def up_to(text: str, end: int) -> int:
    """Where what was found in a text's numbers ends in the text itself: behind the word, where that is one."""
    while 0 < end < len(text) and all(each.isascii() and each.isalpha() for each in text[end - 1 : end + 1]):
        end += 1
    return end


def without_fillers(folded: str) -> str:
    """The folded text without leading courtesy and hesitation; the text itself where nothing else is in it."""
    return folded[match.end() :] or folded if (match := FILLERS.match(folded)) else folded


# 幺 is how a one is said in numbers read digit by digit; 两 never stands in those, but recognisers write it.
_SPOKEN_DIGITS = str.maketrans("零〇一二三四五六七八九幺两", "0012345678912")


def digits(folded: str) -> str:
    """The folded text with each Chinese numeral that stands for one digit written as that digit; same length."""
    return folded.translate(_SPOKEN_DIGITS)


class _Syllables(dict[str, str]):
    """The commonest reading of a Chinese character without its tone, sounds that speakers mix up made equal."""

    def __missing__(self, char: str) -> str:
        readings = PINYIN_DICT.get(ord(char))
        sound = char if readings is None else _plain(readings.split(",")[0])
        self[char] = sound
        return sound


def _plain(reading: str) -> str:
    sound = unicodedata.normalize("NFD", reading).replace("u\u0308", "v").translate(_TONES)
    if sound.startswith(("zh", "ch", "sh")):
        sound = sound[0] + sound[2:]
    if sound[:1] == "l":
        sound = "n" + sound[1:]
    return sound[:-1] if sound.endswith(("ang", "eng", "ing")) else sound


_TONES = dict.fromkeys(range(0x300, 0x370))  # combining marks
_SYLLABLES = _Syllables()


def syllables(folded: str) -> list[str]:
    """One syllable a character, so that positions stay positions."""
    return list(map(_SYLLABLES.__getitem__, folded))


def spelled(folded: str) -> str:
    """The text in pinyin without tones, as it is typed; each character by its commonest reading."""
    return "".join(
        unicodedata.normalize("NFD", PINYIN_DICT.get(ord(char), char).split(",")[0]).translate(_TONES)
        for char in folded
    )


@cache
def readings(char: str) -> tuple[str, ...]:
    """All syllables that a character may be read as, the commonest first, in the form of `syllables`."""
    return tuple(map(_plain, PINYIN_DICT.get(ord(char), char).split(",")))


def words(folded: str) -> list[str]:
    """The words of a folded text, punctuation included."""
    cut: list[str] = rjieba.cut(folded)
    return cut


def known_words(folded: str) -> list[str]:
    """The same, made of words that are in a dictionary; what is in none is cut into characters."""
    cut: list[str] = rjieba.cut(folded, False)
    return cut
