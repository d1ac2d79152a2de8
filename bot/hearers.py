"""Whether a wish to complain has no object: said to a seat, it is of the seat who hears it."""

import re

from bot.about_us import BADLY, FILES, asks_how_to_complain, denied

_FILES, _BLAMES = re.compile(FILES), re.compile(BADLY)
_STOPS = re.compile(r"[,，。;；!！?？、:：\n]")
# What ends a clause that files a complaint of nobody; and before what the word is no verb.
_FILED = re.compile(
    rf"{FILES}(?:不可|到底|定|一下|个事|一件事|[了的吧啊呀哦哈啦])*+(?P<whom>[他她]|这人|那人|[你您]们)?[了的吧啊]?[ ]*$"
)
_IN_LETTERS = re.compile("(?<![a-z])(?:tou ?su|ju ?bao)(?: ?ni)?[ ]*$")
_I_WILL = re.compile("(?:(?:wo|yao|xiang|jiu|lai|qu) ?)*+")
_IN_ENGLISH = re.compile(
    r"\b(?:want|like|wish|going|need|have|will|gonna|wanna)(?: to)? (?:complain|(?:make|file|lodge) a complaint)[. ]*$"
)
_A_NOUN = re.compile(
    "(?:的|处理|撤销?|取消|受理|收到|关于|上次|[那这几两]个?|[条份次件]|登记|欢迎|接受|可以|以后|催|查)$"
)
# Who has just spoken: 投诉他 is of them then.
_JUST_NOW = re.compile("刚|[接跟和]我")
# What names nobody and nothing: whoever speaks, whoever hears it, what was bad, and how one feels.
_LITTLE = re.compile(
    rf"(?:{BADLY})|(?:坐席|客服|人工|服务|态度|工作人员|领导|上级|上面|经理|主管|解决|回[答复应]|处理|问题|事情?|情况|刚才|刚刚|现在|马上|今天|小时|分钟|半天|气死|受不了|受够"
    "|意思|信不信|电话|失望|生气|满意|意见|过分|恶劣|可以|一直|根本|到底|必须|一定|名字|工号|骗人|欺负|像话|素质|老师|[您你]好|喂)(?<!的老师)(?<!个老师)(?<!位老师)"
    "|[我俺咱你您他她们就要想来得去会非真太很好非常特别了的吧啊呀呢吗嘛么这那个种样再也都还又没不是有给把让叫跟和对在到着过说讲话听谁哪什怎为凭人换找管理办接问转位等久气烦算搞弄能行又被一二两三半几多次遍钟天了刚才点嗯哼哈喂快先只跟谈早]"
    r"|[\d 　.~…“”\"'-]"
)
_ASKS = re.compile("几|多少|吗$|哪|怎么(?=[报查办退换学])")
_OF_YOU = re.compile(r"\b(?:you|your|yourself|rude|service|listen|enough|unacceptable|terrible|ridiculous|help)\b")
_OF_A_THING = re.compile(
    r"\b(?:canteen|class\w*|course\w*|teacher|lesson\w*|website|app|room|toilet|neighbou?r\w*|site)\b"
)


def complains_of_nothing_else(folded: str) -> bool:
    """我要投诉, 你凭什么骂人，我要投诉: and not 食堂的人骂人，我要投诉, 怎么投诉, 我投诉过."""
    if asks_how_to_complain(folded):
        return False
    clauses = [each for each in (part.strip() for part in _STOPS.split(folded)) if each]
    wishes = [_wish(each, just_now=_JUST_NOW.search(folded) is not None) for each in clauses]
    if all(each is None for each in wishes):
        return False
    return all(
        not _names_something(clause if said is None else said) for clause, said in zip(clauses, wishes, strict=True)
    )


def _wish(clause: str, *, just_now: bool) -> str | None:
    """What stands before a complaint that ends the clause; nothing where none does."""
    found = _FILED.search(clause) or _IN_LETTERS.search(clause)
    if found is None:
        return "" if _IN_ENGLISH.search(clause) and not _A_NOUN.search(clause) else None
    before = clause[: found.start()]
    of_them = found.re is _FILED and found["whom"] in {"他", "她", "这人", "那人"}
    if denied(clause, found.start()) or _A_NOUN.search(before) or (of_them and not just_now):
        return None
    return before


def _names_something(clause: str) -> bool:
    """Whether more is said than who speaks to whom, and that it was bad; what is asked aside is no object."""
    if _I_WILL.fullmatch(clause):
        return False
    if clause.isascii():
        return clause != "" and (_OF_YOU.search(clause) is None or _OF_A_THING.search(clause) is not None)
    if _FILES.search(clause):
        return True
    left = _LITTLE.sub("", clause)
    return len(left) > 1 and not (_ASKS.search(clause) and _BLAMES.search(clause) is None)
