"""The page in a real browser, without a network."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analysis.report import write_report
from tests.analysis.make import Made, make_run
from tests.analysis.test_report import STATES

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH to draw the page")

GRID = [
    Made({"loss.max_ratio": a, "loss.grad_ratio": b}, [{"a": {"Reward": a + b / 10, "MSE": 1 / (a + b)}}])
    for a in (1, 2, 3) for b in (1, 2, 3)
]  # fmt: skip


def dom(page: Path) -> str:
    """Return the document after its scripts have run."""
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--window-size=1280,1200", "--virtual-time-budget=5000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def acted(report: Path, script: str) -> Path:
    """Return a copy of the page in which somebody has done what `script` says."""
    page = report.with_name("acted.html")
    page.write_text(report.read_text(encoding="utf-8").replace("</body>", f"<script>{script}</script></body>"))
    return page


def choose(name: str, label: str) -> str:
    return (
        f"{{ const s = at('{name}'); s.value = [...s.options].find((o) => o.text === '{label}').value;"
        " s.dispatchEvent(new Event('change')); }"
    )


def first_row(html: str) -> list[str]:
    body = html[html.index("<tbody>") :]
    return re.findall(r"<td[^>]*>([^<]*)</td>", body[: body.index("</tr>")])


@pytest.mark.slow
def test_the_page_draws_in_every_state_without_an_error(tmp_path: Path) -> None:
    states = [name for name in STATES if name not in ("empty", "waiting", "all failed")]
    told = "setTimeout(() => parent.postMessage('STATE: ' + page.drawn + ' ' + page.error, '*'), 1000);"
    frames = []
    for name in states:
        report = acted(write_report(make_run(tmp_path / name, STATES[name])), told.replace("STATE", name))
        frames.append(f'<iframe src="{report.as_uri()}"></iframe>')
    wall = tmp_path / "wall.html"
    wall.write_text(
        "<script>onmessage = (event) => { document.title += `|${event.data}`; };</script>" + "".join(frames)
    )
    title = re.search(r"<title>([^<]*)</title>", dom(wall))
    assert title is not None
    assert sorted(title[1].strip("|").split("|")) == sorted(f"{name}: yes undefined" for name in states)


def test_the_cells_of_the_heatmap_show_the_values_of_the_table(tmp_path: Path) -> None:
    html = dom(write_report(make_run(tmp_path, GRID)))
    drawn = html[html.index('id="heatmap"') : html.index('id="ranking-title"')]
    texts = re.findall(r'data-unformatted="(\d\.\d{2})"', drawn)
    assert texts == [f"{a + b / 10:.2f}" for b in (1, 2, 3) for a in (1, 2, 3)]


@pytest.mark.slow
def test_choosing_a_metric_changes_the_ranking_and_the_heatmap(tmp_path: Path) -> None:
    report = write_report(make_run(tmp_path, GRID))
    before, after = dom(report), dom(acted(report, choose("metric", "MSE")))
    assert first_row(before)[:2] == ["1", "3.30"]
    assert first_row(after)[:2] == ["1", "0.167"]
    assert "MSE, a, epoch 1: 0.167 to 0.500; lower is better and brighter." in after


def test_the_best_lies_in_the_middle_when_asked(tmp_path: Path) -> None:
    html = dom(acted(write_report(make_run(tmp_path, GRID)), choose("order", "best to the centre")))
    drawn = html[html.index('id="heatmap"') : html.index('id="ranking-title"')]
    assert re.findall(r'data-unformatted="(\d\.\d{2})"', drawn)[4] == "3.30"


def test_search_and_headings_act_on_the_table(tmp_path: Path) -> None:
    script = (
        "at('search').value = 'grad_ratio=2'; at('search').dispatchEvent(new Event('input'));"
        "at('ranking').querySelectorAll('th button')[4].click();"
    )
    html = dom(acted(write_report(make_run(tmp_path, GRID)), script))
    assert "3 of 3 rows" in html
    assert first_row(html)[4:6] == ["1", "2"]


def test_a_phone_does_not_scroll_sideways(tmp_path: Path) -> None:
    script = "setTimeout(() => parent.postMessage(`${innerWidth} ${document.documentElement.scrollWidth}`, '*'), 500);"
    page = acted(write_report(make_run(tmp_path, [*GRID, *STATES["half done"]])), script)
    phone = page.with_name("phone.html")
    phone.write_text(
        "<script>onmessage = (event) => { document.title = event.data; };</script>"
        f'<iframe src="{page.name}" style="width: 390px; height: 900px; border: 0"></iframe>'
    )
    widths = re.search(r"<title>(\d+) (\d+)</title>", dom(phone))
    assert widths is not None
    assert int(widths[2]) <= int(widths[1]) == 390
