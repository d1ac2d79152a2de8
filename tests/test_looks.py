"""What seats are shown of residents' words: numbers masked, and every look that is not at one's own written down."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.messages import Message, Numbered, Reply
from daoxue.app import App
from desk.feed import FeedPage
from desk.looks import AGAIN, Glances, Looks, Stand
from desk.masking import mask, mask_said
from desk.search import NUMBERS
from store import conversations, tickets
from store.ticket_events import TicketTagged
from store.transaction import Transaction
from tests.desk_client import Desk, Person
from tests.talk import Resident

SECRET = "我下个月离婚，打13912345678"


@pytest.mark.parametrize(("said", "shown"), [
    ("打13912345678", "打139****5678"), ("139 1234 5678", "139****5678"), ("１３９１２３４５６７８", "139****5678"), ("幺三九一二三四五六七八", "139****5678"),
    ("139-1234-5678或者0551-62001234", "139****5678或者0551****"), ("+8613912345678", "+86139****5678"), ("8613912345678", "139****5678"),
    ("+85212345678", "+852****5678"), ("请打62345678找我", "请打6234****找我"), ("电话６２００１２３４", "电话6200****"), ("打6234567", "打623****"),
    ("one three nine, one two three four 5678", "139****5678"), ("工资4000-5000", "工资4000-5000"), ("one or two three", "one or two three"),
    ("400-123-4567", "400-123-4567"), ("工单1126-84614，2026年12月8日", "工单1126-84614，2026年12月8日"),
])  # fmt: skip
def test_numbers_that_reach_somebody_are_masked_however_they_are_written(said: str, shown: str) -> None:
    assert mask(said, theirs=True) == shown


def test_an_office_of_ours_is_shown() -> None:
    said = Message(reply=Reply(text="学院电话0551-62001234"))
    assert mask_said(Numbered(seq=1, author="bot", message=said, at=1)).endswith("0551-62001234")
    assert mask_said(Numbered(seq=1, author="resident", message=said, at=1)).endswith("0551****")


async def looks(app: App, who: Person) -> list[tuple[str, str]]:
    """What is written down of somebody's looks: at what, and of which tickets."""
    auditor = await Desk(app).person("auditor")
    lines = (await auditor.get("/audit?most=500"))["lines"]
    return [
        (each["subject"], each["detail"])
        for each in lines
        if each["actor"] == who.name and each["action"] == "ticket.read"
    ]


async def heard(app: App, page: FeedPage) -> list[dict[str, Any]]:
    await app.desk.feed.look()
    return [json.loads(page.frames.get_nowait()) for _ in range(page.frames.qsize())]


async def a_ticket(app: App, resident: Resident, seat: Person) -> str:
    ref = (await resident.receipt("转人工")).ticket
    assert ref
    await seat.post(f"/tickets/{ref}/take")
    await resident.say(SECRET)
    return ref


async def test_a_page_hears_the_words_of_its_own_tickets_alone(app: App) -> None:
    desk = Desk(app)
    wang, li = await desk.person(), await desk.person()
    pages = {who.name: FeedPage(who.name) for who in (wang, li)}
    for page in pages.values():
        await app.desk.feed.join(page, None)
    ref = await a_ticket(app, Resident(app), wang)
    await wang.post(f"/tickets/{ref}/note", {"text": "他很难过，我来", "mentions": []})
    owner, other = str(await heard(app, pages[wang.name])), str(await heard(app, pages[li.name]))
    assert "离婚" in owner
    assert "他很难过" in owner
    assert "离婚" not in other
    assert "他很难过" not in other
    assert ref in other, "that something happened is told all the same"
    again = FeedPage(li.name)
    await app.desk.feed.join(again, 0)
    assert "离婚" not in str(await heard(app, again)), "nor what was said before"


async def test_a_page_that_has_it_open_hears_it(app: App) -> None:
    desk, resident = Desk(app), Resident(app)
    ref = await a_ticket(app, resident, await desk.person())
    page = FeedPage("li", watching=ref)
    await app.desk.feed.join(page, None)
    await resident.say("还有一件事")
    assert "还有一件事" in str(await heard(app, page))


async def told(app: App) -> list[tuple[set[str], set[str]]]:
    """What is written down of what pages were told without asking: of which tickets, to whom."""
    auditor = await Desk(app).person("auditor")
    lines = (await auditor.get("/audit"))["lines"]
    found = [each for each in lines if each["action"] == "ticket.told"]
    return [(set(each["subject"].split()), set(each["detail"].split())) for each in reversed(found)]


async def test_whose_words_pages_hear_unasked_is_written_down_once(either_app: App) -> None:
    app = either_app
    desk, resident = Desk(app), Resident(app)
    wang, li = await desk.person(), await desk.person()
    pages = [FeedPage(wang.name), FeedPage(li.name), FeedPage(li.name)]
    for page in pages:
        await app.desk.feed.join(page, None)
    assert await told(app) == []
    ref = (await resident.receipt("转人工，我妈住院了")).ticket
    assert ref
    assert "住院" in str(await heard(app, pages[0]))
    assert await told(app) == [({ref}, {wang.name, li.name})]
    await resident.say("住在三楼")
    assert "住院" in str((await heard(app, pages[1]))[-1])
    assert len(await told(app)) == 1, "once a day"
    zhao = await desk.person("supervisor")
    late = FeedPage(zhao.name)
    await app.desk.feed.join(late, 0)
    assert "住院" in str(await heard(app, late)), "what was said before it came, too"
    assert (await told(app))[1:] == [({ref}, {zhao.name})]
    await wang.post(f"/tickets/{ref}/take")
    await resident.say("是我妈")
    assert "是我妈" not in str(await heard(app, late))
    assert len(await told(app)) == 2


async def test_a_page_that_keeps_a_ticket_open_when_it_is_somebody_else_s_is_written_down(app: App) -> None:
    desk, resident = Desk(app), Resident(app)
    wang, boss = await desk.person(), await desk.person("supervisor")
    ref = await a_ticket(app, resident, wang)
    page = FeedPage(wang.name, watching=ref)
    await app.desk.feed.join(page, None)
    await boss.post(f"/tickets/{ref}/take-over")
    await resident.say("还在三楼")
    assert "还在三楼" in str(await heard(app, page))
    assert await told(app) == [({ref}, {wang.name})]


async def test_nothing_is_told_that_could_not_be_written_down(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    li = await Desk(app).person()
    page = FeedPage(li.name)
    await app.desk.feed.join(page, None)
    await heard(app, page)
    await Resident(app).receipt("转人工，我妈住院了")

    def full(*_: object) -> None:
        raise OSError("full")

    with monkeypatch.context() as on_disk:
        on_disk.setattr(conversations, "audited", full)
        with pytest.raises(OSError, match="full"):
            await app.desk.feed.look()
    assert page.frames.empty()
    assert "住院" in str(await heard(app, page)), "the next round tells it"
    assert len(await told(app)) == 1


async def test_another_day_is_another_line(app: App) -> None:
    now, midnight = [0.0], 16 * 3600  # where it is eight hours later
    looks = Looks(app.database, ZoneInfo("Asia/Shanghai"), lambda: now[0])
    for at, lines in ((midnight - 2, 1), (midnight - 1, 1), (midnight, 2), (midnight + 1, 2)):
        now[0] = at
        await looks.about_to({"1126-00001": {"li"}})
        assert len(await told(app)) == lines, at
    await looks.about_to({"1126-00001": {"li", "wang"}, "1126-00002": {"wang"}, "1126-00003": {"li"}})
    assert (await told(app))[2:] == [({"1126-00001", "1126-00002"}, {"wang"}), ({"1126-00003"}, {"li"})]


async def test_who_is_complained_of_reads_nothing_of_it(app: App) -> None:
    """Neither on the complaint nor on the ticket before it, which came of the same talk."""
    desk, resident = Desk(app), Resident(app)
    wang, li = await desk.person(), await desk.person()
    mine = await a_ticket(app, resident, wang)
    await wang.post(f"/tickets/{mine}/close", {"result": "answered"})
    pages = {who.name: FeedPage(who.name) for who in (wang, li)}
    for page in pages.values():
        await app.desk.feed.join(page, None)
    receipt = await resident.receipt("我要投诉刚才的坐席，他骂人")
    complaint = receipt.ticket
    assert complaint not in (None, mine)
    await app.desk.search.index([receipt.conversation])
    assert "骂人" not in str(await heard(app, pages[wang.name]))
    assert "骂人" in str(await heard(app, pages[li.name]))
    assert await told(app) == [({complaint}, {li.name})]
    for ref in (complaint, mine):
        for path in ("", "/messages", "/suggestions", "/files", "/learner"):
            assert (await wang.ask("GET", f"/tickets/{ref}{path}")).status_code == 404, path
            await li.get(f"/tickets/{ref}{path}")
        await wang.post(f"/tickets/{ref}/reveal", {"reason": "要回电话"}, expect=404)
    await wang.post(f"/tickets/{complaint}/note", {"text": "不是这样的"}, expect=404)
    await wang.put(f"/tickets/{complaint}/tags", {"tags": ["恶意投诉"]}, expect=404)
    assert (await wang.get("/search?q=骂人"))["found"] == []
    assert len((await li.get("/search?q=骂人"))["found"]) == 1
    assert "骂人" not in str(await wang.get("/tickets?state=waiting"))
    assert "骂人" in str(await li.get("/tickets?state=waiting"))


async def test_a_look_at_another_talk_of_the_same_person_names_what_came_of_it(app: App) -> None:
    desk = Desk(app)
    wang, li = await desk.person(), await desk.person()
    phone, page = Resident(app, "sms"), Resident(app)
    for each in (phone, page):
        await each.prove()
    theirs = await a_ticket(app, phone, li)
    await li.post(f"/tickets/{theirs}/close", {"result": "answered"})
    mine = await a_ticket(app, page, wang)

    async def lines() -> list[tuple[str, str]]:
        found = (await (await desk.person("auditor")).get("/audit"))["lines"]
        return [(each["subject"], each["detail"]) for each in found if each["action"] == "resident.elsewhere"]

    assert await lines() == []
    [talk] = (await wang.get(f"/tickets/{mine}"))["elsewhere"]
    assert await lines() == [(mine, f"sms {theirs}")]
    assert "离婚" in str(await wang.get(f"/tickets/{mine}/messages?talk={talk['talk']}"))
    assert len(await lines()) == 2, "asked for without having opened it"


async def test_what_else_waits_of_the_same_resident_is_written_down(app: App) -> None:
    desk = Desk(app)
    wang, li = await desk.person(), await desk.person()
    phone, page = Resident(app, "sms"), Resident(app)
    for each in (phone, page):
        await each.prove()
    ref = await a_ticket(app, phone, li)
    complaint = (await page.receipt("我要投诉")).ticket
    assert complaint not in (None, ref)
    [other] = (await wang.get(f"/tickets/{ref}"))["others"]
    assert (other["ref"], bool(other["about"])) == (complaint, True)
    assert (ref, complaint) in await looks(app, wang)
    await li.get(f"/tickets/{ref}")
    assert await looks(app, li) == [(ref, complaint)], "to who has the first, too"


async def test_lists_hold_no_words_of_what_colleagues_have(app: App) -> None:
    desk = Desk(app)
    wang, li, boss = await desk.person(), await desk.person(), await desk.person("supervisor")
    ref = await a_ticket(app, Resident(app), wang)
    [mine] = (await wang.get("/tickets?state=open"))["tickets"]
    assert "离婚" in mine["last"]
    for who in (li, boss):
        [theirs] = (await who.get("/tickets?state=open"))["tickets"]
        assert (theirs["ref"], theirs["last"], theirs["about"]) == (ref, "", "")
    assert "离婚" not in str(await boss.get("/board"))
    assert await looks(app, li) == []


async def test_what_is_shown_of_others_is_written_down(app: App) -> None:
    desk, resident = Desk(app), Resident(app)
    wang, li = await desk.person(), await desk.person()
    ref = await a_ticket(app, resident, wang)
    await app.desk.search.index([(await resident.receipt("在吗")).conversation])
    waiting = (await Resident(app).receipt("转人工，我妈住院了")).ticket
    [found] = (await li.get("/search?q=离婚"))["found"]
    assert "离婚" in found["snippet"]
    assert await looks(app, li) == [("search", ref)]
    await li.get("/tickets?state=waiting")
    assert (await looks(app, li))[0] == ("waiting", waiting)
    await li.get(f"/tickets/{ref}/suggestions")
    assert (await looks(app, li))[0] == (ref, "")
    await wang.get("/search?q=离婚")
    assert await looks(app, wang) == [], "one's own are one's own"


async def test_a_list_that_is_loaded_again_names_what_is_new_in_it(either_app: App) -> None:
    app = either_app
    li, wang, first = await Desk(app).person(), await Desk(app).person(), Resident(app)
    ref = (await first.receipt("转人工，我妈住院了")).ticket
    for _ in range(3):
        await li.get("/tickets?state=waiting")
    assert await looks(app, li) == [("waiting", ref)]
    other = (await Resident(app).receipt("转人工")).ticket
    await li.get("/tickets?state=waiting")
    assert await looks(app, li) == [("waiting", other), ("waiting", ref)]
    await first.say("住在三楼")
    await li.get("/tickets?state=waiting")
    assert (await looks(app, li))[0] == ("waiting", ref), "what it says now was not shown before"
    await wang.get("/tickets?state=waiting")
    [(where, refs)] = await looks(app, wang)
    assert (where, set(refs.split())) == ("waiting", {ref, other}), "another seat has looked at nothing yet"


def test_after_some_minutes_the_same_list_is_a_look_again() -> None:
    glances, stand = Glances(), {"1126-00001": Stand(1, 1)}
    assert glances.new("li", "waiting", stand, 5) == ["1126-00001"], "until it is written down"
    glances.written("li", "waiting", stand, 5)
    assert glances.new("li", "waiting", stand, 5 + AGAIN - 1) == []
    assert glances.new("li", "waiting", stand, 5 + AGAIN) == ["1126-00001"]
    assert glances.new("li", "closed", stand, 6) == ["1126-00001"]


async def test_what_stands_beside_the_words_is_masked_too(app: App) -> None:
    """Tags, and what a reviewer notes; what staff write for the audit is kept so."""
    desk, resident, number = Desk(app), Resident(app), "139 1234 5678"
    wang, li, boss = await desk.person(), await desk.person(), await desk.person("supervisor")
    ref = await a_ticket(app, resident, wang)
    [shown] = (await wang.put(f"/tickets/{ref}/tags", {"tags": [f"家属{number}"]}))["ticket"]["tags"]
    assert shown == "家属139****5678"

    def as_before(transaction: Transaction) -> None:
        row = tickets.get(transaction, ref)
        assert row is not None
        tickets.record(transaction, row, TicketTagged((f"旧的{number}",)), wang.name, 1)

    await app.database.write(as_before)
    page = FeedPage(li.name)
    await app.desk.feed.join(page, 0)
    assert "旧的139****5678" in str(await heard(app, page)), "as older programs kept them"
    await wang.post(f"/tickets/{ref}/reveal", {"reason": f"要打{number}"})
    await wang.post(f"/tickets/{ref}/close", {"result": "answered"})
    await boss.post(f"/tickets/{ref}/review", {"scores": {"polite": 5}, "note": f"打了{number}"})
    [judged] = (await boss.get("/reviews"))["reviews"]
    assert judged["note"] == "打了139****5678"
    for each in (await (await desk.person("auditor")).get("/audit"))["lines"]:
        assert "1234" not in each["detail"]


async def test_a_mask_is_not_undone_by_searching(app: App) -> None:
    """Neither digit by digit, nor by trying whole numbers."""
    desk, resident = Desk(app), Resident(app)
    wang = await desk.person()
    await a_ticket(app, resident, wang)
    await app.desk.search.index([(await resident.receipt("在吗")).conversation])
    for part in ("1234", "13912", "12345678", "3912345678", "139123", "13912345678"):
        assert (await wang.get(f"/search?q={part}"))["found"] == [], part
    assert (await wang.get("/search?q=5678"))["found"], "what is seen is found"
    answers = [await wang.ask("GET", f"/search?q=1391{n:03d}5678") for n in range(NUMBERS.most + 1)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "too_often"
    assert 0 < int(answers[-1].headers["retry-after"]) <= NUMBERS.seconds


@pytest.mark.parametrize("number", [
    "139/1234/5678", "139*1234*5678", "139·1234·5678", "139→1234→5678", "139|1234|5678", "139后面是12345678", "139壹贰叁肆伍陆柒捌",
    "l3912345678", "1 3 9 1 2 3 4 5 6 7 8", "+852 9123 5678",
])  # fmt: skip
def test_a_mobile_is_masked_however_its_digits_stand_apart(number: str) -> None:
    for around in ("{}", "打{}找我", "{}，或者138/0000/1111"):
        shown = mask(around.format(number), theirs=True)
        assert "****5678" in shown, shown
        assert "1234" not in shown, shown
        assert "0000" not in shown, shown


def test_what_is_no_number_of_a_person_stays() -> None:
    for said in (
        "20261128",
        "2026年11月28日 15:00到16:30",
        "积分320，学分12",
        "第13课到第24课，共12节",
        "电话0551-6200 1234",
    ):
        assert mask(said) == said
    assert mask("我家电话62001234", theirs=True) == "我家电话6200****"
