"""The counter and the announcements in a real browser."""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.service import Service
from tests.test_desk_page import DIST, accessible, enter, everything, service
from tests.test_mine import CARD

__all__ = ["service"]
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not DIST.is_file(), reason="the desk's page is not built: make web/desk/dist/index.html"),
]


async def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("DAOXUE_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def test_points_become_a_thing_at_the_counter(service: Service, one_browser: Browser) -> None:
    page = await enter(one_browser, service, "li")
    await page.get_by_role("link", name="服务台").click()
    await page.get_by_label(re.compile("学习卡号")).first.fill(CARD)
    await page.get_by_label(re.compile("为什么查")).fill("本人到场兑换")
    await page.get_by_role("button", name="查", exact=True).click()
    await expect(page.get_by_text("徐**")).to_be_visible()
    await page.get_by_role("combobox", name="选兑换的物品").click()
    await page.get_by_role("option", name=re.compile("理发券")).click()
    await page.get_by_role("button", name=re.compile("登记兑换")).click()
    await expect(page.get_by_text("待领取")).to_be_visible()
    await picture(page, "counter")
    await accessible(page)
    await page.get_by_role("button", name="已领走").click()
    await expect(page.get_by_text("已领取")).to_be_visible()


async def test_an_announcement_by_two(service: Service, one_browser: Browser) -> None:
    editor = await enter(one_browser, service, "zhou")
    await editor.get_by_role("link", name="群发").click()
    await editor.get_by_label(re.compile("标题")).fill("周末讲座")
    await editor.get_by_label("内容").fill("周六上午九点，学院报告厅，防诈骗讲座，欢迎参加。")
    await editor.get_by_role("button", name="预览").click()
    await expect(editor.get_by_text("会发给 0 位")).to_be_visible()
    await editor.get_by_role("button", name="提交审批").click()
    await expect(editor.get_by_text("待审批")).to_be_visible()
    supervisor = await enter(one_browser, service, "chen")
    await supervisor.get_by_role("link", name="群发").click()
    await supervisor.get_by_role("button", name="同意发送").click()
    await expect(supervisor.get_by_text(re.compile("发送中|已发完"))).to_be_visible()
    await expect(editor.get_by_text(re.compile("发送中|已发完"))).to_be_visible()  # who hears it by the feed
    await picture(supervisor, "broadcasts")
    await accessible(supervisor)


async def test_a_theme_gets_words_and_a_course_another_theme(service: Service, one_browser: Browser) -> None:
    page = await enter(one_browser, service, "zhou")
    await page.get_by_role("link", name="管理").click()
    await page.get_by_role("tab", name="主题和类别").click()
    themes = page.locator("section", has_text="课程主题")
    await expect(themes.get_by_label("职业技能 别名")).to_have_value(re.compile("一技之长"), timeout=10_000)
    await themes.get_by_label("名称").last.fill("数控")
    await themes.get_by_placeholder("别名").last.fill("车床、铣床")
    await themes.get_by_role("button", name="保存 数控").click()
    await expect(themes.get_by_label("数控 别名")).to_have_value("车床、铣床")
    await themes.get_by_text("各归哪一类").click()
    await themes.get_by_role("combobox", name="电工基础").click()
    await page.get_by_role("option", name="数控").click()
    await expect(page.get_by_text("已保存").last).to_be_visible()
    await accessible(page)


async def test_saving_one_theme_leaves_what_is_typed_in_others(service: Service, one_browser: Browser) -> None:
    page = await enter(one_browser, service, "zhou")
    await page.get_by_role("link", name="管理").click()
    await page.get_by_role("tab", name="主题和类别").click()
    themes = page.locator("section", has_text="课程主题")
    await expect(themes.get_by_label("职业技能 别名")).to_have_value(re.compile("一技之长"), timeout=10_000)
    await themes.get_by_label("非遗传承 别名").fill("民间手艺")
    await themes.get_by_label("乡村振兴 别名").fill("职业技能")
    await themes.get_by_role("button", name="保存 乡村振兴").click()
    await expect(page.locator(".el-message--error")).to_contain_text("职业技能")
    await expect(themes.get_by_label("乡村振兴 别名")).to_have_value("职业技能")  # to be mended, not to be typed again
    await themes.get_by_label("人文艺术 别名").fill("琴棋书画, 唱歌")
    await themes.get_by_role("button", name="保存 人文艺术").click()
    await expect(themes.get_by_label("人文艺术 别名")).to_have_value("琴棋书画、唱歌")
    await expect(themes.get_by_label("非遗传承 别名")).to_have_value("民间手艺")
    await expect(themes.get_by_label("乡村振兴 别名")).to_have_value("职业技能")


async def test_who_takes_out_an_answer_reads_what_residents_will_hear(service: Service, one_browser: Browser) -> None:
    page = await enter(one_browser, service, "chen")
    await page.get_by_role("link", name="知识").click()
    await page.get_by_role("tab", name="知识条目").click()
    await everything(page)
    await page.get_by_label("筛选").fill("redeem-time")
    await page.locator(".entry").first.click()
    await page.locator("#app").get_by_role("button", name="下线", exact=True).click()
    asked = page.get_by_role("dialog", name="下线？")
    await expect(asked).to_contain_text("别的回答里也要说它")
    await asked.get_by_role("button", name="下线", exact=True).click()
    warned = page.locator(".el-message--warning")
    await expect(warned).to_contain_text("redeem-time")
    await expect(warned).to_contain_text("没有答案")
