"""What a reading of a message comes to: whether it is clear, what it is called, which handler answers it with what."""

import re
from operator import attrgetter

from msgspec.structs import replace

from bot import about_us, complaints, phrases
from bot.commands import pointed_at
from bot.comprehension import Candidate, Understanding
from bot.conversation import Offer
from bot.handler import Handler, Handlers
from bot.offering import is_answered, leads_somewhere
from bot.turn import CHOICES, Turn
from nlu.questions import NO_ANSWER, RED_LINES
from nlu.times import When

THANKS = "thanks"
ACTIVITY, ACTIVITY_TOPIC = "find_activity", "activity"
NEAR = 0.03  # of a reading that may be offered where nothing better helped
_OF_POINTS = re.compile("分|卡|账|余额|point|credit|balance")
_REMARKS = re.compile("[给对向][^,，。]{1,10}提(?:个|点|些|一下|几条)?意见")
_OPENS = re.compile("开门|关门|营业|开放|几点[开关]|open|close")
LEAD = 0.05  # two readings closer than this are asked about


def plainly(heard: Understanding) -> Candidate | None:
    """The reading that is sure enough and alone enough to be answered."""
    if not heard.candidates or heard.candidates[0].score < heard.lines.likely:
        return None
    best = heard.candidates[0]
    if best.intent in RED_LINES:  # these have lines of their own, and none was reached
        return None
    second = next((each for each in heard.candidates[1:] if each.intent is None or each.intent != best.intent), None)
    if second and best.score - second.score < LEAD and second.score >= heard.lines.ask:
        return None
    return best


def of_ours(heard: Understanding) -> Understanding:
    """Who names a course or an activity of ours hardly asks what is none of ours; nor for their points who says how old they
    are and no word of points; and who praises complains of nobody."""
    candidates = heard.candidates
    if complaints.praises(heard.folded):
        candidates = tuple(
            replace(e, intent=THANKS, topic="chitchat") if e.intent == "complaint" else e for e in candidates
        )
    if _REMARKS.search(heard.folded):  # 我要给唱歌班的老师提意见
        candidates = tuple(
            replace(e, score=max(e.score, heard.lines.sure)) if e.intent == "complaint" else e for e in candidates
        )
    if about_us.exaggerates(heard.folded):
        candidates = tuple(each for each in candidates if each.intent != "complaint")
    if heard.first("age") and not _OF_POINTS.search(heard.folded):  # 我今年五十三，不知道够不够岁数
        candidates = tuple(each for each in candidates if each.intent != "balance")
    heard = replace(heard, candidates=candidates)
    if "matter" in heard.named and not heard.named & {"course", "activity", "org"}:
        return heard  # 农机补贴找谁, where 农机 is in the name of an activity
    activity = heard.first("activity") is not None and not (heard.names("item") and not heard.names("activity"))
    if not activity and not heard.names("course"):
        return heard
    kept = [each for each in heard.candidates if each.intent not in NO_ANSWER or each.score >= heard.lines.sure]
    if heard.names("course") and not heard.first("org") and not _OPENS.search(heard.folded):
        kept = [
            replace(each, intent="find_class") if each.intent == "site_hours" else each for each in kept
        ]  # 晚上七点的瑜伽还进得去不
    if activity:
        score = max((each.score for each in kept if each.intent == ACTIVITY), default=0.0)
        kept = [each for each in kept if each.intent != ACTIVITY]
        kept.append(Candidate(max(score, heard.lines.likely), ACTIVITY_TOPIC, ACTIVITY))
        kept.sort(key=attrgetter("score"), reverse=True)
    return replace(heard, candidates=tuple(kept))


def standard(turn: Turn, id: str) -> Candidate:
    """A standard question that may be meant."""
    entry = turn.library.answer(id, turn.today)
    return Candidate(turn.heard.lines.ask, turn.library.questions[id].topic, None, entry.id if entry else None, id)


def spell(turn: Turn, slot: str, value: str) -> str:
    """A slot's value as a resident would say it."""
    catalogue = turn.catalogue
    if slot == "org" and value in catalogue.organisations:
        return catalogue.organisations[value].name
    if slot == "course" and value in catalogue.courses:
        return catalogue.courses[value].name
    if slot == "phone":
        return f"{value[:3]}****{value[-4:]}"
    when = next((entity for entity in turn.heard.entities if entity.kind == "when"), None)
    if slot == "when" and when:
        return turn.heard.text[when.start : when.end]
    if slot in {"audience", "theme"}:
        return turn.named(slot, value)
    if f"slot.{slot}" in turn.texts.languages["zh"] and slot not in {"audience", "theme"}:
        return turn.line(f"slot.{slot}")
    return value


class Readings:
    """What the handlers of one table make of candidates."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        self._instead = {
            (kind, question): intent
            for intent, handler in handlers.items()
            for kind, questions in (
                ("course", handler.of_a_class),
                ("when", handler.of_a_day),
                ("org", handler.of_a_place),
            )
            for question in questions
        }

    def joined(self, heard: Understanding) -> Understanding:
        """钳工班怎么报名: what is asked of any class, where one is named, and what is asked of that class are one question."""
        best, second = (*heard.candidates, None, None)[:2]
        if best is None or second is None:
            return heard
        intents = [each.intent or self._named(heard, each.question) for each in (best, second)]
        if intents[0] is None or intents[0] != intents[1]:
            return heard
        one = Candidate(min(1.0, best.score + second.score), best.topic, intents[0])
        return replace(heard, candidates=(one, *heard.candidates[2:]))

    def _named(self, heard: Understanding, question: str | None) -> str | None:
        """The intent that answers a standard question where one of ours, or a day, is named beside it."""
        found = (
            self._instead.get((kind, question)) for kind in ("course", "when", "org") if question and heard.first(kind)
        )
        return next((intent for intent in found if intent), None)

    def costs(self, turn: Turn, candidate: Candidate) -> bool:
        """Whether a wrong answer would cost the resident something, so that what is only likely is asked about."""
        intent = candidate.intent or self._named(
            turn.heard, candidate.question
        )  # how do I enrol in the accounting class
        if intent:
            handler = self._handlers[intent]
            return handler.personal or handler.careful
        if candidate.question:
            return turn.library.questions[candidate.question].careful
        return True  # a question of the centre's own: few sentences tell it from its neighbours

    def label(self, turn: Turn, candidate: Candidate) -> str:
        """What it is offered as; empty where it is nothing to offer."""
        if candidate.question:
            return turn.wording(candidate.question)
        if candidate.entry:
            return turn.title(turn.library.entries[candidate.entry])
        known = turn.texts.languages["zh"]
        return turn.line(f"label.{candidate.intent}") if f"label.{candidate.intent}" in known else ""

    def leads(self, turn: Turn, candidate: Candidate) -> bool:
        """Whether there is anything to be told where it is chosen."""
        intent, slots = self.answer(turn, candidate)
        if question := slots.get("question"):
            return is_answered(question, turn.library, turn.today)
        return leads_somewhere(intent, turn.library, turn.today)

    def runners_up(self, turn: Turn) -> list[Offer]:
        """What else the message may have meant, to be offered where the answer did not help."""
        found: dict[str, Offer] = {}
        for candidate in turn.heard.candidates[1:]:
            label = self.label(turn, candidate) if candidate.intent not in RED_LINES else ""
            if label and candidate.score >= NEAR and self.leads(turn, candidate):
                intent, slots = self.answer(turn, candidate)
                found.setdefault(label, Offer(str(len(found) + 1), label, intent, slots))
        return list(found.values())[: CHOICES - 1]

    def answer(self, turn: Turn, candidate: Candidate) -> tuple[str, dict[str, str]]:
        """The intent and slots that answer it."""
        intent = candidate.intent or self._named(turn.heard, candidate.question)
        if not intent and not candidate.entry and candidate.question and turn.heard.first("theme"):
            intent = self._instead.get(("course", candidate.question))  # 修车的班多少钱: better than no answer at all
        if intent:
            slots = self.values(self._handlers[intent], turn, fresh=True)
            if any(slot.name == "about" for slot in self._handlers[intent].slots):
                slots["about"] = turn.heard.folded
            return intent, slots
        if candidate.entry:
            return "entry", {"entry": candidate.entry}
        return "not_answered", {"question": candidate.question or ""}

    def values(self, handler: Handler, turn: Turn, fresh: bool = False) -> dict[str, str]:
        """The handler's slots that the message fills: by name, by pointing at an offer, or (fresh) by the focus."""
        values: dict[str, str] = {}
        names = {slot.name for slot in handler.slots}
        pointed = pointed_at(turn.heard.folded, turn.state.offers)
        if pointed:
            values |= {name: value for name, value in pointed.slots.items() if name in names}
        for slot in handler.slots if turn.heard.entities else ():
            if slot.name not in values and (value := slot.read(turn.heard, turn.catalogue)) is not None:
                values[slot.name] = value
        if not fresh:
            return values
        folded, focus = turn.heard.folded, turn.state.focus
        if phrases.of_any(turn.heard):
            meant = set[str]()
        elif phrases.points_back(folded):
            meant = names & ({"course"} if values.keys() & {"org", "course"} else set(focus))
        elif turn.state.focus_age <= 3 and not phrases.means_us(folded) and not set(values) - {"when", "fee"}:
            meant = {slot.name for slot in handler.slots if slot.focus}
        else:
            meant = set()
        if "class" in meant and not _held_then(turn, focus.get("class", ""), values.get("when")):
            meant -= {"class"}  # 我要的是周末那个班, after one in the evening
        for slot in handler.slots:
            if slot.name in meant & focus.keys() and slot.accepts(focus[slot.name], turn.catalogue):
                values.setdefault(slot.name, focus[slot.name])
        return values


def _held_then(turn: Turn, id: str, when: str | None) -> bool:
    """Whether a class has a session at a time that is named; so it has, where none is."""
    group = turn.catalogue.classes.get(id)
    return (
        group is None
        or when is None
        or any(When.of(when).fits(day, group.starts) for day in turn.calendar.days(group.id))
    )
