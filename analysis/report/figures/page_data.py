"""The numbers that the page draws, as one JSON value.

To add a figure NAME: a line in registry.PARTS (its function(findings) gives D.NAME; None: no section), and in
templates/figures fig_NAME.html.j2 and NAME.js, which calls register().
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.findings.findings import Findings
from analysis.report.packing import pack
from analysis.scores.metrics import ALL, facts_of
from analysis.scores.model import Scores, Stats, shown
from analysis.scores.score import dataset_weights
from analysis.text.answer_search import own_seeds_sentence
from analysis.text.run_facts import failed_trials
from fusion_core.metrics.facts import BASELINES

# Beyond this many numbers the page leaves out the least important ones: standard deviations, intervals of differences.
MANY = 1_000_000
_REASON = 160


def page_data(findings: Findings) -> dict[str, Any]:
    """Return what all figures share; packed arrays are (metric, data set, epoch, setting), data sets as `shown`."""
    run, scores = findings.run, findings.scores
    datasets = scores.datasets[shown(scores)]
    trials, baselines = scores.trials[:, shown(scores)], scores.baselines[:, shown(scores)]
    starts = None if scores.starts is None else scores.starts[:, shown(scores)]
    several_seeds = len(trials.seeds) > 0 and bool(trials.seeds.max(initial=0) > 1)
    places = {key: {value: i for i, value in enumerate(values)} for key, values in run.axes.items()}
    seed_of = dict(zip(run.trials["number"].tolist(), run.trials["seed"].tolist(), strict=True))
    states = _states(scores)
    statuses = sorted(set(states))
    return {
        "axes": _axes(findings),
        "settings": {
            "at": [[places[key][value] for key, value in one.parameters.items()] for one in scores.settings],
            "trials": [list(setting.numbers) for setting in scores.settings],
            "seeds": [[seed_of[n] for n in one.numbers] for one in scores.settings] if several_seeds else None,
            "status": [statuses.index(state) for state in states],
            "statuses": statuses,
        },
        "failures": {int(row.number): _short(row.error) for row in failed_trials(run).itertuples()},
        "metrics": [_metric(name) for name in scores.metrics],
        "datasets": list(datasets),
        "weights": {ALL: _weights(findings)},
        "epochs": list(scores.epochs),
        "start": {
            "metric": _index(scores.metrics, scores.metric),
            "dataset": 0,
            "epoch": _index(scores.epochs, scores.epoch),
        },
        "fusions": list(BASELINES.values()),
        "starts": list(scores.start_names),
        "stopped": _stopped(findings),
        "noun": findings.noun,
        "ownSeeds": own_seeds_sentence(findings),
        "mixture": findings.mixture_label,
        "values": pack(trials.mean),
        "stds": pack(trials.std) if trials.std.size <= MANY else None,
        "images": _images(trials),
        "seeds": pack(trials.seeds.max(axis=0)) if several_seeds else None,
        "spreads": pack(trials.spread) if several_seeds and trials.spread.size <= MANY else None,
        "baselines": {
            "values": pack(baselines.mean),
            "stds": pack(baselines.std),
            "images": _images(baselines),
        },
        "startStats": None if starts is None else {
            "values": pack(starts.mean), "stds": pack(starts.std), "images": _images(starts),
        },
    }  # fmt: skip


def _axes(findings: Findings) -> list[dict[str, Any]]:
    """Return each parameter's name and values; `bins` if it has too many for a heatmap: labels, range per value."""
    run, scores = findings.run, findings.scores
    axes = []
    for key, values in run.axes.items():
        labels, levels = findings.levels_of(key)
        of = {setting.parameters[key]: int(level) for setting, level in zip(scores.settings, levels, strict=True)}
        bins = None if labels is None else {"labels": labels, "of": [of[value] for value in values]}
        axes.append(
            {
                "name": findings.names[key],
                "key": key,
                "values": ["none" if value is None else value for value in values],
                "bins": bins,
            }
        )
    return axes


def _states(scores: Scores) -> list[str]:
    """Return the status of each setting; for one stopped early, with the last epoch that has a number."""
    there = np.asarray((scores.trials.seeds > 0).any(axis=(0, 1)))
    return [
        f"{one.status} at epoch {scores.epochs[np.flatnonzero(has)[-1]]}" if one.status == "stopped" and has.any()
        else one.status
        for one, has in zip(scores.settings, there.T, strict=True)
    ]  # fmt: skip


def _stopped(findings: Findings) -> dict[str, Any] | None:
    """Return which rule stopped trials early and how many settings had ended before each epoch; None without any."""
    ended, rule = findings.scores.ended_before.sum(axis=1), findings.record.rule
    return {"rule": rule, "before": ended.tolist()} if ended.any() and rule else None


def _weights(findings: Findings) -> str:
    names = findings.scores.datasets[1:]
    weights = dataset_weights(findings.run.rank_by.dataset_weights, names)
    shares = weights / weights.sum() if weights.sum() > 0 else weights
    return ", ".join(f"{name} {share:.2g}" for name, share in zip(names, shares, strict=True))


def _short(error: str | None) -> str:
    text = " ".join((error or "no reason was recorded").split())
    return text if len(text) <= _REASON else f"{text[:_REASON]} …"


def _index(values: tuple[Any, ...], value: Any) -> int:
    return values.index(value) if value in values else 0


def _metric(name: str) -> dict[str, Any]:
    facts = facts_of(name)
    return {"name": name, "title": facts.title, "convention": facts.convention, "higher": facts.higher_is_better}


def _images(stats: Stats) -> Any:
    """Return n for each metric and data set: one number if all places agree, else packed over the places."""

    def of(n: np.ndarray) -> Any:
        some = np.unique(n[n > 0])
        return int(some[0]) if len(some) == 1 else pack(n)

    return [[of(n) for n in datasets] for datasets in stats.n]
