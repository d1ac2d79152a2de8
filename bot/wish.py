"""What somebody looks for, as they wished it so far, and what they refused of it: one wish, that each message narrows. Pure.

It is the slots of the handler that looks for it; those whose name begins with `not_` say what it is not to be.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from bot import phrases
from bot.comprehension import Understanding
from nlu.times import When

SOUGHT = frozenset({"find_class", "find_activity"})  # intents of who looks for something
SUBJECTS = frozenset({"course", "theme", "subject"})  # naming one of them takes the place of the others
NOT = "not_"
_OF_ONE = frozenset({"class", "teacher", "not_class"})  # what is so of one subject, and not of another
_LONG = 30  # characters of a message that says when somebody has no time
# 礼拜三我要去医院, 晚上七点我还在店里: what somebody does then; and what is no reason against it.
_WHO = (
    "(?:我们?|俺们?|咱们?|她|他|家里|孩子|老伴|[我俺]?[妈爸]|店里|厂里|还|都|也|又|一般|通常|每次|正好|刚好|平时|平常|工作日|白天|[早晚]上|[上下]午|中午"
    "|[,，]){0,4}+"
)
# 我要去医院 is one's own matter; 我要晚上的, 周三我要上, 周六我赶得上, 周二我都在, 周五我打算去 are none.
_MATTER = (
    "(?:忙(?![完好得过吗不])|在(?!家(?:$|里?(?:没|有空|闲|等|呢|的|休))|哪|这|那|的|场|呢|群|学[院校])[^,，。]|有(?:事|约|会|活(?!动))|[跟陪](?![得上不着])|[送接](?![着受到通])|带(?=[^,，。]{0,3}[孩娃孙儿女妈爸爹娘老伴宝病人狗队团货])"
    "|做(?![得到过]|什么|啥)|帮(?![我俺咱忙])|看(?=[店摊孩娃门病护])|值(?!得)|守|出(?:[摊工车门差诊海]|夜?班)|打(?![车的算听开折])|跑(?![得过来去步])|赶(?![得上到紧过来])"
    "|上(?:[中晚白早夜大]?班|夜|工|学|坟|医院)|加班|开[店会]|照顾|伺候"
)
_TAKEN = re.compile(
    f"{_WHO}(?:{_MATTER})|(?:要|得|必须|需要)(?:{_MATTER}|去(?![上听学看报参试找你那]|$)[^,，。]|回|下[地田乡厂]|干|种|卖|喂|洗|买|烧|煮|收|住院|透析|化疗|复查|体检|打针|挂水|睡|聚|扫墓|搬|装修|走亲|吃[席酒药])))"
)
# What one would do here ends so: 我周二跟我姐一起, 晚上我跑步过去.
_COMES = re.compile(
    "方便|没(?:有|啥|什么)?事|闲|(?:一[起块道同]儿?|[过回]?[去来]|(?<![街路地船山身])上|(?<!上)学|听|[早晚]?点?到|报|的|才行|在)[了吧啊呀哦呢]?$"
)
_FREE = re.compile(
    "(?<!上)(?<!放)学(?!校)|报|参加|来(?!不)|听课|看看|试|问|咨询|办|领|电话|空|休息|说|想|课|(?<![上加值夜])班(?!$)"
)
_OFF = re.compile("(?:才|就|刚)?(?:能|可以)?(?:下班|放学|收工|收摊|下工|忙完|到家|关店|打烊|下晚班)")
_MORNING = re.compile("早|上午|凌晨|[01]?[0-9]:|夜")
# 还有别的吗, 有没有别的时间; not 还有别的条件吗, which is no class.
_OTHERS = re.compile(
    "有(?:没有?)?(?:别|其他|其它|另外)(?:的|个|处|家|门|种|[上开]课)*+"
    "(?:课(?!本|件|时|程?[表费])|地方|地点|地儿|时间|时候|时段|日子|街道|学校|校区|老师[教上带]|[^,，。人]{0,3}班(?![主长费])|(?=[吗么没不嘛呢吧啊呀了,，。?？!]|可以?选|能选|选|$))"
    "|换(?:一?[个门家]|别的|其他的?)(?:地方|时间|日子|班|课)?(?=$|[,，。吧啊行吗可有])"
    "|(?:这|那|第[一二三1-3]|头)一?[个种班]?(?:我|也|就|不太|太)?(?:不(?:行|要(?!钱)|合适|想[去学要]|喜欢|考虑)|算了)(?=的(?!话)|[了吧啊,，。]|$)"
)
# How it is learnt; not 我想线下报名, 不会网上交钱, which is how one gets in.
_IN_PERSON = re.compile(
    "(?:不(?:要|想|会|爱|喜欢)|别|学不来)[^,，。]{0,2}(?:网课(?!报)|(?:上网|网上|线上|在线)(?:的|上|去)?(?:学(?!费|分)|听|课|教))"
    "|(?:不(?:要|想|爱|喜欢)|别|学不来)[^,，。]{0,2}(?:上网|网上|线上|在线)(?:的|那种|班|培训)*+(?=[吗么吧了啊呀,，。!]|$)"
    "|(?:要|想|有)[^,，。]{0,3}(?:当面|面对面|现场|面授|线下)(?:的|来|去)?(?:教(?!材)|学(?!费|分|员)|上(?!交|报)|讲|授课|听课|课|班|培训|(?=[吗么没不吧啊呀了,，。!?？]|$))"
)
_BRIEF = 14  # characters
_NO_KIND = re.compile(
    "(?P<kind>[一-鿿]{2,4}?)(?:的|我|就|也|都|这种|之类的?){0,3}+(?:算了|不要|不去|不想[去看听要]|不感兴趣|没兴趣|没意思)[了吧啊]?"
)
_TOO_FAR = re.compile(
    "(?:那|这|都|也|哎|唉|可是?|[,，])*(?:离|跟)?(?:[我俺]们?)?家?(?:这|那)?[里边儿]?(?:都|也|实在|有点)?(?:太|好|有点|挺|蛮)?远(?:了|得很)?[啊呀哦吧]?"
    "(?:[,，]?[我俺她他]?(?:去不了|过不去|不去|不想去|跑不动|走不动|不方便))?[了啊呀]?"
)
_WORKDAYS = (1, 2, 3, 4, 5)


def narrowed(wish: Mapping[str, str], said: Mapping[str, str], *, instead: bool = False) -> dict[str, str]:
    """A wish with what is said of it now. What is wished is refused no more, and what is refused no longer wished; a part of the
    day goes with the days that were wished, unless it is said `instead`."""
    anew = bool(SUBJECTS & said.keys()) and any(wish.get(each) != said.get(each) for each in SUBJECTS)
    gone = SUBJECTS | _OF_ONE if anew else {"class"}
    kept = {name: value for name, value in wish.items() if name not in gone}
    if "not_when" in said and "when" in said and When.of(said["when"]).refuses:  # nothing but when it is not to be
        said = {name: value for name, value in said.items() if name != "when"}
    for name, value in said.items():
        if name.startswith(NOT):
            _refuse(kept, name, value)
        else:
            kept[name] = _joined(kept.get(name), value) if name == "when" and not instead else value
            _allow(kept, name)
    return kept


def _refuse(wish: dict[str, str], name: str, value: str) -> None:
    wish[name] = " ".join(dict.fromkeys([*wish.get(name, "").split(), *value.split()]))
    wished = name.removeprefix(NOT)
    if wished in wish and any(_covers(name, each, wish[wished]) for each in value.split()):
        del wish[wished]


def _allow(wish: dict[str, str], name: str) -> None:
    refused = wish.pop(NOT + name, "").split()
    if left := [each for each in refused if not _covers(NOT + name, each, wish[name])]:
        wish[NOT + name] = " ".join(left)


def _covers(name: str, refused: str, wished: str) -> bool:
    """Whether all that is wished is refused."""
    if name != "not_when":
        return refused == wished
    no, yes = When.of(refused), When.of(wished)
    in_part = no.part is None or (yes.part is not None and no.part[0] <= yes.part[0] and yes.part[1] <= no.part[1])
    return in_part and (not no.weekdays or (bool(yes.weekdays) and {*yes.weekdays} <= {*no.weekdays})) and not no.fixed


def _joined(before: str | None, said: str) -> str:
    """周末, and then 上午: the mornings of that."""
    if before is None:
        return said
    old, new = When.of(before), When.of(said)
    if old.either or new.either or new.fixed:
        return said
    if old.part is None and new.part is not None and not new.weekdays:
        return str(replace(old, part=new.part, without=(*old.without, *new.without)))
    if not (old.fixed or old.weekdays) and old.part and new.part is None and new.weekdays:
        return str(replace(new, part=old.part))
    return said


def taken(heard: Understanding) -> str | None:
    """礼拜三我要去医院, 我六点才下班: the times that somebody says to have something else to do; of a time that is off work, those
    of working days before it. None, where it says no such thing."""
    entity = next((each for each in heard.entities if each.kind == "when"), None)
    if entity is None or len(heard.folded) > _LONG or phrases.asks(heard.folded):
        return None
    when, behind = When.of(entity.value), heard.folded[entity.end :]
    off = when.without[0] if when.refuses else when  # 我七点下班，赶不到
    if off.part and _OFF.match(behind):
        return str(replace(off, weekdays=off.weekdays or _WORKDAYS, part=("00:00", _off(off.part[0], heard.folded))))
    if when.without:
        return None
    return str(when) if gives_reason(heard.without("when")) else None


def _off(clock: str, folded: str) -> str:
    """七点才收摊 is in the evening, unless the morning is said."""
    early = clock < "12:00" and not _MORNING.search(folded)
    return f"{int(clock[:2]) + 12}{clock[2:]}" if early else clock


def gives_reason(said: str) -> bool:
    """我要去医院, 平时我上班: whether it says what somebody has to do, and nothing of what they would do here."""
    said = said.rstrip("。.!！ ")
    return _TAKEN.match(said) is not None and not (_FREE.search(said) or _COMES.search(said))


def says_nothing_here(said: str) -> bool:
    """他走不远, 平时我上班: whether it tells of somebody, and asks nothing, nor says what they would do here."""
    return not (phrases.asks(said) or _FREE.search(said))


def is_too_far(folded: str) -> bool:
    """太远了我去不了, and no place is named."""
    return _TOO_FAR.fullmatch(folded.rstrip("。.!！ ")) is not None


def kind_refused(folded: str) -> str | None:
    """讲座就算了: the kind of activity that is not wanted."""
    found = _NO_KIND.fullmatch(folded.rstrip("。.!！ ")) if len(folded) <= _BRIEF else None
    return found["kind"] if found else None


def asks_for_others(folded: str) -> bool:
    """还有别的吗, 换一个, 第一个不行: none of those that were told, or not that one."""
    return _OTHERS.search(folded) is not None


def refuses_online(folded: str) -> bool:
    """不要网上的, 要当面教的."""
    return _IN_PERSON.search(folded) is not None
