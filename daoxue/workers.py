"""All that goes on in the background, a row each; channels bring their own. `daoxue/watch.py` runs them and names who fails or hangs."""

import asyncio
from functools import partial

from bot.worker import Worker
from daoxue.app import App
from daoxue.hints import LOOK, hint_workers
from daoxue.sharing import sharing_workers
from desk.rewriting import Nights
from store.months import Months

HOUR_IN_SECONDS = 3600.0


def _server_workers(app: App) -> list[Worker]:
    """PostgreSQL's alone."""
    settings = app.config.database
    if settings.embedded:
        return []
    months = Months(settings.url, settings.archive_after, app.config.zone, app.desk.clock)
    found = [
        Worker("months", "按月分开的表", 600.0, months.work, within=HOUR_IN_SECONDS),
        Worker(
            "rewriting",
            "夜间重写表",
            600.0,
            Nights(app.database, app.config.zone, app.desk.clock).work,
            within=HOUR_IN_SECONDS,
        ),
    ]
    if settings.replica_url:
        found.append(Worker("replica", "从副本读页面", 10.0, partial(asyncio.to_thread, app.database.look_at_replica)))
    return found


def workers(app: App) -> list[Worker]:
    """Name, name for people, seconds between two rounds, a round."""
    desk, news = app.desk, app.live.watch_tickets
    rows = [
        Worker("queue", "待办队列", 0.25, app.queue.begin, app.queue.room),
        Worker("outbox", "网页已收消息", 0.25, app.outbox.flush),
        Worker("dispatch", "派单", 1.0, desk.dispatch.work, news(), rest=0.3),
        Worker("feed", "坐席台实时更新", LOOK, desk.feed.look, news()),
        Worker("search", "对话检索", 2.0, desk.search.work, within=600),
        Worker("webhooks", "回调通知", 1.0, desk.hooks.owe),
        Worker("retention", "到期清除", HOUR_IN_SECONDS, app.retaining.work, within=HOUR_IN_SECONDS),
        Worker("enrolments", "报名与候补", 5.0, app.accounts.enrolments.work),
        Worker("broadcasts", "群发通知", 2.0, desk.broadcasts.work),
        Worker("reminders", "上课提醒", 600.0, app.tellings.work),
        Worker("nightly", "学分银行夜间处理", 600.0, app.nightly.work, within=HOUR_IN_SECONDS),
        Worker("usage", "问答计数", 10.0, app.inbox.usage.flush),
        Worker("covered", "盖住的号码从日志里清除", 5.0, app.inbox.empty_log, within=600),
    ]
    rows += hint_workers(app.hints, app.database, app.live) + sharing_workers(app.sharing) + _server_workers(app)
    return [*rows, *(each for channel in app.channels.values() for each in channel.work)]
