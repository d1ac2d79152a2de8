"""What stands in deploy/ and docs/running.md to run it by: checked by what reads it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from daoxue import gauges, serve
from integrations import texting
from integrations.twilio import signing
from integrations.wechat import channel
from tests.conftest import lacking
from tests.service import ROOT

DOCUMENT = (ROOT / "docs" / "running.md").read_text("utf-8")
TELLING = (gauges, serve, texting, signing, channel)  # parts that have figures, however little else of them is loaded


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, of a program that is here."""
    path, written = tmp_path / "daoxue.service", (ROOT / "deploy" / "daoxue.service").read_text("utf-8")
    assert "ExecStart=/opt/daoxue/bin/daoxue serve" in written
    path.write_text(written.replace("/opt/daoxue/bin/daoxue", sys.executable))
    return path


def analyzed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        lacking("systemd-analyze")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_the_unit_is_understood_by_systemd_and_leaves_little_open(unit: Path) -> None:
    found = analyzed("verify", "--man=no", unit)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    exposed = analyzed("security", "--offline=true", "--no-pager", "--threshold=20", unit)  # tenths; of 100
    assert exposed.returncode == 0, exposed.stdout
    unit.write_text(unit.read_text().replace("RestartSec=5", "RestartSecs=5"))
    assert "RestartSecs" in analyzed("verify", "--man=no", unit).stderr, "what is wrong is seen"


def test_the_log_is_rotated_while_it_is_written(tmp_path: Path) -> None:
    if not Path("/usr/sbin/logrotate").exists():
        lacking("logrotate")
    block = re.search(r"```logrotate\n(.*?)```", DOCUMENT, re.DOTALL)
    assert block is not None
    folder = tmp_path / "log"
    folder.mkdir(mode=0o755)
    conf, log = tmp_path / "conf", folder / "daoxue.log"
    conf.write_text(block[1].replace("/var/log/daoxue", str(folder)))
    conf.chmod(0o644)
    with log.open("ab", buffering=0) as writing:
        writing.write(b"before\n")
        state = tmp_path / "state"
        subprocess.run(["/usr/sbin/logrotate", "--force", "--state", state, conf], check=True)
        writing.write(b"after\n")
    assert (log.read_text(), (folder / "daoxue.log.1").read_text()) == ("after\n", "before\n")


def test_every_figure_is_told_of_and_none_else() -> None:
    assert TELLING
    suffix = {"counter": "_total"}
    ours = {each.name + suffix.get(each.type, "") for each in REGISTRY.collect() if each.name.startswith("daoxue_")}
    ours.add("daoxue_turn_step_seconds")  # registered by `serve` for its own turns
    assert set(re.findall(r"daoxue_[a-z_]+", DOCUMENT)) - {"daoxue_tickets_", "daoxue_queue_"} == ours
