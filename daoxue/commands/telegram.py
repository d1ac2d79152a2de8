"""`daoxue telegram`: the bot."""

import argparse
import asyncio
import os

from daoxue.commands.common import tell
from daoxue.config import ConfigError, read
from integrations.telegram.api import BotApi, BotApiError
from integrations.telegram.examining import ADVICE, OTHERWISE
from integrations.telegram.settings import PATH, TelegramSecrets, TelegramSettings


def check(arguments: argparse.Namespace) -> int:
    """Asks the platform who the bot is, and where its updates go."""
    config = read(arguments.config)
    settings = config.channels.of(TelegramSettings)
    secrets = TelegramSecrets.read(os.environ, settings)

    async def ask() -> tuple[str, str]:
        api = BotApi(secrets.token, settings.api_base)
        try:
            return (await api.me()).username, (await api.webhook()).url
        finally:
            await api.close()

    try:
        name, url = asyncio.run(ask())
    except BotApiError as error:
        raise ConfigError(f"{error}；{ADVICE.get(error.meaning, OTHERWISE).zh}") from error
    ours = config.server.public_url.rstrip("/") + PATH if settings.is_called else ""
    way = f"消息发到 {ours}" if settings.is_called else "由我们去取消息（polling）"
    now = "已设好" if url == ours else f"现在是 {url or '没有设'}，daoxue serve 启动时会改"
    row: dict[str, object] = {"ok": True, "bot": name, "webhook": url, "ours": ours}
    tell(arguments, row, f"密钥可用，机器人是 @{name}（https://t.me/{name}）。{way}；{now}")
    return 0
