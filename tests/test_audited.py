"""Whatever is written into the audit has its words, and is found again."""

import ast
import re
from collections.abc import Iterator
from typing import get_args

from accounts.identity import PURPOSES
from daoxue.app import App
from desk.audited import ACTIONS
from knowledge.catalogue import KIND_OF
from knowledge.entries import Status
from store import conversations
from store.transaction import Transaction
from tests.desk_client import Desk
from tests.service import ROOT

FOLDERS = ("accounts", "bot", "daoxue", "desk", "handlers", "integrations", "knowledge", "store")
# Who writes what they are given, and where among what they are given it stands.
GIVEN = {"audited": 2, "_note": 1, "_look": 1, "forget": 3, "forget_identity": 3, "unbind": 2}
NAMESAKES = {"_note": "desk/learners.py", "_look": "handlers/credits.py"}  # others of that name write no audit


def written() -> Iterator[tuple[str, str]]:
    """What the code writes as an action, as a pattern, with where."""
    for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        called = {
            each.targets[0].id: each.value
            for each in ast.walk(tree)
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
        }
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not isinstance(call.func, (ast.Attribute, ast.Name)):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
            if name == "append" and "audits" in ast.unparse(call.func) and isinstance(call.args[0], ast.Tuple):
                given: ast.expr = call.args[0].elts[0]
            elif len(call.args) > GIVEN.get(name, 99) and str(path).endswith(NAMESAKES.get(name, "")):
                given = call.args[GIVEN[name]]
            else:
                continue
            for each in patterns(called.get(given.id, given) if isinstance(given, ast.Name) else given):
                yield each, f"{path.relative_to(ROOT)}:{call.lineno}"


def patterns(given: ast.expr) -> Iterator[str]:
    match given:
        case ast.Constant(str(said)):
            yield re.escape(said)
        case ast.IfExp():
            yield from patterns(given.body)
            yield from patterns(given.orelse)
        case ast.JoinedStr(parts):
            yield "".join(re.escape(str(each.value)) if isinstance(each, ast.Constant) else r"[^.]+" for each in parts)


def test_every_action_in_the_code_has_its_words() -> None:
    found = set(written())
    assert len(found) > 60, "the code says it in another way now"
    assert [each for each in found if not any(re.fullmatch(each[0], action) for action in ACTIONS)] == []
    assert all(zh and en and not re.search("[a-z]", zh) for zh, en in ACTIONS.values())
    assert [each for each in ACTIONS if not any(re.fullmatch(pattern, each) for pattern, _ in found)] == []
    assert {f"catalogue.{kind}" for kind in KIND_OF.values()} == {
        each for each in ACTIONS if re.fullmatch(r"catalogue\.\w+", each)
    }
    assert {f"notice.{each}" for each in PURPOSES} == {each for each in ACTIONS if each.startswith("notice.")}
    assert {f"knowledge.{each}" for each in get_args(Status)} < ACTIONS.keys()


async def test_the_audit_is_looked_through(app: App) -> None:
    desk = Desk(app)
    auditor = await desk.person("auditor")
    day = 86_400_000

    def write(transaction: Transaction) -> None:
        for n in range(250):
            who, action = ("li", "ticket.read") if n % 2 else ("wang_", "learner.read")
            at = 20_000 * day + n * day // 10
            conversations.audited(transaction, who, action, f"learner {n}", f"100%_{n}", at)

    await app.database.write(write)

    async def asked(query: str) -> list[str]:
        found: list[str] = []
        before: int | None = 1 << 60
        while before is not None:
            page = await auditor.get(f"/audit?{query}&before={before}")
            found += [each["subject"] for each in page["lines"] if each["detail"].startswith("100%")]
            before = page["next"]
        return found

    assert len(await asked("words=")) == 250, "all of it, page by page"
    assert await asked("actor=li&words=LEARNER 11") == [f"learner {n}" for n in (119, 117, 115, 113, 111, 11)]
    assert await asked("actor=wang%25") == [], "what is typed is meant to the letter"
    assert len(await asked("actor=wang_&action=learner.read")) == 125
    assert await asked("action=ticket.told") == []
    assert await asked("words=0%25_12") == [
        f"learner {n}" for n in (129, 128, 127, 126, 125, 124, 123, 122, 121, 120, 12)
    ]
    assert await asked("since=2024-10-06&until=2024-10-06") == [f"learner {n}" for n in range(26, 16, -1)]
    actions = {each["id"]: each["zh"] for each in (await auditor.get("/audit/actions"))["actions"]}
    assert actions["ticket.told"] == "页面显示了工单"
