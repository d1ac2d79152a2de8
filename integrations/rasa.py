"""Understanding by a Rasa server elsewhere, over its HTTP API (`POST /model/parse`); docs/rasa.md says how to run one.

It gets a text and nothing else. What it answers is checked before it counts. Where it does not answer in time, or not as
agreed, the embedded engine does: residents never wait longer than `seconds`, and while it fails they do not wait at all.
"""

import asyncio
import json
import logging
import re
import time
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Annotated, TypeVar

import httpx
import msgspec
from msgspec import Meta, Struct

from bot.calling import HttpClient
from bot.channel import ChannelHealth
from integrations.breaker import Breaker
from nlu.judgement import Ranked

log = logging.getLogger(__name__)
AT_ONCE = 4  # requests: Rasa works on one at a time, more of them only wait there
LARGEST = 256_000  # bytes of an answer
MOST = 1_000  # labels in an answer
FALLBACK = "nlu_fallback"  # what Rasa calls not being sure enough; the labels that it was not sure of stand behind it
ANY = "default"  # the selector of a model that has one for all retrieval intents
PROBLEMS = {
    401: "refused: RASA_TOKEN is not the server's",
    403: "refused: RASA_TOKEN is not the server's",
    404: "no Rasa at this address",
    409: "no model is loaded",
}
LATE = "no answer in time"
T = TypeVar("T")
Label = Annotated[str, Meta(max_length=200)]
Sureness = Annotated[float, Meta(ge=0, le=1)]


class RasaSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`seconds` that residents wait for it at most. The token comes from the environment: `RASA_TOKEN`."""

    base: Annotated[str, Meta(pattern=r"^https?://[^\s?#]+$", max_length=300)] = "http://127.0.0.1:5005"
    seconds: Annotated[float, Meta(gt=0, le=10)] = 1.0


class RasaError(Exception):
    """The server did not answer as agreed; the message says how, without what was asked."""


class _Intent(Struct):
    confidence: Sureness
    name: Label | None = None


class _Response(Struct):
    confidence: Sureness
    intent_response_key: Label | None = None


class _Selector(Struct):
    ranking: Annotated[list[_Response], Meta(max_length=MOST)] = []


class _Parsed(Struct):
    """`response_selector` has the selectors by name, and beside them a list of names."""

    intent_ranking: Annotated[list[_Intent], Meta(max_length=MOST)]
    response_selector: dict[str, _Selector | list[str]] = {}


class _Version(Struct):
    version: Annotated[str, Meta(max_length=40)]


class _Status(Struct):
    model_id: Annotated[str, Meta(max_length=100)]


class Rasa:
    """An engine beside the embedded one. `known` are the labels that count; what else the server names is dropped.

    `alarm` is what is wrong with it, None while it answers. `clock` is in seconds and never goes back.
    """

    def __init__(
        self, settings: RasaSettings, token: str, known: Container[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.alarm: str | None = None
        self._seconds = settings.seconds
        self._known = known
        self._breaker = Breaker(clock)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._client = HttpClient(
            base_url=settings.base, params={"token": token} if token else {}, follow_redirects=False, trust_env=False,
            headers={"content-type": "application/json", "accept-encoding": "identity"},
            limits=httpx.Limits(max_connections=AT_ONCE), timeout=None,
        )  # fmt: skip

    async def close(self) -> None:
        await self._client.aclose()

    async def rank(self, texts: Sequence[str]) -> list[list[Ranked] | None]:
        """The likeliest labels of each text, best first, within `seconds` for all of them; None where there is no answer
        to rely on."""
        if not texts or not self._breaker.lets():
            return [None] * len(texts)
        deadline = asyncio.get_running_loop().time() + self._seconds
        found = await asyncio.gather(*(self._parse(text, deadline) for text in texts))
        problems = [each for each in found if isinstance(each, RasaError)]
        if len(problems) == len(found):
            self._breaker.failed()
        else:
            self._breaker.succeeded()
        self._tell(str(problems[0]) if problems else None)
        return [None if isinstance(each, RasaError) or not each else each for each in found]

    async def health(self, now: int) -> ChannelHealth:
        """For the desk's page, asked of the server now: its alarm, its version, and which model it has."""
        alarm, version, model = self.alarm, None, None
        try:
            async with asyncio.timeout(self._seconds):
                version = _read(await self._asked("GET", "/version"), _Version).version
                model = _read(await self._asked("GET", "/status"), _Status).model_id
        except TimeoutError:
            alarm = LATE
        except RasaError as error:
            alarm = str(error)
        return ChannelHealth(alarm, version=version, model=model)

    def _tell(self, problem: str | None) -> None:
        if problem is not None and problem != self.alarm:
            log.error("rasa", extra={"error": problem})
        self.alarm = problem

    async def _parse(self, text: str, deadline: float) -> list[Ranked] | RasaError:
        """An error is one of several answers here, so it is returned."""
        try:
            async with asyncio.timeout_at(deadline), self._turns:
                return ranked(await self._asked("POST", "/model/parse", {"text": as_words(text)}), self._known)
        except TimeoutError:
            return RasaError(LATE)
        except RasaError as error:
            return error

    async def _asked(self, method: str, path: str, body: Mapping[str, str] | None = None) -> bytes:
        try:
            async with self._client.stream(method, path, content=json.dumps(body) if body else None) as response:
                content = await _bounded(response)
        except httpx.HTTPError as error:
            raise RasaError(f"no answer: {type(error).__name__}") from None
        if response.status_code != 200:
            raise RasaError(PROBLEMS.get(response.status_code, f"status {response.status_code}"))
        return content


async def _bounded(response: httpx.Response) -> bytes:
    content = b""
    async for part in response.aiter_raw():
        content += part
        if len(content) > LARGEST:
            raise RasaError("its answer is too large")
    return content


def _read(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RasaError("its answer is not Rasa's") from None


def as_words(text: str) -> str:
    """The text such that Rasa reads it as words. What begins with a slash (after any space) is a command to it, and names
    an intent with full confidence: `/restart`, `/price{"a": 1}`. With a full-width slash it is what a resident wrote."""
    return _COMMAND.sub(r"\1／", text, count=1)


def ranked(content: bytes, known: Container[str]) -> list[Ranked]:
    """The labels of an answer to `/model/parse`, best first; none where it knows nothing of the text. Raises `RasaError`
    where it is no such answer, or names others than `known` alone."""
    parsed = _read(content, _Parsed)
    found: dict[str, float] = {}
    named = [(each.name, each.confidence) for each in parsed.intent_ranking if each.name and each.name != FALLBACK]
    for intent, confidence in named:
        for label, share in _labels(intent, parsed.response_selector, known):
            found[label] = max(found.get(label, 0.0), confidence * share)
    if named and not found:
        raise RasaError("its model has none of our intents")
    return sorted((Ranked(*each) for each in found.items()), key=attrgetter("probability"), reverse=True)


def _labels(
    intent: str, selectors: Mapping[str, _Selector | list[str]], known: Container[str]
) -> Iterator[tuple[str, float]]:
    """An intent's labels, each with its share. To Rasa `faq/parking` is an intent `faq`, within which a selector chooses;
    a selector for all retrieval intents shares between those too, so that only what it gives to this one counts."""
    if intent in known:
        yield intent, 1.0
        return
    own = selectors.get(intent)
    selector = own or selectors.get(ANY)
    if not isinstance(selector, _Selector):
        return
    shares: dict[str, float] = defaultdict(float)
    for each in selector.ranking:
        if each.intent_response_key and each.intent_response_key.startswith(f"{intent}/"):
            shares[each.intent_response_key] += each.confidence
    whole = 1.0 if own else max(sum(shares.values()), 1e-9)
    yield from ((label, min(1.0, share / whole)) for label, share in shares.items() if label in known)


_COMMAND = re.compile(r"^(\s*)/")
