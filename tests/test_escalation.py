"""What a site leaves lying goes up the tree: when, counted in the hours of the place that has it, to whom, and who hears it."""

import json
from datetime import datetime, timedelta

from msgspec.structs import replace

from daoxue.app import App
from desk.feed import FeedPage
from desk.hours import DeskSettings
from desk.people import Profile
from store.people import PresenceRow
from store.ticket_events import TicketEscalated
from tests.history import check
from tests.talk import Resident, ten_o_clock

# 枫苑社区 is open until 16:30 on weekdays, 青禾街道, which is above it, until 18:00, but not on Mondays; both from 8:30. The
# college is above them.
SITE, STREET, COLLEGE = "qinghe-1", "qinghe", "college"


class Story:
    """A ticket that somebody opens for the site on the last Wednesday, at half past three; seats of the street and of the
    college are there, and none of the site."""

    def __init__(self, app: App) -> None:
        self.app = app
        ten = datetime.fromtimestamp(ten_o_clock(), app.desk.hours.zone)
        self.wednesday = ten - timedelta(days=(ten.isoweekday() - 3) % 7 or 7)
        self.page = FeedPage("zhang")

    async def begin(self) -> None:
        self.app.desk.hours.follow(DeskSettings())  # not always open, as the other tests have it
        for name, place in (("wu", SITE), ("zhang", STREET), ("li", None)):
            await self.app.desk.people.add(name, "seat", 1, "test", Profile(place=place))
        for name in ("zhang", "li"):
            await self.app.desk.dispatch.come(PresenceRow(name, name, 1, 1 << 60))
        resident = Resident(self.app)
        for text in ("枫苑社区教学站点几点开门", "转人工"):
            said = replace(resident.message(text), at=self.at(0, "15:30"))
            self.ref = (await self.app.inbox.receive(said)).ticket or ""
        await self.app.desk.feed.join(self.page, None)

    def at(self, days: int, clock: str) -> int:
        hour, minute = clock.split(":")
        day = self.wednesday + timedelta(days=days)
        return int(day.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0).timestamp()) * 1000

    async def step(self, now: int) -> tuple[str | None, str | None]:
        """Where the ticket is then, and to whom it is offered."""
        for _ in range(2):  # an offer that runs out in the first is out of the way in the second
            await self.app.desk.dispatch.step(now)
        opened = await self.app.tickets.show(self.ref)
        check(opened)
        return opened.ticket.place, opened.ticket.offered_to

    async def told(self) -> list[str]:
        """Of what is above, and of nothing else, what the page of the street hears."""
        await self.app.desk.feed.look()
        frames = []
        while not self.page.frames.empty():
            frames.append(json.loads(self.page.frames.get_nowait()))
        return [each["ticket"]["place"] for each in frames if each.get("kind") == TicketEscalated.kind]


async def test_it_goes_up_the_tree_until_it_is_at_the_top(either_app: App) -> None:
    story = Story(either_app)
    await story.begin()
    assert await story.step(story.at(0, "15:30")) == (SITE, None), "who is there is not of the site"
    assert await story.step(story.at(1, "09:30") - 1) == (SITE, None), "an hour on Wednesday, not yet one on Thursday"
    assert await story.told() == []
    rang = either_app.live.watch_tickets()
    assert await story.step(story.at(1, "09:30")) == (STREET, "zhang"), "two hours of the site's own"
    assert rang.is_set()
    assert await story.told() == [STREET]
    assert await story.step(story.at(1, "10:00") - 1) == (STREET, "zhang")
    assert await story.told() == []
    assert await story.step(story.at(1, "10:00")) == (COLLEGE, "li"), (
        "four hours of the street's own, which was open later"
    )
    assert await story.told() == [COLLEGE]
    assert (await story.step(story.at(30, "10:00")))[0] == COLLEGE, "nobody is above it"
    happened = [each for each in (await either_app.tickets.show(story.ref)).events if each.kind == TicketEscalated.kind]
    assert [(each.happened, each.actor) for each in happened] == [
        (TicketEscalated(STREET, SITE), "system"), (TicketEscalated(COLLEGE, STREET), "system"),
    ]  # fmt: skip


async def test_what_a_seat_has_stays_with_it(either_app: App) -> None:
    story = Story(either_app)
    await story.begin()
    await either_app.tickets.take(story.ref, "wu", story.at(0, "15:40"))
    assert await story.step(story.at(5, "15:30")) == (SITE, None)
