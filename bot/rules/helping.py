"""What somebody cannot do, and who helps: a screen that is too much for them, typing that is too slow, a card of somebody else."""

import re

from bot import about_us, phrases
from bot.conversation import Task
from bot.readings import plainly
from bot.rules import moves
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
_STILL = re.compile(
    "(?:还是|仍然|照样|依然|又(?!有))[^,。]{0,4}(?:不行|不好使|没有|没用|不对|收不到|打不开|进不去|登不上|上不去|老样子|那样|不成)"
    "|(?:试|弄|换|刷新?|重启|重装|点|按)[^,。]{0,4}了[^,。]{0,4}[,。 ]?[^,。]{0,3}(?:没用|不行|不管用|不好使|没反应)"
    "|[两二三几四五好多][遍次回][^。]{0,6}[不没](?:[上了成到开行进出动用好]|有)"  # 弄了三遍了，都绑不上
    "|(?:给|帮)我?(?:报上去|反[映应](?:上去|一下))"
)
_STUCK_AT = "stuck"  # in the memo of a guide
_STUCK = re.compile(
    "没(?:看|找|见|瞅)(?:到|见|着)|(?:看|找|瞅)不(?:到|见|着)|没有?(?:[这那]|你说的)[^,。]{0,4}(?:按[钮纽扭]|选项|地方|图标|菜单|东西|[界页]面|字)"
    "|(?:按[钮纽扭]|选项|菜单|图标)[^,。]{0,4}(?:没有|不见|没了|不显示)|点不[了动开]|卡住|没反应|[不没]出来|过不去|[弄点搞]不[成了]|不好使|没用|(?:点|按|填|选)错"
    "|can't find|cannot find|don't see|do not see|not there|doesn't work|does not work|nothing happens"
)
_HAS_NONE = re.compile(
    "(?:没有?|不会用)(?:个)?(?:微信|智能手机|智能机|电脑|网络?|流量|公众号)$|(?:只有|用的是?)老[人年]机"
)
_TRIED = re.compile(
    "(?:试|弄|换|刷新?|重启|重装|点|按|搞|办)[^,。]{0,4}了[^,。]{0,4}(?:没用|不行|不管用|不好使|没反应|不成)"
)
_BROKEN = re.compile(
    "是不是[^,。]{0,8}(?:坏|出问题|出毛病|出故障|崩|瘫|维护)|(?:系统|平台|网站|你们那[边里])[^,。]{0,4}(?:坏了|崩了|瘫了|出问题|故障)"
)
_WHAT_NOW = re.compile(
    "(?:那|这)?(?:我|俺)?(?:可|该|又)?(?:咋|怎么|怎|啷个)(?:办|整|弄)(?:才好|好)?[呢啊呀嘞哦]?[?？]?"
)
_GUIDED = "operation_guide"  # the topic of what is done step by step
_SHORT = 2 * phrases.FRAGMENT  # characters of what says one thing


async def scolded(run: Runner, turn: Turn) -> bool:
    """你好笨: a calm word, and a person one key away."""
    if turn.ticket or turn.inbound.choice is not None or not about_us.scolds(turn.heard.folded):
        return False
    turn.say("scolded")
    turn.suggest("human")
    turn.unanswered = True
    run.remind(turn)
    return True


async def still_not(run: Runner, turn: Turn) -> bool:
    """又弄了一遍，还是没有, 没看到这个按钮, after how something is done: how else to go on; the second time somebody who looks at it."""
    folded, state, guide = turn.heard.folded, turn.state, run.guiding(turn)
    if turn.ticket or run.waiting(state) or len(folded) > _SHORT:
        return False
    broken = _BROKEN.search(folded) is not None
    stuck = guide is not None and _is_stuck(turn, guide)
    if not (broken or stuck or _STILL.search(folded)):
        return False
    told = any(each.steps for id in state.told if (each := turn.library.entries.get(id)))
    if guide is not None and _asks_another(turn, guide):
        return False  # 还是收不到那个码, while it is told how a password is set anew
    if not (stuck or told or state.topic == _GUIDED or (state.told and _TRIED.search(folded))):
        return False
    turn.unanswered = True
    if guide is not None and _HAS_NONE.search(folded):
        _shows_who_helps(turn, "in_person")
        return True
    if guide is not None and not broken and not _was_stuck(guide):
        guide.memo[_STUCK_AT] = guide.memo["step"]
        _show_other_ways(turn, guide)
        return True
    turn.say("maybe_down" if broken else "still_not")
    turn.suggest("human")
    return True


def _was_stuck(guide: Task) -> bool:
    return guide.memo.get(_STUCK_AT) == guide.memo["step"]


def _is_stuck(turn: Turn, guide: Task) -> bool:
    """Whether a step of the guide comes to nothing, and nothing else is asked for certain."""
    if turn.heard.named & {"course", "activity", "item", "org"} or _asks_another(turn, guide):
        return False
    lacks = _STUCK.search(turn.heard.folded) or _HAS_NONE.search(turn.heard.folded)
    return lacks is not None or (_was_stuck(guide) and _WHAT_NOW.fullmatch(turn.heard.folded) is not None)


def _asks_another(turn: Turn, guide: Task) -> bool:
    best = turn.heard.best
    if best is None or best.question is None:
        return False
    return best.score >= turn.heard.lines.sure and best.entry != guide.slots["entry"]


def _show_other_ways(turn: Turn, guide: Task) -> None:
    """The next step, or at the last one that before it; somebody near who does it with them; a person."""
    entry, at = turn.library.entries.get(guide.slots["entry"]), int(guide.memo["step"])
    turn.say("guide.stuck")
    if entry is not None:
        more = at + 1 < len(entry.steps)
        label, step = ("label.next_step", at + 1) if more else ("label.previous_step", len(entry.steps) - 1)
        turn.offer(turn.line(label), "entry", entry=entry.id, step=str(step))
    if turn.catalogue.organisations:
        turn.suggest("nearest_site")
    turn.suggest("human")


async def declines(run: Runner, turn: Turn) -> bool:
    """电话不想留，行不: what it is for, and how to go on without; of a ticket that is open already, that it may be left out."""
    best = turn.heard.best
    anonymous = (
        best is not None and "complaint-anon" in (best.question, best.entry) and best.score >= turn.heard.lines.sure
    )
    if anonymous or len(turn.heard.folded) > _SHORT or not phrases.declines(turn.heard.folded):
        return False
    if run.waiting(turn.state):
        return await moves.why(run, turn)
    if not turn.ticket:
        turn.say("need_not_tell")
        turn.suggest("human")
        return True
    turn.say("need_not_say")
    return True


async def unable(run: Runner, turn: Turn) -> bool:
    """手机不会弄, after how something is done: who does it with them."""
    folded, best = turn.heard.folded, plainly(turn.heard)
    if _WHAT_NOW.fullmatch(folded) and not turn.ticket:  # 那咋办, of which nothing that was told says what
        turn.say("what_now")
        turn.suggest("human")
        run.remind(turn)
        return True
    if turn.ticket or len(folded) > _SHORT or not _CANNOT.search(folded) or _LEARNS.search(folded):
        return False
    if best and best.score >= turn.heard.lines.sure and not _SHOWN.search(folded):
        return False
    _shows_who_helps(turn, "in_person")
    run.remind(turn)
    return True


async def too_slow(run: Runner, turn: Turn) -> bool:
    """打字太慢，能不能说话: by telephone, or with a person."""
    best = turn.heard.best
    of_a_class = best is not None and best.intent == "course_level" and best.score >= turn.heard.lines.sure
    of_a_class = of_a_class or (turn.heard.first("course") is not None and phrases.wants_to_learn(turn.heard.folded))
    if turn.ticket or of_a_class or len(turn.heard.folded) > _SHORT or not _TYPING.search(turn.heard.folded):
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


async def found_wrong(run: Runner, turn: Turn) -> bool:
    """What we said was found to be wrong on the spot: sorry, and somebody looks at it."""
    if not phrases.accuses(turn.heard.folded):
        return False
    await run.start(turn, "wrong_info", {})
    return True
