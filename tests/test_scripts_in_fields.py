"""Markup in whatever others may fill in of a mail, a post and a message: to a seat's page, in a real browser, it is words."""

import base64

import pytest
from playwright.async_api import Browser, expect

from daoxue.config import Config
from integrations.forum import settings as forum_settings
from integrations.wecom import settings as wecom_settings
from players import forum_api
from players.forum import Forum
from players.post_office import PostOffice, hand_on
from players.wecom import Corporation
from tests import customer_service, foruming
from tests.conftest import free_port
from tests.mailing import CENTRE, letterbox, on_mail
from tests.official import behind
from tests.service import running
from tests.test_desk_page import DIST, accounts, enter

pytestmark = pytest.mark.skipif(
    not DIST.is_file(), reason="the desk's page is not built: make web/desk/dist/index.html"
)

EVIL = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script><a href='javascript:document.title=1'>k</a>"
WORDS = "<img src=x"  # of it, as words


def mail() -> bytes:
    """Markup for a name, a subject, the names of two files, what is said, and what stands below it."""
    name, again = (f"=?utf-8?B?{base64.b64encode(each.encode()).decode()}?=" for each in (EVIL, EVIL + ".pdf"))
    quoted = EVIL.replace('"', '\\"')
    lines = (
        f"From: {name} <wang@home.test>", f"To: {CENTRE}", f"Subject: {name}", "Message-ID: <1@home.test>", "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="x"', "", "--x", "Content-Type: text/plain; charset=utf-8", "",
        "我要找工作人员。", "", EVIL, "-- ", EVIL, "--x", f'Content-Type: application/pdf; name="{quoted}"', "", "%PDF-1.4", "--x",
        "Content-Type: image/png", f'Content-Disposition: attachment; filename="{again}"', "", "not a picture", "--x--", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


async def test_markup_in_every_field_is_words(
    config: Config, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, at = PostOffice(), letterbox()
    forum, corporation, ports = Forum(), Corporation(), (free_port(), free_port())
    for name, value in (foruming.environment() | customer_service.environment(corporation)).items():
        monkeypatch.setenv(name, value)
    mailed = on_mail(config, at, await office.open())
    config = customer_service.connected(foruming.on_forum(mailed, ports[0]), corporation, ports[1])
    await accounts(config)
    async with behind(forum_api.server(forum), ports[0]), behind(corporation.app(), ports[1]):
        with running(config) as service:
            forum.hook, corporation.hook = service.url + forum_settings.PATH, service.url + wecom_settings.PATH
            await hand_on(at, CENTRE, mail())
            await forum.open(forum.member(f"evil{EVIL}"), EVIL, f"{EVIL} 量子力学考试什么时候", foruming.CATEGORY)
            customer = corporation.customer(f"wm{EVIL}")
            await corporation.show(customer, "file", EVIL.encode())
            await corporation.send(
                customer, "link", link={"title": EVIL, "desc": EVIL, "url": "javascript:document.title=1"}
            )
            await corporation.say(customer, f"我要找工作人员 {EVIL}")
            page = await enter(browser, service, "chen")
            await expect(page.locator(".item")).to_have_count(3, timeout=30_000)
            for number in range(3):
                await page.locator(".item").nth(number).click()
                await expect(page.get_by_role("log")).to_be_visible()
                await expect(page.get_by_role("log").get_by_text(WORDS).first).to_be_visible()
                for tab in ("居民", "常用语"):
                    await page.get_by_role("tab", name=tab, exact=True).click()
                    assert await page.locator("img[src=x], a[href^=javascript]").count() == 0
                assert "owned" not in await page.title()
    await office.close()
