"""What goes on with what points get: another thing by a part of its name, and whether so many points are enough."""

import re
from collections.abc import Mapping

from bot import phrases
from bot.names import plain_item
from bot.rules.named import LEAD, NEAR
from bot.rules.told import shown
from bot.running import Runner
from bot.turn import CHOICES, Turn
from knowledge import hours
from nlu import numerals

_BRIEF, _SHORT = 8, 16  # characters
# What is said around the name of an item.
_NAMED = re.compile(
    "(?:那|那么|我)?(?:就|想|要)*+(?:[换兑](?:点|个|些|一?[袋瓶桶把份张盒])?)?(?P<name>.{1,8}?)(?:现在|还|都)*+"
    "(?:有得[换兑]|能[换兑]|[换兑]得[了到着]|可以[换兑]|有货|有没有|[要得]?(?:多少|几)(?:(?:个|积)?分)?|有)?(?:[吗么嘛不没了]|没有)*+"
)
# 几分一张, 得攒多少才够, of one that was told.
_COSTS = re.compile(
    "(?:那|它|这个)?(?:换)?(?:一[张袋瓶桶把份个套次])?(?:要|得|需要|得要)?(?:攒|花|用)?(?:几|多少)(?:[个积学]{0,2}分)?(?:一[张袋瓶桶把份个套次])?(?:才?[够行能][换兑]?|[换兑]|拿得?[走到]?|领)?[啊呀呢]?"
)
_GETS = re.compile(
    "(?:积分[^,，。]{0,3}[换兑](?:一?[袋瓶桶把份张盒个点些])?|^我?想?要?[换兑]一?[袋瓶桶把份张盒个点些])(?P<name>[一-鿿]{1,6}?)"
    "(?:(?:行|可以)?[吗么不嘛]?|(?:要|得)?(?:多少|几)个?积?分[啊呀呢]?)$"
)
_OF_A_KIND = re.compile("^(?:我?要?换|看看?)|[那这]?一?类?的?[呢吧啊]?$")
_THAT = re.compile("的?[那这][个张种件]?")
_NUMBER = r"(?P<points>\d{1,5}|[一二两三四五六七八九十百千]{1,7})(?:个?(?:积|学)?分)?"
_ENOUGH = re.compile(
    rf"(?<![\d一二两三四五六七八九十百千期拜周]){_NUMBER}(?:够|能[换兑]|[换兑]得[了到]|可以[换兑]|行[吗不]| ?(?:is )?enough)(?!几|多少)"
)
_WHAT = re.compile("什么|啥|哪些|哪个")
_HAS = re.compile(rf"我?(?:只|才|就|一共|总共|现在)*+(?:有|剩)?{_NUMBER}[啊呀呢哦]?")  # and says no more


async def another_item(run: Runner, turn: Turn) -> bool:
    """伞呢, 米有得换不, after what points get was told: the one that a part of its name means."""
    last = turn.state.last
    items_told = [id for kind, id in shown(turn) if kind == "item"]
    if len(items_told) == 1 and _COSTS.fullmatch(turn.heard.folded):
        await run.start(turn, "redemption_items", {"item": items_told[0]})
        return True
    best = turn.heard.best
    asked = best is not None and best.intent == "redemption_items" and not turn.heard.first("item")  # 雨伞多少分
    told = bool(items_told) or (last is not None and last.intent == "redemption_items") or asked
    brief = phrases.without_following(turn.heard.folded)
    found = _NAMED.fullmatch(brief)
    if told and _OF_A_KIND.sub("", brief) in turn.recorded.category_by_word:
        await run.start(turn, "redemption_items", {})
        return True
    brief_enough = told and len(turn.heard.folded) <= _BRIEF
    gets = _gets(turn)
    if (found := gets or (found if brief_enough else None)) is None:
        return False
    items = {each.id: plain_item(each.name) for each in turn.recorded.items.values()}
    said = _THAT.sub("", found["name"])  # 体检券 of 体检的那个券
    named = [id for id, name in items.items() if name.startswith(said) or name.endswith(said)]
    if not named and items_told and _THAT.search(found["name"]) and not phrases.asks(turn.heard.folded):
        named = [id for id, name in items.items() if _shares_a_word(said, name)]  # 洗衣服的那个券
    if not named and (phrases.follows(turn.heard.folded) or gets):
        named = [id for id in _like(run, said, items) if not gets or _shares_a_word(said, items[id])]
    if len(named) != 1:
        return False
    await run.start(turn, "redemption_items", {"item": named[0]})
    return True


def _shares_a_word(said: str, name: str) -> bool:
    """理发的票 and 理发券; not 酱油 and 食用油."""
    return any(pair in name for pair in phrases.PAIRS.findall(said))


def _gets(turn: Turn) -> re.Match[str] | None:
    """我想拿积分换把伞: what somebody says that they want to get for their points."""
    of_points = turn.heard.best is not None and turn.heard.best.topic == "credit_redemption"
    return _GETS.search(turn.heard.folded) if of_points and not turn.heard.first("item") else None


async def cheapest(run: Runner, turn: Turn) -> bool:
    """有没有便宜点的, of what points get: the few that take the least of them."""
    move, last = turn.heard.move, turn.state.last
    of_points = turn.state.topic == "credit_redemption" or (last is not None and last.intent == "redemption_items")
    cheaper = move.label == "follow/cheaper" and move.probability >= phrases.CERTAIN
    if not (cheaper and of_points) or turn.heard.first("item"):
        return False
    there = sorted((each for each in turn.catalogue.items.values() if each.stock), key=lambda each: each.points)
    if not there:
        return False
    names = (turn.line("item.priced", name=each.name, points=each.points) for each in there[:CHOICES])
    turn.say("item.cheapest", names=hours.listed(names, turn.state.lang))
    turn.show("item", *(each.id for each in there[:CHOICES]))
    return True


def _like(run: Runner, said: str, items: Mapping[str, str]) -> list[str]:
    """剃头的, of 理发券: the one whose name means what is said, much more than any other's does."""
    near = run.comprehension.likeness(said.removesuffix("的"), list(items.values()))
    ranked = sorted(zip(near, items, strict=True), reverse=True)
    alone = len(ranked) > 1 and ranked[0][0] >= NEAR and ranked[0][0] - ranked[1][0] >= LEAD
    return [ranked[0][1]] if alone else []


async def enough(run: Runner, turn: Turn) -> bool:
    """我300分够不, 我只有两百, after what one thing costs: whether so many points get it."""
    told = [id for kind, id in shown(turn) if kind == "item"]
    folded = turn.heard.folded
    found = (_ENOUGH.search(folded) or _HAS.fullmatch(folded)) if len(folded) <= _SHORT else None
    asks = _WHAT.search(folded) or turn.heard.first("item") not in {None, *told}  # 10个积分能换什么
    item = turn.catalogue.items.get(told[0]) if len(told) == 1 and not asks else None
    points = numerals.read(found["points"]) if found else None
    if item is None or points is None:
        return False
    lacks = item.points - int(points)
    key = "item.short" if lacks > 0 else "item.enough" if item.stock else "item.enough_out"
    turn.say(key, name=item.name, points=item.points, lacks=lacks)
    turn.suggest("balance")
    run.remind(turn)
    return True
