"""How things are said, in the language of the talk: days, times, places, a class in one line."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from bot.messages import Card
from bot.turn import Turn
from handlers.eligibility import bears_on_fee, conditions, exemption
from knowledge import hours as in_words
from knowledge.catalogue import UNWRITTEN, Activity, Catalogue, Opening, Organisation, TrainingClass, is_written
from knowledge.hours import Span

_HAN = re.compile("[一-鿿]")
_COMPUTERS = re.compile("电脑|computer", re.IGNORECASE)
STALE_DAYS = 90  # after which hours are given with a request to ring first


_SUBJECT = re.compile(
    r"(?:(?:开不开|教不教|开设?|有没有|有)(?:教|学习?)?|教|学习?)(?P<what>[一-鿿]{2,5}?)(?:方面)?的?(?:(?:培训)?(?:班|课)|培训(?![班课]))"
    r"|(?:想|要|去)学(?:一下|学|习|点|下)?(?P<learnt>[一-鿿]{2,4})(?:[,，。!！?？]|$)"
    r"|[教学](?P<taught>[一-鿿]{2,5}?)的(?:有|没|老师|吗|不|[?？]|$)"
    r"|(?:^|[,， ])(?P<name>[一-鿿]{2,4}?)(?:[那这]种|[那这]类|之类的?|的)?(?:课|班)?[,， ]?(?:教不教|开不开|有没有|有不有?|开吗|教吗|教不)[开教办上]?(?:[?？]|$)"
)
_WHETHER = re.compile("(?:有没有?|有|开不开|开)$")  # 烧烤 of 学烧烤有班吗
_NO_SUBJECT = re.compile(
    r"孩|娃|宝|什么|么子|[哪啥咩乜]|适合|合适|免费|新|近|晚|周|星期|白天|上午|下午|老|人|我|你|他|短期|技能|培训|其|别|便宜|好|没|只|网|线|报|附近|多少|几|学|习|推荐|公益|个|职业|[就创]业|[上转]岗|岗前|专业|农[民村业]|妇女|残疾|[待失]业|[夏冬暑寒]|节|^(?:一?[门点些])?(?:东西|知识|手艺|技术|本事|本领|玩意儿?)$"
)


def subject(folded: str) -> str | None:
    """What a message wants to be taught, where it is nothing that the catalogue has a name for: 有没有钢琴课."""
    match = _SUBJECT.search(folded)
    what = _WHETHER.sub("", next(filter(None, match.groups()), "")) if match else ""
    return what if len(what) > 1 and not _NO_SUBJECT.search(what) else None


def _in_english(turn: Turn) -> bool:
    return turn.state.lang == "en"


def day(value: date, turn: Turn) -> str:
    """11月25日（周三）, Wednesday 25 November; with the word for days that are near."""
    near = (
        ("today, ", "tomorrow, ", "the day after tomorrow, ") if _in_english(turn) else ("今天，", "明天，", "后天，")
    )
    word = dict(enumerate(near)).get((value - turn.today).days, "")
    return f"{word}{in_words.day_in_words(value, turn.state.lang)}"


def from_to(turn: Turn, first: date, last: date) -> str:
    """2月5日（周五）到2月8日; one day alone."""
    said = day(first, turn)
    return said if last == first else turn.line("activity.days", first=said, last=date_alone(last, turn))


def date_alone(value: date, turn: Turn) -> str:
    """11月25日, 25 November."""
    return in_words.date_in_words(value, turn.state.lang)


def iso(value: str, turn: Turn) -> str:
    """2026年10月21日, of a day in ISO 8601; a line where there is none."""
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return "—"
    return (
        f"{date_alone(found, turn)} {found.year}" if _in_english(turn) else f"{found.year}年{date_alone(found, turn)}"
    )


def moment(at: int, turn: Turn) -> str:
    """A moment in ms, as a day and a clock time."""
    found = datetime.fromtimestamp(at / 1000, turn.now.tzinfo)
    between = ", " if _in_english(turn) else ""
    return f"{day(found.date(), turn)}{between}{found:%H:%M}"


def listed(words: Iterable[str], turn: Turn) -> str:
    """书法、国画; calligraphy, painting."""
    return in_words.listed(words, turn.state.lang)


def joined(parts: Iterable[str], turn: Turn) -> str:
    """Clauses in one sentence."""
    return ("; " if _in_english(turn) else "；").join(parts)


def weekdays(days: tuple[int, ...], turn: Turn) -> str:
    """周一、周三; 周一到周五; Monday to Friday."""
    return in_words.weekdays(days, turn.state.lang)


def spans(found: Iterable[Span], turn: Turn) -> str:
    """08:30—12:00、14:00—17:30."""
    return in_words.spans_in_words(found, turn.state.lang)


def hours(openings: tuple[Opening, ...], turn: Turn) -> str:
    """周一到周五 08:30—12:00、14:00—17:30，周六 09:00—16:00; that they are not on record where they are not."""
    return in_words.week_in_words(openings, turn.state.lang) if openings else UNWRITTEN


def place(organisation: str, catalogue: Catalogue) -> str:
    found = catalogue.organisations.get(organisation)
    return found.name if found else ""


def facilities(place: Organisation, turn: Turn) -> str:
    """What it has, and how many computers where those words do not name them."""
    if not place.computers or _COMPUTERS.search(place.facilities):
        return place.facilities
    computers = turn.line("site.computers", count=place.computers)
    return listed((computers, place.facilities), turn) if is_written(place.facilities) else computers


def room(group: TrainingClass, turn: Turn) -> str:
    """Where a class is: the place, and the room there where that is on record."""
    between = ", " if _in_english(turn) else ""
    inside = f"{between}{group.room}" if is_written(group.room) else ""
    return f"{place(group.organisation, turn.catalogue)}{inside}"


def fee(group: TrainingClass, turn: Turn) -> str:
    """免费，材料费30元; never a fee that who is spoken of need not pay, nor free for all where it is for some."""
    free = "fee.free_for_some" if bears_on_fee(turn.recorded.classes[group.id]) else "fee.free"
    lesson = turn.line("fee.tuition", fee=group.fee) if group.fee else turn.line(free)
    if group.fee and (exempt := exemption(turn, group)):
        lesson = turn.line("fee.exempt", ground=exempt.ground)
    return turn.line("fee.material", lesson=lesson, fee=group.material_fee) if group.material_fee else lesson


def places(group: TrainingClass, turn: Turn) -> str:
    if group.places:
        return turn.line("places.left", places=group.places)
    return turn.line("places.full", waiting=group.waiting)


def times(group: TrainingClass, turn: Turn) -> str:
    return f"{weekdays(group.days, turn)} {group.starts}—{group.ends}"


def first(group: TrainingClass, turn: Turn) -> str:
    """The day of its first session."""
    return day(turn.calendar.first(group.id), turn)


def last(group: TrainingClass, turn: Turn) -> str:
    """The day of its last session."""
    return day(turn.calendar.last(group.id), turn)


def activity_time(activity: Activity, turn: Turn) -> str:
    days = day(activity.first_day, turn)
    if activity.last_day > activity.first_day:
        days = turn.line("activity.days", first=days, last=date_alone(activity.last_day, turn))
    return turn.line("activity.time", days=days, starts=activity.starts, ends=activity.ends)


def class_line(group: TrainingClass, turn: Turn) -> str:
    """A class in one line of a list."""
    named = "（" in group.name or "(" in group.name or place(group.organisation, turn.catalogue) in group.name
    name = (
        group.name if named else turn.line("class.at", name=group.name, place=place(group.organisation, turn.catalogue))
    )
    return turn.line(
        "class.line", name=name, first=first(group, turn), times=times(group, turn), fee=fee(group, turn),
        places=places(group, turn),
    )  # fmt: skip


def class_card(group: TrainingClass, turn: Turn) -> Card:
    lines = turn.line(
        "class.card", first=first(group, turn), times=times(group, turn), sessions=group.sessions,
        last=date_alone(turn.calendar.last(group.id), turn), place=room(group, turn), teacher=group.teacher, fee=fee(group, turn),
        capacity=group.capacity, places=places(group, turn), eligibility=conditions(group, turn),
        until=date_alone(group.enrol_until, turn), materials=group.materials,
    )  # fmt: skip
    return Card(group.name, tuple(lines.split("\n")))


def sentence(words: str) -> str:
    """With its end, where whoever wrote it left that out; nothing stays nothing."""
    words = words.strip()
    if not words or words[-1] in "。.！!？?；;":
        return words
    return f"{words}{'。' if _HAN.search(words) else '. '}"


def written(words: str) -> str:
    """What is on record; nothing where nothing is."""
    return words if is_written(words) else ""


def clause(words: str) -> str:
    """A sentence to stand within another."""
    return words.rstrip("。.")


def phrase(lines: Iterable[str], turn: Turn) -> str:
    """Lines as sentences, for the ear."""
    return (". " if _in_english(turn) else "。").join(map(clause, lines))


def source(organisation: Organisation, turn: Turn) -> str:
    return turn.line("source.place", place=organisation.name, day=organisation.checked_on)
