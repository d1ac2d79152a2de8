"""What came while nobody looked, in real Chromium: the title, the widget's button, the sound, notifications."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, BrowserContext, Page, expect

from daoxue.app import App, compose
from daoxue.config import Config
from daoxue.serve import server
from desk.vapid import new_key
from store import pushes
from tests.conftest import free_port
from tests.desk_client import Desk, Person
from tests.official import up

# The page is in the background, as far as it can tell; and every tone is counted.
WATCHED = """
window.tones = 0; window.away = false; window.shown = [];
Object.defineProperty(document, "hidden", { get: () => window.away });
const create = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.tones += 1; return create.call(this); };
"""
GO = "away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"


@dataclass
class Centre:
    """A service in this process, with a seat."""

    app: App
    url: str
    seat: Person

    async def reply(self, text: str) -> None:
        await self.seat.post(f"/tickets/{await self.ref()}/messages", {"text": text, "id": text})

    async def take(self) -> None:
        await self.seat.post(f"/tickets/{await self.ref()}/take")

    async def ref(self) -> str:
        found = (await self.seat.get("/tickets?state=waiting"))["tickets"] or (
            await self.seat.get("/tickets?state=mine")
        )["tickets"]
        return str(found[0]["ref"])


@pytest.fixture
async def centre(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Centre]:
    monkeypatch.setenv("VAPID_PRIVATE_KEY", new_key())
    monkeypatch.setenv("VAPID_SUBJECT", "mailto:desk@daoxue.test")
    port = free_port()
    own = replace(
        config,
        server=replace(config.server, port=port),
        desk=replace(config.desk, always_open=True, recall_seconds=0),
    )
    app = await compose(own)
    web = server(app)
    web.config.lifespan = "off"
    async with up(web):
        yield Centre(app, f"http://127.0.0.1:{port}/", await Desk(app).person("seat"))
    app.database.close()


async def watched(browser: Browser) -> BrowserContext:
    made = await browser.new_context(viewport={"width": 420, "height": 760})
    await made.add_init_script(WATCHED)
    return made


@pytest.fixture
async def context(browser: Browser) -> BrowserContext:
    return await watched(browser)


@pytest.fixture
async def notified(whole_browser: Browser) -> BrowserContext:
    """Where notifications are shown."""
    return await watched(whole_browser)


async def asks_for_a_person(page: Page, centre: Centre) -> None:
    await page.goto(centre.url)
    await expect(page.locator(".starters")).to_be_visible()
    await page.locator("#say").fill("转人工")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log .bot .bubble").last).to_contain_text("工单")
    await centre.take()
    await expect(page.locator("#log .system, #log .bot").last).to_contain_text("接上了")


async def tones(page: Page) -> int:
    return int(await page.evaluate("window.tones"))


async def test_what_a_seat_wrote_meanwhile_is_in_the_title_and_heard(context: BrowserContext, centre: Centre) -> None:
    page = await context.new_page()
    await asks_for_a_person(page, centre)
    await centre.reply("您好")
    await expect(page.locator("#log .seat .bubble").last).to_have_text("您好")
    assert (await page.title())[0] != "("  # they look at it
    assert await tones(page) == 0
    await page.evaluate(GO, True)
    await centre.reply("积分不过期")
    await centre.reply("可以换礼品")
    await expect(page).to_have_title("(2) 学习导航 · 云溪区社区教育学院")
    assert await tones(page) == 4  # two each
    await expect(page.locator("#log .new")).to_have_count(2)
    await page.evaluate(GO, False)
    await expect(page).to_have_title("学习导航 · 云溪区社区教育学院")
    await expect(page.get_by_role("status").filter(has_text="您不在时来了 2 条新消息")).to_have_count(1)
    await page.get_by_role("button", name="提示音：开").click()
    await page.reload()  # that it is off is remembered
    await expect(page.get_by_role("button", name="提示音：关")).to_have_attribute("aria-pressed", "false")
    await expect(page.locator("#log .seat")).to_have_count(3)
    await expect(page.locator("#log .new")).to_have_count(0)  # all was seen
    await page.locator("#say").click()
    await page.evaluate(GO, True)
    await centre.reply("还有什么问题吗")
    await expect(page).to_have_title("(1) 学习导航 · 云溪区社区教育学院")
    assert await tones(page) == 0


async def test_what_came_while_the_page_was_closed_is_marked(context: BrowserContext, centre: Centre) -> None:
    page = await context.new_page()
    await asks_for_a_person(page, centre)
    await page.goto("about:blank")  # a page that is closed at once may for a moment go on and see what comes
    await page.close()
    await centre.reply("明天来就可以")
    page = await context.new_page()
    await page.goto(centre.url)
    await expect(page.locator("#log .new")).to_have_count(1)
    await expect(page.locator("#log .seat").filter(has=page.locator(".new"))).to_contain_text("明天来就可以")
    await page.locator("#say").fill("好的")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log .new")).to_have_count(0)
    await page.reload()
    await expect(page.locator("#log .seat")).to_have_count(1)
    await expect(page.locator("#log .new")).to_have_count(0)


@pytest.fixture
def elsewhere(centre: Centre, tmp_path: Path) -> Iterator[str]:
    """A page of another site (another origin) that embeds the widget."""
    host = f'<!doctype html><meta charset=utf-8><html lang=zh><body><p>社区网站</p><script src="{centre.url}widget.js"></script>'
    (tmp_path / "index.html").write_text(host, encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()


async def test_the_closed_widget_has_a_badge(context: BrowserContext, centre: Centre, elsewhere: str) -> None:
    page = await context.new_page()
    await page.goto(elsewhere)
    button = page.get_by_role("button", name="在线咨询")
    await button.click()
    frame = page.frame_locator("iframe")
    await expect(frame.locator(".starters")).to_be_visible()
    await frame.locator("#say").fill("转人工")
    await frame.locator("#say").press("Enter")
    await expect(frame.locator("#log .bot .bubble").last).to_contain_text("工单")
    await centre.take()
    await expect(frame.get_by_role("button", name="有回复时提醒我")).to_be_hidden()  # a foreign frame may not ask
    await page.get_by_role("button", name="关闭").click()
    await centre.reply("您好，我是坐席")
    counted = page.get_by_role("button", name="在线咨询（1 条新消息）")
    await expect(counted).to_be_visible()
    await page.reload()  # and is there for who comes to another page of the site
    await expect(counted).to_be_visible()
    await counted.click()
    await expect(page.get_by_role("button", name="关闭")).to_be_visible()
    await expect(frame.locator("#log .new")).to_have_count(1)
    await expect(frame.locator("#log .new")).to_be_in_viewport()  # what was missed is what they see
    await page.get_by_role("button", name="关闭").click()
    await expect(page.get_by_role("button", name="在线咨询", exact=True)).to_be_visible()
    await frame.locator("#log").evaluate("log => log.querySelectorAll('.new').forEach(each => each.remove())")
    await page.get_by_role("button", name="在线咨询", exact=True).click()
    await expect(frame.locator("#log li").last).to_be_in_viewport()  # the end, else


async def test_notifications_come_by_consent_alone(notified: BrowserContext, centre: Centre) -> None:
    asked: list[str] = []
    await notified.expose_function("askedFor", lambda permission: asked.append(permission))
    await notified.add_init_script(
        """const ask = Notification.requestPermission.bind(Notification);
        Notification.requestPermission = () => { askedFor(Notification.permission); return ask(); };"""
    )
    await notified.add_init_script(
        """PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey: key }) => ({ toJSON: () => ({
            endpoint: `https://push.test/${userVisibleOnly}/${key.length}`,
            keys: { p256dh: "B" + "A".repeat(86), auth: "A".repeat(22) } }) });
        PushManager.prototype.getSubscription = async () => ({ endpoint: "https://push.test/true/65", unsubscribe: async () => true });"""
    )
    await notified.grant_permissions(["notifications"], origin=centre.url)
    page = await notified.new_page()
    await asks_for_a_person(page, centre)
    assert asked == []
    async with page.expect_response("**/channels/webchat/push") as kept:
        await page.get_by_role("button", name="有回复时提醒我").click()
    assert (await kept.value).status == 204
    (told,) = await centre.app.database.read(lambda t: pushes.of_conversation(t, 1))
    assert told.endpoint == "https://push.test/true/65"  # a point of P-256
    await expect(page.get_by_role("button", name="提醒：开")).to_have_attribute("aria-pressed", "true")
    assert len(asked) == 1
    await page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    await page.evaluate(GO, True)
    await centre.reply("您的卡号是秘密")
    await expect(page).to_have_title("(1) 学习导航 · 云溪区社区教育学院")
    assert await shown(page) == ["有新回复"]  # and no word of it
    await page.evaluate(GO, False)
    assert await shown(page, 0) == []
    page.on("dialog", lambda dialog: dialog.accept())
    async with page.expect_response("**/channels/webchat/push") as ended:
        await page.get_by_role("button", name="新对话").click()  # what this device does not show it is not told of
    assert (await ended.value).status == 204
    assert await centre.app.database.read(lambda t: pushes.of_conversation(t, 1)) == []
    async with page.expect_response("**/channels/webchat/push") as anew:
        await page.locator("#say").fill("转人工")
        await page.keyboard.press("Enter")
    assert (await anew.value).status == 204
    assert len(await centre.app.database.read(lambda t: pushes.of_conversation(t, 2))) == 1


async def test_a_push_is_shown_by_the_service_worker(notified: BrowserContext, centre: Centre) -> None:
    await notified.grant_permissions(["notifications"], origin=centre.url)
    page = await notified.new_page()
    await asks_for_a_person(page, centre)
    devtools = await notified.new_cdp_session(page)
    registered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def updated(event: dict[str, Any]) -> None:
        if event["registrations"] and not registered.done():
            registered.set_result(event["registrations"][0])

    devtools.on("ServiceWorker.workerRegistrationUpdated", updated)
    await devtools.send("ServiceWorker.enable")
    await page.get_by_role("button", name="有回复时提醒我").click()
    worker = await registered
    assert worker["scopeURL"] == centre.url
    await page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    push = {"origin": centre.url, "registrationId": worker["registrationId"], "data": "You have a new reply"}
    await devtools.send("ServiceWorker.deliverPushMessage", push)
    assert await shown(page) == ["You have a new reply"]


async def shown(page: Page, count: int = 1) -> list[str]:
    """The notifications that stand there, once there are so many."""
    return list(
        await page.evaluate(
            """async (count) => {
            const worker = await navigator.serviceWorker.ready;
            let there = [];
            for (let turn = 0; turn < 500; turn++) {
                there = await worker.getNotifications();
                if (there.length === count) break;
                await new Promise((done) => setTimeout(done, 20));
            }
            return there.map((each) => each.title);
        }""",
            count,
        )
    )
