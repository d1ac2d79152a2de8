"""What the desk says no with."""


class TicketError(Exception):
    """The seat cannot do that; the message says why, for the seat. `code` is for programs: not_found, taken,
    not_yours, barred, outdated, invalid."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
