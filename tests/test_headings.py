"""Themes and categories are a centre's own: in talk, in English, at the desk, and of a database from before they were records."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import to_builtins
from msgspec.json import decode
from sqlalchemy import create_engine, text

from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings, Nlu
from handlers.wording import subject
from knowledge.called import category_in
from knowledge.catalogue import Catalogue, Course, Record, RedemptionItem
from knowledge.consistency import inconsistencies
from knowledge.headings import Category, HeadingInEnglish, Theme
from nlu.text import fold
from store.migrate import upgrade
from tests.desk_client import Desk
from tests.talk import Resident
from tests.test_another_kind import group, with_centre


def course(id: str, name: str, theme: str) -> Course:
    return Course(
        id=id, name=name, theme=theme, level="初级", prerequisite="无", mode="线下", summary="学一门手艺。", assessment="结业作品", lessons=(),
    )  # fmt: skip


COLLEGE: list[Record] = [
    Theme(id="machining", name="数控加工", aliases=("数控", "车床"), en=HeadingInEnglish(name="Machining")),
    Theme(id="cars", name="汽车维修", aliases=("汽修", "修车")),
    Theme(id="nursery", name="幼儿教育", aliases=("幼教",)),
    Category(id="desk-things", name="学习用品", aliases=("文具",), en=HeadingInEnglish(name="Stationery")),
    Category(id="tools", name="工具耗材"),
    course("lathe", "普车操作", "数控加工"),
    course("engine", "发动机拆装", "汽车维修"),
    group("lathe-1", "普车操作晚班", 0, course="lathe", teacher="周老师"),
    group("engine-1", "发动机拆装周末班", 0, course="engine", teacher="吴老师"),
    RedemptionItem(id="ruler", name="游标卡尺", category="学习用品", points=20, stock=5),
    RedemptionItem(id="oil", name="机油一桶", category="工具耗材", points=50, stock=0),
]


@pytest.fixture
async def app(tmp_path: Path, models: Path) -> AsyncIterator[App]:
    place = DatabaseSettings(f"sqlite:///{tmp_path}/college.db")
    composed = await compose(with_centre(Config(database=place, sample=False, nlu=Nlu(str(models))), *COLLEGE))
    yield composed
    composed.database.close()


async def test_what_residents_call_a_theme_finds_its_classes_and_courses(app: App) -> None:
    told = await Resident(app).say("有汽修的班吗")
    assert "发动机拆装周末班" in told
    assert "普车" not in told
    assert "普车操作" in await Resident(app).say("数控方面有什么课程")
    assert "Machining" in await Resident(app).say("what courses do you have", lang="en")


async def test_what_is_asked_of_a_class_of_a_theme_is_told_or_asked_back_among_its_classes(app: App) -> None:
    assert "免费" in (told := await Resident(app).say("修车的班多少钱")), told
    assert "发动机拆装" in told
    told = await Resident(app).say("汽修的班老师是谁")
    assert "吴老师" in told
    assert "普车" not in told


def test_what_is_asked_for_is_known_by_what_it_is_called() -> None:
    assert subject("开不开焊工班") == "焊工"


async def test_a_course_without_lessons_is_not_said_to_have_none(app: App) -> None:
    told = await Resident(app).say("介绍一下普车操作这门课")
    assert "学一门手艺" in told
    assert "0" not in told


async def test_a_theme_without_a_course_yet_is_known_and_said_to_be_empty(app: App) -> None:
    assert "“幼儿教育”暂时没有" in (told := await Resident(app).say("有幼教的班吗")), told
    assert "“幼儿教育”" in (told := await Resident(app).say("幼教方面有什么课程")), told
    assert "没有" in told


async def test_a_kind_of_things_is_asked_for_by_what_it_is_called(app: App) -> None:
    resident = Resident(app)
    assert "学习用品" in await resident.say("积分能换什么")
    assert "游标卡尺" in (told := await resident.say("文具类呢")), told
    assert "餐券" not in told
    assert "没有可以换的" in await resident.say("工具耗材")


async def test_a_new_name_at_the_desk_takes_along_what_stands_under_it(app: App) -> None:
    editor = await Desk(app).person("editor")
    theme = {"kind": "theme", "id": "cars", "name": "汽车技术", "aliases": ["汽修"]}
    assert (await editor.ask("PUT", "/catalogue/theme/cars", theme)).status_code == 200
    assert app.library.catalogue.courses["engine"].theme == "汽车技术"
    assert "发动机拆装周末班" in await Resident(app).say("有汽修的班吗")
    twice = {"kind": "theme", "id": "trucks", "name": "卡车", "aliases": ["汽修"]}
    refused = await editor.ask("PUT", "/catalogue/theme/trucks", twice)
    assert refused.status_code == 422
    assert "汽修" in refused.json()["text"]


def test_no_two_are_called_the_same() -> None:
    two: list[Record] = [
        Theme(id="a", name="汽修"),
        Theme(id="b", name="修车", aliases=("汽修",)),
        Category(id="a", name="汽修"),
    ]
    assert inconsistencies(Catalogue.of(two)) == ["theme b: aliases: 汽修 is taken by a"]
    folded: list[Record] = [Category(id="a", name="Arts"), Category(id="b", name="艺术", aliases=("ａrts", "arts"))]
    assert inconsistencies(Catalogue.of(folded))[0] == "category b: aliases: ａrts is taken by a"


def test_what_categories_are_called_is_compared_as_residents_words_are() -> None:
    catalogue = Catalogue.of([Category(id="digital", name="３Ｃ數碼", aliases=("Gadgets",))])
    assert category_in(fold("３Ｃ數碼有什么"), catalogue) == category_in(fold("3c数码有什么"), catalogue) == "３Ｃ數碼"
    assert category_in(fold("any GADGETS"), catalogue) == "３Ｃ數碼"
    assert catalogue.words_of_categories is catalogue.words_of_categories, "reckoned once"
    assert catalogue.words_of_themes is catalogue.words_of_themes


Rows = dict[tuple[str, str], tuple[bytes, str]]  # bodies and whose they are, by kind and id


def upgraded(folder: Path, *stored: tuple[str, str, object, str]) -> Rows:
    """The records of a database from before, as they are in this version."""
    url = f"sqlite:///{folder}/before.db"
    upgrade(url, "0027")
    engine = create_engine(url)
    with engine.begin() as connection:
        for kind, id, body, by in stored:
            row = {"kind": kind, "id": id, "body": json.dumps(body).encode(), "by": by}
            connection.execute(text("INSERT INTO record VALUES (:kind, :id, 3, :body, :by)"), row)
    upgrade(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT kind, id, body, by FROM record"))
        found = {(kind, id): (body, by) for kind, id, body, by in rows}
    engine.dispose()
    return found


def test_a_database_from_before_has_records_of_those_it_names(tmp_path: Path) -> None:
    own = {"kind": "centre", "name": "松江", "texts": {"en": {"theme.非遗传承": "Heritage", "goodbye": "Bye"}}}
    stored = [
        ("course", "paper", {"theme": "非遗传承"}, "sample"), ("course", "cars", {"theme": "汽修"}, "li"), ("item", "soap", {"category": "消费"}, "li"),
        ("centre", "centre", own, "li"),
    ]  # fmt: skip
    found = {key: (json.loads(body), by) for key, (body, by) in upgraded(tmp_path, *stored).items()}
    crafts, by = found["theme", "crafts"]
    assert crafts == {
        "kind": "theme", "id": "crafts", "name": "非遗传承", "aliases": ["非遗", "手工", "传统工艺"], "en": {"name": "Heritage"},
    }  # fmt: skip
    assert by == "sample", "whose goes on being the sample's"
    assert found["category", "goods"][1] == "li"
    assert {kind for kind, _ in found} == {"course", "item", "centre", "theme", "category"}
    assert len(found) == len(stored) + 2
    assert found["centre", "centre"][0]["texts"] == {"en": {"goodbye": "Bye"}}


async def test_a_database_from_before_with_texts_of_any_kind_can_be_read(tmp_path: Path) -> None:
    """A text could be long, end in a blank and hold values; what a heading is called cannot."""
    english = {
        "theme.非遗传承": " Heritage ", "theme.职业技能": "Skills of {platform}", "theme.人文艺术": "A" * 1000,
        "theme.乡村振兴": {"text": "Job skills"}, "theme.道德与法治": " ",
    }  # fmt: skip
    chinese = {
        "theme.非遗传承": {"text": "民间手艺 ", "spoken": "民间的手艺"}, "theme.职业技能": "人文艺术", "category.消费": "日用",
        "theme.道德与法治": "普法",
    }  # fmt: skip
    centre = {"kind": "centre", "texts": {"en": english, "zh": chinese}}
    named = ("非遗传承", "职业技能", "人文艺术", "乡村振兴", "道德与法治")
    courses = [course(f"c{at}", f"课{at}", theme) for at, theme in enumerate(named)]
    soap = RedemptionItem(id="soap", name="香皂", category="消费", points=1, stock=1)
    stored = [("course", each.id, to_builtins(each), "li") for each in courses]
    stored += [("item", "soap", to_builtins(soap), "li"), ("centre", "centre", centre, "li")]
    catalogue = Catalogue.of(decode(body, type=Record) for body, _ in upgraded(tmp_path, *stored).values())
    called = {each.id: (each.name, each.en and each.en.name) for each in catalogue.themes.values()}
    assert called == {
        "crafts": ("民间手艺", "Heritage"), "job-skills": ("职业技能", "Job skills"), "arts": ("人文艺术", "Arts"),
        "rural-revival": ("乡村振兴", "Rural revival"), "ethics-law": ("普法", "Ethics and law"),
    }  # fmt: skip
    assert catalogue.courses["c0"].theme == "民间手艺"
    assert {"非遗传承", "非遗"} < set(catalogue.themes["crafts"].aliases)
    assert catalogue.themes["ethics-law"].aliases == ("道德与法治", "法律方面")
    assert catalogue.items["soap"].category == catalogue.categories["goods"].name == "日用"
    assert inconsistencies(catalogue) == []
    assert not any(catalogue.centres["centre"].texts.values())
