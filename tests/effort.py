"""What reading a text costs, as far as it is its own: the processor's time of this thread alone, without what the
collector finds to do in a process that has run thousands of tests before."""

import gc
import time
from collections.abc import Callable


def seconds(work: Callable[[str], object], text: str) -> float:
    """That reading of a text takes."""
    gc.disable()
    begun = time.thread_time()
    try:
        work(text)
        return time.thread_time() - begun
    finally:
        gc.enable()
