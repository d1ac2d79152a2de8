"""What is seen from outside: the certificate that residents' browsers are shown, and the platforms of channels that are on."""

import os
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from importlib import import_module
from urllib.parse import urlsplit

from bot.channel import Channel, Means, SettingsError
from bot.examining import Finding, Phrase, fault, ok, warning
from daoxue.config import Config, public_url
from daoxue.doctor.house import with_unit
from integrations.redis.addresses import RedisAddress, parse
from store.database import Database

REDIS = Phrase("Redis", "Redis")
CERTIFICATE = Phrase("证书", "certificate")
WITHIN = 5.0  # seconds
SOON, SHORTLY = 21, 7  # days
RENEW = Phrase("看代理的续期（certbot、Caddy 的日志）", "see the proxy's renewal (certbot's or Caddy's log)")


def certificate(config: Config) -> Iterator[Finding]:
    """Of `server.public_url`, asked for as a browser would."""
    outside = urlsplit(config.server.public_url)
    if outside.scheme != "https" or outside.hostname is None:
        return
    host, port = outside.hostname, outside.port or 443
    try:
        with (
            socket.create_connection((host, port), WITHIN) as line,
            ssl.create_default_context().wrap_socket(line, server_hostname=host) as secure,
        ):
            until = ssl.cert_time_to_seconds(str((secure.getpeercert() or {})["notAfter"]))
    except ssl.SSLCertVerificationError as error:
        yield fault(
            CERTIFICATE,
            Phrase(f"浏览器不认：{error.verify_message}", f"browsers refuse it: {error.verify_message}"),
            RENEW,
        )
        return
    except OSError as error:
        seen = Phrase(
            f"{host}:{port} 从这里连不上（{type(error).__name__}）",
            f"{host}:{port} is not reached from here ({type(error).__name__})",
        )
        yield warning(
            CERTIFICATE,
            seen,
            Phrase(
                "从外面的手机上打开看看；看代理开着没有", "open it from a telephone outside; see whether the proxy runs"
            ),
        )
        return
    days = int((until - time.time()) // 86_400)
    seen = Phrase(f"{host} 还有 {days} 天", f"{host}: {days} days are left")
    if days < SHORTLY:
        yield fault(CERTIFICATE, seen, RENEW)
    elif days < SOON:
        yield warning(CERTIFICATE, seen, RENEW)
    else:
        yield ok(CERTIFICATE, *seen)


async def redis(config: Config) -> AsyncIterator[Finding]:
    """Where hints go. Without it everything is a little slower and nothing is lost: so it is never a fault."""
    if not config.redis.url:
        return
    place = parse(config.redis.url)
    clients = import_module("integrations.redis.clients")
    knock: Callable[[RedisAddress], Awaitable[None]] = clients.knock
    try:
        await knock(place)
        yield ok(REDIS, f"{place.shown} 连得上", f"{place.shown} is reached")
    except clients.ERRORS as error:
        name = type(error).__name__
        seen = Phrase(
            f"{place.shown} 连不上（{name}）：只是慢一点", f"{place.shown} is not reached ({name}): a little slower"
        )
        yield warning(REDIS, seen, Phrase("看它开着没有，redis.url 对不对", "see whether it runs, and redis.url"))


async def platforms(
    config: Config, database: Database | None, channels: Mapping[str, Channel]
) -> AsyncIterator[Finding]:
    means = Means(config.channels, os.environ, database, public_url(config), time.time)
    for channel in channels.values():
        if channel.examine is None or not channel.is_on(config.channels):
            continue
        try:
            for found in await channel.examine(means):
                yield found
        except SettingsError as error:
            do = with_unit(
                "daoxue",
                Phrase(
                    "daoxue check 逐条列出；写进 /etc/daoxue.env 再重启",
                    "daoxue check names each; put it in /etc/daoxue.env and restart",
                ),
                Phrase(
                    "daoxue check 逐条列出；写进它的环境再重启",
                    "daoxue check names each; put it in its environment and restart",
                ),
            )
            yield fault(Phrase(channel.zh, channel.en), Phrase(str(error), str(error)), do)
