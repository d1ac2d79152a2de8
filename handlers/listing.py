"""Classes in a list: a page at a time, each one to be chosen by its number or its name."""

from collections.abc import Sequence

from bot.aspects import spoken
from bot.turn import CHOICES, Turn
from handlers import wording
from handlers.eligibility import SOURCE, conditions, misfit, refused
from handlers.paging import KEYS, Page, page_of, past_the_end
from knowledge.catalogue import TrainingClass


def list_classes(turn: Turn, found: Sequence[TrainingClass], lead: str = "") -> None:
    page = page_of(turn, found, CHOICES)
    if past_the_end(turn, page):
        return
    shown, rest = page.shown, page.rest
    lines = _numbered(turn, page)
    key = "class.list_more" if rest else "class.list"
    turn.say(key, lead=lead or _lead(turn, found), lines=lines, rest=rest, source=SOURCE)
    _offer_each(turn, found, page, "class_detail")
    turn.show("class", *(group.id for group in shown))
    if len(shown) == 1:
        focus(turn, shown[0])
    else:
        turn.focus("course", shown[0].course)
        turn.state.focus.pop("class", None)


def offer_way_in(turn: Turn, group: TrainingClass, *, told: bool = False) -> None:
    """Enrolment; where it is full, the waiting list, and that it is full, unless that is `told`."""
    if group.places or not group.enrols(turn.today):
        turn.suggest("enrol", **{"class": group.id})
        return
    places = wording.places(group, turn)
    if not told and not any(places in reply.text for reply in turn.state.said):
        turn.say("class.is_full", places=places)
    turn.suggest("join_waiting_list", course=group.course, org=group.organisation)


def _numbered(turn: Turn, page: Page[TrainingClass]) -> str:
    return "\n".join(f"{n}. {wording.class_line(group, turn)}" for n, group in enumerate(page.shown, page.first))


def _more(turn: Turn, page: Page[TrainingClass]) -> str:
    return turn.line("list.more", rest=page.rest) if page.rest else ""


def _offer_each(
    turn: Turn, found: Sequence[TrainingClass], page: Page[TrainingClass], intent: str, **asked: str
) -> None:
    """Offers each class of a list by its number: those that are not on this page as well, where the list counts through."""
    for group in found if len(found) <= KEYS else page.shown:
        offer = turn.offer if group in page.shown else turn.offer_unseen
        offer(group.name, intent, **{"class": group.id}, **asked)


def _lead(turn: Turn, found: Sequence[TrainingClass]) -> str:
    """How many there are, and how many of these are full, or from when on one can be enrolled in them."""
    if all(group.enrol_from > turn.today for group in found):
        first = min(group.enrol_from for group in found)
        return turn.line("class.early", count=len(found), day=wording.day(first, turn))
    left = sum(group.places > 0 for group in found)
    key = "class.open" if left == len(found) else "class.some_full" if left else "class.all_full"
    return turn.line(key, count=len(found), left=left)


def list_later(turn: Turn, found: Sequence[TrainingClass]) -> None:
    """Classes that begin to enrol some other day."""
    page = page_of(turn, found, CHOICES)
    if past_the_end(turn, page):
        return
    lines = "\n".join(
        turn.line(
            "class.later_line",
            line=wording.class_line(group, turn),
            day=wording.iso(group.enrol_from.isoformat(), turn),
        )
        for group in page.shown
    )
    turn.say("class.later", lines=lines, more=_more(turn, page), source=SOURCE)
    _offer_each(turn, found, page, "class_detail")
    turn.show("class", *(group.id for group in page.shown))
    if len(found) == 1:
        focus(turn, found[0])


def choose(turn: Turn, found: Sequence[TrainingClass], question: str, **asked: str) -> None:
    """Asks which of several classes a question is about, unless they cost the same and that was asked; what else was `asked`
    goes along with the choice."""
    if question in {"enrol", "enrol_it"}:
        if all(misfit(turn, each) is not None for each in found) and refused(turn, found[0]):
            return
        if "eligible" in spoken(turn.heard.folded):  # 学电焊要满多少岁
            tell_each(turn, [(each.name, wording.clause(conditions(each, turn))) for each in found], SOURCE)
        elif turn.state.people and len({conditions(each, turn) for each in found}) == 1:
            turn.say("class.for_whom", eligibility=wording.clause(conditions(found[0], turn)), source=SOURCE)
    page = page_of(turn, found, CHOICES)
    if past_the_end(turn, page):
        return
    fees = [(each.name, wording.fee(each, turn)) for each in found]
    if question == "class_fee" and len({fee for _, fee in fees}) == 1:  # 智能手机班要钱吗
        tell_each(turn, fees, SOURCE)
        question = "class_detail"
    else:
        turn.say("class.which", count=len(found), lines=_numbered(turn, page), more=_more(turn, page), source=SOURCE)
    _offer_each(turn, found, page, question, **asked)
    turn.show("class", *(group.id for group in page.shown))
    turn.focus("course", page.shown[0].course)


def tell_each(turn: Turn, told: Sequence[tuple[str, str]], source: str | None) -> None:
    """What is so of each of several, by its name; where it is the same, once for all."""
    if len({value for _, value in told}) == 1:
        turn.say("fact.all", count=len(told), value=told[0][1], source=source)
        return
    lines = "\n".join(turn.line("fact.one", name=name, value=value) for name, value in told[:CHOICES])
    turn.say("fact.lines", lines=lines, source=source)


def focus(turn: Turn, group: TrainingClass) -> None:
    """The talk is about this class now."""
    turn.task.slots["course"] = group.course  # so that 周末的呢 asks for the same course at another time
    turn.show("class", group.id)
    turn.focus("class", group.id)
    turn.focus("course", group.course)
    turn.focus("org", group.organisation)
