"""Mail, put together."""

from bot.channel import ChannelHealth, Core, OpenChannel
from bot.worker import Worker
from integrations.mail.channel import MailChannel
from integrations.mail.letters import Letters
from integrations.mail.lmtp import Letterbox
from integrations.mail.mailbox import Mailbox
from integrations.mail.sending import Postman
from integrations.mail.settings import MailSecrets, MailSettings


def open_channel(core: Core) -> OpenChannel:
    settings = core.stanzas.of(MailSettings)
    secrets = MailSecrets.read(core.secrets, settings)
    sender = Postman(settings.smtp, secrets.smtp)
    channel = MailChannel(core, settings, sender, Letters(core.texts, core.vault, settings.address))
    letterbox = Letterbox(settings, channel.take)
    mailbox = Mailbox(settings.imap, secrets.imap, settings.largest, channel.take, core.clock)
    work = [Worker("mail", "收信（IMAP）", 1.0, mailbox.work)] if settings.imap.host else []
    if settings.lmtp:
        work.append(Worker("lmtp", "收信（LMTP）", 5.0, letterbox.work))

    async def health(now: int) -> ChannelHealth:
        aside = f"{mailbox.aside} 封来信没能读，已在信箱里加旗标" if mailbox.aside else None
        return ChannelHealth(sender.alarm or mailbox.alarm or aside)

    async def close() -> None:
        await letterbox.close()
        await mailbox.close()
        await channel.close()

    return OpenChannel(outlet=channel, work=work, health=health, close=close)
