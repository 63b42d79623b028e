"""The words of a paper folder: captions for LaTeX and Markdown, the answer, and why something is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.findings.findings import Findings
from analysis.paper.numbers import label
from analysis.paper.subject import Subject
from analysis.paper.tables.latex import escape, escape_markdown
from analysis.scores.metrics import ALL
from analysis.text.answer import answer


def captions_tex(captions: Mapping[str, str]) -> str:
    """Return a macro per figure that holds its caption; tables carry their own."""
    lines = [rf"% \input{{captions}} and then, say, \caption{{\{_macro('bounds')}}}"]
    figures = {name: text for name, text in captions.items() if not name.startswith("table_")}
    lines += [rf"\def\{_macro(name)}{{{escape(text)}}}" for name, text in figures.items()]
    return "\n".join([*lines, ""])


def _macro(name: str) -> str:
    """Return the name of a caption's macro, letters alone: bounds_more_2 -> captionBoundsMoreII."""
    parts = ("I" * int(part) if part.isdigit() else part.capitalize() for part in name.split("_"))
    return f"caption{''.join(parts)}"


def captions_md(captions: Mapping[str, str]) -> str:
    """Return every caption as Markdown."""
    return "\n\n".join(f"**{name}.** {escape_markdown(text)}" for name, text in captions.items()) + "\n"


def notes(findings: Findings, subject: Subject | None, missing: Mapping[str, str], left_over: Sequence[str]) -> str:
    """Return what the folder is about: the answer in three sentences, what is `missing` and why, what is old."""
    about = f": {label(subject.metric)}, {subject.place}" if subject else ""
    lines = [
        f"# {escape_markdown(findings.run.name + about)}",
        "",
        *map(escape_markdown, _answer(findings, subject)),
        "",
    ]
    for title, parts in (
        ("Not here", [f"{name}: {reason}" for name, reason in missing.items()]),
        ("From an earlier run of this command, and not rewritten", left_over),
        ("To know", findings.scores.notes),
    ):
        if parts:
            lines += [f"## {title}", "", *(f"- {escape_markdown(part)}" for part in parts), ""]
    return "\n".join(lines)


def _answer(findings: Findings, subject: Subject | None) -> list[str]:
    """Return the three sentences of the page, made for the metric and epoch of this paper."""
    if subject is None:
        return answer(findings)
    asked = replace(findings.scores, metric=subject.metric, epoch=subject.epoch)
    sentences = answer(Findings(findings.run, asked))
    whole = len(asked.datasets) == 2 or subject.dataset == ALL
    return sentences if whole else ["Over all data sets:", *sentences]
