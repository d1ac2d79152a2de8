"""Files of residents by way of the platforms and of mail, and what scans them."""

import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bot.files import ENTRIES, FileRefusal, FileRefusedError
from bot.messages import Arrived
from bot.queue import Done, Later
from bot.scanning import ScanError
from daoxue.app import App, compose
from daoxue.config import Config, FilesSettings
from desk.arriving import Arriving, Intake
from integrations.clamd import Clamd
from integrations.webchat.uploads import meant
from players.clamd import EICAR, ClamdPlayed
from players.wechat.platform import MEDIA_LASTS
from players.wechat.residents import Resident
from store import attachments, conversations, queue
from store.attachments import FileState, ResidentFileRow
from tests.conftest import free_port
from tests.desk_client import Desk
from tests.mailing import letter, read, words
from tests.messenger import Messenger
from tests.official import Clock, Official
from tests.talk import Resident as Writing
from tests.test_files import Visitor, archive, bomb, picture
from tests.test_mail import Mailing, mailing  # noqa: F401
from tests.test_telegram import talk  # noqa: F401
from tests.test_wechat import account  # noqa: F401


async def sent(app: App, channel: str, address: str) -> list[ResidentFileRow]:
    """What has become of a resident's files."""

    def look(t: Any) -> list[ResidentFileRow]:
        read = conversations.find(t, channel, address)
        assert read is not None
        return attachments.of_talk(t, read.id)

    return await app.database.read(look)


async def last(app: App, channel: str, address: str) -> str:
    def look(t: Any) -> str:
        read = conversations.find(t, channel, address)
        assert read is not None
        return conversations.messages(t, read.id, read.seq, read.seq)[0].body.decode()

    return await app.database.read(look)


# -- WeChat


async def of_wechat(account: Official, who: Resident) -> ResidentFileRow:  # noqa: F811
    [file] = await sent(account.app, "wechat", who.openid)
    return file


async def test_a_wechat_picture_is_fetched_behind_the_turn(account: Official) -> None:  # noqa: F811
    who = account.platform.resident()
    answered = await account.platform.show_picture(who, picture=picture())
    assert "工作人员会看" in answered[-1].text
    assert account.platform.calls["media/get"] == 0
    await account.deliver()
    file = await of_wechat(account, who)
    assert (file.name, file.type, file.state, file.is_pictured) == ("微信图片.jpg", "image/jpeg", FileState.KEPT, True)


async def test_a_wechat_picture_that_has_expired_is_told(account: Official) -> None:  # noqa: F811
    who = account.platform.resident()
    await account.platform.show_picture(who)
    account.clock.ahead += MEDIA_LASTS + 60
    await account.deliver()
    file = await of_wechat(account, who)
    assert (file.state, file.why) == (FileState.REFUSED, "expired")
    assert "过期" in await last(account.app, "wechat", who.openid)


@pytest.mark.parametrize("fault", ["html", "502", "-1", "40001", "empty"])
async def test_a_wechat_picture_comes_when_the_platform_is_well_again(account: Official, fault: str) -> None:  # noqa: F811
    who = account.platform.resident()
    await account.platform.show_picture(who, picture=picture())
    account.platform.faults["media/get"] = [fault]
    await account.deliver()
    account.clock.ahead += 30
    await account.deliver()
    assert (await of_wechat(account, who)).state == FileState.KEPT


# -- Telegram


async def test_a_telegram_picture_is_fetched_behind_the_turn(talk: Messenger) -> None:  # noqa: F811
    who = talk.platform.person()
    talk.platform.files = {
        "small": picture(size=(90, 50)),
        "large": picture(),
        "huge": bytes(21_000_000),
        "tool": b"MZ" + bytes(99),
    }
    sizes = [
        {"file_id": id, "file_unique_id": id, "width": n, "height": n} for n, id in ((90, "small"), (800, "large"))
    ]
    shown = await talk.send(who, photo=sizes)
    assert "工作人员会看" in shown[0].text
    for id, name in (("huge", "大.pdf"), ("gone", "旧.pdf"), ("tool", "setup.pdf")):
        await talk.send(
            who, document={"file_id": id, "file_unique_id": id, "file_name": name, "mime_type": "application/pdf"}
        )
    await talk.deliver()
    files = {each.name: (each.state, each.why) for each in await sent(talk.app, "telegram", str(who.id))}
    assert files == {
        "图片.jpg": ("kept", ""), "大.pdf": ("refused", "too_large"), "旧.pdf": ("refused", "expired"), "setup.pdf": ("refused", "kind"),
    }  # fmt: skip


async def test_each_picture_of_an_album_is_kept_once(talk: Messenger) -> None:  # noqa: F811
    who = talk.platform.person()
    for id in ("a", "b", "c"):
        talk.platform.files[id] = picture()
        photo = [{"file_id": id, "file_unique_id": id, "width": 1, "height": 1}]
        await talk.send(who, photo=photo, media_group_id="7", caption="积分会过期吗" if id == "a" else None)
    await talk.deliver()
    files = await sent(talk.app, "telegram", str(who.id))
    assert [each.state for each in files] == [FileState.KEPT] * 3


async def test_a_sticker_calls_nobody(talk: Messenger) -> None:  # noqa: F811
    who = talk.platform.person()
    await talk.send(
        who, sticker={"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1, "emoji": "👍"}
    )
    read = await talk.app.database.read(lambda t: conversations.find(t, "telegram", str(who.id)))
    assert read is not None
    assert read.ticket is None
    assert await sent(talk.app, "telegram", str(who.id)) == []


# -- mail


async def test_what_came_with_a_mail_is_kept(mailing: Mailing) -> None:  # noqa: F811
    written = read(letter("转人工，请看附件", "报名"))
    written.add_attachment(picture(), maintype="image", subtype="jpeg", filename="证书.jpg")
    written.add_attachment(b"MZ\x90" + bytes(99), maintype="application", subtype="pdf", filename="看我.pdf")
    written.add_attachment(b"%PDF-1.7 x", maintype="text", subtype="html", filename="../../表.html")
    await mailing.bring(written.as_bytes())
    await mailing.leave()
    files = {each.name: (each.type, each.state) for each in await sent(mailing.app, "mail", "wang@home.test")}
    assert files == {"证书.jpg": ("image/jpeg", "kept"), "表.html.pdf": ("application/pdf", "kept")}


async def test_bombs_that_come_with_a_mail_are_named_and_kept_nowhere(mailing: Mailing) -> None:  # noqa: F811
    written = read(letter("积分会过期吗？"))
    parts = archive("[Content_Types].xml", "word/document.xml", *(f"x{n}" for n in range(ENTRIES)))
    for name, body in (("报名.docx", parts), ("压缩.zip", archive("a.txt")), ("大图.png", bomb())):
        written.add_attachment(body, maintype="application", subtype="octet-stream", filename=name)
    answer, refusal = await mailing.bring(written.as_bytes())
    assert "会。积分" in words(answer)
    assert "大图.png" in words(refusal), "told of the picture, which cannot be drawn"
    assert {each.state for each in await sent(mailing.app, "mail", "wang@home.test")} <= {"refused"}


# -- the scanner


@pytest.fixture
async def clamd() -> AsyncIterator[Callable[..., Any]]:
    played: list[ClamdPlayed] = []

    async def start(largest: int = 25 << 20, **at: Any) -> ClamdPlayed:
        played.append(ClamdPlayed(largest))
        await played[-1].listen(**at)
        return played[-1]

    yield start
    for each in played:
        await each.close()


async def test_the_scanner_over_tcp_and_a_socket(clamd: Callable[..., Any], tmp_path: Path) -> None:
    port, path = free_port(), str(tmp_path / "clamd.sock")
    await clamd(port=port)
    await clamd(path=path)
    for where in (f"127.0.0.1:{port}", path):
        assert await Clamd(where).finds(bytes(300_000)) is None
        assert await Clamd(where).finds(bytes(100_000) + EICAR) == "Win.Test.EICAR_HDB-1"


async def test_a_scanner_that_does_not_say(clamd: Callable[..., Any]) -> None:
    port = free_port()
    with pytest.raises(ScanError, match="ConnectionRefusedError"):
        await Clamd(f"127.0.0.1:{port}").finds(b"x")
    played = await clamd(port=port, largest=100_000)
    with pytest.raises(FileRefusedError, match=FileRefusal.TOO_LARGE.value):
        await Clamd(f"127.0.0.1:{port}").finds(bytes(9_000_000))
    played.nonsense = True
    with pytest.raises(ScanError, match="answer"):
        await Clamd(f"127.0.0.1:{port}").finds(b"x")


async def test_nothing_is_seen_before_it_was_scanned(config: Config, clamd: Callable[..., Any]) -> None:
    port = free_port()
    clock = Clock()
    app = await compose(replace(config, files=FilesSettings(clamd=f"127.0.0.1:{port}")), clock=clock)
    desk = Desk(app)
    visitor, seat = Visitor(desk), await desk.person()
    await visitor.send("表.pdf", b"%PDF-1.7 fine", id="a")
    await visitor.send("坏.pdf", b"%PDF-1.7 " + EICAR, id="b")
    await app.queue.work()  # nobody is there to scan
    ref = await visitor.ref()
    files = (await seat.get(f"/tickets/{ref}/files"))["files"]
    assert [each["state"] for each in files] == [FileState.COMING] * 2
    assert (await seat.client.get(f"/api/tickets/{ref}/files/{files[0]['id']}")).status_code == 404
    await clamd(port=port)
    clock.ahead += 60
    await app.queue.work()
    files = {each["name"]: each for each in (await seat.get(f"/tickets/{ref}/files"))["files"]}
    assert (files["表.pdf"]["state"], files["坏.pdf"]["state"], files["坏.pdf"]["why"]) == (
        "kept",
        "refused",
        "infected",
    )
    assert "查出病毒" in (await visitor.said())[-1][1]
    happened = [each["data"] for each in (await seat.get(f"/tickets/{ref}"))["events"] if each["kind"] == "file"]
    assert {each["why"] for each in happened} == {"", "infected"}
    with sqlite3.connect(config.database.embedded) as raw:
        kept = dict(raw.execute("SELECT state, length(body) FROM attachment").fetchall())
    assert kept["refused"] < 60 < kept["kept"] + 40, "nothing of it but the seal around nothing"
    app.database.close()


async def test_a_scanner_that_is_away_does_not_have_the_platform_asked_again(app: App) -> None:
    asked, answers = [], [ScanError("away"), None]

    async def fetch(ref: str, most: int) -> bytes:
        asked.append(ref)
        return b"%PDF-1.7 fine"

    class Scanning:
        async def finds(self, body: bytes) -> str | None:
            if (answer := answers.pop(0)) is not None:
                raise answer
            return None

    arriving = Arriving(app.database, app.live, app.texts, Intake(1_000, {"wechat": fetch}, Scanning()), time.time)
    who = Writing(app, "wechat")
    await app.inbox.receive(meant(who.message(""), Arrived("表.pdf", "", b"", "m1")))
    [row] = await app.database.read(lambda t: queue.of_lane(t, "file wechat", 9))
    assert isinstance(await arriving.work(row), Later)
    assert [each.state for each in await sent(app, "wechat", who.address)] == [FileState.COMING]
    assert await arriving.work(row) == Done()
    assert [each.state for each in await sent(app, "wechat", who.address)] == [FileState.KEPT]
    assert asked == ["m1"]
