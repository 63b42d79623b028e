"""The figure of a replay: its lines, the band of the search that is chosen, its table."""

from pathlib import Path
from typing import Any

import pytest

from analysis.cli.replay import run_replay
from analysis.replay.files import write_found
from analysis.replay.recorded_grid import GridQuery
from analysis.replay.replay import prepare
from analysis.report.report import write_report
from tests.analysis.replay.grids import table
from tests.browser.conftest import Open, settle

SEARCHES = "random,sobol,asha:reduction=4,asha:reduction=2,median,random+asha"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replay")
    noise = table(folder / "noise", sizes=(1, 1), seeds=range(4))
    run = table(folder / "grid", sizes=(8, 6))
    write_found(run, run_replay(prepare(run, SEARCHES, 12, noise, GridQuery(), 0.5, 1), 1))
    return write_report(run)


def lines(tab: Any) -> list[list[Any]]:
    return tab.evaluate("at('replay').data.map((t) => [t.name ?? '', t.fill ?? '', t.line.width])")


def test_every_search_has_a_line_and_the_recommended_one_its_band(opened: Open, page: Path) -> None:
    tab = opened(page)
    drawn = lines(tab)
    recommended = tab.evaluate("D.replay.recommended")
    assert {name for name, _, width in drawn if width > 0 and name} == set(SEARCHES.split(","))
    assert [fill for _, fill, _ in drawn].count("tonexty") == 1
    assert drawn[-1][0] == recommended and drawn[-1][2] == 3
    assert tab.locator("#replay-said p").first.inner_text().startswith(f"Recommended: {recommended}.")
    assert tab.locator("#replay-table tr.recommended").count() == 1


def test_a_search_of_the_table_is_chosen_by_mouse_or_key(opened: Open, page: Path) -> None:
    tab = opened(page)
    tab.get_by_role("button", name="sobol").press("Enter")
    tab.wait_for_function("at('replay').data.at(-1).name === 'sobol'")
    assert tab.evaluate("document.activeElement.textContent") == "sobol"
    assert "band: sobol" in tab.inner_text("#replay-caption")
    assert tab.locator("#replay-table button[aria-pressed=true]").inner_text() == "sobol"


def test_the_cost_can_be_read_in_seconds(opened: Open, page: Path) -> None:
    tab = opened(page)
    first = tab.evaluate("[...at('replay').data.at(-1).x]")
    tab.select_option("#replay-cost", label="seconds")
    settle(tab)
    assert tab.evaluate("[...at('replay').data.at(-1).x]") != first
    assert "seconds" in tab.evaluate("at('replay').layout.xaxis.title.text")


def test_the_table_has_the_numbers_of_the_file(opened: Open, page: Path) -> None:
    tab = opened(page)
    rows = tab.locator("#replay-table tbody tr")
    assert rows.count() == 6
    cells = rows.nth(2).locator("td").all_inner_texts()
    saved = tab.evaluate("D.replay.searches[2].row.epochs_saved")
    assert cells[0].startswith("asha:reduction=4") and cells[1] == "12"
    assert float(cells[-2].rstrip("\u00a0 %")) == pytest.approx(100 * saved, abs=0.1)


@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_any_screen_in_either_theme(opened: Open, page: Path, width: int) -> None:
    for scheme in ("light", "dark"):
        tab = opened(page, viewport={"width": width, "height": 800}, color_scheme=scheme)
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
