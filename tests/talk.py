"""One resident talking to composed parts, for tests that read like the talk."""

import itertools
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.inbox import Receipt
from bot.messages import Inbound
from daoxue.app import App
from store import identity
from store.identity import Grant, NewBinding
from store.transaction import Transaction

_numbers = itertools.count(1)


def ten_o_clock() -> float:
    """The last ten in the morning where the centre is: open, with an evening ahead, and already past at any hour at
    which tests run, for what keeps the machine's own time is beside it."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    ten = now.replace(hour=10, minute=0)
    return (ten if ten <= now else ten - timedelta(days=1)).timestamp()


def its_day() -> date:
    """The day of that ten o'clock, where the centre is."""
    return datetime.fromtimestamp(ten_o_clock(), ZoneInfo("Asia/Shanghai")).date()


class Resident:
    """Says things over one channel under one address; every message has an id of its own."""

    def __init__(self, app: App, channel: str = "webchat") -> None:
        self.app = app
        self.channel = channel
        self.address = f"resident-{next(_numbers)}"
        self.ahead = 0

    def message(self, text: str, id: str | None = None, choice: str | None = None, lang: str | None = None) -> Inbound:
        at = int(ten_o_clock() * 1000) + self.ahead
        return Inbound(
            channel=self.channel,
            address=self.address,
            id=id or f"m{next(_numbers)}",
            text=text,
            at=at,
            choice=choice,
            lang=lang,
        )

    async def receipt(self, text: str, **more: str) -> Receipt:
        return await self.app.inbox.receive(self.message(text, **more))

    async def say(self, text: str, **more: str) -> str:
        """What is answered, as one text with its options."""
        receipt = await self.receipt(text, **more)
        replies = [answer.message.reply for answer in receipt.answers]
        return "\n".join([*(reply.text for reply in replies), *(o.label for reply in replies for o in reply.options)])

    async def prove(self, learner: int = 1) -> None:
        """Is the learner from here on, as after a card and its code."""
        person, at = self.app.identity.person(self.channel, self.address), int(ten_o_clock() * 1000) + self.ahead

        def work(transaction: Transaction) -> None:
            identity.bind(transaction, NewBinding(self.channel, person, self.address, learner, "code", at, Grant()), 3)
            self.app.identity.claim(transaction, self.channel, self.address, at)

        await self.app.database.write(work)

    def wait(self, minutes: float) -> None:
        self.ahead += int(minutes * 60_000)
