"""The address, examined: whether its mailbox lets us in, how full that is, and whether mail can be handed in."""

import asyncio
import contextlib

from imapclient.exceptions import IMAPClientError, LoginError

from bot.channel import Means
from bot.examining import Finding, Phrase, fault, ok, warning
from integrations.mail.mailbox import ImapQuota, shut, signed_in
from integrations.mail.sending import MailRefusal, Postman, SendError
from integrations.mail.settings import ImapSettings, MailSecrets, MailSettings, SmtpSettings

IN, OUT = Phrase("收信", "mail in"), Phrase("发信", "mail out")
FULL = 0.9  # of a mailbox
SECRET = Phrase(
    "“授权码”过期：到邮箱网页里重新生成，放进 MAIL_PASSWORD",
    "the password has ended: make a new one, and put it in MAIL_PASSWORD",
)


def _reach(stanza: str) -> Phrase:
    return Phrase(
        f"看 channels.mail.{stanza} 的 host、port、tls 和网络",
        f"see host, port and tls of channels.mail.{stanza}, and the network",
    )


async def examine(means: Means) -> list[Finding]:
    settings = means.stanzas.of(MailSettings)
    secrets = MailSecrets.read(means.secrets, settings)
    found = [await _out(settings.smtp, secrets.smtp)]
    if settings.imap.host:
        found.append(await asyncio.to_thread(_in, settings.imap, secrets.imap))
    return found


def _in(settings: ImapSettings, password: str) -> Finding:
    try:
        client = signed_in(settings, password)
        with contextlib.ExitStack() as open_:
            open_.callback(shut, client)
            client.select_folder(settings.folder, readonly=True)
            quotas = client.get_quota_root(settings.folder)[1] if client.has_capability("QUOTA") else ()
    except LoginError:
        return fault(IN, Phrase("信箱不让进", "the mailbox does not let us in"), SECRET)
    except (IMAPClientError, OSError, ValueError) as error:
        seen = Phrase(f"信箱连不上（{type(error).__name__}）", f"the mailbox is not reached ({type(error).__name__})")
        return fault(IN, seen, _reach("imap"))
    return _room(next((each for each in quotas if each.resource == "STORAGE"), None))


def _room(quota: ImapQuota | None) -> Finding:
    if quota is None or not quota.limit:
        return ok(IN, "信箱进得去", "the mailbox lets us in")
    share = quota.usage / quota.limit
    seen = Phrase(f"信箱进得去，用了 {share:.0%}", f"the mailbox lets us in, and is {share:.0%} full")
    if share < FULL:
        return ok(IN, *seen)
    return warning(IN, seen, Phrase("清理旧信：满了就收不到", "take old mail out: nothing comes in when it is full"))


async def _out(settings: SmtpSettings, password: str) -> Finding:
    sender = Postman(settings, password)
    try:
        await sender.knock()
    except SendError as error:
        account = error.meaning is MailRefusal.ACCOUNT
        return fault(
            OUT, Phrase(f"发不出：{error}", f"nothing can be sent: {error}"), SECRET if account else _reach("smtp")
        )
    finally:
        await sender.close()
    return ok(OUT, "发信的服务器让进", "the server lets us in")
