"""Whatever ends with a person: asking for one, complaints, red lines."""

import re
from datetime import datetime, time, timedelta

from bot.alarming import is_gone
from bot.messages import Priority, masked, masked_mail
from bot.phrases import asks
from bot.turn import Turn
from bot.waiting import ANSWER, COMPLAINT, RUNG_UP, STAYS
from handlers import wording
from handlers.eligibility import misfit, of_children, refused
from handlers.slots import DETAIL, MAIL, MOBILE, PHONE
from nlu.times import When

WITHIN = 14  # days in which a time that was said is looked for
QUARTERS = tuple(f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45))
_WITHDRAWS = re.compile(r"解绑|解除.{0,4}绑定|取消.{0,4}绑定|(撤回|撤销|取消|收回).{0,4}(授权|同意)")


async def human(turn: Turn) -> None:
    await turn.hand_over("asked_for_person")


async def callback(turn: Turn) -> None:
    """Rung back: at a number, which is asked for once, and about the time that was said; or not, where that is refused."""
    if turn.get("refused"):
        turn.say("callback.spared", ref=turn.ticket)
        await turn.hand_over("no_call", quiet=True)
        turn.state.rings = ""
        return
    _hear_time(turn)
    known = turn.ticket is not None and turn.state.rings == turn.ticket
    if not known:
        turn.once("intro", lambda: turn.say("callback.intro"))
        await turn.ask(PHONE)
    if phone := turn.get("phone"):
        turn.say("callback.done", phone=masked(phone))
    elif not turn.get("ring_at"):
        turn.say("callback.known")
    if turn.ticket:
        turn.task.slots["answer_by"] = RUNG_UP  # in place of what was asked for before
    await _tell_time(turn)
    await turn.hand_over("callback", quiet=known)
    turn.state.rings = turn.ticket or turn.reference or ""


def _hear_time(turn: Turn) -> None:
    """Keeps the time that was said, in their words and with its date: who reads it may do so on another day."""
    said = next((each for each in turn.heard.entities if each.kind == "when" and each.end > each.start), None)
    if said is None:
        return
    when = When.of(said.value)
    day = f" · {wording.day(when.first, turn)}" if when.fixed and when.first == when.last else ""
    turn.task.slots["ring_at"] = turn.heard.text[said.start : said.end] + day
    turn.task.memo["ring_at"] = said.value


async def _tell_time(turn: Turn) -> None:
    """That the time is noted; of one at which no seat answers, when they do."""
    if (said := turn.get("ring_at")) is None:
        return
    key = "callback.at" if _is_worked(turn, When.of(turn.task.memo["ring_at"])) else "callback.at_closed"
    hours, _ = (await turn.desk.seats(turn.now, Priority.ORDINARY)).words(turn.state.lang)
    turn.say(key, when=said.partition(" · ")[0], hours=hours)


def _is_worked(turn: Turn, when: When) -> bool:
    """Whether seats answer at any time that is meant: in a morning, on a day; at ten, where that is all that was said."""
    clocks = when.part[:1] if when.part and when.part[1] == _an_hour_after(when.part[0]) else QUARTERS
    days = [when.first + timedelta(days=each) for each in range(WITHIN)]
    meant = [(day, clock) for day in days for clock in clocks if when.fits(day, clock)]
    return any(
        turn.desk.works(datetime.combine(day, time.fromisoformat(clock), turn.now.tzinfo)) for day, clock in meant
    )


def _an_hour_after(clock: str) -> str:
    return f"{int(clock[:2]) + 1:02}{clock[2:]}"


async def answer_by(turn: Turn) -> None:
    """How a seat's answer is to come, beside the page where it was asked for: noted with the ticket."""
    way, ways = turn.get("way") or STAYS, turn.desk.ways(turn.inbound.channel)
    if way not in ways or turn.ticket is None:
        turn.say("answer_by.stays")
        return
    if way == "mail":
        turn.task.slots.pop("phone", None)
        turn.say("answer_by.mail", to=masked_mail(await turn.ask(MAIL)))
    else:
        if way == RUNG_UP:
            _hear_time(turn)
        turn.task.slots.pop("mail", None)
        phone = await turn.ask(PHONE if way == RUNG_UP else MOBILE)
        if way == "text" and phone[0] != "1":
            del turn.task.slots["phone"]
            turn.say("help.mobile")
            raise turn.waits(MOBILE)
        turn.say("callback.done" if way == RUNG_UP else "answer_by.text", phone=masked(phone))
    turn.task.slots["answer_by"] = ways[way]
    if way != RUNG_UP:
        await turn.hand_over(ANSWER, quiet=True)
        return
    await _tell_time(turn)
    await turn.hand_over("callback", quiet=True)
    turn.state.rings = turn.ticket


async def leave_message(turn: Turn) -> None:
    await turn.ask(DETAIL)
    turn.say("message.done")
    await turn.hand_over("message_left")


async def complaint(turn: Turn) -> None:
    more = turn.ticket is not None and turn.get("of") != "seat"
    if more:
        turn.say("noted", ref=turn.ticket)
    else:
        turn.say("complaint.sorry")
    await turn.hand_over(COMPLAINT, priority=Priority.SOON, skill="complaint", topic="complaint", quiet=more)


async def privacy_incident(turn: Turn) -> None:
    turn.audits.append(("privacy_incident_reported", "own data"))
    turn.say("complaint.privacy")
    await turn.hand_over("privacy_incident", priority=Priority.TODAY, skill="privacy", topic="complaint")


async def scam(turn: Turn) -> None:
    """Where money or a code is gone, minutes count: the police and the bank come first."""
    tip = turn.library.answer("fraud-tip", turn.today)
    gone = is_gone(turn.told)
    turn.say("scam.gone" if gone else "scam", source=tip.said(turn.state.lang).source if tip else None)
    await turn.hand_over("scam_report", priority=Priority.TODAY, skill="complaint", topic="complaint")
    if turn.ticket or turn.reference:
        turn.in_danger("scam")


async def wrong_info(turn: Turn) -> None:
    turn.say("wrong_info")
    await turn.hand_over("wrong_information", priority=Priority.SOON, skill="editor", topic="complaint")


async def deceased(turn: Turn) -> None:
    turn.audits.append(("notices_stopped_requested", "deceased relative"))
    turn.say("deceased")
    await turn.hand_over("deceased_relative", priority=Priority.SOON, skill="privacy", topic="human_agent")


async def bound(turn: Turn) -> None:
    """Somebody has scanned the invitation that staff showed them."""
    turn.say(f"bound.{turn.get('result') or 'late'}", name=turn.get("name") or "")
    if turn.get("result") == "ok":
        turn.suggest("balance")


async def take_back(turn: Turn) -> bool:
    """Unbinds whoever is bound here and says so in as many words: taking back consent is as easy as giving it, and done
    at once. Who asks how is told how."""
    inbound = turn.inbound
    if not _WITHDRAWS.search(turn.heard.folded) or asks(turn.heard.folded):
        return False
    if not await turn.accounts.identity.bound(inbound.channel, inbound.address, inbound.at):
        return False
    turn.unbind = True
    turn.audits.append(("consent.withdrawn", "bind"))
    turn.say("unbound")
    return True


async def data_request(turn: Turn) -> None:
    """What the law gives everybody."""
    if await take_back(turn):
        return
    turn.audits.append(("data_subject_request", "own data"))
    turn.say("data_request")
    await turn.hand_over("data_subject_request", priority=Priority.SOON, skill="privacy", topic="human_agent")


async def minor(turn: Turn) -> None:
    """Nothing is collected from a child."""
    turn.say("minor", source="source.class_rules")


async def enrol_child(turn: Turn) -> None:
    """A parent asks for a child: what holds for enrolling others, and who has to come; whether the class that is named
    takes it."""
    course = turn.heard.first("course")
    groups = [each for each in turn.catalogue.classes.values() if each.course == course and each.enrols(turn.today)]
    if groups and all(misfit(turn, each) for each in groups):
        refused(turn, groups[0])
        return
    if turn.state.facts.age is None:
        turn.say("perhaps.minor")
    else:
        of_children(turn)
    turn.answer_standard("enrol-proxy")
    turn.offer_answer("label.for_children", "course-kids")


async def third_party(turn: Turn) -> None:
    """The same words whoever is asked about: nothing tells whether there is such an account."""
    turn.audits.append(("third_party_lookup_refused", "credit"))
    turn.say("third_party")


async def texts_stopped(turn: Turn) -> None:
    """Whoever wants no texts is in the middle of nothing, and gets no other but the one that says so."""
    turn.state.forget()
    if not turn.get("told"):
        turn.say("sms.stopped")


async def texts_resumed(turn: Turn) -> None:
    turn.state.forget()
    if not turn.get("told"):
        turn.say("sms.started")


async def bulk_data(turn: Turn) -> None:
    turn.audits.append(("bulk_data_refused", "all learners"))
    turn.say("bulk_data")


async def phone_change(turn: Turn) -> None:
    turn.answer_standard("g-phone-change")
    if not turn.offered:
        turn.suggest("human")
    if turn.catalogue.organisations:
        turn.suggest("nearest_site")


async def card_lost_act(turn: Turn) -> None:
    turn.answer_standard("g-card-lost")
    turn.say("card.person_acts")
    await turn.hand_over("card_lost", priority=Priority.SOON, skill="credit", topic="operation_guide")
