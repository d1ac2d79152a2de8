"""A centre's workbook: written out, filled in by people, taken in whole or not at all, again and again."""

import asyncio
import io
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import cast
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
import msgspec.inspect
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image

from accounts.learners import check_digit
from accounts.registering import KnownLearner, Registered
from accounts.rules import Earning
from bot.texts import Texts
from daoxue import cli
from daoxue.app import compose
from daoxue.config import CentreSettings, Config, ConfigError
from daoxue.preparing import prepare, vault_of
from daoxue.resolved import centre_of
from daoxue.sample import save
from daoxue.workbook import records, taking
from daoxue.workbook.book import Book
from daoxue.workbook.plan import Plan, State, planned
from daoxue.workbook.reading import read, read_csv
from daoxue.workbook.rows import BankRow, CentreRow, HoursRow, LessonRow, SpecialRow, TextRow
from daoxue.workbook.sheets import ANSWERS, BY_NAME, LEARNERS, SHEETS
from daoxue.workbook.words import language
from daoxue.workbook.writing import as_csv, as_xlsx
from desk.errors import SignInError
from desk.staff import StaffAccount
from desk.standing import Shifts
from knowledge import template
from knowledge.catalogue import (
    KIND_OF,
    Activity,
    BankRules,
    Course,
    CourseInEnglish,
    CreditRule,
    Lesson,
    Office,
    Opening,
    Organisation,
    PlaceInEnglish,
    Record,
    RedemptionItem,
    SpecialDay,
    TrainingClass,
)
from knowledge.centre import Centre, CentreInEnglish, TextForms
from knowledge.entries import English, Entry, changed, following
from knowledge.files import Content, KnowledgeError
from knowledge.headings import Category, HeadingInEnglish, Theme
from knowledge.library import Partial, as_rows
from knowledge.topics import Topic
from knowledge.words import wanted
from store import knowledge as stored
from store.database import Database
from tests.conftest import copied
from tests.talk import Resident
from tests.test_centre import picture

TODAY = date(2026, 11, 20)
CARD = "62080200001"


def card(number: int) -> str:
    """A card that checks."""
    body = f"62080{number:06}"
    return body + check_digit(body)


class OwnCentre:
    """A centre's database, and what its workbook says."""

    def __init__(self, config: Config) -> None:
        prepare(config)
        self.config = config
        self.vault = vault_of(config)
        self.database = Database(config.database.url, self.vault)

    @property
    def state(self) -> State:
        return taking.state_of(self.config, self.database, self.vault)

    def plan(self, book: Book, *, remove: bool = False) -> Plan:
        return planned(book, self.state, "张老师", TODAY, remove=remove)

    def take(self, book: Book, *, remove: bool = False) -> dict[str, str]:
        """Takes it in; the one-time passwords."""
        plan = self.plan(book, remove=remove)
        assert [each.told("zh") for each in plan.problems] == []
        return taking.write(self.database, self.vault, plan, "张老师")


@contextmanager
def opened(config: Config) -> Iterator[OwnCentre]:
    centre = OwnCentre(config)
    try:
        yield centre
    finally:
        centre.database.close()


@pytest.fixture
def sample(config: Config) -> Iterator[OwnCentre]:
    with opened(config) as centre:
        yield centre


def settings_of(config: Config, folder: Path) -> Config:
    """The settings of a centre of one's own."""
    return replace(
        config, sample=False, accounts=replace(config.accounts, key_file=str(folder / "own.key")),
        database=replace(config.database, url=f"sqlite:///{folder / 'own.db'}"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one, to be copied: every migration since the first has made it."""
    folder = tmp_path_factory.mktemp("founded")
    prepare(settings_of(Config(), folder))
    return folder


@pytest.fixture
def empty(config: Config, founded: Path, tmp_path: Path) -> Iterator[OwnCentre]:
    """A centre of one's own in which nothing is yet."""
    copied(founded / "own.db", tmp_path / "own.db")
    shutil.copy(founded / "own.key", tmp_path)
    with opened(settings_of(config, tmp_path)) as centre:
        yield centre


@cache
def blank() -> bytes:
    """A workbook with nothing in it, made once."""
    return as_xlsx({sheet.key: [] for sheet in SHEETS}, {})


def filled(tmp_path: Path, **sheets: list[dict[str, object]]) -> Book:
    """A workbook with these rows, by sheet and head, read."""
    book = openpyxl.load_workbook(io.BytesIO(blank()))
    for name, rows in sheets.items():
        page = cast(Worksheet, book[name])
        heads = {str(cell.value): number for number, cell in enumerate(page[1], 1)}
        for number, row in enumerate(rows, 3):
            for head, value in row.items():
                page.cell(number, heads[head]).value = value  # type: ignore[assignment]
    path = tmp_path / "filled.xlsx"
    book.save(path)
    return read(path)


PLACES: list[dict[str, object]] = [
    {"名称": "松江职业学院", "级别": "学院", "地址": "学院路1号", "电话": "0571-880"},
    {"名称": "东门校区", "级别": "学校", "上级": "松江职业学院", "地址": "东门街2号", "电话": "0571-881", "别名": "东门、东校区"},
]  # fmt: skip
COURSES: list[dict[str, object]] = [{"名称": "焊工", "主题": "技能证书", "层次": "初级", "简介": "从认识焊机学起。"}]
CLASSES: list[dict[str, object]] = [
    {
        "名称": "焊工晚班", "课程": "焊工", "机构": "东门校区", "开班日期": date(2037, 12, 1), "次数": 10, "上课星期": "周二、周四", "上课": "18:30",
        "下课": "20:30", "名额": 30, "学费": 600, "对象": "成人", "报名条件": "年满18周岁；退役军人免学费", "报名开始": "2026-11-01",
        "报名截止": "2037/11/28",
    }
]  # fmt: skip


def told(plan: Plan, lang: str = "zh") -> list[str]:
    return [each.told("en" if lang == "en" else "zh") for each in plan.problems]


# -- out and in again


def test_what_was_exported_changes_nothing(sample: OwnCentre, tmp_path: Path) -> None:
    state = sample.state
    path = tmp_path / "a.xlsx"
    path.write_bytes(as_xlsx(taking.shown(state), state.answers))
    plan = sample.plan(read(path))
    assert (told(plan), plan.left, plan.empty) == ([], [], True)
    assert {name: counts.same for name, counts in plan.counts.items()}.items() >= {
        "机构": 196,
        "标准问题": 207,
        "学员": 12,
    }.items()


def test_a_workbook_is_taken_in_on_either_database(either_config: Config, tmp_path: Path) -> None:
    with opened(either_config) as centre:
        seats: list[dict[str, object]] = [{"用户名": "chen", "角色": "管理员"}]
        items: list[dict[str, object]] = [{"名称": "雨衣", "类别": "生活", "积分": 50}]
        book = filled(tmp_path, 兑换物品=items, 学员=[{**LEARNER, "学校": "qinghe"}], 坐席=seats)
        assert set(centre.take(book)) == {"chen"}
        assert centre.plan(book).empty
        before = len(centre.state.records)
        centre.take(book, remove=True)
        after = centre.state
        assert [records.name_of(each) for each in after.records.values() if isinstance(each, RedemptionItem)] == [
            "雨衣"
        ]
        assert len(after.records) < before
        assert [each.learner.name for each in after.learners.values() if each.learner.status != "void"] == ["陈小明"]


HOUSING: dict[str, object] = {"编号": "housing", "名称": "住宿", "英文名": "housing", "别名": "宿舍"}


def moved(one: OwnCentre, other: OwnCentre, tmp_path: Path) -> None:
    """What one centre exports is taken in by another, which exports the same."""
    exports = []
    for number, centre in enumerate((one, other)):
        state, path = centre.state, tmp_path / f"{number}.xlsx"
        path.write_bytes(as_xlsx(taking.shown(state), state.answers))
        exports.append((taking.shown(state), list(template.rows(state.answers))))
        if centre is one:
            other.take(read(path))
    assert exports[0] == exports[1]


def test_the_export_of_a_centre_makes_another_like_it(sample: OwnCentre, empty: OwnCentre, tmp_path: Path) -> None:
    own: list[dict[str, object]] = [
        {"问题": "宿舍怎么申请", "回答": "填表。", "主题": "住宿", "转人工": "是"},
        {"问题": "宿舍几点关门", "回答": "晚上十一点。", "主题": "housing"},
    ]
    answers: list[dict[str, object]] = [{"编号": "parking", "主题": "宿舍", "回答": "宿舍楼下可以停。"}]
    seats: list[dict[str, object]] = [{"用户名": "chen", "角色": "管理员"}, {"用户名": "wang", "机构": "qinghe"}]
    sample.take(filled(tmp_path, 主题=[HOUSING], 自有问题=own, 坐席=seats))
    table = tmp_path / "answers.csv"
    heads = list(answers[0])
    table.write_text("\n".join(",".join(map(str, row)) for row in (heads, answers[0].values())), "utf-8")
    sample.take(read_csv(table, ANSWERS))
    moved(sample, empty, tmp_path)
    assert [each.person for each in empty.state.own.values() if each.title == "宿舍怎么申请"] == [True]


def test_a_topic_is_there_for_what_stands_beside_it(empty: OwnCentre, tmp_path: Path) -> None:
    own: list[dict[str, object]] = [{"问题": "宿舍怎么申请", "回答": "填表。", "主题": "住宿"}]
    empty.take(filled(tmp_path, 主题=[HOUSING], 自有问题=own))
    assert [each.topic for each in empty.state.own.values()] == ["housing"]


@pytest.mark.parametrize("sheet", [each for each in SHEETS if each is not ANSWERS], ids=lambda each: each.key)
def test_each_sheet_goes_out_and_in_as_csv(sample: OwnCentre, tmp_path: Path, sheet: object) -> None:
    state, path = sample.state, tmp_path / "a.csv"
    of = next(each for each in SHEETS if each is sheet)
    path.write_bytes(as_csv(of, taking.shown(state)[of.key]))
    plan = sample.plan(read_csv(path, of))
    assert (told(plan), plan.left, plan.empty) == ([], [], True)


HAN = st.text("学院路东门书法太极焊工", min_size=1, max_size=6)
WORD = st.one_of(HAN, st.just("a、b"), st.just("=1+1"), st.just("第一行\n第二行"), st.just("8"), st.just("是"))
PLAIN = st.one_of(HAN, st.just("a、b"), st.just("a, b;c"))  # what stands in a list with others
MAYBE = st.one_of(st.none(), WORD)
LATIN = st.one_of(st.none(), st.just("in English"))
DAYS = st.one_of(st.just((1, 2, 3, 4, 5)), st.lists(st.integers(1, 7), min_size=1, max_size=7, unique=True).map(tuple))
DAY = st.dates(date(2026, 1, 1), date(2027, 12, 31))
SOME = st.integers(0, 400)


@st.composite
def hours(draw: st.DrawFn) -> tuple[Opening, ...]:
    found, free = [], [1, 2, 3, 4, 5, 6, 7]
    for _ in range(draw(st.integers(0, 3))):
        days = tuple(draw(st.lists(st.sampled_from(free), min_size=1, unique=True))) if free else ()
        free = [each for each in free if each not in days]
        spans = draw(
            st.sampled_from([[("08:30", "17:00")], [("08:30", "12:00"), ("14:00", "24:00")], [("00:00", "01:00")] * 1])
        )
        found += [Opening(days, *span) for span in spans if days]
    return tuple(found)


SPANS: st.SearchStrategy[list[tuple[str | None, str | None]]] = st.sampled_from(
    [[(None, None)], [("09:00", "12:00")], [("09:00", "12:00"), ("14:00", "16:00")]]
)


@st.composite
def special_days(draw: st.DrawFn) -> tuple[SpecialDay, ...]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        first, reason, en = draw(DAY), draw(WORD), draw(LATIN)
        spans: list[tuple[str | None, str | None]] = draw(SPANS)
        for ahead in range(draw(st.integers(1, 3))):
            found += [
                SpecialDay(day=first + timedelta(days=ahead), reason=reason, opens=opens, closes=closes, en=en)
                for opens, closes in spans
            ]
    return tuple(found)


@st.composite
def catalogues(draw: st.DrawFn) -> dict[tuple[str, str], Record]:
    """Anything that a centre may have, right as a whole."""
    ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
    found: list[Record] = []
    places = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    for number, id in enumerate(places):
        english = draw(st.one_of(st.none(), st.builds(PlaceInEnglish, name=st.just("Place"), route=LATIN)))
        found.append(
            Organisation(
                id=id, name=draw(WORD), level="college" if number == 0 else "school", parent=places[0] if number else None,
                aliases=tuple(draw(st.lists(PLAIN, max_size=3))), address=draw(WORD), route=draw(MAYBE), phone=draw(WORD),
                hours=draw(hours()), special_days=draw(special_days()), computers=draw(SOME), facilities=draw(WORD),
                accessible=draw(WORD), certifies=draw(st.booleans()), redeems=draw(st.booleans()),
                north=draw(st.floats(-90, 90)), east=draw(st.floats(-180, 180)), checked_on=draw(DAY), en=english,
            )
        )  # fmt: skip
    courses = draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    for id in courses:
        lessons = tuple(draw(st.lists(st.builds(Lesson, WORD, st.integers(1, 15), LATIN), max_size=3)))
        found.append(
            Course(
                id=id, name=draw(WORD), theme=draw(HAN), aliases=tuple(draw(st.lists(PLAIN, max_size=3))), level=draw(HAN),
                prerequisite=draw(WORD), mode=draw(st.sampled_from(["线上", "线下", "线上线下"])), summary=draw(WORD),
                assessment=draw(WORD), lessons=lessons,
                en=draw(st.one_of(st.none(), st.builds(CourseInEnglish, name=st.just("Course"), summary=LATIN))),
            )
        )  # fmt: skip
    first, count = draw(DAY), draw(st.integers(0, 60))
    for id in draw(st.lists(ids, max_size=3, unique=True)):
        capacity, youngest = draw(st.integers(1, 500)), draw(st.integers(0, 120))
        found += [
            TrainingClass(
                id=id, name=draw(WORD), course=draw(st.sampled_from(courses)), organisation=draw(st.sampled_from(places)),
                first_day=first, sessions=draw(st.integers(1, 60)), days=draw(DAYS), starts="09:00", ends="10:30",
                room=draw(WORD), teacher=draw(WORD), capacity=capacity, enrolled=draw(st.integers(0, capacity)),
                waiting=draw(SOME), fee=draw(SOME), material_fee=draw(SOME), audience=draw(WORD), eligibility=draw(WORD),
                youngest=youngest, oldest=draw(st.integers(youngest, 150)), materials=draw(WORD),
                enrol_from=first, enrol_until=first + timedelta(days=count), village=draw(st.booleans()),
                ballot=draw(st.booleans()), minors=draw(st.booleans()),
                schools=tuple(draw(st.lists(st.sampled_from(places), max_size=2, unique=True))),
            ),
            Activity(
                id=id, name=draw(WORD), organisation=draw(st.sampled_from(places)), first_day=first,
                last_day=first + timedelta(days=count), starts="09:00", ends="11:00", place=draw(WORD), summary=draw(WORD),
                enrol=draw(WORD), campaign=draw(MAYBE),
            ),
            CreditRule(id=id, name=draw(WORD), credits=draw(WORD), cap=draw(WORD), version=draw(HAN), valid_from=first),
            Theme(id=id, name=f"主题{id}", aliases=(f"别名{id}",), en=draw(st.one_of(st.none(), st.just(HeadingInEnglish(name=f"Theme{id}"))))),
            Category(id=id, name=f"类别{id}", aliases=()),
            RedemptionItem(id=id, name=draw(WORD), category=draw(HAN), points=draw(st.integers(1, 999)), stock=draw(SOME)),
            Office(id=id, name=draw(WORD), phone=draw(WORD), matters=tuple(draw(st.lists(PLAIN, max_size=3)))),
        ]  # fmt: skip
    kinds = st.dictionaries(st.sampled_from(["attend", "online", "帮教"]), EARNING, min_size=1)
    for number in range(draw(st.integers(0, 2))):
        found.append(
            BankRules(
                id=f"rules-{number}", version=f"办法{number}", valid_from=date(2020 + number, 1, 1), earn=draw(kinds),
                points_per_credit=draw(st.integers(1, 100)), points_last_years=draw(st.integers(1, 9)), order_days=7,
            )
        )  # fmt: skip
    found.append(Topic(id="housing", zh="住宿", en="housing", also=("宿舍",)))
    return {(KIND_OF[type(each)], each.id): each for each in found}


EARNING = st.builds(
    Earning, credits=st.sampled_from([0.5, 1.0, 2.5]), cap=st.sampled_from([2.5, 30.0]), per=st.sampled_from(["day", "month", "year"]),
    minutes=st.one_of(st.none(), st.integers(1, 600)),
)  # fmt: skip
CENTRES = st.builds(
    Centre, name=HAN, bot=HAN, district=st.one_of(st.just(""), HAN), hotline=st.just("0571-880"), colour=st.sampled_from(["", "#0b6e5f"]),
    texts=st.dictionaries(
        st.just("zh"),
        st.dictionaries(st.sampled_from(["greeting", "source.courses"]), st.one_of(HAN, st.builds(TextForms, HAN, HAN, st.none())), min_size=1),
    ),
    en=st.one_of(st.none(), st.builds(CentreInEnglish, name=st.just("Songjiang"), district=st.sampled_from(["", "Songjiang"]))),
)  # fmt: skip


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """Answers to a few standard questions, and questions of a centre's own, of topics that come with us and of its own."""
    found = []
    for standard_id in draw(st.lists(st.sampled_from(["parking", "subsidy", "g-card-lost"]), unique=True)):
        found.append(draw(entry(id=st.just(standard_id), standard=st.just(standard_id))))
    for number in range(draw(st.integers(0, 3))):
        asked = tuple(f"{draw(HAN)}{'一二三'[number]}{each}" for each in range(draw(st.integers(1, 3))))
        found.append(draw(entry(id=st.just(f"own-{number}"), questions=st.just(asked))))
    return found


@st.composite
def entry(draw: st.DrawFn, /, **names: st.SearchStrategy[object]) -> Entry:
    steps = tuple(draw(st.lists(HAN, max_size=3)))
    english = st.builds(English, answer=st.just("8, and 1+1"), steps=st.just(tuple("in English" for _ in steps)))
    since = draw(DAY)
    kept = st.builds(
        Entry, **names, topic=st.sampled_from(["housing", "course_faq"]), kind=st.just("guide" if steps else "faq"),
        answer=WORD, spoken=st.one_of(st.none(), HAN), sms=st.one_of(st.none(), HAN), steps=st.just(steps), person=st.booleans(),
        source=HAN, owner=HAN, valid_from=st.just(since), valid_until=st.just(since + timedelta(days=draw(SOME))),
        en=st.one_of(st.none(), english), source_en=LATIN,
    )  # fmt: skip
    return following(draw(kept))  # as everything is that is kept


STAFF = st.builds(
    StaffAccount, name=st.just("chen"), shown=st.one_of(st.just(""), HAN), role=st.just("administrator"), capacity=st.integers(1, 9),
    skills=st.sampled_from([(), ("credit", "complaint")]), langs=st.sampled_from([("zh",), ("zh", "en")]),
    phone=st.sampled_from([None, "+861012345678"]), active=st.just(True),
)  # fmt: skip
LEARNERS_KNOWN = st.builds(
    Registered, card=st.integers(0, 999_999).map(card), name=HAN, phone=st.just("13800138000"), minor=st.booleans(),
    status=st.sampled_from(["active", "lost", "void"]),
)  # fmt: skip


def stating(
    known: Mapping[tuple[str, str], Record],
    centre: Centre,
    entries: Sequence[Entry] = (),
    staff: Sequence[StaffAccount] = (),
    learners: Sequence[Registered] = (),
) -> State:
    """A state of these and nothing else."""
    there = {each.id: each for each in entries}

    def kept(found: Sequence[Partial]) -> list[Entry]:
        return [
            changed(
                replace(each, **{name: getattr(there[each.id], name) for name in keeps}) if each.id in there else each,
                None,
            )
            for each, keeps in found
        ]

    return State(
        known, centre, entries, {each.standard: each for each in entries if each.standard},
        {each.id: each for each in entries if not each.standard}, {each.name: each for each in staff},
        {each.card: KnownLearner(number, each) for number, each in enumerate(learners)}, 0, kept, {},
    )  # fmt: skip


def through_csv(state: State) -> Book:
    """What a centre exports, read again."""
    rows, book = taking.shown(state), Book()
    tables = {sheet: as_csv(sheet, rows[sheet.key]) for sheet in SHEETS if sheet is not ANSWERS}
    for sheet, table in (tables | {ANSWERS: template.as_csv(state.answers)}).items():
        part = _through_csv(sheet.key, table)
        book.sheets |= part.sheets
        book.problems += part.problems
    return book


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(catalogues(), CENTRES, entries(), STAFF, LEARNERS_KNOWN)
def test_any_centre_goes_out_and_in(
    known: dict[tuple[str, str], Record], centre: Centre, said: list[Entry], seat: StaffAccount, learner: Registered
) -> None:
    places = [id for kind, id in known if kind == "organisation"]
    seat, learner = replace(seat, place=places[-1]), replace(learner, school=places[0])
    before = stating(known, centre, said, [seat], [learner])
    book = through_csv(before)
    # Beside what it came from nothing changes; where there is nothing yet, it is there again.
    again = planned(book, before, "a", TODAY, remove=False)
    assert (told(again), again.left, again.empty) == ([], [], True)
    anew = planned(book, stating({}, Centre()), "a", TODAY, remove=False)
    assert told(anew) == []
    made = {(KIND_OF[type(each)], each.id): each for each in anew.records}
    assert made.pop(("centre", "centre"), Centre()) == centre
    assert made == known
    assert sorted(anew.entries, key=lambda each: each.id) == sorted(said, key=lambda each: each.id)
    assert [account for account, _ in anew.staff] == [seat]
    assert [person for person, _ in anew.learners] == [learner]


def test_a_step_of_several_lines_goes_out_as_one() -> None:
    """Else the English had fewer steps, and the export could not be taken in."""
    steps = Entry(
        id="own", topic="course_faq", kind="guide", questions=("怎么办",), answer="照做。", steps=("先填\n再交", "等|通知"),
        source="手册", owner="王", valid_from=TODAY, valid_until=TODAY, en=English(answer="Do this.", steps=("Fill in", "Wait")),
    )  # fmt: skip
    plan = planned(through_csv(stating({}, Centre(), [steps])), stating({}, Centre()), "a", TODAY, remove=False)
    assert (told(plan), [each.steps for each in plan.entries]) == ([], [("先填 再交", "等 通知")])


def _through_csv(key: str, content: bytes) -> Book:
    path = Path(tempfile.gettempdir()) / f"daoxue-{key}-{id(content)}.csv"
    path.write_bytes(content)
    try:
        return read_csv(path, BY_NAME[key])
    finally:
        path.unlink()


# -- filled in by people


def test_a_centre_of_ones_own_is_there_at_the_next_question(empty: OwnCentre, tmp_path: Path) -> None:
    span: dict[str, object] = {
        "星期": "周一到周五",
        "开门": "8:30",
        "关门": "12:00",
        "再开门": "14:00",
        "再关门": "17:30",
    }
    answers = [{"编号": "parking"}]
    assert answers
    book = filled(
        tmp_path,
        机构=PLACES,
        开放时间=[{"机构": "东门校区", **span}],
        特殊日子=[{"日期": "2027-02-06", "到": "2027-02-08", "事由": "春节闭馆"}],
        课程=COURSES,
        班级=CLASSES,
    )
    empty.take(book)
    found = empty.state.records
    school = next(each for each in found.values() if each.id != "college" and getattr(each, "level", "") == "school")
    assert isinstance(school, Organisation)
    assert school.hours == (Opening((1, 2, 3, 4, 5), "08:30", "12:00"), Opening((1, 2, 3, 4, 5), "14:00", "17:30"))
    assert (school.aliases, school.facilities, school.checked_on) == (("东门", "东校区"), "请来电询问", TODAY)
    days = [len(each.special_days) for each in found.values() if isinstance(each, Organisation)]
    assert days == [3, 3]

    async def asked() -> str:
        app = await compose(empty.config)
        try:
            return await Resident(app).say("焊工班多少钱")
        finally:
            app.database.close()

    assert "600" in asyncio.run(asked())


def test_an_old_day_off_the_sheet_stays_while_a_class_goes_on(empty: OwnCentre, tmp_path: Path) -> None:
    """Of who has it reckoned by that day; with a word on how to say that the day was none."""
    going: list[dict[str, object]] = [{**CLASSES[0], "开班日期": date(2026, 11, 3)}]
    days: list[dict[str, object]] = [
        {"机构": "东门校区", "日期": day, "事由": "检修"} for day in ("2026-11-10", "2026-12-10")
    ]
    old, new = days
    empty.take(filled(tmp_path, 机构=PLACES, 课程=COURSES, 班级=going, 特殊日子=[old, new]))
    assert empty.plan(filled(tmp_path, 特殊日子=[old, new])).notes == []
    plan = empty.plan(filled(tmp_path, 特殊日子=[new]))
    assert plan.empty
    [note] = plan.notes
    assert "（东门校区）：已经过去的特殊日子没有删" in note.told("zh")
    [place] = empty.plan(filled(tmp_path, 特殊日子=[{**new, "事由": "盘点"}])).records
    assert isinstance(place, Organisation)
    assert [(str(each.day), each.reason) for each in place.special_days] == [
        ("2026-11-10", "检修"),
        ("2026-12-10", "盘点"),
    ]


OWN: dict[str, object] = {
    "主题": "课程答疑", "问题": "焊工班管饭吗\n学焊工中午吃什么", "回答": "食堂中午供应学员餐，12元一份。", "英文问题": "Is there a lunch?",
    "英文回答": "The canteen has a lunch for 12 yuan.", "来源": "后勤处", "对象": "学员", "失效日期": date(2027, 6, 30), "负责人": "后勤处",
}  # fmt: skip
STEPS: dict[str, object] = {
    "编号": "dorm",
    "类型": "操作指导",
    "问题": "宿舍怎么申请",
    "回答": "分两步：",
    "步骤": "先填表\n再交给宿管",
    "失效日期": "2027-06-30",
}


def test_questions_of_ones_own_go_in_and_out_and_are_answered(empty: OwnCentre, tmp_path: Path) -> None:
    empty.take(filled(tmp_path, 自有问题=[OWN, STEPS]))
    state = empty.state
    lunch = next(each for id, each in state.own.items() if id != "dorm")
    assert lunch.questions == ("焊工班管饭吗", "学焊工中午吃什么")
    assert (lunch.audience, lunch.en and lunch.en.question) == ("学员", "Is there a lunch?")
    assert (state.own["dorm"].kind, state.own["dorm"].steps) == ("guide", ("先填表", "再交给宿管"))
    path = tmp_path / "out.xlsx"
    path.write_bytes(as_xlsx(taking.shown(state), state.answers))
    plan = empty.plan(read(path))
    assert (told(plan), plan.left, plan.empty, plan.counts["自有问题"].same) == ([], [], True, 2)
    table = tmp_path / "out.csv"
    table.write_bytes(as_csv(BY_NAME["自有问题"], taking.shown(state)["questions"]))
    assert empty.plan(read_csv(table, BY_NAME["自有问题"])).empty
    assert "食堂" in asyncio.run(_said(empty, "焊工班管饭吗"))


async def _said(centre: OwnCentre, text: str) -> str:
    app = await compose(centre.config)
    try:
        return await Resident(app).say(text)
    finally:
        app.database.close()


def test_questions_of_ones_own_are_taken_whole_or_not_at_all(empty: OwnCentre, tmp_path: Path) -> None:
    empty.take(filled(tmp_path, 自有问题=[OWN, STEPS]))
    bad: list[dict[str, object]] = [
        OWN,
        {"问题": "停车收费吗"},
        {"编号": "g-card-lost", "问题": "卡丢了", "回答": "补办。"},
    ]
    plan = empty.plan(filled(tmp_path, 自有问题=bad))
    assert [each.partition("：")[0] for each in told(plan)] == ["自有问题 第 4 行", "自有问题 第 5 行 “编号”"]
    gone = filled(tmp_path, 自有问题=[{**OWN, "问题": "焊工班管饭吗"}])
    assert empty.plan(gone).left == [("自有问题", "宿舍怎么申请（dorm）")]
    assert "dorm" in empty.state.own
    empty.take(gone, remove=True)
    assert [each.questions for each in empty.state.own.values()] == [("焊工班管饭吗",)]


def test_what_people_in_danger_hear_is_not_taken_out_by_one(empty: OwnCentre, tmp_path: Path) -> None:
    said: dict[str, object] = {"回答": "别转账，先打110。"}
    both = [{**said, "编号": "fraud-tip"}, {**said, "编号": "parking"}]
    empty.take(filled(tmp_path, 标准问题=both))
    book = filled(tmp_path, 标准问题=[{**said, "编号": "redeem-how"}])
    plan = empty.plan(book, remove=True)
    assert [each.standard for each in plan.expired] == ["parking"]
    assert any("fraud-tip" in each.told("zh") and "没有删除" in each.told("zh") for each in plan.notes)
    empty.take(book, remove=True)
    assert sorted(empty.state.answers) == ["fraud-tip", "redeem-how"]


def test_another_answer_that_goes_on_leaves_no_gap(empty: OwnCentre, tmp_path: Path) -> None:
    empty.take(filled(tmp_path, 标准问题=[{"编号": "redeem-how", "回答": "带学习卡到窗口。"}]))
    (first,) = empty.state.published
    later = replace(
        first, id="redeem-how-2", valid_from=TODAY + timedelta(days=10), valid_until=TODAY + timedelta(days=900)
    )
    save(empty.database, Content([later], []), "li")
    short: dict[str, object] = {
        "编号": "redeem-how",
        "回答": "带学习卡到窗口。",
        "失效日期": str(TODAY + timedelta(days=15)),
    }
    plan = empty.plan(filled(tmp_path, 标准问题=[short]))
    assert plan.entries
    assert not [each for each in plan.notes if "redeem-how" in each.told("zh")]


def test_what_stands_under_a_theme_goes_along_with_its_new_name(empty: OwnCentre, tmp_path: Path) -> None:
    courses: list[dict[str, object]] = [
        {"名称": name, "主题": "汽修", "层次": "初级", "简介": "修车。"} for name in ("发动机", "底盘")
    ]
    goods: list[dict[str, object]] = [{"名称": "扳手", "类别": "工具", "积分": 5, "库存": 1}]
    themes: list[dict[str, object]] = [{"编号": "cars", "名称": "汽修"}, {"编号": "metal", "名称": "金工"}]
    kinds: list[dict[str, object]] = [{"编号": "tools", "名称": "工具"}]
    empty.take(filled(tmp_path, 课程主题=themes, 课程=courses, 物品类别=kinds, 兑换物品=goods))
    themes[0]["名称"], kinds[0]["名称"] = "汽车维修", "工具耗材"
    book = filled(tmp_path, 课程主题=themes, 课程=courses[:1], 物品类别=kinds)
    dropping = empty.plan(book, remove=True)
    assert {each.name for each in dropping.records if isinstance(each, Course)} == {"发动机"}, (
        "what goes is not written"
    )
    empty.take(book)
    known = empty.state.records.values()
    assert {each.theme for each in known if isinstance(each, Course)} == {"汽车维修"}, "also what the sheet left out"
    assert {each.category for each in known if isinstance(each, RedemptionItem)} == {"工具耗材"}
    again = filled(
        tmp_path,
        课程主题=[{"编号": "cars", "名称": "金工"}, {"编号": "metal", "名称": "汽车维修"}],
        课程=[{**courses[0], "主题": "汽车维修"}],
    )
    empty.take(again)
    swapped = {each.name: each.theme for each in empty.state.records.values() if isinstance(each, Course)}
    assert swapped == {"发动机": "汽车维修", "底盘": "汽车维修"}, "what the sheet says, where the name is another's now"


def test_a_logo_is_the_file_that_the_sheet_names(empty: OwnCentre, tmp_path: Path) -> None:
    path = tmp_path / "sign.png"
    path.write_bytes(picture("PNG"))
    named: list[dict[str, object]] = [{"项目": "名称", "内容": "松江"}, {"项目": "标志", "内容": str(path)}]
    empty.take(filled(tmp_path, 中心=named))
    drawn = empty.state.centre.logo
    assert Image.open(io.BytesIO(drawn)).size == (256, 128)
    assert b"secret place" not in drawn
    assert empty.plan(filled(tmp_path, 中心=[{"项目": "名称", "内容": "松江"}, {"项目": "标志"}])).empty, "it stays"
    path.write_bytes(b"<svg onload=alert(1)>")
    assert "读不了这张图" in str(told(empty.plan(filled(tmp_path, 中心=named))))
    path.unlink()
    assert "没有文件" in str(told(empty.plan(filled(tmp_path, 中心=named))))


def test_a_logo_of_the_settings_is_shown_until_there_is_a_record(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "sign.png"
    path.write_bytes(picture("PNG"))
    said = replace(config, centre=replace(config.centre, logo=str(path)))
    assert Image.open(io.BytesIO(centre_of(said).logo)).size == (256, 128)
    path.write_bytes(b"no picture")
    with pytest.raises(ConfigError, match=r"centre\.logo"):
        centre_of(said)


def test_the_same_workbook_again_changes_nothing_and_doubles_nothing(empty: OwnCentre, tmp_path: Path) -> None:
    book = filled(tmp_path, 机构=PLACES, 课程=COURSES, 班级=CLASSES, 学员=[LEARNER], 坐席=[{"用户名": "zhang"}])
    empty.take(book)
    before = empty.state
    plan = planned(book, before, "张老师", TODAY + timedelta(days=1), remove=True)
    assert (told(plan), plan.left, plan.empty) == ([], [], True)
    # In another centre the same names become the same ids.
    names = {(kind, each.id) for (kind, _), each in before.records.items()}
    anew = planned(book, stating({}, Centre()), "a", TODAY, remove=False)
    assert {(KIND_OF[type(each)], each.id) for each in anew.records} == names


def test_what_was_changed_at_the_desk_since_is_told_before_it_is_written_over(empty: OwnCentre, tmp_path: Path) -> None:
    book = filled(tmp_path, 机构=PLACES, 坐席=[{"用户名": "zhang"}])
    empty.take(book)
    [gate] = [each for each in empty.state.records.values() if records.name_of(each) == "东门校区"]
    _, moved = as_rows([], [replace(gate, address="西门街9号")], "published")
    empty.database.now(lambda t: stored.save(t, [], moved, "zhang", 1))
    [note] = empty.plan(book).notes
    assert (note.sheet, note.row) == ("机构", 4)
    assert "zhang 在坐席台改过" in note.told("zh")
    empty.take(book)
    assert empty.plan(book).notes == []


def test_a_table_that_went_through_another_encoding_with_its_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "机构.csv"
    path.write_bytes("\ufeff名称,级别\n松江职业学院,学院\n".encode("gb18030"))
    book = read_csv(path, BY_NAME["机构"])
    assert ([each.told("zh") for each in book.problems], len(book.sheets[BY_NAME["机构"].key].rows)) == ([], 1)


def test_an_id_renames_and_a_name_is_not_taken_twice(empty: OwnCentre, tmp_path: Path) -> None:
    empty.take(filled(tmp_path, 课程=COURSES))
    [old] = empty.state.records.values()
    renamed = {**COURSES[0], "编号": old.id, "名称": "电焊"}
    # The old name is free again, for a course of its own.
    empty.take(filled(tmp_path, 课程=[COURSES[0], renamed]))
    found = {records.name_of(each): each.id for each in empty.state.records.values()}
    assert set(found) == {"电焊", "焊工"}
    assert found["电焊"] == old.id != found["焊工"]
    twice = empty.plan(filled(tmp_path, 课程=[{**COURSES[0], "名称": "钳工"}, {**COURSES[0], "名称": "钳工"}]))
    assert told(twice) == ["课程 第 4 行 “名称”：与第 3 行是同一个；真是两个就写上不同的编号"]
    assert told(twice, "en") == [
        "courses (课程) row 4 name (名称): the same as row 3; if it is not, give each an id of its own"
    ]


def test_what_a_number_counts_and_a_row_that_stands_twice_are_no_faults(empty: OwnCentre, tmp_path: Path) -> None:
    counted = {"学费": f"{CLASSES[0]['学费']}元", "名额": f"{CLASSES[0]['名额']} 人", "次数": f"{CLASSES[0]['次数']}次"}
    day: dict[str, object] = {"机构": "东门校区", "星期": "周一", "开门": "09:00", "关门": "12:00"}
    empty.take(filled(tmp_path, 机构=PLACES, 课程=COURSES, 班级=[{**CLASSES[0], **counted}], 开放时间=[day, day]))
    [group] = [each for each in empty.state.records.values() if isinstance(each, TrainingClass)]
    assert (group.fee, group.capacity, group.sessions) == tuple(CLASSES[0][each] for each in ("学费", "名额", "次数"))
    [hours] = [
        each.hours
        for each in empty.state.records.values()
        if isinstance(each, Organisation) and each.name == "东门校区"
    ]
    assert len(hours) == 1


def broken(**cells: object) -> list[dict[str, object]]:
    return [{**CLASSES[0], **cells}]


LEARNER: dict[str, object] = {"卡号": card(1), "姓名": "陈小明", "手机": "13900001111", "学校": "东门校区"}
BANK_ROW: dict[str, object] = {
    "依据": "办法", "生效日期": "2026-01-01", "学习种类": "线下听课", "学分": 1, "上限": 2, "多长时间": "每天",
}  # fmt: skip
OPEN_DAY: dict[str, object] = {
    "名称": "开放日", "机构": "东门校区", "日期": "2026-12-05", "开始": "09:00", "结束": "11:00", "地点": "大厅", "内容": "参观。",
}  # fmt: skip
WRONG: list[tuple[str, list[dict[str, object]], str, str]] = [
    ("班级", broken(课程="焊工艺"), "班级 第 3 行 “课程”：没有“焊工艺”；是不是 焊工", "classes (班级) row 3 course (课程): there is no “焊工艺”; is it 焊工?"),
    ("班级", broken(学费="六百"), "班级 第 3 行 “学费”：要写整数", "classes (班级) row 3 fee (学费): a whole number is wanted"),
    ("班级", broken(名额=900), "班级 第 3 行 “名额”：不能大于 500", "classes (班级) row 3 capacity (名额): not above 500"),
    ("班级", broken(上课="九点"), "班级 第 3 行 “上课”：要写时间，如 08:30", "classes (班级) row 3 starts (上课): a time is wanted, e.g. 08:30"),
    ("班级", broken(上课星期="双日"), "班级 第 3 行 “上课星期”：要写星期，如 周一到周五，或 周一、周三", ""),
    ("班级", broken(开班日期="下周"), "班级 第 3 行 “开班日期”：要写日期，如 2026-12-31", ""),
    ("班级", broken(对象=None), "班级 第 3 行 “对象”：空着；合并了单元格的请取消合并", ""),
    ("班级", broken(抽签="也许"), "班级 第 3 行 “抽签”：要写 是 或 否", ""),
    ("班级", broken(下课="18:00"), "班级 第 3 行 “下课”：18:00 不晚于开始时间 18:30", "classes (班级) row 3 ends (下课): 18:00 is not after the start 18:30"),
    ("班级", broken(报名截止="2026-10-01"), "班级 第 3 行 “报名截止”：2026-10-01 早于 2026-11-01", ""),
    ("班级", broken(英文教室="room 1"), "班级 第 3 行 “英文名”：写了英文的，就要有英文名", ""),
    ("班级", broken(编号="A 班"), "班级 第 3 行 “编号”：只能用小写字母、数字和连字符，以字母或数字开头", ""),
    ("开放时间", [{"机构": "东门校区", "星期": "周一", "开门": "09:00", "关门": "08:00"}], "开放时间 第 3 行 “关门”：关门 08:00 不晚于开门 09:00", ""),
    ("开放时间", [{"机构": "东门校区", "星期": "周一", "开门": "09:00"}], "开放时间 第 3 行 “关门”：空着；合并了单元格的请取消合并", ""),
    (
        "开放时间",
        [{"机构": "东门校区", "星期": "周一", "开门": "09:00", "关门": "12:00", "再开门": "11:00", "再关门": "13:00"}],
        "开放时间 第 3 行 “再开门”：早于前一段的关门 12:00", "",
    ),
    ("特殊日子", [{"日期": "2027-02-06", "到": "2027-02-01", "事由": "春节"}], "特殊日子 第 3 行 “到”：2027-02-01 早于 2027-02-06，或相隔一年以上", ""),
    ("机构", [*PLACES, {"名称": "西校区", "级别": "学校", "地址": "西街", "电话": "1"}], "机构 第 5 行 “上级”：一级一级往上，到不了学院", ""),
    ("机构", [*PLACES, {"名称": "另一个学院", "级别": "学院", "地址": "西街", "电话": "1"}], "机构 第 5 行 “级别”：学院只能有一个，已经有 松江职业学院", ""),
    ("机构", [{**PLACES[0], "北纬": 109.5, "东经": 30.3}], "机构 第 3 行 “北纬”：109.5 度：最多 90 度，是不是北纬和东经写反了", ""),
    ("微课", [{"课程": "焊工", "标题": "认识焊机", "分钟": 30}], "微课 第 3 行 “分钟”：不能大于 15", ""),
    ("学员", [{**LEARNER, "卡号": card(1)[:-1] + str((int(card(1)[-1]) + 1) % 10)}], "学员 第 3 行 “卡号”：最后一位是校验位，和前面对不上", ""),
    ("学员", [{**LEARNER, "手机": "12345"}], "学员 第 3 行 “手机”：要写 11 位手机号，如 13800138000", ""),
    ("学员", [LEARNER, LEARNER], "学员 第 4 行 “卡号”：与第 3 行重复", "learners (学员) row 4 card (卡号): the same as row 3"),
    ("学员", [{**LEARNER, "学校": "13900001111"}], "学员 第 3 行 “学校”：没有“…”", ""),
    ("坐席", [{"用户名": "zhang", "角色": "校长"}], "坐席 第 3 行 “角色”：可以是 坐席、班长、知识编辑、管理员、审计", ""),
    ("坐席", [{"用户名": "Zhang"}], "坐席 第 3 行 “用户名”：用户名用小写字母、数字或汉字，中间可以有 . _ @ -，如 wang.li", ""),
    ("坐席", [{"用户名": "zhang"}, {"用户名": "li", "显示名": "zhаng"}], "坐席 第 4 行 “显示名”：显示名用汉字、拉丁字母和数字", ""),
    ("坐席", [{"用户名": "zhang"}, {"用户名": "li", "显示名": "Zhang"}], "坐席 第 4 行 “显示名”：和另一个账号分不清", ""),
    ("坐席", [{"用户名": "zhang", "机构": "西门"}], "坐席 第 3 行 “机构”：没有“西门”", ""),
    ("中心", [{"项目": "名称", "内容": "松江学院"}, {"项目": "电话", "内容": "1"}], "中心 第 4 行 “项目”：可以是 名称、助手、地区、热线、地址、平台、颜色", ""),
    ("中心", [{"项目": "颜色", "内容": "#ffffff"}], "中心 第 3 行 “内容”：#ffffff 太浅，白字看不清，请选深一些的颜色", ""),
    ("自有文字", [{"编号": "no.such", "语言": "中文", "屏幕上": "a"}], "自有文字 第 3 行 “编号”：没有这个文字编号", ""),
    (
        "学分计算", [{**BANK_ROW, "一学分换几积分": 10, "积分几年有效": 2}],
        "学分计算 第 3 行 “兑换留几天”：空着；合并了单元格的请取消合并", "",
    ),
    ("学分计算", [{**BANK_ROW, "学分": 0}], "学分计算 第 3 行 “学分”：要大于 0", ""),
    ("班级", broken(上课="25:00"), "班级 第 3 行 “上课”：要写时间，如 08:30", ""),
    ("坐席", [{"用户名": "zhang", "电话": "内线"}], "坐席 第 3 行 “电话”：要写电话号码，如 057188001234 或 +8657188001234", ""),
    ("中心", [{"项目": "颜色", "内容": "很蓝"}], "中心 第 3 行 “内容”：要写成 #0b6e5f 这样：# 和六位 0—9、a—f（小写）", ""),
    ("主题", [{"编号": "housing", "名称": "住宿", "英文名": "housing", "颜色": "蓝"}], "主题 第 3 行 “颜色”：要写成 #0b6e5f 这样", ""),
    ("活动", [{**OPEN_DAY, "到": "2026-12-01"}], "活动 第 3 行 “到”：2026-12-01 早于 2026-12-05", ""),
    ("活动", [{**OPEN_DAY, "结束": "08:00"}], "活动 第 3 行 “结束”：08:00 不晚于开始时间 09:00", "activities (活动) row 3 ends (结束)"),
    ("课程主题", [{"名称": "汽修", "别名": "修车"}, {"名称": "开车", "别名": "修车"}], "课程主题 第 4 行 “别名”：“修车”已经是 th-", ""),
    ("课程主题", [{"编号": "a", "名称": "汽修"}, {"编号": "b", "名称": "汽修"}], "课程主题 第 4 行 “名称”：“汽修”已经是 a 的名字（第 3 行）", ""),
    ("自有文字", [{"编号": "greeting", "语言": "中文", "屏幕上": "{x}好"}], "自有文字 第 3 行 “屏幕上”：这句话里没有 x 可填", ""),
    ("自有文字", [{"编号": "greeting.sms", "语言": "中文", "屏幕上": "好" * 300}], "自有文字 第 3 行 “短信里”：短信放不下第一句", ""),
    (
        "自有文字", [{"编号": "greeting", "语言": "中文", "屏幕上": each} for each in "你好"],
        "自有文字 第 4 行 “编号”：与第 3 行重复", "texts (自有文字) row 4 key (编号): the same as row 3",
    ),
    ("主题", [{"名称": "住宿", "英文名": "housing"}], "主题 第 3 行 “编号”：空着；合并了单元格的请取消合并", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sheet", "rows", "zh", "en"), WRONG, ids=[f"{sheet}-{number}" for number, (sheet, *_) in enumerate(WRONG)]
)
def test_what_is_wrong_is_told_with_its_place_in_the_readers_language(
    empty: OwnCentre, tmp_path: Path, sheet: str, rows: list[dict[str, object]], zh: str, en: str
) -> None:
    sheets = {"机构": PLACES, "课程": COURSES} | {sheet: rows}
    plan = empty.plan(filled(tmp_path, **sheets))
    assert told(plan)[:1] == [zh] or (told(plan) and told(plan)[0].startswith(zh)), told(plan)
    assert told(plan, "en")[0].startswith(en)
    assert not any(set(each.told("en")) & set("请空着") for each in plan.problems if "标准问题" not in each.sheet)
    said = "".join(told(plan) + told(plan, "en"))
    assert "13900001111" not in said
    assert card(1)[:11] not in said
    assert "陈小明" not in said


def _patterns(kind: msgspec.inspect.Type) -> Iterator[str]:
    match kind:
        case msgspec.inspect.StrType(pattern=str(pattern)):
            yield pattern
        case msgspec.inspect.StructType(fields=fields):
            for field in fields:
                yield from _patterns(field.type)
        case msgspec.inspect.UnionType(types=types):
            for each in types:
                yield from _patterns(each)
        case msgspec.inspect.VarTupleType(item_type=item):
            yield from _patterns(item)


def test_whatever_has_to_be_of_a_form_says_of_which() -> None:
    rows = (
        HoursRow,
        SpecialRow,
        LessonRow,
        BankRow,
        CentreRow,
        TextRow,
        StaffAccount,
        Registered,
        Centre,
        Entry,
        Shifts,
        CentreSettings,
    )
    kinds = [*rows, *(each for each in KIND_OF if each is not Centre)]
    patterns = {pattern for each in msgspec.inspect.multi_type_info(kinds) for pattern in _patterns(each)}
    assert len(patterns) > 10
    assert {each for each in patterns if wanted(f"Expected `str` matching regex {each!r}") is None} == set()


def test_all_or_nothing(empty: OwnCentre, tmp_path: Path) -> None:
    book = filled(tmp_path, 机构=PLACES, 课程=COURSES, 班级=broken(学费="六百", 名额="x"), 学员=[LEARNER])
    plan = empty.plan(book)
    assert len(plan.problems) == 2
    assert empty.state.records == {}
    # Also where somebody has changed something in between.
    right = empty.plan(filled(tmp_path, 机构=PLACES, 学员=[LEARNER], 坐席=[{"用户名": "zhang"}]))
    empty.take(filled(tmp_path, 课程=COURSES))
    with pytest.raises(KnowledgeError, match="别人刚改过"):
        taking.write(empty.database, empty.vault, right, "a")
    assert (len(empty.state.records), empty.state.learners, empty.state.staff) == (1, {}, {})


def test_what_is_gone_is_told_and_goes_only_when_it_is_wanted(empty: OwnCentre, tmp_path: Path) -> None:
    everything = filled(
        tmp_path, 机构=PLACES, 课程=COURSES, 班级=CLASSES, 学员=[LEARNER, {**LEARNER, "卡号": card(2)}],
        坐席=[{"用户名": "chen", "角色": "管理员"}, {"用户名": "zhang"}],
        自有文字=[{"编号": "greeting", "语言": "中文", "屏幕上": "您好"}, {"编号": "source.courses", "语言": "中文", "屏幕上": "课程表"}],
        微课=[{"课程": "焊工", "标题": "认识焊机", "分钟": 5}],
    )  # fmt: skip
    empty.take(everything)
    less = filled(
        tmp_path, 机构=PLACES, 课程=[*COURSES, {**COURSES[0], "名称": "钳工"}],
        班级=[{**CLASSES[0], "名称": "钳工班", "课程": "钳工"}], 学员=[LEARNER], 坐席=[{"用户名": "chen", "角色": "管理员"}],
        自有文字=[{"编号": "greeting", "语言": "中文", "屏幕上": "您好"}], 微课=[{"课程": "钳工", "标题": "锉刀", "分钟": 5}],
    )  # fmt: skip
    plan = empty.plan(less)
    assert {sheet for sheet, _ in plan.left} == {"班级", "学员", "坐席", "自有文字", "微课"}
    empty.take(less)
    assert len(empty.state.records) == 7  # nothing has gone
    empty.take(less, remove=True)
    after = empty.state
    assert sorted(each.name for each in after.records.values() if isinstance(each, TrainingClass)) == ["钳工班"]
    assert [each.learner.status for each in after.learners.values()] == ["active", "void"]
    assert {each.name: each.active for each in after.staff.values()} == {"chen": True, "zhang": False}
    assert after.centre.texts == {"zh": {"greeting": "您好"}}
    assert empty.plan(less, remove=True).empty
    # An administrator remains, and what another record needs does not go.
    chen: dict[str, object] = {"用户名": "chen", "角色": "坐席"}
    for wrong in (filled(tmp_path, 坐席=[chen]), filled(tmp_path, 坐席=[{**chen, "角色": "管理员", "在用": "否"}])):
        assert told(empty.plan(wrong)) == ["坐席 “角色”：至少要留一位在用的管理员"]
    without = empty.plan(filled(tmp_path, 课程=COURSES), remove=True)
    assert told(without) == ["课程：钳工 不能删：还有班级 钳工班写着它，请先改，或者一起删"]
    assert "named by classes 钳工班" in told(without, "en")[0]


def test_what_still_names_something_is_told_before_it_goes(empty: OwnCentre, tmp_path: Path) -> None:
    themes: list[dict[str, object]] = [{"编号": "cert", "名称": "技能证书"}, {"名称": "汽修"}]
    own: list[dict[str, object]] = [{"问题": "宿舍怎么申请", "回答": "填表。", "主题": "住宿"}]
    seats: list[dict[str, object]] = [{"用户名": "chen", "角色": "管理员"}, {"用户名": "wang", "机构": "东门校区"}]
    empty.take(
        filled(
            tmp_path, 机构=PLACES, 课程=COURSES, 班级=CLASSES, 课程主题=themes, 主题=[HOUSING], 自有问题=own, 坐席=seats,
            学员=[LEARNER], 活动=[OPEN_DAY],
        )
    )  # fmt: skip
    less = filled(
        tmp_path,
        机构=PLACES[:1],
        课程主题=themes[1:],
        主题=[{**HOUSING, "编号": "food", "名称": "吃饭", "英文名": "food", "别名": ""}],
    )
    plan = empty.plan(less)
    assert told(plan) == []
    assert {what.partition("，")[0].partition("（")[0]: what.partition("，还有")[2] for _, what in plan.left} == {
        "东门校区": "班级 焊工晚班；活动 开放日；坐席 wang；学员 1 名写着它）",
        "技能证书": "课程 焊工写着它）",
        "住宿": "自有问题 宿舍怎么申请写着它）",
    }
    refused = told(empty.plan(less, remove=True))
    assert {each.partition("：")[2].partition(" ")[0] for each in refused} == {"住宿", "东门校区"}, (
        "a theme may be a word alone"
    )
    moved = filled(
        tmp_path, 机构=PLACES[:1], 坐席=seats[:1], 学员=[{**LEARNER, "学校": None}],
        班级=[{**CLASSES[0], "机构": "松江职业学院"}], 活动=[{**OPEN_DAY, "机构": "松江职业学院"}],
    )  # fmt: skip
    empty.take(moved, remove=True)
    assert [each.name for each in empty.state.records.values() if isinstance(each, Organisation)] == ["松江职业学院"]


def test_an_empty_sheet_and_a_missing_column_say_nothing(empty: OwnCentre, tmp_path: Path) -> None:
    empty.take(filled(tmp_path, 机构=PLACES, 课程=COURSES, 班级=CLASSES))
    assert empty.plan(filled(tmp_path)).left == []
    path = tmp_path / "a.csv"
    path.write_text("名称,学费\n焊工晚班,700\n", encoding="gb18030")
    plan = empty.plan(read_csv(path, BY_NAME["班级"]))
    [changed] = plan.records
    assert isinstance(changed, TrainingClass)
    assert (changed.fee, changed.eligibility, changed.days) == (700, "年满18周岁；退役军人免学费", (2, 4))
    path.write_text("名称,学费\n钳工班,700\n", encoding="utf-8")
    assert told(empty.plan(read_csv(path, BY_NAME["班级"])))[0] == "班级 第 2 行 “课程”：没有这一列"


# -- people


def test_learners_are_sealed_as_they_enter_and_can_prove_who_they_are(empty: OwnCentre, tmp_path: Path) -> None:
    many: list[dict[str, object]] = [
        {"卡号": card(number), "姓名": f"学员{number}", "手机": f"139 0000 {number:04}"} for number in range(1, 40)
    ]
    empty.take(filled(tmp_path, 机构=PLACES, 学员=[{**LEARNER, "卡号": int(card(900))}, *many]))
    assert len(empty.state.learners) == 40
    empty.database.now(lambda _: None)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("own.db*"))
    for told_of in ("陈小明", "13900001111", "13900000007", card(900), card(7)):
        assert told_of.encode() not in stored
    changed = {**LEARNER, "卡号": card(900), "手机": "13800009999", "状态": "挂失", "未成年": "是"}
    empty.take(filled(tmp_path, 学员=[changed]))
    known = empty.state.learners[card(900)].learner
    assert known == Registered(
        card=card(900), name="陈小明", phone="13800009999", school=known.school, minor=True, status="lost"
    )
    digest = empty.vault.digest("phone", "13800009999")

    from store import identity

    assert len(empty.database.look(lambda t: identity.by_phone(t, digest))) == 1


def test_seats_are_told_their_passwords_once_and_come_in(empty: OwnCentre, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"用户名": "chen", "角色": "管理员"},
        {"用户名": "zhang", "技能": "complaint、credit", "机构": "东门校区", "同时接几个": 6},
    ]
    passwords = empty.take(filled(tmp_path, 机构=PLACES, 坐席=rows))
    assert set(passwords) == {"chen", "zhang"}
    rows[1] |= {"显示名": "张老师", "角色": "班长"}
    assert empty.take(filled(tmp_path, 坐席=rows)) == {}

    async def signed_in() -> None:
        app = await compose(empty.config)
        try:
            await app.desk.signing.sign_in("zhang", passwords["zhang"], "", 1)
            seat = await app.desk.people.get("zhang")
            assert seat is not None
            assert (seat.shown, seat.role, seat.skills, seat.one_time) == (
                "张老师",
                "supervisor",
                ("complaint", "credit"),
                True,
            )
            with pytest.raises(SignInError):
                await app.desk.signing.sign_in("chen", passwords["zhang"], "", 1)
        finally:
            app.database.close()

    asyncio.run(signed_in())


def test_the_rules_of_the_bank_hold_while_it_serves(empty: OwnCentre, tmp_path: Path) -> None:
    row: dict[str, object] = {"依据": "松江办法", "生效日期": "2026-01-01", "上限": 4, "多长时间": "每天"}
    whole: dict[str, object] = {"一学分换几积分": 5, "积分几年有效": 3, "兑换留几天": 10}
    rows = [
        {**row, "学习种类": "线下听课", "学分": 2, **whole},
        {**row, "学习种类": "帮教", "学分": 0.5, "每几分钟": 30},
    ]

    async def earned() -> None:
        app = await compose(empty.config)
        try:
            assert not app.desk.learners._bank.reckons
            await asyncio.to_thread(empty.take, filled(tmp_path, 学分计算=rows))
            await app.library.refresh()
            assert app.desk.learners._bank.reckons
            version = app.library.catalogue.reckoning.at(TODAY)
            assert (version.version, version.earn["attend"].tenths, version.earn["帮教"].minutes) == (
                "松江办法",
                20,
                30,
            )
        finally:
            app.database.close()

    asyncio.run(earned())
    twice = [*rows, {**row, "学习种类": "结业", "学分": 1, "兑换留几天": 9}]
    assert told(empty.plan(filled(tmp_path, 学分计算=twice))) == [
        "学分计算 第 5 行 “兑换留几天”：同一个版本里写得不一样"
    ]


# -- files


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    whole = as_xlsx({sheet.key: [] for sheet in SHEETS}, {})
    for content in (b"", b"PK\x03\x04", whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(content)
        assert "读不了这个工作簿" in read(path).problems[0].told("zh")
    assert "没有文件" in read(tmp_path / "none.xlsx").problems[0].told("zh")


def test_a_file_that_unpacks_without_end_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with (
        ZipFile(path, "w", ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(300):
            sheet.write(b" " * 1_000_000)
    assert path.stat().st_size < 1_000_000
    assert read(path).problems[0].told("en").startswith("The file is too large unpacked")


ENTITIES = {
    "laughs": '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + each)} "{f"&{chr(97 + each)};" * 10}">' for each in range(9)
    ) + "]>",
    "a file": '<!DOCTYPE a [<!ENTITY j SYSTEM "file:///etc/hostname">]>',
}  # fmt: skip


@pytest.mark.parametrize("entities", ENTITIES.values(), ids=ENTITIES)
def test_entities_of_its_own_are_never_followed(tmp_path: Path, entities: str) -> None:
    whole, path = ZipFile(io.BytesIO(as_xlsx({sheet.key: [] for sheet in SHEETS}, {}))), tmp_path / "a.xlsx"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name in whole.namelist():
            content = whole.read(name)
            if name == "xl/worksheets/sheet3.xml":
                assert b"<t>" in content
                content = entities.encode() + re.sub(b"<t>[^<]*</t>", b"<t>&j;</t>", content, count=1)
            archive.writestr(name, content)
    assert "自定义的 XML 实体" in read(path).problems[0].told("zh")


def test_rows_without_end_and_strange_columns_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("名称,级别\n" + "东校区,学校\n" * 50_001, encoding="utf-8")
    assert [each.told("zh") for each in read_csv(path, BY_NAME["机构"]).problems] == ["机构：超过 50000 行"]
    path.write_text("名称,级别\n" + "东校区,学校\n" * 9 + ",\n" * 60_000, encoding="utf-8")
    assert read_csv(path, BY_NAME["机构"]).problems == []
    path.write_text("名称,学非\n" + "甲,1\n", encoding="utf-8")
    assert "不认识的列：学非" in read_csv(path, BY_NAME["班级"]).problems[0].told("zh")
    path.write_text(f"{card(1)},陈小明,13900001111\n", encoding="utf-8")
    said = read_csv(path, LEARNERS).problems[0].told("zh")
    assert "不认识的列：#1、#2、#3" in said
    book = openpyxl.Workbook()
    cast(Worksheet, book.active).title = "班级表"
    book.save(tmp_path / "b.xlsx")
    assert "班级表：这张表没有用到" in read(tmp_path / "b.xlsx").notes[0].told("zh")


def test_every_column_is_explained_and_lists_are_offered() -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank()))
    for sheet in SHEETS:
        page = cast(Worksheet, book[sheet.name])
        assert [cell.value for cell in page[1]] == [column.head for column in sheet.columns]
        assert all(column.zh and column.en for column in sheet.columns)
        if sheet is not ANSWERS:
            assert [str(cell.value).removeprefix("※") for cell in page[2]] == [
                f"{each.zh}\n{each.en}" for each in sheet.columns
            ]
        else:  # a row of each question stands there: its heads say what a column is for
            assert all(cell.comment and cell.comment.text for cell in page[1])
    offered = {
        sheet.name: {
            str(each.sqref).rstrip("0123456789")[:1] for each in book[sheet.name].data_validations.dataValidation
        }
        for sheet in SHEETS
    }
    assert offered["班级"] >= {"C", "D", "G"}  # course, organisation, weekdays
    assert len(book[HELP_].data_validations.dataValidation) == 0
    assert book["选项"].sheet_state == "hidden"


HELP_ = "说明"


def test_the_language_is_the_terminals() -> None:
    assert [language({"LANG": each}) for each in ("en_US.UTF-8", "zh_CN.UTF-8", "C.UTF-8", "")] == [
        "en",
        "zh",
        "zh",
        "zh",
    ]
    assert language({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB"}) == "en"


# -- the commands


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """A command in a folder of its own; its exit status, and what it said."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, answers: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["daoxue", *words])
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return run


def test_the_commands_from_an_empty_folder_on(run: Run, tmp_path: Path) -> None:
    answers = "松江职业学院\n\n小松\n松江县\n学院路1号\n0571-880\n周一到周五 08:30-12:00,14:00-17:30；周六 9:00-12:00\nzh\nwebchat\n"
    assert run("init", answers=answers)[0] == 0
    assert run("init", "--name", "a", "--yes")[0] == 2  # what is there stays
    settings_text = Path("config.yml").read_text(encoding="utf-8")
    assert "# what the assistant calls itself" in settings_text
    assert '- {days: [6], opens: "09:00", closes: "12:00"}' in settings_text
    status, said = run("import", "workbook.xlsx")
    assert (status, "机构：新增 1" in said) == (0, True)
    book = openpyxl.load_workbook("workbook.xlsx")
    assert "英文名" not in [cell.value for cell in book["班级"][1]]
    book["坐席"].cell(3, 1).value = "zhang"
    book["学员"].cell(3, 1).value = "x"
    book.save("workbook.xlsx")
    status, said = run("import", "workbook.xlsx", "--lang", "en")
    assert status == 1
    assert "learners (学员) row 3 card (卡号): 12 digits are wanted" in said
    assert "nothing was taken in" in said
    book["学员"].cell(3, 1).value = None
    book.save("workbook.xlsx")
    status, said = run("import", "workbook.xlsx", "--check")
    assert (status, "一次性密码" in said) == (0, False)
    status, said = run("import", "workbook.xlsx", "--json")
    rows = [json.loads(line) for line in said.splitlines()]
    assert [row["name"] for row in rows if "password" in row] == ["zhang"]
    assert run("export", "--workbook", "out.xlsx")[0] == 0
    assert Path("out.xlsx").stat().st_mode & 0o077 == 0
    assert run("export", "--workbook", "out.xlsx")[0] == 2
    status, said = run("import", "out.xlsx")
    assert (status, "修改 0" in said, "新增 1" in said) == (0, True, False)
    assert run("export", "--sheet", "机构", "places.csv")[0] == 0
    text = Path("places.csv").read_text(encoding="utf-8-sig")
    Path("places.csv").write_text(text + ",东门校区,学校,松江职业学院,,东门街2号,,0571-881\n", encoding="utf-8")
    assert run("import", "--sheet", "机构", "places.csv")[0] == 0
    assert run("import", "places.csv")[0] == 2
    assert run("import", "--sheet", "无", "places.csv")[0] == 2
    # What is gone is listed, and goes only with a yes.
    status, said = run("import", "out.xlsx", "--remove", answers="\n")
    assert "机构：东门校区" in said
    assert "东门校区" in run("export", "--sheet", "机构")[1]
    assert run("import", "out.xlsx", "--remove", answers="y\n")[0] == 0
    assert "东门校区" not in run("export", "--sheet", "机构")[1]
    assert "parking" in run("export", "--sheet", "标准问题")[1]


def test_rules_that_a_file_goes_before_are_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init", "--name", "松江职业学院", "--address", "学院路1号", "--hotline", "0571-880", "--yes")
    shown = {"依据": "松江办法", "生效日期": "2026-01-01", "学习种类": "结业", "学分": 2, "上限": 4, "多长时间": "每年"}
    row = {**shown, "一学分换几积分": 5, "积分几年有效": 3, "兑换留几天": 10}
    Path("bank.csv").write_text(f"{','.join(row)}\n{','.join(map(str, row.values()))}\n", encoding="utf-8")
    assert "accounts.rules" not in run("import", "--sheet", "学分计算", "bank.csv", "--check")[1]
    other = {"version": "b", "valid_from": "2026-01-01", "earn": {"a": {"credits": 1, "cap": 2, "per": "day"}}}
    rules = [{**other, "points_per_credit": 1, "points_last_years": 1, "order_days": 1}]
    Path("rules.yml").write_text(json.dumps(rules), encoding="utf-8")
    monkeypatch.setenv("DAOXUE_ACCOUNTS__RULES", "rules.yml")
    status, said = run("import", "--sheet", "学分计算", "bank.csv", "--lang", "en")
    assert (status, "bank (学分计算): accounts.rules names a file, which is used instead" in said) == (0, True)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--hours", "每天"),
        ("--hours", "周八 08:00-09:00"),
        ("--languages", "fr"),
        ("--channels", "fax"),
        ("--logo", "nothing.png"),
        ("--name", ""),
    ],
)
def test_an_answer_that_cannot_be_is_told_and_nothing_is_written(
    run: Run, tmp_path: Path, option: str, value: str
) -> None:
    status, _ = run("init", "--yes", *(() if option == "--name" else ("--name", "a")), option, value)
    assert status == 2
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_no_sms_holds_is_told_with_its_row(empty: OwnCentre, tmp_path: Path) -> None:
    long = "再见，" * 300
    row: dict[str, object] = {"编号": "goodbye", "语言": "中文", "屏幕上": long}
    assert [each for each in told(empty.plan(filled(tmp_path, 自有文字=[row]))) if "短信" in each and "第 3 行" in each]
    short: dict[str, object] = {**row, "电话里": "再见", "短信里": "再见"}
    assert told(empty.plan(filled(tmp_path, 自有文字=[short]))) == []


def test_texts_of_a_workbook_are_ones_that_there_are() -> None:
    """What the generated centres say of their own."""
    assert Texts().misfits({"zh": {"greeting": "a", "source.courses": "b"}}, Centre(), {}) == []
    assert msgspec.json.encode(Centre())
