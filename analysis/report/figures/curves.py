"""The page's figures over epochs and seeds: curves, early agreement, loss terms, the noise floor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.findings.epochs import agreement, front_runners, median_setting
from analysis.findings.findings import Findings
from analysis.report.packing import pack
from analysis.scores.model import Scores, pooled, shown
from analysis.scores.training_log import BESIDE, REWARDS, SPEED, names
from analysis.statistics.seed_noise import resolvable

# Front runners at the last and at the first epoch each: there are no distinct colours for more curves.
RUNNERS = 4
# With more settings than this, the page has loss terms only of those that one of its views names.
CARRIED = 3000


def curves(findings: Findings) -> dict[str, Any]:
    """Return agreement with the last epoch, packed (metric, data set, epoch), and settings to draw: [setting, reason].

    `median` is the setting nearest to the median of each place, for all figures that draw one.
    """
    scores = findings.scores
    first = shown(scores).start
    datasets = scores.datasets[first:]
    shape = (len(scores.metrics), len(datasets), len(scores.epochs))
    table = agreement(scores)
    table = table[table["dataset"].isin(datasets)]
    at = tuple(
        pd.Index(labels).get_indexer(table[name])
        for name, labels in (("metric", scores.metrics), ("dataset", datasets), ("epoch", scores.epochs))
    )
    found = {name: np.full(shape, np.nan) for name in ("spearman", "regret", "regret_share", "top_overlap", "settings")}
    for name, array in found.items():
        array[at] = table[name]
    default = None if findings.default is None else (findings.default, findings.default_name)
    return {
        **{name: pack(array) for name, array in found.items()},
        "median": pack(np.apply_along_axis(median_setting, -1, scores.trials.mean[:, shown(scores)])),
        "runners": [[_runners(scores, metric, dataset, default) for dataset in datasets] for metric in scores.metrics],
    }


def _runners(scores: Scores, metric: str, dataset: str, default: tuple[int, str] | None) -> list[list[Any]]:
    table = front_runners(scores, metric, dataset, RUNNERS, default)
    runners: list[list[Any]] = table.loc[table["why"] != "median", ["setting", "why"]].to_numpy().tolist()
    return runners


def training(findings: Findings) -> dict[str, Any]:
    """Return what training logged, packed (setting, name, epoch), for `settings` (None: all of them).

    `names` are [name, group] in the order of the panels, `rewards` those of rewards and their references, `odd` [name,
    settings where it was zero throughout, settings where it was once not a number, settings that logged it], `default`
    a setting (-1: none), `default_name` what it is called.
    """
    scores, default = findings.scores, findings.default
    logged = [[name, group] for group, some in names(findings.run).items() if group != SPEED for name in some]
    settings = _carried(scores, default)
    table = findings.loss_curves(settings)
    steps = sorted(int(epoch) for epoch in table["epoch"].unique())
    curves = np.full((len(settings), len(logged), len(steps)), np.nan)
    at = zip((settings, [name for name, _ in logged], steps), ("setting", "name", "epoch"), strict=True)
    curves[tuple(pd.Index(labels).get_indexer(table[name]) for labels, name in at)] = table["value"]
    return {
        "settings": None if len(settings) == len(scores.settings) else settings,
        "names": logged,
        "rewards": [list(REWARDS), list(BESIDE)],
        "epochs": steps,
        "curves": pack(curves),
        "odd": findings.oddities[["name", "zero", "not_a_number", "settings"]].to_numpy().tolist(),
        "default": -1 if default is None else default,
        "default_name": findings.default_name,
    }


def noise(findings: Findings) -> dict[str, Any] | None:
    """Return the noise floor, packed (metric, data set, epoch), or None if every setting ran with one seed.

    `std` is pooled over the `repeated` settings, `seeds` the number of seeds that most of those have, `pair` and
    `sweep` the minimum detectable difference between two settings of so many seeds, and between any two of all
    `settings`; `pair_one` and `sweep_one` the same with one seed each. For a search with one seed, its confirming
    trials are used.
    """
    scores = findings.scores
    stats = findings.repeated.trials[:, shown(scores)]
    several = (stats.seeds > 1) & np.isfinite(stats.spread)
    if not several.any():
        return None
    std, freedom = pooled(stats)
    settings = np.isfinite(scores.trials.mean[:, shown(scores)]).sum(axis=-1)
    seeds = np.array([_commonest(row[there]) for row, there in zip(_rows(stats.seeds), _rows(several), strict=True)])
    places = [one.reshape(-1) for one in (std, freedom, settings)]
    least = {
        "pair": [resolvable(s, f, 2, n) for s, f, n in zip(*places[:2], seeds.tolist(), strict=True)],
        "sweep": [resolvable(s, f, count, n) for s, f, count, n in zip(*places, seeds.tolist(), strict=True)],
        "pair_one": [resolvable(s, f, 2) for s, f in zip(*places[:2], strict=True)],
        "sweep_one": [resolvable(s, f, count) for s, f, count in zip(*places, strict=True)],
    }
    found = {
        "std": std, "freedom": freedom, "settings": settings, "repeated": several.sum(axis=-1),
        "seeds": seeds.reshape(std.shape), **{name: np.reshape(row, std.shape) for name, row in least.items()},
    }  # fmt: skip
    return {name: pack(values) for name, values in found.items()}


def _rows(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, values.shape[-1])


def _commonest(counts: np.ndarray) -> int:
    return int(np.bincount(counts.astype(int)).argmax()) if len(counts) else 0


def _carried(scores: Scores, default: int | None) -> list[int]:
    """Return every setting; of too many the best, worst and median at each place, the default and some at random."""
    count = len(scores.settings)
    if count <= CARRIED:
        return list(range(count))
    values = np.where(np.isfinite(scores.trials.mean), scores.trials.mean, np.nan).reshape(-1, count)
    order = np.argsort(values, axis=1, kind="stable")
    there = np.isfinite(values).sum(axis=1)
    places = (np.zeros_like(there), there - 1)
    named = [order[there > 0, place[there > 0]] for place in places]
    named.append(np.array([median_setting(row) for row in values[there > 0]], dtype=int))
    some = np.random.default_rng(0).choice(count, CARRIED // 2, replace=False)
    chosen = np.unique(np.concatenate([*named, some]))
    return sorted({*chosen.tolist(), *([] if default is None else [default])})
