"""Pictures that somebody gave, drawn anew and small by a process of its own."""

import asyncio

from bot.files import FileRefusal, FileRefusedError
from desk import children

LOGO = 256  # pixels of its longer side


async def drawn(picture: bytes, longest: int, within: float) -> bytes:
    """A JPEG of it; `within` are the seconds that are waited, for a place too. Raises `FileRefusedError` where it has too many
    pixels, `CrowdedError` where many others are being drawn, other `ChildError` and `TimeoutError` where it is none."""
    async with asyncio.timeout(within):
        return _made(await children.run("desk.thumbnail", str(longest), given=picture))


def drawn_here(picture: bytes, longest: int, within: float) -> bytes:
    """The same for a program that does one thing at a time: none is crowded there, nor is a place waited for."""
    return _made(children.run_here("desk.thumbnail", str(longest), given=picture, within=within))


def _made(out: bytes) -> bytes:
    if out == FileRefusal.PIXELS.value.encode():
        raise FileRefusedError(FileRefusal.PIXELS)
    return out
