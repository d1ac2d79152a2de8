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
from store import conversations, tickets
from store.ticket_rows import Priority
from store.transaction import Transaction
from tests.desk_client import Desk
from tests.service import ROOT
from tests.talk import Resident

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


async def test_nobody_s_number_stands_in_the_audit(app: App) -> None:
    """Nor is what is ours taken for one: tickets, orders, conversations, digests."""
    digest = "620801047296" + "ab" * 26
    ours = (
        f"1126-00001 1126-00002, D0123456789 learner 12; 12 345 6789 12345 6789 12345 6789 2026-11-28 sha256 {digest}"
    )
    theirs = "张三13800138000,330802195803120427;item-620801047296 6591156779840000;要给139 1234 5678回电话,卡号6208 0104 7296"
    for detail in (ours, theirs):
        await app.database.write(lambda t, said=detail: conversations.audited(t, "li", "refused", said, said, 1))  # type: ignore[misc]
    lines = (await (await Desk(app).person("auditor")).get("/audit?action=refused"))["lines"]
    kept = "张三138****8000,[证件号];item-[学习卡号] [卡号];要给139****5678回电话,卡号[学习卡号]"
    assert [(each["subject"], each["detail"]) for each in lines] == [(kept, kept), (ours, ours)]


async def test_every_end_of_a_session_and_every_refusal_has_its_line(app: App) -> None:
    desk = Desk(app)
    li, wang, auditor = await desk.person(), await desk.person(), await desk.person("auditor")
    ref = str((await Resident(app).receipt("转人工")).ticket)
    await li.post(f"/tickets/{ref}/take")
    await app.database.write(
        lambda t: tickets.add(t, ref, tickets.Raise(Priority.SOON, "complaint", {}, named=(wang.name,)), 1)
    )
    await wang.post(f"/tickets/{ref}/reveal", {"reason": "要给她回电话"}, expect=404)
    await wang.ask("GET", f"/tickets/{ref}")
    token = (await li.post("/me/tokens", {"label": "报表", "password": li.password}))["token"]
    assert (await desk.client(token).post("/api/logout")).status_code == 200
    await wang.post("/logout")
    lines = (await auditor.get("/audit?most=100"))["lines"]
    found = {(each["actor"], each["action"], each["subject"], each["detail"]) for each in lines}
    assert found >= {
        (wang.name, "refused", ref, "POST /tickets/{ref}/reveal"), (wang.name, "refused", ref, "GET /tickets/{ref}"),
        (li.name, "token.drop", li.name, "报表"), (wang.name, "sign_out", wang.name, ""),
    }  # fmt: skip
