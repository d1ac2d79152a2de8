"""Knowledge entries: said as reviewed; a guide one step at a time."""

import re
from collections.abc import Callable, Mapping

from accounts.rules import RuleError, RuleSet
from bot.messages import Reply
from bot.turn import Turn
from handlers.eligibility import RULE, fee_rule
from handlers.people import take_back
from handlers.recorded import tell_courses, tell_fees, tell_order, tell_places
from handlers.small_talk import WHAT_WE_ARE, what_we_are
from handlers.wording import facilities, source
from knowledge.catalogue import Organisation
from knowledge.entries import Entry
from knowledge.held import (
    OF_OURSELVES,
    OF_THE_COURSES,
    OF_THE_FEES,
    OF_THE_KEEPING,
    OF_THE_LAPSE,
    OF_THE_ORDER,
    OF_THE_PLACES,
    OF_THE_RATE,
    OF_THE_RULES,
)

_EVERYWHERE = re.compile("社区学校|教学站点|各校|各点|全区|所有")  # an answer that speaks of schools too
_US = re.compile("你们|学院|中心")
FRESH = 3  # turns for which a place that was talked of is meant
# Standard questions on what one place has and another has not, with the words that its record has for it.
_OF_A_PLACE = {
    "parking": "停车|车位", "bike": "车棚|充电", "canteen": "食堂|餐", "printing": "打印|复印", "wifi": "无线|wifi|WiFi", "kids-room": "儿童|母婴",
    "reading-room": "阅览|图书", "computer-rule": "电脑", "ebook-machine": "电脑", "blind-help": "盲道", "hearing-help": "字幕|手语",
}  # fmt: skip

# The rules that a standard question is about, by their names.
_OF_A_KIND = {
    "credit-external": re.compile("证"), "credit-volunteer": re.compile("志愿|义务|服务"), "credit-online-hours": re.compile("网|线上|在线"),
}  # fmt: skip
QUEUE = "queue-how"  # the standard question that has a better answer for who waits already


async def entry(turn: Turn) -> None:
    found = turn.library.entries.get(turn.get("entry") or "")
    if found is None:  # it was withdrawn after it had been offered
        turn.say("entry.gone")
        turn.suggest("human")
        return
    turn.state.topic = found.topic
    if await take_back(turn):
        return
    if turn.ticket and found.standard == QUEUE:
        await turn.tell_of_waiting()
        return
    if _about_another_place(turn, found):
        return
    if found.standard == "fee-general" and fee_rule(turn):
        turn.answer_standard(RULE)
    elif found.steps:
        _step(turn)
    else:
        turn.answer(found)
    if found.person:
        turn.suggest("human")


def _about_another_place(turn: Turn, found: Entry) -> bool:
    """What is known of the college is not said of a school: whoever names one, or talks of one, is told what its own
    record says of it, or whom to ask."""
    place, college = _place(turn, found), turn.recorded.college
    if place is None or college is None or place.level == "college" or place.name in found.answer:
        return False
    of_college = found.topic == "site_hours" or any(name in found.answer for name in (college.name, *college.aliases))
    if not of_college or _EVERYWHERE.search(found.answer):
        return False
    told = turn.catalogue.organisations[place.id]
    words = _OF_A_PLACE.get(found.standard or "")
    has = place.facilities + (place.route or "") + place.accessible + ("电脑" if place.computers else "")
    if words and re.search(words, has):
        has = facilities(told, turn)
        turn.say("site.facilities", place=told.name, facilities=has, phone=told.phone, source=source(told, turn))
        return True
    turn.say("entry.elsewhere", place=told.name, phone=told.phone)
    turn.suggest("human")
    turn.suggest("site_facilities", org=place.id)
    return True


def _place(turn: Turn, found: Entry) -> Organisation | None:
    """The place that is named; of what every place may have, the one that the talk is about. In Chinese, as the answer is
    looked through."""
    named = turn.heard.first("org")
    if (
        named is None
        and found.standard in _OF_A_PLACE
        and turn.state.focus_age <= FRESH
        and not _US.search(turn.heard.folded)
    ):
        named = turn.state.focus.get("org")
    return turn.recorded.organisations.get(named or "")


async def not_answered(turn: Turn) -> None:
    """A standard question: this centre's answer to it, or honestly that there is none, or none any more."""
    question = turn.task.slots["question"]
    if question == WHAT_WE_ARE:
        await what_we_are(turn)
        return
    found = turn.library.answer(question, turn.today)
    if question in OF_THE_RULES and turn.heard.first("rule") and _tell_rules(turn):
        return
    if found is None:
        tell(turn, question)
        return
    turn.standards[question] = found.id
    turn.task.slots["entry"] = found.id
    await entry(turn)


def tell(turn: Turn, question: str) -> None:
    """What this centre answers to a standard question, else what its records say, else honestly that there is nothing."""
    recorded = None if turn.library.answer(question, turn.today) else _ON_RECORD.get(question)
    if recorded is None or not recorded(turn):
        turn.answer_standard(question)


def _tell_rules(turn: Turn) -> bool:
    """How credits are earned, as the catalogue has it; whether it has it."""
    if not turn.catalogue.rules:
        return False
    named, kind = turn.heard.values("rule"), _OF_A_KIND.get(turn.get("question") or "")
    known = [*turn.recorded.rules.values()]
    of_it = [each.id for each in known if each.id in named] or [
        each.id for each in known if kind and kind.search(each.name)
    ]
    if not of_it and turn.get("question") == "credit-external":
        return False  # what is not on record of certificates, the other rules do not say
    rules = [each for each in turn.catalogue.rules.values() if not of_it or each.id in of_it]
    lines = "\n".join(
        turn.line("credit.rules_line", name=each.name, credits=each.credits, cap=each.cap) for each in rules
    )
    turn.say("credit.rules", lines=lines, source=rules[0].version)
    return True


def _tell_rate(turn: Turn) -> bool:
    """How many points a credit is worth, as the bank reckons."""
    if (rules := _reckoning(turn)) is None:
        return False
    turn.say("bank.rate", points=rules.points_per_credit, source=rules.version)
    return True


def _tell_lapse(turn: Turn) -> bool:
    """When points lapse, as the bank reckons."""
    if (rules := _reckoning(turn)) is None:
        return False
    turn.say("bank.lapse", years=rules.points_last_years, source=rules.version)
    return True


def _tell_keeping(turn: Turn) -> bool:
    """How long what was redeemed is kept, as the bank reckons."""
    if (rules := _reckoning(turn)) is None:
        return False
    turn.say("bank.keeping", days=rules.order_days, source=rules.version)
    return True


def _tell_who(turn: Turn) -> bool:
    """Who we are, by our name, address and number."""
    if (college := turn.catalogue.college) is None:
        return False
    turn.say(
        "centre.about", name=college.name, address=college.address, phone=college.phone, source=source(college, turn)
    )
    return True


def _reckoning(turn: Turn) -> RuleSet | None:
    try:
        return turn.catalogue.reckoning.at(turn.today)
    except RuleError:
        return None


_ON_RECORD: Mapping[str, Callable[[Turn], bool]] = {
    **dict.fromkeys(OF_THE_RULES, _tell_rules), **dict.fromkeys(OF_THE_RATE, _tell_rate), **dict.fromkeys(OF_THE_LAPSE, _tell_lapse),
    **dict.fromkeys(OF_THE_KEEPING, _tell_keeping), **dict.fromkeys(OF_OURSELVES, _tell_who),
    **dict.fromkeys(OF_THE_COURSES, tell_courses), **dict.fromkeys(OF_THE_PLACES, tell_places),
    **dict.fromkeys(OF_THE_ORDER, tell_order), **dict.fromkeys(OF_THE_FEES, tell_fees),
}  # fmt: skip


def _step(turn: Turn) -> None:
    found = turn.library.entries[turn.task.slots["entry"]]
    steps = len(found.steps)
    at = min(int(turn.task.memo.get("step") or turn.get("step") or "0"), steps)
    turn.task.memo["step"] = str(at)
    if at >= steps:
        turn.say("guide.done")
        return
    turn.told_of.append(found.id)
    said = found.said(turn.state.lang)
    step = said.steps[at]
    lead = turn.line("guide.step", number=at + 1, count=steps)
    follow = turn.line("guide.next" if at + 1 < steps else "guide.last")
    intro = f"{said.answer}\n" if at == 0 else ""
    spoken = said.spoken or said.answer
    turn.tell(
        Reply(
            text=f"{intro}{lead}{step}\n{follow}",
            spoken=f"{f'{spoken} ' if at == 0 else ''}{lead}{step} {follow}",
            short=said.sms if at == 0 else f"{lead}{step}",
            source=said.source,
        )
    )
    if at + 1 < steps:
        turn.offer(turn.line("label.next_step"), "entry", entry=found.id, step=str(at + 1))
    if at:
        turn.offer(turn.line("label.previous_step"), "entry", entry=found.id, step=str(at - 1))
