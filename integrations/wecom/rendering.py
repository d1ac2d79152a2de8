"""How what is said looks in WeChat's talk with customer service: texts, menus, link cards and pictures; as much goes into one as
on an official account."""

from collections.abc import Mapping

from integrations.tencent.packing import Outgoing

ITEMS, LABEL, HEAD = 10, 128, 1_024  # of a menu: entries, bytes of one, bytes of what stands above


def message(outgoing: Outgoing, media: str = "") -> Mapping[str, object]:
    """As the platform takes it; `media` is its id of an uploaded image. Link cards need a picture, so they are texts."""
    if outgoing.image is not None:
        return {"msgtype": "image", "image": {"media_id": media}}
    if (card := outgoing.article) is not None:
        lines = [outgoing.text, f"【{card.title}】", *card.lines, card.link or ""]
        return _text("\n".join(line for line in lines if line))
    if outgoing.options and _fits(outgoing):
        items = [{"type": "click", "click": {"id": each.key, "content": each.label}} for each in outgoing.options]
        menu = {"head_content": outgoing.text, "list": items, "tail_content": outgoing.how_to_choose}
        return {"msgtype": "msgmenu", "msgmenu": menu}
    return _text(outgoing.lines)


def _fits(outgoing: Outgoing) -> bool:
    labels = [each.label.encode() for each in outgoing.options]
    return len(labels) <= ITEMS and max(map(len, labels)) <= LABEL and len(outgoing.text.encode()) <= HEAD


def _text(content: str) -> Mapping[str, object]:
    return {"msgtype": "text", "text": {"content": content}}
