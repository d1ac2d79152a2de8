"""Residents at a page, over a socket or over HTTP. A page keeps its visitor's token, which is good before anything is kept
under it (decision 28): a first message that is cut comes again in the same conversation."""

import re
import secrets

from accounts.limits import TooManyError
from bot.admission import BusyError
from bot.channel import Core
from bot.edge import safely
from bot.inbox import Receipt
from bot.keeping import is_number
from bot.messages import Inbound
from integrations.webchat.frames import address_of
from store import conversations
from store.conversations import ConversationRow
from store.outages import OutageError

CHANNEL = "webchat"
LARGEST = 16_384  # bytes of a frame
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")  # 24 random bytes, the page's or ours


class Visitors:
    """What both ways work with. `core.observe` is called with delivering before an answer is written to a connection, and
    delivered after."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def said(self, visitor: str, id: str, text: str, choice: str | None, lang: str, origin: str) -> Inbound:
        """A message of a visitor's, as of now. An id that is a number of theirs is kept as a digest, by which the same is
        known again."""
        if is_number(id):
            id = self.core.vault.digest(CHANNEL, id)
        return Inbound(
            channel=CHANNEL, address=address_of(visitor), id=id, text=text, choice=choice, lang=lang,
            at=self.core.now(), origin=origin,
        )  # fmt: skip

    async def known(self, visitor: str) -> ConversationRow | None:
        """What has been said under this token; None where nothing has."""
        return await self.core.database.read(lambda t: conversations.find(t, CHANNEL, address_of(visitor)))

    async def accepted(self, said: Inbound) -> Receipt | None:
        """None where it was not: the page is told, and sends it again. Raises `TooManyError`."""
        receipt = await safely("message not accepted", self._received(said), None, (BusyError, OutageError))
        if isinstance(receipt, TooManyError):
            raise receipt
        return receipt

    async def _received(self, said: Inbound) -> Receipt | TooManyError:
        try:
            return await self.core.inbox.receive(said)
        except TooManyError as refused:  # for who sent it, and no failure of ours
            return refused


def token_of(asked: str | None) -> str:
    """The token that a page names, where it has the form of one; else a new one."""
    return asked if asked is not None and TOKEN.fullmatch(asked) else secrets.token_urlsafe(24)
