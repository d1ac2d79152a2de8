"""What is said as an official account says it: in the response, and as a customer-service message."""

from integrations.tencent.packing import Outgoing
from integrations.tencent.wire import cdata

ITEMS = 6  # of a menu in a message; the platform's own limit is not published


def passive(message: Outgoing, *, to: str, account: str, at: int) -> str:
    """The answer in the response, made at this moment (s): text, or one article."""
    head = (
        f"<xml><ToUserName><![CDATA[{cdata(to)}]]></ToUserName><FromUserName><![CDATA[{cdata(account)}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime>"
    )
    if message.article is None:
        text = cdata(message.lines)
        return f"{head}<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content></xml>"
    card = message.article
    about = cdata("\n".join([message.text, *card.lines]))
    return (
        f"{head}<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item>"
        f"<Title><![CDATA[{cdata(card.title)}]]></Title><Description><![CDATA[{about}]]></Description>"
        f"<PicUrl><![CDATA[]]></PicUrl><Url><![CDATA[{cdata(card.link or '')}]]></Url></item></Articles></xml>"
    )


def custom(message: Outgoing, to: str, *, menus: bool, media: str = "") -> dict[str, object]:
    """The same as a customer-service message; `media` is the platform's id of an uploaded image."""
    if message.image is not None:
        return {"touser": to, "msgtype": "image", "image": {"media_id": media}}
    if (card := message.article) is not None:
        article = {
            "title": card.title,
            "description": "\n".join([message.text, *card.lines]),
            "url": card.link,
            "picurl": "",
        }
        return {"touser": to, "msgtype": "news", "news": {"articles": [article]}}
    if message.options and menus and len(message.options) <= ITEMS:
        items = [{"id": option.key, "content": option.label} for option in message.options]
        menu = {"head_content": message.text, "list": items, "tail_content": message.how_to_choose}
        return {"touser": to, "msgtype": "msgmenu", "msgmenu": menu}
    return {"touser": to, "msgtype": "text", "text": {"content": message.lines}}
