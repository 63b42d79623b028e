"""Loss terms, and their weighted sum. A term is `term(sources, fused, config) -> scalar`; all means are over elements.

To add one: write it below, decorate it with `@term`, and give it a weight in the sweep file under `loss.terms`.
Formulas are those of the HybridFusion reference code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from fusion_core.config import LossConfig
from fusion_core.errors import ConfigError, did_you_mean
from fusion_core.images.colour import chroma
from fusion_core.images.filters import gaussian, smooth, sobel
from fusion_core.sources import Fused, Sources

Term = Callable[[Sources, Fused, LossConfig], Tensor]

OWN_TERMS = ("ssim_visible", "ssim_infrared", "max", "consist", "color", "grad")
EXTRA_TERMS: dict[str, Term] = {}

# Beyond this distance a sigma-1.5 tap is below float32's precision: exp(-10² / 4.5) is 2e-10.
SSIM_RADIUS, SSIM_SIGMA = 10, 1.5


def term(function: Term) -> Term:
    """Register a loss term of your own under its function name. Raises ValueError for a name that exists."""
    if function.__name__ in {*OWN_TERMS, *EXTRA_TERMS, "total", "fusion"}:
        raise ValueError(f"a loss term must have a name of its own, but {function.__name__!r} is taken: rename it")
    EXTRA_TERMS[function.__name__] = function
    return function


def distance(a: Tensor, b: Tensor, mode: str) -> Tensor:
    """Return the mean absolute (`l1`) or squared (`l2`) difference."""
    return (a - b).abs().mean() if mode == "l1" else (a - b).square().mean()


def _ssim_taps(window: int) -> tuple[int, tuple[float, ...]]:
    """Return the first index and the taps of the window that are significant in float32."""
    centre = window // 2
    first, last = max(0, centre - SSIM_RADIUS), min(window, centre + SSIM_RADIUS + 1)
    return first, gaussian(window, SSIM_SIGMA, float(centre))[first:last]


def _window(x: Tensor, window: int) -> Tensor:
    """Crop to the pixels that a valid correlation with the whole window reads through the significant taps."""
    first, taps = _ssim_taps(window)
    rows, columns = x.shape[-2] - window + len(taps), x.shape[-1] - window + len(taps)
    return x[..., first : first + rows, first : first + columns]


def ssim_loss(sources: Sources, fused: Fused, which: str, window: int) -> Tensor:
    """Return 1 - SSIM of `which` ("visible" in its channels, "infrared" against grey) and the fused image.

    Gaussian sigma 1.5 centred at index window // 2, no padding; the dynamic range is 2 where the source batch reaches
    below -0.5, else 1 (the reference's rule). Wang et al., Image quality assessment, 2004.
    """
    reference = sources.visible if which == "visible" else sources.infrared
    image = fused.image if which == "visible" else fused.grey
    _, taps = _ssim_taps(window)
    x = _window(reference, window)
    mean_x, square_x = sources.once(
        f"ssim_{which}_{window}", lambda: (smooth(x.contiguous(), taps), smooth(x.square(), taps))
    )
    lowest = sources.once(f"lowest_{which}", lambda: reference.amin(dim=(1, 2, 3)))
    span = torch.where(lowest.amin() < -0.5, 2.0, 1.0)
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    y = _window(image, window)
    mean_y, square_y, product = smooth(torch.cat((y, y.square(), x * y), dim=1), taps).chunk(3, dim=1)
    means = mean_x * mean_y
    squares = mean_x.square() + mean_y.square()
    similarity = ((2 * means + c1) * (2 * (product - means) + c2)) / (
        (squares + c1) * (square_x + square_y - squares + c2)
    )
    return 1 - similarity.mean()


def maximum(sources: Sources, fused: Fused, mode: str) -> Tensor:
    """Compare with the brighter source: infrared where it exceeds the visible channel mean, else visible."""

    def select() -> Tensor:
        brighter = sources.infrared > sources.visible.mean(dim=1, keepdim=True)
        return torch.where(brighter, sources.infrared, sources.visible)

    return distance(fused.image, sources.once("brighter", select), mode)


def consistency(sources: Sources, fused: Fused, mode: str, ir_compose: float) -> Tensor:
    """Stay near both sources, on grey."""
    visible = distance(sources.luma, fused.grey, mode)
    return (visible + ir_compose * distance(sources.infrared, fused.grey, mode)) / 2


def colour(sources: Sources, fused: Fused) -> Tensor:
    """Keep Cb and Cr of the visible image; 0 where it is grey."""
    if fused.image.shape[1] == 1:
        return fused.image.new_zeros(())
    cb, cr = sources.once("chroma", lambda: chroma(sources.visible))
    fused_cb, fused_cr = chroma(fused.image)
    return distance(fused_cb, cb, "l1") + distance(fused_cr, cr, "l1")


def gradient(sources: Sources, fused: Fused) -> Tensor:
    """Keep the stronger Sobel response of the two sources, in x and y separately, on grey."""

    def strongest() -> tuple[Tensor, ...]:
        a, b = sobel(sources.luma, "replicate"), sobel(sources.infrared, "replicate")
        return tuple(torch.maximum(x.abs(), y.abs()) for x, y in zip(a, b, strict=True))

    target_x, target_y = sources.once("strongest_sobel", strongest)
    gx, gy = sobel(fused.grey, "replicate")
    return distance(gx.abs(), target_x, "l1") + distance(gy.abs(), target_y, "l1")


def kl_divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL of N(mu, exp(logvar)) to N(0, 1), mean over elements."""
    return -0.5 * (1 + logvar - mu.square() - logvar.exp()).mean()


def unknown_terms(losses: Iterable[LossConfig]) -> list[str]:
    """Return a sentence for each name under `loss.terms` without a registered term."""
    names = sorted({name for loss in losses for name in loss.terms} - set(EXTRA_TERMS))
    return [
        f"loss.terms must name terms of fusion_core/losses.py, but got {name!r}.{did_you_mean(name, EXTRA_TERMS)}"
        for name in names
    ]


@dataclass(frozen=True)
class FusionLoss:
    """The weighted sum of all terms, and each term unweighted by its name."""

    config: LossConfig

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", self.config.resolved())
        if problems := unknown_terms([self.config]):
            raise ConfigError(*problems)

    def terms(self, sources: Sources, fused: Fused) -> dict[str, Tensor]:
        """Return every term, unweighted."""
        config = self.config
        named = {
            "ssim_visible": ssim_loss(sources, fused, "visible", config.ssim_window_size),
            "ssim_infrared": ssim_loss(sources, fused, "infrared", config.ssim_window_size),
            "max": maximum(sources, fused, config.max_mode),
            "consist": consistency(sources, fused, config.consist_mode, config.ir_compose),
            "color": colour(sources, fused),
            "grad": gradient(sources, fused),
        }
        return named | {name: EXTRA_TERMS[name](sources, fused, config) for name in config.terms}

    def weights(self) -> dict[str, float]:
        """Return the factor of each term in the sum; the infrared SSIM carries both SSIM weights."""
        config = self.config
        return {
            "ssim_visible": config.ssim_ratio,
            "ssim_infrared": config.ssim_ratio * config.ssim_ir_ratio,
            "max": config.max_ratio,
            "consist": config.consist_ratio,
            "color": config.color_ratio,
            "grad": config.grad_ratio,
            **config.terms,
        }

    def __call__(self, sources: Sources, fused: Fused) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the fusion loss (a scalar) and its terms."""
        terms = self.terms(sources, fused)
        weights = self.weights()
        total = torch.stack([terms[name] * weight for name, weight in weights.items()]).sum()
        return total, terms
