"""Axes that have no effect on any trial: they would make trials with different ids and equal results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fusion_core.config import RewardConfig
from trials.document.problems import Problem
from trials.spec.sweepable import LEARNERS, RECIPES
from trials.sweepfile.rules.axes import Document
from trials.sweepfile.rules.sections import below, kinds_of


@dataclass(frozen=True)
class Swept:
    """The trials of one recipe of a sweep."""

    data: dict[str, Any]
    kind: str

    def values(self, field: str) -> list[Any]:
        """Return the values of a field: those of its axis, or the one that all trials share, given or by default."""
        swept = self.data.get("axes", {}).get(field)
        if isinstance(swept, list):
            return swept
        section, _, name = field.partition(".")
        given = below(self.data, "trial", section, name)
        model = RECIPES[self.kind] if section == "recipe" else RewardConfig
        return [model.model_fields[name].default if given is None else given]


Condition = Callable[[Swept], bool]


def some(field: str, *values: Any) -> Condition:
    """Return a condition: some trial has one of these values."""
    return lambda trials: any(value in values for value in trials.values(field))


def some_other(field: str, value: Any) -> Condition:
    """Return a condition: some trial has another value than this."""
    return lambda trials: any(one != value for one in trials.values(field))


def either(*conditions: Condition) -> Condition:
    return lambda trials: any(condition(trials) for condition in conditions)


@dataclass(frozen=True)
class Knob:
    """A field (or all below it) of a recipe, when it has an effect, why it has none otherwise, and how it would."""

    kind: str
    axis: str
    has_effect: Condition
    why: str
    remedy: str


LEGACY, COARSE = some("recipe.variant", "legacy"), some("recipe.variant", "coarse")
SAMPLED = some_other("recipe.control", "direct")
# Samples also measure the scales, whatever the control.
SCALED = some("reward.normalise", "fixed")
SEVERAL_STEPS = some_other("recipe.inner_epochs", 1)
ORIGINAL = (
    "variant legacy uses the policy's own deviation and has no anchor to the initial checkpoint",
    "write variant: coarse",
)
ONE_STEP = (
    "with inner_epochs 1 the policy has not changed since sampling, so every ratio is 1",
    "write inner_epochs: 2",
)
DIRECT = ("control direct follows the gradient of the reward and samples no actions", "write control: real")
SOFTMIN = ("only aggregate softmin has a temperature", "write aggregate: softmin")
KNOBS = (
    Knob(
        "ppo",
        "recipe.entropy",
        either(some("recipe.learn_sigma", True), LEGACY),
        "the deviation is fixed, so the entropy is too",
        "write learn_sigma: true",
    ),
    # Batch statistics, which only legacy learns with, move between the draw and the step.
    Knob("ppo", "recipe.clip", either(SEVERAL_STEPS, LEGACY), *ONE_STEP),
    Knob("grpo", "recipe.clip", SEVERAL_STEPS, *ONE_STEP),
    *(Knob("ppo", f"recipe.{name}", COARSE, *ORIGINAL) for name in ("sigma", "learn_sigma", "beta_ref")),
    Knob("grpo", "recipe.lora", some("recipe.train", "lora"), "LoRA is not trained", "write train: lora"),
    Knob(
        "grpo",
        "recipe.backbone_learning_rate",
        some_other("recipe.train", "heads"),
        "train: heads does not change the network",
        "write train: lora, decoder or all",
    ),
    Knob(
        "grpo",
        "recipe.supervision",
        some_other("recipe.lambda_sup", 0),
        "lambda_sup is 0",
        "give lambda_sup a value above 0",
    ),
    *(Knob(kind, "recipe.samples", either(SAMPLED, SCALED), *DIRECT) for kind in LEARNERS),
    *(Knob(kind, f"recipe.{name}", SAMPLED, *DIRECT) for kind in LEARNERS for name in ("inner_epochs", "clip")),
    *(Knob(kind, "reward.temperature", some("reward.aggregate", "softmin"), *SOFTMIN) for kind in LEARNERS),
)


def idle_axis_problems(root: Document, data: dict[str, Any]) -> Iterator[Problem]:
    """Axes of several values without effect; a fixed value without effect is allowed."""
    kinds = [kind for kind in kinds_of(data) if kind in LEARNERS]
    for axis in root.axes.values() if kinds else ():
        if axis.values is None or len(axis.values) < 2:
            continue
        idle = [_idle_knob(axis.name, Swept(data, kind)) for kind in kinds]
        knob = idle[0]
        if knob is not None and None not in idle:
            text = f"{axis.label} must affect some trial, but affects none: {knob.why}. Remove it, or {knob.remedy}."
            yield Problem(axis.place, text)


def _idle_knob(axis: str, trials: Swept) -> Knob | None:
    """Return the knob of an axis if it has no effect on the trials of one recipe."""
    for knob in KNOBS:
        named = axis == knob.axis or axis.startswith(f"{knob.axis}.")
        if named and knob.kind == trials.kind and not knob.has_effect(trials):
            return knob
    return None
