"""Files in both pages, in real Chromium: sent with keys alone, refused in words, seen and fetched by a seat."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, FileChooser, FilePayload, Page, expect

from daoxue.config import Config
from tests.service import Service, running
from tests.test_desk_page import DIST, accessible, accounts, enter
from tests.test_files import PLACE, picture

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOTS = os.environ.get("SHOTS", "")  # a folder for pictures of the pages


@pytest.fixture
async def service(config: Config) -> AsyncIterator[Service]:
    await accounts(config)
    with running(config) as started:
        yield started


async def keep(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


def file(name: str, kind: str, body: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": body}


@pytest.mark.skipif(not DIST.is_file(), reason="the desk's page is not built: make web/desk/dist/index.html")
async def test_a_picture_from_the_page_to_the_seat(one_browser: Browser, service: Service) -> None:
    page = await one_browser.new_page(viewport={"width": 390, "height": 800})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    choosing: asyncio.Future[FileChooser] = asyncio.get_running_loop().create_future()
    page.on("filechooser", lambda chooser: choosing.set_result(chooser))  # heard from before the page is there
    await page.goto(service.url)
    await expect(page.locator(".starters")).to_be_visible()
    await page.locator("#say").focus()
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="图片 文件")).to_be_focused()
    await page.keyboard.press("Enter")
    await (await choosing).set_files(file("结业证书.jpg", "image/jpeg", picture()))
    await expect(page.locator("#log .resident .meta")).to_have_text("已送达")
    await expect(page.get_by_alt_text("结业证书.jpg")).to_be_visible()
    await expect(page.get_by_text("工作人员会看")).to_be_visible()

    desk = await enter(one_browser, service, "li")
    await expect(desk.get_by_text("派给您：发来图片或文件")).to_be_visible()
    await desk.keyboard.press("t")
    small = desk.get_by_alt_text("结业证书.jpg")
    await expect(small).to_be_visible()
    await expect(small).to_have_js_property("naturalWidth", 640)
    async with desk.expect_download() as fetching:
        await desk.get_by_role("link", name="结业证书.jpg").click()
    fetched = await fetching.value
    assert fetched.suggested_filename == "结业证书.jpg"
    content = await asyncio.to_thread((await fetched.path()).read_bytes)
    assert PLACE.encode() in content
    await page.locator("#file").set_input_files(  # seen live by the seat that has the ticket
        [
            file("学分表.pdf", "application/pdf", b"%PDF-1.7 x" * 20_000),
            file("图.png", "image/png", b"\x89PNG\r\n\x1a\nbroken"),
        ]
    )
    await expect(desk.get_by_role("link", name="学分表.pdf")).to_contain_text("application/pdf · 200 KB")
    await expect(desk.get_by_role("link", name="图.png")).to_be_visible()
    await keep(desk, "desk")
    await accessible(desk)
    await keep(page, "chat")
    await page.reload()
    await expect(page.locator("#log .own-file").first).to_have_text("📎 结业证书.jpg")
    assert wrong == []


async def test_what_cannot_be_sent_is_said_in_words(one_browser: Browser, service: Service) -> None:
    page = await one_browser.new_page(viewport={"width": 390, "height": 800})
    await page.goto(service.url)
    await page.locator("#file").set_input_files(
        [
            file("片子.jpg", "image/jpeg", b"\xff\xd8\xff" + bytes(10_000_001)),
            file("网页.html", "text/html", b"<script>alert(1)</script>"),
            file("空.txt", "text/plain", b""),
        ]
    )
    failures = page.locator("#log .failure")
    await expect(failures).to_have_count(3)
    await expect(failures.nth(0)).to_contain_text("小于 10 MB")
    await expect(failures.nth(1)).to_contain_text("这种文件收不了")
    await expect(failures.nth(2)).to_contain_text("空的")
    await expect(page.locator("#log .failure button")).to_have_count(0)
    await keep(page, "refused")
    await page.evaluate("document.getElementById('elder').click()")
    await keep(page, "elder")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_what_was_cut_off_goes_out_again(one_browser: Browser, service: Service) -> None:
    page = await one_browser.new_page()
    await page.goto(service.url)
    await expect(page.locator(".starters")).to_be_visible()
    await page.route("**/channels/webchat/files", lambda route: route.abort())
    await page.locator("#file").set_input_files([file("a.png", "image/png", picture("PNG"))])
    await expect(page.locator("#log .failure")).to_contain_text("检查网络")
    await page.unroute("**/channels/webchat/files")
    await page.get_by_role("button", name="重发").click()
    await expect(page.locator("#log .resident .meta")).to_have_text("已送达")
    await expect(page.locator("#log .failure")).to_have_count(0)
