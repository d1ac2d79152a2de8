"""docs/backup.md, done as it says: each of its commands, in their order, around a service that runs."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daoxue import cli
from store.outages import DatabaseError
from tests.conftest import created, free_port
from tests.place import NAME, Place, furnished
from tests.service import ROOT

PAGE = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
SERVICE = (ROOT / "deploy" / "daoxue-backup.service").read_text(encoding="utf-8")
STOPPED = ("daoxue move", "daoxue accounts rekey")  # what the page says to stop the service for
Shell = Callable[[str], tuple[int, str]]  # exit status, and what was said


@pytest.fixture
def centre(tmp_path: Path, models: Path) -> Place:
    place = furnished(tmp_path / "my-centre", models)
    (place.folder / "config.yml").write_text(f"sample: false\nnlu: {{folder: {models}}}\n", encoding="utf-8")
    return place


@pytest.fixture
def empty(postgres: str) -> str:
    """The address of a database with nothing in it."""
    return created(postgres)


@pytest.fixture
def shell(tmp_path: Path, empty: str) -> Shell:
    """Runs a line in a shell that is where the line before it has gone; a command of ours in a fork of this process, which
    has loaded everything already."""
    place, said = tmp_path / "place", tmp_path / "said"
    place.write_text(str(tmp_path / "my-centre"), encoding="utf-8")

    def run(line: str) -> tuple[int, str]:
        here = Path(place.read_text(encoding="utf-8").strip())
        if line.startswith("daoxue "):
            return forked(here, line.replace("$EMPTY_DATABASE", empty).split(), said)
        done = subprocess.run(["/bin/sh", "-c", f"{line} && pwd > {place}"], cwd=here, capture_output=True, text=True)
        return done.returncode, done.stderr

    return run


def forked(here: Path, words: list[str], said: Path) -> tuple[int, str]:
    """The command as `daoxue` itself: its exit status, and all that it said."""
    if (child := os.fork()) == 0:
        try:
            os.chdir(here)
            sys.argv = words
            with said.open("w", encoding="utf-8") as sys.stdout:
                sys.stderr = sys.stdout
                cli.main()
        except SystemExit as ended:
            os._exit(int(str(ended.code)))
        finally:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said.read_text(encoding="utf-8")


@contextlib.contextmanager
def serving(folder: Path, **more: str) -> Iterator[str]:
    """The real service in a folder; its address."""
    port = free_port()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DAOXUE_SERVER__PORT": str(port)} | more
    process = subprocess.Popen(
        [sys.executable, "-m", "daoxue", "serve"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        while "导学已启动" not in process.stdout.readline():
            assert process.poll() is None
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


def is_ready(url: str) -> bool:
    for _ in range(400):  # it listens a moment after it says so
        with contextlib.suppress(urllib.error.URLError):
            return bool(urllib.request.urlopen(f"{url}/readyz", timeout=20).status == 200)
        time.sleep(0.05)
    return False


def test_every_command_of_the_page_does_what_it_says(centre: Place, shell: Shell, tmp_path: Path) -> None:
    first = next(number for number, line in enumerate(COMMANDS) if line.startswith("mkdir ../restored"))
    stopped = [line for line in COMMANDS[first:] if line.endswith("--replace") or line.startswith(STOPPED)]
    assert len(stopped) == 3
    with serving(centre.folder) as url:
        assert is_ready(url)
        for line in COMMANDS[:first]:
            assert (done := shell(line))[0] == 0, (line, done)
        for line in stopped:
            status, said = shell(line)
            assert (status, "先停下" in said) == (2, True), (line, said)
        assert is_ready(url)
    for line in COMMANDS[first:]:
        assert (done := shell(line))[0] == 0, (line, done)
    restored = Place(tmp_path / "restored")
    assert NAME in restored.opened()
    with serving(restored.folder) as url:
        assert is_ready(url)
    [backup] = (tmp_path / "backups").iterdir()
    assert re.fullmatch(r"daoxue-\d{8}T\d{6}Z\.backup", backup.name)


def test_the_moved_one_serves(centre: Place, empty: str) -> None:
    centre.run("move", "--to", empty)
    with serving(centre.folder, DAOXUE_DATABASE__URL=empty) as url:
        assert is_ready(url)
        with pytest.raises(DatabaseError, match="先停下"):
            Place(centre.folder, empty).run("accounts", "rekey")


def test_what_the_page_says_of_errors_is_what_is_said() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("daoxue", "store", "accounts")
        for path in (ROOT / folder).rglob("*.py")
    )
    table = PAGE.partition("## 6.")[2].partition("## In English")[0]
    said = re.findall(r"^\| `(.*?)`", table, re.M)
    assert len(said) >= 8
    assert [each for each in said if each not in code and each.replace("数据库正在使用", "正在使用") not in code] == []


def test_what_runs_by_itself_is_what_was_run_by_hand() -> None:
    """The timer's and the crontab's lines, but for where things lie."""
    lines = [*re.findall(r"^ExecStart=(.*)$", SERVICE, re.M), *re.findall(r"^5 3 \* \* \* (.*)$", PAGE, re.M)]
    assert len(lines) == 2
    for line in lines:
        command = re.sub(r"/var/lib/daoxue-backups", "../backups", line.rpartition("/opt/daoxue/bin/")[2])
        assert re.sub(r"--key-file \S+", "--key-file ../backup.key", command) in COMMANDS
