"""`daoxue serve`, `check`, `doctor`, `chat`."""

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from daoxue import chat, check
from daoxue.app import App
from daoxue.commands.common import Commands, add, later, playing, tell, with_app
from daoxue.config import SETTINGS, Config, read
from daoxue.serve import serve, serve_inherited, serve_with
from integrations.channels import CHANNELS
from knowledge.files import KnowledgeError

BACKUPS = "/var/lib/daoxue-backups"  # where deploy/daoxue-backup.service puts them


def declare(commands: "Commands[argparse.ArgumentParser]") -> None:
    run = add(commands, "serve", _serve, "run the service")
    run.add_argument("--workers", type=_count, default=1, metavar="N", help="processes (more than one: PostgreSQL)")
    # What the parent of several says to each.
    run.add_argument("--inherit", type=int, nargs=3, help=argparse.SUPPRESS)
    run.add_argument("--first", action="store_true", help=argparse.SUPPRESS)
    add(commands, "check", _check, "validate settings, knowledge, texts and channels")
    doctor = add(commands, "doctor", later("doctor", "run"), "say what is wrong with the running house, and what to do")
    doctor.add_argument(
        "--backups", default=BACKUPS, metavar="FOLDER", help=f"where they are kept, if not in {BACKUPS}"
    )
    add(commands, "push-keys", _push_keys, "make a key for web push")
    talk = add(commands, "chat", _chat, "talk in the terminal")
    talk.add_argument("--channel", choices=sorted(CHANNELS), default="webchat")
    talk.add_argument("--speak", action="store_true", help="with --channel voice: aloud, through espeak-ng")
    talk.add_argument("--script", type=Path, metavar="FILE", nargs="+", help="play transcripts; 1 when one differs")


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.inherit:
        return serve_inherited(read(arguments.config), *arguments.inherit, first=arguments.first)
    config = _settings(arguments)
    if arguments.workers == 1:
        return serve(config)
    named = [] if arguments.config == SETTINGS else ["--config", str(arguments.config)]
    return serve_with(config, [sys.executable, "-m", "daoxue", "serve", *named], arguments.workers)


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 64:
        raise argparse.ArgumentTypeError("1 to 64")
    return count


def _settings(arguments: argparse.Namespace) -> Config:
    if not arguments.config.exists():
        print(
            f"没有 {arguments.config}，一切按默认设置（示例中心）；daoxue init 写一个。No settings: the defaults and the sample centre",
            file=sys.stderr,
        )
    return read(arguments.config)


def _check(arguments: argparse.Namespace) -> int:
    config = _settings(arguments)
    problems = check.problems(config)
    for problem in problems:
        tell(arguments, {"problem": problem}, problem)
    for note in check.notes(config):
        tell(arguments, {"note": note}, f"提醒：{note}")
    if not problems:
        tell(arguments, {"ok": True}, f"{arguments.config}：没有问题")
    return 1 if problems else 0


def _push_keys(arguments: argparse.Namespace) -> int:
    key: str = importlib.import_module("desk.vapid").new_key()
    tell(arguments, {"VAPID_PRIVATE_KEY": key}, f"VAPID_PRIVATE_KEY={key}")
    return 0


def _chat(arguments: argparse.Namespace) -> int:
    try:
        scripts = [(path, path.read_text(encoding="utf-8")) for path in arguments.script or ()]
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError([f"--script: {error}"]) from error

    if arguments.channel == "voice" and not scripts and not arguments.json:
        # A call by the rules of the provider that is played; its libraries are none of the service's.
        call: Callable[[Path, bool], int] = playing("daoxue.play_call").call
        return call(arguments.config, arguments.speak)

    async def use(app: App) -> int:
        await app.library.all_read()
        if scripts:
            return max([await chat.play(app, path, script, arguments.channel) for path, script in scripts])
        return await (chat.talk_json(app) if arguments.json else chat.talk_freely(app, arguments.channel))

    return with_app(arguments, use)
