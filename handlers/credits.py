"""Credits and points: what is personal needs identity; what went wrong goes to a person with everything that we know."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from accounts.ledger import AttendanceRow, Order, StatementLine, UnavailableError
from accounts.rules import amounts
from bot import phrases, unheld
from bot.messages import Priority
from bot.turn import CHOICES, Turn
from handlers import wording
from handlers.paging import page_of
from handlers.slots import DETAIL
from handlers.whose import Bound, bound_now, whose
from knowledge.called import category_in
from knowledge.catalogue import RedemptionItem

RULES = "source.credit_rules"
SHOP = "source.redemption_rules"
LINES, ASKED = 5, 60  # lines at a time; how many are asked for
BACK = timedelta(days=90)  # that missing credits are looked for
SOON = timedelta(days=60)  # before points lapse, that one is told
# 积分能换酱油吗: one thing by its name, and nothing asked of all of them.
_WISHED = re.compile(
    "(?:(?:能|可以|可不可以|能不能|想|要|够不够|够)[换兑]得?到?|[换兑]得[到着了])(?:点|个|些|一?[袋瓶桶把份张盒台])?"
    "(?P<name>(?![什么啥哪几多些东物奖礼积学钱现个点])[一-鿿]{2,4}?)(?:不能|不可以)?[吗么嘛不没呢]?[?？。]?$"
)


# What is asked of an item, beside its name, that its record says.
_OF_AN_ITEM = re.compile(
    "请问|积分|学分|兑换|超市|[换兑]|(?:多少|几)个?分?|需要|可以|有没有|能不能|库存|现在|还剩|剩|货|怎么|咋[样个]?|什么时候|哪里|哪儿|哪|在|到|去|拿|领|够"
    "|[要得能想用有没还吗么呢嘛啊呀吧不的了我你们它这那个一两张份瓶桶袋把条套盒只双点儿些就都是]|[^一-鿿]"
)


async def balance(turn: Turn) -> None:
    learner = await whose(turn)
    if learner is None:
        return
    try:
        found = await turn.accounts.bank.balance(learner.id)
        lapsing = None if found.as_of else await turn.accounts.bank.lapsing(learner.id, turn.today)
    except UnavailableError:
        await _unavailable(turn)
        return
    _look(turn, "balance.read", learner)
    turn.say(
        "balance", name=learner.name, credits=amounts(found.credits), points=found.points, day=wording.iso(found.last, turn),
        source=RULES,
    )  # fmt: skip
    if found.as_of is not None:
        turn.say("balance.as_of", at=wording.moment(found.as_of, turn))
    if found.frozen:
        turn.say("balance.frozen", points=found.frozen)
    if lapsing and lapsing[1] - turn.today <= SOON:
        turn.say("balance.lapsing", name=learner.name, points=lapsing[0], day=wording.iso(lapsing[1].isoformat(), turn))
    if learner.lost:
        turn.say("balance.lost")
    turn.suggest("ledger", learner=str(learner.id))
    turn.suggest("missing_credit")
    turn.suggest("redemption_items")


def _look(turn: Turn, action: str, learner: Bound) -> None:
    """Every look at a resident's record is written down."""
    turn.audits.append((action, f"learner {learner.id}"))


async def _unavailable(turn: Turn) -> None:
    """Never a figure that may be wrong: a person looks, and calls."""
    turn.say("bank.unavailable")
    turn.task.slots["detail"] = turn.inbound.text
    await turn.hand_over("platform_down", skill="credit", topic=turn.state.topic)


async def ledger(turn: Turn) -> None:
    """Line by line, the newest first; 更多 goes on."""
    learner = await whose(turn)
    if learner is None:
        return
    try:
        found = await turn.accounts.bank.entries(learner.id, ASKED)
    except UnavailableError:
        await _unavailable(turn)
        return
    _look(turn, "ledger.read", learner)
    page = page_of(turn, found, LINES)
    if not page.shown:
        turn.say("ledger.no_more" if page.number else "ledger.none", name=learner.name)
        return
    lines = "\n".join(f"· {_line(turn, entry)}" for entry in page.shown)
    turn.say("ledger.more" if page.rest else "ledger", name=learner.name, lines=lines, source=RULES)
    turn.suggest("missing_credit")
    turn.suggest("record_dispute", learner=str(learner.id))


def _line(turn: Turn, entry: StatementLine) -> str:
    moved = []
    if entry.credits:
        moved.append(turn.line("ledger.credits", count=f"{'+' if entry.credits > 0 else ''}{amounts(entry.credits)}"))
    if entry.points:
        moved.append(turn.line("ledger.points", count=f"{entry.points:+d}"))
    return turn.line(
        "ledger.line", day=wording.iso(entry.day, turn), note=entry.note,
        moved=wording.listed(moved, turn) or turn.line("ledger.spent"),
    )  # fmt: skip


async def points_lapsing(turn: Turn) -> None:
    """When own points lapse, and the rule."""
    learner = await whose(turn)
    if learner is None:
        return
    turn.answer_standard("points-expire")
    try:
        lapsing = await turn.accounts.bank.lapsing(learner.id, turn.today)
    except UnavailableError:
        await _unavailable(turn)
        return
    _look(turn, "balance.read", learner)
    if lapsing:
        turn.say("balance.lapsing", name=learner.name, points=lapsing[0], day=wording.iso(lapsing[1].isoformat(), turn))
    else:
        turn.say("balance.none_lapsing", name=learner.name)


async def my_record(turn: Turn) -> None:
    """What was learnt: how often this year, and the last times."""
    learner = await whose(turn)
    if learner is None:
        return
    try:
        found = await turn.accounts.bank.attended(learner.id, date(turn.today.year, 1, 1), 200)
    except UnavailableError:
        await _unavailable(turn)
        return
    _look(turn, "record.read", learner)
    lines = "\n".join(f"· {_attended(turn, row)}" for row in found[:LINES])
    hours = amounts(sum(row.minutes for row in found) // 6)
    turn.say("record" if found else "record.none", name=learner.name, count=len(found), hours=hours, lines=lines)
    turn.suggest("balance", learner=str(learner.id))
    turn.offer(turn.line("label.enrolments"), "enrolment_status", learner=str(learner.id))


def _attended(turn: Turn, row: AttendanceRow) -> str:
    return turn.line("record.line", day=wording.iso(row.day, turn), note=row.note)


async def missing_credit(turn: Turn) -> None:
    """When credits should have come; for whoever has proven who they are, what was attended and not entered yet."""
    turn.answer_standard("credit-post-time")
    learners = await bound_now(turn)
    missing = await _missing(turn, learners[0]) if len(learners) == 1 else []
    if missing:
        lines = "\n".join(f"· {_attended(turn, row)}" for row in missing[:LINES])
        turn.say("credit.missing_found", name=learners[0].name, lines=lines)
    elif len(learners) == 1:
        turn.say("credit.missing_none", name=learners[0].name)
    else:
        turn.say("credit.missing")
    turn.suggest("missing_credit_check")
    turn.offer_answer("label.forgot_swipe", "credit-forgot-swipe")


async def _missing(turn: Turn, learner: Bound) -> list[AttendanceRow]:
    try:
        found = await turn.accounts.bank.uncredited(learner.id, turn.today - BACK)
    except UnavailableError:
        return []
    _look(turn, "record.read", learner)
    return list(found)


async def missing_credit_check(turn: Turn) -> None:
    """A person compares the lists; what we know of it goes with the ticket."""
    learners = await bound_now(turn)
    missing = await _missing(turn, learners[0]) if len(learners) == 1 else []
    if missing:
        turn.task.slots["detail"] = "；".join(f"{_attended(turn, row)}（{row.source}）" for row in missing[:LINES])
    else:
        turn.task.slots["detail"] = await turn.ask(DETAIL)
    if len(learners) == 1:
        await _dispute(turn, learners[0])
    await turn.hand_over("missing_credit", skill="credit", topic="credit_lookup")


async def _dispute(turn: Turn, learner: Bound) -> None:
    """The ledger as it is now goes with the ticket, so that seat and resident look at the same."""
    turn.task.slots["learner"] = turn.line("label.learner", name=learner.name, tail=learner.tail)
    try:
        extract = await turn.accounts.bank.extract(learner.id)
    except UnavailableError:
        return
    turn.dispute = turn.accounts.disputes.sealed(extract)
    _look(turn, "ledger.frozen", learner)
    turn.say("dispute.kept", day=wording.day(turn.today, turn))


async def record_dispute(turn: Turn) -> None:
    turn.say("credit.dispute", source=RULES)
    learners = await bound_now(turn)
    if len(learners) == 1:
        await _dispute(turn, learners[0])
    await turn.hand_over("credit_dispute", skill="credit", priority=Priority.SOON, topic="credit_lookup")


def _asks_more(turn: Turn) -> bool:
    """Whether more is asked of an item than what it costs and whether there is any, for all we can see."""
    folded = turn.heard.folded
    return unheld.asks_for(folded) or (
        phrases.asks(folded) and len(_OF_AN_ITEM.sub("", turn.heard.without("item"))) > 1
    )


async def redemption_items(turn: Turn) -> None:
    """What points get: one item asked for, what a sum reaches, those of a kind, or all."""
    items = turn.catalogue.items
    source = "source.items"
    if (id := turn.get("item") or _called_in_part(turn)) and id in items:
        item = items[id]
        turn.show("item", id)
        turn.say(
            "item.one" if item.stock else "item.out",
            name=item.name,
            points=item.points,
            stock=item.stock,
            source=source,
        )
        college = turn.catalogue.college
        if college and college.phone and _asks_more(turn):
            turn.say("fact.no_more", phone=college.phone)  # 是花生油还是菜籽油
        return
    if (wished := _WISHED.search(turn.heard.folded)) and not any(wished["name"] in each for each in _known(turn)):
        turn.say("item.unknown", name=wished["name"])
    if points := turn.get("points"):
        reach = sorted(
            (item for item in items.values() if item.points <= int(points) and item.stock),
            key=lambda item: -item.points,
        )
        if reach:
            names = wording.listed((_priced(turn, item) for item in reach[: CHOICES * 3]), turn)
            turn.say("item.reach", points=points, names=names, source=source)
            return
        lowest = min((item for item in items.values() if item.stock), key=lambda item: item.points, default=None)
        if lowest is not None:
            turn.say("item.nothing", points=points, name=lowest.name, lowest=lowest.points, source=source)
            return
    category = category_in(turn.heard.folded, turn.recorded)
    kinds: dict[str, list[str]] = {}
    for item in items.values():
        if item.stock and category in (None, item.category):
            kinds.setdefault(item.category, []).append(_priced(turn, item))
    if category:
        kind, priced = turn.named("category", category), wording.listed(kinds.get(category, ()), turn)
        turn.say("item.of_kind" if priced else "item.none_of_kind", kind=kind, names=priced, source=source)
        return
    lines = "\n".join(
        turn.line("item.kind", kind=turn.named("category", kind), names=wording.listed(names, turn))
        for kind, names in kinds.items()
    )
    named = wording.listed((turn.named("category", kind) for kind in kinds), turn)
    turn.show("item")  # whatever class was talked of, 油还有没有 is none of its places
    turn.say("item.list", lines=lines, kinds=len(kinds), names=named, source=source)
    turn.offer_answer("label.redeem_how", "redeem-how")


def _known(turn: Turn) -> Iterable[str]:
    """Names of items and of their kinds."""
    for item in turn.recorded.items.values():
        yield from (item.name, item.category)


def _called_in_part(turn: Turn) -> str | None:
    """油还有吗: the one item whose name has the only word that says anything."""
    said = _OF_AN_ITEM.sub("", turn.heard.folded)
    found = [id for id, item in turn.recorded.items.items() if said and said in item.name]
    return found[0] if len(found) == 1 else None


def _priced(turn: Turn, item: RedemptionItem) -> str:
    return turn.line("item.priced", name=item.name, points=item.points)


async def order_status(turn: Turn) -> None:
    learner = await whose(turn)
    if learner is None:
        return
    try:
        found = await turn.accounts.bank.orders(learner.id, LINES)
    except UnavailableError:
        await _unavailable(turn)
        return
    _look(turn, "orders.read", learner)
    if found:
        turn.say("orders", name=learner.name, lines="\n".join(f"· {_order(turn, each)}" for each in found), source=SHOP)
    else:
        turn.say("orders.none", name=learner.name, source=SHOP)
    turn.offer_answer("label.redeem_late", "redeem-late")
    turn.suggest("redemption_dispute")


def _order(turn: Turn, order: Order) -> str:
    place = turn.catalogue.organisations.get(order.site)
    return turn.line(
        f"order.{order.state}", name=order.name, points=order.points, ref=order.ref,
        site=place.name if place else order.site, until=wording.moment(order.until, turn),
    )  # fmt: skip


async def redemption_dispute(turn: Turn) -> None:
    turn.say("redemption.dispute")
    learners = await bound_now(turn)
    if len(learners) == 1:
        await _dispute(turn, learners[0])
    await turn.hand_over("redemption_dispute", skill="credit", priority=Priority.SOON, topic="credit_redemption")
