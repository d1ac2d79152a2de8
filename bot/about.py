"""Who is spoken of, and what is said of them: facts of the talk that an answer depends on. Pure: text in, facts out.

They are kept while the talk lasts and no longer; whoever is not asked about keeps their own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from nlu.entities import Entity

CHILD = 14  # years of age up to which a guardian acts
CHILDS_GRADE = 8  # 初二
_BEFORE_SCHOOL = 6  # years of age before the first grade
MEMORY = 4  # people that are told apart at a time

Words = tuple[tuple[str, re.Pattern[str]], ...]


class Facts(Struct, frozen=True, omit_defaults=True):
    """What somebody is said to be. `work` and `grounds` are named as `WORK` and `GROUNDS` name them; `home` is "here"
    or "outside", the district; `sex` is "m" or "f"."""

    age: int | None = None
    sex: str = ""
    work: str = ""
    grounds: tuple[str, ...] = ()
    home: str = ""

    @property
    def is_child(self) -> bool:
        return self.age is not None and self.age < CHILD


NOTHING = Facts()

# The first that is said is meant: 下岗职工 has no work.
WORK: Words = (
    (
        "失业",
        re.compile(
            "失业|下岗|待业|无业|没有?(?:个)?工作(?!日|人员|经验|时间|证)|没单位|丢了工作"
            "|(?:厂子?|单位|公司|店)里?(?:都|早就?|已经)?(?:倒闭|倒|垮|黄|散|关)了|被(?:裁|辞退|开除|优化)|没(?:个)?班上|没(?:个)?活(?:儿)?[干做]|没事[干做]在家"
            "|unemployed|lost my job|out of work"
        ),
    ),
    ("退休", re.compile("退休(?!金|工资)|退了休|离休|退下来|(?:领|拿|吃)(?:着)?退休(?:金|工资)(?:的|了|$)|retired")),
    ("务工", re.compile("进城务工|农民工|外来务工|(?:我|他|她|来|是|在[^,。]{0,4})打工")),
    (
        "农民",
        re.compile(
            "(?:是|当|个)(?:个)?农民(?!工)|^农民(?!工)|我们?农民(?!工)|农村(?:人|居民|户口)|种(?:地|田)的|务农|庄稼人|庄户人|在(?:地里|田里|大棚里?)(?:干活|做活|种地|浇水|收庄稼)|种庄稼的?"
            "|i am a farmer|i'm a farmer"
        ),
    ),
    ("学生", re.compile("(?:大|中|高中|初中|小|研究)学生|大学生|高中生|初中生|研究生|还在(?:上|读|念)(?:学|书|大学|高中)|(?:我|他|她)是学生|student")),
    (
        "在职",
        re.compile(
            "在职|上班族|三班倒|倒班|在[^,。]{0,3}(?:厂|工地|公司|单位|车间)[里上]?(?:三班倒|倒班|上班|干活|做工|打工|做事|上工|干)|有(?:正式|个)?工作(?!日|人员|时间|经验)|有单位|(?:要|得|都|天天|我|还在|在[^,。]{1,6}|单位|厂里|公司)上(?:着)?班|有班上|(?:下了?|等)班(?:后|以后|了)|公司(?:职员|员工)"
            "|(?:企业|单位)(?:职工|员工)|在职职工|i work|i have a job|employed"
        ),
    ),
)  # fmt: skip
# What may free somebody of a fee, or come first for it: what the centre's own rule says of these is another matter.
GROUNDS: Words = (
    ("残疾", re.compile("残疾|残障|肢残|视障|听障|盲人|聋哑?人|disab")),
    ("低保", re.compile("低保|low[- ]income allowance|on welfare")),
    ("特困", re.compile("特困|五保")),
    ("低收入", re.compile("低收入|(?:家里?|家庭|经济)(?:很|比较|特别|有|确实)?困难|困难(?:户|家庭|群众)|low income")),
    (
        "退役",
        re.compile(
            "(?:退役|退伍|复员|转业)(?:军人|士兵|兵|老兵)|退役|退伍|当过(?:几年)?兵"
            "|当(?:过)?兵(?:回来|出身|下来)|(?:从)?部队(?:上|里)?(?:回来|下来|退)|参过军|老兵|veteran"
        ),
    ),
    ("脱贫", re.compile("脱贫|建档立卡|贫困户|监测户")),
    ("军属", re.compile("军烈属|军属|烈属|军人家属|烈士(?:家属|子女)")),
    ("登记失业", re.compile("登记(?:过|了)?失业|失业登记(?:过|了)?|失业证|就业创业证|登记(?:了|过)的?失业|registered (?:as )?unemployed")),
)  # fmt: skip
_HERE = re.compile(
    "[住在是][^,。]{0,3}(?:本|你们|这个)[区县市](?!外)(?:的|人|住|上班|工作)?|在(?:这边|这里|这儿|本地|你们这[边里儿]?)(?:上班|工作|打工|住)|来打工"
)
_EXPECTS = re.compile("怀(?:着|孕|上|了)|有(?:喜|孕)了?|身孕|孕妇|大着肚子|expecting|pregnant")
_OUTSIDE = re.compile(
    "(?:不住|不在|没住)[^,。]{0,3}(?:(?:本|你们|这个)[区县市]|[区县]里)|不是[^,。]{0,2}(?:本|你们|这个)[区县市](?:的|人|户[口籍])"
    "|住(?:在)?(?:隔壁|别的?|外|其他|邻|另外?一个)[^,。]{0,2}[区县市]|(?:隔壁|别的|其他|邻)[区县市](?:的|人|住|户[口籍])|外[区县](?:的|人|住|户[口籍])?"
    "|住(?:在)?外[地市省]|live in another district|outside the district"
)
_DENIED = re.compile("(?:不是|并非|又不是|没有|没|未|非|不算|不|never|not an?|not)(?:什么|在|过|正式|一个|个| )?$")
_ASKED = re.compile("(?:的|人员|人)?(?:才|以外|除外|是不是才)")  # 失业的才能报吗 asks for whom it is
_BORN = re.compile(r"(?P<year>19\d\d|20[01]\d|[4-9]\d) ?年(?:出?生|的人|生人)|born in (?P<en>19\d\d|20[01]\d)")

# 女的多吗, 男的还是女的: asks who comes, or of what sex somebody is, and says it of nobody.
_HOW_MANY = "学?[员们]?(?:比较)?(?:多|少|占|比例|居多|人数|几个|有多少|有几|有没有|还是[男女])"
_SEX = re.compile(
    "(?<!老师)(?<!教练)(?<!师傅)(?<!还)(?:我|是|^|那|班|课|[ ,，])"
    f"(?:(?P<sex>[男女])(?:的|性|同志|士|生|$)(?!{_HOW_MANY})|(?P<old>老头|老太)(?:子|婆|太)?(?:呢|咧|哩|$))"
)

_CLAUSE = re.compile("[,，。;；!！?？]")
_WOMEN = "妈妈?|母亲|娘|奶奶|外婆|姥姥|婆婆|岳母|丈母娘|老婆|媳妇|妻子|姐姐?|妹妹?|姑姑?|姨|阿姨|婶|嫂子?|女儿|闺女|孙女|外孙女|外甥女|侄女|老太太?"
_MEN = "爸爸?|父亲|爹|爷爷|外公|姥爷|公公|岳父|老丈人|老公|丈夫|哥哥?|弟弟?|舅舅?|叔叔?|伯伯?|儿子|孙子|外孙|外甥|侄子|老头子?|老爷子"
_ANY = "老伴|爱人|对象|孩子|小孩|娃娃?|宝宝|邻居|朋友|同事|亲戚|老人家?|双胞胎|老[大二三]"
_CHILDREN = re.compile("孙|孩|娃|宝|双胞胎|grand")
_KIN = re.compile(
    rf"(?:(?:我|俺|咱)们?家?(?:的|里的?)?|家里的?|家|[帮替给让为])(?P<own>(?:{_WOMEN})(?!们)|(?:{_MEN})(?!们)|{_ANY})"
    "|(?<![带陪养接看育管教哄])(?P<bare>(?:小?孩子?|娃娃?)(?=[^,。]{0,4}(?:想|要|能|可以|喜欢|学|报|上))|孙女|孙子|外孙女?|儿子|女儿|闺女|老伴|老公|老婆|爱人|爷爷|奶奶|外婆|外公|姥姥|姥爷|老母亲|老父亲)"
    r"|\bmy (?P<en>mother|mum|mom|father|dad|son|daughter|child|kid|wife|husband|grandson|granddaughter|neighbou?r|friend)"
)
_WOMAN, _MAN = (
    re.compile(f"(?:老)?(?:{_WOMEN})|mother|mum|mom|daughter|wife|granddaughter"),
    re.compile(f"(?:老)?(?:{_MEN})|father|dad|son|husband|grandson"),
)
_FOR_ANOTHER = re.compile("[给替帮为让带陪][她他它]|[她他](?!们)")
_MYSELF = re.compile(
    r"我(?:自己|本人|呢)|^(?:那|要是|那要是)?我呢|(?:我|俺)(?:也|能|可以|可不可以|行不行|想学|今年|现在|都|快|是|不是|没有?工作|退休|下岗|失业|住|属|才|有工作|[0-9一二三四五六七八九十])"
    r"|^i(?: am|'m)? |\bmyself\b"
)

# 我姑妈她也想来: somebody of the family, and nothing but that they would come as well.
COMES_ALONG = re.compile(
    "^(?:那|我|俺|咱|们|家|里|的|大|小|老|二|三|[一-鿿]?(?:[妈爸爹娘婆公爷奶姑姨婶嫂姐妹哥弟舅伯叔伴]|爱人|媳妇|女儿|儿子|闺女|亲家|邻居|同事|朋友|老乡|外甥女?|侄[子女]))++"
    "[她他]?也(?:想|要|愿意|打算|很|蛮|特别)*(?:跟着?|一起|一块儿?)?(?:来|学|报名?|参加|听|上课)(?:参加|听|上|学|报名?|课|班|看看|试试|一个|一下)*[的吧呢啊哦呀嘛]*"
)


def _any_of(*patterns: re.Pattern[str]) -> re.Pattern[str]:
    """One for all: whether any of them is there, asked at once."""
    return re.compile("|".join(re.sub(r"\?P<\w+>", "?:", each.pattern) for each in patterns))


_OF_GROUNDS = _any_of(*(pattern for _, pattern in GROUNDS))
_OF_ANYBODY = _any_of(*(pattern for _, pattern in WORK), _OF_GROUNDS, _SEX, _OUTSIDE, _HERE, _BORN, _EXPECTS)
# What stands around a fact and says no more.
_FILLERS = re.compile(
    "师傅|姑娘|大姐|同志|大妹子|小伙子|那|就是|对了|这个|情况|还|啦|呐|哩|嘞|整|出头|我|俺|咱|她|他|们|家|里|是|的|一个|个|人|了|啊|呀|呢|哦|嗯|今年|现在|已经|都|快|刚|才|有|没|不|哈|户|员|证|周岁|岁|年|出头|多|上|读|念"
    r"|住|在|办|拿|领|吃|生|登记|人员|家庭|职工|工人|群众|腿|脚|手|眼睛?|耳朵|身体|[一二三四]?级|男|女|性|'m|\b(?:i|am|an?|my|is|years?|old|and)\b| "
)


def listen(
    known: Mapping[str, Facts], person: str, folded: str, entities: Sequence[Entity], today: date
) -> tuple[dict[str, Facts], str]:
    """Everybody's facts with what a message adds to them, and who is spoken of at its end ("" is whoever speaks)."""
    people = dict(known)
    for start, end in _clauses(folded):
        clause = folded[start:end]
        person = _spoken_of(clause, person)
        inside = tuple(each for each in entities if start <= each.start and each.end <= end)
        before = people.get(person, NOTHING)
        facts = _with(before, person, clause, inside, today)
        if facts != before:
            people.pop(person, None)  # so that whoever was heard of last is dropped last
            people[person] = facts
    return dict(list(people.items())[-MEMORY:]), person


def is_child(person: str, facts: Facts) -> bool:
    """Whether a guardian acts for them; a grandchild of no age given is one."""
    return facts.is_child or (facts.age is None and _CHILDREN.search(person) is not None)


def tells(folded: str, entities: Sequence[Entity]) -> bool:
    """Whether a message says something of somebody, whatever else: how old, what they do, on what grounds, where they live."""
    if any(each.kind in {"age", "grade"} for each in entities):
        return True
    return _OF_ANYBODY.search(folded) is not None


def names_grounds(folded: str) -> bool:
    """我是退伍军人: whether it says what may free somebody of a fee."""
    return _OF_GROUNDS.search(folded) is not None


_OFFERED = re.compile("有[^,。]{1,10}(?:没有?|[吗么嘛不])$")  # 有种地的没: asks what there is for such as them


def comes_along(folded: str) -> bool:
    """Whether it says of somebody that they would come as well, and nothing else."""
    return "也" in folded and COMES_ALONG.fullmatch(folded) is not None


@lru_cache(2048)
def tells_only(folded: str, entities: tuple[Entity, ...]) -> bool:
    """我是残疾人, 我妈今年七十了: something of somebody, and nothing that is asked or wished for."""
    named = {each for entity in entities if entity.kind in {"age", "grade"} for each in range(entity.start, entity.end)}
    rest = "".join(" " if place in named else char for place, char in enumerate(folded))
    if _OFFERED.search(folded):
        return False
    left = rest
    if left == folded and _OF_ANYBODY.search(folded) is None and _KIN.search(folded) is None:
        return False
    for _, pattern in (
        *GROUNDS,
        *WORK,
        ("", _SEX),
        ("", _OUTSIDE),
        ("", _HERE),
        ("", _BORN),
        ("", _EXPECTS),
        ("", _KIN),
    ):
        left = pattern.sub("", left)
    if left == folded:
        return False
    return len(_FILLERS.sub("", _CLAUSE.sub("", left))) == 0


def _clauses(folded: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _CLAUSE.finditer(folded):
        yield start, match.start()
        start = match.end()
    yield start, len(folded)


@lru_cache(2048)
def _spoken_of(clause: str, person: str) -> str:
    """Who a clause is about: who it names, else whoever speaks, where it says so; else who the talk was about."""
    if match := _KIN.search(clause):
        return match["own"] or match["bare"] or match["en"]
    if _FOR_ANOTHER.search(clause):
        return person
    return "" if _MYSELF.search(clause) else person


@lru_cache(2048)
def _with(facts: Facts, person: str, clause: str, entities: tuple[Entity, ...], today: date) -> Facts:
    """The facts of a person with what a clause adds to them."""
    if not tells(clause, entities):
        return facts if facts.sex else replace(facts, sex=_sex(clause, person))
    if (age := _age(clause, entities, today)) is not None:
        facts = replace(facts, age=age)
    if work := next((name for name, pattern in WORK if _says(pattern, clause)), ""):
        facts = replace(facts, work=work)
    elif any(pattern.search(clause) for name, pattern in WORK if name == facts.work):
        facts = replace(facts, work="")  # 我没下岗
    said = {name for name, pattern in GROUNDS if _says(pattern, clause)}
    denied = {name for name, pattern in GROUNDS if name not in said and pattern.search(clause)}
    grounds = tuple(name for name, _ in GROUNDS if name in said or (name in facts.grounds and name not in denied))
    if facts.sex == "":
        facts = replace(facts, sex=_sex(clause, person))
    home = "outside" if _OUTSIDE.search(clause) else "here" if _HERE.search(clause) else facts.home
    return replace(facts, grounds=grounds, home=home)


def _sex(clause: str, person: str) -> str:
    said = _SEX.search(clause)
    if _WOMAN.fullmatch(person) or (said and (said["sex"] == "女" or said["old"] == "老太")):
        return "f"
    return "m" if said or _MAN.fullmatch(person) else ""


def _says(pattern: re.Pattern[str], clause: str) -> bool:
    """Whether it is said of somebody, and not denied or asked as a condition."""
    return any(
        _DENIED.search(clause, 0, match.start()) is None and _ASKED.match(clause, match.end()) is None
        for match in pattern.finditer(clause)
    )


def _age(clause: str, entities: Sequence[Entity], today: date) -> int | None:
    """As said, or by the year of birth or of school."""
    said = [int(each.value) for each in entities if each.kind == "age"]
    if len(set(said)) > 1:  # of two, whose is whose is not known
        return None
    if said:
        return said[0]
    if born := _BORN.search(clause):
        year = int(born["year"] or born["en"])
        return today.year - (year if year > 100 else 1900 + year)
    grades = [int(each.value) for each in entities if each.kind == "grade"]
    return grades[0] + _BEFORE_SCHOOL if grades else None
