"""`python tests/upgrades/make.py VERSION SOURCE [WORKBOOK]`: a database as a version of this program leaves it, with something
in it.

SOURCE is a checkout of that version. Its own `daoxue serve` is started with the sample centre and spoken to over HTTP
alone, so that this file serves every version: residents ask, one proves who they are, one waits to be called back; a seat
takes a ticket, answers it and closes it; an editor writes; an administrator adds a token and a webhook. What it left is
kept as VERSION.db.xz with the key that closed it, VERSION.key, and the digests of the migrations that made it,
VERSION.sha256, beside this file. With a WORKBOOK (`tests/test_a_centres_life.py` has it, without what that version does not
know) it is a centre of one's own that is founded, filled and asked, kept in `own/`. Done once, when a version is released.
"""

import contextlib
import hashlib
import itertools
import json
import lzma
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

HERE = Path(__file__).parent
CARD = "620801047296"
PASSWORD = "导航-2026-lantern"
_FIRST = re.compile(r"^(?:  (\w+) +\w+ +|(\w+) 的一次性密码：)(\S+)", re.MULTILINE)
_numbers = itertools.count(1)


class Served:
    """That version at work, in a folder of its own."""

    def __init__(self, source: Path, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        own = {"DAOXUE_SERVER__PORT": str(self.port), "DAOXUE_DESK__ALWAYS_OPEN": "true", "PYTHONPATH": str(source)}
        self.environment = {**os.environ, **own, "PYTHONSAFEPATH": "1"}

    def daoxue(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "daoxue", *arguments]
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        with (self.folder / "said").open("ab") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "daoxue", "serve"], cwd=self.folder, env=self.environment, stdout=said
            )
        try:
            for _ in range(1200):
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200:
                        break
                time.sleep(0.1)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def client(self, token: str = "") -> httpx.Client:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30)

    def sign_in(self, name: str) -> httpx.Client:
        told = _FIRST.findall((self.folder / "said").read_text("utf-8"))
        one_time = {one or other: password for one, other, password in told}[name]
        own = f"{PASSWORD}-{name}"
        with self._let_in(name, one_time) as new:
            new.post("/api/me/password", json={"old": one_time, "new": own}).raise_for_status()
        return self._let_in(name, own)

    def _let_in(self, name: str, password: str) -> httpx.Client:
        with self.client() as client:
            answer = client.post("/api/login", json={"name": name, "password": password})
        answer.raise_for_status()
        return self.client(answer.json()["token"])

    def talk(self, *said: str) -> str:
        """A resident of their own; what was answered last."""
        visitor, told = None, ""
        with self.client() as client:
            for text in said:
                text = text or self.code()
                body = {"id": f"made-{next(_numbers)}", "text": text} | ({"visitor": visitor} if visitor else {})
                answer = client.post("/channels/webchat", json=body)
                answer.raise_for_status()
                visitor, told = answer.json()["visitor"], json.dumps(answer.json()["messages"], ensure_ascii=False)
                print(f"> {text}\n< {told[:160]}")
        return told

    def code(self) -> str:
        """The one-time code that was asked for last."""
        codes: list[str] = re.findall(r"\b\d{6}\b", self.daoxue("accounts", "codes"))
        return codes[-1]


def main() -> None:
    version, source, own = sys.argv[1], Path(sys.argv[2]).absolute(), sys.argv[3:]
    with tempfile.TemporaryDirectory() as made:
        served = Served(source, Path(made))
        if own:
            found(served, Path(own[0]))
        else:
            (served.folder / "config.yml").write_text("sample: true\n")
        with served.running():
            (live if own else fill)(served)
        keep(Path(made) / "var", HERE / "own" if own else HERE, version)
    if own:
        return
    (HERE / f"{version}.sha256").write_text(
        "".join(f"{digest}  {name}\n" for name, digest in digests(source / "store" / "migrations" / "versions"))
    )


def found(served: Served, workbook: Path) -> None:
    """A centre of one's own, with what stands in its workbook."""
    served.daoxue("init", ".", "--name", "学院", "--yes")
    (served.folder / "said").write_text(served.daoxue("import", str(workbook)), "utf-8")


def live(served: Served) -> None:
    """What happens in it: questions, and a ticket that is taken and answered. No texts leave it: nobody can prove who they are."""
    served.talk("钳工班多少钱", "餐券要多少分")
    served.talk("转人工，钳工班能开发票吗")
    seat = served.sign_in("aru")
    [waiting] = seat.get("/api/tickets", params={"state": "waiting"}).raise_for_status().json()["tickets"]
    for step, body in (("take", {}), ("messages", {"id": "made", "text": "可以，开课那天到实训楼一楼领。"})):
        seat.post(f"/api/tickets/{waiting['ref']}/{step}", json=body).raise_for_status()
    time.sleep(12)  # until it cannot be called back any more, and has left


def fill(served: Served) -> None:
    served.talk("积分会过期吗", "学习卡丢了怎么办")
    served.talk("我有多少学分", CARD, "", "我有多少积分")
    served.talk("我要找人工", "我想投诉，给我回电话，13912345678")
    served.talk("转人工，请帮我改一下报名")
    seat = served.sign_in("li")
    waiting = seat.get("/api/tickets", params={"state": "waiting"}).raise_for_status().json()["tickets"]
    ref = waiting[-1]["ref"]
    done = [
        seat.post(f"/api/tickets/{ref}/take", json={}),
        seat.post(f"/api/tickets/{ref}/note", json={"text": "给居民回过电话"}),
    ]
    if len(waiting) < 2 or any(each.status_code != 200 for each in done):
        raise SystemExit(f"the desk refused: {waiting} {[each.text for each in done]}")
    admin = served.sign_in("admin")
    for path, body in (
        ("tokens", {"seat": "li", "label": "of the fixture"}),
        ("webhooks", {"url": "https://93.184.216.34/hook", "kinds": []}),
    ):
        admin.post(f"/api/{path}", json=body).raise_for_status()


def digests(folder: Path) -> Iterator[tuple[str, str]]:
    """Each migration by its name."""
    for path in sorted(folder.glob("*.py")):
        yield path.name, hashlib.sha256(path.read_bytes()).hexdigest()


def keep(var: Path, to: Path, version: str) -> None:
    """As small as it goes: what can be read in it is the file that the service left, without its log."""
    path = var / "daoxue.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode=DELETE")
        database.execute("VACUUM")
    (to / f"{version}.db.xz").write_bytes(lzma.compress(path.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    (to / f"{version}.key").write_bytes((var / "data.key").read_bytes())


if __name__ == "__main__":
    main()
