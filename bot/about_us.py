"""What residents say of us, by its words: complaints about the seat that they have just had, which the model takes for
many other things; and the question whom they talk to, which it may take for the wish for a person."""

import re
from functools import lru_cache

# What says that one complains, also as it is misheard and mistyped; and what says no less where somebody is named.
FILES = (
    "(?:投 ?[诉述数速素拆折溯]|举报|控告|控诉|检举|告发)(?!(?:之|以|过)?后)"
    "(?!(?:热线|电话|渠道|流程|方式|邮?箱|信箱|途径|部门)[^,，。]{0,3}(?:是|有|多少|在|几|呢|吗|[?？]|$))"
)
_SUES = r"差评|不满(?![\d一二三四五六七八九十足])|(?:有|很大|大)意见|[要想]去?告(?![诉别知辞示一])|反映[^,，。]{1,10}(?:问题|情况)"
_SEAT = "坐席|客服(?!电话|热线)|人工(?!智能)|接线|工作人员|接待"
_THAT_ONE = rf"(?:刚才|刚刚|上次|上回|之前)[^,，。]{{0,6}}(?:人|位|老师|同志|{_SEAT})|那个?(?:人|位|同志|{_SEAT})|(?:这|你们)[^,，。]{{0,3}}(?:{_SEAT})"
BADLY = (
    "(?:太|很|真|好|这么|那么|非常|特别)(?:慢|差|凶|冲|横)|慢吞吞|差劲|凶(?:我|人|巴巴)|蛮横|不耐烦|敷衍|糊弄|[不没]理(?:我|人|睬|会|$)|爱理不|不搭理|骂|吼"
    "|难听|冷冰冰|冷漠|态度(?!(?:都|也|是|真|很|挺|特别|非常|一直)*(?:好(?![差坏意])|不错|热情|和蔼|耐心)|的?(?:怎么样|怎样|如何|咋样|好不好|好吗|行不行))|答非所问|[啥么]都不(?:懂|知道|会)|不专业|不负责|不管(?:我|人|事|不问)|推(?:来推去|脱|诿)|踢皮球|挂(?:断|了)|没听完|没礼貌|不礼貌"
)
# Of whoever it was, said at any time.
_OF_A_SEAT = re.compile(
    rf"{FILES}[^,，。]{{0,8}}(?:{_SEAT}|刚才|那个?人|他|她)|(?:{_SEAT}|{_THAT_ONE})[^,，。]{{0,10}}(?:{BADLY})"
    rf"|(?:别|不要|不想|莫)再?(?:让|叫|找|要|跟|和)?(?:刚才|上次)?那?个?(?:{_SEAT}|(?<=那个)人|(?<=那)人)"
    r"|(?:别|不要|莫)再?(?:让|叫|找)(?:他|她)[^,，。]{0,3}(?:接|处理|管|回|办)"
    r"|(?:agent|staff|operator|person|colleague|clerk)\b.{0,30}\b(?:rude|slow|useless|unhelpful|ignor\w+|never|hung up|not help\w*)"
    r"|complain\w* (?:about|against) (?:the|your|that|this) (?:agent|staff|operator|person|clerk)"
)
# Where a ticket has just been closed, these are of the seat that closed it.
_OF_THE_SERVICE = re.compile(
    rf"老师[^,，。]{{0,4}}(?:回|答|接|理)[^,，。]{{0,6}}(?:慢|不|没|差)|(?:回|答|回复|回话|回得|答复|接)[^,，。]{{0,4}}(?:太|这么|那么|真|好|也)慢"
    r"|等[^,，。]{0,8}[没不无][^,，。]{0,3}(?:回(?:我|复|话|音|应|答|信)|理)|服务(?:态度)?[^,，。]{0,4}(?:差|不好|恶劣|糟|不行|不满)"
    r"|对[^,，。]{0,8}服务[^,，。]{0,4}不满|什么态度|态度[^,，。]{0,4}(?:差|不好|恶劣)|[没不][^,，。]{0,3}解决[^,，。]{0,4}就[^,，。]{0,6}(?:关|结)"
    rf"|(?:他|她)[^,，。]{{0,8}}(?:{BADLY})|敷衍|爱理不理|糊弄|踢皮球"
    r"|\b(?:he|she|they)\b.{0,20}\b(?:rude|never answered|ignored|hung up)|(?:too slow|slow) to (?:answer|reply)|bad service"
)
_OF_THE_BOT = re.compile("你(?!们)|机器")
_BLAME = re.compile(BADLY)
_PRAISE = re.compile("(?:很|真|挺|特别|非常|态度|要命地|太)好(?!意思)|不错|表扬|点赞|夸|恩人|多亏")


def complains_of_a_seat(folded: str, *, closed: bool) -> bool:
    """Whether it complains of a seat; `closed` says that one has just closed the resident's ticket."""
    if _PRAISE.search(folded):
        return False
    if _says(_OF_A_SEAT, folded):
        return True
    return closed and _OF_THE_SERVICE.search(folded) is not None and _OF_THE_BOT.search(folded) is None


def praises(folded: str) -> bool:
    """老师讲课真要命地好: good is said of somebody, and nothing bad."""
    return _PRAISE.search(folded) is not None and _BLAME.search(folded) is None


_SIMILE = re.compile("(?:抢|挤|排|忙|热闹|闹|人多)[^,，。]{0,6}(?:跟|像|和|如)[^,，。]{1,8}(?:似的|一样|样的|一般)")
_SCOLDS = re.compile(
    "(?:你们?|您|这个?|什么|真是|系统|客服|机器人|助手|[真好太咋这么那怎可个是破傻][^,，。]{0,1}){0,8}(?:笨|蠢|傻|呆|没用|白痴|智障|废物|破机器人|差劲|听不懂人?话)"
    "(?:蛋|瓜|猪|得要?死|死了|透了|极了|得很|机器人?|东西|的|了|啊|呀|哦|吧|呢)*"
    "|(?:you(?: are|'re)? )?(?:so |very |really )?(?:stupid|dumb|useless|an idiot|idiot)(?: (?:bot|robot|machine))?"
)


def exaggerates(folded: str) -> bool:
    """抢名额抢得跟打架似的: what it is like, and no complaint of anybody."""
    return _SIMILE.search(folded) is not None and _BLAME.search(folded) is None


def scolds(folded: str) -> bool:
    """你好笨, and nothing else."""
    return _SCOLDS.fullmatch(folded.strip(" ,，。.!！~")) is not None


# 我要投诉你, 你这个态度我要投诉, 投诉这个坐席: whoever hears it; not 你好, 你们, and not who had it before.
_BEFORE = "(?:[上前](?:一个|一位|个|位)|之前|先前|前面|上次|上回|昨天|前天|上周|前几天)"
_HEARER = "(?:坐席|客服(?!电话|热线)|接线员|接线(?!板)|话务员|人工(?=$|[,，。!！客坐]))"
_TO_THE_SEAT = re.compile(
    rf"(?:{FILES}|[要想]去?告(?=(?:就|是)*[ ]?[你您](?!一?[声件个下])))(?:一下|的|就|是|这?个)*[ ]?[你您](?!们|好)"
    rf"|{FILES}(?:一下|的|就|是|现在|这个?|这位|该|本|个|刚才|刚刚|跟我|和我|说话|接我|接的)*(?:{_HEARER}|(?<=这个)人|(?<=这位)人)"
    rf"|(?<!们)[你您](?:这个?|这种|这样|的|嘅|人|服务|是|怎么|也|太|真|什么|刚才|坐席|客服|工作|说话|回答?|处理)*(?:{BADLY})(?=.*{FILES})"
    rf"|[你您](?:这个?|这种)的?(?:服务|态度)+(?=.*{FILES})"
    rf"|(?:{FILES}|反映)(?![^,，。]{{0,12}}{_BEFORE})[^,，。]{{0,8}}(?:{_HEARER}|接我的人|接待我的人|说话的人)[^,，。]{{0,6}}(?:{BADLY}|$)"
    rf"|(?:这个?|这位)(?:{_HEARER}|人)[^,，。]{{0,8}}(?:{BADLY})(?=.*{FILES})|[你您]们(?:这个?|这种|什么)(?:服务)?态度(?=.*{FILES})"
    rf"|{FILES}[你您]们(?:这个?|这种|的)?(?:服务)?态度|[你您](?:的|叫什么)?(?:工号|名字|姓名)(?=.*{FILES}(?:$|[你您了,，。!！]))"
    "|给[你您](?:打|个|一个|们?点)*差评|对[你您](?!们)[^,，。]{0,4}不满|反映[你您](?!们)的?(?:问题|态度|行为|服务)"
    r"|complain\w* (?:about|against) (?:you\b|this (?:agent|operator|person))"
)
_IT_IS_YOU = re.compile("(?:我?(?:要|想)?(?:投诉|说)的)?(?:就|正|不就|当然)?是[你您](?:本人|自己|呀|啊)*[,，。!！]*")
_OF_WHO_HAD_IT = re.compile(
    rf"(?:{FILES}|反映|{_SUES})[^,，。]{{0,4}}{_BEFORE}|{_BEFORE}[^,，。]{{0,6}}(?:{_SEAT}|人)[^,，。]{{0,8}}(?:{BADLY})"
)
_COMPLAINS = re.compile(rf"{FILES}|\bcomplain|(?<![a-z])tou ?su(?![a-z])")
_ACCUSES = re.compile(
    rf"{_COMPLAINS.pattern}|{_SUES}|{BADLY}|欺负|[欺哄坑]?骗|逼|威胁|侮辱|羞辱|歧视|[刁为]难|嘲笑|讽刺|骚扰|动手|打(?:人|我(?!电话|手机))|推我|乱收费"
    "|白跑|这种人|气死|讨[^,，。]{0,2}说法|[收要]我?(?:好处|红包)|收[^,，。]{1,12}[钱块元费][^,，。]{0,2}[,，]?(?:[也就还]?[没不][给开退办])|没[给开][^,，。]{0,3}(?:收据|发票)|私下收"
    "|(?:问|要|[让叫](?!我?[别不小防注])|骗|管)我[^,，。不别]{0,10}(?:验证码|密码|转[账钱]|汇[款钱]|打钱|银行卡|付款码)|偷|泄露|发到[^,，。]{0,6}群|不[让给退接帮]"
    "|挂我|挂[^,，。]{0,3}电话|过分|(?:什么|没)素质|素质[^,，。]{0,3}[差低]|恶劣|像话|撒谎|说谎|误导|[都全]怪|(?:别|不要|不想要?)再?(?:[让给找叫要][^,，。]{2,4}(?=$|[,，。])|(?!投)[^,，。]{1,6}[接管回](?=$|[,，。]))"
    r"|\b(?:rude|shout|yell|insult|bull(?:y|ied)|cheat|harass)"
)
# 我不是要, 没打算, right before it; not 受不了我要, 不得不.
_DENIED = re.compile(
    "(?:(?<!不[得能])不|没|别|甭)(?:是|会|想|要|打算|准备|敢|用|必|需|有|在|说|再|去|来|真的?|为了|因为)*$"
    r"|(?:为什么|为啥|干[嘛吗]|凭什么)(?:要|得|去|会|想)*$|(?:\bnot|n't|\bnever)\b[^,.]{0,16}$"
)


def _says(complaint: re.Pattern[str], folded: str) -> bool:
    """Whether it is said anywhere, and not denied."""
    return any(not _DENIED.search(folded, 0, each.start()) for each in complaint.finditer(folded))


def complains_of_who_hears_it(folded: str) -> bool:
    """我要投诉你, to a seat."""
    return _says(_TO_THE_SEAT, folded) and _HOW_TO_COMPLAIN.search(folded) is None


def says_it_is_you(folded: str) -> bool:
    """就是你, where it was asked of whom."""
    return _IT_IS_YOU.fullmatch(folded) is not None


def complains_of_who_had_it(folded: str) -> bool:
    """投诉上一个坐席, to another."""
    return _says(_OF_WHO_HAD_IT, folded)


def complains(folded: str) -> bool:
    """Whether it says that it complains, of whomever."""
    return _says(_COMPLAINS, folded) and _HOW_TO_COMPLAIN.search(folded) is None


def complains_if_named(folded: str) -> bool:
    """投诉一下…, 对…很不满意, 给…差评: it complains of a seat, where one is named in it."""
    return _says(_COMPLAINS_OF_ONE, folded) and _HOW_TO_COMPLAIN.search(folded) is None


def complains_of_a_person(folded: str) -> bool:
    """投诉小陈, whoever that is."""
    return _OF_A_PERSON.search(folded) is not None and complains(folded)


@lru_cache(maxsize=64)  # the same message is read in several places of a turn
def accuses(folded: str) -> bool:
    """Whether it says anything bad, of whomever: cheap, for most messages do not."""
    return _says(_ACCUSES, folded)


def without_kindness(folded: str) -> str:
    """What is left of a message where it is of whom it complains: without the clauses that thank and praise, wish for somebody,
    deny that it is they, or tell what they said."""
    clauses = (_NOT_THEM.sub("", each) for each in _STOPS.split(folded))
    kind = _PRAISED if _OF_ONE_BEFORE.search(folded) else _KINDLY
    advised = _NOTHING if _BAD.search(folded) else _ADVISED
    of_a_thing = _OF_A_THING.search(folded) is not None
    return "，".join(
        advised.sub("", each) for each in clauses if _ACCUSES.search(each) or not (of_a_thing or kind.search(each))
    )


def with_kindness(folded: str) -> str:
    """What may say whom 她 means: all but who they are not, and who is somebody's kin."""
    clauses = (_NOT_THEM.sub("", each) for each in _STOPS.split(folded))
    return "，".join(each for each in clauses if not _KIN.search(each))


def dealings(folded: str) -> str:
    """The clauses that tell with whom one had to do: 刚才和我说话的是…, 我找过…."""
    return "，".join(each for each in _STOPS.split(with_kindness(folded)) if _HAD_TO_DO.search(each))


def means_somebody_else(folded: str) -> bool:
    """食堂阿姨骂我，我要投诉她: who is meant is said, and is nobody at the desk."""
    return _SOMEBODY_ELSE.search(folded) is not None


def calls_her(folded: str) -> bool:
    """我要投诉她, and not only 我要投诉."""
    return _OF_ONE_BEFORE.search(folded) is not None


def denied(folded: str, at: int) -> bool:
    """Whether what begins there is denied: 不投诉, 我没有投诉."""
    return _DENIED.search(folded, 0, at) is not None


def means_one_named_before(folded: str) -> bool:
    """我要投诉她, 投诉这个人, 是, 我要投诉: of whom was said before, if anywhere."""
    return _OF_ONE_BEFORE.search(folded) is not None or _OF_NOBODY.fullmatch(folded) is not None


_COMPLAINS_OF_ONE = re.compile(rf"{_COMPLAINS.pattern}|{_SUES}")
_OF_A_PERSON = re.compile(
    f"^(?:我?(?:要|想|来)?){FILES}(?:一下|的是)?(?:[小老][一-鿿]|姓?[一-鿿]{{1,3}}(?:老师|的坐席))$"
)
_STOPS = re.compile(r"[,，。;；!！?？\n]")
_NOT_THEM = re.compile(
    "谁说.*|(?<!是)(?<!可)不(?:是|怪)(?!人)[^是]{0,30}(?:是|$)|(?:没有?|别|不)(?:投诉|怪|针对|说)[^但]*|^.{0,40}(?:没关系|没有关系|无关)|除了(?![^,，。]*还)[^都]*"
    "|(?:我[叫姓]|本人[叫是姓]?|叫我)[^,，。]{1,4}$|我是(?![来要想说被投举])[^,，。]{2,4}?(?=$|的[妈爸妻老家爱丈女儿])"
)
_ADVISED = re.compile(f"^.{{0,40}}(?:(?<!不)(?:说|教|帮|让|叫|陪|替|给)|告诉|建议|答应)我?[^,，。]{{0,6}}?(?={FILES})")
_OF_A_THING = re.compile(
    f"{FILES}(?:一下|的是|你们|我们|这个?|那个?|小区|楼[上下])*(?:物业|食堂|广场舞|工地|网站|平台|系统|公交|垃圾|噪音|停车|电梯|厕所|空调|教室|小区|快递"
    f"|[一-鿿]{{1,4}}[课班])"
)
_KIN = re.compile("(?:孙[子女]|儿子|女儿|闺女|[妈爸]妈?|同学|邻居|学员|老伴|朋友|同事)[^,，。]{0,2}(?:也?叫|是|名|姓)")
_HAD_TO_DO = re.compile("说话|接[的待了过我]|聊|找过|打过|通话|联系过|办的|给我办|回我|刚才|刚刚")
_SOMEBODY_ELSE = re.compile(
    "食堂|物业|保安|门卫|保洁|阿姨|师傅|邻居|司机|同学|学员|班长|[他她]的?老师|[课班教讲].{0,3}老师|房东|中介|快递|孩子|儿媳?|女婿"
)
_BAD = re.compile(BADLY)
_NOTHING = re.compile("(?!)")
_PRAISED = re.compile(f"{_PRAISE.pattern}|(?:谢|感|多)谢|谢了|感激|辛苦|(?<!没)耐心|热情|认真|周到|满意")
_KINDLY = re.compile(
    f"{_PRAISE.pattern}|(?:谢|感|多)谢|谢了|感激|辛苦|得(?:很|真|特别|挺)?[好对]|说(?:有|可以|能|过)|(?<!没)耐心|热情|认真|周到|满意|[找换]|转(?:给|接|到)|请(?!假)|(?<!不)[让叫](?!她|他)[^,，。]{{1,8}}(?:接|来|处理|帮|管|回)"
    "|[要想](?:要|跟|和|让|由)|[您你]好|联系|在[不吗么]|上班(?!玩|睡|聊|迟|不)|几点|什么时候|(?:说|叫|让|告诉|建议|介绍|推荐|陪|帮)(?:了|过)?我(?!笨|蠢|傻|老|烦|等|滚|闭|白|不)|(?:是|像)我|(?<!上)[课班讲教]|thank|praise|nice|kind|helpful"
)
_OF_ONE_BEFORE = re.compile(
    rf"{FILES}[^,，。]{{0,4}}(?:[他她](?!们?的?(?:老师|孩子|[妈爸]|班|家|邻居))|这人|那人|此人|[这那]个?(?:人|{_SEAT})|{_SEAT})|[他她][^,，。]{{0,8}}(?:{BADLY})|对[他她]|给[他她]"
)
_OF_NOBODY = re.compile(
    rf"(?:我|俺|就|要|想|来|是|对|的|嗯|好|了|啊|呀|一下|一个|个|转?人工|{FILES}|[你您]们|yes|ok|1|[ ,，。!！]"
    "|气死(?:人|我)?|气人|真是?|太|过分|没用|受不了|不行|不满意|一定|必须|还是|得|那|i want to complain)*+"
)
_WISHES_TO_COMPLAIN = re.compile(
    "^(?:我|俺|咱)?(?:想|要|来|请|帮我|给我)*(?:留|提|写|登记?|记)(?:一?[份个条下])?(?:投诉|意见)[,，。!！]?$|^(?:[^,，。]{0,8}[,，。])?(?:我|俺|咱)?(?:今天|就是|就|也)*(?:是)?(?:想|要|得|来|准备)+(?:投诉|举报|提个?意见)(?![^,，。]{0,6}(?:怎么|咋|哪|什么|啥|流程|渠道|多久|几天|吗|匿名|电话|热线|号码|联系方式))"
    "|^(?:我|俺)?来?反映(?:个|一个|点|一下)?(?:情况|问题)[,，。]?$|i (?:want|would like|wish) to complain"
)


def wishes_to_complain(folded: str) -> bool:
    """我想投诉: whether it says so in so many words, and does not ask how."""
    return _WISHES_TO_COMPLAIN.search(folded) is not None


_HOW_TO_COMPLAIN = re.compile(
    "(?:投诉|举报|提意见)[^,，。]{0,6}(?:怎么|咋|哪|吗|途径|方式|找谁)|(?:怎么|咋|哪[里儿]|能不?能?|可以|找谁)[^,，。]{0,4}(?:投诉|举报|提意见)"
)


def asks_how_to_complain(folded: str) -> bool:
    """能投诉吗, 我想投诉你们怎么弄."""
    return _HOW_TO_COMPLAIN.search(folded) is not None


# All that such a question says, where it means no landlord's, hospital's or library's.
_OF_A_DEPOSIT = re.compile(
    "(?=.*(?:押金|保证金|deposit))(?:押金|保证金|教材|书|学习卡|饭卡|钥匙|工具|服装?|(?:工作?|实训|校)[装服]|宿舍|住宿|住校|实训|卡|场地|教室|器材|设备|材料|上课|报名|[报上]班|培训班?|班|课|学校|学院|中心|你们|这里|这边"
    r"|多少钱?|几块|钱|怎么|咋|如何|啥|什么时候|时候|有没有|可不可以|可以|[要交收退还给得能会不没有用需的是吗么嘛呢啊呀,，?？]"
    r"|\b(?:deposits?|do|does|is|are|there|i|we|you|get|my|our|a|an|the|any|back|refund(?:ed|able)?|pay|have|need|take|to|for|on|of|with|class|card|book|course|room|how|much|when|will|be)\b|\s)+"
)


def asks_of_a_deposit(named_aside: str) -> bool:
    """押金退不退: whether it asks of a deposit with us, and of nothing else."""
    return _OF_A_DEPOSIT.fullmatch(named_aside) is not None


_PERSON, _MACHINE = "真?人工?|活人|人类|客服|坐席|员工", "机器人?|电脑|程序|智能|自动|ai|人机"
_WHAT_WE_ARE = re.compile(
    rf"(?:{_MACHINE}).{{0,6}}(?:还是|或者?)(?:是)?[^,，。]{{0,6}}(?:{_PERSON})|(?:{_PERSON}).{{0,4}}(?:还是|或者?)[^,，。]{{0,6}}(?:{_MACHINE})"
    rf"|(?:这|你|您|你们|对面|那边|说话的?|聊天的?|回[我复话]的?)[^,，。]{{0,4}}(?:是不?是?)[^,，。]{{0,3}}(?:{_PERSON}|{_MACHINE})[^,，。]{{0,4}}(?:吗|么|嘛|不|呢|啊|[?？]|$)"
    r"|\b(?:human|person|robot|bot|machine|ai)\b.{0,12}\bor\b.{0,12}\b(?:human|person|robot|bot|machine|computer|ai)\b"
    r"|\b(?:are you|is this|am i (?:talking|speaking|chatting) (?:to|with))\b.{0,12}\b(?:human|person|robot|bot|machine|ai|computer)\b"
)
_WANTS_ONE = re.compile(r"转|接(?!待)|要|换|找|叫|请|帮我|给我|让|\b(?:want|need|put me|transfer|get me|let me)\b")


def asks_what_we_are(folded: str) -> bool:
    """Whether it asks if a person answers here, and not for one."""
    return _WHAT_WE_ARE.search(folded) is not None and not (_WANTS_ONE.search(folded) or suspects_us(folded))


_CHEATS = re.compile(
    "(?:请问)?(?:你|您)们?(?:这儿?|这里|学院|中心|平台)?(?:到底)?(?:是不是|不会是|别是|该不会是|莫不是|是)(?:个|一个|一群)?(?:骗子|骗人|诈骗|搞诈骗)(?:的|公司)?[吗吧么嘛啊呀哦]?[?？]?"
    "|are you (?:a )?(?:scam(?:mers?)?|frauds?|fraudsters?)[?]?"
)


def suspects_us(folded: str) -> bool:
    """你们是不是骗子: whether it asks that of us, and tells of nobody else who is."""
    return _CHEATS.fullmatch(folded) is not None
