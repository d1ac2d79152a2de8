"""Redis as a process of its own, that can be stopped, ended and started again on its port."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.conftest import free_port, lacking


class RedisServer:
    """`more` are settings of its command line; `config` a file that it may write to."""

    def __init__(self, folder: Path, *more: str, config: Sequence[str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self._more = more
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            lacking("redis-server")
        self.folder.mkdir(exist_ok=True, parents=True)
        command: list[str] = [str(binary)]
        if self._config is not None:
            (self.folder / "redis.conf").write_text("\n".join(self._config))
            command.append(str(self.folder / "redis.conf"))
        command += [
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
            *self._more,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with contextlib.suppress(OSError):
                self.say("PING")
                return
            time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def say(self, *words: str) -> bytes:
        """A command, and what it answers."""
        with socket.create_connection(("127.0.0.1", self.port), 2) as wire:
            wire.sendall((" ".join(words) + "\r\n").encode())
            return wire.recv(65_536)

    def freeze(self) -> None:
        """It is there, and does nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def redis_server(folder: Path, *more: str, config: Sequence[str] | None = None) -> Iterator[RedisServer]:
    server = RedisServer(folder, *more, config=config)
    try:
        server.start()
        yield server
    finally:
        server.kill()
