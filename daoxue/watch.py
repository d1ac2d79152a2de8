"""Runs the background workers of `daoxue/workers.py`, again and again, and knows which of them is in trouble."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable

from msgspec import Struct
from prometheus_client import Counter, Gauge

from bot.worker import Worker

log = logging.getLogger(__name__)
STEADY = 3  # rounds that have to go well before a worker that failed is in order again
FIRST, LONGEST = 0.5, 5.0  # seconds before a failed round is tried again: doubled each time, up to the longest
TO_END = 5.0  # seconds that workers have to end when the process stops
ROUNDS = Counter("daoxue_worker_rounds", "Rounds of the background workers, by how they ended", ["worker", "ended"])
TROUBLED = Gauge("daoxue_worker_troubled", "Workers whose last round failed, or that hang in one", ["worker"])
STALLED = Gauge("daoxue_worker_stalled", "Workers that hang in a round", ["worker"])
WORDS = {"failed": "出错，正在重试", "stalled": "卡住了", "ended": "停了"}


class Trouble(Struct, frozen=True):
    """A worker that failed (`failures` rounds since it last went well for a while, the last with `error`, a class's
    name), has been in one round for
    `seconds`, or has ended. `words` say it, Chinese first."""

    name: str
    shown: str
    state: str
    failures: int
    error: str
    seconds: int

    @property
    def words(self) -> str:
        detail = {"failed": f": {self.failures} × {self.error}", "stalled": f": {self.seconds} s"}.get(self.state, "")
        return f"后台任务“{self.shown}”{WORDS[self.state]}（worker {self.name} {self.state}{detail}）"


class _Watched:
    """A worker at work."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._began: float | None = None  # the round under way
        self._failures = 0  # since it last was in order
        self._in_a_row = 0
        self._well = 0  # rounds, since the last that failed
        self._error = ""
        self.task = asyncio.create_task(self._run(), name=worker.name)

    def trouble(self) -> Trouble | None:
        taken = time.monotonic() - self._began if self._began is not None else 0.0
        if self.task.done():
            state = "ended"
        elif taken > self.worker.within:
            state = "stalled"
        elif self._failures:
            state = "failed"
        else:
            return None
        return Trouble(self.worker.name, self.worker.shown, state, self._failures, self._error, int(taken))

    async def _run(self) -> None:
        while True:
            self._began = time.monotonic()
            await self._round()
            self._began = None
            await self._pause()

    async def _round(self) -> None:
        try:
            await self.worker.work()
        except (Exception, asyncio.CancelledError) as error:  # the edge of all that goes on in the background
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            self._failures += 1
            self._in_a_row += 1
            self._well = 0
            self._error = type(error).__name__
            ROUNDS.labels(self.worker.name, "failed").inc()
            log.error("worker %s", self.worker.name, exc_info=error)
        else:
            self._in_a_row = 0
            self._well += 1
            if self._well >= STEADY:
                self._failures = 0
            ROUNDS.labels(self.worker.name, "done").inc()

    async def _pause(self) -> None:
        worker = self.worker
        if self._in_a_row:
            longest = max(LONGEST, worker.seconds)
            await asyncio.sleep(min(longest, FIRST * 2 ** min(self._in_a_row - 1, 16)))
        elif worker.wake is None:
            await asyncio.sleep(worker.seconds)
        else:
            await asyncio.sleep(worker.rest)
            with contextlib.suppress(TimeoutError):
                # `wait_for` would go on when it is woken in the moment in which it is ended.
                async with asyncio.timeout(worker.seconds - worker.rest):
                    await worker.wake.wait()
            worker.wake.clear()


class Watch:
    """The workers of this process; none before `start`."""

    def __init__(self) -> None:
        self._watched: list[_Watched] = []

    def start(self, workers: Iterable[Worker]) -> None:
        self._watched += [_Watched(worker) for worker in workers]

    def troubles(self) -> list[Trouble]:
        """Those that are not as they should be; told to the metrics, too."""
        found = [(each.worker.name, each.trouble()) for each in self._watched]
        for name, trouble in found:
            TROUBLED.labels(name).set(trouble is not None)
            STALLED.labels(name).set(trouble is not None and trouble.state == "stalled")
        return [trouble for _, trouble in found if trouble is not None]

    async def stop(self) -> None:
        """Ends all of them; who does not end in time is named in the log and left behind."""
        tasks = {each.task for each in self._watched}
        self._watched = []
        for task in tasks:
            task.cancel()
        _, left = await asyncio.wait(tasks, timeout=TO_END) if tasks else (tasks, set())
        for task in left:
            log.error("worker %s does not end", task.get_name())
