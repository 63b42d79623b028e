"""Facts of every metric column: direction, convention, meaning. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MetricFacts:
    """One column: its direction, the range it can take, and the convention it is computed in."""

    name: str
    title: str
    higher_is_better: bool
    low: float
    high: float
    convention: str

    @property
    def sign(self) -> float:
        """1.0 where higher is better, -1.0 where lower is: times this, higher is always better."""
        return 1.0 if self.higher_is_better else -1.0


INFINITY = float("inf")

FACTS: dict[str, MetricFacts] = {
    facts.name: facts
    for facts in (
        MetricFacts("Reward", "Reward", True, -INFINITY, INFINITY, "reference: (VIF + 1.5 Qabf + SSIM) / 3"),
        MetricFacts("VIF", "Visual information fidelity", True, 0, INFINITY, "pixel VIF of both sources, summed"),
        MetricFacts("Qabf", "Edge transfer Qabf", True, 0, 1, "Xydeas and Petrovic"),
        MetricFacts("SSIM", "SSIM (reference)", True, -2, 2, "reference: sum over sources, constants all but removed"),
        MetricFacts("PSNR", "PSNR (reference)", True, 0, INFINITY, "reference: 48.13 dB above the usual"),
        MetricFacts("MSE", "Mean squared error", False, 0, 1, "mean over both sources, grey / 255"),
        MetricFacts("CC", "Correlation coefficient", True, -1, 1, "mean over both sources"),
        MetricFacts("SCD", "Sum of correlations of differences", True, -2, 2, "Aslantas and Bendes"),
        MetricFacts("Nabf", "Fusion artefacts Nabf", False, 0, 1, "Kumar's modified N^AB/F"),
        MetricFacts("MI", "Mutual information", True, 0, 16, "bits, summed over both sources, 256 bins"),
        MetricFacts("AG", "Average gradient", True, 0, INFINITY, "grey levels per pixel"),
        MetricFacts("EN", "Entropy", True, 0, 8, "bits, 256 bins, all channels"),
        MetricFacts("SF", "Spatial frequency (reference)", True, 0, 23, "reference: uint8 wrap-around"),
        MetricFacts("SD", "Standard deviation", True, 0, 128, "grey levels"),
        MetricFacts("SSIM_std", "SSIM", True, -1, 1, "usual: mean over both sources, data range 255"),
        MetricFacts("PSNR_std", "PSNR", True, 0, INFINITY, "usual: dB, mean squared error over both sources"),
        MetricFacts("SF_std", "Spatial frequency", True, 0, 361, "usual: grey levels, no wrap-around"),
        MetricFacts(
            "Reward_min", "Reward, worse source", True, -INFINITY, INFINITY, "Reward with both sources as the worse"
        ),
    )
}

# Costly metrics that need an optional package with weights; measured only if a trial names them.
OPTIONAL: dict[str, MetricFacts] = {
    facts.name: facts
    for facts in (
        MetricFacts("LPIPS", "Learned perceptual distance", False, 0, INFINITY, "AlexNet, mean over both sources"),
        MetricFacts("NIQE", "Natural image quality evaluator", False, 0, INFINITY, "of the fused image alone"),
    )
}


def facts_of(name: str) -> MetricFacts:
    """Return the facts of a metric of the catalog or of an optional one."""
    return FACTS[name] if name in FACTS else OPTIONAL[name]


# The column order of the reference's metrics.csv; ours follow.
REFERENCE_COLUMNS = (
    "Reward", "VIF", "Qabf", "SSIM", "PSNR", "MSE", "CC", "SCD", "Nabf", "MI", "AG", "EN", "SF", "SD",
)  # fmt: skip


BASELINES = {
    "visible": "copy of the visible image",
    "infrared": "copy of the infrared image",
    "average": "average of both",
}
