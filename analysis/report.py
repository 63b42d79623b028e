"""One page per run: what it was, what is best, and every number behind it."""

from __future__ import annotations

import json
import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from analysis.figures import failed_trials, page_data
from analysis.heatmap import short_names
from analysis.ranking import ALL, Scores, facts_of, score
from analysis.samples import samples_of
from analysis.tables import Run, open_run


def write_report(run: Path) -> Path:
    """Write `run`/report.html, whole or not at all, and return its path. Raises FusionError without a results table."""
    return write_page(table := open_run(Path(run)), score(table))


def write_page(run: Run, scores: Scores) -> Path:
    """Write the page of a run that is open already."""
    target = run.path / "report.html"
    partial = target.with_name(f".report.{os.getpid()}.partial")
    try:
        partial.write_text(render(run, scores), encoding="utf-8")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def render(run: Run, scores: Scores) -> str:
    """Return the page: no outside request, all data inside."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analysis"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    names = short_names(list(run.axes))
    best = _best(scores)
    samples, problems = (
        samples_of(run.path, best["numbers"], max(4, len(run.datasets))) if best is not None else ([], [])
    )
    failed = failed_trials(run)
    return environment.get_template("report.html.j2").render(
        title=run.name,
        facts=provenance_line(run),
        details=_details(run),
        answer=answer(run, scores),
        notes=[*scores.notes, *run.record.get("notes", []), *problems],
        has_numbers=bool(scores.metrics),
        failures=[
            {"number": row["number"], "seed": row["seed"], "error": row["error"] or "no reason was recorded",
             "setting": ", ".join(f"{names[key]} {text(row[key])}" for key in run.axes)}
            for row in failed.to_dict("records")
        ],
        samples=samples,
        best=best,
        data=_json(page_data(run, scores)),
        style=_asset("page.css"),
        script=_asset("state.js", "heatmap.js", "ranking.js", "controls.js"),
        plotly=Markup(get_plotlyjs()),
    )  # fmt: skip


def answer(run: Run, scores: Scores) -> list[str]:
    """Say in two or three sentences what is best, by how much, and whether training beat an untrained copy."""
    best = _best(scores)
    if best is None:
        return [f"No trial has reported a number yet: {_counts(run)}."]
    names = short_names(list(run.axes))
    metric, facts = scores.metric, facts_of(scores.metric)
    table = scores.ranking(metric, ALL, scores.epoch)
    trials, copies = table[table["rank"].notna()], table[(table["baseline"] != "") & table["value"].notna()]
    ran = "trial" if len(best["numbers"]) == 1 else "trials"
    numbers = ", ".join(map(str, best["numbers"]))
    setting = ", ".join(f"{names[key]} {text(value)}" for key, value in best["parameters"].items()) or "the only one"
    spread = f", standard deviation {number(best['std'])}" if math.isfinite(best["std"]) else ""
    over = f"weighted mean over {len(scores.datasets) - 1} data sets, " if len(scores.datasets) > 2 else ""
    seeds = f", mean of {best['seeds']} seeds" if best["seeds"] > 1 else ""
    sentences = [
        f"Best setting: {setting} ({ran} {numbers}). "
        f"{metric} {number(best['value'])} at epoch {scores.epoch} ({over}n = {best['n']} images{spread}{seeds})."
    ]
    ties = int((trials["value"] == best["value"]).sum())
    if ties > 1:
        sentences.append(
            f"{ties} of {len(trials)} settings have exactly this value: {metric} does not tell them apart."
        )
    elif len(trials) > 1:
        second, gap = trials.iloc[1]["value"], abs(trials.iloc[1]["value"] - best["value"])
        sentences.append(f"The second of {len(trials)} settings has {number(second)}, {number(gap)} away.")
    if len(copies):
        copy = copies.iloc[0]
        gain = (best["value"] - copy["value"]) * (1 if facts.higher_is_better else -1)
        verdict = (
            f"the best setting is {number(gain)} better" if gain > 0
            else "the best setting is no better" if gain == 0
            else f"no setting reaches that, the best one falls short by {number(-gain)}"
        )  # fmt: skip
        sentences.append(f"The best untrained fusion, {copy['baseline']}, has {number(copy['value'])}: {verdict}.")
    if "failed" in best["status"]:
        sentences.append("A trial of the best setting failed after this epoch; its reason is listed below.")
    return sentences


def provenance_line(run: Run) -> list[str]:
    """Return the short facts of a run: when, which program, on what, how much of it is done."""
    record, line = run.record, [_counts(run)]
    if len(run.provenance):
        line.append(datetime.fromtimestamp(run.provenance["started"].iloc[-1], UTC).strftime("%Y-%m-%d %H:%M UTC"))
    seconds = run.provenance["seconds"].fillna(0).sum()
    unfinished = int(run.provenance["finished"].isna().sum())
    if seconds:
        runs = f" in {len(run.provenance)} runs" if len(run.provenance) > 1 else ""
        line.append(f"{_duration(seconds)}{runs}")
    if unfinished:
        line.append(
            f"{unfinished} {'run' if unfinished == 1 else 'runs'} of the program not ended: going on, or killed"
        )
    if trained := run.trials["seconds"].sum():
        line.append(f"{_duration(trained)} of training")
    sets = run.datasets[~run.datasets["dataset"].str.startswith("train:")]
    trained_on = run.datasets[run.datasets["dataset"].str.startswith("train:")]
    line += [f"trained on {row.dataset.removeprefix('train:')} ({_pairs(row)})" for row in trained_on.itertuples()]
    if len(sets):
        line.append("tested on " + ", ".join(f"{row.dataset} ({_pairs(row)})" for row in sets.itertuples()))
    if len(run.trials):
        seeds = sorted(run.trials["seed"].unique())
        line.append(f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}")
    devices = [device for device in record.get("devices") or () if device != "auto"]
    devices = devices or sorted(set(run.trials["device"].dropna()))
    if devices:
        alike = {device: devices.count(device) for device in devices}
        line.append(
            "on " + ", ".join(f"{count} x {device}" if count > 1 else device for device, count in alike.items())
        )
    commit = record.get("commit")
    if commit:
        line.append(f"commit {commit['commit'][:10]}{', with local changes' if commit['dirty'] else ''}")
    return line


def number(value: float) -> str:
    """Write a value with four significant digits."""
    return f"{value:.4g}"


def _best(scores: Scores) -> Any:
    """Return the first setting of the ranking that has a value, or None."""
    if not scores.metrics:
        return None
    table = scores.ranking(scores.metric, ALL, scores.epoch)
    first = table[table["rank"] == 1]
    return first.iloc[0] if len(first) else None


def _counts(run: Run) -> str:
    counts = run.trials["status"].value_counts().to_dict()
    states = ("finished", "running", "waiting", "stopped", "failed")
    parts = [f"{counts[state]} {state}" for state in states if counts.get(state)]
    return (
        f"{len(run.trials)} {'trial' if len(run.trials) == 1 else 'trials'}: {', '.join(parts)}"
        if parts
        else "no trials"
    )


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


def text(value: object) -> str:
    """Write a swept value, 10.0 as 10."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _asset(*names: str) -> Markup:
    folder = Path(__file__).parent / "templates"
    return Markup("\n".join((folder / name).read_text(encoding="utf-8") for name in names))


def _json(value: Any) -> Markup:
    """Return JSON that cannot end the script element it stands in."""
    written = json.dumps(value, allow_nan=False, separators=(",", ":"), default=str)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)
