"""Limits that all processes share, where `redis.url` names a place to count."""

import importlib
from functools import partial
from typing import cast

from accounts.limits import Limits
from accounts.sharing import Sharing, Tally
from accounts.vault import Vault
from bot.worker import Worker
from daoxue.config import Config
from integrations.redis.addresses import parse

APART, AT_LEAST = 0.05, 5.0  # seconds between two times that is told what was taken


def sharing_of(config: Config, limits: Limits, vault: Vault) -> Sharing | None:
    """None where each process counts for itself."""
    if not config.redis.url:
        return None
    module = importlib.import_module("integrations.redis.limits")
    tally = cast(Tally, module.RedisTally(parse(config.redis.url), vault.name))
    return Sharing(limits, tally, partial(vault.digest, "limits"))


def sharing_workers(sharing: Sharing | None) -> list[Worker]:
    """Rows of `daoxue/workers.py`."""
    shown = "Redis 各进程共用的限额"
    return [Worker("redis-limits", shown, AT_LEAST, sharing.work, sharing.news, rest=APART)] if sharing else []
