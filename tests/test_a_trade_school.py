"""A county's college for grown-ups, with few courses: driving, welding, housekeeping, evening school. Asked as people ask there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from daoxue import check
from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings, Nlu
from daoxue.preparing import prepare, vault_of
from daoxue.sample import save
from knowledge.called import courses_called, ends
from knowledge.catalogue import (
    Activity,
    ActivityInEnglish,
    Catalogue,
    Course,
    CourseInEnglish,
    CreditRule,
    Lesson,
    Opening,
    PlaceInEnglish,
    Record,
    TrainingClass,
)
from knowledge.consistency import inconsistencies
from knowledge.entries import English, Entry
from knowledge.files import Content
from knowledge.headings import Theme
from store.database import Database
from tests.talk import Resident, its_day
from tests.test_another_kind import group, place

TODAY = its_day()
EVENINGS = (
    Opening(days=(1, 2, 3, 4, 5), opens="18:00", closes="21:30"),
    Opening(days=(6, 7), opens="09:00", closes="17:00"),
)


def course(
    id: str, name: str, theme: str, *aliases: str, english: str = "", lesson: str = "", prerequisite: str = "无"
) -> Course:
    return Course(
        id=id, name=name, theme=theme, aliases=aliases, level="零基础", mode="线下", summary=f"{name}，从头教。", assessment="考核",
        prerequisite=prerequisite, lessons=(Lesson(lesson, 12),) if lesson else (), en=CourseInEnglish(name=english) if english else None,
    )  # fmt: skip


RECORDS: list[Record] = [
    place("college", "清江县成人职业技术学院", "college", "沿河大道66号"),
    place("test", "技能鉴定中心", "school", "工业路12号"),
    replace(
        place("evening", "东门夜校", "school", "东门街88号"), hours=EVENINGS, aliases=("夜校",), en=PlaceInEnglish(name="East Gate Evening School")
    ),
    place("house", "家政实训楼", "school", "妇幼路5号"),
    replace(place("baiguo", "白果镇教学点", "site", "白果镇文化站"), parent="evening"),
    Theme(id="house", name="家政", aliases=("保姆",)),
    Theme(id="exam", name="技能鉴定"),
    Theme(id="driving", name="驾培", aliases=("驾照",)),
    course("forklift", "叉车司机培训", "驾培", "叉车证", english="Forklift driver"),
    course("electrician", "电工中级鉴定", "技能鉴定", "中级电工", english="Electrician, intermediate", prerequisite="有初级证或从业满3年"),
    course("nanny", "月嫂实操", "家政", "月嫂"),
    course("accounting", "夜校会计入门", "学历夜校", "会计课", english="Accounting at night", lesson="什么是借什么是贷"),
    course("exam", "成人高考辅导", "学历夜校", "成考"),
    course("selling", "直播带货", "学历夜校", "学直播"),
    group("forklift-1", "叉车班", 1500, course="forklift", organisation="house", days=(1, 2)),
    group(
        "electrician-9", "中级电工鉴定班第9期", 980, course="electrician", organisation="test", materials="身份证、初级证", days=(2, 4), starts="19:00",
        ends="21:00",
    ),
    group(
        "nanny-1", "月嫂实操班", 0, course="nanny", organisation="house", days=(2, 3), eligibility="本县户籍免学费；外县1200元", audience="女性",
        material_fee=80,
    ),
    group("accounting-1", "夜校会计入门晚班", 360, course="accounting", organisation="evening", days=(1, 3), starts="19:00", ends="20:30"),
    group("exam-1", "成考辅导班", 600, course="exam", organisation="evening"),
    group("selling-1", "白果镇直播班", 0, course="selling", organisation="baiguo", ballot=True),
    Activity(
        id="contest", name="冬季技能比武", organisation="test", first_day=TODAY + timedelta(days=9), last_day=TODAY + timedelta(days=9), starts="10:00",
        ends="16:00", place="实操楼", summary="电工、焊工现场比武", enrol="打电话", en=ActivityInEnglish(name="Winter skills contest"),
    ),
    CreditRule(id="pupil", name="下乡带徒", credits="每带一天3学分", cap="不封顶", version="清江2026版", valid_from=TODAY),
    CreditRule(id="evening", name="夜校听课", credits="每晚1.5学分", cap="每月12学分", version="清江2026版", valid_from=TODAY),
]  # fmt: skip


def entry(id: str, answer: str, *questions: str) -> Entry:
    topic = "site_hours" if questions else "training_info"
    return Entry(
        id=id, kind="faq", topic=topic, questions=questions, answer=answer, source="教务处", owner="教务处", valid_from=TODAY,
        valid_until=TODAY.replace(year=TODAY.year + 1), standard=None if questions else id,
        en=English(answer="A bed is 20 yuan a night.", question="What does a bed cost?") if id == "bed" else None,
    )  # fmt: skip


@pytest.fixture
async def app(tmp_path: Path, models: Path) -> AsyncIterator[App]:
    config = Config(database=DatabaseSettings(f"sqlite:///{tmp_path}/own.db"), sample=False, nlu=Nlu(str(models)))
    prepare(config)
    database = Database(config.database.url, vault_of(config))
    entries = [
        entry("night-class-open", "夜校在东门街，周一到周五晚上开，谁都可以报。"),
        entry("fee-free-who", "残疾人免学费。"),
        entry("enrol-age-min", "满16周岁可以报名。"),
        entry("fee-pay-how", "学费到教务处交，可以分期，每月一次。"),
        entry("balance", "尾款三月底前交清就行。", "学费下个月交行吗", "尾款什么时候交清", "剩下的学费哪天交"),
        entry("bed", "宿舍四人间每晚20元。", "宿舍多少钱一晚", "住校要交多少钱", "有没有床位可以住", "学校能住宿吗"),
    ]
    save(database, Content(entries, RECORDS), "test")
    database.close()
    composed = await compose(config)
    yield composed
    composed.database.close()


@pytest.mark.parametrize(("said", "told", "not_told"), [
    # A place by the end of its name, and when a place is open though its name is like a question of its own.
    ("鉴定中心地址在哪里", "工业路12号", "沿河大道"), ("鉴定中心有什么设施", "技能鉴定中心", "清江县成人"),
    ("实训楼在哪", "妇幼路5号", "没有登记"), ("夜校周末几点开门", "09:00—17:00", "谁都可以报"),
    ("when does the evening school open on Sunday", "09:00", "Which course"),
    # What is taught at a place, in a theme, at a time: none of the others.
    ("白果镇有什么课", "白果镇直播班", "会计"), ("东门夜校有什么课", "夜校会计入门晚班", "谁都可以报"), ("白果镇那个班哪天上", "白果镇直播班", "哪门课"),
    ("白果镇那个班多少钱", "白果镇直播班：免费", "会计"), ("有什么家政课", "月嫂", "会计"), ("有没有技能鉴定的班", "中级电工鉴定班", "会计"),
    ("周末有什么班", "成考辅导班", "会计"),
    # What the centre has written of paying later is told, and not said to be written nowhere.
    ("学费能推迟交吗", "每月一次", "没有写明"), ("学费下个月交行吗", "三月底前", "没有写明"),
    # By other names than were written down, in either language.
    ("会计班要基础吗", "零基础", "哪门课"), ("叉车证怎么考", "叉车班", "服务范围"), ("how much is the electrician class", "980 yuan", "？"),
    ("what time does the forklift class begin", "叉车班", "Which course"), ("when is the skills contest", "10:00", "no answer"),
    ("is the evening school open tomorrow", "East Gate Evening School", "outside"),
    ("how do I enrol in the accounting class", "夜校会计入门晚班", "What should I bring"), ("how much is a bed", "What does a bed cost", "outside"),
    ("are you closed for Spring Festival", "usual hours", "no answer"),
    # What a house is called asks nothing of it; nor is what is taught, or an activity by one word of its name, somebody else's.
    ("夜校在哪", "东门街88号", "谁都可以报"), ("夜校收费吗", "学费", "谁都可以报"), ("驾照怎么考", "叉车班", "服务范围"),
    ("比武怎么报名", "打电话", "材料"), ("比武截止哪天", "冬季技能比武", "报名什么时候"),
    ("夜校有会计吗", "“夜校是什么，怎么参加”", "没有把握"), ("残疾证能减多少", "残疾人免学费", "服务范围"), ("开叉车要多大年纪", "叉车", "近期培训班"),
    # What it costs some is no fee for all.
    ("月嫂班收费吗", "外县1200元", "：免费"), ("外县的人能学月嫂不", "外县1200元", "零基础"), ("有什么家政课", "符合条件的免费", "，免费"),
    ("直播班怎么报", "抽签，不是先到先得", "会计"), ("电工班带什么", "有初级证或从业满3年", "有初级证或从业满3年；零基础"),
    # Credits by a kind of learning, named or told.
    ("下乡带徒怎么算", "每带一天3学分", "送教"), ("带徒弟下乡一天记几分", "每带一天3学分", "没有把握"),
    # What opens within a house is not the house; a child of fifteen is none; what is not taught is called by its name.
    ("宿舍几点关门", "没写到的没有登记", "08:00—21:00"), ("我孩子15岁能来学吗", "满16周岁可以报名", "不满14周岁"), ("学烧烤有班吗", "“烧烤”", "烧烤有"),
    ("夜校有几门课", "夜校会计入门晚班", "谁都可以报"), ("叉车证在你们这能考吗", "叉车班", "没有把握"),
    # What we know is not refused.
    ("床位一晚上多少", "宿舍多少钱一晚", "服务范围"),
])  # fmt: skip
async def test_what_is_asked_in_everyday_words(app: App, said: str, told: str, not_told: str) -> None:
    answer = await Resident(app).say(said)
    assert told in answer, answer
    assert not_told not in answer, answer


async def test_the_fee_that_is_asked_of_the_class_that_was_told_says_whom_it_costs_what(app: App) -> None:
    resident = Resident(app)
    await resident.say("月嫂班什么时候开")
    assert "外县1200元" in await resident.say("多少钱")


@pytest.mark.parametrize(("before", "said", "told", "not_told"), [
    ("会计班多少钱", "有技能鉴定的班吗", "中级电工鉴定班", "会计"), ("会计班多少钱", "有什么家政课", "月嫂", "会计"),
    ("叉车班多少钱", "白果镇有什么课", "白果镇直播班", "叉车"), ("会计班多少钱", "那叉车呢", "叉车班", "没有查到"),
])  # fmt: skip
async def test_who_asks_for_a_theme_or_of_a_place_after_a_class_means_no_more_of_that(
    app: App, before: str, said: str, told: str, not_told: str
) -> None:
    resident = Resident(app)
    await resident.say(before)
    answer = await resident.say(said)
    assert told in answer, answer
    assert not_told not in answer, answer


def test_what_a_place_and_a_course_are_also_called_is_theirs_alone() -> None:
    catalogue = Catalogue.of(RECORDS)
    assert ends(catalogue) == {
        "鉴定中心": "test", "实训楼": "house", "Gate Evening School": "evening", "Evening School": "evening",
    }  # fmt: skip
    two = Catalogue.of([*RECORDS, place("other", "汽修实训楼", "school", "城北")])
    assert "实训楼" not in ends(two), "of two it is neither"
    assert courses_called(catalogue)["electrician"] == "electrician"
    assert courses_called(catalogue)["会计班"] == "accounting"


def test_a_place_on_no_map_is_told() -> None:
    swapped = replace(place("north", "北校区", "school", "北街"), north=109.5, east=30.3)
    [said] = [each for each in inconsistencies(Catalogue.of([*RECORDS, swapped])) if "north:" in each]
    assert said == "organisation north: north: 109.5 degrees, which are 90 at most"


def test_a_class_that_is_told_of_goes_by_its_name() -> None:
    night = replace(place("house", "家政实训楼", "school", "妇幼路5号"), hours=EVENINGS)
    [said] = check.outside(
        Catalogue.of(
            [each for each in RECORDS if isinstance(each, TrainingClass) and each.id == "forklift-1"] + [night]
        ),
        TODAY,
    )
    assert said.startswith("叉车班（forklift-1）：")
