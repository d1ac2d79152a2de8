"""Posts in a forum, from the forum's side: what is written, what is answered in the topic, and what goes wrong."""

from collections.abc import AsyncIterator

import pytest

from daoxue.config import Config
from tests.desk_client import Desk
from tests.foruming import Foruming, foruming


@pytest.fixture
async def talk(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Foruming]:
    async with foruming(config, monkeypatch) as connected:
        yield connected


QUESTIONS = ["积分会过期吗", "几点开门", "谢谢", "我要找人工", "我的学分还有多少", "太极拳", "请问你们那个事情怎么弄的", "量子力学考试什么时候", "我要投诉", "想学书法有哪些班", "我不想活了", "帮我报名太极拳"]


async def test_x(talk: Foruming) -> None:
    for q in QUESTIONS:
        _, said = await talk.ask(q)
        print("####", q, "->", said)
