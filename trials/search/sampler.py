"""What to try next: an Optuna study that proposes settings and is told their results.

Proposals depend only on these results and on the seed, so a killed sweep continues as it would have.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from fusion_core.metrics.facts import facts_of
from trials.ranking.outcome import Outcome
from trials.search.sobol import SobolSampler
from trials.space.space import Space
from trials.spec.search import AxisValue, SearchConfig

if TYPE_CHECKING:
    from optuna.storages import BaseStorage


optuna.logging.set_verbosity(optuna.logging.ERROR)
SETTING = "setting"
"""User attribute of a trial of a study: its values as a trial takes them, and the sampler's draw number."""
POPULATIONS = (8, 50)
LARGEST_EXCESS = 1e6


@dataclass(frozen=True)
class Note:
    """What a study recorded of a setting: draw number, values before rounding, and the sampler's attributes."""

    draw: int | None = None
    drawn: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


NOTHING = Note()


def state_of(outcome: Outcome) -> TrialState:
    """Return its Optuna state: NaN is a failure, otherwise the Optuna trial would stay open."""
    if outcome.values is not None:
        return TrialState.COMPLETE if all(map(math.isfinite, outcome.values)) else TrialState.FAIL
    return TrialState.PRUNED if any(map(math.isfinite, outcome.steps.values())) else TrialState.FAIL


class Sampling:
    """Runs one sampler over one space. `objectives` are metrics; `storage` is in memory by default."""

    def __init__(
        self,
        space: Space,
        search: SearchConfig,
        objectives: Sequence[str],
        storage: BaseStorage | None = None,
        name: str = "search",
    ) -> None:
        self.space = space
        self.search = search
        self.objectives = tuple(objectives)
        ways = [
            StudyDirection.MAXIMIZE if facts_of(one).higher_is_better else StudyDirection.MINIMIZE for one in objectives
        ]
        self.study = optuna.create_study(
            storage=storage, study_name=name, directions=ways, sampler=RandomSampler(seed=0), load_if_exists=True
        )
        self.pending: dict[int, Trial] = {}
        self.draws = 0

    def ask(self) -> tuple[int, dict[str, AxisValue]]:
        """Return the number for `tell` and the setting to try; it may have been tried before."""
        self.study.sampler = self._sampler()
        self.draws += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # experimental features, independent sampling
            trial = self.study.ask()
            parameters = self.space.suggested(trial)
        return self._opened(trial, parameters, self.draws), parameters

    def tell(self, number: int, outcome: Outcome) -> None:
        """Tell the result of a proposed setting."""
        trial = self.pending.pop(number)
        for name, excess in outcome.excess.items():
            trial.set_constraint(name, min(excess, LARGEST_EXCESS))
        state = state_of(outcome)
        for epoch, value in sorted(outcome.steps.items()) if state == TrialState.PRUNED else ():
            if math.isfinite(value):
                trial.report(value, epoch)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.study.tell(trial, outcome.values if state == TrialState.COMPLETE else None, state=state)

    def known(
        self,
        parameters: Mapping[str, AxisValue],
        outcome: Outcome,
        note: Note = NOTHING,
    ) -> FrozenTrial:
        """Return the Optuna trial of a known setting, to `add`."""
        steps = {epoch: value for epoch, value in outcome.steps.items() if math.isfinite(value)}
        state = state_of(outcome)
        trial = create_trial(
            state=state,
            values=list(outcome.values or ()) if state == TrialState.COMPLETE else None,
            params=dict(note.drawn) or self.space.drawn(parameters),
            distributions=self.space.distributions(parameters),
            intermediate_values=steps if state == TrialState.PRUNED else {},
            system_attrs=dict(note.attributes),
            user_attrs=_attribute(parameters, note.draw),
        )
        for name, excess in outcome.excess.items():
            trial.set_constraint(name, min(excess, LARGEST_EXCESS))
        return trial

    def add(self, trials: Sequence[FrozenTrial]) -> None:
        """Add trials made by `known`; draws continue after the last of them."""
        self.study.add_trials(trials)
        drawn = (trial.user_attrs[SETTING]["draw"] for trial in trials)
        self.draws = max([self.draws, *(draw for draw in drawn if draw is not None)])

    def reopen(self, parameters: Mapping[str, AxisValue], note: Note = NOTHING) -> int:
        """Mark an earlier proposal as running again; return the number for `tell`."""
        fixed = {"fixed_params": dict(note.drawn) or self.space.drawn(parameters)}  # as in Study.enqueue_trial
        self.study.add_trial(create_trial(state=TrialState.WAITING, system_attrs={**fixed, **note.attributes}))
        self.study.sampler = RandomSampler(seed=0)
        trial = self.study.ask()
        self.space.suggested(trial)
        self.draws = max(self.draws, note.draw or 0)
        return self._opened(trial, parameters, note.draw)

    def restore_generation(self) -> None:
        """Make NSGA-II choose the parents of its current generation, as before the sweep was stopped."""
        sampler = self._sampler()
        if isinstance(sampler, NSGAIISampler):
            key = f"{type(sampler).__name__}:generation"
            generations = (trial.system_attrs.get(key, 0) for trial in self.study.get_trials(deepcopy=False))
            sampler.get_parent_population(self.study, max(generations, default=0))

    def try_first(self, parameters: Mapping[str, AxisValue]) -> None:
        """Have `ask` return this setting before any of the sampler's own."""
        self.study.enqueue_trial(self.space.drawn(parameters))

    def _opened(self, trial: Trial, parameters: Mapping[str, AxisValue], draw: int | None) -> int:
        for name, value in _attribute(parameters, draw).items():
            trial.set_user_attr(name, value)
        self.pending[trial.number] = trial
        return trial.number

    def _sampler(self) -> BaseSampler:
        """Return a sampler for the next draw; a new one each time, so that all its state is in the study."""
        search = self.search
        seed = int(np.random.SeedSequence([search.seed, self.draws]).generate_state(1)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            match search.kind:
                case "tpe":
                    return TPESampler(
                        n_startup_trials=search.startup,
                        multivariate=True,
                        group=bool(self.space.conditional),
                        constant_liar=True,
                        seed=seed,
                    )
                case "gp":
                    return GPSampler(n_startup_trials=search.startup, seed=seed)
                case "cmaes":
                    return CmaEsSampler(popsize=search.population, seed=seed)
                case "nsga2":
                    return NSGAIISampler(population_size=self._population(), seed=seed)
                case "sobol":
                    return SobolSampler(self.space, search.seed, self.draws)
                case _:
                    return RandomSampler(seed=seed)

    def _population(self) -> int:
        least, most = POPULATIONS
        return self.search.population or min(max((self.search.trials or 0) // 5, least), most)


def _attribute(parameters: Mapping[str, AxisValue], draw: int | None) -> dict[str, Any]:
    return {SETTING: {"parameters": dict(parameters), "draw": draw}}
