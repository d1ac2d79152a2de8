"""The resident's page in real Chromium: talked to with keys alone, cut off, reloaded, in every width and dress."""

import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from daoxue.config import Config
from tests.service import Service, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def service(config: Config) -> Iterator[Service]:
    with running(config) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def page(one_browser: Browser, service: Service) -> AsyncIterator[Page]:
    opened = await one_browser.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    await opened.goto(service.url)
    await expect(opened.locator(".starters")).to_be_visible()
    yield opened
    assert wrong == []


async def say(page: Page, text: str) -> None:
    await page.locator("#say").fill(text)
    await page.keyboard.press("Enter")


async def test_a_question_is_answered_and_its_delivery_shown(page: Page) -> None:
    await say(page, "积分会过期吗")
    await expect(page.locator("#log .bot .bubble").last).to_contain_text("学分不过期")
    await expect(page.locator("#log .resident .meta")).to_have_text("已送达")
    await expect(page.locator("#thinking")).to_be_hidden()


async def test_buttons_choose_and_old_ones_rest(page: Page) -> None:
    await say(page, "有书法班吗")
    await page.get_by_role("button", name="1. 书法班（学院）").click()
    await expect(page.locator(".card h2")).to_have_text("书法班（学院）")
    await expect(page.get_by_role("button", name="1. 书法班（学院）")).to_be_disabled()


async def test_the_keyboard_is_enough(page: Page) -> None:
    await page.locator("#say").focus()
    await page.keyboard.type("有书法班吗")
    await page.keyboard.press("Enter")
    button = page.get_by_role("button", name="1. 书法班（学院）")
    await expect(button).to_be_enabled()
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".card")).to_be_visible()


async def test_what_is_said_while_offline_goes_out_later_and_once(page: Page, service: Service) -> None:
    await say(page, "你好")
    await expect(page.locator("#log .bot")).to_have_count(2)
    service.kill()
    await expect(page.locator("#state")).to_have_attribute("data-state", "lost")
    await say(page, "积分会过期吗")
    await expect(page.locator("#log .resident .meta").last).to_contain_text("自动发送")
    service.start()
    await expect(page.locator("#log .bot .bubble").last).to_contain_text("学分不过期", timeout=20_000)
    await expect(page.locator("#log .resident")).to_have_count(2)
    await expect(page.locator("#log .bot")).to_have_count(3)


async def test_history_is_there_after_a_reload_and_gone_in_a_new_chat(page: Page) -> None:
    await say(page, "积分会过期吗")
    await expect(page.locator("#log .bot")).to_have_count(2)
    await page.reload()
    await expect(page.locator("#log .resident .bubble")).to_have_text("积分会过期吗")
    await expect(page.locator("#log > li")).to_have_count(2)
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="新对话").click()
    await expect(page.locator(".starters")).to_be_visible()
    await expect(page.locator("#log > li")).to_have_count(1)


async def test_markup_is_shown_and_never_run(page: Page) -> None:
    await say(page, "<img src=x onerror=document.title='run'><b>粗</b>")
    await expect(page.locator("#log .resident .bubble")).to_contain_text("<img src=x")
    assert await page.locator("#log .resident b, #log .resident img").count() == 0
    assert await page.title() != "run"


async def test_elder_mode_is_large_and_remembered(page: Page) -> None:
    await page.get_by_role("button", name="长辈版").click()
    await say(page, "有书法班吗")
    button = page.locator(".options button").last
    await expect(button).to_be_visible()
    for target in (button, page.locator("#send"), page.locator("#elder")):
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= 60
    size = await page.locator(".bubble").last.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
    assert size >= 18
    await page.reload()
    await expect(page.locator("#elder")).to_have_attribute("aria-pressed", "true")


async def test_english(page: Page) -> None:
    await say(page, "积分会过期吗")
    await expect(page.locator("#log .bot .meta")).to_contain_text("来源：")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("h1")).to_have_text("Learning navigator")
    await expect(page.locator("#log .resident .name").first).to_have_text("Me")
    await expect(page.locator("#log .resident .meta").first).to_have_text("Delivered")
    await expect(page.locator("#log .bot .meta")).to_contain_text("Source: ")
    await page.reload()
    await say(page, "I want to talk to a human")
    await expect(page.locator("#log .bot .bubble").last).to_contain_text("ticket")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("dress", ["", "?elder"])
async def test_nothing_runs_over_the_edge(width: int, dress: str, one_browser: Browser, service: Service) -> None:
    page = await one_browser.new_page(viewport={"width": width, "height": 720})
    await page.goto(f"{service.url}/{dress}")
    await expect(page.locator(".starters")).to_be_visible()
    await say(page, "最近有什么培训班")
    await expect(page.locator("#log .bot")).to_have_count(2)
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= width
    box = await page.locator("#send").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 720
    await page.close()


async def test_screen_readers_are_told(page: Page) -> None:
    log = page.get_by_role("log", name="对话")
    await expect(log).to_have_attribute("aria-live", "polite")
    await expect(page.get_by_role("textbox", name="想问什么")).to_be_focused()
    await expect(page.get_by_role("group", name="可以选择")).to_be_visible()


@pytest.fixture
def elsewhere(service: Service, tmp_path: Path) -> Iterator[str]:
    """A page of another site (another origin) that embeds the widget."""
    script = f'<script src="{service.url}/widget.js"></script>'
    (tmp_path / "index.html").write_text(
        f"<!doctype html><html lang=zh><body><p>社区网站</p>{script}", encoding="utf-8"
    )
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


async def test_the_widget_opens_the_chat_on_another_page(one_browser: Browser, elsewhere: str) -> None:
    page = await one_browser.new_page()
    await page.goto(elsewhere)
    await page.get_by_role("button", name="在线咨询").click()
    frame = page.frame_locator("iframe")
    await expect(frame.locator(".starters")).to_be_visible()
    await frame.locator("#say").fill("积分会过期吗")
    await frame.locator("#say").press("Enter")
    await expect(frame.locator("#log .bot .bubble").last).to_contain_text("学分不过期")
    await page.close()


async def test_who_types_faster_than_may_be_is_heard_all_the_same_and_sends_little_again(page: Page) -> None:
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    await page.reload()
    await expect(page.locator("#state")).to_have_attribute("data-state", "open")
    await page.evaluate(
        """() => { for (let number = 0; number < 30; number++) {
            document.querySelector("#say").value = `你好${number}`; document.querySelector("#form").requestSubmit(); } }"""
    )  # twenty may come at once
    await expect(page.locator("#log .resident .meta", has_text="已送达")).to_have_count(30, timeout=30_000)
    assert sum('"message"' in frame for frame in sent) < 60
