"""From outside, against a real process: files that are not what they say, that unpack without end, or want to lie elsewhere."""

import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import openpyxl
import pytest

from tests.attack.centre import Centre, Resident

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
SOON = 20.0  # seconds in which a file that cannot be read is refused
NOT_WHAT_THEY_SAY = [
    ("a.png", b"<html><script>alert(1)</script>"), ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ("a.html", b"<!doctype html>x"), ("a.exe", b"MZ\x90\0"), ("a.txt", b"<script>x</script>"), ("a.txt", b"#!/bin/sh\nrm -rf /"),
    ("a.png", b""), ("a.docx", b"PK\x03\x04" + b"x" * 50), ("a.txt", b"a\0b"),
]  # fmt: skip
NAMES = [
    "../../etc/passwd",
    "..\\..\\x.png",
    "a\r\nSet-Cookie: x=1.png",
    "\u202egnp.exe",
    "/abs/x.png",
    "a" * 900,
    "\0.png",
    '"; filename="x.png',
]


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("TYPES", "[Content_Types]"), part)
    return out.getvalue()


def bomb(kind: str) -> bytes:
    """Some hundred kilobytes that are a gigabyte."""
    part = b"<w:p>" * 40 + b" " * 150_000_000
    where = "word__document_xml" if kind == "docx" else "xl__sharedStrings_xml"
    return archive(
        **{"TYPES_xml": b"<Types/>", where: part, "xl__workbook_xml" if kind == "xlsx" else "word__styles_xml": b"<a/>"}
    )


def laughs() -> bytes:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    part = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{lines}]><x>&l9;</x>'.encode()
    return archive(TYPES_xml=b"<Types/>", xl__workbook_xml=part, xl__sharedStrings_xml=part)


def upload(centre: Centre, resident: Resident, name: str, body: bytes, id: str = "f1") -> int:
    headers = {"x-visitor": resident.visitor or "", "x-id": id, "x-name": quote(name)}
    return resident.client.post("/channels/webchat/files", content=body, headers=headers).status_code


@pytest.mark.parametrize(("name", "body"), NOT_WHAT_THEY_SAY)
def test_what_is_not_what_it_says_is_kept_by_nobody(name: str, body: bytes, centre: Centre) -> None:
    resident = Resident(centre, "127.20.1.1")
    ref = resident.ticket("转人工" if name else "")
    assert upload(centre, resident, name, body) in (415, 422)
    seat = centre.people["seat"]
    seat.post(f"/tickets/{ref}/take")
    sent = seat.client.post(f"/api/tickets/{ref}/files", files={"file": (name, body)}, data={"id": "x"})
    assert sent.status_code == 422, sent.text
    seat.post(f"/tickets/{ref}/close", {"result": "answered"})


@pytest.mark.parametrize("name", NAMES)
def test_a_name_leads_nowhere(name: str, centre: Centre) -> None:
    resident = Resident(centre, "127.20.2.1")
    ref = resident.ticket()
    assert upload(centre, resident, name, PNG) == 200
    seat = centre.people["seat"]
    seat.post(f"/tickets/{ref}/take")
    [file] = seat.get(f"/tickets/{ref}/files")["files"]
    assert not set('/\\\r\n\0"\u202e') & set(file["name"]), file
    for path in ("", "/preview"):
        got = seat.client.get(f"/api/tickets/{ref}/files/{file['id']}{path}")
        if got.status_code == 200:
            assert got.headers["x-content-type-options"] == "nosniff"
            assert "set-cookie" not in got.headers
            assert "default-src 'none'" in got.headers["content-security-policy"]
    assert centre.visitor().get(f"/api/tickets/{ref}/files/{file['id']}").status_code == 401
    seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    assert {each.name for each in centre.folder.iterdir()} == {"var", "said", "log"}


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "laughs.xlsx"])
def test_a_bomb_is_refused_and_holds_up_nobody(name: str, centre: Centre) -> None:
    body = laughs() if name.startswith("laughs") else bomb(name.rpartition(".")[2])
    assert len(body) < 500_000
    editor, before, begun = centre.people["editor"], centre.memory, time.monotonic()
    resident, slowest = Resident(centre, "127.20.3.1"), 0.0
    with ThreadPoolExecutor(4) as pool:
        sent = [
            pool.submit(editor.client.post, "/api/knowledge/import", files={"file": (name, body)}) for _ in range(4)
        ]
        while not all(each.done() for each in sent):
            asked = time.monotonic()
            resident.say("你好")
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.6)
    assert {each.result().status_code for each in sent} <= {422, 429}
    assert time.monotonic() - begun < SOON
    assert slowest < 5
    assert centre.memory - before < 60_000_000, "it is read by a process of its own"


def test_a_good_workbook_comes_in_by_its_name(centre: Centre) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["问题", "回答", "主题", "来源", "负责人", "生效日期", "失效日期"])
    book.active.append(
        ["能寄存婴儿车吗", "东门有婴儿车架。", "site_hours", "后勤通知", "后勤", "2026-01-01", "2030-12-31"]
    )
    out = io.BytesIO()
    book.save(out)
    said = centre.people["editor"].client.post("/api/knowledge/import", files={"file": ("表 一.XLSX", out.getvalue())})
    assert (said.status_code, said.json()["good"]) == (200, 1), said.text


def test_what_is_too_large_is_not_read(centre: Centre) -> None:
    resident = Resident(centre, "127.20.4.1")
    ref = resident.ticket()
    seat, before = centre.people["seat"], centre.memory
    seat.post(f"/tickets/{ref}/take")
    whole = PNG + b"\0" * 30_000_000
    assert upload(centre, resident, "a.png", whole) == 413
    assert seat.client.post(f"/api/tickets/{ref}/files", files={"file": ("a.png", whole)}).status_code == 413
    assert centre.memory - before < 60_000_000
    seat.post(f"/tickets/{ref}/close", {"result": "answered"})
