"""One page per run: what it was, what is best, and every number behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from analysis import page
from analysis.answer import answer, counts
from analysis.bounds_files import write_tables
from analysis.figures import PARTS, failed_trials, order_of, page_data, page_parts, title_of
from analysis.lift import beside
from analysis.names import noun, short_names
from analysis.ranking import Scores, score
from analysis.searched import search_facts
from analysis.tables import Run, open_run
from analysis.written import text

# In this order; the scripts of the figures stand between look.js and controls.js.
SCRIPTS = (
    "state.js", "look.js", "trial.js", "marks.js", "heatmap.js", "pairs.js", "bounds.js", "panels.js",
    "importance.js", "front.js", "scatter.js", "tradeoffs.js", "parallel.js", "parallel_canvas.js", "curves.js",
    "training.js", "lift.js", "effects.js", "model_size.js", "replay.js", "noise.js", "gallery.js", "ranking.js",
    "controls.js",
)  # fmt: skip


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
    return page.write_whole(run.path / "report.html", render(run, scores))


def render(run: Run, scores: Scores) -> str:
    """Return the page: no outside request, all data inside."""
    names = short_names(list(run.axes))
    failed = failed_trials(run)
    parts = page_parts(run, scores) if scores.metrics else {}
    return page.render(
        "report.html.j2",
        title=run.name,
        facts=provenance_line(run),
        details=_details(run),
        answer=answer(run, scores),
        notes=[*scores.notes, *(run.record.get("notes") or [])],
        failures=[
            {"number": row["number"], "seed": row["seed"], "error": row["error"] or "no reason was recorded",
             "setting": ", ".join(f"{names[key]} {text(row[key])}" for key in run.axes)}
            for row in failed.to_dict("records")
        ],
        sections=[(name, title_of(run, name)) for name in order_of(run, parts)],
        noun=noun(run.axes),
        data=page.data(page_data(run, scores) | parts),
        style=page.asset("page.css"),
        theme=page.asset("theme.js"),
        script=page.asset(*_scripts(parts)),
        plotly=Markup(get_plotlyjs()),
    )  # fmt: skip


def provenance_line(run: Run) -> list[str]:
    """Return the short facts of a run: when, which program, on what, how much of it is done."""
    record, line = run.record, [counts(run), *search_facts(run)]
    if len(run.provenance):
        line.append(datetime.fromtimestamp(run.provenance["started"].iloc[-1], UTC).strftime("%Y-%m-%d %H:%M UTC"))
    seconds = run.provenance["seconds"].fillna(0).sum()
    # The program lets no other start while it runs, so only the last may still be going on.
    unended = run.provenance["finished"].isna().tolist()
    if seconds:
        runs = f" in {len(run.provenance)} runs" if len(run.provenance) > 1 else ""
        line.append(f"{_duration(seconds)}{runs}")
    if killed := sum(unended[:-1]):
        line.append(f"{killed} {'run of the program was' if killed == 1 else 'runs of the program were'} killed")
    if unended[-1:] == [True]:
        line.append("the last run of the program has not ended: going on, or killed")
    every = run.every_trial
    if trained := every["seconds"].sum():
        line.append(f"{_duration(trained)} of training")
    sets = run.datasets[~run.datasets["dataset"].str.startswith("train:")]
    trained_on = run.datasets[run.datasets["dataset"].str.startswith("train:")]
    line += [f"trained on {row.dataset.removeprefix('train:')} ({_pairs(row)})" for row in trained_on.itertuples()]
    if len(sets):
        line.append("tested on " + ", ".join(f"{row.dataset} ({_pairs(row)})" for row in sets.itertuples()))
    if len(run.trials):
        seeds = sorted(run.trials["seed"].unique())
        line.append(f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}")
    if run.confirming is not None:
        fresh = sorted(run.confirming.trials["seed"].unique())
        line.append(f"confirmed with {'seed' if len(fresh) == 1 else 'seeds'} {', '.join(map(str, fresh))}")
    devices = [device for device in record.get("devices") or () if device != "auto"]
    devices = devices or sorted(set(every["device"].dropna()))
    if devices:
        alike = {device: devices.count(device) for device in devices}
        line.append(
            "on " + ", ".join(f"{count} x {device}" if count > 1 else device for device, count in alike.items())
        )
    commit = record.get("commit")
    if commit:
        line.append(f"commit {commit['commit'][:10]}{', with local changes' if commit['dirty'] else ''}")
    return line


def _details(run: Run) -> dict[str, str]:
    record = run.record
    versions = ", ".join(f"{name} {version}" for name, version in (record.get("packages") or {}).items() if version)
    rows = {
        "Command": record.get("command"),
        "Versions": versions,
        "Python": record.get("python"),
        "Platform": record.get("platform"),
        "Sweep file": record.get("spec"),
    }
    return {name: str(value) for name, value in rows.items() if value}


def _pairs(row: Any) -> str:
    return f"{row.pairs} {'pair' if row.pairs == 1 else 'pairs'} {row.height}x{row.width}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _scripts(parts: Mapping[str, Any]) -> list[str]:
    """Return the scripts of the page; one that is named after a figure goes with its section."""
    stems = {name: name.removesuffix(".js") for name in SCRIPTS}
    return [name for name, stem in stems.items() if stem not in PARTS or stem in parts]
