"""What concerns residents personally, told as conversations: with a card and a code, and with nothing but questions."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from accounts.identity import SESSION, LockedError
from accounts.learners import check_digit
from accounts.limits import CARDS_FROM
from bot.inbox import Receipt
from bot.messages import Inbound
from daoxue.app import App
from knowledge.catalogue import TrainingClass
from store import conversations, identity
from tests.talk import ten_o_clock

CARD, OTHER_CARD, CHILD, LOST = "620801839197", "620801047296", "620801760005", "620801601621"
MINUTE = 60_000


@dataclass
class Visitor:
    """Somebody at the web chat. `ahead` is how far the clock has moved on (ms)."""

    app: App
    name: str = "visitor-one"
    ahead: int = 0
    heard: list[str] = field(default_factory=list)
    number: int = 0
    last: Receipt | None = None
    channel: str = "webchat"

    async def say(self, text: str) -> str:
        self.number += 1
        said = Inbound(
            channel=self.channel, address=self.name, id=f"m{self.number}", text=text,
            at=int(ten_o_clock() * 1000) + self.ahead,
        )  # fmt: skip
        self.last = await self.app.inbox.receive(said)
        answer = "\n".join(each.message.reply.text for each in self.last.answers)
        labels = [option.label for each in self.last.answers for option in each.message.reply.options]
        self.heard.append(f"{answer}\n{labels}")
        return self.heard[-1]

    async def prove(self, card: str = CARD) -> str:
        """Gives a card and the code that comes to the telephone on file."""
        await self.say(card)
        now = int(ten_o_clock() * 1000) + self.ahead
        [code, *_] = await self.app.identity.codes(now)
        return await self.say(code.code)


@pytest.fixture
def visitor(app: App) -> Visitor:
    return Visitor(app)


def class_with(app: App, fits: Callable[[TrainingClass], bool]) -> TrainingClass:
    return next(each for each in app.library.catalogue.classes.values() if fits(each))


async def test_a_balance_after_a_card_and_a_code(visitor: Visitor) -> None:
    assert "12位学习卡号" in await visitor.say("我有多少学分")
    assert "如信息无误" in await visitor.say("6208 0183 9197")
    [code, *_] = await visitor.app.identity.codes(int(ten_o_clock() * 1000))
    wrong = f"{(int(code.code) + 1) % 1_000_000:06d}"
    assert "验证码不对" in await visitor.say(wrong)
    told = await visitor.say(code.code)
    assert "徐**" in told
    assert "学分 20 分" in told
    assert "徐凤英" not in "".join(visitor.heard)
    assert visitor.last is not None
    kept = str(await visitor.app.database.read(lambda t: conversations.messages(t, visitor.last.conversation, 1, 99)))  # type: ignore[union-attr]
    for secret in (CARD, "6208 0183 9197", code.code, wrong):
        assert secret not in kept, "neither card nor code is kept with what was said"
    assert "防诈骗专题讲座" not in told
    assert "结业" in await visitor.say("看看我的学分明细")
    assert "更多" in visitor.heard[-1]
    assert "更多" in await visitor.say("更多") or "明细" in visitor.heard[-1]


async def test_it_lasts_a_quarter_of_an_hour_on_one_channel(visitor: Visitor) -> None:
    await visitor.say("我有多少学分")
    await visitor.prove()
    assert "徐**" in await visitor.say("我有多少积分")
    visitor.ahead = SESSION + MINUTE
    assert "12位学习卡号" in await visitor.say("我有多少积分")
    visitor.ahead = 0
    other = Visitor(visitor.app, channel="sms")
    assert "徐" not in await other.say("我有多少学分"), "never inherited by another channel"
    third = Visitor(visitor.app, "visitor-two")
    assert "12位学习卡号" in await third.say("我有多少学分")


async def test_a_family_at_one_computer(visitor: Visitor) -> None:
    """One after the other, each for a quarter of an hour; of those at the same time one is asked which."""
    for number, card in enumerate(("620801047296", "620801126488", "620801205670", CARD)):
        visitor.ahead = number * (SESSION + MINUTE)
        await visitor.say("我有多少学分")
        assert "学分 " in await visitor.prove(card)


async def test_every_card_is_answered_alike(visitor: Visitor) -> None:
    """A card that is none, a void one, a child's and a good one: the same words."""
    said = []
    for number, card in enumerate((CARD, "620899999991", CHILD, "620801918389")):
        who = Visitor(visitor.app, f"guesser-{number}")
        await who.say("我有多少学分")
        said.append(await who.say(card))
    good = [each for each in said if "如信息无误" in each]
    assert len(set(good)) == 1
    assert said.count(good[0]) >= 3


async def test_guessing_leads_to_a_person(visitor: Visitor) -> None:
    await visitor.say("我有多少学分")
    await visitor.say(CARD)
    for _ in range(3):
        answer = await visitor.say("000000")
    assert "请工作人员来帮您" in answer
    assert visitor.last is not None
    assert visitor.last.ticket is not None


async def test_cards_are_not_asked_about_by_the_dozen(app: App) -> None:
    """Whoever tries many cards is stopped, may ask for a person, and somebody is told."""
    visitor = Visitor(app)
    for number in range(25):
        await visitor.say("我有多少学分")
        body = f"62080{number:06d}"
        answer = await visitor.say(body + check_digit(body))
        if "试得太多" in answer:
            break
        await visitor.say("取消")
    assert "试得太多" in answer
    assert number == 20
    assert visitor.last is not None
    assert visitor.last.ticket is None, "what a limit refuses fills no queue"
    await visitor.say("人工")
    assert visitor.last.ticket is not None


async def test_one_address_of_the_network_asks_for_so_many_codes(app: App) -> None:
    """New visitors for each card, from one place: it ends all the same."""
    identity, at = app.identity, int(ten_o_clock() * 1000)
    for number in range(CARDS_FROM.most):
        await identity.request_code("webchat", f"visitor-{number}", CARD, at, "203.0.113.7")
    with pytest.raises(LockedError):
        await identity.request_code("webchat", "visitor-new", CARD, at, "203.0.113.7")
    await identity.request_code("webchat", "visitor-new", CARD, at, "203.0.113.8")


async def test_names_that_are_traps_stay_names(visitor: Visitor) -> None:
    for text in (
        "'; DROP TABLE learner; --",
        "{learner.card}",
        "%s%s%s",
        "<script>alert(1)</script>",
        "620801839197 OR 1=1",
    ):
        await visitor.say("我有多少学分")
        answer = await visitor.say(text)
        assert "学分 " not in answer
        await visitor.say("取消")
    await visitor.say("我有多少学分")
    assert "徐**" in await visitor.prove()


async def test_what_was_attended_and_is_missing_goes_with_the_ticket(visitor: Visitor) -> None:
    assert "请工作人员按签到" in await visitor.say("上个月听的课，学分怎么还没到账？")
    await visitor.say("我有多少学分")
    await visitor.prove()
    assert "防诈骗专题讲座" in await visitor.say("上个月听的课，学分怎么还没到账？")
    answer = await visitor.say("请人工核对")
    assert "存进工单" in answer
    assert visitor.last is not None
    assert visitor.last.ticket is not None
    opened = await visitor.app.tickets.show(visitor.last.ticket)
    assert "防诈骗专题讲座" in opened.handover.summary
    assert "徐**" in opened.handover.slots["learner"]
    [(extract, _)] = await visitor.app.accounts.disputes.of(visitor.last.ticket)
    assert extract.credits == 200


async def test_enrolling_waiting_and_leaving(visitor: Visitor) -> None:
    group = class_with(visitor.app, lambda each: each.places > 3 and not each.fee and each.course == "calligraphy")
    await visitor.say("我要报书法班")
    await visitor.say(group.name)
    assert "给我报名" in visitor.heard[-1]
    await visitor.say("给我报名")
    assert "要给徐**报名" in await visitor.prove()
    told = await visitor.say("是的")
    assert f"报上{group.name}了" in told
    assert "已录取" in await visitor.say("我报的班录取了没有")
    places = visitor.app.accounts.enrolments.seen[group.id]
    assert places.taken == group.enrolled + 1
    await visitor.say("书法班还有名额吗")
    assert f"还有 {group.places - 1} 个名额" in visitor.heard[-1]
    await visitor.say("我要退班")
    await visitor.say("核验后退班")
    assert "要给徐**退掉" in visitor.heard[-1]
    assert "已经退出" in await visitor.say("是")
    assert visitor.app.accounts.enrolments.seen[group.id].taken == group.enrolled


async def test_whoever_is_in_four_classes_can_leave_each(visitor: Visitor) -> None:
    known = visitor.app.library.catalogue.classes
    groups = [known[id] for id in ("calligraphy-1", "painting-1", "paper-cut-1", "photo-phone-1")]
    for group in groups:
        await visitor.say(f"我要报{group.name}")
        await visitor.say("给我报名")
        if group is groups[0]:
            await visitor.prove()
        assert "报上" in await visitor.say("是的")
    await visitor.say("我要退班")
    which = await visitor.say("核验后退班")
    assert all(group.name in which for group in groups)
    assert f"退掉{groups[0].name}" in await visitor.say("4")  # the last comes first


async def test_a_full_class_gives_a_number(visitor: Visitor) -> None:
    group = class_with(visitor.app, lambda each: each.places == 0)
    await visitor.say(f"{group.name}还有名额吗")
    assert "给我候补" in visitor.heard[-1]
    await visitor.say("给我候补")
    await visitor.prove()
    told = await visitor.say("好的")
    assert f"候补第 {group.waiting + 1} 位" in told
    assert f"候补第 {group.waiting + 1} 位" in await visitor.say("我排在第几位")


async def test_no_is_no(visitor: Visitor) -> None:
    await visitor.say("我要报书法班")
    await visitor.say("1")
    await visitor.say("给我报名")
    await visitor.prove()
    await visitor.say("不是")
    assert "没有报名或候补" in await visitor.say("我报的班录取了没有")


async def test_notices_stop_with_a_word(visitor: Visitor) -> None:
    await visitor.say("退订通知")
    assert "不再发提醒" in await visitor.prove()
    assert "都会发给您" in await visitor.say("订阅通知")
    assert "今年学习" in await visitor.say("查我的学习记录")
    assert "还没有兑换过" in await visitor.say("我的兑换订单到哪了")


async def test_a_text_stops_them_without_any_proof(app: App) -> None:
    """The word comes from the telephone that they go to; it stops them for whoever has it on file."""
    who = Visitor(app, "+8613800001370", channel="sms")
    assert "不再发提醒" in await who.say("退订通知")
    learner = (await app.identity.on_phone("13800001370"))[0]
    assert await app.database.read(lambda t: identity.last_word(t, "learner", str(learner), "class")) is False


async def test_nobody_may_ask_for_somebody_else(visitor: Visitor) -> None:
    await visitor.say("我有多少学分")
    await visitor.prove()
    said = [await visitor.say("帮我查一下13800001000这个人有多少学分"), await visitor.say("查一下张桂兰有多少学分")]
    for each in said:
        assert "学分 " not in each


async def test_a_card_is_taken_whenever_it_comes(visitor: Visitor) -> None:
    await visitor.say("我有多少积分")
    assert "需要时再说卡号" in await visitor.say("好嘞")
    assert "卡号" not in await visitor.say("积分会过期吗")
    assert "积分" in await visitor.prove()


async def test_what_answers_nothing_twice_calls_nobody(visitor: Visitor) -> None:
    await visitor.say("我有多少积分")
    await visitor.say("我在工地呢")
    assert "转人工" in await visitor.say("唉，真累")
    await visitor.say("今天好热")
    assert visitor.last is not None
    assert visitor.last.ticket is None
    assert visitor.last.state.tasks == []
    assert "积分" in await visitor.prove()
