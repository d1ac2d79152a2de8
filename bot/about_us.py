"""What residents say of us, by its words: complaints about the seat that they have just had, which the model takes for
many other things; and the question whom they talk to, which it may take for the wish for a person."""

import re

from bot.complaints import BADLY, FILES, PRAISE, SAYS_ILL, SEAT, says

_THAT_ONE = rf"(?:刚才|刚刚|上次|上回|之前)[^,，。]{{0,6}}(?:人|位|老师|同志|{SEAT})|那个?(?:人|位|同志|{SEAT})|(?:这|你们)[^,，。]{{0,3}}(?:{SEAT})"
# Of whoever it was, said at any time.
_OF_A_SEAT = re.compile(
    rf"{FILES}[^,，。]{{0,8}}(?:{SEAT}|刚才|那个?人|他|她)|(?:{SEAT}|{_THAT_ONE})[^,，。]{{0,10}}(?:{BADLY})"
    rf"|(?:别|不要|不想|莫)再?(?:让|叫|找|要|跟|和)?(?:刚才|上次)?那?个?(?:{SEAT}|(?<=那个)人|(?<=那)人)"
    r"|(?:别|不要|莫)再?(?:让|叫|找)(?:他|她)[^,，。]{0,3}(?:接|处理|管|回|办)"
    r"|(?:agent|staff|operator|person|colleague|clerk)\b.{0,30}\b(?:rude|slow|useless|unhelpful|ignor\w+|never|hung up|not help\w*)"
    r"|complain\w* (?:about|against) (?:the|your|that|this) (?:agent|staff|operator|person|clerk)"
)
# Where a ticket has just been closed, these are of the seat that closed it.
_OF_THE_SERVICE = re.compile(
    rf"老师[^,，。]{{0,4}}(?:回|答|接|理)[^,，。]{{0,6}}(?:慢|不|没|差)|(?:回|答|回复|回话|回得|答复|接)[^,，。]{{0,4}}(?:太|这么|那么|真|好|也)慢"
    r"|等[^,，。]{0,8}[没不无][^,，。]{0,3}(?:回(?:我|复|话|音|应|答|信)|理)|服务(?:态度)?[^,，。]{0,4}(?:差|不好|恶劣|糟|不行|不满)"
    r"|对[^,，。]{0,8}服务[^,，。]{0,4}不满|什么态度|态度[^,，。]{0,4}(?:差|不好|恶劣)|[没不][^,，。]{0,3}解决[^,，。]{0,4}就[^,，。]{0,6}(?:关|结)"
    rf"|(?:他|她)[^,，。]{{0,8}}(?:{BADLY})|敷衍|爱理不理|糊弄|踢皮球|我?[要想]?去?告[他她]"
    r"|\b(?:he|she|they)\b.{0,20}\b(?:rude|never answered|ignored|hung up)|(?:too slow|slow) to (?:answer|reply)|bad service"
)
_OF_THE_BOT = re.compile("你(?!们)|机器")


def complains_of_a_seat(folded: str, *, closed: bool) -> bool:
    """Whether it complains of a seat; `closed` says that one has just closed the resident's ticket."""
    if PRAISE.search(folded):
        return False
    if says(_OF_A_SEAT, folded):
        return True
    return closed and _OF_THE_SERVICE.search(folded) is not None and _OF_THE_BOT.search(folded) is None


_SIMILE = re.compile("(?:抢|挤|排|忙|热闹|闹|人多)[^,，。]{0,6}(?:跟|像|和|如)[^,，。]{1,8}(?:似的|一样|样的|一般)")
_SCOLDS = re.compile(
    "(?:你们?|您|这个?|什么|真是|系统|客服|机器人|助手|[真好太咋这么那怎可个是破傻][^,，。]{0,1}){0,8}(?:笨|蠢|傻|呆|没用|白痴|智障|废物|破机器人|差劲|听不懂人?话)"
    "(?:蛋|瓜|猪|得要?死|死了|透了|极了|得很|机器人?|东西|的|了|啊|呀|哦|吧|呢)*"
    "|(?:you(?: are|'re)? )?(?:so |very |really )?(?:stupid|dumb|useless|an idiot|idiot)(?: (?:bot|robot|machine))?"
)


def exaggerates(folded: str) -> bool:
    """抢名额抢得跟打架似的: what it is like, and no complaint of anybody."""
    return _SIMILE.search(folded) is not None and SAYS_ILL.search(folded) is None


def scolds(folded: str) -> bool:
    """你好笨, and nothing else."""
    return _SCOLDS.fullmatch(folded.strip(" ,，。.!！~")) is not None


_WISHES_TO_COMPLAIN = re.compile(
    "^(?:我|俺|咱)?(?:想|要|来|请|帮我|给我)*(?:留|提|写|登记?|记)(?:一?[份个条下])?(?:投诉|意见)[,，。!！]?$|^(?:[^,，。]{0,8}[,，。])?(?:我|俺|咱)?(?:今天|就是|就|也)*(?:是)?(?:想|要|得|来|准备)+(?:投诉|举报|提个?意见)(?![^,，。]{0,6}(?:怎么|咋|哪|什么|啥|流程|渠道|多久|几天|吗|匿名|电话|热线|号码|联系方式))"
    "|^(?:我|俺)?来?反映(?:个|一个|点|一下)?(?:情况|问题)[,，。]?$|i (?:want|would like|wish) to complain"
)


def wishes_to_complain(folded: str) -> bool:
    """我想投诉: whether it says so in so many words, and does not ask how."""
    return _WISHES_TO_COMPLAIN.search(folded) is not None


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
