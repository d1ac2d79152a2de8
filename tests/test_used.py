"""What is written is used: a name that nothing reads was meant to be read."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("accounts", "bot", "daoxue", "desk", "handlers", "integrations", "knowledge", "nlu", "store")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


def own(tree: ast.Module) -> set[str]:
    """The names that a module keeps to itself."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return {name for name in found if re.match(r"_[A-Za-z]", name)}


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(ROOT)) for path in MODULES])
def test_every_own_name_of_a_module_is_used(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    unused = {name for name in own(ast.parse(text)) if len(re.findall(rf"\b{name}\b", text)) < 2}
    assert unused == set()
