"""`daoxue doctor`."""

import argparse
import asyncio
from pathlib import Path

from bot.examining import Severity
from daoxue.commands.common import tell
from daoxue.config import read
from daoxue.doctor.examination import examine


def run(arguments: argparse.Namespace) -> int:
    """1 where there is a fault."""
    config, backups = read(arguments.config), Path(arguments.backups)

    async def look() -> bool:
        well = True
        async for found in examine(config, backups):
            tell(arguments, found.row, found.line)
            well = well and found.severity is not Severity.FAULT
        return well

    return 0 if asyncio.run(look()) else 1
