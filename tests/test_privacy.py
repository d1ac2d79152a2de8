"""Erased is erased, to the last byte of the file; keys change; what names somebody is nowhere in clear."""

import asyncio
import contextlib
import json
import os
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from accounts.closing import ErasureReason, rekey
from accounts.identity import Identity
from accounts.limits import Limits
from accounts.vault import Vault, load
from bot.messages import Inbound
from daoxue.app import App, compose
from daoxue.config import AccountsSettings, Config
from daoxue.preparing import prepare, vault_of
from store import bank, conversations, erasing, identity, queue
from store.database import Database
from store.identity import Grant, NewBinding
from store.migrate import upgrade
from store.queue import QueueRow
from store.transaction import Transaction
from tests.desk_client import Desk
from tests.service import ROOT, ran
from tests.talk import Resident, ten_o_clock
from tests.test_mine import CARD, Visitor

PLACE = "临江路四十二号三单元"


def everything(config: Config) -> bytes:
    """All bytes of the database's files."""
    path = Path(config.database.url.removeprefix("sqlite:///"))
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def holds(config: Config, *words: str) -> list[str]:
    found = everything(config)
    return [word for word in words if word.encode() in found]


async def test_what_staff_write_for_the_audit_and_on_tags_holds_no_such_number(app: App) -> None:
    desk, identity_number = Desk(app), "330106196412034529"
    seat = await desk.person()
    ref = (await Resident(app).receipt("转人工")).ticket
    await seat.post(f"/tickets/{ref}/take")
    why = f"核对卡号{CARD}，身份证{identity_number}，验证码 648571"
    await seat.post(f"/tickets/{ref}/reveal", {"reason": why})
    await seat.post("/counter/learner", {"card": CARD, "reason": why})
    tagged = await seat.put(f"/tickets/{ref}/tags", {"tags": [f"卡{CARD}", identity_number, "老年人"]})
    assert tagged["ticket"]["tags"] == ["卡[学习卡号]", "[证件号]", "老年人"]
    await seat.token_for(f"机{CARD}")
    lines = (await (await desk.person("auditor")).get("/audit"))["lines"]
    written = {each["action"]: each["detail"] for each in lines}
    hidden = "核对卡号[学习卡号]，身份证[证件号]，验证码 [验证码]"
    assert (written["resident.reveal"], written["learner.read"]) == (hidden, hidden)
    assert written["token.add"] == "机[学习卡号]"
    assert holds(app.config, CARD, identity_number, "648571") == []


async def test_addresses_names_and_numbers_are_not_in_the_file(app: App) -> None:
    visitor = Visitor(app, "visitor-token-7f3a")
    await visitor.say("我有多少学分")
    await visitor.prove()
    at = int(ten_o_clock() * 1000)
    person = app.identity.person("wechat", "oOpenIdOfSomebody")

    def work(transaction: Transaction) -> None:
        identity.bind(transaction, NewBinding("wechat", person, "oOpenIdOfSomebody", 1, "code", at, Grant()), 3)
        conversations.begin(transaction, "wechat", "oOpenIdOfSomebody", at)

    await app.database.write(work)
    assert holds(app.config, "visitor-token-7f3a", "oOpenIdOfSomebody", CARD, "徐凤英", "13800001370", "张桂兰") == []
    assert await app.database.read(lambda t: conversations.find(t, "wechat", "oOpenIdOfSomebody")) is not None


async def test_what_was_never_answered_is_erased_too(app: App) -> None:
    def work(transaction: Transaction) -> list[QueueRow]:
        talk = conversations.begin(transaction, "wechat", "oWaits", 5)
        erasing.forget_conversation(transaction, talk.id, b"{}")
        return queue.due(transaction, 9, 9)

    said = Inbound(channel="wechat", address="oWaits", id="m1", text="想替外婆报名", at=5)
    other = Inbound(channel="wechat", address="oOther", id="m1", text="想报名", at=5)
    assert await app.inbox.put_off(said, 9)
    assert await app.inbox.put_off(other, 9)
    assert len(await app.database.write(work)) == 1


async def test_what_waits_for_its_answer_is_masked_and_sealed(app: App) -> None:
    said = Inbound(channel="wechat", address="oWaits", id="m1", text="身份证11010519491231002X，想替外婆报名", at=5)
    assert await app.inbox.put_off(said, 9)
    assert holds(app.config, "oWaits", "外婆", "11010519491231002X") == []
    old, new = vault_of(app.config), Vault([bytes(range(32))])
    changing = Database(app.config.database.url, new)
    changing.now(lambda t: rekey(t, old, new, 9))
    [row] = changing.look(lambda t: queue.due(t, 9, 9))
    changing.close()
    assert "[证件号]，想替外婆报名" in row.body.decode()


def test_a_database_from_before_is_sealed(config: Config, tmp_path: Path) -> None:
    """Addresses that stood there in clear are closed at the upgrade, and found as before; half credits have room."""
    url = f"sqlite:///{tmp_path}/before.db"
    upgrade(url, "0003")
    with contextlib.closing(sqlite3.connect(tmp_path / "before.db")) as connection:
        connection.execute(
            "INSERT INTO conversation (channel, address, version, seq, state, updated_at) VALUES ('wechat', 'oBefore', 1, 0, x'', 1)"
        )
        connection.execute(
            "INSERT INTO ledger (learner, day, type, credits, points, source, note, rule)"
            " VALUES (1, '2026-01-01', 'earn', 5, 0, 's', 'n', 'r')"
        )
        connection.commit()
    own = replace(config, database=replace(config.database, url=url), sample=False)
    prepare(own)
    prepare(own)
    database = Database(url, vault_of(own))
    assert database.look(lambda t: conversations.find(t, "wechat", "oBefore")) is not None
    assert database.look(lambda t: bank.sums(t, 1)).credits == 50
    database.close()
    assert holds(own, "oBefore") == []


def test_words_that_were_findable_before_more_was_masked_are_indexed_anew(tmp_path: Path) -> None:
    """An erasure tells the index what seats see now, and that has to be what the index was given."""
    url = f"sqlite:///{tmp_path}/before.db"
    upgrade(url, "0028")
    with contextlib.closing(sqlite3.connect(tmp_path / "before.db")) as connection:
        connection.execute("INSERT INTO passage (id, conversation, first_seq, last_seq) VALUES (1, 1, 1, 2)")
        connection.execute("INSERT INTO passage_words (rowid, words) VALUES (1, '62345678')")
        connection.commit()
    upgrade(url)
    with contextlib.closing(sqlite3.connect(tmp_path / "before.db")) as connection:
        assert (
            connection.execute("SELECT rowid FROM passage_words WHERE passage_words MATCH '62345678'").fetchall() == []
        )
        assert connection.execute("SELECT id FROM passage").fetchall() == [], "all of it is indexed again"


async def test_what_was_erased_is_in_no_byte_of_the_file(app: App) -> None:
    admin, seat = await Desk(app).person("administrator"), await Desk(app).person()
    resident = Resident(app)
    await resident.say("登记候补临江街道的太极班")
    ref = (await resident.receipt("13800138000")).ticket
    assert ref
    await resident.say(f"我住在{PLACE}")
    await app.desk.search.index(list(app.live.changed))
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "a", "text": f"好的，{PLACE}，记下了"})
    await seat.post(f"/tickets/{ref}/note", {"text": f"回访 {PLACE}"})
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    assert holds(app.config, PLACE, "13800138000") == [PLACE, "13800138000"]
    said = len((await admin.post(f"/residents/{ref}/export"))["conversations"][0]["messages"])
    proof = await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
    assert (proof["tickets"], proof["conversations"], proof["messages"]) == (1, 1, said)
    assert holds(app.config, PLACE, "13800138000", resident.address) == []
    again = await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
    assert (again["tickets"], again["conversations"], again["messages"]) == (0, 0, 0), "nothing was left to erase"


async def test_an_account_is_closed_and_its_figures_stay(app: App) -> None:
    visitor = Visitor(app)
    await visitor.say("我有多少学分")
    await visitor.prove()
    residents = app.desk.residents
    whole = await residents.copy_account(CARD, "test", 1)
    assert whole["person"] == {"card": CARD, "name": "徐凤英", "phone": "13800001370", "school": "tongxin"}
    assert len(whole["ledger"]) == 9  # type: ignore[arg-type]
    json.dumps(whole)
    closed = await residents.close_account(CARD, "test", ErasureReason.OWN_WISH, 1)
    assert closed.lines == 9
    assert "12位学习卡号" in await visitor.say("我有多少学分")
    assert "如信息无误" in await visitor.say(CARD), "answered like any card"
    with pytest.raises(Exception, match="没有这张学习卡"):
        await residents.close_account(CARD, "test", ErasureReason.OWN_WISH, 1)


async def test_withdrawing_is_as_easy_as_agreeing(app: App) -> None:
    visitor = Visitor(app)
    await visitor.say("我有多少学分")
    await visitor.prove()
    assert "解除" in await visitor.say("撤回授权")
    assert "12位学习卡号" in await visitor.say("我有多少学分")


async def test_the_key_changes(config: Config, tmp_path: Path) -> None:
    """With the service stopped; a crash in the middle is finished by the next try."""
    own = replace(config, accounts=AccountsSettings(key_file=str(tmp_path / "own.key")))
    own = replace(own, database=replace(own.database, url=f"sqlite:///{tmp_path}/own.db"))
    prepare(own)
    app = await compose(own)
    visitor = Visitor(app, "visitor-of-before")
    await visitor.say("我有多少学分")
    await visitor.prove()
    app.database.close()
    environment = {
        **os.environ,
        "DAOXUE_DATABASE__URL": own.database.url,
        "DAOXUE_ACCOUNTS__KEY_FILE": own.accounts.key_file,
    }
    command = ["accounts", "rekey", "--config", str(ROOT / "config.yml")]
    key_file = Path(own.accounts.key_file)
    before = key_file.read_text()  # noqa: ASYNC240
    done = await asyncio.to_thread(ran, command, tmp_path, environment)
    assert done.returncode == 0, done.stderr
    assert key_file.read_text() != before  # noqa: ASYNC240
    app = await compose(own)
    again = Visitor(app, "visitor-of-before", number=10)
    assert "徐**" in await again.say("我有多少积分"), "the same conversation, the same proof"
    app.database.close()
    key_file.write_text(before)  # noqa: ASYNC240
    with pytest.raises(Exception, match="not the key"):
        prepare(own)


async def test_a_wrong_key_opens_nothing(app: App, tmp_path: Path) -> None:
    stranger = Database(app.config.database.url, load(tmp_path / "other.key", {}))
    other = Identity(stranger, load(tmp_path / "other.key", {}), (), Limits())
    assert await other.bound("webchat", "visitor-one", 1) == []
    stranger.close()
