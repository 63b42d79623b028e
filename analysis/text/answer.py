"""The answer in three sentences made from the numbers: what is best, which weight decides it, what is tied with it.

A sweep of rewards has more: `answer_reward`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from analysis.findings.findings import Findings
from analysis.findings.importance import too_few
from analysis.findings.judgement import Judgement
from analysis.findings.standings import Leaders
from analysis.formatting import difference, number, text
from analysis.scores.metrics import ALL, facts_of
from analysis.scores.model import Scores, pooled
from analysis.statistics.seed_noise import resolvable
from analysis.text.answer_reward import reward_sentences
from analysis.text.answer_search import (
    confirmed_sentences,
    front_sentence,
    kept_sentence,
    none_keeps_sentence,
    stopped_sentence,
)
from analysis.text.answer_ties import either, tied_sentence
from analysis.text.run_facts import counts
from fusion_core.metrics.facts import BASELINES


def answer(findings: Findings) -> list[str]:
    """Return three sentences about the metric and epoch that the sweep ranks by; one if there is no number yet."""
    standings, scores = findings.standings, findings.scores
    place = scores.metric, ALL, scores.epoch
    found = standings.judgement(*place) if scores.metrics else None
    if found is None or found.best < 0:
        return [f"No trial has reported a number yet: {counts(findings.run)}."]
    # The most important weight is computed over all settings, by the seeds that all of them have.
    every = found if standings.is_plain else findings.judgement(*place)
    none = none_keeps_sentence(findings, *place)
    said = [none, _decides(findings, every, bounds_too=False)] if none else _best_sentences(findings, found, every)
    said.append(stopped_sentence(findings))
    if every.settings < len(scores.settings):
        said.append(_missing(findings, every))
    return [sentence for sentence in said if sentence]


def _best_sentences(findings: Findings, found: Judgement, every: Judgement) -> list[str]:
    """Return the sentences on the best setting; `every` judges all settings alike."""
    scores = findings.scores
    place = scores.metric, ALL, scores.epoch
    leaders = findings.standings.leaders(*place)
    third = f"{tied_sentence(findings, found)} {_untrained(scores, found)}".strip()
    sentences = [
        _best(findings, found, leaders), kept_sentence(findings, *place),
        *confirmed_sentences(findings, leaders, found.best), _decides(findings, every), third, front_sentence(findings),
        *reward_sentences(findings),
    ]  # fmt: skip
    if "failed" in scores.settings[found.best].status:
        sentences.append("A trial of the best configuration failed after this epoch; its reason is listed below.")
    return sentences


def _missing(findings: Findings, found: Judgement) -> str:
    """Say how many settings these sentences leave out, and which values have no data."""
    run, ranged = findings.ranged
    known = [ranged.settings[i].parameters for i in np.flatnonzero(np.isfinite(found.worse))]
    names, unseen, draws = findings.names, [], findings.record.draws
    for key, values in run.axes.items():
        have = {parameters[key] for parameters in known}
        if lacking := [value for value in values if value not in have]:
            # Numbers between the drawn ones have data.
            scattered = draws and len(lacking) > 5
            of_all = f"{len(lacking)} of the {len(values)} values of {names[key]}"
            unseen.append(of_all if scattered else f"{names[key]} {either(lacking)}")
    none = f", none with {', '.join(unseen)}: what those allow is not known" if unseen else ""
    so_far = " so far" if run.trials["status"].isin(("waiting", "running")).any() else ""
    return f"Only {found.settings} of {len(ranged.settings)} configurations have a number here{so_far}{none}."


def _best(findings: Findings, found: Judgement, leaders: Leaders) -> str:
    scores, names = findings.scores, findings.names
    best = scores.settings[found.best]
    setting = ", ".join(f"{names[key]} {text(value)}" for key, value in best.parameters.items()) or "the only one"
    trials = _trials(best.numbers)
    if leaders.confirmed:
        again = leaders.scores.settings[leaders.at.tolist().index(found.best)].numbers
        trials += f", confirmed by {_trials(again)}"
    over = f", weighted mean over {len(scores.datasets) - 1} data sets" if len(scores.datasets) > 2 else ""
    said = (
        f"Best configuration: {setting} ({trials}). {scores.metric} {number(found.value)} at epoch {scores.epoch}{over}"
    )
    images = f"n = {found.images} {'image' if found.images == 1 else 'images'}"
    n = images if found.images else "number of images not recorded"
    n += f", {found.seeds} {'seed' if found.seeds == 1 else 'seeds'}"
    parts = []
    if math.isfinite(found.corrected) and found.settings > 1:
        parts.append(
            f"{number(found.corrected)} after correction for selecting the best of {found.settings} (winner's curse)"
        )
    if math.isfinite(found.low):
        parts.append(f"95 % interval {number(found.low)} to {number(found.high)}")
        return f"{said}; {', '.join(parts)} ({n})."
    return f"{said} ({n}). {found.note}"


def _trials(numbers: Sequence[int]) -> str:
    return f"{'trial' if len(numbers) == 1 else 'trials'} {', '.join(map(str, numbers))}"


def _decides(findings: Findings, found: Judgement, *, bounds_too: bool = True) -> str:
    """Say which weight explains most of the variance, and (`bounds_too`) what its best and its worst value allow."""
    scores, noun = findings.scores, findings.noun
    varied = [key for key, values in findings.run.axes.items() if len(values) > 1]
    if not varied:
        return f"Nothing is swept: there is one configuration.{_noise(scores, found)}"
    if found.settings < 2:
        return "Nothing is compared yet: only one configuration has a number."
    m, e = scores.metrics.index(scores.metric), scores.epochs.index(scores.epoch)
    if not np.nanmax(found.worse) > 0:
        return f"No {noun} decides it: {scores.metric} is the same for all {found.settings} configurations."
    shares, names = findings.shares, findings.names
    main = dict(zip(shares.parameters, shares.main[m, 0, e], strict=True))
    known = {key: share for key, share in main.items() if math.isfinite(share)}
    if not known:
        return f"Which {noun} decides it is unknown: {too_few(found.settings, noun)}."
    first = max(known, key=lambda key: known[key])
    along = " along the ranks of the values" if shares.ranked[m, 0, e] else ""
    fit = "" if shares.complete[m, 0, e] else f" (a least-squares fit{along})"
    said = f"{names[first]} decides most: it explains {known[first]:.0%} of the differences between configurations{fit}"
    if not bounds_too:
        return f"{said}."
    table = findings.bounds_at([scores.metric], ALL, scores.epoch)
    table = table[(table["parameter"] == first) & table["best"].notna()].sort_values("worse")
    if len(table) < 2:
        return f"{said}."
    top, last = table.iloc[0], table.iloc[-1]
    return (
        f"{said}; {names[first]} {text(top['value'])} allows {number(top['best'])} at best, "
        f"{names[first]} {text(last['value'])} only {number(last['best'])}, {difference(last['worse'])} worse."
    )


def _noise(scores: Scores, found: Judgement) -> str:
    """Say how much one setting varies between seeds."""
    stats = scores.trials[scores.metrics.index(scores.metric), 0, scores.epochs.index(scores.epoch)]
    std, freedom = map(float, pooled(stats))
    if not freedom > 0:
        return ""
    least = resolvable(std, freedom, 2)
    return (
        f" Over its {found.seeds} seeds {scores.metric} has a standard deviation of {difference(std)}: two "
        "configurations of "
        f"one seed each must differ by {difference(least)} to differ by more than the seed does (95 %)."
    )


def _untrained(scores: Scores, found: Judgement) -> str:
    values = scores.baselines.mean[scores.metrics.index(scores.metric), 0]
    if not np.isfinite(values).any():
        return ""
    sign = facts_of(scores.metric).sign
    copy = int(np.nanargmax(sign * values))
    gain = sign * (found.value - values[copy])
    verdict = (
        f"the best configuration is {difference(gain)} better" if gain > 0
        else "the best configuration is no better" if gain == 0
        else f"no configuration reaches that, the best falls short by {difference(-gain)}"
    )  # fmt: skip
    return f"The best baseline, {list(BASELINES.values())[copy]}, has {number(values[copy])}: {verdict}."
