"""The report of a sweep of rewards in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.report.report import write_report
from tests.analysis.rewarded import reward_run, simplex
from tests.browser.conftest import Open, select
from tests.browser.test_report_page import EMPTY

KINDS = [{"recipe.kind": kind, "reward.aggregate": how} for kind in ("supervised", "grpo") for how in ("sum", "min")]
STATES: dict[str, dict[str, Any]] = {
    "simplex": {},
    "both kinds": {"settings": KINDS},
    "two starts, seeds": {"settings": simplex(0.5), "starts": ("start:1a2b3c4d", "start:ffee0011"), "seeds": (0, 1)},
    "without images": {"settings": simplex(0.5), "start_has_images": False},
    "one epoch": {"settings": simplex(0.5), "epochs": 1},
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    losses = [{"loss.max_ratio": float(a)} for a in (4, 10, 40)]
    folder = tmp_path_factory.mktemp("reward")
    other = reward_run(folder / "loss", losses, kind="supervised", starts=(), record={"sweep": "loss_grid"})
    return write_report(reward_run(folder / "reward"), other)


@pytest.mark.parametrize("state", STATES)
def test_every_figure_is_drawn_in_every_state_of_a_reward_sweep(opened: Open, tmp_path: Path, state: str) -> None:
    tab = opened(write_report(reward_run(tmp_path, **STATES[state])))
    assert tab.evaluate(EMPTY) == []
    assert tab.locator("#fig-lift").count() == 1


def test_the_start_is_a_line_of_its_own_in_every_figure_of_a_metric(kept: Open, page: Path) -> None:
    tab = kept(page)
    start = tab.evaluate("startValues(state.metric, state.dataset)[0]")
    solid = "(id) => at(id).layout.shapes.filter((s) => s.line.dash === undefined).map((s) => s.y0)"
    assert tab.evaluate(f"({solid})('bounds')") == [start]
    panels = tab.evaluate("D.metrics.map((_, m) => m).filter((m) => m !== state.metric).length")
    assert len(tab.evaluate(f"({solid})('panels')")) == panels
    for figure in ("curves", "tradeoffs"):
        assert "start" in tab.evaluate(f"at('{figure}').data.map((trace) => trace.name)")
    assert tab.locator("#parallel polyline[data-start='start']").count() == 1
    assert "Before the reward: start 0." in tab.inner_text("#heatmap-untrained")
    assert "start" in tab.inner_text("#ranking tr.start")


def test_the_lift_shows_both_sweeps_and_its_table_says_how_much_better_the_reward_is(opened: Open, page: Path) -> None:
    tab = opened(page)
    assert tab.inner_text("#lift-legend").split("\n")[0].endswith("reward-trained")
    head = tab.evaluate("[...document.querySelectorAll('#lift-table th')].map((cell) => cell.innerText)")
    assert head[2:5] == ["loss-trained (loss_grid)", "start", "reward-trained"]
    row = tab.evaluate("[...document.querySelectorAll('#lift-table tbody tr')][0].innerText")
    assert "0.04 better (+0.039 to +0.041)" in row and "31 of 35" in row
    select(tab, "epoch", "1")
    assert "loss-trained (loss_grid): at epoch 2, by which that run ranks" in tab.inner_text("#lift-caption")


def test_the_matrix_of_weights_and_metrics_frames_a_metric_and_its_own_weight(kept: Open, page: Path) -> None:
    tab = kept(page)
    assert tab.evaluate("at('effects').layout.shapes.length") == 4
    texts = tab.evaluate("at('effects').data[1].text")
    assert sum(text.startswith("<b>0.9") for text in texts) >= 2
    assert "4 of 4 weights raise their metric" in tab.inner_text("#effects-caption")


def test_no_reward_is_drawn_without_the_start_and_the_copies(kept: Open, page: Path) -> None:
    tab = kept(page)
    panels = tab.evaluate("new Set(at('training-reward').data.map((trace) => trace.xaxis)).size")
    names = tab.evaluate("at('training-reward').data.map((trace) => trace.name)")
    for name in (
        "reward of the output",
        "start",
        "copy of the visible image",
        "copy of the infrared image",
        "average of both",
    ):
        assert names.count(name) == panels
    others = tab.evaluate("panelled().map(({ name }) => name)")
    assert not [name for name in others if name.startswith("reward_")]


def test_the_median_of_the_curves_is_the_median_of_the_terms(opened: Open, page: Path) -> None:
    tab = opened(page)
    for epoch in ("1", "2"):
        select(tab, "epoch", epoch)
        curve = tab.evaluate("at('curves').data.find((trace) => trace.name.endsWith('(median)')).customdata[0]")
        terms = tab.evaluate("at('training').data.find((trace) => trace.name?.startsWith('median')).customdata[0]")
        assert curve == terms


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
def test_it_does_not_scroll_sideways(opened: Open, page: Path, options: dict[str, Any]) -> None:
    tab = opened(page, **options)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_setting_over_several_seeds_opens_with_the_noise_floor(opened: Open, tmp_path: Path) -> None:
    folder = reward_run(tmp_path, [{}], kind="supervised", starts=(), seeds=range(4))
    tab = opened(write_report(folder))
    assert tab.evaluate("document.querySelector('nav a').hash") == "#fig-noise"
    assert "Over its 4 seeds Reward has a standard deviation of" in tab.inner_text(".answer")
