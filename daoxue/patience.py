"""An end to connections that come to none by themselves: heads and bodies that trickle, answers that nobody reads.

uvicorn leaves this to a proxy before it; there need not be one, and one in between may be as slow. Nobody is cut off who
is merely slow: whoever sends or reads `SLOWEST` bytes a second may go on.
"""

from asyncio import TimerHandle, Transport
from asyncio.transports import BaseTransport

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEAD_WITHIN = 15.0  # seconds for all of a request's head
LARGEST_HEAD = 65_536  # bytes
BODY_WITHIN = 15.0  # seconds, and one more for each `SLOWEST` bytes
SLOWEST = 4_096  # bytes a second
READ_WITHIN = 20.0  # seconds in which of what is waiting to leave so many bytes have to be read
UNREAD = 1_048_576  # bytes that may wait to leave on a socket
LINGER = 1.0  # seconds that a connection without a request stays open when we end: one may be on its way
PINGS, PINGS_WITHIN = 60, 15.0  # of the protocol that are answered, in so many seconds


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's, with deadlines."""

    _deadline: TimerHandle | None = None
    _reading: TimerHandle | None = None
    _whole = False  # there is no request of which something is missing
    _head_done = False
    _got = 0  # bytes of what is missing something
    _since = 0.0
    _ends = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._reading is not None:
            self._reading.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._whole = self._head_done = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_done, self._got, self._since = True, 0, self.loop.time()
        super().on_headers_complete()
        if self._ends and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._whole = True
        super().on_message_complete()

    def shutdown(self) -> None:
        """When we end: nobody's request is met by a closed door. One more is answered, with a word that it is the last."""
        self._ends = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LINGER, super().shutdown)
        else:
            super().shutdown()

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        opened = self.transport.get_protocol()
        if self._ends and isinstance(opened, PatientSocket):  # after all others were told
            self.loop.call_later(LINGER, opened.shutdown)

    def data_received(self, data: bytes) -> None:
        self._got += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._whole and not self._head_done and self._got > LARGEST_HEAD:
            self._end(431)
        elif self._whole and not self._is_idle_unwatched():
            self._stop_waiting()
            self._got = 0
        elif self._deadline is None:
            self._wait()

    def _is_idle_unwatched(self) -> bool:
        """Blank lines between two requests end uvicorn's own wait for the next one."""
        return self.cycle is not None and self.cycle.response_complete and self.timeout_keep_alive_task is None

    def _wait(self) -> None:
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(HEAD_WITHIN, self._look)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _look(self) -> None:
        """A request is not whole yet. Where we do not read on ourselves, that is nobody's fault."""
        allowed = BODY_WITHIN + self._got / SLOWEST if self._head_done else HEAD_WITHIN
        left = self._since + allowed - self.loop.time()
        if self._head_done and self.flow.read_paused:
            left = BODY_WITHIN
            self._since = self.loop.time() - self._got / SLOWEST
        if left > 0:
            self._deadline = self.loop.call_later(left, self._look)
        else:
            self._end(408)

    def _end(self, status: int) -> None:
        """Says why, unless an answer is under way already, and closes."""
        self._stop_waiting()
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(STATUS_LINE[status] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reading(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _watch_reading(self, waiting: int) -> None:
        self._reading = self.loop.call_later(READ_WITHIN, self._look_at_reading, waiting)

    def _look_at_reading(self, waited: int) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waited - waiting < SLOWEST * READ_WITHIN:
            self.transport.abort()
        else:
            self._watch_reading(waiting)


class PatientSocket(WebSocketsSansIOProtocol):
    """uvicorn's, which answers signs of life of the protocol itself: however many come, and whether or not the answers
    are read."""

    _stalled: TimerHandle | None = None
    _pings = 0
    _counted = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._counted = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        self.resume_writing()
        super().connection_lost(exc)

    def handle_ping(self) -> None:
        now = self.loop.time()
        if now - self._counted > PINGS_WITHIN:
            self._pings, self._counted = 0, now
        self._pings += 1
        if self._pings > PINGS or self.transport.get_write_buffer_size() > UNREAD:
            self.transport.abort()
        else:
            super().handle_ping()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if self.initial_response is not None:  # a refusal in words is an end, and uvicorn logs that there was none
            self.handshake_complete = self.close_sent

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(READ_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
