"""Whose affairs a resident may ask about: the one step before anything personal, the same on every channel."""

import re

from accounts.identity import Bound as Bound
from accounts.identity import FullError, LockedError, is_card
from bot.messages import Card, Reply
from bot.turn import Turn
from handlers.slots import CARD, CODE, LEARNER, TYPED_CARD

AGREEMENT = ("1", "ask.card_typed")  # version and text of what one agrees to by giving the card's number
TRIES = 3
_CODE = re.compile(r"[0-9]{6}")


async def whose(turn: Turn, *, acts: bool = False) -> Bound | None:
    """The learner that the resident has proven to be, and of several the one that is meant; None where it is nobody yet,
    and that was said with the way to it. Who only may look is told so where something is to be done."""
    bound = await bound_now(turn)
    if not bound:
        return await _prove(turn)
    chosen = await _chosen(turn, bound)
    if acts and not chosen.acts:
        turn.say("proxy.looks", name=chosen.name)
        turn.suggest("human")
        return None
    return chosen


def provable(turn: Turn) -> bool:
    """Whether one can prove here who one is."""
    proof = turn.accounts.proof(turn.inbound.channel)
    return proof.typed or bool(proof.page) or (proof.keyed and bool(turn.inbound.session))


async def bound_now(turn: Turn) -> list[Bound]:
    """Everybody for whom the resident may ask at this moment: on some channels proven for a quarter of an hour."""
    inbound, identity = turn.inbound, turn.accounts.identity
    address = inbound.session or inbound.address
    return await identity.bound(inbound.channel, address, inbound.at, identity.since(inbound.channel, inbound.at))


async def _chosen(turn: Turn, bound: list[Bound]) -> Bound:
    if len(bound) == 1:
        return bound[0]
    chosen = next((each for each in bound if str(each.id) == turn.get("learner")), None)
    if chosen is None:
        turn.task.slots.pop("learner", None)
        for each in bound:
            turn.offer(turn.line("label.learner", name=each.name, tail=each.tail), learner=str(each.id))
        await turn.ask(LEARNER)
        raise AssertionError
    return chosen


async def _prove(turn: Turn) -> Bound | None:
    inbound = turn.inbound
    proof = turn.accounts.proof(inbound.channel)
    if inbound.session is not None and proof.keyed:
        await turn.ask(CARD)
    if proof.typed:
        return await _typed(turn)
    if proof.page:
        turn.state.proves(inbound.at)
        card = Card(turn.line("bind.title"), (turn.line("bind.lines"),), proof.page)
        turn.tell(Reply(text=turn.line("bind.text"), cards=(card,)))
        return None
    turn.say("personal")
    turn.offer_answer("label.bind_card", "g-bind")
    turn.offer_answer("label.credit_rule", "credit-rule")
    turn.suggest("human")
    return None


async def _typed(turn: Turn) -> Bound | None:
    """The card's number, then the code, each taken out of the message before it is kept."""
    memo, secret = turn.task.memo, turn.secret
    turn.secret = None
    try:
        if "card" not in memo:
            return await _card(turn, secret)
        return await _code(turn, secret)
    except LockedError:
        turn.say("identity.locked")
        turn.suggest("human")
        return None


async def _card(turn: Turn, secret: str | None) -> Bound | None:
    inbound = turn.inbound
    if secret is None:
        await turn.ask(TYPED_CARD)
        return None
    if not is_card(secret):
        return await _again(turn, "identity.no_card")
    await turn.accounts.identity.request_code(inbound.channel, inbound.address, secret, inbound.at, inbound.origin)
    turn.task.memo["card"] = "asked"
    turn.task.memo.pop("wrong", None)
    await turn.ask(CODE)
    return None


async def _code(turn: Turn, secret: str | None) -> Bound | None:
    inbound = turn.inbound
    if secret is None:
        await turn.ask(CODE)
        return None
    version, key = AGREEMENT
    if is_card(secret):  # another card, or the same once more: a new code
        del turn.task.memo["card"]
        return await _card(turn, secret)
    if _CODE.fullmatch(secret):
        try:
            consent = (version, turn.line(key))
            found = await turn.accounts.identity.confirm(inbound.channel, inbound.address, secret, inbound.at, consent)
        except FullError:
            turn.say("bound.full")
            return None
        if found is not None:
            return found
    return await _again(turn, "identity.no_code")


async def _again(turn: Turn, key: str) -> Bound | None:
    """Says what is wrong and asks once more; after a few times a person helps."""
    wrong = int(turn.task.memo.get("wrong", "0")) + 1
    turn.task.memo["wrong"] = str(wrong)
    if wrong >= TRIES:
        turn.say("identity.give_up")
        await turn.hand_over("identity_failed", skill="credit", topic="credit_lookup")
        return None
    turn.say(key)
    raise turn.waits(CODE if "card" in turn.task.memo else TYPED_CARD)
