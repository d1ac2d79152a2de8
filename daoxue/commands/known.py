"""`daoxue knowledge`: what we know, listed, taken in, searched."""

import argparse
import importlib
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from daoxue import files
from daoxue.app import App
from daoxue.commands.common import Commands, add, tell, with_app
from daoxue.commands.figures import meaning, tell_figures
from daoxue.config import read
from daoxue.table import Figures


def declare(commands: "Commands[argparse.ArgumentParser]") -> None:
    known = commands.add_parser("knowledge", help="what we know").add_subparsers(required=True, metavar="COMMAND")
    add(known, "list", _list_entries, "the entries with their status")
    searched = add(known, "evaluate", _evaluate_knowledge, "search of queries over entries")
    searched.add_argument("--entries", type=Path, required=True, metavar="FILE")
    searched.add_argument("--queries", type=Path, required=True, metavar="FILE")
    searched.add_argument("--encoder", choices=("use", "none"), default="use", help="what reads meaning beside words")
    taken = add(known, "import", _import, "take in YAML, CSV, XLSX, Markdown or DOCX files, all or nothing")
    taken.add_argument("files", type=Path, nargs="+", metavar="FILE")
    taken.add_argument("--by", default="cli", metavar="NAME", help="who reviewed them")
    taken.add_argument("--partial", action="store_true", help="take the good rows, report the others")
    taken.add_argument("--lang", choices=("zh", "en"), default="zh", help="the language of what is told of the rows")
    taken.add_argument("--status", choices=("draft", "in_review", "published", "expired"), default="published")

    blank = add(known, "template", _template, "the standard questions as a table to answer, for `knowledge import`")
    blank.add_argument("file", type=Path, nargs="?", default=Path("standard-questions.xlsx"), metavar="FILE")
    blank.add_argument("--filled", action="store_true", help="with the answers that are on record")


def _evaluate_knowledge(arguments: argparse.Namespace) -> int:
    search: Callable[..., Figures] = importlib.import_module("daoxue.evaluate").knowledge
    return tell_figures(arguments, search(arguments.entries, arguments.queries, meaning(arguments)))


def _list_entries(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> int:
        for entry in app.library.entries.values():
            row: dict[str, object] = {
                "id": entry.id,
                "topic": entry.topic,
                "title": app.library.title(entry),
                "valid_until": str(entry.valid_until),
            }
            tell(arguments, row, f"{entry.id:28} {entry.topic:18} {app.library.title(entry)}")
        return 0

    return with_app(arguments, use)


def _import(arguments: argparse.Namespace) -> int:
    config = read(arguments.config)
    today = datetime.now(config.zone).date()
    topics, by, lang = files.topics(config), arguments.by, arguments.lang
    taken = files.read(arguments.files, by, today, partial=arguments.partial, topics=topics, lang=lang)
    for line in taken.told:
        print(line, file=sys.stderr)
    done = files.take_in(config, taken, arguments.by, arguments.status)
    content, revision = done.content, done.revision
    for line in done.lacking:
        print(line, file=sys.stderr)
    row: dict[str, object] = {"entries": len(content.entries), "records": len(content.records), "revision": revision}
    said = f"收下 {len(content.entries)} 条知识、{len(content.records)} 条目录，版本 {revision}"
    if taken.unanswered:
        row["unanswered"] = taken.unanswered
        said += f"；{taken.unanswered} 条还没有回答"
    tell(arguments, row, said)
    return 0


def _template(arguments: argparse.Namespace) -> int:
    answers = files.on_record(read(arguments.config)) if arguments.filled else {}
    questions = files.write_template(arguments.file, answers)
    row: dict[str, object] = {"file": str(arguments.file), "questions": questions, "answered": len(answers)}
    tell(arguments, row, f"{arguments.file}：{questions} 条标准问题，其中 {len(answers)} 条有回答")
    return 0
