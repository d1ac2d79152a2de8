"""What looks through files of residents for what does harm."""

from typing import Protocol


class ScanError(Exception):
    """The scanner did not say whether there is anything: the file waits. The message is a word for the log."""


class Scanner(Protocol):
    """One that is reached over the network, or on this machine."""

    async def finds(self, body: bytes) -> str | None:
        """The name of what it found; None where there is nothing. Raises `ScanError`, and `FileRefusedError` for what it
        never takes."""
        ...
