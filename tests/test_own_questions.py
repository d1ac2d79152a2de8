"""Questions that a centre wrote itself: found in other words, never for another number, refused where they only look alike."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.search import Centres, by_label, error, learn, outcomes, pools, strangers_of
from daoxue.app import App
from daoxue.config import Config
from daoxue.sample import save
from knowledge.entries import Entry
from knowledge.files import Content
from knowledge.library import Library
from knowledge.meaning import PORTION
from knowledge.search import Hit, KnowledgeIndex, by_variants
from knowledge.sureness import MEANING, WORDS, Weights
from nlu.encoder import Encoder, Remembering, Use
from nlu.features import read
from nlu.questions import read as read_data
from store.database import Database
from tests.talk import Resident

LIKELY, SURE = 0.5, 0.9
TODAY = date(2026, 11, 20)
OWN = {
    "own-kiln": ("陶艺室什么时候开窑", "烧好的陶器哪天能取"),
    "own-charger": ("电动车在哪里充电", "院子里有充电桩吗"),
    "own-piano": ("钢琴房怎么预约", "琴房可以借用吗", "我想借琴房练琴"),
    "own-stars": ("天文台晚上能看星星吗",),
    "own-locker": ("储物柜钥匙丢了怎么办", "存包柜打不开了"),
    "own-photo": ("结业照什么时候拍",),
    "own-bus": ("流动图书车几号来我们小区", "图书大巴停在哪里"),
    "own-swap": ("旧书可以拿来换新书吗",),
    "own-window-3": ("3号窗口办什么业务",),
    "own-window-5": ("5号窗口办什么业务",),
}
ASKED = [
    ("own-kiln", "窑什么时候开啊"), ("own-kiln", "我烧的陶器啥时候可以拿"), ("own-charger", "电瓶车充电的地方在哪"), ("own-charger", "你们院里有冲电桩吗"),
    ("own-piano", "想借琴房怎么约"), ("own-piano", "钢琴房咋个预约嘛"), ("own-stars", "晚上可以去天文台看星星不"), ("own-stars", "天文台夜里能看星星伐"),
    ("own-locker", "柜子钥匙弄丢了"), ("own-locker", "储物柜要匙不见了咋整"), ("own-photo", "啥时候拍结业照"), ("own-photo", "结业兆什么时候派"),
    ("own-bus", "图书车哪天到我们小区"), ("own-swap", "看完的旧书能换新的不"), ("own-window-3", "三号窗口是办啥的"), ("own-window-5", "请问5号窗口办什么"),
]  # fmt: skip
NEAR = [
    "8号窗口办什么业务", "八号窗口办什么", "储物柜收费吗", "琴房墙上的画是谁画的", "天文台是哪年建的", "新书什么时候到", "图书车司机姓什么",
    "陶艺室的灯坏了", "量子力学是什么",
]  # fmt: skip


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Remembering(Use())


def entry(id: str, questions: Sequence[str], answer: str = "") -> Entry:
    told = answer or f"这是{id}的回答。"
    return Entry(
        id=id, topic="site_hours", questions=tuple(questions), answer=told, spoken=told, sms=told, source="办公室",
        owner="办公室", valid_from=date(2026, 1, 1), valid_until=date(2030, 1, 1),
    )  # fmt: skip


def built(entries: Mapping[str, Sequence[str]], encoder: Encoder | None) -> KnowledgeIndex:
    search = KnowledgeIndex(by_variants(entries.items()), encoder)
    while search.meaning is not None and not search.meaning.complete:
        search.meaning.read()
    return search


def hits(search: KnowledgeIndex, text: str, encoder: Encoder | None) -> list[Hit]:
    reading = read(text)
    [found] = search.search([reading], 8, encoder.encode([reading.text]) if encoder else None)
    return found


@pytest.fixture(params=["words", "meaning"])
def either(request: pytest.FixtureRequest, encoder: Encoder) -> Encoder | None:
    return encoder if request.param == "meaning" else None


def test_the_paraphrase_is_found_and_the_stranger_is_not(encoder: Encoder) -> None:
    search = built(OWN, encoder)
    found = {text: hits(search, text, encoder) for _, text in ASKED}
    assert [text for id, text in ASKED if found[text][0].id != id] == []
    assert [text for text, each in found.items() if each[0].score < LIKELY] == []
    assert [text for text in NEAR if (each := hits(search, text, encoder)) and each[0].score >= SURE] == []


def test_words_alone_find_most_of_them() -> None:
    search = built(OWN, None)
    assert sum(hits(search, text, None)[0].id == id for id, text in ASKED) >= len(ASKED) - 2
    assert hits(search, "quantum", None) == []
    assert KnowledgeIndex([]).search([read("积分")], 10) == [[]]
    assert search.search([], 10) == []


NUMBERED = st.sampled_from(["{}号楼在哪里", "{}路车到你们那里吗", "{}年的招生简章", "学费{}元能退吗", "{}岁能报名吗", "{}号窗口办什么",
                            "{}室怎么走", "第{}期什么时候开班", "{}月1日开门吗", "表{}怎么填"])  # fmt: skip
NUMBER = st.integers(min_value=1, max_value=40)


@settings(max_examples=60, deadline=None)
@given(NUMBERED, st.lists(NUMBER, min_size=2, max_size=6, unique=True), st.booleans())
def test_what_differs_in_a_number_only_is_never_said_for_the_other(
    encoder: Encoder, question: str, numbers: list[int], meaning: bool
) -> None:
    written = {str(n): (question.format(n + 2000 if "年" in question else n),) for n in numbers}
    reader = encoder if meaning else None
    search = built(dict(list(written.items())[1:]), reader)
    for id, (text,) in written.items():
        assert [hit.id for hit in hits(search, text, reader)] == ([id] if id != str(numbers[0]) else [])


def test_numerals_count_alike(either: Encoder | None) -> None:
    search = built({"3": ("3号楼在哪里",), "12": ("十二号楼在哪里",), "302": ("三零二室在哪",)}, either)
    for text, id in (("三号楼在哪", "3"), ("12号楼在哪里", "12"), ("302室在哪", "302")):
        assert hits(search, text, either)[0].id == id
    assert hits(search, "13号楼在哪里", either) == []


def test_no_number_is_a_tie(either: Encoder | None) -> None:
    lines = {f"line-{n}": (f"{n}路公交到学院吗",) for n in (3, 5, 8, 103, 105, 203)}
    search = built(lines, either)
    found = hits(search, "公交到学院吗", either)
    assert {hit.id for hit in found} == set(lines)
    assert {hit.score for hit in found} == {found[0].score}
    assert sum(hit.score for hit in found) <= 1 + 1e-9
    assert [hit.id for hit in hits(search, "103路公交到学院吗", either)] == ["line-103"]
    both = hits(search, "3路和5路公交到学院吗", either)
    assert {hit.id for hit in both} == {"line-3", "line-5"}


def test_several_numbers_of_a_kind() -> None:
    assert read("3路和五路到不到").numbers == {"line": frozenset({"3", "5"})}
    search = built({"a": ("坐3路和5路能到吗",), "b": ("坐3路和7路能到吗",)}, None)
    assert [hit.id for hit in hits(search, "坐3路和5路能到吗", None)] == ["a"]
    assert [hit.id for hit in hits(search, "坐7路和3路能到吗", None)] == ["b"]
    assert {hit.id for hit in hits(search, "坐3路能到吗", None)} == {"a", "b"}


@pytest.mark.parametrize(("meaning", "weights"), [(False, WORDS), (True, MEANING)])
def test_the_weights_are_what_is_learnt_and_the_probability_is_honest(
    encoder: Encoder, meaning: bool, weights: Weights
) -> None:
    """On a part of what `python -m benchmarks.search` does."""
    data, reader = read_data(), encoder if meaning else None
    first, second, strange = pools(data)
    sizes = {5: 3, 15: 3, 40: 2}
    learnt = learn(Centres(data, first, strange, by_label(data.examples), 1, sizes).cases(reader))
    held = Centres(data, second, strange, by_label(strangers_of(data)), 2, sizes).cases(reader)
    (sure, right), (again, _) = outcomes(held, weights), outcomes(held, learnt)
    assert np.abs(sure - again).mean() < 0.06
    assert error(sure, right) < 0.08
    assert right[sure > 0.5].mean() > 0.6


class Slow:
    """Points at random, counted."""

    name, size = "slow", 8
    source: tuple[str, ...] = ("slow",)

    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.read += texts
        return np.full((len(texts), self.size), self.size**-0.5, dtype=np.float32)


def test_only_what_is_new_is_read() -> None:
    slow = Slow()
    texts = [(f"e{n}", f"第{n}个问题怎么办理") for n in range(PORTION * 2)]
    first = built({id: (text,) for id, text in texts}, slow)
    assert len(slow.read) == len(texts)
    second = KnowledgeIndex([*texts[5:], ("new", "新开的陶艺馆在哪")], slow, first)
    assert second.meaning is not None
    second.meaning.read()
    assert second.meaning.complete
    assert slow.read[len(texts) :] == ["新开的陶艺馆在哪"]


def test_until_it_is_read_words_decide() -> None:
    slow = Slow()
    search = KnowledgeIndex([(f"e{n}", text) for n, text in enumerate(["积分会过期吗", "怎么报名"] * PORTION)], slow)
    words = KnowledgeIndex([("a", "积分会过期吗"), ("b", "怎么报名")])
    assert hits(search, "积分会过期吗", slow)[0].id == "e0"
    assert hits(words, "积分会过期吗", None)[0].score > SURE


def test_a_text_is_read_once_a_question() -> None:
    slow = Slow()
    remembering = Remembering(slow)
    first = remembering.encode(["甲", "乙", "甲"])
    second = remembering.encode(["乙", "丙"])
    assert slow.read == ["甲", "乙", "丙"]
    assert (first.shape, second.shape, remembering.encode([]).shape) == ((3, 8), (2, 8), (0, 8))


@pytest.fixture
async def own(app: App) -> App:
    save(app.database, Content([entry(id, questions) for id, questions in OWN.items()], []), "test")
    await app.library.refresh()
    return app


async def test_own_questions_are_answered_in_other_words(own: App) -> None:
    told = {text: await Resident(own).say(text) for _, text in ASKED}
    answered = [text for id, text in ASKED if f"这是{id}的回答" in told[text]]
    assert len(answered) >= len(ASKED) * 0.6, told
    offered = [text for id, text in ASKED if text not in answered and OWN[id][0] in told[text]]
    assert len(answered) + len(offered) == len(ASKED), told


async def test_what_only_looks_like_an_own_question_is_not_answered_with_it(own: App) -> None:
    for text in NEAR:
        assert "的回答" not in await Resident(own).say(text), text


async def test_a_tie_is_asked_about(own: App) -> None:
    told = await Resident(own).say("窗口办什么业务")
    assert "的回答" not in told
    assert "3号窗口办什么业务" in told
    assert "5号窗口办什么业务" in told


async def test_a_date_makes_another_question(app: App) -> None:
    dates = [entry("may", ["5月1日放假吗"], "五一放假。"), entry("october", ["10月1日放假吗"], "国庆放假。")]
    save(app.database, Content(dates, []), "test")
    assert "五一放假" in await Resident(app).say("5月1日放假吗")
    assert "国庆放假" in await Resident(app).say("10月1日放假吗")


async def test_what_does_not_hold_any_more_is_not_in_the_way(app: App) -> None:
    old = entry("old", ["陶艺馆怎么走"], "在老校区。")
    save(app.database, Content([replaced(old), entry("new", ["陶艺馆怎么走"], "在三楼。")], []), "test")
    assert "在三楼" in await Resident(app).say("陶艺馆怎么走")


def replaced(old: Entry) -> Entry:
    return Entry(**{**{name: getattr(old, name) for name in old.__struct_fields__}, "valid_until": date(2026, 2, 1)})


@pytest.mark.parametrize("texts", [1, PORTION * 2])
async def test_where_the_encoder_fails_words_decide_and_it_is_logged(
    config: Config, texts: int, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Slow):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if len(self.read) >= PORTION or len(texts) == 1:
                raise RuntimeError("out of memory")
            return super().encode(texts)

    database = Database(config.database.url)
    entries = [entry(f"own-{n}", [f"{chr(0x4E00 + n * 7)}号陶艺馆怎么走"]) for n in range(texts)]
    save(database, Content(entries, []), "test")
    library = Library(database, (), Broken())
    await library.refresh()
    async with asyncio.timeout(10):
        while not library.state[1]:  # noqa: ASYNC110 - what waits for it is every question
            await asyncio.sleep(0.01)
    assert "encoder failed" in caplog.text
    assert library.search(entries[-1].questions[0], TODAY)[0].id == entries[-1].id
    database.close()


async def test_many_are_read_while_residents_ask(app: App) -> None:
    many = [
        entry(f"many-{n}", [f"{chr(0x4E00 + n * 7)}{chr(0x5000 + n * 11)}活动在哪里办"]) for n in range(PORTION * 3)
    ]
    save(app.database, Content(many, []), "test")
    await app.library.refresh()
    assert not app.library.state[1]
    async with asyncio.timeout(30):
        while not app.library.state[1]:  # noqa: ASYNC110 - what waits for it is every question
            await asyncio.sleep(0.01)
    assert many[-1].answer in await Resident(app).say(many[-1].questions[0])
