"""The centre's own questions with their answers as rows of a sheet, which `knowledge.conversion` takes back."""

from collections.abc import Iterable

from daoxue.workbook.cells import Cell
from daoxue.workbook.sheets import KINDS_OF_ENTRY
from knowledge.columns import in_lines
from knowledge.entries import Entry, following
from knowledge.topics import Topics


def shown(entries: Iterable[Entry], topics: Topics) -> list[dict[str, Cell]]:
    """A row each. What only repeats the answer stays empty, so that it follows when the answer is changed."""
    return [_row(following(entry), topics) for entry in entries]


def _row(entry: Entry, topics: Topics) -> dict[str, Cell]:
    english = entry.en
    said: dict[str, str | None] = {
        "id": entry.id,
        "topic": topics[entry.topic].zh if entry.topic in topics else entry.topic,
        "kind": KINDS_OF_ENTRY[entry.kind],
        "questions": in_lines(entry.questions),
        "answer": entry.answer,
        "spoken": entry.spoken,
        "sms": entry.sms,
        "steps": in_lines(entry.steps),
        "en_question": english.question if english else None,
        "en_answer": english.answer if english else None,
        "en_steps": in_lines(english.steps) if english else None,
        "source_en": entry.source_en,
        "person": "是" if entry.person else "否",
        "audience": entry.audience,
        "district": entry.district,
        "source": entry.source,
        "valid_from": str(entry.valid_from),
        "valid_until": str(entry.valid_until),
        "owner": entry.owner,
    }
    return {field: text for field, text in said.items() if text}
