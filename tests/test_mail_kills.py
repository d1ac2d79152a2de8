"""A mail against a process that dies, judged by what lies in the resident's mailbox."""

import asyncio
import contextlib
import sqlite3

import pytest

from daoxue.app import compose
from daoxue.config import Config
from integrations.mail.settings import ImapSettings
from players.post_office import PostOffice, hand_on
from store import conversations
from tests.dovecot import PASSWORD, USER, dovecot
from tests.mailing import CENTRE, letter, letterbox, on_mail, read, words
from tests.messenger import eventually
from tests.service import running

WANG = "wang@home.test"
LEASED = 60.0  # seconds: nobody waits for the process that died any more


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


@pytest.mark.parametrize("step", ["thought", "committed", "sending", "sent"])
async def test_a_mail_in_a_mailbox_is_answered_whenever_we_die(
    step: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is marked as seen when it is committed: what was not comes again, and what was is known."""
    office = PostOffice()
    smtp = await office.open()
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with dovecot() as server:
        box = ImapSettings("127.0.0.1", server.port, "none", USER)
        with running(on_mail(config, "", smtp, imap=box), step) as service:
            server.bring(letter("积分会过期吗？"))
            await asyncio.to_thread(service.wait_for_death)
            service.ahead = LEASED
            await asyncio.to_thread(service.start)
            server.bring(letter("几点开门？"))
            await eventually(lambda: len({read(each)["In-Reply-To"] for each in office.boxes[WANG]}) == 2, 60)
            await eventually(lambda: server.flags() == [r"\Seen"] * 2, 60)
            service.stop()
    await office.close()
    got = [str(read(each)["Message-ID"]) for each in office.boxes[WANG]]
    assert len(set(got)) == 2, "each was answered"
    assert len(got) == (3 if step == "sent" else 2), (
        "what had left, and was not written down, is sent under its name again"
    )
