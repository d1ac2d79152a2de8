"""How often each entry answers, and how that is taken: thanks after it, or a person asked for; how often each standard
question (`faq/<id>`) is asked, answered or not. Figures for editors, not
facts that anything rests on: counted in memory, written every few seconds, and some may be lost when a process dies."""

from collections import Counter
from collections.abc import Mapping

from prometheus_client import Counter as Figure

from bot.turn import Turn
from nlu.questions import FAQ
from store import usage
from store.database import Database
from store.transaction import Transaction

ENDS = ("handed_over", "asked_back", "refused", "silent", "answered")
TURNS = Figure(
    "daoxue_turns", "Messages of residents, by what became of them; refused are those that found no answer", ["ended"]
)
_TURNS = {each: TURNS.labels(each) for each in ENDS}
CONTENT = {"thanks", "acknowledge", "goodbye"}


def ended(turn: Turn) -> str:
    """What became of a message: one of `ENDS`."""
    facts = (turn.handover is not None, turn.asked_back, turn.unanswered, not turn.said)
    return next((end for end, holds in zip(ENDS, facts, strict=False) if holds), ENDS[-1])


def of_standard(used: Mapping[str, tuple[int, int, int]], id: str) -> tuple[int, int]:
    """How often a standard question was answered, and asked in vain, of `store.usage.since`."""
    said, _, failed = used.get(FAQ + id, (0, 0, 0))
    return said, failed


class Usage:
    """`flush` writes what `count` has counted: by the day of the turn, the entry or question, and what was counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: Counter[tuple[str, str, str]] = Counter()

    def count(self, turn: Turn) -> None:
        """A turn that was committed."""
        _TURNS[ended(turn)].inc()
        task, before, day = turn.task, turn.entry_before, turn.now.date().isoformat()
        if task.intent == "entry" and (entry := task.slots.get("entry")):
            self._counted[day, entry, "said"] += 1
            if (found := turn.library.entries.get(entry)) and (question := turn.library.asks(found)):
                self._counted[day, FAQ + question.id, "said"] += 1
        for standard, answered in turn.standards.items():
            self._counted[day, FAQ + standard, "said" if answered else "failed"] += 1
            if answered:
                self._counted[day, answered, "said"] += 1
        if before is not None and task.intent in CONTENT:
            self._counted[day, before, "helped"] += 1
        elif before is not None and (turn.handover is not None or turn.unanswered):
            self._counted[day, before, "failed"] += 1

    async def flush(self) -> None:
        counted, self._counted = self._counted, Counter()
        if not counted:
            return

        def work(transaction: Transaction) -> None:
            for day, entry in {(day, entry) for day, entry, _ in counted}:
                said, helped, failed = (counted[day, entry, what] for what in ("said", "helped", "failed"))
                usage.add(transaction, entry, day, said, helped, failed)

        await self._database.write(work)
