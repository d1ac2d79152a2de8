"""A place by its kind, of which none is on record, is told from words for any of them."""

import pytest

from daoxue.app import App
from knowledge.called import names_unknown_place


@pytest.mark.parametrize(
    "text", ["海棠街道怎么走", "海棠社区几点开门", "江北校区有太极拳班吗", "城关镇成人学校几点下班", "紫荆社区教学站点有电脑吗"]
)  # fmt: skip
async def test_a_name(text: str, app: App) -> None:
    await app.library.all_read()
    assert names_unknown_place(text, app.library.catalogue)


@pytest.mark.parametrize(
    "text",
    [
        "你们街道有班吗", "附近的站点在哪", "哪个社区有电脑",
        "二胡晚间班（北门街道）几点", "听说社区学校有琴房", "想在社区有个班", "怎么设立教学点", "我们社区有活动吗", "最近的学习点在哪",
        "你们新校区在哪", "各街道有什么班", "怎么搜街道",
    ],
)  # fmt: skip
async def test_no_name(text: str, app: App) -> None:
    await app.library.all_read()
    assert not names_unknown_place(text, app.library.catalogue)
