"""Of whom of the seats a message complains: read from whatever message of a talk, whatever it is answered with."""

from collections.abc import Set
from typing import NamedTuple

from bot import about_us, hearers
from bot.alarming import LIFE
from bot.conversation import Conversation
from bot.messages import Inbound
from bot.waiting import SeatAvailability
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


async def of_whom(desk: SeatAvailability, talk: Saying, catalogue: Catalogue, told: str, *, complains: bool) -> Blamed:
    """`told` are the words that began what the message goes on with; `complains` is known where they are read as a complaint.
    A message that says nothing bad, while no complaint is open, costs no look at anybody."""
    said = fold(f"{told} {talk.inbound.text}")
    open_one = talk.ticket is not None and talk.state.complaint == talk.ticket
    accuses = about_us.accuses(said)
    if not (complains or open_one or accuses):
        return Blamed()
    here = fold(talk.inbound.text)
    complains = complains or about_us.complains(said)
    surely = complains or open_one or about_us.complains_if_named(said)
    teachers = frozenset(each.teacher.removesuffix("老师") for each in catalogue.classes.values())
    named = await desk.named(about_us.without_kindness(said), teachers, surely=surely)
    if about_us.complains_of_who_had_it(here) and talk.seat and talk.ticket:
        had = await desk.had(talk.ticket)
        return Blamed(True, tuple(dict.fromkeys((*named, *(each for each in had if each != talk.seat)))))
    of_hearer = talk.seat is not None and (
        _says_it_to_them(talk, here, open_one=open_one, names_others=bool(named)) or (surely and talk.seat in named)
    )
    if complains and not (named or of_hearer):
        named = await _named_before(desk, talk, here, teachers)
    return Blamed(complains, named, of_hearer)


def _says_it_to_them(talk: Saying, here: str, *, open_one: bool, names_others: bool) -> bool:
    if about_us.complains_of_who_hears_it(here) or (open_one and about_us.says_it_is_you(here)):
        return True
    danger = talk.state.danger
    in_danger = danger is not None and danger.ticket == talk.ticket and danger.red_line in LIFE
    return not (names_others or in_danger) and hearers.complains_of_nothing_else(here)


async def _named_before(desk: SeatAvailability, talk: Saying, here: str, teachers: Set[str]) -> tuple[str, ...]:
    """Whom 她 means, or a yes and 我要投诉 alone: who was complained of lately, else whom one spoke of."""
    if talk.inbound.choice is None and not about_us.means_one_named_before(here):
        return ()
    since = talk.inbound.at - LATELY
    said = [fold(each) for each in await desk.said_before(talk.inbound.channel, talk.inbound.address, since)][::-1]
    ways = [about_us.without_kindness]
    if not about_us.means_somebody_else(here):
        ways.append(about_us.with_kindness if about_us.calls_her(here) else about_us.dealings)
    for way in ways:
        for text in map(way, said):
            if text and (named := await desk.named(text, teachers, surely=True)):
                return named
    return ()
