"""What the database tells: whether it can be used, whose key it has, its clock, its connections, what waits, what we know."""

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from accounts import vault as vaults
from accounts.vault import VaultError
from bot.examining import Finding, Phrase, fault, ok, warning
from bot.outbox import to_be_done
from daoxue import check
from daoxue.config import Config
from daoxue.doctor.house import AS_OWNER, is_anothers
from daoxue.doctor.spans import span
from desk.names import unfit_for_long
from desk.rewriting import read
from integrations.channels import CHANNELS
from knowledge.catalogue import Catalogue
from knowledge.files import KnowledgeError
from store import condition, people
from store.database import Database
from store.engine import told
from store.migrate import HEAD, revision_at
from store.outages import DatabaseError, ReplicaError
from store.queue import Backlog
from store.sealing import key_name
from store.transaction import Transaction

DATABASE = Phrase("数据库", "database")
MIGRATIONS = Phrase("数据库版本", "migrations")
KEY = Phrase("密钥和数据库", "key of the database")
CLOCK = Phrase("时钟", "clock")
REPLICA = Phrase("副本", "replica")
CONNECTIONS = Phrase("数据库连接", "connections")
QUEUE = Phrase("队列", "queue")
GIVEN_UP = Phrase("送不出的", "given up")
ERASED = Phrase("删掉的话", "what was erased")
ACCOUNTS = Phrase("账号的名字", "names of accounts")
KNOWLEDGE = Phrase("知识", "knowledge")
APART, FAR_APART = 2.0, 30.0  # seconds between two clocks; a lease of the queue is 30
NEARLY = 0.9  # of the connections, from where an alarm rings (deploy/alerts.yml)
SLOW, LATE = 60.0, 600.0  # seconds that what leaves is late; the second as the alarm has it
SECOND = Phrase("docs/incidents.md 第 2 条", "docs/incidents.md, number 2")
SYNCHRONISE = Phrase("timedatectl 看对时（NTP）开着没有", "timedatectl says whether the clock is synchronised (NTP)")


@contextlib.contextmanager
def opened(config: Config, findings: list[Finding]) -> Iterator[Database | None]:
    """The database, where it can be used and is of this program; None otherwise. Says into `findings` how that is. It makes
    no database where there is none, and brings none up to date."""
    path = Path(config.database.embedded or ".")
    if not path.exists():
        do = Phrase("daoxue serve 第一次启动时建", "daoxue serve makes one at its first start")
        findings.append(fault(DATABASE, Phrase(f"{path} 不在", f"{path} is not there"), do))
        yield None
        return
    if config.database.embedded and is_anothers(path):
        findings.append(
            fault(DATABASE, Phrase("没有打开：是别的用户的", "not opened: it belongs to another user"), AS_OWNER)
        )
        yield None
        return
    with contextlib.ExitStack() as closed:
        try:
            revision = revision_at(config.database.url)
            database = Database(config.database.url, _vault(config), config.database.replica_url)
            closed.callback(database.close)
        except DatabaseError as error:
            findings.append(fault(DATABASE, _said(error), SECOND))
            yield None
            return
        findings.append(ok(DATABASE, "用得了", "can be used"))
        findings.append(_migrations(revision))
        yield database if revision == HEAD else None


def _said(error: DatabaseError | KnowledgeError) -> Phrase:
    """What is wrong, each language by itself."""
    zh, _, en = str(error).partition(" · ")
    return Phrase(zh, en or zh)


def _vault(config: Config) -> vaults.Vault | None:
    """None where the key is no good, which is told elsewhere."""
    with contextlib.suppress(VaultError):
        keys = vaults.given(Path(config.accounts.key_file))
        return vaults.of(keys) if keys else None
    return None


def _migrations(revision: str | None) -> Finding:
    if revision == HEAD:
        return ok(MIGRATIONS, f"是最新的（{HEAD}）", f"up to date ({HEAD})")
    seen = Phrase(f"是 {revision}，程序要 {HEAD}", f"it is at {revision}, the program wants {HEAD}")
    return fault(
        MIGRATIONS,
        seen,
        Phrase("先备份，再重启服务：它自己升级", "back it up and restart the service, which brings it up"),
    )


def examine(config: Config, database: Database) -> Iterator[Finding]:
    now = int(time.time() * 1000)

    def look(transaction: Transaction) -> list[Finding]:
        return [
            *_key(transaction, config), *_clock(transaction, now), *_connections(transaction), *_queue(transaction, now),
            *_erased(transaction), *_called(transaction),
        ]  # fmt: skip

    try:
        with told(config.database.url):
            yield from database.look(look)
    except DatabaseError as error:
        yield fault(DATABASE, _said(error), SECOND)
        return
    if config.database.replica_url:
        yield _replica(database)
    yield from _knowledge(config)


def _replica(database: Database) -> Finding:
    try:
        database.look_at_replica()
    except ReplicaError as error:
        zh, _, en = str(error).partition(" · ")
        do = Phrase(
            "页面改读主库；看副本的机器和主库的 pg_stat_replication",
            "pages are read on the primary; look at the replica's machine and at pg_stat_replication of the primary",
        )
        return warning(REPLICA, Phrase(zh, en), do)
    return ok(REPLICA, "跟得上", "it keeps up")


def _key(transaction: Transaction, config: Config) -> Iterator[Finding]:
    known, vault = key_name(transaction), _vault(config)
    if known is None or (vault is not None and vault.name == known):
        yield ok(KEY, "打得开", "it opens what is in it")
    elif vault is not None:
        seen = Phrase("不是锁上它的那一把", "it is not the one that closed what is in it")
        yield fault(
            KEY,
            seen,
            Phrase("换回那一把，见 docs/incidents.md 第 3 条", "put that one back: docs/incidents.md, number 3"),
        )


def _clock(transaction: Transaction, now: int) -> Iterator[Finding]:
    """Against the server's; an embedded one has none of its own, but nothing in it can be newer than now."""
    theirs = condition.clock(transaction)
    apart = (
        (now - theirs) / 1000 if theirs is not None else min(0.0, (now - (condition.newest(transaction) or 0)) / 1000)
    )
    other = (
        Phrase("数据库的", "the database's")
        if theirs is not None
        else Phrase("最近一条消息的", "that of the newest message")
    )
    ahead = Phrase("快", "ahead of") if apart > 0 else Phrase("慢", "behind")
    zh, en = span(abs(apart))
    seen = Phrase(f"比{other.zh}{ahead.zh} {zh}", f"{en} {ahead.en} {other.en}")
    if abs(apart) > FAR_APART:
        yield fault(CLOCK, seen, SYNCHRONISE)
    elif abs(apart) > APART:
        yield warning(CLOCK, seen, SYNCHRONISE)
    else:
        yield ok(CLOCK, f"和{other.zh}对得上", f"agrees with {other.en}")


def _connections(transaction: Transaction) -> Iterator[Finding]:
    found = condition.connections(transaction)
    if found is None:
        return
    seen = Phrase(
        f"用了 {found.all}/{found.most}，导学的 {found.ours}",
        f"{found.all} of {found.most} in use, {found.ours} of them ours",
    )
    do = Phrase(
        "看谁占着（pg_stat_activity），或调大 max_connections",
        "see who holds them (pg_stat_activity), or raise max_connections",
    )
    if found.all > NEARLY * found.most:
        yield fault(CONNECTIONS, seen, do)
    else:
        yield ok(CONNECTIONS, *seen)


def _queue(transaction: Transaction, now: int) -> Iterator[Finding]:
    looked_at = {name for name, each in CHANNELS.items() if each.looked_at}
    lanes = to_be_done(transaction, now, looked_at)
    owed = Backlog.of(lanes)
    late = (now - owed.oldest) / 1000 if owed.oldest is not None else 0.0
    zh, en = span(late)
    slowest = min((each for each in lanes if each.oldest == owed.oldest), default=None)
    lane = slowest.lane if slowest is not None else ""
    seen = Phrase(f"{owed.due} 件该办，最早的晚了 {zh}（{lane}）", f"{owed.due} are due, the oldest for {en} ({lane})")
    do = Phrase("docs/incidents.md 第 6 条", "docs/incidents.md, number 6")
    if late > LATE:
        yield fault(QUEUE, seen, do)
    elif late > SLOW:
        yield warning(QUEUE, seen, do)
    else:
        yield ok(QUEUE, f"{owed.due} 件该办，没有晚的", f"{owed.due} are due, none is late")
    if owed.given_up:
        seen = Phrase(f"{owed.given_up} 件放弃了，等人看", f"{owed.given_up} were given up, for somebody to look at")
        do = Phrase(
            "坐席台“管理 → 渠道”，改好以后点“再试一次”", "the desk's page of channels; mend it, and press “Try again”"
        )
        yield warning(GIVEN_UP, seen, do)
    else:
        yield ok(GIVEN_UP, "没有", "nothing")


def _erased(transaction: Transaction) -> Iterator[Finding]:
    """Tables whose files keep what was taken out of them."""
    if large := sorted(read(transaction).too_large):
        seen = Phrase(
            f"{_some(large)} 太大，夜里重写不完，删掉的话还在文件里",
            f"{_some(large)}: too large to be written anew at night; what was erased is still in the files",
        )
        yield warning(
            ERASED, seen, Phrase("在没人的时候运行 daoxue scrub", "daoxue scrub, in an hour when nobody is there")
        )


def _called(transaction: Transaction) -> Iterator[Finding]:
    """Accounts that residents would take for the house itself, or that are called by a number."""
    if found := unfit_for_long({each.name: each.shown for each in people.everybody(transaction) if each.active}):
        seen = Phrase(
            f"{_some(found)} 的名字像是本中心自己，或者有号码", f"{_some(found)}: called like the house, or by a number"
        )
        yield warning(
            ACCOUNTS,
            seen,
            Phrase(
                "坐席台“管理 → 人员”里改显示名，或停用、另建",
                "change what they are shown as, or make another account (the desk, People)",
            ),
        )


def _knowledge(config: Config) -> Iterator[Finding]:
    """What has ended, and which answers that handlers need are lacking: `daoxue check` names each."""
    today = datetime.fromtimestamp(time.time(), config.zone).date()
    try:
        content = check.content_of(config)
    except (KnowledgeError, DatabaseError) as error:
        yield fault(KNOWLEDGE, _said(error), Phrase("daoxue check 逐条列出", "daoxue check names each"))
        return
    ended = sorted(each.id for each in content.entries if each.valid_until < today)
    if ended:
        seen = Phrase(
            f"{len(ended)} 条过期，不再说：{_some(ended)}",
            f"{len(ended)} entries have ended and are not said: {_some(ended)}",
        )
        yield warning(
            KNOWLEDGE, seen, Phrase("坐席台“知识”里延期或下线", "renew them or take them out, at the desk (Knowledge)")
        )
    if lacking := check.lacking(content.entries, Catalogue.of(content.records), today, check.leaving_of(config)):
        seen = Phrase(
            f"{len(lacking)} 个常问的没有答案，或快到期",
            f"{len(lacking)} common questions have no answer, or soon none",
        )
        yield warning(KNOWLEDGE, seen, Phrase("daoxue check 逐条列出", "daoxue check names each"))
    if not ended and not lacking:
        yield ok(KNOWLEDGE, f"{len(content.entries)} 条，没有过期的", f"{len(content.entries)} entries, none has ended")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + ("…" if len(names) > 3 else "")
