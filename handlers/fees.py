"""What a class costs, and whom it costs less."""

import re

from bot import halves
from bot.phrases import PAIRS
from bot.turn import Turn
from handlers import entries, wording
from handlers.classes import named_otherwise, one
from handlers.eligibility import RULE, SOURCE, bears_on_fee, conditions, fee_rule, refused
from knowledge.catalogue import TrainingClass

_DEPOSIT = re.compile("押金")
_IN_PARTS = re.compile(
    "分期(?!分批|举|开|办|培)|分次|分[两几]次|缓[交缴付]|[延推][期迟后缓][^，。]{0,3}[交缴付]|[交缴付][^，。]{0,4}[延推][期迟后缓]"
)


async def class_fee(turn: Turn) -> None:
    if not turn.get("class") and not turn.get("course") and not turn.state.focus.get("class"):
        question = RULE if fee_rule(turn) else "fee-general"
        of_one = named_otherwise(turn) and (turn.get("org") or turn.library.answer(question, turn.today) is None)
        if not of_one:
            entries.tell(turn, question)
            return
    if turn.lacks("courses"):
        return
    group = await one(turn, "class_fee")
    if group is None:
        return
    say_fee(turn, group)
    home = turn.catalogue.organisations.get(group.organisation)
    if halves.of_a_thing(turn.heard.without()) and home and home.phone:
        turn.say("fact.no_more", phone=home.phone)  # 瑜伽垫多少钱
    if not group.places and group.enrols(turn.today):
        turn.say("class.is_full", places=wording.places(group, turn))
    refused(turn, group)


async def deposit(turn: Turn) -> None:
    """押金退不退: what the centre has written of it, whatever was asked there; else that it has not."""
    if _written(turn, _DEPOSIT):
        return
    turn.unanswered = True
    turn.say("fee.deposit")
    turn.suggest("human")
    turn.suggest("site_phone")


def _written(turn: Turn, words: re.Pattern[str]) -> bool:
    """Says what the centre has written of something, whatever was asked there; whether it has."""
    said = [each for each in turn.library.entries.values() if words.search(each.answer) and each.is_valid(turn.today)]
    if said:
        turn.answer(max(said, key=lambda each: sum(pair in each.answer for pair in PAIRS.findall(turn.heard.folded))))
    return bool(said)


def say_fee(turn: Turn, group: TrainingClass) -> None:
    """What it costs whoever asks, as far as they have said who they are."""
    fee = wording.fee(group, turn)
    if group.fee and (known := fee_rule(turn, group)):
        turn.say("class.fee_exempt", name=group.name, fee=fee, rule=known.rule, source=known.source)
        return
    if bears_on_fee(turn.recorded.classes[group.id]):
        turn.say("class.fee_if", name=group.name, fee=fee, eligibility=conditions(group, turn), source=SOURCE)
    else:
        turn.say("class.fee", name=group.name, fee=fee, source=SOURCE)
    if group.fee and turn.state.facts.grounds:
        turn.say("class.fee_unknown", ground=turn.line(f"about.ground.{turn.state.facts.grounds[0]}"))
        turn.suggest("human")


async def pay_later(turn: Turn) -> None:
    """学费能推迟交吗: what the centre has written of that; else how fees are paid, that it is written nowhere, and whom to ring."""
    if not _written(turn, _IN_PARTS):
        turn.answer_standard("fee-pay-how")
        group = turn.catalogue.classes.get(turn.get("class") or "")
        home = turn.catalogue.organisations.get(group.organisation if group else turn.get("org") or "")
        if asked := home or turn.catalogue.college:
            turn.say("fee.later", phone=asked.phone)
    turn.suggest("human")
