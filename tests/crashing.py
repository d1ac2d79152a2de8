"""What is forked from a process that has loaded everything: the real service, which kills itself with SIGKILL when a turn
reaches a named step for the nth time, and our commands."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from daoxue import cli, preparing
from daoxue.app import compose
from daoxue.config import Config
from daoxue.serve import server
from desk import passwords
from tests.read_once import QUICK, read_all

read_all()  # before it is forked
passwords._HASHER = QUICK
gc.collect()
gc.freeze()  # what it shares with its forks stays shared


def live(config: Config, step: str, nth: int, ahead: float, environment: Mapping[str, str]) -> None:
    """Until it is ended, or ends itself; the step `never` makes it an ordinary one. Its clock is `ahead` by so many seconds."""
    os.environ.clear()
    os.environ.update(environment)
    asyncio.run(serve(config, step, nth, ahead))


class Streams(NamedTuple):
    """The files that a command reads from and writes to, behind what stands there."""

    keyed: Path
    said: Path
    log: Path


def command(words: Sequence[str], folder: Path, environment: Mapping[str, str], streams: Streams) -> None:
    """`daoxue` with these words, in a folder."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.stdin = streams.keyed.open(encoding="utf-8")
    for stream, path in ((sys.stdout, streams.said), (sys.stderr, streams.log)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.argv = ["daoxue", *words]
    cli.main()


async def serve(config: Config, step: str, nth: int, ahead: float) -> None:
    reached = 0

    def observe(name: str) -> None:
        nonlocal reached
        reached += name == step
        if name == step and reached == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    preparing.prepare(config)
    app = await compose(config, observe, lambda: time.time() + ahead)
    await server(app).serve()
