"""The figures of a page, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.findings.findings import Findings
from analysis.report.figures.bounds import bounds_part
from analysis.report.figures.curves import curves, noise, training
from analysis.report.figures.gallery import gallery
from analysis.report.figures.heatmap import heatmap_part, pairs_part
from analysis.report.figures.importance import importance
from analysis.report.figures.model_size import model_size_part
from analysis.report.figures.ranking import ranking_part
from analysis.report.figures.replay import replay_part
from analysis.report.figures.reward import effects_part, lift_part
from analysis.report.figures.tradeoffs import parallel, tradeoffs
from analysis.runs.run import Run
from analysis.scores.labels import noun

# On the page in this order: name -> title in the navigation, function.
PARTS = {
    "bounds": ("Upper bounds", bounds_part),
    "model_size": ("Model size", model_size_part),
    "heatmap": ("Heatmap", heatmap_part),
    "lift": ("Loss and reward", lift_part),
    "pairs": ("Two weights", pairs_part),
    "importance": ("Importance", importance),
    "effects": ("Weight effects", effects_part),
    "tradeoffs": ("Trade-offs", tradeoffs),
    "parallel": ("Parallel", parallel),
    "curves": ("Epochs", curves),
    "training": ("Training", training),
    "replay": ("Search", replay_part),
    "noise": ("Noise floor", noise),
    "gallery": ("Gallery", gallery),
    "ranking": ("All configurations", ranking_part),
}


def page_parts(findings: Findings) -> dict[str, Any]:
    """Return the page data of each figure of PARTS that has something to show."""
    parts = {name: part(findings) for name, (_, part) in PARTS.items()}
    return {name: part for name, part in parts.items() if part is not None}


def order_of(run: Run, parts: Mapping[str, Any]) -> list[str]:
    """Return the figures there are in their order; of one setting over several seeds the noise floor comes first."""
    there = [name for name in PARTS if name in parts]
    swept = any(len(values) > 1 for values in run.axes.values())
    return there if swept else sorted(there, key=lambda name: name != "noise")


def title_of(run: Run, name: str) -> str:
    """Return the title of a figure in the navigation."""
    return f"Two {noun(run.axes)}s" if name == "pairs" else PARTS[name][0]
