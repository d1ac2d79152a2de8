"""`python -m tests.crashing PORT DATABASE MODELS STEP NTH`: the real service, which kills itself with SIGKILL when a turn
reaches the named step for the nth time. The step `never` makes it an ordinary one."""

import asyncio
import os
import signal
import sys

from daoxue.app import compose, prepare
from daoxue.config import Config, DatabaseSettings, Nlu, Server
from daoxue.serve import server
from desk.hours import DeskSettings


async def main() -> None:
    port, database, models, step, nth = sys.argv[1:]
    reached = 0

    def observe(name: str) -> None:
        nonlocal reached
        reached += name == step
        if name == step and reached == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    config = Config(
        Server(port=int(port)), DatabaseSettings(database), nlu=Nlu(models), desk=DeskSettings(always_open=True)
    )
    prepare(config)
    app = await compose(config, observe)
    await server(app).serve()


if __name__ == "__main__":
    asyncio.run(main())
