"""What the server that received a mail for us found of its sender: shown to seats, and no proof of anything."""

import re
from collections.abc import Mapping

_COMMENT = re.compile(r"\([^()]*\)|\"[^\"]*\"")
_FOUND = re.compile(r"(?:^|[;\s])(spf|dkim|dmarc)\s*=\s*([a-z]{1,12})\b([^;]{0,300})", re.IGNORECASE)
_DOMAIN = re.compile(r"header\.(?:d|i)=@?([A-Za-z0-9.-]{1,120})")
_WORDS = {"pass": "通过", "fail": "不通过", "softfail": "存疑", "neutral": "不表态", "none": "没有", "temperror": "暂时查不了", "permerror": "设置有误"}  # fmt: skip


def findings(said: Mapping[str, str], receiver: str) -> str:
    """`SPF 通过、DKIM 通过（qq.com）`; empty where the server that we trust says nothing. Of its headers the topmost counts:
    servers write above what they get, so what stands below may be the sender's own."""
    results = said.get("authentication-results", "")[:4_000]
    server, _, rest = results.partition(";")
    if not receiver or not server.split() or server.split()[0].lower() != receiver.lower():
        return ""
    for _ in range(3):  # comments in comments
        rest = _COMMENT.sub(" ", rest)
    told = []
    for kind, result, more in _FOUND.findall(" ".join(rest.split())):
        domain = _DOMAIN.search(more)
        told.append(f"{kind.upper()} {_WORDS.get(result.lower(), result)}{f'（{domain[1]}）' if domain else ''}")
    return "、".join(dict.fromkeys(told[:6]))
