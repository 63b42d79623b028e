"""The page's figure of model sizes: cost of each model, and its metrics at every place."""

from __future__ import annotations

from typing import Any

from analysis.findings.findings import Findings
from analysis.report.packing import pack
from analysis.scores.model import shown

_COSTS = ("parameters", "gflop", "gflop_training", "inference_ms_16", "inference_ms_16_std")


def model_size_part(findings: Findings) -> dict[str, Any] | None:
    """Return `models` [name, settings, trials], packed costs (model) and seconds of training (epoch, model).

    For the best setting of each model, `best`, `mean`, `std`, `seeds` are packed (metric, data set, epoch, model).
    """
    found = findings.model_sizes
    if found is None:
        return None
    names, trials = found.models["model"].tolist(), found.models["trials"].tolist()
    places = {name: getattr(found, name)[:, shown(findings.scores)] for name in ("best", "mean", "std", "seeds")}
    return {
        "models": [list(one) for one in zip(names, map(len, found.members), trials, strict=True)],
        "measured": found.measured,
        **{name: pack(found.models[name].to_numpy(dtype=float)) for name in _COSTS},
        "seconds": pack(found.seconds),
        "seconds_std": pack(found.seconds_std),
        **{name: pack(values) for name, values in places.items()},
    }
