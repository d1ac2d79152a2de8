"""Work for a process of its own: what takes libraries or time that the service should not spend. Each is bounded in memory
and in time, and few run at once."""

import asyncio
import os
import resource
import runpy
import subprocess
import sys
from weakref import WeakKeyDictionary

WITHIN = 120  # seconds
LARGEST = 12_000_000  # bytes of a file that one is given
AT_ONCE = 2
WAITING = 6  # beyond them nobody is kept waiting
MEMORY = 1_000_000_000  # bytes of addresses that one may take
CPU = 60  # seconds of a core
OPEN = 64  # files
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each thread would take addresses by the hundred MB
_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_coming = 0


class ChildError(Exception):
    """It did not come to an end as it should."""


class CrowdedError(ChildError):
    """Too many wait already."""


async def run(module: str, *arguments: str, given: bytes = b"") -> bytes:
    """What `python -m module` writes to standard output. Raises `ChildError`."""
    global _coming
    if _coming >= AT_ONCE + WAITING:
        raise CrowdedError(module)
    _coming += 1
    try:
        async with _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)):
            return await _run(module, arguments, given)
    finally:
        _coming -= 1


def run_here(module: str, *arguments: str, given: bytes, within: float) -> bytes:
    """The same for a program that does one thing at a time: waits `within` seconds. Raises `ChildError`, `TimeoutError`."""
    try:
        # Our own interpreter and modules.
        done = subprocess.run(  # noqa: S603
            _command(module, arguments), input=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=os.environ | ONE_THREAD, timeout=within, check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(module) from error
    except subprocess.CalledProcessError as error:
        raise ChildError(module) from error
    return done.stdout


def _command(module: str, arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "desk.children", module, *arguments]


async def _run(module: str, arguments: tuple[str, ...], given: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *_command(module, arguments),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | ONE_THREAD,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(given), WITHIN)
    except TimeoutError as error:
        raise ChildError(module) from error
    finally:  # also where nobody waits for it any more
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ChildError(module)
    return out


def main() -> None:
    """In the child: bounds first, then the module's own `main`."""
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU), (resource.RLIMIT_NOFILE, OPEN)):
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
