"""Standard questions at the desk: what is answered, what waits, what is asked in vain; and a centre that answers none."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from msgspec.structs import replace

from daoxue.app import App, compose
from daoxue.chat import play
from daoxue.config import Config, DatabaseSettings, Nlu
from daoxue.files import read, take_in
from daoxue.preparing import prepare
from daoxue.sample import save
from desk.hours import DeskSettings
from handlers import HANDLERS
from knowledge.catalogue import Organisation
from knowledge.entries import Entry
from knowledge.files import Content
from knowledge.standard import standard
from knowledge.template import HEADS, as_xlsx
from store import usage
from store.engine import Row, Value
from store.transaction import Statement, Transaction
from tests.desk_client import Desk, Person
from tests.talk import Resident, its_day, ten_o_clock

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
TEN = {
    "parking": "院内有二十个车位，先到先停，不收钱。", "wifi": "楼里的无线叫“学习”，不用密码。", "points-expire": "积分三年清一次零。",
    "enrol-how": "带身份证到前台登记。", "course-count": "现在有十二门课。", "activity-fee": "活动都不收钱。", "g-test": "学完一课就能考。",
    "queue-how": "一般等五分钟。", "redeem-quality": "七天内拿来换。", "visit-group": "团体请提前一周约。",
}  # fmt: skip


def answer(**more: object) -> dict[str, Any]:
    text = "院内有二十个车位，先到先停，不收钱。"
    return {
        "id": "parking", "standard": "parking", "topic": "site_hours", "answer": text, "spoken": text, "sms": text, "source": "后勤",
        "owner": "后勤", "valid_from": str(TODAY), "valid_until": str(TODAY + timedelta(days=300)), **more,
    }  # fmt: skip


@pytest.fixture
async def bare(tmp_path: Path, models: Path) -> AsyncIterator[App]:
    """A centre of which nothing is on record."""
    config = Config(
        database=DatabaseSettings(f"sqlite:///{tmp_path}/bare.db"), sample=False, nlu=Nlu(str(models)),
        desk=DeskSettings(always_open=True),
    )  # fmt: skip
    prepare(config)
    composed = await compose(config)
    yield composed
    composed.database.close()


async def listed(person: Person) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in (await person.get("/knowledge/standard"))["questions"]}


async def publish(writer: Person, reviewer: Person, entry: dict[str, Any]) -> None:
    await writer.put(f"/knowledge/entries/{entry['id']}", entry)
    await writer.post(f"/knowledge/entries/{entry['id']}/submit")
    await reviewer.post(f"/knowledge/entries/{entry['id']}/publish")


async def test_the_list_follows_an_answer_through_its_life(bare: App) -> None:
    desk = Desk(bare)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    whole = await zhou.get("/knowledge/standard")
    assert (whole["answered"], len(whole["questions"])) == (0, len(standard().questions))
    assert {each["state"] for each in whole["questions"]} == {"open"}
    await zhou.put("/knowledge/entries/parking", answer())
    assert (await listed(zhou))["parking"] | {"zh": ""} == {
        "id": "parking", "topic": "site_hours", "zh": "", "en": standard().questions["parking"].en, "careful": True, "state": "open",
        "entry": "parking", "status": "draft", "valid_until": str(TODAY + timedelta(days=300)), "answered": 0, "unanswered": 0,
    }  # fmt: skip
    await zhou.post("/knowledge/entries/parking/submit")
    await wu.post("/knowledge/entries/parking/publish")
    assert (await listed(zhou))["parking"]["state"] == "answered"
    assert (await zhou.get("/knowledge/standard"))["answered"] == 1
    assert (await zhou.get("/knowledge/entries/parking"))["title"] == standard().questions["parking"].zh
    await zhou.post("/knowledge/entries/parking/expire")
    assert (await listed(zhou))["parking"]["state"] == "expired"


@pytest.mark.parametrize(("days", "state"), [(0, "expiring"), (29, "expiring"), (30, "answered")])
async def test_what_ends_soon_is_marked(bare: App, days: int, state: str) -> None:
    desk = Desk(bare)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    await publish(zhou, wu, answer(valid_until=str(TODAY + timedelta(days=days))))
    assert (await listed(zhou))["parking"]["state"] == state


async def test_a_newer_draft_hides_neither_answer_nor_its_last_day(bare: App) -> None:
    desk = Desk(bare)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    await publish(zhou, wu, answer())
    read_at = (await zhou.get("/knowledge/entries/parking"))["revision"]
    later = answer(valid_until=str(TODAY + timedelta(days=900)))
    await zhou.put(f"/knowledge/entries/parking?read={read_at}", later)
    found = (await listed(zhou))["parking"]
    assert (found["state"], found["status"], found["valid_until"]) == ("answered", "draft", answer()["valid_until"])


async def test_an_entry_of_another_name_answers_too(bare: App) -> None:
    desk = Desk(bare)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    await publish(zhou, wu, answer(id="where-cars-stand"))
    assert (await listed(zhou))["parking"]["entry"] == "where-cars-stand"
    assert (await zhou.get("/knowledge/entries"))["entries"][0]["standard"] == "parking"


async def test_an_answer_to_no_standard_question_is_refused(bare: App) -> None:
    zhou = await Desk(bare).person("editor")
    refused = await zhou.ask("PUT", "/knowledge/entries/parking", answer(standard="parkin"))
    assert refused.status_code == 422
    assert "是不是 parking" in refused.json()["text"]


async def test_what_helps_to_answer_one(app: App) -> None:
    zhou = await Desk(app).person("editor")
    about = await zhou.get("/knowledge/standard/activity-fee")
    assert 3 <= len(about["examples"]) <= 5
    assert {each["id"] for each in about["near"]} == {"fee-general", "enrol-online-need", "enrol-how"}
    assert (await zhou.ask("GET", "/knowledge/standard/nonsense")).status_code == 404


async def test_the_api_describes_it(app: App) -> None:
    described = (await (await Desk(app).person("editor")).get("/openapi.json"))["components"]["schemas"]
    assert set(described["StandardListed"]["required"]) >= {"id", "state", "answered", "unanswered"}


async def test_asked_in_vain_is_said_counted_and_answered_after_the_import(bare: App, tmp_path: Path) -> None:
    zhou = await Desk(bare).person("editor")
    said = await Resident(bare).say("停车要钱吗")
    assert standard().questions["parking"].zh.rstrip("？") in said
    assert "还没有登记答案" in said
    assert "转人工" in said
    assert "打学习中心的电话" not in said, "there is no number on record"
    await Resident(bare).say("能停车吗")
    await bare.inbox.usage.flush()
    found = (await zhou.get("/knowledge/standard"))["questions"][0]
    assert (found["id"], found["answered"], found["unanswered"]) == ("parking", 0, 2)
    [group] = (await zhou.get("/knowledge/unanswered"))["groups"]
    assert (group["standard"], group["text"], group["count"]) == ("parking", standard().questions["parking"].zh, 2)
    assert set(group["others"]) == {"停车要钱吗", "能停车吗"}
    path = tmp_path / "ten.xlsx"
    path.write_bytes(ten())
    taken = read([path], "张老师", its_day(), partial=False)
    assert (len(taken.entries), taken.unanswered) == (10, len(standard().questions) - 10)
    await asyncio.to_thread(take_in, bare.config, taken, "张老师", "published")
    assert TEN["parking"] in await Resident(bare).say("停车要钱吗")
    await bare.inbox.usage.flush()
    found = (await listed(zhou))["parking"]
    assert (found["state"], found["answered"], found["unanswered"]) == ("answered", 1, 2)


def ten() -> bytes:
    """The template with ten answers typed into it."""
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx({})))
    sheet = book.worksheets[0]
    for row in range(2, sheet.max_row + 1):
        if (text := TEN.get(str(sheet.cell(row, 1).value))) is not None:
            sheet.cell(row, HEADS.index("回答") + 1).value = text
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def test_the_table_from_the_desk_and_back(app: App) -> None:
    desk = Desk(app)
    zhou = await desk.person("editor")
    got = await zhou.client.get("/api/knowledge/template?filled=true")
    assert got.headers["content-disposition"].endswith('.xlsx"')
    answered = await zhou.client.post("/api/knowledge/import", files={"file": ("a.xlsx", got.content)})
    assert answered.status_code == 200, answered.text
    again = answered.json()
    assert (again["good"], again["bad"], again["unanswered"]) == (len(standard().questions), 0, 0)
    report = await zhou.client.post("/api/knowledge/import?commit=true", files={"file": ("a.xlsx", ten())})
    assert report.json() | {"rows": []} == {
        "good": 10, "bad": 0, "taken": 10, "unanswered": len(standard().questions) - 10, "notes": [], "rows": [],
    }  # fmt: skip
    assert (await listed(zhou))["parking"]["status"] == "in_review"


async def test_an_import_keeps_what_it_does_not_speak_of(bare: App) -> None:
    desk = Desk(bare)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    own = {"questions": ["小车停哪", "电动车停哪"], "person": True, "audience": "住得远的"}
    await publish(zhou, wu, answer(**own))
    await zhou.client.post("/api/knowledge/import?commit=true", files={"file": ("a.xlsx", ten())})
    entry = (await zhou.get("/knowledge/entries/parking"))["entry"]
    assert {name: entry[name] for name in own} == own
    assert entry["answer"] == TEN["parking"]


async def test_an_import_goes_to_the_entry_that_answers_and_reads_little(
    bare: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(bare)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    own = {"questions": ["小车停哪"], "audience": "住得远的"}
    await publish(zhou, wu, answer(id="seat-1126-3", **own))
    asked: list[Statement] = []
    query = Transaction.all

    def counted(self: Transaction, statement: Statement, **values: Value) -> list[Row]:
        asked.append(statement)
        return query(self, statement, **values)

    monkeypatch.setattr(Transaction, "all", counted)
    await zhou.client.post("/api/knowledge/import?commit=true", files={"file": ("a.xlsx", ten())})
    assert len(asked) < len(TEN)
    monkeypatch.undo()
    ids = {each["id"] for each in (await zhou.get("/knowledge/entries"))["entries"]}
    assert ids == {"seat-1126-3", *TEN} - {"parking"}
    entry = (await zhou.get("/knowledge/entries/seat-1126-3"))["entry"]
    assert entry | own | {"standard": "parking", "answer": TEN["parking"]} == entry


async def test_what_is_kept_is_as_it_was_at_the_last_moment(bare: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes an entry between what an import read and what it writes."""
    desk = Desk(bare)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    await publish(zhou, wu, answer(questions=["小车停哪"]))
    read_at = (await zhou.get("/knowledge/entries/parking"))["revision"]
    aside = bare.database.aside

    async def slow(work: Callable[[Transaction], object]) -> object:
        found = await aside(work)
        await zhou.put(f"/knowledge/entries/parking?read={read_at}", answer(questions=["大车停哪"]))
        return found

    monkeypatch.setattr(bare.database, "aside", slow)
    await zhou.client.post("/api/knowledge/import?commit=true", files={"file": ("a.xlsx", ten())})
    assert (await zhou.get("/knowledge/entries/parking"))["entry"]["questions"] == ["大车停哪"]


async def test_suggestions_come_from_standard_questions_and_own_ones(app: App) -> None:
    desk = Desk(app)
    zhou, wu, li = await desk.person("editor"), await desk.person("editor"), await desk.person()
    own = answer(id="pram", questions=["学院能寄存婴儿车吗", "婴儿车能放在学院吗"], answer="东门有婴儿车架。")
    del own["standard"]
    await publish(zhou, wu, own)
    resident = Resident(app)
    await resident.say("停车要钱吗")
    await resident.say("转人工")
    [ticket] = (await li.get("/tickets?state=waiting"))["tickets"]
    path = f"/tickets/{ticket['ref']}/suggestions"
    first = (await li.get(path))["suggestions"][0]
    assert (first["id"], first["title"]) == ("parking", standard().questions["parking"].zh)
    found = (await li.get(f"{path}?q=原路退回"))["suggestions"]
    assert "原路退回" in found[0]["answer"], "a seat searches by words as well"
    first = (await li.get(f"{path}?q=婴儿车能寄存吗"))["suggestions"][0]
    assert (first["id"], first["title"]) == ("pram", "学院能寄存婴儿车吗")


async def test_a_seats_answer_becomes_the_draft_to_what_is_not_answered(bare: App) -> None:
    desk = Desk(bare)
    zhou, li = await desk.person("editor"), await desk.person("supervisor")
    resident = Resident(bare)
    await resident.say("转人工")
    [ticket] = (await li.get("/tickets?state=waiting"))["tickets"]
    await li.post(f"/tickets/{ticket['ref']}/take")
    await resident.say("停车要钱吗")
    assert (await li.get(f"/tickets/{ticket['ref']}/suggestions"))["suggestions"] == []
    await li.post(f"/tickets/{ticket['ref']}/messages", {"id": "a", "text": "不收钱，有二十个车位。"})
    id = (await zhou.post(f"/tickets/{ticket['ref']}/draft"))["id"]
    found = (await listed(zhou))["parking"]
    assert (found["entry"], found["status"], found["topic"]) == (id, "draft", "site_hours")


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_with_nothing_on_record_every_handler_answers_honestly(bare: App, lang: str) -> None:
    """None fails, none offers what is not there, and none asks for what nobody can name."""
    for intent in HANDLERS:
        resident = Resident(bare)
        slots = {"not_answered": {"question": "parking"}}.get(intent, {})
        receipts = [await bare.inbox.receive(replace(resident.message(""), intent=intent, slots=slots, lang=lang))]
        receipts += [await resident.receipt(text) for text in ("幸福村", "书法", "13812345678")]
        replies = [answer.message.reply for receipt in receipts for answer in receipt.answers]
        assert replies, intent
        failed = bare.texts.line(lang, "failed")
        assert all(failed not in reply.text for reply in replies), intent
        entries = [option.label for reply in replies for option in reply.options if option.label == "学分怎么算"]
        assert entries == [], intent
        asked = [bare.texts.line(lang, f"ask.{name}") for name in ("course", "org", "home", "village")]
        assert not any(reply.text in asked for reply in replies), intent


@pytest.mark.parametrize(("text", "said"), [
    ("你们电话多少", "还没有登记"), ("离我家最近的学习点在哪", "还没有登记"), ("今天开门吗", "还没有登记"), ("最近有什么培训班", "还没有登记"),
    ("周末有什么活动", "还没有登记"), ("积分能换什么", "还没有登记"), ("我想当志愿者", "还没有登记"), ("我要报书法班", "还没有登记"),
])  # fmt: skip
async def test_what_is_not_on_record_is_said_to_be_so(bare: App, text: str, said: str) -> None:
    answer = await Resident(bare).say(text)
    assert said in answer
    assert "转人工" in answer


async def test_a_centre_with_one_house_gives_its_number(bare: App) -> None:
    college = Organisation(
        id="house", name="学习之家", level="college", address="一号路1号", phone="0000-1234", hours=(), facilities="教室", accessible="有坡道。",
        north=30.0, east=110.0, checked_on=TODAY,
    )  # fmt: skip
    save(bare.database, Content([], [college]), "test")
    assert "联系电话" in await Resident(bare).say("停车要钱吗")
    resident = Resident(bare)
    await resident.say("停车要钱吗")
    assert "0000-1234" in await resident.say("联系电话")
    assert "一号路1号" in await Resident(bare).say("离我家最近的学习点在哪")


@pytest.mark.parametrize("asked", ["今天开门吗", "你们在哪里", "你们电话多少", "有无障碍设施吗"])
async def test_of_several_houses_without_a_college_none_is_guessed(bare: App, asked: str) -> None:
    def house(id: str, name: str) -> Organisation:
        return Organisation(
            id=id, name=name, level="site", address=f"{name}路1号", phone=f"0000-{len(name)}234", hours=(), facilities="教室",
            accessible=f"{name}有坡道。", north=30.0, east=110.0, checked_on=TODAY,
        )  # fmt: skip

    save(bare.database, Content([], [house("east", "东门书屋")]), "test")
    assert "东门书屋" in await Resident(bare).say(asked)
    save(bare.database, Content([], [house("west", "西街教学站点")]), "test")
    resident = Resident(bare)
    told = await resident.say(asked)
    assert bare.texts.line("zh", "ask.org") in told
    assert "0000" not in told
    told = await resident.say("西街教学站点")
    assert "西街教学站点" in told
    assert "东门书屋" not in told


async def test_many_ask_at_once_and_are_counted_each(bare: App) -> None:
    await asyncio.gather(*(Resident(bare).say("停车要钱吗") for _ in range(20)))
    await bare.inbox.usage.flush()
    used = await bare.database.read(lambda t: usage.since(t, "2000-01-01"))
    assert used["faq/parking"] == (0, 0, 20)


def test_an_entry_of_the_old_kind_still_reads() -> None:
    entry = Entry(
        id="parking", topic="site_hours", questions=("停哪",), answer="a", spoken="a", sms="a", source="a", owner="a",
        valid_from=TODAY, valid_until=TODAY,
    )  # fmt: skip
    assert entry.problems() == []


BARE = """
> 停车要钱吗
< 您问的是“有停车位吗，收费吗”
< 还没有登记答案，不敢乱说
> 你们电话多少
< 地点、电话和开放时间还没有登记
> 最近有什么培训班
< 课程和培训班还没有登记
> 转人工
< 号
"""


async def test_a_talk_with_a_centre_of_which_nothing_is_on_record(
    bare: App, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await play(bare, Path("bare.txt"), BARE, "webchat", ten_o_clock) == 0, capsys.readouterr().out
