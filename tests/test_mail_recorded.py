"""Mails as the programs and servers of others write them (`recorded/mail`): who has written them, what is new in them, what came
with them; and what becomes of each. Data invented, forms as they are out there."""

from pathlib import Path

import pytest

from integrations.mail import quoting, reading
from integrations.mail.sorting import MailSort, sort
from players.post_office import hand_on
from store import deliveries
from tests.mailing import CENTRE, letter, read
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
    "name_that_should_be_quoted": (ASKED, ()),
}  # fmt: skip
LISTS = ("mailman", "newsletter")
MACHINES = (
    "absent_exchange", "absent_gmail", "absent_qq", "absent_traditional", "read_receipt", "spam_complaint", "delayed_gmail",
)  # fmt: skip
RETURNED = ("postfix", "exchange", "gmail", "qq", "netease", "qmail")


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.eml").read_bytes()


def test_every_one_is_tried() -> None:
    tried = {*PERSONS, *LISTS, *MACHINES, *(f"returned_{each}" for each in RETURNED)}
    assert tried == {each.stem for each in RECORDED.glob("*.eml")}


@pytest.mark.parametrize("name", PERSONS)
def test_what_a_person_has_written_is_read(name: str) -> None:
    mail = reading.read(recorded(name))
    assert sort(mail, {CENTRE}) is MailSort.PERSON
    assert mail.sender.startswith(("guilan", "13900000000@"))
    assert quoting.parted(mail.words).words == PERSONS[name][0]
    assert tuple(each for each, _ in mail.attached) == PERSONS[name][1]


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
