"""What a date expression means to whoever asks: which days, which part of the day, and what is left out."""

from dataclasses import dataclass
from datetime import date

from nlu.clock import Part


@dataclass(frozen=True, slots=True)
class When:
    """Days `first` to `last`, restricted to `weekdays` (1 is Monday) and to the `part` of the day ("HH:MM" from, to;
    over midnight where that is earlier).

    `fixed` says that certain days were named; otherwise they are the next that fit, and any such weekday is meant.
    `either` joins weekdays and part by "or" (晚上或者周末). Whatever fits one of `without` is not meant (除了周三).
    """

    first: date
    last: date
    weekdays: tuple[int, ...] = ()
    part: Part | None = None
    fixed: bool = True
    either: bool = False
    without: tuple["When", ...] = ()

    def fits(self, day: date, starts: str) -> bool:
        """Whether something that starts then is within."""
        if self.fixed and not self.first <= day <= self.last:
            return False
        in_part = self.part is None or _in_part(self.part, starts)
        on_day = not self.weekdays or day.isoweekday() in self.weekdays
        meant = (in_part or on_day) if self.either else (in_part and on_day)
        return meant and not any(each.fits(day, starts) for each in self.without)

    @property
    def refuses(self) -> bool:
        """Whether it says nothing but when it is not to be."""
        return bool(self.without) and not (self.weekdays or self.part or self.fixed)

    def __str__(self) -> str:
        days = "".join(map(str, self.weekdays))
        part = "-".join(self.part) if self.part else ""
        own = f"{self.first}/{self.last}/{days}/{part}/{'fixed' if self.fixed else 'any'}/{'or' if self.either else ''}"
        return "!".join([own, *map(str, self.without)])

    @staticmethod
    def of(text: str) -> "When":
        """What `str` made of it."""
        own, *without = text.split("!")
        first, last, days, part, fixed, either = own.split("/")
        ends = part.split("-")
        return When(
            date.fromisoformat(first), date.fromisoformat(last), tuple(map(int, days)),
            (ends[0], ends[1]) if part else None, fixed == "fixed", either == "or", tuple(map(When.of, without)),
        )  # fmt: skip


def _in_part(part: Part, starts: str) -> bool:
    begin, end = part
    return begin <= starts < end if begin < end else starts >= begin or starts < end
