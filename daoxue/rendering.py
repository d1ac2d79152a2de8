"""How each channel would render what is said, for the terminal and for editors' previews."""

from collections.abc import Callable, Sequence

from bot.messages import Reply
from integrations import sms, voice
from integrations.wechat import rendering as wechat

Render = Callable[[Sequence[Reply]], list[str]]


def _webchat(replies: Sequence[Reply]) -> list[str]:
    lines = []
    for reply in replies:
        lines.append(reply.text)
        between = "; " if reply.lang == "en" else "；"
        lines += [f"  [{card.title}] " + between.join(card.lines) for card in reply.cards]
        if reply.options:
            lines.append("  ".join(f"({option.key}) {option.label}" for option in reply.options))
        if reply.source:
            lines.append(f"  —— {reply.source}")
    return lines


RENDERERS: dict[str, Render] = {"webchat": _webchat, "sms": sms.render, "voice": voice.render, "wechat": wechat.render}
