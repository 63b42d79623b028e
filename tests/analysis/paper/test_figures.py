"""Figures: sized for a page, with their letters inside, and honest about what they do not show."""

import re
import zlib
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from analysis.paper.cells import best_cells, mean_cells
from analysis.paper.figures.bounds import bounds_of_metric, bounds_of_metrics
from analysis.paper.figures.gallery import gallery
from analysis.paper.figures.heatmaps import pair_pair
from analysis.paper.figures.noise import noise
from analysis.paper.figures.parallel import parallel
from analysis.paper.figures.tradeoffs import trade_offs
from analysis.paper.figures.training import over_epochs, training
from analysis.paper.style import Drawing, NothingToShow, figure, paper_style, save, tick
from analysis.paper.subject import Subject
from analysis.statistics.cells import central
from tests.analysis.make import Made, make_run
from tests.analysis.paper.test_tables import GRAD, MAX, UNTRAINED, grid, subject_of

SSIM = "loss.ssim_shared"
WIDTHS = {"3.5 in": 252.0, "7.16 in": 515.52}


def texts(drawing: Drawing) -> list[str]:
    """Return every text that a reader sees."""
    from matplotlib.text import Text

    return [one.get_text() for one in drawing.figure.findobj(Text) if one.get_visible() and one.get_text()]


def streams(pdf: bytes) -> bytes:
    """Return a PDF with its compressed parts readable."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, flags=re.DOTALL)
    return pdf + b"".join(zlib.decompress(part) for part in parts if part[:1] == b"\x78")


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return subject_of(make_run(tmp_path, grid(), baselines=UNTRAINED))


@pytest.mark.parametrize(("width", "points"), [(3.5, 252), (7.16, 515.52)])
def test_a_pdf_is_as_wide_as_a_column_and_has_its_fonts_inside(tmp_path: Path, width: float, points: float) -> None:
    with paper_style():
        drawn = figure(width, 1.0)
        drawn.add_subplot().set(xlabel="VIF ↑", title="a_b $c$ ±")
        pdf = save(drawn, tmp_path / "x.pdf").read_bytes()
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", pdf)
    assert box is not None
    assert float(box[1]) == pytest.approx(points, abs=0.01)
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in streams(pdf)
    assert b"/CreationDate" not in streams(pdf)


def test_a_figure_is_the_same_to_the_byte_every_time(subject: Subject, tmp_path: Path) -> None:
    written = []
    for name in "ab":
        with paper_style():
            drawn = bounds_of_metric(subject).figure
            written.append([save(drawn, tmp_path / f"{name}.{kind}").read_bytes() for kind in ("pdf", "png")])
    assert written[0] == written[1]


def test_letters_are_seven_to_nine_points_high(subject: Subject) -> None:
    from matplotlib.text import Text

    with paper_style():
        for drawing in (
            bounds_of_metric(subject),
            trade_offs(subject),
            pair_pair(subject, "numeric"),
            parallel(subject),
        ):
            sizes = {one.get_fontsize() for one in drawing.figure.findobj(Text) if one.get_text()}
            assert min(sizes) >= 6.5
            assert max(sizes) <= 9


def test_no_figure_leaves_a_trace_in_the_style_of_the_user(subject: Subject) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    with paper_style():
        bounds_of_metric(subject)
    assert dict(matplotlib.rcParams) == before


def test_the_bound_is_the_line_over_the_values_of_a_parameter(subject: Subject) -> None:
    with paper_style():
        panel = bounds_of_metric(subject).figure.axes[1]
    lines = [line for line in panel.get_lines() if line.get_linestyle() == "-" and len(line.get_xdata()) == 3]
    np.testing.assert_allclose(lines[0].get_ydata(), [1.02, 1.4, 1.9])
    assert [label.get_text() for label in panel.get_xticklabels()] == ["2", "40", "90"]


def test_what_is_worse_than_the_best_of_all_is_hollow_and_what_is_tied_is_filled(tmp_path: Path) -> None:
    values = {1: (1.0, 1.2, 1.1), 2: (1.1, 1.0, 1.25), 3: (5.0, 5.1, 4.9)}
    trials = [Made({MAX: i}, [{"a": {"MSE": x}}], seed=s) for i, some in values.items() for s, x in enumerate(some)]
    with paper_style():
        drawing = bounds_of_metric(subject_of(make_run(tmp_path, trials, rank_by={"metric": "MSE"})))
    marks = [line for line in drawing.figure.axes[0].get_lines() if line.get_marker() == "o"]
    inside = {x: line.get_markerfacecolor() == "white" for line in marks for x in line.get_xdata()}
    assert inside == {0: False, 1: False, 2: True}


def test_without_intervals_no_figure_speaks_of_ties(subject: Subject) -> None:
    with paper_style():
        drawing = bounds_of_metric(subject)
    assert not [text for text in texts(drawing) if "tied" in text]
    assert "filled" not in drawing.caption


def test_all_metrics_are_spread_over_as_many_figures_as_stay_readable(tmp_path: Path) -> None:
    metrics = ("Reward", "VIF", "Qabf", "SSIM", "EN", "SCD", "CC")
    trials = [Made({MAX: i}, [{"a": {name: i + k for k, name in enumerate(metrics)}}]) for i in (1, 2)]
    with paper_style():
        drawings = list(bounds_of_metrics(subject_of(make_run(tmp_path, trials))))
    assert [drawing.name for drawing in drawings] == ["bounds", "bounds_more_1"]
    assert [len(drawing.figure.axes) for drawing in drawings] == [5, 2]


def test_an_untrained_fusion_far_off_is_named_and_does_not_press_the_settings_together(subject: Subject) -> None:
    with paper_style():
        drawing = next(bounds_of_metrics(subject))
    low, high = drawing.figure.axes[0].get_ylim()
    assert 0 < low < 0.9
    assert 1.9 < high < 3
    assert "↑ visible 9" in texts(drawing)


def test_cells_of_a_heatmap_hold_the_best_or_the_mean_over_the_rest(tmp_path: Path) -> None:
    trials = [
        Made({MAX: a, GRAD: b, SSIM: c}, [{"a": {"MSE": a + 10 * b + 100 * c}}])
        for a, b, c in product((1, 2), (1, 2, 3), (1, 2))
    ]
    subject = subject_of(make_run(tmp_path, trials, rank_by={"metric": "MSE"}))
    np.testing.assert_allclose(best_cells(subject, [MAX], [GRAD]), [[111, 121, 131], [112, 122, 132]])
    np.testing.assert_allclose(mean_cells(subject, [MAX], [GRAD]), [[161, 171, 181], [162, 172, 182]])
    np.testing.assert_allclose(best_cells(subject, [MAX, SSIM], [])[:, 0], [111, 211, 112, 212])


def test_the_strongest_stands_in_the_middle() -> None:
    cells = np.array([[1.0, 5, 3, 4, 2]])
    assert cells[0, central(cells, 1, higher=True)].tolist() == [1, 3, 5, 4, 2]
    assert cells[0, central(cells, 1, higher=False)].tolist() == [5, 3, 1, 2, 4]
    assert sorted(central(np.array([[1.0, np.nan, 3]]), 1, higher=True)) == [0, 1, 2]


def test_a_heatmap_prints_its_numbers_without_the_leading_zero_and_names_what_is_missing(tmp_path: Path) -> None:
    trials = [Made({MAX: a, GRAD: b}, [{"a": {"Reward": 0.1 * a * b}}]) for a, b in ((1, 1), (1, 2), (2, 1))]
    with paper_style():
        drawing = pair_pair(subject_of(make_run(tmp_path, trials)), "numeric")
    assert {".1000", ".2000"} <= set(texts(drawing))
    assert "Grey: 1 without a number." in drawing.caption


def test_a_heatmap_that_nobody_can_read_is_not_drawn(tmp_path: Path) -> None:
    trials = [Made({MAX: i}, [{"a": {"Reward": i}}]) for i in range(70)]
    with pytest.raises(NothingToShow, match="1 x 70 cells"), paper_style():
        pair_pair(subject_of(make_run(tmp_path, trials)), "numeric")


def test_the_front_of_a_trade_off_is_counted_in_the_caption(subject: Subject) -> None:
    with paper_style():
        drawing = trade_offs(subject)
    assert "Reward and VIF: 2 configurations on the front" in drawing.caption
    assert [axis.get_xlabel() for axis in drawing.figure.axes] == ["Reward ↑", "Reward ↑", "VIF ↑"]


def test_curves_say_what_stopping_early_costs(tmp_path: Path) -> None:
    trials = [
        Made({MAX: i}, [{"a": {"Reward": v}} for v in values]) for i, values in enumerate([(3, 1), (2, 2), (1, 3)])
    ]
    with paper_style():
        caption = over_epochs(subject_of(make_run(tmp_path, trials))).caption
    assert (
        "At epoch 1 it is -1.00 for Reward; choosing the best configuration there loses 2 in Reward at epoch 2."
        in caption
    )


def test_the_noise_floor_needs_seeds_and_says_how_many(tmp_path: Path) -> None:
    trials = [Made({MAX: i}, [{"a": {"Reward": i + s / 10}}], seed=s) for i in (1, 2) for s in (0, 1, 2)]
    with paper_style():
        drawing = noise(subject_of(make_run(tmp_path, trials)))
    assert "between 3 seeds, pooled over 2 repeated configurations" in drawing.caption


def test_a_gallery_shows_the_best_and_the_worst_that_were_kept(tmp_path: Path) -> None:
    subject = subject_of(make_run(tmp_path, grid()))
    for number, trial in ((2, "id1"), (6, "id5"), (4, "id3")):
        folder = tmp_path / "samples" / f"{number}_{trial}"
        folder.mkdir(parents=True)
        for kind in ("visible", "infrared", "fused"):
            cv2.imwrite(str(folder / f"a_pair_{kind}.png"), np.full((8, 12), 10 * number, np.uint8))
    with paper_style():
        drawing = gallery(subject)
    assert [text for text in texts(drawing) if text] == ["visible", "infrared", "best", "rank 5 of 6"]
    assert "Pair a pair" in drawing.caption


def test_a_gallery_of_broken_images_says_so(tmp_path: Path) -> None:
    subject = subject_of(make_run(tmp_path, grid()))
    folder = tmp_path / "samples" / "6_id5"
    folder.mkdir(parents=True)
    for kind in ("visible", "infrared", "fused"):
        (folder / f"a_pair_{kind}.png").write_bytes(b"no image")
    with pytest.raises(NothingToShow, match="can be read"), paper_style():
        gallery(subject)


@pytest.mark.parametrize("draw", [over_epochs, training, noise, gallery])
def test_what_a_run_does_not_have_is_said(subject: Subject, draw: object) -> None:
    with pytest.raises(NothingToShow, match=r"\.$"), paper_style():
        draw(subject)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "ticks", "text"),
    [(0.5, [0, 0.5, 1], "0.5"), (0.96, [0.96, 0.9625], "0.9600"), (40.0, [20, 40], "40"), (-2.0, [-2, 0], "−2"),
     (5e-6, [0, 5e-6], "5e−6"), (0.0, [0, 5e-6], "0"), (3.0, [3], "3")],
)  # fmt: skip
def test_ticks_have_the_digits_of_their_neighbours(value: float, ticks: list[float], text: str) -> None:
    assert tick(value, ticks) == text
