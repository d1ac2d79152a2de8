"""What the refusals of WeCom's API mean to us; the codes are those of developer.work.weixin.qq.com/document/path/90313."""

from collections.abc import Mapping, Sequence
from enum import Enum

from bot.queue import Failed, Later, Lost, Outcome

REST, FLOODED = 30_000, 60_000  # ms until a platform that does not let us in, or was asked too often, is asked again


class WecomFault(Enum):
    """What an error is to us."""

    BUSY = "the platform is busy"
    TOKEN = "the access token is no good"  # noqa: S105 - a meaning, not a secret
    KEY = "the corporation or its secret is wrong"
    ADDRESS = "our address is not on the platform's list"
    RIGHT = "the application may not do that with this account"
    TOO_OFTEN = "the platform's limit of calls"
    NOTICE = "the notice's token is no good any more"
    USED_UP = "no more messages until the resident writes"
    CLOSED = "the resident wrote too long ago"
    ELSEWHERE = "a colleague in WeCom has the talk, or it has ended"
    SEAT = "the colleague is not there to take talks"
    AGAIN = "a message of this id was sent before"
    EXPIRED = "the platform does not have it any more"
    WRONG = "a mistake of ours"
    UNREACHABLE = "no answer, or none that can be read"


_CODES: Mapping[WecomFault, Sequence[int]] = {
    WecomFault.BUSY: (-1, 6000),
    WecomFault.TOKEN: (40014, 42001),
    WecomFault.KEY: (40001, 40013, 40091),
    WecomFault.ADDRESS: (60020,),
    WecomFault.RIGHT: (48002, 60011, 95000, 95004, 95011, 95012, 95017),
    WecomFault.TOO_OFTEN: (45009, 45033),
    WecomFault.NOTICE: (95007,),
    WecomFault.USED_UP: (95001,),
    WecomFault.CLOSED: (95002,),
    WecomFault.ELSEWHERE: (95013, 95015, 95016, 95018),
    WecomFault.SEAT: (95014,),
    WecomFault.EXPIRED: (40007,),
}
MEANINGS = {code: meaning for meaning, codes in _CODES.items() for code in codes}
_OF_ACCOUNT = {WecomFault.TOKEN, WecomFault.KEY, WecomFault.ADDRESS, WecomFault.RIGHT, WecomFault.UNREACHABLE}
_PASSING = {WecomFault.BUSY, WecomFault.TOO_OFTEN}


class WecomError(Exception):
    """A call that was refused, or got no answer. Its words never hold a secret, a token or a resident. `of_account` says
    that nothing can be called until somebody has seen to it, `of_moment` that nothing can at this moment, whatever it is."""

    def __init__(self, meaning: WecomFault, code: int | None, call: str, hint: str = "") -> None:
        super().__init__(f"WeCom {call}: {code if code is not None else 'no answer'}: {meaning.value}{hint}")
        self.meaning = meaning
        self.of_account = meaning in _OF_ACCOUNT
        self.of_moment = self.of_account or meaning in _PASSING

    def leads_to(self, now: int) -> Outcome:
        """What becomes of what was to be done; `now` is in ms."""
        if self.of_account:
            return Later(now + REST)  # no attempt: it waits until the platform lets us in again
        match self.meaning:
            case WecomFault.TOO_OFTEN:
                return Later(now + FLOODED)
            case WecomFault.CLOSED | WecomFault.ELSEWHERE | WecomFault.SEAT:
                return Lost(self.meaning.value)
            case _:
                return Failed(self.meaning.value)
