"""What a message means, as far as the text alone tells: candidates with the probability that each is right, entities,
topic, red line.

A candidate is an intent (a handler answers), a standard question (an entry of this centre answers it, or none yet), or a
question of the centre's own. The classifier knows the first two; the third are found by what is nearest.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from bot.claiming import claim
from bot.denials import is_busy, refuses
from bot.messages import LONGEST
from bot.names import names_of, services_in
from knowledge.activities import MEANT, Subjects
from knowledge.catalogue import Catalogue
from knowledge.library import Library
from knowledge.search import Hit
from nlu import entities, reproach
from nlu.classifier import Classifier
from nlu.entities import Entity
from nlu.features import essence, of_essence
from nlu.gazetteer import Gazetteer
from nlu.judgement import BUDGET, NO, Budget, Lines, Ranked, Verdict
from nlu.questions import FAQ, OTHER
from nlu.text import fold, without_fillers

_Words = tuple[str, tuple[str, ...]]
REMEMBERED = 4096  # texts, 15 MB of them; what residents ask is much the same, and buttons say the same to the letter
FAINT = 0.01  # what is no likelier is no candidate
BRIEF = 30  # characters: what two questions have at most that are said in one breath
MOST = 8  # candidates of a text


class Candidate(Struct, frozen=True, gc=False):
    """`intent` names a handler; or `question` a standard one, and `entry` what answers it here, if anything does; or
    `entry` alone a question of this centre's own. `score` is the probability that it is what is asked."""

    score: float
    topic: str
    intent: str | None = None
    entry: str | None = None
    question: str | None = None


class Understanding(Struct, frozen=True):
    """`candidates` best first; `inside` is the probability that we have an answer to it, `topic` what it is about though
    nothing of ours be meant, with the probability of that; `red` the likeliest red line and `move` the likeliest move in a talk. `lines` are those that
    its candidates are measured by. `hinted` is the activity to come that a word of its name hints at."""

    text: str
    folded: str
    entities: tuple[Entity, ...]
    candidates: tuple[Candidate, ...]
    inside: float
    topic: str
    topic_probability: float
    red: Ranked
    move: Ranked
    lines: Lines
    hinted: str = ""

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None

    def values(self, kind: str) -> list[str]:
        return [entity.value for entity in self.entities if entity.kind == kind and not self.denies(entity)]

    def denies(self, entity: Entity) -> bool:
        """不是书法，是国画: what stands behind the not is not meant, nor what stands before it: 学院太远, 电脑我不学; 白天要带孙子 is
        no wish to learn it. A time says itself what it leaves out."""
        return is_busy(self.folded, entity) or self.refuses(entity)

    def refuses(self, entity: Entity) -> bool:
        """Whether it is named as what is not wished."""
        return refuses(self.folded, entity)

    def halves(self) -> list[str]:
        """The parts of a message that may be questions of their own: where it says so, or is not clear as a whole."""
        clear = self.best is not None and self.best.score >= self.lines.sure
        if clear and len(self.text) > BRIEF and not _ALSO.search(self.text):
            return []
        parts = [part.strip() for part in _SPLIT.split(self.text) if _WORDS.search(without_fillers(part.strip()))]
        return parts if 2 <= len(parts) <= (2 if clear and not _ALSO.search(self.text) else 3) else []

    @property
    def says_also(self) -> bool:
        """顺便, 另外: it says itself that it asks two things."""
        return _ALSO.search(self.text) is not None

    def first(self, kind: str) -> str | None:
        for entity in self.entities:
            if entity.kind == kind and not self.denies(entity):
                return entity.value
        return None

    def names(self, *kinds: str) -> bool:
        """Whether something of one of these kinds is named to the letter."""
        return any(each.exact and each.kind in kinds for each in self.entities)

    @property
    def named(self) -> set[str]:
        """The kinds of what is named to the letter, and meant."""
        return {each.kind for each in self.entities if each.exact and self.first(each.kind)}

    def renamed(self, name_of: Callable[[Entity], str | None]) -> str:
        """What is said with another name in the place of each that has one, and stands anywhere."""
        said, at = "", 0
        for each in sorted(self.entities, key=attrgetter("start")):
            if each.end and (name := name_of(each)) is not None:
                said, at = said + self.folded[at : each.start] + name, max(at, each.end)
        return said + self.folded[at:]

    def without(self, *kinds: str, exact: bool = False, by: str = "") -> str:
        """What is said but for the names, all or of these kinds, or those to the letter; `by` stands in their place."""

        def left_out(each: Entity) -> bool:
            return (not kinds or each.kind in kinds) and (each.exact or not exact)

        return self.renamed(lambda each: by if left_out(each) else None)


Waiting = tuple[str, asyncio.Future[None]]


class TextUnderstanding(Struct, frozen=True, gc=False):
    """What of an understanding depends on the words alone."""

    candidates: tuple[Candidate, ...]
    inside: float
    topic: str
    topic_probability: float
    red: Ranked
    move: Ranked


NOTHING = TextUnderstanding((), 0.0, "out_of_scope", 0.0, NO, NO)


class NluEngine(Protocol):
    """Another engine, elsewhere, that reads what the embedded one reads."""

    async def rank(self, texts: Sequence[str]) -> list[list[Ranked] | None]:
        """The likeliest labels of each text; None where it has no answer to rely on."""
        ...


class Comprehension:
    """Understands texts; keeps a gazetteer in step with the catalogue.

    `topics` maps intents to topics; `budget` says how much may go wrong. Where there is an `engine`, what it says of a
    text takes the place of what the embedded one would; red lines and topics are that one's all the same.
    """

    def __init__(
        self, classifier: Classifier, topics: Mapping[str, str], library: Library, budget: Budget = BUDGET,
        engine: NluEngine | None = None,
    ) -> None:  # fmt: skip
        self._classifier = classifier
        self._lines = classifier.lines(budget)
        self._topics = topics
        self._library = library
        self._engine = engine
        self._elsewhere: dict[str, list[Ranked]] = {}  # what the engine said of texts that are about to be understood
        self._asking: set[asyncio.Task[None]] = set()
        self._same: dict[str, set[str]] = {}
        for question in classifier.model.questions:
            for other in question.same:
                self._same.setdefault(FAQ + question.id, set()).add(other)
                self._same.setdefault(other, set()).add(FAQ + question.id)
        self._gazetteer, self._subjects = Gazetteer([]), Subjects([])
        self._named: tuple[Catalogue, date] | None = None
        self._known: tuple[tuple[int, bool], date] | None = None
        self._understood: dict[str, Understanding] = {}
        self._meant: dict[_Words, TextUnderstanding] = {}
        # Texts that are understood together in a moment, with who waits for each.
        self._gathered: list[Waiting] = []
        self.reproaches = reproach.reading(
            self._classifier
        )  # whether it is likely to complain of the person who hears it

    @property
    def intents(self) -> Collection[str]:
        """What handlers answer."""
        return self._topics.keys()

    async def together(self, text: str, today: date) -> Understanding:
        """`understand`, with all that others ask at the same moment: in a crowd that costs each a fraction of what it
        costs alone."""
        if self._knows(text, today) or len(text) > LONGEST:
            return self.understand(text, today)
        loop = asyncio.get_running_loop()
        if not self._gathered:
            loop.call_soon(self._take_gathered, today)
        done = loop.create_future()
        self._gathered.append((text, done))
        await done
        return self.understand(text, today)

    def _take_gathered(self, today: date) -> None:
        gathered, self._gathered = self._gathered, []
        if self._engine is None:
            self._understand_gathered(gathered, today)
            return
        asking = asyncio.get_running_loop().create_task(self._ask_elsewhere(self._engine, gathered, today))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    async def _ask_elsewhere(self, engine: NluEngine, gathered: Sequence[Waiting], today: date) -> None:
        new = dict.fromkeys(text for text, _ in gathered if not self._knows(text, today))
        texts = [text for text in new if self._words(_MASKED.sub("", fold(text))) not in self._meant]
        try:
            said = await engine.rank(texts) if texts else []
            self._elsewhere = {fold(text): ranked for text, ranked in zip(texts, said, strict=True) if ranked}
        finally:  # whatever became of that, nobody is left waiting
            self._understand_gathered(gathered, today)
            self._elsewhere = {}

    def _understand_gathered(self, gathered: Sequence[Waiting], today: date) -> None:
        texts = [text for text, _ in gathered]
        try:
            self._understand(texts, today)
            self._understand([half for text in texts for half in self._understood[text].halves()], today)
        finally:  # where that failed, each hears why from `understand`
            for _, done in gathered:
                if not done.done():  # whoever gave up waiting takes nobody with them
                    done.set_result(None)

    def understand(self, text: str, today: date) -> Understanding:
        """Pure for a given state of knowledge and day: what is asked again is understood at once, and what is asked
        again in the same words, with other numbers and courtesies, nearly so. What is too long to be a question may
        name things, and means nothing."""
        if not self._knows(text, today):
            self._understand([text] if len(text) <= LONGEST else [], today)
        if len(text) > LONGEST:
            folded = fold(text)
            return self._understanding(text, folded, entities.find(folded, self._gazetteer, today), NOTHING, today)
        return self._understood[text]

    @property
    def nearest(self) -> float:
        """How near in meaning two texts can be at most."""
        return 1.0 if self._classifier.encoder is not None else 0.0

    def likeness(self, text: str, others: Sequence[str]) -> list[float]:
        """How near in meaning each of some texts is to a first one, at most 1; nothing is, where no encoder reads them."""
        if self._classifier.encoder is None:
            return [0.0] * len(others)
        points = self._classifier.encoder.encode([text, *others])
        return [float(each) for each in points[1:] @ points[0]]

    def _knows(self, text: str, today: date) -> bool:
        return text in self._understood and self._known == (self._library.state, today)

    def _understand(self, texts: Sequence[str], today: date) -> None:
        """Remembers what they mean; forgets everything when we know other things, or that has become too much."""
        known = self._library.state, today
        if self._known != known or len(self._understood) + len(self._meant) >= REMEMBERED:
            self._name(self._library.catalogue, today)
            self._known = known
            self._understood.clear()
            self._meant.clear()
        new = {text: fold(text) for text in texts if text not in self._understood}
        words = {text: self._words(_MASKED.sub("", folded)) for text, folded in new.items()}
        self._learn({words[text]: folded for text, folded in new.items() if words[text] not in self._meant}, today)
        for text, folded in new.items():
            found = (*_days_by_name(entities.find(folded, self._gazetteer, today)), *services_in(folded))
            self._understood[text] = self._understanding(text, folded, found, self._meant[words[text]], today)

    def _name(self, catalogue: Catalogue, today: date) -> None:
        """What is named by texts: made anew when that has changed, and not with every entry."""
        if self._named is None or self._named[0] is not catalogue or self._named[1] != today:
            self._gazetteer = Gazetteer(names_of(catalogue, today))
            self._subjects = Subjects(catalogue.activities.values())
            self._named = catalogue, today

    def _words(self, folded: str) -> _Words:
        """What a text means by: its essence, and all its numbers where a question of the centre's own may differ in a
        date only."""
        return essence(folded), tuple(_DIGITS.findall(folded)) if self._library.has_questions else ()

    def _learn(self, folded: Mapping[_Words, str], today: date) -> None:
        """What texts mean, by their words."""
        readings = [of_essence(words[0], text) for words, text in folded.items()]
        verdicts = self._classifier.classify(readings, MOST)
        found = zip(folded.items(), verdicts, self._library.search_all(readings, today), strict=True)
        for (words, text), verdict, hits in found:
            if ranked := self._elsewhere.get(text):
                verdict = replace(verdict, ranked=tuple(ranked[:MOST]), confidence=ranked[0].probability)
            self._meant[words] = self._meaning(verdict, self._claimed(hits, text), today) if words[0] else NOTHING

    def _meaning(self, verdict: Verdict, owned: Sequence[Candidate], today: date) -> TextUnderstanding:
        found = [*owned]
        # Where a question of the centre's own is meant for certain, it is not the standard one beside it.
        own = max((each.score for each in found), default=0.0)
        left = 1 - own if own >= self._lines.sure else 1.0
        for each in verdict.ranked:
            if not each.label.startswith(OTHER):
                found.append(self._candidate(Ranked(each.label, each.probability * left), today))
        found = [each for each in self._joined(found) if each.score >= FAINT]
        found.sort(key=attrgetter("score"), reverse=True)
        return TextUnderstanding(
            tuple(_once(found)),
            verdict.inside,
            verdict.topic.label,
            verdict.topic.probability,
            verdict.red,
            verdict.move,
        )

    def _understanding(
        self, text: str, folded: str, found: tuple[Entity, ...], meaning: TextUnderstanding, today: date
    ) -> Understanding:
        spans = self._subjects.spans(folded)
        found = tuple(each for each in found if each.kind != "course" or not _is_within(each, spans))  # 手机义务维修
        # Named or only described, at no place in it.
        taught = any(entity.kind == "course" for entity in found)  # 书法班, which also writes at an activity
        called = {id: self._subjects.called(id, folded) for id in self._subjects.named(folded, MEANT)}
        called |= dict.fromkeys(spans.values(), True)
        found += tuple(Entity("activity", id, 0, 0, exact=exact) for id, exact in called.items() if exact or not taught)
        places = [each for each in found if each.kind == "org" and each.exact]  # 某某社区学校 is no 社区学校开放日
        hinted = self._subjects.hinted(_blanked(folded, places) if places else folded)
        to_come = hinted and self._library.catalogue.activities[hinted].last_day >= today
        return Understanding(
            text, folded, found, meaning.candidates, meaning.inside, meaning.topic, meaning.topic_probability, meaning.red,
            meaning.move, self._lines, hinted if to_come else "",
        )  # fmt: skip

    def _candidate(self, ranked: Ranked, today: date) -> Candidate:
        label, score = ranked.label, ranked.probability
        if not label.startswith(FAQ):
            return Candidate(score, self._topics[label], label)
        question = self._library.questions[label.removeprefix(FAQ)]
        entry = self._library.answer(question.id, today)
        return Candidate(
            score, entry.topic if entry else question.topic, None, entry.id if entry else None, question.id
        )

    def _joined(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Of those whose answers serve the same askers the likelier, with what the other has."""
        found: dict[str, Candidate] = {}
        for each in sorted(candidates, key=attrgetter("score"), reverse=True):
            label = FAQ + each.question if each.question else each.intent or f"={each.entry}"
            twin = next((other for other in self._same.get(label, ()) if other in found), None)
            if twin is None:
                found[label] = each
            else:
                found[twin] = replace(found[twin], score=min(1.0, found[twin].score + each.score))
        return list(found.values())

    def _claimed(self, hits: Sequence[Hit], folded: str) -> list[Candidate]:
        """The questions of the centre's own that are near a text, as far as they may claim it."""
        found = [(hit, self._library.entries[hit.id]) for hit in hits]
        return [
            Candidate(claim(entry, hit.score, folded, self._lines), entry.topic, entry=hit.id) for hit, entry in found
        ]


def _blanked(folded: str, names: Iterable[Entity]) -> str:
    for each in names:
        folded = folded[: each.start] + "，" * (each.end - each.start) + folded[each.end :]
    return folded


def _is_within(entity: Entity, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= entity.start and entity.end <= end for start, end in spans)


def _days_by_name(found: Sequence[Entity]) -> list[Entity]:
    """县庆, 苗年: days that the centre calls by a name are times, where no time is named that everybody knows."""
    known = any(each.kind == "when" for each in found)
    return [
        replace(each, kind="when") if each.kind == "day" else each
        for each in found
        if each.kind != "day" or (each.exact and not known)
    ]


def _once(candidates: Iterable[Candidate]) -> Iterable[Candidate]:
    """Each entry once: one may answer a standard question, and have questions of its own."""
    seen: set[str] = set()
    for candidate in candidates:
        if candidate.entry is None or candidate.entry not in seen:
            yield candidate
        seen.add(candidate.entry or "")


_DIGITS = re.compile(r"\d+")
_ALSO = re.compile(r"顺[便带道](?:再)?(?:问一下|问问|问|看看|看)?|另外|还有就是|还想问|再问(?:一下|问)?|对了")
_SPLIT = re.compile(rf"[,，。;；?？!！]+|{_ALSO.pattern}")
_WORDS = re.compile(r"[一-鿿]{3}|[a-z]{3}", re.IGNORECASE)
_MASKED = re.compile(r"\[(?:证件号|卡号|学习卡号|验证码)\]")
