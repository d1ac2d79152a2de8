"""A centre's life: another kind than the sample's, with words, themes and rules of its own. Founded, filled from its workbook, asked
on every channel, backed up, moved, upgraded, restored; and of the sample no word in whatever is said, logged or shown."""

import contextlib
import json
import lzma
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from daoxue.workbook import records
from daoxue.workbook.cells import Cell
from daoxue.workbook.sheets import CATEGORIES, LEARNERS, QUESTIONS, SEATS, SHEETS, THEMES
from daoxue.workbook.writing import as_xlsx
from integrations.channels import CHANNELS
from knowledge.catalogue import KIND_OF, Record
from knowledge.centre import Centre, CentreInEnglish
from knowledge.headings import Category, Theme
from store import whole
from tests.conftest import created, free_port
from tests.everywhere import WITHIN, Everywhere, everywhere
from tests.place import SECRET
from tests.service import ROOT, Command, ran
from tests.test_another_kind import RECORDS, STAGES
from tests.test_centre import sample_words
from tests.test_workbook import card

LEFT = ROOT / "tests" / "upgrades" / "own"
FOUNDED = {
    "name": "河谷县职业学院", "english": "Hegu County Vocational College", "bot": "小谷", "district": "河谷县", "address": "河谷县文化路8号",
    "hotline": "0999-4100 2200", "hours": "周一到周日 08:00-21:00", "languages": "zh,en",
    "channels": ",".join(stanza.name for channel in CHANNELS.values() for stanza in channel.stanzas if stanza.name != "gateway"),
}  # fmt: skip
HEADINGS: tuple[Record, ...] = (
    Theme(id="trades", name="职业技能", aliases=("手艺", "学手艺")), Theme(id="folk", name="乡土文艺", aliases=("曲艺",)),
    Category(id="meals", name="吃饭", aliases=("餐券",)), Category(id="tools", name="工具", aliases=("家什",)),
)  # fmt: skip
OWN, ANSWER = "宿舍几点熄灯", "学员宿舍晚上10点半熄灯，周末推迟半小时。"
QUESTION, TOLD = "钳工班多少钱", re.compile("400|四百")
OTHERS = (
    "你是谁",
    "餐券要多少分",
    "师带徒怎么算学分",
    "有什么手艺班",
    "赛马节你们开门吗",
    OWN,
    "学习卡丢了怎么办",
    "who are you",
)
_ONE_TIME = re.compile(r"^(\w+) 的一次性密码：(\S+)", re.M)
SEAT, PASSWORD = "aru", "河谷-2026-lantern"


def workbook() -> bytes:
    """As the college's people have filled it in."""
    centre = Centre(
        name=FOUNDED["name"], bot=FOUNDED["bot"], district=FOUNDED["district"], hotline=FOUNDED["hotline"],
        address=FOUNDED["address"], en=CentreInEnglish(name=FOUNDED["english"]),
    )  # fmt: skip
    kept: list[Record] = [centre, *HEADINGS, *RECORDS, *STAGES]
    shown = dict(records.shown({(KIND_OF[type(each)], each.id): each for each in kept}, centre))
    for sheet in (THEMES, CATEGORIES):  # as everybody leaves it: made of the name, or found by it
        shown[sheet.key] = [row | {"id": ""} for row in shown[sheet.key]]
    people: dict[str, list[dict[str, Cell]]] = {
        QUESTIONS.key: [{"questions": f"{OWN}\n寝室什么时候关灯\n宿舍晚上几点关灯", "answer": ANSWER, "source": "学生处"}],
        SEATS.key: [{"name": SEAT, "shown": "阿茹老师", "role": "坐席"}, {"name": "head", "role": "管理员"}],
        LEARNERS.key: [{"card": card(1), "name": "巴图", "phone": "13800138000", "school": "实训楼"}],
    }  # fmt: skip
    return as_xlsx({sheet.key: [] for sheet in SHEETS} | shown | people, {})


PAGES = (
    "/", "/centre.css", "/widget.js", "/logo", "/desk/", "/healthz", "/readyz", "/metrics", "/api/openapi.json",
    *(f"/{each.name}" for each in sorted((ROOT / "web" / "chat").glob("*.*s"))),
)  # fmt: skip


@dataclass
class House:
    """Where the centre stands: a folder, and what its environment says."""

    folder: Path
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)  # by commands, the service and its log

    def daoxue(self, *words: str) -> str:
        done = ran(words, self.folder, self.environment)
        self.said += [done.stdout, done.stderr]
        assert done.returncode == 0, (words, done)
        return done.stdout

    @contextlib.contextmanager
    def serving(self, port: int) -> Iterator[None]:
        for name in ("said", "log"):
            (self.folder / name).unlink(missing_ok=True)
        process = Command(["serve"], self.folder, self.environment)
        try:
            for _ in range(1200):
                assert process.poll() is None, (self.folder / "log").read_text("utf-8")
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200:
                        break
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(15)
            process.wait(30)
            self.said += [(self.folder / name).read_text("utf-8") for name in ("said", "log")]


@dataclass(frozen=True)
class Ticket:
    """A resident's, of the page, with what a seat answered."""

    ref: str
    visitor: str = ""
    answer: str = "可以，开课那天到实训楼一楼领。"
    password: str = PASSWORD  # of the seat that has it


OF_EARLIER = Ticket("1128-55103", password="导航-2026-lantern-aru")


class Life:
    """The centre as it goes on, wherever it stands: what it says is the same there."""

    def __init__(self, world: Everywhere) -> None:
        self.world = world
        self.first: dict[str, str] = {}
        self.said: list[str] = []  # to residents and staff, and what pages show

    async def asked(self) -> None:
        """The class's fee on every channel, and more on the page; as it was told the first time."""
        told = await self.world.ask(QUESTION)
        assert told.keys() == CHANNELS.keys(), "a channel that nobody plays here"
        assert {channel: each for channel, each in told.items() if not TOLD.search(each)} == {}
        told |= {each: (await self.world.on_the_page(each))[1] for each in OTHERS}
        told["at last"] = (await self.world.on_the_page(*OTHERS, OWN))[1]
        assert ANSWER in told[OWN]
        assert ANSWER in told["at last"], "whatever was talked of before"
        self.said += told.values()
        self.first = self.first or told
        assert told == self.first

    async def ticket(self, one_time: str) -> Ticket:
        """A resident wants somebody; the seat of the workbook takes it and answers, which the resident reads."""
        visitor, told = await self.world.on_the_page("转人工，钳工班能开发票吗")
        self.said.append(told)
        async with self.desk(SEAT, one_time) as client:
            await _asked(client, "POST", "/me/password", {"old": one_time, "new": PASSWORD})
        async with self.desk(SEAT, PASSWORD) as client:
            [row] = (await _asked(client, "GET", "/tickets?state=waiting"))["tickets"]
            ticket = Ticket(row["ref"], visitor)
            await _asked(client, "POST", f"/tickets/{ticket.ref}/take", {})
            await _asked(client, "POST", f"/tickets/{ticket.ref}/messages", {"id": "a", "text": ticket.answer})
        await self.is_there(ticket)
        return ticket

    async def is_there(self, ticket: Ticket) -> None:
        """With whom has it and what was said in it, for the seat and for the resident."""
        async with self.desk(SEAT, ticket.password) as client:
            whole = await _asked(client, "GET", f"/tickets/{ticket.ref}")
        self.said.append(json.dumps(whole, ensure_ascii=False))
        assert (whole["ticket"]["state"], whole["ticket"]["owner"]) == ("open", SEAT)
        assert ticket.answer in self.said[-1]
        if ticket.visitor:
            self.said.append(await self.world.reads(ticket.visitor, ticket.answer))

    async def look_at_pages(self, one_time: str) -> None:
        """Whatever is shown to who only looks: to residents, and to an administrator wherever no more has to be said."""
        async with httpx.AsyncClient(base_url=self.world.url, trust_env=False, timeout=WITHIN) as client:
            for path in PAGES:
                shown = await client.get(path)
                assert shown.status_code == 200, path
                self.said.append(shown.text)
            described = (await client.get("/api/openapi.json")).json()["paths"]
        async with self.desk("head", one_time) as client:
            await _asked(client, "POST", "/me/password", {"old": one_time, "new": PASSWORD})
        async with self.desk("head", PASSWORD) as client:
            for path, operations in described.items():
                if "get" in operations and "{" not in path:
                    shown = await client.get(path)
                    assert shown.status_code < 500, path
                    self.said.append(shown.text)

    @contextlib.asynccontextmanager
    async def desk(self, name: str, password: str) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=f"{self.world.url}", trust_env=False, timeout=WITHIN) as client:
            let_in = await _asked(client, "POST", "/login", {"name": name, "password": password})
            client.headers["authorization"] = f"Bearer {let_in['token']}"
            yield client


async def _asked(client: httpx.AsyncClient, method: str, path: str, body: object = None) -> Any:
    answer = await client.request(method, f"/api{path}", json=body)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


def differing(one: whole.Counts, other: whole.Counts) -> list[str]:
    """Tables that are not the same in both, but for what is found anew."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name) and name != "passage")


def held(url: str) -> whole.Counts:
    """Every table of a database: how many rows, and a digest over them."""
    with whole.snapshot(url) as connection:
        return whole.count(connection)


@pytest.fixture
async def world() -> AsyncIterator[tuple[Everywhere, dict[str, str]]]:
    async with everywhere(free_port()) as (found, around):
        yield found, around


def house(folder: Path, environment: dict[str, str], models: Path) -> House:
    """In a folder that is new; with the secrets and addresses of the channels' platforms."""
    folder.mkdir()
    own = {
        "DAOXUE_NLU__FOLDER": str(models), "DAOXUE_DESK__ALWAYS_OPEN": "true", "DAOXUE_DESK__RECALL_SECONDS": "0",
        "BACKUP_PASSPHRASE": SECRET,
    }  # fmt: skip
    return House(folder, os.environ | environment | own)


def founded(at: House) -> dict[str, str]:
    """As docs/first-hour.md says; the one-time passwords of the workbook's people."""
    at.daoxue("init", ".", *(word for name, value in FOUNDED.items() for word in (f"--{name}", value)), "--yes")
    (at.folder / "workbook.xlsx").write_bytes(workbook())
    return dict(_ONE_TIME.findall(at.daoxue("import", "workbook.xlsx")))


def without_the_sample(said: list[str]) -> None:
    """Nothing of all that was said, logged and shown is the sample centre's."""
    everything = "\n".join(said)
    assert len(everything) > 100_000
    assert [word for word in sorted({*sample_words(), "云溪", "Yunxi"}) if word in everything] == []


def left_by(version: str, at: House) -> None:
    """The college's database, as a version left it (`tests/upgrades/make.py`)."""
    (at.folder / "var").mkdir()
    (at.folder / "var" / "daoxue.db").write_bytes(lzma.decompress((LEFT / f"{version}.db.xz").read_bytes()))
    key = at.folder / "var" / "data.key"
    shutil.copy(LEFT / f"{version}.key", key)
    key.chmod(0o600)


async def test_a_county_college_lives(
    tmp_path: Path, models: Path, postgres: str, world: tuple[Everywhere, dict[str, str]]
) -> None:
    life, around = Life(world[0]), world[1]
    here, there, earlier, now = (
        house(tmp_path / each, around, models) for each in ("college", "elsewhere", "earlier", "now")
    )
    one_time, server = founded(here), created(postgres)
    here.daoxue("check")
    with here.serving(life.world.port):
        await life.asked()
        ticket = await life.ticket(one_time[SEAT])
        await life.look_at_pages(one_time["head"])
        here.daoxue("backup", "../first.backup")
    here.daoxue("backup", "--verify", "../first.backup")
    had = held(f"sqlite:///{here.folder}/var/daoxue.db")
    here.daoxue("move", "--to", server)
    assert differing(had, held(server)) == []
    here.environment["DAOXUE_DATABASE__URL"] = server
    with here.serving(life.world.port):
        await life.is_there(ticket)
        await life.asked()
        here.daoxue("backup", "../second.backup")
    there.daoxue("restore", "../second.backup")
    with there.serving(life.world.port):
        await life.is_there(ticket)
        await life.asked()
    left_by("0.2.0", earlier)
    earlier.daoxue("backup", "../earlier.backup")
    now.daoxue("restore", "../earlier.backup")
    founded(now)
    with now.serving(life.world.port):
        await life.is_there(OF_EARLIER)
        await life.asked()
    without_the_sample([*life.said, *here.said, *there.said, *earlier.said, *now.said])
