"""Rasa as the engine: what it says is what is meant, and where it says nothing the embedded one answers."""

import asyncio
from collections.abc import Sequence
from datetime import date

from bot.comprehension import Comprehension, NluEngine
from daoxue import model
from daoxue.app import App
from desk.standards import asked_in_vain
from nlu.classifier import Classifier
from nlu.encoder import load
from nlu.judgement import Ranked

TODAY = date(2026, 11, 20)


class Says:
    """Says of every text the same, or fails."""

    def __init__(self, said: list[Ranked] | None) -> None:
        self.said, self.asked = said, list[str]()

    async def rank(self, texts: Sequence[str]) -> list[list[Ranked] | None]:
        self.asked += texts
        await asyncio.sleep(0)
        return [self.said for _ in texts]


def understanding(app: App, engine: NluEngine) -> Comprehension:
    classifier = Classifier.load(model.SHIPPED, load("none"))
    return Comprehension(classifier, model.topics(), app.library, engine=engine)


async def test_what_it_says_is_what_is_meant(app: App) -> None:
    engine = Says([Ranked("faq/parking", 0.9), Ranked("site_hours", 0.05)])
    comprehension = understanding(app, engine)
    heard = await comprehension.together("我那个四个轮子的搁哪块儿", TODAY)
    assert heard.best is not None
    assert (heard.best.question, heard.best.entry, heard.best.score) == ("parking", "parking", 0.9)
    await comprehension.together("我那个四个轮子的搁哪块儿", TODAY)
    assert engine.asked == ["我那个四个轮子的搁哪块儿"]  # what is known is not asked about again


async def test_the_desk_does_not_ask_it(app: App) -> None:
    engine = Says([Ranked("greeting", 1.0)])
    texts = ["能停车吗", "股票会涨吗"]
    await asked_in_vain(understanding(app, engine), texts, TODAY)
    assert engine.asked == []


async def test_a_red_line_is_read_here_whatever_it_says(app: App) -> None:
    comprehension = understanding(app, Says([Ranked("greeting", 1.0)]))
    assert (await comprehension.together("我爸晕倒了叫不醒", TODAY)).red.probability > 0.5


async def test_where_it_says_nothing_the_embedded_engine_answers(app: App) -> None:
    comprehension = understanding(app, Says(None))
    heard = await asyncio.gather(*(comprehension.together(text, TODAY) for text in ("能停车吗", "几点开门")))
    assert [each.best.intent or each.best.question for each in heard if each.best] == ["parking", "site_hours"]
