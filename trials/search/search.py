"""A search in progress: which settings of the table are its own, what is tried next, and what is confirmed at the end.

The table is the truth. The study beside it, for the sampler and for Optuna's dashboard, is written anew from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion_core.errors import ConfigError
from trials.results import PlannedTrial, Results, TrialRow
from trials.search.goal import Goal
from trials.search.outcome import FAILED, Outcome, over_seeds
from trials.search.planner import Planner
from trials.search.proposals import Proposals, key_of
from trials.search.sampling import Sampling
from trials.search.standing import beaten_by, feasible, ranked
from trials.search.study import StudyFile

if TYPE_CHECKING:
    from trials.search.history import Found
    from trials.search.space import Space
    from trials.spec import SweepSpec

ROWS = "SELECT id, parameters, seed FROM trials WHERE cohort = ? ORDER BY number"
EPOCHS = "SELECT epochs FROM trials WHERE id = ?"
OVER = ("finished", "stopped", "failed")


@dataclass
class Setting:
    """A setting and its trials by seed; `number` is the sampler's for it while it is open."""

    trials: dict[int, PlannedTrial] = field(default_factory=dict)
    number: int | None = None
    outcome: Outcome | None = None

    @property
    def first(self) -> PlannedTrial:
        return next(iter(self.trials.values()))

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.first.parameters)


@dataclass(frozen=True)
class SearchPlan:
    """What a search goes by before the table is open.

    `space` is None where all settings are `listed`: those of a grid. `found` is what other sweeps found.
    """

    spec: SweepSpec
    goal: Goal
    planner: Planner
    space: Space | None = None
    listed: Sequence[PlannedTrial] = ()
    found: Sequence[Found] = ()

    @property
    def settings(self) -> int:
        """How many settings are tried at most."""
        if self.space is None:
            return len(self.listed) // len(self.spec.seeds)
        return min(one for one in (self.spec.search.trials, self.space.size) if one is not None)

    @property
    def confirming(self) -> int:
        """How many trials confirm at most."""
        confirm = self.spec.confirm
        return min(confirm.top, self.settings) * len(confirm.seeds) if confirm else 0

    def notes(self, tried: int = 0) -> list[str]:
        """Say what is searched, and what is known of it; `tried` settings were so already."""
        space, search = self.space, self.spec.search
        if space is None:
            return []
        size = "no end of settings" if space.size is None else f"{space.size} settings"
        before = f", {tried} of them tried already" if tried else ""
        notes = [f"search {search.kind}: {self.settings} of {size} in {len(space.dimensions)} dimensions{before}"]
        notes += [one.said for one in self.found]
        if space.conditional and search.kind in ("gp", "cmaes"):
            notes.append(
                f"search: {search.kind} models what all trials have; {', '.join(space.conditional)} are drawn at random"
            )
        words = [one.name for one in space.dimensions if one.words and one.name not in space.conditional]
        if words and search.kind == "cmaes":
            notes.append(f"search: cmaes knows numbers alone; {', '.join(words)} are drawn at random")
        if self.spec.stop_early.kind != "none" and search.kind in ("gp", "cmaes", "nsga2"):
            notes.append(f"search: {search.kind} learns nothing from trials that are stopped early; tpe does")
        return notes


class Search:
    """Proposes trials; the sweep writes them, runs them, and says when each has ended."""

    def __init__(self, plan: SearchPlan, results: Results, run: Path, note: Callable[[str], None]) -> None:
        self.plan = plan
        self.spec = plan.spec
        self.results = results
        self.run = run
        self.note = note
        self.settings: dict[str, Setting] = {}
        self.of_trial: dict[str, Setting] = {}
        self.confirmed: dict[str, PlannedTrial] = {}
        self.status: dict[str, str] = {}
        self.proposals: Proposals | None = None
        self.before = 0
        self.searching = plan.space is not None
        self.confirms = plan.spec.confirm is not None

    def known(self) -> list[PlannedTrial]:
        """Return the trials of the table that are this search's, those that its open settings lack, and a grid's."""
        rows = [
            (trial, json.loads(text), seed)
            for trial, text, seed in self.results.query(ROWS, (self.plan.planner.cohort,))
        ]
        for one in self.plan.listed:
            self._take_in(one)
        for trial, parameters, seed in rows if self.plan.space is not None else ():
            if seed in self.spec.seeds and self.plan.space and self.plan.space.part_of(parameters) == parameters:
                self._recognise(trial, parameters, seed)
        for setting in self.settings.values():
            for seed in self.spec.seeds:
                if seed not in setting.trials:
                    self._take_in(self.plan.planner.again(setting.first, seed))
        again = set(self.spec.confirm.seeds if self.spec.confirm else ())
        for trial, parameters, seed in rows:
            of = self.settings.get(key_of(parameters)) if seed in again else None
            if of is not None and (planned := self.plan.planner.again(of.first, seed)).id == trial:
                self.confirmed[trial] = planned
        planned_ones = [one for setting in self.settings.values() for one in setting.trials.values()]
        return [*planned_ones, *self.confirmed.values()]

    def resume(self, rows: Mapping[str, TrialRow]) -> None:
        """Tell the sampler what the table holds, and have it count what is open as running."""
        self.status = {i: rows[i].status for i in (*self.of_trial, *self.confirmed)}
        self.before = len(self.settings)
        over = [setting for setting in self.settings.values() if self._is_over(setting)]
        for setting in over:
            setting.outcome = self._outcome(setting)
        if self.plan.space is None:
            return
        file = StudyFile(self.run, self.note)
        search, objectives = self.spec.search, self.plan.goal.objectives
        sampling = Sampling(self.plan.space, search, objectives, file.storage, self.spec.name)
        self.proposals = Proposals(sampling, self._refused, self.note)
        self.proposals.tried |= set(self.settings)
        told = [sampling.known(setting, outcome) for one in self.plan.found for setting, outcome in one.told]
        for setting in over:
            note = file.note_of(setting.parameters)
            told.append(sampling.known(setting.parameters, setting.outcome or FAILED, note))
        sampling.add(told)
        if over and not sampling.draws:
            sampling.draws = len(over)
        for setting in self.settings.values():
            if setting.outcome is None:
                setting.number = sampling.reopen(setting.parameters, file.note_of(setting.parameters))
        sampling.look_back()
        file.written()
        for parameters in (one for found in self.plan.found for one in found.first):
            if key_of(parameters) not in self.proposals.tried:
                sampling.try_first(parameters)

    def next(self) -> list[PlannedTrial]:
        """Return the trials of the next setting; none where none is left, or where running ones decide what is next."""
        if self.searching:
            if new := self._propose():
                return new
            self.searching = False
        if any(setting.outcome is None for setting in self.settings.values()):
            return []
        return self._confirming()

    @property
    def to_come(self) -> int:
        """How many trials may yet be proposed."""
        left = max(self.plan.settings - len(self.settings), 0) if self.searching else 0
        return left * len(self.spec.seeds) + (self.plan.confirming if self.confirms else 0)

    def notes(self) -> list[str]:
        return self.plan.notes(self.before)

    def summary(self) -> list[str]:
        """Say how many settings keep to the constraints, and which are on the front of several objectives."""
        goal = self.plan.goal
        done = [one for one in self.settings.values() if one.outcome is not None and one.outcome.values is not None]
        kept = [one for one in done if one.outcome is not None and feasible(one.outcome)]
        said = []
        if goal.constraints and done:
            which = " and ".join(map(str, goal.constraints))
            said.append(f"{len(kept)} of {len(done)} settings have {which}")
        if len(goal.objectives) > 1 and kept:
            beaten = beaten_by(np.array([goal.gains(one.outcome) for one in kept if one.outcome is not None]))
            front = [one for one, count in zip(kept, beaten, strict=True) if not count]
            said.append(
                f"front of {', '.join(goal.objectives)}: {len(front)} of {len(kept)} settings are beaten by none in "
                "all of them (the report's Trade-offs)"
            )
        return said

    @property
    def over(self) -> bool:
        """Whether all has been handed out."""
        return not self.searching and not self.confirms

    def ended(self, trial: str, status: str) -> None:
        """Take up that a trial is finished, stopped or failed; the last one of a setting is told to the sampler."""
        self.status[trial] = status
        setting = self.of_trial.get(trial)
        if setting is None or not self._is_over(setting):
            return
        setting.outcome = self._outcome(setting)
        if setting.number is not None and self.proposals is not None:
            self.proposals.sampling.tell(setting.number, setting.outcome)
            setting.number = None
        if setting.outcome.values is None and all(self.status[one.id] == "finished" for one in setting.trials.values()):
            names = " or ".join(self.plan.goal.objectives)
            self.note(
                f"search: a finished setting has no number for {names} on every data set that counts: the sampler is "
                "told that it failed"
            )

    def _refused(self, parameters: dict[str, Any]) -> str | None:
        """Return why a proposal cannot be run: a rule refuses it, or another setting is the same trial."""
        if (why := self.plan.planner.refused(parameters)) is not None:
            return why
        same = self.of_trial.get(self.plan.planner.planned(parameters, self.spec.seeds[0]).id)
        if same is None:
            return None
        chosen, other = (", ".join(f"{name}={value}" for name, value in one.items())
                         for one in (parameters, same.parameters))  # fmt: skip
        return f"{chosen} is the same trial as {other}"

    def _recognise(self, trial: str, parameters: dict[str, Any], seed: int) -> None:
        """Take in a row of the table that is what this sweep would make of its parameters today."""
        try:
            planned = self.plan.planner.planned(parameters, seed)
        except ConfigError:
            return  # of an earlier state of the sweep file: it stays in the table, and is not this search's
        if planned.id == trial:
            self._take_in(planned)

    def _take_in(self, planned: PlannedTrial) -> None:
        setting = self.settings.setdefault(key_of(planned.parameters), Setting())
        setting.trials[planned.seed] = planned
        self.of_trial[planned.id] = setting

    def _propose(self) -> list[PlannedTrial]:
        """Return the trials of a new setting; none where the budget or the space is at its end."""
        assert self.proposals is not None
        wanted = self.spec.search.trials
        if wanted is not None and len(self.settings) >= wanted:
            return []
        found = self.proposals.next()
        if found is None:
            self.note(
                f"search: the space has no other settings than the {len(self.settings)} that were tried: it ends there"
            )
            return []
        number, parameters = found
        planned = [self.plan.planner.planned(parameters, seed) for seed in self.spec.seeds]
        for one in planned:
            self._take_in(one)
        self.settings[key_of(parameters)].number = number
        return planned

    def _confirming(self) -> list[PlannedTrial]:
        """Return the trials that run the best settings again, once."""
        confirm = self.spec.confirm
        if confirm is None or not self.confirms:
            return []
        self.confirms = False
        done = [(setting, setting.outcome) for setting in self.settings.values() if setting.outcome is not None]
        best = [one for one in ranked(done, self.plan.goal) if one.outcome is not None and feasible(one.outcome)]
        if not best:
            self.note("confirm: there is no setting to run again: none is finished and keeps to every constraint")
        best = best[: confirm.top]
        again = [self.plan.planner.again(one.first, seed) for one in best for seed in confirm.seeds]
        new = [one for one in again if one.id not in self.confirmed]
        self.confirmed |= {one.id: one for one in new}
        if new:
            settings = "the best setting is" if len(best) == 1 else f"the best {len(best)} settings are"
            seeds = ", ".join(map(str, confirm.seeds))
            self.note(f"confirm: {settings} run again with seed {seeds}, and ranked by that")
        return new

    def _is_over(self, setting: Setting) -> bool:
        """Return whether the trials of all seeds have ended."""
        return all(
            seed in setting.trials and self.status.get(setting.trials[seed].id) in OVER for seed in self.spec.seeds
        )

    def _outcome(self, setting: Setting) -> Outcome:
        return over_seeds([self._of_trial(setting.trials[seed].id) for seed in self.spec.seeds])

    def _of_trial(self, trial: str) -> Outcome:
        goal = self.plan.goal
        match self.status[trial]:
            case "finished":
                ((epochs,),) = self.results.query(EPOCHS, (trial,))
                return goal.outcome(self.results, trial, epochs)
            case "stopped" if len(goal.objectives) == 1:
                return Outcome(steps=goal.curve(self.results, trial))
            case _:
                return FAILED
