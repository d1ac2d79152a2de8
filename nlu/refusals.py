"""Whether a time is refused (除了周三, 周末不行), or is said as the reason why another is wished for (白天要上班)."""

import re

from nlu.terms import Run

_LOOK_BACK = 16  # characters
_NOT = re.compile(
    r"(?:除了?|除开|除去|避开|错开|跳过|(?<!要)不要|(?<!不)不想要?|不考虑|不选|不让|不许|不准|不放心|(?<!是)不是|不能是|(?<![特区分级性告])别"
    r"|\bnot|\bexcept|\bother than|\bbesides|\bno)(?:在|去|上|选|排|安排|是|来|报|学|有|我|for|on|the|in| )*$"
)
# 周三的话我可能……
_SUBJECT = (
    "(?:的话|的时候|时间|这天|那天|我们?|咱们?|俺|他|她|孩子|家里|都|也|可能|肯定|基本上?|实在|一般|又|就|是|还|恐怕|真的?"
    "|的班|[班课](?=的?(?:不|没))|的(?=不|没)|,| )*"
)
_NO_TIME = re.compile(
    _SUBJECT
    + "(?:不行|不可以|没空|没得空|没有空|没(?:有|得)?时间|不得[空闲]|没(?:得)?(?:闲|工夫|功夫)|抽不出|不方便|去不了|来不了|走不开|不能[去来上参]|上不了|不考虑"
    "|不要(?!钱|紧|求|交|身)|不想(?=[,。去来上学要]|$)|除外|之外|以外|有事|没法|不合适|冲突|忙(?!吗|些|什么|啥)|排除|起不来|别[打来找]"
    "|看不[清见]|不敢|不(?:太|大)?出门|出不(?:了门|去|来)|离不开|顾不[上过]|赶不[上及到]|回不来|[睡歇]得?[早了]|早就?睡|熬不住|犯困|太(?:[晚早黑冷]|热(?![门闹]))|怕黑"
    "|isn't|is not|doesn't|does not|won't|can't|(?:i am|i'm) busy|i can't)(?!吗|么|嘛|\\?|呢)"
)
_REASON = re.compile(
    _SUBJECT + "(?P<must>要|得|在|需要|还得|必须|忙着|忙于|去)*"
    "(?:上班|加班|值班|当班|出差|带(?:娃|孩子|孙)(?![^,。]{0,3}(?:过?[去来]|一[起块道]))|看孩子|看娃|被.{1,4}占|(?:接|送)(?:外?孙|孩|娃|[大小二]宝|女儿|儿子|闺女|学生|人)|做饭|干活|打工|上学|工作|照顾"
    "|(?<=[点半刻分])(?:才|就)?(?:下班|放学|收工|收摊|起床|吃饭|睡)(?!之?以?后)|i work|i am at work|i'm at work)"
    "(?!吗|么|嘛|不|没|\\?|时间|人员|族|了没|几|的地方|日)"
)
# 白天要出工, 早上我得喂猪: what one has to do then, where another time is said as well.
_HAS_TO = re.compile(
    _SUBJECT
    + "(?:还?要|还?得|必须|忙着?)(?!学|报|参加|听|上(?![班工夜])|来|去?[学上听]|交|带|钱|开|有|求|紧|是|[的吗不几多早晚])[^,。?]{1,6}(?=[,。]|$)"
)
_ASKS = re.compile(r"吗|么(?!是)|嘛|\?")
# 周六早上太冷还上课吗, 周六赶不上能请假吗: what is asked of that very time in the same breath, and no other is wished.
_HARD = re.compile("太(?:[晚早黑冷热])|赶不[上及到]|起不来|[睡歇]得?[早了]|早就?睡|犯困|忙|有事")
_ASKED_OF_IT = re.compile(r"[^,。;]*?(?:吗|嘛|(?<![要什怎])么|\?|[没不]$|怎么|咋|多少)")
_OF_OTHERS = re.compile("别的|其他|其它|另外|换|改|除了|还有")


def is_refused(folded: str, run: Run, *, alone: bool) -> bool:
    """Whether it is not meant; where nothing else is said, 不是周三开课吗 asks about Wednesday."""
    if found := _NO_TIME.match(folded, run.end):
        of_it = alone and _HARD.search(found[0]) and not _OF_OTHERS.search(folded, found.end())
        return not (of_it and _ASKED_OF_IT.match(folded, found.end()))
    said = _NOT.search(folded, max(0, run.start - _LOOK_BACK), run.start)
    asked = said is not None and alone and said[0].startswith("不是") and _ASKS.search(folded, run.end)
    return said is not None and not asked


def apart(folded: str, run: Run) -> list[Run]:
    """不是这个月,下个月: only the first is refused."""
    first, *others = run.terms
    if others and "," in folded[first.end : others[0].start] and folded.endswith("不是", 0, run.start):
        return [Run([first]), Run(others)]
    return [run]


def sort(folded: str, runs: list[Run]) -> tuple[list[Run], list[Run]]:
    """Those that are wished for, and those that are refused. What one has no time for because of work is neither,
    unless nothing else is said."""
    wishes: list[Run] = []
    refused: list[Run] = []
    reasons: list[Run] = []
    excuses: list[Run] = []
    for run in (part for whole in runs for part in apart(folded, whole)):
        reason = _REASON.match(folded, run.end)
        if is_refused(folded, run, alone=len(runs) == 1):
            refused.append(run)
        elif len(runs) > 1 and reason is None and _HAS_TO.match(folded, run.end):
            excuses.append(run)
        elif reason is None:
            wishes.append(run)
        elif reason["must"] or "我" in reason[0]:
            reasons.append(run)
        else:
            excuses.append(run)
    if wishes:
        return wishes, refused
    return ([], refused + reasons) if reasons else (excuses, refused)
