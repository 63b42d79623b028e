"""The page of a run: its facts, its best settings, and every number behind them."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from analysis.comparison.reward_lift import beside
from analysis.findings.findings import Findings
from analysis.formatting import text
from analysis.report import html
from analysis.report.figures.page_data import page_data
from analysis.report.figures.registry import order_of, page_parts, title_of
from analysis.report.tables import write_tables
from analysis.runs.open_run import open_run
from analysis.text.answer import answer
from analysis.text.run_facts import failed_trials, provenance_line, run_details
from fusion_core.atomic_files import write_whole
from trials.storage.layout import RunFolder


def write_report(run: Path, other: Path | None = None) -> Path:
    """Write `run`/report.html and its tables, each whole or not at all; return the page's path.

    `other` is a run to draw beside it, as in `lift.beside`. Raises FusionError without a results table.
    """
    findings = Findings.of(beside(open_run(Path(run)), other))
    write_tables(findings)
    return write_page(findings)


def write_page(findings: Findings) -> Path:
    """Write the page of a run that is open already."""
    page = RunFolder(findings.run.path).report
    write_whole(page, render(findings).encode(errors="replace"))
    return page


def render(findings: Findings) -> str:
    """Return the page: it makes no request, all data are inside."""
    run, scores = findings.run, findings.scores
    names = findings.names
    failed = failed_trials(run)
    parts = page_parts(findings) if scores.metrics else {}
    sections = order_of(run, parts)
    return html.render(
        "page/report.html.j2",
        title=run.name,
        facts=provenance_line(run),
        details=run_details(run),
        answer=answer(findings),
        notes=[*scores.notes, *(run.record.get("notes") or [])],
        failures=[
            {"number": row["number"], "seed": row["seed"], "error": row["error"] or "no reason was recorded",
             "setting": ", ".join(f"{names[key]} {text(row[key])}" for key in run.axes)}
            for row in failed.to_dict("records")
        ],
        sections=[(name, title_of(run, name)) for name in sections],
        noun=findings.noun,
        data=html.data(page_data(findings) | parts),
        style=html.asset("page/page.css"),
        theme=html.asset("page/theme.js"),
        script=html.script(*(f"figures/{name}.js" for name in sections), "page/controls.js"),
        plotly=Markup(get_plotlyjs()),
    )  # fmt: skip
