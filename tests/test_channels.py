"""A channel that is one file and one row, and is seen everywhere; and what holds of every row."""

import io
import re
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import httpx
import openpyxl
import pytest
from msgspec.structs import replace

from bot.channel import Opens
from daoxue import check
from daoxue.app import App, compose
from daoxue.chat import Talk
from daoxue.config import Config, ConfigError, Server, read
from daoxue.serve import application, stopping
from integrations.channels import CHANNELS
from integrations.webchat.channel import WebchatSettings
from integrations.wechat.settings import Mode, WechatSettings
from tests import pigeon
from tests.desk_client import Desk
from tests.pigeon import PIGEON, Loft, PigeonSettings

WITH_IT = {**CHANNELS, PIGEON.name: PIGEON}
ON = PigeonSettings(enabled=True, loft="东门")


@pytest.fixture
async def app(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    monkeypatch.setenv("PIGEON_RING", "r1")
    composed = await compose(replace(config, channels=config.channels.having(ON)), channels=WITH_IT)
    yield composed
    composed.database.close()


def loft(app: App) -> Loft:
    outlet = app.channels[PIGEON.name].outlet
    assert isinstance(outlet, Loft)
    return outlet


async def letter(app: App, id: str, text: str, ring: str = "r1") -> httpx.Response:
    """Post from outside, as the application takes it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(app)), base_url="http://house.test") as post:
        body = {"id": id, "sender": "王大爷", "text": text}
        return await post.post(pigeon.PATH, json=body, headers={"ring": ring})


def test_its_settings_stand_under_channels(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text("channels: {pigeon: {enabled: true}}", encoding="utf-8")
    with pytest.raises(ConfigError, match="pigeon: unknown setting"):
        read(file, {})
    found = read(file, {"DAOXUE_CHANNELS__PIGEON__LOFT": "0551"}, WITH_IT)
    assert found.channels.of(PigeonSettings) == PigeonSettings(enabled=True, loft="0551")
    with pytest.raises(ConfigError, match=r"channels\.pigeon\.enabled"):
        read(file, {"DAOXUE_CHANNELS__PIGEON__ENABLED": "maybe"}, WITH_IT)


async def test_it_is_served_and_answers(app: App) -> None:
    assert (await letter(app, "1", "积分会过期吗", ring="forged")).status_code == 403
    answer = (await letter(app, "1", "积分会过期吗")).json()["letters"]
    assert answer[0].startswith("咕咕：会。积分")
    assert (await letter(app, "1", "积分会过期吗")).json()["letters"] == answer, "the same letter, the same answer"


async def test_what_is_switched_off_is_not_served(config: Config) -> None:
    off = replace(config, channels=config.channels.having(WebchatSettings(enabled=False)))
    composed = await compose(off, channels=WITH_IT)
    try:
        assert composed.channels == {}
        told = (await (await Desk(composed).person("administrator")).get("/system"))["closed"]
        assert told["pigeon"] == [{"stanza": "pigeon", "settings": [], "secrets": ["PIGEON_RING"]}]
        assert told["webchat"] == [{"stanza": "webchat", "settings": [], "secrets": []}]
        assert [each["stanza"] for each in told["sms"]] == ["twilio", "gateway"]
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(application(composed)), base_url="http://house.test"
        ) as outside:
            for path in ("/", "/channels/webchat", pigeon.PATH):
                assert (await outside.get(path)).status_code == 404
            assert (await outside.get("/healthz")).status_code == 200
    finally:
        composed.database.close()


async def test_the_page_shows_it_with_its_names_and_its_colour(app: App) -> None:
    seat = await Desk(app).person("administrator")
    shown = {each["id"]: each for each in (await seat.get("/me"))["channels"]}
    assert shown["pigeon"] == {
        "id": "pigeon", "zh": "信鸽", "en": "Pigeon", "colour": "#5b4a8a", "files": False, "counts": True, "calls": False,
    }  # fmt: skip
    assert {"webchat", "wechat", "sms", "voice"} < shown.keys()
    assert (await seat.get("/system"))["channels"]["pigeon"]["alarm"] == "hungry"


async def test_its_ticket_is_listed_weighed_answered_and_counted(app: App) -> None:
    ref = (await letter(app, "1", "转人工")).json()["ticket"]
    desk = Desk(app)
    seat, supervisor = await desk.person(), await desk.person("supervisor")
    [listed] = (await seat.get("/tickets?state=waiting"))["tickets"]
    assert (listed["ref"], listed["channel"]) == (ref, "pigeon")
    await seat.post(f"/tickets/{ref}/take")
    assert (await app.desk.dispatch.loads())[seat.name].weight == PIGEON.load
    assert (await seat.get(f"/tickets/{ref}"))["quota"]["left"] == pigeon.LETTERS
    await seat.post(f"/tickets/{ref}/messages", {"id": "m1", "text": "您好，我是小李"})
    sent = await seat.client.post(
        f"/api/tickets/{ref}/files", data={"id": "f1"}, files={"file": ("a.txt", "地图".encode())}
    )
    assert (sent.status_code, "发不了文件" in sent.text) == (422, True)
    while await app.queue.work():
        pass
    assert loft(app).flown[-1] == ("王大爷", "您好，我是小李")
    report = await supervisor.get("/reports")
    assert [each["name"] for each in report["by"]["channel"]] == ["pigeon"]
    paper = await supervisor.ask("GET", "/reports.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(paper.content))["按渠道"]
    assert [row[0].value for row in sheet.iter_rows()] == ["名称", "信鸽"]


async def test_editors_see_how_it_would_say_it(app: App) -> None:
    editor = await Desk(app).person("editor")
    asked = await editor.post("/knowledge/ask", {"text": "积分会过期吗", "channel": "pigeon"})
    assert asked["rendered"][0].startswith("咕咕：会。积分")
    await editor.post("/knowledge/ask", {"text": "积分会过期吗", "channel": "owl"}, expect=422)
    [entry, *_] = (await editor.get("/knowledge/entries"))["entries"]
    preview = (await editor.get(f"/knowledge/entries/{entry['id']}"))["preview"]
    assert preview["pigeon"][0].startswith("咕咕：")


async def test_it_is_talked_to_in_the_terminal(app: App) -> None:
    receipt = await Talk(app).say("积分会过期吗", "pigeon")
    assert "会。积分" in receipt.answers[0].message.reply.text


async def test_without_its_secret_it_does_not_start_and_the_check_says_so(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIGEON_RING", raising=False)
    own = replace(config, channels=config.channels.having(ON))
    with pytest.raises(ConfigError, match="PIGEON_RING"):
        await compose(own, channels=WITH_IT)
    assert check.problems(own, WITH_IT) == ["channels.pigeon: PIGEON_RING is not set in the environment"]
    monkeypatch.setenv("PIGEON_RING", "r1")
    assert check.problems(own, WITH_IT) == []
    monkeypatch.setattr(pigeon, "LONGEST", 100)
    assert any("信鸽带不动" in problem for problem in check.problems(own, WITH_IT))


@pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
async def test_the_check_names_every_secret_that_the_official_account_cannot_open_without(
    config: Config, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    own = replace(
        config,
        channels=config.channels.having(WechatSettings(enabled=True, mode=mode)),
        server=Server(public_url="https://a.example"),
    )
    for name in ("WECHAT_APP_ID", "WECHAT_APP_SECRET", "WECHAT_TOKEN"):
        monkeypatch.setenv(name, "given")
    monkeypatch.delenv("WECHAT_AES_KEY", raising=False)
    named = check.problems(own)
    if mode == "plain":
        assert named == []
        (await compose(own)).database.close()
    else:
        assert named == ["channels.wechat: WECHAT_AES_KEY is not set in the environment"]
        with pytest.raises(ConfigError, match="WECHAT_AES_KEY"):
            await compose(own)


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_a_row_says_all_that_the_desk_shows(name: str) -> None:
    channel = CHANNELS[name]
    assert channel.name == name
    assert channel.zh
    assert channel.en
    assert re.fullmatch(r"#[0-9a-f]{6}", channel.colour)
    assert channel.load >= 1


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_what_opens_a_row_is_there(name: str) -> None:
    opens = CHANNELS[name].open
    assert callable(import_module(opens.module).open_channel if isinstance(opens, Opens) else opens)


async def test_what_it_holds_open_is_closed_at_the_end(app: App) -> None:
    bird = loft(app)
    await stopping(app)
    assert bird.closed


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"\xff", 400), (b"x" * 20_000, 413)])
async def test_a_letter_that_is_none_is_told(app: App, body: bytes, status: int) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(app)), base_url="http://house.test") as post:
        assert (await post.post(pigeon.PATH, content=body, headers={"ring": "r1"})).status_code == status
