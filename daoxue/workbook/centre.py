"""The centre itself in its sheet: what it is called, item by item, and the texts that are its own."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from daoxue.logo import LogoError, logo_at
from daoxue.workbook import rows
from daoxue.workbook.book import Book, FilledPage
from daoxue.workbook.cells import Cell, Names
from daoxue.workbook.rows import CentreRow, PageReading, Place, TextRow, written
from daoxue.workbook.sheets import CENTRE, TEXTS
from daoxue.workbook.words import of_type
from knowledge.centre import Centre, CentreInEnglish, TextForms
from knowledge.words import Words

# What the centre's sheet calls each field; those with an English form.
ITEMS_OF_CENTRE = {
    "name": "名称", "bot": "助手", "district": "地区", "hotline": "热线", "address": "地址", "platform": "平台", "colour": "颜色", "head_colour": "页头颜色",
    "logo": "标志",
}  # fmt: skip
TextOf = tuple[str, str]  # language and key
IN_ENGLISH = ("name", "bot", "district", "platform")


def taken(reading: PageReading, book: Book, known: Centre) -> tuple[Centre, list[TextOf]]:
    """The centre as its sheets say, and the texts of its own that are known and not there: it keeps them."""
    centre, left = known, list[TextOf]()
    if (filled := book.sheets.get(CENTRE.key)) is not None and filled.rows:
        centre = _called(reading, filled, centre)
    if (filled := book.sheets.get(TEXTS.key)) is not None and filled.rows:
        own = {language: dict(texts) for language, texts in centre.texts.items()}
        for number, row in rows.read_all(reading, filled, TextRow):
            place = (f"texts/{row.language}", row.key)
            if place in reading.places:
                first = reading.places[place][1]
                said = Words(f"与第 {first} 行重复", f"the same as row {first}")
                reading.wrong(filled.sheet, number, filled.sheet.head("key"), said)
                continue
            text = TextForms(row.text, row.spoken, row.short) if row.spoken or row.short else row.text
            own.setdefault(row.language, {})[row.key] = text
            reading.places[place] = (filled.sheet, number)
        left = [
            (language, key)
            for language, texts in known.texts.items()
            for key in texts
            if (f"texts/{language}", key) not in reading.places
        ]
        centre = replace(centre, texts=own)
    return centre, left


def without(centre: Centre, texts: Collection[TextOf]) -> Centre:
    """Without these of its own texts."""
    kept = {
        language: {key: text for key, text in own.items() if (language, key) not in texts}
        for language, own in centre.texts.items()
    }
    return replace(centre, texts={language: own for language, own in kept.items() if own})


def shown(centre: Centre, names: Names) -> dict[str, list[dict[str, Cell]]]:
    """The rows of its sheets."""
    return {
        CENTRE.key: [written(CENTRE, row, names) for row in _said_of(centre)],
        TEXTS.key: [written(TEXTS, row, names) for row in _texts_of(centre)],
    }


def _called(reading: PageReading, filled: FilledPage, known: Centre) -> Centre:
    heads = {head: name for name, head in ITEMS_OF_CENTRE.items()}
    own, english = dict[str, object](), dict[str, object]()
    for number, row in rows.read_all(reading, filled, CentreRow):
        if (name := heads.get(row.item)) is None:
            can = "、".join(heads)
            reading.wrong(filled.sheet, number, filled.sheet.head("item"), Words(f"可以是 {can}", f"may be {can}"))
            continue
        reading.places["centre", name] = (filled.sheet, number)
        if name == "logo":
            own[name] = _logo(reading, (filled.sheet, number), row.zh, known)
            continue
        own[name] = _checked(reading, (filled.sheet, number), "zh", (Centre, name), row.zh)
        if name in IN_ENGLISH and row.en:
            english[name] = _checked(reading, (filled.sheet, number), "en", (CentreInEnglish, name), row.en)
    changed = replace(known, **own)
    if not any(("centre", name) in reading.places for name in IN_ENGLISH):
        return changed
    if english and "name" not in english:
        sheet, number = reading.places["centre", next(iter(english))]
        reading.wrong(
            sheet, number, sheet.head("en"), Words("写了英文的，就要有英文名称", "an English name is wanted too")
        )
        return changed
    return replace(changed, en=CentreInEnglish(**english) if english else None)  # type: ignore[arg-type]


def _logo(reading: PageReading, place: Place, file: str, known: Centre) -> bytes:
    """Out of the file that a cell names; where it names none, it stays as it is."""
    if not file:
        return known.logo
    try:
        return logo_at(Path(file))
    except LogoError as error:
        reading.wrong(*place, place[0].head("zh"), error.words)
        return known.logo


def _checked(reading: PageReading, place: Place, column: str, field: tuple[type[Struct], str], text: str) -> object:
    """What a cell says of the centre; what it is without where it is empty."""
    info = next(each for each in msgspec.structs.fields(field[0]) if each.name == field[1])
    if not text:
        return info.default
    try:
        return msgspec.convert(text, info.type)
    except msgspec.ValidationError as error:
        reading.wrong(*place, place[0].head(column), of_type(error))
        return text if info.required else info.default


def _said_of(centre: Centre) -> Iterator[CentreRow]:
    for name, head in ITEMS_OF_CENTRE.items():
        english = str(rows.at(centre, f"en.{name}") or "") if name in IN_ENGLISH else ""
        yield CentreRow(item=head, zh=str(getattr(centre, name)) if name != "logo" else "", en=english)


def _texts_of(centre: Centre) -> Iterator[TextRow]:
    for language, texts in centre.texts.items():
        for key, text in texts.items():
            forms = TextForms(text) if isinstance(text, str) else text
            yield TextRow(
                key=key,
                language=cast(Literal["zh", "en"], language),
                text=forms.text,
                spoken=forms.spoken,
                short=forms.short,
            )
