"""Texts: narrow, signed, and told how they fared."""

import random
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, select

from bot.messages import Option, Reply
from daoxue.config import Config
from integrations import sms
from players.twilio.account import sid
from store import calls, conversations, outbox
from store.schema import sent_text
from store.transaction import Statement
from tests.desk_client import Desk
from tests.telephone import RESIDENT, Line, line

_STATUS = Statement(select(sent_text.c.status).where(sent_text.c.sid == bindparam("sid")))


@pytest.fixture
async def texting(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    async with line(config, monkeypatch) as running:
        yield running


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2), ("中" * 70, 1), ("中" * 71, 2),
     ("中" * 134, 2), ("中" * 135, 3), ("a" * 69 + "中", 1), ("a" * 70 + "中", 2), ("😀" * 35, 1), ("😀" * 36, 2)],
)  # fmt: skip
def test_segments(text: str, parts: int) -> None:
    assert sms.segments(text) == parts


@given(st.text(min_size=1, max_size=400), st.lists(st.text(min_size=1, max_size=12), max_size=3))
def test_whatever_is_said_fits_two(text: str, labels: list[str]) -> None:
    options = tuple(Option(str(number), label) for number, label in enumerate(labels, 1))
    for out in sms.render([Reply(text=text, options=options)]):
        assert sms.segments(out) <= 2
        assert all(label in out for label in labels)


async def test_a_talk_in_texts(texting: Line) -> None:
    [asked] = await texting.carrier.text(RESIDENT, "太极拳班在哪里上课")
    assert "回复1." in asked
    assert sms.segments(asked) <= 2
    [told] = await texting.carrier.text(RESIDENT, "2")
    assert "临江" in told
    id = sid("SM")
    first = await texting.carrier.text(RESIDENT, "积分会过期吗", id=id)
    assert await texting.carrier.text(RESIDENT, "积分会过期吗", id=id) == first, "the provider's retry"
    assert "打字" in (await texting.carrier.text(RESIDENT, "", media=1))[0]


async def test_a_seats_answer_and_how_it_fared(texting: Line) -> None:
    desk = Desk(texting.app)
    await texting.carrier.text(RESIDENT, "转人工")
    seat = await desk.person("seat")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "a", "text": "您好，太极拳班还有名额。"})
    await texting.deliver()
    assert texting.carrier.texts[-1].body == "您好，太极拳班还有名额。"
    long = "材料要带身份证和一寸照片，周三上午到一楼窗口。" * 9
    await seat.post(f"/tickets/{ref}/messages", {"id": "b", "text": long})
    await texting.deliver()
    assert texting.carrier.texts.pop().body == long, "whole, though of more than two segments"
    without_end = "材料要带身份证，照片，表格，" * 40
    refused = await seat.ask("POST", f"/tickets/{ref}/messages", {"id": "c", "text": without_end})
    assert (refused.status_code, "最多 450 字" in refused.text) == (422, True), "what does not go whole is not taken"
    await seat.post(f"/tickets/{ref}/messages", {"id": "d", "text": "😊" * 226}, expect=422)  # two units each
    fits = without_end[: sms.LONGEST_OF_A_SEAT]
    assert sms.personal([Reply(text=f"坐席回复：{fits}")]) == f"坐席回复：{fits}"
    for text in texting.carrier.texts[-2:]:
        await texting.carrier.fare(text, "sent", "delivered", chance=random.Random(3))
        assert _fared(texting, text.sid) == "delivered", "in whatever order, and never back"
    texts, segments = texting.app.database.look(lambda t: calls.cost(t, 0))
    assert (texts, segments) == (3, 6)


def _fared(texting: Line, id: str) -> object:
    row = texting.app.database.look(lambda t: t.one(_STATUS, sid=id))
    return row[0] if row else None


async def test_stop_and_start(texting: Line) -> None:
    carrier = texting.carrier
    await carrier.text(RESIDENT, "转人工")
    assert "已退订" in (await carrier.text(RESIDENT, "退订"))[0]
    seat = await Desk(texting.app).person("seat")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    sent = carrier.requests["Messages"]
    await texting.deliver()
    assert carrier.requests["Messages"] == sent, "no text to whoever wants none"
    assert (await seat.get(f"/tickets/{ref}"))["dead"] is True
    assert "恢复" in (await carrier.text(RESIDENT, "START"))[0]
    await seat.post(f"/tickets/{ref}/messages", {"id": "b", "text": "您好"})
    await texting.deliver()
    assert carrier.texts[-1].body == "您好"


async def test_who_has_refused_is_silent_to_but_heard(texting: Line) -> None:
    """The desk sees that answers do not arrive; a danger to life is answered, by a text of its own."""
    carrier = texting.carrier
    await carrier.text(RESIDENT, "别再给我发短信")
    assert await carrier.text(RESIDENT, "转人工") == []
    sent = carrier.requests["Messages"]
    await texting.deliver()
    assert carrier.requests["Messages"] == sent
    seat = await Desk(texting.app).person("seat")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    assert (await seat.get(f"/tickets/{ref}"))["dead"] is True
    assert await carrier.text(RESIDENT, "有人晕倒了，没有呼吸") == []
    await texting.deliver()
    assert "120" in carrier.texts[-1].body
    await seat.post(f"/tickets/{ref}/take")
    assert "已恢复" in (await carrier.text(RESIDENT, "恢复"))[0], "also while a seat has the talk"
    assert "已退订" in (await carrier.text(RESIDENT, "ＴＤ"))[0]


async def test_a_danger_is_no_refusal(texting: Line) -> None:
    [said] = await texting.carrier.text(RESIDENT, "别再给我发短信，我不想活了")
    assert "12356" in said
    assert await texting.carrier.text(RESIDENT, "积分会过期吗") != []


async def test_what_the_carrier_has_confirmed_is_not_confirmed_twice(texting: Line) -> None:
    """Advanced Opt-Out: the provider answers, and tells us what it took the text for."""
    url, form = f"{texting.carrier.url}/channels/sms", {"From": RESIDENT, "To": texting.carrier.number, "NumMedia": "0"}

    async def tell(body: str, kind: str) -> bool:
        root = await texting.carrier.post(url, {**form, "MessageSid": sid("SM"), "Body": body, "OptOutType": kind})
        return root.find("Message") is not None

    assert not await tell("STOP", "STOP")
    assert await texting.carrier.text(RESIDENT, "积分会过期吗") == []
    assert not await tell("ARRET", "STOP")
    assert not await tell("START", "START")
    assert not await tell("HELP", "HELP")
    assert await texting.carrier.text(RESIDENT, "积分会过期吗") != []


async def test_who_writes_is_there_whatever_the_carrier_said(texting: Line) -> None:
    """A number that could not be reached is no refusal."""
    await texting.carrier.text(RESIDENT, "转人工")
    seat = await Desk(texting.app).person("seat")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    texting.carrier.faults = [(400, 21211)]
    await texting.deliver()
    assert (await seat.get(f"/tickets/{ref}"))["dead"] is True
    await texting.carrier.text(RESIDENT, "在的")
    await seat.post(f"/tickets/{ref}/messages", {"id": "b", "text": "您好"})
    await texting.deliver()
    assert texting.carrier.texts[-1].body == "您好"


@pytest.mark.parametrize(
    ("status", "code", "lost"),
    [(429, 20429, False), (400, 21610, True), (400, 21211, True), (503, 0, False), (401, 20003, False)],
)
async def test_refusals_of_the_provider(texting: Line, status: int, code: int, lost: bool) -> None:
    await texting.carrier.text(RESIDENT, "你好")
    from bot.inbox import encode
    from bot.messages import Message

    read = texting.app.database.look(lambda t: conversations.find(t, "sms", RESIDENT))
    assert read is not None
    body = encode(Message(reply=Reply(text="通知")))
    now = int(texting.clock() * 1000)
    await texting.app.database.write(lambda t: conversations.say(t, read, [("system", body)], now))
    texting.carrier.faults = [(status, code)]
    await texting.deliver()
    owed = texting.app.database.look(lambda t: outbox.undelivered(t, read.id))
    assert owed is not None
    assert owed[1] is lost
    texting.clock.ahead += 10
    await texting.deliver()
    assert (texting.carrier.texts[-1].body == "通知") is not lost


async def test_forged_requests(texting: Line) -> None:
    """Everything that is not signed for this address, with every parameter, by this account."""
    carrier = texting.carrier
    url = f"{carrier.url}/channels/sms"
    form = {
        "AccountSid": carrier.account,
        "MessageSid": sid("SM"),
        "From": RESIDENT,
        "To": carrier.number,
        "Body": "你好",
        "Empty": "",
    }
    good = str(carrier._validator.compute_signature(url, form))
    async with httpx.AsyncClient() as client:

        async def status(
            signature: str | None, values: dict[str, str] | None = None, at: str = url, content: bytes | None = None,
            headers: dict[str, str] | None = None,
        ) -> int:  # fmt: skip
            sent = {**(headers or {}), **({"x-twilio-signature": signature} if signature is not None else {})}
            if content is not None:
                answer = await client.post(at, headers=sent, content=content)
            else:
                answer = await client.post(at, headers=sent, data=form if values is None else values)
            assert answer.status_code == 200 or (answer.status_code, answer.content) == (403, b"")
            return answer.status_code

        assert await status(good) == 200
        assert await status(None) == 403
        assert await status("") == 403
        assert await status("x" * 28) == 403
        assert await status(good, {**form, "Body": "改了"}) == 403
        assert await status(good, {name: value for name, value in form.items() if name != "Empty"}) == 403
        assert await status(good, at=url + "?x=1") == 403
        assert await status(good, content=b"x" * 70_000) == 403
        assert await status(good, content=b"\xff\xfe") == 403
        other = {**form, "AccountSid": "AC" + "0" * 32}
        assert await status(str(carrier._validator.compute_signature(url, other)), other) == 403
        inside = url.replace("127.0.0.1", "localhost")
        assert await status(good, headers={"host": "evil.example", "x-forwarded-host": "evil.example"}) == 200, (
            "headers decide nothing"
        )
        assert await status(str(carrier._validator.compute_signature(inside, form))) == 403
        assert (await client.get(url)).status_code in (403, 404, 405)
