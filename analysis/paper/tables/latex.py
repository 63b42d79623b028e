"""Tables as LaTeX (booktabs), as Markdown and as CSV, and text that may stand in either."""

from __future__ import annotations

import re

from analysis.paper.tables.table import Block, Cell, Table

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "↑": r"$\uparrow$", "↓": r"$\downarrow$", "±": r"$\pm$",
    "×": r"$\times$", "−": "$-$", "–": "--", "†": r"$^{\dagger}$", "≥": r"$\geq$", "≤": r"$\leq$", "·": r"$\cdot$",
    "…": r"\ldots{}", "\n": " ", "\r": " ", "\t": " ",
}  # fmt: skip
_SUPERSCRIPTS = dict(zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True))
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#~])")


def escape(text: str) -> str:
    """Return plain text as LaTeX that prints it; characters that steer a terminal or TeX are dropped."""
    parts = re.split(f"([{''.join(_SUPERSCRIPTS)}]+)", text)
    return "".join(_power(part) if i % 2 else "".join(map(_letter, part)) for i, part in enumerate(parts))


def latex(table: Table) -> str:
    """Return a whole table environment; it needs the package booktabs, and `textcomp` in an old LaTeX."""
    star = "*" if table.wide else ""
    rows = "\n\\midrule\n".join(filter(None, (_latex_block(table, block) for block in table.blocks)))
    return "\n".join([
        r"% \usepackage{booktabs}",
        rf"\begin{{table{star}}}[t]",
        rf"\caption{{{escape(table.caption)}}}",
        rf"\label{{tab:{table.name.replace('_', '-')}}}",
        r"\smallskip\centering\footnotesize\setlength{\tabcolsep}{3.5pt}",
        rf"\begin{{tabular}}{{{''.join(column.align for column in table.columns)}}}",
        r"\toprule",
        " & ".join(escape(column.title) for column in table.columns) + r" \\",
        r"\midrule",
        rows,
        r"\bottomrule",
        r"\end{tabular}",
        rf"\end{{table{star}}}",
        "",
    ])  # fmt: skip


def markdown(table: Table) -> str:
    """Return a Markdown table under its caption; best bold, second in italics, for Markdown cannot underline."""
    rules = {"l": ":---", "r": "---:", "c": ":---:"}
    lines = [
        escape_markdown(table.caption.replace("second underlined", "second in italics")), "",
        _line(escape_markdown(column.title) for column in table.columns),
        _line(rules[column.align] for column in table.columns),
    ]  # fmt: skip
    for block in table.blocks:
        if block.heading:
            lines.append(_line([f"*{escape_markdown(block.heading)}*", *[""] * (len(table.columns) - 1)]))
        lines += [_line(map(_markdown_cell, row)) for row in block.rows]
    return "\n".join([*lines, ""])


def escape_markdown(text: str) -> str:
    """Return plain text as Markdown that shows it."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _letter(character: str) -> str:
    known = _LATEX.get(character)
    return known if known is not None else character if character.isprintable() else ""


def _power(digits: str) -> str:
    return f"$^{{{''.join(_SUPERSCRIPTS[digit] for digit in digits)}}}$"


def _latex_block(table: Table, block: Block) -> str:
    lines = [rf"\multicolumn{{{len(table.columns)}}}{{l}}{{\emph{{{escape(block.heading)}}}}} \\"]
    lines = lines if block.heading else []
    lines += [" & ".join(map(_latex_cell, row)) + r" \\" for row in block.rows]
    return "\n".join(lines)


def _latex_cell(cell: Cell) -> str:
    text = escape(cell.text)
    # A row that starts with a bracket would be read as the option of the `\\` before it.
    text = f"{{{text}}}" if text.startswith(("[", "*")) else text
    marks = {1: rf"\textbf{{{text}}}", 2: rf"\underline{{{text}}}"}
    # The dagger takes no room, so that the digits of a column stay under each other.
    return marks.get(cell.rank, text) + (r"\rlap{$^{\dagger}$}" if cell.tied else "")


def _markdown_cell(cell: Cell) -> str:
    text = escape_markdown(cell.text)
    return {1: f"**{text}**", 2: f"*{text}*"}.get(cell.rank, text) + ("†" if cell.tied else "")


def _line(cells: object) -> str:
    return f"| {' | '.join(cells)} |"  # type: ignore[arg-type]
