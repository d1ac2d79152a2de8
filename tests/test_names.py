"""What accounts of the desk may be called, however they are made: nobody passes for the service, or for a colleague."""

from dataclasses import replace

import pytest

from daoxue.app import App
from desk.errors import TicketError
from desk.names import unfit
from desk.people import Profile
from desk.roster import named
from desk.staff import StaffAccount, put
from store import people
from tests.desk_client import Desk

THERE = {"admin": "admin", "li": "李敏", "wang.ping": "王老师（北区）", "Zhou": "周"}
NO_NAME = (
    "", " ", "system", "bot", "b0t", "resident", "系统", "机器人", "機器人", "坐席", "Admin", "ADMIN", "adm1n", "adrnin", "a.d.m.i.n", "ａｄｍｉｎ",
    "аdmin", "admin\u200b", "\u200badmin", "ad\u00admin", "li\u2060", "zhou", "zh0u", "wangping", "李敏", "a b", "<b>", "../etc", "é", "-li", ".li",
    "x" * 65, "①", "ﬁ", "١", "张三13800138000", "li620801047296",
)  # fmt: skip
NO_SHOWN = (
    "system", "System", "Bot", "系统", "机器人", "居民", "导学", "导 学", "Admin", "ａｄｍｉｎ", "аdmin", "李敏", "李 敏", "李\u200b敏", "王老師(北区)",
    "@SUM(1)", "-1", "\u202e老王", "周", "zhou", "·", "   ", "👮", "ЛИ", "Ⓛⓘ", "张三 138 0013 8000",
    "系统管理员", "人工客服", "在线 客服", "客服", "平台通知", "Customer Service", "System-Admin", "0fficial Support", "卡号620801047296",
)  # fmt: skip


@pytest.mark.parametrize("name", NO_NAME)
def test_what_no_account_is_called(name: str) -> None:
    assert (wrong := unfit(name, "", THERE)) is not None
    assert wrong.field == "name"
    assert wrong.said.zh != wrong.said.en


@pytest.mark.parametrize("shown", NO_SHOWN)
def test_what_no_account_is_shown_as(shown: str) -> None:
    assert (wrong := unfit("zhang", shown, THERE)) is not None
    assert wrong.field == "shown"
    assert unfit("li", shown, THERE) or shown.replace(" ", "") == "李敏", "nor becomes"


@pytest.mark.parametrize("name", ["zhang", "wang.li", "wang_li@chaohu", "小李", "s-12", "7", "administrator", "zhao2"])
def test_what_an_account_may_be_called(name: str) -> None:
    assert unfit(name, "", THERE) is None


@pytest.mark.parametrize(
    "shown", ["张老师", "张 三（中山路）", "Zhang San", "阿依古丽·买买提", "O’Brien", "José", "12号坐席", "zhang", ""]
)
def test_what_an_account_may_be_shown_as(shown: str) -> None:
    assert unfit("zhang", shown, THERE) is None


def test_who_is_called_something_already_stays_so() -> None:
    """Whoever was there before the rule signs in and is changed as ever."""
    there = {"Zhou": "Ｚhou", "ＬＩ": "系统", "system": "system"}
    for name, shown in there.items():
        assert unfit(name, shown, there) is None
        assert unfit(name, "", there) is None


@pytest.mark.parametrize(("said", "who"), [
    ("我要投诉王丽娟老师", ()), ("王丽娟骂人", ()), ("我要投诉王丽峥老师", ()), ("食堂李老师骂人", ()), ("书法班的李老师迟到", ()), ("我要投诉王丽", ("w",)),
    ("王丽老师骂人", ("w",)), ("王丽的主任也不管", ("w",)), ("王丽态度差，食堂李老师也是", ("w",)), ("我要投诉李老师", ("l",)),
    ("刚才李老师骂人", ("l",)), ("食堂李老师没事，是你们李老师骂人", ("l",)), ("王丽和李老师都骂人", ("w", "l")),
])  # fmt: skip
def test_who_is_called_by_name(said: str, who: tuple[str, ...]) -> None:
    assert named(said, {"w": "王丽", "l": "李老师"}) == who


def test_a_seat_and_a_teacher_of_one_surname_are_two() -> None:
    there = {"sun": "孙小梅", "w": "王丽"}
    assert named("我要投诉小孙，书法班的孙老师好", there, surely=True) == ("sun",)
    assert named("书法班的孙老师好，我要投诉小孙", there, surely=True) == ("sun",)
    assert named("书法班的孙老师不理人，我要投诉孙老师", there, surely=True) == ()


def test_two_that_are_spelled_alike_are_both_meant() -> None:
    there = {"a": "孙小梅", "b": "孙晓美", "c": "李敏"}
    assert named("sun xiao mei was rude", there) == ("a", "b")
    assert named("min li was rude", there) == ("c",)


@pytest.mark.parametrize(("said", "who"), [
    ("li hang up on me", ("li",)), ("xu li na was rude", ()), ("li na骂我", ()), ("the clerk was li, she ban me", ("li",)), ("xu li na was rude, li too", ("li",)),
])  # fmt: skip
def test_a_word_of_english_beside_an_account_is_no_name(said: str, who: tuple[str, ...]) -> None:
    assert named(said, {"li": "李敏"}) == who


def test_a_surname_is_a_teacher_s_where_they_are_called_so() -> None:
    there, teachers = {"sun": "孙小梅"}, {"孙明"}
    assert named("我要投诉孙老师", there, teachers, surely=True) == ()
    for said in ("我要投诉孙小姐", "投诉孙老师，你们的坐席", "我要投诉小孙"):
        assert named(said, there, teachers, surely=True) == ("sun",)


@pytest.mark.parametrize("way", ["desk", "command", "workbook"])
@pytest.mark.parametrize(
    ("name", "shown"), [("Li", ""), ("system", ""), ("1i", ""), ("zhang", "系统"), ("zhang", "L1")]
)
async def test_no_account_is_born_so(app: App, way: str, name: str, shown: str) -> None:
    desk = Desk(app)
    admin = await desk.person("administrator")
    await app.desk.people.add("li", "seat", 1, "test")
    if way == "desk":
        answer = await admin.ask("POST", "/people", {"name": name, "shown": shown})
        assert answer.status_code in (409, 422)
    elif way == "command":
        with pytest.raises(TicketError):
            await app.desk.people.add(name, "seat", 1, "cli", Profile(shown))
    else:
        account = StaffAccount(name=name, shown=shown)
        with pytest.raises(TicketError):
            await app.database.write(lambda t: put(t, [(account, "x")], "cli", 1))
    assert name not in {each.name for each in await app.desk.people.all()}


async def test_nobody_becomes_what_a_colleague_is_shown_as(app: App) -> None:
    desk = Desk(app)
    admin, li, wang = await desk.person("administrator"), await desk.person(shown="李敏"), await desk.person()
    listed = {each["name"]: each for each in (await admin.get("/people"))["people"]}
    known = listed[wang.name]
    sent = {key: known[key] for key in ("role", "skills", "langs", "capacity", "place", "phone", "active", "version")}
    await admin.put(f"/people/{wang.name}", sent | {"shown": "李 敏"}, expect=409)
    await admin.put(f"/people/{wang.name}", sent | {"shown": "李敏（南区）"})
    assert li.name != wang.name


async def test_an_account_from_before_the_rule_signs_in_and_is_changed(app: App) -> None:
    desk = Desk(app)
    admin, old = await desk.person("administrator"), await desk.person(name="old")

    def renamed(name: str) -> None:
        row = app.database.now(lambda t: people.get(t, "old"))
        assert row
        app.database.now(lambda t: people.add(t, replace(row, name=name, shown="系统")))

    renamed("Ｏld")
    async with desk.client() as client:
        answer = await client.post("/api/login", json={"name": "Ｏld", "password": old.password})
        assert answer.status_code == 200
    [known] = [each for each in (await admin.get("/people"))["people"] if each["name"] == "Ｏld"]
    sent = {key: known[key] for key in ("shown", "role", "skills", "langs", "place", "phone", "active", "version")}
    await admin.put("/people/Ｏld", sent | {"capacity": 9})
