"""Redis as pub/sub between processes."""

from collections.abc import Sequence

from redis.asyncio.client import PubSub

from integrations.redis.addresses import RedisAddress
from integrations.redis.clients import ERRORS, client, close


class RedisPubSub:
    """`channel` is that of one centre: several may share a server."""

    name, shown = "redis", "Redis"
    errors = ERRORS

    def __init__(self, address: RedisAddress, channel: str) -> None:
        self._client = client(address)
        self._channel = channel
        self._listening: PubSub | None = None

    async def send(self, text: str) -> None:
        await self._client.publish(self._channel, text)

    async def hear(self, seconds: float) -> Sequence[str]:
        ended = False
        try:
            if self._listening is None:
                await self._client.initialize()  # a cluster has to be known first
                self._listening = self._client.pubsub()
                await self._listening.subscribe(self._channel)
            found = await self._listening.get_message(ignore_subscribe_messages=True, timeout=seconds)
            ended = True
        finally:
            if not ended:
                await self._stop_listening()
        return [found["data"]] if found is not None else []

    async def _stop_listening(self) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.aclose()  # type: ignore[no-untyped-call]

    async def hang_up(self) -> None:
        await self._stop_listening()
        await close(self._client)
