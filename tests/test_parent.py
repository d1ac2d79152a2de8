"""The parent of several processes without them, and what a process that serves alone does when it is asked to be renewed."""

import asyncio
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from daoxue import parent
from daoxue.parent import Parent
from tests.conftest import free_port
from tests.service import ROOT

FAILS = "import os, sys, time; os.close(int(sys.argv[2])); time.sleep(0.3); sys.exit(3)"
DIES = "import os, sys, time; os.write(int(sys.argv[2]), b'.'); time.sleep(0.1); os._exit(9)"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


async def test_what_cannot_begin_ends_by_itself_and_its_status_is_ours(listening: socket.socket) -> None:
    """It lets go of the parent before it has said why and ended."""
    assert await Parent([sys.executable, "-c", FAILS], listening, [listening]).run() == 3


async def test_one_that_dies_again_and_again_is_begun_at_longer_distances(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "FIRST", 0.01)
    monkeypatch.setattr(parent, "LONGEST", 0.05)
    waits: list[object] = []

    def told(what: str, extra: Mapping[str, object]) -> None:
        waits.append(extra["seconds"])
        if len(waits) == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(parent.log, "error", told)
    assert await Parent([sys.executable, "-c", DIES], listening, [listening]).run() == 0
    assert waits == [0.01, 0.02, 0.04, 0.05, 0.05]


async def test_where_no_process_can_be_begun_the_next_is_tried_later(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "FIRST", 0.01)
    real, begun, told = asyncio.create_subprocess_exec, itertools.count(1), list[str]()

    async def begin(*command: Any, **more: Any) -> asyncio.subprocess.Process:
        if (number := next(begun)) == 2:
            raise BlockingIOError
        if number == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return await real(*command, **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", begin)
    monkeypatch.setattr(parent.log, "error", lambda what, extra: told.append(what))
    assert await Parent([sys.executable, "-c", DIES], listening, [listening]).run() == 0
    assert told[:3] == [
        "a process died: another one begins",
        "no process can be begun",
        "a process died: another one begins",
    ]


def test_one_that_serves_alone_goes_on_when_it_is_asked_to_be_renewed(tmp_path: Path, models: Path) -> None:
    port = free_port()
    own = {"DAOXUE_SERVER__PORT": str(port), "DAOXUE_NLU__FOLDER": str(models), "PYTHONPATH": str(ROOT)}
    with open(tmp_path / "log", "ab") as log:
        serving = subprocess.Popen(
            [sys.executable, "-m", "daoxue", "serve"], cwd=tmp_path, env={**os.environ, **own}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _until_ready(serving, port)
        serving.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        _until_ready(serving, port)
    finally:
        serving.terminate()
        assert serving.wait(60) == 0
    assert "one process is not renewed" in (tmp_path / "log").read_text("utf-8")


def _until_ready(serving: "subprocess.Popen[bytes]", port: int) -> None:
    while serving.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("it has ended")
