"""WeChat: how replies look in an official account's conversation."""

from collections.abc import Sequence

from bot.messages import Reply

LARGEST = 1_800  # bytes: the platform cuts texts at 2 048


def render(replies: Sequence[Reply]) -> list[str]:
    """One message for all that was said, continued in further ones where it is too large."""
    if not replies:
        return []
    options = "\n".join(f"【{option.key}】{option.label}" for option in replies[-1].options)
    text = "\n\n".join(_with_cards(reply) for reply in replies) + (
        f"\n\n{options}\n（回复序号即可）" if options else ""
    )
    parts = [""]
    for line in text.split("\n"):
        joined = f"{parts[-1]}\n{line}" if parts[-1] else line
        if len(joined.encode()) <= LARGEST:
            parts[-1] = joined
        else:
            parts.append(line)
    return parts


def _with_cards(reply: Reply) -> str:
    return "\n".join([reply.text, *(line for card in reply.cards for line in card.lines)])


def problems(replies: Sequence[Reply]) -> list[str]:
    """What cannot be sent."""
    return [
        f"微信一段文字 {len(part.encode())} 字节，超过 {LARGEST}"
        for part in render(replies)
        if len(part.encode()) > LARGEST
    ]
