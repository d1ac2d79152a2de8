"""Passwords: what is kept of them, whether one is right, and which are too easily guessed.

To compare one costs 64 MB and a fifth of a second on purpose. It is done in a thread of its own, one at a time, and no
more wait for it than are served in seconds: whoever tries passwords by the thousand takes neither memory nor the
residents' answers.
"""

import asyncio
import base64
import importlib
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

import argon2

from desk.errors import SignInError
from knowledge.words import Words
from nlu.text import digits, fold, spelled

SHORTEST, LOOKED_AT = 10, 72  # characters of a password; those by which it is judged
SAFE = 3  # of 0 to 4: more than 10^8 guesses
LIKELY = ("daoxue", "导学", "woaini", "wodemima", "mima", "1314520", "5201314")  # words that people here begin with
WAITING = 32  # at most for the thread; twice as many where the device is known: nobody else keeps those out
PATIENCE = 5  # seconds until it is worth another try
# RFC 9106's second recommendation, but for its four threads: a sign-in takes no more than one of the processors.
_HASHER = argon2.PasswordHasher(parallelism=1)
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_MONTHS = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_BETWEEN = "[-./_ ]"
# A year alone is guessed as a number is.
_DATE = re.compile("|".join([
    rf"(?<!\d){_YEAR}{_BETWEEN}?{_MONTH}{_BETWEEN}?{_DAY}(?!\d)", rf"(?<!\d){_YEAR}{_BETWEEN}?{_MONTH}(?!\d)",
    rf"(?<!\d)(?:{_MONTH}{_BETWEEN}?{_DAY}|{_DAY}{_BETWEEN}?{_MONTH}){_BETWEEN}?{_YEAR}(?!\d)",
    r"(?<!\d)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)",
    r"[\d十廿卅]{1,4}[年月日号]",
    rf"\d{{1,2}}(?:st|nd|rd|th)?{_BETWEEN}?{_MONTHS}(?:{_BETWEEN}?{_YEAR})?",
    rf"{_MONTHS}{_BETWEEN}?\d{{1,2}}(?:st|nd|rd|th)?(?:,?{_BETWEEN}?{_YEAR})?",
]))  # fmt: skip
_SHORT = Words(f"太短，至少 {SHORTEST} 个字符", f"it is too short: at least {SHORTEST} characters")
_KNOWN = Words(
    "除了日期、姓名和单位名，剩下的太少", "too little is left of it without dates and names of people and places"
)
_PLAIN = Words("太简单，加几个不相干的词", "it is too plain: add some words that have nothing to do with each other")
# What it is made of, by what the judge calls that.
_FOUND = {
    "dictionary": Words("是常见的词、名字或别人常用的密码", "it is made of common words, names or passwords"),
    "spatial": Words("是键盘上连着的键", "it is made of keys side by side"),
    "repeat": Words("是重复的字", "it repeats itself"),
    "sequence": Words("是连着数的数字或字母", "it counts on in digits or letters"),
    "date": Words("是日期", "it is made of dates"),
}
T = TypeVar("T")
Given = TypeVarTuple("Given")


class Passwords:
    """Raises `SignInError` where so many wait already that it would take too long. `names` gives those of the centre, which
    everybody knows."""

    def __init__(self, names: Callable[[], Iterable[str]] = tuple) -> None:
        self._names = names
        self._thread = ThreadPoolExecutor(1, "passwords")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """What is kept of it."""
        return await self._run(_HASHER.hash, password)

    async def matches(self, hashed: str | None, password: str, *, known: bool = False) -> bool:
        """Whether it is the one; it takes as long where there is none. `known`: the device has signed in before."""
        return await self._run(_matches, hashed or _nobody(), password, known=known)

    async def renewed(self, hashed: str, password: str) -> str:
        """The same, kept as is done today."""
        return await self.hash(password) if _HASHER.check_needs_rehash(hashed) else hashed

    async def weakness(self, password: str, about: Sequence[str]) -> Words | None:
        """By what it is guessed soon, where somebody knows `about` whom; None where it is not."""
        if len(password) < SHORTEST:
            return _SHORT
        return await self._run(_guessed_by, password, [*about, *LIKELY, *self._names()])

    async def _run(self, work: Callable[[*Given], T], *given: *Given, known: bool = False) -> T:
        if self._waiting >= WAITING * (1 + known):
            raise SignInError("busy", "现在同时登录的人太多，请过几秒再试", PATIENCE)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)
        finally:
            self._waiting -= 1


def one_time() -> str:
    """A password to begin with."""
    return secrets.token_urlsafe(9)


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except argon2.exceptions.VerificationError:
        return False


def _nobody() -> str:
    """What no password is right for, and takes as long to compare."""
    salt, content = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    cost = f"m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${content}"


def _guessed_by(password: str, known: Sequence[str]) -> Words | None:
    # Its dictionaries are loaded where somebody changes a password, and then only.
    judge = importlib.import_module("zxcvbn").zxcvbn
    judged = judge(password[:LOOKED_AT], user_inputs=known)
    if int(judged["score"]) < SAFE:
        parts = sorted(judged["sequence"], key=lambda part: -len(part["token"]))
        named = any(part.get("dictionary_name") == "user_inputs" for part in parts)
        return _KNOWN if named else next(filter(None, (_FOUND.get(part["pattern"]) for part in parts)), _PLAIN)
    left = _told_by_nobody(password[:LOOKED_AT], known)
    return None if left and int(judge(left, user_inputs=known)["score"]) >= SAFE else _KNOWN


def _told_by_nobody(password: str, known: Iterable[str]) -> str:
    """What is left of it without dates and known names, in characters or in pinyin: whoever guesses begins with those."""
    left = _DATE.sub("", digits(fold(password)))
    # Dates go first: a name may hold a numeral. The longest first: one name may stand in another.
    names = {digits(spelling) for each in known for spelling in (fold(each), spelled(fold(each)))}
    for name in sorted(names, key=lambda each: (-len(each), each)):
        if len(name) > 1:
            left = left.replace(name, "")
    return left
