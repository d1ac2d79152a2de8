"""What an entry leaves behind, told before it is taken out."""

from datetime import timedelta

from msgspec import Struct

from desk.api.answers import Answering
from desk.api.given import TheDatabase, TheEditing, Today
from desk.api.guard import Language
from desk.api.knowledge import USED_DAYS, Reviewer
from store import usage

router = Answering(tags=["知识 knowledge"])


class OnceGone(Struct, frozen=True):
    """A sentence each."""

    told: list[str]


@router.get("/knowledge/entries/{id}/once-gone")
async def once_gone(
    id: str, seat: Reviewer, editing: TheEditing, database: TheDatabase, today: Today, language: Language
) -> OnceGone:
    """What residents hear once an entry is not said any more, and what leads to it."""
    used = await database.read(lambda t: usage.since(t, str(today - timedelta(days=USED_DAYS))))
    said, _, _ = used.get(id, (0, 0, 0))
    return OnceGone([each.told(language) for each in await editing.once_gone(id, said, today)])
