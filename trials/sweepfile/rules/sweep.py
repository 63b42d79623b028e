"""Rules between the keys of a sweep file; values of the wrong type are skipped: they are reported elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fusion_core.config import TrialConfig
from fusion_core.errors import did_you_mean
from fusion_core.metrics.facts import FACTS
from trials.document.nodes import Node
from trials.document.problems import Problem, but_got, show
from trials.document.yaml_reader import is_number
from trials.spec.sweepable import TERM, TERM_RULE
from trials.sweepfile.rules.axes import Document
from trials.sweepfile.rules.data import NAME
from trials.sweepfile.rules.sections import below, needs_data, test_names


def seed_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    """Repeated seeds, and a seed where trials get theirs from the sweep."""
    seeds = data.get("seeds")
    numbers = [seed for seed in seeds if type(seed) is int] if isinstance(seeds, list) else []
    repeated = [seed for seed, count in Counter(numbers).items() if count > 1]
    place = root.at(["seeds"]).place
    problems = [Problem(place, f"seeds must hold each seed once, but {show(seed)} is repeated") for seed in repeated]
    if seeds == []:
        problems.append(Problem(place, but_got("seeds must hold at least one seed", seeds, " Write [0].")))
    if root.has(["trial", "seed"]):
        place = root.at(["trial", "seed"]).place
        problems.append(Problem(place, "trial.seed cannot be set: seeds have a key of their own. Write seeds: [0, 1]."))
    return problems


def rank_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """An unknown metric, weights of sets that are not tested on, weights that are all zero."""
    metric = below(data, "rank_by", "metric")
    if isinstance(metric, str) and metric not in FACTS:
        text = but_got("rank_by.metric must be a known metric", metric, did_you_mean(metric, FACTS))
        yield Problem(root.at(["rank_by", "metric"]).place, text)
    path = ("rank_by", "dataset_weights")
    weights = below(data, *path)
    if not isinstance(weights, dict) or not weights:
        return
    if all(is_number(weight) and weight == 0 for weight in weights.values()):
        yield Problem(root.at(path).place, "rank_by.dataset_weights must hold one above 0, but all are 0")
    known = dict.fromkeys(test_names(data) if needs_data(data) else filter(NAME.fullmatch, weights))
    for name in weights:
        if name not in known:
            text = but_got("rank_by.dataset_weights must name sets of trial.data.test", name, did_you_mean(name, known))
            yield Problem(root.at([*path, name]).place, text)


def epoch_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    """An epoch to rank by that no trial reaches."""
    epoch, epochs = below(data, "rank_by", "epoch"), below(data, "trial", "recipe", "epochs")
    epochs = TrialConfig().recipe.epochs if epochs is None else epochs
    if type(epoch) is not int or type(epochs) is not int or not 1 <= epochs < epoch:
        return []
    path = ("trial", "recipe", "epochs")
    place = root.at(["rank_by", "epoch"]).place
    if place.line and root.has(path) and not root.at(path).place.line:
        return []  # `load` ranks such trials at their last epoch, and says so
    remedy = f" Write {show(epochs)} or less, or raise the epochs."
    return [
        Problem(place, but_got(f"rank_by.epoch must be at most trial.recipe.epochs ({show(epochs)})", epoch, remedy))
    ]


def ssim_problems(root: Document, data: dict[str, Any]) -> list[Problem]:
    """`ssim_shared` with a weight that it sets, if one of them is an axis, so that no single model sees both."""
    loss, axes = below(data, "trial", "loss"), root.axes
    given = {name for name, value in loss.items() if value is not None} if isinstance(loss, dict) else set()
    used = {name for name in ("ssim_shared", "ssim_ratio", "ssim_ir_ratio") if name in given or f"loss.{name}" in axes}
    swept = [axis for axis in axes if axis.removeprefix("loss.") in used and axis.startswith("loss.")]
    if "ssim_shared" not in used or len(used) < 2 or not swept:
        return []
    own = " and ".join(sorted(used - {"ssim_shared"}))
    text = f"loss.ssim_shared sets ssim_ratio and ssim_ir_ratio, but {own} is given too. Remove one or the other."
    return [Problem(min((axes[axis].place for axis in swept), key=str), text)]


def override_problems(root: Document, data: dict[str, Any]) -> list[Problem]:
    """A --set of a field that is an axis: the axis wins, so it has no effect."""
    problems = []
    for name, axis in root.axes.items():
        path = ["trial", *name.split(".")]
        if root.has(path) and not root.at(path).place.line:
            value = show(root.at(path).value)
            text = f"trial.{name} is {axis.kind}, so this does nothing. Write --set '{axis.section}.{name}=[{value}]'."
            problems.append(Problem(root.at(path).place, text))
    return problems


def term_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """Invalid names under `loss.terms`; unknown ones are found later, with torch."""
    terms = below(data, "trial", "loss", "terms")
    for name in terms if isinstance(terms, dict) else ():
        if not TERM.fullmatch(name):
            place = root.at(["trial", "loss", "terms", name]).place
            yield Problem(place, but_got(f"a key of trial.loss.terms must be {TERM_RULE}", name))


def share_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    """A GPU share that is neither part of one GPU nor whole GPUs."""
    gpu = below(data, "resources", "gpu")
    if isinstance(gpu, float) and gpu > 1 and not gpu.is_integer():
        text = but_got("resources.gpu must be a share of at most 1, or a whole number of GPUs", gpu)
        return [Problem(root.at(["resources", "gpu"]).place, text)]
    return []
