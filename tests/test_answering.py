"""A ticket that is opened after hours: how the answer is to come is asked once, and it comes so."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.inbox import numbered
from daoxue.app import App, compose
from daoxue.chat import play
from daoxue.config import Config
from desk.hours import DeskSettings
from desk.opening import ERASED
from integrations.gateway_settings import GatewaySettings, TemplateSettings
from integrations.mail.settings import MailSettings, SmtpSettings
from knowledge.catalogue import Opening
from players.post_office import PostOffice
from store import conversations, queue
from store.conversations import ConversationRow
from tests.desk_client import Desk, Person
from tests.mailing import letterbox, on_mail, read, words
from tests.talk import Resident, ten_o_clock

FOLDER = Path(__file__).parent / "conversations" / "closed"
SCRIPTS = {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt"))}
ASKED = "要不要换个方式把答复也告诉您"
PHONE, MAIL = "13812345678", "zhang.san@example.com"


@pytest.fixture
async def closed(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    """A centre with texts and mail whose seats never answer at this time."""
    for name in ("GATEWAY_KEY", "GATEWAY_SECRET"):
        monkeypatch.setenv(name, "x")
    texts = GatewaySettings(
        True,
        "http://127.0.0.1:9",
        "示范",
        (TemplateSettings("SEAT", "坐席回复：{words}"), TemplateSettings("LOOK", "有答复了")),
    )
    mail = MailSettings(
        enabled=True, address="desk@daoxue.test", smtp=SmtpSettings(host="127.0.0.1"), lmtp="127.0.0.1:9"
    )
    own = replace(
        config,
        desk=replace(config.desk, hours=(), always_open=False, recall_seconds=0),
        channels=config.channels.having(texts, mail),
    )
    app = await compose(own)
    yield app
    for each in app.channels.values():
        await each.close()
    app.database.close()


@pytest.fixture
async def seat(closed: App) -> Person:
    return await Desk(closed).person("seat")


async def talk(app: App, channel: str, address: str) -> ConversationRow | None:
    return await app.database.read(lambda t: conversations.find(t, channel, address))


async def said(app: App, channel: str, address: str) -> list[str]:
    row = await talk(app, channel, address)
    if row is None:
        return []
    rows = await app.database.read(lambda t: conversations.messages(t, row.id, 1, row.seq))
    return [numbered(each).message.reply.text for each in rows if each.author == "seat"]


async def ref(app: App, resident: Resident) -> str:
    row = await talk(app, resident.channel, resident.address)
    assert row is not None
    assert row.ticket is not None
    return row.ticket


async def test_the_talks(closed: App, capsys: pytest.CaptureFixture[str]) -> None:
    differ = [await play(closed, path, script, "webchat", ten_o_clock) for path, script in SCRIPTS.items()]
    assert not any(differ), capsys.readouterr().out


async def test_it_is_asked_once_with_the_ways_that_there_are(closed: App) -> None:
    resident = Resident(closed)
    told = await resident.say("转人工")
    assert ASKED in told
    assert told.endswith("打电话给我\n发短信给我\n发邮件给我\n就在这里")
    assert ASKED not in await resident.say("积分会过期吗")
    assert ASKED not in await resident.say("转人工")
    assert ASKED not in await resident.say("我要投诉")


async def test_it_is_not_asked_where_it_is_no_question(closed: App, app: App) -> None:
    assert ASKED not in await Resident(closed, "sms").say("转人工")  # the answer comes there by itself
    assert ASKED not in await Resident(closed).say("有人晕倒了，喘不上气")
    calls = Resident(closed)
    await calls.say("请给我回电话")
    assert ASKED not in await calls.say(PHONE)
    assert ASKED not in await Resident(app).say("转人工")  # by day


@pytest.mark.parametrize(
    "words",
    [
        "不用了",
        "不用，就在这里",
        "没事，不需要",
        "算了",
        "这里就行",
        "没关系，等着就行",
        "不必了谢谢",
        "不需要打电话",
        "别给我打电话",
        "用不着",
        "4",
        "就在这里",
        "网页上回就好",
    ],
)
async def test_no_is_understood_in_any_words(words: str, closed: App) -> None:
    resident = Resident(closed)
    await resident.say("转人工")
    assert "在这里回复您" in await resident.say(words)
    assert await said(closed, "sms", f"+86{PHONE}") == []


@pytest.mark.parametrize(
    "words",
    [
        ("发短信吧", PHONE),
        ("2", PHONE),
        (f"发短信到{PHONE}",),
        ("不要打电话，发短信吧", PHONE),
        ("短信", "010-62345678", PHONE),
        ("sms", PHONE),
    ],
)
async def test_what_the_seat_writes_is_a_text_too(words: tuple[str, ...], closed: App, seat: Person) -> None:
    resident = Resident(closed)
    await resident.say("我的学分不对，转人工")
    for each in words:
        told = await resident.say(each)
    assert "用短信发到 138****5678" in told
    number = await ref(closed, resident)
    shown = await seat.get(f"/tickets/{number}")
    assert shown["resident"]["slots"] == {"answer_by": "sms", "phone": "138****5678"}
    await seat.post(f"/tickets/{number}/take")
    for _ in range(2):  # the same again is the same
        await seat.post(f"/tickets/{number}/messages", {"text": "查过了，已经补上", "id": "a"})
    assert await said(closed, "webchat", resident.address) == ["查过了，已经补上"]
    assert await said(closed, "sms", f"+86{PHONE}") == ["查过了，已经补上"]
    lane = await closed.database.read(lambda t: queue.of_lane(t, "sms", 9))
    assert [row.kind for row in lane] == ["message"]


async def test_mail_in_one_breath_and_in_english(closed: App, seat: Person) -> None:
    resident = Resident(closed)
    assert "Send an e-mail" in await resident.say("I want to talk to a human", lang="en")
    assert "z***@example.com" in await resident.say(f"Please e-mail me at {MAIL}", lang="en")
    number = await ref(closed, resident)
    await seat.post(f"/tickets/{number}/take")
    await seat.post(f"/tickets/{number}/messages", {"text": "All is well", "id": "a"})
    assert await said(closed, "mail", MAIL) == ["All is well"]


async def test_an_address_that_is_none_is_asked_for_again(closed: App) -> None:
    resident = Resident(closed)
    await resident.say("转人工")
    assert "请留一个邮箱" in await resident.say("发邮件给我")
    assert "邮箱好像不对" in await resident.say("我的邮箱是张三@网易")
    assert "z***@example.com" in await resident.say(MAIL)


async def test_a_call_is_owed_as_ever(closed: App, seat: Person) -> None:
    resident = Resident(closed)
    await resident.say("转人工")
    assert "请留一个联系电话" in await resident.say("打电话给我")
    assert "会打 138****5678 给您" in await resident.say(PHONE)
    number = await ref(closed, resident)
    calls = (await seat.get("/tickets?state=callback"))["tickets"]
    assert [each["ref"] for each in calls] == [number]
    await seat.post(f"/tickets/{number}/take")
    await seat.post(f"/tickets/{number}/messages", {"text": "打过您电话了", "id": "a"})
    assert await said(closed, "sms", f"+86{PHONE}") == []


async def test_who_talks_on_in_the_page_is_answered_there(closed: App, seat: Person) -> None:
    resident = Resident(closed)
    await resident.say("转人工")
    await resident.say(f"发短信到{PHONE}")
    await resident.say("我的卡是去年办的")  # still before anybody has answered
    number = await ref(closed, resident)
    await seat.post(f"/tickets/{number}/take")
    await seat.post(f"/tickets/{number}/messages", {"text": "第一条", "id": "a"})
    await resident.say("我回来了")
    await seat.post(f"/tickets/{number}/messages", {"text": "第二条", "id": "b"})
    assert await said(closed, "webchat", resident.address) == ["第一条", "第二条"]
    assert await said(closed, "sms", f"+86{PHONE}") == ["第一条"]


async def test_the_last_word_holds(closed: App, seat: Person) -> None:
    resident = Resident(closed)
    await resident.say("转人工")
    await resident.say(f"发短信到{PHONE}")
    await resident.say("请给我回电话")
    await resident.say(PHONE)
    number = await ref(closed, resident)
    await seat.post(f"/tickets/{number}/take")
    await seat.post(f"/tickets/{number}/messages", {"text": "这就打给您", "id": "a"})
    assert await said(closed, "sms", f"+86{PHONE}") == []


async def answered_and_erased(closed: App, seat: Person, resident: Resident) -> None:
    number = await ref(closed, resident)
    await seat.post(f"/tickets/{number}/take")
    await seat.post(f"/tickets/{number}/messages", {"text": "王芳的学分补上了", "id": "a"})
    await seat.post(f"/tickets/{number}/close", {"result": "answered", "note": ""})
    admin = await Desk(closed).person("administrator")
    await admin.post(f"/residents/{number}/erase", {"why": "own_wish"})


async def test_what_was_carried_is_erased_with_the_rest_and_no_more(closed: App, seat: Person) -> None:
    other = Resident(closed, "sms")  # whoever has that number has a talk of their own
    other.address = f"+86{PHONE}"
    await other.say("积分会过期吗")
    resident = Resident(closed)
    await resident.say("我的学分不对，转人工")
    await resident.say(f"发短信到{PHONE}")
    await answered_and_erased(closed, seat, resident)
    assert await said(closed, "sms", other.address) == [ERASED]
    row = await talk(closed, "sms", other.address)
    assert row is not None
    rows = await closed.database.read(lambda t: conversations.messages(t, row.id, 1, 1))
    assert numbered(rows[0]).message.reply.text == "积分会过期吗"


async def test_a_number_that_was_noted_for_the_answer_alone_is_erased_too(closed: App, seat: Person) -> None:
    resident = Resident(closed)
    await resident.say("转人工")
    await resident.say(f"发短信到{PHONE}")
    await answered_and_erased(closed, seat, resident)
    assert await talk(closed, "sms", f"+86{PHONE}") is None
    assert await closed.database.read(lambda t: queue.of_lane(t, "sms", 9)) == [], "nothing leaves any more"


async def test_a_mail_arrives_with_the_centre_as_its_subject(config: Config) -> None:
    office, at = PostOffice(), letterbox()
    port = await office.open()
    by_day = on_mail(config, at, port, receiver="mx.centre.test")
    app = await compose(replace(by_day, desk=replace(config.desk, hours=(), always_open=False, recall_seconds=0)))
    resident = Resident(app)
    await resident.say("转人工")
    await resident.say(f"发邮件到{MAIL}")
    seat = await Desk(app).person("seat")
    number = await ref(app, resident)
    await seat.post(f"/tickets/{number}/take")
    await seat.post(f"/tickets/{number}/messages", {"text": "已经补上了", "id": "a"})
    while await app.queue.work():
        pass
    (got,) = office.boxes[MAIL]
    assert str(read(got)["Subject"]) == "云溪区社区教育学院"
    assert words(got).startswith("已经补上了\n")
    assert "In-Reply-To" not in read(got)
    for each in app.channels.values():
        await each.close()
    await office.close()
    app.database.close()


async def test_the_seat_sees_when_they_would_like_to_be_rung(closed: App, seat: Person) -> None:
    resident = Resident(closed)
    await resident.say("转人工")
    await resident.say("打电话给我")
    await resident.say(PHONE)
    assert "明天上午十点" in await resident.say("明天上午十点打给我")
    shown = (await seat.get(f"/tickets/{await ref(closed, resident)}"))["resident"]["slots"]
    assert shown["phone"] == "138****5678"
    assert shown["ring_at"].startswith("明天上午十点 · ")
    await resident.say("还是后天下午三点打给我吧")
    shown = (await seat.get(f"/tickets/{await ref(closed, resident)}"))["resident"]["slots"]
    assert shown["ring_at"].startswith("后天下午三点")
    assert shown["phone"] == "138****5678"


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("下周一上午打给我", True), ("下周一打给我", True), ("下周一下午打给我", True), ("下周一上午十点打给我", True),
        ("下周一中午十二点半打给我", False), ("下周一晚上打给我", False), ("下周六上午打给我", False), ("下周一八点打给我", False),
        ("上午或者晚上打给我", True),
    ],
)  # fmt: skip
async def test_seats_are_there_where_any_of_the_time_is_within_their_hours(
    text: str, there: bool, config: Config
) -> None:
    """With a break at noon: neither the first minute of a morning nor twelve o'clock stands for the rest."""
    hours = (Opening((1, 2, 3, 4, 5), "08:30", "12:00"), Opening((1, 2, 3, 4, 5), "13:30", "17:00"))
    app = await compose(replace(config, desk=DeskSettings(hours=hours)))
    resident = Resident(app)
    for each in ("转人工", "打电话给我", PHONE):
        await resident.say(each)
    told = await resident.say(text)
    assert "记下了" in told
    assert ("那时可能没有人在" not in told) is there
    app.database.close()


@pytest.mark.parametrize("text", ["没人给我打电话啊", "电话打过了", "积分会过期吗", "明天学院开门吗", "后天有什么活动"])
async def test_what_tells_of_another_time_is_no_time_to_ring(text: str, closed: App) -> None:
    resident = Resident(closed)
    for each in ("转人工", "打电话给我", PHONE):
        await resident.say(each)
    assert "记下了" not in await resident.say(text)
