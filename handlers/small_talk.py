"""Courtesies, what we are, and what is not ours."""

from bot.turn import Turn


async def greeting(turn: Turn) -> None:
    turn.say("greeting")
    await _menu_offers(turn)


async def welcome(turn: Turn) -> None:
    """Somebody has just come: who we are, and what becomes of what they write."""
    turn.say("welcome")
    await _menu_offers(turn)


async def cannot_read(turn: Turn) -> None:
    """A voice message, a picture, a film: said kindly, with what works instead."""
    turn.say("cannot_read.voice" if turn.get("kind") == "voice" else "cannot_read")


async def menu(turn: Turn) -> None:
    turn.say("menu")
    await _menu_offers(turn)


async def _menu_offers(turn: Turn) -> None:
    for intent in ("find_class", "balance", "site_hours"):
        turn.offer(turn.line(f"label.{intent}"), intent)


async def who_are_you(turn: Turn) -> None:
    turn.say("who_are_you")
    await _menu_offers(turn)


async def thanks(turn: Turn) -> None:
    """One satisfaction question in a talk, never a second."""
    turn.say("thanks" if turn.state.thanked else "thanks_first")
    turn.state.thanked = True


async def rate_service(turn: Turn) -> None:
    """The answer to the one question after a ticket is closed; it comes as a choice, never from words alone."""
    ref, stars = turn.get("ticket"), turn.get("stars")
    if ref is None or stars is None:
        turn.say("acknowledge")
        return
    turn.rating = ref, int(stars)
    turn.say("rated.low" if int(stars) <= 2 else "rated")
    if int(stars) <= 2:
        turn.offer(turn.line("label.human"), "human")


async def goodbye(turn: Turn) -> None:
    turn.say("goodbye")


async def acknowledge(turn: Turn) -> None:
    turn.say("acknowledge")


async def smalltalk(turn: Turn) -> None:
    turn.say("smalltalk")


async def cancelled(turn: Turn) -> None:
    if turn.state.tasks:
        turn.state.tasks.pop()
    turn.say("cancelled")


async def other_office(turn: Turn) -> None:
    """Not ours: whom to ask instead."""
    office = turn.catalogue.offices.get(turn.get("matter") or "city")
    if office is None:
        turn.say("unrelated")
        return
    turn.say("other_office", office=office.name, phone=office.phone)


async def advice(turn: Turn) -> None:
    """What a doctor, a lawyer or a bank is asked: never answered by us, always with who does."""
    turn.say("advice")


async def unrelated(turn: Turn) -> None:
    if turn.get("matter"):
        await other_office(turn)
    else:
        turn.say("unrelated")
