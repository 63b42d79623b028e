"""Results of repeated searches: the best so far against the cost, and the cost of reaching a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.replay.noise_floor import Floor
from analysis.replay.recorded_grid import Grid
from analysis.replay.searches import Search
from analysis.replay.trace import WITHIN, Trace

TOP_1, TOP_5, FLOOR = "top_1", "top_5", "floor"
SAID = {TOP_1: "top 1 %", TOP_5: "top 5 %", FLOOR: "noise floor"}
SHARES = {TOP_1: 0.01, TOP_5: 0.05}
SURE = 0.9
BAND = (0.05, 0.95)
MOST_POINTS = 200

CURVES = (
    "search", "cost", "seconds", "best_median", "best_low", "best_high", "regret_median", "regret_low", "regret_high",
    "n",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """The target of a search: any of `settings` settings whose gain is at least `least`."""

    name: str
    least: float
    settings: int


def targets(grid: Grid, floor: Floor | None) -> tuple[Target, ...]:
    """Return the best 1 and 5 % of the settings, and those statistically tied with the best, if known.

    If both shares are the same settings, as in a small grid, only the second is returned.
    """
    least = {name: grid.rank_threshold(share) for name, share in SHARES.items()}
    if floor is not None:
        least[FLOOR] = grid.best - floor.least
    if least[TOP_1] == least[TOP_5]:
        del least[TOP_1]
    return tuple(Target(name, gain, int((grid.gains >= gain).sum())) for name, gain in least.items())


def curves(grid: Grid, search: Search, traces: Sequence[Trace]) -> pd.DataFrame:
    """Return the best so far and its regret by share of the grid's epochs, starting where every repeat has a best.

    Columns are CURVES; `seconds` is the median share of the grid's seconds spent by then, bands are 5 to 95 % of `n`.
    """
    epochs = grid.epochs * np.arange(1, len(grid.settings) + 1)
    epochs = epochs[:: max(1, len(epochs) // MOST_POINTS)]
    last, first = max(trace.spent for trace in traces), max(_first(trace) for trace in traces)
    ends = [last] if last not in epochs else []
    spent = np.array([one for one in sorted([*epochs.tolist(), *ends]) if first <= one <= last], dtype=int)
    if not len(spent):
        return pd.DataFrame(columns=list(CURVES))
    best = np.array([_best_so_far(trace, spent) for trace in traces])
    seconds = np.array([trace.seconds[np.minimum(spent, trace.spent) - 1] for trace in traces]) / _seconds_of(grid)
    low, middle, high = np.quantile(best, (BAND[0], 0.5, BAND[1]), axis=0)
    worst, best_ = (low, high) if grid.sign > 0 else (-high, -low)
    return pd.DataFrame({
        "search": search.name, "cost": spent / grid.cost, "seconds": np.median(seconds, axis=0),
        "best_median": grid.sign * middle, "best_low": worst, "best_high": best_,
        "regret_median": grid.best - middle, "regret_low": grid.best - high, "regret_high": grid.best - low,
        "n": len(traces),
    })[list(CURVES)]  # fmt: skip


def costs(grid: Grid, search: Search, traces: Sequence[Trace], wanted: Sequence[Target]) -> dict[str, object]:
    """Return one row: for each target the share of repeats that reach it within WITHIN of the grid's epochs, and the
    median and 90 % quantile of the shares of its epochs and seconds to reach it.

    NaN where fewer repeats reach it. `regret_...` is at WITHIN; `epochs_saved` is the share saved of all epochs of the
    tried settings, and `loss_...` how much worse the best found is than the grid's, for a search that tries all of it.
    """
    row: dict[str, object] = {"search": search.name, "repeats": len(traces)}
    for target in wanted:
        to = np.array([_cost_to(trace, target.least) for trace in traces])
        seconds = np.array([trace.seconds[int(n) - 1] if np.isfinite(n) else np.inf
                            for n, trace in zip(to, traces, strict=True)])  # fmt: skip
        row[f"{target.name}_within"] = float(np.mean(to <= WITHIN * grid.cost))
        for name, values in (("cost", to / grid.cost), ("seconds", seconds / _seconds_of(grid))):
            row[f"{target.name}_{name}_median"] = quantile(values, 0.5)
            row[f"{target.name}_{name}_q90"] = quantile(values, SURE)
    there = np.array([WITHIN * grid.cost])
    regret = np.array([grid.best - _best_so_far(trace, there)[0] for trace in traces])
    row["regret_median"], row["regret_q95"] = quantile(regret, 0.5), quantile(regret, 0.95)
    saved = [1 - trace.spent / trace.full for trace in traces if trace.full]
    row["epochs_saved"] = float(np.mean(saved)) if search.stops_early and saved else np.nan
    loss = np.array([grid.best - trace.gains.max(initial=-np.inf) for trace in traces])
    row["loss_median"], row["loss_q95"], row["loss_most"] = (
        (quantile(loss, 0.5), quantile(loss, 0.95), float(loss.max())) if search.whole else (np.nan,) * 3
    )
    row["sampler_ms"] = 1000 * sum(trace.asking for trace in traces) / max(1, sum(trace.tried for trace in traces))
    return row


def up_to(limit: float, rows: pd.DataFrame, wanted: Sequence[Target]) -> pd.DataFrame:
    """Return the table with costs above `limit`, a share of the grid's epochs, as not reached."""
    rows = rows.copy()
    for name in (one.name for one in wanted):
        for at in ("median", "q90"):
            beyond = rows[f"{name}_cost_{at}"] > limit
            rows.loc[beyond, [f"{name}_cost_{at}", f"{name}_seconds_{at}"]] = np.nan
    return rows


def table(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def quantile(values: np.ndarray, share: float) -> float:
    """Return the least value that at least a share of all is at most; NaN where that is infinite."""
    found = float(np.sort(values)[max(0, int(np.ceil(share * len(values) - 1e-9)) - 1)])
    return found if np.isfinite(found) else float("nan")


def _first(trace: Trace) -> float:
    return float(trace.hits[0]) if len(trace.hits) else np.inf


def _cost_to(trace: Trace, least: float) -> float:
    """Return the epochs until a trial scores at least `least`; infinite where none does."""
    there = np.flatnonzero(trace.gains >= least)
    return float(trace.hits[there[0]]) if len(there) else np.inf


def _best_so_far(trace: Trace, spent: np.ndarray) -> np.ndarray:
    """Return the best gain after so many epochs; minus infinity before there is one."""
    best = np.concatenate([[-np.inf], np.maximum.accumulate(trace.gains)])
    return np.asarray(best[np.searchsorted(trace.hits, spent, side="right")])


def _seconds_of(grid: Grid) -> float:
    return float("nan") if grid.seconds is None else float(grid.seconds.sum())
