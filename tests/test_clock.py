"""The time is given: what asks the machine for it cannot be tried at another time, and disagrees with what was told one."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOLD = ("accounts", "bot", "desk", "handlers", "integrations", "knowledge", "nlu", "store")  # `daoxue` gives it
ASKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
# Of what is not ours to choose: a row that processes of one machine and its database compare, and which parts of a table
# PostgreSQL looks into first.
ALLOWED = {"store/lease.py": 1, "store/conversations.py": 1}


def _asked(source: str) -> list[int]:
    """The lines in which the machine is asked what time it is, called or handed on."""
    nodes = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Attribute)]
    return [
        each.lineno
        for each in nodes
        if ast.unparse(each).removeprefix("datetime.datetime") in ASKS or ast.unparse(each) in ASKS
    ]


def test_nobody_but_the_composition_asks_the_machine_for_the_time() -> None:
    found = {}
    for folder in TOLD:
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("store/migrations/") and (lines := _asked(path.read_text("utf-8"))):
                found[name] = lines
    assert {name: len(lines) for name, lines in found.items()} == ALLOWED, found


def test_each_way_to_ask_is_found() -> None:
    said = "import time\nfrom datetime import date, datetime\n"
    ways = ["time.time()", "time.time_ns()", "datetime.now(UTC)", "date.today()", "part(clock=time.time)"]
    assert _asked(said + "\n".join(ways)) == [3, 4, 5, 6, 7]
    assert _asked("time.monotonic()\ndatetime.fromtimestamp(now, UTC)\ntime.perf_counter()\nself.today()") == []
