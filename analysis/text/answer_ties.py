"""The sentence of the answer that says which settings are statistically tied with the best."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from analysis.findings.findings import Findings
from analysis.findings.judgement import Judgement
from analysis.formatting import difference, text
from analysis.scores.metrics import ALL


def tied_sentence(findings: Findings, found: Judgement) -> str:
    """Say how many settings are statistically tied with the best, and which values of each weight they have."""
    run, scores, settings = findings.run, findings.scores, _kind(findings)
    count = int(found.tied.sum())
    if found.settings < 2:
        return ""
    if not math.isfinite(found.low) and count < 2:
        others = found.worse[np.isfinite(found.worse)]
        gap = difference(np.partition(others, 1)[1])
        return f"The second of {found.settings} {settings} is {gap} worse; whether significantly is unknown."
    if not math.isfinite(found.low):
        return f"{count} of {found.settings} {settings} have exactly this value."
    sure = "95 %" if found.seeds > 1 else "95 % over images; one seed, see sweeps/seed_noise.yaml"
    if count < 2:
        return f"No other of the {found.settings} {settings} is tied with it: all are significantly worse ({sure})."
    if count == found.settings:
        return f"All {count} {settings} are statistically tied ({sure})."
    names, said = findings.names, []
    ranged, _ = findings.ranged
    for key, values in run.axes.items():
        have = {scores.settings[i].parameters[key] for i in np.flatnonzero(found.tied)}
        if len(have) < len(values):
            some = [value for value in values if value in have]
            said.append(f"{names[key]} {either(some) if ranged.axes[key] == values else _span(some)}")
    which = f"all have {', '.join(said)}" if said else f"they have every value of every {findings.noun}"
    return f"{count} of {found.settings} {settings} are statistically tied with it ({sure}): {which}."


def _kind(findings: Findings) -> str:
    """Return the name of the settings that rank first."""
    scores, standings = findings.scores, findings.standings
    place = scores.metric, ALL, scores.epoch
    leaders, standing = standings.leaders(*place), standings.standing(*place)
    words = ["confirmed"] if leaders.confirmed else []
    kept = standings.constraints and len(leaders.at) and standing[leaders.at[0]] < 2
    return f"{' '.join(words)} configurations that keep to it".strip() if kept else " ".join([*words, "configurations"])


def _span(values: Sequence[object]) -> str:
    """Say between which numbers of a range these are, in rising order, after None."""
    numbers = [value for value in values if value is not None]
    ends = list(dict.fromkeys(map(text, (*numbers[:1], *numbers[-1:]))))
    none = [text(None)] * (len(numbers) < len(values))
    return " or ".join([" to ".join(ends), *none] if ends else none)


def either(values: Iterable[object]) -> str:
    """Say `a, b or c`; for more than five, their range."""
    *some, last = map(text, values)
    if len(some) > 5:
        return f"{some[0]} to {last} ({len(some) + 1} values)"
    return f"{', '.join(some)} or {last}" if some else last
