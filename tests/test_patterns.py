"""No pattern of ours takes longer than a text is long, whatever stands in it: each is tried on strings made from its own
pieces, said again and again, which is what makes a matcher go back and try anew."""

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import pytest

from bot.commands import chosen, commands, number
from bot.conversation import Offer
from tests import effort
from tests.test_layers import modules

FRAME = 16_384  # bytes of a message, at most: no channel takes more
LENGTHS = (12, 18, 22, 26, 30, 40, 60, 200, 1_000)
SURELY = 6.0  # seconds that no neighbour makes of one
SUSPECT, MOST = (
    0.0015,
    0.1,
)  # seconds: from which a thousand characters are looked at more closely; that a message may take
# Patterns that are given short texts alone, of so many characters at most: whoever matches looks at the length before.
SHORT = {
    "bot.commands._PATTERNS": 16, "bot.commands._NUMBER": 16, "bot.commands": 20, "bot.language._WANTED": 60,
    "bot.rules.moves._NUMBER_WORDS": 100, "integrations.elders._MYSELF": 1_000, "integrations.elders._AGED": 1_000,
    "bot.rules.seats._WORTH": 24, "bot.rules.seats._COUNTED": 24,
    "integrations.refusals._MACHINE": 500, "nlu.masking._KEPT": 80, "nlu.terms._LIST": 12, "nlu.terms._LINKS": 12,
    "knowledge.columns._ASIDE": 100, "daoxue.workbook.words._PATTERNS": 500,
    # What an answer of ours says, and a step of it.
    "integrations.speech": 500, "knowledge.template._LINES": 500,
}  # fmt: skip
# Where words come from a table of ours, or are typed by whoever runs a script.
TABLES = {"bot.leanings": "_HAS", "bot.rules.compare": "_BY", "handlers.eligibility": "_NAMED"}
OTHERS = {"handlers.entries", "integrations.speech", "daoxue.chat"}
ANY = {"search", "sub", "split", "findall", "finditer", "subn"}
ORDINARY = ("1", " ", "一", "的", "a", "，", "吧")
# How the standard library reads a pattern; it has no types for it.
sre: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
Parsed = Any  # the standard library has no types for what it parses


def names(found: object, name: str, depth: int = 0) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns in something of a module."""
    if isinstance(found, re.Pattern) and isinstance(found.pattern, str):
        yield name, found
    elif isinstance(found, str) and name in TABLES.values():
        yield name, re.compile(found)
    elif isinstance(found, dict) and depth < 3:
        for each in (*found.keys(), *found.values()):
            yield from names(each, name, depth + 1)
    elif isinstance(found, list | tuple | set | frozenset) and depth < 3:
        for each in found:
            yield from names(each, name, depth + 1)


@cache
def inline() -> tuple[list[tuple[str, str, str]], list[str], dict[str, set[str]]]:
    """Patterns that stand where they are used, with how; where something else is given there; and what is done with the
    others, by their names."""
    literal: list[tuple[str, str, str]] = []
    hidden: list[str] = []
    done: dict[str, set[str]] = {}
    for module, path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            of, how = node.func.value, node.func.attr
            if isinstance(of, ast.Name) and of.id == "re" and how in ANY | {"match", "fullmatch"}:
                if isinstance(node.args[0], ast.Constant):
                    literal.append((module, str(node.args[0].value), how))
                else:
                    hidden.append(f"{module}:{node.lineno}")
            elif how in ANY | {"match", "fullmatch"}:
                name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
                done.setdefault(name, set()).add(how)
    return literal, hidden, done


@cache
def patterns() -> dict[str, tuple[re.Pattern[str], frozenset[str]]]:
    """All of ours, by where they stand, with the ways in which they are matched."""
    literal, _, done = inline()
    found = {f"{module} {text}": (re.compile(text), frozenset({how})) for module, text, how in literal}
    for module, _ in modules():
        if module.startswith("players") or module.endswith("__main__"):
            continue
        for name, each in vars(importlib.import_module(module)).items():
            for nth, (_, pattern) in enumerate(names(each, name)):
                ways = frozenset(done.get(name, set())) or frozenset({"search", "fullmatch"})
                found[f"{module}.{name}" + (f" {nth}" if nth else "")] = (pattern, ways)
    return found


# -- strings made from a pattern


def sample(nodes: Parsed) -> list[str]:
    """A few strings that match it, one at least."""
    found = [""]
    for op, value in nodes:
        found = [before + each for each in _of(op, value) for before in found][:6]
    return found


def _of(op: object, value: Parsed) -> list[str]:
    if op in (sre.LITERAL, sre.NOT_LITERAL):
        return [chr(value)] if op is sre.LITERAL else [chr(value + 1)]
    if op is sre.IN:
        return _in(value)
    if op is sre.ANY:
        return ["x"]
    if op is sre.BRANCH:
        return [sample(each)[0] for each in value[1]][:6]
    if op is sre.SUBPATTERN:
        return sample(value[3])
    if op is sre.ATOMIC_GROUP:
        return sample(value)
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        return [each * max(value[0], 1) for each in sample(value[2])]
    return [""]  # places, what stands before and behind


def _in(items: Parsed) -> list[str]:
    found = []
    for op, value in items:
        if op is sre.NEGATE:
            return ["x"]
        if op is sre.LITERAL:
            found.append(chr(value))
        elif op is sre.RANGE:
            found.append(chr(value[0]))
        elif op is sre.CATEGORY:
            found.append(
                {sre.CATEGORY_DIGIT: "1", sre.CATEGORY_SPACE: " ", sre.CATEGORY_NOT_WORD: "，"}.get(value, "a")
            )
    return found[:6] or ["x"]


def repeats(nodes: Parsed, before: str = "") -> Iterator[tuple[str, Parsed]]:
    """What may be said again and again in a pattern, each with what comes before it."""
    for op, value in nodes:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            if value[1] > 8:
                yield before, value[2]
            yield from repeats(value[2], before)
        elif op is sre.BRANCH:
            for each in value[1]:
                yield from repeats(each, before)
        elif op is sre.SUBPATTERN:
            yield from repeats(value[3], before)
        elif op is sre.ATOMIC_GROUP:
            yield from repeats(value, before)
        before += _of(op, value)[0]


def attacks(pattern: re.Pattern[str]) -> set[tuple[str, str]]:
    """What to begin with, and what to say again and again."""
    parsed = parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    found = {("", each) for each in ORDINARY} | {("", each) for each in sample(parsed) if each}
    for before, body in repeats(parsed):
        for each in sample(body):
            found |= {(start, piece) for start in ("", before) for piece in (each, each[:1]) if piece}
    return set(sorted(found)[:24])


def spent(pattern: re.Pattern[str], ways: frozenset[str], text: str) -> float:
    """Seconds that reading it takes, on a core as fast as the limits'."""
    worst, much = 0.0, SUSPECT if len(text) <= LENGTHS[-1] + 1 else MOST
    for how in {"search" if way in ANY else way for way in ways}:
        read = partial(pattern.sub, "") if how == "search" else getattr(pattern, how)
        took = effort.seconds(read, text)
        if much < took < SURELY:  # by itself, or by what else the machine did
            took = min(took, effort.seconds(read, text), effort.seconds(read, text))
        worst = max(worst, took)
    return worst / effort.pace() if worst > much else worst


def slow(where: str, pattern: re.Pattern[str], ways: frozenset[str]) -> str | None:
    """A string on which it takes too long."""
    limit = SHORT.get(where.split(" ")[0], FRAME)
    for before, piece in attacks(pattern):
        longest = min(limit, FRAME * len(piece) // len(piece.encode()))
        for length in (*(each for each in LENGTHS if each < longest), longest):
            text = before + piece * (length // len(piece) + 1)
            took = 0.0
            for end in ("", "\x00"):
                took = max(took, spent(pattern, ways, text[:length] + end))
                if took > MOST:
                    return f"{before!r} + {piece!r} up to {length} characters: {took:.2f} s"
            if length == LENGTHS[-1] and took < SUSPECT:
                break
    return None


def test_every_pattern_can_be_seen() -> None:
    _, hidden, _ = inline()
    assert {each.partition(":")[0] for each in hidden} <= TABLES.keys() | OTHERS, (
        "a pattern is compiled under a name, or stands where it is used"
    )
    assert len(patterns()) > 300


def test_no_pattern_takes_longer_than_a_text_is_long() -> None:
    found = {where: slow(where, *each) for where, each in patterns().items()}
    assert {where: text for where, text in found.items() if text} == {}


@pytest.mark.parametrize("bad", [r"(吧|呢|啊|的)+$", r"(?:嗯+|a)*b", r"(?:a|a)*$", r"\s*x|\s+$"])
def test_what_does_is_found(bad: str) -> None:
    assert slow("", re.compile(bad), frozenset({"search"}))


def test_what_seems_slow_is_held_against_the_core_as_it_is_then(monkeypatch: pytest.MonkeyPatch) -> None:
    for took in (1.0, 2.0):
        monkeypatch.setattr(effort, "seconds", lambda work, text, took=took: took)
        assert effort.pace() == pytest.approx(took / effort.TOOK)


def test_the_length_is_looked_at_first() -> None:
    """What steers a talk is short: what is long is none of it, and is not looked at."""
    offers = [Offer("1", "书法班"), Offer("2", "太极班")]

    def look(text: str) -> tuple[object, ...]:
        return commands(text), number(text), chosen(text, offers)

    for piece in ("吧", "嗯", "麻烦你", "那就", "看", "的", "1"):
        text = piece * (5_400 // len(piece)) + "x"
        assert look(text) == (frozenset(), None, None)
        assert min(effort.seconds(look, text) for _ in range(20)) < 0.001
