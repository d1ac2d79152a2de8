"""docs/backup.md, done as it says: each of its commands, in their order, around a service that runs."""

import re
from pathlib import Path

import pytest

from store.outages import DatabaseError
from tests.conftest import created
from tests.pages import Shell, commands, is_ready, serving, text
from tests.place import NAME, Place, furnished
from tests.service import ROOT

PAGE, COMMANDS = text("docs/backup.md"), commands("docs/backup.md")
SERVICE = (ROOT / "deploy" / "daoxue-backup.service").read_text(encoding="utf-8")
STOPPED = ("daoxue move", "daoxue accounts rekey")  # what the page says to stop the service for


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
    return Shell(tmp_path, tmp_path / "my-centre", {"EMPTY_DATABASE": empty})


def test_every_command_of_the_page_does_what_it_says(centre: Place, shell: Shell, tmp_path: Path) -> None:
    first = next(number for number, line in enumerate(COMMANDS) if line.startswith("mkdir ../restored"))
    stopped = [line for line in COMMANDS[first:] if line.endswith("--replace") or line.startswith(STOPPED)]
    assert len(stopped) == 3
    with serving(centre.folder) as (url, _):
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
    with serving(restored.folder):
        pass
    [backup] = (tmp_path / "backups").iterdir()
    assert re.fullmatch(r"daoxue-\d{8}T\d{6}Z\.backup", backup.name)


def test_the_moved_one_serves(centre: Place, empty: str) -> None:
    centre.run("move", "--to", empty)
    with serving(centre.folder, DAOXUE_DATABASE__URL=empty) as (url, _):
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
