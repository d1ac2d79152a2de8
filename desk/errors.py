"""What the desk says no with."""

from collections.abc import Mapping
from typing import Literal

Refusal = Literal[
    "not_found", "taken", "not_yours", "barred", "outdated", "invalid", "wrong", "locked", "unreachable", "code_needed",
    "wrong_code", "weak", "too_often",
]  # fmt: skip
# What each is over HTTP.
STATUS: Mapping[Refusal, int] = {
    "not_found": 404, "taken": 409, "not_yours": 409, "barred": 409, "outdated": 409, "invalid": 422, "wrong": 401,
    "locked": 429, "unreachable": 502, "code_needed": 401, "wrong_code": 401, "weak": 422,
    "too_often": 429,
}  # fmt: skip


class TicketError(Exception):
    """The seat cannot do that; the message says why, for the seat. `code` is for programs."""

    def __init__(self, code: Refusal, text: str) -> None:
        super().__init__(text)
        self.code = code
