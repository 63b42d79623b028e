"""All CPU benchmarks and one table: `python -m benchmarks` (a quarter of an hour; `--quick` leaves out 10,000 trials).

Each runs in a process of its own, one after the other; `python -m benchmarks.gpu` is apart.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.timing import machine


def run(module: str, *arguments: str) -> dict[str, Any]:
    """Run one benchmark and return the figures of its last line."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    print("$ python", *command[1:], flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data-root", help="where RoadScene lies, for the sweep")
    options = parser.parse_args()
    rows: list[tuple[str, str, str]] = []
    for channels, goal in ((64, 1.05), (12, 1.15), (4, 1.40)):
        step = run("training_step", "--base-channels", str(channels), "--repeats", "7" if channels == 64 else "21")
        rows.append(
            (f"step over bare network, C = {channels}, 128 x 128, batch 8", f"{step['ratio']:.3f}", f"<= {goal}")
        )
    metrics = run("metrics", "--size", "480x640")
    rows.append(("all metrics, 480 x 640 pair, warm sources", f"{metrics['warm_seconds_per_pair']:.3f} s", "<= 0.08 s"))
    rows.append(
        ("all metrics, 480 x 640 pair, fresh sources", f"{metrics['fresh_seconds_per_pair']:.3f} s", "<= 0.15 s")
    )
    reward = run("reward")
    rows.append(("reward of S samples over S measurements of its metrics", f"{reward['largest_ratio']:.2f}", "<= 1"))
    for executor, goal in (("inline", 0.005), ("ray", 0.08)):
        few = run("orchestrator", "--trials", "100", "--executor", executor)
        rows.append(
            (f"per-trial overhead, {executor}, 100 trials", f"{few['seconds_per_trial']:.4f} s", f"<= {goal} s")
        )
        if options.quick:
            continue
        many = run("orchestrator", "--trials", "10000", "--executor", executor)
        ratio = many["seconds_per_trial"] / few["seconds_per_trial"]
        rows.append((f"  10,000 trials over 100, {executor}", f"{ratio:.2f}", "<= 1.2"))
        rows.append(
            (f"  driver memory per trial, {executor}", f"{many['driver_bytes_per_trial'] / 1000:.1f} KB", "<= 20 KB")
        )
        rows.append((f"  files left beyond those of one trial, {executor}", str(many["extra_files"]), "0"))
    for executor, goal in (("inline", 4), ("ray", 12)):
        start = run("first_step", "--executor", executor)
        rows.append((f"command to first training step, {executor}", f"{start['seconds']:.1f} s", f"<= {goal} s"))
    for trials, seconds, megabytes in ((240, 15, 10), (10_000, 90, 25)):
        if options.quick and trials > 240:
            continue
        page = run("report", "--trials", str(trials))
        rows.append((f"report of {trials:,} trials, built", f"{page['build_seconds']:.1f} s", f"<= {seconds} s"))
        rows.append((f"  its page, {trials:,} trials", f"{page['megabytes']:.1f} MB", f"<= {megabytes} MB"))
        if "open_seconds" in page:
            rows.append(
                (f"  opened, {trials:,} trials", f"{page['open_seconds']:.1f} s", "<= 2 s" if trials == 240 else "")
            )
    sweep = run("sweep", *(("--data-root", options.data_root) if options.data_root else ()))
    rows.append(("loss_grid_small, one worker", f"{sweep['one_worker_trials_per_minute']:.1f} trials/min", ""))
    rows.append(("loss_grid_small, two workers", f"{sweep['two_workers_trials_per_minute']:.1f} trials/min", ""))
    rows.append(("two workers over one", f"{sweep['ratio']:.2f}", ">= 1.8"))
    table = Table(title=machine(), title_justify="left", box=None)
    for column in ("what", "measured", "goal"):
        table.add_column(column, justify="left" if column == "what" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
