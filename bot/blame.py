"""Of whom of the seats a message complains: read from whatever message of a talk, whatever it is answered with."""

from collections.abc import Callable
from typing import NamedTuple

from bot import complaints, hearers
from bot.alarming import LIFE
from bot.clauses import Sought, only_asks, that_name
from bot.conversation import Conversation
from bot.hearers import Hearing
from bot.messages import Inbound
from bot.waiting import SeatAvailability, Uttered
from knowledge.catalogue import Catalogue
from nlu.text import fold
from store.units import MINUTE

LATELY = 30 * MINUTE  # in which whom one calls 她 was named


class Blamed(NamedTuple):
    """Accounts that are `named`; whether it is complained of at all, and `of_hearer` of the seat that has the talk."""

    complains: bool = False
    named: tuple[str, ...] = ()
    of_hearer: bool = False

    @property
    def anybody(self) -> bool:
        return self.of_hearer or bool(self.named)


class Saying(NamedTuple):
    """Where it is said: `ticket` is the open one, which `seat` has."""

    inbound: Inbound
    state: Conversation
    ticket: str | None
    seat: str | None

    @property
    def open_complaint(self) -> bool:
        return self.ticket is not None and self.state.complaint == self.ticket

    @property
    def in_danger(self) -> bool:
        danger = self.state.danger
        return danger is not None and danger.ticket == self.ticket and danger.red_line in LIFE


class Blame:
    """Reads of whom a message complains, by the accounts of the `desk`, and by whom the `catalogue` knows as teachers; what
    `reproaches` is likely to be of who hears it."""

    def __init__(
        self, desk: SeatAvailability, talk: Saying, catalogue: Catalogue, reproaches: Callable[[str], bool]
    ) -> None:
        self._desk, self._talk, self._catalogue, self._reproaches = desk, talk, catalogue, reproaches

    async def of_whom(self, told: str, *, complains: bool) -> Blamed:
        """`told` are the words that began what the message goes on with; `complains` is known where they are read as a complaint.
        A message that says nothing bad, while no complaint is open, costs no look at anybody."""
        talk, here = self._talk, fold(self._talk.inbound.text)
        said = f"{fold(told)} {here}" if told else here
        heard = hearers.heard(here, self._reproaches) if talk.seat else Hearing.NOTHING
        if not (complains or talk.open_complaint or complaints.accuses(said) or heard is not Hearing.NOTHING):
            return Blamed()
        complains = complains or complaints.complains(said)
        surely = complains or talk.open_complaint or complaints.complains_if_named(said)
        named = await self._named(that_name(Sought.ACCUSED, said), surely=surely)
        if talk.seat and talk.ticket and hearers.complains_of_who_had_it(here):
            had = await self._desk.had(talk.ticket)
            return Blamed(True, tuple(dict.fromkeys((*named, *(each for each in had if each != talk.seat)))))
        of_hearer = talk.seat is not None and (
            (surely and talk.seat in named) or await self._is_of_hearer(heard, here, names_others=bool(named))
        )
        if (complains or complaints.accuses_her(here)) and not (named or of_hearer):
            named = await self._named_before(here)
        return Blamed(complains or of_hearer, named, of_hearer)

    async def accused_lately(self) -> tuple[str, ...]:
        """Of whom ill was said since the last ticket, and not long ago."""
        since = max(self._talk.inbound.at - LATELY, self._talk.state.closed_at + 1)
        texts = [fold(each.text) for each in await self._said(since) if each.author == "resident"]
        found: dict[str, None] = {}
        for text in filter(complaints.accuses, texts):
            if complaints.complains(text) or not only_asks(text):
                surely = complaints.complains_if_named(text)
                found |= dict.fromkeys(await self._named(that_name(Sought.ACCUSED, text), surely=surely))
        return tuple(found)

    async def _is_of_hearer(self, heard: Hearing, here: str, *, names_others: bool) -> bool:
        """A complaint that says of nobody is of whoever hears it, but for one that is open, or of what was told before."""
        talk = self._talk
        if heard is Hearing.OF_YOU or (talk.open_complaint and hearers.says_it_is_you(here)):
            return True
        if heard is Hearing.LIKELY_YOU:
            return not names_others
        if heard is Hearing.NOTHING or names_others or talk.open_complaint or talk.in_danger or talk.ticket is None:
            return False
        if await self._desk.barred(talk.ticket):
            return False
        return hearers.means_who_hears_it(await self._said(talk.inbound.at - LATELY), self._reproaches)

    async def _named_before(self, here: str) -> tuple[str, ...]:
        """Whom 她 means, or a yes and 我要投诉 alone: who was complained of lately, else whom one spoke of."""
        if self._talk.inbound.choice is None and not complaints.means_one_named_before(here):
            return ()
        lately = await self._said(self._talk.inbound.at - LATELY)
        said = [fold(each.text) for each in reversed(lately) if each.author == "resident"]
        ways = [Sought.ACCUSED]
        if not complaints.means_somebody_else(here):
            ways.append(Sought.SHE if complaints.calls_her(here) else Sought.DEALT_WITH)
        for way in ways:
            for text in said:
                if named := await self._named(that_name(way, text), surely=True):
                    return named
        return ()

    async def _named(self, text: str, *, surely: bool) -> tuple[str, ...]:
        if not text:
            return ()
        teachers = frozenset(each.teacher.removesuffix("老师") for each in self._catalogue.classes.values())
        return await self._desk.named(text, teachers, surely=surely)

    async def _said(self, since: int) -> list[Uttered]:
        return await self._desk.said_before(self._talk.inbound.channel, self._talk.inbound.address, since)
