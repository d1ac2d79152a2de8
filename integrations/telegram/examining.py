"""The bot, examined: whether the platform knows it, and whether its updates reach us."""

from telegram import WebhookInfo

from bot.channel import Means
from bot.examining import Finding, Phrase, fault, ok, warning
from integrations.telegram.api import BotApi, BotApiError, TelegramFault
from integrations.telegram.settings import PATH, TelegramSecrets, TelegramSettings

TELEGRAM = Phrase("Telegram", "Telegram")
OTHERWISE = Phrase("请稍后再试", "try again later")
ADVICE = {
    TelegramFault.TOKEN: Phrase(
        "请核对 TELEGRAM_BOT_TOKEN（BotFather 给的）", "see TELEGRAM_BOT_TOKEN, as BotFather gave it"
    ),
    TelegramFault.UNREACHABLE: Phrase(
        "连不上 channels.telegram.api_base；境内要能出去的网络，或自建的 Bot API 服务",
        "channels.telegram.api_base is not reached: a way out is needed, or a Bot API server of one's own",
    ),
}


async def examine(means: Means) -> list[Finding]:
    settings = means.stanzas.of(TelegramSettings)
    secrets = TelegramSecrets.read(means.secrets, settings)
    api = BotApi(secrets.token, settings.api_base)
    try:
        name, found = (await api.me()).username, await api.webhook()
    except BotApiError as error:
        return [fault(TELEGRAM, Phrase(str(error), str(error)), ADVICE.get(error.meaning, OTHERWISE))]
    finally:
        await api.close()
    return [_told(name, found, means.public_url + PATH if settings.is_called else "")]


def _told(name: str, found: WebhookInfo, ours: str) -> Finding:
    """`ours` is where updates are to come; empty where we ask for them."""
    if found.url != ours:
        elsewhere = Phrase("消息不发到我们这里", "its updates do not come to us")
        return warning(
            TELEGRAM, elsewhere, Phrase("daoxue serve 启动时会改；重启一次", "a restart of daoxue serve sets it")
        )
    waiting = found.pending_update_count
    if ours and waiting and found.last_error_message:
        seen = Phrase(
            f"{waiting} 条消息送不到我们这里：{found.last_error_message}",
            f"{waiting} updates do not reach us: {found.last_error_message}",
        )
        return fault(
            TELEGRAM,
            seen,
            Phrase("看 server.public_url、证书和代理", "see server.public_url, its certificate, the proxy"),
        )
    return ok(
        TELEGRAM,
        f"密钥可用，机器人是 @{name}，{waiting} 条在路上",
        f"let in as @{name}, {waiting} updates on their way",
    )
