"""Pages in a browser; one that complains, or asks for anything outside, fails its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.analysis.make import Made, make_run
from trials.storage.results import Results

METRICS = ("Reward", "VIF", "Qabf", "SSIM", "MI", "MSE")
SETS = {"a": 6, "b": 4}
EPOCHS = (1, 2)
Open = Callable[..., Any]


@pytest.fixture
def opened(browser: Any) -> Iterator[Open]:
    """Return open(path, place="#all", **options of a browser context): a tab in which what is to be seen is drawn.

    All figures are drawn at #all, else those that are near the place.
    """
    with opening(browser) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def kept(browser: Any) -> Iterator[Open]:
    """Return open(path): the one tab of a page, all of it drawn, for tests of a module that only read it."""
    tabs: dict[Path, Any] = {}
    with opening(browser) as open_page:
        yield lambda path: tabs.get(path) or tabs.setdefault(path, open_page(path))


@contextmanager
def opening(browser: Any) -> Iterator[Open]:
    """Give a function that opens tabs; close them at the end, and fail where a page has complained."""
    contexts, problems = [], []

    def open_page(path: Path, place: str = "#all", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        context.route("**/*", lambda route: route.continue_() if _inside(route) else refuse(route))
        tab = context.new_page()
        tab.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda problem: problems.append(str(problem)))
        tab.goto(f"{path.as_uri()}{place}")
        if place.startswith("#fig-"):
            tab.wait_for_selector(f"{place}[data-drawn]", timeout=60_000)
        settle(tab)
        expose(tab)
        return tab

    def refuse(route: Any) -> None:
        problems.append(f"asked for {route.request.url}")
        route.abort()

    yield open_page
    for context in contexts:
        context.close()
    assert not problems


def _inside(route: Any) -> bool:
    return bool(route.request.url.startswith(("file:", "data:", "blob:")))


def expose(tab: Any) -> None:
    """Give the test the names that the modules of the page export, as the modules themselves have them."""
    tab.evaluate("Object.assign(window, ...Object.values(window.fusionReport ?? {}))")


def settle(tab: Any) -> None:
    """Wait until what was asked for is drawn."""
    tab.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
    assert tab.evaluate("document.documentElement.dataset.error ?? ''") == ""


def select(tab: Any, name: str, label: str) -> None:
    tab.select_option(f"#{name}", label=label)
    settle(tab)


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a sweep of 3 x 3 x 2 settings, one of them failed, with loss terms and values per image."""
    from analysis.report.report import write_report

    folder = make_run(
        tmp_path_factory.mktemp("sweep"), grid(), n=SETS,
        baselines={
            fusion: {name: dict.fromkeys(METRICS, level) for name in SETS}
            for fusion, level in (("visible", 0.9), ("infrared", 0.8), ("average", 0.4))
        },
    )  # fmt: skip
    _add_images_and_losses(folder)
    return write_report(folder)


def value(a: int, b: int, c: int, metric: str, dataset: str, epoch: int) -> float:
    """Return a made-up number that every weight, metric, data set and epoch changes in its own way."""
    k = METRICS.index(metric)
    slope = (1 - 2 * (k % 2)) * (0.05 * a + 0.02 * b * (1 if dataset == "a" else -1)) + 0.01 * c * (k + 1)
    return 0.3 + 0.02 * k + slope + 0.03 * (epoch == 2) * a * (1 if b == 2 else -1) / (k + 1)


def grid() -> list[Made]:
    trials = []
    for a in (1, 2, 3):
        for b in (1, 2, 3):
            for c in (1, 10):
                epochs = [{s: {m: value(a, b, c > 1, m, s, e) for m in METRICS} for s in SETS} for e in EPOCHS]
                weights = {"loss.max_ratio": a, "loss.grad_ratio": b, "loss.ssim_shared": c}
                trials.append(Made(weights, epochs))
    last = trials.pop()
    return [*trials, Made(last.parameters, last.epochs[:1], status="failed", error="the loss is nan at step 3")]


def _add_images_and_losses(folder: Path) -> None:
    rng = np.random.default_rng(0)
    with Results.open(folder / "results.sqlite") as results:
        write = results.connection.execute
        write("BEGIN")
        for trial, epoch, dataset, metric, mean in results.query(
            "SELECT trial, epoch, dataset, metric, mean FROM metrics"
        ):
            noise = rng.normal(0, 0.01, SETS[dataset])
            blob = (mean + noise - noise.mean()).astype("<f4").tobytes()
            write(
                "UPDATE metrics SET per_image = ? WHERE trial = ? AND epoch = ? AND dataset = ? AND metric = ?",
                (blob, trial, epoch, dataset, metric),
            )
        for trial, epoch in results.query("SELECT DISTINCT trial, epoch FROM metrics"):
            for k, name in enumerate(("loss_total", "loss_max", "loss_grad", "gradient_norm", "seconds")):
                write("INSERT INTO training VALUES (?, ?, ?, ?)", (trial, epoch, name, float(rng.random() + k / epoch)))
        write("COMMIT")
