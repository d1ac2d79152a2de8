"""The telephone network as tests have it: the provider played, the service behind a real port."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from daoxue.app import App, compose
from daoxue.chat import matches
from daoxue.config import Config
from daoxue.serve import server
from integrations.texting import Texting
from integrations.twilio.calls import CallChannel
from integrations.twilio.seats import SeatSide
from integrations.twilio.settings import TwilioSettings
from players.twilio import api as twilio_api
from players.twilio.call import Call
from players.twilio.carrier import Carrier
from tests.conftest import free_port
from tests.official import Clock, behind, up

RESIDENT, OTHER, SEAT = "+8613800001370", "+8613800001371", "+8655162001111"


@dataclass
class Line:
    """The provider, and what it is connected to."""

    carrier: Carrier
    app: App
    clock: Clock

    @property
    def calls(self) -> CallChannel:
        outlet = self.app.channels["voice"].outlet
        assert isinstance(outlet, CallChannel)
        return outlet

    @property
    def seats(self) -> SeatSide:
        calling = self.app.channels["voice"].calling
        assert isinstance(calling, SeatSide)
        return calling

    @property
    def texting(self) -> Texting:
        outlet = self.app.channels["sms"].outlet
        assert isinstance(outlet, Texting)
        return outlet

    async def deliver(self) -> None:
        """The outbox does what is due now."""
        for _ in range(20):
            if not await self.app.queue.work():
                return


@contextlib.asynccontextmanager
async def line(
    config: Config, monkeypatch: pytest.MonkeyPatch, *, repeat: bool = False, **more: object
) -> AsyncIterator[Line]:
    """Everything running in this process; the workers are called by hand."""
    clock, port, api_port = Clock(), free_port(), free_port()
    carrier = Carrier(f"http://127.0.0.1:{port}", repeat=repeat)
    carrier.api = f"http://127.0.0.1:{api_port}"
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", carrier.account)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", carrier.token)
    twilio = TwilioSettings(
        enabled=True,
        api_base=carrier.api,
        sms_from=carrier.number,
        voice_from=carrier.number,
        **more,  # type: ignore[arg-type]
    )
    own = replace(
        config,
        server=replace(config.server, port=port, public_url=carrier.url),
        channels=config.channels.having(twilio),
    )
    app = await compose(own, clock=clock)
    web = server(app)
    web.config.lifespan = "off"
    try:
        async with behind(twilio_api.server(carrier), api_port), up(web):
            yield Line(carrier, app, clock)
    finally:
        for opened in app.channels.values():
            await opened.close()
        app.database.close()


@dataclass
class Transcript:
    """A call or a talk in texts as it is written down, played over the provider. What differs is told.

    `> ` says or writes (keys where it is only keys; nothing where it is empty; `/hangup`, `/leave words`), `~ ` says it so that
    the recogniser is not sure, `< ` and `! ` expect of the answer as in `tests/conversations`, `? ` expects how the call stands,
    `& ` expects an open ticket with these words among what it says, `@ ` moves the clock on by minutes, `= ` is the number of
    whoever calls or writes from here on, `# ` a comment.
    """

    line: Line
    texts: bool
    number: str = RESIDENT
    answer: str = ""
    call: Call | None = None

    async def play(self, script: str) -> list[str]:
        wrong = []
        for number, raw in enumerate(script.splitlines(), 1):
            kind, rest = raw[:1], raw[1:].strip()
            if kind and kind != "#" and (why := await self._do(kind, rest)):
                wrong.append(f"{number}: {raw}\n    {why}")
        return wrong

    async def _do(self, kind: str, rest: str) -> str:
        """What is wrong with a line, if anything."""
        match kind:
            case "=":
                self.number, self.call = rest, None
            case "@":
                self.line.clock.ahead += float(rest) * 60
            case ">" | "~":
                self.answer = "\n".join(await self._says(rest, sure=kind == ">"))
            case "<" | "!" if matches(rest, self.answer) == (kind == "!"):
                return f"heard: {self.answer or '(nothing)'}"
            case "?" if self.call is None or self.call.state != rest:
                return f"the call: {self.call and self.call.state}"
            case "&":
                rows = await self.line.app.tickets.in_state("waiting")
                opened = [await self.line.app.tickets.show(row.ref) for row in rows]
                shown = " ".join(f"{each.handover} {[event.data for event in each.events]}" for each in opened)
                return "" if matches(rest, shown) else f"tickets: {shown}"
            case "<" | "!" | "?":
                pass
            case _:
                return "not understood"
        return ""

    async def _says(self, text: str, *, sure: bool) -> list[str]:
        if self.texts:
            return await self.line.carrier.text(self.number, text)
        if self.call is None:
            self.call = self.line.carrier.call(self.number)
            return await self.call.answer()
        if text == "/hangup":
            await self.call.hang_up()
            return []
        if text.startswith("/leave"):
            return await self.call.leave_message(words=text.removeprefix("/leave").strip())
        if not text:
            return await self.call.silence()
        if set(text) <= set("0123456789*#"):
            return await self.call.press(text)
        return await self.call.speak(text, 0.9 if sure else 0.2)
