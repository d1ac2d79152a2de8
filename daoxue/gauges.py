"""What the metrics tell of how things stand: read when they are asked for."""

import math
import shutil
from pathlib import Path

from prometheus_client import Gauge

from bot.edge import safely
from daoxue.app import App
from store import people, queue, ticket_lists
from store.outages import Outage
from store.transaction import Transaction

BACKLOG = Gauge("daoxue_queue_due", "What is due in the queue, of all kinds, and not done")
GIVEN_UP = Gauge("daoxue_queue_given_up", "What of the queue was given up, and waits for somebody to look at it")
QUEUE_AGE = Gauge("daoxue_queue_oldest_seconds", "For how long what has waited longest in the queue is due")
WAITING = Gauge("daoxue_tickets_waiting", "Tickets that wait for a seat")
WAITING_AGE = Gauge("daoxue_tickets_oldest_seconds", "For how long the ticket that was opened first of those waits")
SEATS = Gauge("daoxue_seats_present", "Seats with a page open, by whether they take tickets", ["ready"])
OUTAGES = Gauge("daoxue_database_outage", "Whether the database has this outage", ["outage"])
DISK = Gauge("daoxue_disk_free_bytes", "Room on the disk of the embedded database")


async def read(app: App, now: int) -> None:
    """Brings them up to date, at a moment (ms); what cannot be read is not a number."""
    app.watch.troubles()
    _set(await safely("figures not read", app.database.read(lambda t: _figures(t, now)), {}))
    outage = await app.database.outage()
    for each in Outage:
        OUTAGES.labels(each.value).set(each is outage)
    DISK.set(_room(app.config.database.embedded))


Figures = dict[Gauge, float]


def _figures(transaction: Transaction, now: int) -> Figures:
    owed = queue.counts(transaction, now)
    oldest = ticket_lists.oldest_waiting(transaction)
    pages = people.present(transaction, now)
    ready = {page.seat for page in pages if page.ready}
    return {
        BACKLOG: owed.due, GIVEN_UP: owed.given_up, QUEUE_AGE: _age(owed.oldest, now),
        WAITING: ticket_lists.count(transaction, "waiting"), WAITING_AGE: _age(oldest, now),
        SEATS.labels("yes"): len(ready), SEATS.labels("no"): len({page.seat for page in pages} - ready),
    }  # fmt: skip


def _room(path: str) -> float:
    """Free bytes where a database's file stands; no number for a server's."""
    return shutil.disk_usage(Path(path).absolute().parent).free if path else math.nan


def _age(since: int | None, now: int) -> float:
    """Seconds; 0 where there is none."""
    return 0.0 if since is None else max(0.0, (now - since) / 1000)


def _set(figures: Figures) -> None:
    for gauge in (BACKLOG, GIVEN_UP, QUEUE_AGE, WAITING, WAITING_AGE, SEATS.labels("yes"), SEATS.labels("no")):
        gauge.set(figures.get(gauge, math.nan))
