"""What we know: the sample centre, files with mistakes, edits that show, the search."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from accounts import learners
from daoxue.app import App
from daoxue.config import Config, DatabaseSettings
from daoxue.preparing import prepare
from daoxue.sample import load, save
from knowledge.catalogue import Catalogue, Organisation
from knowledge.consistency import inconsistencies
from knowledge.files import SAMPLE, Content, KnowledgeError, dated, load_yaml, read, read_sample
from knowledge.hours import day_of
from knowledge.library import as_rows
from store import knowledge as rows
from store.database import Database
from tests.talk import Resident

TODAY = date(2026, 11, 20)
ENTRY = """
entries:
- id: new-hall
  topic: site_hours
  questions: [新开的陶艺馆在哪里, 陶艺馆怎么走]
  answer: {answer}
  spoken: 在学院三楼。
  sms: 在学院三楼。
  source: 办公室
  owner: 办公室
  valid_from: 2026-01-01
  valid_until: 2030-01-01
"""


def test_the_sample_centre_is_whole() -> None:
    content = read_sample(TODAY)
    catalogue = Catalogue.of(content.records)
    levels = [place.level for place in catalogue.organisations.values()]
    assert (levels.count("college"), levels.count("school"), levels.count("site")) == (1, 19, 176)
    assert len(catalogue.themes) == 10
    assert len(catalogue.courses) >= 60
    assert len(catalogue.classes) >= 40
    assert len(content.entries) >= 200
    assert all(entry.standard or len(entry.questions) > 1 for entry in content.entries)
    assert all(lesson.minutes <= 15 for course in catalogue.courses.values() for lesson in course.lessons)
    assert all(group.first_day > TODAY for group in catalogue.classes.values())
    assert inconsistencies(catalogue) == []


def test_the_learners_of_the_sample_add_up() -> None:
    found, problems = learners.read(dated(load_yaml(SAMPLE / "learners.yml"), TODAY))
    assert problems == []
    assert len(found) >= 10
    assert all(learner.points == sum(row.points for row in learner.ledger) for learner in found)


@pytest.mark.parametrize(("text", "told"), [
    ("entries: 7", "neither a list"), ("- {kind: organisation}", "missing required field"), ("- {kind: spaceship, id: a}", "Invalid value"),
    ("- 7", "Expected `object`"), ("{", "not readable as YAML"), ("a: &a [*a]", "refers to itself"), ("- &a {kind: course, aliases: [*a]}", "refers to itself"),
    ("entries:\n- {id: a, id: b}", "missing required"), ("extra: 1\nentries: []", "extra: not known"), ("\x00", "not readable"),
    ("entries:\n- {id: Ä, questions: []}", "regex"),
])  # fmt: skip
def test_files_with_mistakes_are_told_with_their_place(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        read([path], TODAY)
    assert "wrong.yml" in caught.value.problems[0]
    assert told in str(caught.value)


def test_dates_out_of_order_and_doubles_are_told(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    text = ENTRY.format(answer="在三楼。").replace("2030-01-01", "2020-01-01")
    path.write_text(text + text.replace("\nentries:", ""), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        read([path], TODAY)
    assert "is before From" in str(caught.value)
    assert "new-hall stands twice" in str(caught.value)


def test_references_to_nothing_and_circles_are_told() -> None:
    whole = Catalogue.of(read_sample(TODAY).records)
    school = whole.organisations["qinghe"]
    found = inconsistencies(
        Catalogue(organisations={"qinghe": replace(school, parent="qinghe")}, classes=whole.classes)
    )
    assert any("leads round in a circle" in problem for problem in found)
    assert any("there is no taichi" in problem for problem in found)


async def test_an_edit_shows_at_the_next_question(either_app: App, tmp_path: Path) -> None:
    path = tmp_path / "new.yml"
    resident = Resident(either_app)
    assert "三楼" not in await resident.say("陶艺馆怎么走")
    for answer in ("在学院三楼东头。", "在学院四楼。"):
        path.write_text(ENTRY.format(answer=answer), encoding="utf-8")
        save(either_app.database, read([path], TODAY), "test")
        assert answer in await resident.say("陶艺馆怎么走")
    changed = either_app.database.look(lambda t: rows.entries_since(t, 1))
    assert [(row.id, row.revision) for row in changed] == [("new-hall", either_app.database.look(rows.revision))]


async def test_only_published_and_valid_entries_are_said(app: App, tmp_path: Path) -> None:
    path = tmp_path / "new.yml"
    path.write_text(ENTRY.format(answer="在学院三楼东头。"), encoding="utf-8")
    content = read([path], TODAY)
    for status in ("draft", "in_review", "expired"):
        save(app.database, content, "test", status)
        assert "三楼东头" not in await Resident(app).say("新开的陶艺馆在哪里")
    path.write_text(ENTRY.format(answer="在学院三楼东头。").replace("2026-01-01", "2029-01-01"), encoding="utf-8")
    save(app.database, read([path], TODAY), "test")
    assert "三楼东头" not in await Resident(app).say("新开的陶艺馆在哪里")


async def test_nothing_is_taken_in_where_one_is_wrong(app: App) -> None:
    before = app.database.look(rows.revision)
    with pytest.raises(AttributeError):
        app.database.now(lambda t: rows.save(t, [rows.EntryRow("a", 0, "published", b"{}"), None], [], "test", 1))  # type: ignore[list-item]
    assert app.database.look(rows.revision) == before


def test_a_special_day_wins_over_the_week() -> None:
    college = Catalogue.of(read_sample(TODAY).records).college
    assert college is not None
    assert day_of(college, date(2026, 11, 20)).spans == (("08:30", "20:30"),)
    assert day_of(college, date(2027, 1, 1)).spans == ()


async def test_the_sample_does_not_grow_old_and_edits_stay(app: App, tmp_path: Path) -> None:
    """A later start moves the days on; what an editor changed stays."""
    before = {record.id: record for record in app.library.catalogue.classes.values()}
    changed = replace(before["taichi-1"], room="三楼大厅")
    app.database.now(lambda t: rows.save(t, [], as_rows([], [changed], "published")[1], "editor", 1))
    today = before["taichi-2"].enrol_from + timedelta(days=20)
    load(app.database, today + timedelta(days=30))
    await app.library.refresh()
    after = app.library.catalogue.classes
    assert after["taichi-2"].first_day == before["taichi-2"].first_day + timedelta(days=30)
    assert after["taichi-1"] == changed
    revision = app.database.look(rows.revision)
    load(app.database, today + timedelta(days=30))
    assert app.database.look(rows.revision) == revision


def test_the_sample_comes_into_nothing_that_others_have_filled(config: Config, tmp_path: Path) -> None:
    """A centre with a place of its own and the sample left on says nothing of the sample's."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    prepare(replace(config, database=DatabaseSettings(url), sample=False))
    database = Database(url)
    place = next(each for each in read_sample(TODAY).records if isinstance(each, Organisation))
    save(database, Content([], [place]), "editor")
    load(database, TODAY)
    assert database.look(rows.records) == as_rows([], [place], "published")[1]
    database.close()


async def test_the_sample_follows_the_product_and_edits_stay(either_app: App) -> None:
    """What an older version of the sample said is said anew; what an editor wrote stays, and nothing is lost."""
    database, today = either_app.database, datetime.now(either_app.config.zone).date()
    now = read_sample(today)
    entries = {entry.id: entry for entry in now.entries}
    older = [replace(entries[id], answer="旧版本里的回答。", en=None) for id in ("parking", "wifi")]
    course = next(record for record in now.records if record.id == "yoga")
    database.now(lambda t: rows.save(t, *as_rows(older, [replace(course, aliases=())], "published"), "sample", 1))
    edited = replace(entries["wifi"], answer="编辑写的回答。", en=None)
    database.now(lambda t: rows.save(t, *as_rows([edited], [], "published"), "editor", 2))
    load(database, today)
    await either_app.library.refresh()
    assert either_app.library.entries["parking"] == entries["parking"]
    assert either_app.library.entries["wifi"] == edited
    assert either_app.library.catalogue.courses["yoga"] == course
    revision = database.look(rows.revision)
    load(database, today)
    assert database.look(rows.revision) == revision
