"""From outside, against a real process: ways out of a folder, to another site, into a cache, past a method; and figures that a
spreadsheet would run."""

import contextlib
import io
import json
import socket
import sqlite3
from urllib.parse import quote

import openpyxl
import pytest
from websockets.exceptions import InvalidStatus

from tests.attack.centre import WITHIN, Centre, Resident, raw
from tests.attack.test_files import PNG, upload

SECRETS = ("data.key", "config.yml", "root:", "SQLite format 3", "DAOXUE_", "one-time")
WAYS = (
    "/../../../etc/passwd", "/..%2f..%2fvar/data.key", "/%2e%2e/%2e%2e/config.yml", "/var/data.key", "/var/daoxue.db", "/.git/config",
    "/desk/../../config.yml", "/desk/assets/..%2f..%2f..%2f..%2fconfig.yml", "/desk/assets/%2e%2e/%2e%2e/index.html", "//etc/passwd",
    "/files/..%2f..%2fvar%2fdata.key", "/files/%00", "/index.html%00.js", "/..\\..\\config.yml", "/chat.js/../../../config.yml",
    "/api/reports.xlsx%2f..%2f..", "/api/reports.../../x", "/desk/assets//etc/passwd", "/%c0%ae%c0%ae/config.yml", "/./././config.yml",
)  # fmt: skip
PERSONAL = {"/tickets", "/search", "/audit", "/people", "/me", "/colleagues"}


@pytest.mark.parametrize("path", WAYS)
def test_no_way_leads_out_of_what_is_served(path: str, centre: Centre) -> None:
    """As bytes: a client of ours would put the address right first."""
    for method in (b"GET", b"HEAD", b"POST"):
        answer = raw(
            centre,
            method + b" " + path.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        )
        head = answer.partition(b"\r\n")[0]
        assert b" 500" not in head, (path, head)
        assert not any(each.encode() in answer for each in SECRETS if each.encode() not in path.encode()), (
            path,
            answer[:500],
        )


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "//evil.example/", "/\\evil.example/", "/desk//evil.example", "/api//evil.example/", "/%2f%2fevil.example/",
     "/desk?next=//evil.example", "/api/login/oidc?next=https://evil.example", "/api/login/oidc/back?state=a&code=b&to=//evil.example"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(path: str, centre: Centre) -> None:
    for host in (b"x", b"evil.example"):
        answer = raw(centre, b"GET " + path.encode() + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        [*found] = [line for line in answer.split(b"\r\n") if line.lower().startswith(b"location:")]
        for line in found:
            where = line.partition(b":")[2].strip()
            assert where.startswith(b"/"), (path, where)
            assert not where.startswith((b"//", b"/\\")), (path, where)


def test_what_is_personal_is_kept_by_no_cache(centre: Centre) -> None:
    """Neither of a proxy in between nor of a browser that somebody else uses next."""
    resident, seat = Resident(centre, "127.80.1.1"), centre.people["seat"]
    ref = resident.ticket()
    assert upload(centre, resident, "a.png", _picture()) == 200
    seat.post(f"/tickets/{ref}/take")
    sent = seat.client.post(f"/api/tickets/{ref}/files", files={"file": ("b.png", _picture())}, data={"id": "x"})
    assert sent.status_code == 200, sent.text
    [file] = seat.get(f"/tickets/{ref}/files")["files"]
    kept = [f"/api/tickets/{ref}/files/{file['id']}{end}" for end in ("", "/preview")]
    shown = seat.get(f"/tickets/{ref}")
    kept += [each["path"] for said in shown["messages"] for each in said["files"] if said["author"] == "seat"]
    operations = [path for method, path in centre.operations if method == "GET" and not path.startswith("/login")]
    kept += [f"/api{path}".replace("{ref}", ref).replace("{kind}", "xlsx") for path in operations]
    assert len(kept) > 40
    for path in kept:
        answer = seat.client.get(path)
        assert answer.headers["cache-control"] == "no-store", (path, answer.headers)
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert resident.post("你好").headers["cache-control"] == "no-store"


def _picture() -> bytes:
    """One that can be drawn."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "OPTIONS", "PATCH", "GET\tX", "get"])
def test_no_other_method_does_anything(method: str, centre: Centre) -> None:
    token = centre.people["administrator"].token
    for path in ("/api/people", "/api/tickets", "/channels/webchat", "/"):
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        answer = raw(centre, head.encode())
        assert not answer.startswith(b"HTTP/1.1 5"), answer
        assert token.encode() not in answer, "nothing is echoed"
        assert b"access-control-allow" not in answer.lower()


@pytest.mark.parametrize(
    "name",
    [
        "X-HTTP-Method-Override",
        "X-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Forwarded-Prefix",
        "X-Forwarded-Host",
    ],
)
def test_no_header_makes_it_another_request(name: str, centre: Centre) -> None:
    for value in ("DELETE", "/api/people", "evil.example"):
        answer = centre.visitor().get("/api/me", headers={name: value})
        assert answer.status_code == 401
        assert "evil" not in str(answer.headers)
        assert centre.people["seat"].client.get("/api/me", headers={name: value}).json()["name"] == "li"


def test_headers_that_end_early_are_one_request(centre: Centre) -> None:
    """What a proxy in between may take for one, and we for two."""
    smuggled = b"GET /api/people HTTP/1.1\r\nHost: x\r\n\r\n"
    for head in (
        b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding:\x0bchunked",
        b"Content-Length: +%d" % len(smuggled), b"Content-Length: 0x10", b"Content-Length: 1_0", b"Content-Length: 5, 5",
        b"X: y\r\n\tContent-Length: 5", b"X: y\nContent-Length: 5", b"Content-Length: 5\x00",
    ):  # fmt: skip
        answer = raw(
            centre,
            b"POST /channels/webchat HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + head + b"\r\n\r\n" + smuggled,
            20,
        )
        assert answer.count(b"HTTP/1.1 ") <= 1, (head, answer)
        assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5")), (head, answer)


def test_chunks_without_end_are_not_read(centre: Centre) -> None:
    token, before = centre.people["administrator"].token, centre.memory
    for path in ("/api/login", "/api/people", "/channels/webchat", "/channels/webchat/files", "/channels/webchat/push"):
        with socket.create_connection(("127.0.0.1", centre.port), timeout=30) as connection:
            connection.sendall(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            )
            try:
                for _ in range(400):
                    connection.sendall(b"10000\r\n" + b"a" * 65_536 + b"\r\n")
            except ConnectionError:
                pass
    assert centre.memory - before < 40_000_000


EVIL = (
    '=HYPERLINK("http://evil.example","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "a\x01b",
    "＝1+1",
)


def test_no_name_is_a_formula_in_a_report(centre: Centre) -> None:
    admin = centre.people["administrator"]
    for number, evil in enumerate(EVIL):
        name = f"cell{number}"
        assert admin.ask("POST", "/people", {"name": name, "role": "seat", "shown": evil}).status_code == 422
        seat = centre.settled(name, admin.post("/people", {"name": name, "role": "seat"})["password"])
        with contextlib.closing(sqlite3.connect(centre.folder / "var" / "daoxue.db", timeout=WITHIN)) as kept, kept:
            kept.execute("update seat set shown = ? where name = ?", (evil, name))  # as one from before that rule
        resident = Resident(centre, f"127.81.{number}.1")
        ref = resident.ticket()
        seat.post(f"/tickets/{ref}/take")
        seat.post(f"/tickets/{ref}/messages", {"id": "m", "text": evil})
        seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    for kind in ("xlsx", "pdf"):
        answer = admin.ask("GET", f"/reports.{kind}")
        assert answer.status_code == 200, answer.text
    book = openpyxl.load_workbook(io.BytesIO(admin.ask("GET", "/reports.xlsx").content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any("evil.example" in str(cell.value) for cell in cells)
    for cell in cells:
        assert cell.data_type != "f", cell.value
        assert not str(cell.value or "").lstrip().startswith(("=", "+", "-", "@")) or len(str(cell.value)) == 1, (
            cell.value
        )
    for filled in ("false", "true"):
        made = centre.people["editor"].ask("GET", f"/knowledge/template?filled={filled}")
        book = openpyxl.load_workbook(io.BytesIO(made.content))
        assert not [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_nobody_s_reference_opens_somebody_else_s_affair(centre: Centre) -> None:
    """A ticket's number is told aloud in offices; who knows it hears nothing of it, and changes nothing."""
    victim, thief = Resident(centre, "127.82.1.1"), Resident(centre, "127.82.2.1")
    ref = victim.ticket()
    victim.say("我要投诉隔壁的鹦鹉老师")
    for text in (
        f"工单{ref}办得怎么样了",
        f"查一下{ref}",
        ref,
        f"{ref} 的内容念给我听",
        f"取消工单{ref}",
        f"我就是{ref}的本人，电话改成13911112222",
    ):
        told = thief.say(text)
        assert "鹦鹉" not in told
    shown = centre.people["seat"].get(f"/tickets/{ref}")
    assert shown["ticket"]["state"] == "waiting"
    assert "13911112222" not in str(shown)
    assert upload(centre, victim, "a.png", PNG) == 200
    [file] = centre.people["seat"].get(f"/tickets/{ref}/files")["files"]
    assert thief.client.get(f"/files/{quote(file['id'])}").status_code == 404, (
        "what residents have sent is nobody's but the desk's"
    )


def test_a_visitor_s_token_that_is_half_right_is_another_visitor(centre: Centre) -> None:
    victim = Resident(centre, "127.83.1.1")
    victim.say("我的秘密是下个月搬家")
    token = str(victim.visitor)
    for guess in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.swapcase(),
        token[:31],
        token + "A",
        f" {token}",
        f"{token}\n",
    ):
        thief = centre.visitor("127.83.2.1")
        answer = thief.post("/channels/webchat", json={"id": "x", "text": "我刚才说了什么", "visitor": guess})
        assert "搬家" not in answer.text
        if answer.status_code == 200 and guess.strip() != token:
            assert answer.json()["visitor"] != token


def test_a_socket_of_another_site_is_refused_and_no_error(centre: Centre) -> None:
    for origin in ("http://evil.example", "null"):
        with pytest.raises(InvalidStatus) as refused:
            centre.socket(origin=origin)
        assert (refused.value.response.status_code, json.loads(refused.value.response.body)["code"]) == (403, "foreign")
    with pytest.raises(InvalidStatus):
        centre.socket("/channels/nowhere")
    assert "handshake" not in centre.log
