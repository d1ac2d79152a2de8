"""What stands in deploy/ and docs/running.md to run it by: checked by what reads it."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from prometheus_client import REGISTRY

from tests.conftest import free_port, lacking
from tests.service import ROOT

DOCUMENT = (ROOT / "docs" / "running.md").read_text("utf-8")
ALERTS = (ROOT / "deploy" / "alerts.yml").read_text("utf-8")
FIGURES = re.compile(r"^from prometheus_client import [^\n]*\b(?:Counter|Gauge|Histogram|Summary)\b", re.MULTILINE)
# The parts that have figures, however little else of them is loaded.
TELLING = [
    importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for folder in ("accounts", "bot", "daoxue", "desk", "handlers", "integrations", "knowledge", "nlu", "store")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if FIGURES.search(path.read_text("utf-8"))
]


def here(folder: Path, name: str) -> Path:
    """A unit of deploy/, of a program that is here."""
    path, written = folder / name, (ROOT / "deploy" / name).read_text("utf-8")
    path.write_text(written.replace("/opt/daoxue/bin/daoxue", sys.executable))
    return path


def analyzed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        lacking("systemd-analyze")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_the_unit_is_understood_by_systemd_and_leaves_little_open(tmp_path: Path) -> None:
    unit = here(tmp_path, "daoxue.service")
    assert f"ExecStart={sys.executable} serve" in unit.read_text()
    found = analyzed("verify", "--man=no", unit)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    exposed = analyzed("security", "--offline=true", "--no-pager", "--threshold=20", unit)  # tenths; of 100
    assert exposed.returncode == 0, exposed.stdout
    unit.write_text(unit.read_text().replace("RestartSec=5", "RestartSecs=5"))
    assert "RestartSecs" in analyzed("verify", "--man=no", unit).stderr, "what is wrong is seen"


def test_the_timer_is_one_that_systemd_takes(tmp_path: Path) -> None:
    units = [here(tmp_path, f"daoxue-backup.{kind}") for kind in ("service", "timer")]
    found = analyzed("verify", "--man=no", *units)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_commands_beside_the_service_are_its_own(tmp_path: Path) -> None:
    """`deploy/daoxue`: by whom, where and with what is as the unit says; words arrive as they were given."""
    played = tmp_path / "systemd-run"
    played.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    played.chmod(0o755)
    there = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    tool = [str(ROOT / "deploy" / "daoxue"), "purge", "--why", "他 本人"]
    told = subprocess.run(tool, env=there, check=True, capture_output=True, text=True).stdout.splitlines()
    unit = (ROOT / "deploy" / "daoxue.service").read_text("utf-8").splitlines()
    properties = {each.removeprefix("--property=") for each in told if each.startswith("--property=")}
    assert {each.partition("=")[0] for each in properties} >= {"User", "WorkingDirectory", "EnvironmentFile", "UMask"}
    assert properties <= set(unit)
    assert told[-4:] == ["/opt/daoxue/bin/daoxue", "purge", "--why", "他 本人"]
    assert "ExecStart=/opt/daoxue/bin/daoxue serve" in unit
    if shutil.which("systemd-run") is None:
        lacking("systemd-run")
    real = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert "unrecognized option" not in real.stderr, "all of its options are known, whether systemd runs or not"


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


def test_a_page_that_cannot_be_built_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "web" / "desk").mkdir(parents=True)
    for name in ("Makefile", "web/desk/package.json", "web/desk/package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    nobody = f"http://127.0.0.1:{free_port()}"
    offline = {
        "npm_config_registry": nobody, "npm_config_cache": str(tmp_path / "cache"), "npm_config_fetch_retries": "0",
    }  # fmt: skip
    target = ["make", "--no-print-directory", "-o", ".venv/page", "web/desk/node_modules/.package-lock.json"]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment = {**outside, **offline, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(target, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if not line.startswith(("make:", "find:"))]
    assert (done.returncode, len(told)) == (2, 1), done.stderr
    assert "npm config set registry" in told[0]
    assert not (tmp_path / "web" / "desk" / "node_modules" / ".package-lock.json").exists()


def test_every_figure_is_told_of_and_none_else() -> None:
    assert TELLING
    suffix = {"counter": "_total"}
    ours = {each.name + suffix.get(each.type, "") for each in REGISTRY.collect() if each.name.startswith("daoxue_")}
    ours.add("daoxue_turn_step_seconds")  # registered by `serve` for its own turns
    assert set(re.findall(r"daoxue_[a-z_]+", DOCUMENT)) - {"daoxue_tickets_", "daoxue_queue_"} == ours


def test_whatever_is_to_ring_has_a_rule_and_the_value_that_the_page_says() -> None:
    rules = {each["alert"]: each for group in yaml.safe_load(ALERTS)["groups"] for each in group["rules"]}
    rows = re.findall(r"^\| (`daoxue_.*?) \| .* \| (.+?) \|$", DOCUMENT, re.M)
    told = {name for figures, _ in rows for name in re.findall(r"daoxue_[a-z_]+", figures)}
    rung = set(re.findall(r"daoxue_[a-z_]+", ALERTS.partition("groups:")[2]))
    assert len(rows) == 16
    assert rung <= told
    for figures, when in rows:
        named = re.findall(r"daoxue_[a-z_]+", figures)
        assert when == "条数是钱" or rung & set(named), named
    assert all({"zh", "en"} == set(each["annotations"]) for each in rules.values())
    for alert, value, words in (
        ("Disk", "1e9", "少于 1 GB"), ("Errors", "20", "20 以上"), ("TicketsLate", "1800", "半小时"),
        ("QueueLate", "600", "10 分钟"), ("Refused", "0.2", "两成"), ("Worker", "5m", "5 分钟"), ("Connections", "0.9", "九成"), ("Danger", "1m", "1 分钟"),
    ):  # fmt: skip
        rule = rules[f"Daoxue{alert}"]
        assert value in f"{rule['expr']} {rule.get('for', '')}"
        assert words in DOCUMENT
