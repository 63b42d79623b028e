"""A comparison in words: the answer, what the runs share, and caveats."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.comparison.comparison import Comparison
from analysis.comparison.numbers import Numbers
from analysis.comparison.side import LAST, OWN, Side, fingerprints, same_images
from analysis.formatting import listed, text
from analysis.scores.metrics import ALL, facts_of
from analysis.text.answer_search import stopped_sentence


def answer(comparison: Comparison, numbers: Numbers) -> list[str]:
    """Say which run is best in the first view, by how much, and whether that is more than chance."""
    sides = comparison.measured
    if not sides:
        return ["None of these runs has reported a number yet."]
    place = numbers.place(comparison)
    best = numbers.best["value"][place]
    there = [r for r in range(len(sides)) if math.isfinite(best[r])]
    where = f"{comparison.metric} on {comparison.dataset} at {epoch_words(comparison.epoch)}"
    if not there:
        return [f"No run has a number for {where}."]
    sign = facts_of(comparison.metric).sign
    first, *others = sorted(there, key=lambda r: -sign * best[r])
    said = [f"{where}: {sides[first].label} allows the best, {best[first]:.4g}{_interval(numbers, place, first)}."]
    said += [
        f"{sides[other].label} allows {best[other]:.4g}{_interval(numbers, place, other)}: "
        f"{_difference(numbers, place, first, other)}."
        for other in others[:3]
    ]
    if len(others) > 3:
        said.append(f"{len(others) - 3} more follow below.")
    if not others:
        said.append("No other run has a number there, so there is nothing to compare it with.")
    return said


def notes(comparison: Comparison) -> list[str]:
    """Return the caveats of the differences."""
    sides = comparison.measured
    said = [
        f"{side.label} has no numbers, so it is in no figure: {_counts(side)}."
        for side in comparison.sides
        if not side.has_numbers
    ]
    if len({side.run.name for side in comparison.sides}) < len(comparison.sides):
        said.append("Some runs have the same name; the folder in brackets tells them apart.")
    versions = {side.label: side.run.record.get("numerics") for side in sides}
    if len(set(versions.values()) - {None}) > 1:
        known = ", ".join(f"{label} {version}" for label, version in versions.items())
        said.append(f"Other versions of the formulas computed the numbers ({known}): differences may come from that.")
    if single := [side.label for side in sides if side.scores.trials.seeds.max(initial=0) <= 1]:
        its, it = ("its", "it") if len(single) == 1 else ("their", "them")
        said.append(
            f"One seed in {listed(single)}: what another seed would give is not in {its} intervals, "
            f"nor in differences to {it}; sweeps/seed_noise.yaml measures that."
        )
    if OWN in comparison.datasets:
        own_sets = "; ".join(f"{side.label}: {_weights(side)}" for side in sides)
        said.append(f"The runs do not share a mean over data sets. Each run's own: {own_sets}.")
    for name in comparison.datasets:
        having = [side for side in sides if side.dataset(name) is not None]
        if name not in (ALL, OWN) and len(having) > 1:
            said += _other_images(name, having)
    said += [f"{side.label}: {note}" for side in sides for note in _search_notes(side)]
    own = [(side, note) for side in comparison.sides for note in side.scores.notes]
    return said + [f"{side.label}: {note}" for side, note in own]


def _search_notes(side: Side) -> list[str]:
    """Return why the best of a search is not simply the best of its trials."""
    standings, said = side.findings.standings, []
    if standings.confirmed is not None:
        said.append(
            f"its best is of {len(standings.confirmed.at)} configurations that fresh seeds confirm, by those alone; "
            "the "
            "other figures are of the search's own seeds, which are optimistic for what it selected (selection bias)."
        )
    if standings.constraints:
        said.append(
            f"its best is of the configurations that keep to {listed([str(one) for one in standings.constraints])}."
        )
    if stopped := stopped_sentence(side.findings):
        said.append(stopped)
    return said


def shared(comparison: Comparison) -> list[str]:
    """Return what all runs with numbers share, and what only some of them have."""
    sides = comparison.measured
    if not sides:
        return ["Nothing was measured yet."]
    said = [
        _in_common("Metrics", {side.label: side.scores.metrics for side in sides}),
        _in_common("Data sets", {side.label: side.scores.datasets[1:] for side in sides}),
        _in_common("Epochs", {side.label: tuple(map(str, side.scores.epochs)) for side in sides}),
        _in_common("What varies", {side.label: _varied(side) for side in sides}),
    ]
    for name in comparison.datasets:
        having = [side for side in sides if side.dataset(name) is not None]
        if name not in (ALL, OWN) and len(having) > 1 and not _other_images(name, having):
            labels = listed([side.label for side in having])
            said.append(f"Test images of {name}: the same in {labels}, so differences are paired.")
    return said


def about(comparison: Comparison, name: str) -> str:
    """Explain a choice of data set that is a mean over several; empty otherwise."""
    sides = comparison.measured
    if name == ALL:
        return f"Weighted mean: {_weights(sides[0])}."
    return "Each run's mean over its own data sets, which the notes list." if name == OWN else ""


def epoch_words(epoch: int | str) -> str:
    """Return `epoch 2`, or the words for the last of each run."""
    return "the last epoch of each run" if epoch == LAST else f"epoch {epoch}"


def setting_words(side: Side, index: int) -> str:
    """Return a setting and the trials that ran it."""
    setting = side.scores.settings[index]
    names = side.findings.names
    values = ", ".join(f"{names[key]} {text(value)}" for key, value in setting.parameters.items())
    trials = ", ".join(map(str, setting.numbers[:6])) + (", ..." if len(setting.numbers) > 6 else "")
    return f"{values or 'the only setting'} (trial{'s' if len(setting.numbers) > 1 else ''} {trials})"


def _interval(numbers: Numbers, place: tuple[int, int, int], run: int) -> str:
    low, high = (numbers.best[name][(*place, run)] for name in ("low", "high"))
    return f" (95 % interval {low:.4g} to {high:.4g})" if math.isfinite(low) else ""


def _difference(numbers: Numbers, place: tuple[int, int, int], first: int, other: int) -> str:
    value, low, high = (numbers.gain(name, place, first, other) for name in ("value", "low", "high"))
    if value == low == high == 0:
        return "exactly the same"
    said = f"{value:.4g} less good" if value else "the same mean"
    note = numbers.note(place, first, other).rstrip(".")
    if not math.isfinite(low):
        return f"{said}, not tested: {note[:1].lower()}{note[1:]}"
    on = note or f"paired, {numbers.gain('images', place, first, other):.0f} images"
    verdict = "" if low > 0 else ", not significant"
    return f"{said}{verdict} (95 % interval {low:.4g} to {high:.4g}, {on})"


def _other_images(name: str, sides: Sequence[Side]) -> list[str]:
    """Say which runs did not see the same test images of a set, or do not record them."""
    silent = [side.label for side in sides if fingerprints(side, name) is None]
    known = [side for side in sides if side.label not in silent]
    said = []
    if silent:
        verb = "does" if len(silent) == 1 else "do"
        said.append(f"{name}: {listed(silent)} {verb} not record the test images, so differences to it are not tested.")
    groups: list[list[Side]] = []
    for side in known:
        group = next((group for group in groups if same_images(group[0], side, name)), None)
        groups.append([side]) if group is None else group.append(side)
    if len(groups) > 1:
        parts = "; ".join(f"{_pairs(group[0], name)} in {listed([side.label for side in group])}" for group in groups)
        said.append(f"{name}: not the same test images ({parts}), so differences between these are not paired.")
    return said


def _pairs(side: Side, name: str) -> str:
    own = side.dataset(name)
    row = next(row for row in side.run.datasets.itertuples() if row.dataset == own)
    return f"{row.pairs} of {row.height}x{row.width}"


def _in_common(what: str, having: dict[str, tuple[str, ...]]) -> str:
    """Say what all have, then what only some have."""
    names = list(dict.fromkeys(name for some in having.values() for name in some))
    everywhere = [name for name in names if all(name in some for some in having.values())]
    said = f"{what} of all: {', '.join(everywhere) or 'none'}."
    rest = {label: [name for name in some if name not in everywhere] for label, some in having.items()}
    return " ".join([said, *(f"Also in {label}: {', '.join(some)}." for label, some in rest.items() if some)])


def _varied(side: Side) -> tuple[str, ...]:
    names = side.findings.names
    return tuple(names[key] for key, values in side.run.axes.items() if len(values) > 1)


def _weights(side: Side) -> str:
    if len(side.weights) == 1:
        return next(iter(side.weights))
    return ", ".join(f"{name} {share:.2g}" for name, share in side.weights.items()) or "none"


def _counts(side: Side) -> str:
    counts = side.run.every_trial["status"].value_counts()
    states = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{len(side.run.every_trial)} trials: {states}" if states else "no trials"
