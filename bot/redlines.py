"""Red lines: what is recognised before everything else, also in the middle of a task and while a seat has the talk.

A model and words read them. Two lines: at the upper one the red line acts; between the two its careful sentence comes
first, or a question, and what was asked is answered. A false alarm costs a ticket that somebody has to look at; a missed
one may cost a life.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from bot.about import COMES_ALONG
from bot.alarming import LIFE, AlarmWords, Context, asks_to_be_taught, contexts, hints_at, is_alarm, words_of
from bot.commands import bare, commands
from bot.comprehension import Understanding
from bot.messages import Priority
from bot.phrases import asks, asks_whether
from nlu.entities import Entity
from nlu.questions import ADVICE, RED_LINES

URGENT = {  # these raise a ticket that a seat has
    "emergency": Priority.DANGER, "despair": Priority.DANGER, "scam": Priority.TODAY, "privacy_incident": Priority.TODAY,
}  # fmt: skip
PARENT = "enrol_child"  # what looks like a child that asks, where a grown-up asks for it
SPEAKS, CHILD, CHILDS_GRADE = 4, 14, 8  # years from which and up to which a child asks itself; up to 初二

# The odds, as logarithms: learnt by logistic regression from examples that the model had not seen. What is said of a
# sentence is believed up to these shares and no further.
_RED, _SHARE, _BIAS = 0.55, 1.0, 2.6
_LEAST, _MOST = 0.01, 0.98
_WORDS = 6.0  # words that leave no doubt, by themselves
_HINT = 2.5  # words that do no more than fit
_OF_A_MOVE = -6.0
_BESIDE = 3.5  # 笑死了，我爸从楼上摔下来: what is beside a manner of speaking may be in earnest
_MOVE = 0.8  # the probability from which a message is a move in the talk, and hardly anything else
_OF_ONESELF = -4.0  # what is asked about is one's own
_CALMING: Mapping[Context, float] = {
    Context.IDIOM: -10.0,
    Context.OVER: -8.0,
    Context.TOPIC: -4.0,
    Context.SUPPOSED: -8.0,
    Context.OWN_WORDS: -8.0,
    Context.OF_OTHERS: -8.0,
    Context.PLAYED: -10.0,
}
# What calms which; nothing calms the others.
_CALMED = {"data_request": {Context.OWN_WORDS}, "scam": {Context.TOPIC}} | {
    kind: {Context.IDIOM, Context.OVER, Context.TOPIC, Context.SUPPOSED, Context.OF_OTHERS, Context.PLAYED}
    for kind in LIFE
}
_NONE_FOR = {"scam": {Context.FAILED, Context.OF_OTHERS}}  # however alike
# The lower and the upper line. On the same examples one in a thousand ordinary sentences is above the upper one for
# dangers to life, one in a hundred above the lower.
_LIFE_LINES, _LINES = (-1.5, 2.4), (-1.2, 1.5)
_WORDLESS = 1.0  # more, where the model alone sees a danger to life, and no word of it
_GUESSED = 1.5  # more, where no word says so and it would be an insult
_SHORT = 1.3  # more until it is sure, for hardly any words: 我想静静
_IN_TALK = 2.0  # more, for a few words without alarm in them that follow on what was just said
_FEW = 20  # characters
_CLEAR = 0.4  # a red line with this share among all readings is the one that is meant
_UNSURE_MASS = 0.2  # of the other readings, where a red line took nearly all: that much is left of them for certain

_OWN = re.compile(
    "我(自己)?(这张|名下)?的?(手机|电话|号码|学分|积分|学习记录|卡|记录|账户)|我本人|我(都|已经)?报了?(了|哪|啥|什么|几)|本人的"
)
_CHILD = re.compile(
    "孩子|我家(?!住|离|在|就)|老[大二三]|双胞胎|[男女]孩|小家伙|带[个着我]|[跟和同陪]我|他|她|儿子|女儿|闺女|孙|小孩|娃|伢(?!子)|小朋友|家长|侄|外甥|丫头|小子|宝宝|宝贝"
    "|弟弟|妹妹|学生的|我们?的?学生|son|daughter|kid|child|grand"
)
_PARENT = re.compile(
    "(?:我(?!叫)|俺(?!叫)|咱|家|给|替|帮|带|领|牵|抱|接|送|让|为|陪)[^,，。]{0,4}(?:孩子|女儿|儿子|闺女|孙|小孩|娃|伢|侄|外甥|崽|囡|细路|老二|双胞胎|小朋友|丫头|小子|宝宝|宝贝|[弟妹])|学生家长"
    "|我是[^,，。]{0,6}(?:老师|奶奶|爷爷|妈妈|爸爸|家长)"
    r"|[他她](?!们)(?:今年|现在|都|才|快|刚|已经|也)*[\d一二三四五六七八九十]{1,3}(?:个?半|周)?岁"  # 他9岁超没超
    "|my (?:son|daughter|kid|child|grand)"
    # 女儿今年六年级, 小孙女大班
    "|(?:^|[,，。 ])[大小]?(?:外?孙[子女]?|儿子|女儿|闺女|外甥女?|侄[子女]|孩子|小孩|[娃伢][儿子]?|囡囡?)"
    r"(?:[,，]?(?:今年|都|才|刚|快|已经|在|[读念上初高大小]|[\d一二两三四五六七八九十]{1,3}(?:个?半|周)?岁))"
)
_MYSELF = re.compile(
    r"(?:我|俺|本人|人家|\bi ?'?a?m )(?:(?!我|家|儿|女|孙|娃|伢(?!子)|侄|弟|妹|哥|姐|妈|爸|子)[^,，。]){0,6}$"
)
_OF_A_CHILD = re.compile("(?:多|半)?的[大小]?(?:外?孙|儿子|女儿|闺女|娃|孩子|宝宝|囡|丫头|外甥|侄)")  # 我五岁的小外孙
_BORN = re.compile(r"19\d\d ?年?(?:的|生|出生|属)|[四五六七八九][零〇一二三四五六七八九]年(?:生|出生|的人)")
# 我妈呢，六十八: an age without a word that says so.
_YEARS = re.compile("(?<![\\d第班级号室路])(?:[3-9]\\d|[三四五六七八九]十[一二三四五六七八九]?)(?=了|$|[,，。])")
# Which course one has kept for later one removes oneself; not what is kept of somebody.
_OF_A_COURSE = re.compile(
    "^(?!.*(?:信息|资料|[账帐]号|个人|同意|隐私|收集|我上课))[^。]{0,20}(?:收藏[^,，。]{0,4}课|课[^,，。]{0,3}收藏)"
)
_TEACHES = re.compile("我是[^,，。]{0,8}(?:老师|班主任|家长|辅导员)")
# School days long past.
_ONCE = re.compile(
    "毕业|文化|学历|程度|水平|那年|当年|的?时候|没[读念上]完|就[不没][读念上]|只?[读念上][过到完了]|以前|辍学|退休|补习|教"
)
_GONE = re.compile(
    "世|逝|亡|死"
    "|(?:[爸妈父母爹娘爷奶公婆哥姐弟妹儿女伯叔姨舅伴妻夫]|老[头太人]|家人|亲人|爱人|先生|[他她])[^。]{0,16}(?:走了(?![,，][^。]{0,4}[去赶回坐])|不在了|没得?了)"
    "|没挺过|病故|老了|后事|生前|遗|坟|葬|节哀|送走|离开(?:我们|人)|pass(?:ed)? away|died?|dead"
    "|deceased|late (?:mother|father|wife|husband)"
)
# 老张走了，去他儿子那里住; a call that says one has a place, and asks for nothing.
_MOVED = re.compile("走了[,，]?(?:是|就)?(?:去|到|回|搬到?)[^。]{0,12}(?:住|上班|打工|享福|带孙|养老|过年|老家)")
_ADMITTED = re.compile("(?:录上|录取|选上|报上|排到|轮到|候补到|中签|有名额)")
_OF_MONEY = re.compile("[钱款卡码费账帐]|转|链接|交[^流通警]|下载|共享|投资|中奖")
# A death long ago, or of a story, or that is told by who wants to learn; and what may be left to be seen to after one.
_LONG_GONE = re.compile(
    r"(?:[十百几多两二三四五六七八九\d]|好些|好多|好几|老)[来多几]?年|早(?:就|已|走|没|过|年|些)|老早|走得早|生前|在世|留下|以前|[前去]年|小时候|年轻"
    r"|电影|电视|小说|剧|戏|书里|想[学报]|哪[里儿]?学|教不教|有(?:没有|什么|啥)[^,，。]{0,6}[课班]"
)
_AFFAIRS = re.compile(
    r"[学积]分|[账帐][户号]|卡|手续|通知|短信|注销|继承|处理|怎么办|咋[办弄]|名额|退|报的|停|登记|档案|记录|材料|证明|作品|[他她]的画|录像|弹出|经历|课次|剩下|转给|[多百千\d]分(?!钟)|刚刚?(?:走|去世|过世|没)"
    "|account|credit|point|card|notice|message|cancel"
)
# What is kept of somebody, and what they may want done with it.
_KEPT_OF_ME = re.compile(
    "信息|资料|数据|记录|隐私|照片|头像|脸|名字|姓名|电话|号码?|账号|帐号|档案|录音|聊天|留言|身份|微信|手机|地址|存|删|注销|抹|忘|清|查阅|复制|导出|撤回|同意|收集"
    "|data|delete|erase|remove|privacy|copy|forget|record|information|photo|name|account"
)
_AGAINST_US = re.compile("(?:告|投诉|举报|曝光|起诉)(?:死)?(?:你|中心)")  # 再这样我就去告你们
_CHILDISH = re.compile(
    "学生|小学|初[一二中]|幼儿园|还小|上学|放学|假|班[里上]|同桌|小朋友|小孩|作业|妈妈|爸爸|放学|红领巾|班主任|未成年|school|mum|mom|dad|kid"
)
# What of others nobody is told; 你们那个课表发我一份 asks for none of it.
_OF_THEIRS = re.compile(
    "学分|积分|分数|成绩|余额|电话|手机|号|联系|微信|住|家在|地址|名单|姓名|身份|卡|登记|信息|资料|照片|记录|来没|去没|上没|没来|出勤|签到|请假|谁|别人|人家|报[了没过]|报名"
    "|密码|多大|工资|离婚|结婚|对象|phone|number|address|record|who|points|credit|account|enrol"
)
_GIVES = re.compile("[是为：:叫]?(?:1[3-9]|0)[\\d -]{7,}")  # 她手机号是139…: gives a number, and asks for none
# Who it is that goes: 我妈去，她66.
_WHO_GOES = re.compile(
    "(?:是|就)?(?:给|替|帮|让|叫|陪)?(?:我|俺|咱)?(?:家里?)?(?:老?[妈爸娘爹公婆]|妈妈|爸爸|爱人|老伴|媳妇|老人|奶奶|爷爷|外婆|外公|姐|妹|哥|弟|邻居)"
    "(?:想|要|也|自己)?(?:去|来|上|学|报)?[,， ]?(?:[他她])?(?:今年|都|才)?[\\d一二三四五六七八九十]{2,4}岁?了?"
)
_PASSED = re.compile("(?:[去前]年|上个?月|早年|[一二两三四五六七八九十几]年前)[^,，。]{0,10}(?:走|没|去世|过世)[的了]")
_GOES_ON = re.compile("现在|今[天晚早]|刚|又|突然|遗书|不想活")
# Who comes by themselves, and says no more.
_COMES = re.compile(
    "(?:(?:不要紧|没事|没关系|不用|好的?|行|那|嗯)了?[,，。 ]?){0,6}+(?:我|俺|咱)?"
    "(?:明[天儿]|后天|今天|[上下]午|晚上|改天|回头|过两天|到时候?|下?(?:周|礼拜)[一二三四五六日天末]?)?(?:我|俺|咱)?"
    "(?:再|就|还是|会|直接|亲自|一个人|自己){0,6}+(?:过来|过去|来|去|上|到)(?:你们|[那这][边里儿]|学院|学校|现场|窗口|服务台|一趟|一下){0,6}+"
    "(?:看看?|瞧瞧?|办|领|取|拿|问问?|报名?|交|学|听课?|试试?){0,6}+(?:吧|好了|就行|得了|嘛|啊|呢|哈)?[。.!！]?"
)
# Where somebody is, at work or on the way: 我在地里干活呢.
_AT_WORK = re.compile(
    "(?:我|俺|咱)?(?:现在|还|正|这会儿?){0,2}在(?:地里|田里|大棚里?|工地上?|厂里|车间里?|单位|公司|店里|公交车?上|车上|地铁上?|路上|菜场|超市|家里?|学校|幼儿园)"
    "(?:干活|上班|忙着?|做饭|吃饭|买菜|[带接送]孩子|[坐等]车|开车|排队|加班|做工|种地|浇水)?(?:呢|呀|啊|哦|嘛|哩|了){0,3}[。.!！]?"
)
# Somebody goes on an errand, and nothing is wrong; their own money goes where it belongs.
_ERRAND = re.compile(
    "[去回到赶出上下来][^,，。]{0,6}(?:买|打饭|打水|[接取拿寄送]|赶集|上班|值班|出差|报到|开会|[吃喝]|电话|厕所|洗手间|玩|串门|旅游|遛|锻炼|跳舞|上课|学|缴费|排队|做饭"
    "|老家|娘家|单位)|(?:买菜|赶集|上班|吃饭|开会|旅游|出差)[去走]了"
)
_WRONG = re.compile(
    "没|不(?:见|动|说|醒|回|要|想|在|好|活)|找|联系|丢|倒|血|[疼痛火死哭怕急救晕药河刀烧喘抖歪吐僵凉伤病摔跌困锁砸]|抽(?!烟)|被|挤(?!奶)|[一两三几半\\d](?:天|夜|个?[多半]?(?:小时|钟头))|楼顶|天台|桥|打人|跳楼|最后|告别|再见|别等|一个人"
)
_TO_US = re.compile("对公|窗口|服务台|前台|柜面|收费处|公众号|小程序|官网")
_BY_A_STRANGER = re.compile(
    "有[个人]|自称|冒充|说是|[叫让要催]我|骗|假|陌生|加我|来电|打来|短信|链接|真的吗|屏幕|验证码|客服|中奖|密码|银行卡|私人|个人账户|问我要|正常吗|靠谱"
)
# Who we are, and nobody's credits or number.
_OF_US = re.compile(
    "你们[^,，。]{0,6}(?:多少|几)[个名位]?(?:员工|职工|工作人员|老师|人上班)|(?:院长|校长|书记|领导)(?:[叫姓](?=什么|啥)|是谁|是哪位|贵姓)"
)
_GLAD = re.compile("开心|高兴|太好了|哈哈|嘻嘻|真好|棒|满意|happy|great")
# 我投诉过的事早了了: that is over, and no life is; nothing beside it but what brings somebody here.
_SETTLED = re.compile(
    "^[^,，。]{0,8}(?:投诉|举报|官司|纠纷)[^,，。]{0,8}[,，]?[^,，。]{0,6}(?:早|已经|都)(?:就|经|已)?(?:了了|了结|解决|处理好)了?"
    "(?:[,，](?:就|今天|现在|想|要|来){0,4}(?:报|学|谢|问|听)[^,，。不没活死了]{0,8})?[。!！]?$"
)
# Mottos, and what laughing does; nothing beside them.
_NO_HARM = re.compile(
    "^(?:我?(?:孙[子女]|老伴)|他们?|她们?|你们?|大家|把我|逗得我|[都也,，])*+笑得(?:我|俺)?(?:肚子|肚皮|脸|腮帮子?)?[都也]?(?:疼|痛|酸|僵)死?(?:我|了)*"
    "|^(?:我|俺|都|已经|[\\d一二三四五六七八九十岁了,，])*+(?:活到老[,，]?学到老|活一天[,，]?学一天)[嘛呗了啊]*"
    "|^(?:我|俺|都|也|已经)*+活到[\\d一二三四五六七八九十]{1,4}岁?了?(?:[,，]?还?(?:能|可以|要)(?:去|来|学|报|听|参加|上|跟)[^。活死]{0,8})?"
)
# Who comes along, and how old they are; nothing beside it.
_COMES_TOO = re.compile(
    "^那?(?:我|俺|咱)?(?:家)?[一-鿿]{1,3}?也?(?:想|要|能|可以)?(?:来|去|学|报名?|参加)(?:上课)?[吗不]?[,，](?:她|他)?(?:今年)?(?:都|已经)?[\\d一二三四五六七八九十]{1,4}(?:岁|多|了)*"
)
# 想学急救，那个按胸口的; 听说有教救命的，按胸口那个; of nobody.
_TO_BE_TAUGHT = re.compile(
    "^(?:听说|据说|听讲|好像|说是|你们|那边|那里|也|是)*+(?:有|开)了?(?:人|老师)?(?:教|学|讲|练)[^,，。我俺你他她孩娃爸妈老]{1,6}的?(?:班|课)?"
    "(?:[,，](?:就是)?[^,，。我俺你他她孩娃爸妈老]{1,8}那[个种])?(?:吗|呢|么|是不是|是吧|对不对)*|"
    "^(?:我|俺|咱|也|就|很|一直)*+[想要](?:来|去)?[学报](?:个|一下|点)?[^,，。我俺你他她孩娃爸妈老]{1,8}"
    "(?:[,，](?:就是)?那[个种][^,，。我俺你他她孩娃爸妈老]{1,8})?[吗呢]?"
)
_BORED = re.compile(
    "^(?:那个|就是|老?伴|我?[妈爸]|[她他我俺]|老人家?|奶奶|爷爷|一个人|天天|整天|老是|总|现在|退了?休|在家|家里|待着?|呆着?|有点|很|太|[,，])*+"
    "(?:闷得慌|闷得很|闷死了|没人说话|没事[干做]|无聊)[的了啊呀嘛]*"
)
_TIME_PASSED = re.compile(
    "^(?:这|都|已经|也|就)*+过[了去]?(?:有)?[\\d一二三四五六七八九十几来多两半个]+(?:天|个?月|周|个?星期|个?小时|年)多?[了啦吧啊]*"
)
_SELF = re.compile(r"我|俺|咱|本人|\bi\b|i'm")
_UNDER = re.compile("[没未不][有到满足够]+(?:1[0-4]|十[一二三四])(?!个|人|节|次)")


class Alarm(NamedTuple):
    """`kind` is a red line or advice, a line that is drawn as softly as it can be; it acts where it is `sure`, and makes careful where not."""

    kind: str
    sure: bool


def detect(heard: Understanding, *, talking: bool = False) -> Alarm | None:
    """The red line that a message touches, if any; `talking` says that something was said to the resident just before."""
    said = words_of(heard.folded)
    if said and (_is_of_one_lost(heard.folded, said) or (said.kind == "third_party" and _OWN.search(heard.folded))):
        said = None
    kind, odds = _read(heard)
    deadly = (said and said.kind in LIFE) or (kind in LIFE and odds >= _LIFE_LINES[1])
    if not deadly and _is_child(heard):
        return Alarm("minor", True)
    context = contexts(heard.folded, said)
    if said and (said.kind in LIFE or kind not in LIFE):
        kind, odds = said.kind, odds + (_HINT if context & {Context.SUPPOSED, Context.OF_OTHERS} else _WORDS)
    else:
        kind, odds = _hinted(heard.folded, kind, odds)
    if kind == "third_party" and _OWN.search(heard.folded):
        odds += _OF_ONESELF
    odds += sum(_CALMING[each] for each in context & _CALMED.get(kind, set()))
    if kind == "emergency" and Context.IDIOM in context:
        odds += _BESIDE
    moves = heard.move.label.startswith("cmd/") and heard.move.probability >= _MOVE
    if said is None and (moves or commands(heard.folded) - {"human"}):
        odds += _OF_A_MOVE  # 算了, 我也不清楚, 没事了
    if said is None and _goes(heard.folded, kind):
        odds += _OF_A_MOVE
    if kind == "third_party" and _GIVES.search(heard.folded) and not asks(heard.folded):
        return None
    perhaps, sure = _lines(kind)
    if kind in LIFE and said is None and not hints_at(heard.folded):
        follows = _IN_TALK if talking and len(heard.folded) <= _FEW else 0.0
        perhaps, sure = (
            perhaps + _WORDLESS + follows,
            sure + max(follows, _SHORT if len(heard.folded) <= _FEW / 2 else 0.0),
        )
    if kind in _NEEDS and not _NEEDS[kind](heard):
        perhaps = sure = sure + _GUESSED
    if odds < perhaps or (kind == "minor" and _is_grown(heard)) or context & _NONE_FOR.get(kind, set()):
        return None
    if kind in _NOT and _NOT[kind](heard.folded):
        return None
    if said is None and kind in LIFE and (_GLAD.search(heard.folded) or _is_settled(heard.folded)):
        return None
    if said is None and any(each.fullmatch(bare(heard.folded)) for each in _HARMLESS.get(kind, ())):
        return None
    # Whoever wants to be taught what to do is met with care, and hears nothing as if it had happened.
    return Alarm(kind, odds >= sure and not asks_to_be_taught(heard.folded, said))


def endangers(heard: Understanding) -> bool:
    """Whether a life is in danger for certain: nothing a channel does comes before that."""
    alarm = detect(heard)
    return alarm is not None and alarm.sure and alarm.kind in LIFE


def without(heard: Understanding) -> Understanding:
    """What a message may mean when it touches no red line; what a parent asks is answered for the child."""
    candidates = heard.candidates
    if _PARENT.search(heard.folded):
        candidates = tuple(replace(each, intent=PARENT) if each.intent == "minor" else each for each in candidates)
    mass = sum(each.score for each in candidates if each.intent in RED_LINES)
    left = max(_UNSURE_MASS, 1 - mass) if mass else 1.0
    others = tuple(
        replace(each, score=min(1.0, each.score / left)) for each in candidates if each.intent not in RED_LINES
    )
    return replace(heard, candidates=others)


def _lines(kind: str) -> tuple[float, float]:
    return _LIFE_LINES if kind in LIFE else _LINES


def _is_of_one_lost(folded: str, said: AlarmWords) -> bool:
    """我爸去年心梗走的，他的学分咋办: danger to a life that is over, and nothing beside it that goes on."""
    return said.kind in LIFE and _PASSED.search(said.clause) is not None and _GOES_ON.search(folded) is None


def _is_settled(folded: str) -> bool:
    """Whether it tells of a complaint or a case that is over, and of nothing that fits despair."""
    return _SETTLED.search(folded) is not None and not hints_at(folded)


def _goes(folded: str, kind: str) -> bool:
    """Whether somebody comes or goes, and nothing is wrong with it."""
    if len(folded) > _FEW:
        return False
    errand = kind == "emergency" and _ERRAND.search(folded) and not _WRONG.search(folded) and not hints_at(folded)
    return bool(errand) or any(each.fullmatch(folded) for each in (_COMES, _WHO_GOES, _AT_WORK))


def _read(heard: Understanding) -> tuple[str, float]:
    """What the model takes for the likeliest red line, and the logarithm of the odds that there is one."""
    red = [each for each in heard.candidates if each.intent in RED_LINES]
    best = red[0] if red else None
    advice = max((each.score for each in heard.candidates if each.intent == ADVICE), default=0.0)
    if heard.red.label == ADVICE and (best is None or best.score < advice):
        return ADVICE, _log_odds(max(heard.red.probability, advice))
    # Nearly as likely a danger to life is the one to be careful about.
    best = next((each for each in red if each.intent in LIFE and each.score > (red[0].score / 2)), best)
    known = best.intent if best and (best.score >= _CLEAR or heard.red.label == ADVICE) else heard.red.label
    share = sum(each.score for each in red)
    return known or "", _RED * _log_odds(heard.red.probability) + _SHARE * _log_odds(share) + _BIAS


def _hinted(folded: str, kind: str, odds: float) -> tuple[str, float]:
    """With words that fit it: the same red line likelier; or theirs, where the model has seen none for certain."""
    for hint in hints_at(folded):
        if hint == kind or (odds < _lines(kind)[1] and (kind not in LIFE or hint in LIFE)):
            return hint, odds + _HINT
    return kind, odds


def _log_odds(share: float) -> float:
    share = min(max(share, _LEAST), _MOST)
    return math.log(share / (1 - share))


def _is_child(heard: Understanding) -> bool:
    """Somebody under fourteen speaks of themselves: 我12岁, 我上五年级."""
    text = heard.folded
    young = [
        each
        for each in heard.entities
        if _is_young(each) and not heard.denies(each) and not _OF_A_CHILD.match(text, each.end)
    ]
    under = _UNDER.search(text) is not None
    if not (young or under) or _ONCE.search(text) or _TEACHES.search(text):
        return False
    if any(_MYSELF.search(text, 0, each.start) for each in young):
        return True
    if under:
        return _SELF.search(text) is not None and _CHILD.search(text) is None
    grown = any(each.kind == "age" and not _is_young(each) for each in heard.entities)
    return _SELF.search(text) is not None and not grown and _CHILD.search(text) is None


def _tells_of_youth(heard: Understanding) -> bool:
    """Whether anything in it is of a child."""
    return any(each.kind in {"age", "grade"} for each in heard.entities) or _CHILDISH.search(heard.folded) is not None


def _is_young(entity: Entity) -> bool:
    if entity.kind == "age":
        return SPEAKS <= int(entity.value) < CHILD
    return entity.kind == "grade" and int(entity.value) <= CHILDS_GRADE


def _is_grown(heard: Understanding) -> bool:
    """Somebody speaks for a child of theirs, or names an age, or a year of birth, that is none of a child."""
    ages = [int(value) for value in heard.values("age") if int(value) >= SPEAKS]
    if heard.values("age") and not ages:
        return True  # 3岁的去得不: who is so young writes nothing
    grown = bool(ages) and min(ages) >= CHILD and not _UNDER.search(heard.folded)
    grown = grown or _BORN.search(heard.folded) is not None or _YEARS.search(heard.folded) is not None
    return grown or _PARENT.search(heard.folded) is not None or _ONCE.search(heard.folded) is not None


# What is none of it for certain.
_NOT: Mapping[str, Callable[[str], bool]] = {
    "deceased": lambda folded: _LONG_GONE.search(folded) is not None and _AFFAIRS.search(folded) is None,
    "third_party": lambda folded: _OF_US.search(folded) is not None,
    "data_request": lambda folded: asks_whether(folded) or _OF_A_COURSE.search(folded) is not None,
    "scam": lambda folded: _TO_US.search(folded) is not None and _BY_A_STRANGER.search(folded) is None,
}
# What a whole message may be that the model alone takes for danger or a death, and is none.
_HARMLESS: Mapping[str, Sequence[re.Pattern[str]]] = {
    "deceased": (_COMES_TOO,), "despair": (_NO_HARM, _TIME_PASSED, COMES_ALONG), "emergency": (_NO_HARM, _BORED, _TO_BE_TAUGHT, COMES_ALONG),
}  # fmt: skip
# What nobody is taken for on a guess: a child; the bereaved, for a grandmother who comes along.
_NEEDS: Mapping[str, Callable[[Understanding], object]] = {
    "minor": _tells_of_youth,
    "deceased": lambda heard: _GONE.search(heard.folded) and not _MOVED.search(heard.folded),
    "scam": lambda heard: not _ADMITTED.search(heard.folded) or _OF_MONEY.search(heard.folded),
    "third_party": lambda heard: _OF_THEIRS.search(heard.folded),
    "data_request": lambda heard: _KEPT_OF_ME.search(heard.folded),
    "despair": lambda heard: (
        not _AGAINST_US.search(heard.folded) or is_alarm(heard.folded) or "despair" in hints_at(heard.folded)
    ),
}
