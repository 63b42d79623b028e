"""The figures in a real browser: fronts computed in the page, clicks, brushes, what is said where nothing can be."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.report.bundle import bundle
from analysis.report.html import TEMPLATES
from analysis.report.report import write_report
from analysis.statistics.pareto import hypervolume_share, pareto_front, worst_point
from fusion_core.metrics.facts import FACTS
from tests.analysis.make import Made, make_run
from tests.analysis.replay.grids import table
from tests.analysis.replay.test_files import call
from tests.analysis.searches import search_run
from tests.browser.conftest import expose
from trials.storage.results import Results

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH to draw the page")
BOTH = """
function both(columns, up) {
  const some = columns.map((column) => Float64Array.from(column, (x) => x ?? NaN)), share = hypervolumeShare(some, up);
  return [paretoFront(some, up), isNumber(share) ? share : null];
}
"""
SHOWN = """(name) => {
  const all = (what, of) => [...at(`fig-${name}`).querySelectorAll(what)].map(of).join();
  return at(`fig-${name}`).innerText + all(".plotly", (one) => one.innerHTML) + all("canvas", (one) => one.toDataURL());
}"""
OUTSIDE = """(names) => names.filter((name) => [...at(`fig-${name}`).querySelectorAll("*")].some(
  (one) => !one.closest(".scroll") && one.getBoundingClientRect().right > innerWidth + 1))"""
CUT_OFF = """() => {
  const inside = at("effects").closest(".scroll").getBoundingClientRect();
  return [...at("effects").querySelectorAll(".xtick")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.right > inside.right || box.top < inside.top;
  }).map((one) => one.textContent);
}"""
FIGURES = ("importance", "tradeoffs", "parallel", "curves", "training")


def opened(browser: Any, report: Path, **options: Any) -> Any:
    """Return the page with all its figures drawn."""
    page = browser.new_page(**options)
    page.goto(f"{report.as_uri()}#all")
    expose(page)
    settle(page)
    return page


def settle(page: Any) -> None:
    """Wait until every figure is drawn; the page forbids what playwright's own waiting would evaluate."""
    for _ in range(100):
        if page.evaluate("page.drawn === 'yes' && figures.every((one) => !one.stale)") or page.evaluate("page.error"):
            break
        time.sleep(0.1)
    assert page.evaluate("page.error ?? ''") == ""


def cases() -> list[tuple[np.ndarray, list[bool]]]:
    rng = np.random.default_rng(0)
    made = []
    for k in (2, 3):
        for count in (1, 2, 7, 60, 300):
            values = rng.normal(size=(count, k))
            made += [(values, [True] * k), (np.round(values), [True, False, True][:k])]
            made.append((np.where(rng.random(values.shape) < 0.2, np.nan, np.round(values, 1)), [False] * k))
    return [*made, (np.ones((4, 2)), [True, True]), (np.full((3, 2), np.nan), [True, True])]


def test_fronts_and_hypervolumes_of_the_page_are_those_of_python(browser: Any) -> None:
    page = browser.new_page()
    page.add_script_tag(content=bundle(TEMPLATES, ["figures/front.js"]))
    expose(page)
    page.add_script_tag(content=BOTH)
    for values, higher in cases():
        columns = json.dumps([[None if np.isnan(x) else x for x in column] for column in values.T])
        front, share = page.evaluate(f"both({columns}, {json.dumps(higher)})")
        assert front == pareto_front(values, higher).tolist()
        known = hypervolume_share(values, worst_point(values, higher), higher)
        assert share is None if np.isnan(known) else share == pytest.approx(known, rel=1e-9)


def metrics(a: int, b: int, epoch: int, seed: int) -> dict[str, float]:
    return {"Reward": a + b / 10 + epoch + seed / 50, "MSE": 1 / (a + b + epoch), "VIF": 3 - a + b * epoch,
            "Qabf": a * b % 3}  # fmt: skip


def trials(ratios: tuple[int, ...] = (1, 2, 3, 4), epochs: int = 2, seeds: int = 1) -> list[Made]:
    return [
        Made({"loss.max_ratio": a, "loss.grad_ratio": b}, [{"a": metrics(a, b, e, s)} for e in range(epochs)], seed=s)
        for a in ratios for b in (1, 2, 3) for s in range(seeds)
    ]  # fmt: skip


def with_losses(folder: Path) -> Path:
    with Results.open(folder / "results.sqlite") as results:
        ids = [id for (id,) in results.connection.execute("SELECT id FROM trials ORDER BY number").fetchall()]
        results.connection.execute("BEGIN")
        results.connection.executemany(
            "INSERT INTO training VALUES (?, ?, ?, ?)",
            [(id, e, name, k + e) for k, id in enumerate(ids) for e in (1, 2) for name in ("loss_total", "loss_max")],
        )
        results.connection.execute("COMMIT")
    return folder


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    baselines = {"visible": {"a": {"Reward": 2.0, "VIF": 1.0, "Qabf": 1.0, "MSE": 0.1}}}
    return write_report(with_losses(make_run(tmp_path_factory.mktemp("run"), trials(seeds=2), baselines=baselines)))


def shown(page: Any, name: str) -> str:
    """Return what a figure shows: its marks as drawn, its caption, its canvas."""
    return str(page.evaluate(SHOWN, name))


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["metric", "epoch"])
def test_a_choice_changes_every_figure(browser: Any, report: Path, choice: str) -> None:
    page = opened(browser, report)
    # The loss terms are of the best and the worst setting, which are others for another metric, not for another epoch.
    names = [*FIGURES, "noise"] if choice == "metric" else ["importance", "tradeoffs", "parallel", "noise"]
    before = {name: shown(page, name) for name in names}
    page.select_option(f"#{choice}", "1" if choice == "metric" else "0")
    settle(page)
    assert [name for name in names if shown(page, name) == before[name]] == []


@pytest.mark.slow
def test_a_brush_by_keys_keeps_the_lines_inside_and_names_the_best_of_them(browser: Any, report: Path) -> None:
    page = opened(browser, report)
    page.focus("#parallel g")
    page.keyboard.press("ArrowUp")
    assert "3 of 12 configurations are inside the brushes. The best by Reward of them:" in page.inner_text(
        "#parallel-left"
    )
    page.click("#parallel-clear")
    assert "inside" not in page.inner_text("#parallel-left")


@pytest.mark.slow
def test_a_click_on_a_line_and_on_a_point_opens_the_trial(browser: Any, report: Path) -> None:
    page = opened(browser, report, viewport={"width": 1280, "height": 900})
    page.click("#parallel-left button")
    assert page.evaluate("at('trial').open")
    page.keyboard.press("Escape")
    assert "opened" in page.inner_text("#training")
    point = page.query_selector("#curves .scatterlayer .point")
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    time.sleep(0.3)
    page.mouse.down()
    page.mouse.up()
    assert page.evaluate("at('trial').open")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "figure", "says"),
    [
        (trials((1,))[:1], "importance", "Nothing is swept, so no weight can decide anything."),
        (trials((1,))[:1], "parallel", "Only one configuration has a number"),
        (trials(epochs=1), "curves", "Every trial reported epoch 1 only"),
        (trials(), "training", "No trial has logged a loss term."),
        ([Made({"loss.max_ratio": i}, [{"a": {"Reward": 0.5}}]) for i in (1, 2)], "importance", "the same for every"),
        ([Made({"loss.max_ratio": i}, [{"a": {"Reward": 0.5}}]) for i in (1, 2)], "tradeoffs", "takes two metrics"),
    ],
)
def test_where_nothing_can_be_drawn_the_figure_says_why(
    browser: Any, tmp_path: Path, made: list[Made], figure: str, says: str
) -> None:
    page = opened(browser, write_report(make_run(tmp_path, made)))
    assert says in page.inner_text(f"#{figure}")


@pytest.mark.slow
def test_what_was_said_in_place_of_a_figure_goes_when_it_can_be_drawn(browser: Any, tmp_path: Path) -> None:
    made = [Made({"loss.max_ratio": i}, [{"a": {"Reward": i, "VIF": 1}}]) for i in (1, 2, 3)]
    page = opened(browser, write_report(make_run(tmp_path, made, rank_by={"metric": "VIF"})))
    assert "the same for every configuration" in page.inner_text("#importance")
    page.select_option("#metric", label="Reward")
    settle(page)
    assert "the same for every configuration" not in page.inner_text("#importance")
    assert "max_ratio" in page.inner_text("#importance")


@pytest.mark.slow
def test_a_phone_scrolls_inside_the_figures_only(browser: Any, report: Path) -> None:
    page = opened(browser, report, viewport={"width": 390, "height": 800})
    assert page.evaluate(OUTSIDE, [*FIGURES, "noise"]) == []


@pytest.mark.slow
def test_a_confirmed_search_says_whose_numbers_are_drawn_and_where_too_few_are_left(
    browser: Any, tmp_path: Path
) -> None:
    page = opened(browser, write_report(search_run(tmp_path, count=12, stopped=8, confirm=(2, (1, 2)))))
    own = "Of the search's own seed 0; the best above is of the seeds that confirm."
    assert all(own in page.inner_text(f"#{name}-caption") for name in ("bounds", "heatmap", "tradeoffs"))
    assert own not in page.inner_text("#ranking-caption")
    assert "Too few configurations have both epochs" in page.inner_text("#curves-agreement-caption")
    assert "stopped at epoch 1" in page.inner_text("#ranking")
    for figure in ("importance", "importance-metrics"):
        assert "4 configurations are too few to separate the weights" in page.inner_text(f"#{figure}")


@pytest.mark.slow
def test_the_names_of_all_metrics_stand_inside_the_figure_of_weight_effects(browser: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    made = [Made({"loss.max_ratio": i}, [{"a": dict.fromkeys(FACTS, i + rng.normal())}]) for i in range(12)]
    page = opened(browser, write_report(make_run(tmp_path, made)), viewport={"width": 1280, "height": 900})
    assert "(reference)" in page.inner_text("#effects")
    assert page.evaluate(CUT_OFF) == []


@pytest.mark.slow
def test_a_target_of_one_setting_is_one_setting(browser: Any, tmp_path: Path) -> None:
    call("replay", table(tmp_path), "--search", "random", "--repeats", 2, "--processes", 1)
    caption = opened(browser, tmp_path / "report.html").inner_text("#replay-caption")
    assert "top 5 % (1 configuration)" in caption and "1 configurations" not in caption
