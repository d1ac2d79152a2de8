"""`daoxue mail`: e-mail."""

import argparse
from collections.abc import Callable
from pathlib import Path

from daoxue.commands.common import playing


def play(arguments: argparse.Namespace) -> int:
    run: Callable[[Path], int] = playing("daoxue.play_mail").play
    return run(arguments.config)
