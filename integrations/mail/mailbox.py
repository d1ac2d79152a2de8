"""A mailbox that is read over IMAP. A mail is marked as seen when it is committed, and not before.

The library talks in threads, a command each; while we wait for the server to speak (IDLE), only the socket is watched.
"""

import asyncio
import contextlib
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast

import imapclient
from imapclient.exceptions import IMAPClientError

from bot.admission import BusyError
from bot.edge import safely
from integrations.mail.reading import CUT
from integrations.mail.settings import ImapSettings

log = logging.getLogger(__name__)
WITHIN = 20.0  # seconds that the server has for an answer
AT_ONCE = 20  # mails that are looked at before the connection is asked for news
WAITING = 25.0  # seconds that we wait for news: routers forget a silent line
FIRST_REST, LONGEST_REST = 2.0, 300.0  # seconds after a failure; providers lock out who comes too often
RETRY = 5.0  # seconds until what could not be taken is tried again
ATTEMPTS = 20  # at a mail, a round each, before it is put aside for people
ARRIVED = "EXISTS"  # what the server calls it
SEEN, FLAGGED = rb"\Seen", rb"\Flagged"
Take = Callable[[bytes, bool], Awaitable[bool]]


class ImapClient(Protocol):
    """What we use of the library, which has no types."""

    def login(self, user: str, password: str) -> object: ...
    def starttls(self) -> object: ...
    def has_capability(self, name: str) -> bool: ...
    def id_(self, parameters: dict[str, str]) -> object: ...
    def select_folder(self, name: str, readonly: bool = False) -> object: ...
    def get_quota_root(self, name: str) -> tuple[object, Sequence["ImapQuota"]]: ...
    def folder_exists(self, name: str) -> bool: ...
    def create_folder(self, name: str) -> object: ...
    def search(self, criteria: Sequence[object]) -> Sequence[int]: ...
    def fetch(self, ids: Sequence[int], what: Sequence[str]) -> dict[int, dict[bytes, object]]: ...
    def add_flags(self, ids: Sequence[int], flags: Sequence[bytes]) -> object: ...
    def move(self, ids: Sequence[int], folder: str) -> object: ...
    def copy(self, ids: Sequence[int], folder: str) -> object: ...
    def idle_done(self) -> object: ...
    def socket(self) -> "ImapSocket": ...
    def shutdown(self) -> None: ...

    _imap: "ImapLines"
    _idle_tag: bytes


class ImapLines(Protocol):
    """What the server has said. The library's own way into IDLE takes what is said first for a refusal, and shows nothing
    of what came with the answer."""

    file: "ImapBuffer"

    def response(self, name: str) -> tuple[str, Sequence[object]]: ...
    def _command(self, name: str) -> bytes: ...
    def _get_response(self) -> bytes | None: ...


class ImapBuffer(Protocol):
    def peek(self) -> bytes: ...


class ImapQuota(Protocol):
    """Of a resource, STORAGE among others, which is in kB."""

    resource: str
    usage: int
    limit: int


class ImapSocket(Protocol):
    def fileno(self) -> int: ...
    def settimeout(self, seconds: float) -> None: ...


class Mailbox:
    """`take` is given a mail and whether it is but the beginning of one, and gives False where there is nobody to answer.
    `alarm` is what fails, until it does no more; `aside` how many mails were put aside since the start."""

    def __init__(
        self, settings: ImapSettings, password: str, largest: int, take: Take, clock: Callable[[], float]
    ) -> None:
        self.alarm: str | None = None
        self.aside = 0
        self._settings = settings
        self._password = password
        self._largest = largest
        self._take = take
        self._clock = clock
        self._client: ImapClient | None = None
        self._failed = 0  # in a row
        self._rests_until = 0.0
        self._attempts: Counter[int] = Counter()  # at mails that nobody could take

    async def work(self) -> None:
        """Takes in what is new, and waits a while for more."""
        if self._clock() < self._rests_until:
            return
        try:
            if self._client is None:
                self._client = await asyncio.to_thread(self._connect)
            client = self._client
            while await self._take_new(client):
                pass
            self.alarm, self._failed = None, 0
            if self._attempts:  # it is not the server that we wait for
                self._rests_until = self._clock() + RETRY
            else:
                await self._wait(client)
        except (IMAPClientError, OSError, ValueError) as error:
            self._let_go(error)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(shut, client)

    def _let_go(self, error: Exception) -> None:
        """Told once, however often it fails."""
        client, self._client = self._client, None
        if client is not None:
            shut(client)
        self._rests_until = self._clock() + min(LONGEST_REST, FIRST_REST * 2 ** min(self._failed, 12))
        self._failed += 1
        if self._failed == 1:
            log.error("the mailbox is not read", extra={"error": type(error).__name__})
        if self._failed > 1 or not isinstance(error, OSError):
            self.alarm = f"IMAP: {type(error).__name__}"

    def _connect(self) -> ImapClient:
        settings = self._settings
        client = signed_in(settings, self._password)
        with contextlib.ExitStack() as broken:
            broken.callback(shut, client)
            if settings.done and not client.folder_exists(settings.done):
                client.create_folder(settings.done)
            client.select_folder(settings.folder)
            broken.pop_all()
        return client

    async def _take_new(self, client: ImapClient) -> bool:
        """Whether there may be more: what has come meanwhile the server may have told already, and not when it is asked for news."""
        since = datetime.fromtimestamp(self._clock(), UTC).date() - timedelta(days=self._settings.days)
        client._imap.response(ARRIVED)  # what was told until now is found
        found = await asyncio.to_thread(client.search, ["UNSEEN", "UNFLAGGED", "SINCE", since])
        waiting = sorted(found, key=lambda id: (self._attempts[id], id))[:AT_ONCE]
        ended = [await self._take_one(client, id) for id in waiting]
        return any(ended)

    async def _take_one(self, client: ImapClient, id: int) -> bool:
        """False where it has to be tried again, after a while."""
        raw, cut = await asyncio.to_thread(self._fetch, client, id)
        if raw is None:  # somebody else has moved it meanwhile
            return True
        taken = await safely("mail not accepted", self._take(raw, cut), None, quietly=BusyError)
        if taken:
            await asyncio.to_thread(self._done, client, id)
            self._attempts.pop(id, None)
            return True
        self._attempts[id] += 1
        if taken is None and self._attempts[id] < ATTEMPTS:
            return False
        await asyncio.to_thread(client.add_flags, [id], [FLAGGED])  # it stays, for people to look at
        self._attempts.pop(id)
        self.aside += 1
        log.error("a mail was put aside", extra={"error": "nobody to answer" if taken is False else "not read"})
        return True

    def _fetch(self, client: ImapClient, id: int) -> tuple[bytes | None, bool]:
        """A mail, of what is too large the beginning; whether it is."""
        size = client.fetch([id], ["RFC822.SIZE"]).get(id, {}).get(b"RFC822.SIZE", 0)
        cut = isinstance(size, int) and size > self._largest
        got = client.fetch([id], [f"BODY.PEEK[]<0.{CUT}>" if cut else "BODY.PEEK[]"]).get(id, {})
        found = (each for key, each in got.items() if key.startswith(b"BODY[") and isinstance(each, bytes))
        return next(found, None), cut

    def _done(self, client: ImapClient, id: int) -> None:
        client.add_flags([id], [SEEN])
        folder = self._settings.done
        if folder and client.has_capability("MOVE"):
            client.move([id], folder)
        elif folder:
            client.copy([id], folder)

    async def _wait(self, client: ImapClient) -> None:
        """Until the server has news, or it is time to look by ourselves."""
        if not client.has_capability("IDLE"):
            return
        if not await asyncio.to_thread(told_already, client):
            loop, news, socket = asyncio.get_running_loop(), asyncio.Event(), client.socket().fileno()
            loop.add_reader(socket, news.set)
            try:
                async with asyncio.timeout(WAITING):
                    await news.wait()
            except TimeoutError:
                pass
            finally:
                loop.remove_reader(socket)
        await asyncio.to_thread(client.idle_done)


def told_already(client: ImapClient) -> bool:
    """Has the server tell what is new from now on. Whether it has by now: what it says before its answer, or along with it,
    is read together with that, and no socket shows it any more. Raises `IMAPClientError`, `OSError`."""
    lines = client._imap
    client._idle_tag = lines._command("IDLE")
    while (said := lines._get_response()) is not None:
        if not said.startswith(b"*"):
            raise IMAPClientError("no IDLE")
    client.socket().settimeout(0)
    try:
        told = ARRIVED.encode() in lines.file.peek().upper()
    except ssl.SSLWantReadError:
        told = False
    finally:
        client.socket().settimeout(WITHIN)
    return told or lines.response(ARRIVED)[1] != [None]


def signed_in(settings: ImapSettings, password: str) -> ImapClient:
    """A connection to the mailbox's server. Raises `IMAPClientError`, `OSError`."""
    client = cast(
        ImapClient, imapclient.IMAPClient(settings.host, settings.port, ssl=settings.tls == "tls", timeout=WITHIN)
    )
    with contextlib.ExitStack() as broken:
        broken.callback(shut, client)
        if settings.tls == "starttls":
            client.starttls()
        client.login(settings.user, password)
        if client.has_capability("ID"):  # NetEase lets nobody in who has not said who they are
            client.id_({"name": "daoxue", "version": "1"})
        broken.pop_all()
    return client


def shut(client: ImapClient) -> None:
    """Without a word: the server may be gone."""
    with contextlib.suppress(IMAPClientError, OSError):
        client.shutdown()
