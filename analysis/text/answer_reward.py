"""The sentences of the answer for sweeps of rewards: the lift of the reward, and the effect of its weights."""

from __future__ import annotations

import math

import numpy as np

from analysis.comparison.reward_lift import LOSS, REWARD, START, lift
from analysis.findings.findings import Findings
from analysis.findings.weight_effects import own_metric
from analysis.formatting import listed
from analysis.scores.metrics import SCORE, facts_of
from analysis.scores.model import Scores
from analysis.scores.per_image import start_images
from analysis.scores.starts import whole
from analysis.statistics.resampling import paired_interval


def reward_sentences(findings: Findings) -> list[str]:
    """Return the lift over the start and loss-trained settings, and whether weights raise their metric."""
    said = [*_lifted(findings), _own_metrics(findings)]
    return [sentence for sentence in said if sentence]


def _lifted(findings: Findings) -> list[str]:
    scores, found = findings.scores, lift(findings)
    if found is None:
        return []
    table = found.table
    here = table[(table["metric"] == scores.metric) & (table["dataset"] == whole(scores))]
    here = here[here["epoch"] == scores.epoch]
    best = here[(here["kind"] == REWARD) & here["best"].notna()]
    others = here[here["kind"].isin((START, LOSS)) & here["gain"].notna()]
    if not len(best) or not len(others):
        return []
    sign = facts_of(scores.metric).sign
    starts = others[others["kind"] == START].sort_values("best", key=lambda values: -sign * values)
    bars = [row for rows in (starts[:1], others[others["kind"] == LOSS]) for row in rows.to_dict("records")]
    top = best.iloc[0]
    parts = [f"{_stands(row, scores)}" for row in bars]
    said = [
        f"Does the reward lift the bound that the loss set? {_verdict(bars)}: the best reward-trained configuration "
        "(trial "
        f"{top['trial']}) has {scores.metric} {top['best']:.4g}, {'; '.join(parts)}."
    ]
    return [*said, _metrics_moved(findings)]


def _stands(row: dict[str, object], scores: Scores) -> str:
    gain, low, high = (float(str(row[name])) for name in ("gain", "gain_low", "gain_high"))
    what = (
        f"the {row['name']}'s"
        if row["kind"] == START
        else f"the best of {row['settings']} {row['name']} configurations,"
    )
    value = float(str(row["best"]))
    how = "better than" if gain > 0 else "worse than" if gain < 0 else "the same as"
    amount = "" if gain == 0 else f"{abs(gain):.2g} "
    if math.isfinite(low):
        ends = (low, high) if gain >= 0 else (-high, -low)
        sure = f" (95 % interval {ends[0]:.2g} to {ends[1]:.2g}, over the same {row['images']} images)"
    else:
        sure = " (not tested: no values per image)"
    count, of = (float(str(row[name])) for name in ("above", "of"))
    above = f"; {count:.0f} of {of:.0f} configurations are better than {'it' if row['kind'] == START else 'that'}"
    return f"{amount}{how} {what} {value:.4g}{sure}{above}"


def _verdict(bars: list[dict[str, object]]) -> str:
    lows, gains = ([float(str(row[name])) for row in bars] for name in ("gain_low", "gain"))
    if all(low > 0 for low in lows):
        return "Yes"
    if not all(gain > 0 for gain in gains):
        return "No"
    return "Not significantly" if all(map(math.isfinite, lows)) else "It seems so"


def _metrics_moved(findings: Findings) -> str:
    """Say for which metrics the best reward-trained setting is above the start, and for which below."""
    scores = findings.scores
    dataset = whole(scores)
    d, e = scores.datasets.index(dataset), scores.epochs.index(scores.epoch)
    start = scores.best_start(scores.metric, dataset)
    values = np.where(findings.rewarded, scores.trials.mean[scores.metrics.index(scores.metric), d, e], np.nan)
    if start is None or not np.isfinite(values).any():
        return ""
    best = int(np.nanargmax(values) if facts_of(scores.metric).higher_is_better else np.nanargmin(values))
    sides: dict[str, list[str]] = {"raised": [], "lowered": [], "open": []}
    tested = True
    for m, metric in enumerate(scores.metrics):
        if metric == SCORE:
            continue
        change = float(scores.trials.mean[m, d, e, best] - scores.start_means[m, d, start])
        if not math.isfinite(change):
            continue
        ends = _interval(findings, metric, best, start)
        tested = tested and ends is not None
        name = f"{metric} ({'better' if (change > 0) == facts_of(metric).higher_is_better else 'worse'})"
        sure = change != 0 if ends is None else ends[0] > 0 or ends[1] < 0
        sides["open" if not sure else "raised" if change > 0 else "lowered"].append(name if sure else metric)
    parts = [f"{word} {listed(names)}" for word, names in (("raises", sides["raised"]), ("lowers", sides["lowered"]))
             if names]  # fmt: skip
    parts += [f"leaves {listed(sides['open'])} without a significant change"] if sides["open"] else []
    how = "95 % over images" if tested else "not tested: no values per image"
    return (
        f"Against the initial checkpoint, the best by {scores.metric} {'; it '.join(parts)} ({how})." if parts else ""
    )


def _interval(findings: Findings, metric: str, setting: int, start: int) -> tuple[float, float] | None:
    """Return the paired 95 % interval of a setting's gain over the start; None without values per image."""
    scores = findings.scores
    dataset = whole(scores)
    ours = findings.image_values(metric, dataset, scores.epoch, [setting])
    shares = findings.images.shares(dataset)
    theirs = start_images(findings.run, scores.start_ids[start], metric, list(shares))
    if ours is None or not theirs or [one.shape[1] for one in ours] != [len(one) for one in theirs]:
        return None
    if min(len(one) for one in theirs) < 2 or not all(np.isfinite(one).all() for one in ours):
        return None
    both = [np.stack([a[0], b]) for a, b in zip(ours, theirs, strict=True)]
    low, high = paired_interval(both, np.array(list(shares.values())), 0, np.zeros(2))
    return float(low[1]), float(high[1])


def _own_metrics(findings: Findings) -> str:
    """Say for each reward weight whether it raises its own metric."""
    scores, found = findings.scores, findings.effects
    if found is None:
        return ""
    d, e = scores.datasets.index(whole(scores)), scores.epochs.index(scores.epoch)
    names, as_rewarded = findings.names, findings.own_effects
    told = []
    for w, key in enumerate(found.weights):
        if (metric := own_metric(key)) not in scores.metrics:
            continue
        m = scores.metrics.index(metric)
        rho, low, high = (float(part[w, m, d, e]) for part in (found.spearman, found.low, found.high))
        rho, low, high = as_rewarded.get(key, (rho, low, high))
        if math.isfinite(rho):
            ends = f" ({low:.2f} to {high:.2f})" if math.isfinite(low) else ""
            word = "yes" if low > 0 else "no, it worsens it" if high < 0 else "not shown"
            told.append(f"{names[key]} {word}, {rho:.2f}{ends}")
    if not told:
        return ""
    n = int(found.settings[:, :, d, e].max())
    of_what = " of the metric on the test images, its two sources joined as the reward joins them"
    return (
        f"Does a metric's weight raise that metric? {'; '.join(told)} (rank correlation over {n} configurations, 95 % "
        f"interval; above 0: a higher weight goes with a better value{of_what if as_rewarded else ''})."
    )
