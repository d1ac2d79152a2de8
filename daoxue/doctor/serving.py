"""The process that serves, by its address: whether it answers, and which of its workers are in trouble."""

import os
from collections.abc import Iterator

import httpx

from bot.examining import Finding, Phrase, fault, ok, warning
from daoxue.config import Config
from daoxue.doctor.stored import SECOND

SERVICE = Phrase("服务", "service")
WORKERS = Phrase("后台任务", "workers")
WITHIN = 5.0  # seconds
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - where one who listens there is asked


def address(config: Config) -> str:
    host = config.server.host
    host = EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{config.server.port}"


def examine(config: Config) -> Iterator[Finding]:
    url = address(config)
    token = os.environ.get("OPERATIONS_TOKEN", "")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.get(f"{url}/readyz", headers=headers, timeout=WITHIN, trust_env=False)
    except httpx.ConnectError:
        do = Phrase(
            "systemctl start daoxue；在别的机器上跑的，去那里问",
            "systemctl start daoxue; ask on the machine where it runs",
        )
        yield warning(SERVICE, Phrase(f"{url} 没有在跑", f"nothing runs at {url}"), do)
        return
    except httpx.HTTPError as error:
        seen = Phrase(f"{url} 不答（{type(error).__name__}）", f"{url} does not answer ({type(error).__name__})")
        yield fault(
            SERVICE,
            seen,
            Phrase(
                "systemctl restart daoxue；先抄下 journalctl -u daoxue -n 50",
                "keep journalctl -u daoxue -n 50, then restart it",
            ),
        )
        return
    said, *more = answer.text.strip().splitlines() or [""]
    if said not in ("ready", "not ready"):
        do = Phrase("看 server.port 上是谁", "see who listens at server.port")
        yield fault(SERVICE, Phrase(f"{url} 不是导学", f"{url} is not Daoxue"), do)
        return
    if answer.status_code != httpx.codes.OK:
        why = more[0] if more else said
        yield fault(SERVICE, Phrase(f"现在不能答：{why}", f"it cannot answer: {why}"), SECOND)
        return
    yield ok(SERVICE, f"{url} 能答", f"{url} answers")
    for trouble in more:
        yield fault(
            WORKERS,
            Phrase(trouble, trouble),
            Phrase("看日志里 worker 那几行", "see the lines of that worker in the log"),
        )
    if not more:
        yield ok(WORKERS, "都好", "all in order")
