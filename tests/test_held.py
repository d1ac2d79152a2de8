"""What a centre is said to answer at first is no more than what it holds anything on."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.offering import leads_somewhere, offers, starters
from daoxue.app import App, compose
from daoxue.config import CentreSettings, Config, DatabaseSettings, Nlu
from daoxue.preparing import prepare
from integrations import keypad
from knowledge.catalogue import Catalogue, CreditRule, Record
from knowledge.entries import Entry
from knowledge.held import OF_THE_FEES, OF_THE_ORDER, held, on_record
from knowledge.library import as_rows
from store import knowledge as stored
from tests.desk_client import Desk
from tests.talk import Resident, its_day

TODAY = date(2026, 11, 20)


@pytest.fixture
async def new(tmp_path: Path, models: Path) -> AsyncIterator[App]:
    """A centre of which nothing is known but its name."""
    config = Config(
        database=DatabaseSettings(f"sqlite:///{tmp_path}/own.db"), nlu=Nlu(str(models)), sample=False,
        centre=CentreSettings(name="青禾县图书馆书院", bot="小禾"),
    )  # fmt: skip
    prepare(config)
    app = await compose(config)
    yield app
    app.database.close()


async def put(app: App, entries: list[Entry], records: list[Record]) -> None:
    said, known = as_rows(entries, records, "published")
    await app.database.write(lambda t: stored.save(t, said, known, "wang", 0))
    await app.library.refresh()


def password(**changes: object) -> Entry:
    entry = Entry(
        id="g-password", topic="operation_guide", standard="g-password", answer="到服务台改。", source="手册", owner="王",
        valid_from=date(2026, 1, 1), valid_until=date(2099, 12, 31),
    )  # fmt: skip
    return replace(entry, **changes)


RULE = CreditRule(
    id="attend", name="听课", credits="每次1学分", cap="每天2学分", version="办法", valid_from=date(2026, 1, 1)
)


async def test_a_new_centre_offers_nothing_that_it_does_not_hold(new: App) -> None:
    assert held(new.library, TODAY) == frozenset()
    assert starters(new.texts, new.library, "zh", TODAY) == ["转人工"]
    resident = Resident(new)
    for said in ("你好", "你是谁", "你会唱歌吗", "菜单"):
        receipt = await resident.receipt(said)
        told = "".join(each.message.reply.text for each in receipt.answers)
        assert "学分" not in told, (said, told)
        assert "培训班" not in told, (said, told)
        labels = [option.label for each in receipt.answers for option in each.message.reply.options]
        assert not {"查学分积分", "近期培训班", "开放时间"} & set(labels)
    async with Desk(new).client() as visitor:
        page = (await visitor.get("/")).text
    assert 'data-starters-zh="转人工"' in page
    assert "可以帮您找登记过的答案" in page


async def test_what_is_written_down_is_offered_from_then_on(new: App) -> None:
    await put(new, [password()], [RULE])
    assert held(new.library, TODAY) == {"password", "guides", "credits", "credit_rule"}
    assert starters(new.texts, new.library, "zh", TODAY) == ["学分怎么算？", "密码忘了怎么办？", "转人工"]
    assert offers(new.texts, new.library, "zh", TODAY) == "讲学分规则、教您用学习平台"
    assert offers(new.texts, new.library, "en", TODAY) == "explain credits, guide you through the learning platform"
    await put(new, [password(valid_until=date(2026, 11, 19))], [])
    assert "password" not in held(new.library, TODAY), "its answer is over"


async def test_the_sample_is_asked_all_of_it(app: App) -> None:
    assert len(starters(app.texts, app.library, "zh", its_day())) == 5


async def test_what_is_over_is_not_held_any_more(app: App) -> None:
    over = TODAY.replace(year=TODAY.year + 2)
    assert held(app.library, its_day()) - held(app.library, over) >= {"classes", "activities"}
    assert (
        on_record(app.library.catalogue, its_day()) - on_record(app.library.catalogue, over)
        == OF_THE_ORDER | OF_THE_FEES
    )
    resident = Resident(app)
    assert "近期培训班" in await resident.say("你好")
    resident.wait(2 * 366 * 24 * 60)
    assert "近期培训班" not in await resident.say("你好")


async def test_of_a_deposit_is_said_what_a_centre_has_written_else_that_it_has_not(app: App) -> None:
    assert "还没有登记" in await Resident(app).say("教材押金退不退")
    asked = ("押金退不退", "教材押金怎么退", "上课的押金什么时候退")
    await put(
        app, [password(id="deposit-back", standard=None, questions=asked, answer="课程结束后三天内原路退回。")], []
    )
    assert "三天内" in await Resident(app).say("教材押金退不退")


def test_credits_kept_elsewhere_are_offered(app: App) -> None:
    app.library.credits_elsewhere = True
    app.library.calendar = type(app.library.calendar)(Catalogue())
    assert leads_somewhere("balance", app.library, TODAY)
    assert not leads_somewhere("find_class", app.library, TODAY)


async def test_the_menu_by_keys_reads_out_what_there_is_and_no_key_moves(new: App, app: App) -> None:
    assert list(keypad.offered("", app.library, TODAY)) == ["1", "2", "3"]
    assert list(keypad.offered("", new.library, TODAY)) == ["1", "3"], "a class may be wished for; there are no credits"
    assert list(keypad.offered("32", new.library, TODAY)) == ["3"]
    await put(new, [password()], [RULE])
    assert list(keypad.offered("32", new.library, TODAY)) == ["2", "3"]
    assert list(keypad.offered("", new.library, TODAY)) == ["1", "2", "3"]
