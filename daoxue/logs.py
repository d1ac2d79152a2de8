"""What the service says of itself, on standard error: one JSON object a line, with nothing in it that is a resident's."""

import json
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from prometheus_client import Counter

from store.outages import OutageError

OURS = frozenset(
    ("accounts", "bot", "daoxue", "desk", "handlers", "integrations", "knowledge", "nlu", "players", "store", "web")
)
_TALKATIVE = (
    "aiohttp", "aiosmtplib", "alembic", "httpcore", "httpx", "imapclient", "mail", "python_multipart", "redis", "telegram", "uvicorn",
    "websockets",
)  # fmt: skip
NAMED = ("error", "count", "seconds", "address", "ticket", "supervisors")  # what a line may say besides
ERRORS = Counter("daoxue_errors", "What failed, by the part that says so and the kind of error", ["part", "error"])


class JsonLines(logging.Formatter):
    """One JSON object a line. Only what code names is logged: never a message, a number or an address."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(record.created)),
            "level": record.levelname.lower(), "in": record.name, "what": _what(record),
        }  # fmt: skip
        for name in NAMED:
            if hasattr(record, name):
                line[name] = getattr(record, name)
        if record.exc_info and record.exc_info[0]:
            # The trace says where; the exception's own words may quote a resident, but for those that are ours.
            error = record.exc_info[1]
            line["error"] = str(error) if isinstance(error, OutageError) else record.exc_info[0].__name__
            line["trace"] = [f"{Path(frame.f_code.co_filename).name}:{number}" for frame, number in _frames(record)]
        return json.dumps(line, ensure_ascii=False)


def _what(record: logging.LogRecord) -> str:
    """Ours as it is; of a library's words only the form, for what it fills in may be what somebody wrote, or a secret."""
    ours = record.name.partition(".")[0] in OURS
    return record.getMessage() if ours or not record.args else str(record.msg)


def _frames(record: logging.LogRecord) -> Iterator[tuple[FrameType, int]]:
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


class Counting(logging.Handler):
    """Counts what is logged as an error, for the metrics: whatever fails here is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        ERRORS.labels(record.name, kind.__name__ if kind else "").inc()


def set_up_logs(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler, Counting(logging.ERROR)], force=True)
    silence()


def silence() -> None:
    """Of these libraries only what is wrong. Those of HTTP write down addresses and contents: tokens, secrets, numbers."""
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
