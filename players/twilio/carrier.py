"""The provider with one account on it: its texts and its calls."""

import asyncio
import random

from players.twilio.account import Text, sid
from players.twilio.call import Call, Exchange
from players.twilio.twiml import TwimlError

LONGEST = 1_600  # characters of a text


class Carrier(Exchange):
    """The provider, with one account on it."""

    def __init__(self, url: str = "", *, repeat: bool = False) -> None:
        super().__init__(url, repeat=repeat)
        self.faults: list[tuple[int, int]] = []  # status and code of the API's next answers
        self.status, self.balance = "active", "48.92"
        self.moves: list[asyncio.Future[None]] = []

    # -- texts

    async def text(self, of: str, body: str, *, id: str = "", media: int = 0) -> list[str]:
        """A resident sends a text; what comes back on their screen because of it."""
        id = id or sid("SM")
        form = {
            "MessageSid": id, "SmsSid": id, "SmsMessageSid": id, "From": of, "To": self.number, "Body": body,
            "NumMedia": str(media), "NumSegments": "1",
        }  # fmt: skip
        root = await self.post(f"{self.url}/channels/sms", form)
        came = []
        for message in root.findall("Message"):
            words = message.text or message.findtext("Body") or ""
            if not 0 < len(words) <= LONGEST:
                raise TwimlError("14103: a text without words, or too long")
            self.texts.append(Text(sid("SM"), of, words, message.get("action", "")))
            came.append(words)
        return came

    async def fare(self, text: Text, *statuses: str, chance: random.Random | None = None) -> None:
        """Tells how a text fared; with `chance` in any order, and some of it twice."""
        told = list(statuses)
        if chance is not None:
            told += chance.sample(told, 1)
            chance.shuffle(told)
        for status in told:
            form = {
                "MessageSid": text.sid,
                "SmsSid": text.sid,
                "MessageStatus": status,
                "From": self.number,
                "To": text.to,
            }
            if status in ("undelivered", "failed"):
                form["ErrorCode"] = "30003"
            await self.post(text.callback, form)

    # -- calls

    def call(self, of: str) -> Call:
        """A resident picks up the telephone and dials us."""
        return Call(
            self,
            sid("CA"),
            of,
            self.number,
            "inbound",
            f"{self.url}/channels/voice",
            f"{self.url}/channels/voice/status",
        )

    async def settle(self) -> None:
        """Until every call that was sent elsewhere has got there."""
        await asyncio.sleep(0.02)
        while self.moves:
            await self.moves.pop()
