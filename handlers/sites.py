"""Places: where, when open, how to reach them, what they have."""

import math
from datetime import date

from bot.turn import CHOICES, NeedsAnswer, Turn
from handlers import wording
from handlers.lacking import lacks
from handlers.slots import HOME, ORG
from knowledge.catalogue import Organisation
from nlu.times import When

FAR = 100_000  # metres: nobody goes that far to learn


def _place(turn: Turn) -> Organisation | None:
    """The place that is meant; where none is named the college, or the only one there is, else it is asked for. None where
    nothing is on record, and that was said."""
    if lacks(turn, "organisations"):
        return None
    places = turn.catalogue.organisations
    named = places.get(turn.get("org") or "") or turn.catalogue.college
    if named is None and len(places) > 1:
        raise NeedsAnswer(ORG)
    named = named or next(iter(places.values()))
    turn.focus("org", named.id)
    return named


def opening(place: Organisation, day: date) -> tuple[str, str, str] | None:
    """(opens, closes, reason) of a day; a special day wins over the week. None where it stays closed."""
    for special in place.special_days:
        if special.day == day:
            return (special.opens, special.closes, special.reason) if special.opens and special.closes else None
    for hours in place.hours:
        if day.isoweekday() in hours.days:
            return hours.opens, hours.closes, ""
    return None


def _why_closed(place: Organisation, day: date) -> str:
    return next((special.reason for special in place.special_days if special.day == day), "")


async def site_hours(turn: Turn) -> None:
    place = _place(turn)
    if place is None:
        return
    when = turn.get("when")
    asked = When.of(when) if when else None
    day = max(asked.first, turn.today) if asked and (asked.fixed or asked.weekdays) else turn.today
    found = opening(place, day)
    said = wording.day(day, turn)
    if found:
        opens, closes, reason = found
        if day == turn.today:
            clock = turn.now.strftime("%H:%M")
            key = "hours.open_now" if opens <= clock < closes else "hours.before" if clock < opens else "hours.after"
        else:
            key = "hours.open_on"
        turn.say(
            key,
            place=place.name,
            day=said,
            opens=opens,
            closes=closes,
            reason=turn.line("hours.reason", reason=reason) if reason else "",
            week=wording.hours(place.hours, turn),
            phone=place.phone,
            source=wording.source(place, turn),
        )
    else:
        turn.say(
            "hours.closed",
            place=place.name,
            day=said,
            reason=_why_closed(place, day) or turn.line("hours.day_off"),
            week=wording.hours(place.hours, turn),
            phone=place.phone,
            source=wording.source(place, turn),
        )
    if asked and asked.weekdays == (6, 7) and day.isoweekday() == 6 and (sunday := opening(place, asked.last)):
        turn.say("hours.sunday", opens=sunday[0], closes=sunday[1])
    if (turn.today - place.checked_on).days > wording.STALE_DAYS:
        turn.say("hours.stale", phone=place.phone)


async def site_address(turn: Turn) -> None:
    place = _place(turn)
    if place is None:
        return
    turn.say(
        "site.address",
        place=place.name,
        address=place.address,
        route=place.route or "",
        phone=place.phone,
        source=wording.source(place, turn),
    )
    turn.offer(turn.line("label.site_hours"), "site_hours", org=place.id)
    if _others(turn):
        turn.offer(turn.line("label.nearest_site"), "nearest_site")


async def nearest_site(turn: Turn) -> None:
    """The sites nearest to a street or site that the resident names; where there are none, the college."""
    if not _others(turn):
        await site_address(turn)
        return
    home = turn.catalogue.organisations[await turn.ask(HOME)]
    name = home.name.removesuffix("教学站点").removesuffix("社区学校")
    _nearest(turn, (home.north, home.east), name)


async def nearest_to_me(turn: Turn) -> None:
    """The sites nearest to where the resident is: known for this answer alone. Where it is not known any more, asked."""
    if turn.inbound.position is None or not _others(turn):
        await nearest_site(turn)
        return
    _nearest(turn, turn.inbound.position, turn.line("site.where_you_are"))


def _others(turn: Turn) -> list[Organisation]:
    """The places beside the college."""
    return [place for place in turn.catalogue.organisations.values() if place.level != "college"]


def _nearest(turn: Turn, spot: tuple[float, float], name: str) -> None:
    near = sorted(_others(turn), key=lambda place: (_metres(spot, place), place.id))[:CHOICES]
    if _metres(spot, near[0]) > FAR:
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
        lines=lines,
        source=wording.source(near[0], turn),
    )
    for place in near:
        turn.offer(place.name, "about_org", org=place.id)
    turn.focus("org", near[0].id)


def _metres(spot: tuple[float, float], place: Organisation) -> float:
    """Distance over ground; on a district's scale the earth is flat."""
    north = (spot[0] - place.north) * 111_320
    east = (spot[1] - place.east) * 111_320 * math.cos(math.radians(spot[0]))
    return math.hypot(north, east)


async def site_facilities(turn: Turn) -> None:
    place = _place(turn)
    if place is None:
        return
    turn.say(
        "site.facilities",
        place=place.name,
        facilities=place.facilities,
        phone=place.phone,
        source=wording.source(place, turn),
    )


async def site_access(turn: Turn) -> None:
    place = _place(turn)
    if place is None:
        return
    turn.say(
        "site.access", place=place.name, access=place.accessible, phone=place.phone, source=wording.source(place, turn)
    )


async def site_phone(turn: Turn) -> None:
    place = _place(turn)
    if place is None:
        return
    seats = await turn.desk.seats(turn.now, 3)
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
    if place is None:
        return
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
