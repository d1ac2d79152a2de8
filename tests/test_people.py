"""Accounts at the desk: what is changed about them, by whom, and what that ends."""

import asyncio
import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import pyotp
import pytest

from daoxue.app import App
from desk.errors import SignInError, TicketError
from desk.oidc import Vouched
from desk.passwords import Passwords
from desk.people import BY_PEOPLE_ALONE, People
from desk.signing import NewToken
from store import audit as rows
from store import conversations
from store.database import Database
from store.transaction import Transaction
from tests.desk_client import PASSWORD, Desk, Person

NOW = 1_000_000_000


async def account(admin: Person, of: Person) -> dict[str, Any]:
    """An account as whoever looks at it would send it back."""
    [found] = [each for each in (await admin.get("/people"))["people"] if each["name"] == of.name]
    return {key: value for key, value in found.items() if key not in ("name", "totp", "one_time", "subject")}


async def version(people: People, name: str) -> str:
    found = await people.get(name)
    assert found is not None
    return found.version


async def linked(app: App, name: str, subject: str) -> None:
    """An administrator has linked somebody to an account, once the provider had vouched for them."""
    with pytest.raises(SignInError):
        await app.desk.signing.sign_in_as(Vouched(subject, "whoever"), NOW)
    await app.desk.people.link(name, subject, "test", NOW)


async def test_the_cookie_is_the_pages_alone(app: App) -> None:
    desk = Desk(app)
    person = await desk.person()
    async with desk.client() as client:
        answer = await client.post("/api/login", json={"name": person.name, "password": person.password})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await client.get("/api/me")).json()["name"] == person.name
        foreign = await client.post("/api/me/ready", json={"ready": False}, headers={"origin": "http://evil.example"})
        assert foreign.status_code == 403
        assert (await client.post("/api/logout")).status_code == 200
        assert (await client.get("/api/me")).status_code == 401
    for name, value in {
        "x-frame-options": "DENY",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }.items():
        assert answer.headers[name] == value


async def test_an_unused_session_ends(app: App) -> None:
    signing = app.desk.signing
    password = await app.desk.people.add("li", "seat", 1, "test")
    token = await signing.sign_in("li", password, "", 0)
    lasts = app.config.desk.session_minutes * 60_000
    assert await signing.who(token, lasts - 1)
    assert await signing.who(token, lasts + 1) is None


async def test_who_is_switched_off_is_out_at_once(app: App) -> None:
    desk = Desk(app)
    li, admin = await desk.person(), await desk.person("administrator")
    assert (await li.ask("GET", "/me")).status_code == 200
    await admin.put(f"/people/{li.name}", await account(admin, li) | {"active": False})
    assert (await li.ask("GET", "/me")).status_code == 401
    async with desk.client() as client:
        answer = await client.post("/api/login", json={"name": li.name, "password": li.password})
    assert answer.status_code == 401
    await admin.put(f"/people/{admin.name}", await account(admin, admin) | {"role": "seat"}, expect=422)


async def test_two_administrators_who_take_it_from_each_other_at_once(
    either_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In two processes, each with a connection of its own; and in one commit."""
    real, both_changed = conversations.audited, threading.Barrier(2)

    def audited(transaction: Transaction, *line: Any) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):  # as it should be: the other has to wait for the commit
            both_changed.wait(0.5)
        real(transaction, *line)

    here = either_app.desk.people
    other = Database(either_app.config.database.url)
    there = People(other, Passwords())
    for name in ("chen", "wang"):
        await here.add(name, "administrator", 1, "test")
    monkeypatch.setattr(conversations, "audited", audited)
    for at, asked in ((here, there), (here, here)):
        said = await asyncio.gather(
            at.change("chen", "wang", 1, version=await version(here, "chen"), role="seat"),
            asked.change("wang", "chen", 1, version=await version(here, "wang"), active=0),
            return_exceptions=True,
        )
        [refused] = [each for each in said if isinstance(each, Exception)]
        assert isinstance(refused, TicketError)
        assert (refused.code, "管理员" in str(refused)) == ("barred", True)
        [left] = [each for each in await here.all() if each.may("people.write")]
        for name in ("chen", "wang"):
            read = await version(here, name)
            await here.change(name, left.name, 1, version=read, role="administrator", active=1)
    other.close()


async def test_an_account_is_changed_as_a_whole(app: App) -> None:
    desk = Desk(app)
    admin = await desk.person("administrator")
    li = await desk.person("supervisor", skills=["complaint"], langs=["zh", "en"], phone="+8655162001234", capacity=7)
    whole = await account(admin, li)
    await admin.put(f"/people/{li.name}", {}, expect=422)
    for left_out in whole:
        rest = {key: value for key, value in whole.items() if key != left_out}
        await admin.put(f"/people/{li.name}", rest, expect=422)
    for coerced in ({"active": "no"}, {"active": 0}, {"capacity": "4"}, {"phone": 110}, {"langs": "zh"}, {"mine": 1}):
        await admin.put(f"/people/{li.name}", whole | coerced, expect=422)
    assert await account(admin, li) == whole
    await admin.put(f"/people/{li.name}", whole | {"capacity": 8})
    assert await account(admin, li) == whole | {"capacity": 8, "version": await version(app.desk.people, li.name)}


async def test_nobody_undoes_what_somebody_else_has_changed(either_app: App) -> None:
    desk = Desk(either_app)
    first, second, li = await desk.person("administrator"), await desk.person("administrator"), await desk.person()
    looked = await account(first, li)
    said = await asyncio.gather(
        first.ask("PUT", f"/people/{li.name}", looked | {"role": "supervisor"}),
        second.ask("PUT", f"/people/{li.name}", looked | {"skills": ["complaint"]}),
    )
    assert sorted(each.status_code for each in said) == [200, 409]
    [refused] = [each.json() for each in said if each.status_code == 409]
    assert (refused["code"], "请刷新" in refused["text"]) == ("outdated", True)
    fresh = await account(second, li)
    await second.put(f"/people/{li.name}", fresh | {"active": False})
    await second.put(f"/people/{li.name}", fresh, expect=409)


async def test_a_change_meanwhile_is_not_undone_by_a_new_password(app: App) -> None:
    people = app.desk.people
    await people.add("chen", "administrator", 1, "test")
    first = await people.add("li", "supervisor", 1, "test")
    checked, go = asyncio.Event(), asyncio.Event()
    real = app.desk.signing._passwords.hash

    async def halt(password: str) -> str:
        checked.set()  # the old one was right, and the new one is made
        await go.wait()
        return await real(password)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.desk.signing._passwords, "hash", halt)
        setting = asyncio.create_task(app.desk.signing.set_password("li", first, PASSWORD, 1))
        await checked.wait()
        await people.change("li", "chen", 1, version=await version(people, "li"), role="seat")
        go.set()
        await setting
    found = await people.get("li")
    assert found is not None
    assert (found.role, found.one_time) == ("seat", False)


async def test_a_one_time_password_is_changed_and_other_sessions_end(app: App) -> None:
    desk = Desk(app)
    li = await desk.newcomer()
    elsewhere = await app.desk.signing.sign_in(li.name, li.password, "", int(time.time() * 1000))
    assert (await li.get("/me"))["must_change"] is True
    await li.post("/me/password", {"old": li.password, "new": "short"}, expect=422)
    await li.post("/me/password", {"old": "wrong", "new": PASSWORD}, expect=401)
    await li.post("/me/password", {"old": li.password, "new": PASSWORD})
    assert (await li.get("/me"))["must_change"] is False, "this session goes on"
    assert (await desk.client(elsewhere).get("/api/me")).status_code == 401
    assert await app.desk.signing.sign_in(li.name, PASSWORD, "", 1)


async def test_a_one_time_password_opens_nothing_before_it_is_changed(app: App) -> None:
    desk = Desk(app)
    li = await desk.newcomer("administrator")
    for method, path in (("GET", "/people"), ("POST", "/me/tokens"), ("POST", "/me/totp"), ("GET", "/tickets")):
        refused = await li.ask(method, path, {"label": "x", "password": li.password})
        assert (refused.status_code, refused.json()["code"]) == (403, "must_change"), path
    assert (await li.ask("POST", "/logout")).status_code == 200
    # Who comes by the identity provider has not come in by that password.
    await linked(app, li.name, "subject")
    vouched = await app.desk.signing.sign_in_as(Vouched("subject", "li"), int(time.time() * 1000))
    assert (await desk.client(vouched).get("/api/people")).status_code == 200
    assert (await desk.client(vouched).get("/api/me")).json()["must_change"] is False


async def test_only_digests_are_kept(app: App) -> None:
    li = await Desk(app).person()
    for file in Path(app.config.database.url.removeprefix("sqlite:///")).parent.glob("*.db*"):
        content = file.read_bytes()
        assert li.token.encode() not in content
        assert li.password.encode() not in content


async def test_tokens_for_other_systems(app: App) -> None:
    desk = Desk(app)
    li, admin, auditor = await desk.person(), await desk.person("administrator"), await desk.person("auditor")
    token = await li.token_for("教务系统")
    async with desk.client(token) as client:
        assert (await client.get("/api/me")).json()["name"] == li.name
        assert (await client.get("/api/tickets")).status_code == 200
        [known] = (await admin.get("/tokens"))["tokens"]
        assert (await li.get("/me/tokens"))["tokens"] == [known]
        assert (await admin.get("/me/tokens"))["tokens"] == [], "one's own"
        assert token not in str(known)
        assert (await admin.ask("DELETE", f"/me/tokens/{known['id']}")).status_code == 404
        assert (await admin.ask("DELETE", f"/tokens/{known['id']}")).status_code == 200
        assert (await admin.ask("DELETE", f"/tokens/{known['id']}")).status_code == 404, "it is gone"
        assert (await client.get("/api/me")).status_code == 401
    lines = [each for each in (await auditor.get("/audit"))["lines"] if each["action"].startswith("token.")]
    assert [(each["actor"], each["action"], each["subject"], each["detail"]) for each in reversed(lines)] == [
        (li.name, "token.add", li.name, "教务系统"), (admin.name, "token.drop", li.name, "教务系统"),
    ]  # fmt: skip


async def test_nobody_makes_a_token_in_another_s_name(app: App) -> None:
    """Nor out of a session alone: it would outlast what is open by a year."""
    desk = Desk(app)
    boss, admin = await desk.person("supervisor"), await desk.person("administrator")
    wanted = {"label": "x", "password": admin.password}
    await admin.post("/tokens", {"seat": boss.name, "label": "x"}, expect=405)
    await admin.post("/me/tokens", wanted | {"seat": boss.name}, expect=422)
    await boss.post("/me/tokens", wanted, expect=401)
    assert (await boss.get("/me/tokens"))["tokens"] == []
    secret, now = pyotp.random_base32(), int(time.time() * 1000)
    codes = [pyotp.TOTP(secret).at(now // 1000 + ahead) for ahead in (0, 30)]
    await boss.put("/me/totp", {"secret": secret, "code": codes[0], "password": boss.password})
    for code in ("", "000000", codes[0]):  # none, a wrong one, one that was used
        await boss.post("/me/tokens", {"label": "x", "password": boss.password, "code": code}, expect=401)
    assert await boss.token_for("报表", codes[1])


async def test_a_program_does_not_what_is_for_people(app: App) -> None:
    desk = Desk(app)
    admin = await desk.person("administrator")
    client = desk.client(await admin.token_for("报表"))
    assert (await client.get("/api/reports")).status_code == 200
    told = (await client.get("/api/me")).json()["may"]
    assert set((await admin.get("/me"))["may"]) >= BY_PEOPLE_ALONE
    assert not BY_PEOPLE_ALONE & set(told)
    for method, path in (
        ("GET", "/people"), ("POST", "/people"), ("POST", f"/people/{admin.name}/reset"), ("GET", "/tokens"),
        ("GET", "/me/tokens"), ("POST", "/me/tokens"), ("DELETE", "/me/tokens/x"), ("POST", "/me/password"), ("POST", "/me/totp"),
        ("POST", "/webhooks"), ("POST", "/residents/0000-00000/erase"),
    ):  # fmt: skip
        refused = await client.request(method, f"/api{path}", json={})
        assert refused.status_code in (403, 404), (path, refused.text)
    assert (await client.get("/api/people")).json()["code"] == "forbidden"


async def test_names_that_are_none(app: App) -> None:
    admin = await Desk(app).person("administrator")
    for name in ("", "a b", "<script>", "x" * 65, "../etc"):
        await admin.post("/people", {"name": name}, expect=422)
    made = await admin.post("/people", {"name": "小李", "role": "editor"})
    assert made["password"]
    await admin.post("/people", {"name": "小李"}, expect=409)
    await admin.post("/people", {"name": "x", "place": "atlantis"}, expect=422)


async def test_a_page_left_alone_is_signed_out_and_a_token_is_not(app: App) -> None:
    people, signing, lasts = app.desk.people, app.desk.signing, app.config.desk.session_minutes * 60_000
    password = await people.add("idle", "seat", NOW, "test")
    page = await signing.sign_in("idle", password, "", NOW)
    token = await signing.add_token("idle", NewToken("board", password), NOW)
    later = NOW + lasts - 1
    assert await signing.who(page, later) is not None
    assert await signing.who(page, later + lasts) is None
    assert await signing.who(token, later + 2 * lasts) is not None
    audit = await app.database.read(lambda t: rows.newest(t, rows.ANY, 1 << 60, 100))
    added = [(each.actor, each.subject, each.detail) for each in audit if each.action == "token.add"]
    assert added == [("idle", "idle", "board")]
