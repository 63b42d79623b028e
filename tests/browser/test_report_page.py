"""The report in a real browser, without a network."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path
from typing import Any

import pytest

from analysis.report.report import write_report
from tests.analysis.make import Made, make_run
from tests.analysis.report.test_report import SAYS, STATES
from tests.browser.conftest import Open, select, settle, value

# What a section shows: its words, the shapes of its plots, the pixels of its canvases, the state of its inputs aside.
SHOWN = """() => Object.fromEntries(figures.map(({ id, section }) => [id, [
  section.innerText,
  ...[...section.querySelectorAll("svg")].map((svg) => svg.innerHTML),
  ...[...section.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()),
  ...[...section.querySelectorAll("img")].map((image) => image.src),
].join("|")]))"""
EMPTY = """() => figures.filter(({ section }) => !section.querySelector(
  "svg .plot path, svg .plot image, svg .points path, svg .heatmaplayer image, canvas, tbody tr, img, .nothing"))
  .map(({ id }) => id)"""


def rows(tab: Any) -> list[list[str]]:
    """Return the text of the table's rows."""
    found: list[list[str]] = tab.evaluate(
        "[...document.querySelectorAll('#ranking tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText))"
    )
    return found


@pytest.mark.parametrize("state", STATES)
def test_the_page_is_drawn_in_every_state_of_a_sweep(opened: Open, tmp_path: Path, state: str) -> None:
    tab = opened(write_report(make_run(tmp_path, STATES[state])))
    assert SAYS[state] in tab.inner_text("main")
    if tab.locator(".bar").count():
        assert tab.evaluate(EMPTY) == []
        assert tab.evaluate("figures.filter(({ section }) => !section.dataset.drawn).length") == 0
        tab.locator("#ranking tbody tr[tabindex]").first.click()
        assert "Trial" in tab.inner_text("#trial-title")


def test_weights_drawn_from_ranges_and_words_are_drawn_too(opened: Open, tmp_path: Path) -> None:
    draw = random.Random(0)
    trials = []
    for _ in range(40):
        a, b = 10 ** draw.uniform(-1, 2), draw.choice(["l1", "l2"])
        trials.append(Made({"loss.max_ratio": a, "loss.max_mode": b}, [{"a": {"Reward": a / (1 + a) + (b == "l2")}}]))
    tab = opened(write_report(make_run(tmp_path, trials)), viewport={"width": 390, "height": 844})
    assert tab.evaluate(EMPTY) == []
    assert len(tab.evaluate("levelsOf(0)")) <= 12
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_section_of_the_navigation_is_there_and_every_figure_is_drawn(kept: Open, report: Path) -> None:
    tab = kept(report)
    links = tab.evaluate("[...document.querySelectorAll('nav a')].map((link) => link.hash)")
    assert {"#fig-bounds", "#fig-heatmap", "#fig-pairs", "#fig-ranking"} <= set(links)
    assert all(tab.locator(f"section{link}").count() == 1 for link in links)
    assert tab.evaluate(EMPTY) == []


@pytest.mark.parametrize(("name", "label"), [("metric", "MSE"), ("dataset", "b"), ("epoch", "1")])
def test_each_choice_changes_every_figure_that_it_acts_on(opened: Open, report: Path, name: str, label: str) -> None:
    tab = opened(report)
    select(tab, "dataset", "a")
    before = tab.evaluate(SHOWN)
    select(tab, name, label)
    after = tab.evaluate(SHOWN)
    acted = tab.evaluate(f"figures.filter(({{ acts }}) => acts.includes('{name}')).map(({{ id }}) => id)")
    assert {"bounds", "heatmap", "pairs", "ranking"} <= set(acted)
    assert [figure for figure in acted if before[figure] == after[figure]] == []


def test_a_figure_is_drawn_when_it_comes_into_view_and_all_of_them_for_print(opened: Open, report: Path) -> None:
    tab = opened(report, "", viewport={"width": 1280, "height": 500})
    drawn = "figures.filter(({ section }) => section.dataset.drawn).map(({ id }) => id)"
    first = tab.evaluate(drawn)
    assert "ranking" not in first
    tab.locator("#fig-ranking").scroll_into_view_if_needed()
    tab.wait_for_selector("#fig-ranking[data-drawn]", timeout=20_000)
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    settle(tab)
    assert len(tab.evaluate(drawn)) == tab.evaluate("figures.length")


def test_the_bounds_stand_at_the_best_value_of_each_weight(opened: Open, report: Path) -> None:
    tab = opened(report, "#fig-bounds")
    for name, label in (("metric", "VIF"), ("dataset", "a"), ("epoch", "1")):
        select(tab, name, label)
    lines = tab.evaluate("at('bounds').data.filter((trace) => trace.mode === 'lines+markers').map((t) => [...t.y])")
    every = [(a, b, c) for a in (1, 2, 3) for b in (1, 2, 3) for c in (False, True)]
    for k, levels in enumerate(((1, 2, 3), (1, 2, 3), (False, True))):
        best = [max(value(*some, "VIF", "a", 1) for some in every if some[k] == level) for level in levels]
        assert lines[k] == pytest.approx(best, rel=1e-5)


def test_the_cells_of_the_heatmap_show_the_values_of_the_table(opened: Open, tmp_path: Path) -> None:
    trials = [
        Made({"loss.max_ratio": a, "loss.grad_ratio": b}, [{"a": {"Reward": a + b / 10}}])
        for a in (1, 2, 3) for b in (1, 2, 3)
    ]  # fmt: skip
    tab = opened(write_report(make_run(tmp_path, trials)))
    texts = "at('heatmap').data.find((trace) => trace.mode === 'text').text.map(Number)"
    assert tab.evaluate(texts) == [round(a + b / 10, 2) for b in (1, 2, 3) for a in (1, 2, 3)]
    select(tab, "order", "best to the centre")
    assert tab.evaluate(texts)[4] == 3.3
    select(tab, "order", "best first")
    assert tab.evaluate(texts)[0] == 3.3


def test_headings_sort_the_table_and_the_search_filters_it(opened: Open, report: Path) -> None:
    tab = opened(report, "#fig-ranking")
    assert rows(tab)[0][0] in ("", "1")
    tab.fill("#search", "grad_ratio=2 max_ratio=3")
    assert "2 of 2 rows" in tab.inner_text("#shown")
    tab.fill("#search", "failed")
    assert [row[-1] for row in rows(tab)] == ["18"]
    tab.fill("#search", "nothing like it")
    assert tab.inner_text("#shown") == "no row matches"
    tab.fill("#search", "")
    tab.click("#ranking th:last-child button")
    trials = [int(row[-1]) for row in rows(tab) if row[-1]]
    assert trials == sorted(trials)
    tab.click("#ranking th:last-child button")
    assert [int(row[-1]) for row in rows(tab) if row[-1]] == sorted(trials, reverse=True)


def test_settings_tied_with_the_best_can_be_shown_alone(opened: Open, report: Path) -> None:
    tab = opened(report, "#fig-ranking")
    tab.check("#only-tied")
    trained = [row for row in rows(tab) if row[-1]]
    assert trained and all("●" in row for row in trained)


@pytest.mark.parametrize("key", ["click", "Enter"])
def test_a_row_opens_its_trial_and_escape_closes_it(opened: Open, report: Path, key: str) -> None:
    tab = opened(report, "#fig-ranking")
    row = tab.locator("#ranking tbody tr[tabindex]").first
    number = row.locator("td").last.inner_text()
    if key == "click":
        row.click()
    else:
        row.focus()
        tab.keyboard.press("Enter")
    assert tab.inner_text("#trial-title") == f"Trial {number}"
    said = tab.inner_text("#trial")
    assert all(word in said for word in ("loss.max_ratio", "VIF ↑", "MSE ↓", "best baseline", "loss_total"))
    tab.keyboard.press("Escape")
    assert not tab.is_visible("#trial")


def test_the_panel_of_a_failed_trial_says_why(opened: Open, report: Path) -> None:
    tab = opened(report, "#fig-ranking")
    tab.fill("#search", "failed")
    tab.locator("#ranking tbody tr[tabindex]").first.click()
    assert "the loss is nan at step 3" in tab.inner_text("#trial")


def test_a_click_on_a_point_of_the_bounds_opens_the_trial_that_attains_it(opened: Open, report: Path) -> None:
    tab = opened(report, "#fig-bounds")
    setting = tab.evaluate("at('bounds').data.find((trace) => trace.mode === 'lines+markers').customdata[0]")
    tab.evaluate("at('bounds').emit('plotly_click', { points: [{ customdata: " + str(setting) + " }] })")
    assert tab.inner_text("#trial-title") == f"Trial {int(setting) + 1}"


def brightness(tab: Any) -> float:
    colour = tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


def test_the_page_follows_the_system_theme_until_the_reader_chooses(opened: Open, report: Path) -> None:
    tab = opened(report, "#fig-bounds", color_scheme="dark")
    assert brightness(tab) < 60
    tab.emulate_media(color_scheme="light")
    deadline = time.monotonic() + 20  # the page hears of the new theme a little later
    while brightness(tab) <= 200 and time.monotonic() < deadline:
        tab.wait_for_timeout(50)
    settle(tab)
    assert brightness(tab) > 200
    tab.click("#theme")
    settle(tab)
    assert brightness(tab) < 60
    font = tab.evaluate("at('bounds').layout.font.color")
    assert font == tab.evaluate("colour('ink')")
    tab.emulate_media(color_scheme="dark")
    tab.emulate_media(color_scheme="light")
    assert brightness(tab) < 60


@pytest.mark.parametrize("width", [390, 768])
def test_a_narrow_screen_does_not_scroll_sideways(opened: Open, report: Path, width: int) -> None:
    tab = opened(report, viewport={"width": width, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.locator("#ranking tbody tr[tabindex]").first.click()
    assert tab.evaluate("document.getElementById('trial').getBoundingClientRect().right") <= width


def test_the_keyboard_reaches_the_choices_the_figures_and_the_rows(opened: Open, report: Path) -> None:
    tab = opened(report)
    reached = set()
    for _ in range(80):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"theme", "A", "metric", "dataset", "epoch", "bounds-upto", "order"} <= reached
    assert tab.locator("#ranking tbody tr[tabindex='0']").count() > 0


def test_who_asks_for_less_motion_gets_none(opened: Open, report: Path) -> None:
    moving = """[...document.querySelectorAll("main *")].filter((one) => {
      const { transitionDuration, animationName } = getComputedStyle(one);
      return transitionDuration.split(", ").some((time) => time !== "0s") || animationName !== "none";
    }).length"""
    assert opened(report, reduced_motion="reduce").evaluate(moving) == 0


def test_a_link_of_the_navigation_leads_to_its_section_whatever_is_drawn_above_it(opened: Open, report: Path) -> None:
    tab = opened(report, "")
    tab.click("nav a[href='#fig-ranking']")
    tab.wait_for_selector("#fig-ranking[data-drawn]", timeout=20_000)
    tab.wait_for_timeout(500)
    settle(tab)
    top = tab.evaluate("at('fig-ranking').getBoundingClientRect().top")
    bottom = tab.evaluate("document.documentElement.scrollHeight - innerHeight - scrollY")
    assert 0 <= top < 160 or bottom < 2


def test_the_plots_offer_no_upload(kept: Open, report: Path) -> None:
    tab = kept(report)
    assert not re.search(r"chart.?studio|send.?to.?cloud|plotly\.com", tab.inner_html("main"), flags=re.IGNORECASE)
    assert tab.locator(".modebar-btn[data-title*='Edit' i], .modebar-btn[data-title*='cloud' i]").count() == 0
