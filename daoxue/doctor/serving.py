"""The process that serves, by its address: whether it answers, and which workers are in trouble, its own and those of the
processes beside it."""

import os
from collections.abc import Iterator

import httpx

from bot.examining import Finding, Phrase, fault, ok, warning
from daoxue.config import Config
from daoxue.doctor.house import with_unit
from daoxue.doctor.stored import SECOND

SERVICE = Phrase("服务", "service")
WORKERS = Phrase("后台任务", "workers")
WITHIN = 5.0  # seconds
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - where one who listens there is asked
START = (
    Phrase(
        "systemctl start daoxue；在别的机器上跑的，去那里问", "systemctl start daoxue; ask on the machine where it runs"
    ),
    Phrase(
        "daoxue serve 启动它；在别的机器上跑的，去那里问", "daoxue serve starts it; ask on the machine where it runs"
    ),
)
RESTART = (
    Phrase(
        "先抄下 journalctl -u daoxue -n 50，再 systemctl restart daoxue",
        "keep journalctl -u daoxue -n 50, then systemctl restart daoxue",
    ),
    Phrase("先抄下它最后的日志，再停下它，重新启动", "keep the last lines of its log, then stop it and start it again"),
)
WHO = Phrase("看 server.port 上是谁", "see who listens at server.port")
LOG = Phrase("看日志里 worker 那几行", "see the lines of that worker in the log")


def examine(config: Config) -> Iterator[Finding]:
    host, port = config.server.host, config.server.port
    host = EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
    found = list(_process(f"http://{host}:{port}"))
    if not found:
        yield warning(
            SERVICE, Phrase(f"没有在跑（{port} 端口）", f"nothing runs at port {port}"), with_unit("daoxue", *START)
        )
        return
    # Each of several processes has a port of its own on this machine, one after the other.
    while more := list(_process(f"http://127.0.0.1:{(port := port + 1)}", beside=True)):
        found += more
    yield from found
    if found[0].severity == "ok" and all(each.subject is SERVICE for each in found):
        yield ok(WORKERS, "都好", "all in order")


def _process(url: str, *, beside: bool = False) -> Iterator[Finding]:
    """What is wrong with one, or that it answers; nothing where nothing runs. `beside` another there may be anybody."""
    token = os.environ.get("OPERATIONS_TOKEN", "")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.get(f"{url}/readyz", headers=headers, timeout=WITHIN, trust_env=False)
    except httpx.ConnectError:
        return
    except httpx.HTTPError as error:
        name = type(error).__name__
        if not beside or isinstance(error, httpx.TimeoutException):
            yield fault(
                SERVICE,
                Phrase(f"{url} 不答（{name}）", f"{url} does not answer ({name})"),
                with_unit("daoxue", *RESTART),
            )
        return
    said, *more = answer.text.strip().splitlines() or [""]
    if said not in ("ready", "not ready"):
        if not beside:
            yield fault(SERVICE, Phrase(f"{url} 不是导学", f"{url} is not Daoxue"), WHO)
    elif answer.status_code != httpx.codes.OK:
        why = more[0] if more else said
        yield fault(SERVICE, Phrase(f"{url} 现在不能答：{why}", f"{url} cannot answer: {why}"), SECOND)
    else:
        yield ok(SERVICE, f"{url} 能答", f"{url} answers")
        for trouble in more:
            yield fault(WORKERS, Phrase(f"{url} {trouble}", f"{url} {trouble}"), LOG)
