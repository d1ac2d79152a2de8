"""Whom a request is from, where a proxy stands between us and them.

A proxy says it in `Forwarded` (RFC 7239), or in `X-Forwarded-For`, `-Proto` and `-Host`. Anybody can send these, so they
are believed from the addresses in `server.trusted_proxies` alone, and of the hops they name the last one that is none of
those: what stands before it was said by a stranger.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from accounts.limits import Network, is_among

log = logging.getLogger(__name__)
FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"})
_SIGNS = FORWARDED | {b"x-real-ip", b"via"}  # these say that somebody is between, and not well enough for whom
_ELEMENT = re.compile(r'(?:[^,"]|"[^"]*")+')
_PAIR = re.compile(r'(?<![^\s;])(for|proto|host)\s*+=\s*+(?:"([^"]*)"|([^\s;,"]++))\s*+(?:;|$)', re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9._\-\[\]:]{1,255}")
SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}  # as a socket's is called
DEFAULTS = {"http": ":80", "https": ":443"}  # ports that no browser names
STRANGER = (
    "有代理转来请求，它不在 server.trusted_proxies 里：经过它来的人共用一个地址的限额 · a proxy passes requests on that is not in"
    " server.trusted_proxies: all who come through it share the limits of one address"
)
UNCLEAR = (
    "受信任的代理转来的头互相矛盾，或没有写地址：不采信 · a trusted proxy passes on headers that contradict each other, or name no"
    " address: not believed"
)
CLEAR = (
    "页面是从 http 打开的，而 server.public_url 是 https：Cookie 带 Secure，浏览器在 http 上不留，坐席登录不了；让代理把 http 转到"
    " https · pages are opened over http while server.public_url is https: browsers keep no Secure cookie there, and nobody"
    " can sign in; have the proxy send http on to https"
)
CLOSED = (
    "页面是从 https 打开的，而 server.public_url 是 http：链接和回调会走错，请改成 https · pages are opened over https while"
    " server.public_url is http: links and callbacks go astray; write https"
)
ELSEWHERE = (
    "页面是从另一个域名或端口打开的，不是 server.public_url 里的：链接和回调会走错；改 public_url，或让代理按居民看到的写 Host"
    " 和 X-Forwarded-Host · pages are opened under another host or port than server.public_url: correct it, or have the proxy"
    " pass on Host and X-Forwarded-Host as residents see them"
)


class Hop(NamedTuple):
    """What one proxy says of whoever it had the request from; empty where it says nothing."""

    address: str
    scheme: str
    host: str


class Forwarding:
    """Puts the resident's address, scheme and host in place of the proxy's. It says, once, what does not fit: a proxy that
    is not among the `trusted`, pages that are opened under another address than `public_url` (empty: not looked at)."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network], public_url: str = "") -> None:
        self._app = app
        self._trusted = trusted
        self._scheme, self._host = _place(urlsplit(public_url).scheme, urlsplit(public_url).netloc)
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and is_forwarded(scope):
            self._read(scope)
        await self._app(scope, receive, send)

    def _read(self, scope: Scope) -> None:
        client = scope["client"]
        if client is None or not is_among(client[0], self._trusted):
            self._tell(STRANGER)
            return
        said: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            if name in FORWARDED:
                said.setdefault(name, []).append(value.decode("latin-1"))
        found = [hop for hops in (_of_x(said), _of_forwarded(said)) if (hop := self._resident(hops)) is not None]
        if len({each.address for each in found}) != 1:
            self._tell(UNCLEAR)
            return
        # What was read is taken out: nobody reads it again, and otherwise.
        scope["headers"] = [each for each in scope["headers"] if each[0] not in _SIGNS]
        _put(scope, found[0])
        if self._host:
            self._compare(scope)

    def _compare(self, scope: Scope) -> None:
        """What pages send (they say their origin) is for the address that the settings say; whatever watches us from
        beside the proxy may use another."""
        headers = dict(scope["headers"])
        if b"origin" not in headers:
            return
        scheme, host = _place(scope["scheme"].replace("ws", "http"), headers.get(b"host", b"").decode("latin-1"))
        if scheme != self._scheme:
            self._tell(CLEAR if scheme == "http" else CLOSED)
        if host != self._host:
            self._tell(ELSEWHERE)

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            log.warning(what)

    def _resident(self, hops: Sequence[Hop]) -> Hop | None:
        """The last hop that is none of ours, or the first of all; None where it names no address."""
        known = None
        for hop in reversed(hops):
            if not hop.address:
                return known
            known = Hop(
                hop.address, hop.scheme or (known.scheme if known else ""), hop.host or (known.host if known else "")
            )
            if not is_among(hop.address, self._trusted):
                break
        return known


def _place(scheme: str, host: str) -> tuple[str, str]:
    """As browsers write both."""
    return scheme, host.lower().removesuffix(DEFAULTS.get(scheme, ""))


def is_forwarded(scope: Scope) -> bool:
    """Whether somebody shows that they pass it on."""
    return any(name in _SIGNS for name, _ in scope["headers"])


def _put(scope: Scope, hop: Hop) -> None:
    scope["client"] = (hop.address, 0)
    if hop.scheme in SCHEMES:
        scope["scheme"] = SCHEMES[hop.scheme] if scope["type"] == "websocket" else hop.scheme
    if _HOST.fullmatch(hop.host):
        scope["headers"] = [each for each in scope["headers"] if each[0] != b"host"] + [(b"host", hop.host.encode())]


def _of_x(said: Mapping[bytes, Sequence[str]]) -> list[Hop]:
    """Each header is a list of its own; a proxy that writes one thing of its own, alone, means all hops by it."""
    addresses = _listed(said.get(b"x-forwarded-for", ()))
    schemes, hosts = _listed(said.get(b"x-forwarded-proto", ())), _listed(said.get(b"x-forwarded-host", ()))
    return [
        Hop(address_of(each), _at(schemes, n, len(addresses)).lower(), _at(hosts, n, len(addresses)))
        for n, each in enumerate(addresses)
    ]


def _listed(values: Iterable[str]) -> list[str]:
    return [each.strip() for value in values for each in value.split(",")]


def _at(values: Sequence[str], place: int, of: int) -> str:
    """The one for a hop where there is one for each, else the last."""
    return (values[place] if len(values) == of else values[-1]) if values else ""


def _of_forwarded(said: Mapping[bytes, Sequence[str]]) -> list[Hop]:
    hops = []
    for value in said.get(b"forwarded", ()):
        for element in _ELEMENT.findall(value):
            pairs = {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(element)}
            hops.append(Hop(address_of(pairs.get("for", "")), pairs.get("proto", "").lower(), pairs.get("host", "")))
    return hops


def address_of(said: str) -> str:
    """An address without its port; empty for what is none (unknown, _hidden)."""
    bare = said[1:].partition("]")[0] if said.startswith("[") else said
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ip_address(bare))
    except ValueError:
        return ""
