"""A centre of another kind than the sample: a county's vocational college, whose places and classes are called as its own are."""

from argparse import Namespace
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from accounts.rules import Earning
from bot.names import names_of
from daoxue import check
from daoxue.app import App, compose
from daoxue.commands.people import _accounts_sample
from daoxue.config import Config, ConfigError, DatabaseSettings, Nlu
from daoxue.play import _bring_centre
from daoxue.preparing import prepare, vault_of
from daoxue.sample import save
from desk.hours import DeskSettings
from knowledge.catalogue import (
    Activity,
    BankRules,
    Catalogue,
    Course,
    CreditRule,
    Office,
    Opening,
    Organisation,
    PlaceInEnglish,
    Record,
    RedemptionItem,
    SpecialDay,
    TrainingClass,
)
from knowledge.entries import Entry
from knowledge.files import Content
from nlu.gazetteer import Name
from store import knowledge as rows
from store.database import Database
from tests.talk import Resident, its_day

TODAY = its_day()
ALL_WEEK = (Opening(days=(1, 2, 3, 4, 5, 6, 7), opens="08:00", closes="21:00"),)


def place(id: str, name: str, level: str, address: str) -> Organisation:
    return Organisation(
        id=id, name=name, level=level, parent=None if level == "college" else "college", address=address, phone="0999-4100 2200",  # type: ignore[arg-type]
        hours=ALL_WEEK, facilities="机房两间", accessible="有坡道", north=43.0, east=82.0, checked_on=TODAY,
    )  # fmt: skip


def group(id: str, name: str, fee: int, **more: Any) -> TrainingClass:
    known: dict[str, Any] = {
        "course": "baking", "organisation": "training", "first_day": TODAY + timedelta(days=20), "sessions": 8, "days": (6,), "starts": "09:00",
        "ends": "11:00", "room": "101室", "teacher": "阿依", "capacity": 20, "audience": "所有居民", "eligibility": "不限",
        "materials": "身份证", "enrol_from": TODAY - timedelta(days=5), "enrol_until": TODAY + timedelta(days=10),
    }  # fmt: skip
    return TrainingClass(id=id, name=name, fee=fee, **(known | more))


RECORDS: list[Record] = [
    replace(
        place("college", "河谷县职业学院", "college", "河谷县文化路8号"),
        special_days=tuple(SpecialDay(day=TODAY + timedelta(days=n), reason="赛马节放假") for n in (40, 41)),
    ),
    replace(
        place("training", "实训楼", "school", "河谷县工业路3号，学院东门进去左手"),
        special_days=tuple(
            SpecialDay(day=date(year, 1, number), reason="元旦闭馆") for year in (TODAY.year, TODAY.year + 1) for number in (1, 2, 3)
        ),
    ),
    place("village", "白石乡教学点", "site", "白石乡政府院内"),
    place("mechanics", "机电工程系", "school", "河谷县机电路5号"),
    Course(
        id="electrician", name="电工", theme="职业技能", level="初级", prerequisite="无", mode="线下", summary="接线和检修。",
        assessment="取证", lessons=(),
    ),
    group("wiring", "电工班", 500, course="electrician", organisation="mechanics", audience="成年人", eligibility="不限户籍"),
    *(
        Course(
            id=id, name=name, theme="职业技能", level="初级", prerequisite="无", mode="线下", summary="学一门手艺。", assessment="结业作品",
            lessons=(),
        )
        for id, name in (("nanny", "月嫂"), ("grafting", "果树嫁接"), ("noodles", "面点基础"))
    ),
    group("nanny-1", "月嫂班", 0, course="nanny", audience="女性求职者"),
    group("grafting-1", "果树嫁接下乡班", 0, course="grafting", organisation="village", village=True, enrol_from=TODAY + timedelta(days=3)),
    group("noodles-1", "面点基础班", 90, course="noodles"),
    group("bread", "面包烘焙班", 200, organisation="mechanics", eligibility="河谷县户籍学费减半"),
    group("flowers", "插花班", 60, audience="女性", eligibility="只收女学员", ballot=True, teacher="阿古老师"),
    *(
        Activity(
            id=id, name=name, summary="专家下村", organisation="training", place="各乡镇", first_day=TODAY + timedelta(days=n), campaign="乡村赶场",
            last_day=TODAY + timedelta(days=n), starts="09:00", ends="16:00", enrol="直接来",
        )
        for id, name, n in (("fair", "乡村赶场", 12), ("pruning", "修剪示范", 13))
    ),
    group("tools", "钳工班", 400, course="electrician", organisation="mechanics", eligibility="河谷县居民；脱贫户免学费，退役军人减半"),
    RedemptionItem(id="meals", name="食堂餐券", category="吃饭", points=12, stock=9),
    CreditRule(id="paper", name="技能等级证书", credits="每张10学分", cap="每年20学分", version="河谷2026版", valid_from=TODAY),
    RedemptionItem(id="apron", name="围裙一条", category="工具", points=6, stock=9),
    Office(id="commerce", name="县商务局", phone="0999-4100 9090", matters=("烘焙补贴", "开店补贴")),
    CreditRule(id="pupil", name="师带徒", credits="带出一名徒弟4学分", cap="每年12学分", version="河谷2026版", valid_from=TODAY),
    RedemptionItem(id="torch", name="手电筒", category="工具", points=8, stock=0),
    Activity(
        id="laba", name="腊八年货会", summary="卖手工年货", organisation="training", place="实训楼一楼", first_day=TODAY + timedelta(days=50),
        last_day=TODAY + timedelta(days=51), starts="09:00", ends="16:00", enrol="不用报名，直接来",
    ),
    BankRules(
        id="rules", version="河谷2026版", valid_from=TODAY - timedelta(days=99), points_per_credit=5, points_last_years=3, order_days=7,
        earn={"offline": Earning(credits=1, cap=2, per="day")},
    ),
    CreditRule(id="online", name="网上学习", credits="每20分钟0.5学分", cap="每月10分", version="河谷2026版", valid_from=TODAY),
    Course(
        id="baking", name="烘焙", theme="职业技能", level="初级", prerequisite="无", mode="线下", summary="做面包和蛋糕。",
        assessment="结业作品", lessons=(),
    ),
    group("plain", "烘焙班", 300),
    group("family", "亲子烘焙班", 120, youngest=6, oldest=12, minors=True),
    group("later", "烘焙夜校班", 260, enrol_from=TODAY + timedelta(days=9), enrol_until=TODAY + timedelta(days=15)),
]  # fmt: skip


STAGES: list[Record] = [
    *(
        Course(
            id=id, name=name, theme="乡土文艺", level="初级", prerequisite="无", mode="线下", summary="学一段。", assessment="汇报演出", lessons=(),
        )
        for id, name in (("stage", "评书"), ("lantern", "灯彩"))
    ),
    group("stage-1", "文艺下乡骨干班", 0, course="stage", teacher="老唐"),  # held at the college: of 下乡 by its name alone
    group("stage-2", "评书晚班", 0, course="stage", teacher="关老师"),
    group("lanterns", "灯彩班", 0, course="lantern", teacher="关老师", enrol_from=TODAY + timedelta(days=4)),
]  # fmt: skip


def with_centre(config: Config, *more: Record) -> Config:
    prepare(config)
    database = Database(config.database.url, vault_of(config))
    save(database, Content([], [*RECORDS, *more]), "test")
    database.close()
    return config


@pytest.fixture
def own(tmp_path: Path, models: Path) -> Config:
    return with_centre(
        Config(
            database=DatabaseSettings(f"sqlite:///{tmp_path}/own.db"), sample=False, nlu=Nlu(str(models)),
            desk=DeskSettings(always_open=True),
        )
    )  # fmt: skip


@pytest.fixture
async def app(own: Config) -> AsyncIterator[App]:
    composed = await compose(own)
    yield composed
    composed.database.close()


@pytest.fixture
async def stages(tmp_path: Path, models: Path) -> AsyncIterator[App]:
    """The same centre with more classes."""
    place = DatabaseSettings(f"sqlite:///{tmp_path}/stages.db")
    composed = await compose(with_centre(Config(database=place, sample=False, nlu=Nlu(str(models))), *STAGES))
    yield composed
    composed.database.close()


async def test_a_class_that_is_called_by_its_own_name_is_the_one_that_is_meant(app: App) -> None:
    assert "120" in (told := await Resident(app).say("亲子烘焙班多少钱")), told
    assert "300" not in told
    resident = Resident(app)
    await resident.say("烘焙班多少钱")
    assert "亲子烘焙班" in await resident.say("亲子烘焙班什么时候上课"), "another than the one that was talked of"


def test_a_place_is_known_by_its_english_name() -> None:
    named = replace(place("north", "北校区", "school", "北街1号"), en=PlaceInEnglish(name="North Campus"))
    assert Name("org", "north", "North Campus") in names_of(Catalogue.of([named]), TODAY)


async def test_where_our_own_house_is_is_ours_to_say(app: App) -> None:
    assert "工业路3号" in await Resident(app).say("实训楼在哪儿")
    both = await Resident(app).say("实训楼在哪，几点开门")
    assert "工业路3号" in both
    assert "21:00" in both


async def test_a_place_whose_name_is_like_a_course_s_lists_all_of_its_classes(app: App) -> None:
    for asked in ("机电工程系有什么培训班", "机电工程系都教些什么"):
        told = await Resident(app).say(asked)
        assert "电工班" in told
        assert "面包烘焙班" in told


async def test_what_is_some_weeks_ahead_is_told_and_a_day_in_its_name_is_none(app: App) -> None:
    day = TODAY + timedelta(days=50)
    for asked in ("腊八年货会是哪天", "年货会什么时候办", "最近有什么活动"):
        told = await Resident(app).say(asked)
        assert f"{day.month}月{day.day}日" in told, asked
        assert "没有查到" not in told, asked
    assert "年货。不用报名" in await Resident(app).say("年货会什么时候办")


async def test_what_the_credit_bank_reckons_with_answers_where_nobody_has_written_an_answer(app: App) -> None:
    for asked, told in (
        ("一个学分换多少积分", "5 积分"),
        ("积分会过期吗", "3 年"),
        ("网上学多少小时能拿一个学分", "每20分钟0.5学分"),
    ):
        said = await Resident(app).say(asked)
        assert told in said, asked
        assert "还没有登记" not in said


async def test_a_holiday_of_several_days_is_told_whole(app: App) -> None:
    first = next(
        TODAY + timedelta(days=n) for n in range(5, 400) if (TODAY + timedelta(days=n)).strftime("%m%d") == "0101"
    )
    assert f"1月1日（周{'一二三四五六日'[first.weekday()]}）到1月3日不开门（元旦闭馆）" in await Resident(app).say(
        "实训楼元旦开门吗"
    )


async def test_for_whom_it_is_is_said_where_no_more_is_asked(app: App) -> None:
    assert "女性求职者" in await Resident(app).say("月嫂班男的能报吗")


async def test_a_class_that_comes_to_a_village_says_from_when_one_can_be_enrolled(app: App) -> None:
    first = TODAY + timedelta(days=3)
    told = await Resident(app).say("果树嫁接下乡班有几个班")
    assert f"{first.month}月{first.day}日" in told


async def test_a_village_in_the_name_of_a_class_asks_for_none_that_comes_to_a_village(stages: App) -> None:
    told = await Resident(stages).say("文艺下乡骨干班有几个班")
    assert "文艺下乡骨干班" in told
    assert "果树嫁接" not in told


async def test_where_none_comes_to_a_village_the_others_are_told(stages: App) -> None:
    told = await Resident(stages).say("有没有下乡的面点基础班")
    assert "面点基础班" in told
    assert "送到村里的暂时没有" in told


async def test_a_teacher_s_class_that_opens_later_may_be_meant_too(stages: App) -> None:
    told = await Resident(stages).say("关老师的课几点")
    assert "灯彩班" in told
    assert "评书晚班" in told
    assert "灯彩班" not in await Resident(stages).say("我要报关老师的班")


async def test_a_word_of_a_class_s_name_asks_nothing(app: App) -> None:
    assert "可以报面点基础班" in await Resident(app).say("我要报名面点基础班")


async def test_a_number_is_given_where_one_is_asked_for(app: App) -> None:
    assert "0999-4100 2200" in await Resident(app).say("学院电话多少")
    assert "电话" in await Resident(app).say("你们热线多少")


def test_what_the_records_answer_is_not_lacking(own: Config) -> None:
    assert not [each for each in check.notes(own) if each.startswith(("credit-rule", "points-expire"))]


async def test_a_reduction_is_said_with_the_fee(app: App) -> None:
    assert "户籍学费减半" in await Resident(app).say("面包烘焙班多少钱")


async def test_how_many_are_full_is_said(app: App) -> None:
    assert "有 8 个班可以报名" in await Resident(app).say("你们有哪些班")


async def test_who_is_too_old_hears_which_age_it_is_for(app: App) -> None:
    told = await Resident(app).say("我45岁，能报亲子烘焙班吗")
    assert "6 至 12 周岁" in told
    assert "不限" not in told
    assert "6 至 12 周岁" in await Resident(app).say("亲子烘焙班谁能报")


async def test_what_something_is_is_not_told_by_where_its_word_stood(app: App) -> None:
    resident = Resident(app)
    assert "职业技能" in await resident.say("你们有哪些课程")
    assert "·" not in await resident.say("什么是职业精神")


async def test_who_is_too_young_hears_so_though_nobody_wrote_it_down(app: App) -> None:
    told = await Resident(app).say("我家孩子16岁，能报烘焙班吗")
    assert "18" in told
    assert "不限" not in told


async def test_a_class_that_does_not_enrol_yet_says_from_when(app: App) -> None:
    first = TODAY + timedelta(days=9)
    told = await Resident(app).say("我要报烘焙夜校班")
    assert f"{first.month}月{first.day}日" in told
    assert "开始" in told


async def test_a_day_that_the_centre_keeps_is_known_by_its_name(app: App) -> None:
    first = TODAY + timedelta(days=40)
    told = await Resident(app).say("赛马节你们开门吗")
    assert f"{first.month}月{first.day}日" in told
    assert "不开门（赛马节放假）" in told
    assert "现在" not in told


@pytest.mark.parametrize(("said", "told", "not_told"), [
    ("我家是脱贫户，钳工班多少钱", "脱贫户免学费", "没有写明"), ("我是退役军人，钳工班多少钱", "退役军人减半", "：退役军人免学费"),
])  # fmt: skip
async def test_what_a_class_says_of_its_fee_itself_is_told(app: App, said: str, told: str, not_told: str) -> None:
    answer = await Resident(app).say(said)
    assert told in answer
    assert not_told not in answer


@pytest.mark.parametrize(("said", "told", "not_told"), [
    # Where it is: a site right below the college has its own classes, and is known by its town.
    ("白石乡教学点有什么班", "果树嫁接下乡班", "电工班"), ("白石乡那里有哪些班", "果树嫁接下乡班", "电工班"),
    ("白石乡教学点电话", "0999-4100 2200", "服务范围"),
    # Classes that come to a village, and trades that nobody teaches here.
    ("下乡班有哪些", "果树嫁接下乡班", "电工班"), ("有没有挖掘机培训", "没有查到“挖掘机”", "电工班"), ("有挖机证培训吗", "没有查到", "电工班"),
    # A class by its own name, with what is asked of any class; and one without its town.
    ("钳工班怎么报名", "可以报钳工班", "电工班"), ("果树嫁接下乡班几号开始", "果树嫁接下乡班", "面点"),
    ("钳工班和电工班哪个便宜", "钳工班花钱最少", "烘焙"),
    # Credits and points.
    ("学分怎么换积分", "换 5 积分", "没有登记"), ("师带徒怎么算学分", "带出一名徒弟4学分", "每20分钟"), ("兑换后超过时间没领怎么办", "7 天", "没有登记"),
    # Days by their names, offices by theirs, and who we are.
    ("赛马节那天你们上班不", "赛马节放假", "没有登记"), ("烘焙补贴找谁", "县商务局", "烘焙班"), ("你们是哪个单位", "河谷县职业学院，在河谷县文化路8号", "没有登记"),
    # What is drawn by lot, whom a class takes, and what all of them demand.
    ("插花班还有名额吗", "抽签", "报满即止"), ("插花班男的能报吗", "不符合", "可以报"), ("月嫂班男的能报吗", "女性求职者", "可以报"),
    ("钳工班外县的能报吗", "河谷县居民", "可以报"), ("电工班什么人能报", "成年人；不限户籍", "没有登记"),
    ("阿古老师的课几点上", "插花班", "哪门课"), ("烘焙要考哪个证", "结业作品", "工业路"),
    ("餐券要多少分", "12 积分", "围裙"), ("考了证能加几个学分", "每张10学分", "带出一名"),
    # A campaign with what belongs to it; the product's questions as any centre would say them.
    ("乡村赶场有些啥", "修剪示范", "没有查到"), ("社区学校一共有多少所，都在哪", "所学校", "没有登记"),
    # A person that is spoken to is no teacher that is asked for.
    ("师傅我问一下，烘焙夜校班什么时候开课", "开课", "上课。"),
])  # fmt: skip
async def test_what_the_centre_calls_its_own(app: App, said: str, told: str, not_told: str) -> None:
    answer = await Resident(app).say(said)
    assert told in answer
    assert not_told not in answer


async def test_an_item_that_is_named_is_meant_whatever_was_told_before(app: App) -> None:
    resident = Resident(app)
    await resident.say("你们有哪些班")
    assert "手电筒" in await resident.say("手电筒有货没")
    assert "围裙" in await resident.say("10个积分能换什么")
    assert "围裙一条要 6 积分" in await Resident(app).say("围裙能不能换")


async def test_nothing_is_promised_of_what_is_out_of_stock(app: App) -> None:
    resident = Resident(app)
    told = await resident.say("手电筒要多少积分") + await resident.say("还有货吗")
    assert "缺货" in told
    assert "10日" not in told
    assert "到货提醒" not in told


async def test_how_far_a_place_is_of_which_nobody_has_said_where_it_is_is_not_told(own: Config) -> None:
    nowhere: list[Record] = [replace(each, north=0.0, east=0.0) for each in RECORDS if isinstance(each, Organisation)]
    database = Database(own.database.url, vault_of(own))
    save(database, Content([], nowhere), "test")
    database.close()
    composed = await compose(own)
    resident = Resident(composed)
    await resident.say("离我最近的学习点在哪")
    told = await resident.say("实训楼")
    composed.database.close()
    assert "工业路3号" in told
    assert "最近的" not in told
    assert "比较远" not in told


def test_who_tries_it_out_hears_of_their_own_centre(own: Config, tmp_path: Path) -> None:
    _bring_centre(own, str(tmp_path))
    played = replace(
        own, database=DatabaseSettings(f"sqlite:///{tmp_path}/play.db"),
        accounts=replace(own.accounts, key_file=f"{tmp_path}/data.key"),
    )  # fmt: skip
    database = Database(played.database.url, vault_of(played))
    assert {each.id for each in database.look(rows.records)} == {each.id for each in RECORDS}
    database.close()


def test_who_tries_it_out_changes_nothing_of_the_centre(own: Config, tmp_path: Path) -> None:
    nowhere = replace(own, database=DatabaseSettings(f"sqlite:///{tmp_path}/nowhere.db"))
    with pytest.raises(ConfigError, match="daoxue serve"):
        _bring_centre(nowhere, str(tmp_path))
    assert not (tmp_path / "nowhere.db").exists()


def test_there_are_no_test_cards_but_the_sample_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "config.yml"
    settings.write_text("sample: false\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="不是示例中心"):
        _accounts_sample(Namespace(config=settings, json=False))
    assert capsys.readouterr().out == ""


async def test_a_question_of_its_own_is_answered_whatever_was_told_before(own: Config) -> None:
    lights = Entry(
        id="lights", topic="site_hours", questions=("宿舍几点熄灯", "寝室什么时候关灯"), answer="学员宿舍晚上10点半熄灯。", source="学生处",
        owner="学生处", valid_from=TODAY, valid_until=TODAY + timedelta(days=90),
    )  # fmt: skip
    database = Database(own.database.url, vault_of(own))
    save(database, Content([lights], []), "test")
    database.close()
    composed = await compose(own)
    await composed.library.all_read()
    resident = Resident(composed)
    for before in ("实训楼几点开门", "钳工班多少钱"):
        await resident.say(before)
        assert "10点半熄灯" in await resident.say("宿舍几点熄灯")
    await resident.say("钳工班多少钱")
    assert "09:00" in await resident.say("几点上课")
    composed.database.close()
