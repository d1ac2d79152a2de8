"""Expressions of time: which days and what part of the day they mean, what is left out, and what is no time at all."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import calendar, times
from nlu.text import clean, fold
from nlu.times import When

TODAY = date(2027, 3, 10)  # a Wednesday


def found(said: str, today: date = TODAY) -> When:
    result = times.find(fold(clean(said)), today)
    assert result is not None, said
    return result.when


def test_on_a_sunday_a_day_of_this_week_is_to_come() -> None:
    sunday = date(2027, 3, 14)
    assert found("这周六", sunday).first == date(2027, 3, 20)
    assert found("这周末", sunday).first <= sunday
    assert found("上周六", sunday).first == date(2027, 3, 6)
    assert found("下周六", sunday).first == date(2027, 3, 20)


# Each row: what is said, the first day, the last day where it is another, and the part of the day.
DAYS: dict[str, list[tuple[str, ...]]] = {
    "relative": [
        ("明天", "2027-03-11"), ("后天晚上", "2027-03-12", "", "17:30-22:00"), ("大后天", "2027-03-13"), ("大前天", "2027-03-07"),
        ("昨日", "2027-03-09"),
        ("今晚", "2027-03-10", "", "17:30-22:00"), ("昨夜", "2027-03-09", "", "17:30-22:00"), ("明儿早上", "2027-03-11", "", "06:00-12:00"),
        ("明后两天", "2027-03-11", "2027-03-12"), ("今明后三天", "2027-03-10", "2027-03-12"), ("这两天", "2027-03-10", "2027-03-11"),
        ("最近几天", "2027-03-10", "2027-03-17"), ("过几天", "2027-03-12", "2027-03-17"), ("前两天", "2027-03-08", "2027-03-09"),
    ],
    "so long from now": [
        ("五天后", "2027-03-15"), ("两个礼拜以后", "2027-03-24"), ("再过四天", "2027-03-14"), ("三个月后", "2027-06-10"), ("半月后", "2027-03-25"),
        ("一个半月后", "2027-04-25"), ("半年前", "2026-09-10"), ("四天前", "2027-03-06"), ("十天内", "2027-03-10", "2027-03-20"),
        ("接下来两周", "2027-03-10", "2027-03-24"), ("未来五天", "2027-03-10", "2027-03-15"), ("两三天后", "2027-03-12", "2027-03-13"),
    ],
    "weekdays": [
        ("周五", "2027-03-12"), ("这周一", "2027-03-08"), ("下周一", "2027-03-15"), ("下下周日", "2027-03-28"),
        ("上个星期四", "2027-03-04"), ("下礼拜天", "2027-03-21"),
        ("下周的周五", "2027-03-19"), ("周末", "2027-03-13", "2027-03-14"), ("上周末", "2027-03-06", "2027-03-07"),
        ("本周", "2027-03-08", "2027-03-14"),
        ("下周三到周六", "2027-03-17", "2027-03-20"), ("这周五到下周一", "2027-03-12", "2027-03-15"), ("周一和周四", "2027-03-15", "2027-03-18"),
        ("周二四六", "2027-03-16", "2027-03-20"), ("周六日", "2027-03-13", "2027-03-14"), ("双休日", "2027-03-13", "2027-03-14"),
        ("周五周六两天", "2027-03-12", "2027-03-13"), ("四月头一个星期天", "2027-04-04"),
        ("四月第一个周六", "2027-04-03"), ("下个月最后一个星期五", "2027-04-30"), ("四月的周末", "2027-04-03", "2027-04-25"),
    ],
    "dates": [
        ("18号", "2027-03-18"), ("8号", "2027-04-08"), ("四月六日", "2027-04-06"), ("4月6", "2027-04-06"), ("04-06", "2027-04-06"),
        ("4/16", "2027-04-16"),
        ("4.6号", "2027-04-06"), ("2027-04-06", "2027-04-06"), ("2027.4.6", "2027-04-06"), ("2027年4月6号", "2027-04-06"),
        ("二零二八年五月", "2028-05-01", "2028-05-31"),
        ("28年五月", "2028-05-01", "2028-05-31"), ("去年十月", "2026-10-01", "2026-10-31"), ("明年2月3号", "2028-02-03"),
        ("上个月20号", "2027-02-20"), ("下月3号", "2027-04-03"), ("3月20号到28号", "2027-03-20", "2027-03-28"),
        ("3月29号到2号", "2027-03-29", "2027-04-02"),
        ("20到25号", "2027-03-20", "2027-03-25"), ("4月1日至4月5日", "2027-04-01", "2027-04-05"), ("4月1号、2号", "2027-04-01", "2027-04-02"),
        ("12/5-12/8", "2027-12-05", "2027-12-08"), ("2027年12月30日至2028年1月2日", "2027-12-30", "2028-01-02"),
        ("元月三号", "2027-01-03"), ("七八月", "2027-07-01", "2027-08-31"), ("4月6号（周二）", "2027-04-06"), ("周五3月12号", "2027-03-12"),
    ],
    "portions": [
        ("月尾", "2027-03-24", "2027-03-31"), ("月底", "2027-03-24", "2027-03-31"), ("月初", "2027-03-01", "2027-03-10"), ("下月中旬", "2027-04-11", "2027-04-20"),
        ("5月上旬", "2027-05-01", "2027-05-10"),
        ("五月初", "2027-05-01", "2027-05-10"), ("本月下旬", "2027-03-21", "2027-03-31"), ("二月底", "2027-02-24", "2027-02-28"),
        ("年底", "2027-12-01", "2027-12-31"), ("明年初", "2028-01-01", "2028-01-31"), ("二季度", "2027-04-01", "2027-06-30"),
        ("下个季度", "2027-04-01", "2027-06-30"),
        ("上半年", "2027-01-01", "2027-06-30"), ("明年下半年", "2028-07-01", "2028-12-31"), ("明年", "2028-01-01", "2028-12-31"),
        ("后年", "2029-01-01", "2029-12-31"),
        ("暑假", "2027-07-01", "2027-08-31"), ("明年寒假", "2028-01-15", "2028-02-29"), ("春天", "2027-02-04", "2027-05-05"),
        ("今年秋天", "2027-08-08", "2027-11-06"),
        ("明年冬天", "2028-11-07", "2029-02-02"), ("夏季", "2027-05-06", "2027-08-07"),
    ],
    "before and after": [
        ("下周五之前", "2027-03-10", "2027-03-19"), ("3月25号前", "2027-03-10", "2027-03-25"), ("五月底以前", "2027-03-10", "2027-05-31"),
        ("四月以前", "2027-03-10", "2027-03-31"),
        ("清明前", "2027-03-10", "2027-04-04"), ("端午前三天", "2027-06-06", "2027-06-08"), ("清明后一周", "2027-04-06", "2027-04-12"),
        ("端午前后", "2027-06-06", "2027-06-12"),
        ("下周五以后", "2027-03-19", "2028-03-18"), ("国庆第二天", "2027-10-02"), ("过了清明", "2027-04-06", "2028-04-05"),
        ("从4月1号起", "2027-04-01", "2028-03-31"), ("年前", "2027-03-10", "2028-01-25"),
        ("年内", "2027-03-10", "2027-12-31"),
    ],
    "the lunar calendar": [
        ("农历三月初三", "2027-04-09"), ("阴历五月初五", "2027-06-09"), ("八月初一", "2027-09-01"), ("腊月二十九", "2028-01-25"),
        ("正月初二", "2028-01-27"),
        ("大年初五", "2028-01-30"), ("年三十", "2028-01-25"), ("除夕夜", "2028-01-25"), ("正月初二到初六", "2028-01-27", "2028-01-31"),
        ("农历四月", "2027-05-06", "2027-06-04"),
        ("闰五月初一", "2028-06-23"),
    ],
    "festivals": [
        ("清明", "2027-04-05"), ("五四青年节", "2027-05-04"), ("母亲节", "2027-05-09"), ("六一", "2027-06-01"), ("端午节", "2027-06-09"),
        ("父亲节", "2027-06-20"),
        ("七夕", "2027-08-08"), ("中秋", "2027-09-15"), ("国庆节", "2027-10-01"), ("重阳", "2027-10-08"), ("立冬", "2027-11-07"),
        ("平安夜", "2027-12-24"),
        ("小年", "2028-01-19"), ("去年中秋", "2026-09-25"), ("后年春节", "2029-02-13"), ("十一假期", "2027-10-01", "2027-10-03"),
    ],
    "English": [
        ("next Friday morning", "2027-03-19", "", "06:00-12:00"), ("on Apr 6", "2027-04-06"), ("April 6th 2028", "2028-04-06"),
        ("this weekend", "2027-03-13", "2027-03-14"),
        ("tomorrow at 5 pm", "2027-03-11", "", "17:00-18:00"), ("the day after tomorrow", "2027-03-12"), ("in ten days", "2027-03-20"),
        ("within 3 weeks", "2027-03-10", "2027-03-31"),
        ("next month", "2027-04-01", "2027-04-30"), ("Apr 6-9", "2027-04-06", "2027-04-09"), ("from Friday to Sunday", "2027-03-12", "2027-03-14"),
        ("end of the month", "2027-03-24", "2027-03-31"), ("by Saturday", "2027-03-10", "2027-03-13"),
        ("National Day holiday", "2027-10-01", "2027-10-03"),
        ("the first Saturday of May", "2027-05-01"), ("Tuesday next week", "2027-03-16"),
        ("before Christmas", "2027-03-10", "2027-12-24"), ("early next month", "2027-04-01", "2027-04-10"),
        ("this afternoon", "2027-03-10", "", "12:00-18:00"), ("late May", "2027-05-21", "2027-05-31"),
        ("tonight", "2027-03-10", "", "17:30-22:00"), ("two weeks ago", "2027-02-24"),
    ],
    "other scripts": [
        ("听日下昼", "2027-03-11", "", "12:00-18:00"),
        ("下個禮拜五", "2027-03-19"), ("國慶節", "2027-10-01"), ("４月６号", "2027-04-06"),
        ("後天下午兩點", "2027-03-12", "", "14:00-15:00"), ("週末", "2027-03-13", "2027-03-14"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "expected"), [pytest.param(row[0], row[1:], id=row[0]) for rows in DAYS.values() for row in rows]
)
def test_days(said: str, expected: tuple[str, ...]) -> None:
    first, last, part = (*expected, "", "")[:3]
    when = found(f"{said}有什么课")
    assert (str(when.first), str(when.last)) == (first, last or first)
    assert "-".join(when.part or ()) == part
    assert When.of(str(when)) == when


@pytest.mark.parametrize(("said", "part"), [
    ("十八点", "18:00-19:00"), ("18:20", "18:20-19:20"), ("晚上八点半", "20:30-21:30"), ("六点一刻", "18:15-19:15"), ("八点三刻", "08:45-09:45"),
    ("下午4点20", "16:20-17:20"), ("差十分九点", "08:50-09:50"), ("九点差一刻", "08:45-09:45"), ("中午12点半", "12:30-13:30"),
    ("零点", "00:00-01:00"), ("凌晨四点", "04:00-05:00"), ("早7点", "07:00-08:00"), ("上午8时15分", "08:15-09:15"), ("八九点钟", "08:00-10:00"),
    ("上午九点到十点半", "09:00-10:30"), ("早上10点到下午4点", "10:00-16:00"), ("晚上7点半到9点", "19:30-21:00"), ("2点到4点", "14:00-16:00"),
    ("九点到五点", "09:00-17:00"), ("9:30-11:00", "09:30-11:00"), ("晚上7到9点", "19:00-21:00"), ("晚上十点到早上六点", "22:00-06:00"),
    ("四点以后", "16:00-24:00"), ("晚上九点之前", "00:00-21:00"), ("午饭后", "12:00-18:00"), ("下了班", "17:30-22:00"), ("中午以前", "00:00-12:00"),
    ("上午或者下午", "06:00-18:00"), ("at half past seven", "07:30-08:30"), ("7 in the evening", "19:00-20:00"), ("from 2:15 to 4 pm", "14:15-16:00"),
    ("between 2 and 4 pm", "14:00-16:00"), ("after 5pm", "17:00-24:00"), ("before noon", "00:00-12:00"),
    ("下午一点", "13:00-14:00"), ("一点半", "13:30-14:30"), ("一点开始", "13:00-14:00"), ("周四一点钟", "13:00-14:00"),
])  # fmt: skip
def test_parts_of_the_day(said: str, part: str) -> None:
    assert "-".join(found(f"{said}的课").part or ()) == part


@pytest.mark.parametrize("said", [
    "便宜一点", "早一点", "能不能晚一点", "一点都不懂", "说慢一点", "还差一点", "两点建议", "第三点不明白", "3号窗口", "住6号楼",
    "坐2号线", "解放路12号",
    "八一路怎么走", "五一广场附近", "六一小学", "国庆路", "三天打鱼两天晒网", "十一个人", "一日三餐", "一日游", "星期天花园", "周一鸣老师",
    "我叫周三丰先生", "每周三次",
    "一周五天", "这周天气", "目前天气", "我今年七十二", "今年68岁", "1957年出生", "12-15岁", "3-5个人", "晚上好", "重阳节快乐",
    "说了几点意见", "三个工作日内",
    "下午茶", "good evening", "may i join", "学过三天", "提前三天",
])  # fmt: skip
def test_no_time(said: str) -> None:
    assert times.find(fold(clean(said)), TODAY) is None


MONDAY = date(2027, 3, 15)


def fits(said: str) -> str:
    """The weekdays (1 to 7) and parts (morning, afternoon, evening) of the week to come that fit."""
    when = found(said)
    starts = {"m": "09:00", "a": "14:00", "e": "19:00"}
    week = [MONDAY + timedelta(days=each) for each in range(7)]
    rows = {day.isoweekday(): "".join(key for key, at in starts.items() if when.fits(day, at)) for day in week}
    return " ".join(f"{day}{parts}" for day, parts in rows.items() if parts)


@pytest.mark.parametrize(("said", "expected"), [
    ("除了周三都行", "1mae 2mae 4mae 5mae 6mae 7mae"), ("周末不行", "1mae 2mae 3mae 4mae 5mae"), ("周四没空", "1mae 2mae 3mae 5mae 6mae 7mae"),
    ("不要晚上的", "1ma 2ma 3ma 4ma 5ma 6ma 7ma"), ("不是周五是周六", "6mae"), ("是周日，不是周六", "7mae"),
    ("周一、周二没时间", "3mae 4mae 5mae 6mae 7mae"),
    ("周三下午去不了", "1mae 2mae 3me 4mae 5mae 6mae 7mae"), ("下周二不行，下周别的时间呢", "1mae 3mae 4mae 5mae 6mae 7mae"),
    ("3月16号来不了", "1mae 3mae 4mae 5mae 6mae 7mae"),
    ("除了上午和中午", "1ae 2ae 3ae 4ae 5ae 6ae 7ae"), ("周末以外的晚上", "1e 2e 3e 4e 5e"), ("except Friday", "1mae 2mae 3mae 4mae 6mae 7mae"),
    ("晚上的呢，我白天要出工", "1e 2e 3e 4e 5e 6e 7e"), ("白天我得喂猪，晚上有没有", "1e 2e 3e 4e 5e 6e 7e"),
    ("白天要上班，晚上有没有课", "1e 2e 3e 4e 5e 6e 7e"), ("上午得带孙子，下午有课吗", "1a 2a 3a 4a 5a 6a 7a"),
    ("我周末要加班", "1mae 2mae 3mae 4mae 5mae"),
    ("周二晚上和周六上午", "2e 6m"), ("工作日晚上或者周末", "1e 2e 3e 4e 5e 6mae 7mae"), ("周末和工作日晚上", "1e 2e 3e 4e 5e 6mae 7mae"),
    ("晚上或者周末", "1e 2e 3e 4e 5e 6mae 7mae"), ("周一三五晚上", "1e 3e 5e"), ("周二到周四下午", "2a 3a 4a"),
    ("周二和周四晚上", "2e 4e"), ("上午或者晚上", "1me 2me 3me 4me 5me 6me 7me"),
    ("3月15号和18号", "1mae 4mae"), ("每周五晚上", "5e"), ("周五改到周日", "7mae"), ("weekday evenings", "1e 2e 3e 4e 5e"),
    ("Tuesday and Thursday afternoon", "2a 4a"),
    ("周六不上班吗", "6mae"), ("周三不行吗", "3mae"), ("不是周四开课吗", "4mae"), ("周六有没有早上的", "6m"), ("这个月有周末的吗", "6mae 7mae"),
])  # fmt: skip
def test_what_fits(said: str, expected: str) -> None:
    assert fits(said) == expected


def test_days_off_and_make_up_days_where_they_are_announced() -> None:
    september = date(2026, 9, 8)
    assert (off := found("国庆放假", september)).first == date(2026, 10, 1)
    assert off.last == date(2026, 10, 7)
    assert found("中秋假期", september).last == date(2026, 9, 27)
    assert found("调休上班那天开门吗", september).first == date(2026, 9, 20)
    assert found("国庆期间", date(2026, 10, 4)).first == date(2026, 10, 1)
    assert found("国庆开门吗", date(2026, 10, 4)).last == date(2026, 10, 7)


def test_days_off_by_law_alone_in_a_year_that_is_not_announced() -> None:
    far = date(2095, 1, 1)
    assert calendar.days_off(2095, "国庆") == (date(2095, 10, 1), date(2095, 10, 3))
    assert calendar.days_off(2095, "元旦") == (far, far)
    assert calendar.make_up_days(far) == []
    assert times.find("调休上班", far) is None


@given(st.integers(1901, 2098), st.sampled_from([*calendar.SOLAR, *calendar.LUNAR, *calendar.NTH, *calendar.TERMS]))
def test_every_year_has_every_festival_within_its_days_off(year: int, name: str) -> None:
    day, span = calendar.festival(year, name), calendar.days_off(year, name)
    assert day is not None
    assert span is not None
    assert span[0] <= day <= span[1]


SAID = [
    "周一", "周三五", "下周", "周末", "工作日", "12月", "9号", "到", "和", "、", "，", "或者", "晚上", "下午", "三点", "7点半", "以后",
    "之前", "前", "后三天", "月底", "上旬", "明年",
    "2027年", "国庆", "放假", "春节", "农历", "正月初五", "除了", "不要", "没空", "要上班", "不行", "是", "不是", "的", "三天", "内",
    "第二个周二", "最后一周", "暑假", "春天", "调休上班",
    "next ", "Friday", " to ", "Dec 5", "-", "7pm", " at 9", "in 3 days", "差五分八点", "24点", "零点", "2月30号", "闰", "九十九年", "99",
    "五一", "半", "几", "今明", "天", "这半天", "这", "过去", "未来",
]  # fmt: skip


@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(SAID), max_size=9).map("".join)),
    st.dates(date(2020, 1, 1), date(2095, 12, 31)),
)
def test_whatever_is_said_is_whole(text: str, today: date) -> None:
    folded = fold(text)
    result = times.find(folded, today)
    if result is None:
        return
    assert 0 <= result.start < result.end <= len(text)
    when = result.when
    assert When.of(str(when)) == when
    for each in (when, *when.without):
        assert each.first <= each.last
        assert set(each.weekdays) <= set(range(1, 8))
        assert each.part is None or all("00:00" <= end <= "24:00" for end in each.part)


parts = st.none() | st.tuples(st.sampled_from(["06:00", "12:00"]), st.sampled_from(["18:00", "24:00"]))
plain = st.builds(
    When,
    st.dates(),
    st.dates(),
    st.lists(st.integers(1, 7), unique=True).map(tuple),
    parts,
    st.booleans(),
    st.booleans(),
)


@given(plain, st.lists(plain, max_size=3).map(tuple), st.dates(), st.sampled_from(["08:00", "12:00", "20:00"]))
def test_a_wish_is_kept_as_text(when: When, without: tuple[When, ...], day: date, starts: str) -> None:
    whole = When(when.first, when.last, when.weekdays, when.part, when.fixed, when.either, without)
    assert When.of(str(whole)) == whole
    assert str(whole).startswith(str(when))
    assert whole.fits(day, starts) == (when.fits(day, starts) and not any(each.fits(day, starts) for each in without))
