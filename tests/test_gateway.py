"""Texts over a mainland gateway: only what was approved, exactly once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from accounts.identity import CODE_LASTS
from daoxue.app import App, compose
from daoxue.config import Config, ConfigError
from daoxue.serve import server
from integrations.gateway import Templates
from integrations.gateway_settings import GatewaySettings, TemplateSettings
from integrations.texting import Texting, TextRefusal
from players.gateway import TextGateway
from store import queue
from tests.conftest import free_port
from tests.desk_client import Desk
from tests.official import Clock, behind, up
from tests.talk import Resident
from tests.telephone import RESIDENT

APPROVED = {
    "CODE": "您的学习验证码是{code}，5分钟内有效。不要告诉任何人，工作人员也不会问您要。", "SEAT": "坐席回复：{words}",
    "STOPPED": "已退订：通知和答复都不再发给您，只有您自己要的验证码除外。想恢复请回复“恢复”或START。",
    "SUMMONS": "紧急工单 {ref} 一分钟没有人接，请马上到坐席台处理。",
    "LOOK": "您咨询的问题已有答复，请打开公众号查看，或拨打学习热线。",
}  # fmt: skip
TEMPLATES = tuple(TemplateSettings(id, text) for id, text in APPROVED.items())


@dataclass
class Texts:
    gateway: TextGateway
    app: App
    clock: Clock

    @property
    def texting(self) -> Texting:
        outlet = self.app.channels["sms"].outlet
        assert isinstance(outlet, Texting)
        return outlet

    async def deliver(self) -> None:
        for _ in range(20):
            if not await self.app.queue.work():
                return


@pytest.fixture
async def texts(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Texts]:
    clock, port, api_port = Clock(), free_port(), free_port()
    gateway = TextGateway(APPROVED, url=f"http://127.0.0.1:{port}/channels/gateway", clock=clock)
    monkeypatch.setenv("GATEWAY_KEY", gateway.key)
    monkeypatch.setenv("GATEWAY_SECRET", gateway.secret)
    settings = GatewaySettings(True, f"http://127.0.0.1:{api_port}", gateway.sign, TEMPLATES)
    own = replace(config, server=replace(config.server, port=port), channels=config.channels.having(settings))
    app = await compose(own, clock=clock)
    web = server(app)
    web.config.lifespan = "off"
    try:
        async with behind(gateway.app(), api_port), up(web):
            yield Texts(gateway, app, clock)
    finally:
        await app.channels["sms"].close()
        app.database.close()


def test_what_is_said_is_a_template_or_a_pointer() -> None:
    templates = Templates(TEMPLATES)
    code = templates.fit("您的学习验证码是012345，5分钟内有效。不要告诉任何人，工作人员也不会问您要。")
    assert (code.template, code.variables) == ("CODE", {"code": "012345"})
    assert templates.fit("随便一句话").template == "LOOK"
    assert templates.fit("坐席回复：" + "长" * 61).template == "LOOK"
    with pytest.raises(ValueError, match="last one"):
        Templates(TEMPLATES[:1])


async def test_a_talk(texts: Texts) -> None:
    for _ in range(2):  # the gateway tells it twice
        answer = await texts.gateway.tell({"type": "inbound", "id": "up-1", "phone": RESIDENT, "text": "积分会过期吗"})
        assert (answer.status_code, answer.json()) == (200, {"code": "OK"})
    await texts.deliver()
    assert [each.text for each in texts.gateway.arrived] == ["【示范社区学院】" + APPROVED["LOOK"]]
    await texts.gateway.tell({"type": "inbound", "id": "up-2", "phone": RESIDENT, "text": "转人工"})
    seat = await Desk(texts.app).person("seat")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "a", "text": "还有名额"})
    await texts.deliver()
    assert texts.gateway.arrived[-1].text == "【示范社区学院】坐席回复：还有名额"
    message = texts.gateway.arrived[-1].message
    for status in ("DELIVERED", "SENT", "DELIVERED"):
        assert (
            await texts.gateway.tell({"type": "status", "message_id": message, "status": status})
        ).status_code == 200
    await texts.gateway.tell({"type": "inbound", "id": "up-3", "phone": RESIDENT, "text": "退订"})
    await seat.post(f"/tickets/{ref}/messages", {"id": "b", "text": "在吗"})
    arrived = len(texts.gateway.arrived)
    await texts.deliver()
    assert len(texts.gateway.arrived) == arrived


async def test_why_nothing_leaves_is_told_as_it_is(texts: Texts) -> None:
    """A number at which nobody is reached is no resident who wants no texts: not for what follows, nor tried again."""
    await texts.gateway.tell({"type": "inbound", "id": "up-1", "phone": RESIDENT, "text": "转人工"})
    seat = await Desk(texts.app).person("supervisor")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await texts.deliver()

    async def say(words: str) -> list[dict[str, Any]]:
        await seat.post(f"/tickets/{ref}/messages", {"id": words, "text": f"坐席回复：{words}"})
        await texts.deliver()
        return await given_up()

    async def given_up() -> list[dict[str, Any]]:
        return sorted((await seat.get("/queue/given-up"))["rows"], key=lambda row: row["id"])

    texts.gateway.faults.append("PHONE")
    assert [row["outcome"] for row in await say("在吗")] == [TextRefusal.GONE.value]
    rows = await say("还在吗")
    assert [row["outcome"] for row in rows] == [TextRefusal.GONE.value] * 2
    await seat.post(f"/queue/{rows[-1]['id']}/retry")
    await texts.deliver()
    assert [row["outcome"] for row in await given_up()] == [TextRefusal.GONE.value] * 2
    await texts.gateway.tell({"type": "inbound", "id": "up-2", "phone": RESIDENT, "text": "退订"})
    assert (await say("您好"))[-1]["outcome"] == TextRefusal.STOPPED.value


async def test_a_refusal_is_confirmed_once_in_its_own_words(texts: Texts) -> None:
    """However the number is written; and by no other template where that is not approved."""
    for number, phone in enumerate((RESIDENT, RESIDENT, RESIDENT.removeprefix("+"), RESIDENT.removeprefix("+86"))):
        for _ in range(2):
            told = {"type": "inbound", "id": f"up-{number}", "phone": phone, "text": "td。"}
            assert (await texts.gateway.tell(told)).status_code == 200
        await texts.deliver()
    assert [each.text for each in texts.gateway.arrived] == ["【示范社区学院】" + APPROVED["STOPPED"]]
    await texts.gateway.tell({"type": "inbound", "id": "up-8", "phone": RESIDENT, "text": "恢复"})
    await texts.gateway.tell({"type": "inbound", "id": "up-9", "phone": "106901234567890", "text": "您好"})
    await texts.deliver()
    assert len(texts.gateway.arrived) == 1, "no template for the one, and nobody there for the other"
    await texts.gateway.tell({"type": "inbound", "id": "up-10", "phone": RESIDENT, "text": "积分会过期吗"})
    await texts.deliver()
    assert len(texts.gateway.arrived) == 2


async def test_asked_again_it_is_sent_once(texts: Texts) -> None:
    """We die between the gateway's answer and our own note of it: the id is the same, and nothing leaves again."""
    provider = texts.texting.provider
    first = await provider.text(RESIDENT, "坐席回复：您好", "1:2")
    assert await provider.text(RESIDENT, "坐席回复：您好", "1:2") == first
    assert len(texts.gateway.arrived) == 1


async def test_one_time_codes_leave_by_template(texts: Texts) -> None:
    await texts.app.identity.request_code("wechat", "o1", "620801839197", int(texts.clock() * 1000))
    await texts.deliver()
    [arrived] = texts.gateway.arrived
    assert arrived.phone == "+8613800001370"
    assert "验证码是" in arrived.text


async def test_a_code_that_fails_once_is_sent_again_while_it_is_good(texts: Texts) -> None:
    texts.gateway.faults[:] = ["html", "html"]
    await texts.app.identity.request_code("wechat", "o1", "620801839197", int(texts.clock() * 1000))
    await texts.deliver()
    assert texts.gateway.arrived == []
    for _ in range(2):
        texts.clock.ahead += 5
        await texts.deliver()
    assert len(texts.gateway.arrived) == 1
    texts.gateway.faults[:] = ["html"]
    await texts.app.identity.request_code("wechat", "o1", "620801839197", int(texts.clock() * 1000))
    await texts.deliver()
    texts.clock.ahead += CODE_LASTS / 1000
    await texts.deliver()
    assert len(texts.gateway.arrived) == 1, "not when it is good for nothing any more"
    [row] = texts.app.database.look(lambda t: queue.given_up(t, 9))
    assert (row.kind, row.outcome) == ("code", "too late")


@pytest.mark.parametrize(
    ("fault", "dead"),
    [
        ("RATE", False),
        ("html", False),
        ("BLACKLIST", True),
        ("PHONE", True),
        ("BALANCE", False),
        ("TEMPLATE_UNKNOWN", False),
    ],
)
async def test_refusals(texts: Texts, fault: str, dead: bool) -> None:
    await texts.gateway.tell({"type": "inbound", "id": "up-1", "phone": RESIDENT, "text": "你好"})
    texts.gateway.faults = [fault]
    await texts.deliver()
    assert texts.gateway.arrived == []
    texts.clock.ahead += 5
    await texts.deliver()
    assert len(texts.gateway.arrived) == (0 if dead else 1)


async def test_forged_and_odd(texts: Texts) -> None:
    good = {"type": "inbound", "id": "x", "phone": RESIDENT, "text": "你好"}
    assert (await texts.gateway.tell(good, forged=True)).status_code == 403
    assert (await texts.gateway.tell(good, stamp=1_400_000_000)).status_code == 403
    for wrong in (
        {},
        {"type": "what"},
        {**good, "phone": "<script>"},
        {**good, "text": "x" * 3000},
        {**good, "id": ""},
    ):
        assert (await texts.gateway.tell(wrong)).status_code == 422
    assert (await texts.gateway.tell({**good, "text": "x" * 20_000})).status_code == 403


def test_settings_that_lack_something(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEWAY_KEY", raising=False)
    settings = GatewaySettings(True, "http://127.0.0.1:9", "云溪", TEMPLATES)
    with pytest.raises(ConfigError, match="GATEWAY_KEY"):
        asyncio.run(compose(replace(config, channels=config.channels.having(settings))))


async def test_a_supervisor_is_called_to_danger_that_nobody_takes(texts: Texts) -> None:
    at = int(texts.clock() * 1000)
    await Desk(texts.app).person("supervisor", "boss", phone=RESIDENT)
    ref = (await Resident(texts.app).receipt("我妈晕倒了")).ticket
    assert ref
    await texts.app.desk.dispatch.step(at)
    await texts.app.desk.dispatch.step(at + 60_000)
    texts.clock.ahead += 61
    await texts.deliver()
    (sent,) = texts.gateway.arrived
    assert (sent.phone[-11:], sent.text) == (
        RESIDENT[-11:],
        f"【示范社区学院】紧急工单 {ref} 一分钟没有人接，请马上到坐席台处理。",
    )
    await texts.deliver()
    assert len(texts.gateway.arrived) == 1
