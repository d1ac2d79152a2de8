"""The accounts are kept elsewhere: everything that a platform can do wrong, and what residents are told then."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from accounts.ledger import UnavailableError
from bot.calling import HttpClient
from daoxue.app import App, compose
from daoxue.config import Config
from daoxue.preparing import vault_of
from integrations import breaker
from integrations.platform import Platform, PlatformSettings
from players.platform import TOKEN, LearningPlatform
from store import queue
from tests.conftest import free_port
from tests.official import Clock, behind
from tests.test_mine import CARD, Visitor

ACCOUNT = {
    "balance": {"credits": 31.5, "points": 120, "frozen": 30, "last": "2026-10-01", "lapsing": 40, "lapses_on": "2026-12-31"},
    "entries": [{"day": "2026-10-01", "type": "earn", "note": "远程听课", "source": "r1", "credits": 1}],
    "orders": [{"ref": "R1", "name": "雨伞", "points": 100, "state": "reserved", "site": "college", "at": 1, "until": 1_900_000_000_000}],
    "attendance": [{"day": "2026-11-01", "note": "书法课", "source": "a1", "minutes": 90, "credited": False}],
}  # fmt: skip


@dataclass
class Remote:
    app: App
    server: LearningPlatform
    clock: Clock
    client: Platform
    learner: int


@pytest.fixture
async def there(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Remote]:
    port, clock, server = free_port(), Clock(), LearningPlatform({CARD: ACCOUNT})
    monkeypatch.setenv("PLATFORM_TOKEN", TOKEN)
    settings = PlatformSettings(base=f"http://127.0.0.1:{port}", seconds=0.5)
    app = await compose(replace(config, accounts=replace(config.accounts, platform=settings)), clock=clock)
    assert app.platform is not None
    async with behind(server.app(), port):
        learner = next([id for id in range(1, 13) if await app.identity.card(id) == CARD].__iter__())
        yield Remote(app, server, clock, app.platform, learner)
    await app.platform.close()
    app.database.close()


async def test_what_residents_ask_is_answered_from_there(there: Remote) -> None:
    visitor = Visitor(there.app)
    await visitor.say("我有多少学分")
    told = await visitor.prove()
    assert "学分 31.5 分，可用积分 120 分" in told
    assert "30 积分已经为兑换订单冻结" in told
    assert "远程听课" in await visitor.say("看明细")
    assert "雨伞" in await visitor.say("我的兑换订单到哪了")
    assert "书法课" in await visitor.say("上个月听的课，学分怎么还没到账？")
    assert CARD not in str(there.server.asked), "no card in an address"


@pytest.mark.parametrize("fault", ["slow", "down", "html", "huge", "deep", "wrong", "refuse"])
async def test_a_platform_that_fails_leads_to_a_ticket_and_no_figure(there: Remote, fault: str) -> None:
    there.server.fault = fault
    visitor = Visitor(there.app)
    await visitor.say("我有多少学分")
    told = await visitor.prove()
    assert "现在查不到" in told
    assert visitor.last is not None
    assert visitor.last.ticket is not None
    assert there.client.alarm is not None


async def test_an_old_figure_is_said_with_its_date_and_not_for_long(there: Remote) -> None:
    assert (await there.client.balance(there.learner)).as_of is None
    there.server.fault = "down"
    assert (await there.client.balance(there.learner)).as_of is None, "half a minute is as good as new"
    there.clock.ahead += 3600
    found = await there.client.balance(there.learner)
    assert found.as_of is not None
    visitor = Visitor(there.app)
    await visitor.say("我有多少学分")
    assert "的数据" in await visitor.prove()
    there.clock.ahead += 24 * 3600
    with pytest.raises(UnavailableError):
        await there.client.balance(there.learner)
    with pytest.raises(UnavailableError):
        await there.client.orders(there.learner, 5)


async def test_a_failing_platform_is_left_alone(there: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    there.server.fault = "down"
    for _ in range(12):
        with pytest.raises(UnavailableError):
            await there.client.entries(there.learner, 5)
    asked = len(there.server.asked)
    assert asked <= 2 * breaker.FAILURES
    there.server.fault = "none"
    with pytest.raises(UnavailableError):
        await there.client.entries(there.learner, 5)
    assert len(there.server.asked) == asked
    monkeypatch.setattr(breaker, "REST", 0.0)
    there.client._breaker.failed()  # what came late from before; the rest is over at once
    assert len(await there.client.entries(there.learner, 5)) == 1


async def test_what_it_is_told_arrives_once(there: Remote) -> None:
    group = next(each for each in there.app.library.catalogue.classes.values() if each.places > 2 and not each.schools)
    now = int(there.clock() * 1000)
    there.server.fault = "down"
    await there.app.accounts.enrolments.enrol(there.learner, group.id, "k", "test", now)
    assert await there.app.queue.work() == 1
    assert not there.server.taken
    there.server.fault = "none"
    there.clock.ahead += 5
    await asyncio.gather(there.app.queue.work(), there.app.queue.work())
    assert await there.app.queue.work() == 0
    [told] = there.server.taken.values()
    assert (told["card"], told["class"], told["state"]) == (CARD, group.id, "admitted")


async def test_what_it_refuses_is_not_told_for_ever(there: Remote) -> None:
    group = next(each for each in there.app.library.catalogue.classes.values() if each.places > 2 and not each.schools)
    there.server.fault = "refuse"
    await there.app.accounts.enrolments.enrol(there.learner, group.id, "k", "test", int(there.clock() * 1000))
    assert await there.app.queue.work() == 1
    assert "refused with 422" in str(there.client.alarm)
    assert await there.app.database.read(lambda t: queue.due(t, 1 << 60, 9)) == []
    [row] = await there.app.database.read(lambda t: queue.given_up(t, 9))
    assert (row.kind, row.outcome) == ("command", "422")


async def test_fields_stand_elsewhere(there: Remote) -> None:
    other = LearningPlatform({CARD: {"balance": {"data": {"score": {"total": 7}, "integral": 9}}}})
    fields = {"balance": {"credits": "data.score.total", "points": "data.integral"}}
    client = Platform(
        PlatformSettings(base="http://other.test", fields=fields), TOKEN, there.app.database, vault_of(there.app.config),
        there.clock,
    )  # fmt: skip
    client._client = HttpClient(
        transport=httpx.ASGITransport(other.app()), base_url="http://other.test", headers={"authorization": f"Bearer {TOKEN}"}
    )  # fmt: skip
    found = await client.balance(there.learner)
    assert (found.credits, found.points, found.frozen) == (70, 9, 0)


OTHER = "620801990017"
OWNER = {"name": "钱多多", "phone": "13800007777", "school": "qinghe"}


async def asked_for(there: Remote, card: str) -> list[str]:
    """The phones that codes went to, after somebody asked for one."""
    before = len(await there.app.identity.codes(int(there.clock() * 1000)))
    await there.app.identity.request_code("webchat", f"somebody-{card}-{before}", card, int(there.clock() * 1000))
    found = await there.app.identity.codes(int(there.clock() * 1000))
    return [each.phone for each in found][: len(found) - before]


async def test_a_card_of_there_is_asked_for_and_whose_it_is(there: Remote) -> None:
    assert await asked_for(there, OTHER) == []
    there.server.accounts[OTHER] = {**ACCOUNT, "card": OWNER}
    assert await asked_for(there, OTHER) == ["13800007777"]
    # They have another telephone now; and what is kept is sealed.
    there.server.accounts[OTHER]["card"] = {**OWNER, "phone": "13800008888"}
    assert await asked_for(there, OTHER) == ["13800008888"]
    stored = b"".join(
        path.read_bytes()
        for path in Path(there.app.config.database.url.removeprefix("sqlite:///")).parent.glob("*.db*")
    )
    assert not any(each.encode() in stored for each in ("钱多多", "13800007777", OTHER))
    # Without an answer what is known counts; a card that nobody has is no failure of the platform.
    there.server.fault = "down"
    assert await asked_for(there, OTHER) == ["13800008888"]
    there.server.fault, there.client.alarm = "none", None
    for number in range(12):
        assert await asked_for(there, f"62080199{number:04}") == []
    assert there.client.alarm is None
    there.server.accounts[OTHER]["card"] = {**OWNER, "status": "void"}
    assert await asked_for(there, OTHER) == []


@pytest.mark.parametrize(
    "owner", [{}, {"name": "钱多多", "phone": "110"}, {"name": "", "phone": "13800007777"}, {**OWNER, "minor": "yes"}]
)
async def test_whose_a_card_is_is_believed_only_as_agreed(there: Remote, owner: dict[str, object]) -> None:
    there.server.accounts[OTHER] = {**ACCOUNT, "card": owner}
    assert await asked_for(there, OTHER) == []
    assert there.client.alarm is not None
    assert "not as agreed" in there.client.alarm
    assert OTHER not in there.client.alarm
