"""What says that somebody complains, and that something was bad: the words, of whomever they are said."""

import re
from functools import lru_cache

# What says that one complains, also as it is misheard and mistyped: no time that goes by after it (投诉后), and nothing that is
# told of a complaint of somebody else's (被投诉).
FILES = (
    "(?<!被)(?:投 ?[诉述数速素拆折溯]|头诉|投宿(?=[你您侬他她这那])|举报|控告|控诉|检举|告发)(?!完|(?:之|以|过)?后(?![勤厨台面门边排院头座]))"
    "(?!(?:热线|电话|渠道|流程|方式|邮?箱|信箱|途径|部门)[^,，。]{0,3}(?:是|有|多少|在|几|呢|吗|[?？]|$))"
)
SUES = r"差评|不满(?![\d一二三四五六七八九十足])|(?:有|很大|大)意见|[要想]去?告(?![诉别知辞示一])|我去?告[他她你您侬这那]|严肃处理|反映[^,，。]{1,10}(?:问题|情况)"
SEAT = "坐席|客服(?!电话|热线)|人工(?!智能)|接线|工作人员|接待"
BADLY = (
    "(?:太|很|真|好|这么|那么|非常|特别)(?:慢|差|凶|冲|横)|慢吞吞|差劲|凶(?:我|人|巴巴)|蛮横|不耐烦|敷衍|糊弄|[不没]理(?:我|人|睬|会|$)|爱理不|不搭理|骂|吼"
    "|难听|冷冰冰|冷漠|态度(?!(?:都|也|是|真|很|挺|特别|非常|一直)*(?:好(?![差坏意])|不错|热情|和蔼|耐心)|的?(?:怎么样|怎样|如何|咋样|好不好|好吗|行不行))|答非所问|[啥么]都不(?:懂|知道|会)|不专业|不负责|不管(?:我|人|事|不问)|推(?:来推去|脱|诿)|踢皮球|挂(?:断|了)|没听完|没礼貌|不礼貌|嫌我(?:烦|老|慢|笨|啰)|把我当"
)
SAYS_ILL = re.compile(BADLY)
PRAISE = re.compile("(?:很|真|挺|特别|非常|态度|要命地|太)好(?!意思)|不错|表扬|点赞|夸|恩人|多亏")
_COMPLAINS = re.compile(rf"{FILES}|\bcomplain|(?<![a-z])tou ?su(?![a-z])")
_COMPLAINS_OF_ONE = re.compile(rf"{_COMPLAINS.pattern}|{SUES}")
_OF_A_PERSON = re.compile(
    f"^(?:我?(?:要|想|来)?){FILES}(?:一下|的是)?(?:[小老][一-鿿]|姓?[一-鿿]{{1,3}}(?:老师|的坐席))$"
)
_ACCUSES = re.compile(
    rf"{_COMPLAINS.pattern}|{SUES}|{BADLY}|欺负|[欺哄坑]?骗|逼|威胁|侮辱|羞辱|歧视|[刁为]难|嘲笑|讽刺|骚扰|动手|打(?:人|我(?!电话|手机))|推我|乱收费"
    "|白跑|这种人|[叫让]我滚|怠慢|[让被给][^,，。别不消]{1,8}气(?:的|死|坏|哭|病)|气死|讨[^,，。]{0,2}说法|[收要]我?(?:好处|红包)|收[^,，。]{1,12}[钱块元费][^,，。]{0,2}[,，]?(?:[也就还]?[没不][给开退办])|没[给开][^,，。]{0,3}(?:收据|发票)|私下收"
    "|(?:问|要|[让叫](?!我?[别不小防注])|骗|管)我[^,，。不别]{0,10}(?:验证码|密码|转[账钱]|汇[款钱]|打钱|银行卡|付款码)|偷|泄露|发到[^,，。]{0,6}群|不[让给退接帮]"
    "|挂我|挂[^,，。]{0,3}电话|过分|(?:什么|没)素质|素质[^,，。]{0,3}[差低]|恶劣|像话|撒谎|说谎|误导|[都全]怪|(?:别|不要|不想要?)再?(?:[让给找叫要][^,，。]{2,4}(?=$|[,，。])|(?!投)[^,，。]{1,6}[接管回](?=$|[,，。]))"
    r"|\b(?:rude|shout|yell|insult|bull(?:y|ied)|cheat|harass)"
)
_OF_ONE_BEFORE = re.compile(
    rf"{FILES}[^,，。]{{0,4}}(?:[他她](?!们?的?(?:老师|孩子|[妈爸]|班|家|邻居))|这人|那人|此人|[这那]个?(?:人|{SEAT})|{SEAT})|[他她][^,，。]{{0,8}}(?:{BADLY})|对[他她]|给[他她]|^就是?[他她]$"
)
_OF_NOBODY = re.compile(
    rf"(?:我|俺|就|要|想|来|是|对|的|嗯|好|了|啊|呀|一下|一个|个|转?人工|{FILES}|[你您]们|yes|ok|1|[ ,，。!！]"
    "|气死(?:人|我)?|气人|真是?|太|过分|没用|受不了|不行|不满意|一定|必须|还是|得|那|i want to complain)*+"
)
_SHE = re.compile("(?:然后|后来|结果|就是?)?[他她](?!们|的)")
_SOMEBODY_ELSE = re.compile(
    "食堂|物业|保安|门卫|保洁|阿姨|师傅|邻居|司机|同学|学员|班长|[他她]的?老师|[课班教讲].{0,3}老师|房东|中介|快递|孩子|儿媳?|女婿"
)
_HOW_TO_COMPLAIN = re.compile(
    "(?:投诉|举报|提意见)[^,，。]{0,6}(?:怎么|咋|哪|吗|途径|方式|找谁)|(?:怎么|咋|哪[里儿]|能不?能?|可以|找谁)[^,，。]{0,4}(?:投诉|举报|提意见)"
    "|\\bhow (?:to|do i|can i) (?:complain|make a complaint)"
)
# 我不是要, 没打算, right before it; not 受不了我要, 不得不.
_DENIED = re.compile(
    "(?:(?<!不[得能])不|没|别|甭)(?:是|会|想|要|打算|准备|敢|用|必|需|有|在|说|再|去|来|真的?|为了|因为)*$"
    r"|(?:为什么|为啥|干[嘛吗])(?:要|得|去|会|想)*$|凭什么(?:要|得|去|会|想)+$|(?:\bnot|n't|\bnever)\b[^,.]{0,16}$"
)


def says(complaint: re.Pattern[str], folded: str) -> bool:
    """Whether it is said anywhere, and not denied."""
    return any(not _DENIED.search(folded, 0, each.start()) for each in complaint.finditer(folded))


def denied(folded: str, at: int) -> bool:
    """Whether what begins there is denied: 不投诉, 我没有投诉."""
    return _DENIED.search(folded, 0, at) is not None


def complains(folded: str) -> bool:
    """Whether it says that it complains, of whomever."""
    return says(_COMPLAINS, folded) and _HOW_TO_COMPLAIN.search(folded) is None


def denies_it(folded: str) -> bool:
    """我没投诉你: a complaint is spoken of, and none is made."""
    return _COMPLAINS.search(folded) is not None and not says(_COMPLAINS, folded)


def complains_if_named(folded: str) -> bool:
    """投诉一下…, 对…很不满意, 给…差评: it complains of a seat, where one is named in it."""
    return says(_COMPLAINS_OF_ONE, folded) and _HOW_TO_COMPLAIN.search(folded) is None


def complains_of_a_person(folded: str) -> bool:
    """投诉小陈, whoever that is."""
    return _OF_A_PERSON.search(folded) is not None and complains(folded)


def praises(folded: str) -> bool:
    """老师讲课真要命地好: good is said of somebody, and nothing bad."""
    return PRAISE.search(folded) is not None and SAYS_ILL.search(folded) is None


@lru_cache(2048)  # the same message is read in several places of a turn
def accuses(folded: str) -> bool:
    """Whether it says anything bad, of whomever: cheap, for most messages do not."""
    return says(_ACCUSES, folded)


def asks_how_to_complain(folded: str) -> bool:
    """能投诉吗, 我想投诉你们怎么弄."""
    return _HOW_TO_COMPLAIN.search(folded) is not None


def means_one_named_before(folded: str) -> bool:
    """我要投诉她, 投诉这个人, 是, 我要投诉: of whom was said before, if anywhere."""
    return calls_her(folded) or accuses_her(folded) or _OF_NOBODY.fullmatch(folded) is not None


def calls_her(folded: str) -> bool:
    """我要投诉她, and not only 我要投诉."""
    return _OF_ONE_BEFORE.search(folded) is not None


def accuses_her(folded: str) -> bool:
    """她叫我滚: whoever was named before."""
    return _SHE.match(folded) is not None and accuses(folded)


def means_somebody_else(folded: str) -> bool:
    """食堂阿姨骂我，我要投诉她: who is meant is said, and is nobody at the desk."""
    return _SOMEBODY_ELSE.search(folded) is not None
