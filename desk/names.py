"""What accounts of the desk may be called: the one rule, however they are made. What somebody is called already stays."""

import re
import unicodedata
from collections.abc import Mapping, Set
from typing import Literal, NamedTuple

from knowledge.words import Words
from nlu.proofs import unreachable
from nlu.text import fold

LOGIN = r"^[a-z0-9一-鿿][a-z0-9一-鿿._@-]{0,63}$"
_SHOWN = re.compile(r"[A-Za-zÀ-ɏ0-9㐀-鿿][A-Za-zÀ-ɏ0-9㐀-鿿 ·.,'’#@_()（）/-]{0,63}")
# Who stands in the place of a name in events, in the audit and before a resident, and is nobody who signs in.
_OURS = (
    "system", "bot", "resident", "visitor", "seat", "cli", "serve", "daoxue", "系统", "机器人", "居民", "访客", "坐席", "导学", "助手", "小助手", "智能助手",
)  # fmt: skip
_LOOKS = str.maketrans("0i1", "oll")
_FORM = Words(
    "用户名用小写字母、数字或汉字，中间可以有 . _ @ -，如 wang.li",
    "a user name is of lower-case letters, digits or Chinese characters, with . _ @ - between them: wang.li",
)
_SHOWN_FORM = Words(
    "显示名用汉字、拉丁字母和数字，不用全角字母、看不见的字符和别的文字",
    "a name to be shown is of Chinese characters, Latin letters and digits: nothing of full width, invisible or of another"
    " script",
)

_IS_OURS = Words("这是系统自己用的名字，请换一个", "that is what the service itself is called")
_HAS_NUMBER = Words(
    "名字里不能有手机号、卡号、证件号：它到处看得到",
    "no number of a telephone, a card or a paper: names are seen everywhere",
)
_IS_TAKEN = Words(
    "和另一个账号分不清，请换一个，或者加上站点、工号",
    "it cannot be told from another account: add a place or a number",
)


class Unfit(NamedTuple):
    """What is wrong with a name, and with which; whether somebody else is called that."""

    field: Literal["name", "shown"]
    said: Words
    is_taken: bool = False


def looks(name: str) -> str:
    """What is the same for names that nobody can tell from each other: case, marks, points and blanks aside, a nought is an o
    and a one an l."""
    bare = unicodedata.normalize("NFKD", fold(name))
    return "".join(filter(str.isalnum, bare)).translate(_LOOKS).replace("rn", "m").replace("vv", "w")


# Who speaks for the house, and is nobody in it: 系统管理员, 人工客服, Customer Service.
_ROLES = ("客服", "管理员", "服务", "助手", "助理", "消息", "通知", "坐席", "机器人")
_OF_THE_HOUSE = ("系统", "平台", "官方", "中心", "人工", "在线", "智能", "自动", "值班", "后台", "超级")
_ENGLISH_ROLES = ("admin", "administrator", "service", "support", "agent", "assistant", "team")
_OF_THE_ENGLISH = ("system", "official", "online", "customer", "platform", "human", "the")
_HOUSE = (
    "客服", "管理员", *(of + role for of in _OF_THE_HOUSE for role in _ROLES), *(of + role for of in _OF_THE_ENGLISH for role in _ENGLISH_ROLES)
)  # fmt: skip
RESERVED = frozenset(map(looks, (*_OURS, *_HOUSE)))


def unfit(name: str, shown: str, there: Mapping[str, str]) -> Unfit | None:
    """What is wrong with what an account is to be called and shown as, beside those that are `there`: what they are shown as, by
    name."""
    others = {looks(each) for known, as_ in there.items() if known != name for each in (known, as_)}
    if name not in there and (said := _misfit("name", name, others)):
        return said
    return _misfit("shown", shown, others) if shown not in ("", name, there.get(name)) else None


def unfit_for_long(there: Mapping[str, str]) -> list[str]:
    """The accounts from before a rule that are called what none is called any more: by a number, or what speaks for us."""
    return [
        name
        for name, shown in there.items()
        if any(looks(each) in RESERVED or unreachable(each) != each for each in (name, shown))
    ]


def _misfit(field: Literal["name", "shown"], name: str, others: Set[str]) -> Unfit | None:
    form, said = (re.compile(LOGIN), _FORM) if field == "name" else (_SHOWN, _SHOWN_FORM)
    as_seen = looks(name)
    if unreachable(name) != name:
        return Unfit(field, _HAS_NUMBER)
    if not form.fullmatch(name) or not as_seen:
        return Unfit(field, said)
    if as_seen in RESERVED:
        return Unfit(field, _IS_OURS)
    return Unfit(field, _IS_TAKEN, True) if as_seen in others else None
