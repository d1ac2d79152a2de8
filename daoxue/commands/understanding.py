"""`daoxue nlu`: understanding, tried and measured."""

import argparse
import importlib
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path

from bot.keeping import kept
from daoxue import chat
from daoxue.app import App
from daoxue.commands.common import Commands, add, with_app
from daoxue.commands.figures import meaning, tell_figures
from daoxue.config import ConfigError
from daoxue.table import Figures


def declare(commands: "Commands[argparse.ArgumentParser]") -> None:
    understanding = commands.add_parser("nlu", help="understanding").add_subparsers(required=True, metavar="COMMAND")
    parsed = add(understanding, "parse", _parse, "understand each line of standard input")
    parsed.add_argument(
        "--today", type=_day, metavar="DAY", help="what 明天 is the day after: YYYY-MM-DD; else the clock's"
    )
    tried = add(understanding, "evaluate", _evaluate_nlu, "figures of a file of label<TAB>text")
    engine = tried.add_mutually_exclusive_group()
    engine.add_argument("--train", type=Path, metavar="FILE", help="train on this file; else on nlu/data")
    engine.add_argument("--live", action="store_true", help="or take the engine as it is served here")
    tried.add_argument("--test", type=Path, required=True, metavar="FILE")
    tried.add_argument("--encoder", choices=("use", "onnx", "none"), help="what reads meaning beside words; else use")
    tried.add_argument("--diagram", type=Path, metavar="FILE.png", help="draw how far the sureness can be trusted")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a day, YYYY-MM-DD is wanted: {text}") from None


def _parse(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> int:
        await app.library.all_read()
        for raw in sys.stdin:
            text = raw.rstrip("\r\n")
            today = arguments.today or datetime.now(app.config.zone).date()
            print(
                json.dumps(chat.parsed(app.comprehension.understand(kept(text), today)), ensure_ascii=False),
                flush=True,
            )
        return 0

    return with_app(arguments, use)


def _evaluate_nlu(arguments: argparse.Namespace) -> int:
    if arguments.diagram and (arguments.diagram.suffix != ".png" or not arguments.diagram.parent.is_dir()):
        raise ConfigError(f"--diagram: {arguments.diagram}: a .png in a folder that exists is meant")
    if arguments.live and arguments.encoder:
        raise ConfigError("--encoder: with --live that of the settings is judged")
    # Evaluation trains, and training is a hundred megabytes that no other command should carry.
    if not arguments.live:
        train: Callable[..., Figures] = importlib.import_module("daoxue.evaluate").nlu
        return tell_figures(arguments, train(arguments.train, arguments.test, meaning(arguments), arguments.diagram))
    live: Callable[..., Awaitable[Figures]] = importlib.import_module("daoxue.live").evaluate

    async def use(app: App) -> int:
        await app.library.all_read()
        today = datetime.now(app.config.zone).date()
        return tell_figures(arguments, await live(app, arguments.test, today, arguments.diagram))

    return with_app(arguments, use)
