"""A detail of what was just told is looked for in its record; where that does not say it, that is said, and no other subject is
taken for it."""

import pytest

from daoxue.app import App
from tests.talk import Resident


async def said(app: App, *lines: str) -> str:
    await app.library.all_read()
    resident = Resident(app, "webchat")
    for line in lines:
        receipt = await app.inbox.receive(resident.message(line))
    return "\n".join(each.message.reply.text for each in receipt.answers)


@pytest.mark.parametrize(
    ("told", "detail", "words"),
    [
        ("刺绣班在哪", "课本要钱不", "教材由中心免费借用"),
        ("急救班都在哪里上", "发不发书", "教材由中心免费借用"),
        ("家政班怎么报名", "她户口本要不要", "家政服务员班"),
        ("会计班几点", "开课以后还能插进去不", "可以插班"),
        ("保温杯要多少积分", "要不要排队", "没有登记"),
        ("理发券几分换", "剪头发的那个券", "理发券"),
        ("餐券要多少分", "洗衣服的那个券", "洗衣券"),
        ("西山街道学校在哪", "洗手间有没有", "没写到的没有登记"),
        ("临江街道学校有电脑吗", "要先约好不", "先打电话预约"),
        ("积分怎么兑换", "要排队不", "没有登记"),
        ("服务台可以复印吗", "彩印一张几毛", "没写到的没有登记"),
        ("智慧养老的讲座哪天", "谁来主讲", "没写到的没有登记"),
        ("手机摄影班在哪", "学完管不管考试", "结业"),
    ],
)  # fmt: skip
async def test_a_detail(told: str, detail: str, words: str, app: App) -> None:
    assert words in await said(app, told, detail)


async def test_a_school_by_its_whole_name_is_no_open_day_of_schools(app: App) -> None:
    assert "书院路19号" in await said(app, "临江街道社区学校在哪")


async def test_a_time_of_a_class_is_no_detail_that_nobody_holds(app: App) -> None:
    words = await said(app, "二胡有礼拜三晚上的么")
    assert "二胡晚间班" in words
    assert "没有登记" not in words


async def test_what_a_lost_book_costs_is_no_question_of_law(app: App) -> None:
    assert "12348" not in await said(app, "阅览室能借几本书", "弄丢了赔多少")


@pytest.mark.parametrize("said", ["我都六十六了，还收我吗", "我爸83了，还能报名不", "九十岁了，你们让来不"])
async def test_nobody_is_too_old_for_everything(said: str, app: App) -> None:
    told = await Resident(app).say(said)
    assert "没有年龄上限" in told
    assert "学习卡号" not in told
