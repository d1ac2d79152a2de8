"""What is asked of the seats: how their answer is to come, when they ring, and when anybody is there."""

import re
from collections.abc import Collection

from bot import phrases
from bot.alarming import LIFE
from bot.commands import commands
from bot.comprehension import Understanding
from bot.conversation import Task
from bot.rules.first import of_a_life
from bot.running import Runner, fresh
from bot.turn import Turn
from bot.waiting import ANSWER, COMPLAINT, STAYS, TicketStatus


async def how_answered(run: Runner, turn: Turn) -> bool:
    """发短信到138…, 不用了: how the answer of a seat is to come, in words of one's own, right after it was asked."""
    ways = {each.slots["way"] for each in fresh(turn.state) if each.intent == ANSWER}
    alarm = turn.alarm
    if not ways or turn.inbound.choice is not None or (alarm and (alarm.sure or alarm.kind in LIFE)):
        return False
    way = _way(run, turn, ways)
    if way is None:
        return False
    told = {kind: value for kind in ("phone", "mail") if (value := turn.heard.first(kind))}
    await run.start(turn, ANSWER, {"way": way, **told}, remind=False)
    return True


def _way(run: Runner, turn: Turn, ways: Collection[str]) -> str | None:
    """One of these that is named, or that the page is enough; None where it is something else, or not clear."""
    folded = turn.heard.folded
    if len(folded) > _WITH_A_NUMBER or phrases.asks(folded):
        return None
    parts = phrases.clauses(folded)
    named = {(way, bool(_NOT_SO.search(part))) for part in parts for way in ways if _WAYS[way].search(part)}
    wanted = [way for way, refused in named if not refused]
    if len(wanted) == 1:
        return wanted[0]
    first = run.hear(turn, parts[0]) if len(parts) > 1 and not named else turn.heard  # 不麻烦了，我自己上网看
    return STAYS if not wanted and (named or _stays(turn.heard) or _stays(first)) else None


def _stays(heard: Understanding) -> bool:
    """No, thanks: by its words or as the model reads it."""
    read = heard.move.label in _STAYING and heard.move.probability >= _LIKELY
    return read or bool(commands(heard.folded) & _STAYS)


_WAYS = {
    "phone": re.compile("电话(?!老?是?打不|没人)|打给我|回电|致电|打过来|call|phone|ring"), "text": re.compile("短信|text|sms"),
    "mail": re.compile("邮件|邮箱|电邮|e-?mail|@"), STAYS: re.compile("就在这|在这里|在这儿|这里就|这儿就|网页|here"),
}  # fmt: skip
_NOT_SO = re.compile("不要|不用|不需|不必|别|不想|没有|no |not |don't")
_WITH_A_NUMBER, _LIKELY = 100, 0.45  # characters of a way and a number; of a move
_STAYS = {"no", "none", "cancel", "not_now"}
_STAYING = {f"cmd/{name}" for name in ("no", "none_of_these", "cancel", "done", "thanks_but", "wait")}


async def rings_back(run: Runner, turn: Turn) -> bool:
    """明天上午十点打给我, with a ticket that is open or while a number is asked for: to be rung, and when; a number alone is
    where."""
    heard, task = turn.heard, run.waiting(turn.state)
    asked = task is not None and task.intent in {ANSWER, _CALL} and task.asked == "phone"
    if turn.inbound.choice is not None or (task is not None and not asked) or not (asked or turn.ticket):
        return False
    when, phone = heard.first("when"), heard.first("phone")
    rung = _RING.search(heard.folded) is not None and not _RANG.search(heard.folded)
    left = phone is not None and (phrases.named_share(heard) >= _MOST or _OTHER.search(heard.folded))
    settled = turn.state.rings == turn.ticket and when is not None and len(phrases.rest(heard)) <= _LITTLE
    said = (rung or settled or (asked and when is not None)) and not _asks_when(heard.folded)
    if asked and (phone is not None or when is None):
        return False  # the answer to what was asked
    if not (said or left) or (phrases.asks(heard.folded) and not _MAY.search(heard.folded)):
        return False
    await run.run(turn, task or Task(_CALL, {"phone": phone} if phone else {}), remind=False)
    return True


async def not_rung(run: Runner, turn: Turn) -> bool:
    """别给我打电话, with a ticket that is open: nobody rings, whatever was asked or promised."""
    folded, task = turn.heard.folded, run.waiting(turn.state)
    if turn.ticket is None or turn.inbound.choice is not None or of_a_life(turn):
        return False
    asked = task is not None and task.intent in {ANSWER, _CALL} and task.asked == "phone"
    owed = asked or turn.state.rings == turn.ticket
    refused = _NO_RING.search(folded) or (_RINGS_NO_MORE.search(folded) if owed else None)
    if refused is None or _RINGS.search(folded, refused.end()):
        return False  # 上午别打给我，下午打
    if asked:
        turn.state.tasks.pop()
    await run.start(turn, _CALL, {"refused": "yes"}, remind=False)
    return True


async def when_answered(run: Runner, turn: Turn) -> bool:
    """几点有人接, 啥时候给我打, with a ticket that is open: when seats answer next, and what is owed."""
    heard = turn.heard
    if turn.ticket is None or turn.inbound.choice is not None or not _asks_when(heard.folded):
        return False
    if (danger := turn.state.danger) and of_a_life(turn):  # nobody who waits for an ambulance hears of opening hours
        await run.start(turn, danger.red_line, {"stage": "again"}, remind=False)
        return True
    if any(heard.first(each) for each in _THINGS) or (turn.state.topic == COMPLAINT and heard.topic == COMPLAINT):
        return False  # of a complaint it is on record how long that takes
    seats = await turn.desk.place(turn.now, turn.ticket)
    turn.tell(TicketStatus(seats, turn.ticket, urgent=False, known=True).when(turn.texts, turn.state.lang))
    if turn.state.rings == turn.ticket:
        turn.say("seats.when_rung")
    run.remind(turn)
    return True


async def rated(run: Runner, turn: Turn) -> bool:
    """五星，谢谢李老师, 三星吧，等太久了: what they thought of a seat, in words of their own, right after it was asked."""
    stars = {offer.slots["stars"]: offer for offer in fresh(turn.state) if offer.intent == "rate_service"}
    folded = turn.heard.folded
    if not stars or turn.inbound.choice is not None or phrases.asks(folded):
        return False
    if (said := _stars(folded)) is None or said not in stars:
        return False
    await run.take(turn, stars[said])
    return True


def _stars(folded: str) -> str | None:
    """How many stars some words are worth, one clause of which says nothing else: 三个星期了 and 可以打给我 are none."""
    said = phrases.clauses(folded) if len(folded) <= _LONG else []
    if counted := next(filter(None, map(_COUNTED.fullmatch, said)), None):
        return str("一二三四五".find(counted["stars"]) + 1 or counted["stars"])
    return next((str(each) for each, words in _WORTH if any(map(words.fullmatch, said))), None)


# What may stand before it in its clause, and behind it.
_TOLD_OF = (
    r"(?:我|俺|[你他她]们?|您|人|这次|这回|刚才|总体|整体|觉得|感觉|认为|对|那?个|人工|服务|态度|坐席|客服|[一-龥]?老师|回[答复]|处理|解决|得|的|给|打|评|就|都|也|还(?!是)|算|是"
    r"|真|挺|蛮|比较|谢谢|感谢|很好|挺好|不错|满意|非常|the|it|is|was|very|really|so|service|thanks?|thank you|\W)*"
)
_AND_MORE = r"(?:给[一-龥]{0,2}老师|[很挺蛮]?(?:好|满意|不错)|非常(?:好|满意)|好评|般|谢谢|感谢|辛苦|[的了吧啊呀哦呢啦哈]|service|thanks?|thank you|\W)*"


def _worth(words: str) -> re.Pattern[str]:
    return re.compile(f"{_TOLD_OF}(?:{words}){_AND_MORE}")


_COUNTED = _worth("全?(?P<stars>[1-5一二三四五])(?:颗|个)?(?:星星?|分)")
_WORTH = (
    (1, _worth("差评|(?:很|太|极|非常|特别|最)(?:差|不满意|糟|烂)|terrible|awful")),
    (
        2,
        _worth(
            "不(?:是|算)?(?:太|怎么|大|很|特别|非常|十分)?(?:满意|好)|(?<![都也])不(?:太|怎么)?行|谈不上满意|not (?:very )?(?:good|great)|bad"
        ),
    ),
    (5, _worth("满分|好评|打满|(?:很|太|非常|十分|特别|超级?|最)(?:满意|好|棒|赞)|点赞|excellent|great|perfect")),
    (4, _worth("满意|[挺蛮]好|不错|可以|good|not bad")),
    (3, _worth("一般|凑合|马马虎虎|还行|so-so|average")),
)


def _asks_when(folded: str) -> bool:
    return len(folded) <= _LONG and _WHEN.search(folded) is not None and _ANSWERED.search(folded) is not None


_CALL = "callback"  # the intent of who wants to be rung
_THINGS = ("course", "activity", "item", "org")  # what is on then is another question
_MOST, _LITTLE, _LONG = 0.6, 3, 24  # share of a number, and characters beside a time; of a question about the seats
_RING = re.compile(
    "打(?:一?个)?(?:电话)?[\\d -]*(?:给|到)[我俺]|[给跟][我俺][^,，。]{0,4}(?:打|回)|回(?:一?个)?(?:电话|电)|打(?:电话)?过来|打我(?:电话|手机)"
    "|来(?:一?个)?电话|(?:再|才|那会儿|那时候?|时候)[^,，。]{0,3}打(?:来|吧|$)|联系我|(?:call|ring) me"
)
_REFUSES = "(?:(?<!要)不要|不用|不必|不需要?|不想|不希望|不许|不准|别(?![人忘处])|甭|勿|莫|老(?![师人公婆伴乡])是?|总(?!部|台|机)是?|一直)"
_NO_RING = re.compile(
    f"{_REFUSES}[^,，。]{{0,6}}?(?:{_RING.pattern})|(?:don't|do not|never|stop)\\s(?:call|ring|phon)\\w* me"
)
_RINGS_NO_MORE = re.compile(f"{_REFUSES}再?(?:给?[我俺])?(?:打|回|联系)(?:我|电话|手机)*[了啦来吧]*(?:$|[,，。!！])")
_RINGS = re.compile("(?<![别用要必])打|call|ring")
_OTHER = re.compile("[换改错]")  # 换个号码，…
_RANG = re.compile("没[人有]?[^,，。]{0,6}[打回联]|打过(?!来)|打了|回了")  # 没人给我打电话 wishes for nothing new
_MAY = re.compile("(?:行不行|行不|行吗|可以吗|可以不|好吗|好不好|成吗|方便吗)[?？]?$|能不能|能否|可不可以")
_WHEN = re.compile("几点|什么时候|啥时候?|何时|几时|多久|多长时间|哪天|哪一天|when|how (?:long|soon)")
_ANSWERED = re.compile(
    "有人(?:$|接|在|管|理|回|上班|[啊呀呢吗])|人接|[回打联](?:系|个|复|电)?(?:电话)?(?:给|到)?[我俺]|[给跟][我俺][^,，。]{0,4}[打回]|回复|答复|回话|打过来"
    "|接(?:电话)?[啊呀呢]?$|轮到我|等到人|来人|坐席|人工|客服|(?:你们|他们)[^,，。]{0,4}上班|处理|call|ring|answer|staff|somebody|anybody"
)
