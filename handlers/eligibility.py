"""Who may be in a class, and who need not pay for it: its conditions and the centre's rule, held against who is spoken of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from bot.about import Facts
from bot.turn import Turn
from knowledge.catalogue import ANY_AGE, TrainingClass

SOURCE = "source.classes"
RULE = "fee-free-who"  # the standard question whose answer says who need not pay
OF_AGE = 18


@dataclass(frozen=True, slots=True)
class _Audience:
    """What follows from whom a class is for. `made_for` is what they do for whom it is in particular, `takes` what whoever is in
    it may do (nothing here: anything), `told` for which other audience it is told as well, where one asks for that."""

    made_for: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


_AUDIENCES = {
    "老年人": _Audience(made_for=("退休",)),
    "中老年": _Audience(made_for=("退休",), told=("老年人",)),
    "失业人员": _Audience(made_for=("失业",), takes=("失业",), told=("进城务工人员",)),
    "进城务工人员": _Audience(made_for=("务工",), takes=("务工", "失业", "农民")),
    "农民": _Audience(made_for=("农民",)),
    "在职人员": _Audience(made_for=("在职",), takes=("在职", "务工")),
    "所有成人": _Audience(told=("在职人员",)),
}
_ANYBODY = _Audience()  # everybody of the right age
_WITH_CHILDREN = {"家长", "青少年", "儿童"}
_MEN, _WOMEN = re.compile(r"男性?(\d+)周?岁"), re.compile(r"女性?(\d+)周?岁")
_ANYBODYS = re.compile(
    "不限.{0,4}|无|没有(?:限制|要求)|(?:所有|全体)(?:人|居民|成人|市民)|成人|市民|居民|no (?:limits?|conditions?)|anybody|everybody",
    re.IGNORECASE,
)
_UNLIMITED = re.compile("不限(?:条件)?|无|没有(?:限制|要求)|.*[a-z].*", re.IGNORECASE)
_ONLY_WOMEN = re.compile("(?:只收|(?<!不)[仅限]{1,2}|面向|^)(?:女|妇女)(?![^，。；]{0,40}(?:男|优先|为主))")
_ONLY_MEN = re.compile("(?:只收|(?<!不)[仅限]{1,2})男(?![^，。；]{0,40}(?:女|优先|为主))")
_OF_HERE = re.compile(
    "(?:本[区街镇乡村县市]|(?<![社外邻城乡])[区县镇乡](?:户[籍口]|居民|村民|农户))(?![^，。；]{0,6}(?:[减免半]|优先|不限|均可|也可|都可))"
)
# How the centre's rule may name each ground.
_NAMED = {
    "残疾": "残疾|残障", "低保": "低保|最低生活保障", "特困": "特困|五保", "低收入": "低收入|困难", "退役": "退役|退伍", "军属": "军属|烈属|军烈属",
    "脱贫": "脱贫|建档立卡|贫困", "登记失业": "登记失业|失业登记|失业人员", "失业": "登记失业|失业登记|失业人员",
}  # fmt: skip


def misfit(turn: Turn, group: TrainingClass) -> str | None:
    """Which fact of who is spoken of keeps them out of a class: "age", "work", "sex" or "home"; None where nothing does, as far as is
    known."""
    return _misfit(turn.recorded.classes[group.id], turn.state.facts)  # its conditions in Chinese


def _misfit(group: TrainingClass, facts: Facts) -> str | None:
    if facts.age is not None and not (_youngest(group, facts) <= facts.age <= group.oldest):
        return "age"
    if (
        facts.age is not None
        and facts.age < OF_AGE
        and not (group.minors or group.audience in _WITH_CHILDREN or group.youngest)
    ):
        return "age"  # who trains for work, or farms, is grown up, whether it says so or not
    takes = _audience(group).takes
    if facts.work and takes and facts.work not in takes:
        return "work"
    if (facts.sex == "m" and _ONLY_WOMEN.search(f"{group.audience}，{group.eligibility}")) or (
        facts.sex == "f" and _ONLY_MEN.search(f"{group.audience}，{group.eligibility}")
    ):
        return "sex"
    if facts.home == "outside" and _OF_HERE.search(group.eligibility):
        return "home"
    return None


def _youngest(group: TrainingClass, facts: Facts) -> int:
    """The age from which it takes somebody; where it names one for men and one for women, theirs."""
    named = {"m": _MEN, "f": _WOMEN}.get(facts.sex)
    match = named.search(group.eligibility) if named else None
    return int(match[1]) if match else group.youngest


_VERY_OLD = 80  # years of age from which more holds
# None of 避免, 免疫, 减肥, 骨折 and 打折叠伞.
_EXEMPT = "(?<![避难以未])免(?!疫|检|试|费(?:提供|发|领|借))"
_LESS = "减(?:免|半|收|学费|[0-9一二两三四五六七八九十])|打折(?!叠)|[0-9一二三四五六七八九] ?折|折扣|优惠"
_OF_THE_FEE = re.compile(f"{_EXEMPT}|{_LESS}|半价|不收|不交|补贴?一半")
_FREE = re.compile("(?<![不未])(?<!不再)(?<!不在)免(?!费(?:提供|借|领|发|之列)|材料|教材|[0-9一])|不收|不交|不用交")
_IN_PART = re.compile(f"(?!减免){_LESS}|半价|一半|部分")
_CLAUSES = re.compile("[，。；,;]")
_BEARS_ON_FEE = re.compile(f"{_EXEMPT}|{_LESS}|[0-9] ?元|(?<!不)收费")
_FREE_FOR_ALL = re.compile(
    "(?:全[部程体都市县区]|所有|市民|居民|学员|人员?|一律|完全|[均都皆向对为是可]|面向|本|课程?|班|培训|活动|学费|公益|参加|学习)*免(?:费|学费)"
)
_HEALTH = re.compile(
    "怀孕|怀了|怀着|孕|肚[子里]*有(?:孩子|喜|了)|高血压|血压|心脏|手术|搭桥|支架|骨折|骨质|糖尿病|哮喘|腿脚|腰|膝|关节|毛病|病|pregnan|heart|blood pressure"
)


def conditions(group: TrainingClass, turn: Turn) -> str:
    """Whom a class is for, as a sentence: its words, and the ages that they do not name."""
    words = group.eligibility.rstrip("。. ")
    if _ANYBODYS.fullmatch(words) and not _ANYBODYS.fullmatch(group.audience):
        # 女性求职者, where no more is asked of them; with what is said to be without a limit, where that is one thing
        words = (
            group.audience if _UNLIMITED.fullmatch(words) else turn.line("class.both", words=group.audience, ages=words)
        )
    elif _in_words_of_its_own(group) and turn.state.lang != "en":
        words = turn.line("class.both", words=group.audience, ages=words)  # 3—6岁儿童和家长；一家一个名额
    youngest, oldest = group.youngest or None, group.oldest if group.oldest < ANY_AGE else None
    if all(age is None or re.search(rf"(?<!\d){age}(?!\d)", words) for age in (youngest, oldest)):
        return turn.line("class.conditions", words=words)
    key = "class.ages" if youngest and oldest else "class.ages_from" if youngest else "class.ages_to"
    ages = turn.line(key, youngest=youngest, oldest=oldest)
    return turn.line(
        "class.conditions",
        words=ages if _ANYBODYS.fullmatch(words) else turn.line("class.both", words=words, ages=ages),
    )


def bears_on_fee(group: TrainingClass) -> bool:
    """本县户籍免学费，外县1200元: whether its conditions, in Chinese, say what it costs some."""
    parts = _CLAUSES.split(group.eligibility)
    return any(_BEARS_ON_FEE.search(part) and not _FREE_FOR_ALL.match(part) for part in parts)


def unmet(group: TrainingClass, turn: Turn) -> str:
    """The same for whom it keeps out: that it takes no minors holds though nobody wrote it down."""
    young = turn.state.facts.age is not None and turn.state.facts.age < OF_AGE
    return conditions(replace(group, youngest=OF_AGE) if young and not group.youngest else group, turn)


def _in_words_of_its_own(group: TrainingClass) -> bool:
    """Whether whom it is for is neither anybody nor one of those that are known, and its conditions do not say it."""
    words = group.audience
    return words not in _AUDIENCES and not _ANYBODYS.fullmatch(words) and words not in group.eligibility


def _audience(group: TrainingClass) -> _Audience:
    return _AUDIENCES.get(group.audience, _ANYBODY)


def suits(group: TrainingClass, audience: str) -> bool:
    """Whether it may be told to who asks for classes for these."""
    return group.audience == audience or audience in _audience(group).told


def made_for(group: TrainingClass, facts: Facts) -> bool:
    """Whether it is for people such as them in particular."""
    return facts.work in _audience(group).made_for or (facts.age is not None and OF_AGE < group.youngest <= facts.age)


def spell(turn: Turn, why: str) -> str:
    """The fact that keeps somebody out, as one would say it."""
    facts = turn.state.facts
    if why == "age":
        return turn.line("about.age", age=facts.age)
    if why == "sex":
        return turn.line(f"about.sex.{facts.sex}")
    return turn.line("about.outside") if why == "home" else turn.line(f"about.work.{facts.work}")


def refused(turn: Turn, group: TrainingClass) -> bool:
    """Whether who is spoken of cannot be in it; says so, with what may be done instead."""
    why = misfit(turn, group)
    if why is None:
        return False
    key = "class.not_from_here" if why == "home" else "class.not_for_you"
    turn.say(key, name=group.name, eligibility=unmet(group, turn), fact=spell(turn, why), source=SOURCE)
    if why == "age" and (turn.state.facts.age or 0) < OF_AGE:
        of_children(turn)
    elif why == "home":
        turn.answer_if_known("enrol-local")
    same = [each for each in turn.catalogue.classes.values() if each.course == group.course and each.enrols(turn.today)]
    if any(misfit(turn, each) is None for each in same):
        turn.offer(turn.line("label.other_classes"), "find_class", course=group.course)
    else:
        turn.offer(turn.line("label.other_classes"), "find_class")
    turn.suggest("human")
    return True


def of_children(turn: Turn) -> None:
    """What the young may do, and that a guardian acts for a child."""
    if turn.state.facts.is_child:
        turn.say("perhaps.minor")
    for standard in ("enrol-age-min", "course-kids"):
        if turn.answer_if_known(standard):
            return


def beside(turn: Turn, groups: Sequence[TrainingClass]) -> list[TrainingClass]:
    """Those of some classes that who is spoken of can be in; where they can be in none, all, for that to be said of."""
    return [group for group in groups if misfit(turn, group) is None] or list(groups)


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What is on record of who is spoken of and the fee: the ground in words, the rule with its source, and whether it says
    that they pay nothing (`free`), or something else of them."""

    ground: str
    rule: str
    source: str
    free: bool


def fee_rule(turn: Turn, group: TrainingClass | None = None) -> FeeRule | None:
    """What a class says of it itself, or else the centre's rule for all; None where neither names any of their grounds."""
    entry, facts = turn.library.answer(RULE, turn.today), turn.state.facts
    grounds = [*facts.grounds, *(["失业"] if facts.work == "失业" and "登记失业" not in facts.grounds else [])]
    for ground in grounds:
        named, words = re.compile(_NAMED[ground]), turn.line(f"about.ground.{ground}")
        own = turn.recorded.classes[group.id].eligibility if group else ""
        if group and named.search(own) and _OF_THE_FEE.search(own):
            return FeeRule(words, conditions(group, turn), SOURCE, _is_free(named, own))
        if entry and named.search(entry.answer):
            said = entry.said(turn.state.lang)
            return FeeRule(words, said.answer, said.source, _is_free(named, entry.answer))
    return None


def exemption(turn: Turn, group: TrainingClass | None = None) -> FeeRule | None:
    """The rule by which who is spoken of pays nothing."""
    found = fee_rule(turn, group)
    return found if found and found.free else None


def _is_free(named: re.Pattern[str], rule: str) -> bool:
    """Whether a clause of a rule frees those that are named: 退役军人免学费, and not 脱贫户免学费，退役军人减半."""
    parts = (part for part in _CLAUSES.split(rule) if named.search(part))
    return any(_FREE.search(part) and not _IN_PART.search(part) for part in parts)


def take_care(turn: Turn) -> None:
    """Who is very old, ill or expecting hears what holds for such as them, before they are in a class, or ask whether they may."""
    age = turn.state.facts.age
    if _HEALTH.search(turn.heard.folded) and turn.answer_if_known("enrol-health"):
        return
    if age is not None and age >= _VERY_OLD:
        turn.answer_if_known("age-limit-old")
