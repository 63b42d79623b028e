"""Tables as LaTeX and Markdown: whatever stands in a name, what comes out can be set."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.paper.tables.latex import escape, escape_markdown, latex, markdown
from analysis.paper.tables.table import Block, Cell, Column, Table
from tests.analysis.paper.tex import check

NAMES = st.text(min_size=1, max_size=20)


def table_of(*rows: tuple[Cell, ...], caption: str = "What it shows.", heading: str = "") -> Table:
    columns = (Column("method", "l"), Column("VIF ↑"))
    return Table("made", caption, columns, (Block(heading, rows),), pd.DataFrame())


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("a_b % c & d # e", r"a\_b \% c \& d \# e"),
        ("\\input{x} $1$ ~^", r"\textbackslash{}input\{x\} \$1\$ \textasciitilde{}\textasciicircum{}"),
        ("VIF ↑ ± 0.5 ×10⁻⁶ †", r"VIF $\uparrow$ $\pm$ 0.5 $\times$10$^{-6}$ $^{\dagger}$"),
        ("−1–2", "$-$1--2"),
        ("a\x1b[2Jb\nc", "a[2Jb c"),
    ],
)
def test_names_are_escaped(text: str, tex: str) -> None:
    assert escape(text) == tex


@given(NAMES, NAMES, NAMES)
def test_any_name_gives_a_table_that_can_be_set(method: str, caption: str, heading: str) -> None:
    text = latex(table_of((Cell(method, 1, True), Cell("0.5", 2)), caption=caption, heading=heading))
    assert check(text) == []
    assert all(line.isprintable() for line in text.splitlines())


def test_the_reader_of_these_tests_sees_what_is_broken() -> None:
    assert check(r"\begin{a}{") == ["1 braces are left open", "a is left open"]
    assert check(r"\end{a}$ 50% }")[0] == "'%' must be escaped"
    assert check("\\begin{tabular}{lr}\na & b & c \\\\\n\\end{tabular}") != []


def test_the_best_is_bold_the_second_underlined_and_ties_have_a_dagger() -> None:
    text = latex(table_of((Cell("a"), Cell("0.9", 1, True)), (Cell("b"), Cell("0.8", 2)), (Cell("c"), Cell("0.1"))))
    assert r"a & \textbf{0.9}\rlap{$^{\dagger}$} \\" in text
    assert r"b & \underline{0.8} \\" in text
    assert r"c & 0.1 \\" in text
    assert r"method & VIF $\uparrow$ \\" in text


def test_a_row_that_starts_with_a_bracket_is_not_an_option_of_the_row_before() -> None:
    assert "\n{[12]} & 1" in latex(table_of((Cell("[12]"), Cell("1"))))


def test_the_rules_are_those_of_booktabs_and_an_empty_block_leaves_none_behind() -> None:
    table = table_of((Cell("a"), Cell("1")))
    two = Table(
        table.name, "c", table.columns, (*table.blocks, Block("", ()), Block("rest", table.blocks[0].rows)), table.data
    )
    assert re.findall(r"\\(\w+rule)", latex(two)) == ["toprule", "midrule", "midrule", "bottomrule"]
    assert "\n\n" not in latex(two).strip()


def test_markdown_says_italics_where_it_cannot_underline() -> None:
    rows = ((Cell("a|b"), Cell("0.9", 1, True)), (Cell("b"), Cell("0.8", 2)))
    lines = markdown(table_of(*rows, caption="Best bold, second underlined.")).splitlines()
    assert lines[:4] == ["Best bold, second in italics.", "", "| method | VIF ↑ |", "| :--- | ---: |"]
    assert lines[4:] == [r"| a\|b | **0.9**† |", "| b | *0.8* |"]


@given(NAMES)
def test_a_markdown_row_keeps_its_cells(name: str) -> None:
    row = markdown(table_of((Cell(name), Cell("1")))).split("\n")[4:]
    assert len(row) == 2
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row[0])) == 3


def test_markdown_of_a_name_shows_the_name() -> None:
    assert escape_markdown("a_b <c> [d]") == r"a\_b \<c\> \[d\]"
