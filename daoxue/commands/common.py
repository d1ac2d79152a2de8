"""What all commands share."""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from daoxue.app import App, compose
from daoxue.config import read
from daoxue.preparing import prepare

Commands = argparse._SubParsersAction  # which argparse has no public name for


def add(
    group: "Commands[argparse.ArgumentParser]", name: str, run: Callable[[argparse.Namespace], int], help: str
) -> argparse.ArgumentParser:
    """A command with what every one takes."""
    command = group.add_parser(name, help=help)
    command.add_argument("--config", type=Path, default=Path("config.yml"), metavar="FILE")
    command.add_argument("--json", action="store_true", help="JSON lines on standard output")
    command.set_defaults(run=run)
    return command


def with_app(arguments: argparse.Namespace, use: Callable[[App], Awaitable[int]]) -> int:
    """Composes the service, without serving, for what is done with it; its exit status."""
    config = read(arguments.config)
    prepare(config)

    async def run() -> int:
        app = await compose(config)
        try:
            return await use(app)
        finally:
            app.database.close()

    return asyncio.run(run())


def now() -> int:
    """In ms."""
    return int(time.time() * 1000)


def tell(arguments: argparse.Namespace, row: dict[str, object], line: str) -> None:
    """One thing: as JSON where that is asked for, else for people."""
    print(json.dumps(row, ensure_ascii=False) if arguments.json else line, flush=True)


def acting(arguments: argparse.Namespace, use: Callable[[App], Awaitable[None]]) -> int:
    """`with_app` for what only ends badly by raising."""

    async def run(app: App) -> int:
        await use(app)
        return 0

    return with_app(arguments, run)
