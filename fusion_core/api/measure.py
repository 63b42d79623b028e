"""Metrics of fused images given as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fusion_core.api.images import Convention, DataRange, Image, Layout, check_images
from fusion_core.data.limits import SMALLEST_TEST
from fusion_core.errors import ImageError, did_you_mean
from fusion_core.metrics import catalog
from fusion_core.metrics.catalog import METRICS
from fusion_core.metrics.facts import FACTS
from fusion_core.sources import Fused, Sources

Values = float | np.ndarray
MetricFunction = Callable[..., Values]

BY_FUNCTION = {name.lower(): name for name in METRICS}
"""Metric by the name of its function: `qabf` -> `Qabf`."""


def measure(
    visible: Image,
    infrared: Image,
    fused: Image,
    *,
    data_range: DataRange,
    layout: Layout = "HWC",
    metrics: Sequence[str] | None = None,
) -> dict[str, Values]:
    """Measure fused images: the numbers of `python -m fusion_core evaluate`.

    Args:
        visible: grey or RGB, in the order of `layout`; a grey image may lack its channel: (H, W), or (N, H, W).
        infrared: grey, of the same size.
        fused: grey or RGB, of the same size.
        data_range: the value of white where black is 0 (1, 255), or (black, white), such as (-1, 1). uint8 is 255.
        layout: "HWC" or "CHW" for one image, "NHWC" or "NCHW" for a batch.
        metrics: names of columns, by default all of `fusion_core.FACTS`.

    Returns:
        Metric -> a float for one image, a float64 array (N,) for a batch. `fusion_core.FACTS[name]` has direction,
        range and convention of each.

    Raises:
        ImageError: for shapes, sizes, dtypes, devices or values that break a rule; all of them at once. Images must
            be at least 41 pixels a side, for VIF.

    Example:
        >>> import numpy as np, fusion_core
        >>> visible = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        >>> infrared = visible[..., 0]
        >>> values = fusion_core.measure(visible, infrared, visible, data_range=255, metrics=["VIF", "Qabf"])
        >>> sorted(values)
        ['Qabf', 'VIF']
    """
    convention = Convention.of(layout, data_range)
    names = list(METRICS) if metrics is None else list(metrics)
    if unknown := [name for name in names if name not in METRICS]:
        raise ImageError(f"metrics must be known, but got {unknown[0]!r}.{did_you_mean(unknown[0], METRICS)}")
    check_images({"visible": visible, "infrared": infrared, "fused": fused}, convention, least=SMALLEST_TEST)
    sources = Sources.from_pixels(convention.pixels(visible), convention.pixels(infrared))
    images = Fused.from_pixels(convention.pixels(fused))
    values = catalog.measure(sources, images, names)
    if convention.batched:
        return {name: value.cpu().numpy() for name, value in values.items()}
    return {name: value.item() for name, value in values.items()}


def metric_function(name: str) -> MetricFunction:
    """Return the function of one metric, by its lower-case name; it takes the arguments of `measure`."""
    column = BY_FUNCTION[name]
    facts = FACTS[column]

    def metric(
        visible: Image, infrared: Image, fused: Image, *, data_range: DataRange, layout: Layout = "HWC"
    ) -> Values:
        return measure(visible, infrared, fused, data_range=data_range, layout=layout, metrics=[column])[column]

    metric.__name__ = metric.__qualname__ = name
    better = "higher" if facts.higher_is_better else "lower"
    metric.__doc__ = (
        f"{facts.title}: {facts.convention}. From {facts.low:g} to {facts.high:g}, {better} is better.\n\n"
        "Arguments, results and errors as of `fusion_core.measure`."
    )
    return metric
