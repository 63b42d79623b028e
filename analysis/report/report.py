"""One page per run: what it was, what is best, and every number behind it."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from analysis.comparison.reward_lift import beside
from analysis.formatting import text
from analysis.report import html
from analysis.report.figures.page_data import page_data
from analysis.report.figures.registry import order_of, page_parts, title_of
from analysis.report.tables import write_tables
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores.labels import noun
from analysis.scores.model import Scores
from analysis.scores.score import score
from analysis.text.answer import answer
from analysis.text.run_facts import failed_trials, provenance_line, run_details
from trials.spec.labels import short_names


def write_report(run: Path, other: Path | None = None) -> Path:
    """Write `run`/report.html and its tables, each whole or not at all; return the page's path.

    `other` is a run to draw beside it, as of `lift.beside`. Raises FusionError without a results table.
    """
    table = beside(open_run(Path(run)), other)
    scores = score(table)
    write_tables(table, scores)
    return write_page(table, scores)


def write_page(run: Run, scores: Scores) -> Path:
    """Write the page of a run that is open already."""
    return html.write_whole(run.path / "report.html", render(run, scores))


def render(run: Run, scores: Scores) -> str:
    """Return the page: no outside request, all data inside."""
    names = short_names(list(run.axes))
    failed = failed_trials(run)
    parts = page_parts(run, scores) if scores.metrics else {}
    sections = order_of(run, parts)
    return html.render(
        "page/report.html.j2",
        title=run.name,
        facts=provenance_line(run),
        details=run_details(run),
        answer=answer(run, scores),
        notes=[*scores.notes, *(run.record.get("notes") or [])],
        failures=[
            {"number": row["number"], "seed": row["seed"], "error": row["error"] or "no reason was recorded",
             "setting": ", ".join(f"{names[key]} {text(row[key])}" for key in run.axes)}
            for row in failed.to_dict("records")
        ],
        sections=[(name, title_of(run, name)) for name in sections],
        noun=noun(run.axes),
        data=html.data(page_data(run, scores) | parts),
        style=html.asset("page/page.css"),
        theme=html.asset("page/theme.js"),
        script=html.script(*(f"figures/{name}.js" for name in sections), "page/controls.js"),
        plotly=Markup(get_plotlyjs()),
    )  # fmt: skip
