"""The picture of how far a sureness can be trusted, as a PNG.

Drawn with Pillow, which reportlab brings with it and which serves everywhere: a plotting library would be tens of
megabytes more that only whoever develops would have.
"""

import io
from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

from daoxue import calibration
from daoxue.calibration import Bin, Judged
from daoxue.intervals import wilson

FINER = 3  # drawn so many times as large, so that slanted lines are smooth
SIDE, LEFT, TOP = 480, 70, 60  # of the square, in pixels of the picture
STRIP = 70  # height of the counts below
WIDTH, HEIGHT = LEFT + SIDE + 30, TOP + SIDE + STRIP + 80
INK, GREY, GRID, BLUE, PALE = "#202124", "#5f6368", "#e0e0e0", "#1a5fb4", "#a9c6ea"
RADIUS = 5

Point = tuple[float, float]


class _Sheet:
    """Draws in pixels of the picture."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), "white")
        self._draw = ImageDraw.Draw(self._image)

    def line(self, start: Point, end: Point, colour: str, width: float = 1) -> None:
        self._draw.line([self._finer(start), self._finer(end)], fill=colour, width=round(width * FINER))

    def box(self, start: Point, end: Point, colour: str) -> None:
        self._draw.rectangle([self._finer(start), self._finer(end)], fill=colour)

    def dot(self, middle: Point, colour: str) -> None:
        (x, y), radius = self._finer(middle), RADIUS * FINER
        self._draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)

    def text(self, at: Point, words: str, anchor: str, size: int = 13, colour: str = INK) -> None:
        font = ImageFont.load_default(size * FINER)
        self._draw.text(self._finer(at), words, fill=colour, font=font, anchor=anchor)

    def png(self) -> bytes:
        file = io.BytesIO()
        self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG")
        return file.getvalue()

    @staticmethod
    def _finer(point: Point) -> Point:
        return point[0] * FINER, point[1] * FINER


def reliability(judged: Iterable[Judged]) -> bytes:
    """How often what was said so surely was right, with 95 % intervals; how often anything was said so surely below."""
    pairs = list(judged)
    sheet, bins = _Sheet(), calibration.bins(pairs)
    error = calibration.error(pairs)
    sheet.text((LEFT, TOP - 34), f"{len(pairs)} texts, expected calibration error {error:.3f}", "ls", 16)
    sheet.text((LEFT, TOP - 14), "dots on the line: as often right as it is sure", "ls", 13, GREY)
    _axes(sheet)
    for each in bins:
        _mark(sheet, each)
    _counts(sheet, bins)
    return sheet.png()


def _at(x: float, y: float) -> Point:
    """Where two shares are in the square."""
    return LEFT + x * SIDE, TOP + (1 - y) * SIDE


def _axes(sheet: _Sheet) -> None:
    for tenth in range(0, 11, 2):
        share = tenth / 10
        sheet.line(_at(share, 0), _at(share, 1), GRID)
        sheet.line(_at(0, share), _at(1, share), GRID)
        sheet.text((LEFT - 8, _at(0, share)[1]), f"{share:.1f}", "rm", colour=GREY)
        sheet.text((_at(share, 0)[0], HEIGHT - 40), f"{share:.1f}", "mt", colour=GREY)
    sheet.line(_at(0, 0), _at(1, 1), GREY, 1.5)
    sheet.text((LEFT + SIDE / 2, HEIGHT - 8), "how sure it was", "ms", 14)
    sheet.text((LEFT + 8, TOP + 8), "share that was right", "lt", 14)


def _mark(sheet: _Sheet, each: Bin) -> None:
    low, high = wilson(round(each.right * each.size), each.size)
    sheet.line(_at(each.sure, low), _at(each.sure, high), BLUE, 2)
    sheet.dot(_at(each.sure, each.right), BLUE)


def _counts(sheet: _Sheet, bins: list[Bin]) -> None:
    """Bars, each with its number."""
    most = max((each.size for each in bins), default=1)
    foot = TOP + SIDE + STRIP + 30
    for each in bins:
        middle = _at(each.sure, 0)[0]
        head = foot - max(1.0, STRIP * each.size / most)
        sheet.box((middle - 14, head), (middle + 14, foot), PALE)
        sheet.text((middle, head - 3), str(each.size), "ms", 11, GREY)
    sheet.line((LEFT, foot), (LEFT + SIDE, foot), GREY)
