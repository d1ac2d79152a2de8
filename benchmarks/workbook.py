"""`python -m benchmarks.workbook [postgresql://…/database]`: a workbook of 20 sites, 300 classes, 5 000 learners and 300
answers, checked (limit 10 s) and taken in (limit 30 s) by the commands themselves, each a process of its own."""

import csv
import io
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from accounts.learners import check_digit
from daoxue.workbook.sheets import SHEETS
from daoxue.workbook.writing import as_xlsx
from knowledge.entries import Entry
from knowledge.standard import standard

SITES, COURSES, CLASSES, LEARNERS = 20, 40, 300, 5000
TODAY = date.today()


def book() -> bytes:
    """The workbook, with every standard question answered."""
    rows: dict[str, list[dict[str, str | int | float]]] = {sheet.key: [] for sheet in SHEETS}
    rows["organisations"] = [
        {
            "name": "学院" if n == 0 else f"第{n}校区", "level": "学校" if n else "学院", "parent": "学院" if n else "",
            "address": f"学院路{n}号", "phone": "0571-880", "north": 30 + n / 100, "east": 120.0,
        }
        for n in range(SITES)
    ]  # fmt: skip
    rows["hours"] = [
        {"owner": each["name"], "days": "周一到周五", "opens": "08:30", "closes": "17:30"}
        for each in rows["organisations"]
    ]
    rows["special_days"] = [{"day": "2027-02-06", "until": "2027-02-12", "reason": "春节闭馆"}]
    rows["courses"] = [
        {"name": f"课程{n}", "theme": "技能", "level": "初级", "summary": "从头学起。"} for n in range(COURSES)
    ]
    rows["classes"] = [
        {
            "name": f"课程{n % COURSES}第{n}班", "course": f"课程{n % COURSES}", "organisation": rows["organisations"][n % SITES]["name"],
            "first_day": str(TODAY + timedelta(days=20 + n % 30)), "sessions": 10, "days": "周二、周四", "starts": "18:30", "ends": "20:30",
            "capacity": 30, "audience": "成人", "eligibility": "不限", "enrol_from": str(TODAY), "enrol_until": str(TODAY + timedelta(days=15)),
        }
        for n in range(CLASSES)
    ]  # fmt: skip
    for n in range(LEARNERS):
        body = f"62081{n:06}"
        rows["learners"].append(
            {
                "card": body + check_digit(body),
                "name": f"学员{n % 97}",
                "phone": f"139{n:08}",
                "school": f"第{1 + n % (SITES - 1)}校区",
            }
        )
    return as_xlsx(rows, {id: answer(id) for id in standard().questions})


def answer(id: str) -> Entry:
    said = "请到学院一楼服务台办理，带好身份证。"
    return Entry(
        id=id, topic=standard().questions[id].topic, standard=id, answer=said, spoken=said, sms=said, source="学院办公室", owner="张老师",
        valid_from=TODAY, valid_until=TODAY + timedelta(days=365),
    )  # fmt: skip


def questions(count: int) -> bytes:
    """Questions of the centre's own beside the standard ones, as a table for `knowledge import`."""
    out = io.StringIO()
    csv.writer(out).writerows([["问题", "回答"], *((f"第{n}号楼怎么走", f"进东门向北走{n}米。") for n in range(count))])
    return out.getvalue().encode()


def timed(what: str, limit: float, *words: str) -> None:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "daoxue", *words], check=True, stdout=subprocess.DEVNULL)
    print(f"{what:44} {time.perf_counter() - began:6.2f} s, limit {limit} s")


def main() -> None:
    root = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPATH"] = str(root)
        os.chdir(folder)
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/daoxue.db"
        os.environ |= {"DAOXUE_DATABASE__URL": url}
        timed("init", 10, "init", "--name", "学院", "--address", "学院路0号", "--hotline", "0571-880", "--yes")
        Path("big.xlsx").write_bytes(book())
        Path("own.csv").write_bytes(questions(300 - len(standard().questions)))
        timed("the database made, an empty workbook", 30, "import", "workbook.xlsx")
        timed("checked", 10, "import", "big.xlsx", "--check")
        timed("taken in", 30, "import", "big.xlsx")
        timed("the other answers", 30, "knowledge", "import", "own.csv")
        timed("taken in again, nothing changed", 30, "import", "big.xlsx")
        timed("given back", 30, "export", "--workbook", "back.xlsx")
        timed("what was given back, taken in", 30, "import", "back.xlsx")
        os.chdir(root)


if __name__ == "__main__":
    main()
