"""Getting into a class that was told."""

import re

from bot import phrases
from bot.commands import bare
from bot.readings import standard
from bot.rules.follow import meant
from bot.rules.told import classes_of, courses_of, shown
from bot.running import Runner
from bot.turn import Turn

_PERHAPS, _ORDINAL = 0.35, 0.5  # the probability of a move
_RINGS_FIRST = re.compile(
    "(?:要不要|用不用|需不需要|要|得|是不是[要得]?|该不该)[^,，。]{0,3}(?:先|提前|事先|之前)[^,，。]{0,3}(?:打(?:个|一个|一?通|一?下)?电话|预约|约一?下|联系|问一?下|说一?声)"
    "|(?:去|来)之?前[^,，。]{0,6}(?:打(?:个|一个)?电话|预约|问一?[下声])[^,，。]{0,4}[吗不么嘛]?$"
    "|(?:直接|就这么|就这样)(?:过|上)?[去来](?:就|也)?(?:行|可以|成|好)[^,，。]{0,2}[吗不么嘛]$|(?:能|可以)(?:不能)?直接(?:过|上)?[去来](?:吗|不|么|嘛)$"
    "|(?:should|do) i (?:have to |need to )?(?:call|ring|phone|book)|can i just (?:come|go|turn up|walk in)"
)
_IN_PERSON = re.compile(
    "(?:要|非得?|必须|得|是不是|要不要)[^,，。]{0,2}本人[^,，。]{0,4}[吗么嘛不]?$|本人(?:是不是)?(?:要|得|需要|必须)(?:亲自)?[去来到][^,，。]{0,3}[吗么嘛不]?$"
)
_THINKS = re.compile("考虑|想想|再说|再看|商量|琢磨|不急|think")  # 好，我考虑哈
_LATER = re.compile(
    "^(?:好|行|嗯|哦|那|中|成|啊|吧|先|我|俺|这样|[,，])*+(?:再|回去|回头|回家|得|要|先|去|跟|和)++[^,，。?？几哪怎啥什]{0,6}"
    "(?:想想|想一想|考虑|琢磨|商量|问问|合计|看看再说)(?:一?下|商量|考虑|看)?(?:[,，]?[^,，。?？几哪怎啥什]{0,8}(?:商量|说说?|合计|大伙|家里?人?|再说|再来|再定)(?:一?下)?)?[了吧啊呀哈]*+"
)
_QUEUES = re.compile(
    "^(?!.*(?:不[想用要排去是]|别|取消|退|已经|报过|排名|打架|买菜|回头|好久|几))[^。]{0,4}(?:我|先|帮)[^,，。什么怎咋]{0,4}(?:排(?:个|一个|上|着)?(?:队|位|号)|候补)[^,，。]{0,3}(?:[,，](?:行|可以|好|成)[^,，。]{0,3})?$"
)
_MAY_QUEUE = re.compile("那?(?:可以|能不能|能)(?:先)?(?:排(?:个|一个|上|着)?(?:队|位|号)|候补)(?:等着?)?[吗不么嘛]?")
_DECIDED = re.compile("就报|还是报|给我报|帮我报|报这|报吧|报上")
_HOW = re.compile("怎|咋|如何|啥|什么|哪")
_NEEDED = re.compile(
    "(?:那|那个|这个|这班?|它|去|还|也|是不是|[,，])*(?:要不要|用不用|需不需要|需要|要|用|得)(?:先|提前|另外|事先)?报名(?:吗|么|不|嘛|的吗)?"
)
_SIGN_UP = re.compile(
    "(?:那|要|该|我|俺|想|可以|应该|又|这个班?|它)*(?:怎么|咋|如何|怎样|怎|哪里|在哪里?|去哪里?)(?:样|去|来|才能|能)?(?:报(?:名|班|上)?|抱名|登记)(?:法|呢|啊|呀|嘛|的|吗|参加|才行)*"
)


async def enrols(run: Runner, turn: Turn) -> bool:
    """帮我报这个: into the class that was told; 那怎么报名: how to get into it, and not into any."""
    move, best = turn.heard.move, turn.heard.best
    courses = courses_of(turn)
    if _asks_how(turn) and len(courses) == 1:
        told = classes_of(turn)
        if len(told) != 1:
            turn.answer_if_known("enrol-how")
        await run.start(turn, "enrol", {"class": told[0].id} if len(told) == 1 else {"course": courses.pop()})
        return True
    told = classes_of(turn)
    if len(told) == 1 and not told[0].places and _QUEUES.search(turn.heard.folded):  # 那我先排个队，行不行
        await run.start(turn, "join_waiting_list", {"class": told[0].id})
        return True
    if len(told) == 1 and not told[0].places and turn.state.just_told and _MAY_QUEUE.fullmatch(bare(turn.heard.folded)):
        await run.start(turn, "class_places", {"class": told[0].id})
        return True
    waits = best is not None and best.intent in {"join_waiting_list", "enrol"}  # 成，帮我占一个
    if move.label != "follow/enrol_it" or move.probability < (_PERHAPS if waits else _ORDINAL):
        return False
    if _THINKS.search(turn.heard.folded) and not _DECIDED.search(turn.heard.folded):
        return False
    if best and best.question == "enrol-how" and best.score >= turn.heard.lines.sure and _HOW.search(turn.heard.folded):
        return False  # 咋个报法, 带啥子去报
    things = [each for each in meant(turn) if each[0] == "class"]
    if len(things) != 1:
        return False
    phone = run.readings.values(run.handlers["enrol_it"], turn).get("phone")
    await run.start(turn, "enrol_it", {"class": things[0][1], **({"phone": phone} if phone else {})})
    return True


async def thinks_it_over(run: Runner, turn: Turn) -> bool:
    """好，我再想想，跟老伴商量下: nothing is asked, and nobody is enrolled."""
    if run.waiting(turn.state) or turn.ticket or not turn.state.said:
        return False
    if _LATER.fullmatch(bare(turn.heard.folded)) is None or phrases.asks(turn.heard.folded):
        return False
    turn.say("not_now")
    return True


async def before_coming(run: Runner, turn: Turn) -> bool:
    """要不要先打个电话, 直接去行吗, after a class or a place: what is to be done first, and whom to ring."""
    if run.waiting(turn.state) or turn.ticket:
        return False
    told, named = shown(turn), turn.heard.first("course")
    folded, place = turn.heard.folded, turn.heard.first("org")
    if (
        turn.state.just_told and classes_of(turn) and _IN_PERSON.search(folded)
    ):  # 要本人去吗: who comes, and not who may
        await run.answer(turn, standard(turn, "enrol-proxy"))
        return True
    if _RINGS_FIRST.search(folded) is None:
        return False
    classes, courses = classes_of(turn), courses_of(turn)
    if named and courses != {named}:
        classes, courses = [], {named}
    if len(classes) == 1:
        slots = {"class": classes[0].id}
    elif courses:
        slots = {"course": sorted(courses)[0]} | ({"org": place} if place else {})
    elif place or (turn.state.just_told and told and told[0][0] == "org"):
        slots = {"org": place or told[0][1]}
    else:
        return False
    await run.start(turn, "before_coming", slots)
    return True


def _asks_how(turn: Turn) -> bool:
    """那怎么报名, right after a class was told, and nothing else."""
    best, folded = turn.heard.best, turn.heard.folded
    how = best is not None and best.question == "enrol-how" and best.score >= turn.heard.lines.sure
    how = how and _SIGN_UP.fullmatch(bare(folded)) is not None
    how = how or _NEEDED.fullmatch(bare(folded)) is not None  # 那个还要报名吗
    return how and turn.state.just_told and not turn.heard.entities
