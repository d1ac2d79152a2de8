"""What stands in the database's files and in the log after a day of talk, and what is left of it after an erasure."""

import logging
import os
import re
import stat
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select

from accounts.closing import rekey
from accounts.identity import of_learner, reached
from accounts.vault import Vault
from bot.messages import Inbound
from daoxue.app import App, compose
from daoxue.config import Config
from daoxue.preparing import prepare, vault_of
from store import deliveries, keys, sealing, ticket_lists, tickets
from store.database import Database
from store.schema import metadata
from store.ticket_events import TicketOpened
from store.transaction import Statement, Transaction
from tests.desk_client import Desk, Person
from tests.history import check
from tests.talk import Resident, ten_o_clock
from tests.test_privacy import everything, holds

NAME, PLACE, NUMBER = "欧阳翠竹", "临江路四十二号三单元", "13911112222"
SEAT = "+8613900000007"
SENTENCE = f"我叫{NAME}，得了白癜风，可以上太极班吗"
NOTE, COMMENT, TAG, WORD = "家住西门桥头", "对翠竹阿姨很耐心", "翠竹家属", "请接着跟翠竹联系"


async def day(app: App, seat: Person, chief: Person) -> tuple[Resident, str]:
    """Everything that can be written about one resident."""
    resident = Resident(app)
    await resident.say("登记候补临江街道的太极班")
    ref = (await resident.receipt(NUMBER)).ticket
    assert ref
    await resident.say(SENTENCE)
    await resident.say(f"我住在{PLACE}")
    await app.desk.search.index(list(app.live.changed))
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/note", {"text": NOTE})
    await seat.put(f"/tickets/{ref}/tags", {"tags": [TAG]})
    await seat.post(f"/tickets/{ref}/messages", {"id": "a", "text": f"可以的，{NAME}阿姨，{PLACE}，记下了"})
    await seat.post(f"/tickets/{ref}/draft")
    await seat.post(f"/tickets/{ref}/close", {"result": "answered", "note": WORD})
    await chief.post(f"/tickets/{ref}/review", {"scores": {"polite": 5}, "note": COMMENT})
    return resident, ref


def readable(app: App, *words: str) -> list[str]:
    return holds(app.config, *words)


async def test_after_a_day_the_file_holds_words_and_no_numbers(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """Words stand there, as the page says. What somebody is reached by does not, but for the line in which it was typed."""
    desk = Desk(app)
    seat, chief = await desk.person(phone=SEAT), await desk.person("supervisor")
    with caplog.at_level(logging.DEBUG):
        resident, _ = await day(app, seat, chief)
        secret = pyotp.random_base32()
        await seat.put("/me/totp", {"secret": secret, "code": pyotp.TOTP(secret).now(), "password": seat.password})
        made = await app.desk.hooks.add("https://93.184.216.34/hook", [], "admin", 1)
        late = Inbound(channel="wechat", address="oLate", id="m1", text="孙女的事晚点说", at=5)
        assert await app.inbox.put_off(late, 1 << 50)
        await app.database.write(lambda t: deliveries.lease_shared(t, "wechat", None, 9))
        await app.database.write(lambda t: deliveries.put_shared(t, "wechat", b"token-of-the-account", 9, 9))
    sealed = (resident.address, SEAT, secret, made, "oLate", "孙女的事", "token-of-the-account", NOTE, COMMENT, WORD)
    assert readable(app, *sealed) == []
    assert readable(app, SENTENCE, PLACE) == [SENTENCE, PLACE], (
        "texts of messages are not encrypted, as docs/privacy.md says"
    )
    await app.database.scrub()  # the log holds pages as they were before, too
    assert len(re.findall(NUMBER.encode(), everything(app.config))) <= 2, (
        "as it was typed, and in the words of the search"
    )
    assert [word for word in (*sealed, SENTENCE, PLACE, NUMBER, NAME) if word in caplog.text] == []


async def test_after_an_erasure_nothing_is_left(app: App) -> None:
    desk = Desk(app)
    seat, chief, admin = await desk.person(), await desk.person("supervisor"), await desk.person("administrator")
    resident, ref = await day(app, seat, chief)
    await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
    planted = (resident.address, SENTENCE, NAME, "白癜风", PLACE, NUMBER, NOTE, COMMENT, TAG, WORD, "翠竹")
    assert readable(app, *planted) == []

    def opened(transaction: Transaction) -> str:
        """Also what is closed, since we hold the key."""
        rows = [row for table in metadata.sorted_tables for row in transaction.all(Statement(select(table)))]
        return "\n".join(
            str(each.decode(errors="replace") if isinstance(each, bytes) else each) for row in rows for each in row
        )

    whole = await app.database.read(opened)
    assert [word for word in planted if word in whole] == []
    check(await app.tickets.show(ref))
    assert (await seat.ask("GET", f"/knowledge/entries/seat-{ref}-9")).status_code == 404


async def test_what_is_old_leaves_nothing_either(either_app: App) -> None:
    desk = Desk(either_app)
    seat, chief = await desk.person(), await desk.person("supervisor")
    _, ref = await day(either_app, seat, chief)
    await either_app.retaining.sweep(int(ten_o_clock() * 1000) + 200 * 86_400_000)
    admin = await desk.person("administrator")  # sessions of before are gone, too
    copy = str(await admin.post(f"/residents/{ref}/export"))
    assert [word for word in (NAME, PLACE, NUMBER, NOTE, COMMENT, TAG, WORD) if word in copy] == []
    check(await either_app.tickets.show(ref))


async def test_the_copy_has_all_that_was_written(either_app: App) -> None:
    desk = Desk(either_app)
    seat, chief, admin = await desk.person(), await desk.person("supervisor"), await desk.person("administrator")
    resident, ref = await day(either_app, seat, chief)
    copy = str(await admin.post(f"/residents/{ref}/export"))
    printed = (await admin.ask("POST", f"/residents/{ref}/printable")).text
    for whole in (copy, printed):
        planted = (resident.address, SENTENCE, PLACE, NUMBER, NOTE, COMMENT, TAG, WORD)
        assert [word for word in planted if word not in whole] == []
    assert "质检" in printed
    await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
    again = str(await admin.post(f"/residents/{ref}/export"))
    assert [word for word in (SENTENCE, PLACE, NUMBER, NOTE, COMMENT, TAG, WORD) if word in again] == []
    check(await either_app.tickets.show(ref))


async def test_a_published_answer_stays_without_the_sentence(either_app: App) -> None:
    desk = Desk(either_app)
    seat, chief = await desk.person(), await desk.person("supervisor")
    editor, admin = await desk.person("editor"), await desk.person("administrator")
    resident = Resident(either_app)
    ref = (await resident.receipt("转人工")).ticket
    await resident.say(SENTENCE)
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "a", "text": "可以的，带上医生的证明。"})
    id = (await seat.post(f"/tickets/{ref}/draft"))["id"]
    await editor.post(f"/knowledge/entries/{id}/submit")
    await chief.post(f"/knowledge/entries/{id}/publish")
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    assert SENTENCE in str(await seat.get(f"/knowledge/entries/{id}"))
    await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
    left = await seat.get(f"/knowledge/entries/{id}")
    assert SENTENCE not in str(left)
    assert "带上医生的证明" in str(left)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_the_files_are_ours_alone(app: App, suffix: str) -> None:
    path = Path(app.config.database.url.removeprefix("sqlite:///") + suffix)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)  # as one from before
    Database(app.config.database.url).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_file_is_ours_from_the_first(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Database(f"sqlite:///{tmp_path}/new.db").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


async def test_a_database_from_before_is_closed(either_config: Config) -> None:
    """What stood there in clear is encrypted at the next start, and two who left one number are two."""
    app = await compose(either_config)
    residents = [Resident(app), Resident(app)]
    refs = []
    for each in residents:
        await each.say("登记候补临江街道的太极班")
        refs.append((await each.receipt(NUMBER)).ticket)
    app.database.close()
    vault = vault_of(either_config)
    before = Database(either_config.database.url)  # as it stands there

    def unclosed(transaction: Transaction) -> None:
        sealing.reseal(transaction, vault.unseal, vault.unshut)
        transaction.run(sealing._FORGET, name="closed_for")

    before.now(unclosed)
    opened = Database(either_config.database.url, vault)
    opened.now(lambda t: keys.reperson(t, lambda was, channel, address: "one-number"))
    opened.close()
    before.now(unclosed)
    before.close()
    prepare(either_config)
    app = await compose(either_config)
    people = {(await app.tickets.show(str(ref))).ticket.person for ref in refs}
    assert people == {app.identity.reached("webchat", each.address) for each in residents}
    for ref in refs:
        opened_ = await app.tickets.show(str(ref))
        check(opened_)
        first = opened_.events[0].happened
        assert isinstance(first, TicketOpened)
        assert first.person in people
    again = await app.database.read(lambda t: ticket_lists.of_person(t, next(iter(people))))
    assert len(again) == 1
    app.database.close()


async def test_tickets_stay_their_person_s_when_the_key_changes(either_app: App) -> None:
    proven, other = Resident(either_app), Resident(either_app)
    await proven.prove()
    refs = [(await each.receipt("转人工")).ticket for each in (proven, other)]
    old, new = vault_of(either_app.config), Vault([bytes(range(32))])
    changing = Database(either_app.config.database.url, new)
    changing.now(lambda t: rekey(t, old, new, 9))
    rows = changing.look(lambda t: [tickets.get(t, str(ref)) for ref in refs])
    assert [row.person for row in rows if row] == [of_learner(new, 1), reached(new, "webchat", other.address)]
    assert rows[0] is not None
    assert b"summary" in rows[0].body
    changing.close()
