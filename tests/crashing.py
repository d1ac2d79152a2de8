"""The real service in a process of its own, which kills itself with SIGKILL when a turn reaches a named step for the nth
time."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping

from daoxue import preparing
from daoxue.app import compose
from daoxue.config import Config
from daoxue.serve import server
from tests.read_once import read_all

read_all()  # before it is forked


def live(config: Config, step: str, nth: int, ahead: float, environment: Mapping[str, str]) -> None:
    """Until it is ended, or ends itself; the step `never` makes it an ordinary one. Its clock is `ahead` by so many seconds."""
    os.environ.clear()
    os.environ.update(environment)
    asyncio.run(serve(config, step, nth, ahead))


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
