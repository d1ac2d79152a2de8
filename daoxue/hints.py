"""Which pub/sub carries hints between the processes of these settings: Redis where it is named, PostgreSQL beside it or
alone; none where one process has the database to itself. What carries them is loaded where it is used."""

import importlib
from collections.abc import Callable
from functools import partial
from typing import cast

from bot.hints import Hint, Hints, PubSub
from bot.live import Live, Looking, nobody_told
from bot.worker import Worker
from daoxue.config import Config
from integrations.redis.addresses import parse
from store.database import Database

LOOK = 1.0  # seconds until what no hint told is found all the same
APART = 0.005  # seconds between two times that hints are sent: what comes together goes together


def hints_of(config: Config, centre: str) -> tuple[Hints, ...]:
    """The best first. `centre` tells one from others that have the same server of Redis."""
    found: list[Hints] = []
    if not config.database.embedded:
        module = importlib.import_module("store.listening")
        found = [Hints(cast(PubSub, module.PostgresPubSub(config.database.url)))]
    if config.redis.url:
        found = [Hints(_redis(config, centre), next(iter(found), None)), *found]
    return tuple(found)


def _redis(config: Config, centre: str) -> PubSub:
    module = importlib.import_module("integrations.redis.hints")
    return cast(PubSub, module.RedisPubSub(parse(config.redis.url), f"daoxue:{centre}:hints"))


def teller(hints: tuple[Hints, ...]) -> Callable[[Hint], None]:
    """Who tells the other processes."""
    return hints[0].put if hints else nobody_told


def hint_workers(hints: tuple[Hints, ...], database: Database, live: Live) -> list[Worker]:
    """Rows of `daoxue/workers.py`."""
    rows = []
    for each in hints:
        shown = f"{each.shown} 进程之间的提示"
        rows.append(Worker(f"{each.name}-speak", f"{shown}（发）", LOOK, each.speak, each.news, rest=APART))
        rows.append(Worker(f"{each.name}-listen", f"{shown}（收）", 0.0, partial(_listen, each, live)))
    return [*rows, Worker("look", "看别的进程写了什么", LOOK, Looking(database, live).work)] if hints else []


async def _listen(hints: Hints, live: Live) -> None:
    for hint in await hints.listen():
        live.hear(hint)
