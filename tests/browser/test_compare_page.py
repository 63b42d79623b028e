"""The comparison of sweeps in a real browser, and what a served page does that a file does not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from analysis.cli.compare import write_comparison
from analysis.cli.console import Progress
from analysis.report.serve import serving
from tests.analysis.make import Made, make_run
from tests.browser.conftest import METRICS, SETS, Open, grid, select, settle
from trials.storage.results import Results

FIGURES = {"best", "differences", "metrics", "envelopes", "curves"}
SHOWN = """() => Object.fromEntries(figures.map(({ id, section }) => [id, [
  section.innerText, ...[...section.querySelectorAll("svg")].map((svg) => svg.innerHTML)].join("|")]))"""


def write(*folders: Path, out: Path) -> Path:
    with (out.parent / "said.txt").open("w") as said:
        return write_comparison(folders, out, Progress(quiet=True), Console(file=said))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, report: Path) -> Path:
    """Return the comparison of the sweep of the report with a shorter one that is a little better."""
    other = tmp_path_factory.mktemp("other")
    better = [
        Made(one.parameters, [{s: {m: (x or 0) + 0.01 for m, x in of.items()} for s, of in one.epochs[0].items()}])
        for one in grid()
    ]
    make_run(other, better, n=SETS, record={"sweep": "a_better_recipe_of_a_long_name"})
    with Results.open(other / "results.sqlite") as results:
        results.connection.execute("INSERT INTO training SELECT id, 1, 'seconds', number FROM trials")
    return write(report.parent, other, out=tmp_path_factory.mktemp("page") / "compare.html")


def test_every_figure_is_drawn(kept: Open, page: Path) -> None:
    tab = kept(page)
    assert set(tab.evaluate("figures.map(({ id }) => id)")) == FIGURES
    for name in ("best", "differences", "envelopes", "curves"):
        assert tab.locator(f"#{name} svg .points path").count() > 0
    assert tab.locator("#metrics tbody tr").count() == len(METRICS) + 1
    assert tab.locator("#envelopes svg .xtitle, #envelopes svg [class*=x][class$=title]").count() >= 3


@pytest.mark.parametrize(
    ("name", "label"),
    [("metric", "MSE"), ("dataset", "b"), ("epoch", "1"), ("against", "a_better_recipe_of_a_long_name"),
     ("clock", "seconds of training")],
)  # fmt: skip
def test_each_choice_changes_every_figure_that_it_acts_on(opened: Open, page: Path, name: str, label: str) -> None:
    tab = opened(page)
    before = tab.evaluate(SHOWN)
    select(tab, name, label)
    after = tab.evaluate(SHOWN)
    acted = tab.evaluate(f"figures.filter(({{ acts }}) => acts.includes('{name}')).map(({{ id }}) => id)")
    assert acted
    assert [figure for figure in acted if before[figure] == after[figure]] == []
    assert [figure for figure in FIGURES - set(acted) if before[figure] != after[figure]] == []


def test_the_best_of_a_row_is_bold_whatever_its_direction(opened: Open, page: Path) -> None:
    tab = opened(page, "#fig-metrics")
    select(tab, "epoch", "1")
    bold = tab.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#metrics tbody tr')].map((row) =>"
        " [row.cells[0].innerText.split(' ')[0], [...row.cells].findIndex((cell) => cell.matches('.first'))]))"
    )
    assert bold["Reward"] == 2
    assert bold["MSE"] == 1


def test_what_is_not_tested_is_said_in_the_table_of_differences(opened: Open, page: Path) -> None:
    tab = opened(page, "#fig-differences")
    text = tab.inner_text("#verdicts tbody tr")
    assert "a_better_recipe_of_a_long_name" in text
    assert "not tested: No values per image" in text


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
def test_it_does_not_scroll_sideways(opened: Open, page: Path, options: dict[str, Any]) -> None:
    tab = opened(page, **options)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_dark_button_turns_the_page_and_its_figures(opened: Open, page: Path) -> None:
    tab = opened(page)
    ink = "getComputedStyle(document.querySelector('#best .xtick text')).fill"
    before = tab.evaluate(ink)
    tab.click("#theme")
    settle(tab)
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert tab.evaluate(ink) != before


@pytest.mark.parametrize("count", [2, 10])
def test_many_runs_and_runs_without_numbers_draw_too(opened: Open, tmp_path: Path, count: int) -> None:
    folders = [
        make_run(tmp_path / f"r{i}", [Made({"loss.max_ratio": j}, [{"a": {"Reward": i + j}}]) for j in (1, 2)])
        for i in range(count)
    ]
    folders.append(make_run(tmp_path / "none", [Made({}, status="failed", error="nan")]))
    tab = opened(write(*folders, out=tmp_path / "c.html"))
    assert tab.locator("#verdicts tbody tr").count() == count - 1
    marks = tab.evaluate("[...document.querySelectorAll('#fig-curves .mark')].map((m) => m.style.color + m.innerText)")
    assert len(set(marks)) == count


def test_a_page_without_any_number_has_no_figure_and_no_error(opened: Open, tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, []) for name in ("x", "y")]
    page = write(*runs, out=tmp_path / "c.html")
    page.write_text(page.read_text().replace("<html ", "<html data-drawn='yes' ", 1))
    assert "None of these runs has reported a number yet." in opened(page).inner_text("main")


@pytest.mark.slow
def test_a_served_page_reloads_when_it_changes_and_keeps_choices_and_place(browser: Any, page: Path) -> None:
    with serving({"compare.html": page}) as address:
        tab = browser.new_page(viewport={"width": 1280, "height": 700})
        asked: list[str] = []
        tab.on("request", lambda one: asked.append(f"{one.method} {one.url}") if one.url.startswith("http") else None)
        tab.goto(address)
        settle(tab)
        select(tab, "metric", "VIF")
        tab.evaluate("document.activeElement.blur(); scrollTo({ top: 500, behavior: 'instant' })")
        tab.evaluate("document.documentElement.dataset.before = 'yes'")
        os.utime(page, (1, 1))
        tab.wait_for_selector("html:not([data-before])", state="attached", timeout=20_000)
        settle(tab)
        tab.wait_for_timeout(500)
        assert tab.evaluate("document.getElementById('metric').selectedOptions[0].textContent") == "VIF"
        assert tab.evaluate("scrollY") == 500
        assert set(asked) == {f"GET {address}", f"HEAD {address}"}
        tab.close()


def test_a_file_opened_from_disk_asks_for_nothing(kept: Open, page: Path) -> None:
    tab = kept(page)
    tab.wait_for_timeout(3000)
    names = tab.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert [name for name in names if not name.startswith(("data:", "blob:"))] == []
