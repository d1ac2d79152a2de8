"""What residents ask, in their words and in others: the right topic, an answer, and never a wrong one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daoxue.app import App
from tests.talk import Resident

HERE = Path(__file__).parent
# What DOMAIN.md gives to a person at once.
PERSON = ("记到别人卡上", "东西没拿到，怎么回事", "我要投诉", "态度特别差", "身份证号怎么在网上", "转人工", "找个真人")


def rows(name: str) -> Iterator[tuple[str, str]]:
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        topic, _, text = line.partition("\t")
        yield topic, text


@pytest.mark.parametrize(("topic", "question"), list(rows("questions.tsv")))
async def test_the_sixty_questions(topic: str, question: str, app: App) -> None:
    receipt = await Resident(app).receipt(question)
    said = "".join(answer.message.reply.text for answer in receipt.answers)
    assert receipt.state.topic == topic
    assert said
    assert "您是想问" not in said
    assert "没有把握" not in said
    assert (receipt.ticket is not None) == any(part in question for part in PERSON)


async def test_paraphrases_dialect_and_slips(app: App) -> None:
    """Nearly all are understood; the rest are asked back or declined, not answered wrongly."""
    total = right = wrong = 0
    for topic, question in rows("paraphrases.tsv"):
        receipt = await Resident(app).receipt(question)
        said = "".join(answer.message.reply.text for answer in receipt.answers)
        asked_back = "您是想问" in said or "没有把握" in said
        total += 1
        right += receipt.state.topic == topic
        wrong += receipt.state.topic != topic and not asked_back
    assert right / total >= 0.97
    assert wrong / total <= 0.02
