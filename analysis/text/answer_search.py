"""The sentences of the answer that only searches have: early stopping, constraints, confirmation, the Pareto front."""

from __future__ import annotations

import numpy as np

from analysis.findings.findings import Findings
from analysis.findings.standings import Leaders
from analysis.findings.tradeoffs import directions
from analysis.formatting import difference, listed, number, text
from analysis.scores.metrics import ALL, facts_of
from analysis.statistics.pareto import pareto_front


def stopped_sentence(findings: Findings) -> str:
    """Say how many trials of the search were stopped early, by which rule, and at which epochs they have no number."""
    run, scores = findings.run, findings.scores
    count = int((run.trials["status"] == "stopped").sum())
    if not count or not findings.record.rule:
        return ""
    were = f"trials {'was' if count == 1 else 'were'} stopped early by {findings.record.rule}"
    said = f"{count} of {len(run.trials)} {were}"
    ids = set(run.trials.loc[run.trials["status"] == "stopped", "id"])
    there = run.metrics.loc[run.metrics["epoch"] == scores.epoch, "trial"]
    without = count - len(ids & set(there))
    they = "they have" if without == count > 1 else "it has" if without == count else f"{without} of them have"
    return f"{said}: {they} no number at epoch {scores.epoch}." if without else f"{said}."


def none_keeps_sentence(findings: Findings, metric: str, dataset: str, epoch: int) -> str:
    """Name the setting nearest to the constraints if none satisfies them; empty if one does."""
    known = _known(findings, metric, dataset, epoch)
    if not findings.standings.constraints or findings.standings.keeps(epoch)[known].any():
        return ""
    what = listed(map(str, findings.standings.constraints))
    return f"No configuration keeps to {what}: {_nearest(findings, known, epoch)} {_unmeasured(findings)}".strip()


def kept_sentence(findings: Findings, metric: str, dataset: str, epoch: int) -> str:
    """Say how many settings satisfy the constraints."""
    if not findings.standings.constraints:
        return _unmeasured(findings)
    known = _known(findings, metric, dataset, epoch)
    kept = int(findings.standings.keeps(epoch)[known].sum())
    keep = "keeps" if kept == 1 else "keep"
    what = listed(map(str, findings.standings.constraints))
    said = f"{kept} of {len(known)} configurations {keep} to {what}, and the best is of those."
    return f"{said} {_unmeasured(findings)}".strip()


def _known(findings: Findings, metric: str, dataset: str, epoch: int) -> np.ndarray:
    """Return the settings that have a number at a place."""
    scores = findings.scores
    at = scores.metrics.index(metric), scores.datasets.index(dataset), scores.epochs.index(epoch)
    return np.flatnonzero(np.isfinite(findings.standings.stats.mean[at]))


def _unmeasured(findings: Findings) -> str:
    lost = [one for one in findings.record.where if one not in findings.standings.constraints]
    return f"Whether {listed(map(str, lost))} holds is not known: it was not measured." if lost else ""


def _nearest(findings: Findings, known: np.ndarray, epoch: int) -> str:
    """Name the setting that violates the constraints least, relative to each one's typical excess."""
    scores, e = findings.scores, findings.scores.epochs.index(epoch)
    excess = np.maximum(findings.standings.excess[:, e][:, known], 0)
    if not np.isfinite(excess).all(axis=0).any():
        return "none of them has a number for it."
    # Constraints have different units: each is scaled by its median excess.
    middle = np.array([np.median(row[np.isfinite(row)]) or 1.0 for row in excess])
    # A setting without a number for some constraint is not near.
    best = int(known[np.nanargmin((excess / middle[:, None]).sum(axis=0))])
    setting, names = scores.settings[best], findings.names
    own = ", ".join(f"{names[key]} {text(value)}" for key, value in setting.parameters.items())
    means = findings.standings.stats.mean[:, scores.datasets.index(ALL), e, best]
    broken = findings.standings.constraints
    several = len({one.metric for one in broken}) > 1
    has = listed(dict.fromkeys(
        f"{one.metric} " * several + number(means[scores.metrics.index(one.metric)]) for one in broken
    ))  # fmt: skip
    return f"the nearest is {own or 'the only one'}, with {has} (trial {setting.numbers[0]})."


def confirmed_sentences(findings: Findings, leaders: Leaders, best: int) -> list[str]:
    """Say with which seeds settings were confirmed, how much the best lost, and whether all are confirmed."""
    asked, scores = findings.record, findings.scores
    if not asked.fresh and findings.confirmed is None:
        return []
    fresh = asked.fresh if findings.confirmed is None else sorted(set(findings.confirmed.run.trials["seed"]))
    seeds = f"seed{'s' * (len(fresh) != 1)} {listed(map(str, fresh))}"
    m, e = scores.metrics.index(scores.metric), scores.epochs.index(scores.epoch)
    if not leaders.confirmed:
        several = int(findings.standings.is_confirmed[m, 0, e].sum())
        none = "Nothing is confirmed yet" if findings.confirmed is None else (
            f"None of the {several} confirmed configurations keeps to the constraints" if several
            else f"Nothing is confirmed yet at epoch {scores.epoch}"
        )  # fmt: skip
        flatters = "the value above is optimistic (selection bias)."
        return [f"{none}: {flatters} {_progress(findings, seeds)}".strip()]
    picked, now = scores.trials.mean[m, 0, e], findings.standings.stats.mean[m, 0, e]
    sign = facts_of(scores.metric).sign
    lost = sign * (picked - now)
    there = leaders.at[np.isfinite(lost[leaders.at])]
    count = int(np.isfinite(picked).sum())
    said = "It is ranked by fresh seeds"
    if count > 1:
        said += (
            f", as are {len(leaders.at)} of {count} configurations"
            if len(leaders.at) > 1
            else f", alone of {count} configurations"
        )
    if np.isfinite(lost[best]):
        said += f"; it was selected at {number(picked[best])} and {_moved(lost[best])} from selection to confirmation"
        if len(there) > 1:
            said += f" (the {len(there)} on average {_moved(float(lost[there].mean()))})"
    first = (
        int(np.nanargmax(sign * np.where(findings.standings.keeps(scores.epoch), picked, np.nan)))
        if len(there)
        else best
    )
    if first != best and first in leaders.at:
        place = 1 + int((sign * now[leaders.at] > sign * now[first]).sum())
        said += (
            f". The first of the search itself (trial {scores.settings[first].numbers[0]}, selected at "
            f"{number(picked[first])}) comes {_ordinal(place)} with {number(now[first])}"
        )
    return [f"{said}. {_progress(findings, seeds)}".strip()]


def _progress(findings: Findings, seeds: str) -> str:
    """Say how many of the confirming trials have a number; empty if all have."""
    scores, asked = findings.scores, findings.record
    if findings.confirmed is None:
        top = min(asked.top, len(scores.settings))
        which = "The best one is" if top == 1 else f"The best {top} are"
        return f"{which} to be run again with {seeds} when the search ends."
    trials, rows = findings.confirmed.run.trials, findings.confirmed.run.metrics
    here = set(rows.loc[rows["epoch"] == scores.epoch, "trial"])
    states = trials.loc[~trials["id"].isin(here), "status"].value_counts()
    if not len(states):
        return ""
    rest = ", ".join(f"{count} {state}" for state, count in states.items())
    return (
        f"Confirming is not complete: {len(here)} of {len(trials)} trials ({seeds}) have a number at epoch "
        f"{scores.epoch} ({rest})."
    )


def own_seeds_sentence(findings: Findings) -> str:
    """Say that figures are of the search's own seeds, and whether the best is not; empty without confirming trials."""
    scores = findings.scores
    if findings.confirmed is None:
        return ""
    own = sorted(findings.run.trials["seed"].unique())
    said = f"Of the search's own seed{'s' * (len(own) != 1)} {listed(map(str, own))}"
    place = scores.metric, ALL, scores.epoch
    confirmed = findings.standings.leaders(*place).confirmed and not none_keeps_sentence(findings, *place)
    return f"{said}; the best above is of the seeds that confirm." if confirmed else f"{said}."


def front_sentence(findings: Findings) -> str:
    """Say how many settings are on the front of the objectives, and the best in each; empty for fewer than two."""
    scores = findings.scores
    names = [name for name in findings.record.objectives if name in scores.metrics]
    if len(names) < 2:
        return ""
    e = scores.epochs.index(scores.epoch)
    places = [scores.metrics.index(name) for name in names]
    # All settings by the seeds that all of them have, as in the figure of trade-offs: confirmation gives no advantage.
    every = scores.trials.mean[places, 0, e].T
    known = np.isfinite(every).all(axis=1)
    what = f"the Pareto front of {listed(names)}"
    if not known.any():
        return f"No configuration has a number for all of {listed(names)}, so there is no front yet."
    keeps = known & findings.standings.keeps(scores.epoch)
    among = keeps if keeps.any() else known
    if among.sum() < 2:
        return ""
    front = np.flatnonzero(pareto_front(np.where(among[:, None], every, np.nan), directions(names)))
    best = []
    for name, values in zip(names, every.T, strict=True):
        sign = facts_of(name).sign
        first = int(front[np.argmax(sign * values[front])])
        best.append(f"{name} {number(values[first])} (trial {scores.settings[first].numbers[0]})")
    whose = " that keep to the constraints" if keeps.any() and not keeps[known].all() else ""
    verb = "is" if len(front) == 1 else "are"
    return (
        f"{len(front)} of {int(among.sum())} configurations{whose} {verb} on {what}; best of each: {', '.join(best)}."
    )


def _moved(lost: float) -> str:
    return "lost nothing" if lost == 0 else f"lost {difference(lost)}" if lost > 0 else f"gained {difference(-lost)}"


def _ordinal(place: int) -> str:
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
