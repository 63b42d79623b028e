"""The lift of a reward: how much better reward-trained settings are than their start, image by image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.comparison.differences import Best, best_setting, gain
from analysis.comparison.side import Side, same_images, side_of
from analysis.findings.findings import Findings
from analysis.findings.judgement import judgements
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores.metrics import facts_of
from analysis.scores.per_image import start_images
from fusion_core.errors import ConfigError
from fusion_core.metrics.facts import BASELINES

LOSS, REWARD, START, UNTRAINED = "loss-trained", "reward-trained", "start", "untrained"
COLUMNS = (
    "metric", "dataset", "epoch", "kind", "name", "run", "at_epoch", "settings", "best", "trial", "q1", "median", "q3",
    "worst", "images", "gain", "gain_low", "gain_high", "paired", "above", "of",
)  # fmt: skip


def best_of_start(findings: Findings, metric: str, dataset: str, index: int) -> Best | None:
    """Return a start at a place as a single setting without selection; None if there is no start."""
    scores = findings.scores
    if scores.starts is None:
        return None
    place = scores.metrics.index(metric), scores.datasets.index(dataset), index
    shares = findings.images.shares(dataset)
    sign = facts_of(metric).sign
    values = start_images(findings.run, scores.start_ids[index], metric, list(shares))
    value = float(scores.starts.mean[place])
    return Best(
        best=0, value=value, corrected=value, low=np.nan, high=np.nan, images=int(scores.starts.n[place]), seeds=1,
        settings=1, note="" if values else "The per-image values of the initial checkpoint were not kept.", sign=sign,
        per_image=tuple(sign * one for one in values), weights=np.array(list(shares.values())), seed_error=0.0,
        seed_freedom=0.0,
    )  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Settings that learnt in one way; `epoch` is the one shown for them, None: the requested one."""

    kind: str
    name: str
    side: Side
    epoch: int | None = None


@dataclass(frozen=True)
class Lift:
    """`table` has COLUMNS; `groups` are (kind, name); `notes` say what cannot be compared, and why."""

    table: pd.DataFrame
    groups: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def lift(findings: Findings) -> Lift | None:
    """Compare reward-trained settings with the start, the copies and loss-trained settings.

    `gain` is how much better the best reward-trained setting is than the best of the row (> 0 is better, whatever the
    metric's direction), with a 95 % interval over the same images at the epoch that ranks; `above` of the `of`
    reward-trained settings are better than the best of the row. None if nothing learns from a reward, or there is
    nothing to compare it with.
    """
    return findings.once(_lift)


def _lift(findings: Findings) -> Lift | None:
    groups = _groups(findings)
    kinds = {group.kind for group in groups}
    if REWARD not in kinds or not (findings.scores.start_ids or LOSS in kinds):
        return None
    named = tuple((group.kind, group.name) for group in groups)
    return Lift(_table(findings, groups), named, _notes(findings, groups))


def beside(run: Run, other: Path | None) -> Run:
    """Return the run with another one to draw on its axes.

    Raises ConfigError if the two were tested on no data set of the same images.
    """
    if other is None:
        return run
    theirs = open_run(other)
    a, b = (side_of(one.name, Findings.of(one)) for one in (run, theirs))
    if not any(same_images(a, b, name) for name in a.scores.datasets):
        raise ConfigError(
            f"--beside {other}: must be tested on the same images as {run.name}, but no data set of the two has the "
            "same fingerprint: give a run whose data.test and sizes are those of this one"
        )
    return replace(run, beside=theirs)


def _groups(findings: Findings) -> tuple[Group, ...]:
    found, other = _split(findings, ""), findings.run.beside
    if other is not None:
        theirs = Findings.of(other)
        found += [replace(group, epoch=theirs.scores.epoch) for group in _split(theirs, f" ({other.name})")]
    return tuple(sorted(found, key=lambda group: group.kind == REWARD))


def _split(findings: Findings, suffix: str) -> list[Group]:
    """Return the loss-trained and the reward-trained settings of a run as groups; including those without a number."""
    run, rewarded = findings.run, findings.rewarded
    groups = []
    for kind, some in ((LOSS, ~rewarded), (REWARD, rewarded)):
        if not some.any():
            continue
        part = findings
        if not some.all():
            numbers = {
                n for setting, yes in zip(findings.scores.settings, some, strict=True) if yes for n in setting.numbers
            }
            trials = run.trials[run.trials["number"].isin(numbers)]
            metrics = run.metrics[run.metrics["trial"].isin(set(trials["id"]))]
            part = Findings.of(replace(run, trials=trials, metrics=metrics))
        groups.append(Group(kind, f"{kind}{suffix}", side_of(run.name, part)))
    return groups


def _notes(findings: Findings, groups: tuple[Group, ...]) -> tuple[str, ...]:
    run, scores = findings.run, findings.scores
    if run.beside is None:
        return ()
    own = side_of(run.name, findings)
    other = next(group.side for group in groups if group.epoch is not None)
    said = []
    shared = [name for name in scores.datasets if name in other.scores.datasets]
    if apart := [name for name in shared if not same_images(own, other, name)]:
        said.append(
            f"Not beside {other.label}, which saw other test images or weighs them otherwise: {', '.join(apart)}."
        )
    versions = [one.record.get("numerics") for one in (run, run.beside)]
    if None not in versions and versions[0] != versions[1]:
        said.append(
            f"{other.label} was computed by another version of the formulas ({versions[1]}, here {versions[0]})."
        )
    return tuple(said)


def _table(findings: Findings, groups: tuple[Group, ...]) -> pd.DataFrame:
    scores = findings.scores
    own = side_of(findings.run.name, findings)
    alike = {
        (g, name): group.epoch is None or same_images(own, group.side, name)
        for g, group in enumerate(groups) for name in scores.datasets
    }  # fmt: skip
    known = [_bests(group, scores.epoch) for group in groups]
    rewarded = next(g for g, group in enumerate(groups) if group.kind == REWARD)
    rows: list[dict[str, object]] = []
    for metric in scores.metrics:
        for dataset in scores.datasets:
            for epoch in scores.epochs:
                here = {"metric": metric, "dataset": dataset, "epoch": epoch}
                reward = _values(groups[rewarded], metric, dataset, epoch) if alike[rewarded, dataset] else np.zeros(0)
                ours = known[rewarded].get((metric, dataset)) if epoch == scores.epoch else None
                rows += [here | row for row in _references(findings, metric, dataset, reward, ours)]
                for g, group in enumerate(groups):
                    if alike[g, dataset]:
                        theirs = known[g].get((metric, dataset)) if epoch == scores.epoch else None
                        rows.append(here | _row(group, metric, dataset, epoch, reward, ours, theirs))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _bests(group: Group, ranks_at: int) -> dict[tuple[str, str], Best]:
    """Return what is known of the best setting at each metric and data set, at the epoch that ranks."""
    own = group.side.scores
    epoch = ranks_at if group.epoch is None else group.epoch
    places = [(m, d, epoch) for m in own.metrics for d in own.datasets if epoch in own.epochs]
    return {
        judge.place[:2]: best
        for judge in judgements(group.side.run, own, places) if (best := best_setting(judge)) is not None
    }  # fmt: skip


def _values(group: Group, metric: str, dataset: str, epoch: int) -> np.ndarray:
    """Return the settings' means, (settings,); all NaN where the group has no such place."""
    own = group.side.scores
    when = epoch if group.epoch is None else group.epoch
    if metric not in own.metrics or dataset not in own.datasets or when not in own.epochs:
        return np.full(len(own.settings), np.nan)
    means: np.ndarray = own.trials.mean[own.metrics.index(metric), own.datasets.index(dataset), own.epochs.index(when)]
    return means


def _row(
    group: Group, metric: str, dataset: str, epoch: int, reward: np.ndarray, ours: Best | None, theirs: Best | None
) -> dict[str, object]:
    values, sign = _values(group, metric, dataset, epoch), facts_of(metric).sign
    there = np.flatnonzero(np.isfinite(values))
    row: dict[str, object] = {
        "kind": group.kind, "name": group.name, "run": group.side.run.name,
        "at_epoch": epoch if group.epoch is None else group.epoch, "settings": len(there),
    }  # fmt: skip
    if not len(there):
        return row | {"best": np.nan, "trial": -1, "images": 0}
    order = there[np.argsort(-sign * values[there], kind="stable")]
    best, worst = int(order[0]), int(order[-1])
    own = group.side.scores
    row |= dict(zip(("q1", "median", "q3"), np.quantile(values[there], (0.25, 0.5, 0.75)), strict=True))
    row |= {
        "best": values[best], "trial": own.settings[best].numbers[0], "worst": values[worst],
        "images": int(own.trials.n[own.metrics.index(metric), own.datasets.index(dataset)].max(initial=0)),
    }  # fmt: skip
    return row if group.kind == REWARD else row | _beaten(values[best], reward, sign, ours, theirs)


def _references(
    findings: Findings, metric: str, dataset: str, reward: np.ndarray, ours: Best | None
) -> Iterator[dict[str, object]]:
    """Yield a row per untrained fusion and per start."""
    run, scores = findings.run, findings.scores
    m, d, sign = scores.metrics.index(metric), scores.datasets.index(dataset), facts_of(metric).sign
    for f, name in enumerate(BASELINES):
        value = float(scores.baselines.mean[m, d, f])
        if np.isfinite(value):
            images = int(scores.baselines.n[m, d, f])
            yield {"kind": UNTRAINED, "name": name, "run": run.name, "settings": 1, "best": value, "trial": -1,
                   "images": images} | _beaten(value, reward, sign, None, None)  # fmt: skip
    if scores.starts is None:
        return
    for s, name in enumerate(scores.start_names):
        value = float(scores.starts.mean[m, d, s])
        theirs = best_of_start(findings, metric, dataset, s) if ours is not None else None
        yield {"kind": START, "name": name, "run": run.name, "settings": 1, "best": value, "trial": -1,
               "images": int(scores.starts.n[m, d, s])} | _beaten(value, reward, sign, ours, theirs)  # fmt: skip


def _beaten(value: float, reward: np.ndarray, sign: float, ours: Best | None, theirs: Best | None) -> dict[str, object]:
    """Return how many reward-trained settings are better than a value."""
    gains = sign * (reward[np.isfinite(reward)] - value)
    if not len(gains):
        return {}
    row: dict[str, object] = {"gain": float(gains.max()), "above": int((gains > 0).sum()), "of": len(gains)}
    if ours is not None and theirs is not None:
        made = gain(ours, theirs, same_images=True)
        row |= {"gain_low": made.low, "gain_high": made.high, "paired": made.paired}
    return row
