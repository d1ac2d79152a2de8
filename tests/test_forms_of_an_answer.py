"""What is spoken and what is sent as a text follows the answer; what somebody wrote for an earlier one waits to be looked at."""

import json
from datetime import date
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.messages import Reply
from daoxue import check
from daoxue.app import App
from daoxue.config import Config
from daoxue.files import read, take_in
from integrations import sms, voice
from integrations.channels import CHANNELS
from knowledge.entries import Entry, changed, too_long_for_sms
from store.migrate import alembic_url, upgrade
from tests.desk_client import Desk, Person
from tests.talk import Resident
from tests.test_editing import entry, publish

OLD, NEW = "学院东门有免费婴儿车架二十个。", "学院西门有免费婴儿车架三个。"
ASKED = "学院能寄存婴儿车吗"


async def edit(writer: Person, reviewer: Person, query: str = "", **more: object) -> None:
    """Changes the entry and has it published."""
    revision = (await writer.get("/knowledge/entries/pram"))["revision"]
    await writer.put(f"/knowledge/entries/pram?read={revision}{query}", entry(**more))
    await writer.post("/knowledge/entries/pram/submit")
    await reviewer.post("/knowledge/entries/pram/publish")


async def heard(app: App) -> tuple[str, str]:
    """What is said on the phone and sent as a text."""
    call, text = Resident(app, channel="voice"), Resident(app, channel="sms")
    return await call.say(ASKED), await text.say(ASKED)


async def test_a_corrected_answer_is_right_everywhere_where_nothing_else_was_written(either_app: App) -> None:
    desk = Desk(either_app)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    await publish(zhou, wu, spoken=None, sms=None)
    await edit(zhou, wu, answer=NEW, spoken=None, sms=None)
    preview = (await zhou.get("/knowledge/entries/pram"))["preview"]
    for channel, said in preview.items():
        assert any("西门" in each for each in said), channel
        assert not any("东门" in each for each in said), channel


async def test_a_copy_of_the_old_answer_that_a_page_sends_back_follows_too(app: App) -> None:
    desk = Desk(app)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    await publish(zhou, wu, spoken=OLD, sms=OLD)
    assert (await zhou.get("/knowledge/entries/pram"))["entry"].get("spoken") is None


async def test_what_was_written_is_flagged_until_it_is_looked_at_and_not_said_meanwhile(either_app: App) -> None:
    desk = Desk(either_app)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    own = {"spoken": "婴儿车请放东门", "sms": "婴儿车：东门"}
    await publish(zhou, wu, **own)
    await edit(zhou, wu, answer=NEW, **own)
    whole = await zhou.get("/knowledge/entries/pram")
    assert whole["stale"] == whole["entry"]["stale"] == ["spoken", "sms"]
    [listed] = [each for each in (await zhou.get("/knowledge/entries"))["entries"] if each["id"] == "pram"]
    assert listed["stale"] == ["spoken", "sms"]
    assert not any("东门" in each for said in whole["preview"].values() for each in said)
    assert not any("东门" in said for said in await heard(either_app))
    await edit(zhou, wu, "&looked=spoken", answer=NEW, spoken=own["spoken"], sms="婴儿车：西门")
    whole = await zhou.get("/knowledge/entries/pram")
    assert whole["stale"] == []
    assert whole["entry"]["spoken"] == own["spoken"]
    assert any("西门" in each for each in whole["preview"]["sms"])


async def test_a_flag_stays_over_other_changes_and_cannot_be_written_away(app: App) -> None:
    desk = Desk(app)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    await publish(zhou, wu, spoken="放东门")
    await edit(zhou, wu, answer=NEW, spoken="放东门")
    await edit(zhou, wu, answer=NEW, spoken="放东门", stale=[], source="后勤通知 2026-12")
    assert (await zhou.get("/knowledge/entries/pram"))["stale"] == ["spoken", "sms"]


def test_english_is_flagged_by_other_steps_too() -> None:
    now = msgspec.convert(entry(spoken=None, sms=None, en={"answer": "At the east gate."}), Entry)
    assert changed(now, now).stale == ()
    assert changed(replace(now, steps=("走到东门",)), now).stale == ("en",)
    assert changed(replace(now, answer=NEW), now, looked=["en"]).stale == ()


async def test_a_corrected_english_answer_is_not_told_as_before_on_the_phone_and_in_texts(either_app: App) -> None:
    desk = Desk(either_app)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    gate = {"spoken": "Prams go to the east gate", "sms": "Prams: east gate"}
    await publish(zhou, wu, en={"answer": "At the east gate, 20.", **gate})
    west = {"answer": "At the west gate, 20.", **gate}
    await edit(zhou, wu, en=west)
    assert (await zhou.get("/knowledge/entries/pram"))["stale"] == ["en"]
    told = msgspec.convert((await zhou.get("/knowledge/entries/pram"))["entry"], Entry, strict=False).said("en")
    reply = Reply(text=told.answer, spoken=told.spoken, short=told.sms, lang="en")
    for said in (voice.spoken(reply), *sms.render([reply])):
        assert "west gate" in said
        assert "east gate" not in said
    await edit(zhou, wu, en={**west, "sms": "Prams: west gate"})
    assert (await zhou.get("/knowledge/entries/pram"))["stale"] == ["en"], "what is spoken is that of before"
    await edit(zhou, wu, "&looked=en", en={**west, "sms": "Prams: west gate"})
    assert (await zhou.get("/knowledge/entries/pram"))["stale"] == []


def test_english_that_only_repeats_its_answer_follows_it() -> None:
    east = {"answer": "At the east gate.", "spoken": "At the east gate.", "sms": "At the east gate."}
    before = msgspec.convert(entry(en=east), Entry)
    now = changed(msgspec.convert(entry(en={**east, "answer": "At the west gate."}), Entry), changed(before, None))
    assert now.stale == ("en",), "a page that sends the copies back is told"
    kept = changed(before, None).en
    assert kept is not None
    assert (kept.spoken, kept.sms) == (None, None)


def test_check_names_what_was_not_looked_at(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    for answer in (OLD, NEW):
        path.write_text(json.dumps({"entries": [entry(answer=answer, spoken="放东门", sms=None)]}, ensure_ascii=False))
        take_in(config, read([path], "李老师", date.today(), partial=False), "李老师", "published")
    assert [each for each in check.problems(config) if "pram" in each] == [f"entry pram: spoken: {check.STALE}"]


def test_an_import_flags_what_it_leaves_behind(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for rows in (f"pram,婴儿车放哪,{OLD},放东门", f"pram,婴儿车放哪,{NEW},放东门"):
        path.write_text(f"编号,问题,回答,语音\n{rows}\n", encoding="utf-8")
        content = take_in(config, read([path], "李老师", date.today(), partial=False), "李老师", "published").content
    assert content.entries[0].stale == ("spoken",)


def test_a_file_that_still_holds_a_copy_of_an_older_answer_does_not_have_it_said(
    config: Config, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    for answer in (OLD, NEW, NEW.replace("三", "四")):
        path.write_text(f"编号,问题,回答,语音\npram,婴儿车放哪,{answer},{OLD}\n", encoding="utf-8")
        content = take_in(config, read([path], "李老师", date.today(), partial=False), "李老师", "published").content
        assert content.entries[0].said("zh").spoken is None, answer
    assert content.entries[0].stale == ("spoken",)


def test_copies_of_before_go_when_the_database_is_brought_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    upgrade(url, "0016")
    long = "东门有车位。" * 40
    told = [
        {"id": "a", "answer": long, "spoken": long, "sms": long[:134]},
        {"id": "a", "answer": "西门有车位。", "spoken": long, "sms": long[:134]},
        {"id": "b", "answer": "有。", "spoken": "有的", "sms": "有。"},
    ]
    engine = sa.create_engine(alembic_url(url))
    with engine.begin() as connection:
        for number, each in enumerate(told, 1):
            body = json.dumps(each, ensure_ascii=False).encode()
            version = {"id": each["id"], "revision": number, "status": "published", "body": body, "by": "x", "at": 1}
            connection.execute(
                sa.text("insert into entry_version values (:id, :revision, :status, :body, :by, :at)"), version
            )
            connection.execute(sa.text("delete from entry where id = :id"), version)
            connection.execute(
                sa.text("insert into entry (id, revision, status, body) values (:id, :revision, :status, :body)"),
                version,
            )
    upgrade(url)
    with engine.connect() as connection:
        now = {row.id: json.loads(row.body) for row in connection.execute(sa.text("select id, body from entry"))}
        kept = connection.execute(sa.text("select body from entry_version where revision = 1")).scalar_one()
    assert now == {"a": {"id": "a", "answer": "西门有车位。"}, "b": {"id": "b", "answer": "有。", "spoken": "有的"}}
    assert json.loads(kept) == {"id": "a", "answer": long}
    engine.dispose()


SENTENCES = st.lists(
    st.text("东门有车位请问您12ab，、 ", min_size=1, max_size=60).map(lambda each: each + "。"), min_size=1, max_size=9
)


@given(SENTENCES)
def test_a_text_is_never_cut_within_a_sentence(sentences: list[str]) -> None:
    text = "".join(sentences)
    [sent] = sms.render([Reply(text=text)])
    assert sms.segments(sent) <= 2
    body = sent.removesuffix(sms.MORE)
    whole = sms.flat(text)
    assert whole.startswith(body)
    assert body == whole or body.endswith("。") or not body
    assert body == whole or sent.endswith(sms.MORE)


def test_a_stop_is_no_end_behind_a_short_form_or_a_number_of_a_list() -> None:
    begins = "Bring your card."
    for middle in (
        "We open from 9 a.m. to noon at No. 12 Lake Rd. near bus no. 5",
        "Dr. Li asks for: 1. a pen; 2. a form",
    ):
        [sent] = sms.render([Reply(text=f"{begins} {middle} {'and so on ' * 40}here. End.", lang="en")])
        assert sent == begins + sms.MORE_IN_ENGLISH
    address = "见https://example.org/a?id=1的说明" + "很" * 130 + "。"
    assert sms.render([Reply(text="好的！" + address)]) == ["好的！" + sms.MORE]


def test_what_a_person_wrote_leaves_whole() -> None:
    """It stands nowhere else: nothing points to it."""
    words = "您的材料齐了，请周三上午来一楼窗口办理。" * 15
    assert sms.personal([Reply(text=words)]) == words
    longest = sms.personal([Reply(text=words * 3)])
    assert sms.segments(longest) <= sms.PERSONAL
    assert longest.removesuffix(sms.MORE).endswith("。")


def test_a_text_whose_first_sentence_is_too_long_points_to_it_and_check_tells() -> None:
    reply = Reply(text="很" * 200 + "。短。")
    assert sms.render([reply]) == [sms.MORE]
    assert sms.problems([reply]) == ["短信放不下第一句，请另写一条短信"]


@pytest.mark.parametrize(
    ("answer", "refused"), [("很" * 200 + "。", True), ("短。" + "很" * 200, False), ("很" * 134, False)]
)
async def test_an_answer_that_no_text_can_begin_with_is_told_at_editing(app: App, answer: str, refused: bool) -> None:
    zhou = await Desk(app).person("editor")
    said = await zhou.ask("PUT", "/knowledge/entries/pram", entry(answer=answer, spoken=None, sms=None))
    assert (said.status_code, "第一句" in said.text) == ((422, True) if refused else (200, False))
    own = entry(answer=answer, spoken=None, sms=None)
    assert (too_long_for_sms(msgspec.convert(own, Entry)) is not None) == refused
    assert bool(CHANNELS["sms"].problems([Reply(text=answer)])) == refused


def test_the_phone_reads_the_answer_where_nothing_else_was_written() -> None:
    plain = msgspec.convert(entry(spoken=None, sms=None), Entry).said("zh")
    assert voice.spoken(Reply(text=plain.answer, spoken=plain.spoken)) == voice.spoken(Reply(text=OLD))
