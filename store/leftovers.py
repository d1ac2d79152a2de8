"""Files that are being made are locked by whoever makes them; those of who died over them are locked by nobody."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import IO


def hold(file: IO[bytes] | int) -> None:
    """Says that somebody is at work on a file, as long as it is open."""
    fcntl.flock(file, fcntl.LOCK_EX)


def sweep(folder: Path, pattern: str) -> None:
    """Takes away what was left behind under such names."""
    for each in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), each.open() as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            each.unlink()


def settle(folder: Path) -> None:
    """Names that were given in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
