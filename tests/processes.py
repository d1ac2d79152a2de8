"""`daoxue serve --workers N` as it is run, on a PostgreSQL database of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import psycopg

from daoxue.config import AccountsSettings, Config, DatabaseSettings
from daoxue.preparing import prepare
from tests.conftest import created, free_port
from tests.service import ROOT


def _ports(count: int) -> int:
    """The first of so many free ones in a row."""
    while True:
        found = [free_port() for _ in range(count)]
        if found[-1] - found[0] == count - 1:
            return found[0]


class Prepared(NamedTuple):
    """A database with the sample centre, to be copied, the key that closed what is in it, and where what is learnt is kept."""

    server: str
    template: str
    key: Path
    models: Path

    def copied(self) -> str:
        """The address of a copy."""
        return created(self.server, self.template)


def prepared(server: str, folder: Path, models: Path) -> Prepared:
    url, key = created(server), folder / "data.key"
    prepare(Config(database=DatabaseSettings(url), accounts=AccountsSettings(key_file=str(key))))
    return Prepared(server, url.rpartition("/")[2], key, models)


class Processes:
    """A parent and those that it has started; `more` is set besides."""

    def __init__(self, folder: Path, centre: Prepared, count: int, **more: str) -> None:
        self.folder, self.database, self.port = folder, centre.copied(), _ports(count + 1)
        own = {
            "DAOXUE_SERVER__PORT": str(self.port), "DAOXUE_DATABASE__URL": self.database, "DAOXUE_DESK__ALWAYS_OPEN": "true",
            "DAOXUE_SERVER__UNLIMITED": "[127.0.0.1]", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "",
            "DAOXUE_ACCOUNTS__KEY_FILE": str(centre.key), "DAOXUE_NLU__FOLDER": str(centre.models),
        }  # fmt: skip
        self._environment = {**os.environ, **own, **more}
        command = [sys.executable, "-m", "daoxue", "serve", "--workers", str(count)]
        with open(folder / "said", "ab") as said, open(folder / "log", "ab") as log:
            self.parent = subprocess.Popen(command, cwd=folder, env=self._environment, stdout=said, stderr=log)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/channels/webchat"

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text("utf-8")

    @property
    def log(self) -> list[dict[str, object]]:
        """What is logged, line by line."""
        lines = (self.folder / "log").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def logged(self, what: str) -> int:
        return sum(what in str(line["what"]) for line in self.log)

    @property
    def workers(self) -> list[int]:
        """Those that live, by their pids; one serves by itself."""
        found = Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children").read_text().split()
        return [int(each) for each in found] or [self.parent.pid]

    def wait_until(self, what: str, times: int = 1, within: float = 180.0) -> None:
        """Until something has been logged so often."""
        for _ in range(int(within / 0.05)):
            if self.logged(what) >= times:
                return
            assert self.parent.poll() is None, (self.folder / "log").read_text("utf-8")
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text("utf-8"))

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def end(self) -> int:
        """Ends in order; the exit status."""
        if self.parent.poll() is None:
            self.parent.send_signal(signal.SIGTERM)
        return self.parent.wait(60)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(query).fetchall()
