"""An office file looked at before its reader opens it: how large it is unpacked, that it defines no entities of its own, and
what its reader would not tell: cells that are merged, and formulas that nothing has calculated."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.parsers import expat
from zipfile import ZipFile

from msgspec import Struct

from knowledge.words import Words

UNPACKED = 60_000_000  # bytes of all parts together
PARTS = 2_000
CELLS = 500_000  # of all sheets
PARAGRAPHS = 20_000
PIECE = 1_000_000  # bytes read at a time
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")


class UnreadableError(Exception):
    """The file as a whole cannot be read."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.zh)
        self.words = words


class Merged(Struct, frozen=True):
    """Cells that are one: from a column's letters and row to others."""

    left: str
    top: int
    right: str
    bottom: int

    @property
    def cells(self) -> str:
        return f"{self.left}{self.top}:{self.right}{self.bottom}"


class Look(Struct):
    """What was seen in one part."""

    merged: list[Merged] = []
    empty: list[str] = []  # cells with a formula and no value


_TOO_LARGE = Words(
    f"文件解开后太大（最多 {UNPACKED // 1_000_000} MB、{CELLS} 个单元格、{PARAGRAPHS} 段），请分成几个文件",
    f"The file is too large unpacked (at most {UNPACKED // 1_000_000} MB, {CELLS} cells, {PARAGRAPHS} paragraphs): split it",
)
_ENTITIES = Words(
    "文件里有自定义的 XML 实体，不读；请另存为标准格式", "The file defines XML entities and is not read: save it anew"
)


def looked_into(path: Path) -> dict[str, Look]:
    """What is in the parts of an office file, by their names. Raises `UnreadableError`, and what damage raises."""
    found, left, counted = {}, UNPACKED, [0, 0]
    with ZipFile(path) as archive:
        parts = archive.infolist()
        if len(parts) > PARTS:
            raise UnreadableError(_TOO_LARGE)
        for part in parts:
            with archive.open(part) as file:
                seeing = _Seeing(counted) if part.filename.lower().endswith((".xml", ".rels", ".vml")) else None
                for piece in _pieces(file):
                    left -= len(piece)
                    if left < 0:
                        raise UnreadableError(_TOO_LARGE)
                    if seeing is not None:
                        seeing.feed(piece)
                if seeing is not None:
                    found[part.filename] = seeing.look
    return found


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


class _Seeing:
    """A part of XML as it passes; `counted` are cells and paragraphs of all parts."""

    def __init__(self, counted: list[int]) -> None:
        self.look = Look()
        self._counted = counted
        self._cell, self._formula, self._value, self._inside = "", False, False, False
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, piece: bytes) -> None:
        self._parser.Parse(piece)

    def _doctype(self, *_: object) -> None:
        raise UnreadableError(_ENTITIES)

    def _start(self, name: str, given: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "c":
                self._count(0, CELLS)
                self._cell, self._formula, self._value = given.get("r", ""), False, given.get("t") == "str"
            case "p":
                self._count(1, PARAGRAPHS)
            case "f":
                self._formula = True
            case "v":
                self._inside = True
            case "mergeCell":
                if match := _RANGE.fullmatch(given.get("ref", "")):
                    left, top, right, bottom = match.groups()
                    self.look.merged.append(Merged(left, int(top), right, int(bottom)))

    def _count(self, which: int, most: int) -> None:
        self._counted[which] += 1
        if self._counted[which] > most:
            raise UnreadableError(_TOO_LARGE)

    def _characters(self, _: str) -> None:
        self._value = self._value or self._inside

    def _end(self, name: str) -> None:
        self._inside = False
        if name.rpartition(":")[2] == "c" and self._formula and not self._value:
            self.look.empty.append(self._cell)
