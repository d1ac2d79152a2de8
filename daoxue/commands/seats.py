"""`daoxue desk`: the seats' desk in the terminal."""

import argparse
from collections.abc import Awaitable
from datetime import datetime

from bot.keeping import covered
from daoxue.app import App
from daoxue.commands.common import Commands, acting, add, now, tell
from desk.errors import TicketError
from desk.opening import ALL, handover
from desk.people import ROLES, Profile
from desk.replies import Answer
from store.ticket_rows import Priority

PRIORITIES = {
    Priority.DANGER: "P0 危急", Priority.TODAY: "P1 当天", Priority.SOON: "P2 投诉", Priority.ORDINARY: "P3 一般",
}  # fmt: skip


def declare(commands: "Commands[argparse.ArgumentParser]") -> None:
    seats = commands.add_parser("desk", help="the seats' desk in the terminal").add_subparsers(
        required=True, metavar="COMMAND"
    )
    listed = add(seats, "list", _desk_list, "tickets in a state")
    listed.add_argument("--state", choices=("waiting", "open", "closed"), default="waiting")
    for name, run, help in (
        ("show", _desk_show, "a ticket with its conversation"), ("take", _desk_take, "take a waiting ticket"),
        ("reply", _desk_reply, "answer the resident"), ("close", _desk_close, "end a ticket"),
    ):  # fmt: skip
        command = add(seats, name, run, help)
        command.add_argument("ref", metavar="REF")
        if name != "show":
            command.add_argument("--seat", default="坐席", metavar="NAME")
        if name == "reply":
            command.add_argument("text", metavar="TEXT")
        if name == "close":
            command.add_argument("--result", default="answered", metavar="TEXT")
    _adding_a_seat(add(seats, "add-seat", _desk_add_seat, "a new account; prints its one-time password"))


def _adding_a_seat(added: argparse.ArgumentParser) -> None:
    added.add_argument("name", metavar="NAME")
    added.add_argument(
        "--shown",
        default="",
        metavar="TEXT",
        help="the name that residents and colleagues see; without it residents are told of a seat",
    )
    added.add_argument("--role", choices=ROLES, default="seat")
    added.add_argument("--skills", nargs="*", default=[], metavar="SKILL", help="e.g. complaint credit enrolment")
    added.add_argument("--langs", nargs="*", default=["zh"], metavar="LANG")
    added.add_argument("--capacity", type=int, default=4, help="written talks at a time; a call counts four")
    added.add_argument(
        "--phone", default=None, metavar="NUMBER", help="where calls are put through, e.g. +861012345678"
    )
    added.add_argument("--place", default=None, metavar="ORG", help="the organisation it answers for")


def _desk_list(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        for row in await app.tickets.in_state(arguments.state):
            since = datetime.fromtimestamp(row.opened_at / 1000, app.config.zone)
            about = handover(row)
            shown: dict[str, object] = {
                "ref": row.ref, "state": row.state, "topic": row.topic, "priority": row.priority, "owner": row.owner,
                "reason": about.reason, "skill": about.skill, "summary": about.summary, "opened_at": since.isoformat(),
            }  # fmt: skip
            tell(
                arguments,
                shown,
                f"{row.ref}  {PRIORITIES[Priority(row.priority)]}  {since:%m-%d %H:%M}  {about.reason}  {about.summary[:40]}",
            )

    return acting(arguments, use)


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
        tell(
            arguments, row,
            f"工单 {ref}  {PRIORITIES[Priority(opened.ticket.priority)]}  {opened.ticket.state}  {opened.ticket.owner or ''}\n原因：{about.reason}"
            f"  技能：{about.skill}  地点：{about.place or '—'}\n已知：{facts or '—'}\n摘要：{about.summary}\n{said}",
        )  # fmt: skip

    return show()


def _desk_show(arguments: argparse.Namespace) -> int:
    return acting(arguments, lambda app: _show(arguments, app, arguments.ref))


def _desk_take(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        await app.tickets.take(arguments.ref, arguments.seat, now())
        await _show(arguments, app, arguments.ref)

    return acting(arguments, use)


def _desk_reply(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        await app.tickets.reply(arguments.ref, arguments.seat, Answer(covered(arguments.text)), now())
        tell(arguments, {"ref": arguments.ref, "sent": True}, "已发送")

    return acting(arguments, use)


def _desk_close(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        await app.tickets.close(arguments.ref, arguments.seat, arguments.result, now())
        tell(arguments, {"ref": arguments.ref, "closed": True}, f"工单 {arguments.ref} 已办结")

    return acting(arguments, use)


def _desk_add_seat(arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.capacity <= 100:
        raise TicketError("invalid", "capacity 在 1 到 100 之间")

    async def use(app: App) -> None:
        profile = Profile(
            arguments.shown, _flat(arguments.skills), _flat(arguments.langs), arguments.capacity, arguments.place,
            arguments.phone,
        )  # fmt: skip
        password = await app.desk.people.add(arguments.name, arguments.role, now(), "cli", profile)
        row: dict[str, object] = {"name": arguments.name, "role": arguments.role, "password": password}
        tell(arguments, row, f"{arguments.name}（{arguments.role}）的一次性密码：{password}   首次登录后请修改")

    return acting(arguments, use)


def _flat(values: list[str]) -> list[str]:
    """a b, or a,b."""
    return [each for value in values for each in value.split(",") if each]
