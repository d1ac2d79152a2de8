"""Whole calls: residents of any age, by voice and keys alone."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from msgspec.structs import replace

from accounts.learners import check_digit
from bot.inbox import numbered
from daoxue.config import Config
from desk.feed import FeedPage
from players.twilio.call import Call
from store import calls, conversations
from tests.desk_client import Desk, Person
from tests.telephone import OTHER, RESIDENT, SEAT, Line, line


@pytest.fixture(params=[False, True], ids=["once", "every request twice"])
async def hotline(
    request: pytest.FixtureRequest, config: Config, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Line]:
    async with line(config, monkeypatch, repeat=request.param) as running:
        yield running


@pytest.fixture
async def once(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    async with line(config, monkeypatch) as running:
        yield running


def words(heard: list[str]) -> str:
    return "".join(heard)


async def stage(running: Line, call: Call) -> str:
    row = await running.app.database.read(lambda t: calls.get(t, call.sid))
    assert row is not None
    return row.stage


async def test_a_question_and_a_choice_by_key(hotline: Line) -> None:
    call = hotline.carrier.call(RESIDENT)
    assert "学习热线" in words(await call.answer())
    asked = words(await call.speak("太极拳班在哪里上课"))
    assert "第一，" in asked
    assert "请按它的数字" in asked
    assert "找人请按0" in asked
    assert "http" not in asked
    told = words(await call.press("2"))
    assert "临江街道社区学校" in told
    assert "晚上7点" in words(await call.speak("那个班几点"))
    again = words(await call.press("*"))
    assert "晚上7点" in again
    await call.speak("积分会过期吗")
    assert "还有别的" in words(await call.silence())
    assert "再见" in words(await call.silence())
    assert call.state == "ended"
    assert await stage(hotline, call) == "ended"


async def test_a_centre_greets_callers_in_words_of_its_own(once: Line) -> None:
    editor = await Desk(once.app).person("editor")
    own = {"kind": "centre", "texts": {"zh": {"greeting.voice": "这里是{bot}，请讲。"}}}
    assert (await editor.ask("PUT", "/catalogue/centre/centre", own)).status_code == 200
    assert "这里是智能助手，请讲。" in words(await once.carrier.call(RESIDENT).answer())


async def test_what_was_perhaps_heard_is_asked_about(hotline: Line) -> None:
    call = hotline.carrier.call(RESIDENT)
    await call.answer()
    assert "您说的是：书法班，对吗" in words(await call.speak("书法班", confidence=0.2))
    assert "请您再说一遍" in words(await call.press("2"))
    assert "您说的是" in words(await call.speak("积分会过期吗", confidence=0.3))
    assert "积分" in words(await call.speak("对的", confidence=0.3))
    assert "您说的是" not in words(await call.speak("书法班学费多少", confidence=None)), (
        "the recogniser says nothing of it"
    )


async def test_slower_and_once_more(hotline: Line) -> None:
    call = hotline.carrier.call(RESIDENT)
    await call.answer()
    first = words(await call.speak("积分会过期吗"))
    assert not call.slow
    assert words(await call.speak("慢一点")) == first
    assert call.slow
    assert words(await call.speak("大声一点")) == first


async def test_silence_at_the_start_leads_to_a_person(hotline: Line) -> None:
    call = hotline.carrier.call(RESIDENT)
    await call.answer()
    assert "没有听到" in words(await call.silence())
    assert "我请工作人员来" in words(await call.silence())
    assert call.state == "waiting"


async def test_a_seat_with_a_telephone(hotline: Line) -> None:
    """The queue, the whisper, the talk, the end."""
    desk = Desk(hotline.app)
    seat = await desk.person("seat", phone=SEAT)
    call = hotline.carrier.call(RESIDENT)
    await call.answer()
    waiting = words(await call.press("0"))
    assert "排在第一位" in waiting or "第 1 位" in waiting or "第1位" in waiting
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    assert ref not in call.heard[-1]
    await seat.post(f"/tickets/{ref}/take")
    assert await hotline.seats.connect() == 1
    assert await hotline.seats.connect() == 0, "called once"
    [ring] = hotline.carrier.ringing
    assert (ring.to, ring.of) == (SEAT, hotline.carrier.number)
    assert RESIDENT[1:] not in ring.url, "no number in an address"
    assert "接听请按1" in words(await ring.answer())
    await ring.press("1")
    assert (call.state, ring.state) == ("bridged", "bridged")
    assert "工作人员来了" in words(call.heard)
    assert await stage(hotline, call) == "bridged"
    await call.hang_up()
    assert ring.state == "ended"
    assert await stage(hotline, call) == "ended"


async def talking(running: Line) -> tuple[Person, str, Call, Call]:
    """A seat with a caller on the line."""
    seat = await Desk(running.app).person("seat", phone=SEAT)
    call = running.carrier.call(RESIDENT)
    await call.answer()
    await call.press("0")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await running.seats.connect()
    ring = running.carrier.ringing[-1]
    await ring.answer()
    await ring.press("1")
    assert call.state == "bridged"
    return seat, ref, call, ring


async def test_a_caller_is_passed_on_to_another_seat(once: Line) -> None:
    seat, ref, call, ring = await talking(once)
    other = await Desk(once.app).person("seat", phone=SEAT + "2")
    assert (await seat.get(f"/tickets/{ref}"))["call"] == "bridged"
    await seat.post(f"/tickets/{ref}/transfer", {"to": other.name, "word": "请您接"})
    await other.post(f"/tickets/{ref}/take")
    await once.seats.connect()
    await once.carrier.settle()
    assert (call.state, ring.state) == ("waiting", "ended")
    assert "请稍等" in words(call.heard)
    await once.seats.connect()
    second = once.carrier.ringing[-1]
    assert second.to == SEAT + "2"
    await second.answer()
    await second.press("1")
    assert (call.state, second.state) == ("bridged", "bridged")


async def test_hold_and_on(once: Line) -> None:
    seat, ref, call, ring = await talking(once)
    await seat.post(f"/tickets/{ref}/hold", {"on": False}, expect=422)
    await seat.post(f"/tickets/{ref}/hold", {"on": True})
    await once.carrier.settle()
    assert (call.state, ring.state) == ("waiting", "ended")
    assert await once.seats.connect() == 0, "held is held"
    await seat.post(f"/tickets/{ref}/hold", {"on": False})
    assert await once.seats.connect() == 1
    again = once.carrier.ringing[-1]
    await again.answer()
    await again.press("1")
    assert call.state == "bridged"


async def test_pages_hear_where_the_caller_is(once: Line) -> None:
    """Each move once, as an event of the ticket, and in the end what a fresh look says."""
    page = FeedPage("nobody")
    await once.app.desk.feed.join(page, None)
    seat, ref, call, _ = await talking(once)
    await seat.post(f"/tickets/{ref}/hold", {"on": True})
    await once.carrier.settle()
    await seat.post(f"/tickets/{ref}/hold", {"on": False})
    await call.hang_up()
    await once.app.desk.feed.look()
    heard = [msgspec.json.decode(page.frames.get_nowait()) for _ in range(page.frames.qsize())]
    stages = [each["data"]["stage"] for each in heard if each.get("kind") == "call"]
    assert stages == ["queue", "ringing", "bridged", "held", "queue", "ended"]
    whole = await seat.get(f"/tickets/{ref}")
    assert whole["call"] == stages[-1]
    assert [each["data"]["stage"] for each in whole["events"] if each["kind"] == "call"] == stages


async def test_a_colleague_joins_and_takes_over(once: Line) -> None:
    """A talk of three; the first seat leaves, the second and the caller go on; when all have left the caller waits."""
    seat, ref, call, ring = await talking(once)
    colleague = await Desk(once.app).person("seat", phone=SEAT + "2")
    silent = await Desk(once.app).person("seat")
    await seat.post(f"/tickets/{ref}/confer", {"colleague": silent.name}, expect=422)
    await seat.post(f"/tickets/{ref}/confer", {"colleague": colleague.name})
    await once.carrier.settle()
    assert (call.state, ring.state) == ("conference", "conference")
    joining = once.carrier.ringing[-1]
    assert joining.to == SEAT + "2"
    await joining.answer()
    await joining.press("1")
    assert len(once.carrier.rooms[ref]) == 3
    await ring.hang_up()
    assert (call.state, joining.state) == ("conference", "conference")
    await joining.hang_up()
    await once.carrier.settle()
    assert call.state == "waiting"
    assert await once.seats.connect() == 1, "the ticket's owner is called again"


async def test_a_conference_ends_with_the_caller(once: Line) -> None:
    seat, ref, call, ring = await talking(once)
    colleague = await Desk(once.app).person("seat", phone=SEAT + "2")
    await seat.post(f"/tickets/{ref}/confer", {"colleague": colleague.name})
    await once.carrier.settle()
    joining = once.carrier.ringing[-1]
    await call.hang_up()
    assert ring.state == "ended"
    assert "已经挂机" in words(await joining.answer()) + words(await joining.press("1"))


async def test_a_seat_that_does_not_answer(once: Line) -> None:
    seat = await Desk(once.app).person("seat", phone=SEAT)
    call = once.carrier.call(RESIDENT)
    await call.answer()
    await call.press("0")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await once.seats.connect()
    [ring] = once.carrier.ringing
    await ring.hang_up()
    assert await stage(once, call) == "queue"
    assert await once.seats.connect() == 0, "not again and again"
    assert call.state == "waiting"


async def test_a_seat_that_writes_is_heard_and_reads_the_caller(hotline: Line) -> None:
    seat = await Desk(hotline.app).person("seat")
    call = hotline.carrier.call(RESIDENT)
    await call.answer()
    await call.press("0")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    assert "坐席" in words(await call.silence())
    await seat.post(f"/tickets/{ref}/messages", {"id": "a", "text": "您好，请问您的班是哪一个？"})
    assert words(await call.silence()) == "您好，请问您的班是哪一个？"
    assert "您好，请问" not in words(await call.silence()), "said once"
    await call.speak("太极拳晚间班")
    whole = await seat.get(f"/tickets/{ref}")
    assert whole["messages"][-1]["text"] == "太极拳晚间班"
    assert whole["waiting_from"] is None, "what was spoken has arrived"


async def test_to_be_called_back_keeps_the_place(hotline: Line) -> None:
    seat = await Desk(hotline.app).person("seat", phone=SEAT)
    call = hotline.carrier.call(RESIDENT)
    await call.answer()
    await call.press("0")
    assert "位置保留" in words(await call.press("9"))
    assert call.state == "ended"
    [row] = await hotline.app.tickets.in_state("waiting")
    whole = await seat.get(f"/tickets/{row.ref}")
    assert RESIDENT not in str(whole), "shown masked"
    await seat.post(f"/tickets/{row.ref}/take")
    await seat.post(f"/tickets/{row.ref}/call")
    [ring] = hotline.carrier.ringing
    await ring.answer()
    await ring.press("1")
    resident = hotline.carrier.ringing[-1]
    assert resident.to == RESIDENT
    await resident.pick_up()
    await resident.hang_up()
    assert ring.state == "ended"
    assert (await seat.get("/tickets?state=callback"))["tickets"] == [], "reached"


async def test_who_does_not_answer_stays_on_the_list(hotline: Line) -> None:
    """Each attempt is counted once, and the next is due half an hour later."""
    seat = await Desk(hotline.app).person("seat", phone=SEAT)
    call = hotline.carrier.call(RESIDENT)
    await call.answer()
    await call.press("0")
    await call.press("9")
    [listed] = (await seat.get("/tickets?state=callback"))["tickets"]
    ref, due = listed["ref"], listed["call_due"]
    assert listed["attempts"] == 0
    await seat.post(f"/tickets/{ref}/take")
    hotline.clock.ahead += 60
    for attempt in (1, 2):
        await seat.post(f"/tickets/{ref}/call")
        ring = hotline.carrier.ringing[-1]
        await ring.answer()
        await ring.press("1")
        await hotline.carrier.ringing[-1].refuse("no-answer")
        assert "没有接通" in words(ring.heard)
        [listed] = (await seat.get("/tickets?state=callback"))["tickets"]
        assert listed["attempts"] == attempt
    assert listed["call_due"] > due
    kinds = [
        each["data"]["result"] for each in (await seat.get(f"/tickets/{ref}"))["events"] if each["kind"] == "called"
    ]
    assert kinds == ["no-answer", "no-answer"]


async def test_who_hangs_up_while_waiting_is_called_back(once: Line) -> None:
    call = once.carrier.call(RESIDENT)
    await call.answer()
    await call.press("0")
    await call.hang_up()
    assert await stage(once, call) == "ended"
    [row] = await once.app.tickets.in_state("waiting")
    opened = await once.app.tickets.show(row.ref)
    assert opened.handover.slots["phone"] == RESIDENT


async def test_after_hours_a_message_becomes_a_ticket(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = replace(
        config,
        desk=replace(
            config.desk,
            always_open=False,
            hours=(replace(config.desk.hours[0], days=()),) if False else (),
            closed_on=(),
        ),
    )
    async with line(closed, monkeypatch) as running:
        seat = await Desk(running.app).person("seat")
        call = running.carrier.call(RESIDENT)
        await call.answer()
        said = words(await call.press("0"))
        assert "滴声后留言" in said
        assert call.state == "recording"
        assert "留言收到了" in words(await call.leave_message(b"ID3 audio", "我想报名书法班"))
        [row] = await running.app.tickets.in_state("waiting")
        events = (await seat.get(f"/tickets/{row.ref}"))["events"]
        [note] = [each["data"]["text"] for each in events if each["kind"] == "noted"]
        assert "我想报名书法班" in note
        path = "/files/" + note.split("/files/")[1].split("　")[0]
        assert (await seat.client.get(path)).content == b"ID3 audio"


async def test_who_hangs_up_on_hold_is_called_back(once: Line) -> None:
    seat, ref, call, _ = await talking(once)
    await seat.post(f"/tickets/{ref}/hold", {"on": True})
    await once.carrier.settle()
    await call.hang_up()
    [listed] = (await seat.get("/tickets?state=callback"))["tickets"]
    assert listed["ref"] == ref


async def test_a_message_too_short_to_be_one_leaves_a_call_back(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider asks on, says that there is no recording, and that the call is over: in whatever order."""
    closed = replace(config, desk=replace(config.desk, always_open=False, hours=()))
    for order in ("recorded recording status", "status recording recorded", "recording status"):
        async with line(closed, monkeypatch) as running:
            seat = await Desk(running.app).person("seat")
            call = running.carrier.call(RESIDENT)
            await call.answer()
            await call.press("0")
            [row] = await running.app.tickets.in_state("waiting")
            forms = {
                "recorded": {"Digits": "hangup", "RecordingDuration": "0"},
                "recording": {"RecordingStatus": "absent", "RecordingSid": "RE1"},
                "status": {"CallStatus": "completed"},
            }
            for step in order.split():
                url = f"{running.carrier.url}/channels/voice/{step}?ref={row.ref}"
                await running.carrier.post(url, {**call._form(), **forms[step]})
            [listed] = (await seat.get("/tickets?state=callback"))["tickets"]
            assert listed["ref"] == row.ref, order


async def test_a_caller_whose_talk_a_seat_has_is_put_to_that_seat(once: Line) -> None:
    """They hung up and ring again: nobody is left in silence."""
    seat, ref, call, _ = await talking(once)
    await call.hang_up()
    again = once.carrier.call(RESIDENT)
    await again.answer()
    await again.speak("刚才断了")
    assert again.state == "waiting"
    assert await once.seats.connect() == 1
    assert once.carrier.ringing[-1].to == SEAT
    assert (await seat.get(f"/tickets/{ref}"))["messages"][-1]["text"] == "刚才断了"


async def test_the_call_hands_on_what_is_meant(once: Line) -> None:
    """No sentence is put into anybody's mouth: what was keyed is told to the desk as keyed."""
    call = once.carrier.call(RESIDENT)
    await call.answer()
    await call.speak("太极拳班在哪里上课")
    await call.press("2")
    await call.press("*")
    await call.press("0")
    read = await once.app.database.read(lambda t: conversations.find(t, "voice", RESIDENT))
    assert read is not None
    rows = await once.app.database.read(lambda t: conversations.messages(t, read.id, 1, 1 << 30))
    said = [numbered(row).message.reply.text for row in rows if row.author == "resident"]
    assert said[0] == "太极拳班在哪里上课"
    assert "班" in said[1], "the label of what was chosen"
    assert said[2:] == ["[按键找人]"]


async def test_elders_skip_the_menu_the_second_time(hotline: Line) -> None:
    call = hotline.carrier.call(RESIDENT)
    await call.answer()
    assert "马上给您转人工" in words(await call.press("9"))
    assert call.slow
    assert call.state == "waiting"
    await call.hang_up()
    again = hotline.carrier.call(RESIDENT)
    assert "马上给您转人工" in words(await again.answer()), "known"
    assert again.state == "waiting"


@pytest.mark.parametrize("unsure", [False, True], ids=["heard", "heard and confirmed"])
async def test_who_says_that_they_are_old_gets_a_person_at_once_and_slowly(once: Line, unsure: bool) -> None:
    call = once.carrier.call(RESIDENT)
    await call.answer()
    assert not call.slow
    told = words(await call.speak("我七十三了，不会按键", 0.2 if unsure else 0.9))
    if unsure:
        assert "对吗" in told
        told = words(await call.speak("对"))
    assert "马上给您转人工" in told
    assert call.slow
    assert call.state == "waiting"
    await call.hang_up()
    again = once.carrier.call(RESIDENT)
    assert "马上给您转人工" in words(await again.answer()), "no menu and no greeting the second time"
    assert (again.slow, again.state) == (True, "waiting")


async def test_an_emergency_comes_before_everything(hotline: Line) -> None:
    call = hotline.carrier.call(RESIDENT)
    await call.answer()
    heard = await call.speak("有人晕倒了，没有呼吸")
    assert "幺二零" in heard[0]
    assert call.state == "waiting"


async def test_a_number_proves_nothing_a_card_and_a_code_do(hotline: Line) -> None:
    call = hotline.carrier.call(OTHER)
    await call.answer()
    assert "输入12位学习卡号" in words(await call.speak("我有多少学分"))
    assert "卡号是12位" in words(await call.press("123#"))
    assert "验证码已发到" in words(await call.press("620801839197#"))
    sent = len(hotline.carrier.texts)
    await hotline.deliver()
    assert len(hotline.carrier.texts) == sent + 1
    text = hotline.carrier.texts[-1]
    assert text.to == RESIDENT, "to the telephone on file, not to the one that calls"
    code = "".join(char for char in text.body if char.isdigit())[:6]
    assert "不对" in words(await call.press(f"{(int(code) + 1) % 1_000_000:06d}#"))
    told = words(await call.press(f"{code}#"))
    assert "学分20分" in told
    assert "徐" in told
    everything = "".join(call.heard)
    assert "620801839197" not in everything
    assert code not in everything
    read = await hotline.app.database.read(lambda t: conversations.find(t, "voice", OTHER))
    assert read is not None
    kept = str(await hotline.app.database.read(lambda t: conversations.messages(t, read.id, 1, 1 << 30)))
    assert "620801839197" not in kept
    assert code not in kept
    await call.hang_up()
    again = hotline.carrier.call(OTHER)
    await again.answer()
    assert "输入12位学习卡号" in words(await again.speak("我有多少学分")), "proven for one call"


async def test_guessing_cards_by_telephone_tells_nothing_and_leads_to_a_person(once: Line) -> None:
    nobodys = "62080199999" + check_digit("62080199999")
    said = []
    for number, card in ((OTHER, "620801839197"), (OTHER + "2", nobodys)):
        call = once.carrier.call(number)
        await call.answer()
        await call.speak("我有多少学分")
        said.append(words(await call.press(f"{card}#")))
    assert said[0] == said[1], "a card that is none is answered like one that is"
    for _ in range(4):
        if call.state != "waiting":
            await call.press("000000#")
    assert call.state == "waiting"


async def test_withheld_numbers_are_strangers_to_each_other(once: Line) -> None:
    one, other = once.carrier.call("anonymous"), once.carrier.call("anonymous")
    await one.answer()
    await other.answer()
    await one.speak("太极拳班在哪里上课")
    assert "临江" not in words(await other.press("2"))


async def test_who_has_no_number_is_promised_no_call_back(once: Line) -> None:
    call = once.carrier.call("anonymous")
    await call.answer()
    await call.press("0")
    assert "位置保留" not in words(await call.press("9"))
    assert call.state == "waiting", "and stays in the queue"


@pytest.mark.parametrize("digits", ["1" * 1000, "#", "*", "00", "9"])
async def test_odd_keys(once: Line, digits: str) -> None:
    call = once.carrier.call(RESIDENT)
    await call.answer()
    await call.press(digits)
    assert call.state in ("listening", "waiting", "ended")


async def test_a_call_in_the_middle_of_everything(once: Line) -> None:
    """Steps that come late, for calls that nobody knows, after the end."""
    call = once.carrier.call(RESIDENT)
    await call.answer()
    await call.speak("太极拳班在哪里上课")
    late = await once.carrier.post(
        f"{once.carrier.url}/channels/voice/heard?n=1", {**call._form(), "SpeechResult": "太极拳班在哪里上课"}
    )
    assert "请按它的数字" in "".join(late.itertext())
    unknown = await once.carrier.post(
        f"{once.carrier.url}/channels/voice/heard?n=7", {**call._form(), "CallSid": "CA" + "0" * 32, "Digits": "3"}
    )
    assert unknown.find("Gather") is not None
    await call.hang_up()
    after = await once.carrier.post(f"{once.carrier.url}/channels/voice/heard?n=2", {**call._form(), "Digits": "1"})
    assert [each.tag for each in after] == ["Hangup"]
    await once.carrier.post(f"{once.carrier.url}/channels/voice/status", {**call._form(), "CallStatus": "completed"})


async def test_recordings_from_elsewhere_are_never_fetched(once: Line) -> None:
    call = once.carrier.call(RESIDENT)
    await call.answer()
    await call.press("0")
    [row] = await once.app.tickets.in_state("waiting")
    form = {
        **call._form(),
        "RecordingSid": "RE1",
        "RecordingUrl": "http://127.0.0.1:9/x",
        "RecordingStatus": "completed",
    }
    for _ in range(2):
        await once.carrier.post(f"{once.carrier.url}/channels/voice/recording?ref={row.ref}", form)
    opened = await once.app.tickets.show(row.ref)
    assert len([each for each in opened.events if each.kind == "noted"]) == 1
    assert "没有取到" in str(opened.events[-2].data)


async def test_recording_only_after_the_notice_and_of_those_who_agree(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for refuses, number in ((False, RESIDENT), (True, OTHER)):
        async with line(config, monkeypatch, record=True) as running:
            seat = await Desk(running.app).person("seat", phone=SEAT)
            call = running.carrier.call(number)
            assert words(await call.answer()).startswith("为保证服务质量")
            if refuses:
                await call.press("7")
            await call.press("0")
            ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
            await seat.post(f"/tickets/{ref}/take")
            await running.seats.connect()
            ring = running.carrier.ringing[-1]
            await ring.answer()
            document = await running.carrier.post(
                ring.gather.get("action", "") if ring.gather is not None else "", {**ring._form(), "Digits": "1"}
            )
            dial = document.find("Dial")
            assert dial is not None
            assert ("record" in dial.attrib) == (not refuses)


async def test_nobody_is_told_that_nobody_is_before_him(once: Line) -> None:
    call = once.carrier.call(RESIDENT)
    await call.answer()
    told = words(await call.press("0"))
    assert "排在第一位" in told
    assert "没有坐席在线" in told
    assert not any(wrong in told for wrong in ("还有0位", "还有零位", "马上来", "接上"))
