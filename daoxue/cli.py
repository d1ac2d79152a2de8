"""`daoxue`: the entry point of the commands (`daoxue/commands`); exit status 0 only on success."""

import argparse
import sys

from accounts.vault import VaultError
from daoxue import __version__
from daoxue.archive import ArchiveError
from daoxue.commands import keeping, known, people, platforms, seats, service, understanding, workbook
from daoxue.config import ConfigError
from desk.errors import SignInError, TicketError
from knowledge.files import KnowledgeError
from store.outages import DatabaseError


def main() -> None:
    """Entry point."""
    arguments = _parser().parse_args()
    try:
        sys.exit(arguments.run(arguments))
    except (ConfigError, KnowledgeError, DatabaseError, TicketError, SignInError, VaultError, ArchiveError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="daoxue", description="导学：学习导航呼叫系统")
    parser.add_argument("--version", action="version", version=f"daoxue {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (service, keeping, workbook, understanding, known, platforms, people, seats):
        group.declare(commands)
    return parser
