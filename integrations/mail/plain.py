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
_TAG = re.compile(r"<(/?)([a-z0-9]+)[^>]*>")
_EMPTY = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")
DEEPEST = 8  # quotes in quotes


def words(source: str) -> str:
    """What a reader sees, what is quoted behind `> `."""
    safe = nh3.clean(
        source[:LONGEST], tags=_BLOCKS, clean_content_tags=_REMOVED, attributes={}, strip_comments=True, link_rel=None
    )
    lines, depth, last = [""], 0, 0
    safe = _SOURCE.sub(" ", safe)
    for tag in _TAG.finditer(safe):
        lines[-1] += html.unescape(safe[last : tag.start()]).replace("\xa0", " ")
        last = tag.end()
        closes, name = bool(tag[1]), tag[2]
        if name == "blockquote":
            depth += -1 if closes else 1
            lines.append("> " * min(depth, DEEPEST))
        elif name in ("td", "th"):
            lines[-1] += " " if closes else ""
        elif name == "hr":
            lines += ["-" * 32, "> " * min(depth, DEEPEST)]
        elif lines[-1].strip("> ") or name in ("br", "p"):
            lines.append("> " * min(depth, DEEPEST))
    lines[-1] += html.unescape(safe[last:]).replace("\xa0", " ")
    return _EMPTY.sub("\n\n", "\n".join(line.rstrip() if line.strip("> ") else "" for line in lines)).strip()
