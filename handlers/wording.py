"""How things are said: days, times, places, a class in one line."""

import re
from datetime import date, datetime

from bot.messages import Card
from bot.turn import Turn
from handlers.eligibility import exemption
from knowledge.catalogue import Activity, Catalogue, Opening, Organisation, TrainingClass
from knowledge.hours import WEEKDAYS, week_in_words, weekdays

STALE_DAYS = 90  # after which hours are given with a request to ring first


_SUBJECT = re.compile(
    r"(?:(?:开设?|有没有|有)(?:教|学习?)?|教|学习?)(?P<what>[一-鿿]{2,5}?)(?:方面)?的?(?:培训)?(?:班|课)"
    r"|(?:想|要|去)学(?:一下|学|习|点|下)?(?P<learnt>[一-鿿]{2,4})(?:[,，。!！?？]|$)"
)
_NO_SUBJECT = re.compile(
    r"什么|哪|啥|适合|合适|免费|新|近|晚|周|星期|白天|上午|下午|老|人|我|你|他|短期|技能|培训|其|别|便宜|好|没|网|线|报|附近|多少|几|学|习|推荐|公益|个"
)


def subject(folded: str) -> str | None:
    """What a message wants to be taught, where it is nothing that the catalogue has a name for: 有没有钢琴课."""
    match = _SUBJECT.search(folded)
    what = (match["what"] or match["learnt"]) if match else ""
    return what if what and not _NO_SUBJECT.search(what) else None


def day(value: date, today: date) -> str:
    """11月25日（周三）, with the word for days that are near."""
    near = {0: "今天", 1: "明天", 2: "后天"}.get((value - today).days, "")
    return f"{near}{'，' if near else ''}{value.month}月{value.day}日（周{WEEKDAYS[value.weekday()]}）"


def iso(value: str) -> str:
    """10月21日, of a day in ISO 8601; a line where there is none."""
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return "—"
    return f"{found.year}年{found.month}月{found.day}日"


def moment(at: int, turn: Turn) -> str:
    """A moment in ms, as a day and a clock time."""
    found = datetime.fromtimestamp(at / 1000, turn.now.tzinfo)
    return f"{day(found.date(), turn.today)}{found:%H:%M}"


def hours(openings: tuple[Opening, ...]) -> str:
    """周一到周五 08:30—12:00、14:00—17:30，周六 09:00—16:00."""
    return week_in_words(openings)


def place(organisation: str, catalogue: Catalogue) -> str:
    found = catalogue.organisations.get(organisation)
    return found.name if found else ""


def fee(group: TrainingClass, turn: Turn) -> str:
    """免费，材料费30元; never a fee that who is spoken of need not pay."""
    free = exemption(turn) if group.fee else None
    lesson = turn.line("fee.exempt", ground=free[0]) if free else f"学费{group.fee}元" if group.fee else "免费"
    return f"{lesson}，材料费{group.material_fee}元" if group.material_fee else lesson


def places(group: TrainingClass) -> str:
    if group.places:
        return f"还有{group.places}个名额"
    return f"已报满，候补{group.waiting}人"


def times(group: TrainingClass) -> str:
    return f"{weekdays(group.days)} {group.starts}—{group.ends}"


def activity_time(activity: Activity, turn: Turn) -> str:
    last = f"到{activity.last_day.month}月{activity.last_day.day}日" if activity.last_day > activity.first_day else ""
    return f"{day(activity.first_day, turn.today)}{last} {activity.starts}—{activity.ends}"


def class_line(group: TrainingClass, turn: Turn) -> str:
    """A class in one line of a list."""
    return f"{group.name}：{day(group.opens_on, turn.today)}开课，{times(group)}，{fee(group, turn)}，{places(group)}"


def class_card(group: TrainingClass, turn: Turn) -> Card:
    lines = (
        f"时间：{day(group.opens_on, turn.today)}开课，{times(group)}，共{group.sessions}次课，{group.session_days[-1].month}月{group.session_days[-1].day}日结束",
        f"地点：{place(group.organisation, turn.catalogue)}{group.room}",
        f"老师：{group.teacher}",
        f"费用：{fee(group, turn)}",
        f"名额：{group.capacity}人，{places(group)}",
        f"对象：{group.eligibility}",
        f"报名：{group.enrol_until.month}月{group.enrol_until.day}日截止，带{group.materials}",
    )
    return Card(group.name, lines)


def source(organisation: Organisation) -> str:
    return f"{organisation.name}登记信息，{organisation.checked_on}核对"
