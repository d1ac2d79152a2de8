"""What a question asks for that no record holds, whoever keeps it: a make, a colour, a size, what somebody is like, how it was
before, how it is just now, which song is sung. Pure.

The questions that we can answer ask for what something costs, where and when it is, for whom and how: where a message asks
for something else, whatever reads like it answers another question.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from bot.aspects import ASPECTS
from nlu.questions import NO_ANSWER

READ = 2_048  # texts that are kept: rules and handlers ask
_WHICH = "(?:什么|啥|么子|哪[一]?[个家种]?|何种|几种)"
# What a thing is like, by what would have to be written of it.
_LIKE = re.compile(
    f"{_WHICH}样?的?(?:牌子?|品牌|型号|颜色|花色|色|材质|材料做|料子?|布料|尺寸|尺码|口味|味道|软件|系统|镜头|片名|剧目|曲目|书名)"
    "|什么(?:做|制)的|哪(?:里|儿|国|个国家|个厂|家厂?)(?:出|产|生产|做|造)的|产地|保质期|[几多少]{1,2}(?:寸|毫升|瓦|英寸|平米|平方|公分|厘米|克|公斤重|层楼高|个?车间|度的?$)"
    "|几折|限载|[一-鿿](?<![班课额人点校区站师脑位分量节次学期日岁楼])(?:一共)?有几[个台只把张套][呀啊]?$|能?[坐站放容停](?:得?下)?(?:几|多少)[个张位台辆把]|占地|(?:多大|多高|多宽|多重|多厚)(?:面积|的?屏|尺寸|码|[啊呀呢]?$)|大小是|纯棉|(?:新|旧)的还是(?:新|旧)"
    "|(?:软|硬|厚|薄|结实|灵|挤|吵|香|甜|辣|好吃|好看|凶|严)不(?:软|硬|厚|薄|结实|灵|挤|吵|香|甜|辣|好吃|好看|凶|严)"
)
# One of two, neither of which is a time, a price, a place, a kind or a way that there are records of.
_EITHER = re.compile(
    r"(?<!不)是(?![在去到考坐站硬毛寄邮]|实体|电子|纸)[^,，。是]{1,8}还是(?!(?:[在去到考坐站硬毛寄邮]|实体|电子|纸|线|网|现场|上午|下午|白天|晚上|早上|周|星期|礼拜|免费|收费|要|不|每|平时|工作|以[前后]|[一二三四五六七八九十\d]))[^,，。]{1,8}"
)
# What somebody is like, and where from.
_OF_THEM = re.compile(
    "(?:老师|师傅|教练|医生|大夫|院长|讲师|学员|同学|班里|班上|男的?多|女的?多)[^,，。]{0,8}"
    "(?:多大|岁数|年纪|结婚|对象|脾气|长得?什么|哪个?(?:大学|学校|医院|单位)|哪家医院|哪里人|什么人|得过|拿过|获过|奖|职称|学历|姓[啥什]|待遇|什么来头|几个孩子|下学?期还教|性格|教龄|教了多)"
    "|是哪[个家][^,，。]{0,3}(?:医院|大学|公司|单位)的|哪家?公司(?:做|开发|建|搞)|谁(?:做|开发|搞|在管)(?:的|[啊呀]?$)|毕业于|哪[个所](?:大学|学校|院校)毕业|男的?多还是|女的?多还是|[男女]的?(?:占)?多[吗不]"
)
# Whose nature is asked for: a teacher's, of whom it is said at once, and not somebody's about whom a teacher is asked.
_OF_A_TEACHER = re.compile(
    "老师(?:的|今年|现在|到底|大概|一般|自己|本人|个人|也|都|是|有没有|有|在|得了?|拿了?|获了?|长得){0,4}+"
    "(?:多大|岁数|年纪|年龄|几岁|结婚|结没结婚|对象|脾气|什么|啥|哪|过|奖|职称|学历|姓|待遇|几个孩子|下学?期|性格|教龄|教了多|毕业|凶不凶|严不严|好不好|男|女)"
)
# What else is in the room.
_THERE = re.compile(
    "(?:教室|场地|练功房|屋里|房间)[里面头]{0,2}(?:有没有|有(?=[^,，。有]{1,6}[吗没不么]))(?!课|班|人|老师|空调|电脑|投影|多媒体|位)[^,，。]{1,6}"
)
# How it was, and how many there were in all.
_BEFORE = re.compile(
    "(?:去年|前年|上学期|上期|上届|上一[届期]|往年|历年|以前|这些年|开班以来|至今|成立以来)[^,，。]{0,10}(?:多少|几个|(?<!还)有没有|有过|率)"
    "|(?:通过|合格|就业|及格|中签|录取|满意|出勤|退学|升学|好评|命中)率|哪一?年(?:的?时候)?(?:成立|盖|建|开|办|修|设|挂牌|创)|(?:成立|建|办|开)了?(?:多少|几)年|有?多少年历史"
    "|(?:一共|总共|累计|拢共)[^,，。]{0,8}(?:结业|毕业|报名|参加|来过|教过|办过|送出|换出)[^,，。]{0,4}(?:多少|几)"
    "|(?:多少|几)[^,，。]{0,2}人[^,，。]{0,4}(?:结业|毕业|考[过上]|来过|拿过|摔过)|(?:学员|志愿者|老师|会员|员工|职工)[^,，。]{0,4}(?:一共|总共|拢共)有?(?:多少|几)[个位名]?人?[啊呀]?$|(?:一共|总共|拢共)有?(?:多少|几)[本册张把]|花了?多少钱|投了?多少|经费"
)
# How it is just now, as nobody writes down; not 现在报太极班的有多少人, 书法班目前空位多少, which is on record.
_NOW = re.compile(
    "(?<![班课])(?:现在|这会儿?|此刻|目前|今[天日]|今晚|明[天早])(?:学[院校]|[^,，。班课报学招收]){0,10}(?:空位|车位|人多|多少人|几个人|排队|堵|挤不挤|吃什么|吃啥|什么菜|啥菜|下雨|停电)"
    "|(?:修好|装好|盖好|弄好|通车|竣工|完工)(?:了?没|了?吗|没有|了不)|(?:什么时候|啥时候?|几时)[^,，。]{0,6}(?:修[好完]|完工|竣工|扩建|翻新|装空调)"
)
# What exactly is sung, shown, made or read there.
_CONTENT = re.compile(
    "哪[一几]?[首支部本出篇幅集套](?:歌|曲|电影|片|书|戏|舞|剧|画|字)?|(?:什么|啥)(?:歌|曲子?|片子?|电影|菜|点心|馅)|第[一二三四五1-5]节课?[^,，。]{0,3}(?:做|讲|学|教|画|唱|写)(?:什么|啥)"
    "|(?<![班课])(?:演|唱|放|播|排)(?:的|些)*(?:什么|啥|哪)|叫(?:什么|啥)(?:片|名)|(?:片|(?<!京)剧|歌|曲)名(?!家|角|人)"
)
# What lies beside us, and is none of ours: that is asked about, and not 楼下超市老板想学会计.
_BESIDE = re.compile(
    "(?:隔壁|门口|对面|旁边|附近|楼下|边上)[^,，。]{0,6}(?:铺子?|(?<!书)店|超市|饭馆|餐馆|饭庄|药房|银行|菜场|菜市场|网吧|加油站|医院|幼儿园|澡堂)"
    "(?:(?:里面?|是|都|的|最近|现在|今天|一般|晚上|周末)*(?:[几多]|什么时候|啥时|开|关|营业|有|卖|在哪|叫|好|贵|便宜|怎么样|怎样|电话|招|收)|[吗么没不呢嘛][?？]?$|[?？]?$)"
)
# What is as surely on no record, however surely it reads as something else.
_SURELY = re.compile(
    "停车[场位]?[^,，。]{0,10}(?:空位|有空|还剩|剩[下了几多]|满没满|停满)|(?:及格|通过|合格|就业|中签|录取)率"
    "|有(?:没有)?人[^,，。]{0,4}[摔伤走丢]过"
)
_ONCE = re.compile("(?:去年|前年|以前|往年|上学期|从前)[^,，。]{0,6}(?:有没有(?:人|谁)|有人|出过)")
# 以前有人帮我办过卡, 去年有人教，今年还教吗: what is told before what is asked.
_OF_TODAY = re.compile("[我俺咱]|今年|现在|还(?:教|来|办|开|有|能)")
_KINDS = (_SURELY, _BESIDE, _LIKE, _THERE, _EITHER, _OF_THEM, _BEFORE, _NOW, _CONTENT)
# What the intents that a question nobody has an answer to is often taken for tell of, beside the aspects of a class.
_CLASSES = re.compile(
    "有|想|要学|[班课](?:都|是|一般|现在)?(?:在|什么时候|啥时|几[点号时]|多少钱|怎么|咋|谁|哪)|报|收|招|开|教(?!室)|学(?!院|校|员|期)|班$|课$|哪些|什么班|啥班|推荐|介绍|recommend|class|course"
)
_TELLS: Mapping[str, re.Pattern[str]] = {
    "find_class": _CLASSES,
    "find_course": _CLASSES,
    "class_schedule": re.compile("日子|定下|开(?!发票)|排"),
    "site_access": re.compile("轮椅|电梯|台阶|坡|残|腿|拐|无障碍|盲|扶|推车|厕所|卫生间|楼梯|婴儿车"),
    "site_facilities": re.compile("有[^,，。]{0,10}(?:吗|没|不)|有没有|设施|设备|电脑|教室|能用|可以用|借用"),
    "nearest_site": re.compile("近|附近|离|周边|旁边|哪|远|[分站]?点|有没有|小区"),
    "site_hours": re.compile("开|关|门|几点|上班|下班|有人|休|节|放假|营业"),
}  # fmt: skip
_ASPECTS_OF = {
    intent: [each for each in ASPECTS.values() if intent in each.intents]
    for intent in {intent for each in ASPECTS.values() for intent in each.intents}
}


@lru_cache(READ)
def asks_for(folded: str) -> bool:
    """Whether it asks for what is on no record: 琴是什么牌子, 去年多少人毕业."""
    kinds = (each for each in _KINDS if each is not _BEFORE or not _OF_TODAY.search(folded))
    return _was(folded) or any(each.search(folded) for each in kinds)


def surely(folded: str) -> bool:
    """Whether that is so for certain."""
    return _was(folded) or _SURELY.search(folded) is not None or _BESIDE.search(folded) is not None


def _was(folded: str) -> bool:
    """会计班去年有没有人没考过: how it was once, and no word of today or of one's own."""
    return _ONCE.search(folded) is not None and not _OF_TODAY.search(folded)


def of_a_teacher(folded: str) -> bool:
    """陈老师多大岁数: whether it asks what a teacher is like, which is nothing that is kept of a learner."""
    return _OF_A_TEACHER.search(folded) is not None and _OF_THEM.search(folded) is not None


def tells(intent: str, folded: str) -> bool:
    """Whether what an intent tells is what a message asks for, for all that its words say: of 烧一窑要多少度 the price is not."""
    if intent in NO_ANSWER:
        return False
    words = [*filter(None, [_TELLS.get(intent)]), *(each.words for each in _ASPECTS_OF.get(intent, ()))]
    return not words or any(each.search(folded) for each in words)
