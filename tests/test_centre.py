"""A centre speaks for itself: its name, its texts, its catalogue; nothing of the sample speaks for it."""

import ast
import io
import re
import subprocess
import threading
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import bot.texts
import web
from bot.texts import Table, Texts
from daoxue import asking, check, cli, sample
from daoxue.app import App, compose
from daoxue.config import CentreSettings, Config, DatabaseSettings, Nlu
from daoxue.founding import Founding
from daoxue.logo import LogoError, logo_at
from daoxue.preparing import prepare
from desk import children
from desk.api.guard import LARGEST_FILE
from handlers import eligibility
from handlers.needs import NEEDS
from integrations.channels import CHANNELS
from knowledge.catalogue import UNWRITTEN, Catalogue
from knowledge.centre import DARK, Centre, CentreInEnglish, TextForms
from knowledge.colours import LEGIBLE, contrast
from knowledge.files import read_sample
from tests.desk_client import Desk
from tests.service import ROOT
from tests.talk import Resident

SONGJIANG = Centre(
    name="松江县职业技术学院", bot="小松", en=CentreInEnglish(name="Songjiang Vocational College", bot="Song")
)
ANSWERING = {"answer_standard", "answer_if_known", "offer_answer", "answer"}
# Words of the sample that are nobody's name alone.
EVERYDAY = {"the college", "learning centre", "learning center", "学习中心", "社区学院", "你们中心", "社区教育学院"}


def record(centre: Centre) -> Any:
    return msgspec.json.decode(msgspec.json.encode(centre))


def test_a_centre_is_called_what_it_is_called() -> None:
    texts = Texts()
    texts.follow(SONGJIANG)
    assert texts.line("zh", "greeting", offers="").startswith("您好！我是松江县职业技术学院的小松，")
    assert texts.line("en", "greeting", offers="").startswith(
        "Hello! I am the Song of Songjiang Vocational College (松江县职业技术学院)."
    )
    texts.keep(30)
    assert "30天后删除" in texts.line("zh", "welcome", offers="")


def test_its_own_words_are_said_instead_and_what_does_not_fit_is_not() -> None:
    own = {
        "zh": {
            "volunteer.intro": "欢迎到{centre}当志愿者！",
            "item.one": "{nmae}有货",
            "no.such": "x",
            "goodbye": "再见 {",
        }
    }
    texts = Texts(own=own)
    texts.follow(SONGJIANG)
    assert texts.line("zh", "volunteer.intro") == "欢迎到松江县职业技术学院当志愿者！"
    assert texts.line("zh", "goodbye").startswith("再见，")
    assert [str(each) for each in texts.misfits(own, SONGJIANG, {})] == [
        "texts/zh: item.one: it has no value for nmae", "texts/zh: no.such: there is no such text",
        "texts/zh: goodbye: a single { or }",
    ]  # fmt: skip


def test_only_the_texts_in_question_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, looked_at, fill = Texts(), list[str](), bot.texts._filled

    def filled(table: Table, values: Mapping[str, str]) -> dict[str, TextForms]:
        looked_at.extend(table)
        return fill(table, values)

    monkeypatch.setattr(bot.texts, "_filled", filled)
    own = {"zh": {"goodbye": "再见", "no.such": "x"}, "xx": {"goodbye": "x", "greeting": "y"}}
    assert [str(each) for each in texts.misfits(own, SONGJIANG, CHANNELS)] == [
        "texts/zh: no.such: there is no such text", "texts/xx: there is no such language",
    ]  # fmt: skip
    assert looked_at == ["goodbye"]


def test_braces_in_a_name_are_letters() -> None:
    texts = Texts()
    texts.follow(Centre(name="{x}学院"))
    assert texts.line("zh", "greeting", offers="").startswith("您好！我是{x}学院的")


async def test_the_centre_is_renamed_at_the_desk_and_the_next_answer_says_so(app: App) -> None:
    editor = await Desk(app).person("editor")
    own = msgspec.structs.replace(
        SONGJIANG, texts={"zh": {"who_are_you": TextForms("我是{bot}。", spoken="我是小松呀。")}}
    )
    await editor.ask("PUT", "/catalogue/centre/centre", record(own))
    (answer, *_) = (await Resident(app).receipt("你是谁")).answers
    assert answer.message.reply.text == "我是小松。"
    assert answer.message.reply.spoken == "我是小松呀。"
    shown = await editor.get("/centre")
    assert shown["centre"]["name"] == "松江县职业技术学院"
    assert any(each["key"] == "greeting" and "{centre}" in each["zh"] for each in shown["texts"])


async def test_the_chat_page_bears_its_name_number_and_colour(app: App) -> None:
    desk = Desk(app)
    editor = await desk.person("editor")
    centre = msgspec.structs.replace(SONGJIANG, name="<b>学院", hotline="0570-1234567", colour="#123456")
    assert (await editor.ask("PUT", "/catalogue/centre/centre", record(centre))).status_code == 200
    async with desk.client() as visitor:
        page = (await visitor.get("/")).text
        assert "<title>学习导航 · &lt;b&gt;学院</title>" in page
        assert "拨打热线 0570-1234567" in page
        assert "#123456" in (await visitor.get("/centre.css")).text


async def test_the_page_has_the_colours_of_the_centre(app: App) -> None:
    desk = Desk(app)
    editor = await desk.person("editor")
    centre = msgspec.structs.replace(SONGJIANG, colour="#123456", head_colour="#654321")
    assert (await editor.ask("PUT", "/catalogue/centre/centre", record(centre))).status_code == 200
    async with desk.client() as visitor:
        sheet = (await visitor.get("/centre.css")).text
        widget = (await visitor.get("/widget.js")).text
    assert "--accent: #123456;" in sheet
    assert "--head: #654321;" in sheet
    assert f"--accent: {centre.colour_in_the_dark};" in sheet
    assert 'background: "#123456"' in widget


async def test_pages_that_embed_the_chat_fetch_its_script_once(app: App) -> None:
    """Until it is another, as it is with the centre's colour."""
    desk = Desk(app)
    async with desk.client() as visitor:
        first = await visitor.get("/widget.js")
        assert f'background: "{web.ACCENT}"' in first.text
        assert "{{" not in first.text
        for known in (first.headers["etag"], f'"x", W/{first.headers["etag"]}'):
            again = await visitor.get("/widget.js", headers={"if-none-match": known})
            assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", "no-cache")
        editor = await desk.person("editor")
        centre = msgspec.structs.replace(SONGJIANG, colour="#123456")
        assert (await editor.ask("PUT", "/catalogue/centre/centre", record(centre))).status_code == 200
        other = await visitor.get("/widget.js", headers={"if-none-match": first.headers["etag"]})
        assert other.status_code == 200
        sheet = (await visitor.get("/chat.css")).text
    assert f"--accent: {web.ACCENT};" in sheet, "the page and the button have one colour"


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_a_colour_that_carries_white_letters_is_read_in_the_dark_too(colour: str) -> None:
    centre = Centre(colour=colour)
    if not centre.problems():
        assert contrast(centre.colour_in_the_dark, DARK) >= LEGIBLE
        assert contrast(centre.colour_in_the_dark, "#000000") >= LEGIBLE, "what stands on it"


async def test_each_channel_greets_in_words_of_its_own(app: App) -> None:
    desk = Desk(app)
    editor = await desk.person("editor")
    shown = {each["key"] for each in (await editor.get("/centre"))["texts"]}
    assert {f"greeting.{name}" for name in CHANNELS} <= shown
    own = {"greeting": "大家好", "greeting.sms": "{bot}回短信", "greeting.webchat": "网页上好。" * 100}
    answer = await editor.ask(
        "PUT", "/catalogue/centre/centre", record(msgspec.structs.replace(SONGJIANG, texts={"zh": own}))
    )
    assert answer.status_code == 200, "what is long for an SMS is fine on the page alone"
    said = {
        name: app.texts.line("zh", app.texts.on(name, channel.greets), offers="") for name, channel in CHANNELS.items()
    }
    assert said["sms"] == "小松回短信"
    assert said["forum"] == "大家好"
    assert said["wechat"] == app.texts.line("zh", "welcome", offers="")
    assert said["voice"] == app.texts.line("zh", "voice.greeting")
    assert (await Resident(app, channel="sms").say("你好")).startswith("小松回短信")
    async with desk.client() as visitor:
        assert 'data-hello-zh="网页上好。' in (await visitor.get("/")).text


def picture(kind: str) -> bytes:
    """With a word hidden in it."""
    out, hidden = io.BytesIO(), Image.Exif()
    hidden[0x010E] = "secret place"
    Image.new("RGB", (600, 300), "#654321").save(out, kind, exif=hidden)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_its_logo_is_drawn_anew_and_shown_on_the_pages(app: App, kind: str) -> None:
    desk = Desk(app)
    editor = await desk.person("editor")
    given = picture(kind)
    assert b"secret place" in given
    sent = await editor.client.post("/api/centre/logo", files={"file": ("logo.html", given, "text/html")})
    assert sent.status_code == 200, sent.text
    centre = msgspec.structs.replace(SONGJIANG, logo=b"written over")
    await editor.put("/catalogue/centre/centre", record(centre))
    async with desk.client() as visitor:
        assert 'src="logo"' in (await visitor.get("/")).text
        shown = await visitor.get("/logo")
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert b"secret place" not in shown.content
        assert Image.open(io.BytesIO(shown.content)).size == (256, 128)
        again = await visitor.get("/logo", headers={"if-none-match": shown.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")
        assert (await editor.ask("DELETE", "/centre/logo")).status_code == 200
        assert (await visitor.get("/logo")).headers["content-type"].startswith("image/svg")


def test_why_a_file_is_no_logo_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path.cwd()}")
    (tmp_path / "threads.py").write_text("import os\nprint(os.environ['OMP_NUM_THREADS'])")
    (tmp_path / "endless.py").write_text("while True: pass")
    assert children.run_here("threads", given=b"", within=60).strip() == b"1", "as where many are drawn"
    with pytest.raises(TimeoutError):
        children.run_here("endless", given=b"", within=0.1)
    path = tmp_path / "sign.png"
    Image.new("1", (10_000, 10_000)).save(path)
    with pytest.raises(LogoError, match="像素太多"):
        logo_at(path)
    path.write_bytes(b"<svg onload=alert(1)>")
    with pytest.raises(LogoError, match="要 PNG、JPEG 或 WebP"):
        logo_at(path)
    path.write_bytes(b"x" * (LARGEST_FILE + 1))
    with pytest.raises(LogoError, match="最多 12 MB"):
        logo_at(path)

    def slow(*_: object) -> bytes:
        raise TimeoutError

    path.write_bytes(picture("PNG"))
    monkeypatch.setattr("desk.pictures.drawn_here", slow)
    with pytest.raises(LogoError, match="没画好"):
        logo_at(path)


async def test_a_logo_of_the_settings_is_drawn_where_there_is_no_record_yet(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, drawing = tmp_path / "sign.png", list[bool]()
    path.write_bytes(picture("PNG"))
    config = Config(
        database=DatabaseSettings(f"sqlite:///{tmp_path}/empty.db"), sample=False, nlu=Nlu(str(models)),
        centre=CentreSettings(name="松江", logo=str(path)),
    )  # fmt: skip

    def drawn(path: Path) -> bytes:
        drawing.append(threading.current_thread() is threading.main_thread())
        return logo_at(path)

    monkeypatch.setattr("daoxue.logo.logo_at", drawn)
    prepare(config)
    composed = await compose(config)
    assert Image.open(io.BytesIO(composed.texts.centre.logo)).size == (256, 128)
    assert drawing == [False], "once, and nobody waits for it"
    editor = await Desk(composed).person("editor")
    await editor.put("/catalogue/centre/centre", record(SONGJIANG))
    composed.database.close()
    path.unlink()
    again = await compose(config)
    assert Image.open(io.BytesIO(again.texts.centre.logo)).size == (256, 128)
    again.database.close()
    assert len(drawing) == 1


async def test_what_is_no_picture_is_no_logo(app: App) -> None:
    desk = Desk(app)
    editor, seat = await desk.person("editor"), await desk.person()
    for body, status in ((b"<svg onload=alert(1)>", 422), (b"", 422), (b"x" * LARGEST_FILE, 413)):
        answer = await editor.client.post("/api/centre/logo", files={"file": ("logo.png", body)})
        assert answer.status_code == status, answer.text
    assert (await seat.client.post("/api/centre/logo", files={"file": ("a.png", picture("PNG"))})).status_code == 403


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"colour": "#ffff00"}, "太浅"),
        ({"texts": {"zh": {"greeting": "{whoever}"}}}, "whoever"),
        ({"texts": {"fr": {"greeting": "Bonjour"}}}, "fr"),
        ({"name": ""}, "name"),
        # What fits the page, and neither the phone nor an SMS.
        ({"texts": {"zh": {"goodbye": "再见，" * 300}}}, "texts/zh: goodbye: 短信"),
        ({"texts": {"zh": {"goodbye": "再见，" * 300}}}, "电话上要念"),
        ({"texts": {"zh": {"greeting.sms": "您好，" * 300}}}, "texts/zh: greeting.sms: 短信"),
        ({"texts": {"zh": {"greeting.voice": "您好，" * 300}}}, "电话上要念"),
        ({"texts": {"zh": {"greeting.fax": "您好"}}}, "greeting.fax"),
        ({"head_colour": "#ffff00"}, "head_colour"),
        ({"head_colour": "很蓝"}, "页头颜色：要写成 #0b6e5f"),
        ({"id": "other"}, "编号"),
    ],
)
async def test_what_cannot_be_said_is_refused(app: App, change: dict[str, object], word: str) -> None:
    editor = await Desk(app).person("editor")
    answer = await editor.ask("PUT", "/catalogue/centre/centre", record(SONGJIANG) | change)
    assert answer.status_code == 422
    assert word in answer.json()["text"]


async def test_a_record_is_changed_in_place_and_not_taken_out_while_another_needs_it(either_app: App) -> None:
    app, editor = either_app, await Desk(either_app).person("editor")
    records = (await editor.get("/catalogue/organisation"))["records"]
    college = next(each for each in records if each["level"] == "college")
    holiday = {"day": "2027-03-05", "reason": "校庆"}
    college["special_days"] = [*college["special_days"], holiday]
    await editor.ask("PUT", f"/catalogue/organisation/{college['id']}", college)
    assert "校庆" in await Resident(app).say("学院2027年3月5号开门吗")
    refused = await editor.ask("DELETE", f"/catalogue/organisation/{college['id']}")
    assert refused.status_code == 422
    dangling = await editor.ask(
        "PUT", "/catalogue/organisation/new", {**college, "id": "new", "level": "site", "parent": "no"}
    )
    assert dangling.status_code == 422


async def test_how_many_computers_a_place_has_is_told_where_its_facilities_do_not_say(app: App) -> None:
    async def told(lang: str, intent: str = "site_facilities", **slots: str) -> str:
        visitor = Resident(app)
        for asked, known in (("site_facilities", {"org": "qinghe-1"}), (intent, {"org": "qinghe-1", **slots})):
            said = msgspec.structs.replace(visitor.message("", lang=lang), intent=asked, slots=known)
            answers = (await app.inbox.receive(said)).answers
        return "".join(each.message.reply.text for each in answers)

    editor = await Desk(app).person("editor")
    records = (await editor.get("/catalogue/organisation"))["records"]
    site = next(each for each in records if each["id"] == "qinghe-1")
    assert (await told("zh")).count("电脑") == 1, "as its facilities have it"
    for facilities in ("阅览角", UNWRITTEN):
        new = {**site, "computers": 7, "facilities": facilities, "en": None}
        assert (await editor.ask("PUT", "/catalogue/organisation/qinghe-1", new)).status_code == 200
        assert "电脑7台" in await told("zh")
        assert "电脑7台" in await told("zh", "entry", entry="computer-rule")
        assert "computers for residents: 7" in await told("en")


async def test_what_was_taken_out_stays_out(app: App) -> None:
    editor = await Desk(app).person("editor")
    gone = next(iter(app.library.catalogue.activities))
    assert (await editor.ask("DELETE", f"/catalogue/activity/{gone}")).status_code == 200
    assert gone not in app.library.catalogue.activities
    assert (await editor.ask("DELETE", f"/catalogue/activity/{gone}")).status_code == 404
    sample.load(app.database, date(2026, 12, 1))
    await app.library.refresh()
    assert gone not in app.library.catalogue.activities


async def test_a_new_centre_without_anything_starts_and_says_so(tmp_path: Path, models: Path) -> None:
    config = Config(
        database=DatabaseSettings(f"sqlite:///{tmp_path}/own.db"), nlu=Nlu(str(models)), sample=False,
        centre=CentreSettings(name="松江县社区学院", bot="小江"),
    )  # fmt: skip
    prepare(config)
    app = await compose(config)
    resident = Resident(app)
    assert "我是松江县社区学院的小江" in await resident.say("你是谁")
    for question in (
        "几点开门",
        "学习卡丢了",
        "我要退班",
        "最近有什么培训班",
        "积分能换什么",
        "有什么活动",
        "有哪些课程",
        "我要当志愿者",
    ):
        said = [each.message.reply for each in (await resident.receipt(question)).answers]
        assert said, question
        assert not any("出了点问题" in each.text or "云溪" in f"{each.text}{each.source}" for each in said), (
            question,
            said,
        )
    app.database.close()


def test_check_finds_what_is_wrong_with_its_own_texts(tmp_path: Path) -> None:
    (tmp_path / "zh.yml").write_text("goodbye: 再见 {nobody}\nsms.stopped: " + "长" * 900, encoding="utf-8")
    nowhere = DatabaseSettings(f"sqlite:///{tmp_path}/none.db")
    found = check.problems(Config(database=nowhere, centre=CentreSettings(texts=str(tmp_path))))
    assert "texts/zh: goodbye: it has no value for nobody" in found
    assert any(each.startswith("texts/zh: sms.stopped:") for each in found)
    lost = check.problems(Config(database=nowhere, centre=CentreSettings(texts=str(tmp_path / "none"))))
    assert any("there is no such folder" in each for each in lost)


def sample_words() -> set[str]:
    """What is the sample's alone: its names, numbers and documents."""
    catalogue = Catalogue.of(read_sample(date(2026, 11, 27)).records)
    centre = catalogue.centre
    assert centre is not None
    words = {centre.name, centre.district, centre.hotline, centre.platform, centre.address}
    for place in catalogue.organisations.values():
        words |= {place.name, place.address, place.phone, *(alias for alias in place.aliases if len(alias) > 3)}
    words |= {rule.version for rule in catalogue.rules.values()} | {
        group.teacher for group in catalogue.classes.values()
    }
    words |= {item.name for item in catalogue.items.values() if len(item.name) > 3}
    return words - EVERYDAY


def test_nothing_of_the_sample_stands_outside_the_sample() -> None:
    words, found = sample_words(), []
    elsewhere = ("knowledge/sample/", "tests/", "docs/", "nlu/data/", "benchmarks/")
    speaks = (".py", ".yml", ".js", ".ts", ".vue", ".html", ".css", ".svg")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in tracked:
        if name.endswith(speaks) and not name.startswith(elsewhere):
            text = (ROOT / name).read_text(encoding="utf-8")
            found += [f"{name}: {word}" for word in words if word in text]
    assert found == []


def test_no_place_of_the_sample_is_learnt_from() -> None:
    catalogue = Catalogue.of(read_sample(date(2026, 11, 27)).records)
    places = [each for each in catalogue.organisations.values() if each is not catalogue.college]
    names = {name for each in places for name in (each.name, *each.aliases) if len(name) > 2}
    learnt = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "nlu" / "data").rglob("*.yml")))
    assert [name for name in sorted(names) if name in learnt] == []


def test_what_handlers_say_from_knowledge_is_declared() -> None:
    said = set()
    for path in (ROOT / "handlers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ANSWERING:
                at = 1 if node.func.attr == "offer_answer" else 0
                if isinstance(word := node.args[at], ast.Constant):
                    said.add(word.value)
    named = {"enrol-first-day", *(each.RULE for each in (eligibility,))}
    assert said | named == NEEDS


def test_check_names_what_is_lacking_over_and_soon_to_be() -> None:
    today = date(2026, 11, 27)
    entries = {each.standard or each.id: each for each in read_sample(today).entries}
    assert check.lacking(entries.values(), Catalogue(), today) == []
    replace = msgspec.structs.replace
    some = [
        replace(each, valid_until=date(2026, 11, 1) if id == "fraud-tip" else date(2026, 12, 1))
        for id, each in entries.items()
        if id in ("fraud-tip", "g-card-lost")
    ]
    told = check.lacking(some, Catalogue(), today)
    assert [each for each in told if "已过期" in each and each.startswith("fraud-tip")]
    assert [each for each in told if "到期" in each and each.startswith("g-card-lost")]
    assert sum("没有答案" in each for each in told) == len(NEEDS) - 2


async def test_what_people_in_danger_hear_is_taken_out_by_two(app: App) -> None:
    desk = Desk(app)
    one, other = await desk.person("editor"), await desk.person("editor")
    tip = next(id for id, each in app.library.entries.items() if "fraud-tip" in (each.standard, id))
    await one.post(f"/knowledge/entries/{tip}/expire")
    assert tip in app.library.entries  # still said
    assert (await one.ask("POST", f"/knowledge/entries/{tip}/expire")).status_code == 422
    await other.post(f"/knowledge/entries/{tip}/send-back", {"why": "还要用"})
    assert (await one.get(f"/knowledge/entries/{tip}"))["status"] == "published"
    await one.post(f"/knowledge/entries/{tip}/expire")
    await other.post(f"/knowledge/entries/{tip}/expire")
    assert tip not in app.library.entries
    assert "110" in await Resident(app).say("有人冒充你们让我转账")


async def test_what_people_in_danger_hear_is_not_changed_by_one(app: App) -> None:
    editor = (await Desk(app).person("editor")).client
    known = (await editor.get("/api/centre")).json()["centre"]
    for texts in (
        {"zh": {"emergency.fire": "先等等"}},
        {"en": {"despair": {"text": "wait", "spoken": None, "short": None}}},
    ):
        refused = await editor.put("/api/catalogue/centre/centre", json=known | {"texts": texts})
        assert refused.status_code == 422
        assert "危险" in refused.json()["text"]
    fine = await editor.put("/api/catalogue/centre/centre", json=known | {"texts": {"zh": {"goodbye": "再会！"}}})
    assert fine.status_code == 200


async def rename(app: App, id: str, **more: object) -> None:
    """A class of the sample as it is at the desk from now on."""
    editor = await Desk(app).person("editor")
    group = next(each for each in (await editor.get("/catalogue/class"))["records"] if each["id"] == id)
    answer = await editor.ask("PUT", f"/catalogue/class/{id}", {**group, **more})
    assert answer.status_code == 200, answer.text


def electricians(app: App) -> str:
    return next(id for id, each in app.library.catalogue.classes.items() if "电工" in each.name)


async def test_a_class_is_known_by_its_own_name(app: App) -> None:
    await rename(app, electricians(app), name="持证上岗冲刺班")
    resident = Resident(app)
    assert "持证上岗冲刺班：" in await resident.say("持证上岗冲刺班在哪里上")
    assert "持证上岗冲刺班" in await resident.say("持证上岗冲刺什么时候开课")


async def test_a_class_that_enrols_later_is_told_with_its_day(app: App) -> None:
    soon, later = date.today() + timedelta(days=20), date.today() + timedelta(days=40)
    await rename(
        app, electricians(app), enrol_from=str(soon), enrol_until=str(later), first_day=str(later + timedelta(days=9))
    )
    told = await Resident(app).say("有没有电工班")
    assert "接下来要开的有" in told
    assert "开始报名" in told
    assert "学费" in await Resident(app).say("电工班多少钱")


async def test_how_credits_are_earned_is_told_from_the_catalogue_where_no_entry_says_it(app: App) -> None:
    desk = Desk(app)
    editor = await desk.person("editor")
    for id, each in dict(app.library.entries).items():
        if each.standard == "credit-rule" or id == "credit-rule":
            await editor.post(f"/knowledge/entries/{id}/expire")
    told = await Resident(app).say("学分怎么算")
    assert "学满2小时记1学分" in told
    assert "没有登记" not in told


async def test_the_page_greets_as_the_centre_does(app: App) -> None:
    desk = Desk(app)
    editor = await desk.person("editor")
    await editor.ask("PUT", "/catalogue/centre/centre", record(SONGJIANG))
    async with desk.client() as visitor:
        page = (await visitor.get("/")).text
    assert 'data-bot-zh="小松"' in page
    assert 'data-hello-zh="您好！我是松江县职业技术学院的小松，' in page
    assert 'data-hello-en="Hello! I am the Song of Songjiang' in page


def test_a_new_centre_is_offered_every_channel_by_a_name_that_it_may_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["daoxue", "init", "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    told = re.split("[：, \n]+", capsys.readouterr().out)
    names = [stanza.name for channel in CHANNELS.values() for stanza in channel.stanzas]
    assert "wecom" in names
    assert [each for each in names if each not in told] == []
    founding = Founding.of({"name": "青山学院", "channels": ",".join(names)})
    opened = {path[1] for path, value in founding.settings.items() if path[0] == "channels" and value}
    assert opened == set(names)


def test_what_is_asked_is_asked_again_where_the_answer_cannot_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = ["", "青山学院", "Green Hill", "", "", "", "", "早上", "周一到周五 08:30-17:30", "", ""]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(answers) + "\n"))
    said = asking.missing({name: None for name, _, _ in asking.QUESTIONS}, Founding.problem)
    founding = Founding.of(said)
    assert founding.centre.name == "青山学院"
    assert founding.languages == ("zh", "en"), "who has an English name speaks it"
    told = capsys.readouterr().err
    assert "中心叫什么" in told
    assert "要写成" in told


@pytest.mark.parametrize("hours", ["周一到周五 17:30-08:30", "周一到周五 08:30-08:30", "周一 20:00-25:00"])
def test_hours_that_end_before_they_begin_are_asked_again(hours: str) -> None:
    assert "晚于" in Founding.problem("hours", hours)


def test_what_a_centre_is_called_is_refused_in_words() -> None:
    assert Founding.problem("hotline", "8" * 61).startswith("hotline：最多 60 字")
