"""`python -m benchmarks.telephone`: how long callers wait for an answer with a hundred calls at once, and how many texts a
second are accepted; the same questions in the web chat beside them, in one run."""

import asyncio
import itertools
import re
import statistics
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks import wire
from benchmarks.turn import CONNECTIONS, QUESTIONS, centre, client, cpu_seconds, served
from benchmarks.wire import Wire
from players.twilio.account import sid
from players.twilio.carrier import Carrier
from tests.conftest import free_port

CALLS, TURNS, TEXTS = 100, 8, 6_000
_NEXT = re.compile(rb'action="([^"]+)"')
_numbers = itertools.count()


def request(carrier: Carrier, url: str, form: dict[str, str]) -> bytes:
    """Signed."""
    signature, parts = carrier._validator.compute_signature(url, form), urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return wire.request(target, urlencode(form).encode(), f"X-Twilio-Signature: {signature}")


async def answer(over: Wire, asked: bytes) -> bytes:
    status, document = await wire.ask(over, asked)
    assert status == 200, document
    return document


async def one_call(carrier: Carrier, port: int, number: int, pause: float) -> list[float]:
    """A caller who asks eight things; how long each answer took, in ms."""
    over = await wire.connected(port)
    form = {
        "AccountSid": carrier.account,
        "CallSid": sid("CA"),
        "From": f"+86139{number:08d}",
        "To": carrier.number,
        "CallStatus": "in-progress",
    }
    url, took = f"{carrier.url}/channels/voice", []
    for turn in range(TURNS):
        asked = form | (
            {"SpeechResult": QUESTIONS[(number * 31 + turn * 7) % len(QUESTIONS)], "Confidence": "0.9"} if turn else {}
        )
        signed = request(carrier, url, asked)
        await asyncio.sleep(pause * ((number * 7 + turn * 13) % 10) / 10)
        began = time.perf_counter()
        document = await answer(over, signed)
        took.append((time.perf_counter() - began) * 1000)
        if (found := _NEXT.search(document)) is None or b"<Enqueue" in document or b"<Record" in document:
            break
        url = found[1].decode().replace("&amp;", "&")
    over[1].close()
    return took


async def texts(carrier: Carrier, port: int, count: int) -> None:
    over = await wire.connected(port)
    url = f"{carrier.url}/channels/sms"
    for _ in range(count):
        number = next(_numbers)
        form = {
            "AccountSid": carrier.account, "MessageSid": sid("SM"), "To": carrier.number, "NumMedia": "0",
            "From": f"+86138{number // (CONNECTIONS * 8) * CONNECTIONS + number % CONNECTIONS:08d}",
            "Body": QUESTIONS[number * 7 % len(QUESTIONS)],
        }  # fmt: skip
        await answer(over, request(carrier, url, form))
    over[1].close()


async def run(folder: Path) -> None:
    port = free_port()
    carrier = Carrier(f"http://127.0.0.1:{port}")
    serving = served(
        folder, port, DAOXUE_SERVER__PUBLIC_URL=carrier.url, DAOXUE_CHANNELS__TWILIO__ENABLED="true",
        TWILIO_ACCOUNT_SID=carrier.account, TWILIO_AUTH_TOKEN=carrier.token,
    )  # fmt: skip
    async with serving as service:
        await asyncio.gather(*(one_call(carrier, port, number, 0.0) for number in range(20)))  # warm
        await asyncio.sleep(5)  # the desk's API is loaded a little after the start, and that is another figure
        for what, first, pause in (("speaking and pausing", 1_000, 1.0), ("without a pause", 5_000, 0.0)):
            many = (one_call(carrier, port, first + number, pause) for number in range(CALLS))
            took = sorted(itertools.chain(*await asyncio.gather(*many)))
            middle, slow = statistics.median(took), took[int(len(took) * 0.99)]
            print(
                f"{CALLS} calls at once, {what:22} {len(took)} requests: median {middle:.1f} ms, 99th {slow:.1f} ms (limit 300)"
            )
        before, began = cpu_seconds(service.pid), time.perf_counter()
        await asyncio.gather(*(texts(carrier, port, TEXTS // CONNECTIONS) for _ in range(CONNECTIONS)))
        spent, wall = cpu_seconds(service.pid) - before, time.perf_counter() - began
        done = TEXTS // CONNECTIONS * CONNECTIONS
        before = cpu_seconds(service.pid)
        await asyncio.gather(
            *(client(port, "/channels/webchat", TEXTS // CONNECTIONS, False) for _ in range(CONNECTIONS))
        )
        web = (cpu_seconds(service.pid) - before) / done
        ratio = spent / done / web
        print(
            f"texts: {done / wall:.0f} a second answered (limit 500), {spent / done * 1e6:.0f} µs CPU each, {ratio:.2f} web chat turns"
        )


def main() -> None:
    with centre() as (folder, _):
        asyncio.run(run(folder))


if __name__ == "__main__":
    main()
