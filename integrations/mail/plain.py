"""HTML as text: made safe first, so that what is left has few forms."""

import html
import re

import nh3

LONGEST = 60_000  # characters of HTML that are read
_BLOCKS = {
    "p", "div", "br", "hr", "li", "ul", "ol", "tr", "table", "tbody", "td", "th", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5",
    "h6", "section", "article", "dt", "dd",
}  # fmt: skip
_REMOVED = {"script", "style", "head", "title", "template", "noscript", "svg", "math", "select", "object"}
_SOURCE = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<(/?)([a-z0-9]++)([^>]*+)>")
# What programs of mail mark as written before, and as a signature.
_MARKS = {"div": {"class", "id", "name"}}
_QUOTED = re.compile(
    r"ntes-mailmaster-quote|reply139content|gmail_quote|gmail_extra|yahoo_quoted|isReplyContent|isForwardContent|messageReplySection|protonmail_quote"
)
_SIGNED = re.compile(
    r"gmail_signature|moz-signature|ntes[-_]signature|imail_signature|protonmail_signature|foxmail_sign|data-signature"
)
_EMPTY = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")
_SIGNED_TEXT = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z]++: [^\n]*+\n)*+\n((?:(?!\n-----BEGIN PGP SIG).)*+)"  # to the next mark
    r"\n-----BEGIN PGP SIGNATURE-----.*?(?:-----END PGP SIGNATURE-----|\Z)",
    re.DOTALL,
)
_DASHED = re.compile(r"^- (?=-)", re.MULTILINE)  # what begins with a dash in what is signed
_SEALED_TEXT = re.compile(r"-----BEGIN PGP MESSAGE-----.*?(?:-----END PGP MESSAGE-----|\Z)", re.DOTALL)
DEEPEST = 8  # quotes in quotes


def words(source: str) -> str:
    """What a reader sees, what is quoted behind `> `."""
    safe = nh3.clean(
        source[:LONGEST],
        tags=_BLOCKS,
        clean_content_tags=_REMOVED,
        attributes=_MARKS,
        strip_comments=True,
        link_rel=None,
    )
    page = _Page()
    last = 0
    safe = _SOURCE.sub(" ", safe)
    for tag in _TAG.finditer(safe):
        page.add(safe[last : tag.start()])
        last = tag.end()
        page.close(tag[2]) if tag[1] else page.open(tag[2], tag[3])
    page.add(safe[last:])
    return _EMPTY.sub("\n\n", "\n".join(line.rstrip() if line.strip("> ") else "" for line in page.lines)).strip()


def flowed(text: str, *, joined: bool) -> str:
    """A text whose lines its program has broken (RFC 3676), unbroken; `joined` says that the blank at a break is none of it
    (delsp), as in a language without blanks."""
    lines: list[list[str]] = []
    depth = -1  # of the quotes around a line that goes on
    for line in text.replace("\r\n", "\n").split("\n"):
        rest = line.lstrip(">")
        quotes, rest = len(line) - len(rest), rest.removeprefix(" ")
        goes_on = rest.endswith(" ") and rest != "-- "
        part = rest[:-1] if goes_on and joined else rest
        if quotes == depth and rest != "-- ":
            lines[-1].append(part)
        else:
            lines.append([f"{'>' * quotes} {part}" if quotes else part])
        depth = quotes if goes_on else -1
    return "\n".join(map("".join, lines))


def unarmoured(text: str) -> tuple[str, bool]:
    """What is signed in the text itself (RFC 4880), as it was written; and whether something is for who has the key, which is
    left out."""
    if "-----BEGIN PGP " not in text:
        return text, False
    text = text.replace("\r\n", "\n")
    said = _DASHED.sub("", _SIGNED_TEXT.sub(r"\1", text))
    return _SEALED_TEXT.sub("", said).strip(), _SEALED_TEXT.search(said) is not None


class _Page:
    """Lines, as far as they are written."""

    def __init__(self) -> None:
        self.lines = [""]
        self._quotes: list[bool] = []  # of each open block that may be one

    def add(self, text: str) -> None:
        self.lines[-1] += html.unescape(text).replace("\xa0", " ")

    def open(self, name: str, marks: str) -> None:
        if name in ("div", "blockquote"):
            self._quotes.append(name == "blockquote" or _QUOTED.search(marks) is not None)
        if name == "hr" or _SIGNED.search(marks):
            self._begin()
            self.lines[-1] += "-- " if name == "div" else "-" * 32
            self._begin()
        elif name not in ("td", "th") and (self._quotes[-1:] == [True] or self._has_words() or name in ("br", "p")):
            self._begin()

    def close(self, name: str) -> None:
        if name in ("div", "blockquote") and self._quotes and self._quotes.pop():
            self._begin()
        elif name in ("td", "th"):
            self.lines[-1] += " "
        elif self._has_words() or name == "p":
            self._begin()

    def _has_words(self) -> bool:
        return bool(self.lines[-1].strip("> "))

    def _begin(self) -> None:
        self.lines.append("> " * min(sum(self._quotes), DEEPEST))
