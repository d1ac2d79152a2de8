"""What the desk says no with."""

import math
from collections.abc import Mapping
from typing import Literal

from knowledge.words import Words

Refusal = Literal[
    "not_found", "taken", "not_yours", "barred", "outdated", "invalid", "wrong", "locked", "busy", "unreachable",
    "code_needed", "wrong_code", "weak", "expired", "unlinked", "too_often",
]  # fmt: skip
TOO_MANY = 429
# What each is over HTTP.
STATUS: Mapping[Refusal, int] = {
    "not_found": 404, "taken": 409, "not_yours": 409, "barred": 409, "outdated": 409, "invalid": 422, "wrong": 401,
    "locked": TOO_MANY, "busy": TOO_MANY, "unreachable": 502, "code_needed": 401, "wrong_code": 401, "weak": 422, "expired": 401,
    "unlinked": 403, "too_often": TOO_MANY,
}  # fmt: skip


AGAIN = 5  # seconds until it is worth another try, where nothing says when it is


def told_to_wait(code: Refusal, seconds: float) -> dict[str, str]:
    """The header that says when to come again: there with whatever passes by itself, however it was refused."""
    return {"retry-after": str(math.ceil(seconds or AGAIN))} if STATUS[code] == TOO_MANY else {}


class TicketError(Exception):
    """The seat cannot do that; the message says why, for the seat: in Chinese, and in English where that is given. `code`
    is for programs. `seconds` later it may go."""

    def __init__(self, code: Refusal, text: str, english: str = "", seconds: float = 0) -> None:
        super().__init__(text)
        self.code = code
        self.english = english or text
        self.seconds = seconds

    @staticmethod
    def of(words: Words) -> "TicketError":
        """That something was not written as it should be."""
        return TicketError("invalid", words.zh, words.en)


class SignInError(Exception):
    """Not let in; the message says why, without saying whether the name exists. `seconds` later it may go."""

    def __init__(self, code: Refusal, text: str, seconds: float = 0) -> None:
        super().__init__(text)
        self.code = code
        self.seconds = seconds


class TooManyGuessesError(SignInError):
    """So many wrong passwords or codes that the next has to wait."""

    def __init__(self, seconds: float) -> None:
        minutes = max(1, round(seconds / 60))
        super().__init__(
            "locked", f"错得太多了，请过 {minutes} 分钟再试，或者和动态验证码一起填；没有的请找管理员重置密码", seconds
        )
