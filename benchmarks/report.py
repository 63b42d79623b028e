"""The report page of two made-up sweeps: seconds to build, bytes, seconds to open: `python -m benchmarks.report`.

240 trials with a value per image, and 10,000 trials; 4 epochs, 6 data sets, 17 metrics. `--trials 240`: these alone.
Opening is measured in a headless Chromium, from the request to the first figures drawn, and to all of them drawn.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import report
from fusion_core.metrics.facts import FACTS
from trials.storage.layout import RunFolder
from trials.storage.results import PlannedTrial, Results

SETS = {"msrs": 361, "m3fd": 60, "roadscene": 20, "pet": 24, "spect": 24, "ct": 24}
WEIGHTS = {"msrs": 0.70, "m3fd": 0.06, "roadscene": 0.06, "pet": 0.06, "spect": 0.06, "ct": 0.06}
AXES = {
    240: {"max_ratio": (4, 10, 16, 40), "grad_ratio": (2, 32, 40, 64, 90), "ssim_shared": (1, 10, 32),
          "consist_ratio": (2, 12, 24, 40)},
    10_000: {name: tuple(range(1, 11)) for name in ("max_ratio", "grad_ratio", "ssim_shared", "consist_ratio")},
}  # fmt: skip
EPOCHS = 4
TERMS = ("loss_total", "loss_max", "loss_grad", "loss_color", "loss_consist", "gradient_norm", "seconds")


def make_table(folder: Path, trials: int, *, per_image: bool) -> None:
    """Write a results table of made-up numbers: each weight moves each metric, each image has its own level."""
    axes, rng = AXES[trials], np.random.default_rng(0)
    settings = np.array(list(product(*axes.values())))
    levels = np.array(list(product(*(range(len(values)) for values in axes.values()))))
    effects = [rng.normal(0, 0.04 / (1 + k), (len(values), len(FACTS))) for k, values in enumerate(axes.values())]
    truth = 0.6 + sum(effect[levels[:, k]] for k, effect in enumerate(effects))
    weights = [dict(zip((f"loss.{name}" for name in axes), map(int, row), strict=True)) for row in settings]
    configs = [
        {"loss": {key.removeprefix("loss."): value for key, value in row.items()}, "data": {"test": list(SETS)}}
        for row in weights
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with Results.open(RunFolder(folder).table) as results:
        results.register([
            PlannedTrial(f"{i:016x}", "c", row, json.dumps(config), 0, EPOCHS)
            for i, (row, config) in enumerate(zip(weights, configs, strict=True))
        ])  # fmt: skip
        write = results.connection
        write.execute("BEGIN")
        write.execute("UPDATE trials SET status = 'finished', seconds = 60, device = 'made up'")
        images = {name: rng.normal(0, 0.1, (n, len(FACTS))) for name, n in SETS.items()}
        for i, mean in enumerate(truth):
            write.executemany(
                "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(f"{i:016x}", mean, images, rng, per_image)
            )
            rows = [(f"{i:016x}", e, term, 1 / (e + k)) for e in range(1, EPOCHS + 1) for k, term in enumerate(TERMS)]
            write.executemany("INSERT INTO training VALUES (?, ?, ?, ?)", rows)
        for name, n in SETS.items():
            stems = json.dumps([f"{j:05d}" for j in range(n)])
            write.execute("INSERT INTO datasets VALUES ('c', ?, 'f', 'test', ?, 480, 640, ?)", (name, n, stems))
            for fusion, metric in product(("visible", "infrared", "average"), FACTS):
                row = ("c", name, fusion, metric, float(rng.normal(0.6, 0.05)), 0.1, n)
                write.execute("INSERT INTO baselines VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", row)
        write.execute("COMMIT")
        rank_by = {"metric": "Reward", "dataset_weights": WEIGHTS, "epoch": 2}
        run = results.begin_run(1_790_000_000.0, {"sweep": f"made_up_{trials}", "resolved": {"rank_by": rank_by}})
        results.end_run(run, 1_790_000_000.0 + trials, trials)


def _rows(trial: str, mean: np.ndarray, images: dict[str, np.ndarray], rng: Any, per_image: bool) -> list[Any]:
    rows = []
    for epoch, (name, level) in product(range(1, EPOCHS + 1), images.items()):
        learnt = mean * (1 - 0.1 / epoch) + rng.normal(0, 0.004, len(mean))
        values = learnt + level + rng.normal(0, 0.01, level.shape)
        means, stds = values.mean(axis=0).tolist(), values.std(axis=0, ddof=1).tolist()
        for m, metric in enumerate(FACTS):
            blob = values[:, m].astype("<f4").tobytes() if per_image else None
            rows.append((trial, epoch, name, metric, means[m], stds[m], len(level), blob))
    return rows


def build(folder: Path) -> dict[str, float]:
    """Build the page in a process of its own, as a user does; return seconds, those of the processor, memory, bytes."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    code = f"from analysis.report import write_report; from pathlib import Path; write_report(Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "build_seconds": seconds, "cpu_seconds": used.ru_utime - before, "peak_gb": used.ru_maxrss / 1e6,
        "megabytes": (RunFolder(folder).report).stat().st_size / 1e6,
    }  # fmt: skip


def opened(page: Path) -> dict[str, float]:
    """Return the seconds until the first figures and until all figures are drawn; nothing without a Chromium."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        return {}
    from playwright.sync_api import sync_playwright

    seconds = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, address in (("open_seconds", page.as_uri()), ("all_drawn_seconds", f"{page.as_uri()}#all")):
            times = []
            for _ in range(3):
                tab = browser.new_page()
                start = time.perf_counter()
                tab.goto(address)
                tab.wait_for_selector("html[data-drawn]", state="attached", timeout=120_000)
                times.append(time.perf_counter() - start)
                tab.close()
            seconds[name] = sorted(times)[1]
        browser.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, choices=list(AXES))
    parser.add_argument("--keep", type=Path, help="make the tables here, and use those that are there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for trials in [options.trials] if options.trials else AXES:
            folder = (options.keep or Path(temporary)) / str(trials)
            if not (RunFolder(folder).table).exists():
                make_table(folder, trials, per_image=trials == 240)
            report(benchmark="report", trials=trials, **build(folder), **opened(RunFolder(folder).report))


if __name__ == "__main__":
    main()
