"""The whole report as a PDF: text that can be searched, and the pictures with as many pixels as paper wants."""

import io
import logging
from collections.abc import Sequence
from typing import Final

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout
from fpdf.fonts import FontFace

from service.pictures import fonts, style
from service.pictures.contact_sheet import ContactSheet
from service.pictures.drawings import Drawing, drawing
from service.pictures.heat_map import MOST_DETAILED
from service.reports.documents import Document, Fact, Row

FAMILY: Final = "DejaVu"
MARGIN: Final = 16.0  # mm
ROW_HEIGHT: Final = 5.2  # mm
CLASS_HEADINGS: Final = ("class", "precision", "recall", "F1", "support")
PLAIN: Final = FontFace(emphasis="", color=style.MUTED)

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table of a font that it makes smaller


def report(document: Document) -> Drawing:
    """Return the whole report as a PDF."""
    return drawing("report.pdf", document, lambda: _draw(document), is_final=not document.missing)


class _Paper(FPDF):
    """A4 with our typeface, and a number on each page."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self.set_title(title)
        self.set_draw_color(style.LINE)
        self.set_lang("en")
        self.set_creator("Cyfra")
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN + 4)
        self.add_font(FAMILY, "", fonts.path())
        self.add_font(FAMILY, "B", fonts.path("-Bold"))
        self.add_page()

    def footer(self) -> None:
        """Write the page's number."""
        self.set_y(-MARGIN)
        self.set_font(FAMILY, size=8)
        self.set_text_color(style.MUTED)
        self.cell(0, 6, f"{self.title} · page {self.page_no()}", align=Align.C)

    def heading(self, text: str, needed: float = 40) -> None:
        """Begin a section; on a new page unless `needed` mm are left."""
        if self.will_page_break(needed):
            self.add_page()
        self.ln(5)
        self.line_of(text, 13, is_bold=True)
        self.ln(1.5)

    def line_of(self, text: str, size: float, *, is_bold: bool = False, colour: str = style.INK) -> None:
        """Write a paragraph."""
        self.set_font(FAMILY, "B" if is_bold else "", size)
        self.set_text_color(colour)
        self.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT", align=Align.L)

    def picture(self, content: bytes, alternative: str, shape: float) -> None:
        """Put a picture over the whole width, or as large as a page is tall; `shape` is its height over its width."""
        width = min(self.epw, (self.eph - 24) / shape)
        if self.will_page_break(width * shape):
            self.add_page()
        self.image(io.BytesIO(content), w=width, h=width * shape, alt_text=alternative)


def _draw(document: Document) -> bytes:
    about = document.about
    paper = _Paper(f"{about.what}, training {about.training}")
    paper.line_of(about.what, 20, is_bold=True)
    paper.line_of(f"Report of training {about.training}", 10, colour=style.MUTED)
    paper.ln(4)
    wrong = about.test_count - about.right
    paper.line_of(f"Test accuracy {about.test_accuracy:.2%}, test loss {about.test_loss:.4f}", 14, is_bold=True)
    interval = f"The accuracy lies between {about.interval.low:.2%} and {about.interval.high:.2%} (95 %)."
    paper.line_of(f"{about.right:,} of {about.test_count:,} test images right, {wrong:,} wrong. {interval}", 10)
    for note in about.notes:
        paper.ln(1)
        paper.line_of(f"Note. {note}", 9, colour=style.VERMILLION)
    if document.advice:
        paper.heading("Advice")
        for one in document.advice:
            paper.line_of(f"{one.severity.capitalize()}. {one.finding} Try: {one.to_try}", 10)
            paper.ln(1)
    _curves(paper, document)
    paper.heading("What was trained")
    _facts(paper, document.facts)
    _matrix(paper, document)
    paper.heading("Class by class")
    _classes(paper, [*about.table.classes, *about.table.averages])
    if document.confidence:
        paper.heading("What its answers are worth")
        _facts(paper, document.confidence)
    _misclassified(paper, document)
    paper.heading("Layers")
    for number, layer in enumerate(document.layers, 1):
        paper.line_of(f"{number}. {layer}", 9)
    return bytes(paper.output())


def _curves(paper: _Paper, document: Document) -> None:
    paper.ln(4)
    content = document.curves.drawn_as("print").draw()
    paper.picture(content, document.curves.alternative, _shape(content))


def _matrix(paper: _Paper, document: Document) -> None:
    matrix = document.heat_map
    paper.ln(4)
    content = matrix.drawn_as("print" if len(matrix.classes) <= MOST_DETAILED else "png").draw()
    paper.picture(content, matrix.alternative, _shape(content))
    if document.confusions:
        paper.heading("The most frequent confusions")
        paper.set_font(FAMILY, size=9)
        paper.set_text_color(style.INK)
        with paper.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=PLAIN,
            col_widths=(3, 3, 1),
            line_height=ROW_HEIGHT,
        ) as table:
            table.row(("true class", "predicted class", "times"))
            for one in document.confusions:
                table.row((one.true, one.predicted, f"{one.count:,}"))


def _shape(content: bytes) -> float:
    """Return the height of a PNG over its width."""
    wide, tall = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    return tall / wide


def _classes(paper: _Paper, rows: list[Row]) -> None:
    """Write a line a class; the library's own tables take ten times as long, for each cell may grow over several lines."""
    widest = paper.epw * 3 / 7
    paper.set_font(FAMILY, size=9)
    _line_of_classes(paper, CLASS_HEADINGS, style.MUTED)
    for row in rows:
        if paper.will_page_break(ROW_HEIGHT):
            paper.add_page()
            _line_of_classes(paper, CLASS_HEADINGS, style.MUTED)
        parts = ("" if part is None else f"{part:.3f}" for part in (row.precision, row.recall, row.f1))
        name = fonts.shortened(row.name, 100, widest / 9 * 72 / 25.4 * 100 - 100)  # at 100 pixels for its 9 points
        _line_of_classes(paper, (name, *parts, f"{row.support:,}"), style.INK)


def _line_of_classes(paper: _Paper, cells: Sequence[str], colour: str) -> None:
    paper.set_text_color(colour)
    for place, text in enumerate(cells):
        share, align = (3, Align.L) if place == 0 else (1, Align.R)
        paper.cell(paper.epw * share / 7, ROW_HEIGHT, text, border="B", align=align)
    paper.ln(ROW_HEIGHT)


def _misclassified(paper: _Paper, document: Document) -> None:
    paper.heading("Misclassified", needed=200 if document.examples else 40)
    if not document.examples:
        paper.line_of("None of the test images was misclassified.", 10)
        return
    if document.pixels is None:
        paper.line_of(f"The pictures are not shown. {document.missing}", 10)
        return
    wrong = document.about.test_count - document.about.right
    sheet = ContactSheet(
        title="true:predicted",
        subtitle=f"the first {len(document.examples):,} of {wrong:,}",
        pixels=document.pixels,
        captions=tuple(f"{one.true}:{one.predicted}" for one in document.examples),
        columns=8,
    )
    content = sheet.as_png().draw()
    paper.picture(content, sheet.alternative, _shape(content))


def _facts(paper: _Paper, facts: Sequence[Fact]) -> None:
    paper.set_font(FAMILY, size=9)
    paper.set_text_color(style.INK)
    with paper.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        first_row_as_headings=False,
        text_align=Align.L,
        col_widths=(1, 3),
        line_height=ROW_HEIGHT,
    ) as table:
        for fact in facts:
            table.row((fact.name, fact.value))
