"""What reading a text costs, as far as it is its own: the processor's time of this thread alone, without what the
collector finds to do in a process that has run thousands of tests before."""

import gc
import re
import time
from collections.abc import Callable

_REFERENCE = re.compile(r"(?:ab?)+c")
TOOK = 0.0046  # seconds of the core on which the limits of the tests were taken


def seconds(work: Callable[[str], object], text: str) -> float:
    """That reading of a text takes."""
    gc.disable()
    begun = time.thread_time()
    try:
        work(text)
        return time.thread_time() - begun
    finally:
        gc.enable()


def pace() -> float:
    """How many times slower than there this core is, as it is now; what a test allows is allowed so many times."""
    return max(1.0, min(seconds(_REFERENCE.search, "a" * 600) for _ in range(5)) / TOOK)
