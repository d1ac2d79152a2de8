"""Clients of Redis that wait for nothing long: what does not answer at once is done without."""

from typing import Any, Protocol, cast

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from integrations.redis.addresses import RedisAddress

WITHIN = 0.4  # seconds to connect, and of an answer: less than hints have, so that the client tidies up by itself
ERRORS: tuple[type[Exception], ...] = (RedisError, OSError)


class Client(Protocol):
    """What is asked of any of them."""

    async def initialize(self) -> object: ...
    async def publish(self, channel: str, message: str) -> int: ...
    async def eval(self, script: str, numkeys: int, *keys_and_args: str) -> object: ...
    def pubsub(self) -> PubSub: ...
    async def aclose(self) -> None: ...


def client(address: RedisAddress) -> Client:
    """Connects when it is first asked for something."""
    patience: dict[str, Any] = {
        "socket_timeout": WITHIN, "socket_connect_timeout": WITHIN, "ssl": address.tls, "retry": Retry(NoBackoff(), 0),
    }  # fmt: skip
    common = patience | {"username": address.user, "password": address.password, "decode_responses": True}
    if address.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return cast(Client, RedisCluster(startup_nodes=nodes, **common))
    if address.kind == "sentinel":
        sentinel = Sentinel(address.hosts, sentinel_kwargs=patience, db=address.number, **common)  # type: ignore[no-untyped-call]
        return cast(Client, sentinel.master_for(address.service))
    (host, port), *_ = address.hosts
    return cast(Client, Redis(host=host, port=port, db=address.number, **common))


async def knock(address: RedisAddress) -> None:
    """Publishes what nobody hears. Raises some of `ERRORS`."""
    asked = client(address)
    try:
        await asked.initialize()
        await asked.publish("daoxue:doctor", "")
    finally:
        await close(asked)


async def close(client: Client) -> None:
    """Ends its connections, those to sentinels too; what it is asked next opens others."""
    await client.aclose()
    pool = client.connection_pool if isinstance(client, Redis) else None
    if isinstance(pool, SentinelConnectionPool):
        for each in pool.sentinel_manager.sentinels:
            await each.aclose()
