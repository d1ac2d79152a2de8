"""Web push: a browser whose page is closed is told that there is a new reply, and no word of it (RFC 8030, 8291, 8292).

The push service is the browser's maker's, chosen by the browser: its address is checked as a webhook's is.
"""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx
import msgspec

from bot.queue import Done, Failed, Kind, Later, Lost, Outcome
from desk.errors import TicketError
from desk.receivers import Outside, ReceiverAnswer
from store import outbox, pushes
from store.database import Database
from store.pushes import OwedPush, PushKeys, PushRow
from store.queue import QueueRow
from store.units import DAY

WORDS = {"zh": "有新回复", "en": "You have a new reply"}
LONGEST_WAIT = 3_600_000  # ms that a push service may ask for at once
SECRETS = ("VAPID_PRIVATE_KEY", "VAPID_SUBJECT")  # of the environment


class VapidError(ValueError):
    """The keys of web push in the environment cannot be used; the message names which."""


class PushIdentity(Protocol):
    """Who we are to push services: `desk.vapid.Vapid`."""

    @property
    def public(self) -> str: ...
    def proof(self, endpoint: str, at: int) -> str: ...
    def sealed(self, keys: PushKeys, text: str) -> bytes: ...


class Pushing:
    """`kind` is what the queue does with a push that is owed. `clock` is in seconds."""

    def __init__(
        self, database: Database, outside: Outside, vapid: PushIdentity | None, observe: Callable[[str], None], clock: Callable[[], float]
    ) -> None:  # fmt: skip
        self._database = database
        self._outside = outside
        self._vapid = vapid
        self._observe = observe
        self._clock = clock
        self.kind = Kind(self._tell)

    async def _tell(self, row: QueueRow) -> Outcome:
        owed, now = pushes.opened(row), int(self._clock() * 1000)
        browser = await self._database.read(lambda t: pushes.get(t, owed.subscription))
        if browser is None or self._vapid is None or browser.conversation != owed.conversation:
            return Done("nobody")
        if now - owed.said_at > DAY:
            return Done("too late")
        if await self._is_taken(owed):
            return Done("taken")
        try:
            answer = await self._push(self._vapid, browser, now)
        except httpx.HTTPError as error:
            return Failed(type(error).__name__)
        except (TicketError, ValueError):  # an address that may not be called, or keys that are none
            return await self._forget(browser, Done("unusable"))
        self._observe("pushed")
        match answer.status:
            case status if 200 <= status < 300:
                return Done()
            case 404 | 410:
                return await self._forget(browser, Done("gone"))
            case 429 | 503 if (wait := _wait(answer.retry_after, now)) is not None:
                return Later(now + wait)
            case 403:  # made for another key of ours
                return await self._forget(browser, Lost("HTTP 403"))
            case status if status == 429 or status >= 500:
                return Failed(f"HTTP {status}")
        return Lost(f"HTTP {answer.status}")

    async def _is_taken(self, owed: OwedPush) -> bool:
        """Whether a page of theirs has it by now."""
        rows = await self._database.read(lambda t: outbox.owed(t, owed.conversation))
        return not any(row.first_seq <= owed.seq <= row.last_seq for row in rows)

    async def _push(self, vapid: PushIdentity, browser: PushRow, now: int) -> ReceiverAnswer:
        self._outside.check_secret(browser.endpoint)
        keys = msgspec.json.decode(browser.secret, type=PushKeys)
        body = vapid.sealed(keys, WORDS.get(keys.lang, WORDS["zh"]))
        headers = {
            "content-encoding": "aes128gcm", "content-type": "application/octet-stream", "ttl": str(DAY // 1000),
            "urgency": "high", "topic": "daoxue", "authorization": vapid.proof(browser.endpoint, now // 1000),
        }  # fmt: skip
        return await self._outside.post(browser.endpoint, body, headers)

    async def _forget(self, browser: PushRow, outcome: Outcome) -> Outcome:
        await self._database.write(lambda t: pushes.drop(t, browser.id))
        return outcome


def _wait(asked: str, now: int) -> int | None:
    """How long (ms) a `Retry-After` asks for, in seconds or until a date; None where it says nothing that can be read."""
    if asked.isdecimal():
        wait = int(asked[:9]) * 1000
    else:
        try:
            wait = int(parsedate_to_datetime(asked).timestamp() * 1000) - now
        except (ValueError, OverflowError):
            return None
    return min(LONGEST_WAIT, max(1000, wait))
