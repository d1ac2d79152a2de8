"""Whether a caller speaks of themselves as old, or as one who cannot cope with keys and machines: they get a person."""

import re

from bot.comprehension import Understanding

OLD = 60
LONGEST = 1_000  # characters that are looked at
# What may stand between who speaks and their age: 我今年都快七十三了.
_MYSELF = re.compile(
    r"(?:^|[,，。、；;！!？? ]|我|俺|咱|本人|老太婆|老头子?|老太太?|老汉)"
    r"(?:我|俺|咱|人|这|都|今年|已经|也|快|差不多|马上|就|要|是|有|个|一个|的|本人|岁数|年纪|年龄|虚岁|周岁|才|刚|刚刚|满|过"
    r"|上|奔|了|,|，| )*$"
)
_AGED = re.compile(
    r"(?:多|来|几|好几|出头)*(?:周岁|虚岁|岁|了|啦|喽|咯|嘞|咧|哦|的人|的老|多的|挂零|整|想|不会|听不|看不|还能|能|[,，。！!]|$)"
)
_OTHERS = re.compile(
    "爸|妈|父|母|爷|奶|公公|婆婆|岳|外婆|姥|老伴|老公|老婆|丈夫|妻|爱人|他|她|邻居|朋友|亲戚|老师|同学|师傅|学员|舅|姨|姑(?!娘)|伯|叔|家里老人|老人想"
)
_WORDS = re.compile(
    "(?:我|俺|咱|人)[^,，。他她]{0,4}(?:年纪|岁数|年龄|年岁|岁月)[^,，。不]{0,3}(?:大|高|不小|不轻|上去)"
    "|(?:一大?把|上了?|这把|到了)(?:年纪|岁数)|这个?(?:年纪|岁数)(?:了|不会|哪里?会|还)"
    "|(?:年纪|岁数|年岁)(?:太|都|也|真|是|比较|这么|实在)*(?:大|高)(?:了|啦|呀|咯|喽|嘞|,|，|$|[听看记学按弄说反眼耳])"
    "|我(?:是|这|们|一|个|就|都|也)*(?:老年人|老人家|老人|老太婆|老太太|老头子?|老婆子|老汉|老奶奶|老爷爷|老古董)"
    "(?!大学|课|班|卡|证|优惠|手机|活动|[能可]|有|想|要)"
    "|(?:我|俺|人)(?:也|都|已经|是|真|实在)*老(?:了|啦|喽|咯|嘞)|我今年(?:整|都|也|已经|快)*[六七八九]十(?![分个块节点号次学路])"
    "|七老八十|老眼昏花|老糊涂|古稀|耄耋|花甲|奔[七八九](?:的人|十|了)|半截身子"
)
_HELPLESS = re.compile(
    "(?:不会|不懂|不晓得怎么|不知道怎么|按不来|按不动|按不了|看不清|看不见|找不到|不方便)(?:用|去|弄|看)?(?:怎么)?(?:按|摁)?"
    "(?:这个|那个|手机|电话)*(?:按键|键盘|数字键|按钮|号码键)|不会(?:按|摁)(?:键|的|这|那|啊|呀|,|，|。|$)|按不来"
    "|(?:不会|不想|不习惯)[^,，。]{0,3}(?:跟|和|同)?(?:机器|电脑|机器人)(?:说|讲|打交道|聊)|听不懂[^,，。]{0,4}(?:机器|电脑|你这个|这东西|这玩意)"
    "|(?:耳朵|耳|听力)[^,，。]{0,3}(?:背|聋|不好|不行|不灵)|眼睛?[^,，。]{0,3}(?:花了|瞎|不好使)"
)
# Said of oneself, whoever else is spoken of: 我老伴不在家，我七十三了.
_I_MYSELF = re.compile(
    "(?:^|[,，。;；!！])(?:我|俺)(?:自己|今年|也|都|已经|快)*(?:[6-9]\\d(?:多|来)?(?:了|岁)|[六七八九]十[一二三四五六七八九多来]?(?:了|岁)"
    "|老了|年纪大|岁数大|不会按|耳朵)"
)
_OF_ONESELF = re.compile("(?:多|来|几){0,4}岁?(?:了|啦|咯|嘞|咧|的人)")
_SENIOR = re.compile(r"\bi(?:'m| am) (?:[6-9]\d\b|(?:too |so |very |an? )?(?:old|elderly|senior))|\bat my age\b")
_BORN = re.compile(r"(?:我|俺|咱)[^,，。他她]{0,4}?(?:19)?([2-5]\d|6[0-5]) ?年(?:生|出生|的人|的,|的，|的$)")


def says_old(heard: Understanding, *, asked: bool = False) -> bool:
    """`asked` is whether something was asked, to which an age alone is no more than the answer."""
    folded = heard.folded
    if len(folded) > LONGEST:
        return False
    if _OTHERS.search(folded):
        return _I_MYSELF.search(folded) is not None
    if any(each.search(folded) for each in (_HELPLESS, _WORDS, _SENIOR)):
        return True
    return not asked and (_BORN.search(folded) is not None or _tells_age(heard))


def _tells_age(heard: Understanding) -> bool:
    return any(
        each.kind == "age"
        and int(each.value) >= OLD
        and _MYSELF.search(heard.folded, 0, each.start)
        and _says_so(heard.folded, each.start, each.end)
        for each in heard.entities
    )


def _says_so(folded: str, start: int, end: int) -> bool:
    """七十三了, 我七十三，…: but not 七十岁能报吗, which nobody has said of themselves."""
    before, after = folded[:start], folded[end:]
    return _AGED.match(after) is not None and (
        "我" in before or "今年" in before or _OF_ONESELF.match(after) is not None
    )
