"""What was seen of a process over time, as a drawing."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT, EDGE = 800, 120, 40  # of one curve, in pixels


class Curve(NamedTuple):
    """`points` are (seconds, value); `title` says what is seen, with its unit."""

    title: str
    colour: str
    points: Sequence[tuple[float, float]]


def draw(path: Path, curves: Sequence[Curve], marks: Sequence[tuple[float, str]]) -> None:
    """One below the other, over the same time; `marks` are moments with what began then."""
    longest = max(at for each in curves for at, _ in each.points)
    shown = [_curve(each, number, longest) for number, each in enumerate(curves)]
    height = (HEIGHT + EDGE) * len(curves) + EDGE
    lines = [_mark(at / longest * WIDTH + EDGE, what, height) for at, what in marks]
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 2 * EDGE} {height}" font-family="sans-serif"'
        f' font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join((*lines, *shown))}</svg>\n',
        encoding="utf-8",
    )


def _curve(curve: Curve, number: int, longest: float) -> str:
    top = (HEIGHT + EDGE) * number + EDGE
    most = max(value for _, value in curve.points) or 1.0
    points = " ".join(
        f"{at / longest * WIDTH + EDGE:.1f},{top + HEIGHT - value / most * HEIGHT:.1f}" for at, value in curve.points
    )
    frame = f'<rect x="{EDGE}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#ccc"/>'
    title = f'<text x="{EDGE}" y="{top - 6}">{escape(curve.title)}: 0 – {most:.3g}</text>'
    return f'{frame}{title}<polyline points="{points}" fill="none" stroke="{curve.colour}" stroke-width="1.5"/>'


def _mark(x: float, what: str, height: int) -> str:
    line = f'<line x1="{x:.1f}" y1="16" x2="{x:.1f}" y2="{height}" stroke="#999" stroke-dasharray="3 3"/>'
    return f'{line}<text x="{x + 3:.1f}" y="12" fill="#555">{escape(what)}</text>'
