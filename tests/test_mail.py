"""E-mail: what comes in and goes out, over real SMTP and LMTP on loopback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest
from msgspec.structs import replace

from accounts import limits
from daoxue import check
from daoxue.app import App, compose
from daoxue.chat import Talk
from daoxue.config import Config
from integrations.mail import sending
from integrations.mail.channel import MailChannel
from integrations.mail.post import MAIL
from integrations.mail.settings import CHANNEL, MailSettings, SmtpSettings
from players.post_office import PostOffice, ReturnedError, hand_on
from store import conversations, deliveries, queue
from store.transaction import Transaction
from tests.desk_client import Desk
from tests.mailing import CENTRE, letter, letterbox, on_mail, read, report, words

WANG = "wang@home.test"


@dataclass
class Mailing:
    app: App
    office: PostOffice
    at: str

    async def bring(self, raw: bytes) -> list[bytes]:
        """What has come back to its writer by then."""
        await hand_on(self.at, CENTRE, raw)
        await self.leave()
        return self.office.boxes[str(read(raw)["From"].addresses[0].addr_spec)]

    async def leave(self) -> None:
        outlet = self.app.channels[MAIL.name].outlet
        assert isinstance(outlet, MailChannel)
        await asyncio.gather(*outlet.under_way)
        while await self.app.queue.work():
            pass

    async def talk(self, address: str = WANG) -> list[tuple[str, str]]:
        """Who said what."""
        found = await self.app.database.read(lambda t: conversations.find(t, CHANNEL, address))
        if found is None:
            return []
        rows = await self.app.database.read(lambda t: conversations.messages(t, found.id, 1, 1 << 30))
        return [(each.author, msgspec.json.decode(each.body)["reply"]["text"]) for each in rows]


@pytest.fixture
async def mailing(config: Config) -> AsyncIterator[Mailing]:
    office, at = PostOffice(), letterbox()
    port = await office.open()
    app = await compose(on_mail(config, at, port, receiver="mx.centre.test"))
    opened = app.channels[MAIL.name]
    for each in opened.work:
        await each.work()
    yield Mailing(app, office, at)
    await opened.close()
    await office.close()
    app.database.close()


async def test_a_mail_is_answered_in_one_piece_in_its_thread(mailing: Mailing) -> None:
    asked = letter("您好，\n1. 积分会过期吗？\n2. 书法班什么时候开课？\n3. 我要找工作人员。\n谢谢！", "有几件事")
    [got] = await mailing.bring(asked)
    said, answer = words(got), read(got)
    [_, ref] = str(answer["Subject"]).rstrip("]").split("[")
    assert str(answer["Subject"]) == f"Re: 有几件事 [{ref}]"
    places = [
        said.index(each)
        for each in (
            "您好", "您问了3件事", "1. 积分会过期吗", "两年", "（出处：《云溪区积分兑换办法", "2. 书法班什么时候开课", "书法晚间班", "3. 我要找工作人员",
            f"第3件由工作人员接着办，工单号 {ref}", "直接回复这封邮件", "云溪区社区教育学院",
        )
    ]  # fmt: skip
    assert places == sorted(places), "greeting, each question with its answer, what goes to a person, how to go on"
    assert answer["In-Reply-To"] == answer["References"] == read(asked)["Message-ID"]
    assert answer["Auto-Submitted"] == "auto-replied"


async def test_a_mail_begins_as_the_centre_greets(mailing: Mailing) -> None:
    editor = await Desk(mailing.app).person("editor")
    own = {"kind": "centre", "texts": {"zh": {"greeting.mail": "{bot}向您问好："}}}
    assert (await editor.ask("PUT", "/catalogue/centre/centre", own)).status_code == 200
    [got] = await mailing.bring(letter("积分会过期吗？", "积分"))
    assert words(got).startswith("智能助手向您问好：")


async def test_who_mails_a_card_is_not_told_to_send_it_once_more(mailing: Mailing) -> None:
    [got] = await mailing.bring(letter("620801839197"))
    assert "没有保存。这里核验不了身份" in words(got)
    assert "620801839197" not in str(await mailing.talk())


async def test_a_subject_that_names_something_belongs_to_the_first_question(mailing: Mailing) -> None:
    [got] = await mailing.bring(letter("什么时候开课？停车收费吗？", "书法班"))
    assert "1. 书法班 什么时候开课？\n有 3 个班" in words(got)


async def test_a_seat_goes_on_in_the_thread_that_was_written_in_last(mailing: Mailing) -> None:
    await mailing.bring(letter("转人工", "书法班"))
    ref = str(read(mailing.office.boxes[WANG][0])["Subject"])[-11:-1]
    first = str(read(mailing.office.boxes[WANG][0])["Message-ID"])
    desk = Desk(mailing.app)
    seat = await desk.person()
    await seat.post(f"/tickets/{ref}/take")
    again = letter("是周三的那个", f"回复：Re: 书法班 [{ref}]", In_Reply_To=first, References=f"<0@home.test> {first}")
    await mailing.bring(again)
    await seat.post(f"/tickets/{ref}/messages", {"id": "m1", "text": "有名额，请带身份证来。"})
    sent = await seat.client.post(
        f"/api/tickets/{ref}/files", data={"id": "f1"}, files={"file": ("路线.txt", "地图".encode())}
    )
    assert sent.status_code == 200, sent.text
    await mailing.leave()
    answer, file = (read(each) for each in mailing.office.boxes[WANG][-2:])
    assert str(answer["Subject"]) == f"Re: 书法班 [{ref}]", "the reference once, and one Re"
    own = str(read(again)["Message-ID"])
    assert answer["In-Reply-To"] == own
    assert str(answer["References"]).split() == ["<0@home.test>", first, own]
    assert answer["Auto-Submitted"] is None, "a person has written it"
    assert [(each.get_filename(), each.get_content()) for each in file.iter_attachments()] == [("路线.txt", "地图")]


async def test_what_the_seat_sees_of_a_mail(mailing: Mailing) -> None:
    raw = letter(
        '书法班还有名额吗？转人工\n\n此致\n敬礼\n王桂兰\n\n在 2026-11-20 10:00:00，"中心" <study@centre.test> 写道：\n> 旧的',
        "报名 13812345678",
        Authentication_Results='mx.centre.test; spf=pass smtp.mailfrom="dkim=pass"@home.test (dkim=pass); dkim=fail header.d=home.test',
    )
    written = read(raw)
    written.add_attachment(b"%PDF" * 5000, maintype="application", subtype="pdf", filename="报名表.pdf")
    await mailing.bring(written.as_bytes())
    seat = await Desk(mailing.app).person()
    [listed] = (await seat.get("/tickets?state=waiting"))["tickets"]
    first = (await seat.get(f"/tickets/{listed['ref']}"))["messages"][0]
    assert "旧的" not in first["text"]
    assert "敬礼" not in first["text"]
    [card] = first["cards"]
    assert card["title"] == "报名 138****5678"
    assert card["lines"] == [
        "发信核验：SPF 通过、DKIM 不通过（home.test）（只供参考，不能证明是谁）",
        "附件：报名表.pdf（19 KB）",
        "落款：此致 敬礼 王桂兰",
        "引用了以前的邮件 2 行，没有显示",
    ]


async def test_the_same_mail_is_answered_once(mailing: Mailing) -> None:
    raw = letter("积分会过期吗？学费多少？")
    assert len(await mailing.bring(raw)) == len(await mailing.bring(raw)) == 1
    assert [author for author, _ in await mailing.talk()].count("resident") == 2


async def test_a_lost_answer_of_the_server_sends_the_same_mail_again(mailing: Mailing) -> None:
    mailing.office.faults = ["lose"]
    [first] = await mailing.bring(letter("积分会过期吗？"))
    await _all_due(mailing)
    [_, again] = mailing.office.boxes[WANG]
    assert read(first)["Message-ID"] == read(again)["Message-ID"]


async def test_what_a_server_does_not_want_now_leaves_later(mailing: Mailing) -> None:
    mailing.office.faults = ["451 4.7.1 Greylisted", "421 4.3.2 Too busy"]
    assert await mailing.bring(letter("积分会过期吗？")) == []
    for _ in range(2):
        await _all_due(mailing)
    assert len(mailing.office.boxes[WANG]) == 1
    assert (await mailing.app.channels[MAIL.name].health(0)).alarm is None


async def test_a_server_that_is_away_costs_no_attempt_and_is_told_of(mailing: Mailing) -> None:
    await mailing.office.close()
    await mailing.bring(letter("积分会过期吗？"))
    for _ in range(12):
        await _all_due(mailing)
    [due] = await mailing.app.database.read(lambda t: queue.of_lane(t, CHANNEL, 9))
    assert (due.state, due.attempts) == ("due", 0)
    assert "no answer" in ((await mailing.app.channels[MAIL.name].health(0)).alarm or "")


async def test_a_server_that_never_answers_costs_no_attempt_either(
    mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ALL_WITHIN", 0.2)
    mailing.office.faults = ["hang"]
    await mailing.bring(letter("积分会过期吗？"))
    [due] = await mailing.app.database.read(lambda t: queue.of_lane(t, CHANNEL, 9))
    assert (due.state, due.attempts) == ("due", 0)
    await _all_due(mailing)
    assert len(mailing.office.boxes[WANG]) == 1


async def test_who_is_not_there_gets_nothing_more_until_they_write(mailing: Mailing) -> None:
    mailing.office.known = {"somebody@else.test"}
    await mailing.bring(letter("积分会过期吗？"))
    [row] = await mailing.app.database.read(lambda t: queue.given_up(t, 9))
    assert row.outcome == "nobody is reached there"
    mailing.office.known = set()
    assert len(await mailing.bring(letter("学费多少？"))) == 1


async def _all_due(mailing: Mailing) -> None:
    """As if the time had come for what waits."""
    database = mailing.app.database

    def bring_forward(transaction: Transaction) -> None:
        for row in queue.of_lane(transaction, CHANNEL, 99):
            queue.put_back(transaction, msgspec.structs.replace(row, due_at=0))

    await database.write(bring_forward)
    await mailing.leave()


MACHINES: list[dict[str, str]] = [
    {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "Auto-Generated; x=y"}, {"Precedence": "bulk"}, {"Precedence": "auto_reply"},
    {"List_Id": "<news.home.test>"}, {"X_Autoreply": "yes"},
    {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"}, {"Return_Path": "<>"}, {"subject": "自动回复: 您好"},
    {"subject": "Automatic reply: x"}, {"sender": "no-reply@shop.test"}, {"sender": "MAILER-DAEMON@home.test"}, {"sender": CENTRE},
    {"sender": CENTRE.upper()},
]  # fmt: skip


async def test_machines_lists_and_ourselves_are_not_answered(mailing: Mailing) -> None:
    for given in MACHINES:
        await mailing.bring(letter("积分会过期吗？", **given))
        assert not any(mailing.office.boxes.values()), given
    assert await mailing.talk() == []


async def test_what_nobody_has_sent_is_not_answered(mailing: Mailing) -> None:
    await hand_on(mailing.at, CENTRE, letter("积分会过期吗？"), "")
    await mailing.leave()
    assert not any(mailing.office.boxes.values())


async def test_a_seat_sees_that_somebody_is_away_and_that_a_mail_came_back(mailing: Mailing) -> None:
    [got] = await mailing.bring(letter("转人工"))
    await mailing.bring(letter("我在休假，下周回来。", "自动回复: 转人工", Auto_Submitted="auto-replied"))
    await hand_on(mailing.at, CENTRE, report(got.replace(b"centre.test>", b"forged.test>"), "failed", "5.1.1"), "")
    await hand_on(mailing.at, CENTRE, report(got, "delayed", "4.4.1"), "")
    await hand_on(mailing.at, CENTRE, report(got, "failed", "5.1.1"), "")
    said = [text for author, text in await mailing.talk() if author == "resident"]
    assert said == ["转人工", "【自动回复】我在休假，下周回来。", "【系统退信】我们的邮件没有送到（5.1.1）"]
    assert len(mailing.office.boxes[WANG]) == 1, "none of it was answered"
    assert await mailing.app.database.read(lambda t: deliveries.is_lost(t, CHANNEL, WANG)), "nothing more is sent there"


async def test_the_returned_mail_of_a_chinese_provider_is_one(mailing: Mailing) -> None:
    [got] = await mailing.bring(letter("积分会过期吗？"))
    back = letter(f"很抱歉，您的邮件被退回。\n{got.decode()}", "系统退信/The email is returned", "PostMaster@qq.com")
    await mailing.bring(back)
    assert (await mailing.talk())[-1] == ("resident", "【系统退信】我们的邮件没有送到")


async def test_who_writes_without_end_gets_a_person_once_and_then_silence(mailing: Mailing) -> None:
    for number in range(limits.MAILS.most + 5):
        await mailing.bring(letter(f"第{number}封：积分会过期吗？"))
    box = mailing.office.boxes[WANG]
    assert len(box) == limits.MAILS.most + 1
    assert "工单号" in words(box[-1])
    assert "120" in words((await mailing.bring(letter("我妈晕倒了，没有呼吸了")))[-1]), "a life does not wait"


async def test_many_that_come_at_once_are_answered_as_many_that_come_one_by_one(mailing: Mailing) -> None:
    together = [letter(f"第{number}封：积分会过期吗？") for number in range(limits.MAILS.most * 3)]
    await asyncio.gather(*(hand_on(mailing.at, CENTRE, each) for each in together))
    await mailing.leave()
    box = [words(each) for each in mailing.office.boxes[WANG]]
    assert len(box) == limits.MAILS.most + 1
    assert ["工单号" in each for each in box] == [False] * limits.MAILS.most + [True]


async def test_what_is_not_for_us_is_refused_and_many_recipients_come_one_by_one(mailing: Mailing) -> None:
    with pytest.raises(ReturnedError, match=r"550 5\.1\.1"):
        await hand_on(mailing.at, "else@centre.test", letter("您好"))
    with pytest.raises(ReturnedError, match=r"550 5\.6\.0"):
        await hand_on(mailing.at, CENTRE, letter("您好", From="undisclosed"))
    reader, writer = await asyncio.open_unix_connection(mailing.at)
    writer.write(b"LHLO x\r\nMAIL FROM:<a@b.test>\r\n" + f"RCPT TO:<{CENTRE}>\r\n".encode() * 300)
    writer.write_eof()
    said = (await reader.read()).decode().splitlines()
    assert sum(line.startswith("250 2.1.5") for line in said) == 1
    assert any(line.startswith("452 4.5.3") for line in said)
    writer.close()


async def test_nothing_is_acknowledged_that_is_not_committed(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = mailing.app.inbox.receive, [RuntimeError("disk"), RuntimeError("disk")]

    async def receive(said: object) -> object:
        if failures:
            raise failures.pop()
        return await real(said)  # type: ignore[arg-type]

    monkeypatch.setattr(mailing.app.inbox, "receive", receive)
    assert len(await mailing.bring(letter("积分会过期吗？"))) == 1
    assert failures == []


async def test_a_subject_with_a_danger_is_read(mailing: Mailing) -> None:
    [got] = await mailing.bring(letter("我想问两件事。积分会过期吗？学费多少？", "我不想活了"))
    assert "12356" in words(got)


async def test_what_is_only_attached_is_for_a_person(mailing: Mailing) -> None:
    written = read(letter("", "咨询"))
    written.make_mixed()
    written.add_attachment(b"x" * 3000, maintype="image", subtype="jpeg", filename="照片.jpg")
    [got] = await mailing.bring(written.as_bytes())
    assert "工单号" in words(got)
    assert (await mailing.talk())[0] == ("resident", "[附件] 照片.jpg（2 KB）")


async def test_english_is_answered_in_english(mailing: Mailing) -> None:
    [got] = await mailing.bring(
        letter("Dear Sir,\n\nDo credits expire? Where is the centre?\n\nBest regards,\nAnn", "Hello")
    )
    assert words(got).startswith("Dear resident")
    assert "You asked 2 things" in words(got)


def test_the_check_names_what_mail_lacks(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)
    bare = replace(config, channels=config.channels.having(MailSettings(enabled=True, smtp=SmtpSettings(user="x"))))
    named = [each.split(" ")[0] for each in check.problems(bare)]
    assert named == ["channels.mail:", "channels.mail.address:", "channels.mail.smtp.host:", "channels.mail.imap.host"]
    assert check.problems(on_mail(config, "/run/x.sock", 1)) == []


async def test_it_is_talked_to_in_the_terminal_without_being_switched_on(app: App) -> None:
    receipt = await Talk(app).say("积分会过期吗", CHANNEL)
    [said] = MAIL.render([each.message.reply for each in receipt.answers])
    assert said.endswith("（出处：《云溪区积分兑换办法（2026版）》）")


async def test_a_bomb_is_answered_once_with_a_word_and_seen_by_a_person(mailing: Mailing) -> None:
    nested = "".join(f"Content-Type: multipart/mixed; boundary={n}\n\n--{n}\n" for n in range(500))
    bomb = f"From: {WANG}\nSubject: 报名\nMessage-ID: <b@home.test>\n{nested}".encode()
    await mailing.bring(bomb)
    [got] = await mailing.bring(bomb)
    assert "没有全部收下" in words(got)
    seat = await Desk(mailing.app).person()
    [listed] = (await seat.get("/tickets?state=waiting"))["tickets"]
    [card] = (await seat.get(f"/tickets/{listed['ref']}"))["messages"][0]["cards"]
    assert card["lines"] == ["邮件结构异常，没有看正文"]


async def test_what_is_too_large_is_refused_while_others_are_served(mailing: Mailing) -> None:
    large = letter("x" * 50_000_000)
    refusing = asyncio.create_task(hand_on(mailing.at, CENTRE, large))
    assert len(await mailing.bring(letter("积分会过期吗？"))) == 1
    with pytest.raises(ReturnedError, match="552"):
        await refusing


async def test_who_does_not_let_us_in_is_told_of_and_nothing_is_lost(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "wrong")
    office, at = PostOffice("study", "secret"), letterbox()
    port = await office.open()
    own = on_mail(config, at, port, "study")
    for password, got in (("wrong", 0), ("secret", 1)):
        monkeypatch.setenv("MAIL_PASSWORD", password)
        app = await compose(own)
        mailing = Mailing(app, office, at)
        if not got:
            await app.channels[MAIL.name].work[0].work()
            await mailing.bring(letter("积分会过期吗？"))
        await _all_due(mailing)
        alarm = (await app.channels[MAIL.name].health(0)).alarm
        assert (len(office.boxes[WANG]), alarm is None) == (got, bool(got))
        await app.channels[MAIL.name].close()
        app.database.close()
    await office.close()
