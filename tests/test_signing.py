"""Signing in: guesses, known devices, the second factor, one-time and weak passwords, and what ends whom."""

import asyncio
import threading
import time
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import argon2
import httpx
import pyotp
import pytest

from accounts.limits import CODES_ANYWHERE, GUESSES, GUESSES_ANYWHERE, GUESSES_FROM
from daoxue.app import App
from desk import passwords
from desk.attempts import DEVICE_DAYS, Caller
from desk.errors import STATUS, Refusal, SignInError, TicketError
from desk.people import ONE_TIME
from desk.search import ConversationSearch
from desk.signing import Factor
from store import audit as rows
from store import people
from store.units import DAY
from tests.desk_client import PASSWORD, Desk, Person
from tests.test_people import version

HOME, OFFICE = Caller("192.0.2.7"), Caller("198.51.100.9")
NOW = 1_700_000_000_000


async def refused(trying: Awaitable[object]) -> SignInError | TicketError:
    try:
        await trying
    except (SignInError, TicketError) as error:
        return error
    raise AssertionError("nobody was refused")


async def account(app: App, name: str = "li", role: str = "seat") -> str:
    """Somebody with a password of their own."""
    first = await app.desk.people.add(name, role, NOW, "test")
    await app.desk.signing.set_password(name, first, f"{PASSWORD}-{name}", NOW)
    return f"{PASSWORD}-{name}"


# -- guesses


async def test_names_that_exist_and_those_that_do_not_are_refused_alike(app: App) -> None:
    await account(app)
    said: dict[str, list[tuple[str, str]]] = {}
    for name, caller in (("li", HOME), ("nobody", OFFICE)):
        for _ in range(GUESSES.most + 2):
            error = await refused(app.desk.signing.sign_in(name, "wrong", "", NOW, caller))
            said.setdefault(name, []).append((error.code, str(error)))
    assert said["li"] == said["nobody"]
    assert [code for code, _ in said["li"]] == ["wrong"] * GUESSES.most + ["locked"] * 2


async def test_the_same_work_is_done_for_a_name_that_nobody_has(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    await account(app)
    compared: list[str] = []
    real = passwords._matches

    def matches(hashed: str, password: str) -> bool:
        compared.append(hashed.rpartition("$")[0].rpartition("$")[0])  # all but salt and content
        return real(hashed, password)

    monkeypatch.setattr(passwords, "_matches", matches)
    for name in ("li", "nobody"):
        await refused(app.desk.signing.sign_in(name, "wrong", "", NOW))
    assert len(compared) == 2
    assert len(set(compared)) == 1


async def test_who_guesses_keeps_nobody_else_out(app: App) -> None:
    right = await account(app)
    for _ in range(GUESSES.most + 1):
        error = await refused(app.desk.signing.sign_in("li", "wrong", "", NOW, HOME))
    assert error.code == "locked"
    assert error.seconds > 0
    assert (await refused(app.desk.signing.sign_in("li", right, "", NOW, HOME))).code == "locked"
    assert await app.desk.signing.sign_in("li", right, "", NOW, OFFICE)


async def test_guesses_from_everywhere_are_bounded_and_a_known_device_passes(app: App) -> None:
    right, attempts = await account(app), app.desk.attempts
    known = replace(OFFICE, devices=attempts.remembered("li", "", NOW))
    callers = [Caller(f"203.0.{n}.1") for n in range(GUESSES_ANYWHERE.most + 1)]
    said = [(await refused(app.desk.signing.sign_in("li", "wrong", "", NOW, each))).code for each in callers]
    assert said == ["wrong"] * GUESSES_ANYWHERE.most + ["locked"]
    assert (await refused(app.desk.signing.sign_in("li", right, "", NOW, OFFICE))).code == "locked"
    strangers = (
        attempts.remembered("wang", "", NOW),  # of somebody else
        known.devices[:-1] + ("1" if known.devices[-1] == "0" else "0"),
        attempts.remembered("li", "", NOW - DEVICE_DAYS * DAY),
        "é.é.é", "1", "~~", "9" * 400, "-1.a.b",
    )  # fmt: skip
    for each in strangers:
        forged = app.desk.signing.sign_in("li", right, "", NOW, replace(OFFICE, devices=each))
        assert (await refused(forged)).code == "locked", each
    assert await app.desk.signing.sign_in("li", right, "", NOW, known)
    # And its own guesses are counted.
    said = [(await refused(app.desk.signing.sign_in("li", "wrong", "", NOW, known))).code for _ in range(6)]
    assert said == ["wrong"] * 5 + ["locked"]


async def crowd(app: App, name: str) -> None:
    """Guesses from many networks, as many as may be and more."""
    for n in range(GUESSES_ANYWHERE.most + 1):
        await refused(app.desk.signing.sign_in(name, "wrong", "000000", NOW, Caller(f"203.0.{n}.1")))


async def test_the_second_factor_lets_the_owner_in_on_a_new_device(app: App) -> None:
    right, secret = await account(app), pyotp.random_base32()
    await app.desk.signing.set_factor("li", Factor(secret, pyotp.TOTP(secret).at(NOW // 1000), ""), right, NOW)
    later = NOW + 60_000
    await crowd(app, "li")
    code = pyotp.TOTP(secret).at(later // 1000)
    for password, given in ((right, ""), (right, "000000"), ("wrong", code)):
        said = await refused(app.desk.signing.sign_in("li", password, given, later, HOME))
        assert said.code == "locked", "whatever was right of it"
    assert await app.desk.signing.sign_in("li", right, code, later, OFFICE)
    assert (await refused(app.desk.signing.sign_in("li", right, code, later, OFFICE))).code == "locked", "once"


async def test_codes_are_not_guessed_from_many_networks_either(app: App) -> None:
    right, secret = await account(app), pyotp.random_base32()
    await app.desk.signing.set_factor("li", Factor(secret, pyotp.TOTP(secret).at(NOW // 1000), ""), right, NOW)
    later = NOW + 60_000
    good = {pyotp.TOTP(secret).at(later // 1000 + 30 * n) for n in (-1, 0, 1)}
    for n in range(CODES_ANYWHERE.most + GUESSES_ANYWHERE.most):
        code = next(
            each for each in (f"{n:06}", f"{n + 500:06}", f"{n + 900:06}", f"{n + 1400:06}") if each not in good
        )
        await refused(app.desk.signing.sign_in("li", right, code, later, Caller(f"203.0.{n}.1")))
    code = pyotp.TOTP(secret).at(later // 1000)
    assert (await refused(app.desk.signing.sign_in("li", right, code, later, OFFICE))).code == "locked"
    known = replace(OFFICE, devices=app.desk.attempts.remembered("li", "", NOW))
    assert await app.desk.signing.sign_in("li", right, code, later, known)


async def test_a_one_time_password_lets_the_owner_in_on_a_new_device(app: App) -> None:
    await account(app)
    first, _ = await app.desk.people.reset_password("li", "test", NOW)
    await crowd(app, "li")
    assert (await refused(app.desk.signing.sign_in("li", first + "x", "", NOW, HOME))).code == "locked"
    assert await app.desk.signing.sign_in("li", first, "", NOW, OFFICE)
    late = await refused(app.desk.signing.sign_in("li", first, "", NOW + ONE_TIME + 1, OFFICE))
    assert late.code == "locked", "it has ended, and says no more than any other"


async def test_one_address_does_not_try_every_name(app: App) -> None:
    said = [
        (await refused(app.desk.signing.sign_in(f"name{n}", "wrong", "", NOW, HOME))).code
        for n in range(GUESSES_FROM.most + 1)
    ]
    assert said == ["wrong"] * GUESSES_FROM.most + ["locked"]


async def test_guesses_at_others_behind_the_same_address_keep_nobody_out_who_proves_it(app: App) -> None:
    right, secret = await account(app), pyotp.random_base32()
    known = replace(HOME, devices=app.desk.attempts.remembered("li", "", NOW))
    for n in range(GUESSES_FROM.most + 1):
        await refused(app.desk.signing.sign_in(f"name{n}", "wrong", "", NOW, HOME))
    assert (await refused(app.desk.signing.sign_in("li", right, "", NOW, HOME))).code == "locked", "it may be a guess"
    assert await app.desk.signing.sign_in("li", right, "", NOW, known)
    await app.desk.signing.set_factor("li", Factor(secret, pyotp.TOTP(secret).at(NOW // 1000), ""), right, NOW, known)
    later = NOW + 25_000
    for n in range(3):
        await refused(app.desk.signing.sign_in(f"other{n}", "wrong", "", later, HOME))
    assert await app.desk.signing.sign_in("li", right, pyotp.TOTP(secret).at(later // 1000 + 30), later, HOME)
    first, _ = await app.desk.people.reset_password("li", "test", later)
    await refused(app.desk.signing.sign_in("name", "wrong", "", later, HOME))
    await app.database.write(lambda t: people.change(t, "li", totp=None))
    assert await app.desk.signing.sign_in("li", first, "", later, HOME)


async def test_guesses_at_the_same_moment_are_as_many(app: App) -> None:
    right = await account(app)
    tries = [app.desk.signing.sign_in("li", "wrong", "", NOW, HOME) for _ in range(20)]
    said = await asyncio.gather(*tries, app.desk.signing.sign_in("li", right, "", NOW, HOME), return_exceptions=True)
    codes = [each.code for each in said if isinstance(each, SignInError)]
    assert codes.count("wrong") == GUESSES.most
    assert codes.count("locked") == 16, "the right one too: else the answer would tell"


async def test_a_browser_is_remembered_for_the_accounts_that_signed_in(app: App) -> None:
    desk = Desk(app)
    li, wang = await desk.person(), await desk.person()
    async with desk.client() as client:
        for person in (li, wang):
            answer = await client.post("/api/login", json={"name": person.name, "password": person.password})
            cookie = next(
                each for each in answer.headers.get_list("set-cookie") if each.startswith("daoxue_devices")
            ).lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
        devices = client.cookies["daoxue_devices"]
    for person in (li, wang):
        at = int(time.time() * 1000)
        assert app.desk.attempts.guess(person.name, "x", Caller(devices=devices), at).known, person.name
    assert not app.desk.attempts.guess("somebody", "x", Caller(devices=devices), NOW).known


async def test_who_has_to_wait_is_told_how_long(app: App) -> None:
    async with Desk(app).client() as client:
        for _ in range(GUESSES.most + 1):
            answer = await client.post("/api/login", json={"name": "x", "password": "wrong"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= GUESSES.seconds
    assert answer.json()["code"] == "locked"


@pytest.mark.parametrize("code", [code for code, status in STATUS.items() if status == 429])
@pytest.mark.parametrize("error", [TicketError, SignInError])
async def test_whatever_passes_by_itself_says_when(
    app: App, code: Refusal, error: type[TicketError] | type[SignInError], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise error(code, "请过一会儿再来")

    li = await Desk(app).person()
    monkeypatch.setattr(ConversationSearch, "find", refuse)
    answer = await li.ask("GET", "/search?q=你好")
    assert (answer.status_code, answer.json()["code"]) == (429, code)
    assert int(answer.headers["retry-after"]) > 0


async def test_guesses_at_the_old_password_and_at_codes_are_counted(app: App) -> None:
    desk = Desk(app)
    li, wang = await desk.person(), await desk.person()
    body = {"old": "wrong", "new": f"{PASSWORD}-new"}
    said = [(await li.ask("POST", "/me/password", body)).status_code for _ in range(GUESSES.most + 1)]
    assert said == [401] * GUESSES.most + [429]
    secret = await with_factor(wang)
    factor = {"secret": None, "password": wang.password, "old_code": "000000"}
    said = [(await wang.ask("PUT", "/me/totp", factor)).status_code for _ in range(GUESSES.most + 1)]
    assert said == [401] * GUESSES.most + [429]
    login = {"name": wang.name, "password": wang.password, "code": code_of(secret, 1)}
    assert (await desk.client().post("/api/login", json=login)).status_code == 429, "with the right code, from there"


async def test_asking_for_the_code_forgives_no_wrong_ones(app: App) -> None:
    right, secret = await account(app), pyotp.random_base32()
    await app.desk.signing.set_factor("li", Factor(secret, pyotp.TOTP(secret).at(NOW // 1000), ""), right, NOW)
    said = []
    for _ in range(4):
        said += [
            (await refused(app.desk.signing.sign_in("li", right, code, NOW, HOME))).code for code in ("", "000000", "1")
        ]
    assert said == [
        *["code_needed", "wrong_code", "wrong_code"] * 2,
        "code_needed",
        "wrong_code",
        "locked",
        *["locked"] * 3,
    ]


# -- comparing costs


async def test_so_many_wait_and_no_more_but_a_known_device(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    real = passwords._matches

    def matches(hashed: str, password: str) -> bool:
        go.wait(20)
        return real(hashed, password)

    right = await account(app)
    known = Caller(devices=app.desk.attempts.remembered("li", "", NOW))
    monkeypatch.setattr(passwords, "_matches", matches)
    tries = [
        asyncio.create_task(app.desk.signing.sign_in(f"n{n}", "wrong", "", NOW)) for n in range(passwords.WAITING + 5)
    ]
    owner = asyncio.create_task(app.desk.signing.sign_in("li", right, "", NOW, known))
    await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
    go.set()
    said = await asyncio.gather(*tries, return_exceptions=True)
    assert [each.code for each in said if isinstance(each, SignInError)].count("busy") == 5
    assert await owner


# -- the second factor


def code_of(secret: str, later: int = 0) -> str:
    return pyotp.TOTP(secret).at(time.time(), counter_offset=later)


async def with_factor(person: Person) -> str:
    secret: str = (await person.post("/me/totp"))["secret"]
    await person.put("/me/totp", {"secret": secret, "code": code_of(secret, -1), "password": person.password})
    return secret


async def test_the_second_factor(app: App) -> None:
    desk = Desk(app)
    li = await desk.person()
    offered = await li.post("/me/totp")
    secret = offered["secret"]
    assert offered["svg"].startswith("<svg")
    body: dict[str, Any] = {"secret": secret, "code": code_of(secret), "password": li.password}
    await li.put("/me/totp", body | {"code": "000000"}, expect=401)
    await li.put("/me/totp", body | {"password": "wrong"}, expect=401)
    await li.put("/me/totp", {key: value for key, value in body.items() if key != "password"}, expect=422)
    assert (await li.get("/me"))["totp"] is False
    await li.put("/me/totp", body)
    login = {"name": li.name, "password": li.password}
    async with desk.client() as client:
        asked = await client.post("/api/login", json=login)
        assert (asked.status_code, asked.json()["code"]) == (401, "code_needed")
        assert (await client.post("/api/login", json={**login, "code": "000000"})).status_code == 401
        fresh = code_of(secret, 1)
        tries = [await client.post("/api/login", json={**login, "code": fresh}) for _ in range(2)]
    assert [each.status_code for each in tries] == [200, 401], "each code once"
    assert tries[1].json()["code"] == "wrong_code"


async def test_a_code_is_taken_once_though_two_come_at_the_same_moment(either_app: App) -> None:
    right, secret = await account(either_app), pyotp.random_base32()
    signing, totp = either_app.desk.signing, pyotp.TOTP(secret)
    await signing.set_factor("li", Factor(secret, totp.at(NOW // 1000), ""), right, NOW)
    later = NOW + 60_000
    tries = [signing.sign_in("li", right, totp.at(later // 1000), later) for _ in range(4)]
    said = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, str) for each in said) == 1
    earlier = signing.sign_in("li", right, totp.at(later // 1000 - 30), later)
    assert (await refused(earlier)).code == "wrong_code", "nor an older one after that"


async def test_a_session_alone_replaces_no_second_factor(app: App) -> None:
    li = await Desk(app).person()
    first = await with_factor(li)
    other = (await li.post("/me/totp"))["secret"]
    body = {"secret": other, "code": code_of(other), "password": li.password}
    await li.put("/me/totp", body, expect=401)
    await li.put("/me/totp", body | {"old_code": code_of(other)}, expect=401)
    await li.put("/me/totp", body | {"old_code": code_of(first), "password": "wrong"}, expect=401)
    await li.put("/me/totp", body | {"old_code": code_of(first)})
    off = {"secret": None, "password": li.password, "old_code": code_of(first, 1)}
    await li.put("/me/totp", off, expect=401)
    await li.put("/me/totp", off | {"old_code": code_of(other, 1)})
    assert (await li.get("/me"))["totp"] is False


@pytest.mark.parametrize("secret", ["!!!", "A", "中", "A" * 33, "a" * 32, "A" * 16, "", "A" * 32 + "\n", "0" * 32])
async def test_a_secret_is_one(app: App, secret: str) -> None:
    li = await Desk(app).person()
    await li.put("/me/totp", {"secret": secret, "code": "123456", "password": li.password}, expect=422)


# -- passwords


async def test_a_one_time_password_has_its_time(app: App) -> None:
    signing = app.desk.signing
    first = await app.desk.people.add("li", "seat", NOW, "test")
    assert await signing.sign_in("li", first, "", NOW + ONE_TIME)
    late = NOW + ONE_TIME + 1
    assert (await refused(signing.sign_in("li", first, "", late))).code == "expired"
    assert (await refused(signing.sign_in("li", "wrong", "", late))).code == "wrong", "only who has it is told"
    assert (await refused(signing.set_password("li", first, PASSWORD, late))).code == "expired"
    again, _ = await app.desk.people.reset_password("li", "test", late)
    assert await signing.sign_in("li", again, "", late)


@pytest.mark.parametrize(("weak", "why"), [
    ("1234512345", "重复"), ("abcde12345", "连着数"), ("password12", "常见"), ("qwertyuiop", "常见"), ("13912345678", ""), ("aaaaabbbbb", "重复"),
    ("daoxue2026", "单位名"), ("1qaz2wsx3edc", ""), ("xiaoming2026", "姓名"), ("woaini1314520", "姓名"), ("短", "至少 10 个字符"), ("", "原来的"),
])  # fmt: skip
async def test_weak_passwords(app: App, weak: str, why: str) -> None:
    """And what of it is weak, without any of it."""
    first = await app.desk.people.add("xiaoming", "seat", NOW, "test")
    no = await refused(app.desk.signing.set_password("xiaoming", first, weak or first, NOW))
    assert no.code == "weak"
    assert why in str(no)
    assert len(weak) < 2 or weak not in str(no)


@pytest.mark.parametrize("name", ["云溪区社区教育学院", "青禾街道社区学校", "云溪", "yunxi", "YunXiQu", "qinghe"])
@pytest.mark.parametrize("date", [
    "20260101", "2026-01-01", "2026/1/1", "2026.01.01", "2026年1月1日", "二〇二六年十二月三十一日", "２０２６０１０１", "01012026", "1/1/2026",
    "31.12.2026", "261231", "202612", "1Jan2026", "January 1, 2026", "",
])  # fmt: skip
async def test_names_of_the_centre_and_dates_count_as_nothing(app: App, name: str, date: str) -> None:
    for password in (f"{name}{date}!!", f"{date}{name}@1"):
        assert await app.desk.signing._passwords.weakness(password.ljust(10, "!"), []), password


async def test_a_date_is_no_password_with_a_name_that_nobody_told_us(app: App) -> None:
    first = await app.desk.people.add("li", "seat", NOW, "test")
    assert (await refused(app.desk.signing.set_password("li", first, "松江学院20260101", NOW))).code == "weak"


@pytest.mark.parametrize("strong", ["correct horse battery", "k3v9-tqpz-8w", "x" + "学习 " * 60 + "9k"])
async def test_strong_passwords(app: App, strong: str) -> None:
    first = await app.desk.people.add("li", "seat", NOW, "test")
    await app.desk.signing.set_password("li", first, strong, NOW)
    assert await app.desk.signing.sign_in("li", strong, "", NOW)


async def test_what_is_kept_in_an_older_way_is_renewed(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    right = await account(app)
    before = await app.database.read(lambda t: people.get(t, "li"))
    monkeypatch.setattr(passwords, "_HASHER", argon2.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    for _ in range(2):
        assert await app.desk.signing.sign_in("li", right, "", NOW)
    after = await app.database.read(lambda t: people.get(t, "li"))
    assert before is not None
    assert after is not None
    assert (before.password == after.password, "t=2" in after.password) == (False, True)


# -- what is meant is changed, and nothing else


class Held:
    """The password thread, held after it has compared: what happens meanwhile, happens between check and change."""

    def __init__(self, app: App, patch: pytest.MonkeyPatch) -> None:
        self.compared, self.go = asyncio.Event(), asyncio.Event()
        real = app.desk.signing._passwords.matches

        async def matches(hashed: str | None, password: str, *, known: bool = False) -> bool:
            right = await real(hashed, password, known=known)
            self.compared.set()
            await self.go.wait()
            return right

        patch.setattr(app.desk.signing._passwords, "matches", matches)


async def test_who_signs_in_while_the_account_is_closed_is_not_in(
    either_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, accounts = await account(either_app), either_app.desk.people
    await account(either_app, "chen", "administrator")
    for closing in ("reset", "off"):
        held = Held(either_app, monkeypatch)
        trying = asyncio.create_task(either_app.desk.signing.sign_in("li", right, "", NOW))
        await held.compared.wait()
        if closing == "reset":
            right, _ = await accounts.reset_password("li", "chen", NOW)
        else:
            await accounts.change("li", "chen", NOW, version=await version(accounts, "li"), active=0)
        held.go.set()
        assert (await refused(trying)).code == "outdated"
        monkeypatch.undo()
        assert await either_app.database.read(lambda t: people.sessions(t, "page")) == []


async def test_a_new_password_does_not_undo_a_reset(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    right = await account(app)
    held = Held(app, monkeypatch)
    setting = asyncio.create_task(app.desk.signing.set_password("li", right, f"{PASSWORD}-thief", NOW))
    await held.compared.wait()
    first, _ = await app.desk.people.reset_password("li", "chen", NOW)
    held.go.set()
    assert (await refused(setting)).code == "outdated"
    assert await app.desk.signing.sign_in("li", first, "", NOW)


async def test_what_was_changed_is_written_down_and_nothing_else_is_touched(app: App) -> None:
    await account(app, "chen", "administrator")
    await account(app)
    accounts = app.desk.people
    looked = await version(accounts, "li")
    before = await app.database.read(lambda t: people.get(t, "li"))
    assert before is not None
    assert await accounts.change("li", "chen", NOW, version=looked, shown="小李", role="seat", capacity=4) is None
    audit = await app.database.read(lambda t: rows.newest(t, rows.ANY, 1 << 60, 100))
    assert [each.detail for each in audit if each.action == "people.change"] == ["shown"]
    assert await app.database.read(lambda t: people.get(t, "li")) == replace(before, shown="小李")


# -- what ends whom


async def test_a_changed_password_ends_tokens_and_says_which(app: App) -> None:
    desk = Desk(app)
    li = await desk.person()
    elsewhere = await app.desk.signing.sign_in(li.name, li.password, "", int(time.time() * 1000))
    token = await li.token_for("教务系统")
    said = await li.post("/me/password", {"old": li.password, "new": f"{PASSWORD}-new"})
    assert said == {"pages": 1, "tokens": ["教务系统"]}
    assert (await li.ask("GET", "/me")).status_code == 200
    for ended in (elsewhere, token):
        assert (await desk.client(ended).get("/api/me")).status_code == 401


@pytest.mark.parametrize("change", [{"role": "editor"}, {"role": "supervisor"}, {"active": False}])
async def test_another_role_ends_what_was_open(app: App, change: dict[str, Any]) -> None:
    desk = Desk(app)
    li, admin = await desk.person(), await desk.person("administrator")
    token = await li.token_for("看板")
    [whole] = [each for each in (await admin.get("/people"))["people"] if each["name"] == li.name]
    whole = {key: value for key, value in whole.items() if key not in ("name", "totp", "one_time", "subject")}
    assert await admin.put(f"/people/{li.name}", whole | {"shown": "小李"}) == {"pages": 0, "tokens": []}
    assert (await li.ask("GET", "/me")).status_code == 200
    whole["version"] = await version(app.desk.people, li.name)
    assert await admin.put(f"/people/{li.name}", whole | {"shown": "小李"} | change) == {"pages": 1, "tokens": ["看板"]}
    for ended in (li.token, token):
        assert (await desk.client(ended).get("/api/me")).status_code == 401


async def test_a_reset_says_what_it_ended(app: App) -> None:
    desk = Desk(app)
    li, admin = await desk.person(), await desk.person("administrator")
    said = await admin.post(f"/people/{li.name}/reset")
    assert (said["ended"], said["days"]) == ({"pages": 1, "tokens": []}, 7)
    answer: httpx.Response = await desk.client().post(
        "/api/login", json={"name": li.name, "password": said["password"]}
    )
    assert answer.status_code == 200
