"""LPIPS and NIQE, if the user has installed their packages and weights; nothing is downloaded here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fusion_core.errors import ConfigError
from fusion_core.metrics.by_source import BySource, mean
from fusion_core.metrics.facts import OPTIONAL
from fusion_core.sources import Fused, Sources

LPIPS_GET = (
    "pip install lpips torchvision, then, once, where there is a network: "
    "python -c \"import lpips; lpips.LPIPS(net='alex')\""
)
NIQE_GET = (
    "pip install pyiqa, then, once, where there is a network: python -c \"import pyiqa; pyiqa.create_metric('niqe')\""
)


NIQE_BLOCK = 96


def _hub() -> Path:
    return Path(torch.hub.get_dir())


def _lpips_weights() -> Path:
    weights = import_module("torchvision.models").AlexNet_Weights.IMAGENET1K_V1
    return _hub() / "checkpoints" / str(weights.url).rsplit("/", 1)[-1]


def _niqe_weights() -> Path:
    return _hub() / "pyiqa" / "niqe_modelparameters.mat"


# Packages, the file of weights that they would download if it is missing, and how to get both.
NEEDS: dict[str, tuple[tuple[str, ...], Callable[[], Path], str]] = {
    "LPIPS": (("lpips", "torchvision"), _lpips_weights, LPIPS_GET),
    "NIQE": (("pyiqa",), _niqe_weights, NIQE_GET),
}


def problems(names: Iterable[str]) -> list[str]:
    """Return a sentence for each optional metric among `names` that cannot be measured here; empty if all can."""
    return [sentence for name in names if name in OPTIONAL and (sentence := _problem(name))]


def _problem(name: str) -> str:
    packages, weights, get = NEEDS[name]
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        return f"{name} needs {' and '.join(missing)}, not installed here: {get}."
    if not weights().is_file():
        return f"{name} needs its weights on disk, but {weights()} is not there: {get}."
    return ""


def _must_be_here(name: str) -> None:
    """Raise ConfigError if a package would have to download something."""
    if sentence := _problem(name):
        raise ConfigError(sentence)


@lru_cache
def _lpips(device: torch.device) -> Any:
    _must_be_here("LPIPS")
    model = import_module("lpips").LPIPS(net="alex", verbose=False)
    return model.to(device).eval().requires_grad_(False)


@lru_cache
def _niqe(device: torch.device) -> Any:
    _must_be_here("NIQE")
    return import_module("pyiqa").create_metric("niqe", device=device)


def _colour(image: Tensor) -> Tensor:
    return image.expand(-1, 3, -1, -1)


def _distances(sources: Sources, fused: Fused) -> Tensor:
    model, image = _lpips(fused.image.device), _colour(fused.image)
    both = (sources.visible, sources.infrared)
    return torch.stack([model(image, _colour(source)).reshape(len(image)) for source in both])


def lpips_distances(sources: Sources, fused: Fused) -> Tensor:
    """LPIPS distance to each source, (2, N). Zhang et al., The unreasonable effectiveness of deep features, 2018."""
    return fused.once("parts_LPIPS", lambda: _distances(sources, fused))


def niqe(sources: Sources, fused: Fused) -> Tensor:
    """NIQE of the fused image alone, (N,), lower is better, no gradient; needs 96 x 96 pixels, better more.

    Mittal et al., Making a completely blind image quality analyzer, 2013.
    """
    if min(fused.image.shape[-2:]) < NIQE_BLOCK:
        size = " x ".join(map(str, fused.image.shape[-2:]))
        raise ValueError(f"images must be at least {NIQE_BLOCK} x {NIQE_BLOCK} pixels for NIQE, but got {size}.")
    image = (_colour(fused.image).clamp(-1, 1) + 1) / 2
    scores: Tensor = _niqe(image.device)(image)
    return scores.reshape(len(image))


LPIPS = BySource(lpips_distances, mean)
METRICS: dict[str, Callable[[Sources, Fused], Tensor]] = {"LPIPS": LPIPS, "NIQE": niqe}
assert set(METRICS) == set(OPTIONAL) == set(NEEDS)
