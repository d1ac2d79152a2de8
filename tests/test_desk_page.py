"""The desk's page in a real browser: two seats and a supervisor at work, by keyboard, through a restart of the service."""

import asyncio
import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pyotp
import pytest
from msgspec.structs import replace
from PIL import Image
from playwright.async_api import Browser, FilePayload, Page, expect

from daoxue.app import compose
from daoxue.config import Config, DatabaseSettings, Server
from daoxue.preparing import prepare
from daoxue.sample import ANY_DAY, save
from daoxue.serve import server
from desk.oidc import OidcSettings
from desk.people import Profile
from knowledge.catalogue import Organisation, Record
from knowledge.files import Content, read_sample
from store.database import Database
from tests.conftest import PLAIN_HOST, free_port
from tests.desk_client import PASSWORD
from tests.service import ROOT, Service, running
from tests.service import Page as ResidentPage

DIST = ROOT / "web" / "desk" / "dist" / "index.html"
AXE = ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = """async (rules) => (await axe.run(document, {resultTypes: ['violations'], ...(rules && {runOnly: rules})})).violations
  .filter((each) => ['serious', 'critical'].includes(each.impact))
  .map((each) => each.id + ': ' + each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | '))"""
OF_COLOURS = ["color-contrast", "link-in-text-block"]
# In the other dress, into which the page changes by this class and no script; at once, and back.
IN_THE_OTHER = f"""async (rules) => {{
  const at_once = new CSSStyleSheet()
  at_once.replaceSync('*, *::before, *::after {{ transition: none !important }}')
  document.adoptedStyleSheets = [at_once]
  document.documentElement.classList.toggle('dark')
  const found = await ({SERIOUS})(rules)
  document.documentElement.classList.toggle('dark')
  document.adoptedStyleSheets = []
  return found
}}"""
# Resolves when nothing has changed for a while, and nothing is on its way to another colour or place.
STILL = """() => new Promise((done) => {
  let timer
  const moves = () => document.getAnimations().some((each) => each.effect.getComputedTiming().endTime < Infinity)
  const look = () => { if (moves()) return wait(); watching.disconnect(); done() }
  const wait = () => { clearTimeout(timer); timer = setTimeout(look, 150) }
  const watching = new MutationObserver(wait)
  watching.observe(document, {subtree: true, childList: true, attributes: true, characterData: true})
  wait()
})"""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not DIST.is_file(), reason="the desk's page is not built: make web/desk/dist/index.html"),
]


async def accounts(config: Config) -> None:
    app = await compose(config)
    for name, shown, role in (
        ("li", "小李", "seat"), ("wang", "老王", "seat"), ("chen", "陈班长", "supervisor"), ("zhou", "小周", "editor"), ("admin", "孙工", "administrator"),
    ):  # fmt: skip
        first = await app.desk.people.add(name, role, 1, "test", Profile(shown))
        await app.desk.signing.set_password(name, first, PASSWORD, 1)
    app.database.close()


@pytest.fixture
async def service(config: Config) -> AsyncIterator[Service]:
    """Answers leave after a second, so that nobody has to wait for them."""
    config = replace(config, desk=replace(config.desk, recall_seconds=1))
    await accounts(config)
    with running(config) as started:
        yield started


async def enter(browser: Browser, service: Service, name: str, *, dark: bool = False, host: str = "127.0.0.1") -> Page:
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900},
        locale="zh-CN",
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(f"http://{host}:{service.port}/desk/")
    await page.get_by_label("用户名").fill(name)
    await page.get_by_label("密码").first.fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("navigation")).to_be_visible()
    assert await page.evaluate("document.documentElement.classList.contains('dark')") is dark
    return page


async def accessible(page: Page, *, in_both: bool = False) -> None:
    """And its colours in both dresses, which are all that tells these apart, where it is asked for."""
    await page.evaluate(STILL)
    # The page's own policy lets no foreign script in; the checker is put in from outside.
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(await asyncio.to_thread(AXE.read_text, "utf-8"))
    assert await page.evaluate(SERIOUS) == []
    if in_both:
        assert await page.evaluate(IN_THE_OTHER, OF_COLOURS) == []


async def everything(page: Page) -> None:
    """Entries of whatever question."""
    await page.locator(".whose").click()
    await page.get_by_role("option", name="全部").click()


async def resident(service: Service, *said: str) -> ResidentPage:
    page = ResidentPage(service)
    for text in said:
        await page.say(text)
    return page


async def until(page: ResidentPage, fulfilled: Callable[[], bool]) -> None:
    while not fulfilled():
        await page.receive()


async def test_a_seat_at_work_by_keyboard_alone(one_browser: Browser, service: Service) -> None:
    asker = await resident(service, "积分会过期吗", "转人工")
    page = await enter(one_browser, service, "li")
    await expect(page.get_by_text("派给您：居民要求人工")).to_be_visible()
    await page.keyboard.press("t")
    await expect(page.get_by_text("坐席小李接上了")).to_be_visible()
    await until(asker, lambda: any("小李接上了" in each["text"] for each in asker.heard))
    await page.keyboard.press("r")
    await page.keyboard.type("您好，")
    while (await asker.receive())["type"] != "typing":
        pass
    await expect(page.get_by_role("button", name="插入 Alt 1")).to_be_visible()
    await page.keyboard.press("Alt+1")  # the first suggestion comes into the answer
    await page.keyboard.press("Control+Enter")
    await until(asker, lambda: asker.heard[-1]["author"] == "seat")
    assert asker.heard[-1]["text"].startswith("您好，")
    assert len(asker.heard[-1]["text"]) > 10
    await expect(page.get_by_text("✓✓ 已送达")).to_be_visible()
    await asker.send({"type": "typing"})
    await expect(page.get_by_text("居民正在输入")).to_be_visible()
    await asker.send({"type": "message", "id": "thanks", "text": "明白了，谢谢"})
    await expect(page.get_by_text("明白了，谢谢").first).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await page.keyboard.type("老人家，说话要慢 @wang")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".happened.note")).to_contain_text("@老王")
    await page.keyboard.press("Escape")
    await page.keyboard.press("c")
    await expect(page.get_by_role("dialog").locator(".el-select", has_text="积分兑换")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="办结").click()
    await expect(page.get_by_text("小李 办结：已答复")).to_be_visible()
    await until(asker, lambda: "已办结" in asker.heard[-1]["text"])
    await until(asker, lambda: "满意吗" in asker.heard[-1]["text"])
    await asker.say("1")
    await expect(page.get_by_text("★★★★★").first).to_be_visible()
    await asker.close()


async def test_what_is_offered_to_a_resident_holds_until_a_seat_is_there(
    one_browser: Browser, service: Service
) -> None:
    chat = await (await one_browser.new_context()).new_page()
    await chat.goto(service.url)
    for words in ("转人工", "有书法班吗"):
        await chat.locator("#say").fill(words)
        await chat.keyboard.press("Enter")
    offered = chat.locator("#log .options button")
    await expect(offered.first).to_be_enabled()
    page = await enter(one_browser, service, "li")
    await expect(page.get_by_text("派给您")).to_be_visible()
    await page.keyboard.press("t")
    await expect(chat.locator("#log .system .bubble").last).to_contain_text("小李接上了")
    for each in await offered.all():
        await expect(each).to_be_disabled()


async def test_two_seats_one_ticket(one_browser: Browser, service: Service) -> None:
    li, wang = await enter(one_browser, service, "li"), await enter(one_browser, service, "wang")
    asker = await resident(service, "转人工")
    for page in (li, wang):
        await expect(page.locator(".item")).to_have_count(1)
        await page.locator(".item").click()
    for page in (li, wang):
        await expect(page.locator(".item")).to_contain_text("派给")
    offered = li if await li.get_by_text("派给您").count() else wang
    other = wang if offered is li else li
    await expect(offered.get_by_text("派给您")).to_be_visible()
    await other.locator("header").get_by_role("button", name="接单").click()
    await expect(other.get_by_label("回复", exact=True)).to_be_visible()
    await expect(offered.get_by_text("派给您")).to_have_count(0)
    await expect(offered.locator("header")).to_contain_text("处理中")
    await expect(offered.get_by_text("由同事处理")).to_be_visible()
    await asker.close()


async def test_a_draft_survives_and_a_cut_line_is_said(one_browser: Browser, service: Service) -> None:
    asker = await resident(service, "转人工")
    page = await enter(one_browser, service, "li")
    await expect(page.get_by_text("派给您")).to_be_visible()
    await page.keyboard.press("t")
    await expect(page.get_by_label("回复", exact=True)).to_be_visible()
    await page.get_by_label("回复", exact=True).fill("写到一半的回答")
    await page.reload()
    await expect(page.get_by_label("回复", exact=True)).to_have_value("写到一半的回答")
    await asker.close()
    service.stop()
    await expect(page.get_by_text("和服务断开了")).to_be_visible()
    await page.get_by_role("button", name="发送").click()
    await expect(page.get_by_role("log").get_by_text("连不上服务，没有执行")).to_be_visible()
    service.start()
    await expect(page.get_by_text("和服务断开了")).to_have_count(0, timeout=20_000)
    await page.get_by_role("button", name="重发").click()
    await expect(page.locator(".said.seat:not(.pending)")).to_contain_text("写到一半的回答")
    await page.wait_for_timeout(500)
    assert await page.locator(".said.seat").count() == 1


async def test_on_plain_http_what_is_sent_arrives_and_what_is_not_is_said(
    one_browser: Browser, service: Service
) -> None:
    asker = await resident(service, "转人工")
    page = await enter(one_browser, service, "li", host=PLAIN_HOST)
    assert not await page.evaluate("isSecureContext")
    await expect(page.get_by_text("派给您")).to_be_visible()
    await page.keyboard.press("t")
    answer = page.get_by_label("回复", exact=True)
    await answer.fill("您好，请讲")
    await page.get_by_role("button", name="发送").click()
    await until(asker, lambda: asker.heard[-1]["text"] == "您好，请讲")
    await asker.close()

    said = page.locator(".el-message--error")
    await page.route(
        "**/messages", lambda route: route.fulfill(status=502, json={"code": "unreachable", "text": "通道不通"})
    )
    await answer.fill("还在吗")
    await page.get_by_role("button", name="发送").click()
    await expect(said.filter(has_text="没有发出：通道不通")).to_be_visible()
    await page.evaluate("void Promise.reject(new Error('a fault of the page'))")
    await expect(said.filter(has_text="页面出错")).to_be_visible()


async def test_words_are_words_and_never_markup(one_browser: Browser, service: Service) -> None:
    evil = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    asker = await resident(service, "转人工")
    page = await enter(one_browser, service, "li")
    await expect(page.get_by_text("派给您")).to_be_visible()
    await page.keyboard.press("t")
    await asker.send({"type": "message", "id": "evil", "text": evil})
    await expect(page.get_by_text("<img src=x").first).to_be_visible()
    await page.get_by_role("tab", name="内部备注").click()
    await page.get_by_label("备注", exact=True).fill(evil)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".happened.note")).to_contain_text("<script>")
    assert "owned" not in await page.title()
    await asker.close()


async def test_every_page_is_accessible(one_browser: Browser, service: Service) -> None:
    asker = await resident(service, "我要投诉老师迟到")
    chen = await enter(one_browser, service, "chen")
    await expect(chen.locator(".item")).to_have_count(1)
    await accessible(chen, in_both=True)
    await chen.locator(".item").click()
    await expect(chen.get_by_role("log")).to_be_visible()
    await accessible(chen, in_both=True)
    for tab in ("常用语", "居民"):
        await chen.get_by_role("tab", name=tab, exact=True).click()
        await accessible(chen, in_both=True)
    await chen.keyboard.press("?")
    await accessible(chen, in_both=True)
    for path, word in (("board", "实时看板"), ("reports", "报表"), ("knowledge", "知识库"), ("admin", "管理")):
        await chen.goto(f"{service.url}/desk/{path}")
        await expect(chen.get_by_role("heading", name=word, level=1)).to_be_visible()
        await accessible(chen, in_both=True)
    zhou = await enter(one_browser, service, "zhou")
    await zhou.locator(".item").first.click()
    await expect(zhou.get_by_text("居民会这样说：")).to_be_visible()
    await accessible(zhou, in_both=True)
    await zhou.get_by_role("tab", name="导入").click()
    await accessible(zhou, in_both=True)
    await zhou.get_by_role("tab", name="知识条目").click()
    await expect(zhou.get_by_text("还没有本中心自己的问题")).to_be_visible()
    await everything(zhou)
    await zhou.locator(".entry").first.click()
    await expect(zhou.get_by_role("heading", name="各渠道会这样说")).to_be_visible()
    await accessible(zhou, in_both=True)
    await zhou.get_by_role("button", name="修改", exact=True).click()
    await accessible(zhou, in_both=True)
    admin = await enter(one_browser, service, "admin")
    for tab in ("机构", "服务时间和班次", "渠道", "接口令牌", "回调", "居民数据", "审计"):
        await admin.get_by_role("tab", name=tab).click()
        await accessible(admin, in_both=True)
    await expect(admin.get_by_role("row", name="登录").first).to_be_visible()
    await admin.get_by_placeholder("工单号、学员、说明里的字").fill("没有这样的")
    await admin.get_by_role("button", name="查", exact=True).click()
    await expect(admin.get_by_text("没有这样的记录。")).to_be_visible()
    await asker.close()


async def test_an_editor_is_told_what_residents_hear_before_an_answer_goes(
    one_browser: Browser, service: Service
) -> None:
    page = await enter(one_browser, service, "zhou")
    await page.get_by_role("tab", name="知识条目").click()
    await everything(page)
    await page.locator(".entry").filter(has_text="学习卡丢了").first.click()
    for answer, status in (("不下线", "已发布"), ("下线", "已下线")):
        await page.locator("#app").get_by_role("button", name="下线", exact=True).click()
        asked = page.get_by_role("dialog", name="下线？")
        await expect(asked).to_contain_text("会听到“还没有登记”")
        await asked.get_by_role("button", name=answer, exact=True).click()
        await expect(asked).to_be_hidden()
        await expect(page.locator(".chip", has_text=status).first).to_be_visible()


async def test_an_editor_sees_how_well_it_understands(one_browser: Browser, config: Config) -> None:
    await accounts(config)
    with running(config) as service:
        asker = await resident(service, "积分会过期吗")
        await asker.close()
        page = await enter(one_browser, service, "zhou")
        await page.get_by_role("tab", name="答得怎样").click()
        await expect(page.get_by_text("还没有测试题")).to_be_visible()
        sheet = "问题,应答\n积分会过期吗,points-expire\n停车要钱吗,printing\n"
        await page.locator("input[type=file]").set_input_files(
            {"name": "测试.csv", "mimeType": "text/csv", "buffer": sheet.encode()}
        )
        await expect(page.get_by_role("row", name="直接答对")).to_contain_text("50%")
        await expect(page.locator(".failed")).to_contain_text("停车要钱吗")
        await page.get_by_role("button", name="抽 20 条").click()
        await expect(page.locator(".drawn .asked")).to_have_text("积分会过期吗")
        await page.get_by_role("button", name="答得对").click()
        await expect(page.get_by_text("1 / 1")).to_be_visible()


async def test_an_editor_answers_what_is_asked_in_vain(one_browser: Browser, config: Config) -> None:
    bare = msgspec.structs.replace(
        config, database=DatabaseSettings(config.database.url.replace(".db", "-bare.db")), sample=False
    )
    prepare(bare)
    database = Database(bare.database.url)
    places: list[Record] = [each for each in read_sample(ANY_DAY).records if isinstance(each, Organisation)]
    save(database, Content([], places), "test")  # somewhere to be; nothing is answered yet
    database.close()
    await accounts(bare)
    with running(bare) as service:
        asker = await resident(service, "停车要钱吗")
        assert "还没有登记答案" in asker.heard[-1]["text"]
        await asker.close()
        page = await enter(one_browser, service, "zhou")
        await expect(page.get_by_text("207 条里 0 条有回答")).to_be_visible()
        await page.get_by_label("筛选").fill("parking")
        await expect(page.locator(".item")).to_have_count(1)
        await page.locator(".item").click()
        await page.get_by_role("button", name="写回答").click()
        await page.get_by_label("回答（屏幕）").fill("院内有二十个车位，不收钱。")
        await page.get_by_label("来源").fill("后勤")
        await page.get_by_label("负责人").fill("后勤")
        await page.get_by_role("button", name="存草稿").click()
        await page.get_by_role("button", name="提交审核").click()
        await expect(page.locator(".item")).to_contain_text("待审核")
        chen = await enter(one_browser, service, "chen")
        await chen.goto(f"{service.url}/desk/knowledge")
        await chen.get_by_label("筛选").fill("parking")
        await chen.locator(".item").click()
        await chen.get_by_role("button", name="审核通过并发布").click()
        await expect(chen.get_by_text("207 条里 1 条有回答")).to_be_visible()
        await expect(chen.get_by_role("button", name="已回答 1")).to_be_visible()
        asker = await resident(service, "停车要钱吗")
        assert "二十个车位" in asker.heard[-1]["text"]
        await asker.close()


async def test_an_editor_adds_a_topic_and_a_channel_is_shown_by_its_name(
    one_browser: Browser, service: Service
) -> None:
    page = await enter(one_browser, service, "zhou")
    await page.goto(f"{service.url}/desk/knowledge")
    await page.get_by_role("tab", name="知识条目").click()
    await page.get_by_role("button", name="新建").click()
    await page.get_by_role("button", name="添加本中心的主题").click()
    own = page.locator("form", has=page.get_by_label("中文名"))
    await own.get_by_label("编号").fill("study-tours")
    await own.get_by_label("中文名").fill("游学")
    await own.get_by_label("英文名").fill("Study tours")
    await own.get_by_role("button", name="添加", exact=True).click()
    await expect(page.locator("label", has_text="主题").locator(".el-select")).to_contain_text("游学")
    await accessible(page)
    asker = await resident(service, "转人工")
    seat = await enter(one_browser, service, "li")
    stripe = seat.get_by_text("网页", exact=True).first
    await expect(stripe).to_have_css("border-inline-start-color", "rgb(11, 110, 95)")
    await asker.close()


async def test_a_school_is_closed_for_a_day_and_residents_hear_it(one_browser: Browser, service: Service) -> None:
    page = await enter(one_browser, service, "zhou")
    await page.goto(f"{service.url}/desk/admin")
    await page.get_by_role("tab", name="休息日").click()
    await accessible(page)
    await page.get_by_role("combobox", name="学校或站点").fill("临江街道")
    await page.get_by_role("option", name="临江街道社区学校").click()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="保存", exact=True).click()
    row = page.get_by_role("row", name="临江街道社区学校").first
    await expect(row).to_contain_text("当天休息")
    asker = await resident(service, "临江街道社区学校今天开门吗")
    assert "当天休息" in asker.heard[-1]["text"]
    await row.get_by_role("button", name="取消").click()
    await expect(page.get_by_text("当天休息")).to_have_count(0)
    await asker.say("临江街道社区学校今天几点开门")
    assert "当天休息" not in asker.heard[-1]["text"]
    await asker.close()


async def test_a_logo_is_taken_where_the_centre_is_described(one_browser: Browser, service: Service) -> None:
    page = await enter(one_browser, service, "zhou")
    await page.goto(f"{service.url}/desk/admin")
    await page.get_by_role("tab", name="中心").click()
    await page.get_by_label("中心名称").fill("还没存的名字")
    await accessible(page)
    picture = io.BytesIO()
    Image.new("RGB", (90, 90), "#654321").save(picture, "PNG")
    file: FilePayload = {"name": "logo.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    await page.get_by_label("标志").set_input_files(file)
    await expect(page.get_by_role("img", name="现在的标志")).to_be_visible()
    await expect(page.get_by_label("中心名称")).to_have_value("还没存的名字")
    await page.reload()
    await expect(page.get_by_role("navigation").locator("img")).to_have_js_property("naturalWidth", 90)
    await page.get_by_role("button", name="不用标志").click()
    await expect(page.get_by_role("img", name="现在的标志")).to_have_count(0)


async def test_the_chat_page_is_readable_in_colours_of_the_centre(one_browser: Browser, service: Service) -> None:
    page = await enter(one_browser, service, "zhou")
    await page.goto(f"{service.url}/desk/admin")
    await page.get_by_role("tab", name="中心").click()
    shown = page.locator(".look header")
    await expect(shown).to_have_css("background-color", "rgb(255, 255, 255)")  # as residents have it until then
    await page.get_by_label("按钮颜色").fill("#654321")
    await page.get_by_label("页头颜色").fill("#123456")
    await expect(shown).to_have_css("background-color", "rgb(18, 52, 86)")
    await page.get_by_role("button", name="保存", exact=True).click()
    await expect(page.get_by_text("已保存")).to_be_visible()
    await page.goto(service.url)
    await expect(page.get_by_role("banner")).to_have_css("background-color", "rgb(18, 52, 86)")
    await page.evaluate(await asyncio.to_thread(AXE.read_text, "utf-8"))
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for _ in range(2):  # and in large letters
            assert [each for each in await page.evaluate(SERIOUS) if each.startswith("color-contrast")] == [], scheme
            await page.get_by_role("button", name="长辈版").click()


async def test_where_a_school_is_looked_at_it_is_closed_by_two_clicks(one_browser: Browser, service: Service) -> None:
    page = await enter(one_browser, service, "zhou")
    await page.goto(f"{service.url}/desk/admin")
    await page.get_by_role("tab", name="机构").click()
    await expect(page.get_by_role("button", name="临江街道社区学校 今天不开门")).to_be_visible()
    await accessible(page)
    await page.evaluate("addEventListener('click', () => { window.clicks = (window.clicks ?? 0) + 1 }, true)")
    await page.get_by_role("button", name="临江街道社区学校 明天不开门").click()
    await page.get_by_role("dialog").get_by_role("button", name="确定").click()
    undo = page.get_by_role("button", name="撤销 临江街道社区学校 明天")
    await expect(undo).to_be_visible()
    assert await page.evaluate("window.clicks") == 2
    asker = await resident(service, "临江街道社区学校明天开门吗")
    assert "当天休息" in asker.heard[-1]["text"]
    await asker.say("临江街道社区学校今天开门吗")
    assert "当天休息" not in asker.heard[-1]["text"]
    await undo.click()
    await expect(undo).to_have_count(0)
    assert await page.evaluate("window.clicks") == 3
    await asker.say("临江街道社区学校明天几点开门")
    assert "当天休息" not in asker.heard[-1]["text"]
    await asker.close()


async def test_a_one_time_password_is_changed_before_anything_is_shown(one_browser: Browser, config: Config) -> None:
    app = await compose(config)
    first = await app.desk.people.add("sun", "seat", int(time.time() * 1000), "test")
    app.database.close()
    with running(config) as service:
        page = await (await one_browser.new_context(locale="zh-CN")).new_page()
        page.set_default_timeout(10_000)
        await page.goto(f"{service.url}/desk/")
        await page.get_by_label("用户名").fill("sun")
        await page.get_by_label("密码").first.fill(first)
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="请先修改一次性密码")
        await expect(dialog).to_be_visible()
        await expect(page.get_by_role("navigation")).to_have_count(0)
        await dialog.get_by_label("现在的密码").fill(first)
        await dialog.get_by_label("新密码").fill(PASSWORD)
        await dialog.get_by_label("再输一遍").fill(PASSWORD + "?")
        await expect(dialog.get_by_text("两遍不一样")).to_be_visible()
        await expect(dialog.get_by_role("button", name="修改密码")).to_be_disabled()
        await dialog.get_by_label("再输一遍").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("navigation")).to_be_visible()
        await expect(page.get_by_text("没有人在排队。")).to_be_visible()


async def test_the_second_factor_is_scanned_and_a_reset_is_told(one_browser: Browser, config: Config) -> None:
    await accounts(config)
    with running(config) as service:
        page, admin = await enter(one_browser, service, "li"), await enter(one_browser, service, "admin")
        await page.get_by_title("我的账号").click()
        await page.get_by_role("button", name="打开两步验证").click()
        picture = page.get_by_role("img", name="给验证器扫的二维码")
        await expect(picture).to_be_visible()
        assert await picture.evaluate("image => image.complete && image.naturalWidth > 100")
        secret = (await page.locator("code").inner_text()).replace(" ", "")
        await page.get_by_label("验证器显示的 6 位数字").fill(pyotp.TOTP(secret).now())
        await page.get_by_label("您的密码").fill(PASSWORD)
        await accessible(page)
        await page.get_by_role("dialog").get_by_role("button", name="打开", exact=True).click()
        await expect(page.get_by_text("两步验证已打开", exact=True)).to_be_visible()
        await page.get_by_role("button", name="新令牌").click()
        await page.get_by_label("给哪个系统用").fill("教务系统")
        await page.get_by_label("您的密码").fill(PASSWORD)
        await page.get_by_label("现在的验证器显示的 6 位数字").fill(pyotp.TOTP(secret).at(int(time.time()) + 30))
        await accessible(page)
        await page.get_by_role("button", name="做一个").click()
        await expect(page.get_by_text("只显示这一次，请记下")).to_be_visible()
        assert len(await page.locator("code").inner_text()) > 40
        await admin.get_by_role("tab", name="接口令牌").click()
        await expect(admin.get_by_role("row", name="教务系统")).to_contain_text("li")
        await expect(admin.get_by_role("button", name="新令牌")).to_have_count(0)
        await admin.get_by_role("tab", name="人员").click()
        await admin.get_by_role("row", name="li").get_by_role("button", name="重置密码").click()
        await admin.get_by_role("dialog").get_by_role("button", name="确定").click()
        await expect(admin.get_by_text(re.compile("已退出 1 处登录"))).to_be_visible()
        await expect(page.get_by_text(re.compile("^登录已结束"))).to_be_visible()


async def test_signing_in_with_a_real_identity_provider(one_browser: Browser, config: Config) -> None:
    """oidc-provider, which is certified, on loopback: its own pages ask who it is."""
    await accounts(config)
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    oidc = OidcSettings(issuer=issuer, client_id="daoxue", name="区统一认证")
    with running(config) as service:  # only for its port: the service itself starts below, with the provider's address
        service.stop()
    own = msgspec.structs.replace(
        config, server=Server(port=service.port), desk=msgspec.structs.replace(config.desk, oidc=oidc)
    )
    app = await compose(own)
    app.desk.oidc._secret = "a-secret-of-the-tests"
    node = Path(sys.executable).parent / "node"
    provider = subprocess.Popen(  # noqa: ASYNC220 - it lives as long as the test
        [node if node.is_file() else "node", "provider.mjs", str(port), f"http://127.0.0.1:{service.port}/api/login/oidc/back"],
        cwd=AXE.parents[2], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert provider.stdout is not None
    await asyncio.to_thread(provider.stdout.readline)
    web = server(app)
    serving = asyncio.create_task(web.serve())
    try:
        for name, comes_in in (("li", False), ("li", True), ("stranger", False)):
            if comes_in:  # an administrator has linked whom the provider vouched for the first time
                await app.desk.people.link("li", f"{issuer}#li", "admin", 1)
            page = await (await one_browser.new_context()).new_page()
            page.set_default_timeout(10_000)
            for _ in range(50):
                with contextlib.suppress(Exception):
                    await page.goto(f"{service.url}/desk/")
                    break
                await asyncio.sleep(0.1)
            await page.get_by_role("link", name="区统一认证").click()
            await page.locator("input[name=login]").fill(name)
            await page.locator("input[name=password]").fill("x")
            await page.locator("button[type=submit]").click()
            await page.locator("button[type=submit]").click()  # the provider's consent
            if comes_in:
                await expect(page.get_by_text("小李")).to_be_visible()
            else:
                await expect(page.get_by_role("alert")).to_contain_text("还没有和这里的账号连上")
        forged = await page.goto(f"{service.url}/api/login/oidc/back?state=x&code=y")
        assert forged is not None
        assert "refused" in page.url
    finally:
        web.should_exit = True
        await serving
        os.killpg(provider.pid, signal.SIGKILL)
        provider.wait()
        provider.stdout.close()


async def test_the_gate_is_accessible_and_nobody_frames_it(one_browser: Browser, service: Service) -> None:
    page = await one_browser.new_page()
    answer = await page.goto(f"{service.url}/desk/")
    assert answer is not None
    headers = await answer.all_headers()
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    await expect(page.get_by_label("用户名")).to_be_visible()
    await accessible(page)


async def test_a_page_that_is_not_for_a_role_says_so_and_where_to_go(one_browser: Browser, service: Service) -> None:
    asker = await resident(service, "转人工")
    li, admin = await enter(one_browser, service, "li"), await enter(one_browser, service, "admin")
    for page, path, name, role, instead in (
        (li, "admin", "管理", "坐席", "工单"), (li, "board", "看板", "坐席", "知识"), (admin, "tickets/1129-00001", "工单", "管理员", "报表"),
        (admin, "counter", "服务台", "管理员", "管理"),
    ):  # fmt: skip
        await page.goto(f"{service.url}/desk/{path}")
        await expect(page.get_by_text(f"“{name}”这一页，您的角色（{role}）不能看")).to_be_visible()
        await expect(page.get_by_text("没有人在排队")).to_have_count(0)
        await expect(page.locator(".el-message")).to_have_count(0)
        await accessible(page)
        await page.get_by_role("main").get_by_role("link", name=instead).click()
        await expect(page.get_by_text("不能看")).to_have_count(0)
    await asker.close()


async def test_small_and_large(one_browser: Browser, service: Service) -> None:
    asker = await resident(service, "转人工")
    page = await enter(one_browser, service, "li")
    await page.get_by_role("button", name="大字").click()
    await page.locator(".item").first.click()
    for width, height in ((1440, 900), (1024, 700), (390, 800)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.wait_for_timeout(200)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{wide} on {width}"
    await asker.close()


async def test_on_a_telephone_one_can_answer_also_while_danger_rings(one_browser: Browser, service: Service) -> None:
    asker = await resident(service, "积分会过期吗", "转人工")
    page = await enter(one_browser, service, "li")
    await expect(page.get_by_text("派给您")).to_be_visible()
    await page.keyboard.press("t")
    answer = page.get_by_label("回复", exact=True)
    await expect(answer).to_be_focused()
    await page.set_viewport_size({"width": 400, "height": 740})
    other = await resident(service, "我妈晕倒了")
    await expect(page.get_by_text("谁先看到谁接")).to_be_visible()
    log, field = await page.get_by_role("log").bounding_box(), await answer.bounding_box()
    assert log is not None
    assert field is not None
    assert log["height"] > 200
    assert field["width"] > 300
    assert field["y"] + field["height"] < 740
    await answer.fill("请讲")
    await page.get_by_role("button", name="发送").click()
    await until(asker, lambda: asker.heard[-1]["text"] == "请讲")
    found = page.locator(".side .found").first
    await expect(found).to_be_attached()
    await expect(found).to_be_hidden()
    await page.get_by_role("tab", name="知识").click()
    await expect(found).to_be_visible()
    for each in (asker, other):
        await each.close()


async def test_tables_are_read_on_a_telephone_and_low_screens_hold_the_whole_rail(
    one_browser: Browser, service: Service
) -> None:
    page = await enter(one_browser, service, "chen")
    for width, height in ((1280, 650), (1280, 800)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate("(rail => rail.scrollHeight <= rail.clientHeight)(document.querySelector('nav'))")
    admin = await enter(one_browser, service, "admin")
    await admin.set_viewport_size({"width": 400, "height": 800})
    for tab in ("人员", "审计"):
        await admin.get_by_role("tab", name=tab).click()
        for cell in await admin.locator("tbody tr:first-child td").all():
            if (box := await cell.bounding_box()) is not None:
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= 400
                assert box["width"] > 100
