"""The page of a search in a real browser: stopped trials, confirmed settings, constraints, objectives, a weight that
only some settings have."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.report.report import write_report
from tests.analysis.searches import search_run
from tests.browser.conftest import Open, select
from tests.browser.test_report_page import EMPTY, rows

HEAD = "[...document.querySelectorAll('#ranking thead th')].map((one) => one.innerText.replace(/[^\\w ]/g, '').trim())"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(search_run(
        tmp_path_factory.mktemp("search"), count=24, epochs=2, stopped=10, confirm=(4, (1, 2)), conditional=True,
        where=["Nabf <= 0.0026"], objectives=["VIF", "Qabf", "SSIM"], kind="nsga2",
    ))  # fmt: skip


def test_every_figure_of_a_search_is_drawn(opened: Open, page: Path) -> None:
    tab = opened(page)
    assert tab.evaluate(EMPTY) == []
    assert tab.evaluate("state.front.map((m) => D.metrics[m].name)") == ["VIF", "Qabf", "SSIM"]
    assert tab.evaluate("HEAT.rows.length + HEAT.columns.length") == 2
    assert "none" in tab.evaluate("levelsOf(3)")


def test_the_table_has_confirmed_settings_first_and_marks_the_others(opened: Open, page: Path) -> None:
    tab = opened(page)
    head = tab.evaluate(HEAD)
    rank, picked, standing = (head.index(name) for name in ("", "selected at", "standing"))
    settings = [row for row in rows(tab) if row[rank]]
    said = [row[standing] for row in settings if row[standing]]
    order = ["confirmed", "not confirmed", "confirmed, breaks Nabf <= 0.0026", "not confirmed, breaks Nabf <= 0.0026"]
    assert said == sorted(said, key=order.index) and {"confirmed", "not confirmed"} <= set(said)
    assert [bool(row[picked]) for row in settings] == [row[standing].startswith("confirmed") for row in settings]
    tab.locator("#ranking tbody tr[tabindex]").first.click()
    assert "confirmed by\ntrial " in tab.inner_text("#trial-body") and "selected at" in tab.inner_text("#trial-body")


def test_sorting_by_value_from_the_worst_leaves_the_standing_aside(opened: Open, page: Path) -> None:
    tab = opened(page)
    tab.locator("#ranking thead button", has_text="Reward").click()
    values = [float(row[1]) for row in rows(tab) if row[1] and not row[1].startswith("stopped")]
    assert values == sorted(values)


def test_how_many_were_stopped_follows_the_epoch_and_unknown_bounds_are_marked(opened: Open, page: Path) -> None:
    tab = opened(page)
    said = "10 of 24 configurations were stopped early by asha, before epoch 2"
    assert said in tab.inner_text("#meaning")
    unknown = tab.evaluate("boundUnknown(boundPlaces()).length")
    marks = "at('bounds').layout.annotations.filter((one) => one.text === '?').length"
    assert unknown > 0 and tab.evaluate(marks) == unknown
    assert "?: not known, all trials with this value were stopped before epoch 2" in tab.inner_text("#bounds-caption")
    select(tab, "epoch", "1")
    assert "stopped" not in tab.inner_text("#meaning") and tab.evaluate(marks) == 0


def test_a_line_of_bounds_does_not_cross_what_is_not_known(opened: Open, page: Path) -> None:
    tab = opened(page)
    crossed = """boundUnknown(boundPlaces()).filter(({ x }) => at("bounds").data.some((trace) =>
      trace.mode === "lines+markers" && Math.min(...trace.x) < x && Math.max(...trace.x) > x)).length"""
    assert tab.evaluate(crossed) == 0


def test_a_search_fits_a_narrow_page(opened: Open, page: Path) -> None:
    tab = opened(page, viewport={"width": 390, "height": 844})
    assert tab.evaluate(EMPTY) == [] and tab.evaluate("document.documentElement.scrollWidth") <= 390
