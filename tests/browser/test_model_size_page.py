"""The section of model sizes in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.report.report import write_report
from tests.analysis.findings.test_model_size import qabf, sized
from tests.browser.conftest import Open, select

CELLS = "(row) => [...document.querySelectorAll('#model_size-table tbody tr')][row].innerText.split('\\t')"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(sized(tmp_path_factory.mktemp("sizes")))


def test_the_table_follows_the_choices_and_the_plot_stands_beside_it(opened: Open, page: Path) -> None:
    tab = opened(page)
    assert tab.evaluate(f"({CELLS})(0)")[:7] == [
        "base_channels 4", "68,026", "1.5", "4.5", "40", "9.0 ± 1.4", "0.3250 ± 0.0014",
    ]  # fmt: skip
    axis = "at('model_size').layout.xaxis"
    assert tab.evaluate(f"[{axis}.type, {axis}.ticktext]") == ["log", ["68.0 k", "608 k", "17.3 M"]]
    means = [(qabf(c, 2, 0) + qabf(c, 2, 1)) / 2 for c in (4, 12, 64)]
    assert tab.evaluate("[...at('model_size').data.at(-1).y]") == pytest.approx(means, rel=1e-6)
    select(tab, "epoch", "1")
    head = tab.inner_text("#model_size-table thead")
    assert "training s, to epoch 1" in head and "training s, all 2 epochs" in head
    select(tab, "metric", "MSE")
    assert tab.evaluate(f"({CELLS})(2)")[7] == "0.016"
    left, right = (tab.locator(place).bounding_box() for place in ("#model_size-table", "#model_size"))
    assert right["x"] > left["x"] + 300 and right["y"] < left["y"] + left["height"]


def test_a_click_on_a_model_opens_its_setting(opened: Open, page: Path) -> None:
    tab = opened(page)
    tab.locator("#fig-model_size").scroll_into_view_if_needed()
    tab.locator("#model_size .scatterlayer .trace:last-child .point").first.click(force=True)
    assert "policy.base_channels\n4\n" in tab.inner_text("#trial-body")


def test_a_model_without_numbers_is_said_and_a_narrow_page_does_not_overflow(opened: Open, tmp_path: Path) -> None:
    tab = opened(write_report(sized(tmp_path, lost=(64,))), viewport={"width": 420, "height": 800})
    assert "Not measured, for no trial reached its end: base_channels 64." in tab.inner_text("#model_size-caption")
    assert set(tab.evaluate(f"({CELLS})(2)")[1:]) == {"–"}
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
