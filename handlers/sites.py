"""Places: where, when open, how to reach them, what they have."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from bot.messages import Priority
from bot.slots import NeedsAnswer
from bot.turn import CHOICES, Turn
from handlers import wording
from handlers.distances import by_distance, is_located, metres
from handlers.slots import DAY, HOME, ORG
from knowledge.called import places_by_kind
from knowledge.catalogue import Organisation, is_written
from knowledge.hours import Span, closed_around, day_of, named_days
from nlu import times
from nlu.calendar import day_off
from nlu.times import When

FAR = 100_000  # metres: nobody goes that far to learn
_WANTED: tuple[tuple[re.Pattern[str], str, Callable[[Organisation], bool]], ...] = (
    (re.compile("换|兑|redeem"), "redeems", lambda place: place.redeems),
    (re.compile("认证|刷卡|打卡|记学分|certif"), "certifies", lambda place: place.certifies),
)
LATELY = timedelta(days=31)  # days that are past may still be asked about
LISTED = 9  # days that are told one by one: a long weekend, the week of a festival
_SOME_DAY = re.compile(
    "[节假]那[天几]|(?:那|哪|这)[一几]?[天日](?!开门|都)|补班|调休|[一-鿿]{2}节(?![目约奏课省假日制气])"
)


def _place(turn: Turn) -> Organisation:
    """The place that is meant; where none is named the college, or the only one there is, else it is asked for."""
    places = turn.catalogue.organisations
    by_kind = None if turn.get("org") else places_by_kind(turn.heard.folded, turn.recorded)
    if by_kind == []:
        turn.once("unknown", lambda: turn.say("site.unknown"))
        raise turn.waits(ORG)
    only = by_kind[0] if by_kind and len(by_kind) == 1 else ""  # 梅溪站点
    named = places.get(turn.get("org") or only) or turn.catalogue.college
    if named is None and len(places) > 1:
        raise NeedsAnswer(ORG)
    named = named or next(iter(places.values()))
    turn.focus("org", named.id)
    turn.show("org", named.id)
    return named


_BUILDING = re.compile("[0-9一二三四五六七八九十]{1,2}号楼|[a-d东西南北]座|[东西南北]楼|实训楼|教学楼|综合楼|行政楼")
# What may be asked of a place beside where it is and how to get there.
_AROUND = re.compile(
    "(?<![周期])末班|[首头]班车|多久一班|几层|哪一?年|建的|盖的|宾馆|旅[馆店社]|酒店|民宿|饭[店馆]|餐馆|小吃|超市|菜场|药[店房]|医院|幼儿园|银行|网吧|单车|修鞋|(?<!大)学区"
    "|last bus|first bus|hotel|restaurant|supermarket|pharmacy"
)
_CLOCK = re.compile("几点|几时|什么时候|啥时|多晚|when|what time|how late")


async def site_hours(turn: Turn) -> None:
    place = _place(turn)
    when = turn.get("when") or times.new_year(turn.heard.folded, turn.today) or _named_days(turn, place)
    if when is None and _SOME_DAY.search(turn.heard.folded):
        when = await turn.ask(DAY)
    asked = When.of(when) if when else None
    if asked and not (asked.fixed or asked.weekdays) and _CLOCK.search(turn.heard.folded):
        asked = None  # 晚上开到几点, on no certain day: today, and the week
    place = _keeper(turn, place, asked)
    days = _days(asked, turn.today) if asked else [turn.today]
    if not place.hours and not any(day_of(place, day).reason for day in days):
        turn.say("hours.unknown", place=place.name, phone=place.phone)
        return
    if len(days) == 1:
        _one_day(turn, place, days[0], asked)
    elif len(days) <= LISTED:
        lines = wording.joined(_each_once(turn, place, days), turn)
        turn.say("hours.days", place=place.name, lines=lines, phone=place.phone, source=wording.source(place, turn))
    else:
        _long_time(turn, place, days)
    if any(day_off(day) or day_of(place, day).reason for day in days):
        _of_festivals(turn, place, days)
    if (turn.today - place.checked_on).days > wording.STALE_DAYS:
        turn.say("hours.stale", phone=place.phone)


def _named_days(turn: Turn, place: Organisation) -> str | None:
    """苗年开门吗, 县庆那天呢: the days by what the centre calls them."""
    here = turn.recorded.organisations[place.id]
    others = () if turn.get("org") else turn.recorded.organisations.values()
    found = named_days(turn.heard.folded, (here, *others), turn.today)
    return str(When(*found)) if found else None


def _keeper(turn: Turn, place: Organisation, asked: When | None) -> Organisation:
    """苗年放假到几号: where no place is named, one that keeps the days by this name, if ours does not."""
    if (
        turn.get("org")
        or asked is None
        or named_days(turn.heard.folded, (turn.recorded.organisations[place.id],), turn.today)
    ):
        return place
    others = turn.recorded.organisations.values()
    keeps = (
        each.id for each in others if named_days(turn.heard.folded, (each,), turn.today) == (asked.first, asked.last)
    )
    return turn.catalogue.organisations[next(keeps, place.id)]


def _days(asked: When, today: date) -> list[date]:
    """The days that are meant: of certain ones those to come; else the next of each weekday."""
    if not asked.fixed:
        week = [today + timedelta(days=number) for number in range(7)] if asked.weekdays else [today]
        return [day for day in week if not asked.weekdays or day.isoweekday() in asked.weekdays]
    later = timedelta(days=365 if today - asked.last > LATELY else 0)  # 10月2号, said in November, is next year's
    first, last = asked.first + later, asked.last + later
    first = first if last < today else max(first, today)
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in span if not asked.weekdays or day.isoweekday() in asked.weekdays] or [first]


def _one_day(turn: Turn, place: Organisation, day: date, asked: When | None) -> None:
    known, part = day_of(place, day), asked.part if asked else None
    turn.say(
        _key(turn, known.spans, day, part), place=place.name, day=_closed_until(turn, place, day), spans=wording.spans(known.spans, turn),
        reason=turn.line("hours.reason", reason=known.reason) if known.reason else "", again=_again(turn, known.spans),
        week=wording.hours(place.hours, turn), phone=place.phone, why=known.reason or turn.line("hours.rest"),
        source=wording.source(place, turn),
    )  # fmt: skip


def _closed_until(turn: Turn, place: Organisation, day: date) -> str:
    """The day; where it is the first of several that it is closed on for one reason, all of them: 元旦 may be three."""
    return wording.from_to(turn, day, closed_around(place, day)[1])


def _key(turn: Turn, spans: Sequence[Span], day: date, part: Span | None) -> str:
    """How it is said: by what was asked, or by the clock where it is about now."""
    if not spans:
        return "hours.closed"
    if part is not None:
        return (
            "hours.open_on"
            if any(opens < part[1] and part[0] < closes for opens, closes in spans)
            else "hours.not_then"
        )
    if day != turn.today:
        return "hours.open_on"
    clock = turn.now.strftime("%H:%M")
    if any(opens <= clock < closes for opens, closes in spans):
        return "hours.open_now"
    if clock < spans[0][0]:
        return "hours.before"
    return "hours.break" if clock < spans[-1][0] else "hours.after"


def _again(turn: Turn, spans: Sequence[Span]) -> str:
    """When it opens next today."""
    return next((opens for opens, _ in spans if turn.now.strftime("%H:%M") < opens), "")


def _each_once(turn: Turn, place: Organisation, days: Sequence[date]) -> Iterator[str]:
    """The days in short; those that it is closed on for one reason together, with what of these lies around."""
    told = None
    for day in days:
        if told is None or day > told:
            first, told = closed_around(place, day)
            yield _in_short(turn, place, first if told < turn.today else max(first, turn.today), told)


def _in_short(turn: Turn, place: Organisation, day: date, last: date) -> str:
    known = day_of(place, day)
    key = "hours.short" if known.spans else "hours.short_closed"
    return turn.line(
        key, day=wording.from_to(turn, day, last), spans=wording.spans(known.spans, turn), reason=known.reason or turn.line("hours.rest")
    )  # fmt: skip


def _long_time(turn: Turn, place: Organisation, days: Sequence[date]) -> None:
    """A holiday of weeks: the usual week, and the days of it that differ."""
    differ = sorted({each.day for each in place.special_days} & set(days))
    lines = wording.joined(_each_once(turn, place, differ), turn)
    turn.say(
        "hours.long" if lines else "hours.long_usual", place=place.name, first=wording.day(days[0], turn),
        last=wording.day(days[-1], turn), lines=lines, week=wording.hours(place.hours, turn), phone=place.phone,
        source=wording.source(place, turn),
    )  # fmt: skip


def _of_festivals(turn: Turn, place: Organisation, days: Sequence[date]) -> None:
    """Days off that nothing is on record for may still be kept; and other places keep others."""
    known = {each.day for each in place.special_days}
    if any(day_off(day) and day not in known and day_of(place, day).spans for day in days):
        turn.say("hours.festival", phone=place.phone)
    if not turn.get("org") and _others(turn):
        turn.say("hours.others")


async def site_address(turn: Turn) -> None:
    place = _place(turn)
    turn.say(
        "site.address",
        place=place.name,
        address=place.address,
        route=wording.sentence(place.route or ""),
        phone=place.phone,
        source=wording.source(place, turn),
    )
    known = place.address + (place.route or "")
    if (building := _BUILDING.search(turn.heard.without("org", exact=True))) and building[0] not in known:
        turn.say("site.no_building", building=building[0], phone=place.phone)
    elif (more := _AROUND.search(turn.heard.folded)) and more[0] not in known:
        turn.say("fact.no_more", phone=place.phone)  # 门口有修鞋的没, 末班车几点
    turn.suggest("site_hours", org=place.id)
    if any(map(is_located, _others(turn))):
        turn.suggest("nearest_site")


async def nearest_site(turn: Turn) -> None:
    """The sites nearest to a street or site that the resident names; where there are none, the college."""
    if not _others(turn):
        await site_address(turn)
        return
    home = turn.catalogue.organisations[await turn.ask(HOME)]
    if not (is_located(home) and _measured(turn)):  # nobody knows how far anything is from it
        await site_address(turn)
        return
    name = home.name.removesuffix("教学站点").removesuffix("社区学校")
    _nearest(turn, (home.north, home.east), name)


async def nearest_to_me(turn: Turn) -> None:
    """The sites nearest to where the resident is: known for this answer alone. Where it is not known any more, asked."""
    if turn.inbound.position is None or not _measured(turn):
        await nearest_site(turn)
        return
    _nearest(turn, turn.inbound.position, turn.line("site.where_you_are"))


def _others(turn: Turn) -> list[Organisation]:
    """The places beside the college."""
    return [place for place in turn.catalogue.organisations.values() if place.level != "college"]


def _nearest(turn: Turn, spot: tuple[float, float], name: str) -> None:
    what, places = _wanted(turn)
    near = by_distance(spot, filter(is_located, places))
    if metres(spot, near[0]) > FAR:
        turn.say("site.far")
        return
    lines = "\n".join(
        turn.line(
            "site.line",
            number=number,
            place=place.name,
            address=place.address,
            week=wording.hours(place.hours, turn),
            phone=place.phone,
        )
        for number, place in enumerate(near, 1)
    )
    turn.say(
        "site.nearest",
        home=name,
        what=turn.line(f"site.kind.{what}"),
        lines=lines,
        source=wording.source(near[0], turn),
    )
    for place in near:
        turn.offer(place.name, "about_org", org=place.id)
    turn.focus("org", near[0].id)


def _wanted(turn: Turn) -> tuple[str, list[Organisation]]:
    """What is looked for, and the places that are such: the college as well, where not every place has it."""
    for words, what, has in _WANTED:
        found = [place for place in turn.catalogue.organisations.values() if has(place)]
        if found and words.search(turn.heard.folded):
            return what, found
    return "site", _others(turn)


def _measured(turn: Turn) -> bool:
    """Whether of anything that is looked for it is known where it is."""
    return any(map(is_located, _wanted(turn)[1]))


def _untold(turn: Turn, place: Organisation, words: str) -> bool:
    """Whether nothing is on record; said to be so, with whom to ask."""
    if is_written(words):
        return False
    turn.say("site.untold", place=place.name, phone=place.phone)
    turn.suggest("human")
    return True


async def site_facilities(turn: Turn) -> None:
    place = _place(turn)
    words = wording.facilities(place, turn)
    if _untold(turn, place, words):
        return
    turn.say(
        "site.facilities",
        place=place.name,
        facilities=words,
        phone=place.phone,
        source=wording.source(place, turn),
    )


_FITTING = re.compile(
    "厕所|卫生间|洗手间|电梯|坡道|扶手|盲道|推车|更衣室|哺乳室|储物柜|寄存"
)  # what a place may have for who comes
_CALLED = dict.fromkeys(("厕所", "卫生间", "洗手间"), ("厕所", "卫生间", "洗手间"))


async def site_access(turn: Turn) -> None:
    place = _place(turn)
    if _untold(turn, place, place.accessible):
        return
    turn.say(
        "site.access",
        place=place.name,
        access=wording.sentence(place.accessible),
        phone=place.phone,
        source=wording.source(place, turn),
    )
    known, asked = place.accessible + place.facilities, _FITTING.search(turn.heard.folded)
    if asked and not any(each in known for each in _CALLED.get(asked[0], (asked[0],))):
        turn.say("fact.no_more", phone=place.phone)  # 有厕所不


async def site_redeems(turn: Turn) -> None:
    """Whether points are redeemed at a place; else where, nearby."""
    place = _place(turn)
    _has(
        turn, place, "redeems", place.redeems, [each for each in turn.catalogue.organisations.values() if each.redeems]
    )
    if place.redeems:
        turn.answer_if_known("redeem-time")
    turn.offer_answer("label.redeem_how", "redeem-how")


async def site_certifies(turn: Turn) -> None:
    """Whether attendance is taken at a place; else where, nearby."""
    place = _place(turn)
    points = [each for each in turn.catalogue.organisations.values() if each.certifies]
    _has(turn, place, "certifies", place.certifies, points)


def _has(turn: Turn, place: Organisation, what: str, has: bool, others: Sequence[Organisation]) -> None:
    if has or not others:
        turn.say(
            f"site.{what}" if has else f"site.{what}_not",
            place=place.name,
            phone=place.phone,
            source=wording.source(place, turn),
        )
        return
    located = [each for each in others if is_located(each)] if is_located(place) else []
    near = by_distance((place.north, place.east), located) or list(others[:CHOICES])
    lines = wording.listed((turn.line("site.near", place=each.name, phone=each.phone) for each in near), turn)
    turn.say(
        f"site.{what}_{'elsewhere' if located else 'at'}",
        place=place.name,
        lines=lines,
        source=wording.source(place, turn),
    )
    for each in near:
        turn.offer(each.name, "about_org", org=each.id)


async def site_phone(turn: Turn) -> None:
    place = _place(turn)
    seats = await turn.desk.seats(turn.now, Priority.ORDINARY)
    hours, opens = seats.words(turn.state.lang)
    key = "site.phone_open" if seats.open else "site.phone_closed"
    turn.say(
        key,
        place=place.name,
        phone=place.phone,
        hours=hours,
        opens=opens,
        source=wording.source(place, turn),
    )


async def about_org(turn: Turn) -> None:
    """A place's name alone."""
    place = _place(turn)
    turn.say(
        "about.org",
        place=place.name,
        address=place.address,
        week=wording.hours(place.hours, turn),
        phone=place.phone,
        source=wording.source(place, turn),
    )
    turn.offer(turn.line("label.open_today"), "site_hours", org=place.id)
    turn.offer(turn.line("label.classes_here"), "find_class", org=place.id)
    turn.offer(turn.line("label.how_to_get_there"), "site_address", org=place.id)
