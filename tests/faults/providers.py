"""Who carries what we say: as everywhere else in the tests, but sometimes they take something and never say so."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from integrations.gateway_settings import TemplateSettings
from players.gateway import TextGateway
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from tests.simulation.page import Said, Stage
from tests.simulation.people import SAYS

LISTENS = 11.0  # seconds after which nobody listens to an answer any more
SHARE = 0.1  # of all answers that do not come
TEMPLATES = (
    TemplateSettings("ANY", "{words}"),  # what is short, be it whoever's
    TemplateSettings("LOOK", "您咨询的问题已有答复，请打开公众号查看，或拨打学习热线。"),
)


class Unheard:
    """The API of a provider that does what it is asked; `share` of its answers do not come for as long as anybody listens.
    `asked` is what it was asked then."""

    def __init__(self, api: ASGIApp, chance: random.Random) -> None:
        self.share = SHARE
        self.asked: list[str] = []
        self._api = api
        self._chance = chance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._chance.random() >= self.share:
            await self._api(scope, receive, send)
            return
        body = bytearray()

        async def reading() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def unsaid(_: Message) -> None:
            """It is ready, and does not leave."""

        await self._api(scope, reading, unsaid)
        self.asked.append(body.decode())
        await asyncio.sleep(LISTENS)


@dataclass(frozen=True, slots=True)
class Taken:
    """A text on a telephone. The gateway sends what has the same id once, whatever it has told of it."""

    id: str
    body: str
    is_known: bool = True


class Providers:
    """WeChat and a text gateway."""

    def __init__(self, platform: WechatPlatform, gateway: TextGateway, chance: random.Random) -> None:
        self.platform = platform
        self.gateway = gateway
        self.wechat = Unheard(wechat_api.server(platform), chance)
        self.texts = Unheard(gateway.app(), chance)

    @property
    def unheard(self) -> int:
        """Answers that did not come."""
        return len(self.wechat.asked) + len(self.texts.asked)

    @property
    def taken(self) -> defaultdict[str, Sequence[Taken]]:
        """The texts on each telephone, in their order."""
        found: defaultdict[str, Sequence[Taken]] = defaultdict(list)
        for each in self.gateway.arrived:
            found[each.phone] = [*found[each.phone], Taken(each.id, each.text)]
        return found

    def calm(self) -> None:
        """From here on they say what they have done."""
        self.wechat.share = self.texts.share = 0.0


class Handset:
    """A telephone whose texts the gateway hands on until we have taken them, some of them once more."""

    def __init__(self, world: Stage, gateway: TextGateway, number: int, texts: int, hesitates: float) -> None:
        self.world = world
        self.name = f"phone{number}"
        self.number = f"+8613{number:09d}"
        self.said = [Said(f"{self.name}-{n}", world.chance.choice(SAYS)) for n in range(1, texts + 1)]
        self.is_done = False
        self._gateway = gateway
        self._longest = 2 * hesitates  # seconds before a text

    async def live(self) -> None:
        for each in self.said:
            await asyncio.sleep(self.world.chance.uniform(0.0, self._longest))
            self.world.note(self.name, f"writes {each.id}: {each.text}")
            await self._hand_on(each)
            each.seq = 0  # a text is not told its number
            self.world.note(self.name, f"hears that {each.id} is taken")
            if self.world.chance.random() < 0.2:
                await self._hand_on(each)
        self.is_done = True

    async def _hand_on(self, said: Said) -> None:
        told = {"type": "inbound", "id": said.id, "phone": self.number, "text": said.text}
        while await self._gateway.offer(told) != 200:  # noqa: ASYNC110 - it tries again, as gateways do
            await asyncio.sleep(self.world.chance.uniform(0.3, 3.0))
