"""What the refusals of WeChat's API mean to us; the codes are those of developers.weixin.qq.com/doc/service/api."""

from collections.abc import Mapping, Sequence
from enum import Enum


class WechatFault(Enum):
    """What an error is to us."""

    BUSY = "the platform is busy"
    TOKEN = "the access token is no good"  # noqa: S105 - a meaning, not a secret
    ADDRESS = "our address is not on the platform's list"
    GONE = "nobody is reached there"
    DECLINED = "the resident does not want it, or has not said so"
    TOO_LONG = "the text is too long"
    TOO_OFTEN = "the platform's limit of calls"
    CLOSED = "the resident wrote too long ago"
    USED_UP = "no more messages until the resident writes"
    TYPING = "typing that is shown already, or not any more"
    MENU = "choices that the platform does not take"
    EXPIRED = "the platform does not have it any more"
    FORBIDDEN = "the account has no such right"
    WRONG = "a mistake of ours"
    UNREACHABLE = "no answer, or none that can be read"


_CODES: Mapping[WechatFault, Sequence[int]] = {
    WechatFault.BUSY: (-1,),
    WechatFault.TOKEN: (40001, 40014, 42001),
    WechatFault.ADDRESS: (40164,),
    WechatFault.GONE: (40003, 43004, 46004),
    WechatFault.DECLINED: (43101,),
    WechatFault.TOO_LONG: (45002,),
    WechatFault.TOO_OFTEN: (45009, 45011),
    WechatFault.CLOSED: (45015,),
    WechatFault.USED_UP: (45047,),
    WechatFault.TYPING: (45080, 45081),
    WechatFault.MENU: (45098, 40200),
    WechatFault.EXPIRED: (40007,),
    WechatFault.FORBIDDEN: (48001, 48004, 50002),
}
MEANINGS = {code: meaning for meaning, codes in _CODES.items() for code in codes}
DAY_LIMIT = 45009


class WechatError(Exception):
    """A call that was refused, or got no answer. Its words never hold a secret, a token or a resident. `of_account` says
    that nothing can be called at this moment, whatever it is."""

    def __init__(self, meaning: WechatFault, code: int | None, call: str, hint: str = "") -> None:
        super().__init__(f"WeChat {call}: {code if code is not None else 'no answer'}: {meaning.value}{hint}")
        self.meaning = meaning
        self.code = code
        self.of_account = meaning in (WechatFault.TOKEN, WechatFault.ADDRESS)
