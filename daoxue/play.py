"""A service of its own, connected to a platform that is played (`players/`), while somebody uses it in the terminal."""

import asyncio
import contextlib
import os
import secrets
import shlex
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path

import httpx
import uvicorn
from msgspec.structs import replace
from starlette.types import ASGIApp

from daoxue.config import SETTINGS, Config, ConfigError, DatabaseSettings, read
from daoxue.preparing import prepare, vault_of
from store import knowledge as rows
from store.database import Database
from store.migrate import is_current


def until_left(talk: Coroutine[object, object, int]) -> int:
    """What the talk ends with; well, where whoever has it just leaves (Ctrl-C)."""
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(talk)
    return 0


async def beside(
    path: Path, api: ASGIApp, port: int, settings: Callable[[str, int], dict[str, str]],
    use: Callable[[str, str], Awaitable[None]],
) -> int:  # fmt: skip
    """Runs a service of its own, connected to a platform that is played, while it is used. `settings` are what the service
    needs for a folder and the port of the platform."""
    listening = socket.create_server(("127.0.0.1", 0))
    platform = uvicorn.Server(uvicorn.Config(api, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.create_task(platform.serve([listening]))
    with tempfile.TemporaryDirectory() as folder:
        config = read(path)
        if not config.sample:
            await asyncio.to_thread(_bring_centre, config, folder)
        service = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "daoxue", "serve", *(["--config", str(path)] if path != SETTINGS else []),
            env={**os.environ, **settings(folder, listening.getsockname()[1])},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            if not await _answers(f"http://127.0.0.1:{port}/readyz", service):
                print("服务没有起来；请先运行 daoxue check", file=sys.stderr)
                return 1
            seats = await service.stdout.read(2000) if service.stdout else b""
            print(f"{seats.decode()}坐席台：http://127.0.0.1:{port}/desk/")
            await use(f"http://127.0.0.1:{port}", folder)
        finally:
            if service.returncode is None:
                service.terminate()
            await service.wait()
            platform.should_exit = platform.force_exit = True
            await serving
    return 0


def _bring_centre(config: Config, folder: str) -> None:
    """What the centre has published, into the database that goes with the folder: whoever tries it out hears what its
    residents would. The centre's own is read alone: it may be served at this moment, by another version. Raises
    `ConfigError` where it is not one of this version."""
    embedded = config.database.embedded
    if (embedded and not Path(embedded).exists()) or not is_current(config.database.url):
        raise ConfigError(
            "这个中心的数据库还没有，或者是别的版本的：先运行 daoxue serve · there is no database of this version yet: run daoxue serve"
        )
    own = replace(config.accounts, key_file=f"{folder}/data.key")
    played = replace(config, database=DatabaseSettings(f"sqlite:///{folder}/play.db"), accounts=own)
    prepare(played)
    with contextlib.closing(Database(config.database.url, vault_of(config))) as centre:
        entries = [row for row in centre.look(lambda t: rows.entries_since(t, 0)) if row.status == "published"]
        records = centre.look(rows.records)
    with contextlib.closing(Database(played.database.url, vault_of(played))) as database:
        database.now(lambda t: rows.save(t, entries, records, "play", int(time.time() * 1000)))


Command = Callable[[list[str]], Awaitable[object]]  # what it does with the words behind its name


async def typed(do: Callable[[str], Awaitable[None]], help: str) -> None:
    """Hands on what is typed, line by line, until /quit or its end. Where `do` does not understand one (`ValueError`,
    `KeyError`, `IndexError`), the help is shown."""
    while True:
        try:
            line = (await asyncio.to_thread(input, "")).strip()
        except EOFError:
            return
        if line == "/quit":
            return
        if line:
            try:
                await do(line)
            except (ValueError, KeyError, IndexError):
                print(help)


async def done(line: str, say: Callable[[str], Awaitable[object]], commands: Mapping[str, Command]) -> None:
    """What a line asks for: the command of its name, where it begins with a stroke; else it is said. Raises `ValueError`,
    `KeyError`, `IndexError` for what is not understood."""
    name, *rest = shlex.split(line[1:]) if line.startswith("/") else ("", line)
    await (commands[name](rest) if line.startswith("/") else say(line))


def common(port: int, folder: str) -> dict[str, str]:
    """Settings of a service whose database and key go with the folder."""
    return {
        "DAOXUE_SERVER__HOST": "127.0.0.1", "DAOXUE_SERVER__PORT": str(port), "DAOXUE_SERVER__PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DAOXUE_DATABASE__URL": f"sqlite:///{folder}/play.db", "DAOXUE_ACCOUNTS__KEY_FILE": f"{folder}/data.key",
        "DAOXUE_DESK__ALWAYS_OPEN": "true",
    }  # fmt: skip


def free() -> int:
    """A port that nobody uses, for a program that has yet to start: below those that connections leave from, one of which
    would take it meanwhile."""
    while True:
        port = 12_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


async def _answers(url: str, service: asyncio.subprocess.Process) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(600):
            if service.returncode is not None:
                return False
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(url)).status_code == 200:
                    return True
            await asyncio.sleep(0.05)
    return False
