"""Mails as the programs and servers of others write them (`recorded/mail`): who has written them, what is new in them, what came
with them; and what becomes of each. Data invented, forms as they are out there."""

from pathlib import Path

import pytest

from integrations.mail import quoting, reading
from integrations.mail.sorting import MailSort, sort
from players.post_office import hand_on
from store import deliveries
from tests.mailing import CENTRE, letter, read, words
from tests.test_mail import Mailing, mailing  # noqa: F401

RECORDED = Path(__file__).parent / "recorded" / "mail"
ASKED = "积分会过期吗？"
PERSONS = {  # what they say, and what came with it
    "qq": (ASKED, ()), "qq_new": (ASKED, ()), "qq_new_html": (ASKED, ()), "netease_web": (ASKED, ()), "netease_master": (ASKED, ()),
    "netease_master_en": (ASKED, ()), "netease_master_html": (ASKED, ()), "foxmail": (ASKED, ()), "outlook_html": (ASKED, ()),
    "outlook_phone": (ASKED, ()), "aliyun": (ASKED, ()), "mobile_139": (ASKED, ()), "gmail": (ASKED, ()), "apple_mail": (ASKED, ()),
    "iphone_photo": (ASKED, ("IMG_0417.jpeg",)), "outlook_screenshot": (f"{ASKED}见下图。", ("image001.png",)),
    "thunderbird_flowed": ("我母亲去年在这里上过书法班，她的积分到今年年底会过期吗？", ()), "amazon_workmail": (ASKED, ()),
    "our_own_group": (ASKED, ()), "answers_an_absence": (ASKED, ()), "asks_about_absences": (ASKED, ()),
    "name_that_should_be_quoted": (ASKED, ()), "smime_signed": (ASKED, ("smime.p7s",)), "pgp_inline": (ASKED, ()),
    "pgp_signed": (ASKED, ("OpenPGP_signature.asc",)), "invitation_outlook": (ASKED, ("invite.ics",)),
    "invitation_gmail": (ASKED, ("invite.ics", "invite.ics")), "winmail": (ASKED, ("winmail.dat",)),
    "names_in_pieces": (ASKED, ("二〇二六年秋季书法班报名材料汇总（朱镕老师）.pdf",) * 2), "words_broken_in_themselves": (ASKED, ()),
    "gb18030_called_gb2312": ("我妈妈叫喆囍，住在㵲阳镇，她的积分会过期吗？", ()),
}  # fmt: skip
SEALED = ("smime_closed", "pgp_closed", "pgp_inline_closed")  # for who has a key, which we have not
LISTS = ("mailman", "newsletter", "google_group")
MACHINES = (
    "absent_exchange", "absent_gmail", "absent_qq", "absent_traditional", "read_receipt", "spam_complaint", "delayed_gmail",
    "accepted_outlook", "accepted_gmail",
)  # fmt: skip
RETURNED = ("postfix", "exchange", "gmail", "qq", "netease", "qmail", "exim", "sendmail")


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.eml").read_bytes()


def test_every_one_is_tried() -> None:
    tried = {*PERSONS, *SEALED, *LISTS, *MACHINES, *(f"returned_{each}" for each in RETURNED)}
    assert tried == {each.stem for each in RECORDED.glob("*.eml")}


@pytest.mark.parametrize("name", PERSONS)
def test_what_a_person_has_written_is_read(name: str) -> None:
    mail = reading.read(recorded(name))
    assert sort(mail, {CENTRE}) is MailSort.PERSON
    assert mail.sender.startswith(("guilan", "13900000000@"))
    assert quoting.parted(mail.words).words == PERSONS[name][0]
    assert tuple(each for each, _ in mail.attached) == PERSONS[name][1]


@pytest.mark.parametrize("name", SEALED)
async def test_what_we_have_no_key_for_is_said_so_and_a_persons(name: str, mailing: Mailing) -> None:  # noqa: F811
    mail = reading.read(recorded(name))
    assert (mail.words, mail.odd) == ("", reading.SEALED)
    await hand_on(mailing.at, CENTRE, recorded(name))
    await mailing.leave()
    [got] = mailing.office.boxes[mail.sender]
    assert "没有全部收下" in words(got)
    assert "工单号" in words(got)


@pytest.mark.parametrize(
    ("name", "subject"),
    [("gb18030_called_gb2312", "喆囍的积分"), ("words_broken_in_themselves", "书法班的积分会过期吗")],
)
def test_subjects_are_read_wherever_their_lines_are_broken(name: str, subject: str) -> None:
    assert reading.read(recorded(name)).subject == subject


@pytest.mark.parametrize("name", [*LISTS, *MACHINES])
def test_no_machine_is_taken_for_a_person(name: str) -> None:
    assert sort(reading.read(recorded(name)), {CENTRE}) is not MailSort.PERSON


async def test_each_person_is_answered_once_and_no_machine(mailing: Mailing) -> None:  # noqa: F811
    for name in (*PERSONS, *LISTS, *MACHINES):
        raw, boxes = recorded(name), mailing.office.boxes
        sender, before = reading.read(raw).sender, sum(map(len, boxes.values()))
        theirs = len(boxes[sender])
        for _ in range(2):
            await hand_on(mailing.at, CENTRE, raw)
            await mailing.leave()
        answered = len(boxes[sender]) - theirs, sum(map(len, boxes.values())) - before
        assert answered == (name in PERSONS, name in PERSONS), name


@pytest.mark.parametrize("server", RETURNED)
async def test_what_came_back_is_known_for_what_it_is(server: str, mailing: Mailing) -> None:  # noqa: F811
    to = "wang@home.test"
    [got] = await mailing.bring(letter("转人工"))
    ours = str(read(got)["Message-ID"])

    def back(name: str) -> bytes:
        return recorded(name).replace(b"{ours}", ours.encode()).replace(b"{to}", to.encode())

    for name in ("delayed_gmail", "spam_complaint"):
        await mailing.bring(back(name))
    assert not await mailing.app.database.read(lambda t: deliveries.is_lost(t, "mail", to))
    await mailing.bring(back(f"returned_{server}"))
    assert (await mailing.talk())[-1][1].startswith("【系统退信】我们的邮件没有送到")
    assert await mailing.app.database.read(lambda t: deliveries.is_lost(t, "mail", to))
    assert len(mailing.office.boxes[to]) == 1, "nothing answers it"


async def test_the_rate_is_whose_the_address_is(mailing: Mailing) -> None:  # noqa: F811
    """A machine that writes each mail from another of its addresses (ticket+17@) ends as well."""
    for number in range(30):
        await mailing.bring(letter(f"第{number}封：积分会过期吗？", sender=f"ticket+{number}@shop.test"))
    sent = sum(len(box) for address, box in mailing.office.boxes.items() if address.startswith("ticket+"))
    assert sent < 30
