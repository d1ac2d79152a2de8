"""What is installed from a wheel serves by itself: outside the repository, with nothing of it in reach."""

import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daoxue import ours
from tests.conftest import free_port
from tests.pages import PAGES, every_command

ROOT = Path(__file__).parent.parent
DIST = ROOT / "web/desk/dist"
SOURCES = re.compile(r"web/desk/(?!dist/)|daoxue/play")  # of the desk's page; what plays, for who has the repository


def build(target: str, source: Path, into: Path) -> Path:
    """Built as an installer does, by the backend that stands in pyproject.toml, without a network."""
    call = f"from hatchling import build; print(build.build_{target}({str(into)!r}))"
    done = subprocess.run([sys.executable, "-c", call], cwd=source, check=True, capture_output=True, text=True)
    return into / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module", autouse=True)
def page() -> Iterator[None]:
    """The desk's page, built or played: what is looked at is that it goes along."""
    index = ROOT / "web/desk/dist/index.html"
    if index.is_file():
        yield
        return
    index.parent.mkdir(parents=True)
    index.write_text("<!doctype html><title>导学坐席台</title>", encoding="utf-8")
    yield
    index.unlink()
    index.parent.rmdir()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


class Installed:
    """A wheel in a fresh environment that has our dependencies and neither us nor the repository."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        venv.create(folder / "env", with_pip=False, symlinks=True)
        self.python, self.command = (folder / "env/bin" / name for name in ("python", "daoxue"))
        beside = folder / "dependencies"
        beside.mkdir()
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            if "daoxue" not in path.name and path.suffix != ".pth":
                (beside / path.name).symlink_to(path)
        (self.packages,) = folder.glob("env/lib/python*/site-packages")
        (self.packages / "dependencies.pth").write_text(str(beside))
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(self.python),
            "install",
            "-q",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True, cwd=folder)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.command, *arguments], cwd=cwd, env=self.environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(wheel, tmp_path_factory.mktemp("installed"))


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        text: str = response.read().decode()
        return text


def serves(service: subprocess.Popen[str], url: str) -> None:
    for _ in range(600):
        assert service.poll() is None, service.communicate()[1]
        try:
            fetched(f"{url}/readyz")
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the service did not start")


ASK = """
import asyncio, json, sys
from websockets.asyncio.client import connect

async def ask():
    async with connect(sys.argv[1]) as socket:
        await socket.send(json.dumps({"type": "hello", "visitor": None, "since": None, "lang": "zh"}))
        await socket.send(json.dumps({"type": "message", "id": "p1", "text": "学分怎么查"}))
        while True:
            frame = json.loads(await asyncio.wait_for(socket.recv(), 20))
            if frame["type"] == "message" and frame["re"] == "p1":
                return print(frame["text"])

asyncio.run(ask())
"""


def test_it_serves_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    port = free_port()
    environment = {**installed.environment, "DAOXUE_SERVER__PORT": str(port)}
    (tmp_path / "desk").mkdir()  # a folder of the operator's: nothing is imported from where we are started
    (tmp_path / "desk/__init__.py").write_text("raise SystemExit(7)")
    service = subprocess.Popen(
        [installed.command, "serve"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        serves(service, url)
        assert "<title>" in fetched(f"{url}/")
        desk = fetched(f"{url}/desk/")
        assert "坐席台" in desk
        for asset in re.findall(r'(?:src|href)="(/desk/assets/[^"]+)"', desk):
            assert fetched(url + asset)
        assert json.loads(fetched(f"{url}/api/openapi.json"))["paths"]
        asked = [str(installed.python), "-c", ASK, f"ws://127.0.0.1:{port}/channels/webchat"]
        answer = subprocess.run(asked, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
        assert "学分" in answer, answer
    finally:
        service.send_signal(signal.SIGTERM)
        _, told = service.communicate(timeout=20)
    assert service.returncode == 0
    assert "没有 config.yml" in told
    assert {"daoxue.db", "data.key"} <= {path.name for path in (tmp_path / "var").iterdir()}
    assert not list((tmp_path / "var").glob("model*")), "the model that comes with it was not taken"


def test_it_checks_founds_and_says_what_it_cannot(installed: Installed, tmp_path: Path) -> None:
    checked = installed.run("check", cwd=tmp_path)
    assert (checked.returncode, "没有问题" in checked.stdout) == (0, True), checked.stdout + checked.stderr
    founded = installed.run("init", "own", "--name", "松江学院", "--district", "松江", "--hotline", "1", cwd=tmp_path)
    assert founded.returncode == 0, founded.stderr
    assert "松江学院" in (tmp_path / "own/config.yml").read_text(encoding="utf-8")
    played = installed.run("wechat", "play", cwd=tmp_path)
    assert (played.returncode, "make players" in played.stderr) == (2, True)


@pytest.mark.parametrize("more", ["onnx", "traces"])
def test_what_more_there_is_to_install(installed: Installed, wheel: Path, more: str) -> None:
    """As the pages say it, with the wheel for the registry, and our packages for what it would bring."""
    line = f"pip install 'daoxue[{more}]'"
    assert line in [line for page in PAGES for line in every_command(page)]
    given = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "PIP_PYTHON": str(installed.python)}
    words = [sys.executable, "-m", *shlex.split(line)]
    done = subprocess.run(words, env=os.environ | given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, "there is nothing more of that name"


def test_packages_of_somebody_else_are_named_before_they_run(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot/__init__.py").write_text("raise SystemExit(7)")
    environment = {**installed.environment, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run([installed.command, "check"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"bot: {tmp_path}/bot/__init__.py")
    assert ended.stderr.count("\n") == 1
    beside = installed.packages / "stranger-1.dist-info"
    beside.mkdir()
    (beside / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    (beside / "top_level.txt").write_text("store\n")
    try:
        checked = installed.run("check", cwd=tmp_path)
        assert (checked.returncode, "store: stranger" in checked.stdout) == (1, True), checked.stdout
    finally:
        for path in beside.iterdir():
            path.unlink()
        beside.rmdir()


def test_every_file_that_is_opened_goes_along_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
    tops = (*ours.PACKAGES, "daoxue")
    files = {
        path.relative_to(ROOT).as_posix()
        for name in tops for path in (ROOT / name).rglob("*")
        if path.is_file() and not {"__pycache__", "node_modules"} & set(path.parts)
    }  # fmt: skip
    assert held == {name for name in files if not SOURCES.match(name)} | {"daoxue/config.yml"}


def test_all_our_packages_are_looked_at() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = {each.split("/")[0] for each in project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]}
    assert listed == {*ours.PACKAGES, "daoxue"}
    assert not list(ours.strangers())
    assert not [each for each in project["project"]["dependencies"] if "node" in each], "serving needs no Node"


def test_the_source_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    source = build("sdist", ROOT, tmp_path)
    subprocess.run(["tar", "xf", source, "-C", tmp_path], check=True)
    again = build("wheel", tmp_path / source.name.removesuffix(".tar.gz"), tmp_path)
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert {each.filename: each.CRC for each in one.infolist()} == {
            each.filename: each.CRC for each in other.infolist()
        }
    made = subprocess.run(
        ["make", "-q", "-o", ".venv/run", "web/desk/dist/index.html"],
        cwd=tmp_path / source.name.removesuffix(".tar.gz"),
    )
    assert made.returncode == 0, "the desk's page of the sdist would be built again"


def test_what_serves_is_the_same_in_every_lock() -> None:
    """`make serve` and `make players` bring in more, and change nothing of what a wheel or a container serves with."""
    locks = {path.stem: path.read_text("utf-8") for path in (ROOT / "requirements").glob("*.lock")}
    pinned = {lock: set(re.findall(r"^([\w.-]+)(==.*?) *\\\\?$", said, re.M)) for lock, said in locks.items()}
    run, names = pinned["run"], {name for name, _ in pinned["run"]}
    assert len(run) > 20
    assert {lock: {each for each in said if each[0] in names} - run for lock, said in pinned.items()} == {
        lock: set() for lock in pinned
    }


def test_the_container_writes_to_its_data_alone() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert (
        re.findall(r"^VOLUME (.*)$", last, re.MULTILINE)
        == re.findall(r"^WORKDIR (.*)$", last, re.MULTILINE)
        == ["/data"]
    )
    assert "\nHEALTHCHECK " in last
    hosts = re.findall(r"https?://([\w.]+)|FROM \S*?([\w-]+\.[\w.-]+/)|index-url", text)
    assert hosts == [("127.0.0.1", "")]


@pytest.mark.skipif(not DIST.is_dir(), reason="the desk's page is not built: make web/desk/dist/index.html")
def test_the_script_of_the_desk_is_small_enough() -> None:
    assert sum(len(gzip.compress(path.read_bytes())) for path in DIST.glob("assets/*.js")) < 400_000
