"""The desk's page where a slip would reach the wrong person: notes and answers, what is taken over under the hands, what
failed, what is called back; and danger to life, which nobody may miss. Two seats and more in browsers of their own."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, Route, expect

from daoxue.config import Config
from tests.service import Service, running
from tests.test_desk_page import DIST, accessible, accounts, enter, resident, until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not DIST.is_file(), reason="the desk's page is not built: make web/desk/dist/index.html"),
]


@pytest.fixture
async def service(config: Config) -> AsyncIterator[Service]:
    await accounts(config)
    with running(config) as started:
        yield started


async def take(page: Page) -> str:
    """Takes the first in the queue; its reference."""
    await page.get_by_role("tab", name="排队").click()
    await page.locator(".item").first.click()
    await page.locator(".talk header").get_by_role("button", name="接单").click()
    await expect(page.get_by_label("回复", exact=True)).to_be_focused()
    return await page.locator(".talk h2").inner_text()


async def go(page: Page, ref: str) -> None:
    await page.evaluate("ref => document.querySelector(`#ticket-${CSS.escape(ref)}`).click()", ref)
    await expect(page.locator(".talk h2")).to_have_text(ref)


async def test_a_note_never_becomes_an_answer(one_browser: Browser, service: Service) -> None:
    first, second = await resident(service, "转人工"), await resident(service, "转人工")
    page = await enter(one_browser, service, "li")
    one, two = await take(page), await take(page)
    await page.get_by_role("tab", name="我的").click()
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await page.keyboard.type("内部：这人老来骚扰，别理他")
    await go(page, one)
    await expect(page.get_by_label("回复", exact=True)).to_have_value("")
    await go(page, two)
    await expect(page.get_by_label("备注", exact=True)).to_have_value("内部：这人老来骚扰，别理他")
    await expect(page.get_by_text("居民看不到，只给同事")).to_be_visible()
    await page.reload()
    note = page.get_by_label("备注", exact=True)
    await expect(note).to_have_value("内部：这人老来骚扰，别理他")
    await page.get_by_role("tab", name="回复居民").click()
    answer = page.get_by_label("回复", exact=True)
    await expect(answer).to_have_value("")
    await answer.fill("您好，")
    await page.get_by_role("tab", name="内部备注").click()
    await expect(note).to_have_value("内部：这人老来骚扰，别理他")
    await note.press("Control+Enter")
    await expect(page.locator(".happened.note")).to_contain_text("别理他")
    await expect(answer).to_have_value("您好，")
    assert not any("别理他" in each["text"] for each in [*first.heard, *second.heard])
    await first.close()
    await second.close()


async def test_an_answer_is_called_back_into_the_draft(one_browser: Browser, service: Service) -> None:
    asker = await resident(service, "转人工")
    page = await enter(one_browser, service, "li")
    await take(page)
    answer = page.get_by_label("回复", exact=True)
    await answer.fill("您的补贴没有批")
    await answer.press("Control+Enter")
    await expect(page.get_by_text("秒后发给居民")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("秒后发给居民")).to_be_visible()
    await page.locator(".talk").get_by_role("button", name="撤回").click()
    await expect(answer).to_have_value("您的补贴没有批")
    await expect(page.get_by_text("秒后发给居民")).to_have_count(0)
    await answer.fill("您的补贴已经批")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text(re.compile("^([1-9]|10) 秒后发给居民"))).to_be_visible()
    await page.keyboard.type("u")  # the hands are still in the field; what they begin there is joined to nothing
    await page.keyboard.press("Alt+u")
    await expect(answer).to_have_value("您的补贴已经批")
    await page.keyboard.type("了")
    await page.keyboard.press("Control+Enter")
    await expect(answer).to_have_value("u")
    await expect(page.get_by_text("秒后发给居民")).to_be_visible()
    await page.get_by_role("button", name="办结").first.click()  # what ends the ticket says it first
    await page.get_by_role("dialog").get_by_role("button", name="办结").click()
    await until(asker, lambda: "已办结" in asker.heard[-1]["text"])
    assert [each["text"] for each in asker.heard if each["author"] == "seat"] == ["您的补贴已经批了"]
    await asker.close()


async def test_what_is_typed_while_another_takes_over_is_neither_lost_nor_a_shortcut(
    one_browser: Browser, service: Service
) -> None:
    asker, other = await resident(service, "转人工"), await resident(service, "转人工")
    li, chen = await enter(one_browser, service, "li"), await enter(one_browser, service, "chen")
    ref = await take(li)
    await chen.goto(f"{service.url}/desk/tickets/{ref}")
    await li.get_by_label("回复", exact=True).focus()
    await li.keyboard.type("请问您是 ")
    await chen.get_by_role("button", name="接管").click()
    await expect(li.get_by_text("工单现在由 陈班长 处理。下面的话没有发给居民。")).to_be_visible()
    await li.keyboard.type("not at the table?")
    await li.keyboard.press("Control+Enter")
    answer = li.get_by_label("回复", exact=True)
    await expect(answer).to_have_value("请问您是 not at the table?")
    await expect(li.get_by_role("dialog")).to_have_count(0)
    await expect(li.get_by_text("陈班长 接管了工单").first).to_be_visible()
    await expect(li.get_by_label("1 条未读")).to_be_visible()
    await expect(li.get_by_role("tab", name="我的")).to_contain_text("0")
    await li.reload()
    await expect(answer).to_have_value("请问您是 not at the table?")
    await li.get_by_role("button", name="改成备注").click()
    await li.keyboard.press("Control+Enter")
    await expect(chen.locator(".happened.note")).to_contain_text("请问您是 not at the table?")
    # The field is gone now; what the hands still type is no shortcut either.
    await li.keyboard.type("not at the table?")
    await expect(li.get_by_role("dialog")).to_have_count(0)
    await expect(li.get_by_label("备注", exact=True)).to_have_count(0)
    assert not any(each["author"] == "seat" for each in asker.heard)
    await asker.close()
    await other.close()


async def test_what_could_still_be_called_back_is_not_said_when_another_takes_over(
    one_browser: Browser, service: Service
) -> None:
    asker = await resident(service, "转人工")
    li, chen = await enter(one_browser, service, "li"), await enter(one_browser, service, "chen")
    ref = await take(li)
    await chen.goto(f"{service.url}/desk/tickets/{ref}")
    await li.get_by_label("回复", exact=True).focus()
    await li.keyboard.type("学费是六百元")
    await li.keyboard.press("Control+Enter")
    await expect(li.get_by_role("button", name="撤回")).to_be_visible()
    await chen.get_by_role("button", name="接管").click()
    for page in (li, chen):
        await expect(page.locator(".happened.note")).to_contain_text("（没有发给居民）：学费是六百元")
    await expect(li.get_by_role("button", name="撤回")).to_have_count(0)
    await expect(li.locator(".said.pending")).to_have_count(0)
    await asyncio.sleep(11)
    assert not any(each["author"] == "seat" for each in asker.heard)
    await asker.close()


async def test_a_sending_that_failed_says_so_and_outlives_a_reload(one_browser: Browser, service: Service) -> None:
    asker = await resident(service, "转人工")
    page = await enter(one_browser, service, "li")
    await take(page)

    async def cut(route: Route) -> None:
        await route.abort()

    await page.route("**/messages", cut)
    answer = page.get_by_label("回复", exact=True)
    await answer.fill("明天上午来就行")
    await answer.press("Control+Enter")
    await expect(page.locator(".pending")).to_contain_text("没有发出")
    await page.reload()
    await expect(page.locator(".pending")).to_contain_text("明天上午来就行")
    await expect(page.locator(".pending")).to_contain_text("没有发出")
    await page.wait_for_load_state("networkidle")
    await page.unroute("**/messages", cut)
    async with page.expect_response("**/messages"):
        await page.get_by_role("button", name="重发").click()
    await expect(page.get_by_text("秒后发给居民")).to_be_visible()
    await expect(page.locator(".said.seat:not(.pending)")).to_have_count(1, timeout=30_000)
    await until(asker, lambda: asker.heard[-1]["author"] == "seat")
    assert [each["text"] for each in asker.heard if each["author"] == "seat"] == ["明天上午来就行"]
    await expect(page.locator(".pending")).to_have_count(0)
    await asker.close()


async def rung(page: Page, times: int) -> None:
    """Waits until so many notes have sounded."""
    while await page.evaluate("window.rung") < times:
        await page.wait_for_timeout(200)


async def test_danger_rings_at_every_seat_until_one_takes_it(one_browser: Browser, service: Service) -> None:
    li, wang = await enter(one_browser, service, "li"), await enter(one_browser, service, "wang", dark=True)
    for page in (li, wang):
        await page.evaluate("""() => {
          window.rung = 0
          const start = OscillatorNode.prototype.start
          OscillatorNode.prototype.start = function (...at) { window.rung += 1; return start.apply(this, at) }
        }""")
    await li.get_by_role("link", name="知识").click()
    asker = await resident(service, "我妈晕倒了")
    for page in (li, wang):
        await expect(page.get_by_text("谁先看到谁接")).to_be_visible()
        await expect(page).to_have_title(re.compile("紧急"))
        await rung(page, 9)
        await accessible(page)
    buttons = [page.get_by_role("button", name="马上接单") for page in (li, wang)]
    await asyncio.gather(*(each.dispatch_event("click") for each in buttons))  # one may be gone before it stands still
    for page in (li, wang):
        await expect(page.get_by_text("谁先看到谁接")).to_have_count(0)
        await expect(page).to_have_title(re.compile("导学坐席台"))
    mine: list[Page] = []
    ends = asyncio.get_running_loop().time() + 10
    while not mine and asyncio.get_running_loop().time() < ends:  # its page opens when the click was answered
        await li.wait_for_timeout(100)
        mine = [page for page in (li, wang) if await page.get_by_role("button", name="转回机器人").count()]
    assert len(mine) == 1, "one of the two has it"
    await expect(mine[0].get_by_label("回复", exact=True)).to_be_focused()
    quiet = await li.evaluate("window.rung")
    await li.wait_for_timeout(3000)
    assert await li.evaluate("window.rung") == quiet
    await mine[0].keyboard.press("Escape")
    await mine[0].keyboard.press("b")  # nobody has said a word to the resident yet
    await mine[0].get_by_role("button", name="先回话").click()
    await mine[0].get_by_role("button", name="办结").first.click()
    await mine[0].get_by_role("dialog", name="办结").get_by_role("button", name="办结").click()
    await mine[0].get_by_role("button", name="就这样结束").click()
    await until(asker, lambda: "已办结" in asker.heard[-1]["text"])
    await asker.close()


async def test_keys_do_what_the_help_says(one_browser: Browser, service: Service) -> None:
    asker = await resident(service, "转人工")
    page = await enter(one_browser, service, "li")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("textbox", name="搜索")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("3")
    await expect(page.get_by_role("tab", name="回电")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("t")
    await page.keyboard.type("not at the table?")  # before the field is there: lost, and no shortcut
    await expect(page.get_by_label("回复", exact=True)).to_be_focused()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.type("我来")
    await expect(page.get_by_label("回复", exact=True)).to_have_value(re.compile("我来$"))
    await asker.close()
