"""`python -m desk.papers xlsx|pdf < report.json`: a report as a file. A process of its own: the libraries for it weigh
more than the service should carry for something asked for once a week."""

import html
import io
import math
import sys
from collections.abc import Iterable, Sequence

import msgspec
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from desk.reports import Report, ReportLine, TalkLine
from knowledge.cells import inert

FONT = "STSong-Light"  # every PDF reader brings this one; nothing has to be embedded
INK, ACCENT, FAINT = HexColor("#16211e"), HexColor("#0b6e5f"), HexColor("#d5dcd9")
MARGIN, WIDTH = 15 * mm, 180 * mm  # of a sheet of A4, and what is left between
SHEETS = {
    "day": "按日",
    "hour": "按时段",
    "topic": "按主题",
    "place": "按学校站点",
    "channel": "按渠道",
    "seat": "按坐席",
}
HEADS = (
    "名称",
    "开单",
    "首次答复",
    "办结",
    "放弃",
    "首答中位(分)",
    "首答90%(分)",
    "处理中位(分)",
    "按时率",
    "满意度",
    "评价数",
)

OUTSIDE = "非服务时间"  # in the place of minutes, where all answers came before any had begun to count
TALKS = "机器人"
TALK_HEADS = ("渠道", "对话", "机器人答完", "占比", "居民消息", "没听懂")
LABELS = 12  # below a picture, that do not run into each other


def cells(line: ReportLine) -> list[str | float | None]:
    share = None if line.in_time is None else f"{line.in_time:.0%}"
    first = OUTSIDE if line.first_answer is None and line.outside else line.first_answer
    return [
        line.name, line.opened, line.answered, line.closed, line.abandoned, first,
        line.first_answer_90, line.handling, share, line.stars, line.rated,
    ]  # fmt: skip


def talk_cells(line: TalkLine) -> list[str | float | None]:
    share = f"{line.alone / line.talks:.0%}" if line.talks else None
    return [line.name or "合计", line.talks, line.alone, share, line.messages, line.not_understood]


def xlsx(report: Report) -> bytes:
    """A sheet for each grouping, with a chart where lines follow each other."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "总览"
    sheet.append([f"服务报告 {report.first} 至 {report.last}"])
    sheet["A1"].font = Font(bold=True, size=14)
    for head, value in zip(HEADS[1:], cells(report.total)[1:], strict=True):
        sheet.append([head, value])
    sheet.column_dimensions["A"].width = 24
    _sheet(book, TALKS, TALK_HEADS, [talk_cells(line) for line in (report.bot_total, *report.bot)])
    for key, title in SHEETS.items():
        page = _sheet(book, title, HEADS, [cells(line) for line in report.by[key]])
        if report.by[key]:
            chart = LineChart() if key == "day" else BarChart()
            chart.title, chart.height, chart.width = title, 8, 22
            last = len(report.by[key]) + 1
            chart.add_data(Reference(page, min_col=2, max_col=4, min_row=1, max_row=last), titles_from_data=True)
            chart.set_categories(Reference(page, min_col=1, min_row=2, max_row=last))
            page.add_chart(chart, f"A{last + 3}")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(
    book: Workbook, title: str, heads: Sequence[str], lines: Iterable[Sequence[str | float | None]]
) -> Worksheet:
    sheet: Worksheet = book.create_sheet(title)
    sheet.append(list(heads))
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="0B6E5F")
    for line in lines:
        sheet.append([_safe(value) for value in line])
    sheet.freeze_panes = "B2"
    for column in range(1, len(heads) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 26 if column == 1 else 12
    return sheet


def _safe(value: str | float | None) -> str | float | None:
    """A name that a spreadsheet would take for a formula stays a name."""
    if not isinstance(value, str):
        return value
    return inert(_plain(value))


def _plain(name: str) -> str:
    """Without what neither kind of file can hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", name).strip()


def pdf(report: Report) -> bytes:
    """The same on paper, A4, with the days and hours as pictures."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    title = ParagraphStyle("title", fontName=FONT, fontSize=18, leading=26, textColor=ACCENT)
    head = ParagraphStyle("head", fontName=FONT, fontSize=12, leading=20, textColor=INK)
    total = report.total
    parts: list[Flowable] = [
        Paragraph(f"服务报告　{report.first} 至 {report.last}", title), Spacer(1, 3 * mm),
        _table([HEADS[1:], cells(total)[1:]]), Spacer(1, 5 * mm),
        Paragraph(TALKS, head), _table([TALK_HEADS, *(talk_cells(line) for line in (report.bot_total, *report.bot))]),
        Spacer(1, 5 * mm),
    ]  # fmt: skip
    for key in ("day", "hour"):
        parts += [Paragraph(f"{SHEETS[key]}开单", head), _picture(report.by[key]), Spacer(1, 4 * mm)]
    for key in ("topic", "place", "channel", "seat"):
        if report.by[key]:
            parts += [Paragraph(SHEETS[key], head), _table([HEADS, *(cells(line) for line in report.by[key][:40])])]
            parts.append(Spacer(1, 4 * mm))
    out = io.BytesIO()
    SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
        title=f"服务报告 {report.first} 至 {report.last}",
    ).build(parts)  # fmt: skip
    return out.getvalue()


def _table(rows: Sequence[Sequence[object]]) -> Table:
    """A column of names and others of figures, or figures alone. What is too long for its column goes on below."""
    named = len(rows[0]) != len(HEADS) - 1
    widths = [38 * mm] if named else []
    widths += [(WIDTH - sum(widths)) / (len(rows[0]) - len(widths))] * (len(rows[0]) - len(widths))
    ink = [_styles(ACCENT), *([_styles(INK)] * (len(rows) - 1))]
    shown = [
        [Paragraph(_words(value, at == 0), ink[at][n > 0 or not named]) for n, value in enumerate(row)]
        for at, row in enumerate(rows)
    ]
    return Table(
        shown, colWidths=widths, repeatRows=1,
        style=[
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, FAINT), ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ],
    )  # fmt: skip


def _styles(colour: Color) -> tuple[ParagraphStyle, ParagraphStyle]:
    """Of a name, and of a figure."""
    name, figure = (
        ParagraphStyle(
            "cell", fontName=FONT, fontSize=7.5, leading=9.5, wordWrap="CJK", textColor=colour, alignment=side
        )
        for side in (TA_LEFT, TA_RIGHT)
    )
    return name, figure


def _words(value: object, head: bool) -> str:
    """As a paragraph; the unit of a column goes below its name."""
    text = "—" if value is None else html.escape(_plain(str(value)))
    return text.replace("(", "<br/>(") if head else text


def _picture(lines: Sequence[ReportLine]) -> Drawing:
    drawing = Drawing(180 * mm, 45 * mm)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 20, 22, round(172 * mm) - 20, round(34 * mm)
    chart.data = [[line.opened for line in lines] or [0]]
    chart.bars[0].fillColor = ACCENT
    chart.bars[0].strokeColor = None
    chart.valueAxis.valueMin = 0
    chart.valueAxis.valueStep = max(1, math.ceil(max((line.opened for line in lines), default=1) / 4))
    chart.valueAxis.labels.fontName = chart.categoryAxis.labels.fontName = FONT
    chart.valueAxis.labels.fontSize = chart.categoryAxis.labels.fontSize = 6.5
    step = max(1, math.ceil(len(lines) / LABELS))
    chart.categoryAxis.categoryNames = [line.name[-5:] if n % step == 0 else "" for n, line in enumerate(lines)]
    drawing.add(chart)
    return drawing


def main() -> None:
    report = msgspec.json.decode(sys.stdin.buffer.read(), type=Report)
    sys.stdout.buffer.write(xlsx(report) if sys.argv[1] == "xlsx" else pdf(report))


if __name__ == "__main__":
    main()
