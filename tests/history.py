"""What the history alone must show, whatever happened: used after every wild test."""

from typing import cast

from desk.opening import Opened
from store.ticket_events import TicketOpened, after, begun
from store.ticket_rows import TicketRow
from store.tickets import EventRow


def folded(events: list[EventRow], body: bytes) -> TicketRow:
    """What a ticket is, from its events alone."""
    first, *rest = events
    assert isinstance(first.happened, TicketOpened)
    row = begun(first.happened, first.at, body)
    for event in rest:
        row = after(row, event.happened, event.actor, event.at)
    return row


def untold(whole: Opened) -> list[int]:
    """The numbers of what a resident said while the ticket was open, of which it knows nothing."""
    said = [each.seq for each in whole.messages if each.author == "resident"]
    found = list[int]()
    known: int | None = None  # the last number that it knows of
    is_open = True
    for event in whole.events:
        data = event.data
        match event.kind:
            case "opened" if data["conversation"] == whole.ticket.conversation:
                known = cast(int, data["seq"])
            case "moved":
                known = None  # to a talk with other numbers
            case "closed" | "handed_back" | "merged":
                known, is_open = None, False
            case "reopened":
                is_open = True
            case "said" if is_open and data.get("conversation", 0) in (0, whole.ticket.conversation):
                first, last = cast(int, data.get("first", data["seq"])), cast(int, data["seq"])
                found += [seq for seq in said if known is not None and known < seq < first]
                known = max(known or 0, last)
    return found


def check(whole: Opened) -> None:
    """One owner at a time; no sentence of the bot while a seat has it; no sentence of a seat that has it not; the
    messages numbered without gaps; the row the sum of the events; the stars asked for once and after the end."""
    owner: str | None = None
    asked = 0
    for event in whole.events:
        data = event.data
        match event.kind:
            case "taken":
                assert owner is None or data["from"] == owner, "taken from the one who had it, or from nobody"
                owner = event.actor
            case "returned" | "transferred" | "closed" | "handed_back" | "merged":
                owner = None
            case "said" if data["by"] == "seat":
                assert event.actor == owner, "only who has it answers"
            case "said" if data["by"] == "resident" and owner is not None:
                assert data["seq"] == data["first"], "the bot is silent while a seat has it"
            case "asked":
                asked += 1
            case "reopened":
                asked = 0
    assert owner == whole.ticket.owner
    assert asked <= 1
    numbers = [each.seq for each in whole.messages]
    assert numbers == list(range(1, len(numbers) + 1)), "no message lost, none doubled"
    assert folded(list(whole.events), whole.ticket.body) == whole.ticket
    assert untold(whole) == [], "what is said while it is open is in it"
