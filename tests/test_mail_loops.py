"""Two instances of ours that write to one another, whatever is done to their mail on the way: it ends."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from accounts import limits
from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings
from integrations.mail.channel import MailChannel
from integrations.mail.post import MAIL
from players.post_office import PostOffice, hand_on
from tests.mailing import letter, letterbox, on_mail

OURS, THEIRS = "study@centre.test", "help@other.test"
Relay = Callable[[bytes], bytes]


def untouched(raw: bytes) -> bytes:
    return raw


def stripped(raw: bytes) -> bytes:
    """A relay that takes out all that says who answers whom, and names the mail anew."""
    named = re.sub(rb"(?m)^Message-ID: <dx\.", b"Message-ID: <relayed.", raw)
    return re.sub(rb"(?m)^(?:Auto-Submitted|X-Auto-Response-Suppress|In-Reply-To|References): .*\r?\n", b"", named)


class World:
    """Two centres, and the post between them."""

    def __init__(self, relay: Relay) -> None:
        self.office = PostOffice(listeners=[self._carry])
        self.relay = relay
        self.at: dict[str, str] = {}
        self.apps: list[App] = []
        self.under_way: list[asyncio.Task[str]] = []

    def _carry(self, to: str, raw: bytes) -> None:
        if to in self.at:
            sender = THEIRS if to == OURS else OURS
            self.under_way.append(asyncio.create_task(hand_on(self.at[to], to, self.relay(raw), sender)))

    async def rest(self) -> int:
        """Until nobody has anything left to say; how many mails there were."""
        async with asyncio.timeout(60):
            while True:
                worked = sum([await app.queue.work() for app in self.apps])
                outlets = [app.channels[MAIL.name].outlet for app in self.apps]
                leaving = [task for each in outlets if isinstance(each, MailChannel) for task in each.under_way]
                await asyncio.gather(*leaving)
                if self.under_way:
                    await asyncio.gather(*self.under_way)
                    self.under_way.clear()
                elif not worked and not leaving:
                    return sum(map(len, self.office.boxes.values()))


@asynccontextmanager
async def world(config: Config, tmp_path: Path, relay: Relay) -> AsyncIterator[World]:
    two = World(relay)
    port = await two.office.open()
    first = Path(config.database.url.removeprefix("sqlite:///"))
    shutil.copy(first, tmp_path / "other.db")
    for address, url in ((OURS, config.database.url), (THEIRS, f"sqlite:///{tmp_path / 'other.db'}")):
        two.at[address] = letterbox()
        own = replace(config, database=DatabaseSettings(url))
        app = await compose(on_mail(own, two.at[address], port, address=address))
        await app.channels[MAIL.name].work[0].work()
        two.apps.append(app)
    yield two
    for app in two.apps:
        await app.channels[MAIL.name].close()
        app.database.close()
    await two.office.close()


@pytest.mark.parametrize(("relay", "most"), [(untouched, 1), (stripped, 2 * (limits.MAILS.most + 1))])
async def test_it_ends(config: Config, tmp_path: Path, relay: Relay, most: int) -> None:
    async with world(config, tmp_path, relay) as two:
        await hand_on(two.at[OURS], OURS, letter("积分会过期吗？", sender=THEIRS))
        count = await two.rest()
    assert 1 <= count <= most


async def test_a_seats_words_are_answered_by_the_other_machine_once(config: Config, tmp_path: Path) -> None:
    """A person has written them, so nothing says that a machine did: what answers them does say so."""
    async with world(config, tmp_path, untouched) as two:
        await hand_on(two.at[OURS], OURS, letter("您好，请问书法班几点上课？", sender=THEIRS))
        await two.rest()
        assert [len(two.office.boxes[each]) for each in (THEIRS, OURS)] == [1, 0]
        person = letter("请问学费多少？", sender=OURS)
        await hand_on(two.at[THEIRS], THEIRS, person)
        await two.rest()
        assert [len(two.office.boxes[each]) for each in (THEIRS, OURS)] == [1, 1]
