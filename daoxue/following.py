"""Who follows the way of messages through the process: nobody, unless the settings name a collector."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp

from bot.inbox import nothing_observed
from bot.queue import Follow, unfollowed
from daoxue.config import Config, ConfigError


def unwatched(behind: ASGIApp, names: Mapping[str, str]) -> ASGIApp:
    return behind


def nothing_to_close() -> None:
    """Nothing is under way."""


@dataclass(frozen=True, slots=True)
class Following:
    """`observe` is told of the steps of turns and deliveries, `follow` has rows of the queue worked, `webhooks` is put around
    what answers channels' requests, whose names it is given by path. `close` takes seconds."""

    observe: Callable[[str], None] = nothing_observed
    follow: Follow = unfollowed
    webhooks: Callable[[ASGIApp, Mapping[str, str]], ASGIApp] = unwatched
    close: Callable[[], None] = nothing_to_close


NOBODY = Following()


def following(config: Config) -> Following:
    """Raises `ConfigError` where what it takes is not installed."""
    if not config.traces.endpoint:
        return NOBODY
    try:
        to_collector: Callable[[str], Following] = importlib.import_module("daoxue.traces").to_collector
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"traces.endpoint: 还缺 {error.name}：pip install 'daoxue[traces]' · needs {error.name}"
        ) from error
    return to_collector(config.traces.endpoint)
