"""Which clauses of a message can name whom one looks for in it: the others thank, praise, wish for somebody, or speak of kin."""

import re
from enum import Enum, auto

from bot.complaints import FILES, PRAISE, SAYS_ILL, SEAT, accuses, calls_her
from bot.phrases import asks

# Who is said to be somebody else than who is looked for.
_OTHERS = (
    "孙[子女]|儿子|女儿|闺女|[妈爸]妈?|婆婆|公公|丈母娘|岳父|同学|邻居|学员|老伴|老婆|老公|爱人|丈夫|妻子|媳妇|女婿|朋友|同事"
    "|保安|门卫|保洁|物业|司机|班长|房东"
)
_STOPS = re.compile(r"[,，。;；!！?？\n]")
_NOT_THEM = re.compile(
    "谁说.*|(?<!是)(?<!可)不(?:是|怪)(?!人)[^是]{0,30}(?:是|$)|(?:没有?|别|不)(?:投诉|怪|针对|说)[^但]*|^.{0,40}(?:没关系|没有关系|无关)|除了(?![^,，。]*还)[^都]*"
    f"|(?:{_OTHERS})[^,，。叫姓]{{0,3}}(?:叫|姓)[^,，。]{{1,4}}$|姓[^,，。]{{1,2}}的(?:{_OTHERS})"
    "|(?:我[叫姓]|本人[叫是姓]?|叫我)[^,，。]{1,4}$|我是(?![来要想说被投举])[^,，。]{2,4}?(?=$|的[妈爸妻老家爱丈女儿])"
)
_ADVISED = re.compile(
    f"^.{{0,40}}(?:(?:(?<!不)(?:说|教|帮|让|叫|陪|替|给)|告诉|建议|答应)我?[^,，。]{{0,6}}?|[帮替给]我?(?:处理|解决|登记|办)[^,，。]{{0,12}}?)(?={FILES})"
)
# 投诉网站: what is said beside it is of nobody at the desk. 投诉网站的客服 is.
_OF_A_THING = re.compile(
    f"{FILES}(?:一下|的是|你们|我们|这个?|那个?|小区|楼[上下]|后[台勤面门]的?|[网线]上的?)*(?:物业|食堂|广场舞|工地|网站|平台|系统|公交|垃圾|噪音|停车|电梯|厕所|空调|教室|小区|快递"
    f"|[一-鿿]{{1,4}}[课班])(?![^,，。]{{0,8}}(?:{SEAT}|[这那]个?[位人]|的人|姑娘|小姐|先生|女士|同志|[接回]我))"
)
_TAKES_BACK = re.compile(
    "(?:撤销?|撤回|取消)[^,，。]{0,10}投诉|投诉[^,，。]{0,6}(?:撤|取消|处理好)|投诉过[^。]{0,20}(?:了了|了结|解决了|处理好|过去了|没事了|(?:谢|表扬|夸|感激)[^,，。你您]{0,3}[他她])|是我[弄搞记认]错|是(?:个|一?场)?误会"
)
_RHETORICAL = re.compile("凭[什啥]|怎么(?:老|总|能|这么|那么|还|可以|敢)|管不管|干[嘛吗]|为[什啥]么?(?:骂|吼|凶)")
_KIN = re.compile(f"(?:{_OTHERS})[^,，。]{{0,2}}(?:也?叫|是|名|姓)")
_HAD_TO_DO = re.compile("说话|接[的待了过我]|聊|找过|打过|通话|联系过|办的|给我办|回我|刚才|刚刚")
_PRAISED = re.compile(f"{PRAISE.pattern}|(?:谢|感|多)谢|谢了|感激|辛苦|(?<!没)耐心|热情|认真|周到|满意")
_KINDLY = re.compile(
    f"{PRAISE.pattern}|(?:谢|感|多)谢|谢了|感激|辛苦|得(?:很|真|特别|挺)?[好对]|说(?:有|可以|能|过)|说[的得]?(?:没错|对|在理)|(?<!没)耐心|热情|认真|周到|满意|[找换]|转(?:给|接|到)|请(?!假)|(?<!不)[让叫](?!她|他)[^,，。]{{1,8}}(?:接|来|处理|帮|管|回)"
    "|[要想](?:要|跟|和|让|由)|[您你]好|联系|在[不吗么]|上班(?!玩|睡|聊|迟|不)|几点|什么时候|(?:说|叫|让|告诉|建议|介绍|推荐|陪|帮)(?:了|过)?我(?!笨|蠢|傻|老|烦|等|滚|闭|白|不)|(?:是|像)我|(?<!上)[课班讲教]|thank|praise|nice|kind|helpful"
)


class Sought(Enum):
    """Who may be named: whom a message complains of; whom a later 她 means; with whom one has had to do, of whom a later
    complaint may be that says of nobody."""

    ACCUSED = auto()
    SHE = auto()
    DEALT_WITH = auto()


def that_name(sought: Sought, folded: str) -> str:
    """The clauses of a message that may name whom is sought; none is left of one that is of nobody."""
    clauses = [_NOT_THEM.sub("", each) for each in _STOPS.split(folded)]
    if sought is Sought.ACCUSED:
        return "，".join(_accusing(clauses, folded))
    if sought is Sought.DEALT_WITH and _PRAISED.search(folded) and not SAYS_ILL.search(folded):
        return ""
    kept = (each for each in clauses if not _KIN.search(each))
    return "，".join(each for each in kept if sought is Sought.SHE or _HAD_TO_DO.search(each))


def _accusing(clauses: list[str], folded: str) -> list[str]:
    if _TAKES_BACK.search(folded) or (_PRAISED.search(folded) and not accuses(folded)):
        return []
    kind = _PRAISED if calls_her(folded) else _KINDLY
    of_a_thing = any(map(_OF_A_THING.search, clauses))
    kept = [each for each in clauses if accuses(each) or not (of_a_thing or kind.search(each))]
    return kept if SAYS_ILL.search(folded) else [_ADVISED.sub("", each) for each in kept]


def only_asks(folded: str) -> bool:
    """孙小梅骂人吗: what accuses in it is a question; 孙小梅骂人，你们管不管 says so, and so does 她凭什么骂人."""
    return all(asks(each) and not _RHETORICAL.search(each) for each in _STOPS.split(folded) if accuses(each))
