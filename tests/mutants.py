"""Plants mutants in a module and says which its tests do not notice: `make mutants MODULE=desk/hours.py SECONDS=300`.

The module is changed in a copy of the whole tree, one place at a time, in an order that chance and `--seed` decide; its
row of `TESTS`, else all that import or name it, runs against each, until all were tried or the time is up. cosmic-ray makes the mutants, and we take out
whole statements besides: an audit line, a commit, a wake-up that is missing. docs/mutants.md explains what survived.
"""

import argparse
import ast
import difflib
import importlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[1]
LIBRARIES = (
    "alembic fastapi hypothesis numpy openpyxl playwright.async_api psycopg sklearn.linear_model sqlalchemy uvicorn"
)
# What tells fastest whether a module does its work; the longest beginning of its path counts.
TESTS = {
    "accounts": "identity mine",
    "accounts/bank.py": "bank year",
    "accounts/disputes.py": "bank",
    "accounts/enrolment.py": "enrolment",
    "accounts/rules.py": "bank",
    "accounts/vault.py": "identity keeping",
    "bot": "turn handlers rules",
    "bot/about": "about",
    "bot/alarming.py": "alarms emergencies look_alikes",
    "bot/comprehension.py": "comprehension",
    "bot/language.py": "language",
    "bot/nightly.py": "year",
    "bot/notices.py": "notices",
    "bot/outbox.py": "store turn",
    "bot/readings.py": "readings rules",
    "bot/redlines.py": "red_lines alarms look_alikes",
    "bot/tellings.py": "notices year",
    "bot/usage.py": "used",
    "daoxue/archive.py": "keeping",
    "daoxue/commands/keeping.py": "keeping",
    "desk": "desk desk_api",
    "desk/broadcasts.py": "learners_desk",
    "desk/hooks.py": "hooks",
    "desk/masking.py": "masking",
    "desk/people.py": "people desk_api",
    "desk/queueing.py": "queue",
    "desk/residents.py": "hooks",
    "desk/retention.py": "retention hooks",
    "desk/routing.py": "routing",
    "desk/standing.py": "retention desk_api",
    "store/alone.py": "keeping",
    "store/whole.py": "keeping",
}  # fmt: skip
COMPARISONS = "Lt_LtE LtE_Lt Gt_GtE GtE_Gt Lt_Gt Gt_Lt Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is"
ARITHMETIC = "Add_Sub Sub_Add Mul_Add Div_Mul FloorDiv_Mul Mod_Add"
OPERATORS = [
    *(f"core/ReplaceComparisonOperator_{each}" for each in COMPARISONS.split()),
    *(f"core/ReplaceBinaryOperator_{each}" for each in ARITHMETIC.split()),
    *("core/ReplaceTrueWithFalse", "core/ReplaceFalseWithTrue", "core/ReplaceAndWithOr", "core/ReplaceOrWithAnd"),
    *("core/ReplaceBreakWithContinue", "core/ZeroIterationForLoop", "core/NumberReplacer", "core/AddNot"),
]
SLACK = 20.0  # seconds that a run may take beyond thrice the time without a mutant


def mutants(source: str) -> Iterator[str]:
    """The module with one place changed, each time another."""
    for name in OPERATORS:
        operator, occurrence = get_operator(name)(), 0
        while (changed := mutate_code(source, operator, occurrence)) is not None:
            occurrence += 1
            yield changed
    yield from without_a_statement(source)


def without_a_statement(source: str) -> Iterator[str]:
    """The module without one of the calls that are made for what they do."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await):
            lines = source.splitlines(keepends=True)
            assert node.end_lineno is not None
            lines[node.lineno - 1 : node.end_lineno] = [" " * node.col_offset + "pass\n"]
            yield "".join(lines)


def tests_of(module: str) -> list[str]:
    """Its row, else all tests that import the module or name it."""
    if rows := [each for each in TESTS if module.startswith(each)]:
        return [f"tests/test_{name}.py" for name in TESTS[max(rows, key=len)].split()]
    dotted = module.removesuffix(".py").replace("/", ".")
    return [name for name, told in told_of().items() if {dotted, module} & told]


@cache
def told_of() -> dict[str, frozenset[str]]:
    """What each file of tests imports, and the texts in it, among which the path of a module may be."""
    found = {}
    for path in sorted(ROOT.glob("tests/test_*.py")):
        told = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                told |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
            elif isinstance(node, ast.Import):
                told |= {each.name for each in node.names}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                told.add(node.value)
        found[path.relative_to(ROOT).as_posix()] = frozenset(told)
    return found


def passes(tests: Sequence[str], within: float) -> bool:
    """Whether the tests pass in the folder where we are, on SQLite and within that many seconds. A process of its own
    that has the libraries loaded already: half of the time of a run is spent on loading them."""
    if (child := os.fork()) == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        loaded = "ignore::pytest.PytestAssertRewriteWarning"  # of libraries, which assert nothing for us
        os._exit(pytest.main(["-x", "-q", "-W", loaded, "-p", "no:cacheprovider", "-k", "not postgresql", *tests]))
    until = time.monotonic() + within
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > until:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(0.05)
    return os.waitstatus_to_exitcode(ended[1]) == 0


def copied(to: Path) -> None:
    """All that is in the repository or new beside it, as it is now."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)
    (to / ".venv").symlink_to(ROOT / ".venv")


def load_libraries() -> None:
    """Loads what takes long, and nothing of ours: that is imported anew by each run, from the copy."""
    for name in LIBRARIES.split():
        importlib.import_module(name)
    del sys.modules["tests"]
    sys.path[:] = [os.getcwd(), *(each for each in sys.path if each not in ("", str(ROOT)))]


def changed_lines(before: str, after: str) -> str:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    return "\n".join(lines)


def hunt(module: str, tests: Sequence[str], seconds: float, seed: int) -> int:
    """Tries mutants of a module until the time is up, and prints what survives; how many did."""
    path = Path(module)
    source, began = path.read_text(encoding="utf-8"), time.monotonic()
    if not passes(tests, 600):
        sys.exit(f"{module}: its tests fail without a mutant: {' '.join(tests)}")
    within = 3 * (time.monotonic() - began) + SLACK
    planted = list(dict.fromkeys(mutants(source)))
    random.Random(seed).shuffle(planted)
    tried = survived = 0
    for mutant in planted:
        if time.monotonic() - began > seconds:
            break
        path.write_text(mutant, encoding="utf-8")
        tried += 1
        if passes(tests, within):
            survived += 1
            print(changed_lines(source, mutant), "\n", flush=True)
    path.write_text(source, encoding="utf-8")
    spent = time.monotonic() - began
    print(f"{module}: {survived} of {tried} survived ({len(planted)} there are; {spent:.0f} s; {' '.join(tests)})")
    return survived


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tests", nargs="*", help="instead of those that are found")
    given = parser.parse_args()
    tests = given.tests or tests_of(given.module)
    if not tests:
        parser.error(f"{given.module}: no test imports or names it; say with --tests which play it")
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        os.chdir(folder)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        load_libraries()
        hunt(given.module, tests, given.seconds, given.seed)


if __name__ == "__main__":
    main()
