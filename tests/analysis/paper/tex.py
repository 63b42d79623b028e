"""A reader of LaTeX that knows what our tables use: it counts braces, environments and the cells of a row."""

from __future__ import annotations

import re


def check(text: str) -> list[str]:
    """Return what is wrong with a piece of LaTeX: braces, environments, mathematics, rows of different lengths."""
    text = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    problems = [f"{sign!r} must be escaped" for sign in _bare(text)]
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            problems.append("a brace is closed that was not opened")
    if depth:
        problems.append(f"{depth} braces are left open")
    if len(re.findall(r"(?<!\\)\$", text)) % 2:
        problems.append("mathematics is left open")
    stack: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{([a-z*]+)\}", text):
        if kind == "begin":
            stack.append(name)
        elif not stack or stack.pop() != name:
            problems.append(f"{name} is ended out of turn")
    problems += [f"{name} is left open" for name in stack]
    return problems + _rows(text)


def _bare(text: str) -> list[str]:
    """Return signs that TeX would not print; & belongs to rows of a table alone."""
    outside = re.sub(r"\\begin\{tabular\}.*?\\end\{tabular\}", "", text, flags=re.DOTALL)
    found = re.findall(r"(?<!\\)[#%_~^]", re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", text))
    return found + re.findall(r"(?<!\\)&", outside)


def _rows(text: str) -> list[str]:
    problems = []
    for columns, body in re.findall(r"\\begin\{tabular\}\{([lrc]+)\}(.*?)\\end\{tabular\}", text, flags=re.DOTALL):
        for row in re.split(r"\\\\\n|\\(?:top|mid|bottom)rule\n", body):
            if not row.strip() or row.strip().startswith(r"\multicolumn"):
                continue
            cells = len(re.findall(r"(?<!\\)&", row)) + 1
            if cells != len(columns):
                problems.append(f"a row has {cells} cells, but there are {len(columns)} columns: {row.strip()[:60]}")
    return problems
