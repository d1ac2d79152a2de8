"""What residents will ask in vain: told by whoever changes an answer, at the desk, by a table, and by `check`."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from daoxue import check
from daoxue.app import App
from daoxue.config import Config, DatabaseSettings
from daoxue.files import FilesRead, take_in
from knowledge.catalogue import Catalogue
from knowledge.consistency import inconsistencies
from knowledge.entries import Entry
from knowledge.files import read_sample
from knowledge.gaps import gap
from knowledge.library import as_rows
from knowledge.standard import standard
from store import knowledge as rows
from tests.desk_client import Desk
from tests.talk import its_day
from tests.test_workbook import OwnCentre, filled, opened

TODAY = its_day()
ANSWER: dict[str, object] = {"编号": "g-card-lost", "标准问题": "学习卡丢了怎么办", "回答": "带身份证到站点补办。"}


def lost(app: App) -> Entry:
    return next(each for each in app.library.entries.values() if "g-card-lost" in (each.standard, each.id))


def test_what_is_amiss_with_answers() -> None:
    one = next(each for each in read_sample(TODAY).entries)

    def held(since: int, until: int) -> Entry:
        return msgspec.structs.replace(
            one, valid_from=TODAY + timedelta(days=since), valid_until=TODAY + timedelta(days=until)
        )

    def said(*answers: Entry) -> str:
        found = gap(answers, TODAY)
        return found.en if found else ""

    assert "no answer" in said()
    assert str(TODAY + timedelta(days=9)) in said(held(9, 99))
    assert "ended" in said(held(-9, -1))
    assert "ends on" in said(held(-9, 29))
    assert said(held(-9, 30)) == said(held(-9, 5), held(6, 60)) == ""
    assert str(TODAY + timedelta(days=5)) in said(held(-9, 5), held(7, 60))


def test_what_is_amiss_is_told_in_each_language() -> None:
    question = standard().questions["g-card-lost"]
    [told] = [each for each in check.gaps([], Catalogue(), TODAY) if "g-card-lost" in each.zh]
    assert question.zh in told.zh
    assert question.en in told.en
    assert question.zh not in told.en


async def test_taking_an_answer_out_says_what_residents_ask_in_vain(app: App) -> None:
    editor = await Desk(app).person("editor")
    id = lost(app).id
    told = await editor.post(f"/knowledge/entries/{id}/expire")
    assert "g-card-lost" in told["lacking"]
    assert "没有答案" in told["lacking"]
    answer = await editor.client.post(f"/api/knowledge/entries/{id}/submit", headers={"accept-language": "en"})
    assert answer.json()["lacking"] == ""


async def test_what_residents_hear_is_told_before_an_answer_is_taken_out(app: App) -> None:
    desk = Desk(app)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    id = lost(app).id
    told = (await zhou.get(f"/knowledge/entries/{id}/once-gone"))["told"]
    assert told == [
        "居民再问，会听到“还没有登记”，可以转人工。",
        "别的回答里也要说它，到时候照实说没有登记。",
    ]
    password = next(id for id, each in app.library.entries.items() if "g-password" in (each.standard, id))
    assert "网页开头" in (await zhou.get(f"/knowledge/entries/{password}/once-gone"))["told"][-1]
    rule = next(id for id, each in app.library.entries.items() if "credit-rule" in (each.standard, id))
    assert (await zhou.get(f"/knowledge/entries/{rule}/once-gone"))["told"] == ["居民再问，按目录里登记的答。"]
    other = {
        **json.loads(msgspec.json.encode(lost(app))),
        "id": "lost-too",
        "answer": "打热线挂失。",
        "spoken": None,
        "sms": None,
        "en": None,
    }
    await zhou.put("/knowledge/entries/lost-too", other)
    assert "没有在用" in (await zhou.get("/knowledge/entries/lost-too/once-gone"))["told"][0]
    await zhou.post("/knowledge/entries/lost-too/submit")
    await wu.post("/knowledge/entries/lost-too/publish")
    assert "改答另一条：打热线挂失" in (await zhou.get(f"/knowledge/entries/{id}/once-gone"))["told"][-1]


async def test_an_answer_that_is_saved_or_published_for_a_few_days_is_told(app: App) -> None:
    desk = Desk(app)
    writer, reviewer = await desk.person("editor"), await desk.person("editor")
    entry = lost(app)
    whole = await writer.get(f"/knowledge/entries/{entry.id}")
    soon = str(TODAY + timedelta(days=3))
    saved = await writer.put(
        f"/knowledge/entries/{entry.id}?read={whole['revision']}", {**whole["entry"], "valid_until": soon}
    )
    assert soon in saved["lacking"]
    await writer.post(f"/knowledge/entries/{entry.id}/submit")
    assert soon in (await reviewer.post(f"/knowledge/entries/{entry.id}/publish"))["lacking"]


async def test_an_answer_that_waits_for_its_withdrawal_is_named_by_check(app: App) -> None:
    editor = await Desk(app).person("editor")
    tip = next(id for id, each in app.library.entries.items() if "fraud-tip" in (each.standard, id))
    assert "fraud-tip" in (await editor.post(f"/knowledge/entries/{tip}/expire"))["lacking"]
    leaving = await app.database.read(check.leaving)
    told = check.lacking(app.library.entries.values(), app.library.catalogue, TODAY, leaving)
    assert [each for each in told if each.startswith("fraud-tip") and "就要下线" in each]


@pytest.fixture
def centre(config: Config, tmp_path: Path) -> Config:
    """One's own, in which nothing is yet."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    accounts = msgspec.structs.replace(config.accounts, key_file=str(tmp_path / "own.key"))
    return msgspec.structs.replace(config, sample=False, accounts=accounts, database=DatabaseSettings(url))


def notes(centre: OwnCentre, tmp_path: Path, *answers: dict[str, object], remove: bool = False) -> list[str]:
    book = filled(tmp_path, 标准问题=[])
    sheet = book.sheets["answers"]
    sheet.rows = [
        (number, {sheet.sheet.heads[head].field: str(cell) for head, cell in row.items()})
        for number, row in enumerate(answers, 2)
    ]
    return [each.told("zh") for each in centre.plan(book, remove=remove).notes]


def test_a_workbook_that_ends_or_removes_an_answer_says_so(centre: Config, tmp_path: Path) -> None:
    with opened(centre) as own:
        entry = msgspec.structs.replace(
            next(each for each in read_sample(TODAY).entries if "g-card-lost" in (each.standard, each.id)),
            valid_until=TODAY + timedelta(days=300),
        )
        known, _ = as_rows([entry], [], "published")
        own.database.now(lambda t: rows.save(t, known, [], "test", 1))
        other = {**ANSWER, "编号": "enrol-refund", "标准问题": "退费", "回答": "开班前全退。"}
        said = notes(own, tmp_path, other, remove=True)
        assert [each for each in said if "g-card-lost" in each and "没有答案" in each]
        said = notes(own, tmp_path, {**ANSWER, "失效日期": str(TODAY + timedelta(days=2))})
        assert [each for each in said if "g-card-lost" in each and "到期" in each]
        assert not [each for each in notes(own, tmp_path, ANSWER) if "g-card-lost" in each]


def test_an_import_that_expires_an_answer_says_so(config: Config) -> None:
    entry = next(each for each in read_sample(TODAY).entries if "g-card-lost" in (each.standard, each.id))
    done = take_in(config, FilesRead([(entry, ())], [], 0, []), "cli", "expired")
    assert ["g-card-lost" in each for each in done.lacking] == [True]


def test_nothing_is_wrong_with_an_empty_catalogue_or_one_without_a_college(centre: Config, tmp_path: Path) -> None:
    named = msgspec.structs.replace(centre, centre=msgspec.structs.replace(centre.centre, name="河谷学习点"))
    assert check.content_of(named).records == []  # nothing of the sample before the first start, either
    assert check.problems(named) == []
    with opened(named):
        assert check.problems(named) == []
    sites = [
        msgspec.structs.replace(each, parent=None, level="site")
        for each in Catalogue.of(read_sample(TODAY).records).organisations.values()
        if each.level != "college"
    ]
    assert inconsistencies(Catalogue.of(sites)) == []
    circle = [
        msgspec.structs.replace(each, parent=other.id) for each, other in zip(sites[:2], sites[1::-1], strict=True)
    ]
    assert all("circle" in each for each in inconsistencies(Catalogue.of(circle)))
