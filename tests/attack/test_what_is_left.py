"""From outside, against a real process on each database: what its files and its log hold after a day of talk, and after an erasure."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.attack.centre import Centre, Resident, running
from tests.cluster import Cluster, binaries
from tests.conftest import free_port, lacking
from tests.service import ROOT, ran

CARD, IDENTITY, BANK, PHONE = "620801047296", "340104195203144521", "6222021234567890128", "13911112222"
NAME, SENTENCE, NOTE, TAG = "欧阳翠竹", "得了白癜风，可以上太极班吗", "家住西门桥头", "翠竹家属"
FILE = "翠竹病历.txt"
WITHIN = 20.0  # seconds in which what was said can be searched for


class House:
    """A centre, and every byte of its database's files."""

    def __init__(self, centre: Centre, read: Callable[[], bytes], url: str) -> None:
        self.centre, self._read, self._url = centre, read, url

    def holds(self, *words: str) -> list[str]:
        whole = self._read()
        return [each for each in words if each.encode() in whole]

    def run(self, *words: str) -> str:
        """A command of whoever runs it, beside the service."""
        environment = {**os.environ, "DAOXUE_DATABASE__URL": self._url}
        done = ran([*words, "--config", str(ROOT / "config.yml")], self.centre.folder, environment)
        assert done.returncode == 0, done.stderr
        return done.stdout


def on_sqlite(folder: Path) -> Iterator[House]:
    with running(folder) as centre:
        yield House(centre, lambda: centre.kept, "sqlite:///var/daoxue.db")


def on_postgresql(folder: Path) -> Iterator[House]:
    programs = binaries()
    if programs is None:
        lacking("PostgreSQL")
    assert programs is not None
    port = free_port()
    place = Path(tempfile.gettempdir()) / f"daoxue-attacked-{port}"
    cluster = Cluster(programs, place, port)
    cluster.start()
    try:
        with psycopg.connect(f"{cluster.url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE centre")

        def read() -> bytes:
            with psycopg.connect(f"{cluster.url}/postgres", autocommit=True) as connection:
                connection.execute("CHECKPOINT")
            return b"".join(each.read_bytes() for each in (place / "data" / "base").rglob("*") if each.is_file())

        with running(folder, DAOXUE_DATABASE__URL=f"{cluster.url}/centre") as centre:
            yield House(centre, read, f"{cluster.url}/centre")
    finally:
        cluster.remove()
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(params=[on_sqlite, on_postgresql])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    yield from request.param(tmp_path)


def proven(house: House, resident: Resident) -> str:
    """Proves by a card and its code, with words around both; the code."""
    resident.say("我有多少学分")
    resident.say(f"我的卡号是{CARD}哦")
    told = house.run("accounts", "codes")
    code = next(each for word in told.split() if len(each := word.strip("：:,，。")) == 6 and each.isdecimal())
    assert "学分" in resident.say(f"好的，验证码 {code}")
    return code


def test_after_a_day_and_after_an_erasure(house: House) -> None:
    centre = house.centre
    resident = Resident(centre, "127.40.1.1")
    resident.say(f"我叫{NAME}，{SENTENCE}")
    code = proven(house, resident)
    for text in (f"身份证{IDENTITY}", f"银行卡 {BANK}", f"我再说一遍卡号{CARD}"):
        resident.say(text)
    resident.say("请给我回电话")
    resident.say(PHONE)
    ref = resident.ticket()
    resident.say(SENTENCE)
    headers = {"x-visitor": resident.visitor or "", "x-id": "f1", "x-name": "%E7%97%85.txt"}
    assert (
        resident.client.post("/channels/webchat/files", content=f"{NAME}的病历".encode(), headers=headers).status_code
        == 200
    )
    seat, supervisor, admin = (centre.people[role] for role in ("seat", "supervisor", "administrator"))
    seat.post(f"/tickets/{ref}/take")
    seat.post(f"/tickets/{ref}/note", {"text": NOTE})
    assert seat.ask("PUT", f"/tickets/{ref}/tags", {"tags": [TAG]}).status_code == 200
    seat.post(f"/tickets/{ref}/messages", {"id": "a", "text": f"{NAME}您好，可以的"})
    seat.post(f"/tickets/{ref}/draft")
    ends = time.monotonic() + WITHIN
    while not seat.get("/search?q=白癜风")["found"] and time.monotonic() < ends:
        time.sleep(0.5)
    seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    supervisor.post(f"/tickets/{ref}/review", {"scores": {"polite": 5}, "note": f"对{NAME}很耐心"})
    assert house.holds(SENTENCE) == [SENTENCE], "texts of messages are not encrypted, as docs/privacy.md says"
    sealed = (CARD, IDENTITY, BANK, NOTE, resident.visitor or "", f"{NAME}的病历", f"对{NAME}很耐心", f"验证码 {code}")
    assert house.holds(*sealed) == []
    assert admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})["tickets"] == 1
    copy = admin.ask("POST", f"/residents/{ref}/export").text
    spoken = (NAME, SENTENCE, "白癜风", "癜风", PHONE, NOTE, TAG, *sealed)
    assert [each for each in spoken if each in copy] == []
    assert seat.get("/search?q=白癜风")["found"] == []
    if isinstance(house, House) and "postgresql" in house._url:
        house.run("scrub")
    assert house.holds(*spoken) == []
    assert [each for each in (*spoken, code, "127.40.1.1") if each in centre.log] == []
