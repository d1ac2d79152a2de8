"""Understanding as a whole: alone or in a crowd the same, and forgiving where a character went wrong."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.comprehension import Comprehension, Understanding
from bot.messages import LONGEST
from daoxue.app import App
from daoxue.model import load, topics
from nlu import encoder
from nlu.text import syllables

TODAY = date(2026, 11, 20)
HERE = Path(__file__).parent


def questions() -> Iterator[tuple[str, str]]:
    for name in ("questions.tsv", "paraphrases.tsv"):
        for line in (HERE / name).read_text(encoding="utf-8").splitlines():
            topic, _, text = line.partition("\t")
            yield topic, text


def another(app: App) -> Comprehension:
    """One that remembers nothing yet."""
    return Comprehension(load(Path(app.config.nlu.folder), encoder.load("use"), print), topics(), app.library)


def same(one: Understanding, other: Understanding) -> bool:
    """To the last bit but for the order in which numbers were added up."""
    return (
        one.entities == other.entities
        and abs(one.inside - other.inside) < 1e-5
        and [(each.intent, each.entry) for each in one.candidates if each.score > 0.06]
        == [(each.intent, each.entry) for each in other.candidates if each.score > 0.06]
        and all(abs(a.score - b.score) < 1e-5 for a, b in zip(one.candidates, other.candidates, strict=False))
    )


async def test_in_a_crowd_as_alone(app: App) -> None:
    texts = [text for _, text in questions()]
    crowd, alone = another(app), another(app)
    together = await asyncio.gather(*(crowd.together(text, TODAY) for text in texts))
    assert [
        text for text, heard in zip(texts, together, strict=True) if not same(heard, alone.understand(text, TODAY))
    ] == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_anything_in_a_crowd_as_alone(app: App, texts: list[str]) -> None:
    async def meet() -> list[Understanding]:
        return list(await asyncio.gather(*(app.comprehension.together(text, TODAY) for text in texts)))

    for text, heard in zip(texts, asyncio.run(meet()), strict=True):
        assert heard.text == text
        assert 0 <= heard.inside <= 1
        assert all(0 <= each.score <= 1 for each in heard.candidates)
        assert [each.score for each in heard.candidates] == sorted(
            (each.score for each in heard.candidates), reverse=True
        )


async def test_a_text_that_cannot_be_understood_is_its_own_trouble(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = another(app)
    real = fresh._understand  # whatever might go wrong in there

    def breaks(texts: list[str], today: date) -> None:
        if "坏" in texts:
            raise ValueError("坏")
        real(texts, today)

    monkeypatch.setattr(fresh, "_understand", breaks)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    fine, broken = await asyncio.gather(
        fresh.together("怎么报名", TODAY), fresh.together("坏", TODAY), return_exceptions=True
    )
    assert isinstance(fine, Understanding)
    assert fine.candidates
    assert isinstance(broken, ValueError)


async def test_who_stops_waiting_takes_nobody_with_them(app: App) -> None:
    fresh = another(app)
    leaving, staying = (asyncio.create_task(fresh.together(text, TODAY)) for text in ("怎么报名", "几点开门"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).best is not None
    assert leaving.cancelled()


def test_what_is_too_long_means_nothing_but_names_things(app: App) -> None:
    heard = app.comprehension.understand("怎么报名书法班" * (LONGEST // 7 + 1), TODAY)
    assert heard.candidates == ()
    assert heard.first("course") is not None


def test_halves_are_questions_of_their_own(app: App) -> None:
    assert app.comprehension.understand("学分怎么算的，你们几点开门？", TODAY).halves() == [
        "学分怎么算的",
        "你们几点开门",
    ]
    plain = app.comprehension.understand("积分会过期吗？", TODAY)
    assert plain.best is not None
    assert plain.best.score >= plain.lines.sure
    assert plain.halves() == []


def _homophones(app: App) -> dict[str, list[str]]:
    """The characters of our own texts by how they sound."""
    written = Counter("".join(entry.answer + "".join(entry.questions) for entry in app.library.entries.values()))
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for char in written:
        if "一" <= char <= "鿿":
            alike[syllables(char)[0]].append(char)
    return alike


def _slipped(text: str, times: int, instead: Callable[[str], list[str]], dice: random.Random) -> str | None:
    """The text with so many characters replaced; None where too little of it would be left."""
    places = [place for place, char in enumerate(text) if "一" <= char <= "鿿" and len(instead(char)) > 1]
    if len(places) < times + 3:
        return None
    chars = list(text)
    for place in dice.sample(places, times):
        chars[place] = dice.choice([char for char in instead(chars[place]) if char != chars[place]])
    return "".join(chars)


@pytest.mark.parametrize(
    ("sounding", "times", "right_at_least"), [(True, 1, 0.96), (True, 2, 0.94), (False, 1, 0.96), (False, 2, 0.92)]
)
def test_a_slip_changes_little_and_invents_nothing(sounding: bool, times: int, right_at_least: float, app: App) -> None:
    """A wrong character, of the same sound (a recogniser's, a pinyin keyboard's) or any: the topic stays, and what is
    not understood any more is asked about, not answered wrongly."""
    alike, dice = _homophones(app), random.Random(7)
    anything = [chr(code) for code in range(0x4E00, 0x9FA5, 97)]
    instead = (lambda char: alike[syllables(char)[0]]) if sounding else (lambda _: anything)
    total = right = wrong = 0
    for topic, question in questions():
        for _ in range(2):
            if (text := _slipped(question, times, instead, dice)) is None:
                continue
            heard = app.comprehension.understand(text, TODAY)
            best = heard.best
            total += 1
            right += heard.topic == topic
            wrong += best is not None and best.topic != topic and best.score >= heard.lines.likely
    assert right / total >= right_at_least
    assert wrong / total <= 0.04
