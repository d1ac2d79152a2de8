"""Who may import whom (the design's table), and that nobody imports in a circle."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.channel import Opens
from integrations.channels import CHANNELS

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "store": {"nlu"}, "nlu": set(), "web": set(),
    "knowledge": {"store", "nlu", "accounts"},
    "accounts": {"store"},
    "bot": {"store", "nlu", "knowledge", "accounts"},
    "handlers": {"bot", "knowledge", "accounts", "nlu"},
    "integrations": {"bot", "accounts", "knowledge", "store", "nlu", "web"},
    "desk": {"bot", "store", "knowledge", "accounts", "nlu"},
    "players": set(),  # the outside world, played: it must not know how we see it
    "daoxue": {"store", "nlu", "web", "knowledge", "accounts", "bot", "handlers", "integrations", "desk", "players"},
}  # fmt: skip
NARROW = {
    ("store", "nlu"): {"nlu.proofs"},  # which numbers nobody reads in the audit
    # What is compared of a text and how its meaning is read; how names are found; what is asked everywhere.
    ("knowledge", "nlu"): {
        "nlu.features",
        "nlu.numbers",
        "nlu.encoder",
        "nlu.questions",
        "nlu.calendar",
        "nlu.text",
        "nlu.gazetteer",
    },
    ("knowledge", "accounts"): {"accounts.rules"},  # which are records of the catalogue, as what is said about them is
    ("handlers", "nlu"): {"nlu.times", "nlu.calendar"},
    ("integrations", "nlu"): {
        "nlu.judgement",
        "nlu.text",
    },  # what an engine elsewhere answers in; how texts are compared
    ("desk", "nlu"): {
        "nlu.groups",
        "nlu.phones",
        "nlu.masking",
        "nlu.proofs",
        "nlu.text",
    },  # which numbers reach a person
    ("handlers", "bot"): {
        "bot.alarming",
        "bot.turn",
        "bot.wish",
        "bot.slots",
        "bot.handler",
        "bot.waiting",
        "bot.messages",
        "bot.about",
        "bot.described",
        "bot.aspects",
        "bot.halves",
        "bot.unheld",
        "bot.phrases",
    },
}


@cache
def modules() -> tuple[tuple[str, Path], ...]:
    """Ours, by name."""
    paths = [path for package in ALLOWED for path in sorted((ROOT / package).rglob("*.py"))]
    ours = [path for path in paths if not {"migrations", "node_modules"} & set(path.parts)]
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in ours)
    return tuple(zip(names, ours, strict=True))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            ours = {name for name, _ in modules()}
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in ours else node.module


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_only_what_stands_below_it(package: str) -> None:
    for name, path in modules():
        if name.split(".")[0] != package:
            continue
        for imported in imports(path):
            other = imported.split(".")[0]
            if other in ALLOWED and other != package:
                assert other in ALLOWED[package], f"{name} imports {imported}"
                narrow = NARROW.get((package, other))
                assert narrow is None or imported in narrow or imported == other, f"{name} imports {imported}"


def test_there_is_no_circle() -> None:
    known = dict(modules())
    edges = {name: {each for each in imports(path) if each in known and each != name} for name, path in known.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way, name])
        if name not in done:
            for other in edges[name]:
                visit(other, (*way, name))
            done.add(name)

    for name in edges:
        visit(name, ())


def test_broad_excepts_are_few() -> None:
    """At the edges alone, where somebody has to hear something whatever fails; a worker's round has none of its own."""
    caught = [
        f"{name}:{node.lineno}"
        for name, path in modules()
        if not name.startswith("players")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or {"Exception", "BaseException"} & {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)})
    ]  # fmt: skip
    assert len(caught) <= 10, caught


def test_every_package_is_installed() -> None:
    """What is a folder of ours is part of what is built, not of a checkout alone."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    folders = {path.relative_to(ROOT).parts[0] for _, path in modules()}
    assert {each.split("/")[0] for each in wheel["only-include"]} == folders - {"players"}
    assert wheel["exclude"] == ["/daoxue/play*.py"]


def test_nothing_is_loaded_that_is_not_used() -> None:
    """A driver and its dialect are a quarter of a second of every start; those of the other sides have no place in it, nor what
    takes tens of megabytes and is used once a week."""
    code = "import sys, daoxue.serve, desk.api; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    unwanted = {"psycopg", "wechatpy", "sqlalchemy.dialects.postgresql", "opentelemetry.sdk", "daoxue.traces"}
    # What works a channel, and the libraries that only they use, come when one is switched on.
    channels = {each.open.module for each in CHANNELS.values() if isinstance(each.open, Opens)}
    platforms = {"aiohttp", "aiosmtpd", "aiosmtplib", "imapclient", "nh3", "telegram", "twilio"}
    office = {"openpyxl", "lxml", "PIL", "alembic"}  # read and written in processes of their own
    assert len(channels) >= 3
    assert (unwanted | channels | platforms | office) & set(loaded.stdout.split()) == set()


def test_one_name_is_one_thing() -> None:
    """No class has the name of another, those of the other sides that are played included."""
    where: dict[str, list[str]] = {}
    for name, path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                where.setdefault(node.name, []).append(name)
    assert {name: each for name, each in where.items() if len(each) > 1} == {}


def test_sql_stands_in_the_store_alone() -> None:
    strangers = [
        name for name, path in modules() if "sqlalchemy" in set(roots(path)) and not name.startswith("store")
    ]  # fmt: skip
    assert strangers == []


def roots(path: Path) -> Iterator[str]:
    for name in imports(path):
        yield name.partition(".")[0]
