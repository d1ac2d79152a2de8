"""Credits and points: what is personal needs identity and is refused kindly; what went wrong goes to a person."""

from accounts.identity import SESSION, Bound
from bot.messages import Card, Reply
from bot.turn import CHOICES, Turn
from handlers.slots import CARD, DETAIL, LEARNER

RULES = "《云溪区学分认定办法（2026版）》"


async def balance(turn: Turn) -> None:
    learner = await _whose(turn)
    if learner is None:
        return
    found = await turn.accounts.bank.balance(learner.id)
    turn.audits.append(("balance.read", f"learner {learner.id}"))
    turn.say(
        "balance", name=learner.name, credits=found.credits, points=found.points, day=found.as_of or "—", source=RULES
    )
    if learner.lost:
        turn.say("balance.lost")
    turn.offer(turn.line("label.missing_credit"), "missing_credit")
    turn.offer(turn.line("label.redemption_items"), "redemption_items")
    turn.offer(turn.line("label.human"), "human")


async def _whose(turn: Turn) -> Bound | None:
    """The learner that the resident has proven to be, and of several the one that is meant; None where it is nobody yet,
    and that was said with the way to it."""
    channel, session = turn.inbound.channel, turn.inbound.session
    if session is None:
        bound = await turn.accounts.identity.bound(channel, turn.inbound.address)
    else:
        bound = await turn.accounts.identity.bound(channel, session, turn.inbound.at - SESSION)
    if not bound:
        if session is not None and channel in turn.accounts.keyed:
            await turn.ask(CARD)
        _unbound(turn)
        return None
    if len(bound) == 1:
        return bound[0]
    chosen = next((each for each in bound if str(each.id) == turn.get("learner")), None)
    if chosen is None:
        turn.task.slots.pop("learner", None)
        for each in bound:
            turn.offer(f"{each.name}（卡尾号{each.tail}）", learner=str(each.id))
        await turn.ask(LEARNER)
    return chosen


def _unbound(turn: Turn) -> None:
    if way := turn.accounts.ways.get(turn.inbound.channel):
        card = Card(turn.line("bind.title"), (turn.line("bind.lines"),), way)
        turn.tell(Reply(text=turn.line("bind.text"), cards=(card,)))
        return
    turn.say("personal.balance", source=RULES)
    turn.offer(turn.line("label.bind_card"), "entry", entry="g-bind")
    turn.offer(turn.line("label.credit_rule"), "entry", entry="credit-rule")
    turn.offer(turn.line("label.human"), "human")


async def my_record(turn: Turn) -> None:
    turn.answer(turn.library.entries["learning-record"])
    turn.offer(turn.line("label.human"), "human")


async def missing_credit(turn: Turn) -> None:
    """When credits should have come; a person looks where they have not."""
    turn.answer(turn.library.entries["credit-post-time"])
    turn.say("credit.missing")
    turn.offer(turn.line("label.missing_credit_check"), "missing_credit_check")
    turn.offer(turn.line("label.forgot_swipe"), "entry", entry="credit-forgot-swipe")


async def missing_credit_check(turn: Turn) -> None:
    detail = await turn.ask(DETAIL)
    turn.task.slots["detail"] = detail
    await turn.hand_over("missing_credit", skill="credit", topic="credit_lookup")


async def record_dispute(turn: Turn) -> None:
    turn.say("credit.dispute", source=RULES)
    await turn.hand_over("credit_dispute", skill="credit", priority=2, topic="credit_lookup")


async def redemption_items(turn: Turn) -> None:
    """What points get: one item asked for, what a sum reaches, or the four kinds."""
    items = turn.catalogue.items
    source = "兑换目录（本月）"
    if (id := turn.get("item")) and id in items:
        item = items[id]
        turn.say(
            "item.one" if item.stock else "item.out",
            name=item.name,
            points=item.points,
            stock=item.stock,
            source=source,
        )
        return
    if points := turn.get("points"):
        reach = sorted(
            (item for item in items.values() if item.points <= int(points) and item.stock),
            key=lambda item: -item.points,
        )
        names = "、".join(f"{item.name}（{item.points}分）" for item in reach[: CHOICES * 3])
        turn.say("item.reach" if reach else "item.nothing", points=points, names=names, source=source)
        return
    kinds: dict[str, list[str]] = {}
    for item in items.values():
        if item.stock:
            kinds.setdefault(item.category, []).append(f"{item.name}{item.points}分")
    lines = "\n".join(f"· {kind}：{'、'.join(names)}" for kind, names in kinds.items())
    turn.say("item.list", lines=lines, source=source)
    turn.offer(turn.line("label.redeem_how"), "entry", entry="redeem-how")


async def order_status(turn: Turn) -> None:
    turn.say("personal.order", source="《云溪区积分兑换办法（2026版）》")
    turn.offer(turn.line("label.human"), "human")
    turn.offer(turn.line("label.redeem_late"), "entry", entry="redeem-late")


async def redemption_dispute(turn: Turn) -> None:
    turn.say("redemption.dispute")
    await turn.hand_over("redemption_dispute", skill="credit", priority=2, topic="credit_redemption")
