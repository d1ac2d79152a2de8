"""The commands of the pages that change a machine, given as they stand: in a name space where /etc, /opt, /usr/local, /var and the
checkout are what they are here, and whatever is written to them is gone afterwards."""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from daoxue import __version__
from tests.conftest import lacking
from tests.pages import MACHINE, PAGES, every_command
from tests.service import ROOT, ran
from tests.test_behind import certificate, documented

BEFORE = ("docs/first-hour.md", "docs/running.md", "docs/backup.md")  # in this order somebody sets one up
OURS = "/opt/daoxue/bin/daoxue"
# Packages are there, and nothing is fetched; nothing is started.
AROUND = {
    "SYSTEMD_OFFLINE": "1", "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": f"url.{ROOT}.insteadOf", "GIT_CONFIG_VALUE_0": "https://github.com/example/daoxue",
}  # fmt: skip
# What `make setup` has made is taken as it is.
MAKE = """#!/bin/sh
exec {make} -o .venv/run -o .venv/dev -o .venv/page -o web/desk/dist/index.html -o web/desk/node_modules/.package-lock.json "$@"
"""
# Units are installed and enabled by systemd's own, and what would run is there.
SYSTEMCTL = """#!/bin/sh
case $1 in
  start|stop|restart|status) test -e /etc/systemd/system/$2 || test -e /etc/systemd/system/$2.service ;;
  enable) shift 2; exec {systemctl} enable "$@" ;;
  *) exec {systemctl} "$@" ;;
esac
"""
# What the pages promise of it.
AFTERWARDS = (
    "test $(stat -c %U:%a /var/lib/daoxue) = daoxue:700", "test $(stat -c %U /var/lib/daoxue/config.yml) = daoxue",
    "test $(stat -c %a /etc/daoxue-backup.key) = 600",
    "systemctl is-enabled daoxue daoxue-backup.timer", "test -x /usr/local/bin/daoxue",
    f"test '$({OURS} --version)' = 'daoxue {__version__}'".replace("'", '"'), f"cd /var/lib/daoxue && {OURS} check",
)  # fmt: skip


def given() -> list[str]:
    """Every one of them, once."""
    pages = [*BEFORE, *(each for each in PAGES if each not in BEFORE)]
    lines = [line for page in pages for line in every_command(page)]
    return [line for line in dict.fromkeys(lines) if any(re.fullmatch(each, line) for each in MACHINE)]


def backup() -> str:
    """What the timer's unit starts, with what systemd would give it."""
    unit = (ROOT / "deploy" / "daoxue-backup.service").read_text("utf-8")
    [line] = re.findall(r"^ExecStart=(.*)$", unit, re.M)
    assert "LoadCredential=backup.key:/etc/daoxue-backup.key" in unit
    into = "/var/lib/daoxue-backups"
    return f"mkdir {into} && {line.replace('${CREDENTIALS_DIRECTORY}/backup.key', '/etc/daoxue-backup.key')} && ls {into}/*.backup"


def script(folder: Path) -> str:
    """One line after the other, as long as they do what they should."""
    over = {Path(each): Path(each) for each in ("/etc", "/opt", "/usr/local", "/var")} | {ROOT: folder / "daoxue"}
    begun = ["set -e", f"mount -t tmpfs own {folder}/own"]
    for number, (what, at) in enumerate(over.items()):
        up, work = f"{folder}/own/{number}", f"{folder}/own/{number}-work"
        begun += [f"mkdir {up} {work}", f"mount -t overlay own -o lowerdir={what},upperdir={up},workdir={work} {at}"]
    name = "/etc/ssl/learn.example.cn"
    begun += [
        f"cp {folder}/pem {name}.pem",
        f"cp {folder}/key {name}.key",
        f"cp {folder}/block /etc/nginx/conf.d/daoxue.conf",
    ]
    begun += [f"cp {folder}/both.pem /etc/haproxy/daoxue.pem", f"cd {folder}/cloned"]
    lines = given()
    assert lines[0].startswith("git clone"), "and from there on in what is in work"
    ours = f"export PYTHONPATH={sysconfig.get_path('purelib')}"
    there = [checked(lines[0]), "ls Makefile", f"cd {folder}/daoxue", *map(checked, lines[1:])]
    return "\n".join([*begun, *there, ours, *map(checked, (*AFTERWARDS, backup()))])


def checked(line: str) -> str:
    return f"{{ {line}\n}} || {{ echo FAILED: {shlex.quote(line)} >&2; exit 1; }}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What somebody begins with: a centre beside the checkout, a certificate, and the block of the page for nginx."""
    for name in ("own", "daoxue", "cloned", "bin", "my-centre"):
        (tmp_path / name).mkdir()
    named = ("--name", "松江学院", "--address", "学院路1号", "--hotline", "0571-8800123")
    for words in (("init", ".", *named, "--yes"), ("import", "workbook.xlsx")):
        assert ran(words, tmp_path / "my-centre", os.environ).returncode == 0
    certificate(tmp_path)
    (tmp_path / "block").write_text(documented("nginx", {}), "utf-8")
    (tmp_path / "both.pem").write_bytes((tmp_path / "pem").read_bytes() + (tmp_path / "key").read_bytes())
    return tmp_path


def test_a_machine_is_set_up_as_the_pages_say(folder: Path) -> None:
    for needed in ("haproxy", "nginx", "systemctl", "make", "git"):
        if shutil.which(needed, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            lacking(needed)
    before = Path("/etc/passwd").read_text("utf-8")
    alone = ["unshare", "--mount", "--net", "--propagation", "private"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "own", folder / "own"], capture_output=True).returncode:
        pytest.skip("may not mount here")  # no package gives that right
    for name, tool in (("make", MAKE), ("systemctl", SYSTEMCTL)):
        path = folder / "bin" / name
        path.write_text(tool.format(**{name: shutil.which(name)}), "utf-8")
        path.chmod(0o755)
    tools = {"PATH": f"{folder}/bin:{os.environ['PATH']}:/usr/sbin"}
    done = subprocess.run(
        [*alone, "sh", "-c", script(folder)], env=os.environ | AROUND | tools, capture_output=True, text=True, timeout=300, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert Path("/etc/passwd").read_text("utf-8") == before, "this machine is as it was"
