"""`daoxue init`, `import`, `export`: a centre set up, and its one workbook taken in and given back."""

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from accounts.vault import Vault
from daoxue import asking
from daoxue.commands import people
from daoxue.commands.common import Commands, add, tell
from daoxue.config import Config, ConfigError, read
from daoxue.founding import Founding, found
from daoxue.preparing import prepare, vault_of
from daoxue.workbook import taking
from daoxue.workbook.book import Book
from daoxue.workbook.columns import BookSheet
from daoxue.workbook.faults import Fault
from daoxue.workbook.plan import Plan, planned, removable
from daoxue.workbook.sheets import ANSWERS, BANK, BY_NAME, LEARNERS, SHEETS
from daoxue.workbook.words import Lang, language
from knowledge.files import KnowledgeError
from knowledge.words import Words
from store.database import Database

T = TypeVar("T")
_RULES_ELSEWHERE = Words(
    "设置 accounts.rules 指定了另一个文件：这张表收下了，但在清空那个设置之前不用", "accounts.rules names a file, which is used instead"
)  # fmt: skip


def declare(commands: "Commands[argparse.ArgumentParser]") -> None:
    begun = add(commands, "init", _init, "a centre of one's own: writes its config.yml and its workbook")
    begun.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="FOLDER")
    for name, zh, _ in asking.QUESTIONS:
        begun.add_argument(f"--{name}", metavar="TEXT", help=zh)
    begun.add_argument("--yes", action="store_true", help="ask nothing: what is not given is as it comes")
    _importing(add(commands, "import", _import, "take in a workbook, or one sheet of it as CSV; all or nothing"))
    _exporting(
        add(commands, "export", _export, "the centre's workbook; or everything that we hold of a resident, as JSON")
    )


def _importing(taken: argparse.ArgumentParser) -> None:
    taken.add_argument("file", type=Path, metavar="FILE")
    taken.add_argument(
        "--sheet", metavar="NAME", help="which sheet a CSV file is: " + "、".join(each.name for each in SHEETS)
    )
    taken.add_argument("--check", action="store_true", help="look only, change nothing")
    taken.add_argument(
        "--remove", action="store_true", help="list what is gone from the sheets, and ask whether it is to go"
    )
    taken.add_argument("--yes", action="store_true", help="do not ask")
    taken.add_argument("--by", default="cli", metavar="NAME", help="who does it, for the audit")
    taken.add_argument("--lang", choices=("zh", "en"), default=language(), help="of what is told")


def _exporting(given: argparse.ArgumentParser) -> None:
    what = given.add_mutually_exclusive_group(required=True)
    people.whose(what)
    what.add_argument("--workbook", type=Path, metavar="FILE", help="everything of the centre")
    what.add_argument("--sheet", metavar="NAME", help="one sheet of it, as CSV")
    given.add_argument("file", type=Path, nargs="?", metavar="FILE", help="for --sheet; else standard output")
    given.add_argument("--no-learners", action="store_true", help="with --workbook: without learners and their cards")


# -- a centre of one's own


def _init(arguments: argparse.Namespace) -> int:
    said = {name: getattr(arguments, name) for name, _, _ in asking.QUESTIONS}
    config, workbook = found(
        arguments.folder, Founding.of(said if arguments.yes else asking.missing(said, Founding.problem))
    )
    tell(
        arguments, {"config": str(config), "workbook": str(workbook)},
        f"写好了 {config} 和 {workbook}。\n接着：填好工作簿，在 {config.parent} 里运行 daoxue import {workbook.name}，再运行 daoxue serve",
    )  # fmt: skip
    return 0


# -- in


def _import(arguments: argparse.Namespace) -> int:
    config = read(arguments.config)
    return _with_database(config, lambda database, vault: _take(arguments, config, database, vault))


def _with_database(config: Config, use: Callable[[Database, Vault], T]) -> T:
    prepare(config)
    vault = vault_of(config)
    with contextlib.closing(Database(config.database.url, vault)) as database:
        return use(database, vault)


def _take(arguments: argparse.Namespace, config: Config, database: Database, vault: Vault) -> int:
    book = _book(arguments)
    state, today = taking.state_of(config, database, vault), taking.today_of(config)
    plan = planned(book, state, arguments.by, today, remove=False)
    if BANK.key in book.sheets and config.accounts.rules:
        plan.notes.append(Fault(_RULES_ELSEWHERE, BANK.name))
    if arguments.remove and plan.left and not plan.problems and _agreed(arguments, plan):
        plan = planned(book, state, arguments.by, today, remove=True)
    _tell_all(arguments, plan)
    if plan.problems:
        return 1
    passwords = {} if arguments.check or plan.empty else taking.write(database, vault, plan, arguments.by)
    for name, password in passwords.items():
        tell(arguments, {"name": name, "password": password}, f"{name} 的一次性密码：{password}   首次登录后请修改")
    return 0


def _book(arguments: argparse.Namespace) -> Book:
    reading = importlib.import_module("daoxue.workbook.reading")
    found: Book
    if arguments.sheet:
        found = reading.read_csv(arguments.file, _sheet(arguments.sheet))
        return found
    if arguments.file.suffix.lower() == ".csv":
        raise KnowledgeError([f"{arguments.file}: CSV 是哪张表，请用 --sheet 说明，如 --sheet 班级"])
    found = reading.read(arguments.file)
    return found


def _sheet(name: str) -> BookSheet:
    if name not in BY_NAME:
        raise KnowledgeError([f"--sheet: 没有“{name}”这张表；有 {'、'.join(each.name for each in SHEETS)}"])
    return BY_NAME[name]


def _agreed(arguments: argparse.Namespace, plan: Plan) -> bool:
    for line in removable(plan):
        print(line, file=sys.stderr)
    if arguments.yes or arguments.check:
        return True
    count = len(plan.left)
    question = {
        "zh": f"这 {count} 项表里没有了。删除吗？[y/N] ",
        "en": f"These {count} are gone from the sheets. Remove them? [y/N] ",
    }
    print(question[arguments.lang], end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")


def _tell_all(arguments: argparse.Namespace, plan: Plan) -> None:
    """What is wrong and what should be known; where nothing is wrong, what comes of each sheet."""
    lang: Lang = arguments.lang
    for kind, problems in (("problem", plan.problems), ("note", plan.notes)):
        for each in problems:
            row: dict[str, object] = {
                kind: each.said.told(lang),
                "sheet": each.sheet,
                "row": each.row,
                "column": each.column,
            }
            tell(arguments, row, each.told(lang))
    if plan.problems:
        count = len(plan.problems)
        line = {"zh": f"{count} 处不对，什么也没有导入", "en": f"{count} problems; nothing was taken in"}[lang]
        tell(arguments, {"problems": count}, line)
        return
    for sheet, counts in plan.counts.items():
        told = {
            "zh": f"{sheet}：新增 {counts.new}，修改 {counts.changed}，不变 {counts.same}",
            "en": f"{sheet}: {counts.new} new, {counts.changed} changed, {counts.same} as they were",
        }
        tell(arguments, {"sheet": sheet, "new": counts.new, "changed": counts.changed, "same": counts.same}, told[lang])
    gone = len(plan.left)
    if gone and not arguments.remove:
        told = {
            "zh": f"表里没有、仍然保留的有 {gone} 项；加 --remove 列出来再决定",
            "en": f"{gone} things are not in the sheets, and stay; --remove lists them and asks",
        }
        tell(arguments, {"left": gone}, told[lang])


# -- out


def _export(arguments: argparse.Namespace) -> int:
    if arguments.resident or arguments.card:
        return people.export(arguments)
    config = read(arguments.config)
    content = _with_database(config, lambda database, vault: _content(arguments, config, database, vault))
    path: Path | None = arguments.workbook or arguments.file
    if path is None:
        sys.stdout.buffer.write(content)
        return 0
    _keep(path, content)
    tell(
        arguments, {"file": str(path), "bytes": len(content)}, f"{path}：写好了，只有您能读；里面有个人信息的请妥善保管"
    )
    return 0


def _content(arguments: argparse.Namespace, config: Config, database: Database, vault: Vault) -> bytes:
    state = taking.state_of(config, database, vault)
    rows = dict(taking.shown(state))
    # What writes workbooks is tens of megabytes that no other command should carry.
    writing = importlib.import_module("daoxue.workbook.writing")
    sheet = _sheet(arguments.sheet) if arguments.sheet else None
    if arguments.no_learners:
        rows.pop(LEARNERS.key)
    if sheet in (None, LEARNERS) and not arguments.no_learners:
        taking.exported(database, "cli", sheet.name if sheet else "workbook")
    if sheet is None:
        book: bytes = writing.as_xlsx(rows, state.answers)
        return book
    if sheet is ANSWERS:
        questions: bytes = importlib.import_module("knowledge.template").as_csv(state.answers)
        return questions
    table: bytes = writing.as_csv(sheet, rows[sheet.key])
    return table


def _keep(path: Path, content: bytes) -> None:
    """In a new file that only its owner may read. One that is there is left alone: somebody may have written in it."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path}: 已经有了，请换个名字。 There is such a file already") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)
