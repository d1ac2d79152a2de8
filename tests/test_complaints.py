"""Of whom of the seats it complains: whatever message says so, whatever else it says, they have nothing to do with it; and what
is no complaint keeps nobody away."""

import json
from functools import partial

import pytest

from daoxue.app import App
from desk.errors import TicketError
from desk.people import Profile
from desk.replies import Answer
from store import conversations, people, ticket_lists, tickets
from store.people import PresenceRow
from store.ticket_rows import TicketRow
from store.transaction import Transaction
from tests.talk import Resident, ten_o_clock

AT = int(ten_o_clock() * 1000)
SEATS = {"sun": "孙小梅", "yin": "殷建平（东门）", "chen": "陈志远", "he": "何健"}


@pytest.fixture
async def desk(app: App) -> App:
    for name, shown in SEATS.items():
        await app.desk.people.add(name, "seat", 1, "test", Profile(shown=shown))
        page = PresenceRow(f"page-{name}", name, 1, AT + 10**9)
        await app.database.write(partial(people.come, page=page))
    return app


async def rows(app: App, resident: Resident) -> list[TicketRow]:
    """The tickets of a talk, the newest first."""

    def look(transaction: Transaction) -> list[TicketRow]:
        talk = conversations.find(transaction, resident.channel, resident.address)
        return ticket_lists.of_conversation(transaction, talk.id) if talk else []

    return sorted(await app.database.read(look), key=lambda row: (row.opened_at, row.ref), reverse=True)


async def barred(app: App, resident: Resident) -> set[str]:
    return {name for row in await rows(app, resident) for name in json.loads(row.barred)}


async def talked(app: App, said: str) -> Resident:
    """Who says one after the other what stands between bars."""
    resident = Resident(app)
    for each in said.split("|"):
        await resident.say(each)
    return resident


async def served(app: App, said: str = "转人工", seat: str = "chen") -> tuple[Resident, str]:
    resident = Resident(app)
    ref = str((await resident.receipt(said)).ticket)
    await app.tickets.take(ref, seat, AT)
    await app.tickets.reply(ref, seat, Answer("您好，请说"), AT)
    return resident, ref


@pytest.mark.parametrize("said", [
    # With a danger to life, a fraud or a leak in it
    "我要投诉孙小梅，她骂我，我不想活了", "孙小梅逼我，我想自杀，我要投诉她", "我要投诉孙小梅，我奶奶晕倒了她不管", "我要举报孙小梅，她不让我打120，我爸晕倒了",
    "孙小梅欺负我，我活不下去了，控告她", "孙小梅不退我钱，骗我转账，我要投诉", "孙小梅偷看我的身份信息，我要投诉", "孙小梅骂我|我不想活了，我要投诉她",
    # In a later message, or an earlier one
    "我要投诉|孙小梅", "我要投诉你们工作人员|叫孙小梅", "我要投诉一个坐席|名字是孙小梅", "我要投诉|她说她叫孙小梅", "我要投诉|好像是孙小梅接的", "我想投诉|孙小妹",
    "我要投诉，我不想活了|孙小梅", "孙小梅欺负人|是", "转人工|投诉孙小梅", "孙小梅接的电话|我要投诉她", "昨天是孙小梅|我要投诉这个人",
    "我不想活了|都是孙小梅骂的，我要投诉",
    # In words of all kinds
    "昨天孙小梅接的电话，态度恶劣，投诉", "投诉 孙 小 梅 她骂我", "我要投诉孙晓梅", "投诉孙小眉", "控告孙小梅", "投诉一下孙小梅",
    "我对孙小梅很不满意", "给孙小梅打差评",
    "孙小梅挂我电话，转人工", "孙小梅太过分了，人工", "我要向上级反映孙小梅的问题", "我要自杀了，都怪孙小梅", "孙小梅把我身份证号发到群里了",
    "转人工|别给孙小梅", "转人工|不要孙小梅接", "孙小梅说话太难听", "找你们领导，孙小梅骂我", "我要投诉|除了孙小梅还有谁",
    "我叫孙小梅给骂了，投诉", "投述孙小梅", "孙小梅骂我，转人工", "我要告孙小梅", "我要投诉坐席小孙", "我要投诉姓孙的坐席", "不是殷建平，我要投诉的是孙小梅",
    "殷建平让我投诉孙小梅", "谢谢殷建平，我要投诉孙小梅",
    # Named before, and called 她 then; said to be bad before a person is asked for
    "孙小梅在吗|她上次骂我，我要投诉她", "孙小梅帮我报的名|填错了，我要投诉她", "我找过孙小梅|没用，我要投诉", "刚才和我说话的是孙小梅吧|气死我了，我要投诉",
    "孙小梅让我白跑两趟|转人工", "孙小梅这种人也坐窗口|转人工", "我不要孙小梅接，换别人，转人工",
    # Of money, and beside what would be refused
    "孙小梅让我把验证码告诉她，我要举报", "孙小梅问我要银行卡密码", "孙小梅收了我妈三百块没开收据|转人工", "帮我查学分，还有我要投诉孙小梅",
    # In letters, by the given name
    # Behind a thing that is only where they sit, or behind a word that is no time
    "我要投诉后台客服孙小梅", "我要投诉后面那个坐席，孙小梅", "投诉后门那个窗口的孙小梅", "我要投诉平台的客服，就是孙小梅", "我要投诉网站客服，孙小梅",
    "我要投诉系统里那个坐席，叫孙小梅", "我要投诉电脑班那个坐席，孙小梅", "我要举报网站回我话的那位，孙小梅",
    # In a question that is none, by a title, by 她 alone
    "孙小梅骂人，你们管不管", "孙小梅凭什么吼人", "书法班几点上课，孙小梅答得乱七八糟还嫌我烦，我不满意", "孙小梅怠慢老人，请严肃处理", "孙、小、梅，我告她",
    "我要投诉孙小姐", "姓孙的那个客服太差了，我要投诉", "小孙服务态度太差，投诉", "孙女士嫌我老，我要投诉", "有个坐席太不像话了|孙小梅|就她",
    "孙小梅接的|然后呢|她叫我滚",
    "sun hang up on me, i want to complain", "i want to complain, sun song was rude", "sun lie to me, i want to complain", "sun ban my card, i want to complain",
    "我要投诉那个叫小梅的坐席",
    "有个叫小梅的客服推我，投诉", "我要投诉Sun Xiaomei", "sunxiaomei骂我，投诉", "xiaomei sun was rude, i want to complain", "我要投诉小梅",
])  # fmt: skip
async def test_who_is_complained_of_is_kept_away(said: str, desk: App) -> None:
    resident = await talked(desk, said)
    assert await barred(desk, resident) == {"sun"}
    [row] = await rows(desk, resident)
    with pytest.raises(TicketError):
        await desk.tickets.take(row.ref, "sun", AT)
    assert "孙" not in str(await desk.database.read(lambda t: ticket_lists.complained_of_in_vain(t, 0)))


@pytest.mark.parametrize(("said", "who"), [
    ("孙小梅和殷建平一起骂我，我要投诉他们", {"sun", "yin"}), ("我要投诉殷健平", {"yin"}), ("我要投诉殷老师，她骂人", {"yin"}), ("投诉小殷", {"yin"}),
    ("我要投诉姓殷的", {"yin"}), ("我要投诉|殷老师", {"yin"}), ("我要投诉|小殷", {"yin"}), ("我要投诉殷建平骗我转账", {"yin"}), ("投诉老殷，他骂我", {"yin"}),
    ("我要投诉孙小梅|还有殷建平", {"sun", "yin"}), ("我要投诉何健", {"he"}),
    ("贺健态度恶劣，我要投诉", {"he"}), ("我要投诉he jian", {"he"}), ("chen zhi yuan骂我，我要投诉", {"chen"}), ("sun ying骂我，我要投诉", set()),
    ("chen do not answer me, i want to complain", {"chen"}), ("he jian shouted at me, i want to complain", {"he"}),
    ("yin jian ping bu li wo, wo yao tousu", {"yin"}),
    ("帮我查学分|孙小梅这种人也坐窗口|殷建平骂我|转人工", {"sun", "yin"}),
])  # fmt: skip
async def test_who_is_meant(said: str, who: set[str], desk: App) -> None:
    assert await barred(desk, await talked(desk, said)) == who


@pytest.mark.parametrize("said", [
    "我要投诉书法课", "我要投诉食堂", "我要投诉书法班的孙老师", "我要投诉何健老师讲课迟到", "我要投诉教太极的何健老师", "谢谢孙小梅，转人工",
    "孙小梅真好，转人工", "孙老师教得好", "找陈老师",
    "我找孙小梅", "转孙小梅", "让孙小梅接电话，转人工", "孙小梅在吗，转人工", "我要投诉食堂，谢谢孙小梅", "孙小梅让我投诉食堂",
    "孙小梅教我怎么投诉食堂", "我要投诉食堂，是孙小梅告诉我打这个电话的",
    "我要投诉|谢谢孙小梅", "我要投诉|孙小梅人很好", "我要投诉|让孙小梅接", "我要投诉|不是孙小梅", "我要投诉|跟孙小梅没关系", "我要投诉|找孙小梅",
    "我要投诉|孙小梅在吗", "我要投诉|孙小梅几点上班",
    "我要投诉书法课|换孙小梅来处理", "我要投诉书法课|是教书法的孙老师", "我不是要投诉孙小梅，转人工", "没打算投诉孙小梅，转人工", "怎么投诉",
    "我要投诉，小殷考班太吵", "我的小孙子被骂了，我要投诉",
    "我要投诉你们高校老师", "投诉孙晓阳", "孙小梅是我邻居，转人工", "我要投诉李老师", "我要投诉陈列室太脏", "我要投诉门卫老孙头", "我要投诉食堂的小孙",
    "我没投诉孙小梅啊，转人工", "投诉电话是多少，孙小梅说有的", "我对孙小梅很满意", "给孙小梅打五星", "我要表扬孙小梅，转人工", "孙小梅帮我报的名，我要投诉书法课",
    "不要骂孙小梅，转人工", "孙小梅说得对，我要投诉食堂", "殷建平讲得真好，我要投诉食堂", "孙小梅态度很好，转人工", "孙小梅服务态度好，给个好评",
    "我要投诉太极班|孙小梅您好", "我要投诉太极班|联系孙小梅", "我要投诉太极班|我叫孙小梅", "我要投诉太极班|本人孙小梅", "我是孙小梅，我要投诉太极班",
    "我姓殷，我要投诉太极班", "我是殷建平的妈妈，我要投诉太极班", "为什么要投诉孙小梅", "我要投诉舞蹈班殷老师",
    "孙小梅几点上班", "孙小梅骂人吗", "孙小梅没骂我，转人工",
    "我上次投诉后，孙小梅很快就回我了", "我想投诉物业，孙小梅说你们管，对吗", "谁说孙小梅态度不好", "孙小梅态度怎么样", "孙小梅让我别把验证码告诉别人，转人工",
    "孙小梅在吗|食堂阿姨骂我，我要投诉她", "李小梅骂我，我要投诉", "他不合群，我要投诉",
    # A child's name, a learner's
    "小梅不想学了，我要投诉老师", "我要投诉叫小梅的学员", "小梅被同学欺负了，我要投诉学校", "我邻居叫小梅，老骂人",
    # Who was praised, or has done what there was to do
    "我找过孙小梅，她特别好|我要投诉", "殷建平接的电话，特别耐心|我要投诉", "我找过殷建平，人不错|我要投诉", "我昨天投诉完，殷建平马上给我打了电话，表扬他",
    "孙小梅上次被投诉的事处理好了吗，其实是误会|转人工", "孙小梅帮我处理了上回对保安的投诉，很满意|转人工", "去年对孙小梅的投诉我撤销，是我弄错了|转人工",
    "孙小梅说的没错，是银行的人态度差|转人工", "投诉后台系统，孙小梅说她修不了", "投诉以后孙小梅就帮我办好了，转人工", "孙小梅让我别生气，转人工",
    "孙小梅骂人吗？|转人工", "帮我查学分|孙小梅是不是骂过人？|转人工", "xu sun na was rude, i want to complain",
    "不要找孙小梅麻烦，转人工", "孙小梅素质真高", "孙小梅误了班车",
    "我以前投诉过孙小梅，那事早了了，今天想谢谢她", "我投诉过孙小梅，后来没事了，转人工", "我要投诉物业，邻居也姓殷", "姓殷的保安骂我，我要投诉",
    "我老婆叫孙小梅，我要投诉食堂", "投诉太极班，我女婿姓殷",
])  # fmt: skip
async def test_what_is_no_complaint_of_a_seat(said: str, desk: App) -> None:
    assert await barred(desk, await talked(desk, said)) == set()


@pytest.mark.parametrize("said", [
    "我要投诉这个坐席", "投诉坐席", "我要投诉 你", "我對你嘅態度要投訴", "你这个服务态度我要投诉到底", "我要反映刚才和我说话的坐席骂人", "我要投数你",
    "我要投诉你这个坐席", "我要告你",
    "你态度太差了，我要投诉", "我要投诉这位客服", "我要投诉跟我说话的坐席", "你们这个坐席骂人，我要投诉这个人", "我要投诉|就是你",
    "我要投诉|投诉的就是你", "我要投诉|陈志远",
    "我要投诉你们这个态度", "把你工号给我，我要投诉", "我要投诉接待我的人", "给你差评", "我对你很不满意", "我要反映你的问题", "我要投诉人工",
    "这个坐席骂人，我要投诉",
    # Without an object
    "我要投诉", "太极班几点上课|投诉！", "换个人，我要投诉", "你凭什么骂人，我要投诉", "我受够了，要举报", "一问三不知，我要投诉", "tousu ni", "wo yao tousu",
    "i would like to make a complaint", "再不处理我就投诉了", "刚才的人敷衍我，我要投诉", "刚才跟我说话的人骂我，我要投诉他", "你说话太难听了|我要投诉",
    # Who is accused without a word of a complaint; another asked for, or the boss
    "你态度太差", "你骂我", "你太过分了", "你凭什么吼我", "您怎么能说我老年痴呆呢", "你是不是收了人家好处，故意不给我报名", "你泄露我的隐私", "你凭啥挂我电话",
    "有你这样上班的吗", "你这样的也配坐这儿？", "你算什么东西", "我不满意你的服务，另外太极班几号开课", "我对侬有意见", "陈志远，你这个人不行，我要找你领导",
    "找你领导来", "给我换一个人", "叫你们头儿来", "我要跟主任讲", "请你们经理来接", "跟你讲了三遍了还听不懂，换个人来", "i need to speak to your supervisor",
    "You are so rude, I want your manager", "我要投诉侬", "我要投宿你", "我要头诉你这种态度",
    "你好|我要投诉", "书法班还有名额吗|没法跟你说，我要投诉", "忍无可忍了，我要举报", "you are useless, i want to file a complaint", "你们这服务态度，我要投诉",
    "投诉你", "你再骂我，我投诉你", "你骗我转账，我要投诉你",
])  # fmt: skip
async def test_who_hears_it_of_themselves_has_it_no_more(said: str, desk: App) -> None:
    resident, ref = await served(desk)
    await talked_on(resident, said)
    [row] = await rows(desk, resident)
    assert (row.state, row.owner, row.barred) == ("waiting", None, '["chen"]')
    await desk.tickets.take(ref, "yin", AT)


async def talked_on(resident: Resident, said: str) -> None:
    for each in said.split("|"):
        await resident.say(each)


@pytest.mark.parametrize("said", [
    "你好，我要投诉食堂，态度太差", "你能帮我投诉食堂吗", "你们食堂的服务我要投诉", "陈老师，我要投诉食堂", "我要投诉你们中心",
    "你听我说，食堂态度差，我要投诉", "我要投诉食堂|是你们食堂",
    "我要投诉人工智能班", "这个班的老师骂人，我要投诉", "这个食堂的人骂人，我要投诉", "我要反映一个问题", "你叫什么名字，我要投诉食堂",
    "我要给你们点赞", "这个坐席真好，我要投诉食堂",
    "楼上装修太吵，我要投诉", "食堂阿姨凶我，我要投诉她", "我投诉过", "我的投诉呢", "我要撤销投诉", "网站打不开，投诉", "老师总迟到，投诉", "陈志远态度怎么样",
    "谁说陈志远骂人了", "i want to complain about the canteen",
    # Something else, whatever is bad of it, and whenever it was told
    "课太差，我要投诉", "饭不好，我要投诉", "车太慢了，我要投诉", "经理骂我，我要投诉", "我妈被骂了，我要投诉", "食堂饭里哪来的虫子，我要投诉",
    "医院多少人等着没人管，我要投诉",
    "地铁几个人打我，我要投诉", "我要投诉，电梯怎么报修三天没人来", "楼道里灯坏了，我想投诉", "菜市场卖鱼的缺斤短两，我要举报", "隔壁放音乐太吵，我要投诉他们",
    "厕所没纸，我要投诉",
    "the food is terrible, i want to complain", "there are rats in your building, i want to complain", "the bus driver was rude, i want to complain",
    "孩子在班上被老师打了|我要投诉", "食堂菜里有虫|我要投诉", "我反映食堂的事|他们不理，我要投诉", "教室空调坏了三天|我要投诉", "学校门口的小贩骂人|投诉",
    # You, and nothing bad of it
    "你慢点说，我耳朵不好", "你看人家态度多差，我说的是银行", "要是有人投诉你，我给你作证", "别人说你态度差，我觉得挺好", "你说的对，是我态度不好",
    "你怎么不说话了", "换个时间行吗",
    "我跟领导说过了，他同意我报名", "我要找张主任报到", "我想换个班",
    "谢谢你，我不投诉了", "怎么投诉坐席", "客服热线怎么投诉", "我要投诉客服电话打不通",
])  # fmt: skip
async def test_who_hears_of_something_else_goes_on(said: str, desk: App) -> None:
    resident, _ = await served(desk)
    await talked_on(resident, said)
    [row] = await rows(desk, resident)
    assert (row.owner, row.barred) == ("chen", "[]")


@pytest.mark.parametrize(("before", "later", "who"), [
    ("孙小梅骂我|转人工", "我要投诉", {"sun"}), ("我要投诉孙小梅", "我要投诉", {"sun"}), ("我要投诉食堂，菜里有虫", "投诉", set()),
    ("我要投诉快递", "再不处理我要投诉了", set()),
    ("食堂菜里有虫|转人工", "我要投诉", set()), ("我要投诉孙小梅", "叫你们领导来", {"sun"}),
])  # fmt: skip
async def test_a_complaint_that_is_open_is_not_of_who_has_it(before: str, later: str, who: set[str], desk: App) -> None:
    resident = await talked(desk, before)
    [row] = await rows(desk, resident)
    await desk.tickets.take(row.ref, "chen", AT)
    await desk.tickets.reply(row.ref, "chen", Answer("您好，请说"), AT)
    await resident.say(later)
    assert await barred(desk, resident) == who


@pytest.mark.parametrize("said", ["你好，我想投诉", "我要投诉", "换个人来"])
async def test_who_has_said_nothing_yet_is_not_complained_of(said: str, desk: App) -> None:
    resident = Resident(desk)
    ref = str((await resident.receipt("转人工")).ticket)
    await desk.tickets.take(ref, "chen", AT)
    await resident.say(said)
    assert await barred(desk, resident) == set()
    await resident.say("我要投诉你")
    assert await barred(desk, resident) == {"chen"}


async def test_what_was_said_of_somebody_long_ago_keeps_nobody_away(desk: App) -> None:
    resident = await talked(desk, "帮我查学分|孙小梅这种人也坐窗口")
    for said in ("书法班有吗", "转人工"):
        resident.wait(20)
        await resident.say(said)
    assert await barred(desk, resident) == set()


@pytest.mark.parametrize("said", ["我要投诉上一个坐席，他骂我", "我要投诉之前那个坐席", "前面那个客服骂人，我要投诉"])
async def test_who_had_it_before_is_not_who_hears_it(said: str, desk: App) -> None:
    resident, ref = await served(desk)
    await desk.tickets.take(ref, "yin", AT, over=True)
    await resident.say(said)
    [row] = await rows(desk, resident)
    assert (row.owner, row.barred) == ("yin", '["chen"]')


@pytest.mark.parametrize("said", ["投述刚才接我的人", "你们给我处理投诉啊", "转人工，我要投诉", "转人工，投诉小陈"])
async def test_after_the_end_it_is_another_s(said: str, desk: App) -> None:
    resident, ref = await served(desk)
    await desk.tickets.close(ref, "chen", "answered", AT)
    await resident.say(said)
    assert await barred(desk, resident) == {"chen"}
    assert len(await rows(desk, resident)) == 2


@pytest.mark.parametrize(
    "said", ["我要投诉你，态度太差", "陈志远我要投诉你", "我要投诉|就是你", "你凶我，我不想活了，我要投诉你"]
)
async def test_a_danger_stays_with_who_has_it_and_goes_to_another_then(said: str, desk: App) -> None:
    resident, ref = await served(desk, "我不想活了")
    for each in said.split("|"):
        assert await resident.say(each) == ""
    [row] = await rows(desk, resident)
    assert (row.owner, row.barred) == ("chen", '["chen"]')
    await desk.tickets.close(ref, "chen", "answered", AT)
    assert "chen" not in await able(desk, ref)
    await resident.say("你们给我处理投诉啊")
    for later in await rows(desk, resident):
        with pytest.raises(TicketError):
            await desk.tickets.take(later.ref, "chen", AT)


async def able(app: App, ref: str) -> set[str]:
    """Who may read it."""
    row = await app.database.read(lambda t: tickets.get(t, ref))
    assert row
    of_whom = await app.database.read(lambda t: ticket_lists.complained_of(t, row.conversation))
    return {*SEATS} - of_whom


@pytest.mark.parametrize("said", ["孙小梅骂我，我要投诉孙小梅", "孙小梅骂我", "我要投诉，我不想活了|孙小梅"])
async def test_a_colleague_of_whom_it_complains_is_kept_from_a_danger_that_another_has(said: str, desk: App) -> None:
    resident, _ = await served(desk, "我爸晕倒了")
    await talked_on(resident, said)
    [row] = await rows(desk, resident)
    assert (row.owner, row.barred) == ("chen", '["sun"]')
