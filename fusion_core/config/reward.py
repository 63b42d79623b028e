"""The reward: weights of metrics, how the two sources are joined, and how metrics are normalised."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from fusion_core.config.base import Frozen, NonNegative, Positive
from fusion_core.errors import did_you_mean
from fusion_core.metrics.facts import FACTS, OPTIONAL

REWARDABLE = tuple(name for name in (*FACTS, *OPTIONAL) if not name.startswith("Reward"))


def _rewardable(name: str) -> str:
    if name not in REWARDABLE:
        raise ValueError(f"reward.weights must name metrics, but got {name!r}.{did_you_mean(name, REWARDABLE)}")
    return name


Rewardable = Annotated[str, AfterValidator(_rewardable)]


class RewardConfig(Frozen):
    """A weighted sum of metrics, divided by how many have a weight; the defaults are the reference's Reward.

    Only ratios of the weights matter to learners that standardise advantages. `aggregate` says how a metric's two
    sources join: `sum` as the metric itself does, which a copy of one source can maximise; `min`, `softmin` (at
    `temperature`, in units of the metric) and `harmonic` follow the worse source, so a copy cannot. `normalise` divides
    each metric by its spread: `fixed` as measured once before training, `group` within each group of samples.
    `expensive: best` scores metrics that need their own network only for the best sample.
    """

    weights: dict[Rewardable, NonNegative] = Field(default_factory=lambda: {"VIF": 1.0, "Qabf": 1.5, "SSIM": 1.0})
    aggregate: Literal["sum", "min", "softmin", "harmonic"] = "sum"
    temperature: Positive = 0.1
    normalise: Literal["none", "fixed", "group"] = "none"
    expensive: Literal["all", "best"] = "all"

    @model_validator(mode="after")
    def _something_is_rewarded(self) -> Self:
        if not self.active:
            raise ValueError("reward.weights must hold one above 0. Give a metric a weight.")
        return self

    @model_validator(mode="after")
    def _best_is_told_by_others_and_on_their_scale(self) -> Self:
        late = [name for name in self.active if name in OPTIONAL]
        if self.expensive == "all" or not late:
            return self
        if len(late) == len(self.active):
            raise ValueError(
                "reward.expensive: best must have a metric to tell the best sample by, but got only "
                f"{', '.join(late)}. Give another metric a weight, or write expensive: all."
            )
        if self.normalise == "group":
            raise ValueError(
                f"reward.expensive: best must not be with normalise: group, but {', '.join(late)} has a weight: all "
                "samples but the best share one value, which the group's spread makes large however near the best's "
                "is. Write expensive: all, or normalise: fixed."
            )
        return self

    @property
    def active(self) -> dict[str, float]:
        """Return the weights above 0."""
        return {name: weight for name, weight in self.weights.items() if weight > 0}
