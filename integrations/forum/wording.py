"""What a resident says in a post: its words, without what they quote, show, or call."""

import re

from integrations.forum.api import ForumPost, ForumTopic
from integrations.forum.rendering import MARKED

_QUOTE = re.compile(r"(\[quote\b[^\]\n]{0,200}\]|\[/quote\])", re.IGNORECASE)
_PICTURE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\s]{0,500}\)|<img\b[^>]{0,1000}>", re.IGNORECASE)
_LINK = re.compile(r"\[([^\]\n]{1,200})\]\((?:[^)\s]{0,500})\)")
_TAG = re.compile(r"<!--.{0,500}?-->|</?[A-Za-z][^<>\n]{0,500}>", re.DOTALL)
_NAME = re.compile(r"(?<![\w.])@[\w.-]{1,60}", re.ASCII)
_MARKUP = re.compile(r"^[ \t]{0,3}(?:#{1,6}|[-*+]|>)[ \t]+|\*\*|__|`{1,3}|~~", re.MULTILINE)
_PICTURED = "[图片]"


def is_of_a_machine(post: ForumPost) -> bool:
    """Whether an assistant like us has written it: it is not answered, or two would never end."""
    return MARKED in post.raw


def told(topic: ForumTopic, post: ForumPost) -> str:
    """All that is read of a post, as it stands there: of a topic's first one with its title."""
    return f"{topic.title}\n{post.raw}" if post.post_number == 1 else post.raw


def words(topic: ForumTopic, post: ForumPost) -> str:
    """What is asked: of a topic's first post with its title, where that says something else."""
    said = _unquoted(post.raw)
    pictured = _PICTURE.search(said) is not None
    said = _LINK.sub(r"\1", _PICTURE.sub(" ", said))
    said = _MARKUP.sub("", _NAME.sub(" ", _TAG.sub(" ", said)))
    lines = [" ".join(line.split()) for line in said.splitlines()]
    said = "\n".join(line for line in lines if line)
    if post.post_number == 1 and topic.title.strip() not in said:
        said = f"{topic.title.strip()}\n{said}".strip()
    return said or (_PICTURED if pictured else "")


def _unquoted(raw: str) -> str:
    """Without what others have said; a quote that does not end is none."""
    kept: list[str] = []
    depth = 0
    for part in _QUOTE.split(raw):
        if part[:6].lower() == "[quote":
            depth += 1
        elif part.lower() == "[/quote]":
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(part)
    said = "".join(kept) if not depth else raw
    return "\n".join(line for line in said.splitlines() if not line.lstrip().startswith(">"))
