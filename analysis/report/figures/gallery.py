"""The gallery: the same pairs fused by the best trial, the worst, and the one nearest to the defaults."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from analysis.findings.findings import Findings
from analysis.formatting import listed
from analysis.runs.run import Run
from analysis.runs.samples import Images, Pair, folders_of, pairs_in, shown_in
from fusion_core.metrics.facts import FACTS
from trials.ranking.leaderboard import Leaderboard, RankedTrial, best
from trials.spec.defaults import default_trial, is_default
from trials.spec.labels import short_names
from trials.storage.layout import RunFolder
from trials.storage.results import Results

ROLES = ("best", "worst", "default")


def gallery(findings: Findings) -> dict[str, Any] | None:
    """Return pairs, trials (those of the first columns first), images and metrics; None if no samples were kept."""
    run = findings.run
    finished = run.every_trial[run.every_trial["status"] == "finished"]
    folders = folders_of(run.path, dict(zip(finished["number"].tolist(), finished["id"].tolist(), strict=True)))
    if not folders:
        return None
    ids = dict(zip(run.every_trial["number"].tolist(), run.every_trial["id"].tolist(), strict=True))
    with Results.read(RunFolder(run.path).table) as results:
        ranked = _ranked(results, run, set(finished["id"]))
        configs = _configs(results, set(run.every_trial["id"]))
        roles = _roles(run, ranked, default_trial(configs))
        trials = _in_order(folders, roles, ranked)
        pairs = pairs_in([folders[number] for number in trials], _stems(results, run))
        measured = {number: _measured(results, ids[number]) for number in trials}
    metrics = [name for name in findings.scores.metrics if name in FACTS]
    images = Images()
    shown = shown_in(pairs, trials, folders, images)
    ranks = {trial.number: rank for rank, trial in enumerate(ranked, start=1)}
    return {
        "pairs": [
            entry | {"values": {number: _values(measured[number], pair, metrics) for number in entry["made"]}}
            for pair, entry in shown
        ],
        "trials": [
            {"number": number, "roles": [role for role in ROLES if roles.get(role) == number],
             "rank": ranks.get(number)} for number in trials
        ],
        "metrics": [{"name": name, "higher": FACTS[name].higher_is_better} for name in metrics],
        "ranked": len(ranked),
        "rankedBy": f"{run.rank_by.metric} at {_epoch(run)}",
        "apart": _apart(run, roles.get("default"), configs),
        "notes": [*_not_kept(run, roles, folders), *images.notes()],
    }  # fmt: skip


def _epoch(run: Run) -> str:
    return f"epoch {run.rank_by.epoch}" if run.rank_by.epoch else "the last epoch"


def _ranked(results: Results, run: Run, finished: set[str]) -> list[RankedTrial]:
    """Return finished trials, best first, by the sweep's ranking, which also decides which samples are kept."""
    if run.rank_by.metric not in FACTS:
        return []
    return [trial for trial in best(results, run.rank_by) if trial.id in finished]


def _configs(results: Results, trials: set[str]) -> list[tuple[int, dict[str, Any], dict[str, Any]]]:
    rows = results.query("SELECT number, id, parameters, config FROM trials ORDER BY number")
    return [(n, json.loads(parameters), json.loads(config)) for n, id_, parameters, config in rows if id_ in trials]


def _roles(run: Run, ranked: list[RankedTrial], default: int | None) -> dict[str, int]:
    """Return the number of the best trial, of the worst (if it is another one), and of the one at the default."""
    roles = {} if default is None else {"default": default}
    if ranked:
        last = Leaderboard(run.rank_by.metric, 1, worst=True)
        for trial in ranked:
            last.add(trial)
        roles |= {"best": ranked[0].number}
        if last.top[0].number != ranked[0].number:
            roles |= {"worst": last.top[0].number}
    return roles


def _in_order(folders: Iterable[int], roles: dict[str, int], ranked: list[RankedTrial]) -> list[int]:
    """Return the trials that have samples: best, worst, default, then by rank."""
    order = [*(roles[role] for role in ROLES if role in roles), *(trial.number for trial in ranked), *sorted(folders)]
    return [number for number in dict.fromkeys(order) if number in set(folders)]


def _not_kept(run: Run, roles: dict[str, int], folders: dict[int, Path]) -> list[str]:
    status = dict(zip(run.every_trial["number"], run.every_trial["status"], strict=True))
    lacking = [
        f"the {role} (trial {roles[role]}{'' if status[roles[role]] == 'finished' else ', ' + status[roles[role]]})"
        for role in ROLES if role in roles and roles[role] not in folders
    ]  # fmt: skip
    return [f"No samples were kept of {listed(lacking)}."] if lacking else []


def _apart(run: Run, default: int | None, configs: list[Any]) -> str:
    """Name the weights of the default trial that differ from their default."""
    names = short_names(list(run.axes))
    config: dict[str, Any] = next((config for number, _, config in configs if number == default), {})
    return listed([names[key] for key in run.axes if not is_default(config, key)])


def _stems(results: Results, run: Run) -> dict[str, list[str]]:
    """Return the stems of each data set, in the order of the run's; empty if the table has none."""
    rows = results.query(
        "SELECT dataset, stems FROM datasets WHERE cohort IN (SELECT cohort FROM trials WHERE id = ?)",
        (run.every_trial["id"].iloc[0],),
    )
    known = {dataset: json.loads(stems) for dataset, stems in rows}
    names = dict.fromkeys([*run.datasets["dataset"], *run.metrics["dataset"].unique()])
    return {name: known.get(name, []) for name in names if not name.startswith("train:")}


def _measured(results: Results, trial: str) -> dict[tuple[str, str], tuple[float, np.ndarray | None]]:
    """Return mean and values per image by (data set, metric) at the trial's last epoch, when samples are made."""
    rows = results.query(
        "SELECT dataset, metric, mean, per_image FROM metrics WHERE trial = :trial AND epoch = "
        "(SELECT max(epoch) FROM metrics WHERE trial = :trial)",
        {"trial": trial},
    )
    return {
        (dataset, metric): (
            math.nan if mean is None else mean, None if values is None else np.frombuffer(values, "<f4")
        )
        for dataset, metric, mean, values in rows
    }  # fmt: skip


def _values(measured: dict[Any, Any], pair: Pair, metrics: list[str]) -> dict[str, Any]:
    """Return a number per metric: of this very image, else the data set's mean; `own` says which."""
    found = [measured.get((pair.dataset, name), (math.nan, None)) for name in metrics]
    each = [values for _, values in found if values is not None]
    own = bool(each) and all(0 <= pair.place < len(values) for values in each)
    numbers = [mean if not own else math.nan if values is None else float(values[pair.place]) for mean, values in found]
    return {"own": own, "numbers": [float(f"{x:.6g}") if math.isfinite(x) else None for x in numbers]}
