"""Rewards: weighted metrics of fused images, per image, for the learners of `recipes`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Tensor

from fusion_core.config import RewardConfig
from fusion_core.errors import ConfigError
from fusion_core.evaluation import BASELINES
from fusion_core.metrics import optional
from fusion_core.metrics.by_source import BySource
from fusion_core.metrics.catalog import METRICS, Metric
from fusion_core.metrics.facts import FACTS, OPTIONAL, facts_of
from fusion_core.sources import Fused, Sources

Terms = Mapping[str, Tensor]

SMALLEST_SPREAD = 1e-6
# Samples of an image whose values lie closer than this, relative to their size, tie: float32 cannot separate them.
TIE = 1e-6
FLOOR = 1e-12


def _metric(name: str) -> Metric:
    return METRICS[name] if name in METRICS else optional.METRICS[name]


@dataclass(frozen=True)
class Group:
    """S samples of each of N images: their `rewards` (S, N), each metric's `terms` (S, N) neither weighted nor scaled.

    `calls`: how many images were scored; scoring the best sample again counts again.
    """

    rewards: Tensor
    terms: dict[str, Tensor]
    calls: int


class Reward:
    """A reward: the sum of weight x metric / scale over the number of metrics; lower-is-better ones are negated.

    `aggregate` joins a metric's two sources. `sum` leaves the metric as it is. The others ask what the metric would be
    if both sources compared like the visible one, and like the infrared one, then join these two in the metric's own
    unit: the worse one (`min`), -t log(mean(exp(-x / t))) (`softmin`), 2ab / (a + b) of both clamped at 0 (`harmonic`).
    Where lower is better all three are mirrored towards the larger one, the harmonic mean about the plain mean:
    (a² + b²) / (a + b). A metric that does not compare with each source apart is the same in all of them.

    Values cached in a `Fused` while gradients were off have none later: use a new one to differentiate.
    """

    def __init__(self, config: RewardConfig) -> None:
        self.config = config
        known = (*FACTS, *OPTIONAL)
        self.names: tuple[str, ...] = tuple(sorted(config.active, key=known.index))
        self.late: tuple[str, ...] = ()
        if config.expensive == "best":
            self.late = tuple(name for name in self.names if name in OPTIONAL)
        self.early = tuple(name for name in self.names if name not in self.late)
        if not self.early:
            raise ConfigError(
                f"reward.expensive: best must have a metric to tell the best sample by, but got only "
                f"{', '.join(self.late)}: give another metric a weight, or set reward.expensive: all."
            )

    def also(self, aggregate: str) -> Reward:
        """Return the same weights under another aggregate; both share what is cached in a `Fused`."""
        return Reward(RewardConfig.model_validate(self.config.model_dump() | {"aggregate": aggregate}))

    def terms(self, sources: Sources, fused: Fused) -> dict[str, Tensor]:
        """Return each rewarded metric, its two sources joined by `aggregate`, (N,) float32."""
        return {name: self.term(name, sources, fused) for name in self.names}

    def term(self, name: str, sources: Sources, fused: Fused) -> Tensor:
        """Return one metric as `terms` has it."""
        metric = _metric(name)
        if self.config.aggregate != "sum" and isinstance(metric, BySource):
            a, b = metric.each_as_both(sources, fused)
            return self._joined(a, b, facts_of(name).higher_is_better).float()
        return fused.once(name, partial(metric, sources, fused)).float()

    def _joined(self, a: Tensor, b: Tensor, higher_is_better: bool) -> Tensor:
        if self.config.aggregate == "min":
            return torch.minimum(a, b) if higher_is_better else torch.maximum(a, b)
        if self.config.aggregate == "softmin":
            t = -self.config.temperature if higher_is_better else self.config.temperature
            return t * (torch.logaddexp(a / t, b / t) - math.log(2))
        # 2 / (1/a + 1/b) allows an infinite PSNR; the floor prevents infinite gradients at 0.
        harmonic = 2 / (1 / a.clamp(min=FLOOR) + 1 / b.clamp(min=FLOOR))
        harmonic = torch.where((a > 0) & (b > 0), harmonic, 0.0)
        return harmonic if higher_is_better else a + b - harmonic

    def combine(self, terms: Terms, scales: Mapping[str, float] | None = None) -> Tensor:
        """Join terms of any one shape to rewards of that shape, float32.

        `scales` divides each term; `normalise: fixed` requires them. `normalise: group` needs a group: only `group`
        applies it.
        """
        if scales is None and self.config.normalise == "fixed":
            raise ValueError("reward.normalise: fixed needs scales, but got none: measure them once by Reward.spread.")
        return self._sum(terms, self.names, scales)

    def _sum(self, terms: Terms, names: Sequence[str], scales: Mapping[str, float] | None) -> Tensor:
        total = torch.zeros(())
        for name in names:
            factor = self.config.weights[name] / (scales[name] if scales is not None else 1.0)
            total = total + terms[name] * (factor * facts_of(name).sign)
        return (total / len(self.names)).float()

    def __call__(self, sources: Sources, fused: Fused, scales: Mapping[str, float] | None = None) -> Tensor:
        """Return the reward of each image, (N,)."""
        return self.combine(self.terms(sources, fused), scales)

    @torch.no_grad()
    def group(
        self,
        sources: Sources,
        samples: Iterable[Fused],
        *,
        scales: Mapping[str, float] | None = None,
        reference: Terms | None = None,
    ) -> Group:
        """Score samples of the same images, one after the other, so that quantities of the sources are computed once.

        With `expensive: best` the optional metrics are measured for each image's best sample by the others alone; its
        other samples get what `reference` has, (N,) each: the terms of the output that learning began from.
        """
        if self.late and not set(self.late) <= set(reference or {}):
            raise ValueError(
                f"reward.expensive: best needs reference values of {', '.join(self.late)}, but got "
                f"{', '.join(reference or {}) or 'none'}: pass reference=reward.terms(sources, fused) of the start."
            )
        kept = list(samples) if self.late else samples
        scored = [{name: self.term(name, sources, fused) for name in self.early} for fused in kept]
        terms = {name: torch.stack([row[name] for row in scored]) for name in self.early}
        calls = terms[self.early[0]].numel()
        if self.late:
            assert reference is not None and isinstance(kept, list)
            best = self._normalised(terms, self.early, scales).argmax(dim=0)
            chosen = Fused.pick(kept, best.tolist())
            calls += len(best)
            for name in self.late:
                values = reference[name].float().expand(len(kept), -1).clone()
                terms[name] = values.scatter_(0, best[None], self.term(name, sources, chosen)[None])
            terms = {name: terms[name] for name in self.names}
        return Group(self._normalised(terms, self.names, scales), terms, calls)

    def _normalised(self, terms: Terms, names: Sequence[str], scales: Mapping[str, float] | None) -> Tensor:
        if self.config.normalise == "group":
            return self._sum({name: standardised(terms[name]) for name in names}, names, None)
        if names == self.names:
            return self.combine(terms, scales)
        return self._sum(terms, names, scales)

    def spread(self, terms: Terms) -> dict[str, float]:
        """Return the scales of `normalise: fixed`: each metric's deviation within a group, (S, N), mean over images."""
        spreads = torch.stack([terms[name].double().std(dim=0, correction=0).mean() for name in self.names])
        return {name: max(value, SMALLEST_SPREAD) for name, value in zip(self.names, spreads.tolist(), strict=True)}


def standardised(values: Tensor) -> Tensor:
    """Return (S, N) with mean 0 and standard deviation 1 (population) over S; 0 if an image's samples tie."""
    deviation = values - values.mean(dim=0)
    size = values.abs().amax(dim=0)
    spread = values.std(dim=0, correction=0)
    tie = (values.amax(dim=0) - values.amin(dim=0)) <= TIE * size
    return torch.where(tie, 0.0, deviation / torch.where(tie, 1.0, spread))


@torch.no_grad()
def non_finite(terms: Terms) -> tuple[str, int] | None:
    """Return the first metric and image (index on the last axis) with a non-finite value; None if there is none."""
    bad = torch.stack([~value.isfinite().reshape(-1, value.shape[-1]).all(dim=0) for value in terms.values()])
    for name, row in zip(terms, bad.tolist(), strict=True):
        if any(row):
            return name, row.index(True)
    return None


def baseline_terms(reward: Reward, sources: Sources) -> dict[str, dict[str, Tensor]]:
    """Return `terms` of the copies of either source and of their average, by baseline; cached with the sources."""
    return {which: _terms_of_baseline(reward, sources, which) for which in BASELINES}


def _terms_of_baseline(reward: Reward, sources: Sources, which: str) -> dict[str, Tensor]:
    fused = cache(partial(BASELINES[which], sources))
    config = reward.config
    how = f"softmin {config.temperature}" if config.aggregate == "softmin" else config.aggregate
    return {
        name: sources.once(
            f"baseline {which} {name} {how if isinstance(_metric(name), BySource) else ''}",
            lambda name=name: reward.term(name, sources, fused()),  # type: ignore[misc]
        )
        for name in reward.names
    }
