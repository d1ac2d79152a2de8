"""Logs say what happened and where, and never what a resident said."""

import json
import logging
import sys

from daoxue.serve import JsonLines


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
