"""What a text is before anybody thinks about what it means: a refusal of texts, a wish to have them again, a machine's, or
words.

Residents refuse as the carriers and the senders of advertisements have taught them: by one letter, by a word, by both, or
in a sentence. The keywords in English are the carriers' own (twilio.com/docs/messaging, opt-out keywords).
"""

import re
from enum import Enum

from bot.messages import CONTINUE, RESUMED, STOPPED
from nlu.text import fold

LONGEST = 40  # characters of a refusal; who writes more asks or tells something


class RefusalKind(Enum):
    """What becomes of a text."""

    WORDS = "for the dialogue"
    REFUSAL = "no more texts"
    RESUMPTION = "texts again"
    MACHINE = "nobody has written it"


INTENTS = {RefusalKind.REFUSAL: STOPPED, RefusalKind.RESUMPTION: RESUMED, RefusalKind.MACHINE: CONTINUE}


_MARKS = re.compile(r"[\W_]+")  # punctuation and blanks, of any width: td。, T 退订, s.t.o.p
_TEXTS = "(?:短信|短讯|简讯|信息|讯息|消息|推送|订阅|广告|垃圾)"
_KEY = "(?:td|t|r|qx|tuiding)"
_UNSUBSCRIBE = "退[订定丁]"
# What stands around a refusal and adds nothing to it.
_ANY = (
    "(?:请|麻烦|要求|你们|您们?|我|要|想|可以|能不能|能否|可不可以|帮|给|把|这个|号码|立即|马上|赶紧|直接|怎么|如何|才能?|能|都|全部|所有|以后|任何|一切|这种|这些|这类|类似"
    "|此类|什么|的|骚扰|没用|群发|服务|了|吧|啊|呀|谢谢|好吗|好不好|行吗|行不行|吗|呢|啦|来|回复?|发送?|发来|接收|收到|收|掉|tks|thanks)"
)
_KEYWORDS = re.compile(
    # English, as the carriers know it
    "(?:please|pls)?(?:stop|stopall|stopit|stopsending|unsub|unsubscribe|unsubscribeme|cancel|end|quit|optout|optmeout|revoke|removeme|remove|leavemealone)(?:please|now|all)?"
    # 回T, T退订, 回复TD退订, 退订回TD, 拒收R
    f"|(?:请?(?:回复?|发送?|编辑))?{_KEY}+|0{{4,5}}|停|{_ANY}*勿扰{_ANY}*"
    f"|(?:{_ANY}|{_TEXTS}|{_KEY})*(?:{_UNSUBSCRIBE}|拒收|拒绝接收|(?:取消|不再)(?:接收|发送|推送)|停止(?:接收|发送|推送)?|停发)(?:{_ANY}|{_TEXTS}|{_KEY}|{_UNSUBSCRIBE})*"
    # 取消短信, 不要你们的短信, 短信停了吧
    f"|{_ANY}*(?:取消|停止|终止|关闭|关掉|停掉|停了|屏蔽|拒绝|不接受|不接收|不收|不要|不需要|不想要){_ANY}*{_TEXTS}(?:{_ANY}|{_TEXTS}|通知|提醒)*"
    f"|{_ANY}*{_TEXTS}{_ANY}*(?:停|关|取消|退|不要){_ANY}*"
)
_NEVER = "(?:别|(?<!要)不要|甭|勿|莫|不许|不准|不得|停止|不想|不愿意?|拒绝|禁止|不再|休想)"
_NOT = f"(?:{_NEVER}|不用|不需要)"
_AGAIN = "(?:再|继续|老|总|一直|天天|乱|往|给|向|对|跟|我|这个|号码|手机|上|来)*"
_SENTENCES = re.compile(
    # 别再给我发短信, 别发了: but not 不用发了, which is said of one thing; 以后不用发了 is said of all
    f"{_NOT}{_AGAIN}(?:群?发|推送|发送){_ANY}*{_TEXTS}"
    f"|{_NEVER}{_AGAIN}(?:发|推送|发送|发东西)(?:给我|过来|了|吧|啊|呀|啦|咯|喽|嘛|来|我|谢谢|好吗|好不好|行吗|行不行|吗)*$"
    "|以后(?:都|就|也)?(?:不用|不需要|不必)再?(?:给我)?发(?:给我|过来|了|吧|啊|啦|谢谢)*$"
    # 不想再收到你们的短信, 短信别发了
    f"|{_NOT}(?:再|继续)*(?:收到|接收|接受|收|看到){_ANY}*{_TEXTS}"
    f"|{_TEXTS}(?:请|都|就|以后|也)*{_NOT}(?:再|给|我)*(?:发|推)"
    f"|^{_ANY}*(?:别|不要|停止|勿)再?(?:骚扰|打扰|烦)(?:我|本人|了)*{_ANY}*$|{_TEXTS}骚扰|骚扰{_TEXTS}"
    f"|再(?:给我)?乱?发{_TEXTS}?(?:过来)?我?(?:就|要|可)*(?:投诉|举报|报警|拉黑)|从名单[里中上]*(?:删|去)"
)
_SENT = "(?:texts?|texting|sms|messages|messaging)"
_SUCH = "(?:me|us|any|more|your|these|such|the|of|to)"
_CLASS = r"(?![^.?!]*\b(?:class|course|waiting|queue)\b)"
_ENGLISH = re.compile(
    # stop texting me, no more messages: but not "no contact number on your messages"
    rf"\b(?:stop|quit|cancel|end)(?: (?:sending|all|please|with|{_SUCH}))* {_SENT}\b"
    rf"|\bstop(?: please)? contacting\b|\bno(?: more)? {_SENT}\b(?: please)?(?=[.!]|$)|\bno more {_SENT}\b"
    # do not text me, I don't want your messages: but not "I don't get your messages"
    r"|\b(?:do(?: no|n['’]?)t|never)(?: (?:you|ever|please))* (?:text|sms|message|contact)(?: (?:me|us|this number|again|any ?more)|$)"
    rf"|\b(?:do(?: no|n['’]?)t|never) (?:send|keep sending)(?: {_SUCH})* {_SENT}\b"
    rf"|\bdo(?: no|n['’]?)t (?:want|wish|like|need)(?: to)?(?: (?:get|receive|have|be sent|{_SUCH}))* {_SENT}\b"
    rf"|opt(?:ing)?[ -]?(?:me )?out|unsubscribe{_CLASS}|(?:remove (?:me|my number)|take me off){_CLASS}"
)
_WHY_NOT = re.compile(
    "为什么|为啥|怎么(?:都|也|还|又)?[不没]|咋|没收到|收不到|没有收到|取消退[订定]|不退[订定]|不要退[订定]|没退[订定]|why"
)
_RESUMPTION = re.compile(
    "(?:please)?(?:start|unstop|resume|resubscribe|subscribe|optin|optmein)(?:please)?"
    f"|{_ANY}*(?:恢复|重新订阅|重新接收|重新开通|取消退[订定]|订阅|继续发|继续接收|继续收)(?:{_ANY}|{_TEXTS})*"
)
_AGREED = re.compile("yes")  # to the carriers, after a refusal
# Written by a telephone while its owner drives, by a mailbox, by a system.
LONG = 500  # characters: machines write less, by far
_MACHINE = re.compile(
    r"[\[【(（<]\s*(?:此为)?\s*(?:自动|auto)|^(?:系统)?自动(?:回复|答复|应答)|自动(?:回复|答复)[:：\]】)）]|(?:系统|机器)自动(?:发送|发出|回复|生成)"
    r"|请勿(?:直接)?回复(?:本|此|该)?(?:短信|信息)?$|有事请留言|本机(?:暂时|目前)?无法|^尊敬的(?:客户|用户)|已收到您的[^,，。]{0,6}[,，。].{0,6}尽快"
    r"|auto(?:matic|mated)?[ -]?(?:reply|response|message)|out of office|can't talk right now"
    r"|驾驶(?:时)?勿扰|专注模式|勿扰模式|do not disturb"
)
_ADVERTISED = re.compile("[^请麻烦我要帮]{4,}(?:退订|拒收)请?回复?[a-z]{1,2}")  # 限时优惠，退订回T
_SIGNED = re.compile(r"^【[^】]{2,20}】|【[^】]{2,20}】$")
_AWAY = re.compile(
    "(?:正在?|现在|目前|暂时|在)(?:[^,，。?？]{0,4})(?:开车|驾车|驾驶|开会|会议|忙|上课|休息|睡觉|出差|休假|不在|外出|有事|不方便|不便|无法|飞行)"
    "|不方便(?:接|回|看)|不便(?:接|回)|(?:暂时|现在)?无法(?:接|回|查看)|(?:会议|驾驶|开车|开会|飞行)(?:模式)?中"
)
_LATER = re.compile(
    "(?:稍后|稍候|晚点|晚些|一会儿?|待会儿?|等会儿?|等下|回头|过后|之后|以后|尽快|到达|结束后|忙完|下班后|届时|落地后)"
    "(?:[^?？]{0,12}(?:回复|回电|回您|回你|回拨|联系|答复|查看|看你|看您|处理|再聊|再说|回信|复您|复你)|回[。.!！]?$)"
)
_ASKS = re.compile("[?？]|吗|呢$|什么|怎么|哪|几[点号个]|多少|能不能|有没有|给我(?:打|回)|打给我")
_AWAY_ENGLISH = re.compile(
    r"i ?['’]?a?m (?:currently |now )?(?:driving|away|busy|in a meeting|out of|unavailable|on leave)"
    r"[^?]*(?:later|when i|as soon as|get back|reply|return|back to you|call you)"
)
_SERVICE = re.compile(
    r"106\d*|95\d{3,}|96\d{3,}|100\d{2}|123\d{2}|\d{1,6}"
)  # senders in the mainland that nobody holds in a hand
_ABROAD = re.compile(r"\+(?!86)|00(?!86)")
_COUNTRY = re.compile(r"^(?:\+|00)?86(?=\d)|^\+")


def kind(text: str, *, refused: bool = False) -> RefusalKind:
    """What is to become of a text; `refused` is whether its writer wants no texts so far."""
    folded = fold(text.strip())
    bare = _MARKS.sub("", folded)
    if _RESUMPTION.fullmatch(bare) or (refused and _AGREED.fullmatch(bare)):
        return RefusalKind.RESUMPTION
    if is_refusal(folded, bare):
        return RefusalKind.REFUSAL
    return RefusalKind.MACHINE if is_automatic(folded) else RefusalKind.WORDS


def is_refusal(folded: str, bare: str) -> bool:
    """Whether its writer wants no more texts; `bare` is the text without marks and blanks."""
    if (
        not bare
        or len(folded) > LONGEST * (1 if bare[0] > "\u2e80" else 2)
        or _WHY_NOT.search(folded)
        or _ADVERTISED.fullmatch(bare)
    ):
        return False
    if _KEYWORDS.fullmatch(bare) or _ENGLISH.search(folded):
        return True
    clauses = [_MARKS.sub("", clause) for clause in re.split(r"[,，。;；!！?？\n]+", folded)]
    return any(_KEYWORDS.fullmatch(each) or _SENTENCES.search(each) for each in (*clauses, bare) if len(each) > 1)


def is_automatic(folded: str) -> bool:
    """Whether a telephone or a system has written it, to be kept but not to be answered."""
    if len(folded) > LONG:
        return False
    if _MACHINE.search(folded) or _ADVERTISED.fullmatch(_MARKS.sub("", folded)) or _AWAY_ENGLISH.search(folded):
        return True
    if _ASKS.search(folded):  # 【…】您的积分将清零, 这是你们发的吗
        return False
    return bool(_SIGNED.search(folded) or (_AWAY.search(folded) and _LATER.search(folded)))


def is_machine(number: str) -> bool:
    """Whether nobody can have written from this number: a service's (1069…), a short code, a name in letters."""
    if any(char.isalpha() for char in number):
        return True
    plain = re.sub(r"[\s-]", "", number)
    return _ABROAD.match(plain) is None and _SERVICE.fullmatch(_COUNTRY.sub("", plain)) is not None


def international(number: str) -> str:
    """A mobile number of the mainland, however it is written, as it is written everywhere."""
    plain = re.sub(r"[\s-]", "", number)
    match = re.fullmatch(r"(?:(?:\+|00)?86)?(1[3-9]\d{9})", plain)
    return f"+86{match[1]}" if match else number
