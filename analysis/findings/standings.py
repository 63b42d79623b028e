"""How settings rank: those that satisfy the constraints first, and of those the confirmed ones, by fresh seeds.

A search picks its best among many, so its value is optimistic (selection bias). Its value with fresh seeds is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.findings.judgement import Judge, Judgement, judgements
from analysis.runs.run import Run
from analysis.runs.search_record import SearchRecord, asked
from analysis.scores.confirmed import Confirmed, confirmed
from analysis.scores.metrics import ALL, facts_of
from analysis.scores.model import Scores, Stats
from trials.spec.constraints import Constraint

Where = tuple[str, str, int]


@dataclass(frozen=True)
class Leaders:
    """The settings that rank before all others at a place, as a run of their own; `at` are their indices among all."""

    run: Run
    scores: Scores
    at: np.ndarray
    confirmed: bool


class Standings:
    """The standing of every setting of `scores`."""

    def __init__(self, run: Run, scores: Scores) -> None:
        self.run, self.scores = run, scores
        self.asked: SearchRecord = asked(run)
        self.confirmed: Confirmed | None = confirmed(run, scores)

    @property
    def is_plain(self) -> bool:
        """Whether all settings rank by their value alone."""
        return self.confirmed is None and not self.constraints

    @cached_property
    def constraints(self) -> tuple[Constraint, ...]:
        """The constraints whose metric was measured."""
        return tuple(one for one in self.asked.where if one.metric in self.scores.metrics)

    @cached_property
    def is_confirmed(self) -> np.ndarray:
        """Where confirming trials have a number (metric, data set, epoch, setting)."""
        found = np.zeros(self.scores.trials.mean.shape, dtype=bool)
        if self.confirmed is not None:
            found[..., self.confirmed.at] = np.isfinite(self.confirmed.scores.trials.mean)
        return found

    @cached_property
    def stats(self) -> Stats:
        """The numbers to rank by (metric, data set, epoch, setting): of the confirming trials, where they have some."""
        if self.confirmed is None:
            return self.scores.trials
        found, own = {}, self.confirmed.scores.trials
        for name in Stats.__dataclass_fields__:
            found[name] = getattr(self.scores.trials, name).copy()
            there = self.is_confirmed[..., self.confirmed.at]
            found[name][..., self.confirmed.at] = np.where(
                there, getattr(own, name), found[name][..., self.confirmed.at]
            )
        return Stats(**found)

    @cached_property
    def excess(self) -> np.ndarray:
        """How much each setting violates each constraint (constraint, epoch, setting), by the mean over data sets."""
        means = self.stats.mean[:, self.scores.datasets.index(ALL)]
        return np.array([
            np.vectorize(one.excess, otypes=[float])(means[self.scores.metrics.index(one.metric)])
            for one in self.constraints
        ]).reshape(len(self.constraints), *means.shape[1:])  # fmt: skip

    def keeps(self, epoch: int) -> np.ndarray:
        """Return which settings satisfy every constraint at an epoch (settings,)."""
        return np.asarray((self.excess[:, self.scores.epochs.index(epoch)] <= 0).all(axis=0))

    def standing(self, metric: str, dataset: str, epoch: int) -> np.ndarray:
        """Return (settings,): 0 comes first, 1 is not confirmed, 2 breaks a constraint, 3 both."""
        m, d, e = self._at(metric, dataset, epoch)
        ranks: np.ndarray = 2 * ~self.keeps(epoch) + ~self.is_confirmed[m, d, e]
        return ranks

    def mark(self, standing: int) -> str:
        """Return the mark in a table of a setting whose standing is not first; empty otherwise."""
        words = ["not confirmed"] if self.confirmed is not None and standing % 2 else []
        words += [f"breaks {' or '.join(map(str, self.constraints))}"] if standing > 1 else []
        return ", ".join(words)

    def leaders(self, metric: str, dataset: str, epoch: int) -> Leaders:
        """Return the settings of the best standing with a number; all if they rank by value alone."""
        if self.is_plain:
            return Leaders(self.run, self.scores, np.arange(len(self.scores.settings)), False)
        m, d, e = self._at(metric, dataset, epoch)
        standing = self.standing(metric, dataset, epoch)
        known = np.isfinite(self.stats.mean[m, d, e])
        at = (
            np.flatnonzero(known & (standing == standing[known].min(initial=9)))
            if known.any()
            else np.flatnonzero(known)
        )
        if self.confirmed is None or not len(at) or standing[at[0]] % 2:
            return Leaders(self.run, self.scores.of(at), at, False)
        place = {setting: i for i, setting in enumerate(self.confirmed.at.tolist())}
        own = self.confirmed.scores.of(np.array([place[i] for i in at.tolist()], dtype=int))
        return Leaders(self.confirmed.run, own, at, True)

    def judges(self, places: Iterable[Where]) -> Iterator[tuple[Judge, Leaders]]:
        """Yield a Judge of the leaders for each place; those of the same leaders together."""
        groups: dict[tuple[bool, tuple[int, ...]], tuple[Leaders, list[Where]]] = {}
        for place in places:
            leaders = self.leaders(*place)
            groups.setdefault((leaders.confirmed, tuple(leaders.at.tolist())), (leaders, []))[1].append(place)
        for leaders, own in groups.values():
            yield from ((judge, leaders) for judge in judgements(leaders.run, leaders.scores, own))

    def judgements(self, places: Iterable[Where]) -> dict[Where, Judgement]:
        """Return how sure the ranking is at each place; settings that are not leaders are not judged."""
        settings = len(self.scores.settings)
        return {
            judge.place: _over_all(judge.judgement(), leaders.at, settings) for judge, leaders in self.judges(places)
        }

    def judgement(self, metric: str, dataset: str, epoch: int) -> Judgement:
        """Return how sure the ranking is at one place."""
        place = metric, dataset, epoch
        return self.judgements([place])[place]

    def ranking(self, metric: str, dataset: str, epoch: int) -> pd.DataFrame:
        """Return the table of Scores.ranking by standing and then by value, with `standing`, and `picked`: the value of
        the search's own seeds. An untrained fusion gets the first standing whose worst it beats."""
        m, d, e = self._at(metric, dataset, epoch)
        table = replace(self.scores, trials=self.stats).ranking(metric, dataset, epoch)
        settings = table["setting"].to_numpy()
        own = settings >= 0
        table["picked"] = np.where(own, self.scores.trials.mean[m, d, e][settings], np.nan)
        standing = np.where(own, self.standing(metric, dataset, epoch)[settings], 0)
        gain = table["value"].to_numpy() * facts_of(metric).sign
        there = own & np.isfinite(gain)
        worst = [(group, gain[there & (standing == group)].min()) for group in np.unique(standing[there])]
        last = worst[-1][0] if worst else 0
        for i in np.flatnonzero(~own):
            standing[i] = next((group for group, least in worst if gain[i] >= least), last)
        table["standing"] = standing
        order = np.lexsort((np.arange(len(table)), standing, ~np.isfinite(gain)))
        table = table.iloc[order].reset_index(drop=True)
        scored = (table["baseline"] == "") & table["value"].notna()
        table["rank"] = scored.cumsum().where(scored)
        return table

    def _at(self, metric: str, dataset: str, epoch: int) -> tuple[int, int, int]:
        scores = self.scores
        return scores.metrics.index(metric), scores.datasets.index(dataset), scores.epochs.index(epoch)


def _over_all(found: Judgement, at: np.ndarray, settings: int) -> Judgement:
    """Return a judgement of some settings as one of all, without values for the others."""

    def spread(values: np.ndarray) -> np.ndarray:
        wide = np.full(settings, False if values.dtype == bool else np.nan)
        wide[at] = values
        return wide

    return replace(
        found, best=int(at[found.best]) if found.best >= 0 else -1, worse=spread(found.worse),
        worse_low=spread(found.worse_low), worse_high=spread(found.worse_high), tied=spread(found.tied),
    )  # fmt: skip
