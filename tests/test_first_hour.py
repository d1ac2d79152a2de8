"""docs/first-hour.md, done as it says: each of its commands, in their order, in a folder of its own."""

import re
import time
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from tests.pages import Shell, commands, serving

ANSWERS = "松江县职业技术学院\n\n小松\n松江县\n学院路1号\n0571-8800123\n\nzh\nwebchat\n"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    here = tmp_path / "daoxue"
    here.mkdir()
    return Shell(tmp_path, here, keyed=ANSWERS)


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


def test_every_command_of_the_first_hour_does_what_the_page_says(shell: Shell, tmp_path: Path) -> None:
    began, folder = time.monotonic(), tmp_path / "my-centre"
    for line in commands("docs/first-hour.md"):
        if line == "daoxue import workbook.xlsx --check":
            fill_in(folder / "workbook.xlsx")
        if line == "daoxue serve":
            with serving(folder) as (_, started):
                assert "admin" in started  # a seat of the workbook is no administrator: there is one all the same
            continue
        status, said = shell(line)
        if line == "daoxue check":
            assert "college" not in said
            continue
        assert status == 0, (line, said)
        if line == "daoxue import workbook.xlsx":
            assert "zhang 的一次性密码" in said
        if "daoxue chat" in line:
            assert "电焊晚班" in said
        if line in ("daoxue import today.xlsx", "daoxue import --sheet 班级 classes.csv"):
            assert not re.search("(新增|修改) [1-9]", said)
    assert "640" in shell("echo 电焊晚班多少钱 | daoxue chat")[1]
    assert time.monotonic() - began < 180
