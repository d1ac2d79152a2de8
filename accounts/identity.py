"""Who somebody on a channel has proven to be.

Two ways: a card's number with a one-time code that goes to the telephone on file, and an invitation that staff show after
checking in person. Only by the second does one speak for somebody else: as a proxy for a time,
or as a child's guardian. Nothing that is said back, and not the time it takes, tells whether there is such a card:
every limit counts requests that lead nowhere like those that do.
"""

import hmac
import itertools
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from accounts import registering
from accounts.learners import check_digit
from accounts.limits import CARDS_FROM, Limits
from accounts.registering import Person, Registered
from accounts.vault import Vault
from store import codes, conversations, identity, tickets
from store.codes import NewCode
from store.conversations import ConversationRow
from store.database import Database
from store.identity import Grant, LearnerRow, NewBinding, NewConsent
from store.transaction import Transaction
from store.units import DAY, HOUR

CODE_LASTS, INVITATION_LASTS = 5 * 60_000, 5 * 60_000  # ms
TRIES = 5  # wrong codes before one is worthless
SESSION = 15 * 60_000  # ms that an identity lasts which was proven for one call, or in a talk
HOURLY, DAILY = 3, 10  # codes to one number
CARDS = 20  # different cards that somebody may ask about in a day, before it is looked into
WRONG = 15  # wrong codes of somebody in a day, before only a person helps
PURPOSES = ("enrolment", "class", "points", "news")  # of notices
MOST = 3  # learners that one resident may be, on one channel


@dataclass(frozen=True, slots=True)
class Proof:
    """How one proves on a channel who one is: on a `page` of ours (its path), by keys in a call (`keyed`), or in the talk
    itself (`typed`). `passing`: it holds for `SESSION`, not until it is undone. `of_phone`: who writes there has the
    telephone of that number."""

    page: str = ""
    keyed: bool = False
    typed: bool = False
    passing: bool = False
    of_phone: bool = False


class Code(Struct, frozen=True):
    """A text to be sent."""

    phone: str
    code: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A learner, as far as may be shown: the name's first character."""

    id: int
    name: str
    tail: str  # of the card
    lost: bool  # the card is; points cannot be spent
    role: str = "self"  # self, proxy, guardian
    scope: str = "all"  # or read: a proxy who may look, not act

    @property
    def acts(self) -> bool:
        return self.scope == "all"


class LockedError(Exception):
    """Tried too often today: only a person helps."""


class TooOftenError(LockedError):
    """Too many requests from one place in an hour, whoever they say they are; `seconds` later one more is taken."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


Elsewhere = Callable[[str], Awaitable[Registered | None]]


class FullError(Exception):
    """As many learners as may be are bound already."""


class Identity:
    """Times are in ms. On `passing` channels a proof holds for `SESSION` alone. `elsewhere` says whose a card is that is
    kept on another platform; None where there is no such card, or that cannot be said now."""

    def __init__(
        self, database: Database, vault: Vault, passing: Collection[str], limits: Limits, elsewhere: Elsewhere | None = None
    ) -> None:  # fmt: skip
        self._elsewhere = elsewhere
        self.passing = frozenset(passing)
        self._database = database
        self._vault = vault
        self._limits = limits
        self._nobody = vault.close(msgspec.json.encode(Person("0" * 12, "无名氏", "13800000000", "college")))

    def person(self, channel: str, address: str) -> str:
        """What is kept of somebody's address."""
        return person_digest(self._vault, channel, address)

    def reached(self, channel: str, address: str) -> str:
        """Whoever writes from this address, as tickets keep it."""
        return reached(self._vault, channel, address)

    async def owner(self, channel: str, address: str, now: int, session: str | None = None) -> str:
        """Whose a ticket is, on whatever channel: of the one learner whom somebody has proven to be (for this session, where
        the address proves nothing), else of whoever writes from this address. What residents say of themselves, a number to
        be called back on for one, proves nothing."""
        learner = await self._database.read(lambda t: self.known(t, channel, session or address, now))
        return self.reached(channel, address) if learner is None else of_learner(self._vault, learner)

    def known(self, transaction: Transaction, channel: str, address: str, now: int) -> int | None:
        """The one learner whom somebody has proven to be, for themselves; None where they are nobody, or several."""
        rows = identity.bound(transaction, channel, self.person(channel, address), now, self.since(channel, now))
        own = [row.learner.id for row in rows if row.role == "self"]
        return own[0] if len(own) == 1 else None

    def talks(self, transaction: Transaction, person: str, near: Iterable[int], now: int) -> set[int]:
        """The conversations in which whoever writes is at this moment proven to be the learner whom tickets keep as `person`,
        beside those of these tickets, which are `near`."""
        learner = self._learner(transaction, person, near)
        return {talk.id for talk in self._talks_of(transaction, learner, now)} if learner is not None else set()

    async def others(self, channel: str, address: str, now: int, session: str | None) -> list[ConversationRow] | None:
        """The other conversations of whoever writes here, the newest first; None where it is not proven who that is."""

        def look(transaction: Transaction) -> list[ConversationRow] | None:
            learner = self.known(transaction, channel, session or address, now)
            if learner is None:
                return None
            found = self._talks_of(transaction, learner, now)
            found = [each for each in found if (each.channel, each.address) != (channel, address)]
            return sorted(found, key=lambda each: each.updated_at, reverse=True)

        return await self._database.read(look)

    def _talks_of(self, transaction: Transaction, learner: int, now: int) -> list[ConversationRow]:
        places = set(identity.places(transaction, learner))
        theirs = (each for each in places if self.known(transaction, *each, now) == learner)
        found = (conversations.find(transaction, *place) for place in theirs)
        return [talk for talk in found if talk is not None]

    def _learner(self, transaction: Transaction, person: str, near: Iterable[int]) -> int | None:
        """Who it is, as the digest says: most likely one who has proven it where the ticket is, however long ago; else whoever
        has proven it anywhere."""
        talks = [talk for id in near if (talk := conversations.get(transaction, id)) is not None]
        if any(self.reached(talk.channel, talk.address) == person for talk in talks):
            return None
        there = (
            identity.proven_at(transaction, each.channel, self.person(each.channel, each.address)) for each in talks
        )
        among = itertools.chain(itertools.chain.from_iterable(there), identity.proven(transaction, person))
        return next((id for id in among if of_learner(self._vault, id) == person), None)

    def claim(self, transaction: Transaction, channel: str, address: str, now: int) -> None:
        """The open ticket of a talk in which nobody had proven anything is theirs who now have."""
        talk = conversations.find(transaction, channel, address)
        learner = self.known(transaction, channel, address, now)
        if talk is not None and talk.ticket and learner is not None:
            was, becomes = self.reached(channel, address), of_learner(self._vault, learner)
            tickets.proven(transaction, talk.ticket, was, becomes, now)

    def since(self, channel: str, now: int) -> int:
        """When somebody must have proven it on a channel for it to hold now."""
        return now - SESSION if channel in self.passing else 0

    async def bound(self, channel: str, address: str, now: int, since: int = 0) -> list[Bound]:
        """The learners for whom somebody may ask, as proven since then."""
        person = self.person(channel, address)
        rows = await self._database.read(lambda t: identity.bound(t, channel, person, now, since))
        return [self._shown(row.learner, row.role, row.scope) for row in rows]

    def _shown(self, row: LearnerRow, role: str = "self", scope: str = "all") -> Bound:
        person = self._opened(row.body)
        return Bound(row.id, person.masked, person.card[-4:], row.status == "lost", role, scope)

    def _opened(self, body: bytes) -> Person:
        return msgspec.json.decode(self._vault.open(body), type=Person)

    async def shown(self, learner: int) -> Bound | None:
        """A learner as far as may be shown."""
        row = await self._database.read(lambda t: identity.get(t, learner))
        return self._shown(row) if row is not None else None

    async def on_phone(self, phone: str) -> list[int]:
        """The learners with this telephone on file. Who writes from it has proven nothing by that."""
        digest = self._vault.digest("phone", phone)
        return await self._database.read(lambda t: identity.by_phone(t, digest))

    async def phone(self, learner: int) -> str | None:
        """The telephone on file."""
        row = await self._database.read(lambda t: identity.get(t, learner))
        return self._opened(row.body).phone if row is not None and row.status != "void" else None

    async def agree_to_notices(self, learner: int, given: bool, words: str, now: int) -> None:
        """Writes down, for every kind of notice, whether a learner wants them."""
        digest = self._vault.digest("words", words)

        def work(transaction: Transaction) -> None:
            for purpose in PURPOSES:
                identity.agree(transaction, NewConsent("learner", str(learner), purpose, "1", digest, given, now))

        await self._database.write(work)

    async def card(self, learner: int) -> str | None:
        """The card's number."""
        return await self._database.read(lambda t: registering.card(t, self._vault, learner))

    def school(self, body: bytes) -> str:
        """The school that an encrypted record names."""
        return self._opened(body).school

    # -- with a code

    async def request_code(self, channel: str, address: str, card: str, now: int, origin: str = "") -> None:
        """Sends a code to the telephone on file, if the card is one. Raises `LockedError` for what the resident did, never
        for what the card is. `origin` is the network address where one is known."""
        if (wait := self._limits.take(*self._limits.from_(CARDS_FROM, origin))) > 0:
            raise TooOftenError(wait)
        person, digest = self.person(channel, address), self._vault.digest("card", card)
        code = f"{secrets.randbelow(1_000_000):06d}"
        found = None
        if self._elsewhere is not None:  # asked for every card, so that the time tells nothing of any
            await self._database.read(lambda t: self._check_lock(t, channel, person, now))
            found = await self._elsewhere(card)

        def work(transaction: Transaction) -> bool:
            self._check_lock(transaction, channel, person, now)
            if found is not None:
                registering.follow(transaction, self._vault, found)
            row = identity.by_card(transaction, digest)
            on_file = self._opened(row.body if row else self._nobody)
            usable = row is not None and row.status != "void" and not row.minor
            phone = self._vault.digest("phone", on_file.phone if usable else f"none {card}")
            transaction.alone(f"code {phone}")
            often = codes.sent_to(transaction, phone, now - HOUR) >= HOURLY
            often = codes.sent_to(transaction, phone, now - DAY) >= DAILY or often
            send = usable and not often
            body = self._vault.close(msgspec.json.encode(Code(on_file.phone, code)))
            learner, proof = row.id if row and send else None, self._vault.digest("code", f"{person} {code}")
            codes.ask_code(transaction, NewCode(channel, person, digest, phone, learner, proof, body, now))
            cards, _, _ = codes.tried_by(transaction, person, now - DAY)
            if cards == CARDS:
                conversations.audited(
                    transaction, f"{channel} {person[:8]}", "many_cards_asked", "identity", str(cards), now
                )
            return True

        await self._database.write(work)

    def _check_lock(self, transaction: Transaction, channel: str, person: str, now: int) -> None:
        cards, wrong, _ = codes.tried_by(transaction, person, now - DAY)
        if cards >= CARDS or wrong >= WRONG:
            raise LockedError

    async def confirm(self, channel: str, address: str, code: str, now: int, consent: tuple[str, str]) -> Bound | None:
        """Binds whom the code was sent for; None for a wrong, old or used one. `consent` is the version of what was agreed
        to, and the words. Raises `LockedError` and `FullError`."""
        person = self.person(channel, address)

        def work(transaction: Transaction) -> Bound | None:
            self._check_lock(transaction, channel, person, now)
            asked = codes.last_code(transaction, channel, person, now - CODE_LASTS)
            if asked is None or asked.tries >= TRIES:
                return None
            right = hmac.compare_digest(asked.digest, self._vault.digest("code", f"{person} {code}"))
            if not right or asked.learner is None:
                codes.tried(transaction, asked.id, asked.tries + 1)
                return None
            codes.used(transaction, asked.id)
            new = NewBinding(channel, person, address, asked.learner, "code", now, Grant())
            return self._bind(transaction, new, consent)

        return await self._database.write(work)

    def _bind(self, transaction: Transaction, new: NewBinding, consent: tuple[str, str]) -> Bound | None:
        row = identity.get(transaction, new.learner)
        if row is None:
            return None
        if new.channel in self.passing:
            identity.end_sessions(transaction, new.channel, new.person, new.at - SESSION)
        if not identity.bind(transaction, new, MOST):
            raise FullError
        identity.keep_digest(transaction, new.learner, of_learner(self._vault, new.learner))
        version, words = consent[0], self._vault.digest("words", consent[1])
        identity.agree(transaction, NewConsent(new.channel, new.person, "bind", version, words, True, new.at))
        about = f"{new.channel} {new.grant.role}"
        conversations.audited(transaction, new.by, "identity.bound", f"learner {new.learner}", about, new.at)
        self.claim(transaction, new.channel, new.address, new.at)
        return self._shown(row, new.grant.role, new.grant.scope)

    async def codes(self, now: int) -> list[Code]:
        """What has to be sent as text, and is still good."""
        rows = await self._database.read(lambda t: codes.last_codes(t, now - CODE_LASTS))
        return [msgspec.json.decode(self._vault.open(row.body), type=Code) for row in rows]

    async def code(self, request: int) -> tuple[Code, int] | None:
        """The text that was asked for, and when it is too late (ms); None where none has to leave."""
        row = await self._database.read(lambda t: codes.open_code(t, request))
        if row is None:
            return None
        return msgspec.json.decode(self._vault.open(row.body), type=Code), row.at + CODE_LASTS

    # -- at the counter

    async def invite(self, card: str, by: str, now: int, grant: Grant = Grant()) -> tuple[str, str] | None:  # noqa: B008
        """A scene to be scanned within five minutes, after somebody has checked in person who they are, and by what one
        asks later whether it was; None where there is no such card, or nobody but a guardian speaks for it."""
        scene, digest = secrets.token_hex(16), self._vault.digest("card", card)
        id = self._vault.digest("scene", scene)

        def work(transaction: Transaction) -> tuple[str, str] | None:
            row = identity.by_card(transaction, digest)
            if row is None or row.status == "void" or (row.minor and grant.role != "guardian"):
                return None
            codes.invite(transaction, id, row.id, by, now + INVITATION_LASTS, grant)
            conversations.audited(transaction, by, "identity.invited", f"learner {row.id}", grant.role, now)
            return scene, id

        return await self._database.write(work)

    async def is_accepted(self, id: str) -> bool:
        return await self._database.read(lambda t: codes.is_accepted(t, id))

    async def accept(self, scene: str, channel: str, address: str, now: int, consent: tuple[str, str]) -> Bound | None:
        """Binds whoever scanned it first; the same one again gets the same answer. Raises `FullError`."""
        person, digest = self.person(channel, address), self._vault.digest("scene", scene)

        def work(transaction: Transaction) -> Bound | None:
            found = codes.accept(transaction, digest, person, now)
            if found is None:
                return None
            learner, by, grant = found
            known = identity.bound(transaction, channel, person, now)
            if again := next((row for row in known if row.learner.id == learner), None):
                return self._shown(again.learner, again.role, again.scope)
            return self._bind(transaction, NewBinding(channel, person, address, learner, by, now, grant), consent)

        return await self._database.write(work)

    # -- ending it

    async def unbind(self, channel: str, address: str, why: str, now: int) -> None:
        """Forgets who somebody is, and what they agreed to."""
        person = self.person(channel, address)
        await self._database.write(lambda t: forget(t, channel, person, why, now))

    async def sleep(self, channel: str, address: str, asleep: bool) -> None:
        """Somebody has left the channel, or is there again: meanwhile a binding means nothing."""
        person = self.person(channel, address)
        await self._database.write(lambda t: identity.sleep(t, channel, person, asleep))


def person_digest(vault: Vault, channel: str, address: str) -> str:
    """Somebody on a channel, as bindings and consents keep it."""
    return vault.digest(f"person {channel}", address)


def reached(vault: Vault, channel: str, address: str) -> str:
    """Whoever writes from an address, as tickets keep it; nothing leads back."""
    return vault.digest("reached", f"{channel}\n{address}")[:16]


def of_learner(vault: Vault, learner: int) -> str:
    """A learner who has proven it, as tickets keep it."""
    return vault.digest("learner", str(learner))[:16]


def forget(transaction: Transaction, channel: str, person: str, why: str, now: int) -> None:
    """Takes back bindings and consent of somebody."""
    identity.unbind(transaction, channel, person)
    identity.agree(transaction, NewConsent(channel, person, "bind", "", "", False, now))
    conversations.audited(transaction, f"{channel} {person[:8]}", why, "identity", "", now)


def is_card(text: str) -> bool:
    """Whether it can be a card's number."""
    return len(text) == 12 and text.isascii() and text.isdigit() and check_digit(text[:-1]) == text[-1]
