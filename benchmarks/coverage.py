"""Do the intervals of the analysis hold what they promise? Sweeps with a known truth, many times over.

    python -m benchmarks.coverage [--repeats 1000]

Prints, for each world, how often the 95 % intervals hold the truth: of the best setting's true mean, of the difference
of two settings chosen beforehand, of how far a setting chosen beforehand is behind the one that was picked; how often
the true best is in the set that cannot be told from the best, and how large that set is.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from analysis.statistics.bootstrap import Sample
from analysis.statistics.evidence import Evidence, behind, interval, pick
from analysis.statistics.ties import tied_with_best


@dataclass(frozen=True)
class World:
    """Settings whose true means are `steps` standard errors of a mean apart; `common`: what images do to all alike."""

    settings: int
    images: int
    landscape: str
    common: float

    def truth(self, rng: np.random.Generator) -> np.ndarray:
        """Return the true mean of every setting."""
        error = 1 / np.sqrt(self.images)
        return {
            "flat": np.zeros(self.settings),
            "slope": -0.3 * error * np.arange(self.settings),
            "hills": 1.5 * error * rng.normal(size=self.settings),
            "steep": -10 * error * np.arange(self.settings),
        }[self.landscape]


WORLDS = [
    World(settings, images, landscape, common)
    for settings in (1, 2, 20, 240)
    for images in (8, 20, 100)
    for landscape in ("flat", "slope", "hills", "steep")
    for common in (0.3, 1.0, 3.0)
    if settings > 1 or (landscape, common) == ("flat", 1.0)
]


def cover(world: World, repeats: int, seed: int = 0) -> dict[str, float]:
    """Return the share of `repeats` sweeps in which each statement was true, and the mean size of the tied set."""
    rng = np.random.default_rng(seed)
    everyone, last = np.arange(world.settings), np.array([world.settings - 1])
    held = {"best": 0.0, "pair": 0.0, "behind": 0.0, "in tied set": 0.0, "tied": 0.0}
    for _ in range(repeats):
        truth = world.truth(rng)
        values = truth[:, None] + rng.normal(size=(world.settings, world.images))
        values += world.common * rng.normal(size=world.images)
        evidence = Evidence.of(values.mean(axis=1), [1.0], [Sample.of(values[:, None], 0)])
        best = pick(evidence, [everyone])
        held["best"] += bool(best.low[0] <= truth[evidence.best] <= best.high[0])
        low, high = interval(evidence.mean[0] - evidence.mean[last], evidence.studentised_gap_deviation(0, last))
        held["pair"] += bool(low[0] <= truth[0] - truth[last[0]] <= high[0])
        low, high = behind(evidence, last, best.selection_bias)
        held["behind"] += bool(low[0] <= truth[evidence.best] - truth[last[0]] <= high[0])
        tied = tied_with_best(evidence.mean, evidence.gaps(), *evidence.covariance())
        held["in tied set"] += bool(tied[int(truth.argmax())])
        held["tied"] += float(tied.sum())
    return {name: total / repeats for name, total in held.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=1000)
    repeats = parser.parse_args().repeats
    print("| settings | images | landscape | image effect | best | pair | behind | true best in tied set | tied |")
    print("|---|---|---|---|---|---|---|---|---|")
    for world in WORLDS:
        found = cover(world, repeats)
        shares = " | ".join(f"{found[name]:.3f}" for name in ("best", "pair", "behind", "in tied set"))
        place = f"| {world.settings} | {world.images} | {world.landscape} | {world.common:g} "
        print(f"{place}| {shares} | {found['tied']:.1f} |", flush=True)


if __name__ == "__main__":
    main()
