"""Money after a class or a place: back, later, in parts."""

import re

from bot.readings import standard
from bot.rules.told import shown
from bot.running import Runner
from bot.turn import Turn

_MONEY = "(?:学费|报名费|材料费|培训费|费用?|钱)"
_BACK = re.compile(
    f"(?:[班课]的?)?(?P<money>{_MONEY})?[^,，。]{{0,3}}(?:能不能|可不可以|可以|能|给|让|包)?[^,，。]{{0,2}}(?:退|推)(?:回来|给我|钱|费|学费|掉)?(?:吗|不|么|嘛|没|没有|行吗|呢|不了?)?"
)
_LATER = re.compile(
    f"{_MONEY}[^,，。]{{0,6}}(?:推迟|推后|延后|延期|延迟|缓(?!解)|分期|分次|分[两几]次|先欠|赊|(?:[晚迟](?:[点些]|几天)|过几天|下个?月)[^,，。]{{0,3}}[交付缴]"
    "|[晚迟](?:[点些]|几天)(?:行|可以|成)[^,，。]{0,2}$)"
    "|(?:推迟|延期|延后|晚点|迟点|缓|分期|分[两几]次|过几天|先上课?再)[^,，。]{0,2}(?:交|付|缴)(?:钱|费|学费|款)?(?:吗|不|行|可以|成|$)"
)
_LESS = re.compile(
    "^(?:学费|价钱|价格)?(?:能|可以|能不能|可不可以|有没有|有)[^,，。]{0,3}(?:便宜|优惠|打折|打个折|减免?)[^,，。]{0,3}$"
)
_PAID = {"class", "course", "org"}  # the kinds after which it is of fees, and not of points


async def of_money(run: Runner, turn: Turn) -> bool:
    """学费能推吗, 能退不, after a class or a place: the rules on fees, and nothing that the place has or that points get."""
    if run.waiting(turn.state) or turn.ticket or turn.heard.first("item") or turn.inbound.choice is not None:
        return False
    folded = turn.heard.without("course", "org").strip("?？。 ")
    kinds = {kind for kind, _ in shown(turn)}
    after = turn.state.just_told and bool(kinds) and kinds <= _PAID
    if after and kinds == {"org"} and _LESS.search(folded):
        await run.answer(turn, standard(turn, "fee-free-who"))
        return True
    best = turn.heard.best
    own = best is not None and best.entry is not None and best.question is None and best.score >= turn.heard.lines.sure
    if _LATER.search(folded) and not own:  # what the centre asks itself it answers itself
        of = {kind: id for kind, id in shown(turn)[:1] if kind in {"class", "org"}}
        await run.start(turn, "pay_later", of)
        return True
    back = _BACK.fullmatch(folded)
    if back is None or not (back["money"] or after):
        return False
    await run.answer(turn, standard(turn, "enrol-refund"))
    return True
