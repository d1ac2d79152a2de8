"""`daoxue accounts`, `purge`, `scrub`: learners, and what we hold of residents."""

import argparse
import contextlib
import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from accounts import vault as vaults
from accounts.auditing import audit as bank_audit
from accounts.closing import ErasureReason, rekey
from daoxue.app import App
from daoxue.commands.common import Commands, acting, add, now, tell
from daoxue.config import Config, ConfigError, read
from daoxue.preparing import find_key, prepare, vault_of
from daoxue.sample import sample_learners
from desk.rewriting import Rewriting, note
from store import alone, sealing
from store.database import Database
from store.engine import told
from store.rewriting import rewritable, rewrite_all


def declare(commands: "Commands[argparse.ArgumentParser]") -> None:
    learners = commands.add_parser("accounts", help="learners").add_subparsers(required=True, metavar="COMMAND")
    add(learners, "sample", _accounts_sample, "the sample centre's test cards")
    add(
        learners,
        "codes",
        _accounts_codes,
        "one-time codes that were asked for in the last five minutes (sample centre only)",
    )

    add(learners, "audit", _accounts_audit, "add up every account anew; 1 where one does not add up")
    add(learners, "rekey", _accounts_rekey, "close everything with a new key, while the service is stopped")
    purged = add(commands, "purge", _purge, "erase everything that we hold of a resident, with a proof")
    whose(purged.add_mutually_exclusive_group(required=True))
    purged.add_argument(
        "--why", required=True, type=ErasureReason, choices=list(ErasureReason), help="kept in the audit"
    )
    add(
        commands,
        "scrub",
        _scrub,
        "write every table anew: what was erased is in no file any more. Residents wait meanwhile",
    )


def whose(group: argparse._MutuallyExclusiveGroup) -> None:
    """Which resident is meant."""
    group.add_argument("--resident", metavar="REF", help="a ticket of theirs")
    group.add_argument("--card", metavar="CARD", help="or the card of their account")


def _accounts_sample(arguments: argparse.Namespace) -> int:
    if not read(arguments.config).sample:
        raise ConfigError(
            "sample: 这里不是示例中心，没有测试卡 · this is not the sample centre, there are no test cards"
        )
    for each in sample_learners():
        row: dict[str, object] = {"card": each.card, "name": each.name, "phone": each.phone, "status": each.status}
        tell(
            arguments,
            row,
            f"{each.card}  {each.phone}  {each.status:6}  {each.credits:3} 学分 {each.points:4} 积分  {each.name}",
        )
    return 0


def _accounts_codes(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        if not app.config.sample:
            raise ConfigError("sample: 只有示例中心能这样看验证码；真实的验证码只发到居民手机上")
        known = {each.phone for each in sample_learners()}
        for code in await app.identity.codes(now()):
            if code.phone in known:
                tell(arguments, {"phone": code.phone, "code": code.code}, f"{code.phone}  {code.code}")

    return acting(arguments, use)


def _accounts_audit(arguments: argparse.Namespace) -> int:
    config = read(arguments.config)
    prepare(config)
    with contextlib.closing(Database(config.database.url, vault_of(config))) as database:
        count, problems = database.look(bank_audit)
    for problem in problems:
        row: dict[str, object] = {"learner": problem.learner, "problem": problem.text}
        tell(arguments, row, f"学员 {problem.learner}：{problem.text}")
    tell(
        arguments, {"accounts": count, "problems": len(problems)},
        f"核对 {count} 个账户，{'全部正确' if not problems else f'{len(problems)} 处不对'}",
    )  # fmt: skip
    return 1 if problems else 0


def _accounts_rekey(arguments: argparse.Namespace) -> int:
    """To a new key, while nobody serves. Killed at any line, it leaves a database and the key that opens it; run again, it
    finishes what was begun."""
    config = read(arguments.config)
    given = os.environ.get("DATA_KEY", "")
    if given and "," not in given:
        raise ConfigError("DATA_KEY: put the new key before the present one, with a comma between")
    with alone.to_ourselves(config.database.url):
        count = _rekey(config)
    where = "DATA_KEY 里逗号前的那一把" if given else config.accounts.key_file
    tell(arguments, {"learners": count, "key": where}, f"已用新密钥重新加密（{count} 位学员）。今后用 {where}")
    return 0


def _rekey(config: Config) -> int:
    """How many learners it concerned: none, where it had only to be finished."""
    path = Path(config.accounts.key_file)
    new, count = vaults.of(vaults.new_key(path)), 0
    with contextlib.closing(Database(config.database.url, new)) as database:
        if database.look(sealing.key_name) != new.name:
            find_key(config)
            old = vault_of(config)
            count = database.now(lambda t: rekey(t, old, new, now()))
        rewrite_all(config.database.url)
    vaults.adopt(path, new.name)
    return count


def export(arguments: argparse.Namespace) -> int:
    """Everything that we hold of a resident, as JSON."""

    async def use(app: App) -> None:
        residents = app.desk.residents
        if arguments.card:
            found = await residents.copy_account(arguments.card, "cli", now())
        else:
            found = await residents.copy(arguments.resident, "cli", now())
        print(json.dumps(found, ensure_ascii=False))

    return acting(arguments, use)


def _purge(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        if arguments.card:
            closed = await app.desk.residents.close_account(arguments.card, "cli", arguments.why, now())
            line = f"账户已注销，{closed.lines} 笔明细不再对应任何人；证明 sha256 {closed.digest}"
            tell(arguments, asdict(closed), line)
            return
        proof = await app.desk.residents.erase(arguments.resident, "cli", arguments.why, now())
        line = f"已删除 {proof.tickets} 张工单、{proof.messages} 条消息；证明 sha256 {proof.digest}"
        if not proof.tickets and not proof.messages:
            line = "这些以前已经删除了，这一次没有可删的"
        tell(arguments, asdict(proof), line)

    return acting(arguments, use)


def _scrub(arguments: argparse.Namespace) -> int:
    config = read(arguments.config)
    with told(config.database.url):
        rewrite_all(config.database.url)
    with contextlib.closing(Database(config.database.url)) as database:
        moment = datetime.now(config.zone)
        database.now(lambda t: note(t, Rewriting(moment.date()), moment))
    tell(arguments, {"tables": rewritable(config.database.url)}, "每张表都重写过了：删掉的话不在数据库的文件里了")
    return 0
