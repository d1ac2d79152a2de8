"""Half sentences: whether one says anything beside the aspect that it asks for (一共几节, 还能报几个人)."""

import re
from functools import lru_cache

from bot.aspects import ASPECTS

# What a half sentence says beside what it asks for. 直播 and 微课 are matters of their own, but for 几节微课.
_LITTLE = re.compile(
    "请问|麻烦|知道|东西|什么|多少|怎么|怎样|时候|每|一共|总共|拢共|大概|到底|是不是|有没有|能不能|要不要|需要|别的|其他|另外"
    "|(?:几|多少)[节堂讲集家户]?(?:的?(?:微课|视频|网课|课)){0,2}|网上|线上|在线|老师|师傅|人|名|节|堂|讲|收工|散|歇"
    "|[啊呀呢吗嘛么吧哦呗撒咧伐喽哈的了着过在是有没不要能可以会得就都也还再又那这它个些一二两几多少啥哪咋谁次门课班学上去来报教收给我俺咱到从里头子儿点咁]"
    r"|[唉哎诶噢嗨]|[，。,？?！!、\s]"
)
WEAK = {"eligible", "online"}  # whose words say little by themselves: 能去, 微课
_ANOTHER = re.compile(
    "(?:别|其他|另外|其它)的?(?:地方|时间|时候|班|课|学校|老师|日子|点)|有(?:没有|没)?[^,，。]{0,3}(?:免费|不要钱|不收费|便宜)[^,，。]{0,3}的"
)
_SURELY_WHO = re.compile("谁|什么人|哪些人|哪种人|条件|要求|年龄|岁")
_WHO = re.compile("贵姓|姓|叫|名字?|位|主讲|授|带|指导|请的?|师资|担任|负责|同一?|一样|还")
# What has a price of its own beside a class: 瑜伽垫多少钱, 考级费.
_THING = re.compile(
    "垫|[出蹈演装功]服(?!务)|服装|衣服|鞋|琴(?!班|课)|球拍|拍子|毛笔|笔墨|墨水|颜料|相机|报考|考[^,，。]{0,5}[证级]|考试|补考|证书?费|工本|餐|饭|车费|路费|保险|工具|器材|食材|道具"
    "|另外买|押金|保证金"
)
_PART = re.compile("[那这]一?[节集]|[哪几每][节堂讲集]|lesson")  # of what is taught
_PART_TAKES = re.compile("那一?[节集讲]课?(?:有|要|是)?(?:几分钟|多少分钟|多长|多久)")
_OWN = re.compile("报名(?!到|截)|我的|我们的|我报|我选|我上的")  # 网上能报名吗, 我报的课几点
_OF_THEM = re.compile(
    "年纪|岁数?|多大|男的?还是|女的?还是|男女|是[男女]的|几个?[男女]|多少年|几年|毕业|学历|职称|水平|获奖|得过"
)  # what is asked of a person
_ASKS_WHO = re.compile(
    "谁|哪[个位](?!(?:学校|大学|院校|[剧乐]?团|单位|公司|厂|地方|专业))|[什啥]么?老师|也是[他她]|同一个"
)


@lru_cache(2048)
def beyond(folded: str) -> str:
    """What is said beside the words of aspects and small ones: 做坏赔 of 做坏了赔不赔钱."""
    said = _SURELY_WHO.sub("", folded)
    for name, aspect in ASPECTS.items():
        said = aspect.words.sub("", said) if name not in WEAK else said
    return _LITTLE.sub("", said)


def beyond_who(folded: str) -> bool:
    """老师多大年纪: whether it asks more of a teacher than who it is."""
    only_who = _ASKS_WHO.search(folded) is not None or not _WHO.sub("", beyond(folded))
    return of_people(folded) or not only_who


def of_a_part(folded: str) -> bool:
    """收口那节: whether it is about a lesson, or lessons, of what was told."""
    return _PART.search(folded) is not None


def how_long_a_part(folded: str) -> bool:
    """收口那节几分钟: whether it asks how long one lesson takes."""
    return _PART_TAKES.search(folded) is not None


def surely_who(folded: str) -> bool:
    """什么人能报: whether it asks for whom, and not only whether one can."""
    return _SURELY_WHO.search(folded) is not None


def of_another(folded: str) -> bool:
    """别的地方还有吗: it asks for another place, and nothing of this one."""
    return _ANOTHER.search(folded) is not None


def of_people(folded: str) -> bool:
    """班里有几个女的: whether it asks what somebody is like."""
    return _OF_THEM.search(folded) is not None


def of_ones_own(folded: str) -> bool:
    """我报的课几点: what somebody has, or how to enrol, and nothing of what was told."""
    return _OWN.search(folded) is not None and ASPECTS["until"].words.search(folded) is None


def of_a_thing(said: str) -> bool:
    """垫子多少钱, 考级费多少: whether a price is asked of something else than what is taught, whose name is taken out before."""
    return _THING.search(said) is not None
