"""`/api/live`: one socket a page."""

import asyncio
import secrets
import time
from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from prometheus_client import Gauge
from starlette.websockets import WebSocket, WebSocketDisconnect

from desk.api.given import TheDatabase, TheDispatch, TheFeed, TheHours, now_of
from desk.api.guard import is_from_elsewhere, seat_of, token_of
from desk.dispatch import Dispatch
from desk.feed import QUEUE, ErrorFrame, Feed, FeedPage, PongFrame, ResetFrame, encode
from desk.opening import is_kept_away
from desk.people import Seat, digest
from store import conversations, tickets
from store.database import Database
from store.people import PresenceRow
from store.ticket_rows import TicketRow

LEASE, RENEWED = 20_000, 5.0  # ms that an open page counts as there without a sign of life; seconds between those
SEND_WITHIN = 20  # seconds
CHECKED = 1.0  # seconds for which somebody who may listen is believed to
PAGES = Gauge("daoxue_desk_sockets", "Open pages of the desk")
GONE = (WebSocketDisconnect, RuntimeError, TimeoutError)  # the page went, or does not read any more

Ref = Annotated[str, Meta(max_length=32, pattern=r"^[^\0]*$")]


class WatchFrame(Struct, tag="watch", forbid_unknown_fields=True):
    """The page has this ticket open, or none."""

    ref: Ref | None = None


class Typing(Struct, tag="typing", forbid_unknown_fields=True):
    ref: Ref


class Ping(Struct, tag="ping", forbid_unknown_fields=True):
    pass


_decode = msgspec.json.Decoder(WatchFrame | Typing | Ping).decode


async def live(
    websocket: WebSocket, database: TheDatabase, dispatch: TheDispatch, feed: TheFeed, hours: TheHours
) -> None:
    """Numbered events from `since` on, until the page goes. A seat is present while its socket is open."""
    seat = None if is_from_elsewhere(websocket) else await seat_of(websocket)
    if seat is None or not _may_listen(seat):
        await websocket.accept()
        await websocket.close(4401 if seat is None else 4403)
        return
    since = websocket.query_params.get("since", "")
    await websocket.accept()
    away = hours.settings.away_seconds * 1000
    connection = _Connection(websocket, seat, database, dispatch, feed, away)
    await connection.serve(int(since) if since.isascii() and since.isdigit() and len(since) < 19 else None)


def _may_listen(seat: Seat) -> bool:
    """Whoever is told of something while the page is open: of tickets, or of announcements."""
    return not seat.one_time and any(seat.may(each) for each in ("ticket.read", "broadcast.write", "broadcast.approve"))


class _Connection:
    """A page of a seat that still counts as there so long (ms) after its last has gone."""

    def __init__(
        self, websocket: WebSocket, seat: Seat, database: Database, dispatch: Dispatch, feed: Feed, away: int
    ) -> None:
        self._websocket = websocket
        self._seat = seat
        self._database = database
        self._dispatch = dispatch
        self._feed = feed
        self._away = away
        self._page = FeedPage(seat.name, digest(token_of(websocket) or ""), hears_tickets=seat.may("ticket.read"))
        self._checked = time.monotonic()
        self._id = secrets.token_hex(12)

    async def serve(self, since: int | None) -> None:
        await self._feed.join(self._page, since)
        await self._lease()
        tasks = [asyncio.create_task(each) for each in (self._send(), self._stay(), self._hear(), self._end())]
        try:
            with PAGES.track_inprogress():
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            self._feed.leave(self._page)
            # A page that reloads is back within moments; one that has gone for good gives back what it had.
            if self._seat.may("ticket.work"):
                await self._dispatch.go(self._id, await now_of(self._websocket) + self._away)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, GONE):
                raise error

    async def _lease(self, *, again: bool = False) -> None:
        if self._seat.may("ticket.work"):
            ready = self._seat.role == "seat"  # a supervisor takes offers when he says so
            row = PresenceRow(self._id, self._seat.name, int(ready), await now_of(self._websocket) + LEASE)
            await self._dispatch.come(row, again=again)

    async def _stay(self) -> None:
        while True:
            await asyncio.sleep(RENEWED)
            if not await self._is_welcome():
                return
            await self._lease(again=True)

    async def _end(self) -> None:
        """Closes it in the moment in which the account is changed by this process."""
        await self._page.ended.wait()
        await self._websocket.close(4401)

    async def _is_welcome(self) -> bool:
        """Whether it is still signed in, and may hear what it hears; closes it where not."""
        seat = await seat_of(self._websocket)
        self._checked = time.monotonic()
        if seat is None or seat.role != self._seat.role or not _may_listen(seat):
            await self._websocket.close(4401 if seat is None else 4403)
            return False
        return True

    async def _send(self) -> None:
        while True:
            frame = await self._page.frames.get()
            # Another process may have changed the account: nothing is told on a check that is older than this.
            if time.monotonic() - self._checked > CHECKED and not await self._is_welcome():
                return
            if self._page.lost:
                self._page = self._fresh()
                frame = encode(ResetFrame(0))
            await asyncio.wait_for(self._websocket.send_text(frame.decode()), SEND_WITHIN)

    def _fresh(self) -> FeedPage:
        """An empty queue for a page that fell too far behind."""
        old = self._page
        page = replace(old, frames=asyncio.Queue(QUEUE), lost=False)
        self._feed.pages.add(page)  # before the other leaves: what it watches is forgotten with its last page
        self._feed.leave(old)
        return page

    async def _watch(self, ref: str | None) -> None:
        if not self._page.hears_tickets:
            return
        row = await self._database.read(lambda t: tickets.get(t, ref)) if ref else None
        if row is not None and row.owner != self._seat.name:
            row = await self._look(row)
        self._feed.watch(self._page, ref if row else None, row.conversation if row else None)

    async def _look(self, row: TicketRow) -> TicketRow | None:
        """Written down before anything is told; who is complained of is told nothing."""
        seat, now = self._seat.name, await now_of(self._websocket)
        away = await self._database.read(lambda t: is_kept_away(t, row, seat))
        done = "refused" if away else "ticket.read"
        await self._database.write(lambda t: conversations.audited(t, seat, done, row.ref, "live", now))
        return None if away else row

    async def _hear(self) -> None:
        while True:
            text = await self._websocket.receive_text()
            try:
                frame = _decode(text)
            except (msgspec.DecodeError, UnicodeEncodeError):
                self._page.put(encode(ErrorFrame("bad_frame")))
                continue
            match frame:
                case WatchFrame(ref):
                    await self._watch(ref)
                case Typing(ref):
                    self._feed.typing(self._page, ref)
                case Ping():
                    self._page.put(encode(PongFrame()))
