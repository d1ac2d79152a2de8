"""Mail over a real Postfix, both ways, and the report that it writes itself."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from accounts import limits
from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings
from integrations.mail.post import MAIL
from players.post_office import PostOffice
from store import conversations, deliveries
from tests.conftest import free_port
from tests.mailing import CENTRE, letter, on_mail, read, words
from tests.postfix import postfix

WANG = "wang@home.test"


async def until(app: App, true: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not true():
            await app.queue.work()
            await asyncio.sleep(0.02)


async def test_mail_goes_through_postfix_and_what_comes_back_is_known(config: Config) -> None:
    office, at = PostOffice(), f"127.0.0.1:{free_port()}"
    far = await office.open()
    with postfix(at, far) as server:
        app = await compose(on_mail(config, at, server.port, aliases=("info@centre.test",)))
        asked = letter("积分会过期吗？")
        await asyncio.to_thread(server.hand_in, asked, WANG, CENTRE, "info@centre.test")
        await app.channels[MAIL.name].work[0].work()  # it has had to wait for us
        await until(app, lambda: bool(office.boxes[WANG]))
        [got] = office.boxes[WANG]
        assert read(got)["In-Reply-To"] == read(asked)["Message-ID"]
        assert "两年" in words(got)
        office.known = {"somebody@else.test"}
        await asyncio.to_thread(server.hand_in, letter("学费多少？"), WANG, CENTRE)
        told: list[str] = []

        async def look() -> None:
            rows = await app.database.read(lambda t: conversations.messages(t, 1, 1, 99))
            told[:] = [each.body.decode() for each in rows if each.author == "resident"]

        async with asyncio.timeout(40):
            while not (told and "系统退信" in told[-1]):
                await app.queue.work()
                await look()
                await asyncio.sleep(0.02)
        assert "5.1.1" in told[-1]
        assert len(told) == 3, "to both addresses, and taken once"
        assert await app.database.read(lambda t: deliveries.is_lost(t, "mail", WANG))
        await app.channels[MAIL.name].close()
        app.database.close()
    await office.close()


STRIPPED = "/^(Auto-Submitted|X-Auto-Response-Suppress|In-Reply-To|References|Message-ID):/ IGNORE\n"


@pytest.mark.parametrize(("checks", "most"), [("", 2), (STRIPPED, 2 * (limits.MAILS.most + 2))])
async def test_two_of_us_that_write_to_one_another_end(config: Config, tmp_path: Path, checks: str, most: int) -> None:
    """Over a real Postfix; also over one that takes out whatever says who answers whom."""
    shutil.copy(config.database.url.removeprefix("sqlite:///"), tmp_path / "other.db")
    ours, theirs = (f"127.0.0.1:{free_port()}" for _ in range(2))
    with postfix(ours, free_port(), theirs, checks) as server:
        apps = [
            await compose(on_mail(replace(config, database=DatabaseSettings(url)), at, server.port, address=address))
            for address, at, url in (
                (CENTRE, ours, config.database.url), ("help@other.test", theirs, f"sqlite:///{tmp_path / 'other.db'}")
            )
        ]  # fmt: skip
        for app in apps:
            await app.channels[MAIL.name].work[0].work()
        await asyncio.to_thread(
            server.hand_in, letter("积分会过期吗？", sender="help@other.test"), "help@other.test", CENTRE
        )
        seen, quiet = 0, 0
        async with asyncio.timeout(90):
            while not seen or quiet < 60:
                for app in apps:
                    await app.queue.work()
                await asyncio.sleep(0.05)
                now = server.delivered()
                seen, quiet = now, quiet + 1 if now == seen else 0
        assert 2 <= seen <= most, "the question, and its answer; or as many as one address is answered"
        for app in apps:
            await app.channels[MAIL.name].close()
            app.database.close()
