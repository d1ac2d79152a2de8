"""Headers as people write them: encoded words, bare bytes of any charset, addresses. Nothing here raises."""

import contextlib
import re
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses

LONGEST = 4_000  # characters of one header that are read
LONGEST_ADDRESS = 254  # characters: what fits into a path of SMTP (RFC 5321)
REFS = 24  # names of mails before: the first, and the last ones
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_BRACKETED = re.compile(r"<([^<>\s]{3,254})>\s{0,99}\Z")
_NAME = re.compile(r"<[^<>\s]{3,400}>")
_WORD = re.compile(r"=\?[^?\s]{1,40}\?[bBqQ]\?[^?]*\?=")
_BREAK = re.compile(r"[\r\n]+[ \t]*")  # in a word where some break lines that are too long
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")
# What is called so is written in the larger set that holds it.
_CHARSETS: Mapping[str, str] = dict.fromkeys(
    ("gb2312", "gb_2312-80", "gb2312-80", "gbk", "cp936", "x-gbk", "ms936", "euc-cn", "gb18030-2022"), "gb18030"
) | {"cp950": "big5hkscs", "big5": "big5hkscs", "x-unknown": "utf-8", "unknown-8bit": "utf-8", "utf8mb4": "utf-8"}
_WESTERN = frozenset({"iso-8859-1", "iso-8859-15", "latin1", "latin-1", "windows-1252", "cp1252", "us-ascii"})
_PAIRS = re.compile(rb"(?:[\xa1-\xfe][\xa1-\xfe]){2,}")  # Chinese as GB 2312 has it
_HIGH = re.compile(rb"[\x80-\xff]+")
_BARE = re.compile(
    r"(?<![\w.+-])['\"]?([A-Za-z0-9][A-Za-z0-9._+-]{0,63}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)['\"]?(?![\w@])", re.ASCII
)
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})


def decoded(content: bytes, charset: str | None) -> str:
    """Text in the charset that it says it is in, else in the one that it looks like. What is UTF-8 beyond letters is nothing
    else by chance, whatever it says, and reads in many other charsets without an error."""
    with contextlib.suppress(UnicodeError):
        looks = content.decode()
        if any(char >= "\u0800" for char in looks):
            return looks
    said = (charset or "").strip().strip("\"'").lower()
    if said in _WESTERN and _is_chinese(content):
        said = "gb18030"
    named = _CHARSETS.get(said, said).replace("-", "_")
    for each in (named, "utf_8", "gb18030"):
        if each and each not in _NO_CHARSETS:
            try:
                return content.decode(each)
            except (LookupError, UnicodeError, ValueError):
                continue
    # One byte that is wrong is no reason to read all of it wrongly.
    as_said = "gb18030" if named == "gb18030" else "utf_8"
    return content.decode(as_said, "replace")


def _is_chinese(content: bytes) -> bool:
    """Whether all beyond ASCII are pairs of bytes as Chinese has them, in runs: older programs call whatever they write Latin. In
    words of the west such letters stand alone."""
    high = _HIGH.findall(content)
    return bool(high) and all(_PAIRS.fullmatch(each) for each in high)


def text(value: str) -> str:
    """A header in words, on one line."""
    value = value[:LONGEST]
    raw = value.encode("ascii", "surrogateescape") if not _has_letters(value) else b""
    if raw and not raw.isascii():
        value = decoded(raw, None)
    if "=?" in value:
        value = _words(value)
    return _SPACE.sub(" ", value).strip()


def _has_letters(value: str) -> bool:
    """Whether there is something beyond bytes that were read as they came."""
    return any(each > "\x7f" and not "\udc80" <= each <= "\udcff" for each in value)


def _words(value: str) -> str:
    try:
        pieces = decode_header(_WORD.sub(lambda word: _BREAK.sub("", word[0]), value))
    except (HeaderParseError, ValueError):
        return value
    return "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "latin-1") for piece, charset in pieces
    )


def address(value: str) -> str:
    """The address in brackets at the end, whatever somebody has for a name; else the first; else the only one that stands there
    somehow; in lower case. Empty where there is none that can be written to."""
    value = value[:LONGEST]
    bracketed = _BRACKETED.search(value)
    if bracketed is not None and (found := _written_to(bracketed[1])):
        return found
    try:
        given = [found for _, found in getaddresses([value])]
    except (RecursionError, IndexError, ValueError):  # comments in comments without end
        given = []
    bare: list[str] = list(dict.fromkeys(_BARE.findall(value))) if "<" not in value else []
    return next(filter(None, map(_written_to, [*given, *(bare if len(bare) == 1 else [])])), "")


def _written_to(address: str) -> str:
    """An address in lower case; empty where it can be none."""
    return address.lower() if len(address) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(address) else ""


def untagged(address: str) -> str:
    """An address without what its owner has added behind a plus: whose it is."""
    name, _, domain = address.rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def names(value: str) -> tuple[str, ...]:
    """Message-IDs, in their order, each once."""
    found = tuple(dict.fromkeys(_NAME.findall(_SPACE.sub(" ", value[: 8 * LONGEST]))))
    return found if len(found) <= REFS else (found[0], *found[1 - REFS :])
