"""A seat answers a call ticket in a real browser: where the caller is, notes while talking, the list of calls owed."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.worker import Worker
from daoxue.config import Config
from desk.people import Profile
from tests.desk_client import PASSWORD
from tests.telephone import OTHER, RESIDENT, SEAT, Line, line
from tests.test_desk_page import DIST

pytestmark = pytest.mark.skipif(
    not DIST.is_file(), reason="the desk's page is not built: make web/desk/dist/index.html"
)


@pytest.fixture
async def running(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    async with line(config, monkeypatch) as found:
        found.app.watch.start([Worker("feed", "实时", 0.25, found.app.desk.feed.look, found.app.live.watch_tickets())])
        yield found
        await found.app.watch.stop()


async def test_a_seat_at_the_telephone(running: Line, browser: Browser, tmp_path: Path) -> None:
    people = running.app.desk.people
    for name, shown, phone in (("li", "小李", SEAT), ("wang", "老王", SEAT + "2")):
        first = await people.add(name, "seat", 1, "test", Profile(shown, phone=phone))
        await running.app.desk.signing.set_password(name, first, PASSWORD, 1)
    waits = running.carrier.call(OTHER)
    await waits.answer()
    await waits.press("0")
    await waits.press("9")
    page = await (await browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{running.carrier.url}/desk/")
    await page.get_by_label("用户名").fill("li")
    await page.get_by_label("密码").first.fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("tab", name=re.compile("回电")).click()
    await expect(page.get_by_role("listbox")).to_contain_text("前回电")

    call = running.carrier.call(RESIDENT)
    await call.answer()
    await call.speak("书法班学费多少")
    await call.press("0")
    await page.get_by_role("tab", name=re.compile("排队")).click()
    await expect(page.get_by_role("option")).to_have_count(1)  # who is to be rung up does not wait in line
    await page.get_by_role("option").click()
    await expect(page.get_by_text("来电：在线等候")).to_be_visible()
    await page.keyboard.press("t")
    await expect(page.get_by_role("tab", name="回复居民")).to_be_enabled()
    await running.seats.connect()
    ring = running.carrier.ringing[-1]
    await ring.answer()
    await ring.press("1")
    await expect(page.get_by_text("☎ 通话中")).to_be_visible()
    await page.get_by_role("tab", name=re.compile("内部备注")).click()
    await page.get_by_label("备注", exact=True).fill("想报书法班，问能不能减免")
    await page.get_by_role("button", name="记下").click()
    await expect(page.get_by_role("log")).to_contain_text("能不能减免")
    await page.get_by_role("button", name="三方通话").click()
    await page.get_by_role("menuitem", name="老王").click()
    await expect(page.get_by_text("三方通话中")).to_be_visible()
    await running.carrier.settle()
    if folder := os.environ.get("DAOXUE_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / "call.png")
    await call.hang_up()
    await expect(page.get_by_text("写好小结再办结")).to_be_visible()
    assert not [url for url in asked if url.endswith("/reach")], "where the caller is comes by the live feed alone"
