"""When a class is held: never on a closed day, as often as it has sessions, in order; and what residents are told of it."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from accounts.enrolment import EnrolmentStatus
from daoxue.app import App
from daoxue.check import outside
from daoxue.config import Config
from daoxue.files import FilesRead, take_in
from knowledge.catalogue import Catalogue, Course, Opening, Organisation, SpecialDay, TrainingClass
from knowledge.files import read_sample
from knowledge.hours import day_of
from knowledge.sessions import Calendar, schedule
from nlu.calendar import day_off
from tests.talk import Resident, its_day

FIRST = date(2026, 12, 1)
WEEK = (Opening((1, 2, 3, 4, 5, 6, 7), "08:30", "20:30"),)
CLOCKS = st.sampled_from(("09:00", "10:30", "14:00", "16:00", "18:30", "20:00"))


def place(*special: SpecialDay, hours: tuple[Opening, ...] = WEEK) -> Organisation:
    return Organisation(
        id="college", name="学院", level="college", address="书院路18号", phone="0551-6200 1234", hours=hours, special_days=special,
        facilities="", accessible="", north=0, east=0, checked_on=FIRST,
    )  # fmt: skip


def group(
    first: date, sessions: int, days: tuple[int, ...], starts: str = "14:00", ends: str = "16:00"
) -> TrainingClass:
    return TrainingClass(
        id="painting-1", name="国画班", course="painting", organisation="college", first_day=first, sessions=sessions, days=days,
        starts=starts, ends=ends, room="书画室", teacher="李兰", capacity=20, audience="所有成人", eligibility="不限", materials="无",
        enrol_from=first, enrol_until=first,
    )  # fmt: skip


def closed(day: date) -> SpecialDay:
    return SpecialDay(day=day, reason="闭馆")


@st.composite
def specials(draw: st.DrawFn) -> SpecialDay:
    day = FIRST + timedelta(days=draw(st.integers(0, 400)))
    spans = sorted((draw(CLOCKS), draw(CLOCKS)))
    opens, closes = spans if draw(st.booleans()) and spans[0] < spans[1] else (None, None)
    return SpecialDay(day=day, reason="调整", opens=opens, closes=closes)


@given(
    st.integers(0, 300), st.integers(1, 60), st.sets(st.integers(1, 7), min_size=1), CLOCKS,
    st.lists(specials(), max_size=80, unique_by=lambda each: each.day),
)  # fmt: skip
def test_held_on_its_days_alone(
    later: int, sessions: int, days: set[int], starts: str, special: list[SpecialDay]
) -> None:
    """As many sessions as it has, in order, on its weekdays, on no day on which the house is closed; nothing else is left out."""
    ends = f"{int(starts[:2]) + 1}{starts[2:]}"
    meant = group(FIRST + timedelta(days=later), sessions, tuple(sorted(days)), starts, ends)
    house = place(*special)
    found = schedule(meant, house)
    assert len(found.days) == sessions
    assert list(found.days) == sorted(set(found.days))
    assert min(found.days) >= meant.first_day
    assert all(day.isoweekday() in days and day_of(house, day).spans for day in found.days)
    differs = {each.day for each in special}
    assert all(day in differs or day_off(day) for day in found.off)
    assert all(day in differs or not day_off(day) for day in found.days)
    between = (meant.first_day + timedelta(days=n) for n in range((found.days[-1] - meant.first_day).days + 1))
    assert {day for day in between if day.isoweekday() in days} == {*found.days, *found.off}


def test_what_is_closed_is_made_up_for() -> None:
    meant = group(date(2026, 12, 25), 3, (5,))
    [*_, last] = schedule(meant, None).days
    assert (schedule(meant, None).off, last) == ((date(2027, 1, 1),), date(2027, 1, 15)), "a day off by law"
    [*_, last] = schedule(meant, place(closed(date(2027, 1, 8)))).days
    assert last == date(2027, 1, 22)


def test_a_day_with_other_hours() -> None:
    """A morning takes the afternoon's session away and not that of an evening, which no hours hold; what a place opens on a day
    off is held."""
    friday = date(2026, 12, 4)
    morning = place(SpecialDay(day=friday, reason="下午盘点", opens="08:30", closes="12:00"))
    assert schedule(group(friday, 1, (5,)), morning).off == (friday,)
    assert schedule(group(friday, 1, (5,), "21:00", "22:00"), morning).days == (friday,)
    new_year = date(2027, 1, 1)
    opened = place(SpecialDay(day=new_year, reason="元旦照常", opens="08:30", closes="20:30"))
    assert schedule(group(new_year, 1, (5,)), opened).days == (new_year,)


def test_what_is_left_of_it() -> None:
    meant = group(date(2026, 12, 4), 3, (5,))
    calendar = Calendar(Catalogue.of([place(), meant]))
    assert len(calendar.following(meant.id, datetime(2026, 12, 4, 15))) == 3, "it goes on"
    assert calendar.following(meant.id, datetime(2026, 12, 4, 16))[0] == date(2026, 12, 11)
    assert calendar.following(meant.id, datetime(2026, 12, 18, 16)) == ()


def test_closing_a_day_changes_what_those_in_it_are_told() -> None:
    meant = group(date(2026, 12, 4), 3, (5,))
    before = Calendar(Catalogue.of([place(), meant])).times(meant.id)
    elsewhere = Calendar(Catalogue.of([place(closed(date(2026, 12, 10))), meant])).times(meant.id)
    after = Calendar(Catalogue.of([place(closed(date(2026, 12, 11))), meant])).times(meant.id)
    assert before == elsewhere != after
    assert before == "2026-12-04 3 (5,) 14:00 16:00 college 书画室", "as it was told before there were calendars"


def test_an_old_day_that_a_file_lacks_stays_while_a_class_goes_on(config: Config) -> None:
    """Not one from before it, nor one that is to come."""
    today = date.today()
    meant = replace(group(today - timedelta(days=20), 8, (1, 2, 3, 4, 5, 6, 7)), sessions=60)
    before, within, later = (closed(today + timedelta(days=number)) for number in (-21, -5, 5))
    taken = FilesRead([], [], 0, [])
    house = replace(place(), facilities="无", accessible="无")
    [painting] = [each for each in read_sample(today).records if isinstance(each, Course) and each.id == meant.course]
    for special in ((before, within, later), ()):
        taken.records = [replace(house, special_days=special), painting, meant]
        [written, *_] = take_in(config, taken, "李老师", "published").content.records
    assert written == replace(house, special_days=(within,))


def test_daytime_classes_lie_where_their_place_is_open() -> None:
    """The sample's do; of others it is told. An evening is nobody's mistake."""
    assert outside(Catalogue.of(read_sample(FIRST).records), FIRST) == []
    house = place(hours=(Opening((1, 2, 3), "09:00", "17:00"),))
    [said] = outside(Catalogue.of([house, group(FIRST, 3, (3, 4))]), FIRST)
    assert said.startswith(
        "国画班（painting-1）：周三、周四 14:00—16:00 不在学院的开放时间内（周一到周三 09:00—17:00）"
    )
    assert outside(Catalogue.of([house, group(FIRST, 3, (5,), "18:30", "20:00")]), FIRST) == []
    assert outside(Catalogue.of([house, group(FIRST, 3, (5,))]), FIRST + timedelta(days=90)) == [], "it is over"


async def test_what_is_asked_in_the_middle_of_a_class_and_after_it(app: App) -> None:
    """By who has long been in it: nobody enrols any more."""
    days, resident = app.library.calendar.days("erhu-1"), Resident(app)
    assert len(days) == 12
    resident.wait(((days[3] - its_day()).days + 1) * 24 * 60)
    assert "二胡晚间班（北门街道）还剩 8 次课（一共 12 次）" in await resident.say("二胡班还有几次课")
    following = f"下一次课是{days[4].month}月{days[4].day}日（周三），18:30—20:00"
    assert following in await resident.say("下一节课啥时候")
    later = days[11] + timedelta(days=60)
    said = await resident.say(f"二胡班{later.year}年{later.month}月{later.day}号上课吗")
    assert f"{days[11].month}月{days[11].day}日（周三）就上完了" in said
    asked = await resident.say("四次课都是哪几天")
    assert asked.startswith("二胡晚间班（北门街道）一共 12 次课，18:30—20:00：")
    assert asked.count("日") == 12
    resident.wait((days[11] - days[3]).days * 24 * 60)
    assert "目前没有正在报名的班" in await resident.say("二胡班还剩几节课")


async def test_which_class_is_asked_as_elsewhere(app: App) -> None:
    """By numbers, with the course in mind; a theme or a teacher says which as well as a course does."""
    resident = Resident(app)
    asked = await resident.say("智能手机班元旦上课吗")
    assert "您问的是哪一个" in asked
    assert "\n2. 老年智能手机应用班（青禾街道）：" in asked
    told = await Resident(app).receipt("智能手机班元旦上课吗")
    assert told.state.focus.get("course") == "smartphone"
    assert (await resident.say("2")).startswith("老年智能手机应用班（青禾街道）")
    for answer, said in (("人文艺术", "有 8 个班，您问的是哪一个？\n1. "), ("李兰老师", "国画班（学院）")):
        resident = Resident(app)
        assert "您问的是哪门课" in await resident.say("国庆那天上课吗")
        assert (await resident.say(answer)).startswith(said)


async def test_a_class_that_is_dropped_while_a_turn_is_thought_is_thought_about_anew(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a turn is of one moment; what was changed by its end is found then."""
    known, resident = app.accounts.enrolments.of, Resident(app)
    await resident.prove()
    await resident.say("二胡晚间班怎么报名")
    dropped = False

    async def dropping(learner: int) -> list[EnrolmentStatus]:
        nonlocal dropped
        if not dropped:
            dropped = True
            await app.desk.cataloguing.drop("class", "erhu-1", "zhou", 0)
        return await known(learner)

    monkeypatch.setattr(app.accounts.enrolments, "of", dropping)
    said = await resident.say("给我报名")
    assert dropped
    assert said.startswith("这个班已经不在了")


def test_reckoned_once_for_a_catalogue() -> None:
    meant = group(FIRST, 60, (1, 3, 5))
    calendar = Calendar(Catalogue.of([place(), meant]))
    assert calendar.of(meant.id) is calendar.of(meant.id)
