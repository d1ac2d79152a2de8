"""Who residents prove to be, and all the ways in which somebody might pretend."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page

from accounts import vault as vaults
from accounts.identity import CARDS, MOST, TRIES, WRONG, FullError, Identity, LockedError, is_card
from accounts.vault import Vault, VaultError
from bot.hints import DeskHint
from daoxue.app import App
from daoxue.config import Config
from daoxue.serve import application
from knowledge.files import SAMPLE, load_yaml
from players.wechat.residents import Resident
from tests.desk_client import PASSWORD, Desk
from tests.official import Official, official

AGREED = ("1", "words")
CARD, PHONE = "620801839197", "13800001370"
MINUTE = 60_000


def cards(status: str = "active", minor: bool = False) -> list[str]:
    found = load_yaml(SAMPLE / "learners.yml")
    assert isinstance(found, list)
    return [each["card"] for each in found if each["status"] == status and each["minor"] == minor]


@pytest.fixture
async def account(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Official]:
    async with official(config, monkeypatch) as running:
        yield running


def now() -> int:
    return int(time.time() * 1000)


async def code_for(identity: Identity, address: str, card: str, at: int) -> str | None:
    """Asks for a code and reads it on the telephone; None where none came."""
    before = len(await identity.codes(at))
    await identity.request_code("wechat", address, card, at)
    codes = await identity.codes(at + 1)
    return codes[0].code if len(codes) > before else None


# -- the ladder


async def test_a_card_and_a_code_bind_once(app: App) -> None:
    identity, at = app.identity, now()
    code = await code_for(identity, "o1", CARD, at)
    assert code is not None
    bound = await identity.confirm("wechat", "o1", code, at + 1, AGREED)
    assert bound is not None
    assert bound.name == "徐**"
    assert await identity.confirm("wechat", "o1", code, at + 2, AGREED) is None, "a code is good once"
    assert [each.id for each in await identity.bound("wechat", "o1", at + 3)] == [bound.id]
    assert await identity.bound("sms", "o1", at) == [], "never inherited by another channel"
    assert await identity.bound("wechat", "o2", at) == []


async def test_a_code_is_of_whom_it_was_sent_for_and_ends(app: App) -> None:
    identity, at = app.identity, now()
    code = await code_for(identity, "o1", CARD, at)
    assert code is not None
    assert await identity.confirm("wechat", "o2", code, at, AGREED) is None
    assert await identity.confirm("sms", "o1", code, at, AGREED) is None
    assert await identity.confirm("wechat", "o1", code, at + 5 * MINUTE + 1, AGREED) is None
    newer = await code_for(identity, "o1", CARD, at + 6 * MINUTE)
    assert newer is not None
    if newer != code:
        assert await identity.confirm("wechat", "o1", code, at + 6 * MINUTE, AGREED) is None, "a newer one ends it"


async def test_guessing_a_code_ends(app: App) -> None:
    identity, at = app.identity, now()
    code = await code_for(identity, "o1", CARD, at)
    assert code is not None
    for guess in range(TRIES):
        wrong = f"{(int(code) + 1 + guess) % 1_000_000:06d}"
        assert await identity.confirm("wechat", "o1", wrong, at, AGREED) is None
    assert await identity.confirm("wechat", "o1", code, at, AGREED) is None, "worthless after that"
    for again in range(1, WRONG // TRIES):
        await identity.request_code("wechat", "o1", CARD, at + again)
        for guess in range(TRIES):
            await identity.confirm("wechat", "o1", f"{guess:06d}", at + again, AGREED)
    with pytest.raises(LockedError):
        await identity.request_code("wechat", "o1", CARD, at + WRONG)


async def test_one_number_gets_three_codes_an_hour_whoever_asks(app: App) -> None:
    identity, at = app.identity, now()
    came = [await code_for(identity, f"o{number}", CARD, at + number) for number in range(6)]
    assert [code is not None for code in came] == [True] * 3 + [False] * 3


async def test_one_number_gets_ten_codes_a_day(app: App) -> None:
    identity, at = app.identity, now()
    minutes = [*(60 * hour + 10 * again for hour in range(4) for again in range(3)), 24 * 60 + 11]
    came = [await code_for(identity, f"o{number}", CARD, at + 61_000 * minute) for number, minute in enumerate(minutes)]
    assert [code is not None for code in came] == [True] * 10 + [False] * 2 + [True]


async def test_who_asks_about_many_cards_is_stopped_and_looked_into(app: App) -> None:
    identity, at = app.identity, now()
    for number in range(CARDS):
        await identity.request_code("wechat", "o1", f"9{number:011d}", at + number)
    with pytest.raises(LockedError):
        await identity.request_code("wechat", "o1", CARD, at + CARDS)
    audit = await Desk(app).person("auditor")
    actions = [line["action"] for line in (await audit.get("/audit"))["lines"]]
    assert "many_cards_asked" in actions


async def test_nothing_tells_whether_there_is_such_a_card(app: App) -> None:
    """The same answer, and no code, for a card that is none, one that ended, and a child's."""
    identity, at = app.identity, now()
    for address, card in (
        ("a", "999999999999"),
        ("b", cards("void")[0]),
        ("c", cards(minor=True)[0] if cards(minor=True) else "1" * 12),
    ):
        assert await code_for(identity, address, card, at) is None
        assert await identity.confirm("wechat", address, "000000", at, AGREED) is None


async def test_the_time_it_takes_tells_nothing_either(app: App) -> None:
    identity, at = app.identity, now()

    spent: dict[str, list[float]] = {CARD: [], "999999999999": []}
    for number in range(80):
        for card, took in spent.items():  # side by side, so that what else the machine does falls on both
            began = time.perf_counter()
            await identity.request_code("wechat", f"{card}{number}", card, at)
            took.append(time.perf_counter() - began)
    known, unknown = (sorted(took)[40] for took in spent.values())
    assert abs(known - unknown) < 0.25 * max(known, unknown), (known, unknown)


async def test_three_learners_and_no_more(app: App) -> None:
    identity, at = app.identity, now()
    for number, card in enumerate(cards()[:MOST]):
        code = await code_for(identity, "o1", card, at + number)
        assert code is not None
        assert await identity.confirm("wechat", "o1", code, at + number, AGREED)
    code = await code_for(identity, "o1", cards()[MOST], at + MOST)
    assert code is not None
    with pytest.raises(FullError):
        await identity.confirm("wechat", "o1", code, at + MOST, AGREED)


async def test_an_invitation_is_for_the_first_who_scans_it_in_time(app: App) -> None:
    identity, at = app.identity, now()
    made = await identity.invite(CARD, "li", at)
    assert made is not None
    scene, id = made
    assert not await identity.is_accepted(id)
    assert await identity.accept(scene, "wechat", "o1", at + 1, AGREED)
    assert await identity.accept(scene, "wechat", "o1", at + 2, AGREED), "the same one again: nothing changes"
    assert await identity.accept(scene, "wechat", "o2", at + 3, AGREED) is None
    assert await identity.is_accepted(id)
    late = await identity.invite(CARD, "li", at)
    assert late is not None
    assert await identity.accept(late[0], "wechat", "o3", at + 5 * MINUTE + 1, AGREED) is None
    assert await identity.accept("0" * 32, "wechat", "o3", at, AGREED) is None
    assert await identity.invite("999999999999", "li", at) is None


# -- kept encrypted


def test_the_vault(tmp_path: Path) -> None:
    key = tmp_path / "deep" / "data.key"
    one, again = vaults.load(key, {}), vaults.load(key, {})
    assert key.stat().st_mode & 0o077 == 0
    closed = one.close("徐凤英".encode())
    assert again.open(closed).decode() == "徐凤英"
    assert one.close(b"x") != one.close(b"x")
    assert one.digest("card", CARD) == again.digest("card", CARD) != one.digest("phone", CARD)
    with pytest.raises(VaultError):
        one.open(closed[:-1] + bytes([closed[-1] ^ 1]))
    with pytest.raises(VaultError):
        vaults.load(tmp_path / "other.key", {}).open(closed)
    for wrong in ("abc", "AAAA", "%%%"):
        with pytest.raises(VaultError):
            vaults.load(key, {"DATA_KEY": wrong})
    old, new = b"o" * 32, b"n" * 32
    both, before = Vault([new, old]), Vault([old])
    assert both.open(before.close(b"x")) == b"x", "after a change of keys the old ones still open"
    assert both.digest("card", CARD) == before.digest("card", CARD)


def test_no_name_and_no_number_in_the_database_file(config: Config) -> None:
    path = Path(config.database.url.removeprefix("sqlite:///"))
    content = path.read_bytes() + (Path(f"{path}-wal").read_bytes() if Path(f"{path}-wal").exists() else b"")
    for word in ("徐凤英", PHONE, CARD):
        assert word.encode() not in content, word


def test_cards_check() -> None:
    assert is_card(CARD)
    for wrong in (CARD[:-1] + "0", CARD[:-1], CARD + "1", "６" + CARD[1:], "", "a" * 12):
        assert not is_card(wrong), wrong


# -- on WeChat


async def bind(account: Official, who: Resident, card: str = CARD) -> httpx.Response:
    """The page, as a telephone does it."""
    account.platform.visitor = who.openid
    base = f"http://127.0.0.1:{account.app.config.server.port}"
    async with httpx.AsyncClient(base_url=base, follow_redirects=True) as client:
        page = await client.get("/channels/wechat/bind")
        assert "学习卡号" in page.text, page.text
        page = await client.post("/channels/wechat/bind/card", data={"form": _form(page), "card": card, "agree": "on"})
        if "验证码已发送" not in page.text:
            return page
        codes = await account.app.identity.codes(now())
        return await client.post("/channels/wechat/bind/code", data={"form": _form(page), "code": codes[0].code})


def _form(page: httpx.Response) -> str:
    return page.text.split('name="form" value="')[1].split('"')[0]


async def test_from_the_menu_to_ones_credits(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    await platform.subscribe(who)
    [card] = await platform.click(who, "balance")
    assert (card.kind, card.url.endswith("/channels/wechat/bind")) == ("news", True)
    assert "绑定好了" in (await bind(account, who)).text
    account.clock.ahead += 2
    [balance] = await platform.click(who, "balance")
    assert "徐**" in balance.text
    assert "学分 20 分" in balance.text
    assert "200 分" in balance.text
    assert CARD not in balance.text
    [asked] = await platform.say(who, "我的积分有多少")
    assert "徐**" in asked.text
    [told] = await platform.say(who, "怎么解除微信绑定？")
    assert "第1步" in told.text  # who asks how is told how, and nothing is done
    [unbound] = await platform.say(who, "解除绑定")
    assert "已经解除绑定" in unbound.text
    account.clock.ahead += 2
    [card] = await platform.click(who, "balance")
    assert card.kind == "news"


async def test_of_two_learners_it_asks_which(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    await bind(account, who)
    other = next(card for card in cards() if card != CARD)
    await bind(account, who, other)
    [asked] = await platform.click(who, "balance")
    assert asked.text.startswith("您要查询哪位的？")
    assert f"尾号{CARD[-4:]}" in asked.text
    [balance] = await platform.say(who, "1")
    assert "徐**" in balance.text
    [asked] = await platform.say(who, "查学分")
    assert "哪位" in asked.text, "asked anew each time: nobody else's balance is shown by accident"


async def test_at_the_counter(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    desk = Desk(account.app)
    seat, editor = await desk.person("seat"), await desk.person("editor")
    await editor.post("/counter/invitations", {"card": CARD, "checked": True}, expect=403)
    await seat.post("/counter/invitations", {"card": CARD, "checked": False}, expect=422)
    await seat.post("/counter/invitations", {"card": "999999999999", "checked": True}, expect=404)
    made = await seat.post("/counter/invitations", {"card": CARD, "checked": True})
    assert made["svg"].startswith("<svg")
    url = list(platform.scenes)[-1]
    told: list[DeskHint] = []
    account.app.live.on_desk(told.append)
    [said] = await platform.scan(who, url)
    assert "绑定好了：徐**" in said.text
    assert told == [DeskHint("invitations")], "the page that shows the code need not ask"
    assert (await seat.get(f"/counter/invitations/{made['id']}"))["taken"] is True
    [again] = await platform.scan(platform.resident(), url)
    assert "过期或用过" in again.text
    assert len(told) == 1
    [balance] = await platform.click(who, "balance")
    assert "徐**" in balance.text
    platform.faults["qrcode/create"] = ["html"] * 3
    await seat.post("/counter/invitations", {"card": CARD, "checked": True}, expect=502)


async def test_taking_back_and_going_away(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    await platform.subscribe(who)
    await bind(account, who)
    await platform.unsubscribe(who)
    assert await account.app.identity.bound("wechat", who.openid, now()) == [], "asleep while away"
    await platform.subscribe(who)
    assert len(await account.app.identity.bound("wechat", who.openid, now())) == 1
    assert await platform.event(who, "user_authorization_revoke", "<RevokeInfo>1</RevokeInfo>") == []
    assert await account.app.identity.bound("wechat", who.openid, now()) == []


async def test_the_page_under_attack(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    base = f"http://127.0.0.1:{account.app.config.server.port}/channels/wechat/bind"
    async with httpx.AsyncClient() as client:
        for path in ("/card", "/back", "/back?code=x&state=y"):
            assert (await client.get(base + path)).status_code == 403
        assert (await client.post(base + "/code", data={"code": "000000"})).status_code == 403
        there = (await client.get(base)).headers["location"]
        assert "snsapi_base" in there
        platform.visitor = who.openid
        back = (await client.get(there)).headers["location"]
        async with httpx.AsyncClient() as thief:
            assert (await thief.get(back)).status_code == 403, "the state is this browser's"
        platform.faults["sns/oauth2"] = ["html"]
        assert (await client.get(back)).status_code == 403
        platform.virtual = True
        there = (await client.get(base)).headers["location"]
        snapshot = await client.get((await client.get(there)).headers["location"])
        assert "使用完整服务" in snapshot.text, "a made-up account is nobody"
        assert (await client.get(base + "/card")).status_code == 403
        platform.virtual = False
        there = (await client.get(base)).headers["location"]
        back = (await client.get(there)).headers["location"]
        assert (await client.get(back)).status_code == 303
        assert (await client.get(back)).status_code == 403, "once"
        page = await client.get(base + "/card")
        assert "code=" not in str(page.url)
        form = _form(page)
        assert (await client.post(base + "/card", data={"form": "x", "card": CARD, "agree": "on"})).status_code == 403
        assert (await client.post(base + "/card", data={"form": form, "card": CARD})).status_code == 422, "no consent"
        assert (await client.post(base + "/card", content=b"x" * 100_000)).status_code == 403
        assert (await client.post(base + "/card", json={"card": CARD})).status_code == 403
        nasty = await client.post(base + "/card", data={"form": form, "card": "<script>", "agree": "on"})
        assert "<script>" not in nasty.text
        known = await client.post(base + "/card", data={"form": form, "card": CARD, "agree": "on"})
        unknown = await client.post(base + "/card", data={"form": form, "card": "620801000003", "agree": "on"})
        if is_card("620801000003"):
            assert _plain(known.text) == _plain(unknown.text), "the same words for a card that is none"
        for name in ("content-security-policy", "referrer-policy", "cache-control"):
            assert known.headers[name]
        assert "httponly" in known.headers["set-cookie"].lower()
        locked = [
            await client.post(base + "/card", data={"form": form, "card": CARD, "agree": "on"}) for _ in range(40)
        ]
        assert locked[-1].status_code == 429


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
async def test_the_pages_cookie_is_secure_where_the_outside_is_https(
    account: Official, scheme: str, secure: bool
) -> None:
    asked = httpx.ASGITransport(application(account.app))
    async with httpx.AsyncClient(transport=asked, base_url=f"{scheme}://learn.example.cn") as client:
        begun = await client.get("/channels/wechat/bind")
    assert ("; Secure" in begun.headers["set-cookie"]) is secure


def _plain(page: str) -> str:
    return page.split("<main>")[1]


@pytest.mark.parametrize("dark", [False, True])
async def test_the_page_on_a_telephone(account: Official, browser: Browser, dark: bool) -> None:
    """Large, readable, all by touch; no serious finding of axe's."""
    account.platform.visitor = account.platform.resident().openid
    context = await browser.new_context(
        viewport={"width": 375, "height": 740}, color_scheme="dark" if dark else "light", bypass_csp=True
    )
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{account.app.config.server.port}/channels/wechat/bind")
    await _accessible(page)
    await page.get_by_label("学习卡号（").fill(CARD)
    await page.get_by_role("button", name="发送验证码").click()
    assert await page.get_by_role("alert").inner_text() == "请先勾选同意，再往下。"
    await page.get_by_label("学习卡号（").fill(f"{CARD[:4]} {CARD[4:8]} {CARD[8:]}")
    await page.get_by_label("我同意").check()
    await page.get_by_role("button", name="发送验证码").click()
    await _accessible(page)
    await page.get_by_label("验证码").fill((await account.app.identity.codes(now()))[0].code)
    await page.get_by_role("button", name="绑定", exact=True).click()
    assert "绑定好了" in await page.locator("h1").inner_text()
    await _accessible(page)
    height = await page.evaluate("document.documentElement.scrollWidth")
    assert height <= 375, "nothing to scroll sideways"
    await context.close()


async def _accessible(page: Page) -> None:
    script = Path(__file__).parent / "node/node_modules/axe-core/axe.min.js"
    if not script.exists():
        pytest.skip("axe-core is not installed: make test installs it")
    await page.add_script_tag(path=str(script))
    found = await page.evaluate(
        "axe.run().then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => v.id))"
    )
    assert found == []


async def test_the_counter_in_a_browser(account: Official, browser: Browser) -> None:
    """Staff type the card, the resident scans, the page says so."""
    desk = Desk(account.app)
    seat = await desk.person("seat")
    base = f"http://127.0.0.1:{account.app.config.server.port}"
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True, locale="zh-CN")
    page = await context.new_page()
    await seat.post("/me/password", {"old": seat.password, "new": PASSWORD})
    await page.goto(f"{base}/desk/")
    await page.get_by_label("用户名").fill(seat.name)
    await page.locator("input[type=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="服务台").click()
    await page.get_by_label("学习卡号").last.fill(f"{CARD[:6]} {CARD[6:]}")
    assert await page.get_by_role("button", name="出二维码").is_disabled()
    await page.get_by_text("我已当面看过证件").click()
    await page.get_by_role("button", name="出二维码").click()
    await page.get_by_alt_text("请居民用微信扫这个二维码").wait_for()
    await _accessible(page)
    who = account.platform.resident()
    await account.platform.scan(who, list(account.platform.scenes)[-1])
    await page.get_by_text("绑定好了").wait_for()
    await _accessible(page)
    await context.close()
