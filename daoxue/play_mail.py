"""`daoxue mail play`: the world of mail around us, with a resident's mail program in the terminal."""

import argparse
import asyncio
import email
import itertools
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from daoxue.config import read
from daoxue.play import beside, common, free, until_left
from players.post_office import PostOffice, ReturnedError, hand_on

CENTRE, ME = "study@centre.test", "resident@home.test"
HELP = """写信：一行一句，空行寄出。第一行以“主题：”开头的是主题。也可以：
  /away 发一封自动回复   /lose 下一封收到的信，回执丢在路上   /raw 看收到的最后一封的原文   /help   /quit"""


def play(arguments: argparse.Namespace) -> int:
    """Until the resident ends it."""
    return until_left(_play(arguments.config))


async def _play(path: Path) -> int:
    read(path)
    port, at, office = free(), f"127.0.0.1:{free()}", PostOffice()
    smtp = await office.open()

    async def use(url: str, folder: str) -> None:
        print(HELP)
        await MailProgram(office, at).talk()

    try:
        return await beside(path, _nothing, port, lambda folder, _: _settings(port, smtp, at, folder), use)
    finally:
        await office.close()


def _settings(port: int, smtp: int, at: str, folder: str) -> dict[str, str]:
    """A service of its own, with a database that goes with it."""
    mail = "DAOXUE_CHANNELS__MAIL__"
    return {
        **common(port, folder), f"{mail}ENABLED": "true", f"{mail}ADDRESS": CENTRE, f"{mail}LMTP": at,
        f"{mail}SMTP__HOST": "127.0.0.1", f"{mail}SMTP__PORT": str(smtp), f"{mail}SMTP__TLS": "none", f"{mail}SMTP__USER": "",
        f"{mail}IMAP__HOST": "",
    }  # fmt: skip


class MailProgram:
    """One resident's mail."""

    def __init__(self, office: PostOffice, at: str) -> None:
        self._office = office
        self._at = at
        self._numbers = itertools.count(1)
        self._last: bytes | None = None
        office.listeners.append(self._show)

    async def talk(self) -> None:
        lines: list[str] = []
        while True:
            try:
                line = await asyncio.to_thread(input, "")
            except EOFError:
                line = "/quit"
            if line.startswith("/"):
                if line.strip() == "/quit":
                    return
                await self._do(line.strip())
            elif line.strip():
                lines.append(line)
            elif lines:
                await self._send(self._written(lines))
                lines = []

    async def _do(self, line: str) -> None:
        if line == "/away":
            away = self._written(["主题：自动回复: 外出", "我在外地，下周回来。"])
            away["Auto-Submitted"] = "auto-replied"
            await self._send(away)
        elif line == "/lose":
            self._office.faults.append("lose")
        elif line == "/raw" and self._last is not None:
            print(self._last.decode("utf-8", "replace"))
        else:
            print(HELP)

    def _written(self, lines: list[str]) -> EmailMessage:
        """A new mail where it has a subject, else an answer to the last."""
        letter = EmailMessage()
        last = email.message_from_bytes(self._last, policy=default) if self._last is not None else None
        subject = f"Re: {last['Subject']}" if last is not None else ""
        if lines[0].startswith(("主题：", "主题:")):
            subject, lines = lines[0][3:].strip(), lines[1:]
        elif last is not None:
            letter["In-Reply-To"] = str(last["Message-ID"])
            letter["References"] = f"{last['References'] or ''} {last['Message-ID']}".strip()
        letter["From"], letter["To"], letter["Subject"] = ME, CENTRE, subject
        letter["Message-ID"] = f"<{next(self._numbers)}.{id(self)}@home.test>"
        letter.set_content("\n".join(lines))
        return letter

    async def _send(self, letter: EmailMessage) -> None:
        try:
            print(f"  （寄出：{await hand_on(self._at, CENTRE, letter.as_bytes())}）")
        except ReturnedError as error:
            print(f"  （退回：{error}）")

    def _show(self, to: str, content: bytes) -> None:
        """What appears in the inbox."""
        self._last = content
        letter = email.message_from_bytes(content, policy=default)
        body = letter.get_body(("plain",))
        print(f"\n\033[32m{letter['From']}\n主题：{letter['Subject']}\033[0m\n{body.get_content() if body else ''}")


async def _nothing(scope: object, receive: object, send: object) -> None:
    """No platform is played over HTTP."""
