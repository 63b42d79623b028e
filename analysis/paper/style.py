"""How a figure of a paper looks: its size, letters and colours, and a file that is the same to the byte every time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion_core.atomic_files import whole_file

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Widths of an IEEE page, in inches.
ONE_COLUMN, TWO_COLUMNS = 3.5, 7.16
SMALL = 7.0
_PNG_DPI = 300

# Okabe and Ito, the ones that print well on white first.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY, PALE = "#666666", "#C8C8C8"
MAP = "viridis"
LABEL_BOX = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.4}
BASELINE_LINES = {"visible": (0, (4, 2)), "infrared": (0, (1, 1.2)), "average": (0, (5, 1.5, 1, 1.5))}

_STYLE: dict[str, Any] = {
    # STIX reads as Times does and comes with matplotlib; DejaVu has the letters that it lacks.
    "font.family": ["STIXGeneral", "DejaVu Sans"],
    "font.size": 8, "axes.labelsize": 8, "axes.titlesize": 8, "legend.fontsize": SMALL,
    "xtick.labelsize": SMALL, "ytick.labelsize": SMALL,
    "pdf.fonttype": 42, "ps.fonttype": 42, "pdf.compression": 9,
    "text.parse_math": False, "axes.unicode_minus": True, "axes.formatter.use_mathtext": False,
    "axes.linewidth": 0.6, "grid.linewidth": 0.4, "lines.linewidth": 1.1, "lines.markersize": 3.5,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 2.5, "ytick.major.size": 2.5,
    "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False, "legend.handlelength": 1.6, "legend.borderaxespad": 0.2,
    "figure.constrained_layout.h_pad": 0.02, "figure.constrained_layout.w_pad": 0.02,
    "figure.dpi": _PNG_DPI, "savefig.dpi": _PNG_DPI, "savefig.bbox": None, "image.cmap": MAP,
}  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """A figure, the name of its files and the caption that tells how to read it."""

    name: str
    figure: Figure
    caption: str


class NothingToShow(Exception):  # noqa: N818  it is a state of the sweep, not a mistake
    """Why a figure or table cannot be made from this run; a whole sentence."""


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in the style of a paper, whatever the user's own settings are."""
    import matplotlib.style

    with matplotlib.style.context(["default", _STYLE]), warnings.catch_warnings():
        # A name may hold a letter that no font has; the box that stands for it is warning enough.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches; nothing of it is global."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save(drawn: Figure, file: Path) -> Path:
    """Write a PDF or PNG by its suffix, without a date in it. Raises DiskError where the disk refuses."""
    layout = drawn.get_layout_engine()
    if layout is not None:
        # Laying out takes most of the time, and is the same for every kind of file.
        layout.execute(drawn)
        drawn.set_layout_engine(None)
    kind = file.suffix.removeprefix(".")
    about = {"CreationDate": None, "Producer": None, "Creator": None} if kind == "pdf" else {"Software": None}
    with whole_file(file) as partial:
        drawn.savefig(partial, format=kind, metadata=about)
    return file


def hide_rest(axes: Any, used: int) -> None:
    """Take away the panels of a grid that have nothing to show."""
    for panel in list(axes.flat)[used:]:
        panel.remove()


def value_ticks(axis: Axis, most: int = 4) -> None:
    """Few, round numbers at the value axis, written in full: no offset and no power of ten in a corner."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(most, min_n_ticks=3, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, axis.get_majorticklocs().tolist())))


def tick(value: float, ticks: Sequence[float]) -> str:
    """Write a number at an axis with the digits that its neighbours need, in full wherever that is short."""
    known = sorted({abs(one) for one in ticks if one} | {abs(b - a) for a, b in pairwise(ticks) if a != b})
    largest, step = (known[-1], known[0]) if known else (1.0, 1.0)
    if not 1e-3 <= largest < 1e5:
        return f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
    decimals = next(d for d in range(10) if abs(round(step, d) - step) <= 0.01 * step)
    return f"{value:.{decimals}f}".replace("-", "−")
