"""Who asks, and about which place and day, decides what is answered."""

import re
from datetime import date
from pathlib import Path

import pytest
from msgspec.json import encode

from daoxue.app import App
from daoxue.sample import save
from handlers import eligibility
from knowledge.consistency import inconsistencies
from knowledge.files import read
from tests.talk import Resident
from tests.test_unwritten import group

PLACE = """
- {{kind: organisation, id: hall, name: 星河街道社区学校, level: school, parent: college, aliases: [星河街道, 星河学校],
   address: 星河路1号,
   phone: 0551-6200 9999, hours: [{{days: [1, 2, 3, 4, 5, 6, 7], opens: '08:30', closes: '09:30'}},
   {{days: [1, 2, 3, 4, 5, 6, 7], opens: '{opens}', closes: '17:30'}}],
   special_days: [{{day: '2027-10-02', reason: 节日值班, opens: '09:00', closes: '10:00'}},
   {{day: '2027-10-02', reason: 节日值班, opens: '13:00', closes: '15:00'}}],
   facilities: 阅览室、停车场（20个车位）, accessible: 有坡道。, north: 31.8, east: 117.2, checked_on: today-3}}
"""


@pytest.fixture
def with_a_break(app: App, tmp_path: Path) -> App:
    path = tmp_path / "hall.yml"
    path.write_text(PLACE.format(opens="14:00"), encoding="utf-8")
    save(app.database, read([path], date.today()), "test")
    return app


@pytest.mark.parametrize(("said", "told", "not_told"), [
    ("残疾人上电工班要交学费吗", "残疾人免学费，材料费60元", "600元，"), ("登记失业的，电工班学费免不免", "登记失业人员免学费", "12333"),
    ("下岗工人学会计要不要学费", "办了失业登记的免学费", "学费300"), ("我妈残疾，给她报陶艺要多少钱", "残疾人免学费", "学费100"),
    ("军属学陶艺免费吗", "军烈属有没有减免", "军烈属免学费"), ("没残疾证，电工班多少钱", "学费600元", "残疾人免学费，"),
    ("我30岁想报合唱班", "按您说的（30岁）不符合", "可以报"), ("没下岗，有工作，能报家政班不", "现在有工作）不符合", "名额"),
    ("大学生能报会计班吗", "学生）不符合", "名额"),
    ("退休职工能报会计吗", "已经退休）不符合", "名额"), ("我爸五十六，能报老年手机班吗", "不符合", "名额"),
    ("我妈五十六，能报石桥镇的老年手机班吗", "可以报", "不符合"),
    ("我十七，能学电工吗", "16至18周岁由监护人同意", "可以报电工"), ("我孙女上二年级，我给她报个画画班成不", "监护人", "可以报国画"),
    ("我住隔壁区，可以报书法班吗", "在本区居住或工作就可以报名", "名额"), ("我是农民，想学会计", "在职职工", "果树"),
])  # fmt: skip
async def test_who_asks_counts(said: str, told: str, not_told: str, app: App) -> None:
    answer = await Resident(app).say(said)
    assert told in answer
    assert not_told not in answer


async def test_no_fact_of_somebody_is_put_into_a_ticket_or_outlives_the_talk(app: App) -> None:
    resident = Resident(app)
    await resident.say("我是残疾人")
    assert "残疾人免学费" in await resident.say("电工班多少钱")
    ticket = (await resident.receipt("转人工")).ticket
    assert ticket
    assert "残疾" not in encode((await app.tickets.show(ticket)).handover).decode()
    resident.wait(31)
    assert "学费600元" in await resident.say("电工班多少钱")


async def test_a_list_leaves_out_what_does_not_fit_and_says_so(app: App) -> None:
    resident = Resident(app)
    assert "太极拳班（学院）：" in await resident.say("有没有太极班")
    answer = await resident.say("我38")
    assert "太极拳班（学院）：" not in answer
    assert "太极拳班（学院）没有列出：它的要求是45周岁以上" in answer
    everything = await resident.say("有什么培训班")
    assert "个班不符合条件，没有列出" in everything


@pytest.mark.parametrize(("said", "told", "not_told"), [
    ("石桥镇学校能停车吗", "没有登记", "40个"), ("桂花街道学校食堂在哪", "没有登记", "书院"),
    ("松岭镇学校有无线网吗", "没有登记", "Yunxi"),
    ("学府街道社区学校能换东西吗", "不办积分兑换", "书院路"), ("青禾学校可以兑东西吗", "可以兑换积分", "不办积分"),
    ("梅溪社区教学站点是不是认证点", "不是认证点", "19所"),
    ("石桥镇学校能刷卡记学分吗", "是认证点", "不是认证点"), ("我住白云街道，换东西去哪里最近", "最近的兑换点", "棠园"),
    ("枫苑社区站点有电脑吗", "枫苑社区", "枫园"),
    ("北门学校坐轮椅能进吗", "有坡道", "学院"), ("和平学校有洗澡的地方吗", "没写到的没有登记", "没有把握"),
    ("梅溪站点中午休息吗", "梅溪社区教学站点", "学院"),
    ("大年初一青禾学校开门吗", "青禾街道社区学校2月6日（周六）不开门", "学院"), ("2月8号学院开门吗", "不开门", "现在"),
    ("大年初一开门吗", "想问哪一所", "现在"),
    ("初二开门吗", "2月7日（周日）到2月8日不开门", "现在"), ("补班那天开门吗", "您问的是哪一天", "08:30"),
    ("龙舟节你们开吗", "您问的是哪一天", "08:30"),
    ("清明节石桥镇学校开门吗", "先打 0551-6223 2481", "现在"), ("国庆期间学院开门吗", "10月1日（周五）不开门", "现在"),
    ("寒假你们开放吗", "2月6日（周六）到2月8日不开门", "现在"),
    ("周日下午临江学校开门吗", "不开门", "现在"), ("梅溪社区站点周六开门吗", "不开门", "现在"),
])  # fmt: skip
async def test_where_and_when_count(said: str, told: str, not_told: str, app: App) -> None:
    answer = await Resident(app).say(said)
    assert told in answer
    assert not_told not in answer


async def test_a_place_that_is_talked_of_is_meant(app: App) -> None:
    resident = Resident(app)
    await resident.say("青禾街道学校在哪")
    assert "青禾街道社区学校这方面的情况没有登记" in await resident.say("能停车吗")
    assert "40个" in await resident.say("你们学院能停车吗")


async def test_hours_of_a_day_with_a_break_are_said_whole(with_a_break: App) -> None:
    resident = Resident(with_a_break)
    answer = await resident.say("星河街道学校几点开门")
    assert "08:30—09:30、14:00—17:30" in answer
    assert "现在中间休息，14:00再开门" in answer  # at ten
    assert "09:00—10:00、13:00—15:00（节日值班）" in await resident.say("10月2号星河学校开门吗")
    assert "您说的那个时间不开门" in await resident.say("明天中午12点星河学校开门吗")
    assert "20个车位" in await resident.say("星河学校能停车吗")


def test_spans_that_overlap_are_a_mistake(app: App, tmp_path: Path) -> None:
    path = tmp_path / "hall.yml"
    path.write_text(PLACE.format(opens="09:00"), encoding="utf-8")
    found = read([path], date.today()).records
    catalogue = type(app.library.catalogue).of([*app.library.catalogue.organisations.values(), *found])
    assert any("hall: hours: weekday 1 is open twice from 09:00" in problem for problem in inconsistencies(catalogue))


@pytest.mark.parametrize(("said", "told", "not_told"), [
    ("这个月都有哪些讲座啊", "市民讲坛", "换书"), ("写春联什么时候", "写春联送祝福：", "元宵"),
    ("亲子故事会几岁能去", "4到8岁", "补习"),
    ("免费量血压的那个，几点，在哪块", "义剪义修", "您是想问"), ("听说有磨菜刀的，在哪里", "义剪义修", "不在学习中心"),
    ("书法班还有名额吗", "个班", "春联"),
])  # fmt: skip
async def test_activities_are_found_by_content_and_kind(said: str, told: str, not_told: str, app: App) -> None:
    answer = await Resident(app).say(said)
    assert told in answer
    assert not_told not in answer


async def test_the_same_list_is_said_once_a_turn(app: App) -> None:
    answer = await Resident(app).say("给我报太极班，还有上课地点在哪")
    assert answer.count("您问的是哪一个") == 1


@pytest.mark.parametrize(("condition", "here"), [
    ("本区居民", True), ("本县户籍", True), ("社区居民", False), ("城乡居民均可", False), ("农村户口优先", False), ("本区居民优先", False),
    ("外区居民也可报", False),
])  # fmt: skip
def test_only_a_condition_keeps_others_out(condition: str, here: bool) -> None:
    assert (eligibility._OF_HERE.search(condition) is not None) is here


@pytest.mark.parametrize(("rule", "free"), [
    ("退役军人免学费", True), ("退役军人不免学费", False), ("退役军人不在免费之列", False), ("退役军人免50%学费", False), ("退役军人免材料费", False),
])  # fmt: skip
def test_only_who_pays_nothing_is_told_so(rule: str, free: bool) -> None:
    assert eligibility._is_free(re.compile("退役"), rule) is free


@pytest.mark.parametrize(("condition", "bears"), [
    ("患骨折未愈者请先咨询", False), ("减肥爱好者", False), ("爱打折叠伞的居民", False), ("面向全体市民，全部免费", False), ("避免空腹上课", False),
    ("免疫力低的请先问医生", False), ("面向市民，不收费", False), ("本县户籍免学费；外县1200元", True), ("残疾人免费", True),
    ("河谷县户籍学费减半", True), ("老学员打八五折", True), ("低保户打折", True), ("退役军人减免", True),
])  # fmt: skip
def test_only_what_a_condition_says_of_the_fee_bears_on_it(condition: str, bears: bool) -> None:
    assert eligibility.bears_on_fee(group("free", "手工班", "crafts", condition=condition)) is bears
