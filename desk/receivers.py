"""Where a webhook or a browser's push service leads: an address on the open internet, looked up once and called at just what was found.

What a name stands for can change between two look-ups, so the one that is checked is the one that is connected to; the
name goes along for the receiver's certificate and its virtual hosts.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

import httpx

from bot.calling import HttpClient
from desk.errors import TicketError

WITHIN = 8.0  # seconds to look a name up, and again for the receiver to answer
LOOK_UPS = 16  # at the same time, in threads of their own: a name server that hangs keeps nobody else's
LONGEST = 500  # characters of an address
_PLAIN = re.compile(r"[!-~]+")  # neither blanks, control characters nor letters that look like others
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")
_UNICAST = ipaddress.ip_network("2000::/3")  # what lies outside stands for other addresses, or is of a network's own
# Of special purpose, though Python calls them global.
_SPECIAL = [
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "2001::/23",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )  # 2002 is 6to4
]
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})  # the last half of an address begins so where an IPv4 address ends it


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address of a webhook, taken apart."""

    url: httpx.URL
    port: int


class ReceiverAnswer(NamedTuple):
    """What a receiver says: a status, and when it wants to be asked again, in its own words."""

    status: int
    retry_after: str


def read(address: str) -> Receiver:
    """Raises `TicketError` for what is no address that can be called."""
    if len(address) > LONGEST or not _PLAIN.fullmatch(address):
        raise TicketError("invalid", "回调地址只能用英文字母、数字和符号，中间不能有空格或换行")
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise TicketError("invalid", "回调地址不对，端口要是数字") from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise TicketError("invalid", "回调地址要以 https:// 开头，不带用户名和密码")
    if not (_HOST.fullmatch(url.host) or _is_address(url.host)):
        raise TicketError("invalid", "回调地址里的主机名不对")
    port = url.port if url.port is not None else 443 if url.scheme == "https" else 80
    if not 0 < port < 65_536:
        raise TicketError("invalid", "回调地址里的端口不对，要在 1 到 65535 之间")
    return Receiver(url, port)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it leads to the open internet, and to nothing else under another form."""
    if isinstance(address, IPv6Address):
        if address not in _UNICAST or int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
            return False
    elif address.is_multicast or address.is_reserved:
        return False
    return address.is_global and not any(address in each for each in _SPECIAL)


class Outside:
    """Calls receivers. `inside` lets addresses of this machine and its network be called: for trying out."""

    def __init__(self, *, inside: bool = False) -> None:
        self._inside = inside

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(LOOK_UPS, "webhook")

    async def find(self, receiver: Receiver) -> list[str]:
        """What the receiver's name stands for at this moment. Raises `TicketError` where that is nothing, or leads into
        our own network."""
        host = receiver.url.host
        looking = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, receiver.port, type=socket.SOCK_STREAM)
        )
        try:
            found = await asyncio.wait_for(looking, WITHIN)
        except (OSError, UnicodeError) as error:  # no answer in time is one of the first
            raise TicketError("invalid", f"找不到主机 {host}") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not self._inside and not all(is_public(ipaddress.ip_address(each)) for each in addresses):
            raise TicketError("invalid", "回调地址不能指向内网或特殊用途的网段")
        return addresses

    def check_secret(self, address: str) -> None:
        """Raises `TicketError` where what is sent there could be read on its way; not where the address is inside."""
        if read(address).url.scheme != "https" and not self._inside:
            raise TicketError("invalid", "地址要以 https:// 开头")

    async def post(self, address: str, body: bytes, headers: dict[str, str]) -> ReceiverAnswer:
        """What the receiver answers with; its body is not read. Raises `TicketError` and `httpx.HTTPError`."""
        receiver = read(address)
        found = await self.find(receiver)
        for number, each in enumerate(found, 1):
            try:
                return await self._post_to(each, receiver, body, headers)
            except httpx.ConnectError:
                if number == len(found):
                    raise
        raise AssertionError("a name that is found stands for something")

    async def _post_to(self, address: str, receiver: Receiver, body: bytes, headers: dict[str, str]) -> ReceiverAnswer:
        url = receiver.url
        named = headers | {"host": url.netloc.decode("ascii")}
        async with (
            HttpClient(timeout=WITHIN, follow_redirects=False, verify=self._tls, trust_env=False) as client,
            client.stream(
                "POST", url.copy_with(host=address), content=body, headers=named, extensions={"sni_hostname": url.host}
            ) as answer,
        ):
            return ReceiverAnswer(answer.status_code, answer.headers.get("retry-after", ""))
