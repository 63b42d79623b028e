"""Figure: importance of the weights."""

from __future__ import annotations

import time
from typing import Any

from analysis.findings.findings import Findings
from analysis.report.packing import pack
from analysis.scores.model import shown

HEADLINES = ("VIF", "Qabf", "SSIM", "MI")
# Optuna's evaluators take part of a second per metric: the ranked one first, then as many others as fit.
SECONDS = 4.0


def importance(findings: Findings) -> dict[str, Any]:
    """Return shares of variance at every place and Optuna's importances at the ranking epoch.

    `parameters` are places in run.axes, `pairs` places in `parameters`. `optuna` has a list of importances per
    parameter for each metric that was computed; all of them are of the first data set of the page.
    """
    shares, first = findings.shares, shown(findings.scores).start
    keys = list(findings.run.axes)
    return {
        "parameters": [keys.index(key) for key in shares.parameters],
        "pairs": [[shares.parameters.index(key) for key in pair] for pair in shares.pairs],
        "main": pack(shares.main[:, first:]),
        "pair": pack(shares.pair[:, first:]),
        "complete": shares.complete[:, first:].tolist(),
        "ranked": shares.ranked[:, first:].tolist(),
        "settings": pack(shares.settings[:, first:]),
        "optuna": _opinions(findings) if shares.parameters else [],
    }


def _opinions(findings: Findings) -> list[dict[str, Any]]:
    scores = findings.scores
    dataset = scores.datasets[shown(scores)][0]
    order = dict.fromkeys([scores.metric, *HEADLINES, *scores.metrics])
    found: list[dict[str, Any]] = []
    start, longest = time.process_time(), 0.0
    for metric in (name for name in order if name in scores.metrics):
        began = time.process_time()
        if found and began - start + longest > SECONDS:
            break
        table = findings.optuna_importance(metric, dataset, scores.epoch)
        longest = max(longest, time.process_time() - began)
        found.append({
            "metric": scores.metrics.index(metric), "dataset": 0, "epoch": scores.epochs.index(scores.epoch),
            "fanova": pack(table["fanova"]), "ped_anova": pack(table["ped_anova"]),
            "settings": int(table["settings"].max()), "used": int(table["used"].max()),
        })  # fmt: skip
    return found
