"""What residents call a place, a course and a class by, beside the whole name: the town of a place or the end of its name, a
course without 班, a class without where it is held."""

import re
from collections import defaultdict
from collections.abc import Iterable, Set
from functools import lru_cache

from knowledge.catalogue import Catalogue, Organisation, TrainingClass
from knowledge.centre import Centre
from nlu.text import fold, known_words

_HAN = re.compile("[一-鿿]")
_TOWN = re.compile("^(?P<town>(?P<name>.{2,4}?)(?:街道|[乡镇村]))(?!.*街道)")

# What any place may be, and a name of none.
_KIND = re.compile(
    "[市区县镇乡村]?(?:街道|社区|成人|老年|居民|市民|职业|技术|开放|教学|学习|服务|村级)*(?:站点|[教学]学点|学习点|学校|学院|大学|中心|[分总]校|校区|学堂)"
)
_END = 3  # characters that the end of a place's name has at least
# 学会计, 会计课, 焊工证: what is taught, with what one does to learn it or gets for it; and what of an English name comes before
# its level or for whom it is.
_LEARNT = re.compile("学?(?P<what>[一-鿿]{2,}?)(?:课程?|(?:培训)?班|(?:上岗|取证)?培训|证书?)?")
_HEADED = 3  # letters
_ANY_COURSE = re.compile(
    "(?:.{1,4}|adult|advanced|artificial|against|basic|beginners|evening|intermediate|making|online|selling|short|training|weekend|western) (?:class|course)"
)
_HEAD = re.compile(r"(?P<what>[A-Za-z][A-Za-z -]{3,}?)(?:,| (?:for|at|in|with) | \(|: )")

# 松江 of 松江职业学院, 临江 of 临江区.
_OWN = re.compile("^(?P<own>.{2,4}?)(?:[省市区县乡镇村]|街道|社区|职业|开放|老年|学院|学校|大学|中学)")


def towns(catalogue: Catalogue) -> dict[str, str]:
    """马场乡 and 马场 of 马场乡教学点, where no other place is there and nothing else is called so: the place by its town."""
    found: dict[str, set[str]] = {}
    for place in catalogue.organisations.values():
        if (town := _TOWN.match(place.name)) and place.level != "college":
            for text in (town["town"], town["name"]):
                found.setdefault(text, set()).add(place.id)
    taken = {text for each in catalogue.organisations.values() for text in (each.name, *each.aliases)}
    return {text: min(ids) for text, ids in found.items() if len(ids) == 1 and text not in taken}


def ends(catalogue: Catalogue) -> dict[str, str]:
    """鉴定中心 of 技能鉴定中心, Evening School of East Gate Evening School: the place by the end of its name, where no other
    name of a place ends so and it is more than a kind of place."""
    places = [each for each in catalogue.organisations.values() if each.level != "college"]
    names = {name: each.id for each in places for name in (each.name, *each.aliases, *_english(each))}
    found: dict[str, set[str]] = defaultdict(set)
    for name, id in names.items():
        words = known_words(name) if _HAN.search(name) else [f"{each} " for each in name.split()]
        for at in range(1, len(words)):
            if max(map(len, words[at - 1 : at + 1])) > 1:  # between words, and none that is unknown and cut to pieces
                found["".join(words[at:]).strip()].add(id)
    return {
        end: min(ids)
        for end, ids in found.items()
        if len(ids) == 1
        and end not in names
        and (" " in end or (_HAN.search(end) and len(end) >= _END))
        and not _KIND.fullmatch(end)
    }


def _english(place: Organisation) -> tuple[str, ...]:
    return (place.en.name,) if place.en else ()


def names_of(catalogue: Catalogue, centre: Centre) -> set[str]:
    """What the centre and its places are called, in full and in short: what everybody knows of it."""
    places = catalogue.organisations.values()
    of_places = [name for each in places for name in (each.name, *each.aliases)]
    whole = [*of_places, centre.name, centre.bot, centre.district, centre.platform]
    if centre.en:
        whole += [centre.en.name, centre.en.bot, centre.en.district, centre.en.platform]
    short = filter(None, map(_OWN.match, [centre.name, centre.district, *(each.name for each in places)]))
    return {*filter(None, whole), *(each["own"] for each in short)}


def category_in(folded: str, catalogue: Catalogue) -> str | None:
    """The kind of things that points buy which a text calls by one of its names: of several, by the longest."""
    words = catalogue.category_by_word.items()
    said = [(len(word), name) for word, name in words if len(word) > 1 and word in folded]
    return max(said)[1] if said else None


def courses_called(catalogue: Catalogue) -> dict[str, str]:
    """焊工班 of a course that is also called 焊工证, electrician of Electrician, intermediate: the course by what it teaches, where
    no other is called so."""
    taken = {name for each in catalogue.courses.values() for name in (each.name, *each.aliases)}
    taken.update(*catalogue.words_of_themes.values())
    found: dict[str, set[str]] = defaultdict(set)
    for course in catalogue.courses.values():
        for name in (course.name, *course.aliases):
            if (match := _LEARNT.fullmatch(name)) and match["what"] not in taken:
                certified = (
                    (match["what"],) if name.endswith(("证", "证书")) else ()
                )  # whoever says 叉车 means the licence
                for called_so in (f"{match['what']}班", f"{match['what']}培训", *certified):
                    found[called_so].add(course.id)
        for name in (course.en.name,) if course.en else ():
            head = _HEAD.match(f"{name},")
            words = head["what"].lower().split() if head else []
            classes = (f"{word} {kind}" for word in words[:2] if len(words) < 3 for kind in ("class", "course"))
            for called_so in (" ".join(words), *classes):
                if len(called_so) > _HEADED and not _ANY_COURSE.fullmatch(called_so):
                    found[called_so].add(course.id)
    return {name: min(ids) for name, ids in found.items() if len(ids) == 1 and name not in taken}


def without_place(group: TrainingClass, catalogue: Catalogue) -> str:
    """拖拉机下乡班 of 马场乡拖拉机下乡班: the name of a class without where it is held."""
    place = catalogue.organisations.get(group.organisation)
    town = _TOWN.match(place.name) if place else None
    name = group.name_alone
    for text in (place.name if place else "", town["town"] if town else ""):
        if text and name.startswith(text) and len(name) - len(text) > 2:
            return name[len(text) :]
    return name


def called(folded: str, groups: Iterable[TrainingClass], catalogue: Catalogue) -> list[TrainingClass]:
    """Of some classes those that a text calls by a name of their own, which is not that of their course (亲子烘焙 beside 烘焙):
    of several, the longest names."""
    said = [(len(name), group) for group in groups for name in _own_names(group, catalogue) if name in folded]
    longest = max((length for length, _ in said), default=0)
    return list(dict.fromkeys(group for length, group in said if length == longest))


def _own_names(group: TrainingClass, catalogue: Catalogue) -> Set[str]:
    """亲子烘焙, 亲子烘焙周末班 and the whole of 亲子烘焙周末班（学院）."""
    course, chinese = catalogue.courses.get(group.course), catalogue.classes[group.id]
    own = chinese.plain_name, chinese.name_alone, without_place(chinese, catalogue)
    return _folded(chinese.name, own, (course.name, *course.aliases) if course else ())


@lru_cache(4096)
def _folded(name: str, own: tuple[str, ...], of_course: tuple[str, ...]) -> Set[str]:
    course = {fold(f"{each}{ending}") for each in of_course for ending in ("", "班", "课")}
    return ({*map(fold, own)} - course) | {fold(name)}


# A place of ours by its kind, behind two characters that are its name, and no word for any of them.
_SOME = "[个的们家近所间座在去到从离是住有和每各本哪这那新老总给帮跟由为让请小找问进向及或说把立办排选满借来了想递全设坐算张写搜里]"
_ANY_PLACE = (
    "社区|街道|附近|所有|本地|最近|教学|村级|居民|乡镇|老年|成人|全区|全部|哪些|什么|多少|隔壁|其他|其它|学习|智慧|文明|和谐|农村|城市|老旧|志愿|基层|当地|周边|两级|三级|学院"
    "|城乡|一些|某某|市民|今天|明天|昨天|周末|上午|下午|晚上|早上|中午|你好|您好|麻烦|请问"
)
_A_PLACE = re.compile(
    f"(?!{_SOME})(?P<name>[一-鿿]{{2}})(?<!{_SOME})(?<!{_ANY_PLACE})(?:(?:街道|社区|[镇乡村路])?(?:教学站点|站点|教学点|学习点|居民学校|社区学校|成人学校|老年学校|分校|校区)"
    "|街道(?!学校|社区|[上边两])|(?:社区|镇)(?=[几怎咋哪今明周的有能可今离电]|在哪|开门|$))"
)


def places_by_kind(folded: str, catalogue: Catalogue) -> list[str] | None:
    """梅溪站点, 海棠街道: the places on record that may be meant where a message names one by its kind; None where it does not."""
    found = _A_PLACE.search(folded)
    if found is None:
        return None
    places = catalogue.organisations.values()
    return [each.id for each in places if any(found["name"] in name for name in (each.name, *each.aliases))]


def names_unknown_place(folded: str, catalogue: Catalogue) -> bool:
    """海棠街道, 江北校区: whether a message names a place by its kind, and none on record is called so."""
    return places_by_kind(folded, catalogue) == []
