"""What has to hold of a history, whatever happened in it: read from what clients were told, from what the carrier took, and
from the database."""

import traceback
from collections import Counter
from collections.abc import Sequence

from accounts.auditing import audit
from bot.inbox import numbered
from bot.messages import Numbered
from daoxue.app import App
from desk.opening import ALL, Opened, opened
from integrations.webchat.frames import address_of
from store import bank, conversations, queue, tickets
from store.queue import HELD
from tests import history
from tests.simulation.page import Page, Said, Stage
from tests.simulation.people import CUP, CUPS, People, Text, Texter

STATES = ("waiting", "open", "snoozed", "closed")


class Checker:
    """Tells the world what is wrong; `app` lives, and nothing happens any more."""

    def __init__(self, world: Stage, app: App, people: People) -> None:
        self._wrong = world.wrong
        self._app = app
        self._people = people
        self._look = app.database.look
        rows = [row for state in STATES for row in self._look(lambda t, state=state: tickets.in_state(t, state))]  # type: ignore[misc]
        self._opened = [(row.ref, self._show(row.ref)) for row in rows]

    def _show(self, ref: str) -> Opened:
        return self._look(lambda t: opened(t, ref, ALL))

    def all(self) -> None:
        for ref, whole in self._opened:
            self._ticket(ref, whole)
        for page in self._people.pages:
            self._page(page)
        for phone in self._people.phones:
            self._phone(phone)
        self._words_of_seats()
        self._ledger()
        self._nothing_left()

    # -- talks

    def _talk(self, channel: str, address: str) -> tuple[int, list[Numbered]]:
        read = self._look(lambda t: conversations.find(t, channel, address))
        if read is None:
            return 0, []
        rows = self._look(lambda t: conversations.messages(t, read.id, 1, ALL))
        if [row.seq for row in rows] != list(range(1, read.seq + 1)):
            self._wrong(f"{channel} {address}: its messages are not numbered one by one")
        return read.id, [numbered(row) for row in rows]

    def _page(self, page: Page) -> None:
        id, talk = self._talk("webchat", address_of(page.visitor))
        self._accepted(page.name, page.said, talk, id)
        told = [(each.seq, each.author, each.message.reply.text) for each in talk]
        if told != [(each["seq"], each["author"], each["text"]) for each in page.heard]:
            self._wrong(f"{page.name} has not heard what was said: {len(page.heard)} of {len(told)} messages")
        numbers = {each.message.re: each.seq for each in talk if each.author == "resident"}
        for said in page.said:
            if said.seq != numbers.get(said.id):
                self._wrong(f"{said.id} was acknowledged as {said.seq} and is {numbers.get(said.id)}")

    def _phone(self, phone: Texter) -> None:
        id, talk = self._talk("sms", phone.number)
        self._accepted(phone.name, phone.said, talk, id, prefix="sms:")
        self._arrived(phone, id, talk)

    def _accepted(self, name: str, said: list[Said], talk: list[Numbered], id: int, prefix: str = "") -> None:
        """Each message is there once, in the order in which it was said, and is answered or in a ticket."""
        there = [each for each in talk if each.author == "resident"]
        order = [f"{prefix}{each.id}" for each in said]
        found = [each.message.re for each in there]
        if lost := [each for each in order if each not in found]:
            self._wrong(f"{name}: accepted and lost: {', '.join(lost)}")
        if twice := [each for each, times in Counter(found).items() if times > 1]:
            self._wrong(f"{name}: accepted twice: {twice}")
        if [each for each in order if each in found] != [each for each in found if each in order]:
            self._wrong(f"{name}: in another order than it was said: {found}")
        answered = {each.message.re for each in talk if each.author == "bot"}
        for each in there:
            if each.message.re not in answered and not self._is_in_a_ticket(id, each.seq):
                self._wrong(f"{name}: {each.message.re} has no answer and is in no ticket")

    def _is_in_a_ticket(self, conversation: int, seq: int) -> bool:
        return any(
            event.data["first"] <= seq <= event.data["seq"]  # type: ignore[operator]
            for _, whole in self._opened
            if whole.ticket.conversation == conversation
            for event in whole.events
            if event.kind == "said" and event.data["by"] == "resident"
        )

    # -- what left

    def _arrived(self, phone: Texter, id: int, talk: list[Numbered]) -> None:
        """Everything that was said to a telephone has arrived there, in order; and twice only what nobody could know of."""
        taken = self._people.carrier.taken[phone.number]
        expected = [f"{id}:{seq}" for seq in _begins(talk)]
        firsts = list(dict.fromkeys(each.id for each in taken))
        if missing := [each for each in expected if each not in firsts]:
            self._wrong(f"{phone.name}: never arrived: {', '.join(missing)}")
        if firsts != [each for each in expected if each in firsts]:
            self._wrong(f"{phone.name}: arrived in the order {firsts}, was said in {expected}")
        for each in expected:
            self._once(phone.name, [attempt for attempt in taken if attempt.id == each])

    def _once(self, name: str, copies: Sequence[Text]) -> None:
        if any(each.is_known for each in copies[:-1]):
            self._wrong(f"{name}: {copies[0].id} left {len(copies)} times, though it was known to have left")
        if len({each.body for each in copies}) > 1:
            self._wrong(f"{name}: {copies[0].id} says different things each time")

    def _words_of_seats(self) -> None:
        """What a seat said and was told to be accepted is said once, in its order."""
        said = {
            (whole.ticket.conversation, each.seq): each.message.re
            for _, whole in self._opened
            for each in whole.messages
            if each.author == "seat"
        }
        times = Counter(said.values())
        for seat in self._people.seats:
            for words in seat.said:
                if times[words.id] > 1 or (words.is_accepted and times[words.id] < 1):
                    self._wrong(
                        f"{seat.name}: {words.id} was said {times[words.id]} times, accepted: {words.is_accepted}"
                    )

    # -- tickets, ledger, queue

    def _ticket(self, ref: str, whole: Opened) -> None:
        try:
            history.check(whole)
        except AssertionError as error:
            line = traceback.extract_tb(error.__traceback__)[-1].line
            self._wrong(f"ticket {ref}: its events do not go together: {line}")
        for event in whole.events:
            if event.kind == "taken" and event.data["from"] is not None:
                self._wrong(f"ticket {ref}: {event.actor} has it from {event.data['from']}, who did not give it up")
        took = Counter(event.actor for event in whole.events if event.kind == "taken")
        for seat in self._people.seats:
            if seat.took.count(ref) > 0 and not took[seat.name]:
                self._wrong(f"ticket {ref}: {seat.name} was told to have taken it, and has not")

    def _ledger(self) -> None:
        for problem in self._look(audit)[1]:
            self._wrong(f"ledger: {problem}")
        if (gone := self._look(lambda t: bank.gone(t, CUP))) > CUPS:
            self._wrong(f"ledger: {gone} were ordered of {CUPS} that there are")
        for clerk in self._people.clerks:
            for key in clerk.earned:
                if self._look(lambda t, key=key: bank.by_source(t, key, "earn")) is None:  # type: ignore[misc]
                    self._wrong(f"ledger: {key} was acknowledged and is not there")
            for key, ref in clerk.ordered.items():
                row = self._look(lambda t, key=key: bank.order_by_key(t, key))  # type: ignore[misc]
                if row is None or row.ref != ref:
                    self._wrong(f"ledger: the order {key} was acknowledged and is not there")

    def _nothing_left(self) -> None:
        """The queue is done with everything."""
        rows = self._look(lambda t: queue.due(t, HELD, 1000))
        for row in [*rows, *self._look(lambda t: queue.given_up(t, 1000))]:
            self._wrong(f"queue: {row.kind} {row.key} is still there, {row.state} {row.outcome}")


def _begins(talk: list[Numbered]) -> list[int]:
    """The numbers of the messages with which a text begins: all that is said at once goes into one."""
    found, before = [], None
    for each in talk:
        group = each.message.re if each.author == "bot" and each.message.re else each.seq
        if each.author != "resident" and group != before:
            found.append(each.seq)
        before = None if each.author == "resident" else group
    return found
