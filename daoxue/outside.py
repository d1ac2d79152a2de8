"""How we are reached from outside, and whether the settings say it as it is."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from bot.channel import Channel
from daoxue.config import Config
from integrations.channels import CHANNELS


def unreachable(config: Config, channels: Mapping[str, Channel] = CHANNELS) -> list[str]:
    """What is switched on and cannot work, because nobody has said how we are reached from outside."""
    if config.server.public_url:
        return []
    stanzas = [each for channel in channels.values() for each in channel.stanzas]
    called = (
        each for each in stanzas if (settings := config.channels.of(each.settings)).enabled and settings.is_called
    )
    names = [f"channels.{each.name}" for each in called] + (["desk.oidc"] if config.desk.oidc.issuer else [])
    return [
        f"server.public_url: 没有填，{name} 就用不了：对方按这个外网地址找我们、验签名 · is empty, and {name} does not work without it"
        for name in dict.fromkeys(names)
    ]


def misfits(config: Config) -> list[str]:
    """What of these settings does not go together, as far as they tell: what requests tell, `daoxue.proxies` says."""
    given, proxies = config.server.public_url, config.server.trusted_proxies
    if not given:
        return (
            [
                "server.public_url: 没有填，而 server.trusted_proxies 说前面有代理：写居民在浏览器里看到的地址"
                " · is empty though a proxy is trusted: say how residents reach us, as their browsers show it"
            ]
            if proxies
            else []
        )
    outside, found = urlsplit(given), []
    if outside.path.strip("/") or outside.query or outside.fragment:
        found.append(
            "server.public_url: 只写到域名和端口，后面不要路径 · names a path: we are served at the root of a host alone"
        )
    if outside.scheme == "https" and not proxies:
        found.append(
            "server.trusted_proxies: 是空的，而外网地址是 https，前面一定有代理：不写它，所有居民共用一个地址的限额"
            " · is empty though https needs a proxy before us: without it all residents share the limits of one address"
        )
    if outside.scheme == "http" and not _is_here(outside):
        found.append(
            "server.public_url: 是 http：口令、验证码和对话在路上谁都能看，Cookie 也没有 Secure；请在前面放 https（docs/proxy.md）"
            " · is http: passwords and talks can be read on their way, and cookies are not Secure; put https before us"
        )
    return found


def _is_here(outside: SplitResult) -> bool:
    """Whether it is this machine, or the network it stands in."""
    host = outside.hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost"
