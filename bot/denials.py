"""Whether what is named is what is not wished: 不是书法, 除了学院, 某某街道太远了, 电脑我不学."""

import re

from nlu.entities import Entity

_BUSY = re.compile("(?:天天|白天|平时|上午|下午|在家|忙着)(?:还|都|也)?(?:要|得)?$")
_BEFORE = re.compile(
    "(?:(?<![是我俺她他们])不是|(?<!要)不要|(?<!想)不想要?|(?<!想)不想[学去到]|(?<![在去到])不[在去到]|(?<![特区分级性告])别(?:给我)?|除了|除开|除去|避开)(?:去|报|学|上|在|到|选|推荐|安排)?(?:[^,，。不]{1,8}[和跟、])?$"
)
_LINK = "(?:的|那边|那里|那儿|那个?|这边|这类|之类|班|课|街道|社区学校|学校|离?[我俺她他]们?家?|离得?|[也就都可]|实在|真的?|有点|跑(?:起来|过去)?|过去|路){0,6}+"
_END = "(?=[了的吧啦啊哦呀,，。!！;；\\s]|$)"
_NO_QUESTION = "(?![吗么嘛不没怎咋]|多少)"
_BEHIND = {
    "org": re.compile(
        f"{_LINK}(?:[和跟、](?=[^,，。]{{1,10}}(?:不(?:要|去|行|考虑|方便)|[太好]远|[去到来]不了){_END})|(?:不(?:去|要|想去?|行|考虑|顺路|方便|熟|好走|愿意?去?)|[去到来]不了|算了|除外|以外|之外|够不着){_END}"
        f"|[,，]?(?:离[我俺]们?家?|离家)?(?:实在|真的?|有点|也)?(?:[太好挺很](?:远|偏|绕|挤|堵|折腾|麻烦)|(?:远|偏)(?:了|得很|着)|费(?:劲|力|事)){_NO_QUESTION})"
    ),
    "course": re.compile(f"{_LINK}(?:不(?:学|要|想学?|考虑|感兴趣|喜欢)|没兴趣|学不来|算了|除外|以外|之外){_END}"),
}
# 学院太远了，坐几路车: who asks the way means to go.
_ASKS_THE_WAY = re.compile(
    "怎么?样?(?:[走去到坐]|过[去来])|咋(?:[走去到坐]|过[去来])|地址|(?:在|是)(?:哪|什么(?:地方|路))[里儿块边]?[呀啊呢]?$|几路|(?:坐|乘|转|搭)(?:什么|啥|哪|几)|什么车|导航|地铁|公交|多远|停车"
)
_RHETORICAL = re.compile("[^,，。]{0,24}(?:吗|么|嘛)[?？]?$")  # 不是书法班吗


def is_busy(folded: str, entity: Entity) -> bool:
    """白天要带孙子 is no wish to learn it, and refuses nothing."""
    return entity.kind == "course" and _BUSY.search(folded, 0, entity.start) is not None


def refuses(folded: str, entity: Entity) -> bool:
    """By what stands before it, or behind it. A time says itself what it leaves out."""
    if entity.kind == "when":
        return False
    behind = _BEHIND.get(entity.kind) if entity.end else None
    if behind is not None and (found := behind.match(folded, entity.end)):
        return not (entity.kind == "org" and _ASKS_THE_WAY.search(folded, found.end()))
    said = _BEFORE.search(folded, 0, entity.start)
    return said is not None and not (said[0].startswith("不是") and _RHETORICAL.match(folded, entity.end))
