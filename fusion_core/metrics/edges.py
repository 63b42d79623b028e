"""Metrics of edges: Qabf, Nabf, average gradient, spatial frequency. One value per image."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fusion_core.images.filters import Padding, sobel
from fusion_core.images.gradients import finite_gradient, scratch
from fusion_core.sources import Fused, Sources

RIGHT_ANGLE = math.pi / 2


def _mean(x: Tensor) -> Tensor:
    return x.mean(dim=(1, 2, 3), dtype=torch.float64)


def _responses(grey: Tensor, padding: Padding) -> tuple[Tensor, Tensor]:
    gx, gy = sobel(grey, padding)
    return finite_gradient(gx), finite_gradient(gy)


def _angle(gx: Tensor, gy: Tensor) -> Tensor:
    """Return atan(gy / gx), with no gradient where gx is 0: a non-finite one would destroy that of the strength."""
    if not gx.requires_grad:
        return torch.atan(gy / gx)
    upright = gx == 0
    return torch.where(upright, torch.atan(gy / gx).detach(), torch.atan(gy / gx.masked_fill(upright, 1)))


def _edges(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Strength and angle, zero padding; the angle is pi/2 where there is no response in x.

    The reference convolves, so its response in x points left; the sign matters next to pi/2.
    """
    gx, gy = _responses(grey, "constant")
    angle = _angle(gx, gy).neg_().masked_fill_(gx == 0, RIGHT_ANGLE)
    return (gx.square() + gy.square()).sqrt_(), angle


def _preserved(gx: Tensor, ax: Tensor, gf: Tensor, af: Tensor) -> Tensor:
    """How well the fused image keeps a source's edge strength and orientation, per pixel, in 0..1."""
    ratio = torch.minimum(gx, gf) / torch.maximum(gx, gf)
    ratio = torch.where(gx == gf, gf, ratio)
    angle = 1 - (ax - af).abs_() / RIGHT_ANGLE
    strength = scratch(torch.exp((ratio - 0.5).mul_(-15))).add_(1)
    return (0.9994 * 0.9879) / strength.mul_(scratch(torch.exp((angle - 0.8).mul_(-22))).add_(1))


def qabf(sources: Sources, fused: Fused) -> Tensor:
    """Edge information transferred from both sources, 0..1. Xydeas and Petrovic, 2000.

    Where both strengths are equal, the reference's ratio is the strength itself.
    """
    gf, af = fused.once("edges", lambda: _edges(fused.metric_grey))
    ga, aa = sources.once("edges_visible", lambda: _edges(sources.visible_grey))
    gb, ab = sources.once("edges_infrared", lambda: _edges(sources.infrared_grey))
    weight = sources.once("edges_weight", lambda: (ga + gb).sum(dim=(1, 2, 3), dtype=torch.float64))
    kept = _preserved(ga, aa, gf, af).mul_(ga).add_(_preserved(gb, ab, gf, af).mul_(gb))
    return kept.sum(dim=(1, 2, 3), dtype=torch.float64) / weight


def _artefact_edges(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Strength and angle of Sobel / 8, reflect padding; the angle is 0 where there is no response at all."""
    gh, gv = _responses(grey, "reflect")
    angle = _angle(gh, gv).masked_fill_((gh == 0) & (gv == 0), 0.0)
    return scratch((gh.square() + gv.square()).sqrt_()).div_(8), angle


def _unmatched(gx: Tensor, ax: Tensor, gf: Tensor, af: Tensor) -> Tensor:
    larger = torch.maximum(gx, gf)
    ratio = torch.where(larger > 0, torch.minimum(gx, gf) / larger, 0.0)
    angle = ((ax - af).abs_() - RIGHT_ANGLE).abs_() / RIGHT_ANGLE
    strength = scratch(torch.exp((ratio - 0.5).mul_(-19))).add_(1)
    kept = ((0.9999 * 0.9995) / strength.mul_(scratch(torch.exp((angle - 0.5).mul_(-22))).add_(1))).sqrt_()
    return 1 - kept


def _artefact_weight(strength: Tensor) -> Tensor:
    return torch.where(strength >= 2, strength.pow(1.5), 0.0)


def nabf(sources: Sources, fused: Fused) -> Tensor:
    """Artefacts: edges of the fused image that neither source has, 0..1, lower is better; nan on flat sources.

    Kumar, Multifocus and multispectral image fusion based on pixel significance, 2013 (modified N^AB/F).
    """
    gf, af = fused.once("artefact_edges", lambda: _artefact_edges(fused.metric_grey))
    ga, aa = sources.once("artefact_edges_visible", lambda: _artefact_edges(sources.visible_grey))
    gb, ab = sources.once("artefact_edges_infrared", lambda: _artefact_edges(sources.infrared_grey))
    wa, wb = sources.once("artefact_weights", lambda: (_artefact_weight(ga), _artefact_weight(gb)))
    weight = sources.once("artefact_weight", lambda: (wa + wb).sum(dim=(1, 2, 3), dtype=torch.float64))
    loss = _unmatched(ga, aa, gf, af).mul_(wa).add_(_unmatched(gb, ab, gf, af).mul_(wb))
    loss.mul_((gf > ga) & (gf > gb))
    return loss.sum(dim=(1, 2, 3), dtype=torch.float64) / weight


def average_gradient(sources: Sources, fused: Fused) -> Tensor:
    """Mean gradient magnitude in grey levels per pixel; central differences, one-sided at the border."""
    grey = fused.metric_grey
    gy, gx = torch.gradient(grey, dim=(2, 3))
    finite_gradient(gx), finite_gradient(gy)
    strength = gx.square_().add_(gy.square_()).div_(2).sqrt_()
    return strength.sum(dim=(1, 2, 3), dtype=torch.float64) / ((grey.shape[-1] - 1) * (grey.shape[-2] - 1))


def spatial_frequency_reference(sources: Sources, fused: Fused) -> Tensor:
    """Row and column differences in uint8, squared in uint8, both wrapping around at 256 as the reference does."""
    pixels = fused.pixels.to(torch.uint8)
    rows = pixels[..., 1:, :] - pixels[..., :-1, :]
    columns = pixels[..., 1:] - pixels[..., :-1]
    return (_mean(rows * rows) + _mean(columns * columns)).sqrt()


def spatial_frequency(sources: Sources, fused: Fused) -> Tensor:
    """Root of the mean squared row and column differences of grey. Eskicioglu and Fisher, 1995."""
    grey = fused.metric_grey
    rows = grey[..., 1:, :] - grey[..., :-1, :]
    columns = grey[..., 1:] - grey[..., :-1]
    return finite_gradient(_mean(rows.square_()) + _mean(columns.square_())).sqrt()
