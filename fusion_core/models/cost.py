"""The cost of a model: its size, the FLOPs of one pair, and the time to fuse sixteen pairs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch.utils.flop_counter import FlopCounterMode

from fusion_core.config import KernelConfig, PolicyConfig
from fusion_core.evaluation import batch_size
from fusion_core.kernel import fuse_luma
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.models.policy import UNetPolicy, build_policy
from fusion_core.sources import Sources, SourceSet

PAIRS = 16
"""Pairs of the inference time, as in the reference's table of model sizes."""
REPEATS, ENOUGH_SECONDS = 5, 5.0
"""Number of timed passes, and the seconds in total after which no more are timed."""


@dataclass(frozen=True)
class ModelCost:
    """Parameters of the policy; arithmetic of policy and fusion kernel for one pair; milliseconds for sixteen pairs.

    Two FLOPs are one multiply-add; only convolutions are counted, which are nearly all. `flops_training` is forward and
    backward together, without the loss.
    """

    parameters: int
    flops: int
    flops_training: int
    inference_ms_16: float

    def rows(self) -> dict[str, float]:
        """Return the numbers by their names in the results table; GFLOP are 1e9 FLOPs."""
        return {
            "model_parameters": float(self.parameters),
            "model_gflop": self.flops / 1e9,
            "model_gflop_training": self.flops_training / 1e9,
            "inference_ms_16": self.inference_ms_16,
        }


def model_cost(policy: PolicyConfig, kernel: KernelConfig, size: tuple[int, int], device: torch.device) -> ModelCost:
    """Measure a model on pairs of `size` (height, width); random state and settings of torch stay unchanged."""
    parameters, flops, flops_training = count(policy, kernel, size)
    return ModelCost(parameters, flops, flops_training, inference_milliseconds(policy, kernel, size, device))


def count(policy: PolicyConfig, kernel: KernelConfig, size: tuple[int, int]) -> tuple[int, int, int]:
    """Return parameters, FLOPs of one forward pass, and of one forward and backward pass, of one pair.

    Counted by torch on the meta device: nothing is computed, so it takes no memory and is exact on any machine.
    """
    with torch.device("meta"):
        network = UNetPolicy(policy)
        sources = Sources(torch.empty(1, 3, *size), torch.empty(1, 1, *size))

    def forward() -> torch.Tensor:
        mu, logvar = network(sources.policy_input)
        result: torch.Tensor = fuse_luma(sources, mu, kernel.levels).sum() + logvar.sum()
        return result

    forward()  # what depends only on the sources is computed once, and not counted
    with FlopCounterMode(display=False) as counter:
        total = forward()
        flops = counter.get_total_flops()
        total.backward()
    return sum(one.numel() for one in network.parameters()), flops, counter.get_total_flops()


def inference_milliseconds(
    policy: PolicyConfig, kernel: KernelConfig, size: tuple[int, int], device: torch.device
) -> float:
    """Return the median time to fuse sixteen pairs as deployed: float32, the mean map, the kernel, colour put back.

    The pairs are on the device already; they go through in batches of an evaluation, smaller ones if memory runs out.
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        network = build_policy(policy, seed=0)
    network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    checkpoint = Checkpoint(network.eval(), kernel, 0, {})
    pairs = _pairs(size, device)
    at_once = min(PAIRS, batch_size(pairs))
    while True:
        try:
            return _median_milliseconds(partial(_fuse, checkpoint, pairs, at_once), device)
        except torch.OutOfMemoryError:
            if at_once == 1:
                raise
            at_once //= 2
            torch.cuda.empty_cache()


def _pairs(size: tuple[int, int], device: torch.device) -> SourceSet:
    """Return sixteen pairs without a cache, so that each pass does all the work; no random numbers are used."""
    ramp = torch.arange(PAIRS * 3 * size[0] * size[1], device=device) % 251
    visible = ramp.to(torch.uint8).reshape(PAIRS, 3, *size)
    return SourceSet(visible, visible[:, :1].flip(-1), memory_budget=0)


def _fuse(checkpoint: Checkpoint, pairs: SourceSet, at_once: int) -> None:
    for _, batch in pairs.batches(at_once):
        _ = checkpoint.fuse(batch)[0].image


def _median_milliseconds(run: Callable[[], None], device: torch.device) -> float:
    def seconds() -> float:
        begun = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - begun

    with torch.no_grad():  # warm-up; its cached tensors can be used in training, unlike those of inference mode
        seconds()
    taken: list[float] = []
    with torch.inference_mode():
        while len(taken) < REPEATS and sum(taken) < ENOUGH_SECONDS:
            taken.append(seconds())
    return 1000 * statistics.median(taken)
