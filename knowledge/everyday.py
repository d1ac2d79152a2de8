"""What people call what is taught, beside its titles: 修电路 is what an electrician's course teaches, wherever it is taught.

`everyday.tsv` is ours, as the standard questions are: a subject, what else titles call it, and what people say. Which course
teaches a subject, or that none does, is read from each centre's own catalogue.
"""

import re
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache, lru_cache
from pathlib import Path

from msgspec import Struct

from knowledge.catalogue import Catalogue
from nlu.gazetteer import Gazetteer, Mention, Name
from nlu.text import fold

FILE = Path(__file__).with_suffix(".tsv")
_BETWEEN = re.compile(
    "[与和及、,·]"
)  # of two subjects in a title both are taught: 书法与国画; of two words the last: 手机摄影
# Words of titles that people say in any matter.
_ALSO_OTHERWISE = frozenset((
    "微信", "电子书", "看网课", "键盘", "打字", "农民培训", "发朋友圈", "幻灯片", "微信支付", "手机应用", "手机使用", "用电脑", "健康", "直播", "视频", "上网",
    "理财", "收藏",
))  # fmt: skip

Ranking = Callable[[str, Sequence[str]], Sequence[tuple[str, float]]]  # the likeliest subjects of a text and its parts
_LACKS = re.compile(
    "[不没]"
)  # 不识字, 毛笔写不直: what may be said of oneself, and makes no subject of what nobody teaches
_VERBS = "学做打烤包蒸炒弹拉吹唱跳写画种养修剪捏绣编织"
_DONE = re.compile("^[学做练弄]")
_LIKELY = 0.2
_HOW = ("咋", "怎么", "怎样", "咋个", "如何")  # as it is said in one place and another; the table has the first


class Subject(Struct, frozen=True):
    """`titles` are the words by which a title tells that it is this; `said` what people say who want to learn it."""

    name: str
    titles: tuple[str, ...]
    said: tuple[str, ...]


class Said(Struct, frozen=True):
    """A subject that a text speaks of, with the courses that teach it here: none may. `is_title` tells a word of titles from
    what people say."""

    subject: str
    is_title: bool
    courses: tuple[str, ...]
    start: int
    end: int


@cache
def subjects() -> tuple[Subject, ...]:
    """All that we know."""
    rows = [line.split("\t") for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return tuple(Subject(name, (name, *_list(titles)), _list(said)) for name, titles, said in rows)


class Everyday:
    """The subjects as the courses of one catalogue teach them. `ranked` tells what a course is that no title tells."""

    def __init__(self, catalogue: Catalogue, ranked: Ranking | None = None) -> None:
        self._courses, self._lessons = _taught(catalogue, ranked), _in_lessons(catalogue)
        self._told = {
            id: "，".join((*each.aliases, each.summary, *(lesson.title for lesson in each.lessons)))
            for id, each in catalogue.courses.items()
        }
        self._taken = {fold(text) for each in catalogue.courses.values() for text in (each.name, *each.aliases)}

    def courses(self, subject: str) -> tuple[str, ...]:
        """Those that teach a subject; none may."""
        return self._courses.get(subject, ())

    def in_a_lesson(self, subject: str) -> tuple[str, ...]:
        """The courses on something else that have a lesson on it."""
        return self._lessons.get(subject, ())

    def of_a_word(self, word: str) -> str | None:
        """蛋糕, or 烤蛋糕 where only 做蛋糕 is said: the only subject of which so much is said; None where there is none, or more."""
        bare = word[1:] if word[0] in _VERBS and len(word) > 2 else word
        alike = {word, bare, *(f"{verb}{bare}" for verb in _VERBS)}
        found = {name for text in alike for name in _meanings().get(text, ())}
        return found.pop() if len(found) == 1 else None

    def said(self, folded: str) -> list[Said]:
        """The subjects that a folded text speaks of, by position; 不识字 speaks of none."""
        found = [each for each in _mentioned(folded) if not folded.endswith(("不", "没"), 0, each.start)]
        meant = ((each, self._meant(each.id)) for each in found)
        said = [(each.exact, self._found(each.id, names, each.start, each.end)) for each, names in meant if names]
        return [
            found for exact, found in said if exact or found.courses
        ]  # 学完管不管 is no 弯管: what is heard is taught

    def _meant(self, text: str) -> list[str]:
        """What it may be: of two things what is taught of them, for that neither is can be said of one alone."""
        names = set() if text in self._taken else _meanings()[text]
        taught = sorted(names & self._courses.keys())
        return taught or ([*names] if len(names) == 1 and not _LACKS.search(text) else [])

    def _found(self, text: str, names: Sequence[str], start: int, end: int) -> Said:
        courses = dict.fromkeys(id for name in names for id in self._courses.get(name, ()))
        if not courses and len(what := _DONE.sub("", text)) > 1:  # 做幻灯片: a lesson of a course on something else
            courses = dict.fromkeys(id for id, told in self._told.items() if what in told)
        return Said(names[0], text in _of_titles(), tuple(courses), start, end)


@cache
def _meanings() -> Mapping[str, Set[str]]:
    found: dict[str, set[str]] = {}
    for each in subjects():
        for text in (*each.titles, *each.said):
            found.setdefault(text, set()).add(each.name)
    return found


@cache
def _of_titles() -> Mapping[str, Set[str]]:
    """The subjects that each word of titles tells."""
    found: dict[str, set[str]] = {}
    for each in subjects():
        for text in each.titles:
            found.setdefault(text, set()).add(each.name)
    return found


@lru_cache(2048)  # what residents ask again and again is looked for once
def _mentioned(folded: str) -> Sequence[Mention]:
    return _names().find(folded)


@cache
def _names() -> Gazetteer:
    texts = dict.fromkeys(text for each in subjects() for text in (*each.titles, *each.said))
    # 学太极, where 太极 is one, would end in the midst of 学太极扇.
    twice = {text for text in texts if text[0] == "学" and text[1:] in texts}
    known = [text for text in texts if text not in _ALSO_OTHERWISE and text not in twice]
    return Gazetteer(Name("subject", text, text.replace("咋", how)) for text in known for how in _HOW)


def _in_lessons(catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """The courses that have a lesson of its own on a subject: 打车, of one on telephones."""
    having: dict[str, dict[str, None]] = {}
    for id, course in catalogue.courses.items():
        for lesson in course.lessons:
            for name in _own_names().get(fold(lesson.title), ()):
                having.setdefault(name, {})[id] = None
    return {name: tuple(ids) for name, ids in having.items()}


def _taught(catalogue: Catalogue, ranked: Ranking | None) -> Mapping[str, tuple[str, ...]]:
    """The courses that teach each subject which is taught."""
    names: dict[str, list[str]] = {id: [each.name] for id, each in catalogue.courses.items()}
    for group in catalogue.classes.values():
        if group.course in names:
            names[group.course].append(group.plain_name)
    found: dict[str, dict[str, None]] = {}
    for id, titles in names.items():
        aliases = {*catalogue.courses[id].aliases}
        of_it = {name for title in titles for name in _subjects_of(title)}
        of_it = of_it or {name for text in aliases for name in _own_names().get(text, ())}
        of_it |= {each.name for each in subjects()} & aliases
        if not of_it and ranked is not None:
            likely = ranked(titles[0], [catalogue.courses[id].summary, *aliases])
            of_it = {name for name, probability in likely if probability >= _LIKELY}
        for name in of_it:
            found.setdefault(name, {})[id] = None
    return {name: tuple(ids) for name, ids in found.items()}


@cache
def _own_names() -> Mapping[str, Set[str]]:
    """What titles and people call one subject and no other: 戏曲 is several."""
    meant = _meanings().items()
    return {text: names if len(names) == 1 else {text} for text, names in meant if len(names) == 1 or text in names}


@lru_cache(4096)
def _subjects_of(title: str) -> Set[str]:
    """What a title says that is taught: of a compound its last word, and what shares a part with that."""
    told = set()
    for part in _BETWEEN.split(title):
        spans = [
            (at, end) for at in range(len(part)) for end in range(at + 2, len(part) + 1) if part[at:end] in _of_titles()
        ]
        last = max(((end, at) for at, end in spans), default=(0, 0))[1]
        told |= {name for at, end in spans if end > last for name in _of_titles()[part[at:end]]}
    return told


def _list(words: str) -> tuple[str, ...]:
    return tuple(filter(None, words.split("、")))
