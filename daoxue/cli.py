"""`daoxue`: the commands. Each prints for people, or JSON lines with `--json`; exit status 0 only on success."""

import argparse
import asyncio
import importlib
import json
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

from accounts.bank import audit as bank_audit
from accounts.closing import rekey
from accounts.vault import VaultError, new_key, only, take_key
from daoxue import chat, check, files
from daoxue.app import App, compose, encoder_of, prepare, vault_of
from daoxue.config import ConfigError, read
from daoxue.sample import sample_learners
from daoxue.serve import serve
from daoxue.table import Figures, table
from desk.errors import TicketError
from desk.opening import ALL, handover
from desk.people import ROLES, SignInError
from integrations.channels import CHANNELS
from integrations.wechat.api import WechatError, WechatFault
from integrations.wechat.channel import WechatChannel
from integrations.wechat.messages import MENU_ON_SCREEN
from integrations.wechat.official import WECHAT
from knowledge.files import KnowledgeError
from nlu.encoder import Encoder
from store import sealing
from store.database import Database, DatabaseError

_ADVICE = {
    WechatFault.ADDRESS: "请在公众号后台“IP白名单”里加上这个地址，约5分钟后生效",
    WechatFault.FORBIDDEN: "这个公众号没有这项权限，需要认证的服务号",
    WechatFault.UNREACHABLE: "连不上 channels.wechat.api_base，请检查网络",
}
PRIORITIES = ("P0 危急", "P1 当天", "P2 投诉", "P3 一般")


def main() -> None:
    """Entry point."""
    arguments = _parser().parse_args()
    try:
        sys.exit(arguments.run(arguments))
    except (ConfigError, KnowledgeError, DatabaseError, TicketError, SignInError, VaultError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(130)


Commands = argparse._SubParsersAction  # which argparse has no public name for


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="daoxue", description="导学：学习导航呼叫系统")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (_of_service, _of_understanding, _of_knowledge, _of_wechat, _of_learners, _of_desk):
        group(commands)
    return parser


def _add(
    group: "Commands[argparse.ArgumentParser]", name: str, run: Callable[[argparse.Namespace], int], help: str
) -> argparse.ArgumentParser:
    """A command with what every one takes."""
    command = group.add_parser(name, help=help)
    command.add_argument("--config", type=Path, default=Path("config.yml"), metavar="FILE")
    command.add_argument("--json", action="store_true", help="JSON lines on standard output")
    command.set_defaults(run=run)
    return command


def _of_service(commands: "Commands[argparse.ArgumentParser]") -> None:
    _add(commands, "serve", _serve, "run the service")
    _add(commands, "check", _check, "validate settings, knowledge, texts and channels")
    talk = _add(commands, "chat", _chat, "talk in the terminal")
    talk.add_argument("--channel", choices=sorted(CHANNELS), default="webchat")
    talk.add_argument("--speak", action="store_true", help="with --channel voice: aloud, through espeak-ng")
    talk.add_argument("--script", type=Path, metavar="FILE", nargs="+", help="play transcripts; 1 when one differs")


def _of_understanding(commands: "Commands[argparse.ArgumentParser]") -> None:
    understanding = commands.add_parser("nlu", help="understanding").add_subparsers(required=True, metavar="COMMAND")
    parsed = _add(understanding, "parse", _parse, "understand each line of standard input")
    parsed.add_argument(
        "--today", type=_day, metavar="DAY", help="what 明天 is the day after: YYYY-MM-DD; else the clock's"
    )
    tried = _add(understanding, "evaluate", _evaluate_nlu, "figures of a file of label<TAB>text")
    engine = tried.add_mutually_exclusive_group()
    engine.add_argument("--train", type=Path, metavar="FILE", help="train on this file; else on nlu/data")
    engine.add_argument("--live", action="store_true", help="or take the engine as it is served here")
    tried.add_argument("--test", type=Path, required=True, metavar="FILE")
    tried.add_argument("--encoder", choices=("use", "onnx", "none"), help="what reads meaning beside words; else use")
    tried.add_argument("--diagram", type=Path, metavar="FILE.png", help="draw how far the sureness can be trusted")


def _of_knowledge(commands: "Commands[argparse.ArgumentParser]") -> None:
    known = commands.add_parser("knowledge", help="what we know").add_subparsers(required=True, metavar="COMMAND")
    _add(known, "list", _list_entries, "the entries with their status")
    searched = _add(known, "evaluate", _evaluate_knowledge, "search of queries over entries")
    searched.add_argument("--entries", type=Path, required=True, metavar="FILE")
    searched.add_argument("--queries", type=Path, required=True, metavar="FILE")
    searched.add_argument("--encoder", choices=("use", "none"), default="use", help="what reads meaning beside words")
    taken = _add(known, "import", _import, "take in YAML, CSV, XLSX, Markdown or DOCX files, all or nothing")
    taken.add_argument("files", type=Path, nargs="+", metavar="FILE")
    taken.add_argument("--by", default="cli", metavar="NAME", help="who reviewed them")
    taken.add_argument("--partial", action="store_true", help="take the good rows, report the others")
    taken.add_argument("--status", choices=("draft", "in_review", "published", "expired"), default="published")

    blank = _add(known, "template", _template, "the standard questions as a table to answer, for `knowledge import`")
    blank.add_argument("file", type=Path, nargs="?", default=Path("standard-questions.xlsx"), metavar="FILE")
    blank.add_argument("--filled", action="store_true", help="with the answers that are on record")


def _of_wechat(commands: "Commands[argparse.ArgumentParser]") -> None:
    official = commands.add_parser("wechat", help="the official account").add_subparsers(
        required=True, metavar="COMMAND"
    )
    _add(official, "menu", _wechat_menu, "put the three entries into the account's menu")
    _add(official, "check", _wechat_check, "ask WeChat for a token and where it calls from")
    _add(official, "play", _wechat_play, "try it out against a WeChat of our own, with a telephone in the terminal")


def _of_learners(commands: "Commands[argparse.ArgumentParser]") -> None:
    learners = commands.add_parser("accounts", help="learners").add_subparsers(required=True, metavar="COMMAND")
    _add(learners, "sample", _accounts_sample, "the sample centre's test cards")
    _add(
        learners,
        "codes",
        _accounts_codes,
        "one-time codes that were asked for in the last five minutes (sample centre only)",
    )

    _add(learners, "audit", _accounts_audit, "add up every account anew; 1 where one does not add up")
    _add(learners, "rekey", _accounts_rekey, "close everything with a new key, while the service is stopped")
    copied = _add(commands, "export", _export, "everything that we hold of a resident, as JSON")
    purged = _add(commands, "purge", _purge, "erase it, with a proof")
    for each in (copied, purged):
        who = each.add_mutually_exclusive_group(required=True)
        who.add_argument("--resident", metavar="REF", help="a ticket of theirs")
        who.add_argument("--card", metavar="CARD", help="or the card of their account")
    purged.add_argument("--why", required=True, metavar="TEXT", help="kept in the audit")


def _of_desk(commands: "Commands[argparse.ArgumentParser]") -> None:
    seats = commands.add_parser("desk", help="the seats' desk in the terminal").add_subparsers(
        required=True, metavar="COMMAND"
    )
    listed = _add(seats, "list", _desk_list, "tickets in a state")
    listed.add_argument("--state", choices=("waiting", "open", "closed"), default="waiting")
    for name, run, help in (
        ("show", _desk_show, "a ticket with its conversation"), ("take", _desk_take, "take a waiting ticket"),
        ("reply", _desk_reply, "answer the resident"), ("close", _desk_close, "end a ticket"),
    ):  # fmt: skip
        command = _add(seats, name, run, help)
        command.add_argument("ref", metavar="REF")
        if name != "show":
            command.add_argument("--seat", default="坐席", metavar="NAME")
        if name == "reply":
            command.add_argument("text", metavar="TEXT")
        if name == "close":
            command.add_argument("--result", default="answered", metavar="TEXT")
    _adding_a_seat(_add(seats, "add-seat", _desk_add_seat, "a new account; prints its one-time password"))


def _adding_a_seat(added: argparse.ArgumentParser) -> None:
    added.add_argument("name", metavar="NAME")
    added.add_argument("--shown", default="", metavar="TEXT", help="the name that residents and colleagues see")
    added.add_argument("--role", choices=ROLES, default="seat")
    added.add_argument("--skills", nargs="*", default=[], metavar="SKILL", help="e.g. complaint credit enrolment")
    added.add_argument("--langs", nargs="*", default=["zh"], metavar="LANG")
    added.add_argument("--capacity", type=int, default=4, help="written talks at a time; a call counts four")
    added.add_argument(
        "--phone", default=None, metavar="NUMBER", help="where calls are put through, e.g. +8655162001234"
    )
    added.add_argument("--place", default=None, metavar="ORG", help="the organisation it answers for")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a day, YYYY-MM-DD is wanted: {text}") from None


def _with_app(arguments: argparse.Namespace, use: Callable[[App], Awaitable[int]]) -> int:
    config = read(arguments.config)
    prepare(config)

    async def run() -> int:
        app = await compose(config)
        try:
            return await use(app)
        finally:
            app.database.close()

    return asyncio.run(run())


def _now() -> int:
    return int(time.time() * 1000)


def _print(arguments: argparse.Namespace, row: dict[str, object], line: str) -> None:
    print(json.dumps(row, ensure_ascii=False) if arguments.json else line, flush=True)


def _serve(arguments: argparse.Namespace) -> int:
    return serve(read(arguments.config))


def _check(arguments: argparse.Namespace) -> int:
    config = read(arguments.config)
    problems = check.problems(config)
    for problem in problems:
        _print(arguments, {"problem": problem}, problem)
    if not problems:
        _print(arguments, {"ok": True}, f"{arguments.config}：没有问题")
    return 1 if problems else 0


def _chat(arguments: argparse.Namespace) -> int:
    try:
        scripts = [(path, path.read_text(encoding="utf-8")) for path in arguments.script or ()]
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError([f"--script: {error}"]) from error

    if arguments.channel == "voice" and not scripts and not arguments.json:
        # A call by the rules of the provider that is played; its libraries are none of the service's.
        call: Callable[[Path, bool], int] = importlib.import_module("daoxue.play_call").call
        return call(arguments.config, arguments.speak)

    async def use(app: App) -> int:
        if scripts:
            return max([await chat.play(app, path, script, arguments.channel) for path, script in scripts])
        return await (chat.talk_json(app) if arguments.json else chat.talk_freely(app, arguments.channel))

    return _with_app(arguments, use)


def _parse(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> int:
        for raw in sys.stdin:
            text = raw.rstrip("\r\n")
            today = arguments.today or datetime.now(app.config.zone).date()
            print(
                json.dumps(chat.parsed(app.comprehension.understand(chat.as_heard(text), today)), ensure_ascii=False),
                flush=True,
            )
        return 0

    return _with_app(arguments, use)


def _evaluate_nlu(arguments: argparse.Namespace) -> int:
    if arguments.diagram and (arguments.diagram.suffix != ".png" or not arguments.diagram.parent.is_dir()):
        raise ConfigError(f"--diagram: {arguments.diagram}: a .png in a folder that exists is meant")
    if arguments.live and arguments.encoder:
        raise ConfigError("--encoder: with --live that of the settings is judged")
    # Evaluation trains, and training is a hundred megabytes that no other command should carry.
    if not arguments.live:
        train: Callable[..., Figures] = importlib.import_module("daoxue.evaluate").nlu
        return _tell(arguments, train(arguments.train, arguments.test, _meaning(arguments), arguments.diagram))
    live: Callable[..., Awaitable[Figures]] = importlib.import_module("daoxue.live").evaluate

    async def use(app: App) -> int:
        today = datetime.now(app.config.zone).date()
        return _tell(arguments, await live(app, arguments.test, today, arguments.diagram))

    return _with_app(arguments, use)


def _meaning(arguments: argparse.Namespace) -> Encoder | None:
    """The encoder of the command; where it is the operator's, from the folder that the settings name."""
    kind = arguments.encoder or "use"
    return encoder_of(kind, read(arguments.config).nlu.encoder_path if kind == "onnx" else "")


def _evaluate_knowledge(arguments: argparse.Namespace) -> int:
    search: Callable[..., Figures] = importlib.import_module("daoxue.evaluate").knowledge
    return _tell(arguments, search(arguments.entries, arguments.queries, _meaning(arguments)))


def _tell(arguments: argparse.Namespace, figures: Figures) -> int:
    """The figures, as one JSON object in the last line."""
    if not arguments.json:
        print(*table(figures), sep="\n")
    print(json.dumps(figures.as_object()))
    return 0


def _list_entries(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> int:
        for entry in app.library.entries.values():
            row: dict[str, object] = {
                "id": entry.id,
                "topic": entry.topic,
                "title": app.library.title(entry),
                "valid_until": str(entry.valid_until),
            }
            _print(arguments, row, f"{entry.id:28} {entry.topic:18} {app.library.title(entry)}")
        return 0

    return _with_app(arguments, use)


def _import(arguments: argparse.Namespace) -> int:
    config = read(arguments.config)
    today = datetime.now(config.zone).date()
    taken = files.read(arguments.files, arguments.by, today, partial=arguments.partial, topics=files.topics(config))
    for line in taken.told:
        print(line, file=sys.stderr)
    content, revision = files.take_in(config, taken, arguments.by, arguments.status)
    row: dict[str, object] = {"entries": len(content.entries), "records": len(content.records), "revision": revision}
    said = f"收下 {len(content.entries)} 条知识、{len(content.records)} 条目录，版本 {revision}"
    if taken.unanswered:
        row["unanswered"] = taken.unanswered
        said += f"；{taken.unanswered} 条还没有回答"
    _print(arguments, row, said)
    return 0


def _template(arguments: argparse.Namespace) -> int:
    answers = files.on_record(read(arguments.config)) if arguments.filled else {}
    questions = files.write_template(arguments.file, answers)
    row: dict[str, object] = {"file": str(arguments.file), "questions": questions, "answered": len(answers)}
    _print(arguments, row, f"{arguments.file}：{questions} 条标准问题，其中 {len(answers)} 条有回答")
    return 0


def _with_tickets(arguments: argparse.Namespace, use: Callable[[App], Awaitable[None]]) -> int:
    async def run(app: App) -> int:
        await use(app)
        return 0

    return _with_app(arguments, run)


def _desk_list(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        for row in await app.tickets.in_state(arguments.state):
            since = datetime.fromtimestamp(row.opened_at / 1000, app.config.zone)
            about = handover(row)
            shown: dict[str, object] = {
                "ref": row.ref, "state": row.state, "topic": row.topic, "priority": row.priority, "owner": row.owner,
                "reason": about.reason, "skill": about.skill, "summary": about.summary, "opened_at": since.isoformat(),
            }  # fmt: skip
            _print(
                arguments,
                shown,
                f"{row.ref}  {PRIORITIES[row.priority]}  {since:%m-%d %H:%M}  {about.reason}  {about.summary[:40]}",
            )

    return _with_tickets(arguments, use)


def _show(arguments: argparse.Namespace, app: App, ref: str) -> Awaitable[None]:
    async def show() -> None:
        opened = await app.tickets.show(ref, ALL)
        about = opened.handover
        row: dict[str, object] = {
            "ref": ref, "state": opened.ticket.state, "owner": opened.ticket.owner, "topic": opened.ticket.topic,
            "priority": opened.ticket.priority, "reason": about.reason, "place": about.place, "slots": about.slots,
            "summary": about.summary, "tried": list(about.tried),
            "messages": [{"seq": each.seq, "author": each.author, "text": each.message.reply.text} for each in opened.messages],
            "events": [{"kind": event.kind, "actor": event.actor, "at": event.at} for event in opened.events],
        }  # fmt: skip
        said = "\n".join(f"  {each.author:>8}: {each.message.reply.text}" for each in opened.messages)
        facts = "，".join(f"{name}={value}" for name, value in about.slots.items())
        _print(
            arguments, row,
            f"工单 {ref}  {PRIORITIES[opened.ticket.priority]}  {opened.ticket.state}  {opened.ticket.owner or ''}\n原因：{about.reason}"
            f"  技能：{about.skill}  地点：{about.place or '—'}\n已知：{facts or '—'}\n摘要：{about.summary}\n{said}",
        )  # fmt: skip

    return show()


def _desk_show(arguments: argparse.Namespace) -> int:
    return _with_tickets(arguments, lambda app: _show(arguments, app, arguments.ref))


def _desk_take(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        await app.tickets.take(arguments.ref, arguments.seat, _now())
        await _show(arguments, app, arguments.ref)

    return _with_tickets(arguments, use)


def _desk_reply(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        await app.tickets.reply(arguments.ref, arguments.seat, arguments.text, _now())
        _print(arguments, {"ref": arguments.ref, "sent": True}, "已发送")

    return _with_tickets(arguments, use)


def _export(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        residents = app.desk.residents
        if arguments.card:
            found = await residents.copy_account(arguments.card, "cli", _now())
        else:
            found = await residents.copy(arguments.resident, "cli", _now())
        print(json.dumps(found, ensure_ascii=False))

    return _with_tickets(arguments, use)


def _purge(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        if arguments.card:
            closed = await app.desk.residents.close_account(arguments.card, "cli", arguments.why, _now())
            line = f"账户已注销，{closed.lines} 笔明细不再对应任何人；证明 sha256 {closed.digest}"
            _print(arguments, asdict(closed), line)
            return
        proof = await app.desk.residents.erase(arguments.resident, "cli", arguments.why, _now())
        line = f"已删除 {proof.tickets} 张工单、{proof.messages} 条消息；证明 sha256 {proof.digest}"
        _print(arguments, asdict(proof), line)

    return _with_tickets(arguments, use)


def _desk_add_seat(arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.capacity <= 100 or not re.fullmatch(r"\w[\w.@-]{0,63}", arguments.name):
        raise TicketError("invalid", "用户名用字母、数字或汉字，不超过 64 个；capacity 在 1 到 100 之间")

    async def use(app: App) -> None:
        password = await app.desk.people.add(
            arguments.name, arguments.role, _now(), "cli", shown=arguments.shown, skills=_flat(arguments.skills),
            langs=_flat(arguments.langs), capacity=arguments.capacity, place=arguments.place, phone=arguments.phone,
        )  # fmt: skip
        row: dict[str, object] = {"name": arguments.name, "role": arguments.role, "password": password}
        _print(arguments, row, f"{arguments.name}（{arguments.role}）的一次性密码：{password}   首次登录后请修改")

    return _with_tickets(arguments, use)


def _wechat_menu(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        await _official(app).api.create_menu(MENU_ON_SCREEN)
        names = [button["name"] for button in MENU_ON_SCREEN["button"]]
        _print(
            arguments, {"menu": names}, f"公众号菜单已更新：{'、'.join(names)}（居民五分钟后或重新进入公众号时看到）"
        )

    return _with_wechat(arguments, use)


def _wechat_check(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        addresses = await _official(app).api.callback_addresses()
        url = f"{app.config.server.public_url or '（请填 server.public_url）'}/channels/wechat"
        row: dict[str, object] = {"ok": True, "callback_addresses": addresses, "url": url}
        _print(arguments, row, f"密钥可用。公众号后台的服务器地址填：{url}\n微信从这些地址发来：{'、'.join(addresses)}")

    return _with_wechat(arguments, use)


def _with_wechat(arguments: argparse.Namespace, use: Callable[[App], Awaitable[None]]) -> int:
    async def run(app: App) -> None:
        try:
            await use(app)
        except WechatError as error:
            raise ConfigError(
                f"{error}；{_ADVICE.get(error.meaning, '请核对 WECHAT_APP_ID 和 WECHAT_APP_SECRET')}"
            ) from error
        finally:
            await _official(app).api.close()

    return _with_tickets(arguments, run)


def _official(app: App) -> WechatChannel:
    opened = app.channels.get(WECHAT.name)
    if opened is None or not isinstance(opened.outlet, WechatChannel):
        raise ConfigError("channels.wechat.enabled: 没有接入公众号；在 config.yml 里设为 true")
    return opened.outlet


def _wechat_play(arguments: argparse.Namespace) -> int:
    # The played platform takes libraries that the service does without.
    try:
        play: Callable[[Path], int] = importlib.import_module("daoxue.play_wechat").play
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"试用还要一个库（{error.name}）：先运行 make players。 Trying it out needs {error.name}: make players"
        ) from error
    return play(arguments.config)


def _accounts_sample(arguments: argparse.Namespace) -> int:
    read(arguments.config)
    for each in sample_learners():
        row: dict[str, object] = {"card": each.card, "name": each.name, "phone": each.phone, "status": each.status}
        _print(
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
        for code in await app.identity.codes(_now()):
            if code.phone in known:
                _print(arguments, {"phone": code.phone, "code": code.code}, f"{code.phone}  {code.code}")

    return _with_tickets(arguments, use)


def _accounts_audit(arguments: argparse.Namespace) -> int:
    config = read(arguments.config)
    prepare(config)
    database = Database(config.database.url, vault_of(config))
    try:
        count, problems = database.look(bank_audit)
    finally:
        database.close()
    for problem in problems:
        row: dict[str, object] = {"learner": problem.learner, "problem": problem.text}
        _print(arguments, row, f"学员 {problem.learner}：{problem.text}")
    _print(
        arguments, {"accounts": count, "problems": len(problems)},
        f"核对 {count} 个账户，{'全部正确' if not problems else f'{len(problems)} 处不对'}",
    )  # fmt: skip
    return 1 if problems else 0


def _accounts_rekey(arguments: argparse.Namespace) -> int:
    """To a new key. Run again after a crash, it finishes what was begun."""
    config = read(arguments.config)
    path = Path(config.accounts.key_file)
    given = os.environ.get("DATA_KEY", "")
    if given and "," not in given:
        raise ConfigError("DATA_KEY: put the new key before the present one, with a comma between")
    new, count = only(new_key(path)), 0
    database = Database(config.database.url)
    try:
        done = database.look(sealing.key_name) == new.name
        if not done:
            old = vault_of(config)
            count = database.now(lambda t: rekey(t, old, new, _now()))
    finally:
        database.close()
    where = take_key(path)
    _print(arguments, {"learners": count, "key": where}, f"已用新密钥重新加密（{count} 位学员）。今后用 {where}")
    return 0


def _flat(values: list[str]) -> list[str]:
    """a b, or a,b."""
    return [each for value in values for each in value.split(",") if each]


def _desk_close(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        await app.tickets.close(arguments.ref, arguments.seat, arguments.result, _now())
        _print(arguments, {"ref": arguments.ref, "closed": True}, f"工单 {arguments.ref} 已办结")

    return _with_tickets(arguments, use)
