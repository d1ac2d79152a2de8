"""Work for a process of its own: what takes libraries or time that the service should not spend."""

import asyncio
import sys

WITHIN = 120  # seconds


class ChildError(Exception):
    """It did not come to an end as it should."""


async def run(module: str, *arguments: str, given: bytes = b"") -> bytes:
    """What `python -m module` writes to standard output. Raises `ChildError`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(given), WITHIN)
    except TimeoutError as error:
        process.kill()
        raise ChildError(module) from error
    if process.returncode != 0:
        raise ChildError(module)
    return out
