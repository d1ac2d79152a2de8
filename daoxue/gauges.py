"""What the metrics tell of how things stand: read when they are asked for."""

import math
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from prometheus_client import Gauge

from bot.edge import safely
from bot.outbox import to_be_done
from daoxue.app import App
from store import condition, people, ticket_lists
from store.condition import Connections
from store.outages import Outage
from store.queue import Backlog, LaneBacklog, QueueState
from store.transaction import Transaction

BACKLOG = Gauge(
    "daoxue_queue_due", "What is due in a lane of the queue and not done; no page has to ask for it", ["lane"]
)
GIVEN_UP = Gauge("daoxue_queue_given_up", "What of the queue was given up, and waits for somebody to look at it")
QUEUE_AGE = Gauge("daoxue_queue_oldest_seconds", "For how long what has waited longest in a lane is due", ["lane"])
WAITING = Gauge("daoxue_tickets_waiting", "Tickets that wait for a seat")
WAITING_AGE = Gauge("daoxue_tickets_oldest_seconds", "For how long the ticket that was opened first of those waits")
SEATS = Gauge("daoxue_seats_present", "Seats with a page open, by whether they take tickets", ["ready"])
OUTAGES = Gauge("daoxue_database_outage", "Whether the database has this outage", ["outage"])
DISK = Gauge("daoxue_disk_free_bytes", "Room on the disk of the embedded database")
WRITES = Gauge("daoxue_database_writes_waiting", "Writes of this process that wait for the database")
CONNECTIONS = Gauge(
    "daoxue_database_connections",
    "Connections to the database's server: our processes', all, and how many there may be; an embedded one has none",
    ["of"],
)


class QueueAndSeats(NamedTuple):
    """What was read of the database."""

    lanes: list[LaneBacklog]
    waiting: int
    oldest: int | None
    ready: int
    paused: int
    connections: Connections | None


async def read(app: App, now: int) -> None:
    """Brings them up to date, at a moment (ms); what cannot be read is not a number, and no lane is told of."""
    app.watch.troubles()
    looked_at = {name for name, each in app.desk.channels.items() if each.looked_at}
    reading = app.database.read(lambda t: _read(t, now, looked_at))
    _tell(await safely("figures not read", reading, None), now, app.channels)
    outage = await app.database.outage()
    for each in Outage:
        OUTAGES.labels(each.value).set(each is outage)
    DISK.set(_room(app.config.database.embedded))
    WRITES.set(app.database.waiting)


def _read(transaction: Transaction, now: int, looked_at: Collection[str]) -> QueueAndSeats:
    ready = people.here(transaction, now).values()
    return QueueAndSeats(
        to_be_done(transaction, now, looked_at), ticket_lists.count(transaction, "waiting"),
        ticket_lists.oldest_waiting(transaction), sum(ready), len(ready) - sum(ready), condition.connections(transaction),
    )  # fmt: skip


def _tell(found: QueueAndSeats | None, now: int, channels: Iterable[str]) -> None:
    """`channels` have a lane that is told of also where nothing is due."""
    for each in (BACKLOG, QUEUE_AGE, CONNECTIONS):
        each.clear()
    if found is None:
        for gauge in (GIVEN_UP, WAITING, WAITING_AGE, SEATS.labels("yes"), SEATS.labels("no")):
            gauge.set(math.nan)
        return
    due = [each for each in found.lanes if each.state == QueueState.DUE]
    for lane in {*channels, *(each.lane for each in due)}:
        here = Backlog.of(each for each in due if each.lane == lane)
        BACKLOG.labels(lane).set(here.due)
        QUEUE_AGE.labels(lane).set(_age(here.oldest, now))
    GIVEN_UP.set(Backlog.of(found.lanes).given_up)
    WAITING.set(found.waiting)
    WAITING_AGE.set(_age(found.oldest, now))
    SEATS.labels("yes").set(found.ready)
    SEATS.labels("no").set(found.paused)
    for of, count in (found.connections._asdict() if found.connections else {}).items():
        CONNECTIONS.labels(of).set(count)


def _room(path: str) -> float:
    """Free bytes where a database's file stands; no number for a server's."""
    return shutil.disk_usage(Path(path).absolute().parent).free if path else math.nan


def _age(since: int | None, now: int) -> float:
    """Seconds; 0 where there is none."""
    return 0.0 if since is None else max(0.0, (now - since) / 1000)
