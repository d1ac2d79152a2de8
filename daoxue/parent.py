"""The parent of `daoxue serve --workers N`: it listens, and keeps N processes that serve what comes in.

Each is a new interpreter that inherits the socket, so what was installed or set meanwhile counts for those that begin
later. The first of a start does alone what is done once (migrations, the sample, learning, the first accounts); the
parent itself is only what stays. Between the parent and each process is a pair of sockets: by it the process says that
it is ready, and knows when the parent is gone.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import Sequence

log = logging.getLogger(__name__)
READY = b"."
READY_WITHIN = 600.0  # seconds: it may have to learn, or to bring the database up to date
ENDS_WITHIN = 40.0  # seconds for turns in work, workers and the last writing; systemd gives 45
FIRST, LONGEST = 1.0, 30.0  # seconds before one that died begins again: doubled each time
STEADY = 60.0  # seconds; who lived so long did not die of its start


class Child:
    """A process that serves. `gone` is done when it has ended, with its exit status."""

    def __init__(self, process: asyncio.subprocess.Process, life: socket.socket) -> None:
        self._process = process
        self._life = life
        self._began = time.monotonic()
        self.gone = asyncio.create_task(process.wait())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    async def ready(self) -> bool:
        """Waits until it serves; False where it has ended instead, or had to be ended for it takes too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_WITHIN):
                if await asyncio.get_running_loop().sock_recv(self._life, 1) == READY:
                    return True
                await asyncio.wait({self.gone})  # it lets go of us first, and then says why
        await self.end()
        return False

    async def end(self) -> None:
        """Lets it finish what it has under way."""
        if not self.gone.done():
            self._process.terminate()
        done, _ = await asyncio.wait({self.gone}, timeout=ENDS_WITHIN)
        if not done:
            log.error("a process does not end: killed", extra={"count": self.pid})
            self._process.kill()
            await asyncio.wait({self.gone})
        self._life.close()


class Parent:
    """`command` starts a process that serves on `shared`, and on one of `own` by itself, where its figures are asked for:
    all are bound, and there are as many processes as there are `own`."""

    def __init__(self, command: Sequence[str], shared: socket.socket, own: Sequence[socket.socket]) -> None:
        self._command = command
        self._shared = shared
        self._own = own
        self._alive: set[Child] = set()
        self._children: list[Child] = []
        self._changing = [asyncio.Lock() for _ in own]
        self._ending = asyncio.Event()
        self._renewing = asyncio.Event()

    async def run(self) -> int:
        """Until a signal ends it; the exit status: 0 then, that of the first process where that could not begin."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, self._ending.set)
        loop.add_signal_handler(signal.SIGHUP, self._renewing.set)
        keeping, ending = asyncio.create_task(self._keep()), asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait({keeping, ending}, return_when=asyncio.FIRST_COMPLETED)
            return keeping.result() if keeping.done() else 0
        finally:
            ending.cancel()
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await asyncio.gather(*(each.end() for each in self._alive))

    async def _keep(self) -> int:
        """Ends only where nothing could begin."""
        first = await self._begin(0, "--first")
        if not await first.ready():
            return first.gone.result() or 1
        others = [await self._begin(place) for place in range(1, len(self._own))]
        self._children = [first, *others]
        await asyncio.gather(*(each.ready() for each in others))
        log.info("%s processes serve", len(self._children))
        await asyncio.gather(self._renew(), *map(self._restart, range(len(self._children))))
        raise AssertionError("these have no end")

    async def _begin(self, place: int, *more: str) -> Child:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            handles = (theirs.fileno(), self._shared.fileno(), self._own[place].fileno())
            inherited = ["--inherit", *map(str, handles)]
            # A group of its own: what is typed at the terminal reaches the parent alone, which tells the others.
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._command, *inherited, *more, pass_fds=handles, process_group=0
                )
            except OSError:  # no room for another process at this moment
                ours.close()
                raise
        child = Child(process, ours)
        self._alive.add(child)
        child.gone.add_done_callback(lambda _: self._alive.discard(child))
        return child

    async def _restart(self, place: int) -> None:
        """Whenever the one of a place dies, another begins there."""
        wait = FIRST
        while True:
            child = self._children[place]
            await asyncio.wait({child.gone})
            await child.end()
            async with self._changing[place]:
                if self._children[place] is not child:
                    continue
                wait = FIRST if child.age >= STEADY else wait
                reason = f"exit status {child.gone.result()}"
                log.error("a process died: another one begins", extra={"error": reason, "seconds": wait})
                self._children[place], wait = await self._begin_again(place, wait)
                await self._children[place].ready()

    async def _begin_again(self, place: int, wait: float) -> tuple[Child, float]:
        """Another one after so many seconds, and more where none can be begun; with how long is waited the next time."""
        while True:
            await asyncio.sleep(wait)
            wait = min(LONGEST, wait * 2)
            try:
                return await self._begin(place), wait
            except OSError as error:
                log.error("no process can be begun", extra={"error": type(error).__name__, "seconds": wait})

    async def _renew(self) -> None:
        """One after another, whenever that is asked for; where a new one cannot begin, the old ones stay."""
        while True:
            await self._renewing.wait()
            self._renewing.clear()
            for place in range(len(self._children)):
                if not await self._replace(place):
                    log.error("a new process could not begin: the others go on as they are")
                    break
            else:
                log.info("%s processes are new", len(self._children))

    async def _replace(self, place: int) -> bool:
        """The new one is ready before the old one goes."""
        async with self._changing[place]:
            try:
                new = await self._begin(place)
            except OSError:
                return False
            if not await new.ready():
                return False
            old, self._children[place] = self._children[place], new
        await old.end()
        return True
