"""Rasa as the engine: what it says is what is meant, and where it says nothing the embedded one answers."""

import asyncio
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks.rasa import real
from bot.comprehension import Comprehension, NluEngine
from daoxue import model
from daoxue.app import App
from desk.standards import asked_in_vain
from nlu.classifier import Classifier
from nlu.encoder import load
from nlu.judgement import Ranked
from tests.pages import every_command
from tests.service import ROOT

TODAY = date(2026, 11, 20)


def test_the_page_gives_rasa_what_it_is_given_here(tmp_path: Path) -> None:
    """What is tried where Rasa is installed (tests/test_real_rasa.py), in a project that its command makes."""
    lines = every_command("docs/rasa.md")
    asked = [line.partition(".venv-rasa/bin/rasa ")[2] for line in lines if ".venv-rasa/bin/rasa " in line]
    assert asked == [shlex.join(real.VALIDATE), shlex.join(real.TRAIN), shlex.join(real.SERVE) + ' "$RASA_TOKEN"']
    [made] = [line for line in lines if "benchmarks.rasa.project" in line]
    words = made.replace("var/rasa", str(tmp_path)).split()[1:]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert {"domain.yml", "data", "config.yml"} <= {path.name for path in tmp_path.iterdir()}
    assert (ROOT / "requirements/rasa.txt").is_file()


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
