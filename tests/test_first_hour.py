"""docs/first-hour.md, done as it says: each of its commands, in their order, in a folder of its own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from tests.conftest import free_port

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
ANSWERS = "松江县职业技术学院\n\n小松\n松江县\n学院路1号\n0571-8800123\n\nzh\nwebchat\n"
Shell = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Runs a line in a shell that is where the line before it has gone."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "daoxue").write_text(f'#!/bin/sh\nexec {sys.executable} -m daoxue "$@"\n', encoding="utf-8")
    (tools / "daoxue").chmod(0o755)
    here = tmp_path / "daoxue"
    here.mkdir()
    place = tmp_path / "place"
    place.write_text(str(here), encoding="utf-8")
    environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}

    def run(line: str) -> "subprocess.CompletedProcess[str]":
        script = f'cd "$(cat {place})" && {line} && pwd > {place}'
        return subprocess.run(
            ["/bin/sh", "-c", script], env=environment, input=ANSWERS, capture_output=True, text=True, timeout=120
        )

    return run


def fill_in(path: Path) -> None:
    """What the page asks for: a college, a course, a class."""
    book = openpyxl.load_workbook(path)
    soon = date.today() + timedelta(days=20)
    rows: dict[str, dict[str, object]] = {
        "课程": {"名称": "电焊", "主题": "技能证书", "层次": "初级", "简介": "从认识焊机学起。"},
        "班级": {
            "名称": "电焊晚班", "课程": "电焊", "机构": "松江县职业技术学院", "开班日期": soon, "次数": 10, "上课星期": "周二、周四",
            "上课": "18:30", "下课": "20:30", "名额": 30, "学费": 640, "对象": "成人", "报名条件": "年满18周岁",
            "报名开始": date.today(), "报名截止": soon - timedelta(days=2),
        },
        "坐席": {"用户名": "zhang"},
    }  # fmt: skip
    for sheet, row in rows.items():
        heads = {str(cell.value): number for number, cell in enumerate(book[sheet][1], 1)}
        for head, value in row.items():
            book[sheet].cell(3, heads[head]).value = value  # type: ignore[assignment]
    book.save(path)


def ready(url: str) -> bool:
    for _ in range(300):
        with contextlib.suppress(urllib.error.URLError):
            return bool(urllib.request.urlopen(url, timeout=20).status == 200)
        time.sleep(0.05)
    return False


def serve(folder: Path) -> None:
    """Starts, is ready, and ends when it is told to."""
    port = free_port()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DAOXUE_SERVER__PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "daoxue", "serve"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = ""
        while "导学已启动" not in said:
            assert process.poll() is None, said
            said += process.stdout.readline()
        assert "admin" in said  # a seat of the workbook is no administrator: there is one all the same
        assert ready(f"http://127.0.0.1:{port}/readyz")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        if process.stdout:
            process.stdout.close()


def test_every_command_of_the_first_hour_does_what_the_page_says(shell: Shell, tmp_path: Path) -> None:
    began, folder = time.monotonic(), tmp_path / "my-centre"
    assert COMMANDS[:3] == [
        "git clone https://github.com/example/daoxue && cd daoxue", "make .venv/run", "export PATH=$PWD/.venv/bin:$PATH",
    ]  # fmt: skip
    made = subprocess.run(["make", "-n", ".venv/run"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0
    for line in COMMANDS[3:]:
        if line == "daoxue import workbook.xlsx --check":
            fill_in(folder / "workbook.xlsx")
        if line == "daoxue serve":
            serve(folder)
            continue
        done = shell(line)
        if line == "daoxue check":
            assert "college" not in done.stdout
            continue
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if line == "daoxue import workbook.xlsx":
            assert "zhang 的一次性密码" in done.stdout
        if "daoxue chat" in line:
            assert "电焊晚班" in done.stdout
        if line in ("daoxue import today.xlsx", "daoxue import --sheet 班级 classes.csv"):
            assert not re.search("(新增|修改) [1-9]", done.stdout)
    assert "640" in shell("echo 电焊晚班多少钱 | daoxue chat").stdout
    assert time.monotonic() - began < 180
