"""Which notices there are, and their words: about enrolments, tomorrow's lessons, points that lapse."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from accounts.bank import Bank
from accounts.enrolment import Turned
from bot.notices import Notices
from bot.texts import Texts
from knowledge.catalogue import TrainingClass, is_written
from knowledge.hours import day_in_words, weekdays
from knowledge.library import Library
from knowledge.sessions import Calendar
from store import enrolments
from store.database import Database
from store.notices import NewNotice
from store.transaction import Transaction
from store.units import DAY

REMINDS = 18  # o'clock on the day before a lesson
TOGETHER = 500
WEEK = 7 * DAY


class Tellings:
    """`tell` is called within the transaction that is the reason; `work` finds what is told because of the day."""

    def __init__(
        self, notices: Notices, texts: Texts, library: Library, database: Database, zone: ZoneInfo,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._notices = notices
        self._texts = texts
        self._library = library
        self._database = database
        self._zone = zone
        self._clock = clock

    def tell(self, transaction: Transaction, learner: int, turned: Turned, now: int) -> None:
        """How an enrolment went on."""
        group, until = turned.group, turned.until
        calendar = self._library.calendar
        found = calendar.classes.get(group)
        values = (
            self._values(calendar, found, now)
            if found
            else dict.fromkeys(("first", "next", "last", "times", "place"), "") | {"group": group}
        )
        if until is not None:
            values["until"] = self._moment(until)
        reply = self._texts.reply("zh", f"notice.{turned.what}", **values)
        key = f"{turned.what}:{learner}:{turned.key}"
        self._notices.owe(transaction, NewNotice(learner, "enrolment", key, until or now + WEEK), reply, now)

    def _values(self, calendar: Calendar, group: TrainingClass, now: int) -> dict[str, str]:
        following = calendar.following(group.id, datetime.fromtimestamp(now / 1000, self._zone))
        first, last = calendar.first(group.id), calendar.last(group.id)
        return {
            "group": group.name, "first": day_in_words(first, "zh"),
            "next": day_in_words(following[0] if following else last, "zh"), "last": day_in_words(last, "zh"),
            "times": f"{weekdays(group.days, 'zh')} {group.starts}—{group.ends}",
            "place": _where(calendar, group),
        }  # fmt: skip

    def _moment(self, at: int) -> str:
        found = datetime.fromtimestamp(at / 1000, self._zone)
        return f"{day_in_words(found.date(), 'zh')}{found:%H:%M}"

    async def work(self) -> None:
        """One round of the worker."""
        await self.remind(int(self._clock() * 1000))

    async def remind(self, now: int) -> int:
        """Owes what there is to be said of tomorrow's lessons; how much that was."""
        at = datetime.fromtimestamp(now / 1000, self._zone)
        if at.hour < REMINDS:
            return 0
        tomorrow = at.date() + timedelta(days=1)
        owed, calendar = 0, self._library.calendar
        for group in calendar.classes.values():
            if tomorrow in calendar.days(group.id):
                owed += await self._database.write(partial(self._lesson, calendar, group, tomorrow, now))
        return owed

    def _lesson(self, calendar: Calendar, group: TrainingClass, day: date, now: int, transaction: Transaction) -> int:
        starts = datetime.fromisoformat(f"{day.isoformat()}T{group.starts}").replace(tzinfo=self._zone)
        until = int(starts.timestamp() * 1000)
        where = _where(calendar, group)
        reply = self._texts.reply("zh", "notice.lesson", group=group.name, time=group.starts, place=where)
        rows = enrolments.in_state(transaction, group.id, "admitted")
        owed = [NewNotice(row.learner, "class", f"lesson:{group.id}:{day}:{row.learner}", until) for row in rows]
        return sum(self._notices.owe(transaction, new, reply, now) for new in owed)

    async def points(self, bank: Bank, learners: list[int], today: date, now: int) -> int:
        """Owes the word about points that lapse within a month, once for each lapse; how many."""

        def work(transaction: Transaction) -> int:
            owed = 0
            for learner in learners:
                found = bank.lapsing_now(transaction, learner, today)
                if found is not None and found[1] - today <= timedelta(days=31):
                    reply = self._texts.reply("zh", "notice.points", points=found[0], day=day_in_words(found[1], "zh"))
                    new = NewNotice(learner, "points", f"points:{learner}:{found[1]}", now + 2 * WEEK)
                    owed += self._notices.owe(transaction, new, reply, now)
            return owed

        return await self._database.write(work)


def _where(calendar: Calendar, group: TrainingClass) -> str:
    place = calendar.catalogue.organisations.get(group.organisation)
    return (place.name if place else "") + (group.room if is_written(group.room) else "")
