"""Two real processes behind haproxy on PostgreSQL and Redis, for some seconds in which everything fails (`make faults` is longer)."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.cluster import binaries
from tests.conftest import lacking
from tests.faults.house import HAPROXY
from tests.service import ROOT


def test_some_seconds_in_which_everything_fails() -> None:
    if not Path(HAPROXY).exists():
        lacking("haproxy")
    if binaries() is None:
        lacking("PostgreSQL")
    if shutil.which("redis-server") is None:
        lacking("redis-server")
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--seed", "7", "--seconds", "4"],
        cwd=ROOT, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
