"""A mail against a process that dies, judged by what lies in the resident's mailbox."""

import asyncio
import contextlib
import sqlite3

from daoxue.app import compose
from daoxue.config import Config
from players.post_office import PostOffice, hand_on
from store import conversations
from tests.mailing import CENTRE, letter, letterbox, on_mail, read, words
from tests.service import running

WANG = "wang@home.test"


async def test_a_mail_that_meets_every_death_is_answered(config: Config) -> None:
    """It dies between two questions, before the answer leaves, and after it has left but before that is written down."""
    office, at = PostOffice(), letterbox()
    smtp = await office.open()
    path = config.database.url.removeprefix("sqlite:///")
    mailed = on_mail(config, at, smtp)
    raw = letter("1. 积分会过期吗？\n2. 学费多少？\n3. 停车收费吗？")
    with running(mailed, "committed", 2) as service:
        bringing = asyncio.create_task(hand_on(at, CENTRE, raw))
        for step in ("sending", "sent", "never"):
            await asyncio.to_thread(service.wait_for_death)
            assert (len(office.boxes[WANG]), bringing.done()) == {
                "sending": (0, False), "sent": (0, True), "never": (1, True),
            }[step]  # fmt: skip
            await asyncio.to_thread(service.start, step)
            with contextlib.closing(sqlite3.connect(path)) as database, database:
                database.execute(
                    "UPDATE queue SET leased_until = 0, due_at = 0"
                )  # as if the lease of who died were over
        got = await office.got(WANG, 2)
        assert (await bringing).startswith("250")
        service.stop()
    await office.close()
    assert len({str(read(each)["Message-ID"]) for each in got}) == 1, "the answer was lost: the same mail again"
    assert "您问了3件事" in words(got[0])
    app = await compose(config)
    talk = await app.database.read(lambda t: conversations.find(t, "mail", WANG))
    assert talk is not None
    rows = await app.database.read(lambda t: conversations.messages(t, talk.id, 1, 99))
    assert [each.author for each in rows] == ["resident", "bot"] * 3
    app.database.close()
