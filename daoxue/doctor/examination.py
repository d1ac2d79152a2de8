"""All that is looked at, in the order in which one thing rests on another."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from bot.channel import Channel
from bot.examining import Finding
from daoxue.config import Config
from daoxue.doctor import house, outside, serving, stored
from integrations.channels import CHANNELS


async def examine(config: Config, backups: Path, channels: Mapping[str, Channel] = CHANNELS) -> AsyncIterator[Finding]:
    """`backups` is the folder where they are kept. Nothing is changed by it, but that a platform's access token may be
    renewed, which all processes share."""
    yield house.key(config)
    for each in (*house.files(config), house.disk(config), house.backups(backups)):
        yield each
    found: list[Finding] = []
    with stored.opened(config, found) as database:
        for each in found:
            yield each
        if database is not None:
            for each in stored.examine(config, database):
                yield each
        for each in await asyncio.to_thread(lambda: [*serving.examine(config), *outside.certificate(config)]):
            yield each
        async for each in outside.redis(config):
            yield each
        async for each in outside.platforms(config, database, channels):
            yield each
