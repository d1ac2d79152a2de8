"""The simulation's checker, and what residents of the official account have on their screens."""

from collections import Counter
from collections.abc import Sequence

from daoxue.app import App
from store import outbox, queue
from store.queue import HELD
from tests.faults.people import Follower
from tests.simulation.checking import Checker
from tests.simulation.page import Stage
from tests.simulation.people import People


class HouseChecker(Checker):
    """`twice` is what came more than once where nobody could know that it had come: WeChat tells nothing of what it has."""

    def __init__(
        self, world: Stage, app: App, people: People, followers: Sequence[Follower], unheard: Sequence[str], *, died: bool
    ) -> None:  # fmt: skip
        """`unheard` is what WeChat was asked for and did not say that it has done, `died` whether a process has."""
        super().__init__(world, app, people)
        self.twice = 0
        self._followers = followers
        self._unheard = unheard
        self._died = died

    def all(self) -> None:
        super().all()
        for each in self._followers:
            self._follower(each)

    def _follower(self, follower: Follower) -> None:
        id, talk = self._talk("wechat", follower.who.openid)
        self._accepted(follower.name, follower.said, talk, id, prefix="mid:")
        screen = "\n".join(each.text for each in follower.who.seen)
        waits = self._look(
            lambda t: [row for row in outbox.owed(t, id) if row.due_at == HELD]
        )  # until they write again
        for each in talk:
            if each.author == "seat" and not any(row.first_seq <= each.seq <= row.last_seq for row in waits):
                times = screen.count(each.message.reply.text)
                unheard = sum(each.message.reply.text in asked for asked in self._unheard)
                self.twice += max(0, times - 1)
                if times < 1:
                    self._wrong(f"{follower.name}: {each.message.re} of a seat never came")
                if times > 1 + unheard and not self._died:
                    self._wrong(
                        f"{follower.name}: {each.message.re} of a seat came {times} times, {unheard} of them unheard, and"
                        " nothing had died"
                    )

    def _nothing_left(self) -> None:
        """But for what waits until a resident of WeChat writes again."""
        for row in self._look(lambda t: queue.due(t, HELD - 1, 1000)):
            self._wrong(f"queue: {row.kind} {row.key} is still there, {row.outcome}")
        given_up = Counter(row.outcome for row in self._look(lambda t: queue.given_up(t, 1000)))
        if given_up:
            self._wrong(f"queue: given up: {dict(given_up)}")
