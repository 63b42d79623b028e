"""What a paper is about: one run, one metric, data set and epoch, and the numbers that several figures share."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.findings.findings import Findings
from analysis.findings.importance import Shares, too_few
from analysis.findings.judgement import Judgement
from analysis.findings.standings import Standings
from analysis.formatting import listed, text
from analysis.paper.numbers import brief
from analysis.runs.run import Run
from analysis.scores.metrics import ALL, facts_of
from analysis.scores.model import Scores
from analysis.scores.score import dataset_weights

# Whom readers ask for first; the rest follow in the order of the facts.
_FAMILIAR = ("VIF", "Qabf", "SSIM", "MI", "MSE", "SCD", "CC", "Nabf")

_FEW = 12


@dataclass(frozen=True)
class Subject:
    """A run seen at one metric, data set and epoch; `top` settings go into tables and curves.

    `among`: the subject of all settings, where these are those that rank before the others.
    """

    findings: Findings
    metric: str
    dataset: str
    epoch: int
    top: int
    among: Subject | None = None

    @property
    def run(self) -> Run:
        """The run of these settings."""
        return self.findings.run

    @property
    def scores(self) -> Scores:
        """The scores of these settings."""
        return self.findings.scores

    @property
    def standings(self) -> Standings:
        """What the settings rank by."""
        return self.findings.standings

    @cached_property
    def leading(self) -> Subject:
        """The settings that rank before the others, by what they rank by; of most runs all of them."""
        if self.standings.is_plain:
            return self
        found = self.standings.leaders(self.metric, self.dataset, self.epoch)
        return replace(self, findings=Findings(found.run, found.scores), among=self)

    @cached_property
    def standing(self) -> str:
        """The sentences of a caption that say which settings lead and why, with a space before; mostly empty."""
        if self.among is None:
            return ""
        standings, among = self.among.standings, self.among
        said = []
        if self.run is not among.run:
            seeds = sorted(self.run.trials["seed"].unique())
            said.append(
                f"Confirmed: {len(self.order)} of {len(among.order)} configurations were run again with fresh seeds "
                f"({', '.join(map(str, seeds))}), and are judged by those alone."
            )
        elif standings.confirmed is not None:
            said.append(
                "Not confirmed: the values are those of the selection itself, which are optimistic (selection bias)."
            )
        if standings.constraints:
            e = self.epoch
            kept = int(standings.keeps(e)[among.order].sum())
            said.append(f"{kept} of {len(among.order)} keep to {listed(map(str, standings.constraints))}.")
        return " ".join(["", *said])

    @cached_property
    def at(self) -> tuple[int, int, int]:
        """Indices of metric, data set and epoch."""
        scores = self.scores
        return (
            scores.metrics.index(self.metric),
            scores.datasets.index(self.dataset),
            scores.epochs.index(self.epoch),
        )

    @cached_property
    def values(self) -> np.ndarray:
        """The metric of every setting, (settings,)."""
        return self.of(self.metric)

    def of(self, metric: str) -> np.ndarray:
        """Return any metric of every setting at this data set and epoch, (settings,)."""
        _, d, e = self.at
        values: np.ndarray = self.scores.trials.mean[self.scores.metrics.index(metric), d, e]
        return values

    def baselines(self, metric: str) -> np.ndarray:
        """Return any metric of the baselines, in the order of BASELINES."""
        values: np.ndarray = self.scores.baselines.mean[self.scores.metrics.index(metric), self.at[1]]
        return values

    @cached_property
    def order(self) -> np.ndarray:
        """Settings that have a value, the best first."""
        values = self.values if facts_of(self.metric).higher_is_better else -self.values
        ranked = np.argsort(-values, kind="stable")
        with_value: np.ndarray = ranked[np.isfinite(values[ranked])]
        return with_value

    @cached_property
    def names(self) -> dict[str, str]:
        """Short name of each swept parameter."""
        return self.findings.names

    @cached_property
    def varied(self) -> dict[str, tuple[Hashable, ...]]:
        """The swept parameters that have more than one value."""
        return {key: values for key, values in self.run.axes.items() if len(values) > 1}

    @cached_property
    def default(self) -> int:
        """The setting at the defaults of the configuration, or nearest to them; -1 where there is none."""
        if self.among is not None:
            mine = [setting.parameters for setting in self.scores.settings]
            whole = self.among.default
            own = self.among.scores.settings[whole].parameters if whole >= 0 else None
            return mine.index(own) if own in mine else -1
        return -1 if self.findings.default is None else self.findings.default

    @cached_property
    def default_name(self) -> str:
        """What the setting `default` is called, by whether it is at the defaults; there must be one."""
        return (self.among or self).findings.default_name

    @cached_property
    def default_aside(self) -> list[tuple[np.ndarray, str]]:
        """The means (metric, data set, epoch, 1) of the default that does not lead, and why; empty where it does."""
        if self.among is None or self.among.default < 0 or self.default >= 0:
            return []
        standings, own = self.among.standings, self.among.default
        standing = standings.standing(self.metric, self.dataset, self.epoch)[own]
        return [(standings.stats.mean[..., [own]], standings.mark(int(standing)))]

    @cached_property
    def judgement(self) -> Judgement:
        """How sure the ranking is."""
        return self.findings.judgement(self.metric, self.dataset, self.epoch)

    @cached_property
    def bounds(self) -> pd.DataFrame:
        """Every metric's bound per value, or range of values, at this data set and epoch."""
        return self.findings.bounds_at(None, self.dataset, self.epoch)

    def levels(self, key: str) -> tuple[Hashable, ...]:
        """Return the values of a parameter that have a bound, ranges where there are too many."""
        return self.findings.ranged[0].axes[key]

    @cached_property
    def noun(self) -> str:
        """What the parameters are called: weights, reward weights, or parameters."""
        return self.findings.noun

    @cached_property
    def dependent(self) -> str:
        """The sentence of a caption for weights that have the same sum in every setting, with a space before it."""
        label = self.findings.mixture_label
        return f" {label}" if label else ""

    def starts(self, metric: str) -> dict[str, float]:
        """Return any metric of what trials began from, by name."""
        values = self.scores.start_means[self.scores.metrics.index(metric), self.at[1]]
        return dict(zip(self.scores.start_names, values.tolist(), strict=True))

    def bounds_of(self, metric: str, key: str) -> pd.DataFrame:
        """Return one metric's bounds over the values of one parameter that have any; `place` is the value's index."""
        return self._bounds.get((metric, key), self.bounds.iloc[:0].assign(place=0))

    def is_sure(self, metric: str) -> bool:
        """Return whether intervals can be given; without them nothing can be said to be tied."""
        if metric == self.metric:
            return bool(np.isfinite(self.judgement.low))
        return bool(self.bounds.loc[self.bounds["metric"] == metric, "low"].notna().any())

    @cached_property
    def tied(self) -> np.ndarray:
        """Which settings are statistically tied with the best, (settings,); none where that cannot be said."""
        return self.judgement.tied & self.is_sure(self.metric)

    @cached_property
    def _bounds(self) -> dict[tuple[str, str], pd.DataFrame]:
        groups = {}
        table = self.bounds.dropna(subset=["best"])
        for (metric, key), rows in table.groupby(["metric", "parameter"], sort=False, observed=True):
            at: dict[Hashable, int] = {value: place for place, value in enumerate(self.levels(key))}
            # A table of numbers holds a missing value as NaN.
            missing = at.get(None, -1)
            places = [missing if value is None or value != value else at[value] for value in rows["value"]]
            tied = rows["tied"].to_numpy(dtype=bool) & self.is_sure(metric)
            groups[metric, key] = rows.assign(place=places, tied=tied).sort_values("place", kind="stable")
        return groups

    @cached_property
    def shares(self) -> Shares:
        """Which parameters decide."""
        return self.findings.shares

    @property
    def why_no_shares(self) -> str:
        """Why no shares of the metric's variance are known."""
        if np.ptp(_finite(self.values)) > 0:
            return f"Which {self.noun} decides {self.metric} is unknown: {too_few(len(self.order), self.noun)}."
        return f"Importance needs two configurations that differ in {self.metric}."

    @cached_property
    def optuna(self) -> pd.DataFrame:
        """Optuna's importances of every parameter for the metric."""
        return self.findings.optuna_importance(self.metric, self.dataset, self.epoch)

    @cached_property
    def main_metrics(self) -> tuple[str, ...]:
        """Metrics that differ between settings, the one asked for first, then the familiar ones."""
        if self.among is not None:
            return self.among.main_metrics
        first = [self.metric, *(name for name in _FAMILIAR if name in self.scores.metrics)]
        every = dict.fromkeys([*first, *self.scores.metrics])
        return tuple(name for name in every if name == self.metric or np.ptp(_finite(self.of(name))) > 0)

    @property
    def images(self) -> int:
        """How many images the values are means over."""
        m, d, e = self.at
        return int(self.scores.trials.n[m, d, e].max(initial=0))

    @property
    def seeds(self) -> int:
        """How many seeds a setting has at most."""
        m, d, e = self.at
        return int(self.scores.trials.seeds[m, d, e].max(initial=0))

    @property
    def place(self) -> str:
        """Data set, epoch, images and seeds, for a caption."""
        weights = dataset_weights(self.run.rank_by.dataset_weights, self.scores.datasets[1:])
        over = int(np.count_nonzero(weights))
        where = f"weighted mean over {over} data sets" if self.dataset == ALL else self.dataset
        seeds = f", mean of up to {self.seeds} seeds" if self.seeds > 1 else ""
        images = (
            f"n = {self.images} image{'s' * (self.images != 1)}" if self.images else "number of images not recorded"
        )
        return f"{where}, epoch {self.epoch}, {images}{seeds}"

    @property
    def count(self) -> str:
        """How many settings have a value."""
        return f"{len(self.order)} configuration{'s' * (len(self.order) != 1)}"

    @property
    def whole(self) -> str:
        """How many settings there are, the place, and of which seeds the numbers are where others confirm."""
        if self.among is not None or self.standings.confirmed is None:
            return f"{self.count}, {self.place}"
        own = sorted(self.run.trials["seed"].unique())
        seeds = f"seed{'s' * (len(own) != 1)} {listed(map(str, own))}"
        return f"{self.count}, {self.place}, of the search's own {seeds}, not of the seeds that confirm"

    @property
    def sureness(self) -> str:
        """What a caption says of the interval of the best and of what is tied with it."""
        judged = self.judgement
        if not self.is_sure(self.metric):
            return judged.note or "No interval can be given."
        return (
            f"95 % interval of the best configuration's true mean: [{brief(judged.low)}, {brief(judged.high)}]; "
            "corrected "
            f"for having picked the best of {judged.settings}: {brief(judged.corrected)}. {self.dagger}"
        )

    @property
    def dagger(self) -> str:
        """What the dagger means and how many settings have it."""
        judged = self.judgement
        if not self.is_sure(self.metric):
            return judged.note
        tied = f"{int(judged.tied.sum())} of {judged.settings}"
        return f"†: statistically tied with the best ({tied}, 95 % confidence set). {judged.note}".strip()

    def strongest(self, keys: Sequence[str], most: int) -> list[str]:
        """Return, of these parameters, those that decide the metric most, in the order given."""
        shares = dict(zip(self.shares.parameters, np.nan_to_num(self.shares.main[self.at]), strict=True))
        chosen = sorted(keys, key=lambda key: -shares.get(key, 0.0))[:most]
        return [key for key in keys if key in chosen]

    def searched(self, key: str) -> bool:
        """Return whether a parameter has more values than a reader takes in one by one."""
        return len(self.run.axes[key]) > _FEW

    def setting(self, index: int) -> str:
        """Write one setting: `max_ratio 10, grad_ratio 2`."""
        parameters = self.scores.settings[index].parameters
        written = [f"{self.names[key]} {text(parameters[key])}" for key in (self.varied or self.run.axes)]
        return ", ".join(written) or "the only configuration"

    def level(self, index: int, key: str) -> int:
        """Return which of its parameter's values a setting has."""
        return self.run.axes[key].index(self.scores.settings[index].parameters[key])


def _finite(values: np.ndarray) -> np.ndarray:
    finite = values[np.isfinite(values)]
    return finite if len(finite) else np.zeros(1)
