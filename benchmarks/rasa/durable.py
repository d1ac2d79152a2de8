"""`python -m benchmarks.rasa.durable`: durable turns a second over HTTP, Rasa's REST channel beside our web chat.

Both are real processes on SQLite (Rasa with its SQL tracker store), and are asked in turns, a few seconds each, over one
connection and over eight: once what residents ask, again and again, and once every message new in its words. Who speaks
says eight things and is somebody else then, since Rasa reads the whole talk again at each message. Rasa's model is made
small for it (few labels, few epochs: less than ours understands), so that it is trained in minutes; a rule answers each
intent. Where Rasa is not installed this says so and ends.
"""

import asyncio
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.rasa import project, real
from benchmarks.turn import QUESTIONS, centre, changed, serve, wait_for
from benchmarks.wire import connected, post
from daoxue.model import scheme
from integrations.webchat.channel import PATH
from nlu.questions import read
from tests.conftest import free_port

LABELS, ROWS, EPOCHS = 12, 20, 10
SECONDS, ROUNDS, SAYS = 3.0, 5, 8
CONNECTIONS = (8, 1)
TOKEN = "benchmark"
_numbers = itertools.count()


class Asked(NamedTuple):
    """A service: where it listens, on which path, and what it is sent: of whom, and what they say."""

    port: int
    path: str
    body: Callable[[str, str], dict[str, object]]


def daoxue(port: int) -> Asked:
    return Asked(
        port, PATH, lambda who, text: {"id": f"m{next(_numbers)}", "text": text, "visitor": who.rjust(32, "0")}
    )


def rasa(port: int) -> Asked:
    return Asked(port, f"/webhooks/rest/webhook?token={TOKEN}", lambda who, text: {"sender": who, "message": text})


async def _speak(service: Asked, until: float, new: bool) -> int:
    """One connection; how many turns it had."""
    wire = await connected(service.port)
    done = 0
    while time.monotonic() < until:
        if done % SAYS == 0:
            who = str(next(_numbers))
        number = next(_numbers)
        text = QUESTIONS[number * 7 % len(QUESTIONS)]
        body = service.body(who, changed(text, number) if new else text)
        await post(wire, service.path, json.dumps(body, ensure_ascii=False).encode())
        done += 1
    wire[1].close()
    return done


async def turns_a_second(service: Asked, connections: int, new: bool) -> float:
    began = time.monotonic()
    done = await asyncio.gather(*(_speak(service, began + SECONDS, new) for _ in range(connections)))
    return sum(done) / (time.monotonic() - began)


async def compare(ours: Asked, theirs: Asked) -> None:
    for service in (ours, theirs):
        await turns_a_second(service, 1, new=False)  # warm
    for connections, new in itertools.product(CONNECTIONS, (False, True)):
        pairs = [
            (await turns_a_second(ours, connections, new), await turns_a_second(theirs, connections, new))
            for _ in range(ROUNDS)
        ]
        one, two = (statistics.median(column) for column in zip(*pairs, strict=True))
        low, middle, high = statistics.quantiles([a / b for a, b in pairs], n=4)
        said = "every message new" if new else "as residents repeat them"
        print(
            f"{connections} connections, {said:25} {one:8.1f} and {two:6.1f} turns a second: {middle:5.1f} times ({low:.1f} to {high:.1f})"
        )


def _trained(python: Path, folder: Path) -> None:
    topics, data = scheme(read()).topics, read()
    labels = list(dict.fromkeys(label for label, _ in data.all if label in topics and "/" not in label))[:LABELS]
    project.write(folder, project.some((row for row in data.all if row[0] in labels), ROWS), EPOCHS)
    (folder / "credentials.yml").write_text("rest:\n")
    store = {"tracker_store": {"type": "SQL", "dialect": "sqlite", "db": str(folder / "tracker.db")}}
    (folder / "endpoints.yml").write_text(json.dumps(store))  # JSON is YAML
    trained = real.train_whole(python, folder)
    print(f"Rasa has learnt {LABELS} intents in {trained.seconds:.0f} s")


def main() -> None:
    python = real.interpreter()
    if python is None:
        print(f"skipped: {real.LACKING}")
        return
    with tempfile.TemporaryDirectory() as name, centre() as (folder, _):
        theirs = Path(name)
        _trained(python, theirs)
        port, own = free_port(), free_port()
        process = serve(folder, own)
        try:
            more = ("--credentials", "credentials.yml", "--endpoints", "endpoints.yml")
            with real.serving(python, theirs, port, TOKEN, *more):
                asyncio.run(_when_ready(own, port))
        finally:
            process.terminate()
            process.wait()


async def _when_ready(own: int, port: int) -> None:
    await wait_for(own)
    await compare(daoxue(own), rasa(port))


if __name__ == "__main__":
    main()
