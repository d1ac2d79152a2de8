"""`python -m tests.crashing PORT DATABASE MODELS STEP NTH RECALL [API]`: the real service, which kills itself with SIGKILL when a turn
reaches the named step for the nth time. The step `never` makes it an ordinary one. RECALL is how many seconds a seat can call an answer back. With the address of a
platform's API, an official account is connected; its secrets are in the environment, as the settings of a bot (TELEGRAM) and
how many seconds ahead the clock is (AHEAD)."""

import asyncio
import os
import signal
import sys
import time

from msgspec import structs
from msgspec.json import decode

from bot.channel import Stanzas
from daoxue.app import compose
from daoxue.config import Config, DatabaseSettings, Nlu, Server
from daoxue.preparing import prepare
from daoxue.serve import server
from desk.hours import DeskSettings
from integrations.mail.settings import MailSettings
from integrations.telegram.settings import TelegramSettings
from integrations.wechat.settings import WechatSettings


async def main() -> None:
    port, database, models, step, nth, recall, *api = sys.argv[1:]
    reached = 0

    def observe(name: str) -> None:
        nonlocal reached
        reached += name == step
        if name == step and reached == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    wechat = WechatSettings(enabled=True, api_base=api[0], open_base=api[0]) if api else WechatSettings()
    settings = structs.replace(decode(os.environ["SERVER"], type=Server), port=int(port))
    config = Config(
        settings, DatabaseSettings(database), nlu=Nlu(models),
        desk=DeskSettings(always_open=True, recall_seconds=int(recall)),
        channels=Stanzas(wechat, decode(os.environ["MAIL"], type=MailSettings), decode(os.environ["TELEGRAM"], type=TelegramSettings)),
    )  # fmt: skip
    prepare(config)
    ahead = float(os.environ.get("AHEAD", "0"))
    app = await compose(config, observe, lambda: time.time() + ahead)
    await server(app).serve()


if __name__ == "__main__":
    asyncio.run(main())
