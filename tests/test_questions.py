"""What residents ask, in their words and in others: the right topic, an answer, and never a wrong one."""

from collections.abc import Iterator
from pathlib import Path

from daoxue.app import App
from tests.talk import Resident

HERE = Path(__file__).parent
# What DOMAIN.md gives to a person at once.
PERSON = ("记到别人卡上", "东西没拿到，怎么回事", "我要投诉", "态度特别差", "身份证号怎么在网上", "转人工", "找个真人")


def rows(name: str) -> Iterator[tuple[str, str]]:
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        topic, _, text = line.partition("\t")
        yield topic, text


async def test_the_sixty_questions(app: App) -> None:
    for topic, question in rows("questions.tsv"):
        receipt = await Resident(app).receipt(question)
        said = "".join(answer.message.reply.text for answer in receipt.answers)
        assert receipt.state.topic == topic, question
        assert said, question
        assert "您是想问" not in said, question
        assert "没有把握" not in said, question
        assert (receipt.ticket is not None) == any(part in question for part in PERSON), question


# Paraphrases that are answered as something else, so far: what is mended is taken out, and none comes in.
ASTRAY = {"有什么课好学一点", "一个微课要看多长时间"}


async def test_paraphrases_dialect_and_slips(app: App) -> None:
    """All others are understood."""
    astray = set()
    for topic, question in rows("paraphrases.tsv"):
        receipt = await Resident(app).receipt(question)
        if receipt.state.topic != topic:
            astray.add(question)
    assert astray == ASTRAY
