"""What all commands share."""

import argparse
import asyncio
import importlib
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

from daoxue.app import App, compose
from daoxue.config import SETTINGS, ConfigError, read
from daoxue.preparing import prepare

Commands = argparse._SubParsersAction  # which argparse has no public name for


def add(
    group: "Commands[argparse.ArgumentParser]", name: str, run: Callable[[argparse.Namespace], int], help: str
) -> argparse.ArgumentParser:
    """A command with what every one takes."""
    command = group.add_parser(name, help=help)
    # A file that is named has to be there: its whole path is no default.
    command.add_argument("--config", type=_named, default=SETTINGS, metavar="FILE")
    command.add_argument("--json", action="store_true", help="JSON lines on standard output")
    command.set_defaults(run=run)
    return command


def _named(path: str) -> Path:
    return Path(path).absolute()


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


def later(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """A command of a module of `daoxue.commands` that is imported when it is done: nobody else needs what it knows."""

    def run(arguments: argparse.Namespace) -> int:
        command: Callable[[argparse.Namespace], int] = getattr(
            importlib.import_module(f"daoxue.commands.{module}"), name
        )
        return command(arguments)

    return run


def playing(module: str) -> ModuleType:
    """What tries a channel out against a platform that is played: its parts and libraries are none of the service's.
    Raises `ConfigError` where they are not there."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"试用还缺 {error.name}：在导学的代码目录里先运行 make players。"
            f" Trying it out needs {error.name}: make players, in the repository"
        ) from error


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
