"""How large a thing of ours may be: what is larger is two things."""

import ast
import statistics
from functools import cache

from tests.test_layers import modules

MODULE, FUNCTION, PARAMETERS = 400, 60, 6
SCHEMA = "store.schema"  # one list of all tables, whatever they are
THEIRS = {"integrations.telegram.wire:do_request"}  # whose parameters a library names
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def ours() -> dict[str, str]:
    """The text of every module but those of the other sides that are played."""
    return {name: path.read_text(encoding="utf-8") for name, path in modules() if not name.startswith("players")}


@cache
def functions() -> tuple[tuple[str, Function], ...]:
    trees = {name: ast.walk(ast.parse(text)) for name, text in ours().items()}
    return tuple(
        (f"{name}:{node.name}", node) for name, nodes in trees.items() for node in nodes if isinstance(node, Function)
    )


def lines(node: Function) -> int:
    """Without what it says of itself."""
    told = node.body[0] if ast.get_docstring(node) is not None else None
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1 - (told.end_lineno - told.lineno + 1 if told and told.end_lineno else 0)


def test_modules_are_short() -> None:
    long = {name: text.count("\n") for name, text in ours().items() if text.count("\n") > MODULE}
    assert long.keys() <= {SCHEMA}, long


def test_functions_are_short() -> None:
    found = [lines(node) for _, node in functions()]
    assert [name for name, node in functions() if lines(node) > FUNCTION] == []
    assert statistics.median(found) <= 5
    assert statistics.quantiles(found, n=10)[-1] <= 18


def test_nothing_takes_many_things() -> None:
    many = {
        name
        for name, node in functions()
        if len(
            {each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)} - {"self", "cls"}
        )
        > PARAMETERS
    }
    assert many == THEIRS
