"""What is asked for stands on no record: that is said, with whom to ring, and no other answer and no choice in its place."""

import pytest

from bot import unheld
from daoxue.app import App
from tests.talk import Resident


async def said(app: App, *lines: str) -> tuple[str, list[str]]:
    """The last answer and what is offered with it."""
    resident = Resident(app, "webchat")
    for line in lines:
        receipt = await app.inbox.receive(resident.message(line))
    replies = [each.message.reply for each in receipt.answers]
    return "\n".join(each.text for each in replies), [each.label for reply in replies for each in reply.options]


@pytest.mark.parametrize(
    "text",
    [
        "刺绣的绷子是什么材质", "这门课的黑板几寸", "教师休息室能坐几个人", "面粉是国产的还是进口的", "白鹭老师哪个大学毕业",
        "前年一共毕业了几个班，有没有", "及格率高不高", "礼堂的灯修好了没", "这学期合唱排哪支曲子", "门口那家药房几点开",
    ],
)  # fmt: skip
def test_what_no_record_holds(text: str) -> None:
    assert unheld.asks_for(text)


@pytest.mark.parametrize(
    "text",
    [
        "刺绣班是线上的还是线下的", "老师是谁", "书法是上午还是下午", "一个班多少人", "积分什么时候到账", "有什么课", "哪个班便宜",
        "楼下超市的阿姨想学剪纸", "住在医院对面，哪个学校近", "隔壁银行旁边那个站点开门吗", "以前有人替我报过班，现在怎么查", "去年有人来教养蜂，今年还来吗",
        "现在报古筝的有几个人", "剪纸班现在空位多少", "二胡是坐着拉还是站着拉", "通知是寄来还是自己拿", "教室里有没有投影仪", "上学期的课还有没有录像",
        "歌唱班唱什么", "开放日做什么", "带什么材料", "学费多少", "这个班在几楼", "想学做点心", "放假开门吗", "哪个老师教的",
    ],
)  # fmt: skip
def test_what_a_record_may_hold(text: str) -> None:
    assert not unheld.asks_for(text)


@pytest.mark.parametrize(
    "text",
    [
        "刺绣班的丝线是什么牌子", "中医养生班的老师得过什么奖", "你们的礼堂能坐几个人", "陶艺班那个炉子有多少瓦", "八段锦班以前有没有人中途走过",
        "瑜伽班教室里有没有把杆", "会计班上一届有几个人没及格", "学院的外墙是什么颜色的",
    ],
)  # fmt: skip
async def test_it_is_said_to_be_on_no_record(text: str, app: App) -> None:
    await app.library.all_read()
    words, offered = await said(app, text)
    assert "没有登记" in words
    assert "转人工" in offered or "可以打电话" in words
    assert "您是想问" not in words


@pytest.mark.parametrize("text", ["剪纸班的老师多大年纪了", "教瑜伽的老师结婚了没有"])
async def test_what_a_teacher_is_like_is_nobodys_record(text: str, app: App) -> None:
    await app.library.all_read()
    words, _ = await said(app, text)
    assert "没有登记" in words
    assert "别人的学分" not in words


@pytest.mark.parametrize(
    "text",
    [
        "老师帮我查下张三学历",
        "老师帮我看看王芳多大岁数了",
        "老师帮我查下我前夫结婚没",
        "老师，隔壁老王结婚没有，什么学历",
    ],
)
async def test_a_teacher_who_is_asked_about_somebody_is_not_the_one(text: str, app: App) -> None:
    await app.library.all_read()
    words, _ = await said(app, text)
    assert "都不能查" in words


@pytest.mark.parametrize(
    ("told", "text"), [("积分怎么换", "打官司怎么弄"), ("积分怎么换", "离婚怎么分"), ("学习卡怎么办", "遗产咋分")]
)
async def test_law_is_on_no_record(told: str, text: str, app: App) -> None:
    await app.library.all_read()
    words, _ = await said(app, told, text)
    assert "12348" in words


@pytest.mark.parametrize(
    ("told", "text"), [("积分怎么换", "胃疼怎么办"), ("学习卡怎么办", "血压高咋办"), ("积分怎么换", "睡不着咋整")]
)
async def test_how_one_is_is_no_gap_in_a_record(told: str, text: str, app: App) -> None:
    await app.library.all_read()
    words, _ = await said(app, told, text)
    assert "没有登记" not in words


async def test_what_is_written_is_said_with_it(app: App) -> None:
    await app.library.all_read()
    words, _ = await said(app, "学院停车场礼拜三还有空位吗")
    assert "停车位" in words
    assert "没写到的没有登记" in words


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("楼下超市的老板想学会计",), "会计入门晚间班"), (("现在报国画班的有多少人",), "名额"), (("书法班目前空位多少",), "还有5个名额"),
        (("换书集市做什么",), "带一本书换一本书"), (("学院远不远",), "书院路18号"), (("国画班", "有线下报名点吗"), "怎么报名"),
        (("国画班", "这个不合适怎么退"), "退班"),
    ],
)  # fmt: skip
async def test_what_is_on_record_is_not_denied(lines: tuple[str, ...], expected: str, app: App) -> None:
    await app.library.all_read()
    words, _ = await said(app, *lines)
    assert expected in words
    assert "没有登记" not in words


async def test_a_meal_is_no_ticket_to_it(app: App) -> None:
    words, _ = await said(app, "今天食堂吃什么")
    assert "餐券" not in words
