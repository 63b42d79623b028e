"""Does a recipe learn from its reward, or does it only drift? Every recipe against its controls.

    python -m benchmarks.learning --data-root DIR [--seeds 5] [--processes 2] [--out learning.jsonl]

Each cell trains one recipe under one control from the same loss-trained start (one per seed) on RoadScene at 64 x 64:
64 training pairs, 120 updates, 20 held-out pairs. A cell is a line of the file, and one that is there is not run again.
Printed are gains over the start, and how far a recipe is ahead of each control, with 95 % intervals: on training pairs
over seeds (Student's t), on held-out pairs over seeds and images (both resampled), differences of one seed and image.
Last come the thresholds that the prototypes of these recipes set, and whether each is reached.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

os.environ.setdefault("OMP_NUM_THREADS", "1")

NO_ANCHORS = {"lambda_aux": 0.0, "beta_ref": 0.0}
NO_STABILISERS = {"lambda_sup": 0.0, "lambda_cons": 0.0, "beta_kl": 0.0}
METHODS: dict[str, dict[str, Any]] = {
    "ppo coarse": {"kind": "ppo"},
    "ppo pixel": {"kind": "ppo", "grid": 0, "sigma": 0.05, "log_prob": "mean", "target_kl": None, **NO_ANCHORS},
    "ppo legacy": {"kind": "ppo", "variant": "legacy"},
    "grpo heads": {"kind": "grpo", **NO_STABILISERS},
    "grpo lora": {"kind": "grpo", "train": "lora", "supervision": "self", "lambda_sup": 1.0, "beta_kl": 0.0},
}
# Without controls, on `min` alone: does a larger group help, and does dwelling on the worst pairs help these?
VARIANTS: dict[str, dict[str, Any]] = {
    f"grpo heads, {name}": METHODS["grpo heads"] | recipe
    for name, recipe in (("G = 2", {"samples": 2}), ("G = 8", {"samples": 8}), ("worst", {}))
}
WORST = {"percent": 0.3, "min": 1, "mix": 0.5}
CONTROLS = ("real", "shuffled", "negated", "frozen", "random", "direct")
AGGREGATES = ("min", "sum")
UPDATES, BATCH, START_STEPS = 120, 8, 200
PAIRS = {"train": 64, "test": 20}
DRAWS = 10_000


class Cell(NamedTuple):
    method: str
    aggregate: str
    control: str
    seed: int


def cells(seeds: int, methods: list[str]) -> Iterator[Cell]:
    """Yield every cell, one reward after the other and seeds next, so that a run that is cut short has whole seeds."""
    for aggregate in AGGREGATES:
        for seed in range(seeds):
            for method in methods:
                for control in CONTROLS:
                    yield Cell(method, aggregate, control, seed)
    for seed in range(seeds):
        for variant in VARIANTS if "grpo heads" in methods else ():
            yield Cell(variant, "min", "real", seed)


@cache
def _workspace(root: str, side: int) -> Any:
    from fusion_core.config import DataConfig, Limit
    from fusion_core.data.catalog import load_data
    from fusion_core.workspace import Workspace, configure_process

    configure_process("cpu")
    data = load_data(
        DataConfig(
            train="roadscene", test=("roadscene",), root=Path(root), crop="square", resize=(side, side),
            limit=Limit(**PAIRS),
        )
    )  # fmt: skip
    return Workspace(data.train, data.test, "cpu")


def _config(seed: int, **sections: Any) -> Any:
    from fusion_core.config import TrialConfig

    base = {"policy": {"base_channels": 4}, "loss": {"ssim_window_size": 11}, "seed": seed}
    return TrialConfig.model_validate(base | sections)


@cache
def _start(root: str, side: int, seed: int) -> Any:
    """Return the loss-trained policy that every cell of a seed begins from."""
    from fusion_core.models import checkpoints
    from fusion_core.recipes.catalog import build_recipe

    epochs = START_STEPS * BATCH // PAIRS["train"]
    recipe = {"kind": "supervised", "epochs": epochs, "batch_size": BATCH, "accumulate": 1, "learning_rate": 1e-3}
    trained = build_recipe(_config(seed, recipe=recipe), _workspace(root, side))
    trained.evaluate = lambda epoch: {}  # type: ignore[attr-defined]
    for _ in trained.epochs():
        pass
    return checkpoints.from_bytes(trained.checkpoint(), "the start")


def run(cell: Cell, root: str, side: int) -> dict[str, Any]:
    """Train one cell and return its rewards before and after, under both aggregates."""
    import torch

    from fusion_core.errors import TrialError
    from fusion_core.recipes.catalog import build_recipe

    workspace, start = _workspace(root, side), _start(root, side, cell.seed)
    idle = cell.control in ("frozen", "random")
    recipe = (METHODS | VARIANTS)[cell.method] | {
        "epochs": 1, "updates": 1 if idle else UPDATES, "control": cell.control, "collapse": 1.0,
    }  # fmt: skip
    if "variant" not in recipe:
        recipe["batch_size"] = BATCH
    data = {"worst": WORST} if cell.method.endswith("worst") else {}
    learner = build_recipe(
        _config(cell.seed, recipe=recipe, reward={"aggregate": cell.aggregate}, data=data), workspace, start
    )
    found: dict[str, Any] = cell._asdict()
    try:
        with torch.no_grad():
            before = {split: _rewards(start.fuse, sources) for split, sources in _splits(workspace)}
        report = next(learner.epochs())
        seed = 7_000_000 + 1_000 * cell.seed if cell.control == "random" else None
        with torch.no_grad():
            after = {split: _rewards(partial(learner.fuse, seed=seed), s) for split, s in _splits(workspace)}
    except TrialError as problem:
        return found | {"failed": str(problem)}
    wanted = ("clip_fraction", "ratio_deviation", "kl", "entropy", "loss_fusion", "loss_fusion_start", "map_at_0",
              "map_at_1", "reward_calls", "step_share")  # fmt: skip
    training = {name: value for name, value in report.training.items() if name in wanted}
    return found | {"before": before, "after": after, "training": training, "seconds": report.seconds}


def _splits(workspace: Any) -> list[tuple[str, Any]]:
    return [("train", workspace.train), ("test", workspace.test["roadscene"])]


def _rewards(fuse: Any, sources: Any) -> dict[str, list[float]]:
    """Return the reward of each image under both aggregates."""
    from fusion_core.config import RewardConfig
    from fusion_core.rewards import Reward

    found: dict[str, list[float]] = {aggregate: [] for aggregate in AGGREGATES}
    for _, batch in sources.batches(8):
        fused, _ = fuse(batch)
        for aggregate in AGGREGATES:
            found[aggregate] += Reward(RewardConfig(aggregate=aggregate))(batch, fused).tolist()
    return found


def interval_over_seeds(gains: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the mean of one gain per seed."""
    from scipy.stats import t

    error = gains.std(ddof=1) / np.sqrt(len(gains))
    reach = t.ppf(0.975, len(gains) - 1) * error
    return float(gains.mean() - reach), float(gains.mean() + reach)


def interval_over_both(gains: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the mean of (seeds, images) gains, seeds and images resampled."""
    random = np.random.default_rng(0)
    seeds, images = gains.shape
    drawn = [
        gains[np.ix_(random.integers(seeds, size=seeds), random.integers(images, size=images))].mean()
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def gains_of(rows: list[dict[str, Any]], split: str, aggregate: str) -> np.ndarray:
    """Return (seeds, images): what each image gained over the start."""
    return np.array([np.subtract(row["after"][split][aggregate], row["before"][split][aggregate]) for row in rows])


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Return the control matrix as Markdown; gains are under the aggregate that was learned from."""
    lines = [
        "| recipe | learns from | control | seeds | train, start | train, gain | held-out, gain | clip fraction | "
        "fusion loss | failed |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    keys = dict.fromkeys((row["method"], row["aggregate"], row["control"]) for row in rows)
    for method, aggregate, control in sorted(
        keys, key=lambda k: (AGGREGATES.index(k[1]), list(METHODS | VARIANTS).index(k[0]))
    ):
        own = [row for row in rows if (row["method"], row["aggregate"], row["control"]) == (method, aggregate, control)]
        whole = [row for row in own if "after" in row]
        failed = len(own) - len(whole)
        if len(whole) < 2:
            lines.append(f"| {method} | {aggregate} | {control} | {len(own)} | | | | | | {failed} |")
            continue
        train, test = (gains_of(whole, split, aggregate) for split in ("train", "test"))
        before = np.mean([row["before"]["train"][aggregate] for row in whole])
        mean = {
            name: np.mean([row["training"].get(name, np.nan) for row in whole])
            for name in ("clip_fraction", "loss_fusion", "loss_fusion_start")
        }
        lines.append(
            f"| {method} | {aggregate} | {control} | {len(whole)} | {before:.3f} | "
            f"{_shown(train.mean(), interval_over_seeds(train.mean(axis=1)))} | "
            f"{_shown(test.mean(), interval_over_both(test))} | {mean['clip_fraction']:.2f} | "
            f"{mean['loss_fusion_start']:.1f} → {mean['loss_fusion']:.1f} | {failed or ''} |"
        )
    return lines


def differences(rows: list[dict[str, Any]]) -> list[str]:
    """Return how far the recipe is ahead of each control on held-out pairs, as Markdown."""
    lines = ["", "| recipe | learns from | " + " | ".join(f"real − {control}" for control in CONTROLS[1:]) + " |"]
    lines.append("|---|---|" + "---|" * len(CONTROLS[1:]))
    for aggregate in AGGREGATES:
        for method in METHODS:
            cells_of = _by_seed(rows, method, aggregate)
            shown = []
            for control in CONTROLS[1:]:
                both = sorted(set(cells_of["real"]) & set(cells_of[control]))
                if len(both) < 2:
                    shown.append("")
                    continue
                real, other = (
                    gains_of([cells_of[which][seed] for seed in both], "test", aggregate) for which in ("real", control)
                )
                shown.append(_shown((real - other).mean(), interval_over_both(real - other)))
            lines.append(f"| {method} | {aggregate} | " + " | ".join(shown) + " |")
    return lines


def _by_seed(rows: list[dict[str, Any]], method: str, aggregate: str) -> dict[str, dict[int, dict[str, Any]]]:
    found: dict[str, dict[int, dict[str, Any]]] = {control: {} for control in CONTROLS}
    for row in rows:
        if (row["method"], row["aggregate"]) == (method, aggregate) and "after" in row:
            found[row["control"]][row["seed"]] = row
    return found


# Split, control, and the least (or, negative bounds, the most) gain that is asked for on the reward `min`.
THRESHOLDS = {
    "ppo coarse": (("train", "real", ">=", 0.06), ("train", "shuffled", "<=", 0.02), ("train", "negated", "<=", -0.05)),
    "grpo heads": (("train", "real", ">=", 0.015), ("test", "real", ">=", 0.03), ("train", "shuffled", "<=", 0.005)),
}


def verdicts(rows: list[dict[str, Any]]) -> list[str]:
    """Return each threshold with the mean gain, the worst seed's, and whether all seeds reach it."""
    lines = [""]
    for method, asked in THRESHOLDS.items():
        cells_of = _by_seed(rows, method, "min")
        for split, control, way, bound in asked:
            gains = [gains_of([row], split, "min").mean() for _, row in sorted(cells_of[control].items())]
            if not gains:
                continue
            sign = 1 if way == ">=" else -1
            reached = sum(sign * gain >= sign * bound for gain in gains)
            worst = min(gains, key=lambda gain: sign * gain)
            lines.append(
                f"{method}, {control}, {split}: gain {way} {bound:+.3f} asked; mean {np.mean(gains):+.3f}, worst seed "
                f"{worst:+.3f}: reached by {reached} of {len(gains)} seeds"
            )
        clipped = [row["training"]["clip_fraction"] for row in cells_of["real"].values()]
        if clipped and method.startswith("ppo"):
            lines.append(f"{method}, real: clip fraction < 0.3 asked; largest {max(clipped):.2f}")
    return lines + _of_variants(rows)


def _of_variants(rows: list[dict[str, Any]]) -> list[str]:
    """Return what group size and worst pairs change, of the same seeds: gains on the training pairs."""
    lines = []
    cells_of = {name: _by_seed(rows, name, "min")["real"] for name in ("grpo heads", *VARIANTS)}
    small, large = cells_of["grpo heads, G = 2"], cells_of["grpo heads, G = 8"]
    seeds = sorted(set(small) & set(large))
    if len(seeds) > 1:
        ahead = np.array(
            [(gains_of([large[s]], "train", "min") - gains_of([small[s]], "train", "min")).mean() for s in seeds]
        )
        lines.append(f"grpo heads, G = 8 over G = 2: {_shown(ahead.mean(), interval_over_seeds(ahead))}")
    for name in ("grpo heads", "grpo heads, worst"):
        own = list(cells_of[name].values())
        if len(own) < 2:
            continue
        gains = gains_of(own, "train", "min")
        before = np.array([row["before"]["train"]["min"] for row in own])
        last = np.argsort(np.argsort(before, axis=1), axis=1) < WORST["percent"] * before.shape[1]
        tail = np.array([gain[mask].mean() for gain, mask in zip(gains, last, strict=True)])
        rest = np.array([gain[~mask].mean() for gain, mask in zip(gains, last, strict=True)])
        lines.append(
            f"{name}: worst 30 % of the pairs {_shown(tail.mean(), interval_over_seeds(tail))}, "
            f"the rest {_shown(rest.mean(), interval_over_seeds(rest))}"
        )
    return lines


def _shown(mean: float, interval: tuple[float, float]) -> str:
    return f"{mean:+.3f} ({interval[0]:+.3f} to {interval[1]:+.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds RoadScene")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--side", type=int, default=64, help="images are cropped square and resized to this")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("learning.jsonl"))
    chosen = parser.parse_args()
    known = [json.loads(line) for line in chosen.out.read_text().splitlines()] if chosen.out.exists() else []
    done = {Cell(**{name: row[name] for name in Cell._fields}) for row in known}
    left = [cell for cell in cells(chosen.seeds, chosen.methods) if cell not in done]
    work = partial(run, root=str(chosen.data_root.absolute()), side=chosen.side)
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool, chosen.out.open("a") as out:
        for count, row in enumerate(pool.imap_unordered(work, left), start=1):
            known.append(row)
            out.write(json.dumps(row) + "\n")
            out.flush()
            print(f"\r{count} of {len(left)} cells", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print("\n".join([*table(known), *differences(known), *verdicts(known)]))


if __name__ == "__main__":
    main()
