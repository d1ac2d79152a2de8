"""What is asked: two questions at once, a clear one, a likely one, a name alone, and what nothing was understood of."""

import re

from msgspec.structs import replace

from bot import about, described, halves, phrases
from bot.alarming import words_of
from bot.aspects import sentence_on, spoken, spoken_of
from bot.claiming import shares
from bot.commands import number
from bot.comprehension import Candidate, Understanding
from bot.conversation import Task
from bot.leanings_to_learning import OF_LEARNING
from bot.messages import LONGEST, Reply
from bot.readings import plainly, standard
from bot.rules.compare import compares
from bot.rules.records import brief_of_it
from bot.rules.tasks import corrects
from bot.running import SILENT_TOPICS, TRIES, Runner
from bot.turn import CHOICES, Turn
from nlu.questions import NO_ANSWER, RED_LINES

_OF_CREDITS = {"credit_lookup", "credit_redemption"}  # topics of one matter
_NEARLY = 0.7  # of a standard question, that is no word for the ticket
_PARTS = {"price", "duration", "phone", "places"}  # of a guide, that are asked for by themselves
_NAMED = {"about_org", "about_course"}  # what a name alone comes to
_BOTH = 3  # parts of a message of which two are answered
_CLAUSES = 6  # from the end, that are looked at for what is asked
_REASON = re.compile(
    "(?:我|俺|咱)[^,，。]{0,3}(?:要|得)(?:去)?(?:送|接|带|上班|下班|买菜|做饭|赶车|照顾|回家|看店|干活|下地|出摊|值班)(?!.*(?:投诉|举报|退|换|打我|人工))"
)
_FEARS = re.compile("(?:就|只|又|我)*(?:怕|担心|免得|省得)")  # 就怕白跑一趟: why it is asked
_SHORT = 134  # characters of two segments of an SMS


async def too_long(run: Runner, turn: Turn) -> bool:
    """More than anybody reads as a question."""
    if len(turn.heard.text) <= LONGEST:
        return False
    turn.say("too_long")
    turn.offer(turn.line("label.human"), "human")
    return True


async def stray_number(run: Runner, turn: Turn) -> bool:
    """A number where there is nothing to choose from."""
    if number(turn.heard.folded) is None or turn.state.tasks or turn.state.offers:
        return False
    turn.say("nothing_offered")
    return True


async def gist(run: Runner, turn: Turn) -> bool:
    """Of a message that is not clear as a whole, the part that asks; what else was said is passed over kindly."""
    if turn.state.just_told and (asks := _without_reason(turn.heard.folded)):
        turn.heard = run.hear(turn, asks)
    heard, folded = turn.heard, turn.heard.folded
    best = plainly(heard)
    small = (
        best is not None and best.topic in SILENT_TOPICS and phrases.is_story(folded)
    )  # thanks, at the end of a story
    clauses = phrases.clauses(folded)
    # 礼拜六她要带孙子，平日白天的呢; 晚上出不来，换周末那个呢，啥时间
    goes_on = turn.state.just_told and any(map(phrases.follows, clauses[-2:]))
    clear = best is not None and (best.score >= heard.lines.sure or not (goes_on or run.readings.costs(turn, best)))
    if best and not small and clear:
        return False
    if phrases.nth_alone(folded):  # 第三个怎么样，讲讲
        return False
    where = heard.first("course") and (heard.first("org") or heard.first("when"))
    if where and not phrases.asks(folded) and phrases.narrows(heard) == []:  # 书法，晚上某某街道那个
        return False
    if len(clauses) < 2 or run.waiting(turn.state) or corrects(turn) or compares(turn):
        return False
    parts = [run.hear(turn, each) for each in clauses[-_CLAUSES:] if words_of(each) is None]
    names = set() if phrases.is_story(folded) else {each.kind for each in heard.entities} & described.OURS
    complains = any(each.intent == "complaint" and each.score >= heard.lines.ask for each in heard.candidates)
    asking = [each for each in parts if _stands_alone(each) and (complains or not _is_a_complaint(each))]
    if asking and phrases.points_back(asking[-1].folded):
        names -= {"course"}  # 有没得人教这个
    whole = bool(asking) and names <= {entity.kind for entity in asking[-1].entities}
    if whole and (len(asking) == 1 or len(clauses) > _BOTH):
        if phrases.is_story(folded):
            turn.say("story")
        if (place := heard.first("org")) and not asking[-1].first("org"):  # 学院的也不用吧，一回能用多久
            turn.focus("org", place)
        named = [each for each in heard.entities if each.kind == "course"]
        turn.heard = _with_what_follows(run, turn, parts, asking[-1])
        if phrases.points_back(turn.heard.folded) and not turn.heard.first("course"):
            turn.heard = replace(turn.heard, entities=(*turn.heard.entities, *named))
    return False


def _is_a_complaint(part: Understanding) -> bool:
    """我们排了一出戏: what only a part of a message is taken for."""
    return part.best is not None and part.best.intent == "complaint"


def _without_reason(folded: str) -> str:
    """早上几点到几点 of 早上几点到几点，我要送孙子; empty where no reason is given."""
    parts = phrases.clauses(folded)
    asking = [each for each in parts if phrases.asks(each)]
    reasons = [each for each in parts if _REASON.match(each)]
    return asking[0] if len(parts) == 2 and len(asking) == len(reasons) == 1 and asking != reasons else ""


def _with_what_follows(run: Runner, turn: Turn, parts: list[Understanding], asking: Understanding) -> Understanding:
    """换周末那个呢，啥时间: a part with those behind it, where one of them asks for an aspect."""
    behind = parts[parts.index(asking) + 1 :]
    asks = any(spoken(each.folded) and phrases.asks(each.folded) for each in behind)
    return run.hear(turn, "，".join(each.folded for each in (asking, *behind))) if asks else asking


def _stands_alone(part: Understanding) -> bool:
    """Whether a part of a message asks something clear, or goes on with the talk by a name."""
    reading = plainly(part)
    lone = phrases.asks(part.folded) and not phrases.points_back(part.folded)
    if reading is not None and reading.intent in NO_ANSWER and not lone:
        return False  # 有没得人教这个，最好是白天: means what the other parts name
    if reading is not None and reading.score >= part.lines.sure and reading.topic not in SILENT_TOPICS:
        return True
    names = bool(part.entities) and not about.tells_only(part.folded, part.entities)
    return names and (phrases.follows(part.folded) or len(phrases.rest(part)) <= 1)


async def neighbour(run: Runner, turn: Turn) -> bool:
    """那网上学呢, after an answer from an entry: which of its neighbours is meant."""
    last = turn.state.last
    entry = turn.library.entries.get(last.slots.get("entry", "")) if last and last.intent == "entry" else None
    question = turn.library.asks(entry) if entry else None
    if question is None or len(turn.heard.folded) > phrases.FRAGMENT or not phrases.follows(turn.heard.folded):
        return False
    if turn.heard.names("course"):
        return False  # 那合唱呢
    best = plainly(turn.heard)
    if best and best.score >= turn.heard.lines.sure:
        return False
    heard = run.comprehension.understand(phrases.without_following(turn.heard.folded), turn.today)
    likely = {each.question: each.score for each in heard.candidates}
    near = sorted((each for each in question.near if each in turn.library.questions), key=lambda id: -likely.get(id, 0))
    run.ask_which(turn, [standard(turn, id) for id in near[:CHOICES]])
    run.remind(turn)
    return True


async def two(run: Runner, turn: Turn) -> bool:
    """Two questions in one message, when each half stands by itself; what needs identity comes second."""
    heard = [run.hear(turn, half) for half in turn.heard.halves()]
    wishes = [each for each in heard if not _CANNOT.search(each.folded)]
    by_phone = len(wishes) == 1 and wishes[0].best is not None and wishes[0].best.question == "enrol-phone-enrol"
    if len(wishes) == 1 and wishes != heard and (by_phone or phrases.wants_to_learn(wishes[0].folded)):
        turn.heard = wishes[0]  # 老伴想学手机，视频都不会打
        return False
    if (turn.heard.hinted or turn.heard.first("activity")) and sum(bool(each.entities) for each in heard) < 2:
        return False  # 量血压的那个，几点，在哪: one activity, and what there is to know of it
    lines, whole = turn.heard.lines, turn.heard.best
    rule = whole is not None and whole.question is not None and whole.score >= lines.likely
    if (turn.described or rule) and any(map(_only_whether_taught, heard)):
        return False  # 打字做表格的，有教吗; 作业我辅导不来，有课没
    if turn.described and not turn.heard.names("course"):
        return False  # 医院的号要在手机里头戳，有地方教吗: one course, described by all of it
    sure = whole is not None and whole.score >= lines.sure and not turn.heard.says_also and not _asks_parts(heard)
    enough = lines.sure if sure else lines.likely
    clear = [
        (each, candidate)
        for each in heard
        if _asks(each) and (candidate := plainly(each)) and not _goes_on(turn, each, candidate)
        and candidate.topic not in SILENT_TOPICS and candidate.intent not in _NAMED
        and (candidate.intent != "unrelated" or turn.heard.says_also)  # 帮儿子带孙子，你们有课不: the first is why
        and candidate.score >= (lines.sure if run.readings.costs(turn, candidate) else enough)
    ]  # fmt: skip
    if len(clear) < 2 or len({(each.intent, each.question, each.entry) for _, each in clear}) < 2:
        return False
    clear.sort(key=lambda pair: bool(pair[1].intent and run.handlers[pair[1].intent].personal))
    said = turn.heard
    for kind in ("org", "course"):  # 机电系在哪，几点开门: the name is of both
        if named := said.first(kind):
            turn.focus(kind, named)
    for each, candidate in clear[:2]:
        turn.heard = each
        choices, told = len(turn.offered), len(turn.said)
        await run.answer(turn, candidate)
        if turn.confirming or run.waiting(turn.state):  # what is asked last is what is answered
            turn.offered = [replace(offer, key=str(n)) for n, offer in enumerate(turn.offered[choices:], 1)]
            break
        if choices:  # two lists of choices at once are none
            del turn.offered[choices:]
        before = {reply.text for reply in turn.said[:told]}
        turn.said[told:] = [reply for reply in turn.said[told:] if reply.text not in before]
    turn.heard = said
    return True


def _goes_on(turn: Turn, part: Understanding, meant: Candidate) -> bool:
    """那东林做馒头的呢: goes on with the talk, and is no question of none of ours, however it is read by itself."""
    return turn.state.just_told and meant.intent in NO_ANSWER and phrases.follows(part.folded)


def _only_whether_taught(part: Understanding) -> bool:
    """有教的吗, 有课不: of what is said beside it."""
    classes = part.best is not None and part.best.intent in {"find_class", "find_course"}
    return classes and not part.entities and not described.content(part)


def _asks_parts(heard: list[Understanding]) -> bool:
    """实训楼在哪，几点开门: whether each part asks another thing that there is to know of whatever is named once for all."""
    asked = [{*spoken(each.folded)} for each in heard]
    named = sum(bool(each.entities) for each in heard)
    return len(asked) > 1 and named == 1 and all(asked) and not set.intersection(*asked)


_STATES = re.compile(
    "(?:我|俺|现在|那)?(?:还没|没有?|已经|都|才|刚|快)(?:(?![什啥几哪怎咋]|多少)[^,，。]){1,6}呢"
)  # 还没开课呢
_CANNOT = re.compile(
    "^[^,，。怎咋]{0,6}(?:都|也|还|就)?不(?:会|大会|太会)(?:在[^,，。]{1,4}上)?(?:打|弄|用|点|搞|看|开|使|整)?(?:手机|电脑)?$"
)  # 视频都不会打: why one wants to learn
# What one begins with before the question comes.
_BEGINS = re.compile(
    "(?:你好|您好)?(?:老师|师傅|同志|大[哥姐]|美女|帅哥|领导)?[,，]?(?:我|俺|咱)?(?:就是|就)?(?:想|来|要)?(?:请|麻烦)?[问打][听问]?(?:个事|一?下|一?哈)?[子儿呀啊嘛哦]?"
)


def _asks(part: Understanding) -> bool:
    """Whether a part of a message may be a question, and no name alone or something of somebody."""
    if _STATES.fullmatch(part.folded):
        return False
    said = (phrases.rest(part) or phrases.asks(part.folded)) and not _FEARS.match(part.folded)
    said = said and not _BEGINS.fullmatch(part.folded)
    return bool(said) and not (about.tells_only(part.folded, part.entities) or phrases.tells_of_own(part.folded))


async def clear(run: Runner, turn: Turn) -> bool:
    """A question that is surely meant."""
    best = plainly(turn.heard)
    tells = turn.ticket and not phrases.asks(turn.heard.folded) and not phrases.rest(turn.heard)
    if best is None or best.score < turn.heard.lines.sure or tells:  # 是太极班的 is for the ticket
        return False
    if brief_of_it(turn) and not run.waiting(turn.state) and not turn.ticket:
        return False
    if best.question:
        _soothe(turn)
    again = best.entry in turn.state.told and _asks_beyond(turn, best.entry)
    await run.answer(turn, best)
    if again and (college := turn.catalogue.college) is not None and college.phone:
        turn.say("fact.no_more", phone=college.phone)
    return True


def _asks_beyond(turn: Turn, id: str | None) -> bool:
    """彩色的多少一张, after what printing costs: whether an answer that was just told, and is what is meant again, has none of
    the words that are asked about."""
    entry = turn.library.entries.get(id or "")
    if entry is None or len(turn.heard.folded) > phrases.FRAGMENT:
        return False
    question = turn.library.asks(entry)
    known = "".join((*entry.questions, entry.answer, *entry.steps, question.zh if question else ""))
    words = phrases.PAIRS.findall(halves.beyond(turn.heard.without()))
    return bool(words) and not any(each in known for each in words)


def _soothe(turn: Turn) -> None:
    """Whoever is angry about something hears that first, and how to get to a person."""
    if phrases.upset(turn.heard.folded):
        turn.say("upset.first")
        turn.offer(turn.line("label.human"), "human")


async def part(run: Runner, turn: Turn) -> bool:
    """补一张要几块钱, of a guide: the sentence of it that says so, instead of its first step."""
    best = plainly(turn.heard)
    entry = turn.library.entries.get(best.entry) if best and best.entry else None
    aspect = spoken_of(turn.heard.folded)
    if best is None or entry is None or not entry.steps or aspect not in _PARTS or best.score < turn.heard.lines.likely:
        return False
    words = entry.said(turn.state.lang)
    if not (said := sentence_on(aspect, words.answer, *words.steps)):
        return False
    turn.recall(entry, said)
    turn.offer(run.readings.label(turn, best), "entry", entry=entry.id)
    run.remind(turn)
    return True


async def for_the_ticket(run: Runner, turn: Turn) -> bool:
    """What asks nothing while a ticket is open belongs to it."""
    best = plainly(turn.heard)
    small = best is not None and (best.topic in SILENT_TOPICS or (best.question is not None and best.score >= _NEARLY))
    if not turn.ticket or small or phrases.asks(turn.heard.folded) or phrases.requests(turn.heard.folded):
        return False
    turn.say("noted", ref=turn.ticket)
    return True


async def likely(run: Runner, turn: Turn) -> bool:
    """A likely question, where a wrong answer costs nothing: under its name, with the runner-up and a person one key away."""
    best = plainly(turn.heard)
    if best is None or (run.readings.costs(turn, best) and not _is_of_the_talk(turn, best)):
        return False
    own = [each for each in turn.heard.candidates if each.entry and not each.question]
    ours = [each for each in own if each.score >= turn.heard.lines.likely and _worth_asking(turn, each)]
    if best.intent in NO_ANSWER and ours:  # 床位一晚上多少: what we know is not refused
        return run.ask_which(turn, ours)
    _soothe(turn)
    label, before = run.readings.label(turn, best), len(turn.said)
    await run.answer(turn, best)
    if not label or turn.state.tasks or turn.handover or len(turn.said) == before:
        return True
    for each in turn.heard.candidates[1:]:
        other = run.readings.label(turn, each)
        worth = _worth_asking(turn, each) and each.intent not in RED_LINES and run.readings.leads(turn, each)
        if worth and other and other != label:
            intent, slots = run.readings.answer(turn, each)
            turn.offer(other, intent, **slots)
            break
    if (
        best.intent not in NO_ANSWER
        and not (turn.unanswered or turn.confirming)
        and not turn.said[before].text.startswith(label)
    ):
        turn.said[before] = _under(turn.said[before], turn.line("about", question=label))
        if best.entry and all(each.intent != "human" for each in turn.offered):
            turn.offer(turn.line("label.not_this"), "human")
    return True


def _worth_asking(turn: Turn, each: Candidate) -> bool:
    """Whether it may be meant."""
    own = turn.library.entries.get(each.entry or "")
    fits = own is None or own.standard is not None or shares(own, turn.heard.folded)
    return fits and each.score >= turn.heard.lines.ask


def _is_of_the_talk(turn: Turn, best: Candidate) -> bool:
    """去哪换, after what points get; 我血压高练得了不, after a class: a likely question of what the talk is about is meant, and is answered under its name."""
    if best.question is None or not turn.state.said or best.score < turn.heard.lines.likely:
        return False
    asked = (turn.library.asks(entry) for each in turn.state.told if (entry := turn.library.entries.get(each)))
    learnt = (turn.state.just_told and best.topic in OF_LEARNING) or {best.topic, turn.state.topic} == _OF_CREDITS
    return learnt or best.topic == turn.state.topic or any(best.question in each.near for each in asked if each)


def _under(reply: Reply, name: str) -> Reply:
    """The reply with the name of its question before it."""
    short = name + (reply.short or reply.text)
    return replace(
        reply, text=name + reply.text, spoken=name + reply.spoken if reply.spoken else None,
        short=short if len(short) <= _SHORT else reply.short,
    )  # fmt: skip


async def not_sure(run: Runner, turn: Turn) -> bool:
    """Nothing that we are sure enough of: what may be meant is offered; at the third time a person."""
    state = turn.state
    if phrases.upset(turn.heard.folded) and not state.just_closed(turn.inbound.at):
        turn.say("upset")
        turn.offer(turn.line("label.human"), "human")
        turn.offer(turn.line("label.complaint"), "complaint")
        run.remind(turn)
        return True
    near: list[Candidate] = [each for each in turn.heard.candidates if _worth_asking(turn, each)]
    state.failures += 1
    turn.unanswered = True
    if closed := state.just_closed(turn.inbound.at):
        turn.task = Task("human", {"detail": turn.heard.text})
        await turn.hand_over("not_done_yet", topic=state.topic, quiet=True)
        turn.say("led_on" if state.elsewhere else "reopened", ref=closed)
        state.failures = 0
        return True
    if state.failures > TRIES:
        turn.task = Task("human", {"detail": turn.heard.text})
        turn.say("give_up")
        await turn.hand_over("not_understood", topic="human_agent")
        state.failures = 0
    elif near and near[0].intent == "human":  # 有没有能接电话说话的
        turn.say("human.perhaps")
        turn.confirming = True
        turn.offer(turn.line("label.human"), "human")
    elif run.ask_which(turn, near):
        state.topic = near[0].topic
    elif state.failures == 1:
        turn.say("not_understood")
        turn.offer(turn.line("label.human"), "human")
        state.topic = turn.heard.topic
    else:
        turn.say("not_understood_again")
        for intent in ("find_class", "site_hours", "human"):
            turn.suggest(intent)
        state.topic = turn.heard.topic
    run.remind(turn)
    return True
