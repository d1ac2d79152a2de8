"""Standard questions that the records answer where the centre has written no answer of its own: how many, of which kinds,
for how much, in which order."""

import re
from collections.abc import Sequence

from bot.turn import Turn
from handlers import wording
from handlers.courses import overview
from handlers.eligibility import SOURCE
from knowledge.catalogue import TrainingClass

_FREE = re.compile("免费|不要钱|不收费|不花钱|便宜|free|cheap")
NAMED = 5  # that are told by name


def tell_courses(turn: Turn) -> bool:
    """How many courses there are, of which themes; whether there are any."""
    if not turn.catalogue.courses:
        return False
    overview(turn)
    return True


def tell_places(turn: Turn) -> bool:
    """How many schools and sites there are; by name where they are few."""
    below = [each for each in turn.catalogue.organisations.values() if each.level != "college"]
    if not below:
        return False
    schools = sum(each.level == "school" for each in below)
    names = wording.listed((each.name for each in below), turn)
    key = "site.count_named" if len(below) <= NAMED else "site.count"
    turn.say(key, schools=schools, sites=len(below) - schools, names=names)
    turn.suggest("nearest_site")
    return True


def tell_order(turn: Turn) -> bool:
    """Which classes draw lots, and that the others are given to whoever comes first."""
    classes = _meant(turn)
    drawn = [each for each in classes if each.ballot]
    if not classes:
        return False
    key = "enrol.first_come" if not drawn else "enrol.ballot" if len(drawn) == len(classes) else "enrol.ballot_of"
    turn.say(key, names=_few(drawn or classes, turn), source=SOURCE)
    _show(turn, drawn or classes)
    return True


def tell_fees(turn: Turn) -> bool:
    """What the classes that one can be enrolled in cost."""
    classes = _meant(turn)
    if not classes:
        return False
    if all(not each.fee and not each.material_fee for each in classes):
        turn.say("fee.all_free", count=len(classes), names=_few(classes, turn), source=SOURCE)
    else:
        dearest_first = not _FREE.search(turn.heard.folded)
        told = sorted(classes, key=lambda each: each.fee + each.material_fee, reverse=dearest_first)[:NAMED]
        lines = "\n".join(turn.line("fact.one", name=each.name, value=wording.fee(each, turn)) for each in told)
        turn.say("fee.by_class", count=len(classes), lines=lines, source=SOURCE)
    _show(turn, classes)
    return True


def _meant(turn: Turn) -> list[TrainingClass]:
    """The classes to come that are named, by themselves or by their course or theme; all where none is."""
    to_come = [each for each in turn.catalogue.classes.values() if each.comes(turn.today)]
    named, courses, themes = (set(turn.heard.values(kind)) for kind in ("class", "course", "theme"))
    of_themes = {each.id for each in turn.recorded.courses.values() if each.theme in themes}
    meant = [each for each in to_come if each.id in named or each.course in courses | of_themes]
    return meant or ([] if named | courses | themes else to_come)


def _few(classes: Sequence[TrainingClass], turn: Turn) -> str:
    names = wording.listed((each.name for each in classes[:NAMED]), turn)
    return turn.line("and_more", names=names, count=len(classes)) if len(classes) > NAMED else names


def _show(turn: Turn, classes: Sequence[TrainingClass]) -> None:
    turn.show("class", *(each.id for each in classes[:NAMED]))
    turn.suggest("find_class")
