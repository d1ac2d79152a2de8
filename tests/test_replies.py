"""What a seat has written can be called back for some seconds, and is lost or said twice by nothing that happens
meanwhile; the resident hears everything in its order."""

import asyncio
import time
from typing import Any

import pytest

from bot.queue import Kind, Queue
from daoxue.app import App
from desk.api import shown
from desk.opening import ALL
from desk.replies import Replies
from desk.residents import forget
from store import queue, replies
from store.personal import Shut
from store.schema import metadata
from tests.desk_client import Desk, Person
from tests.history import check
from tests.talk import Resident

WORDS = "我查到您的卡了，尾号对得上，稍等"


class Talk:
    """A resident whose ticket a seat has, and the queue at any time."""

    def __init__(self, desk: Desk, seat: Person, resident: Resident, ref: str) -> None:
        self.desk, self.seat, self.resident, self.ref = desk, seat, resident, ref
        self.app = desk.app

    @staticmethod
    async def begin(app: App) -> "Talk":
        desk, resident = Desk(app), Resident(app)
        seat = await desk.person(shown="小李")
        ref = (await resident.receipt("转人工")).ticket
        assert ref
        await seat.post(f"/tickets/{ref}/take")
        return Talk(desk, seat, resident, ref)

    async def write(self, id: str = "w1", text: str = WORDS) -> Any:
        return await self.seat.post(
            f"/tickets/{self.ref}/messages", {"id": id, "text": text, "recallable": True, "source": "学籍系统"}
        )

    async def heard(self) -> list[str]:
        """What stands in the conversation since the seat came, who said it first."""
        whole = await self.seat.get(f"/tickets/{self.ref}")
        said = [f"{each['author']}: {each['text']}" for each in whole["messages"]]
        return said[next(at for at, each in enumerate(said) if "小李接上了" in each) + 1 :]

    async def held(self) -> list[dict[str, Any]]:
        return list((await self.seat.get(f"/tickets/{self.ref}"))["held"])

    async def after(self, seconds: float) -> int:
        """The queue's work so many seconds from now; how many rows were taken up."""
        clock = lambda: time.time() + seconds  # noqa: E731 - a clock
        leaving = Replies(self.app.database, self.app.live, clock)
        return await Queue(self.app.database, {replies.KIND: Kind(leaving.leave)}, self.app.live.ring, clock).work()


@pytest.fixture
async def talk(either_app: App) -> Talk:
    return await Talk.begin(either_app)


async def test_it_leaves_after_ten_seconds_and_once(talk: Talk) -> None:
    before = time.time() * 1000
    sent = await talk.write()
    assert sent["seq"] is None
    assert 9_000 < sent["due_at"] - before < 12_000
    assert await talk.write() == sent, "the same id again changes nothing"
    assert await talk.heard() == []
    assert [(each["id"], each["by"], each["text"]) for each in await talk.held()] == [("w1", talk.seat.name, WORDS)]
    assert await talk.after(5) == 0
    assert await talk.after(11) == 1
    assert await talk.heard() == [f"seat: {WORDS}"]
    assert await talk.held() == []
    again = await talk.write()
    assert again["seq"] is not None, "nor does it when it has left"
    assert await talk.after(60) == 0
    late = await talk.seat.post(f"/tickets/{talk.ref}/messages/w1/call-back", expect=409)
    assert late["code"] == "outdated"


async def test_called_back_it_never_leaves(talk: Talk) -> None:
    await talk.write()
    other = await talk.desk.person()
    assert (await other.post(f"/tickets/{talk.ref}/messages/w1/call-back", expect=409))["code"] == "not_yours"
    assert await talk.seat.post(f"/tickets/{talk.ref}/messages/w1/call-back") == {
        "text": WORDS, "source": "学籍系统", "files": [],
    }  # fmt: skip
    twice = await talk.seat.post(f"/tickets/{talk.ref}/messages/w1/call-back", expect=409)
    assert "没有发给居民" in twice["text"]
    late = await talk.write()
    assert (late["seq"], late["due_at"]) == (None, None), "nor when the request comes once more"
    assert await talk.after(60) == 0
    assert await talk.heard() == []


async def test_called_back_in_the_moment_in_which_it_leaves_it_did_one_of_the_two(talk: Talk) -> None:
    for number in range(12):
        await talk.write(f"w{number}", f"第{number}句")
        _, answer = await asyncio.gather(
            talk.after(11), talk.seat.ask("POST", f"/tickets/{talk.ref}/messages/w{number}/call-back", {})
        )
        await talk.after(12)
        is_said = f"seat: 第{number}句" in await talk.heard()
        assert (answer.status_code, is_said) in ((200, False), (409, True))


async def test_the_order_of_what_the_resident_hears_stays(talk: Talk) -> None:
    await talk.write("a", "一")
    await talk.write("b", "二")
    await talk.resident.say("在吗")
    await talk.seat.post(f"/tickets/{talk.ref}/messages", {"id": "c", "text": "三"})  # of a program: at once
    await talk.write("d", "四")
    await talk.after(11)
    assert await talk.heard() == ["resident: 在吗", "seat: 一", "seat: 二", "seat: 三", "seat: 四"]


@pytest.mark.parametrize("path", ["close", "hand-back", "transfer"])
async def test_it_is_said_before_what_ends_it_for_the_seat(talk: Talk, path: str) -> None:
    await talk.write()
    body = {"close": {"result": "answered"}, "transfer": {"skill": "credit"}}.get(path, {})
    await talk.seat.post(f"/tickets/{talk.ref}/{path}", body)
    heard = await talk.heard()
    assert heard[0] == f"seat: {WORDS}"
    assert [each.split(":")[0] for each in heard] == ["seat", "system"]
    assert await talk.after(60) == 0


async def test_it_is_said_though_the_seat_has_gone(talk: Talk) -> None:
    await talk.write()
    await talk.app.desk.dispatch.leave(talk.seat.name, int(time.time() * 1000))
    assert (await talk.heard())[0] == f"seat: {WORDS}"


@pytest.mark.parametrize("path", ["take-over", "assign"])
async def test_it_comes_back_as_a_note_when_the_ticket_is_taken_from_its_seat(talk: Talk, path: str) -> None:
    """Whoever takes it may do so because of what was about to be said."""
    await talk.write()
    await talk.write("w2", "还有一句")
    boss = await talk.desk.person("supervisor")
    other = await talk.desk.person()
    await boss.post(f"/tickets/{talk.ref}/{path}", {"to": other.name} if path == "assign" else None)
    assert await talk.after(60) == 0
    whole = await talk.seat.get(f"/tickets/{talk.ref}")
    assert not any(each["author"] == "seat" for each in whole["messages"])
    assert whole["held"] == []
    notes = [each for each in whole["events"] if each["kind"] == "noted"]
    assert [(each["actor"], each["data"]["text"], each["data"]["unsent"]) for each in notes] == [
        (talk.seat.name, WORDS, True),
        (talk.seat.name, "还有一句", True),
    ]
    check(await talk.app.tickets.show(talk.ref, ALL))
    await talk.seat.ask("POST", f"/tickets/{talk.ref}/messages", {"id": "w1", "text": WORDS, "recallable": True})
    assert await talk.after(60) == 0, "sent again by a page that does not know"


async def test_what_the_supervisor_has_written_is_said_before_the_ticket_goes_on(talk: Talk) -> None:
    boss = await talk.desk.person("supervisor")
    await boss.post(f"/tickets/{talk.ref}/take-over")
    await boss.post(f"/tickets/{talk.ref}/messages", {"id": "b1", "text": WORDS, "recallable": True})
    await boss.post(f"/tickets/{talk.ref}/transfer", {"skill": "credit"})
    assert f"seat: {WORDS}" in await talk.heard()


async def test_a_snoozed_ticket_says_it_in_its_time(talk: Talk) -> None:
    await talk.write()
    await talk.seat.post(f"/tickets/{talk.ref}/snooze", {"minutes": 30})
    assert await talk.after(11) == 1
    assert await talk.heard() == [f"seat: {WORDS}"]


async def test_a_file_can_be_called_back_with_all_of_it(talk: Talk) -> None:
    address = f"/api/tickets/{talk.ref}/files"
    file = {"file": ("表.txt", "报名表".encode(), "text/plain")}
    sent = await talk.seat.client.post(address, data={"id": "f1", "recallable": "true"}, files=file)
    assert sent.json()["seq"] is None
    row = (await talk.app.database.read(lambda t: replies.held(t, 1)))[0]
    path = row.held.body.partition("/files/")[2].partition('"')[0]
    assert (await talk.seat.client.get(f"/files/{path}")).status_code == 200
    back = await talk.seat.post(f"/tickets/{talk.ref}/messages/f1/call-back")
    assert back["files"] == ["表.txt"]
    assert (await talk.seat.client.get(f"/files/{path}")).status_code == 404


async def test_what_is_held_is_sealed_and_gone_with_the_resident(talk: Talk) -> None:
    await talk.write()
    talk_id = (await talk.app.tickets.show(talk.ref)).ticket.conversation
    rows = await talk.app.database.read(lambda t: queue.in_order(t, f"reply:{talk_id}"))
    assert rows
    assert isinstance(metadata.tables["queue"].c.body.type, Shut)  # closed in the file
    await talk.app.database.write(lambda t: forget(t, talk_id))
    assert await talk.app.database.read(lambda t: replies.held(t, talk_id)) == []


async def test_not_so_long_for_somebody_on_a_call(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def on_the_line(*_: object) -> str:
        return "queue"

    monkeypatch.setattr(shown.TicketViews, "stage", on_the_line)
    before = time.time() * 1000
    assert (await talk.write())["due_at"] - before < 4_500


async def test_what_was_held_is_said_by_who_has_the_ticket(talk: Talk) -> None:
    """Also in its events: nobody answers what is not theirs any more."""
    await talk.write()
    await talk.seat.post(f"/tickets/{talk.ref}/transfer", {"skill": "credit"})
    whole = await talk.app.tickets.show(talk.ref, ALL)
    check(whole)
    assert any(each.author == "seat" for each in whole.messages)
