"""Which pairs a trial trains on and is tested on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fusion_core.config.base import Count, Frozen, Share

Side = Annotated[int, Field(ge=1, le=8192)]
Scenes = Annotated[int, Field(ge=1, le=10_000)]
SceneSide = Annotated[int, Field(ge=1, le=2048)]


class FolderPair(Frozen):
    """A data set of your own: two folders whose files pair by stem."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=40)]
    visible: Path
    infrared: Path


class Limit(Frozen):
    """How many pairs to take, the first by name."""

    train: Count | None = None
    test: Count | None = None


class SyntheticConfig(Frozen):
    """The embedded data set, made from a seed."""

    train: Scenes = 24
    test: Scenes = 6
    size: tuple[SceneSide, SceneSide] = (128, 160)
    seed: Annotated[int, Field(ge=0)] = 0


class WorstConfig(Frozen):
    """Oversample the training pairs that the start fuses worst by the trial's own reward.

    The `percent` (a share, 0..1) worst are taken, but at least `min` and at most `max` of them; a share `mix` of every
    batch is drawn from these, the rest from all.
    """

    percent: Share = 0.3
    min: Count = 8
    max: Count = 5000
    mix: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _min_is_not_above_max(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"worst.min must be at most worst.max ({self.max}), but got {self.min}")
        return self


class DataConfig(Frozen):
    """Which pairs to train on and to test on; `test` may name any number of sets."""

    train: str | FolderPair = "synthetic"
    test: tuple[str | FolderPair, ...] = ("synthetic",)
    optional: tuple[str, ...] = ()
    root: Path | None = None
    crop: Literal["none", "square"] = "none"
    resize: tuple[Side, Side] | None = None
    limit: Limit = Limit()
    synthetic: SyntheticConfig = SyntheticConfig()
    worst: WorstConfig | None = None

    @model_validator(mode="before")
    @classmethod
    def _limit_as_number(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("limit"), int) and not isinstance(value["limit"], bool):
            return {**value, "limit": {"train": value["limit"], "test": value["limit"]}}
        return value
