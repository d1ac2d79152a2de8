"""One person on two channels, against a process that dies: one ticket, one place, every word once."""

import asyncio
import time

import pytest
from websockets.exceptions import ConnectionClosed

from accounts.identity import person_digest
from daoxue.config import Config
from daoxue.preparing import vault_of
from store import conversations, identity, ticket_lists, tickets
from store.database import Database
from store.identity import Grant, NewBinding
from store.transaction import Transaction
from tests.service import Page, Service, running


def prove(database: Database, config: Config) -> None:
    """Whoever has written is learner 1."""
    at, vault = int(time.time() * 1000), vault_of(config)

    def work(transaction: Transaction) -> None:
        for id in conversations.drawn(transaction, 0, 9):
            talk = conversations.get(transaction, id)
            assert talk
            person = person_digest(vault, talk.channel, talk.address)
            identity.bind(transaction, NewBinding(talk.channel, person, talk.address, 1, "code", at, Grant()), 3)

    database.now(work)


async def insist(service: Service, page: Page, lock: asyncio.Lock) -> str:
    """Asks for a person until that is answered, whatever dies meanwhile."""
    while True:
        process = service.process
        try:
            if page.connection is None:
                await page.open()
            await page.send({"type": "message", "id": "ask", "text": "转人工"})
            while not page.answers_to("ask"):
                await page.receive()
        except (ConnectionClosed, ConnectionError):
            page.connection = None
            async with lock:
                if service.process is process:  # nobody has started another one yet
                    await asyncio.to_thread(service.wait_for_death)
                    await asyncio.to_thread(service.start)
            continue
        return "".join(frame["text"] for frame in page.answers_to("ask"))


@pytest.mark.parametrize("step", ["thought", "committed"])
async def test_both_ask_at_once_and_it_dies(step: str, either_config: Config) -> None:
    with running(either_config, step, nth=4) as service:  # each has said hello, and the second asks
        pages, lock = [Page(service), Page(service)], asyncio.Lock()
        for page in pages:
            await page.say("你好", "hello")
        database = Database(either_config.database.url, vault_of(either_config))
        prove(database, either_config)
        told = await asyncio.gather(*(insist(service, page, lock) for page in pages))
        [row] = database.look(lambda t: tickets.in_state(t, "waiting"))
        said = [each.data for each in database.look(lambda t: tickets.events(t, row.ref)) if each.kind == "said"]
        assert all(row.ref in each for each in told)
        assert sum("别的渠道" in each for each in told) == 1
        assert len(said) == 1, "what opened it stands in the talk, what joined it was said once"
        talks = database.look(lambda t: tickets.talks(t, row))
        assert len(talks) == 2
        refs = database.look(lambda t: {ticket_lists.through_conversation(t, id)[0].ref for id in talks})
        assert refs == {row.ref}
        database.close()
        for page in pages:
            await page.close()
