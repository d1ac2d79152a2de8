"""Logs say what happened and where, and never what a resident said."""

import ast
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daoxue.logs import NAMED, OURS, JsonLines, set_up_logs

ROOT = Path(__file__).parent.parent
LIBRARIES = (
    "alembic",
    "httpx",
    "httpcore",
    "imapclient",
    "mail",
    "python_multipart",
    "telegram",
    "uvicorn",
    "websockets",
)


def test_what_a_library_fills_in_is_not_written_down() -> None:
    """python-telegram-bot, of what it cannot read: the words of everybody in it."""
    said = ("我的身份证号11010519491231002X",)
    record = logging.getLogger("x").makeRecord(
        "telegram.Bot", logging.CRITICAL, __file__, 1, "Received data was %r", said, None
    )
    assert json.loads(JsonLines().format(record))["what"] == "Received data was %r"
    record = logging.getLogger("x").makeRecord("daoxue.app", logging.INFO, __file__, 1, "%s of %s", (1, 2), None)
    assert json.loads(JsonLines().format(record))["what"] == "1 of 2"


def test_a_trace_without_the_words_of_the_exception() -> None:
    try:
        raise ValueError("我的电话是13800138000")
    except ValueError:
        record = logging.getLogger("x").makeRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    line = JsonLines().format(record)
    assert "13800138000" not in line
    told = json.loads(line)
    assert told["error"] == "ValueError"
    assert told["trace"][0].startswith("test_logs.py:")


def test_what_our_code_says_beside_the_words_is_written_down() -> None:
    """Else the lines of five tickets would be one line five times."""
    said = set()
    for folder in OURS:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict):
                    said |= {each.value for each in node.value.keys if isinstance(each, ast.Constant)}
    assert said
    assert said <= set(NAMED)


def test_fields_that_nobody_named_are_left_out() -> None:
    record = logging.getLogger("x").makeRecord(
        "x", logging.INFO, __file__, 1, "sent", (), None, extra={"text": "秘密", "count": 3}
    )
    assert json.loads(JsonLines().format(record)) | {"at": ""} == {
        "at": "",
        "level": "info",
        "in": "x",
        "what": "sent",
        "count": 3,
    }


@pytest.fixture
def logs() -> Iterator[None]:
    """What a test sets up is as before after it."""
    root, handlers = logging.getLogger(), list(logging.getLogger().handlers)
    levels = {name: logging.getLogger(name).level for name in (None, *LIBRARIES)}
    root.handlers = []  # those of pytest would be closed
    yield
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("level", ["debug", "info"])
def test_libraries_write_no_addresses_down(level: str) -> None:
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.NOTSET)
    set_up_logs(level)
    assert logging.getLogger("daoxue").isEnabledFor(logging.INFO)
    assert not any(logging.getLogger(name).isEnabledFor(logging.INFO) for name in LIBRARIES)
