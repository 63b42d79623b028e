"""Rules that hold between the keys of a sweep file; robust to values of the wrong type, which are reported elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fusion_core.config import DataConfig, LossConfig, SyntheticConfig, TrialConfig
from fusion_core.errors import did_you_mean
from fusion_core.metrics.facts import FACTS
from trials.fields import kind_of, models_of
from trials.messages import Problem, dotted, show
from trials.yaml_reader import Node

SMALLEST_SIDE = 41
"""The largest window of VIF, after three halvings, still fits an image of this side."""


def cross_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    """Return what is wrong between keys that are each fine."""
    return [
        *seed_problems(root, data),
        *rank_problems(root, data),
        *ssim_problems(root),
        *size_problems(root, data),
        *share_problems(root, data),
    ]


def make_paths_absolute(data: dict[str, Any], root: Node) -> list[Problem]:
    """Replace the paths of `trial.data` in place by absolute ones, as of the current working directory."""
    section = below(data, "trial", "data")
    if not isinstance(section, dict):
        return []
    problems = []
    places: list[tuple[dict[str, Any], tuple[str | int, ...]]] = [(section, ("root",))]
    sets = [(("train",), section.get("train"))]
    if isinstance(section.get("test"), list):
        sets += [(("test", index), one) for index, one in enumerate(section["test"])]
    for path, pair in sets:
        if isinstance(pair, dict):
            places += [(pair, (*path, "visible")), (pair, (*path, "infrared"))]
    for holder, path in places:
        key = str(path[-1])
        written = holder.get(key)
        if not isinstance(written, str):
            continue
        try:
            if not written or "\0" in written:
                raise ValueError
            holder[key] = Path(written).expanduser().absolute()
        except (ValueError, RuntimeError, OSError):
            where = ("trial", "data", *path)
            problems.append(Problem(root.at(where).place, f"{dotted(where)} must be a path, but got {show(written)}"))
            del holder[key]
    return problems


def seed_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    problems = []
    seeds = data.get("seeds")
    if isinstance(seeds, list):
        numbers = [seed for seed in seeds if isinstance(seed, int) and not isinstance(seed, bool)]
        problems += [
            Problem(root.at(["seeds"]).place, f"seeds must hold each seed once, but {seed} is repeated")
            for seed, count in Counter(numbers).items() if count > 1
        ]  # fmt: skip
    if root.has(["trial", "seed"]):
        place = root.at(["trial", "seed"]).place
        problems.append(Problem(place, "seeds have a key of their own. Write seeds: [0, 1] instead of trial.seed."))
    return problems


def rank_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    problems = []
    metric = below(data, "rank_by", "metric")
    if isinstance(metric, str) and metric not in FACTS:
        text = f"rank_by.metric must be a known metric, but got {show(metric)}.{did_you_mean(metric, FACTS)}"
        problems.append(Problem(root.at(["rank_by", "metric"]).place, text))
    weights = below(data, "rank_by", "dataset_weights")
    if isinstance(weights, dict) and weights:
        known = test_names(data)
        for name in weights:
            if known and name not in known:
                text = f"rank_by.dataset_weights must name test sets, but got {show(name)}.{did_you_mean(name, known)}"
                problems.append(Problem(root.at(["rank_by", "dataset_weights", name]).place, text))
        if all(weight == 0 for weight in weights.values()):
            place = root.at(["rank_by", "dataset_weights"]).place
            problems.append(Problem(place, "rank_by.dataset_weights must hold a weight above 0, but all are 0"))
    return problems + epoch_problems(root, data)


def epoch_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    epoch, epochs = below(data, "rank_by", "epoch"), below(data, "trial", "recipe", "epochs")
    if epochs is None:
        epochs = TrialConfig().recipe.epochs
    if not isinstance(epoch, int) or not isinstance(epochs, int) or epoch <= epochs or epochs < 1:
        return []
    place = root.at(["rank_by", "epoch"]).place
    lowered = root.has(["trial", "recipe", "epochs"]) and not root.at(["trial", "recipe", "epochs"]).place.line
    remedy = f"Add --set rank_by.epoch={epochs}." if lowered and place.line else f"Write {epochs} or raise the epochs."
    text = f"rank_by.epoch must be at most trial.recipe.epochs ({epochs}), but got {epoch}. {remedy}"
    return [Problem(place, text)]


def ssim_problems(root: Node) -> list[Problem]:
    """`ssim_shared` sets both SSIM weights: where the grid is part of it, no model sees both."""
    loss, grid = root.at(["trial", "loss"]), root.at(["grid"])
    given = set(loss.value) if isinstance(loss.value, dict) and root.has(["trial", "loss"]) else set()
    axes = set(grid.value) if isinstance(grid.value, dict) and root.has(["grid"]) else set()
    shared = "loss.ssim_shared" in axes or ("ssim_shared" in given and loss.at(["ssim_shared"]).value is not None)
    own = [name for name in ("ssim_ratio", "ssim_ir_ratio") if name in given or f"loss.{name}" in axes]
    if not shared or not own or not {"loss.ssim_shared", *(f"loss.{name}" for name in own)} & axes:
        return []
    axis = (
        "loss.ssim_shared"
        if "loss.ssim_shared" in axes
        else next(f"loss.{name}" for name in own if f"loss.{name}" in axes)
    )
    text = f"loss.ssim_shared sets ssim_ratio and ssim_ir_ratio, but {' and '.join(own)} stands beside it. Remove one."
    return [Problem(root.at(["grid", axis]).place, text)]


def size_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    """Images that are smaller than the windows that go over them, where the sweep file says their size."""
    kind = below(data, "trial", "recipe", "kind")
    recipes = {kind_of(model): model for model in models_of(TrialConfig.model_fields["recipe"].annotation)}
    if not getattr(recipes.get(kind or TrialConfig().recipe.kind), "needs_data", True):
        return []
    sized = stated_size(root, data)
    if sized is None:
        return []
    size, path = sized
    side, place, problems = min(size), root.at(path).place, []
    if side < SMALLEST_SIDE:
        text = f"{dotted(path)} must be at least {SMALLEST_SIDE} pixels a side, which VIF needs, but got {list(size)}"
        problems.append(Problem(place, text))
    window_path = ("trial", "loss", "ssim_window_size")
    windows = [(below(data, *window_path) or LossConfig().ssim_window_size, window_path)]
    axis = root.child("grid").child("loss.ssim_window_size") if root.child("grid") else None  # type: ignore[union-attr]
    if axis is not None and isinstance(axis.value, list):
        windows = [(node.value, ("grid", "loss.ssim_window_size", index)) for index, node in enumerate(axis.value)]
    for window, where in windows:
        if isinstance(window, int) and window > side:
            text = f"{dotted(where)} must fit the training images ({dotted(path)}: {list(size)}), but got {window}"
            at = root.at(where).place if root.has(where) else place
            problems.append(Problem(at, f"{text}. Write {side} or less, or take larger images."))
    return problems


def stated_size(root: Node, data: dict[str, Any]) -> tuple[tuple[int, int], tuple[str, ...]] | None:
    """Return height and width of the training images and the key that decides them, or None where the files decide."""
    section = below(data, "trial", "data")
    section = section if isinstance(section, dict) else {}
    size, path = section.get("resize"), ("trial", "data", "resize")
    if size is None and section.get("train", DataConfig().train) == "synthetic":
        size = below(section, "synthetic", "size") or list(SyntheticConfig().size)
        path = ("trial", "data", "synthetic", "size")
    if isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) and side > 0 for side in size):
        return (size[0], size[1]), path
    return None


def share_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    gpu = below(data, "resources", "gpu")
    if isinstance(gpu, float) and gpu > 1 and not gpu.is_integer():
        text = f"resources.gpu must be a share of at most 1 or whole GPUs, but got {gpu}"
        return [Problem(root.at(["resources", "gpu"]).place, text)]
    return []


def test_names(data: dict[str, Any]) -> list[str]:
    """Return the names of the test sets of a sweep; empty where the file does not say them."""
    section = below(data, "trial", "data")
    section = section if isinstance(section, dict) else {}
    sets: list[Any] = []
    for key, default in (("test", DataConfig().test), ("optional", DataConfig().optional)):
        value = section.get(key, default)
        sets += value if isinstance(value, Sequence) and not isinstance(value, str) else []
    names = [one.get("name") if isinstance(one, dict) else one for one in sets]
    return [name for name in names if isinstance(name, str)]


def below(data: Any, *path: str) -> Any:
    """Return what stands at a path of nested dicts, or None."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data
