"""A trial made of arithmetic: the same protocol as a real one, in microseconds. For tests and benchmarks."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from fusion_core.atomic_files import write_whole
from fusion_core.config import TrialConfig
from fusion_core.errors import CheckpointError, TrialError
from fusion_core.recipes.base import Recipe
from fusion_core.reports import EpochReport, Summary

IMAGES = 4


class ArithmeticRecipe(Recipe):
    """Metrics are smooth functions of the loss weights, the seed and the epoch; `fail_at` names an epoch to fail at."""

    def __init__(self, config: TrialConfig) -> None:
        super().__init__(config)
        assert config.recipe.kind == "arithmetic"
        self.recipe = config.recipe

    def train_epoch(self) -> EpochReport:
        start = time.perf_counter()
        epoch = self.epoch + 1
        if self.recipe.seconds:
            time.sleep(self.recipe.seconds)
        if epoch == self.recipe.fail_at:
            raise TrialError(f"the loss is nan at epoch {epoch}: recipe.fail_at asked for it")
        loss = self.config.loss.resolved()
        noise = np.random.default_rng((self.config.seed, epoch)).normal(0, 0.01, IMAGES)
        learned = 1 - 0.5**epoch
        vif = learned * (1 + 0.3 / (1 + loss.ssim_ratio) - 0.02 * abs(np.log2(loss.max_ratio + 1) - 3)) + noise
        qabf = learned * (0.5 + 0.002 * loss.grad_ratio / (1 + 0.01 * loss.consist_ratio)) + noise / 2
        ssim = learned * (0.9 + 0.02 * np.log1p(loss.ssim_ratio)) + noise / 3
        values = {
            "Reward": (vif + 1.5 * qabf + ssim) / 3,
            "VIF": vif,
            "Qabf": qabf,
            "SSIM": ssim,
            "MSE": 0.1 - 0.02 * vif,
        }
        metrics = {"arithmetic": {name: Summary.of(v) for name, v in values.items()}}
        return EpochReport(epoch, metrics, {"loss_total": float(2 - learned)}, time.perf_counter() - start)

    def save_state(self, path: Path) -> None:
        write_whole(path, json.dumps({"epoch": self.epoch}).encode(), sync=False)

    def load_state(self, path: Path) -> None:
        try:
            self.epoch = int(json.loads(path.read_text())["epoch"])
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise CheckpointError(f"{path}: a saved state must be whole, but reading it gave {problem!r}") from problem

    def checkpoint(self) -> bytes:
        return json.dumps({"epoch": self.epoch}).encode()
