"""Files of residents: what is taken, what is made of it, who sees it, and what becomes of what is none."""

import asyncio
import base64
import io
import re
import secrets
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
from PIL import Image

from accounts.limits import FILES
from bot.files import DOCX, ENTRIES, TXT, TXT_CHINESE, FileRefusedError, checked, safe
from bot.inbox import Receipt
from bot.messages import Arrived, Inbound
from daoxue.app import App
from desk import arriving
from desk.printing import copy_page
from integrations.webchat.frames import address_of
from integrations.webchat.uploads import AT_ONCE, Uploads, meant
from store import attachments, conversations, erasing, tickets
from store.attachments import FileState
from tests.desk_client import Desk, Person
from tests.talk import Resident

PLACE = "31 deg north, 121 deg east, Zhang San's phone"


def picture(kind: str = "JPEG", size: tuple[int, int] = (1200, 900)) -> bytes:
    """A picture that says where it was taken, and holds a page."""
    made = Image.new("RGB", size, "#2a7")
    exif = Image.Exif()
    exif[0x010E] = PLACE  # ImageDescription
    exif[0x8825] = {1: "N", 2: (31.0, 13.0, 0.0)}  # GPS
    out = io.BytesIO()
    made.save(out, kind, exif=exif, comment=b"<script>alert(1)</script>")
    return out.getvalue()


def bomb(width: int = 10_000, height: int = 10_000) -> bytes:
    """Some kilobytes that are a hundred million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compressobj(9)
    drawn = b"".join(rows.compress(b"\0" * (1 + width // 8)) for _ in range(height)) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", drawn) + chunk(b"IEND", b"")


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, "<x/>")
    return out.getvalue()


class Visitor:
    """A page of the web chat that sends files."""

    def __init__(self, desk: Desk) -> None:
        self.app = desk.app
        self.desk = desk
        self.token = secrets.token_urlsafe(24)

    async def send(self, name: str, body: bytes, id: str = "f1", **headers: str) -> httpx.Response:
        said = {"x-visitor": self.token, "x-id": id, "x-name": quote(name)} | headers
        async with self.desk.client() as client:
            return await client.post("/channels/webchat/files", content=body, headers=said)

    async def said(self) -> list[tuple[str, str]]:
        """Who said what."""

        def look(t: Any) -> list[tuple[str, str]]:
            read = conversations.find(t, "webchat", address_of(self.token))
            return (
                [(row.author, row.body.decode()) for row in conversations.messages(t, read.id, 1, read.seq)]
                if read
                else []
            )

        return await self.app.database.read(look)

    async def ref(self) -> str:
        read = await self.app.database.read(lambda t: conversations.find(t, "webchat", address_of(self.token)))
        assert read is not None
        assert read.ticket is not None
        return read.ticket


async def seen(seat: Person, ref: str) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = (await seat.get(f"/tickets/{ref}/files"))["files"]
    return files


async def test_a_picture_reaches_the_seat_without_what_is_hidden_in_it(either_app: App) -> None:
    desk = Desk(either_app)
    visitor, seat, other = Visitor(desk), await desk.person(), await desk.person()
    sent = picture()
    answer = await visitor.send("证书 2026.jpg", sent)
    assert (answer.status_code, answer.json()["type"]) == (200, "ack"), answer.text
    (author, own), (_, said), *_ = await visitor.said()
    assert author == "resident"
    assert "证书 2026.jpg" in own
    assert "[图片]" in own
    assert "看不了" in said
    assert "工作人员会看" in said
    ref = await visitor.ref()
    await seat.post(f"/tickets/{ref}/take")
    [before] = await seen(seat, ref)
    address = f"/api/tickets/{ref}/files/{before['id']}"
    assert before["state"] == FileState.COMING
    assert (await seat.client.get(address)).status_code == 404
    assert await either_app.queue.work() >= 1
    [file] = await seen(seat, ref)
    assert (file["state"], file["type"], file["is_pictured"]) == (FileState.KEPT, "image/jpeg", True)
    small = await seat.client.get(f"{address}/preview")
    with Image.open(io.BytesIO(small.content)) as drawn:
        assert max(drawn.size) == 640
        assert not drawn.getexif()
        assert "comment" not in drawn.info
    assert PLACE.encode() not in small.content
    assert b"script" not in small.content
    assert PLACE.encode() in sent
    whole = await seat.client.get(address)
    assert whole.content == sent
    assert whole.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in whole.headers["content-security-policy"]
    async with desk.client() as nobody:
        assert (await nobody.get(address)).status_code == 401
        assert (await nobody.get(f"/files/{file['id']}")).status_code == 404  # as what seats send is fetched
    assert (await other.client.get(address)).status_code == 200
    lines = (await (await desk.person("administrator")).get("/audit"))["lines"]
    looks = [(each["actor"], each["subject"], each["detail"]) for each in lines if each["action"] == "file.read"]
    assert looks == [(other.name, ref, file["id"])]


async def test_it_is_kept_encrypted_and_goes_with_the_talk(app: App) -> None:
    visitor = Visitor(Desk(app))
    body = "借款人：张三".encode() * 50
    assert (await visitor.send("张三的借条.txt", body)).status_code == 200
    await app.queue.work()
    with sqlite3.connect(app.config.database.embedded) as raw:
        [(name, kept)] = raw.execute("SELECT name, body FROM attachment").fetchall()
    assert "张三" not in name
    assert body[:20] not in kept
    read = await app.database.read(lambda t: conversations.find(t, "webchat", address_of(visitor.token)))
    assert read is not None
    [file] = await app.database.read(lambda t: attachments.of_talk(t, read.id))
    found = await app.database.read(lambda t: attachments.kept(t, file.id))
    assert found == (read.id, "张三的借条.txt", TXT, body)
    await app.database.write(lambda t: erasing.forget_conversation(t, read.id, b"{}"))
    with sqlite3.connect(app.config.database.embedded) as raw:
        assert raw.execute("SELECT count(*) FROM attachment").fetchone() == (0,)


async def test_a_number_in_its_name_is_masked(app: App) -> None:
    visitor, seat = Visitor(Desk(app)), await Desk(app).person()
    assert (await visitor.send("我的电话13912345678.txt", b"hello")).status_code == 200
    await app.queue.work()
    ref = await visitor.ref()
    [file] = await seen(seat, ref)
    assert file["name"] == "我的电话139****5678.txt"
    assert "12345678" not in str(await seat.get(f"/tickets/{ref}"))
    fetched = await seat.client.get(f"/api/tickets/{ref}/files/{file['id']}")
    assert fetched.status_code == 200
    assert "12345678" not in fetched.headers["content-disposition"]


async def test_it_is_in_the_copy_that_a_resident_gets(app: App) -> None:
    desk = Desk(app)
    visitor, chief = Visitor(desk), await desk.person("administrator")
    sent = picture()
    await visitor.send("证书.jpg", sent)
    await app.queue.work()
    ref = await visitor.ref()
    copied = await app.desk.residents.copy(ref, chief.name, 1)
    assert base64.b64encode(sent).decode() in str(copied)
    assert "证书.jpg" in str(copied)


async def test_the_same_again_is_one_message(app: App) -> None:
    visitor = Visitor(Desk(app))
    answers = await asyncio.gather(*(visitor.send("a.png", picture("PNG"), id="same") for _ in range(5)))
    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["seq"] for each in answers}) == 1
    assert [author for author, _ in await visitor.said()].count("resident") == 1
    assert await app.queue.work() == 1


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("empty.png", b"", 422),
        ("page.html", b"<!doctype html><script>1</script>", 415),
        ("page.txt", b"\xef\xbb\xbf  <html><script>1</script>", 415),
        ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 415),
        ("drawing.txt", b"<svg onload=alert(1)>", 415),
        ("setup.exe", b"MZ\x90\x00" + bytes(200), 415),
        ("setup.jpg", b"MZ\x90\x00" + bytes(200), 415),
        ("run.txt", b"#!/bin/sh\nrm -rf /", 415),
        ("tool", b"\x7fELF" + bytes(200), 415),
        ("archive.zip", archive("a.txt"), 415),
        ("macro.docx", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), 415),
        ("cut.docx", archive("[Content_Types].xml", "word/document.xml")[:60], 415),
        ("zero.txt", b"a\x00b", 415),
        ("large.png", b"\x89PNG\r\n\x1a\n" + bytes(10_000_000), 413),
    ],
    ids=lambda each: each if isinstance(each, str) else "",  # what is packed says when
)
async def test_what_is_not_taken_is_kept_nowhere(app: App, name: str, body: bytes, status: int) -> None:
    visitor = Visitor(Desk(app))
    answer = await visitor.send(name, body)
    assert (answer.status_code, bool(answer.json()["text"])) == (status, True)
    assert await visitor.said() == []
    with sqlite3.connect(app.config.database.embedded) as raw:
        assert raw.execute("SELECT count(*) FROM attachment").fetchone() == (0,)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-visitor": "short"},
        {"x-id": ""},
        {"x-id": "a b"},
        {"content-length": "x"},
        {"content-length": "-5"},
        {"content-length": "9"},
    ],
)
async def test_requests_of_the_wrong_form(app: App, headers: Mapping[str, str]) -> None:
    assert (await Visitor(Desk(app)).send("a.txt", b"hello", **headers)).status_code == 400


async def test_no_page_of_another_site_sends_one(app: App) -> None:
    assert (await Visitor(Desk(app)).send("a.txt", b"hello", origin="https://elsewhere.example")).status_code == 403


@pytest.mark.parametrize(
    ("name", "body", "called", "kind"),
    [
        ("../../etc/passwd.png", picture("PNG"), "passwd.png", "image/png"),
        ("C:\\fake\\图.JPG", picture(), "图.JPG", "image/jpeg"),
        ("photo\u202egpj.exe", picture(), "photogpj.exe.jpg", "image/jpeg"),  # written from the right: photoexe.jpg
        ("line\r\nset-cookie: a=b.gif", picture("GIF"), "lineset-cookie a=b.gif", "image/gif"),
        ("", picture("WEBP"), "file.webp", "image/webp"),
        ("IMG.HEIC", b"\x00\x00\x00\x18ftypheic" + bytes(40), "IMG.HEIC", "image/heic"),
        ("a.docx", archive("[Content_Types].xml", "word/document.xml"), "a.docx", DOCX),
        ("notes.txt", "积分".encode("gb18030"), "notes.txt", TXT_CHINESE),
        ("voice.amr", b"#!AMR\n" + bytes(30), "voice.amr", "audio/amr"),
        ("voice", b"OggS" + bytes(30), "voice.ogg", "audio/ogg"),
        ("song.mp3", b"\xff\xfb\x90\x00" + bytes(30), "song.mp3", "audio/mpeg"),
        ("page.html", b"%PDF-1.7 <script>1</script>", "page.html.pdf", "application/pdf"),  # both a page and a document
        ("x" * 300 + ".png", picture("PNG"), "x" * 76 + ".png", "image/png"),
    ],
)
def test_names_and_kinds_are_made_safe(name: str, body: bytes, called: str, kind: str) -> None:
    assert checked(name, body) == (called, kind)


def test_a_name_is_never_empty_or_a_way() -> None:
    for name in ("", "..", "/", "\\", "...", "\u202e", "a/..", "\x00"):
        assert safe(name) not in ("", ".", "..")
        assert "/" not in safe(name)
    with pytest.raises(FileRefusedError):
        checked("a.png", b"")


async def test_a_bomb_is_refused_and_said_so(app: App) -> None:
    visitor = Visitor(Desk(app))
    body = bomb()
    assert len(body) < 200_000
    assert (await visitor.send("大图.png", body)).status_code == 200
    await app.queue.work()
    author, said = (await visitor.said())[-1]
    assert author == "system"
    assert "像素太多" in said
    with sqlite3.connect(app.config.database.embedded) as raw:
        assert raw.execute("SELECT state, why, length(body) < 100 FROM attachment").fetchall() == [
            ("refused", "pixels", 1)
        ]


async def test_what_cannot_be_drawn_is_a_file_all_the_same(app: App) -> None:
    desk = Desk(app)
    visitor, seat = Visitor(desk), await desk.person()
    await visitor.send("broken.png", b"\x89PNG\r\n\x1a\n" + b"nothing of the kind")
    await app.queue.work()
    [file] = await seen(seat, await visitor.ref())
    assert (file["state"], file["is_pictured"]) == (FileState.KEPT, False)


async def test_too_many_are_refused_before_they_are_read(app: App) -> None:
    visitor = Visitor(Desk(app))
    body = b"\xff\xd8\xff" + bytes(100)
    answers = [(await visitor.send(f"{n}.jpg", body, id=f"n{n}")).status_code for n in range(FILES.most + 1)]
    assert answers == [200] * FILES.most + [429]
    large = Visitor(Desk(app))
    sizes = [(await large.send("a.jpg", b"\xff\xd8\xff" + bytes(9_900_000), id=f"n{n}")) for n in range(7)]
    assert [each.status_code for each in sizes] == [200] * 6 + [429]
    assert int(sizes[-1].headers["retry-after"]) > 0


async def test_a_second_file_goes_to_the_same_ticket(app: App) -> None:
    visitor = Visitor(Desk(app))
    await visitor.send("1.png", picture("PNG"), id="a")
    ref = await visitor.ref()
    await visitor.send("2.png", picture("PNG"), id="b")
    assert await visitor.ref() == ref
    assert f"已经放进工单 {ref}" in (await visitor.said())[-1][1]


async def test_a_voice_message_calls_nobody(app: App) -> None:
    visitor = Visitor(Desk(app))
    await visitor.send("v.amr", b"#!AMR\n" + bytes(30))
    assert "语音我还听不懂" in (await visitor.said())[-1][1]
    read = await app.database.read(lambda t: conversations.find(t, "webchat", address_of(visitor.token)))
    assert read is not None
    assert read.ticket is None


def test_a_document_of_too_many_parts_is_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of a hundred thousand holds up everybody for a second."""
    body = archive("[Content_Types].xml", "word/document.xml", *(f"x{n}" for n in range(ENTRIES)))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(FileRefusedError):
        checked("a.docx", body)


def test_a_program_is_not_hidden_behind_many_parts_of_one_name() -> None:
    names = ("[Content_Types].xml", "word/document.xml", *["x"] * ENTRIES, "word/vbaProject.bin")
    with pytest.warns(UserWarning, match="Duplicate"), pytest.raises(FileRefusedError):
        checked("a.docx", archive(*names))


async def test_who_is_slow_keeps_nobody_else_out(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """One address holds half of the places with contents that do not come."""
    never, done = asyncio.Event(), 0

    async def accepted(said: Inbound) -> Receipt | None:
        nonlocal done
        done += 1
        return None

    async def answer(origin: str, token: str, body: bytes | None) -> int:
        head = {b"content-length": b"40", b"x-visitor": token.encode(), b"x-id": b"f"}
        scope = {"type": "http", "headers": list(head.items()), "client": (origin, 1)}
        told: list[int] = []

        async def receive() -> MutableMapping[str, Any]:
            if body is None:
                await never.wait()
            return {"type": "http.request", "body": body or b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            told.extend([message["status"]] if "status" in message else [])

        await uploads(scope, receive, send)
        return told[0]

    uploads = app.channels["webchat"].posts["/channels/webchat/files"]
    assert isinstance(uploads, Uploads)
    monkeypatch.setattr(uploads._visitors, "accepted", accepted)
    slow = [asyncio.create_task(answer("192.0.2.1", secrets.token_urlsafe(24), None)) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    await answer("198.51.100.1", secrets.token_urlsafe(24), b"%PDF-1.7 " + bytes(31))
    assert done == 1
    never.set()
    await asyncio.gather(*slow)


async def test_a_file_from_elsewhere_is_audited_though_one_has_the_ticket(app: App) -> None:
    desk = Desk(app)
    seat, wechat, browser = await desk.person(), Resident(app, "wechat"), Resident(app)
    sent = meant(wechat.message(""), Arrived("1.png", "image/png", picture("PNG")))
    ref = (await app.inbox.receive(sent)).ticket
    await app.queue.work()
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    await browser.prove()
    await wechat.prove()
    later = (await browser.receipt("转人工")).ticket
    assert later
    assert later != ref
    await seat.post(f"/tickets/{later}/take")
    [file] = await seen(seat, later)
    for end in ("", "/preview"):
        assert (await seat.client.get(f"/api/tickets/{later}/files/{file['id']}{end}")).status_code == 200
    lines = (await (await desk.person("administrator")).get("/audit"))["lines"]
    looks = [(each["actor"], each["subject"], each["detail"]) for each in lines if each["action"] == "file.read"]
    assert looks == [(seat.name, later, file["id"])] * 2


async def test_a_picture_that_takes_too_long_is_a_file_without_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[asyncio.subprocess.Process] = []
    make = asyncio.create_subprocess_exec

    async def slow(*_: str, **how: Any) -> asyncio.subprocess.Process:
        started.append(await make("sleep", "30", **how))
        return started[0]

    monkeypatch.setattr(arriving, "DRAWN_WITHIN", 0.2)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow)
    assert await arriving._preview(b"x") is None
    assert started[0].returncode is not None, "and it is ended"


async def test_a_refusal_is_told_where_the_file_was_sent(app: App) -> None:
    """The ticket has gone on in another talk meanwhile, which has its own numbers."""
    desk = Desk(app)
    visitor, seat, wechat = Visitor(desk), await desk.person(), Resident(app, "wechat")
    await visitor.send("大图.png", bomb())
    browser = Resident(app)
    browser.address = address_of(visitor.token)
    await browser.prove()
    await wechat.prove()
    ref = await visitor.ref()
    for _ in range(9):
        await wechat.say("你好")
    assert (await wechat.receipt("转人工，我在微信上")).ticket == ref
    before = await app.database.read(lambda t: tickets.get(t, ref))
    await app.queue.work()
    after = await app.database.read(lambda t: tickets.get(t, ref))
    assert before
    assert after
    assert "像素太多" in (await visitor.said())[-1][1]
    assert after.seq == before.seq
    talk = await app.database.read(lambda t: conversations.find(t, "webchat", browser.address))
    assert talk
    [said] = [each["data"] for each in (await seat.get(f"/tickets/{ref}"))["events"]
              if each["kind"] == "said" and each["data"]["by"] == "system"]  # fmt: skip
    assert said["conversation"] == talk.id


CARD, IDENTITY = "620801047296", "330802195803120427"
HOSTILE = [
    "../../../../etc/cron.d/借条.txt", "C:\\Windows\\System32\\借条.txt", "借条\u202etxt.exe.txt", "借\u200b条\x00\x07\x1b[31m.txt",
    "借条\r\nSet-Cookie: a=b\r\n\r\n<script>.txt", "\"><img src=x onerror=alert(1)>借条.txt", "{{7*7}}${借条}.txt", "借条" * 250 + ".txt",
    f"借条{CARD}.txt", f"借条{CARD[:4]}???????????????{CARD[4:8]}???????????????{CARD[8:]}.txt", f"借条{IDENTITY[:6]}<b>{IDENTITY[6:]}.txt",
    "借条6二0八0一0四7二9六.txt", "=cmd|' /C calc'!A1借条.txt", ".", "..", "\ufeff\u2066.txt\u2069", "CON.txt", "%2e%2e%2f借条%00.txt", "e\u0301" * 100 + ".txt",
]  # fmt: skip
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\"<>|:*?\\/]")


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_does_no_harm(app: App, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """In storage, headers, what the page gets, the log, the copy of a resident, and that copy as a page."""
    visitor, seat = Visitor(Desk(app)), await Desk(app).person()
    assert (await visitor.send(name, picture("PNG", (8, 8)))).status_code == 200
    await app.queue.work()
    ref = await visitor.ref()
    [file] = await seen(seat, ref)
    assert not _ODD.search(file["name"])
    assert 0 < len(file["name"]) <= 80
    fetched = await seat.client.get(f"/api/tickets/{ref}/files/{file['id']}")
    header = fetched.headers["content-disposition"]
    assert re.fullmatch(r"attachment; filename\*=UTF-8''[\w.~%-]+", header)
    copied = await app.desk.residents.copy(ref, seat.name, 1)
    with sqlite3.connect(app.config.database.embedded) as raw:
        messages = b"".join(body for (body,) in raw.execute("SELECT body FROM message")).decode()
    whole = str(await seat.get(f"/tickets/{ref}"))
    page = copy_page(ref, copied, app.config.zone)
    for kept in (file["name"], unquote(header), str(copied), messages, whole, page):
        assert CARD not in kept
        assert IDENTITY[6:] not in kept
        assert "二0八" not in kept
        assert "\u202e" not in kept
    assert "<script" not in page
    assert "<img" not in page
    assert "借条" not in caplog.text
