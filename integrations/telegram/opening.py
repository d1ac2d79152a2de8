"""The bot, put together: how its updates come, its menu, and how it is."""

import contextlib
import time

from bot.channel import ChannelHealth, Core, FetchError, OpenChannel
from bot.files import FileRefusal
from bot.texts import Texts
from bot.worker import Worker
from integrations.telegram.api import BotApi, BotApiError, TelegramFault
from integrations.telegram.buttons import Buttons
from integrations.telegram.channel import TelegramChannel
from integrations.telegram.chats import Chats
from integrations.telegram.leaving import Leaving
from integrations.telegram.polling import Polling
from integrations.telegram.settings import PATH, TelegramSecrets, TelegramSettings
from integrations.telegram.updates import SHOWN

LOOK, AGAIN = 600.0, 15.0  # seconds between two looks at how the platform has us, and after one that failed


class Standing:
    """What the platform has to know of the bot: where its updates go, and its menu."""

    def __init__(self, api: BotApi, texts: Texts, url: str | None, secret: str) -> None:
        self._api = api
        self._texts = texts
        self._url = url
        self._secret = secret
        self._told = False
        self._due = 0.0  # the next look
        self.undelivered: str | None = None  # what the platform says of our webhook

    async def work(self) -> None:
        """Tells the platform what it does not know yet; what it refuses is seen in `health`."""
        if time.monotonic() < self._due:
            return
        with contextlib.suppress(BotApiError):
            await self._updates()
            if not self._told:
                for language in (None, "zh", "en"):
                    await self._api.offer(self._menu(language or "zh"), language)
            self._told = True
            self._due = time.monotonic() + LOOK

    async def _updates(self) -> None:
        found = await self._api.webhook()
        if self._url is None:
            if found.url:
                await self._api.call_no_more()
        elif found.url != self._url or not self._told:
            await self._api.call_at(self._url, self._secret)
        self.undelivered = found.last_error_message if self._told and found.pending_update_count else None

    def _menu(self, language: str) -> list[tuple[str, str]]:
        return [(name, self._texts.line(language, f"telegram.{name}")) for name in SHOWN]


_NEVER = {TelegramFault.EXPIRED: FileRefusal.EXPIRED, TelegramFault.TOO_LARGE: FileRefusal.TOO_LARGE}


def open_channel(core: Core) -> OpenChannel:
    settings = core.stanzas.of(TelegramSettings)
    secrets = TelegramSecrets.read(core.secrets, settings)
    api = BotApi(secrets.token, settings.api_base)
    buttons, chats = Buttons(secrets.token), Chats(core.database)
    leaving = Leaving(core, api, buttons, chats)
    channel = TelegramChannel(core, api, buttons, chats, leaving, secrets.webhook)
    url = core.public_url + PATH if settings.is_called else None
    standing = Standing(api, core.texts, url, secrets.webhook)
    polling = Polling(core, api, channel)
    asking = (
        [] if settings.is_called else [Worker("telegram-updates", "Telegram 收消息", 0.05, polling.ask, within=120)]
    )

    async def health(now: int) -> ChannelHealth:
        return ChannelHealth(api.alarm or standing.undelivered)

    async def close() -> None:
        await polling.close()
        await channel.close()

    async def fetch(file: str, most: int) -> bytes:
        try:
            return await api.file(file, most)
        except BotApiError as error:
            raise FetchError(_NEVER.get(error.meaning)) from error

    return OpenChannel(
        outlet=leaving,
        posts={PATH: channel} if settings.is_called else {},
        work=[Worker("telegram", "Telegram 设置", AGAIN, standing.work), *asking],
        health=health,
        fetch=fetch,
        close=close,
    )
