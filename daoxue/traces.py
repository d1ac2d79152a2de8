"""The way of each message, told to an OpenTelemetry collector: webhook, turn and its steps, queue, delivery.

No context is stored: the trace of a turn, and the turn's own span in it, are digests of the conversation's number and that of
the first message that answers. What is delivered later, by whatever process, has the same numbers and so joins its turn.
Attributes are kinds, numbers and outcomes: nothing that anybody said, no address and no name.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.edge import safely
from bot.journey import FOLLOWED
from bot.queue import Failed, Later, Lost, Outcome, Work
from daoxue import __version__
from daoxue.following import Following
from store import conversations, outbox
from store.database import Database
from store.outages import OutageError
from store.queue import QueueRow

WITHIN = 3.0  # seconds for a bundle, tries and all; the process ends that much later where nobody takes its last one
TURN = ("accepted", "understood", "thought", "committed")
Attributes = Mapping[str, str | int | bool]


class _Ids(RandomIdGenerator):
    """At random, but for what is said beforehand. Spans begin on the event loop alone."""

    def __init__(self) -> None:
        self.trace = self.span = 0

    def generate_trace_id(self) -> int:
        found, self.trace = self.trace or super().generate_trace_id(), 0
        return found

    def generate_span_id(self) -> int:
        found, self.span = self.span or super().generate_span_id(), 0
        return found


class Traces:
    """`observe`, `follow` and `webhooks` are told what happens; `close` lets go of what was not sent yet."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._ids = _Ids()
        named = Resource.create({"service.name": "daoxue", "service.version": __version__})
        self._provider = TracerProvider(id_generator=self._ids, resource=named, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("daoxue", __version__)

    def observe(self, step: str) -> None:
        """A step of a turn or of a delivery, in the task that makes it."""
        followed = FOLLOWED.get()
        if not isinstance(followed, _Way):  # a socket, a mailbox: nothing began before the message
            followed = _Way(self)
            FOLLOWED.set(followed)
        followed.reach(step)

    def webhooks(self, behind: ASGIApp, names: Mapping[str, str]) -> ASGIApp:
        """An application with the requests at these paths followed, under the names of their channels."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "websocket":
                FOLLOWED.set(_Way(self))  # of all tasks of the socket, which end with it
            name = names.get(scope.get("path", "")) if scope["type"] == "http" else None
            if name is None:
                await behind(scope, receive, send)
                return
            way, status = _Way(self, f"webhook {name}", SpanKind.SERVER), 500

            async def sent(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            token = FOLLOWED.set(way)
            try:
                await behind(scope, receive, sent)
            finally:
                FOLLOWED.reset(token)
                way.end({"channel": name, "http.response.status_code": status}, failed=status >= 500)

        return serve

    async def follow(self, database: Database, row: QueueRow, work: Work) -> Outcome:
        """Has a row of the queue worked. What was only put off is not told."""
        way = _Way(self, f"queue {row.kind}", SpanKind.CONSUMER)
        late = max(0, int(time.time() * 1000) - row.due_at)
        if row.kind == outbox.KIND:
            conversation, first = outbox.conversation_of(row), outbox.span(row).first
            reading = database.read(lambda t: conversations.messages(t, conversation, first, first))
            found = await safely("message not read for its trace", reading, [], OutageError)  # it leaves all the same
            way.joins(conversation, first, answers=bool(found) and found[0].author == "bot")
        token = FOLLOWED.set(way)
        outcome: Outcome = Failed("raised")
        try:
            outcome = await work(row)
            return outcome
        finally:
            FOLLOWED.reset(token)
            if not isinstance(outcome, Later):
                told: Attributes = {
                    "kind": row.kind, "lane": row.lane, "attempt": row.attempts, "late_ms": late,
                    "outcome": type(outcome).__name__.lower(),
                }  # fmt: skip
                way.end(told, failed=isinstance(outcome, Failed | Lost))

    def close(self) -> None:
        """Takes seconds where nobody answers."""
        self._provider.shutdown()

    def begin(
        self, name: str, at: int, kind: SpanKind, parent: SpanContext | None = None, ids: tuple[int, int] = (0, 0),
        links: Sequence[Link] = (),
    ) -> trace.Span:  # fmt: skip
        """A span from a moment on (ns); `ids` are its trace's and its own, where they are not left to chance."""
        self._ids.trace, self._ids.span = ids
        above = trace.set_span_in_context(trace.NonRecordingSpan(parent), Context()) if parent else Context()
        span = self._tracer.start_span(name, above, kind, links=links, start_time=at)
        self._ids.trace = self._ids.span = 0
        return span


class _Way:
    """What one request, socket or row of the queue leads to, in its task and in those that this starts. One without a name
    has no beginning of its own: each turn is one."""

    def __init__(self, traces: Traces, name: str = "", kind: SpanKind = SpanKind.INTERNAL) -> None:
        self._traces = traces
        self._name = name
        self._kind = kind
        self._began = time.time_ns()
        self._ids = 0, 0  # of the trace, where it is known, and of what is above in it
        self._root: trace.Span | None = None
        self._ended = False
        self._steps: dict[str, int] = {}  # of the turn, and when it had reached them
        self._leaving = 0  # since when something is on its way out
        self._attempts = 0
        self._turn: SpanContext | None = None  # the last one

    def joins(self, conversation: int, first: int, *, answers: bool) -> None:
        """It delivers messages from this one on; `answers` says that a turn has written them."""
        trace_id, turn = _numbers(conversation, first)
        self._ids = trace_id, turn if answers else 0

    def reach(self, step: str) -> None:
        now = time.time_ns()
        if step == "accepted":
            self._steps, self._attempts = {}, self._attempts + 1
        if step in TURN:
            self._steps[step] = now
        elif step in ("delivering", "sending"):
            self._leaving = now
        elif step == "delivered" and self._turn is not None:
            self._tell("deliver", self._leaving, now, self._turn)

    def answered(self, channel: str, conversation: int, first: int, *, again: bool) -> None:
        ids, now = _numbers(conversation, first), time.time_ns()
        if self._name and self._root is None:
            self._ids = ids[0], 0
            self._open()
        root = self._root.get_span_context() if self._root else None
        inside = root is not None and not self._ended and root.trace_id == ids[0]
        links = [Link(root)] if root is not None and not inside else []
        began = self._steps.get("accepted", now)
        own = 0 if again else ids[1]  # the turn itself is told once
        span = self._traces.begin("turn", began, SpanKind.INTERNAL, root if inside else None, (ids[0], own), links)
        span.set_attributes({"channel": channel, "again": again, "attempts": self._attempts})
        self._turn = span.get_span_context()
        for since, (step, at) in zip(self._steps.values(), [*self._steps.items()][1:], strict=False):
            self._tell(step, since, at, self._turn)
        span.end(now)
        self._steps, self._attempts = {}, 0

    def end(self, attributes: Attributes, *, failed: bool) -> None:
        span, now = self._root or self._open(), time.time_ns()
        if self._kind is SpanKind.CONSUMER and self._leaving:
            self._tell("send", self._leaving, now, span.get_span_context())
        span.set_attributes(dict(attributes))
        if failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(now)
        self._ended = True

    def _open(self) -> trace.Span:
        trace_id, above = self._ids
        parent = SpanContext(trace_id, above, True, TraceFlags(TraceFlags.SAMPLED)) if above else None
        self._root = self._traces.begin(self._name, self._began, self._kind, parent, (trace_id, 0))
        return self._root

    def _tell(self, name: str, since: int, until: int, above: SpanContext) -> None:
        self._traces.begin(name, since, SpanKind.INTERNAL, above).end(until)


def _numbers(conversation: int, first: int) -> tuple[int, int]:
    """Of the trace of a turn, and of the turn in it, by the first message that answers."""
    made = hashlib.sha256(f"{conversation}:{first}".encode()).digest()
    return int.from_bytes(made[:16]), int.from_bytes(made[16:24])


def to_collector(endpoint: str) -> Following:
    """Over OTLP, in bundles, from a thread of its own."""
    traces = Traces(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=WITHIN)))
    return Following(traces.observe, traces.follow, traces.webhooks, traces.close)
