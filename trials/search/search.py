"""A search in progress: what is tried next, what the sampler is told, and what is confirmed at the end.

The table is authoritative. The study for the sampler and for Optuna's dashboard is rebuilt from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from trials.ranking.outcome import FAILED, Outcome, over_seeds
from trials.ranking.pareto import beaten_by, feasible, ranked
from trials.search.journal import StudyFile
from trials.search.proposals import Proposals, key_of
from trials.search.sampler import Sampling
from trials.search.search_plan import SearchPlan
from trials.search.settings import SearchSetting, Settings
from trials.storage.layout import RunFolder
from trials.storage.results import PlannedTrial, Results, TrialRow

EPOCHS = "SELECT epochs FROM trials WHERE id = ?"
OVER = ("finished", "stopped", "failed")


class Search:
    """Proposes trials; the sweep writes them, runs them, and reports when each has ended."""

    def __init__(self, plan: SearchPlan, results: Results, run: RunFolder, note: Callable[[str], None]) -> None:
        self.plan = plan
        self.spec = plan.spec
        self.results = results
        self.run = run
        self.note = note
        self.settings = Settings(plan)
        self.status: dict[str, str] = {}
        self.proposals: Proposals | None = None
        self.before = 0
        self.searching = plan.space is not None
        self.confirms = plan.spec.confirm is not None

    def known(self) -> list[PlannedTrial]:
        """Return this search's trials in the table, the missing ones of its open settings, and a grid's."""
        self.settings.read(self.results)
        return self.settings.planned

    def resume(self, rows: Mapping[str, TrialRow]) -> None:
        """Tell the sampler what the table holds, and mark open settings as running."""
        self.status = {one.id: rows[one.id].status for one in self.settings.planned}
        for setting in self.settings:
            setting.outcome = self._outcome(setting)
        self.before = sum(setting.outcome is not None for setting in self.settings)
        if self.plan.space is None:
            return
        file = StudyFile(self.run, self.plan.space, self.note)
        search, objectives = self.spec.search, self.plan.objective.metrics
        sampling = Sampling(self.plan.space, search, objectives, file.storage, self.spec.name)
        self.proposals = Proposals(sampling, self._refused, self.note)
        self.proposals.tried |= set(self.settings.by_key)
        self._tell_known(sampling, file)
        sampling.restore_generation()
        file.written()
        for parameters in (one for found in self.plan.found for one in found.first):
            if key_of(parameters) not in self.proposals.tried:
                sampling.try_first(parameters)

    def _tell_known(self, sampling: Sampling, file: StudyFile) -> None:
        found = [one for found in self.plan.found for one in found.observed]
        observed = [
            (0, sampling.known(setting, outcome))
            for setting, outcome in found
            if key_of(setting) not in self.settings.by_key
        ]
        # Skipped draws count too: the randomness of CMA-ES depends on the trial number.
        observed += file.skipped(self.settings.by_key)
        for setting in self.settings:
            if setting.outcome is not None:
                note = file.note_of(setting.parameters)
                observed.append((note.draw or 0, sampling.known(setting.parameters, setting.outcome, note)))
        sampling.add([trial for _, trial in sorted(observed, key=lambda one: one[0])])
        if len(self.settings) and not sampling.draws:
            sampling.draws = len(self.settings)
        for setting in self.settings:
            if setting.outcome is None:
                setting.number = sampling.reopen(setting.parameters, file.note_of(setting.parameters))

    def next(self) -> list[PlannedTrial]:
        """Return the trials of the next setting; none if none is left, or if the next depends on running ones."""
        if self.searching:
            if new := self._propose():
                return new
            self.searching = False
        if any(setting.outcome is None for setting in self.settings):
            return []
        return self._confirming()

    @property
    def over(self) -> bool:
        """Whether all has been handed out."""
        return not self.searching and not self.confirms

    @property
    def to_come(self) -> int:
        """How many trials may yet be proposed."""
        left = max(self.plan.settings - len(self.settings), 0) if self.searching else 0
        again = max(self.plan.confirming - len(self.settings.confirming), 0) if self.confirms else 0
        return left * len(self.spec.seeds) + again

    def ended(self, trial: str, status: str) -> None:
        """Record that a trial is finished, stopped or failed; after a setting's last trial, tell the sampler."""
        self.status[trial] = status
        setting = self.settings.of_trial.get(trial)
        if setting is None or (outcome := self._outcome(setting)) is None:
            return
        setting.outcome = outcome
        if setting.number is not None and self.proposals is not None:
            self.proposals.sampling.tell(setting.number, outcome)
            setting.number = None
        if outcome.values is None and all(self.status[one.id] == "finished" for one in setting.trials.values()):
            names = " or ".join(self.plan.objective.metrics)
            self.note(
                f"search: a finished configuration lacks {names} on a data set with a weight: the sampler records it "
                "as "
                "failed"
            )

    def notes(self) -> list[str]:
        return self.plan.notes(self.before)

    def summary(self) -> list[str]:
        """Say how many settings keep to the constraints, and which are on the front of several objectives."""
        objective = self.plan.objective
        done = [one.outcome for one in self.settings if one.outcome is not None and one.outcome.values is not None]
        kept = [one for one in done if feasible(one)]
        lines = []
        if objective.constraints and done:
            lines.append(
                f"{len(kept)} of {len(done)} configurations satisfy {' and '.join(map(str, objective.constraints))}"
            )
        if len(objective.metrics) > 1 and kept:
            front = int((beaten_by(np.array([objective.gains(one) for one in kept])) == 0).sum())
            lines.append(
                f"Pareto front of {', '.join(objective.metrics)}: {front} of {len(kept)} configurations are dominated "
                "by "
                "none (Trade-offs in the report)"
            )
        return lines

    def _refused(self, parameters: dict[str, Any]) -> str | None:
        """Return why a proposal is invalid: it breaks a rule, or its trial is that of another setting."""
        if (why := self.plan.planner.refused(parameters)) is not None:
            return why
        same = self.settings.of_trial.get(self.plan.planner.planned(parameters, self.spec.seeds[0]).id)
        if same is None:
            return None
        chosen, other = (", ".join(f"{name}={value}" for name, value in one.items())
                         for one in (parameters, same.parameters))  # fmt: skip
        return f"{chosen} is the same trial as {other}"

    def _propose(self) -> list[PlannedTrial]:
        """Return the trials of a new setting; none if the budget or the space is exhausted."""
        assert self.proposals is not None
        budget = self.spec.search.trials
        if budget is not None and len(self.settings) >= budget:
            return []
        found = self.proposals.next()
        if found is None:
            closed = len(self.proposals.closed)
            besides = f" and {closed} that are not valid" if closed else ""
            self.note(
                f"search: the space has no configurations beyond the {len(self.settings)} that were tried{besides}: "
                "the "
                "search ends"
            )
            return []
        number, parameters = found
        planned = [self.plan.planner.planned(parameters, seed) for seed in self.spec.seeds]
        for one in planned:
            self.settings.add(one).number = number
        return planned

    def _confirming(self) -> list[PlannedTrial]:
        """Return the trials that run the best settings again, once."""
        confirm = self.spec.confirm
        if confirm is None or not self.confirms:
            return []
        self.confirms = False
        done = [(setting, setting.outcome) for setting in self.settings if setting.outcome is not None]
        best = [one for one in ranked(done, self.plan.objective) if one.outcome is not None and feasible(one.outcome)]
        if not best:
            self.note("confirm: there is no configuration to rerun: none has finished and satisfies every constraint")
        best = best[: confirm.top]
        new = []
        for setting in best:
            for seed in confirm.seeds:
                if seed not in setting.fresh:
                    planned = self.plan.planner.again(setting.first, seed)
                    self.settings.confirm(setting, planned)
                    new.append(planned)
        if new:
            rerun = "the best configuration is" if len(best) == 1 else f"the best {len(best)} configurations are"
            self.note(f"confirm: {rerun} rerun with {self.plan.fresh_label}, and ranked by that")
        return new

    def _outcome(self, setting: SearchSetting) -> Outcome | None:
        """Return the result of a setting; None while one of its trials is waiting or running."""
        trials = [setting.trials[seed].id for seed in self.spec.seeds if seed in setting.trials]
        if len(trials) < len(self.spec.seeds) or any(self.status.get(one) not in OVER for one in trials):
            return None
        return over_seeds(list(map(self._of_trial, trials)))

    def _of_trial(self, trial: str) -> Outcome:
        objective, status = self.plan.objective, self.status[trial]
        if status == "failed":
            return FAILED
        single = len(objective.metrics) == 1 and self.spec.stop_early.kind != "none"
        curve = objective.curve(self.results, trial) if single else {}
        if status == "stopped" and objective.rank_by.epoch not in curve:
            return Outcome(steps=curve)
        ((epochs,),) = self.results.query(EPOCHS, (trial,))
        return replace(objective.outcome(self.results, trial, epochs), steps=curve)
