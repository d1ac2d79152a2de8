"""`daoxue wechat`, `wecom`, `telegram`, `mail`, `forum`: what one does with the platform of a channel. Each is imported when it is done."""

import argparse
from collections.abc import Callable

from daoxue.commands.common import Commands, add, later, playing


def declare(commands: "Commands[argparse.ArgumentParser]") -> None:
    wechat = _group(commands, "wechat", "the official account")
    add(wechat, "menu", later("wechat", "menu"), "put the three entries into the account's menu")
    add(wechat, "check", later("wechat", "check"), "ask WeChat for a token and where it calls from")
    add(wechat, "play", _played("wechat"), "try it out against a WeChat of our own, with a telephone in the terminal")
    wecom = _group(commands, "wecom", "WeCom customer service")
    seats = add(
        wecom, "play", _played("wecom"), "try it out without an account, with a resident's WeChat in the terminal"
    )
    seats.add_argument("--seat", default="", metavar="zhangsan|pool", help="who in WeCom gets what is for a person")
    telegram = _group(commands, "telegram", "the Telegram bot")
    add(telegram, "check", later("telegram", "check"), "ask Telegram who the bot is and where its messages go")
    play = add(telegram, "play", _played("telegram"), "try it out without an account, with an app in the terminal")
    play.add_argument("--polling", action="store_true", help="the platform is asked, as without a public address")
    mail = _group(commands, "mail", "e-mail")
    add(mail, "play", _played("mail"), "try it out without an account, with a mail program in the terminal")
    forum = _group(commands, "forum", "the forum")
    add(forum, "play", _played("forum"), "try it out without an account, with residents who write in the terminal")


def _group(commands: "Commands[argparse.ArgumentParser]", name: str, help: str) -> "Commands[argparse.ArgumentParser]":
    return commands.add_parser(name, help=help).add_subparsers(required=True, metavar="COMMAND")


def _played(channel: str) -> Callable[[argparse.Namespace], int]:
    """Tries a channel out."""

    def run(arguments: argparse.Namespace) -> int:
        command: Callable[[argparse.Namespace], int] = playing(f"daoxue.play_{channel}").play
        return command(arguments)

    return run
