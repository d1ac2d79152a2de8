"""The Containerfile, step by step, without an engine and without a network: in a root that is thrown away, with this machine's
Python and packages for those of the image. What only an engine can do is told in docs/running.md."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.pages import MACHINE
from tests.service import ROOT
from tests.test_packages import build

TEXT = (ROOT / "Containerfile").read_text("utf-8")
STEPS = [tuple(line.split(" ", 1)) for line in re.sub(r" *\\\n *", " ", TEXT).splitlines() if re.match("[A-Z]+ ", line)]
LAST = STEPS[max(number for number, (what, _) in enumerate(STEPS) if what == "FROM") :]
BUILT = STEPS[: len(STEPS) - len(LAST)]
INSTALLED = "apt-get update -qq && apt-get install -y -qq --no-install-recommends make"
# Up and running, as an engine has it for what it starts.
LOOPBACK = "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh', b'lo', 0x41))"


def of(steps: list[tuple[str, ...]], what: str) -> list[str]:
    return [each for kind, each in steps if kind == what]


def command(what: str) -> str:
    """A step that is a list, as a shell has it."""
    [step] = of(LAST, what)
    return shlex.join(json.loads(step[step.index("[") :]))


def rooted(own: Path, stage: Path) -> list[str]:
    """A root like this one's, with our Python and packages where everybody may read them; `daoxue` is none of them."""
    root = f"{own}/root"
    return [
        "set -e", f"mount -t tmpfs own {own}", f"mkdir {root} {own}/up {own}/work",
        f"mount -t overlay own -o lowerdir=/,upperdir={own}/up,workdir={own}/work {root}",
        f"mount -t tmpfs own {root}/mnt", f"mkdir {root}/mnt/python {root}/mnt/lib {root}/mnt/stage {root}/mnt/beside {root}/mnt/bin",
        f"mount --bind {sys.base_prefix} {root}/mnt/python", f"mount --bind {sysconfig.get_path('purelib')} {root}/mnt/lib",
        f"mount --bind {stage} {root}/mnt/stage", f"mount --bind /dev {root}/dev", f"mount -t proc proc {root}/proc",
        f"mount -t tmpfs own {root}/opt",
        f"cd {root}/mnt/lib && for each in *; do case $each in *daoxue*|pip*|setuptools*|*.pth) ;;"
        f" *) ln -s /mnt/lib/$each {root}/mnt/beside/$each ;; esac; done",
        f"ln -s /mnt/python/bin/python3.{sys.version_info.minor} {root}/mnt/bin/python", "cd /",
    ]  # fmt: skip


def built() -> list[str]:
    """What `RUN` says of both images, where it says it, but for the two that are done already: a package, and the wheel."""
    lines = [f"cd /mnt/stage && {each}" for each in of(BUILT, "RUN")[2:]] + of(LAST, "RUN")
    return [f"{{ {each}\n}} || {{ echo FAILED: {shlex.quote(each)} >&2; exit 1; }}" for each in lines]


def served() -> list[str]:
    """By the user of the image on a root that nobody writes to, until it is well by the image's own word; what it wrote then."""
    [user], [folder] = of(LAST, "USER"), of(LAST, "WORKDIR")
    owner, _, group = user.partition(":")
    given = [each for line in of(LAST, "ENV") for each in line.split(" ")]
    as_user = f"setpriv --reuid {owner} --regid {group} --clear-groups"
    return [
        f"test $(stat -c %u:%g {folder}) = {user}", "test -x /opt/daoxue/bin/daoxue", "! test -e /opt/daoxue/bin/pip",
        f"mount -t tmpfs -o mode=0700,uid={owner},gid={group} data {folder}", "mount -o remount,ro /",
        f"python -c {shlex.quote(LOOPBACK)}", *(f"export {each}" for each in given), f"cd {folder}",
        f"{as_user} {command('ENTRYPOINT')} {command('CMD')} >/dev/null & service=$!",
        f"for n in $(seq 300); do {as_user} {command('HEALTHCHECK')} 2>/dev/null && break; kill -0 $service; sleep 0.1; done",
        f"{as_user} {command('HEALTHCHECK')}", "kill $service", f"find {folder} -type f -printf '%U %P\\n'",
    ]  # fmt: skip


def test_what_is_done_before_is_known() -> None:
    """The package comes from the image's own distribution; `make wheel` is done in tests/test_a_machine.py."""
    installed, wheel, *_ = of(BUILT, "RUN")
    assert installed == INSTALLED
    assert any(re.fullmatch(each, wheel) for each in MACHINE)
    assert of(BUILT, "COPY") == [". ."]
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    needed = {
        "Makefile",
        "pyproject.toml",
        "hatch_build.py",
        "README.md",
        "config.yml",
        "requirements/run.lock",
        "nlu/model.npz",
    }
    assert {each for each in needed if not (ROOT / each).is_file() or each in ignored} == set()
    [brought] = of(LAST, "COPY")
    assert brought == "--from=build /opt/daoxue /opt/daoxue", "the folder that the build has made, and nothing else"


def test_it_is_built_and_serves_by_no_root_on_a_root_that_is_read_only(tmp_path: Path) -> None:
    own, stage = tmp_path / "own", tmp_path / "stage"
    for each in (own, stage / "dist", stage / "requirements"):
        each.mkdir(parents=True)
    build("wheel", ROOT, stage / "dist")
    shutil.copy(ROOT / "requirements" / "run.lock", stage / "requirements")
    alone = ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c"]
    if subprocess.run([*alone, f"mount -t tmpfs own {own}"], capture_output=True).returncode:
        pytest.skip("may not mount here")  # no package gives that right
    inside = tmp_path / "stage" / "inside"
    inside.write_text("\n".join(["set -e", *built(), *served()]), "utf-8")
    around = {
        "PATH": f"/mnt/bin:{os.environ['PATH']}:/usr/sbin:/sbin",
        "PYTHONPATH": "/mnt/beside",
        "PIP_NO_INDEX": "1",
    }
    entered = f"exec chroot {own}/root sh /mnt/stage/inside"
    done = subprocess.run(
        [*alone, "\n".join([*rooted(own, stage), entered])], env=around, capture_output=True, text=True, timeout=300, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    wrote = dict(line.split(" ")[::-1] for line in done.stdout.splitlines() if line)
    assert {"var/daoxue.db", "var/data.key"} <= wrote.keys()
    assert set(wrote.values()) == {"10001"}
