"""Addresses of Redis: one server, sentinels that know which it is, or a cluster. No library is needed to read them."""

from urllib.parse import unquote

from msgspec import Struct

PATTERN = r"^$|^rediss?(\+(sentinel|cluster))?://\S+$"


class AddressError(Exception):
    """It is not understood. The message says why, and nothing of what stands in it: it may hold a password."""


class RedisAddress(Struct, frozen=True):
    """`kind` is server, sentinel or cluster; `service` is what sentinels call the server."""

    kind: str
    tls: bool
    hosts: tuple[tuple[str, int], ...]
    user: str | None = None
    password: str | None = None
    service: str = ""
    number: int = 0

    @property
    def shown(self) -> str:
        """For people, without a password."""
        return ", ".join(f"{host}:{port}" for host, port in self.hosts)


def parse(url: str) -> RedisAddress:
    """redis://[[user]:password@]host[:port][/number]; rediss:// with TLS; redis+sentinel://…host,host/service[/number];
    redis+cluster://…host,host. Raises `AddressError`."""
    scheme, _, rest = url.partition("://")
    base, _, kind = scheme.partition("+")
    kind = kind or "server"
    if base not in ("redis", "rediss") or kind not in ("server", "sentinel", "cluster"):
        raise AddressError("redis://, rediss://, redis+sentinel:// or redis+cluster://")
    place, _, path = rest.partition("/")
    said, _, named = place.rpartition("@")
    user, _, password = said.partition(":")
    hosts = tuple(_host(each, 26379 if kind == "sentinel" else 6379) for each in named.split(","))
    if kind == "server" and len(hosts) > 1:
        raise AddressError("several hosts: redis+sentinel:// or redis+cluster://")
    service, number = path.partition("/")[::2] if kind == "sentinel" else ("", path)
    if kind == "sentinel" and not service:
        raise AddressError("redis+sentinel://host,host/service: the service's name is missing")
    if number and not number.isdigit():
        raise AddressError("after the slash stands the number of a database")
    return RedisAddress(
        kind,
        base == "rediss",
        hosts,
        unquote(user) or None,
        unquote(password) or None,
        unquote(service),
        int(number or 0),
    )


def _host(given: str, port: int) -> tuple[str, int]:
    """Of host, host:port, [::1] or [::1]:port."""
    if given.startswith("["):
        host, closed, after = given[1:].partition("]")
        said = after.removeprefix(":") if closed else "?"
    else:
        host, _, said = given.partition(":")
    if not host or (said and not (said.isdigit() and int(said) < 65536)):
        raise AddressError("host or host:port, several of them with commas between")
    return host, int(said or port)
