"""Courtesies, what we are, and what is not ours."""

import re

from bot.turn import Turn

WHAT_WE_ARE = "are-you-robot"  # a standard question that needs no centre to answer it

# What advice is asked for, by its words; the first that fits. The texts are `advice.<kind>`.
_ADVICE: tuple[tuple[str, re.Pattern[str]], ...] = (
    (  # a quarrel at work, whatever else it is about
        "labour",
        re.compile(
            "工伤|病假|产假|加班费|仲裁|辞退|开除|裁员|劳动合同|试用期|社保|(?:养老|失业|工伤|社会)保险|欠薪|(?:欠|不发|少发|不给|扣)[^,，。]{0,4}(?:工资|薪)"
            "|labou?r law|unpaid wages|fired"
        ),
    ),
    (
        "health",
        re.compile(
            "药|病|疼|痛|医|血(?!汗)|糖|癌|肿|烧|咳|麻(?!烦|将)|晕|痒|疹|膏|吃(?!亏|利|官司)|喝|针(?!对)|疫苗|体检|手术|孕|胎|症|腰|膝|胃|肝|心(?:脏|慌|口|梗|跳|悸|电|率|血管|绞)|眼(?!子)|睡|失眠|保健"
            "|营养|中风|症状|symptom|pain|medicine|dose|pill|doctor|fever"
        ),
    ),
    (
        "law",
        re.compile(
            "法律|法院|律师|打官司|官司|告(他|她|赢|状|人)|起诉|合同|离婚|遗嘱|遗产|继承|房产|过户|房东|押金|赔|协议|公证|判|欠条|不还|借条|担保|侵权|违法"
            "|犯法|坐牢|专利|产权|lawyer|sue|legal|divorce|contract"
        ),
    ),
    (
        "money",
        re.compile(
            "股|基金|理财|银行|利息|利率|贷款|黄金|保险|投|存|币|期货|国债|债券|炒|买房|楼市|房价|涨|赚|收益|钱|p2p|invest|stock|bitcoin"
            "|loan"
        ),
    ),
    ("labour", re.compile("劳动|工资|薪|失业|退休金|养老金|灵活就业|salary|wages")),
)  # fmt: skip


async def greeting(turn: Turn) -> None:
    turn.say("greeting", offers=turn.offers)
    await _menu_offers(turn)


async def welcome(turn: Turn) -> None:
    """Somebody has just come: who we are, and what becomes of what they write."""
    turn.say("welcome", offers=turn.offers)
    await _menu_offers(turn)


async def cannot_read(turn: Turn) -> None:
    """A voice message, a picture, a film: said kindly, with what works instead."""
    turn.say("cannot_read.voice" if turn.get("kind") == "voice" else "cannot_read")


async def sent_file(turn: Turn) -> None:
    """A picture or a document: we cannot read it, and say so; a person looks at it, who is called where none is yet."""
    if turn.inbound.public:
        turn.say("cannot_read")
    elif turn.ticket:
        turn.say("file.added", ref=turn.ticket)
    else:
        turn.say("file.received")
        await turn.hand_over("file")


async def menu(turn: Turn) -> None:
    turn.say("menu")
    await _menu_offers(turn)


async def _menu_offers(turn: Turn) -> None:
    for intent in ("find_class", "balance", "site_hours"):
        turn.suggest(intent)


async def who_are_you(turn: Turn) -> None:
    turn.say("who_are_you", offers=turn.offers)
    await _menu_offers(turn)


async def what_we_are(turn: Turn) -> None:
    """An assistant: said in the centre's words where it has any, and a person offered."""
    said = turn.library.answer(WHAT_WE_ARE, turn.today)
    if said is not None:
        turn.answer(said)
    else:
        turn.say("are_you_human")
    turn.suggest("human")


async def thanks(turn: Turn) -> None:
    """One satisfaction question in a talk, never a second."""
    turn.say("thanks" if turn.state.thanked else "thanks_first")
    turn.state.thanked = True


async def rate_service(turn: Turn) -> None:
    """The answer to the one question after a ticket is closed; it comes as a choice, never from words alone."""
    ref, stars = turn.get("ticket"), turn.get("stars")
    if ref is None or stars is None:
        turn.say("acknowledge")
        return
    turn.rating = ref, int(stars)
    turn.say("rated.low" if int(stars) <= 2 else "rated")
    if int(stars) <= 2:
        turn.suggest("human")


async def goodbye(turn: Turn) -> None:
    turn.say("goodbye")


async def acknowledge(turn: Turn) -> None:
    turn.say("acknowledge")


async def smalltalk(turn: Turn) -> None:
    turn.say("smalltalk", offers=turn.offers)


async def cancelled(turn: Turn) -> None:
    if turn.state.tasks:
        turn.state.tasks.pop()
    turn.say("cancelled")


async def other_office(turn: Turn) -> None:
    """Not ours: whom to ask instead."""
    if not turn.get("matter") and _advised(turn) == "labour":
        turn.say("advice.labour")
        return
    office = turn.catalogue.offices.get(turn.get("matter") or "city")
    if office is None:
        turn.say("unrelated")
        return
    turn.say("other_office", office=office.name, phone=office.phone)


async def advice(turn: Turn) -> None:
    """What a doctor, a lawyer or a bank is asked: never answered by us, always with who does."""
    kind = _advised(turn)
    turn.say(f"advice.{kind}" if kind else "advice")


def _advised(turn: Turn) -> str | None:
    """What kind of advice is asked for, as far as the words tell."""
    return next((kind for kind, words in _ADVICE if words.search(turn.heard.folded)), None)


async def unrelated(turn: Turn) -> None:
    if turn.get("matter"):
        await other_office(turn)
    else:
        turn.say("unrelated")


async def about_somebody(turn: Turn) -> None:
    """我是残疾人: taken in, for the answers to come."""
    turn.say("about.somebody")
    turn.suggest("find_class")
