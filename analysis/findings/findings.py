"""All findings of a run, each computed once, for page, console, paper and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import product
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from analysis.findings import importance, model_size, weight_effects
from analysis.findings.bounds import bounds
from analysis.findings.judgement import Judgement, judge, judgements
from analysis.findings.noise_floor import noise_floor
from analysis.findings.standings import Standings
from analysis.runs.run import Run
from analysis.runs.search_record import SearchRecord
from analysis.scores import labels, training_log
from analysis.scores.binning import levels_of, with_ranges
from analysis.scores.confirmed import Confirmed, repeated
from analysis.scores.default_setting import default_name, default_setting
from analysis.scores.model import Scores
from analysis.scores.per_image import ImageReader, image_values
from analysis.scores.score import score
from analysis.scores.starts import learns_from_reward
from trials.spec.labels import short_names

Found = TypeVar("Found")
Places = dict[tuple[str, str, int], Judgement]


class Findings:
    """The findings of one run."""

    def __init__(self, run: Run, scores: Scores) -> None:
        self.run, self.scores = run, scores
        self._made: dict[Callable[[Findings], Any], Any] = {}

    @classmethod
    def of(cls, run: Run) -> Findings:
        """Return the findings of a run, ranked as its sweep ranks."""
        return cls(run, score(run))

    def once(self, make: Callable[[Findings], Found]) -> Found:
        """Return the cached result of another package's function of these findings."""
        if make not in self._made:
            self._made[make] = make(self)
        found: Found = self._made[make]
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """Short name of each swept parameter."""
        return short_names(list(self.run.axes))

    @cached_property
    def noun(self) -> str:
        """What the swept parameters are: weights, reward weights, or parameters."""
        return labels.noun(self.run.axes)

    @cached_property
    def mixture(self) -> tuple[str, ...]:
        """The reward weights that vary and have the same sum in every setting; else empty."""
        return labels.mixture(self.run, self.scores)

    @cached_property
    def mixture_label(self) -> str:
        """The sentence that says what weights of a constant sum mean; empty if there are none."""
        return labels.mixture_label(self.run, self.scores)

    @cached_property
    def standings(self) -> Standings:
        """The standing and ranking of the settings."""
        return Standings(self.run, self.scores)

    @property
    def record(self) -> SearchRecord:
        """The search as the newest record of the run describes it."""
        return self.standings.asked

    @property
    def confirmed(self) -> Confirmed | None:
        """The scores of the confirming trials, None if there are none."""
        return self.standings.confirmed

    @cached_property
    def repeated(self) -> Scores:
        """The scores that show the effect of seeds: of the confirming trials, if the search had one seed."""
        return repeated(self.scores, self.confirmed)

    @cached_property
    def noise(self) -> pd.DataFrame:
        """The result of `noise_floor`."""
        return noise_floor(self.repeated)

    @cached_property
    def rewarded(self) -> np.ndarray:
        """Which settings learn from a reward, (settings,)."""
        return learns_from_reward(self.run, self.scores)

    @cached_property
    def default(self) -> int | None:
        """The setting at the defaults of the configuration, or nearest to them."""
        return default_setting(self.run, self.scores)

    @property
    def default_name(self) -> str:
        """What the setting `default` is called; "default" where there is none."""
        return "default" if self.default is None else default_name(self.run, self.scores, self.default)

    @cached_property
    def ranged(self) -> tuple[Run, Scores]:
        """Run and scores with numbers that were drawn from a range put into a few ranges."""
        return with_ranges(self.run, self.scores)

    def levels_of(self, key: str) -> tuple[list[str] | None, np.ndarray]:
        """Return the labels of a parameter's ranges (None: its values themselves) and each setting's level."""
        return levels_of(self.run, self.scores, key)

    @cached_property
    def _judged(self) -> tuple[pd.DataFrame, Places]:
        """Bounds and judgements together, for they share what takes longest."""
        from threadpoolctl import threadpool_limits

        places: Places = {}
        # Thousands of small matrices are three times as fast with one thread.
        with threadpool_limits(1):
            table = bounds(*self.ranged, judged=places)
        if not places:  # nothing is swept, so there are no bounds
            scores = self.scores
            every = product(scores.metrics, scores.datasets, scores.epochs)
            places = {one.place: one.judgement() for one in judgements(self.run, scores, every)}
        return table, places

    @property
    def bounds(self) -> pd.DataFrame:
        """The table of `bounds` over `ranged`, at every place."""
        return self._judged[0]

    def bounds_at(self, metrics: Sequence[str] | None, dataset: str, epoch: int) -> pd.DataFrame:
        """Return the bounds at one data set and epoch alone, which is faster than all."""
        return bounds(*self.ranged, metrics=metrics, datasets=[dataset], epochs=[epoch], up_to=(False,))

    def judgements(self, datasets: Sequence[str]) -> Places:
        """Return the judgement at every place of these data sets; others may be included."""
        if self.standings.is_plain:
            return self._judged[1]
        return self.standings.judgements(product(self.scores.metrics, datasets, self.scores.epochs))

    def judgement(self, metric: str, dataset: str, epoch: int) -> Judgement:
        """Return how sure the ranking of all settings alike is at one place."""
        return judge(self.run, self.scores, metric, dataset, epoch)

    @cached_property
    def shares(self) -> importance.Shares:
        """Share of the variance that each parameter explains, at every place."""
        return importance.variance_shares(self.run, self.scores)

    def optuna_importance(self, metric: str, dataset: str, epoch: int) -> pd.DataFrame:
        """Return Optuna's importances of every parameter at one place."""
        return importance.optuna_importance(self.run, self.scores, metric, dataset, epoch)

    @cached_property
    def effects(self) -> weight_effects.Effects | None:
        """Rank correlation of every weight with every metric; None if no weight varies."""
        return weight_effects.effects(self.run, self.scores)

    @cached_property
    def own_effects(self) -> dict[str, tuple[float, float, float]]:
        """Correlation and interval of each reward weight with its own metric as the reward sees it."""
        return weight_effects.own_effects(self.run, self.scores)

    @property
    def effect_table(self) -> pd.DataFrame:
        """The effects as a tidy table."""
        return weight_effects.effect_table(self.scores, self.effects, self.own_effects)

    @cached_property
    def model_sizes(self) -> model_size.ModelSizes | None:
        """Cost and metrics of swept models; None if none was measured."""
        return model_size.model_sizes(self.run, self.scores)

    @property
    def model_table(self) -> pd.DataFrame:
        """The same as a tidy table."""
        return model_size.model_table(self.scores, self.model_sizes)

    def loss_curves(self, settings: Iterable[int]) -> pd.DataFrame:
        """Return every logged number of some settings but speed, in long form."""
        return training_log.loss_curves(self.run, self.scores, settings)

    @cached_property
    def oddities(self) -> pd.DataFrame:
        """Which loss terms and gradient norms were zero throughout or not a number."""
        return training_log.oddities(self.run, self.scores)

    @cached_property
    def images(self) -> ImageReader:
        """Reads values per image."""
        return ImageReader(self.run, self.scores)

    def image_values(self, metric: str, dataset: str, epoch: int, settings: Sequence[int]) -> list[np.ndarray] | None:
        """Return (settings, images) per data set that counts; None if there are none."""
        return image_values(self.run, self.scores, metric, dataset, epoch, settings)
