"""Rules of a search in a sweep file: what fits together, and keys without effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from fusion_core.config import TrialConfig
from fusion_core.errors import ConfigError, did_you_mean
from fusion_core.metrics.facts import FACTS
from trials.document.nodes import Node
from trials.document.problems import Problem, but_got, show
from trials.spec.constraints import Constraint, exclude_one_another
from trials.spec.search import Confirm, Kind, SearchConfig
from trials.spec.sweepable import RECIPES
from trials.sweepfile.rules.grid import MAX_TRIALS
from trials.sweepfile.rules.sections import below, kinds_of

KINDS = get_args(Kind)
KNOBS = {"trials": None, "seed": None, "startup": ("tpe", "gp"), "population": ("cmaes", "nsga2")}
"""Keys of a search, and the kinds that they have an effect on; None: all but a grid."""
WRITE = "Write search: {kind: tpe, trials: 60}"


def kind_of_search(data: dict[str, Any]) -> str | None:
    """Return the kind of search; None if another key stands in its place, which is reported itself."""
    search = data.get("search", {})
    if not isinstance(search, dict) or _misspelt(data, "search"):
        return None
    if "kind" not in search and not search.keys() <= SearchConfig.model_fields.keys():
        return None
    kind = search.get("kind", "grid")
    return str(kind) if kind in KINDS else None


def search_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """A search without a budget or a space, and keys without effect on its kind."""
    kind = kind_of_search(data)
    if kind == "grid":
        yield from _without_sampler(root, data)
    elif kind is not None:
        yield from _with_sampler(root, data, kind)
    for name, kinds in KNOBS.items() if kind is not None else ():
        if root.has(["search", name]) and (kind == "grid" if kinds is None else kind not in kinds):
            choice = "a sampler" if kinds is None else " or ".join(kinds)
            text = f"search.{name} does nothing with kind {kind}, but is given. Remove it, or choose {choice}."
            yield Problem(root.at(["search", name]).place, text)
    yield from _objective_problems(root, data, kind)
    yield from _constraint_problems(root, data, kind)
    runs = data.get("start_from")
    paths = Counter(run for run in runs if isinstance(run, Path) and run != Path()) if isinstance(runs, list) else {}
    for run in (run for run, count in paths.items() if count > 1):
        text = f"start_from must name each run once, but {show(str(run))} is repeated. Remove it."
        yield Problem(root.at(["start_from"]).place, text)


def _without_sampler(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    if isinstance(data.get("space"), dict) and data["space"]:
        text = "space has no last combination, so a sampler must choose, but search.kind is grid"
        yield Problem(root.at(["space"]).place, f"{text}. {WRITE}, or give its values under grid.")
    if data.get("start_from"):
        text = "start_from does nothing with search.kind grid, which has no sampler to tell"
        yield Problem(root.at(["start_from"]).place, f"{text}. Remove it, or {WRITE[0].lower()}{WRITE[1:]}.")


def _with_sampler(root: Node, data: dict[str, Any], kind: str) -> Iterator[Problem]:
    place = root.at(["search", "kind"]).place
    trials, seeds = below(data, "search", "trials"), data.get("seeds")
    runs = len(seeds) if isinstance(seeds, list) and seeds else 1
    if not root.has(["search", "trials"]):
        text = f"search.trials must say how many settings {kind} may try, but is not given"
        yield Problem(place, f"{text}. Write search: {{kind: {kind}, trials: 60}}.")
    elif trials is None:
        text = f"search.trials must say how many settings {kind} may try"
        yield Problem(root.at(["search", "trials"]).place, but_got(text, trials, " Write trials: 60."))
    elif type(trials) is int and trials * runs > MAX_TRIALS:
        most = MAX_TRIALS // runs
        of_seeds = f" with {runs} seeds" if runs > 1 else ""
        text = but_got(f"search.trials must be at most {most:,}{of_seeds}", trials, f" Write {most} or less.")
        yield Problem(root.at(["search", "trials"]).place, text)
    given = [name for name in ("space", "grid") if root.has([name])]
    nothing = not any(data.get(name) for name in given) and all(root.at([name]).value == {} for name in given)
    if nothing and not _misspelt(root.value, "space") and not _misspelt(root.value, "grid"):
        lacking = f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} empty" if given else ""
        text = f"search.kind {kind} must have something to choose, but {lacking or 'there is neither space nor grid'}"
        yield Problem(place, f"{text}. Write space: {{loss.max_ratio: {{low: 1, high: 64, log: true}}}}.")
    if data.get("simplex"):
        text = f"simplex does nothing with search.kind {kind}"
        remedy = "Write space: {reward.weights.VIF: {low: 0, high: 1}} and so on, or search.kind: grid."
        yield Problem(root.at(["simplex"]).place, f"{text}. {remedy}")


def _objective_problems(root: Node, data: dict[str, Any], kind: str | None) -> Iterator[Problem]:
    """Objectives that are not metrics or that disagree with the ranking."""
    place, wanted = root.at(["search", "objectives"]).place, below(data, "search", "objectives")
    names = {
        index: name for index, name in enumerate(wanted if isinstance(wanted, list) else ()) if isinstance(name, str)
    }
    for index, name in names.items():
        if name not in FACTS:
            text = but_got(f"search.objectives[{index}] must be a known metric", name, did_you_mean(name, FACTS))
            yield Problem(root.at(["search", "objectives", index]).place, text)
    for name in (name for name, count in Counter(names.values()).items() if count > 1):
        yield Problem(place, f"search.objectives must hold each metric once, but {show(name)} is repeated. Remove it.")
    different = list(dict.fromkeys(names.values()))
    ranked = below(data, "rank_by", "metric") or "Reward"
    if len(names) == 1 and different[0] in FACTS and different[0] != ranked and ranked in FACTS:
        text = f"search.objectives must be what the sweep ranks by ({ranked}) where it is one, but is {different[0]}"
        yield Problem(place, f"{text}. Write rank_by: {{metric: {different[0]}}} and leave objectives out.")
    if len(different) > 1 and kind == "cmaes":
        text = "search.objectives must be one with kind cmaes, which knows no fronts"
        yield Problem(place, f"{text}, but are {len(different)}. Choose nsga2, tpe or gp.")


def _constraint_problems(root: Node, data: dict[str, Any], kind: str | None) -> Iterator[Problem]:
    """Constraints that cannot be read, that exclude one another, or that have no effect on the sampler."""
    where = below(data, "search", "where")
    alone = isinstance(where, str)
    found: list[Constraint] = []
    for index, text in enumerate([where] if alone else where if isinstance(where, list) else ()):
        if not isinstance(text, str):
            continue
        name = "search.where" if alone else f"search.where[{index}]"
        place = root.at(["search", "where", index]).place
        try:
            constraint = Constraint.parse(text, name)
        except ConfigError as problem:
            yield Problem(place, problem.problems[0])
            continue
        other = next((one for one in found if one.metric == constraint.metric), None)
        clash = next((one for one in found if exclude_one_another(one, constraint)), None)
        if clash is not None:
            yield Problem(place, f"{name} must leave something beside {clash}, but got {constraint}. Remove one.")
        elif other is not None and other.at_most == constraint.at_most:
            yield Problem(place, f"{name} bounds {other.metric} as {other} does, but got {constraint}. Remove one.")
        found.append(constraint)
    if where and kind == "cmaes":
        text = "search.where does nothing with kind cmaes, which knows no constraints"
        yield Problem(root.at(["search", "where"]).place, f"{text}. Remove it, or choose tpe, gp or nsga2.")


def stop_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """A rule that never stops a trial, or that has several objectives to judge it by."""
    kind = below(data, "stop_early", "kind")
    given = [name for name in ("grace_epochs", "reduction") if root.has(["stop_early", name])]
    if kind not in ("asha", "median"):
        if (not root.has(["stop_early", "kind"]) or kind == "none") and given:
            place = root.at(["stop_early", given[0]]).place
            yield Problem(place, f"stop_early.{given[0]} does nothing without a kind. Write kind: asha.")
        return
    place = root.at(["stop_early"]).place
    objectives = below(data, "search", "objectives")
    if isinstance(objectives, list) and len(objectives) > 1:
        text = "stop_early must judge by one metric, but search.objectives are several"
        yield Problem(place, f"{text}. Remove stop_early, or all objectives but one.")
    if kind == "median" and "reduction" in given:
        text = "stop_early.reduction does nothing with kind median. Remove it, or write kind: asha."
        yield Problem(root.at(["stop_early", "reduction"]).place, text)
    epochs, grace = _epochs(data), below(data, "stop_early", "grace_epochs")
    grace = 1 if grace is None else grace
    if epochs is not None and type(grace) is int and grace >= epochs >= 1:
        text = f"stop_early.grace_epochs must be less than trial.recipe.epochs ({show(epochs)}), or no trial is stopped"
        remedy = f" Write {epochs - 1} or less." if epochs > 1 else " Remove stop_early, or raise the epochs."
        yield Problem(root.at(["stop_early", "grace_epochs"]).place, but_got(text, grace, remedy))


def confirm_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """Seeds that are not fresh or that are repeated, and too many runs."""
    if not isinstance(data.get("confirm"), dict) or not data["confirm"].keys() <= Confirm.model_fields.keys():
        return
    fresh, used = data["confirm"].get("seeds", list(Confirm().seeds)), data.get("seeds", [0])
    numbers = [seed for seed in fresh if type(seed) is int] if isinstance(fresh, list) else []
    taken = {seed for seed in used if type(seed) is int} if isinstance(used, list) else set()
    place = root.at(["confirm", "seeds"]).place
    for seed in (seed for seed, count in Counter(numbers).items() if count > 1):
        yield Problem(place, f"confirm.seeds must hold each seed once, but {show(seed)} is repeated. Remove it.")
    if both := [seed for seed in dict.fromkeys(numbers) if seed in taken]:
        many = ", ".join(map(show, both[:5])) + (" and others" if len(both) > 5 else "")
        text = f"confirm.seeds must be fresh, but seeds, which the search itself runs, has {many} too"
        free = [seed for seed in range(len(taken) + 4) if seed not in taken][:4]
        yield Problem(place, f"{text}. Write {free}.")
    top = data["confirm"].get("top", Confirm().top)
    if type(top) is int and top * len(numbers) > MAX_TRIALS:
        text = f"confirm.top must be at most {MAX_TRIALS // len(numbers):,} with {len(numbers)} seeds"
        yield Problem(root.at(["confirm", "top"]).place, but_got(text, top))


def _misspelt(keys: object, name: str) -> bool:
    """Return whether a misspelt key stands for this one: then its absence is not reported."""
    return isinstance(keys, dict) and name not in keys and any("Did" in did_you_mean(key, [name]) for key in keys)


def _epochs(data: dict[str, Any]) -> int | None:
    """Return how many epochs a trial has at most; None if that is not a number."""
    given = below(data, "trial", "recipe", "epochs")
    if given is None:
        kinds = kinds_of(data)
        return max(
            (RECIPES[kind].model_fields["epochs"].default for kind in kinds), default=TrialConfig().recipe.epochs
        )
    return given if type(given) is int else None
