"""What somebody cannot do, and who helps: a screen that is too much for them, typing that is too slow, a card of somebody else."""

import re

from bot import phrases
from bot.readings import plainly
from bot.running import Runner
from bot.turn import Turn

_CANNOT = re.compile(
    "(?:不会|不太会|不大会|弄不|搞不|学不|整不|操作不)(?:弄|搞|操作|用|整|点|会|来|懂|好|明白)(?:手机|电脑|这个|这些|这|网|微信)?"
    "|不懂(?:手机|电脑|网|微信|这个|这些|操作)|(?:手机|电脑|网上|微信)[^,。]{0,3}(?:不会|不太会|弄不|搞不|不懂)|看不懂步骤"
)
_SHOWN = re.compile("有人(?:教|帮)|谁(?:教|帮)|帮(?:我|俺|忙)(?:弄|搞|操作|点|下)|教(?:我|俺)(?:弄|搞|用)?")
_LEARNS = re.compile("班|课|想学|要学|报")  # 不会用手机，有班吗 wants to learn it
_TYPING = re.compile(
    "(?:打字|写字|拼音|输入法)[^,。]{0,4}(?:累|慢|不会|难|费[劲力]|麻烦|不行|看不[清见])|不会(?:打字|拼音)|(?:能不能|可不可以|能|可以)(?:直接)?(?:说话|发语音|语音)"
)
_THEIRS = re.compile(
    "那?(?:我|俺|咱|我家|阿拉)?(?:的?(?:老?姐妹|老伴|老公|老婆|爱人|老头子?|老太婆?|妈妈?|爸爸?|父母|儿子|女儿|闺女|媳妇|女婿|孙子|孙女|朋友|邻居|同事|同学|舞伴)|他|她)"
    "(?:的|(?:有)?(?:多少|几个?)(?:学分|积分|分)?)?(?:呢|哩|嘞|怎么查|咋查|能查吗)?[?？。]?"
)  # fmt: skip


async def unable(run: Runner, turn: Turn) -> bool:
    """手机不会弄, after how something is done: who does it with them."""
    folded, best = turn.heard.folded, plainly(turn.heard)
    cannot = _CANNOT.search(folded) is not None
    if not cannot or _LEARNS.search(folded) or len(folded) > phrases.FRAGMENT * 2 or turn.ticket:
        return False
    if best and best.score >= turn.heard.lines.sure and not _SHOWN.search(folded):
        return False
    _shows_who_helps(turn, "in_person")
    run.remind(turn)
    return True


async def too_slow(run: Runner, turn: Turn) -> bool:
    """打字太慢，能不能说话: by telephone, or with a person."""
    if not _TYPING.search(turn.heard.folded) or turn.ticket or len(turn.heard.folded) > phrases.FRAGMENT * 2:
        return False
    _shows_who_helps(turn, "by_voice")
    run.remind(turn)
    return True


def _shows_who_helps(turn: Turn, key: str) -> None:
    turn.say(key)
    if turn.catalogue.organisations:
        turn.suggest("nearest_site" if key == "in_person" else "site_phone")
    turn.suggest("human")


async def of_somebody_else(run: Runner, turn: Turn) -> bool:
    """那我老伴的呢, right after one's own credits: only they can see theirs."""
    task = run.waiting(turn.state) or turn.state.last
    handler = run.row(task)
    if handler is None or not handler.personal or not _THEIRS.fullmatch(turn.heard.folded):
        return False
    await run.start(turn, "third_party", {})
    return True
